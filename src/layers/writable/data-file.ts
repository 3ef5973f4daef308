// The file with the blocks of a layer: it comes into being when something is written; for one who is not its owner it is read-only.
import type { Blob, Folder, RandomFile } from '../../host/ports.ts';

export class DataFile implements RandomFile {
  readonly #folder: Folder;
  readonly #path: string;
  readonly #readonly: boolean;
  /** Absent while there is none on the disk. */
  #file: (Blob & Partial<RandomFile>) | undefined;

  constructor(folder: Folder, path: string, readonly: boolean) {
    this.#folder = folder;
    this.#path = path;
    this.#readonly = readonly;
    this.#file = readonly ? folder.open(path) : folder.has(path) ? folder.edit(path) : undefined;
  }

  get size(): number { return this.#file?.size ?? 0; }
  read(into: Uint8Array, offset: number): number { return this.#file?.read(into, offset) ?? 0; }

  #edited(): RandomFile {
    if (this.#readonly) throw Object.assign(new Error(`${this.#path} was opened for reading`), { code: 'EROFS' });
    return (this.#file ??= this.#folder.edit(this.#path)) as RandomFile;
  }

  write(from: Uint8Array, offset: number): void { this.#edited().write(from, offset); }
  truncate(size: number): void { this.#edited().truncate(size); }
  sync(): void { this.#edited().sync(); }
  close(): void { this.#file?.close?.(); }
}
