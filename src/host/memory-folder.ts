// The store's folder in memory, for a page and for stores that leave nothing behind: a map from paths to bytes.
import type { Blob, Folder, NewFile, RandomFile } from './ports.ts';

class BytesBlob implements Blob {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.#bytes = bytes; }
  get size(): number { return this.#bytes.length; }
  read(into: Uint8Array, offset: number): number {
    const piece = this.#bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  }
}

/** Bytes that grow by doubling. */
class GrowingFile implements NewFile {
  readonly #files: Map<string, Uint8Array>;
  #bytes = new Uint8Array(4096);
  #size = 0;
  constructor(files: Map<string, Uint8Array>) { this.#files = files; }

  append(bytes: Uint8Array): void {
    const end = this.#size + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = end;
  }

  get blob(): Blob { return new BytesBlob(this.#bytes.subarray(0, this.#size)); }
  sync(): void {}
  commit(path: string): void { this.#files.set(path, this.#bytes.length > this.#size * 1.25 ? this.#bytes.slice(0, this.#size) : this.#bytes.subarray(0, this.#size)); }
  discard(): void { this.#bytes = new Uint8Array(0); }
}

/** Bytes of the folder that are read and written at any place. */
class EditedBytes implements RandomFile {
  readonly #files: Map<string, Uint8Array>;
  readonly #path: string;
  constructor(files: Map<string, Uint8Array>, path: string) {
    this.#files = files;
    this.#path = path;
  }

  get #bytes(): Uint8Array { return this.#files.get(this.#path) ?? new Uint8Array(0); }
  get size(): number { return this.#bytes.length; }
  read(into: Uint8Array, offset: number): number { return new BytesBlob(this.#bytes).read(into, offset); }
  write(from: Uint8Array, offset: number): void {
    if (offset + from.length > this.size) this.truncate(offset + from.length);
    this.#bytes.set(from, offset);
  }

  truncate(size: number): void {
    const sized = new Uint8Array(size);
    sized.set(this.#bytes.subarray(0, size));
    this.#files.set(this.#path, sized);
  }
  sync(): void {}
  close(): void {}
}

export class MemoryFolder implements Folder {
  readonly #files = new Map<string, Uint8Array>();

  read(path: string): Uint8Array | undefined { return this.#files.get(path)?.slice(); }
  has(path: string): boolean { return this.#files.has(path) || this.list(path).length > 0; }
  size(path: string): number | undefined { return this.#files.get(path)?.length; }
  write(path: string, bytes: Uint8Array): void { this.#files.set(path, bytes.slice()); }
  exclusive<T>(work: () => T): T { return work(); }
  edit(path: string): RandomFile { return new EditedBytes(this.#files, path); }
  create(): NewFile { return new GrowingFile(this.#files); }

  open(path: string): Blob | undefined {
    const bytes = this.#files.get(path);
    return bytes && new BytesBlob(bytes);
  }

  list(path: string): string[] {
    const prefix = `${path}/`;
    return [...new Set([...this.#files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split('/')[0]!))];
  }

  remove(path: string): void {
    for (const name of this.#files.keys()) if (name === path || name.startsWith(`${path}/`)) this.#files.delete(name);
  }
}
