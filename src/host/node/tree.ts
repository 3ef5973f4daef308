// Directories of the host on Node (Linux): every file is reached by the descriptor of its directory and one name, so nothing outside can be meant, whatever other processes rename or link meanwhile.
import { execFileSync } from 'node:child_process';
import {
  chmodSync, chownSync, closeSync, constants, fstatSync, fsyncSync, ftruncateSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync, readlinkSync, readSync, renameSync, rmdirSync, rmSync, statfsSync, statSync, symlinkSync,
  unlinkSync, utimesSync, writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostDirectories, HostStat, HostTree, SharedLog } from '../ports.ts';

const O_PATH = 0o10000000;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;

class TreeError extends Error {
  readonly code: string;
  constructor(code: string, message: string) { super(message); this.code = code; }
}

/** The inode that a descriptor stands for, as a path: the kernel goes straight to it (proc_pid_fd(5)). */
const ownPath = (handle: number): string => `/proc/self/fd/${handle}`;

const plain = /^[\x20-\x7e]+$/;

/** One name in the directory that a descriptor stands for. */
function pathIn(directory: number, name: string): string | Buffer {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) throw new TreeError('EINVAL', `${JSON.stringify(name)} is no name of a file`);
  const path = `/proc/self/fd/${directory}/${name}`;
  return plain.test(name) ? path : Buffer.from(path, 'latin1');
}

/** Seconds as Node takes them, which keeps microseconds: half of one is added, as it cuts off what is less. */
function seconds(ns: bigint): number {
  if (ns % 1_000_000_000n === 0n) return Number(ns / 1_000_000_000n);
  const us = Number(ns / 1000n);
  return ns < 0n ? us / 1e6 : (us + 0.5) / 1e6;
}

class NodeTree implements HostTree {
  readonly root: number;
  readonly user = { uid: process.geteuid!(), gid: process.getegid!() };
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.root = openSync(path, O_PATH);
  }

  stat(handle: number): HostStat { return fstatSync(handle, { bigint: true }); }
  statAt(directory: number, name: string): HostStat | undefined { return lstatSync(pathIn(directory, name), { bigint: true, throwIfNoEntry: false }); }
  handle(directory: number, name: string): number { return openSync(pathIn(directory, name), O_PATH | O_NOFOLLOW); }
  release(handle: number): void { closeSync(handle); }
  list(directory: number): string[] { return readdirSync(ownPath(directory), 'latin1'); }
  readlink(directory: number, name: string): string { return readlinkSync(pathIn(directory, name), 'latin1'); }
  open(handle: number, access: number): number { return openSync(ownPath(handle), access); }
  create(directory: number, name: string, mode: number): number { return openSync(pathIn(directory, name), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, mode); }
  read(file: number, into: Uint8Array, position: number): number { return into.length === 0 ? 0 : readSync(file, into, 0, into.length, position); }
  write(file: number, from: Uint8Array, position: number): number { return writeSync(file, from, 0, from.length, position); }

  truncate(file: number, size: number): void {
    if (size > Number.MAX_SAFE_INTEGER) throw new TreeError('EFBIG', 'a size that no file has');
    ftruncateSync(file, size);
  }

  sync(file: number): void { fsyncSync(file); }

  syncDirectory(handle: number): void {
    const fd = openSync(ownPath(handle), O_RDONLY | O_DIRECTORY);
    try { fsyncSync(fd); } finally { closeSync(fd); }
  }

  /** Node has no syncfs(2): the command has. */
  syncAll(): void {
    try { execFileSync('sync', ['-f', this.#path], { stdio: 'ignore' }); } catch { throw new TreeError('EIO', `sync -f ${this.#path} failed`); }
  }

  mkdir(directory: number, name: string, mode: number): void { mkdirSync(pathIn(directory, name), mode); }
  symlink(directory: number, name: string, target: string): void { symlinkSync(Buffer.from(target, 'latin1'), pathIn(directory, name)); }
  link(directory: number, name: string, toDirectory: number, newName: string): void { linkSync(pathIn(directory, name), pathIn(toDirectory, newName)); }
  unlink(directory: number, name: string, isDirectory: boolean): void { (isDirectory ? rmdirSync : unlinkSync)(pathIn(directory, name)); }
  rename(directory: number, name: string, toDirectory: number, newName: string): void { renameSync(pathIn(directory, name), pathIn(toDirectory, newName)); }
  chmod(handle: number, mode: number): void { chmodSync(ownPath(handle), mode); }
  chown(handle: number, uid: number, gid: number): void { chownSync(ownPath(handle), uid, gid); }
  setTimes(handle: number, atimeNs: bigint, mtimeNs: bigint): void { utimesSync(ownPath(handle), seconds(atimeNs), seconds(mtimeNs)); }

  statfs(): ReturnType<HostTree['statfs']> {
    const { type, bsize, blocks, bavail, files, ffree } = statfsSync(ownPath(this.root));
    return { type, blockSize: bsize, blocks, blocksFree: bavail, files, filesFree: ffree };
  }

  close(): void { closeSync(this.root); }
}

/** Who replaces a log for longer than this is gone. */
const REPLACING_MS = 60_000;
const LINE_END = 10;

/** A log that is replaced is another file under the same name. Who appends looks afterwards whether that happened meanwhile, and who replaces looks afterwards for what was appended: nothing is lost, some of it may come twice. */
class NodeLog implements SharedLog {
  readonly #path: string;
  #fd: number | undefined;
  /** Which file it is. */
  #file: string | undefined;
  version = 0;
  constructor(path: string) { this.#path = path; }

  size(): number {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (fileOf(there) !== this.#file) this.#found(fileOf(there));
    return there?.size ?? 0;
  }

  #found(file: string | undefined): void {
    if (this.#file !== undefined) this.version++;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#file = file;
  }

  read(into: Uint8Array, offset: number): number {
    const fd = openSync(this.#path, 'r');
    try { return readSync(fd, into, 0, into.length, offset); } finally { closeSync(fd); }
  }

  append(bytes: Uint8Array): void {
    do {
      const fd = this.#fd ?? this.#open();
      if (writeSync(fd, bytes) < bytes.length) throw new TreeError('ENOSPC', `${this.#path}: no space left on device`);
      this.size();
    } while (this.#fd === undefined);
  }

  /** A line that a power cut tore is ended. */
  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true });
    const fd = openSync(this.#path, 'a+', 0o644);
    const there = fstatSync(fd);
    if (fileOf(there) !== this.#file) this.#found(fileOf(there));
    const last = Buffer.alloc(1);
    if (there.size > 0 && readSync(fd, last, 0, 1, there.size - 1) === 1 && last[0] !== LINE_END) writeSync(fd, '\n');
    return this.#fd = fd;
  }

  /** One process at a time. */
  replace(bytes: Uint8Array, upTo: number): void {
    const made = `${this.#path}.new`;
    const to = this.#beginReplacing(made);
    if (to === undefined) return;
    const old = openSync(this.#path, 'r');
    try {
      const isOurs = fileOf(fstatSync(old)) === this.#file;
      for (let at = 0; isOurs && at < bytes.length;) at += writeSync(to, bytes, at);
      fsyncSync(to);
      if (!isOurs) return unlinkSync(made);
      renameSync(made, this.#path);
      const late = Buffer.alloc(fstatSync(old).size - upTo);
      if (late.length > 0) this.append(late.subarray(0, readSync(old, late, 0, late.length, upTo)));
    } finally {
      closeSync(old);
      closeSync(to);
    }
  }

  #beginReplacing(made: string): number | undefined {
    const other = statSync(made, { throwIfNoEntry: false });
    if (other && Date.now() - other.mtimeMs > REPLACING_MS) rmSync(made, { force: true });
    try { return openSync(made, 'wx', 0o644); } catch { return undefined; }
  }

  sync(): void { if (this.#fd !== undefined) fsyncSync(this.#fd); }
}

/** Inode numbers come again, but not with the same birth. */
const fileOf = (stat: { readonly ino: number; readonly birthtimeMs: number } | undefined): string | undefined => stat && `${stat.ino}.${stat.birthtimeMs}`;

/** Bytes in the files below a directory; `seen`: files with several names. */
function sizeBelow(path: string, seen = new Set<string>()): number {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const at = join(path, entry.name);
    if (entry.isDirectory()) return sum + sizeBelow(at, seen);
    const { nlink, dev, ino, size } = lstatSync(at);
    if (nlink > 1 && seen.has(`${dev}:${ino}`)) return sum;
    seen.add(`${dev}:${ino}`);
    return sum + (entry.isFile() ? size : 0);
  }, 0);
}

/** `store`: the store's folder. */
export function nodeDirectories(store: string): HostDirectories {
  return {
    kind(path) {
      const found = statSync(path, { throwIfNoEntry: false });
      return found && (found.isDirectory() ? 'directory' : 'file');
    },
    isEmpty(path) {
      try { return readdirSync(path).length === 0; } catch { return true; }
    },
    size: (path) => sizeBelow(path),
    remove: (path) => { rmSync(path, { recursive: true, force: true }); },
    make: (path) => { mkdirSync(path, { recursive: true }); },
    open: (path) => new NodeTree(path),
    log: (path) => new NodeLog(path),
    replaceEmpty(from, to) {
      try { renameSync(from, to); } catch (error) {
        if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
        throw error;
      }
      return true;
    },
    storePath: (path) => join(store, path),
  };
}
