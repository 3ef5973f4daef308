// A file whose hot blocks are kept in memory, for hosts where a read costs far more than the bytes it brings, and which is synced only when there is something to sync.
import type { RandomFile } from '../ports.ts';

const BLOCK = 1 << 17;

export class CachedFile implements RandomFile {
  readonly #file: RandomFile;
  readonly #limit: number;
  /** By block number; the least recently used comes first. */
  readonly #blocks = new Map<number, Uint8Array>();
  /** Something was written since the last sync. */
  #dirty = true;

  /** Keeps at most `limitBytes` in memory. */
  constructor(file: RandomFile, limitBytes: number) {
    this.#file = file;
    this.#limit = Math.max(1, Math.floor(limitBytes / BLOCK));
  }

  get size(): number { return this.#file.size; }

  /** Large reads go by the cache: they would only push out what is hot. */
  read(into: Uint8Array, offset: number): number {
    if (into.length >= BLOCK) return this.#file.read(into, offset);
    let done = 0;
    while (done < into.length) {
      const at = offset + done;
      const piece = this.#block(Math.floor(at / BLOCK)).subarray(at % BLOCK, at % BLOCK + into.length - done);
      if (piece.length === 0) break;
      into.set(piece, done);
      done += piece.length;
    }
    return done;
  }

  #block(number: number): Uint8Array {
    let block = this.#blocks.get(number);
    if (block) this.#blocks.delete(number);
    else {
      const bytes = new Uint8Array(BLOCK);
      block = bytes.subarray(0, this.#file.read(bytes, number * BLOCK));
      if (this.#blocks.size >= this.#limit) this.#blocks.delete(this.#blocks.keys().next().value!);
    }
    this.#blocks.set(number, block);
    return block;
  }

  #forget(from: number, to: number): void {
    for (const number of this.#blocks.keys()) if (number >= Math.floor(from / BLOCK) && number * BLOCK < to) this.#blocks.delete(number);
  }

  write(from: Uint8Array, offset: number): void {
    this.#forget(Math.min(offset, this.size), offset + from.length);
    this.#dirty = true;
    this.#file.write(from, offset);
  }

  truncate(size: number): void {
    this.#forget(Math.min(size, this.size), Infinity);
    this.#dirty = true;
    this.#file.truncate(size);
  }

  /** A sync of nothing costs nothing, though the host would make it as slow as any. */
  sync(): void {
    if (!this.#dirty) return;
    this.#file.sync();
    this.#dirty = false;
  }

  close(): void { this.#file.close(); }
}
