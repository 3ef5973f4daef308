// A large file of ours as many small ones: so that files that grow by doubling copy little.
import type { Folder, RandomFile } from '../../host/ports.ts';

const SEGMENT = 1 << 24;

export class SegmentedFile implements RandomFile {
  readonly #folder: Folder;
  readonly #path: string;
  readonly #segments: RandomFile[] = [];
  size = 0;

  /** Empty; its segments are numbered files in the folder at `path`. */
  constructor(folder: Folder, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  read(into: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    const within = offset % SEGMENT;
    const piece = into.subarray(0, Math.min(length, SEGMENT - within));
    return piece.length === 0 ? 0 : this.#segment(offset).read(piece, within);
  }

  write(from: Uint8Array, offset: number): void {
    for (let done = 0; done < from.length;) {
      const within = (offset + done) % SEGMENT;
      const piece = from.subarray(done, done + SEGMENT - within);
      this.#segment(offset + done).write(piece, within);
      done += piece.length;
    }
    this.size = Math.max(this.size, offset + from.length);
  }

  #segment(offset: number): RandomFile {
    const number = Math.floor(offset / SEGMENT);
    return this.#segments[number] ??= this.#folder.edit(`${this.#path}/${number}`);
  }

  truncate(size: number): void {
    const kept = Math.ceil(size / SEGMENT);
    for (const [number, segment] of [...this.#segments.entries()].slice(kept)) {
      segment?.close();
      this.#folder.remove(`${this.#path}/${number}`);
    }
    this.#segments.length = Math.min(this.#segments.length, kept);
    if (size % SEGMENT !== 0) this.#segments[kept - 1]?.truncate(size % SEGMENT);
    this.size = size;
  }

  sync(): void { for (const segment of this.#segments) segment?.sync(); }
  close(): void { this.truncate(0); }
}
