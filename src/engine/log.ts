// A container's output as it is kept: Docker's json-file format, one JSON object a line of output.
import type { Clock, Folder, RandomFile, Sink } from '../host/ports.ts';
import type { MachineParts } from '../machine/index.ts';
import { rfc3339 } from '../base/index.ts';

export type OutputStream = 'stdout' | 'stderr';

/** One kept line; `log` ends with the newline unless the output ended without, or the line is longer than what is kept at once. */
export interface LogLine { readonly log: string; readonly stream: OutputStream; readonly time: string }

export const logPath = (id: string): string => `containers/${id}/${id}-json.log`;

/** Lines longer than this are kept in pieces, in bytes. */
const PIECE = 16 * 1024;
const NEWLINE = 10;

/** Cuts a stream into lines. What a line's first bytes are waits for the rest. */
class LineCutter {
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  readonly #line: (bytes: Uint8Array) => void;
  constructor(line: (bytes: Uint8Array) => void) { this.#line = line; }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = Math.min(newline < 0 ? bytes.length : newline + 1, at + PIECE - this.#pendingLength);
      this.#pending.push(bytes.slice(at, end));
      this.#pendingLength += end - at;
      at = end;
      if (end === newline + 1 || this.#pendingLength === PIECE) this.flush();
    }
  }

  flush(): void {
    if (this.#pendingLength === 0) return;
    const line = new Uint8Array(this.#pendingLength);
    let at = 0;
    for (const piece of this.#pending) { line.set(piece, at); at += piece.length; }
    this.#pending = [];
    this.#pendingLength = 0;
    this.#line(line);
  }
}

/** Keeps what a container writes. The file is there from the first line on. */
export class ContainerLog {
  readonly #open: () => RandomFile;
  readonly #clock: Clock;
  readonly #cutters: Readonly<Record<OutputStream, LineCutter>>;
  #file: RandomFile | undefined;
  #lines = '';
  /** Output that the disk did not take. */
  #lost = false;

  constructor(folder: Folder, id: string, clock: Clock) {
    this.#open = () => folder.edit(logPath(id));
    this.#clock = clock;
    this.#cutters = { stdout: new LineCutter((line) => this.#keep('stdout', line)), stderr: new LineCutter((line) => this.#keep('stderr', line)) };
  }

  #keep(stream: OutputStream, line: Uint8Array): void {
    this.#lines += `${JSON.stringify({ log: new TextDecoder().decode(line), stream, time: rfc3339(this.#clock.realtimeNs()) } satisfies LogLine)}\n`;
  }

  #write(): void {
    if (this.#lines === '') return;
    try {
      this.#file ??= this.#open();
      this.#file.write(new TextEncoder().encode(this.#lines), this.#file.size);
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== 'string') throw error;
      this.#lost = true;
    }
    this.#lines = '';
  }

  /** Takes output of a stream. */
  take(stream: OutputStream, bytes: Uint8Array): void {
    this.#cutters[stream].push(bytes);
    this.#write();
  }

  /** The container has ended: its last line may have no newline. False: not all output could be kept (a full disk). */
  close(): boolean {
    for (const cutter of Object.values(this.#cutters)) cutter.flush();
    this.#write();
    this.#file?.close();
    return !this.#lost;
  }

  /** The same streams, or terminal, with all output kept. */
  over(io: MachineParts['io']): MachineParts['io'] {
    const kept = (stream: OutputStream, sink: Sink): Sink => (bytes) => { this.take(stream, bytes); sink(bytes); };
    if ('tty' in io) return { tty: { ...io.tty, write: kept('stdout', io.tty.write) } };
    return { streams: { ...io.streams, stdout: kept('stdout', io.streams.stdout), stderr: kept('stderr', io.streams.stderr) } };
  }
}

/** The whole lines at the start of `text`, and how many characters they take. What is no log line is left out. */
export function parseLog(text: string): { readonly lines: LogLine[]; readonly length: number } {
  const length = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, length).split('\n').flatMap((line) => {
    try { const { log, stream, time } = JSON.parse(line) as LogLine; return typeof log === 'string' ? [{ log, stream, time }] : []; } catch { return []; }
  });
  return { lines, length };
}
