// Frames on a control socket: four bytes of length (big-endian), one byte that says what it is, the content.
import type { Socket } from 'node:net';
import type { Taken } from '../host/ports.ts';

/** request and result: JSON; failure: JSON { code, message, exitCode? }; data: bytes; end: no more data; error: bytes of standard error; event: JSON. */
export const frameKinds = { request: 1, data: 2, end: 3, result: 4, failure: 5, error: 6, event: 7 } as const;
export type FrameKind = keyof typeof frameKinds;
export interface Frame { readonly kind: FrameKind; readonly content: Buffer }

const HEADER = 5;
/** Contents up to this size go out in one piece with their header. */
const SMALL = 16 * 1024;
/** Kinds whose content comes in pieces as it arrives. */
const streamed: ReadonlySet<FrameKind | undefined> = new Set(['data', 'error']);
const names: ReadonlyMap<number, FrameKind> = new Map(Object.entries(frameKinds).map(([name, number]) => [number, name as FrameKind]));

/** Writes a frame; a promise asks for no more before the socket takes more. */
export function sendFrame(socket: Socket, kind: FrameKind, content: Uint8Array = new Uint8Array(0)): Taken {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(content.length);
  header[4] = frameKinds[kind];
  if (content.length > SMALL) socket.write(header);
  if (socket.write(content.length > SMALL ? content : Buffer.concat([header, content])) || socket.destroyed) return;
  return new Promise<void>((goOn) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      goOn();
    };
    socket.on('drain', done).on('close', done);
  });
}

export const sendJson = (socket: Socket, kind: FrameKind, value: unknown): Taken => sendFrame(socket, kind, Buffer.from(JSON.stringify(value ?? null)));
export const jsonOf = (frame: Frame): unknown => JSON.parse(frame.content.toString('utf8'));

/** The frames that arrive, until the other side ends; data in pieces as they come. A part of another frame at the end is dropped. */
export async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  let pending: Buffer = Buffer.alloc(0);
  /** What is still to come of a frame, and of which kind it is. */
  let left = 0, current: FrameKind = 'data';
  const take = (length: number): Buffer => { const taken = pending.subarray(0, length); pending = pending.subarray(length); return taken; };
  const next = (): Frame | undefined => {
    if (left === 0 && pending.length >= HEADER) {
      const kind = names.get(pending[4]!);
      const length = pending.readUInt32BE(0);
      if (kind !== undefined && streamed.has(kind)) {
        left = length;
        current = kind;
        take(HEADER);
      } else return pending.length < HEADER + length ? undefined : { kind: kind ?? 'end', content: take(HEADER + length).subarray(HEADER) };
    }
    const content = take(Math.min(left, pending.length));
    left -= content.length;
    return content.length === 0 ? undefined : { kind: current, content };
  };
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let frame = next(); frame; frame = next()) yield frame;
  }
}
