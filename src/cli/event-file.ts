// Reads the file of events: those that were told before, then those that come, also when the file has been put aside meanwhile.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type Event, eventsPath, olderEventsPath, parseEvent } from '../engine/index.ts';
import type { Engine } from './setup.ts';

/** Opens a file for reading; undefined when there is none. */
function opened(path: string): number | undefined {
  try { return openSync(path, 'r'); } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The lines of a file that were not read before. */
class Lines {
  readonly #fd: number;
  #at: number;
  #rest = '';
  constructor(fd: number, fromEnd: boolean) {
    this.#fd = fd;
    this.#at = fromEnd ? fstatSync(fd).size : 0;
  }

  get inode(): number { return fstatSync(this.#fd).ino; }

  next(): string[] {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(this.#fd).size - this.#at));
    const count = readSync(this.#fd, bytes, 0, bytes.length, this.#at);
    this.#at += count;
    const lines = (this.#rest + bytes.toString('utf8', 0, count)).split('\n');
    this.#rest = lines.pop()!;
    return lines;
  }

  close(): void { closeSync(this.#fd); }
}

const eventsIn = (lines: Lines | undefined): Event[] => lines?.next().flatMap((line) => parseEvent(line) ?? []) ?? [];

/** All of a file that nobody writes any more. */
function wholeFile(path: string): Event[] {
  const fd = opened(path);
  if (fd === undefined) return [];
  const lines = new Lines(fd, false);
  try { return eventsIn(lines); } finally { lines.close(); }
}

export class EventReader {
  readonly #path: string;
  readonly #olderPath: string;
  #lines: Lines | undefined;
  #older: Event[] = [];

  /** `fromStart`: those that are remembered, too, and not only those to come. */
  constructor({ hostPath }: Engine, fromStart: boolean) {
    this.#path = hostPath(eventsPath);
    this.#olderPath = hostPath(olderEventsPath);
    if (fromStart) this.#older = wholeFile(this.#olderPath);
    const fd = opened(this.#path);
    if (fd !== undefined) this.#lines = new Lines(fd, !fromStart);
  }

  /** Those that were told since the last call. */
  next(): Event[] {
    const events = [...this.#older, ...eventsIn(this.#lines)];
    this.#older = [];
    if (!this.#isReplaced()) return events;
    const rest = eventsIn(this.#lines);
    this.#lines?.close();
    const fd = opened(this.#path);
    this.#lines = fd === undefined ? undefined : new Lines(fd, false);
    return [...events, ...rest, ...eventsIn(this.#lines)];
  }

  /** The file was put aside, another one is there; or there was none. */
  #isReplaced(): boolean {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    return now !== undefined && now.ino !== this.#lines?.inode;
  }
}
