// One file of a pack: its size, the extents that hold it, and reading and writing through them.
import type { Blob, RandomFile } from '../ports.ts';
import type { Extent, Space } from './space.ts';

/** Bytes of a block of the pack. */
export const BLOCK = 4096;

const ZEROS = new Uint8Array(1 << 18);
/** A file that grows takes a quarter of what it has, at most this many blocks, so that extents stay few. */
const GROW_MOST = 1024;

export class PackedFile {
  size: number;
  /** Somebody may still read it when it has lost its name. */
  shared = false;
  readonly extents: Extent[];
  /** The file's own block with which each extent begins. */
  readonly #starts: number[] = [];
  #blocks = 0;
  readonly #data: RandomFile;

  constructor(data: RandomFile, size = 0, extents: readonly Extent[] = []) {
    this.#data = data;
    this.size = size;
    this.extents = [];
    for (const extent of extents) this.#add(extent);
  }

  get capacity(): number { return this.#blocks * BLOCK; }

  #add(extent: Extent): void {
    const last = this.extents.at(-1);
    if (last && last.start + last.count === extent.start) this.extents[this.extents.length - 1] = { start: last.start, count: last.count + extent.count };
    else {
      this.extents.push(extent);
      this.#starts.push(this.#blocks);
    }
    this.#blocks += extent.count;
  }

  /** Calls `work` with every piece of the range that lies together in the pack. */
  #pieces(offset: number, length: number, work: (from: number, to: number, at: number) => void): void {
    for (let done = 0, i = this.#extentOf(offset); done < length; i++) {
      const begin = this.#starts[i]! * BLOCK;
      const { start, count } = this.extents[i]!;
      const inside = offset + done - begin;
      const piece = Math.min(length - done, count * BLOCK - inside);
      work(done, done + piece, start * BLOCK + inside);
      done += piece;
    }
  }

  /** The extent that holds the byte at `offset`. */
  #extentOf(offset: number): number {
    const block = Math.floor(offset / BLOCK);
    let low = 0;
    for (let high = this.#starts.length - 1; low < high;) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= block) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Up to `into.length` bytes at `offset`, not beyond `limit`; how many. */
  read(into: Uint8Array, offset: number, limit = this.size): number {
    const length = Math.min(into.length, limit - offset);
    if (length <= 0) return 0;
    let whole = offset + length <= this.capacity;
    if (whole) this.#pieces(offset, length, (from, to, at) => { if (this.#data.read(into.subarray(from, to), at) < to - from) whole = false; });
    if (!whole) throw Object.assign(new Error('the store is damaged: a file of it is shorter than it should be'), { code: 'EIO' });
    return length;
  }

  /** Writes all of `from`; what lies between the end and `offset` becomes zeros. */
  write(from: Uint8Array, offset: number, space: Space): void {
    if (from.length === 0) return;
    this.#reserve(offset + from.length, space);
    if (offset > this.size) this.#zero(this.size, offset);
    this.#pieces(offset, from.length, (begin, end, at) => { this.#data.write(from.subarray(begin, end), at); });
    this.size = Math.max(this.size, offset + from.length);
  }

  #zero(from: number, to: number): void {
    for (let at = from; at < to; at += ZEROS.length) this.#pieces(at, Math.min(ZEROS.length, to - at), (begin, end, place) => { this.#data.write(ZEROS.subarray(begin, end), place); });
  }

  #reserve(size: number, space: Space): void {
    const missing = Math.ceil(size / BLOCK) - this.#blocks;
    if (missing <= 0) return;
    const last = this.extents.at(-1);
    const count = Math.max(missing, Math.min(GROW_MOST, this.#blocks >> 2));
    for (const extent of space.take(count, last ? last.start + last.count : 0)) this.#add(extent);
  }

  /** Gives the file a new size, longer with zeros. What is no longer needed is returned, not freed. */
  resize(size: number, space: Space): Extent[] {
    if (size > this.size) {
      this.#reserve(size, space);
      this.#zero(this.size, size);
    }
    this.size = size;
    return this.cut(Math.ceil(size / BLOCK));
  }

  /** Keeps the first `blocks` blocks and returns the others. */
  cut(blocks: number): Extent[] {
    const cut: Extent[] = [];
    while (this.#blocks > blocks) {
      const { start, count } = this.extents.pop()!;
      const begin = this.#starts.pop()!;
      const kept = Math.max(0, blocks - begin);
      this.#blocks = begin;
      if (kept > 0) this.#add({ start, count: kept });
      cut.push({ start: start + kept, count: count - kept });
    }
    return cut;
  }
}

/** A packed file for reading, as long as it was when it was opened. */
export class PackedBlob implements Blob {
  readonly size: number;
  readonly #file: PackedFile;
  constructor(file: PackedFile) {
    this.#file = file;
    this.size = file.size;
  }
  read(into: Uint8Array, offset: number): number { return this.#file.read(into, offset, this.size); }
}
