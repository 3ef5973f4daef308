// A running container's control socket: what other commands ask of the process that runs it, which alone has the newest state of its files.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { EngineError } from '../engine/index.ts';
import type { Taken } from '../host/ports.ts';
import { type Frame, type FrameKind, framesOf, jsonOf, sendFrame, sendJson } from './frames.ts';

export interface ControlRequest { readonly operation: string; readonly [argument: string]: unknown }

/** Answers one request: `input` are the bytes that the asker sends, `send` gives bytes back, the returned value is the result (JSON). `peer`: instead of both, for those who talk. */
export type ControlHandler = (request: ControlRequest, input: AsyncIterable<Uint8Array>, send: (bytes: Uint8Array) => Promise<void>, peer: Peer) => Promise<unknown>;

/** The other side of a conversation. */
export interface Peer {
  /** What it says; ends or throws when it is gone. */
  readonly frames: AsyncIterator<Frame>;
  /** A promise asks for no more before it takes more, or is gone. */
  send(kind: FrameKind, content?: Uint8Array): Taken;
  /** Called by those who talk with it: it is told until it has taken everything, but the container may end before that. */
  stays?(): void;
}

/** The longest path of a socket that every system takes, in bytes. */
const LONGEST = 100;

/** The socket's path, by way of an open directory where it would be too long. */
function socketPath(folder: string): { readonly path: string; release(): void } {
  const path = join(folder, 'control');
  if (Buffer.byteLength(path) <= LONGEST || !existsSync('/proc/self/fd')) return { path, release: () => {} };
  const fd = openSync(folder, 'r');
  return { path: `/proc/self/fd/${fd}/control`, release: () => { closeSync(fd); } };
}

async function* dataIn(frames: AsyncIterator<Frame>): AsyncGenerator<Uint8Array> {
  for (let next = await frames.next(); !next.done && next.value.kind === 'data'; next = await frames.next()) yield next.value.content;
}

/** Serves a container's socket until `close`, which waits for what is being answered, but not for those who stay. */
export class ControlServer {
  readonly #server: Server;
  readonly #path: { readonly path: string; release(): void };
  /** What is being answered; of those who stay the sockets. */
  readonly #active = new Set<Promise<void>>();
  readonly #staying = new Set<Socket>();
  readonly #silent = new Set<Socket>();
  readonly #handle: ControlHandler;

  private constructor(server: Server, path: { path: string; release(): void }, handle: ControlHandler) {
    this.#server = server;
    this.#path = path;
    this.#handle = handle;
  }

  /** `folder`: the container's. The socket of a process that is gone is replaced. It is its user's alone. */
  static async open(folder: string, handle: ControlHandler): Promise<ControlServer> {
    mkdirSync(folder, { recursive: true });
    const path = socketPath(folder);
    rmSync(path.path, { force: true });
    const server = createServer({ allowHalfOpen: true });
    const control = new ControlServer(server, path, handle);
    server.on('connection', (socket) => { void control.#serve(socket); });
    await new Promise<void>((done, failed) => { server.once('error', failed).listen(path.path, done); });
    chmodSync(path.path, 0o600);
    server.unref();
    return control;
  }

  /** One who asks nothing is left when the container ends. */
  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    this.#silent.add(socket);
    const frames = framesOf(socket);
    const first = await frames.next().catch(() => undefined);
    this.#silent.delete(socket);
    if (!first || first.done || first.value.kind !== 'request') {
      socket.destroy();
      return;
    }
    const { value } = first;
    const answering: Promise<void> = Promise.resolve().then(() => this.#answer(socket, value, frames, () => { this.#staying.add(socket); this.#active.delete(answering); })).catch(() => { socket.destroy(); }).finally(() => {
      this.#active.delete(answering);
      this.#staying.delete(socket);
    });
    this.#active.add(answering);
  }

  async #answer(socket: Socket, request: Frame, frames: AsyncIterator<Frame>, stays: () => void): Promise<void> {
    const peer: Peer = { frames, stays, send: (kind, content) => sendFrame(socket, kind, content) };
    try {
      const result = await this.#handle(jsonOf(request) as ControlRequest, dataIn(frames), (bytes) => demandOpen(socket, sendFrame(socket, 'data', bytes)), peer);
      await sendJson(socket, 'result', result);
    } catch (error) {
      const { code, message, exitCode } = error as EngineError;
      await sendJson(socket, 'failure', { code: code ?? 'INTERNAL', message: message ?? String(error), exitCode });
    }
    await flushed(socket);
    socket.destroy();
  }

  /** `lingerMs`: how long those who stay are told; for ever when absent. */
  async close(lingerMs?: number): Promise<void> {
    this.#server.close();
    for (const socket of this.#silent) socket.destroy();
    await Promise.all(this.#active);
    this.#path.release();
    if (lingerMs !== undefined && this.#staying.size > 0) setTimeout(() => { for (const socket of this.#staying) socket.destroy(); }, lingerMs).unref();
  }
}

/** Ends our side; returns when the other one has taken everything, or is gone. */
export async function flushed(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((done) => {
    socket.once('close', done);
    socket.end(done);
  });
}

/** Whoever asked went away: what is under way for it ends. */
async function demandOpen(socket: Socket, sent: Taken): Promise<void> {
  await sent;
  if (socket.destroyed) throw new EngineError('GONE', 'the command that asked is gone');
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((done, failed) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('connect', () => { socket.off('error', failed); done(socket); });
    socket.once('error', (error: NodeJS.ErrnoException) => { if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') done(undefined); else failed(error); });
  });
}

/** A conversation with the process that runs a container, from the asker's side. */
export class Conversation implements Peer {
  readonly frames: AsyncGenerator<Frame>;
  readonly #socket: Socket;
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    this.frames = framesOf(socket);
  }

  /** Asks. undefined: nobody listens (any more). */
  static async open(folder: string, request: ControlRequest): Promise<Conversation | undefined> {
    if (!existsSync(folder)) return undefined;
    const path = socketPath(folder);
    try {
      const socket = await connected(path.path);
      const conversation = socket && new Conversation(socket);
      await conversation?.send('request', Buffer.from(JSON.stringify(request)));
      return conversation;
    } finally { path.release(); }
  }

  send(kind: FrameKind, content?: Uint8Array): Taken { return sendFrame(this.#socket, kind, content); }

  /** The result, after everything else went to `other`. Throws the EngineError that it is answered with, and 'GONE' when the other side ends before that. */
  async result(other: (frame: Frame) => void | Promise<void>): Promise<unknown> {
    try {
      for await (const frame of this.frames) {
        if (frame.kind === 'result') { this.#socket.end(); return jsonOf(frame); }
        if (frame.kind === 'failure') { this.#socket.destroy(); throw failureOf(frame); }
        await other(frame);
      }
    } catch (error) {
      if (!brokenOff.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    throw new EngineError('GONE', 'the container ended before it had answered');
  }

  /** Says no more and hears no more. */
  leave(): void { this.#socket.destroy(); }
}

export interface AskOptions { readonly input?: AsyncIterable<Uint8Array>; readonly data?: (bytes: Uint8Array) => void | Promise<void> }

/** What the host says of a socket whose other side is gone. */
const brokenOff = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];

/** Asks the process that runs a container. undefined: nobody listens (any more). Throws the EngineError that it answers with, and 'GONE' when it ends before it has answered. */
export async function ask(folder: string, request: ControlRequest, { input, data = () => {} }: AskOptions = {}): Promise<{ readonly result: unknown } | undefined> {
  const conversation = await Conversation.open(folder, request);
  if (!conversation) return undefined;
  const sending = input ? sendAll(conversation, input) : Promise.resolve();
  sending.catch(() => {});
  try {
    return { result: await conversation.result((frame) => (frame.kind === 'data' ? data(frame.content) : undefined)) };
  } catch (error) {
    if ((error as EngineError).code === 'GONE') await sending;
    throw error;
  }
}

function failureOf(frame: Frame): EngineError {
  const { code, message, exitCode } = jsonOf(frame) as { code: string; message: string; exitCode?: number };
  return new EngineError(code, message, exitCode);
}

async function sendAll(conversation: Conversation, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of input) await conversation.send('data', bytes);
  await conversation.send('end');
}
