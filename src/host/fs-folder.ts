// The store's folder over an interface like node:fs: the real one, or memfs in a page without files and in tests.
import { EditedFile, FileBlob, OpenFiles, type Places, TemporaryFile } from './fs-files.ts';
import { errorCode, type FsLike } from './fs-like.ts';
import { FsLock, type IsAlive } from './fs-lock.ts';
import type { Blob, Folder, LeftFile, NewFile, RandomFile } from './ports.ts';

export type { FsLike } from './fs-like.ts';

const TEMPORARY = 'tmp';
const LOCK = 'locked';
/** Files that were left, to be gone on with. */
const LEFT = 'left';
/** How long they are kept. */
const LEFT_MS = 14 * 24 * 3600_000;
/** Files of owners that cannot be looked up (another machine or pid namespace) are left for so long after their last change. */
const FOREIGN_MS = 24 * 3600_000;
let nextTemporary = 0;

const missing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Runs a call; undefined when what it speaks of is not there. */
function ifThere<T>(call: () => T): T | undefined {
  try { return call(); } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}

export class FsFolder implements Folder {
  readonly fs: FsLike;
  readonly #root: string;
  readonly #owner: string;
  readonly #isAlive: IsAlive;
  readonly #open: OpenFiles;
  readonly #lock: FsLock;

  /** `owner` names this process in the names of temporary files and in the lock (no `.` or `/` in it); `isAlive` tells whether an owner still runs. What owners that are gone left half-written is removed. */
  constructor(fs: FsLike, root: string, owner = 'here', isAlive: IsAlive = () => true) {
    this.fs = fs;
    this.#root = root;
    this.#owner = owner;
    this.#isAlive = isAlive;
    this.#open = new OpenFiles(fs);
    this.#lock = new FsLock(fs, this.at(LOCK), this.at(this.#temporary()), owner, isAlive);
    this.#clean();
  }

  /** Whoever may only read the folder leaves it to others. */
  #clean(): void {
    try {
      for (const name of this.list(TEMPORARY)) if (this.#isLeftOver(name)) this.#salvage(`${TEMPORARY}/${name}`);
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) throw error;
    }
  }

  #isLeftOver(name: string): boolean {
    const alive = this.#isAlive(name.split('.')[0]!);
    if (alive !== undefined) return !alive;
    const changed = ifThere(() => Number(this.fs.statSync(this.at(`${TEMPORARY}/${name}`)).mtimeMs));
    return changed !== undefined && Date.now() - changed > FOREIGN_MS;
  }

  /** What a process that is gone had under way: kept when it may be gone on with, else removed. */
  #salvage(path: string): void {
    const name = /\.\d+\.(.+)$/.exec(path)?.[1];
    if (name === undefined) this.remove(path);
    else this.#leave(path, name);
  }

  /** Of several of one name the longest stays. */
  #leave(path: string, name: string): void {
    const left = `${LEFT}/${name}`;
    if ((this.size(path) ?? 0) <= (this.size(left) ?? 0)) return this.remove(path);
    this.fs.mkdirSync(this.at(LEFT), { recursive: true });
    ifThere(() => this.fs.renameSync(this.at(path), this.at(left)));
  }

  at(path: string): string { return `${this.#root}/${path}`; }
  #temporary(): string { return `${TEMPORARY}/${this.#owner}.${nextTemporary++}`; }
  has(path: string): boolean { return this.fs.existsSync(this.at(path)); }
  list(path: string): string[] { return ifThere(() => this.fs.readdirSync(this.at(path)).map(String)) ?? []; }
  remove(path: string): void { this.fs.rmSync(this.at(path), { recursive: true, force: true }); }
  exclusive<T>(work: () => T): T { return this.#lock.hold(work); }

  size(path: string): number | undefined {
    const found = ifThere(() => this.fs.statSync(this.at(path)));
    return found?.isFile() ? Number(found.size) : undefined;
  }

  room(): number | undefined {
    const stated = ifThere(() => this.fs.statfsSync?.(this.at('')));
    return stated && Number(stated.bavail) * Number(stated.bsize);
  }

  #openFile(path: string, flags: string): number | undefined { return ifThere(() => this.fs.openSync(this.at(path), flags)); }

  open(path: string): Blob | undefined {
    const fd = this.#openFile(path, 'r');
    return fd === undefined ? undefined : new FileBlob(this.fs, fd);
  }

  read(path: string): Uint8Array | undefined {
    const fd = this.#openFile(path, 'r');
    if (fd === undefined) return undefined;
    try {
      const bytes = new Uint8Array(Number(this.fs.fstatSync(fd).size));
      let got = 0;
      for (let n = 1; got < bytes.length && n > 0; got += n) n = this.fs.readSync(fd, bytes, got, bytes.length - got, got);
      return bytes.subarray(0, got);
    } finally { this.fs.closeSync(fd); }
  }

  write(path: string, bytes: Uint8Array, lasting = true): void {
    if (!lasting) return this.#put(path, bytes);
    const file = this.create();
    try {
      file.append(bytes);
      file.commit(path);
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  /** Replaces a file without a sync. */
  #put(path: string, bytes: Uint8Array): void {
    const temporary = this.at(this.#temporary());
    for (const folder of [TEMPORARY, parentOf(path)]) this.fs.mkdirSync(this.at(folder), { recursive: true });
    const fd = this.fs.openSync(temporary, 'wx', 0o644);
    try { for (let done = 0; done < bytes.length;) done += this.fs.writeSync(fd, bytes, done, bytes.length - done); } finally { this.fs.closeSync(fd); }
    this.fs.renameSync(temporary, this.at(path));
  }

  append(path: string, bytes: Uint8Array): number {
    const fd = this.#openFile(path, 'a') ?? this.#openFirst(path);
    try {
      this.fs.writeSync(fd, bytes);
      return Number(this.fs.fstatSync(fd).size);
    } finally { this.fs.closeSync(fd); }
  }

  /** Its folder is not there yet. */
  #openFirst(path: string): number {
    this.fs.mkdirSync(this.at(parentOf(path)), { recursive: true });
    return this.fs.openSync(this.at(path), 'a');
  }

  rename(from: string, to: string): void { ifThere(() => this.fs.renameSync(this.at(from), this.at(to))); }

  create(): NewFile {
    this.fs.mkdirSync(this.at(TEMPORARY), { recursive: true });
    return new TemporaryFile(this.#open, this.at(this.#temporary()), this.#places);
  }

  /** Of those that have not changed for so long. */
  #dropLeft(ms: number): number {
    let bytes = 0;
    for (const name of this.list(LEFT)) {
      const stat = ifThere(() => this.fs.statSync(this.at(`${LEFT}/${name}`)));
      if (!stat || Date.now() - Number(stat.mtimeMs) < ms) continue;
      bytes += Number(stat.size);
      this.remove(`${LEFT}/${name}`);
    }
    return bytes;
  }

  dropLeft(): number { return this.#dropLeft(-Infinity); }

  resume(name: string): LeftFile {
    this.#dropLeft(LEFT_MS);
    this.fs.mkdirSync(this.at(TEMPORARY), { recursive: true });
    const temporary = `${this.#temporary()}.${name}`;
    const taken = ifThere(() => { this.fs.renameSync(this.at(`${LEFT}/${name}`), this.at(temporary)); return true; }) ?? false;
    return new TemporaryFile(this.#open, this.at(temporary), { ...this.#places, leave: () => this.#leave(temporary, name) }, taken);
  }

  readonly #places: Places = { commit: (from, to) => this.#commit(from, to), remove: (path) => { this.fs.rmSync(path, { recursive: true, force: true }); } };

  #commit(from: string, to: string): string {
    this.#makeFolder(parentOf(to));
    this.fs.renameSync(from, this.at(to));
    this.#syncFolder(parentOf(to));
    return this.at(to);
  }

  /** Makes a folder, and those above it, durable where it is new. */
  #makeFolder(path: string): void {
    if (this.fs.mkdirSync(this.at(path), { recursive: true }) === undefined) return;
    for (let at = path; at !== ''; at = parentOf(at)) this.#syncFolder(parentOf(at));
  }

  /** Names in a folder are durable when the folder is. Not every system can say so of a folder. */
  #syncFolder(path: string): void {
    let fd: number;
    try { fd = this.fs.openSync(this.at(path), 'r'); } catch (error) {
      if (['EISDIR', 'EPERM', 'EACCES'].includes(errorCode(error))) return;
      throw error;
    }
    try { this.fs.fsyncSync(fd); } catch (error) {
      if (!['EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP', 'EBADF'].includes(errorCode(error))) throw error;
    } finally { this.fs.closeSync(fd); }
  }

  edit(path: string): RandomFile {
    if (!this.has(path)) this.write(path, new Uint8Array(0));
    return new EditedFile(this.fs, this.fs.openSync(this.at(path), 'r+'));
  }
}
