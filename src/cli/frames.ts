// Frames on a control socket: four bytes of length (big-endian), one byte that says what it is, the content.
import type { Socket } from 'node:net';

/** request and result: JSON; failure: JSON { code, message, exitCode? }; data: bytes; end: no more data. */
export const frameKinds = { request: 1, data: 2, end: 3, result: 4, failure: 5 } as const;
export type FrameKind = keyof typeof frameKinds;
export interface Frame { readonly kind: FrameKind; readonly content: Buffer }

const HEADER = 5;
const names: ReadonlyMap<number, FrameKind> = new Map(Object.entries(frameKinds).map(([name, number]) => [number, name as FrameKind]));

/** Writes a frame; returns when the socket takes more. */
export async function sendFrame(socket: Socket, kind: FrameKind, content: Uint8Array = new Uint8Array(0)): Promise<void> {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(content.length);
  header[4] = frameKinds[kind];
  socket.write(header);
  if (socket.write(content) || socket.destroyed) return;
  await new Promise<void>((goOn) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      goOn();
    };
    socket.on('drain', done).on('close', done);
  });
}

export const sendJson = (socket: Socket, kind: FrameKind, value: unknown): Promise<void> => sendFrame(socket, kind, Buffer.from(JSON.stringify(value ?? null)));
export const jsonOf = (frame: Frame): unknown => JSON.parse(frame.content.toString('utf8'));

/** The frames that arrive, until the other side ends. A part of a frame at the end is dropped. */
export async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER && pending.length >= HEADER + pending.readUInt32BE(0)) {
      const end = HEADER + pending.readUInt32BE(0);
      const kind = names.get(pending[4]!);
      if (kind) yield { kind, content: pending.subarray(HEADER, end) };
      pending = pending.subarray(end);
    }
  }
}
