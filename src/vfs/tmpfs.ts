// tmpfs: a complete POSIX file system in memory. The overlay is the same file system whose directories and files begin as those of the layers below.
import {
  EEXIST, EINVAL, EISDIR, ENODATA, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY, ENXIO, makedev, NAME_MAX, O_NOATIME, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, XATTR_CREATE, XATTR_REPLACE,
} from '../abi/index.ts';
import { BLOCK, BlockStore } from './block-store.ts';
import { FileData } from './file-data.ts';
import { MemoryFile } from './memory-file.ts';
import { NameMap } from './name-map.ts';
import { treeChanged } from './tree-version.ts';
import type { CreateAttr, DirEntry, FileSystem, FsStat, Inode, Name, OpenFile, SetAttr, Stat } from './types.ts';

const DAY_NS = 86_400_000_000_000n;
const TMPFS_MAGIC = 0x0102_1994;
const DEFAULT_LIMIT = 4 * 2 ** 30;

let nextMinor = 20;
/** A device number for a file system without a device, as Linux gives out (major 0). */
export const anonymousDev = (): number => makedev(0, nextMinor++);

/** The names of one directory. */
export interface Entries {
  readonly size: number;
  get(name: Name): TmpInode | undefined;
  /** The same by bytes; see Inode.lookupBytes. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): TmpInode | undefined;
  set(name: Name, inode: TmpInode): void;
  delete(name: Name): void;
  list(): DirEntry[];
  /** The names that differ from what the directory began with, and the number of the inode that each has now: 0 for none. */
  changed(): [Name, number][];
}

class PlainEntries implements Entries {
  readonly #map = new NameMap<TmpInode>();
  get size(): number { return this.#map.size; }
  get(name: Name): TmpInode | undefined { return this.#map.get(name); }
  find(bytes: Uint8Array, from: number, to: number, hash: number): TmpInode | undefined { return this.#map.find(bytes, from, to, hash); }
  set(name: Name, inode: TmpInode): void { this.#map.set(name, inode); }
  delete(name: Name): void { this.#map.delete(name); }
  list(): DirEntry[] { return Array.from(this.#map.entries(), ([name, inode]) => ({ name, ino: inode.ino, type: inode.mode & S_IFMT })); }
  changed(): [Name, number][] { return Array.from(this.#map.entries(), ([name, inode]) => [name, inode.ino]); }
}

/** What a new inode is made of. */
export interface TmpAttr extends CreateAttr { ino: number; nlink: number; mtimeNs: bigint; data?: FileData | undefined; entries?: Entries | undefined; xattrs?: Map<string, Uint8Array> | undefined; /** Regular files of a lower tree: the number there, from which `data` is made when it is wanted. */ lower?: number }

export class TmpInode implements Inode {
  // What lookups read comes first: it then lies in one or two lines of the processor's cache.
  parent: TmpInode | undefined;
  mode: number;
  nlink: number;
  /** `parent` and `name` tell a name that the file has lost; it may have others. */
  unknownName = false;
  /** Something is or was mounted here. */
  covered = false;
  readonly entries: Entries | undefined;
  readonly fs: TmpFs;
  readonly ino: number;
  uid: number;
  gid: number;
  readonly rdev: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  /** The name; of a file of a lower tree first the number of its name there, made text when it is asked for. */
  #name: Name | number | undefined;
  /** Made without a name and never linked since: may still get one. */
  unnamed = false;
  #data: FileData | undefined;
  readonly #lower: number;
  /** Symbolic links only. */
  readonly target: string | undefined;
  #xattrs: Map<string, Uint8Array> | undefined;
  #openers = 0;

  constructor(fs: TmpFs, attr: TmpAttr) {
    this.fs = fs;
    this.ino = attr.ino;
    this.mode = attr.mode;
    this.uid = attr.uid;
    this.gid = attr.gid;
    this.nlink = attr.nlink;
    this.rdev = attr.rdev ?? 0;
    this.atimeNs = this.mtimeNs = this.ctimeNs = attr.mtimeNs;
    this.#data = attr.data;
    this.#lower = attr.lower ?? -1;
    this.entries = attr.entries;
    this.target = attr.target;
    this.#xattrs = attr.xattrs;
  }

  get name(): Name | undefined {
    if (typeof this.#name === 'number') this.#name = this.fs.lowerName!(this.#name);
    return this.#name;
  }
  set name(name: Name | number | undefined) { this.#name = name; }

  /** The content of a regular file. */
  get data(): FileData | undefined {
    if (this.#data === undefined && this.#lower >= 0) this.#data = this.fs.lowerData!(this.#lower);
    return this.#data;
  }

  get soleName(): boolean { return (this.nlink === 1 || this.isDirectory) && !this.unknownName; }
  get isDirectory(): boolean { return (this.mode & S_IFMT) === S_IFDIR; }
  get size(): number { return this.data?.size ?? this.target?.length ?? (this.entries ? 4096 : 0); }

  stat(): Stat {
    return {
      dev: this.fs.dev, ino: this.ino, mode: this.mode, nlink: this.nlink, uid: this.uid, gid: this.gid, rdev: this.rdev, size: this.size, blksize: 4096,
      blocks: this.data ? this.data.allocated / 512 : 0, atimeNs: this.atimeNs, mtimeNs: this.mtimeNs, ctimeNs: this.ctimeNs,
    };
  }

  identity(): string | undefined { return this.data?.identity; }

  setattr(change: SetAttr): void {
    const now = this.fs.now();
    this.fs.touched(this);
    if (change.size !== undefined) this.#truncate(change.size, now);
    if (change.mode !== undefined) this.mode = (this.mode & S_IFMT) | (change.mode & 0o7777);
    if (change.uid !== undefined) this.uid = change.uid;
    if (change.gid !== undefined) this.gid = change.gid;
    if (change.atimeNs !== undefined) this.atimeNs = change.atimeNs;
    if (change.mtimeNs !== undefined) this.mtimeNs = change.mtimeNs;
    if (this.entries && (change.mode ?? change.uid ?? change.gid) !== undefined) treeChanged();
    this.#touchAttributes(now);
  }

  #touchAttributes(now = this.fs.now()): void {
    this.ctimeNs = now;
    this.fs.touched(this);
  }

  #truncate(size: number, now: bigint): void {
    if (!this.data) throw this.isDirectory ? EISDIR : EINVAL;
    this.data.truncate(size);
    this.mtimeNs = now;
  }

  open(flags: number): OpenFile {
    if (!this.data) throw this.isDirectory ? EISDIR : ENXIO;
    this.#openers++;
    return new TmpFile(this, (flags & O_NOATIME) === 0);
  }

  /** Sets atime as the mount option relatime does. */
  touchRead(): void {
    if (this.atimeNs > this.mtimeNs && this.atimeNs > this.ctimeNs && this.fs.now() - this.atimeNs < DAY_NS) return;
    this.atimeNs = this.fs.now();
  }

  touchWrite(): void { this.#touchAttributes(this.mtimeNs = this.fs.now()); }

  readlink(): string {
    if (this.target === undefined) throw EINVAL;
    return this.target;
  }

  lookup(name: Name): TmpInode | undefined { return this.#names().get(name); }
  lookupBytes(bytes: Uint8Array, from: number, to: number, hash: number): TmpInode | undefined {
    if (!this.entries) throw ENOTDIR;
    return this.entries.find(bytes, from, to, hash);
  }

  readdir(): DirEntry[] {
    this.touchRead();
    return this.#names().list();
  }

  #names(): Entries {
    if (!this.entries) throw ENOTDIR;
    return this.entries;
  }

  /** The entries, to add a name to: a removed directory takes none. */
  #writable(name: Name): Entries {
    const entries = this.#names();
    if (this.nlink === 0) throw ENOENT;
    if (entries.get(name)) throw EEXIST;
    if (name.length > NAME_MAX) throw EINVAL;
    return entries;
  }

  /** `data`: what a regular file holds from the beginning. */
  create(name: Name, attr: CreateAttr & Pick<TmpAttr, 'data'>): TmpInode {
    const entries = this.#writable(name);
    const inode = this.fs.make(attr);
    this.#adopt(entries, name, inode);
    return inode;
  }

  createUnnamed(attr: CreateAttr, linkable: boolean): TmpInode {
    if (this.nlink === 0) throw ENOENT;
    const inode = this.fs.make(attr);
    inode.nlink = 0;
    inode.unnamed = linkable;
    return inode;
  }

  link(name: Name, target: TmpInode): void {
    const entries = this.#writable(name);
    if (target.nlink === 0 && !target.unnamed) throw ENOENT;
    target.unnamed = false;
    target.nlink++;
    target.#touchAttributes();
    this.#adopt(entries, name, target);
  }

  #adopt(entries: Entries, name: Name, inode: TmpInode): void {
    entries.set(name, inode);
    if (inode.nlink < 2 || inode.isDirectory || inode.unknownName) {
      inode.parent = this;
      inode.name = name;
      inode.unknownName = false;
    }
    if (inode.isDirectory) this.nlink++;
    this.fs.named(this, name);
    this.fs.touched(inode);
    this.touchWrite();
  }

  /** Gives a name to an inode that has it already, as it was kept. */
  place(name: Name, inode: TmpInode): void {
    this.#names().set(name, inode);
    inode.parent = this;
    inode.name = name;
  }

  unlink(name: Name, directory: boolean): void {
    const inode = this.#names().get(name);
    if (!inode) throw ENOENT;
    if (directory && inode.entries!.size > 0) throw ENOTEMPTY;
    this.#forget(name, inode);
    inode.dropLink();
  }

  /** Takes the name away and leaves the inode's link count alone. */
  #forget(name: Name, inode: TmpInode): void {
    this.entries!.delete(name);
    if (inode.parent === this && inode.name === name) inode.unknownName = true;
    if (inode.isDirectory) this.nlink--;
    this.fs.named(this, name);
    if ((inode.mode & S_IFMT) !== S_IFREG) treeChanged();
    this.touchWrite();
  }

  /** One name less; a directory has none left. */
  dropLink(): void {
    this.nlink = this.isDirectory ? 0 : this.nlink - 1;
    this.#touchAttributes();
    if (this.nlink > 0) return;
    if (!this.isDirectory) this.parent = undefined;
    this.fs.removed();
    this.#releaseIfUnused();
  }

  rename(name: Name, newParent: TmpInode, newName: Name): void {
    const inode = this.#names().get(name);
    if (!inode || newParent.nlink === 0) throw ENOENT;
    const replaced = newParent.#names().get(newName);
    if (replaced === inode) return;
    if (replaced?.entries && replaced.entries.size > 0) throw ENOTEMPTY;
    if (replaced) {
      newParent.#forget(newName, replaced);
      replaced.dropLink();
    }
    this.#forget(name, inode);
    newParent.#adopt(newParent.entries!, newName, inode);
    inode.#touchAttributes();
  }

  exchange(name: Name, newParent: TmpInode, newName: Name): void {
    const one = this.#names().get(name);
    const other = newParent.#names().get(newName);
    if (!one || !other) throw ENOENT;
    if (one === other) return;
    this.#forget(name, one);
    newParent.#forget(newName, other);
    this.#adopt(this.entries!, name, other);
    newParent.#adopt(newParent.entries!, newName, one);
    one.#touchAttributes();
    other.#touchAttributes();
  }

  getxattr(name: string): Uint8Array | undefined { return this.#xattrs?.get(name); }
  listxattr(): string[] { return [...this.#xattrs?.keys() ?? []]; }

  setxattr(name: string, value: Uint8Array, flags: number): void {
    const there = this.#xattrs?.has(name) ?? false;
    if (flags & XATTR_CREATE && there) throw EEXIST;
    if (flags & XATTR_REPLACE && !there) throw ENODATA;
    this.#xattrs ??= new Map();
    this.#xattrs.set(name, value.slice());
    this.#touchAttributes();
  }

  /** All of them, names with values. */
  get xattrs(): ReadonlyMap<string, Uint8Array> { return this.#xattrs ?? new Map(); }
  /** Replaces all of them, as they were kept. */
  restoreXattrs(xattrs: Map<string, Uint8Array>): void { this.#xattrs = xattrs.size > 0 ? xattrs : undefined; }

  removexattr(name: string): void {
    if (!this.#xattrs?.delete(name)) throw ENODATA;
    this.#touchAttributes();
  }

  /** An open file was closed. */
  closed(): void {
    this.#openers--;
    this.#releaseIfUnused();
  }

  #releaseIfUnused(): void {
    if (this.nlink === 0 && this.#openers === 0 && !this.parent) this.#data?.release();
  }
}

/** An open regular file. */
class TmpFile implements OpenFile {
  readonly inode: TmpInode;
  readonly #atime: boolean;
  #open = true;
  constructor(inode: TmpInode, atime: boolean) { this.inode = inode; this.#atime = atime; }

  read(into: Uint8Array, position: number): number {
    if (this.#atime) this.inode.touchRead();
    return this.inode.data!.read(into, position);
  }

  write(from: Uint8Array, position: number): number {
    if (from.length === 0) return 0;
    this.inode.fs.touched(this.inode);
    const written = this.inode.data!.write(from, position);
    this.inode.touchWrite();
    return written;
  }

  truncate(size: number): void { this.inode.setattr({ size }); }

  reserve(from: number, to: number): void {
    this.inode.fs.touched(this.inode);
    this.inode.data!.reserve(from, to);
    this.inode.touchWrite();
  }

  punch(from: number, to: number): void {
    this.inode.fs.touched(this.inode);
    this.inode.data!.punch(from, to);
    this.inode.touchWrite();
  }

  nextData(position: number): number | undefined { return this.inode.data!.nextData(position); }
  nextHole(position: number): number { return this.inode.data!.nextHole(position); }
  mapped(): void { this.inode.data!.pin(); }
  sync(): void { this.inode.fs.sync(); }
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.inode.closed();
  }
}

export interface TmpFsOptions {
  /** The wall clock, nanoseconds since 1970. */
  now: () => bigint;
  /** Memory that file contents may use, in bytes. */
  limit?: number;
  /** Permission bits of the root directory. */
  rootMode?: number;
}

/** For file systems that are a TmpFs from a certain beginning. */
export interface TmpFsStart {
  type?: string;
  /** statfs's f_type. */
  magic?: number;
  /** The number of the first inode that is made. */
  firstIno?: number;
  makeRoot?: (fs: TmpFs) => TmpInode;
  /** Where contents are kept; absent: in memory of their own. */
  store?: BlockStore;
  /** The text of a lower tree's name, for inodes whose name was set as a number. */
  lowerName?: (entry: number) => Name;
  /** The content of a lower tree's regular file. */
  lowerData?: (number: number) => FileData;
}

export class TmpFs implements FileSystem {
  readonly type: string;
  readonly announces = true;
  readonly dev = anonymousDev();
  readonly now: () => bigint;
  readonly store: BlockStore;
  readonly root: TmpInode;
  readonly lowerName: ((entry: number) => Name) | undefined;
  readonly lowerData: ((number: number) => FileData) | undefined;
  readonly #magic: number;
  #nextIno: number;
  #inodes = 0;

  constructor(options: TmpFsOptions & TmpFsStart) {
    this.type = options.type ?? 'tmpfs';
    this.#magic = options.magic ?? TMPFS_MAGIC;
    this.lowerName = options.lowerName;
    this.lowerData = options.lowerData;
    this.now = options.now;
    this.store = options.store ?? new BlockStore(new MemoryFile(), options.limit ?? DEFAULT_LIMIT);
    this.#nextIno = options.firstIno ?? 1;
    this.root = options.makeRoot ? options.makeRoot(this) : this.make({ mode: S_IFDIR | (options.rootMode ?? 0o1777), uid: 0, gid: 0 });
  }

  /** A new inode of the type in `attr.mode`, with one link (two for a directory) and no name. */
  make(attr: CreateAttr): TmpInode {
    const type = attr.mode & S_IFMT;
    if (type === S_IFLNK && attr.target === undefined) throw ENOENT;
    if (this.#inodes > 8_000_000) throw ENOSPC;
    return this.adopt({ ...attr, ino: this.#nextIno++, nlink: type === S_IFDIR ? 2 : 1, mtimeNs: this.now() });
  }

  /** An inode that has its number already, empty. */
  adopt(attr: TmpAttr): TmpInode {
    this.#inodes++;
    const type = attr.mode & S_IFMT;
    const own = { ...attr };
    if (type === S_IFDIR) own.entries = new PlainEntries();
    if (type === S_IFREG) own.data ??= new FileData(this.store);
    return new TmpInode(this, own);
  }

  /** An inode lost its last name. */
  removed(): void { this.#inodes--; }

  /** Told of every inode whose attributes or content changed, and before content changes: a commit may come in the middle of that. */
  touched(_inode: TmpInode): void {}

  /** Told of every name that was set or taken away. */
  named(_directory: TmpInode, _name: Name): void {}

  /** Memory is all there is. */
  sync(): void {}

  statfs(): FsStat {
    const blocks = Math.floor(this.store.limit / BLOCK);
    const blocksFree = Math.floor(this.store.room / BLOCK);
    return { type: this.#magic, blockSize: BLOCK, blocks, blocksFree, files: 8_000_000, filesFree: Math.max(0, 8_000_000 - this.#inodes), nameMax: NAME_MAX };
  }
}
