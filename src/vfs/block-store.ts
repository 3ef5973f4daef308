// Where the blocks of all files of one file system live: places in one file of the host, given out, counted and taken back.
import { EIO, ENOSPC, Errno } from '../abi/index.ts';
import type { RandomFile } from '../host/ports.ts';
import { FreeRuns } from './free-runs.ts';

/** Bytes of a block: the unit of copy-up, of holes and of what is counted. */
export const BLOCK = 4096;

/** Memory goes back when so many blocks at the end are free. */
const WORTH_TRIMMING = 2048;

/** What the host's own errors are for the guest: no room is ENOSPC, everything else EIO. Bugs stay what they are. */
export function errnoOf(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (error instanceof Errno || (typeof code !== 'string' && !(error instanceof RangeError))) return error;
  return error instanceof RangeError || code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || code === 'ENOMEM' || code === 'QuotaExceededError' ? ENOSPC : EIO;
}

function onHost<T>(work: () => T): T {
  try { return work(); } catch (error) { throw errnoOf(error); }
}

/** Places that follow each other. */
export interface Places { readonly start: number; readonly count: number }

export class BlockStore {
  /** Bytes that the blocks of all files take. */
  used = 0;
  readonly limit: number;
  readonly #file: RandomFile;
  /** Whether blocks that were committed must stay as they are until the next commit. */
  readonly durable: boolean;
  readonly #free = new FreeRuns();
  /** Places from here on were never given out. */
  #end = 0;
  /** Per place 1: written since the last commit. */
  #fresh = new Uint8Array(64);
  /** Committed places that are no longer used, free once that is committed. */
  #leaving: Places[] = [];
  /** Whether something was written since the last sync. */
  #unsynced = false;

  /** Makes everything durable, so that what was left becomes free: the owner's. */
  commit: () => void = () => {};

  /** `limit` in bytes. `durable`: a commit is an event, and places of committed blocks are never written to. */
  constructor(file: RandomFile, limit: number, durable = false) {
    this.#file = file;
    this.limit = limit;
    this.durable = durable;
  }

  /** Bytes that may still be taken. */
  get room(): number { return Math.max(0, this.limit - this.used); }

  /** Counts so many blocks more; throws ENOSPC. */
  count(blocks: number): void {
    if (blocks * BLOCK > this.room) throw ENOSPC;
    this.used += blocks * BLOCK;
  }

  uncount(blocks: number): void { this.used -= blocks * BLOCK; }

  /** Writes whole blocks to new places that follow each other, as many as it finds, and tells which. On a full disk it makes do with what is free, at last with what a commit frees. Throws ENOSPC, EIO. */
  writeNew(from: Uint8Array): Places {
    const wanted = from.length / BLOCK;
    try { return this.#writeTo(this.#allocate(wanted), from); } catch (error) {
      if (error !== ENOSPC || (this.#free.total === 0 && !this.#reclaim())) throw error;
    }
    return this.#writeTo(this.#takeFree(wanted), from);
  }

  #writeTo(places: Places, from: Uint8Array): Places {
    const { start, count } = places;
    try { this.write(count * BLOCK === from.length ? from : from.subarray(0, count * BLOCK), start, 0); } catch (error) {
      this.free(start, count);
      this.#dropEnd();
      throw error;
    }
    return places;
  }

  /** After a write that failed: what was not written at the end is not taken for room. */
  #dropEnd(): void { try { this.trim(1); } catch (error) { if (!(error instanceof Errno)) throw error; } }

  /** Commits, when that frees something. */
  #reclaim(): boolean {
    if (this.#leaving.length === 0) return false;
    try { this.commit(); } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
    return this.#free.total > 0;
  }

  #allocate(wanted: number): Places {
    if (this.#free.total === 0 || (this.#free.total < wanted && this.#free.total * 4 < this.#end)) return this.#grow(wanted);
    return this.#takeFree(wanted);
  }

  #takeFree(wanted: number): Places {
    const run = this.#free.take(wanted)!;
    this.#markFresh(run.start, run.count, 1);
    return run;
  }

  #grow(count: number): Places {
    const start = this.#end;
    if (start + count >= 2 ** 31) throw ENOSPC;
    this.#end += count;
    this.#markFresh(start, count, 1);
    return { start, count };
  }

  #markFresh(start: number, count: number, fresh: 0 | 1): void {
    if (!this.durable) return;
    if (start + count > this.#fresh.length) {
      const larger = new Uint8Array(Math.max(start + count, this.#fresh.length * 2));
      larger.set(this.#fresh);
      this.#fresh = larger;
    }
    this.#fresh.fill(fresh, start, start + count);
  }

  /** Whether the place may be written to as it is. */
  isFresh(place: number): boolean { return !this.durable || this.#fresh[place] === 1; }

  /** Takes places back. */
  free(start: number, count: number): void {
    for (let at = start; at < start + count;) {
      const fresh = this.isFresh(at);
      let end = at + 1;
      while (end < start + count && this.isFresh(end) === fresh) end++;
      if (fresh) this.#free.add(at, end - at);
      else this.#leave(at, end - at);
      at = end;
    }
    if (!this.durable) this.trim(WORTH_TRIMMING);
  }

  #leave(start: number, count: number): void {
    const last = this.#leaving.at(-1);
    if (last && last.start + last.count === start) this.#leaving[this.#leaving.length - 1] = { start: last.start, count: last.count + count };
    else this.#leaving.push({ start, count });
  }

  /** Fills `into` from `within` bytes after the start of a place. Throws EIO. */
  read(into: Uint8Array, place: number, within: number): void {
    onHost(() => {
      for (let done = 0; done < into.length;) {
        const got = this.#file.read(into.subarray(done), place * BLOCK + within + done);
        if (got === 0) throw EIO;
        done += got;
      }
    });
  }

  /** Throws ENOSPC, EIO. */
  write(from: Uint8Array, place: number, within: number): void {
    this.#unsynced = true;
    onHost(() => this.#file.write(from, place * BLOCK + within));
  }

  /** What was written is on the disk when this returns. Throws ENOSPC, EIO. */
  sync(): void {
    if (!this.#unsynced) return;
    onHost(() => this.#file.sync());
    this.#unsynced = false;
  }

  /** All files are durable as they are now: their blocks are committed, and what they left is free. */
  committed(): void {
    this.#fresh.fill(0);
    for (const { start, count } of this.#leaving) this.#free.add(start, count);
    this.#leaving = [];
  }

  /** Gives the free end of the file back to the host, from `least` blocks on. Throws EIO. */
  trim(least: number): void {
    const end = this.#free.takeTail(this.#end, least);
    if (end === this.#end) return;
    this.#end = end;
    onHost(() => this.#file.truncate(end * BLOCK));
  }

  /** Begins with these places in use and committed. Throws RangeError when two overlap or one lies beyond the end of the file. */
  adopt(used: readonly Places[]): void {
    for (const { start, count } of [...used].sort((a, b) => a.start - b.start)) {
      if (start < this.#end) throw new RangeError(`block ${start} belongs to two files`);
      if (start > this.#end) this.#free.add(this.#end, start - this.#end);
      this.#end = start + count;
    }
    if (this.#end * BLOCK > this.#file.size) throw new RangeError(`${this.#end} blocks are in use, the file has ${Math.floor(this.#file.size / BLOCK)}`);
    this.#markFresh(0, this.#end, 0);
  }

  close(): void { onHost(() => this.#file.close()); }
}
