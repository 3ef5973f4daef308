// The files of the store's folder over an interface like node:fs: blobs, files that are edited, files under way.
import type { FsLike } from './fs-like.ts';
import type { Blob, LeftFile, RandomFile } from './ports.ts';

/** A blob that nobody can read any more gives its descriptor back. */
const forgotten = new FinalizationRegistry<{ readonly fs: FsLike; readonly fd: number }>(({ fs, fd }) => { try { fs.closeSync(fd); } catch { /* its file system is gone */ } });

const readAt = (fs: FsLike, fd: number, size: number, into: Uint8Array, offset: number): number =>
  (offset >= size || into.length === 0 ? 0 : fs.readSync(fd, into, 0, Math.min(into.length, size - offset), offset));

/** An open file as a blob: it can be read whatever becomes of its name. */
export class FileBlob implements Blob {
  readonly size: number;
  readonly #fs: FsLike;
  readonly #fd: number;
  constructor(fs: FsLike, fd: number) {
    this.#fs = fs;
    this.#fd = fd;
    this.size = Number(fs.fstatSync(fd).size);
    forgotten.register(this, { fs, fd });
  }

  read(into: Uint8Array, offset: number): number { return readAt(this.#fs, this.#fd, this.size, into, offset); }
}

/** A file that is read and written at any place. */
export class EditedFile implements RandomFile {
  size: number;
  readonly #fs: FsLike;
  readonly #fd: number;
  constructor(fs: FsLike, fd: number) {
    this.#fs = fs;
    this.#fd = fd;
    this.size = Number(fs.fstatSync(fd).size);
  }

  read(into: Uint8Array, offset: number): number { return readAt(this.#fs, this.#fd, this.size, into, offset); }

  write(from: Uint8Array, offset: number): void {
    for (let done = 0; done < from.length;) done += this.#fs.writeSync(this.#fd, from, done, from.length - done, offset + done);
    this.size = Math.max(this.size, offset + from.length);
  }

  truncate(size: number): void {
    this.#fs.ftruncateSync(this.#fd, size);
    this.size = size;
  }

  sync(): void { this.#fs.fsyncSync(this.#fd); }
  close(): void { this.#fs.closeSync(this.#fd); }
}

/** Descriptors of files under way; beyond these the one that was used longest ago is closed, and opened again when it is needed. */
const OPEN = 128;

export class OpenFiles {
  readonly fs: FsLike;
  readonly #open = new Map<TemporaryFile, number>();
  constructor(fs: FsLike) { this.fs = fs; }

  /** The file's descriptor. */
  use(file: TemporaryFile, flags: 'wx+' | 'r+'): number {
    const fd = this.#open.get(file) ?? this.fs.openSync(file.path, flags, 0o644);
    this.#open.delete(file);
    this.#open.set(file, fd);
    if (this.#open.size > OPEN) for (const oldest of this.#open.keys()) { this.close(oldest); break; }
    return fd;
  }

  close(file: TemporaryFile): void {
    const fd = this.#open.get(file);
    this.#open.delete(file);
    if (fd !== undefined) this.fs.closeSync(fd);
  }
}

/** What is worth a hole. */
const HOLE = 64 * 1024;

/** Whether this is a long run of zeros: a sparse file of a container that was committed takes no room on the disk. Anything else is found out at its first number. */
function isHole(bytes: Uint8Array): boolean {
  if (bytes.length < HOLE || bytes[0] !== 0 || (bytes.byteOffset | bytes.length) % 4 !== 0) return false;
  const numbers = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) if (numbers[i] !== 0) return false;
  return true;
}

/** Failures of calls on descriptors do not say which file they speak of. */
const withPath = (error: unknown, path: string): unknown => (error instanceof Error && !('path' in error) ? Object.assign(error, { path }) : error);

/** Where files under way go in the end; each takes the path where the file lies. */
export interface Places {
  /** Gives the file the name of a path in the folder, durably, and returns where it lies then. */
  readonly commit: (from: string, to: string) => string;
  readonly remove: (path: string) => void;
  /** For those that may be gone on with. */
  readonly leave?: (path: string) => void;
}

/** A file under way. `path` is where it lies now. */
export class TemporaryFile implements LeftFile {
  path: string;
  readonly #open: OpenFiles;
  readonly #place: Places;
  #size = 0;
  /** The size at the last sync. */
  #synced = -1;
  #state: 'under way' | 'committed' | 'discarded' = 'under way';

  /** `resumed`: it is there, and goes on at its end. */
  constructor(open: OpenFiles, path: string, place: Places, resumed = false) {
    this.path = path;
    this.#open = open;
    this.#place = place;
    const fd = open.use(this, resumed ? 'r+' : 'wx+');
    if (resumed) this.#size = Number(open.fs.fstatSync(fd).size);
  }

  append(bytes: Uint8Array): void {
    try {
      if (isHole(bytes)) this.#open.fs.ftruncateSync(this.#open.use(this, 'r+'), this.#size + bytes.length);
      else for (let done = 0; done < bytes.length;) done += this.#open.fs.writeSync(this.#open.use(this, 'r+'), bytes, done, bytes.length - done, this.#size + done);
    } catch (error) { throw withPath(error, this.path); }
    this.#size += bytes.length;
  }

  get blob(): Blob {
    const size = this.#size;
    return { size, read: (into, offset) => this.#read(into, offset, size) };
  }

  #read(into: Uint8Array, offset: number, size: number): number {
    const n = readAt(this.#open.fs, this.#open.use(this, 'r+'), size, into, offset);
    if (this.#state === 'committed') this.#open.close(this);
    return n;
  }

  sync(): void {
    if (this.#synced === this.#size) return;
    try { this.#open.fs.fsyncSync(this.#open.use(this, 'r+')); } catch (error) { throw withPath(error, this.path); }
    this.#synced = this.#size;
  }

  commit(path: string): void {
    this.sync();
    this.path = this.#place.commit(this.path, path);
    this.#state = 'committed';
    this.#open.close(this);
  }

  discard(): void { this.#endAs(this.#place.remove); }
  leave(): void { this.#endAs(this.#place.leave ?? this.#place.remove); }

  #endAs(place: (path: string) => void): void {
    if (this.#state !== 'under way') return;
    this.#state = 'discarded';
    this.#open.close(this);
    place(this.path);
  }
}
