// A file that others append lines to, and put aside for a new one when it is full: its lines, those that come, too.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Opens a file for reading; undefined when there is none. */
function opened(path: string): number | undefined {
  try { return openSync(path, 'r'); } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const NEWLINE = 10;
/** At most so much is read at once, in bytes. */
const CHUNK = 1 << 20;

/** The whole lines of an open file that were not read before. */
class Lines {
  readonly #fd: number;
  #at: number;
  #rest: Buffer = Buffer.alloc(0);
  constructor(fd: number, fromEnd: boolean) {
    this.#fd = fd;
    this.#at = fromEnd ? fstatSync(fd).size : 0;
  }

  get inode(): number { return fstatSync(this.#fd).ino; }

  *next(): Generator<string> {
    for (let left = fstatSync(this.#fd).size - this.#at; left > 0;) {
      const bytes = Buffer.alloc(Math.min(left, CHUNK));
      const count = readSync(this.#fd, bytes, 0, bytes.length, this.#at);
      if (count === 0) return;
      this.#at += count;
      left -= count;
      const all = Buffer.concat([this.#rest, bytes.subarray(0, count)]);
      const end = all.lastIndexOf(NEWLINE) + 1;
      this.#rest = all.subarray(end);
      if (end > 0) yield* all.toString('utf8', 0, end - 1).split('\n');
    }
  }

  close(): void { closeSync(this.#fd); }
}

export class TailedFile {
  readonly #path: string;
  /** What was put aside before, the oldest first. */
  #older: Lines[] = [];
  #lines: Lines | undefined;

  /** `older`: paths of what was put aside, the oldest first. `fromEnd`: only lines to come. */
  constructor(path: string, older: readonly string[], fromEnd = false) {
    this.#path = path;
    const fd = opened(path);
    if (fd !== undefined) this.#lines = new Lines(fd, fromEnd);
    if (!fromEnd) this.#older = older.flatMap((each) => this.#aside(each) ?? []);
  }

  /** undefined: there is none, or it is the one that is open already. */
  #aside(path: string): Lines | undefined {
    const fd = opened(path);
    if (fd === undefined) return undefined;
    const lines = new Lines(fd, false);
    if (lines.inode !== this.#lines?.inode) return lines;
    lines.close();
    return undefined;
  }

  /** Lines that came since the last call. */
  *next(): Generator<string> {
    for (const lines of this.#older.splice(0)) {
      yield* lines.next();
      lines.close();
    }
    const isReplaced = this.#isReplaced();
    if (this.#lines) yield* this.#lines.next();
    if (!isReplaced) return;
    this.#lines?.close();
    const fd = opened(this.#path);
    this.#lines = fd === undefined ? undefined : new Lines(fd, false);
    if (this.#lines) yield* this.#lines.next();
  }

  /** The file was put aside and another one is there; or there was none. */
  #isReplaced(): boolean {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    return now !== undefined && now.ino !== this.#lines?.inode;
  }
}
