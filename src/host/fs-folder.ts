// The store's folder over an interface like node:fs: the real one, or memfs.
import type { Blob, Folder, NewFile, RandomFile } from './ports.ts';

/** The part of node:fs that a folder needs; memfs has it too. */
export interface FsLike {
  openSync(path: string, flags: string, mode?: number): number;
  closeSync(fd: number): void;
  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(fd: number, from: Uint8Array, offset?: number, length?: number, position?: number): number;
  ftruncateSync(fd: number, size: number): void;
  fsyncSync(fd: number): void;
  fstatSync(fd: number): { size: number | bigint };
  statSync(path: string): { size: number | bigint; isFile(): boolean };
  existsSync(path: string): boolean;
  mkdirSync(path: string, options: { recursive: true }): unknown;
  readdirSync(path: string): unknown[];
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { recursive: true; force: true }): void;
}

const TEMPORARY = 'tmp';
const LOCK = 'lock';
/** How long to wait for another process, in steps. */
const LOCK_STEP_MS = 5, LOCK_STEPS = 6000;
let nextTemporary = 0;

const missing = (error: unknown): boolean => (error as { code?: string }).code === 'ENOENT' || (error as { code?: string }).code === 'ENOTDIR';

/** An open file as a blob; the descriptor stays open as long as the process. */
class FileBlob implements Blob {
  readonly size: number;
  readonly #fs: FsLike;
  readonly #fd: number;
  constructor(fs: FsLike, fd: number, size: number) {
    this.#fs = fs;
    this.#fd = fd;
    this.size = size;
  }

  read(into: Uint8Array, offset: number): number {
    return offset >= this.size || into.length === 0 ? 0 : this.#fs.readSync(this.#fd, into, 0, Math.min(into.length, this.size - offset), offset);
  }
}

/** A file that is read and written at any place. */
class EditedFile implements RandomFile {
  size: number;
  readonly #fs: FsLike;
  readonly #fd: number;
  constructor(fs: FsLike, fd: number) {
    this.#fs = fs;
    this.#fd = fd;
    this.size = Number(fs.fstatSync(fd).size);
  }

  read(into: Uint8Array, offset: number): number {
    return offset >= this.size || into.length === 0 ? 0 : this.#fs.readSync(this.#fd, into, 0, Math.min(into.length, this.size - offset), offset);
  }

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

class TemporaryFile implements NewFile {
  readonly #folder: FsFolder;
  readonly #path: string;
  readonly #fd: number;
  #size = 0;
  /** The size at the last sync. */
  #synced = -1;
  #closed = false;

  constructor(folder: FsFolder, path: string) {
    this.#folder = folder;
    this.#path = path;
    this.#fd = folder.fs.openSync(folder.at(path), 'wx+', 0o644);
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += this.#folder.fs.writeSync(this.#fd, bytes, done, bytes.length - done);
    this.#size += bytes.length;
  }

  get blob(): Blob { return new FileBlob(this.#folder.fs, this.#fd, this.#size); }

  sync(): void {
    if (this.#synced === this.#size) return;
    this.#folder.fs.fsyncSync(this.#fd);
    this.#synced = this.#size;
  }

  commit(path: string): void {
    this.sync();
    this.#folder.makeParent(path);
    this.#folder.fs.renameSync(this.#folder.at(this.#path), this.#folder.at(path));
    this.#close();
  }

  discard(): void {
    if (this.#closed) return;
    this.#close();
    this.#folder.remove(this.#path);
  }

  #close(): void {
    this.#closed = true;
    this.#folder.fs.closeSync(this.#fd);
  }
}

export class FsFolder implements Folder {
  readonly fs: FsLike;
  readonly #root: string;
  readonly #owner: string;
  readonly #alive: (owner: string) => boolean;

  /** `owner` names this process in the names of temporary files and in the lock; `alive` tells whether an owner still runs. What owners that are gone left half-written is removed. */
  constructor(fs: FsLike, root: string, owner = 'here', alive: (owner: string) => boolean = () => true) {
    this.fs = fs;
    this.#root = root;
    this.#owner = owner;
    this.#alive = alive;
    for (const name of this.list(TEMPORARY)) if (!alive(name.split('.')[0]!)) this.remove(`${TEMPORARY}/${name}`);
  }

  at(path: string): string { return `${this.#root}/${path}`; }
  makeParent(path: string): void { this.fs.mkdirSync(this.at(path.slice(0, Math.max(0, path.lastIndexOf('/')))), { recursive: true }); }
  has(path: string): boolean { return this.fs.existsSync(this.at(path)); }

  size(path: string): number | undefined {
    try {
      const found = this.fs.statSync(this.at(path));
      return found.isFile() ? Number(found.size) : undefined;
    } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
  }

  open(path: string): Blob | undefined {
    try {
      const fd = this.fs.openSync(this.at(path), 'r');
      return new FileBlob(this.fs, fd, Number(this.fs.fstatSync(fd).size));
    } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
  }

  read(path: string): Uint8Array | undefined {
    let fd: number;
    try { fd = this.fs.openSync(this.at(path), 'r'); } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
    try {
      const bytes = new Uint8Array(Number(this.fs.fstatSync(fd).size));
      let got = 0;
      for (let n = 1; got < bytes.length && n > 0; got += n) n = this.fs.readSync(fd, bytes, got, bytes.length - got, got);
      return bytes.subarray(0, got);
    } finally { this.fs.closeSync(fd); }
  }

  write(path: string, bytes: Uint8Array): void {
    const file = this.create();
    try {
      file.append(bytes);
      file.commit(path);
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  create(): NewFile {
    this.fs.mkdirSync(this.at(TEMPORARY), { recursive: true });
    return new TemporaryFile(this, `${TEMPORARY}/${this.#owner}.${nextTemporary++}`);
  }

  edit(path: string): RandomFile {
    if (!this.has(path)) this.write(path, new Uint8Array(0));
    return new EditedFile(this.fs, this.fs.openSync(this.at(path), 'r+'));
  }

  list(path: string): string[] {
    try { return this.fs.readdirSync(this.at(path)).map(String); } catch (error) {
      if (missing(error)) return [];
      throw error;
    }
  }

  remove(path: string): void { this.fs.rmSync(this.at(path), { recursive: true, force: true }); }

  exclusive<T>(work: () => T): T {
    this.#lock();
    try { return work(); } finally { this.remove(LOCK); }
  }

  /** Makes the lock file; one of a process that is gone does not count. */
  #lock(): void {
    this.fs.mkdirSync(this.at(''), { recursive: true });
    for (let step = 0; step < LOCK_STEPS; step++) {
      if (this.#tryLock()) return;
      const owner = this.read(LOCK);
      if (owner && owner.length > 0 && !this.#alive(String.fromCharCode(...owner))) this.remove(LOCK);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_STEP_MS);
    }
    throw new Error(`${this.at(LOCK)}: another process keeps the store locked`);
  }

  #tryLock(): boolean {
    let fd: number;
    try { fd = this.fs.openSync(this.at(LOCK), 'wx', 0o644); } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false;
      throw error;
    }
    this.fs.writeSync(fd, Uint8Array.from(this.#owner, (c) => c.charCodeAt(0)));
    this.fs.closeSync(fd);
    return true;
  }
}
