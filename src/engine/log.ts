// A container's output as it is kept: Docker's json-file format, one JSON object a line of output.
import type { Clock, Folder, RandomFile, Sink } from '../host/ports.ts';
import type { MachineParts } from '../machine/index.ts';
import { rfc3339 } from '../base/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { EngineError } from './errors.ts';
import { hostConfigOf } from './host-config.ts';

export type OutputStream = 'stdout' | 'stderr';

/** One kept line; `log` ends with the newline unless the output ended without, or the line is longer than what is kept at once. */
export interface LogLine { readonly log: string; readonly stream: OutputStream; /** Labels and variables that --log-opt asks for. */ readonly attrs?: Readonly<Record<string, string>>; readonly time: string }

export const logPath = (id: string): string => `containers/${id}/${id}-json.log`;
/** Where older lines are: 1 holds the newest of them. */
export const rotatedLogPath = (id: string, n: number): string => `${logPath(id)}.${n}`;

/** What --log-driver and --log-opt ask for. Sizes in bytes. */
export interface LogOptions {
  /** A longer file is put aside. */
  readonly maxBytes: number;
  /** How many files there are, with the one that is written. */
  readonly maxFiles: number;
  readonly attrs: Readonly<Record<string, string>>;
}

const decimalUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** "10m" (go-units FromHumanSize); undefined for what is no size. */
export function humanBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text);
  return match ? Number(match[1]) * decimalUnits[match[2]!.toLowerCase()]! : undefined;
}

const words = (list = ''): string[] => list.split(',').filter(Boolean);
const chosen = (all: Readonly<Record<string, string>>, names: readonly string[], pattern = ''): [string, string][] =>
  Object.entries(all).filter(([name]) => names.includes(name) || (pattern !== '' && new RegExp(pattern).test(name)));

/** What dockerd looks at when the container starts, and not before. Throws EngineError 'BAD_LOG'. */
export function demandLogOptions(record: Pick<ContainerRecord, 'HostConfig'>): void {
  const { 'max-size': size, 'max-file': files } = hostConfigOf(record).LogConfig.Config;
  const fail = (why: string): never => { throw new EngineError('BAD_LOG', `failed to initialize logging driver: ${why}`); };
  if (size !== undefined && humanBytes(size) === undefined) fail(`invalid size: '${size}'`);
  if (files !== undefined && !/^-?\d+$/.test(files)) fail(`strconv.Atoi: parsing ${JSON.stringify(files)}: invalid syntax`);
  if (files !== undefined && Number(files) < 1) fail('max-file cannot be less than 1');
}

/** The driver `local` puts files aside even where nothing is said. */
export function logOptionsOf(record: Pick<ContainerRecord, 'HostConfig' | 'Config'>): LogOptions {
  const { Type, Config: said } = hostConfigOf(record).LogConfig;
  const isLocal = Type === 'local';
  const env = Object.fromEntries(record.Config.Env.map((word) => [word.split('=', 1)[0]!, word.slice(word.indexOf('=') + 1)]));
  return {
    maxBytes: humanBytes(said['max-size'] ?? '') ?? (isLocal ? 20e6 : Infinity), maxFiles: Number(said['max-file'] ?? (isLocal ? 5 : 1)),
    attrs: Object.fromEntries([...chosen(record.Config.Labels, words(said['labels']), said['labels-regex']), ...chosen(env, words(said['env']), said['env-regex'])].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

const everything: LogOptions = { maxBytes: Infinity, maxFiles: 1, attrs: {} };

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
  readonly #folder: Folder;
  readonly #id: string;
  readonly #options: LogOptions;
  readonly #open: () => RandomFile;
  readonly #clock: Clock;
  readonly #cutters: Readonly<Record<OutputStream, LineCutter>>;
  #file: RandomFile | undefined;
  #lines = '';
  /** Output that the disk did not take. */
  #lost = false;

  constructor(folder: Folder, id: string, clock: Clock, options = everything) {
    this.#folder = folder;
    this.#id = id;
    this.#options = options;
    this.#open = () => folder.edit(logPath(id));
    this.#clock = clock;
    this.#cutters = { stdout: new LineCutter((line) => this.#keep('stdout', line)), stderr: new LineCutter((line) => this.#keep('stderr', line)) };
  }

  #keep(stream: OutputStream, line: Uint8Array): void {
    this.#lines += `${JSON.stringify({ log: new TextDecoder().decode(line), stream, ...this.#attrs, time: rfc3339(this.#clock.realtimeNs()) } satisfies LogLine)}\n`;
  }

  #write(): void {
    if (this.#lines === '') return;
    try {
      this.#file ??= this.#open();
      this.#file.write(new TextEncoder().encode(this.#lines), this.#file.size);
      if (this.#file.size >= this.#options.maxBytes) this.#putAside();
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== 'string') throw error;
      this.#lost = true;
    }
    this.#lines = '';
  }

  get #attrs(): Pick<LogLine, 'attrs'> { return Object.keys(this.#options.attrs).length > 0 ? { attrs: this.#options.attrs } : {}; }

  /** The next line begins a file; of the older ones as many stay as is said. */
  #putAside(): void {
    this.#file?.close();
    this.#file = undefined;
    const folder = this.#folder;
    if (this.#options.maxFiles < 2) return folder.remove(logPath(this.#id));
    for (let n = this.#options.maxFiles - 1; n > 1; n--) folder.rename?.(rotatedLogPath(this.#id, n - 1), rotatedLogPath(this.#id, n));
    folder.rename?.(logPath(this.#id), rotatedLogPath(this.#id, 1));
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
    const kept = (stream: OutputStream, sink: Sink): Sink => (bytes) => { this.take(stream, bytes); return sink(bytes); };
    if ('tty' in io) return { tty: { ...io.tty, write: kept('stdout', io.tty.write) } };
    return { streams: { ...io.streams, stdout: kept('stdout', io.streams.stdout), stderr: kept('stderr', io.streams.stderr) } };
  }
}

/** The whole lines at the start of `text`, and how many characters they take. What is no log line is left out. */
export function parseLog(text: string): { readonly lines: LogLine[]; readonly length: number } {
  const length = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, length).split('\n').flatMap((line) => {
    try { const { log, stream, attrs, time } = JSON.parse(line) as LogLine; return typeof log === 'string' ? [{ log, stream, ...(attrs ? { attrs } : {}), time }] : []; } catch { return []; }
  });
  return { lines, length };
}
