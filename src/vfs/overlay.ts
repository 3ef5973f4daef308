// The root of a container: a writable layer in memory over the read-only tree of an image. Inodes come into being as they are looked up; content is copied up by chunk as it is written.
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { type Change, changesOf } from './changes.ts';
import { type Backing, FileData } from './file-data.ts';
import { type Entries, TmpFs, type TmpFsOptions, TmpInode } from './tmpfs.ts';
import type { DirEntry, Name } from './types.ts';

export interface LowerAttr { mode: number; uid: number; gid: number; rdev: number; nlink: number; mtimeNs: bigint }

/** A read-only tree of files known by number; 0 is the root. */
export interface LowerTree {
  /** How many inodes: their numbers are below. */
  readonly count: number;
  attributes(inode: number): LowerAttr;
  /** The child's number, or -1. */
  lookup(directory: number, name: Name): number;
  entryCount(directory: number): number;
  /** All names; `ino` is the tree's number. */
  list(directory: number): DirEntry[];
  /** Symbolic links. */
  target(inode: number): string;
  xattrs(inode: number): Map<string, Uint8Array> | undefined;
  /** Regular files. */
  content(inode: number): Backing;
}

const OVERLAYFS_MAGIC = 0x794c_7630;

/** The number of a lower inode as programs see it: never 0. */
export const visibleIno = (lower: number): number => lower + 1;

/** A file system that begins as `lower` and keeps all changes in memory. Unlike the kernel's overlayfs it keeps inode numbers and hard links over a copy-up and renames directories of lower layers. */
export class OverlayFs extends TmpFs {
  readonly lower: LowerTree;

  constructor(lower: LowerTree, options: TmpFsOptions) {
    super({ ...options, type: 'overlay', magic: OVERLAYFS_MAGIC, firstIno: visibleIno(lower.count), makeRoot: (fs) => new Materialiser(fs, lower).inode(0) });
    this.lower = lower;
  }

  /** What differs from the lower tree; see Change. */
  changes(): Iterable<Change> { return changesOf(this.root, this.lower); }

  /** The last call: what is kept is durable when it returns. */
  close(): void { this.sync(); }
}

/** Makes inodes of lower files, one for each number, whatever the number of names. */
class Materialiser {
  readonly #fs: TmpFs;
  readonly lower: LowerTree;
  readonly #inodes = new Map<number, TmpInode>();

  constructor(fs: TmpFs, lower: LowerTree) {
    this.#fs = fs;
    this.lower = lower;
  }

  inode(number: number): TmpInode {
    let inode = this.#inodes.get(number);
    if (!inode) this.#inodes.set(number, inode = this.#make(number));
    return inode;
  }

  #make(number: number): TmpInode {
    const attr = this.lower.attributes(number);
    const base = { ...attr, ino: visibleIno(number), xattrs: copyOf(this.lower.xattrs(number)) };
    const type = attr.mode & S_IFMT;
    if (type === S_IFDIR) {
      const entries = new LayeredEntries(this, number);
      return entries.owner = new TmpInode(this.#fs, { ...base, entries });
    }
    if (type === S_IFREG) return new TmpInode(this.#fs, { ...base, data: new FileData(this.#fs.store, this.lower.content(number)) });
    return new TmpInode(this.#fs, type === S_IFLNK ? { ...base, target: this.lower.target(number) } : base);
  }
}

const copyOf = <K, V>(map: Map<K, V> | undefined): Map<K, V> | undefined => map && new Map(map);

/** The names of a lower directory with the changes made since; null stands for a name that was taken away. */
export class LayeredEntries implements Entries {
  size: number;
  owner!: TmpInode;
  readonly #from: Materialiser;
  readonly #directory: number;
  readonly #changes = new Map<Name, TmpInode | null>();

  constructor(from: Materialiser, directory: number) {
    this.#from = from;
    this.#directory = directory;
    this.size = from.lower.entryCount(directory);
  }

  /** The names that were looked up, set or taken away: all others are as they were. */
  get touched(): Iterable<Name> { return this.#changes.keys(); }

  get(name: Name): TmpInode | undefined {
    const known = this.#changes.get(name);
    if (known !== undefined) return known ?? undefined;
    const number = this.#from.lower.lookup(this.#directory, name);
    if (number < 0) return undefined;
    const inode = this.#from.inode(number);
    inode.parent ??= this.owner;
    inode.name ??= name;
    this.#changes.set(name, inode);
    return inode;
  }

  set(name: Name, inode: TmpInode): void {
    if (!this.get(name)) this.size++;
    this.#changes.set(name, inode);
  }

  delete(name: Name): void {
    if (!this.get(name)) return;
    this.size--;
    if (this.#from.lower.lookup(this.#directory, name) < 0) this.#changes.delete(name);
    else this.#changes.set(name, null);
  }

  list(): DirEntry[] {
    const entries: DirEntry[] = [];
    const fromLower = new Set<Name>();
    for (const entry of this.#from.lower.list(this.#directory)) {
      fromLower.add(entry.name);
      const now = this.#changes.get(entry.name);
      if (now === null) continue;
      entries.push(now ? entryOf(entry.name, now) : { ...entry, ino: visibleIno(entry.ino) });
    }
    for (const [name, inode] of this.#changes) if (inode && !fromLower.has(name)) entries.push(entryOf(name, inode));
    return entries;
  }
}

const entryOf = (name: Name, inode: TmpInode): DirEntry => ({ name, ino: inode.ino, type: inode.mode & S_IFMT });
