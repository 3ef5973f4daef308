// The store of a layer in memory: one large file as many small ones, so that files that grow by doubling copy little.
import type { Folder, RandomFile } from '../../host/ports.ts';
import { MemoryFile } from '../../vfs/index.ts';

const SEGMENT = 1 << 23;
/** A store that stays smaller does without a folder. */
const WORTHWHILE = 1 << 20;

export class SegmentedFile implements RandomFile {
  size = 0;
  readonly #load: () => Folder | Promise<Folder>;
  #folder: Folder | undefined;
  #loading = false;
  readonly #segments: RandomFile[] = [];

  /** Empty. Segments are numbered files of the folder that `load` gives, which is asked for when it is worth while; those that are needed before it has come are plain memory. */
  constructor(load: () => Folder | Promise<Folder>) { this.#load = load; }

  read(into: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    const within = offset % SEGMENT;
    const piece = into.subarray(0, Math.min(length, SEGMENT - within));
    if (piece.length > 0) fill(piece, this.#segment(offset), within);
    return piece.length;
  }

  write(from: Uint8Array, offset: number): void {
    for (let done = 0; done < from.length;) {
      const within = (offset + done) % SEGMENT;
      const piece = from.subarray(done, done + SEGMENT - within);
      this.#segment(offset + done).write(piece, within);
      done += piece.length;
    }
    this.size = Math.max(this.size, offset + from.length);
    if (this.size > WORTHWHILE && !this.#loading) this.#loadFolder();
  }

  #loadFolder(): void {
    this.#loading = true;
    const folder = this.#load();
    if (folder instanceof Promise) void folder.then((loaded) => { this.#folder = loaded; });
    else this.#folder = folder;
  }

  #segment(offset: number): RandomFile {
    const number = Math.floor(offset / SEGMENT);
    return this.#segments[number] ??= this.#newSegment(number);
  }

  /** Of its full size at once where it is a file of the folder: memfs would copy it time after time while it grows. */
  #newSegment(number: number): RandomFile {
    if (!this.#folder) return new MemoryFile();
    const segment = this.#folder.edit(String(number));
    segment.truncate(SEGMENT);
    return segment;
  }

  truncate(size: number): void {
    const kept = Math.ceil(size / SEGMENT);
    for (const segment of this.#segments.slice(kept)) segment.truncate(0);
    if (size % SEGMENT !== 0) this.#segments[kept - 1]?.truncate(size % SEGMENT);
    this.size = size;
  }

  sync(): void {}
  close(): void { this.truncate(0); }
}

/** Reads what a segment has, and zeros beyond its end. */
function fill(into: Uint8Array, segment: RandomFile, offset: number): void {
  let got = 0;
  for (let n = 1; n > 0 && got < into.length; got += n) n = segment.read(into.subarray(got), offset + got);
  into.fill(0, got);
}
