// The root of a container: a writable layer in memory over the read-only tree of an image. Inodes come into being as they are looked up; content is copied up by chunk as it is written.
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { latin1Bytes } from '../base/index.ts';
import { type Change, changesOf } from './changes.ts';
import { type Backing, FileData } from './file-data.ts';
import { type Entries, TmpFs, type TmpFsOptions, type TmpFsStart, TmpInode } from './tmpfs.ts';
import { hashText } from './name-hash.ts';
import { NameMap } from './name-map.ts';
import type { DirEntry, FsStat, Name } from './types.ts';

export interface LowerAttr { mode: number; uid: number; gid: number; rdev: number; nlink: number; mtimeNs: bigint }

/** A read-only tree of files known by number; 0 is the root. */
export interface LowerTree {
  /** How many inodes: their numbers are below. */
  readonly count: number;
  /** How many blocks of 4096 bytes its regular files take. */
  readonly blocks: number;
  attributes(inode: number): LowerAttr;
  /** The child's number, or -1. */
  lookup(directory: number, name: Name): number;
  /** The number of the directory's entry with the name bytes[from, to), whose hashName is `hash`; or -1. */
  find(directory: number, bytes: Uint8Array, from: number, to: number, hash: number): number;
  /** The inode's number of an entry, and its name. */
  entryInode(entry: number): number;
  entryName(entry: number): Name;
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
  readonly #materialiser: Materialiser;

  constructor(lower: LowerTree, options: TmpFsOptions & Pick<TmpFsStart, 'store' | 'firstIno'>) {
    let materialiser: Materialiser | undefined;
    super({
      firstIno: visibleIno(lower.count), ...options, type: 'overlay', magic: OVERLAYFS_MAGIC, makeRoot: (fs) => (materialiser = new Materialiser(fs, lower)).inode(0),
      lowerName: (entry) => lower.entryName(entry), lowerData: (number) => new FileData(this.store, lower.content(number)),
    });
    this.lower = lower;
    this.#materialiser = materialiser!;
  }

  /** Whether an inode is one of the lower tree. */
  isLower(ino: number): boolean { return ino < visibleIno(this.lower.count); }

  /** The inode with this number, of the lower tree. */
  lowerInode(ino: number): TmpInode { return this.#materialiser.inode(ino - visibleIno(0)); }

  /** What differs from the lower tree; see Change. */
  changes(): Iterable<Change> { return changesOf(this.root, this.lower); }

  /** The image's files take room, too: the size is that, what is used and what is free. */
  override statfs(): FsStat {
    const stat = super.statfs();
    return { ...stat, blocks: stat.blocks + this.lower.blocks };
  }

  /** The last call: what is kept is durable when it returns. */
  close(): void { this.sync(); }
}

/** Makes inodes of lower files, one for each number, whatever the number of names. */
class Materialiser {
  readonly #fs: TmpFs;
  readonly lower: LowerTree;
  readonly #inodes: (TmpInode | undefined)[];

  constructor(fs: TmpFs, lower: LowerTree) {
    this.#fs = fs;
    this.lower = lower;
    this.#inodes = new Array<TmpInode | undefined>(lower.count).fill(undefined);
  }

  inode(number: number): TmpInode { return this.#inodes[number] ??= this.#make(number); }

  /** Whether the inode was ever looked up. */
  knows(number: number): boolean { return this.#inodes[number] !== undefined; }

  /** The inode that has the name bytes[from, to) in the lower directory that `owner` began as. */
  childNamed(directory: number, bytes: Uint8Array, from: number, to: number, hash: number, owner: TmpInode): TmpInode | undefined {
    const entry = this.lower.find(directory, bytes, from, to, hash);
    if (entry < 0) return undefined;
    const number = this.lower.entryInode(entry);
    const inode = this.#inodes[number] ?? this.inode(number);
    if (inode.parent === undefined) {
      inode.parent = owner;
      inode.name = entry;
    }
    return inode;
  }

  #make(number: number): TmpInode {
    const { mode, uid, gid, rdev, nlink, mtimeNs } = this.lower.attributes(number);
    const type = mode & S_IFMT;
    const entries = type === S_IFDIR ? new LayeredEntries(this, number) : undefined;
    const target = type === S_IFLNK ? this.lower.target(number) : undefined;
    const inode = new TmpInode(this.#fs, {
      ino: visibleIno(number), mode, uid, gid, rdev, nlink, mtimeNs, data: undefined, entries, target, xattrs: copyOf(this.lower.xattrs(number)), lower: type === S_IFREG ? number : -1,
    });
    if (entries) entries.owner = inode;
    return inode;
  }
}

const copyOf = <K, V>(map: Map<K, V> | undefined): Map<K, V> | undefined => map && new Map(map);

/** The names of a lower directory with the changes made since; null stands for a name that was taken away. Names that are as they were are looked up below each time. */
export class LayeredEntries implements Entries {
  size: number;
  owner!: TmpInode;
  readonly #from: Materialiser;
  readonly #directory: number;
  #changes: NameMap<TmpInode | null> | undefined;

  constructor(from: Materialiser, directory: number) {
    this.#from = from;
    this.#directory = directory;
    this.size = from.lower.entryCount(directory);
  }

  /** The names that were set or taken away, and those of inodes that were looked up: all others are as they were. */
  * touched(): Generator<Name> {
    for (const [name] of this.#changed()) yield name;
    for (const { name, ino } of this.#from.lower.list(this.#directory)) if (this.#from.knows(ino) && this.#changes?.get(name) === undefined) yield name;
  }

  changed(): [Name, number][] {
    const was = (name: Name): number => visibleIno(this.#from.lower.lookup(this.#directory, name));
    return Array.from(this.#changed(), ([name, inode]): [Name, number] => [name, inode?.ino ?? 0]).filter(([name, ino]) => ino !== was(name));
  }

  get(name: Name): TmpInode | undefined {
    const known = this.#changes?.get(name);
    if (known !== undefined) return known ?? undefined;
    const bytes = latin1Bytes(name);
    return this.#from.childNamed(this.#directory, bytes, 0, bytes.length, hashText(name), this.owner);
  }

  find(bytes: Uint8Array, from: number, to: number, hash: number): TmpInode | undefined {
    if (this.#changes !== undefined) {
      const known = this.#changes.find(bytes, from, to, hash);
      if (known !== undefined) return known ?? undefined;
    }
    return this.#from.childNamed(this.#directory, bytes, from, to, hash, this.owner);
  }

  #changed(): Iterable<[Name, TmpInode | null]> { return this.#changes?.entries() ?? []; }
  #change(name: Name, now: TmpInode | null): void { (this.#changes ??= new NameMap()).set(name, now); }

  #has(name: Name): boolean {
    const known = this.#changes?.get(name);
    return known === undefined ? this.#from.lower.lookup(this.#directory, name) >= 0 : known !== null;
  }

  set(name: Name, inode: TmpInode): void {
    if (!this.#has(name)) this.size++;
    this.#change(name, inode);
  }

  delete(name: Name): void {
    if (!this.#has(name)) return;
    this.size--;
    if (this.#from.lower.lookup(this.#directory, name) < 0) this.#changes?.delete(name);
    else this.#change(name, null);
  }

  list(): DirEntry[] {
    const entries: DirEntry[] = [];
    const fromLower = new Set<Name>();
    for (const entry of this.#from.lower.list(this.#directory)) {
      fromLower.add(entry.name);
      const now = this.#changes?.get(entry.name);
      if (now === null) continue;
      entries.push(now ? entryOf(entry.name, now) : { ...entry, ino: visibleIno(entry.ino) });
    }
    for (const [name, inode] of this.#changed()) if (inode && !fromLower.has(name)) entries.push(entryOf(name, inode));
    return entries;
  }
}

const entryOf = (name: Name, inode: TmpInode): DirEntry => ({ name, ino: inode.ino, type: inode.mode & S_IFMT });
