// The bytes of one regular file in memory: chunks that exist only where something was written, over an optional read-only backing (copy-up by chunk).
import { EFBIG, ENOSPC } from '../abi/index.ts';

const CHUNK_SHIFT = 16;
const CHUNK = 1 << CHUNK_SHIFT;
const SMALLEST = 512;

/** Content that never changes, read where no chunk lies over it. */
export interface Backing {
  readonly size: number;
  /** A name that no other content has. */
  readonly identity?: string;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number;
}

/** How much memory the files of one file system may use, in bytes. */
export class Space {
  used = 0;
  readonly limit: number;
  constructor(limit: number) { this.limit = limit; }

  /** Counts `bytes` more; throws ENOSPC. */
  take(bytes: number): void {
    if (this.used + bytes > this.limit) throw ENOSPC;
    this.used += bytes;
  }
}

export class FileData {
  size: number;
  readonly #space: Space;
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #backing: Backing | undefined;
  /** Backing bytes from here on were cut off by a truncate. */
  #backingEnd: number;
  #changed = false;

  constructor(space: Space, backing?: Backing) {
    this.#space = space;
    this.#backing = backing;
    this.#backingEnd = backing?.size ?? 0;
    this.size = this.#backingEnd;
  }

  /** Whether it is no longer what the backing is. */
  get changed(): boolean { return this.#changed; }

  /** The backing's name while the content is still the backing's. */
  get identity(): string | undefined { return this.#changed ? undefined : this.#backing?.identity; }

  /** Memory in use, in bytes; a backing counts as it would on a disk. */
  get allocated(): number {
    let bytes = 0;
    for (const chunk of this.#chunks.values()) bytes += chunk.length;
    return Math.max(bytes, Math.min(this.#backingEnd, this.size));
  }

  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - position));
    for (let done = 0; done < length;) {
      const at = position + done;
      const inChunk = at % CHUNK;
      const step = this.#chunks.size === 0 ? length - done : Math.min(CHUNK - inChunk, length - done);
      this.#readPiece(into.subarray(done, done + step), at);
      done += step;
    }
    return length;
  }

  #readPiece(into: Uint8Array, at: number): void {
    const chunk = this.#chunks.get(Math.floor(at / CHUNK));
    let got = 0;
    if (chunk) {
      const piece = chunk.subarray(at % CHUNK, at % CHUNK + into.length);
      into.set(piece);
      got = piece.length;
    } else if (at < this.#backingEnd) got = this.#readBacking(into, at);
    if (got < into.length) into.fill(0, got);
  }

  #readBacking(into: Uint8Array, at: number): number {
    const wanted = Math.min(into.length, this.#backingEnd - at);
    let got = 0;
    while (got < wanted) {
      const n = this.#backing!.read(into.subarray(got, wanted), at + got);
      if (n === 0) break;
      got += n;
    }
    return got;
  }

  write(from: Uint8Array, position: number): number {
    const end = position + from.length;
    if (!Number.isSafeInteger(end)) throw EFBIG;
    let done = 0;
    try {
      while (done < from.length) {
        const inChunk = (position + done) % CHUNK;
        const step = Math.min(CHUNK - inChunk, from.length - done);
        this.#chunk(Math.floor((position + done) / CHUNK), inChunk + step).set(from.subarray(done, done + step), inChunk);
        done += step;
        if (position + done > this.size) this.size = position + done;
        this.#changed = true;
      }
    } catch (error) {
      if (error !== ENOSPC || done === 0) throw error;
    }
    return done;
  }

  /** The chunk for writing, at least `length` bytes of it, filled from the backing when it is new. */
  #chunk(index: number, length: number): Uint8Array {
    const old = this.#chunks.get(index);
    if (old && old.length >= length) return old;
    const start = index * CHUNK;
    const inherited = old ? old.length : Math.max(0, Math.min(CHUNK, this.#backingEnd - start));
    const chunk = this.#allocate(Math.max(length, inherited), old?.length ?? 0);
    if (old) chunk.set(old);
    else if (inherited > 0) this.#readBacking(chunk.subarray(0, inherited), start);
    this.#chunks.set(index, chunk);
    return chunk;
  }

  #allocate(length: number, replaced: number): Uint8Array {
    let capacity = SMALLEST;
    while (capacity < length) capacity *= 2;
    this.#space.take(capacity - replaced);
    try { return new Uint8Array(capacity); } catch {
      this.#space.used -= capacity - replaced;
      throw ENOSPC;
    }
  }

  /** Sets the size; what lies between the old and the new end reads as zeros. */
  truncate(size: number): void {
    this.#changed = true;
    if (size < this.size) this.#cut(size);
    this.size = size;
  }

  #cut(size: number): void {
    this.#backingEnd = Math.min(this.#backingEnd, size);
    const last = Math.floor(size / CHUNK);
    for (const [index, chunk] of this.#chunks) {
      if (index * CHUNK >= size) this.#drop(index, chunk);
      else if (index === last) chunk.fill(0, size % CHUNK);
    }
  }

  /** Makes [from, to) read as zeros and gives whole chunks back (fallocate's FALLOC_FL_PUNCH_HOLE). */
  punch(from: number, to: number): void {
    this.#changed = true;
    for (let at = from; at < Math.min(to, this.size);) {
      const index = Math.floor(at / CHUNK);
      const end = Math.min((index + 1) * CHUNK, to);
      const chunk = this.#chunks.get(index);
      if (chunk) chunk.fill(0, at % CHUNK, end - index * CHUNK);
      else if (at < this.#backingEnd) this.#chunk(index, Math.min(CHUNK, end - index * CHUNK)).fill(0, at % CHUNK, end - index * CHUNK);
      at = end;
    }
  }

  #drop(index: number, chunk: Uint8Array): void {
    this.#chunks.delete(index);
    this.#space.used -= chunk.length;
  }

  /** Stops counting the memory against the file system: the last name and the last opener are gone. A mapping may still read the bytes. */
  release(): void {
    for (const chunk of this.#chunks.values()) this.#space.used -= chunk.length;
  }
}
