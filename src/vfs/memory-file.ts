// A file of ours that lives in memory only: the store of a tmpfs.
import type { RandomFile } from '../host/ports.ts';

const SEGMENT = 1 << 20;
const SMALLEST = 1 << 14;

/** Bytes in segments of 1 MiB, so that growing copies little. */
export class MemoryFile implements RandomFile {
  readonly #segments: Uint8Array[] = [];
  size = 0;

  read(into: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    for (let done = 0; done < length;) {
      const within = (offset + done) % SEGMENT;
      const step = Math.min(SEGMENT - within, length - done);
      const segment = this.#segments[Math.floor((offset + done) / SEGMENT)];
      const piece = segment?.subarray(within, within + step) ?? segment;
      into.fill(0, done + (piece?.length ?? 0), done + step);
      if (piece) into.set(piece, done);
      done += step;
    }
    return length;
  }

  write(from: Uint8Array, offset: number): void {
    for (let done = 0; done < from.length;) {
      const within = (offset + done) % SEGMENT;
      const step = Math.min(SEGMENT - within, from.length - done);
      this.#segment(Math.floor((offset + done) / SEGMENT), within + step).set(from.subarray(done, done + step), within);
      done += step;
    }
    this.size = Math.max(this.size, offset + from.length);
  }

  /** A segment of at least `length` bytes. */
  #segment(number: number, length: number): Uint8Array {
    const old = this.#segments[number];
    if (old && old.length >= length) return old;
    let capacity = old?.length ?? (number === 0 ? SMALLEST : SEGMENT);
    while (capacity < length) capacity *= 2;
    const segment = new Uint8Array(capacity);
    if (old) segment.set(old);
    return this.#segments[number] = segment;
  }

  truncate(size: number): void {
    if (size < this.size) {
      this.#segments.length = Math.min(this.#segments.length, Math.ceil(size / SEGMENT));
      this.#segments[Math.floor(size / SEGMENT)]?.fill(0, size % SEGMENT);
    }
    this.size = size;
  }

  sync(): void {}
  close(): void { this.#segments.length = 0; }
}
