// A lock among processes in a folder: a directory that holds one file named after its owner, put in place at once by a rename. Who died with it is found out by name.
import { errorCode, type FsLike } from './fs-like.ts';

/** How long to wait for the others, in steps. */
const STEP_MS = 5, STEPS = 12_000;
/** Whoever holds the lock does so for moments; an owner that cannot be looked up (another machine or pid namespace, before a restart) counts as gone after this. */
const FOREIGN_MS = 30_000;

/** Whether an owner still runs; undefined when that cannot be known from here. */
export type IsAlive = (owner: string) => boolean | undefined;

export class FsLock {
  readonly #fs: FsLike;
  readonly #path: string;
  readonly #prepared: string;
  readonly #owner: string;
  readonly #isAlive: IsAlive;
  #depth = 0;

  /** `path` is the lock, `temporary` a path beside it that only this owner uses. */
  constructor(fs: FsLike, path: string, temporary: string, owner: string, isAlive: IsAlive) {
    this.#fs = fs;
    this.#path = path;
    this.#prepared = temporary;
    this.#owner = owner;
    this.#isAlive = isAlive;
  }

  /** Runs `work` while nobody else holds the lock; may be called inside itself. */
  hold<T>(work: () => T): T {
    if (this.#depth === 0) this.#acquire();
    this.#depth++;
    try { return work(); } finally { if (--this.#depth === 0) this.#release(); }
  }

  #acquire(): void {
    this.#fs.mkdirSync(this.#prepared, { recursive: true });
    this.#fs.closeSync(this.#fs.openSync(`${this.#prepared}/${this.#owner}`, 'w', 0o644));
    for (let step = 0; step < STEPS; step++) {
      if (this.#tryRename()) return;
      if (!this.#removeDead()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS);
    }
    this.#fs.rmSync(this.#prepared, { recursive: true, force: true });
    throw Object.assign(new Error(`${this.#path}: another process keeps the store locked`), { code: 'ELOCKED' });
  }

  /** A directory takes the place of none or of an empty one, never of one that is held (rename(2)). */
  #tryRename(): boolean {
    try {
      this.#fs.renameSync(this.#prepared, this.#path);
      return true;
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) return false;
      throw error;
    }
  }

  /** Takes the lock from owners that are gone, each by its own name, so that nobody who came after is hit. */
  #removeDead(): boolean {
    let removed = false;
    for (const owner of this.#owners()) {
      if (owner === this.#owner || !this.#isGone(owner)) continue;
      this.#fs.rmSync(`${this.#path}/${owner}`, { recursive: true, force: true });
      removed = true;
    }
    return removed;
  }

  #owners(): string[] {
    try { return this.#fs.readdirSync(this.#path).map(String); } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  #isGone(owner: string): boolean {
    const alive = this.#isAlive(owner);
    if (alive !== undefined) return !alive;
    try { return Date.now() - Number(this.#fs.statSync(`${this.#path}/${owner}`).mtimeMs) > FOREIGN_MS; } catch { return false; }
  }

  #release(): void {
    this.#fs.rmSync(`${this.#path}/${this.#owner}`, { recursive: true, force: true });
    // Left empty it is free, too, and somebody may already have taken it.
    try { this.#fs.rmdirSync(this.#path); } catch { /* taken */ }
  }
}
