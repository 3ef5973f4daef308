// Building blocks of trees whose content is computed: /proc, /sys, /dev. A directory from a table or a function, a file from a function to text, links, device nodes.
import { EACCES, EINVAL, ENOTDIR, EPERM, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { anonymousDev } from './tmpfs.ts';
import type { DirEntry, FileSystem, FsStat, Inode, Name, OpenFile, Place, SetAttr, Stat } from './types.ts';

/** One file of a generated tree. Everything absent is as in /proc: owned by root, the fs's start as time. */
export interface Node {
  /** Type and permission bits. */
  mode: number;
  uid?: number;
  gid?: number;
  rdev?: number;
  /** Regular files: the content, made at open (latin1 text or bytes). */
  text?: () => string | Uint8Array;
  /** Regular files: takes what one write(2) brings; throws an Errno for what it does not like. Returns nothing: all is taken. */
  write?: (bytes: Uint8Array) => void;
  /** Symbolic links: the target as text. */
  target?: () => string;
  /** Magic links: where they really lead. */
  place?: () => Place | undefined;
  /** Directories: one child by name. Must give the same object for the same file while it exists. */
  child?: (name: Name) => Node | undefined;
  /** Directories: all names. */
  names?: () => Iterable<Name>;
  /** Opens the file in a way of its own (devices). */
  open?: (flags: number, inode: Inode) => OpenFile;
  /** Changes of mode, owner and times; absent: EPERM. */
  setattr?: (change: SetAttr) => void;
}

/** A regular file whose content is made at each open. */
export const file = (text: () => string | Uint8Array, mode = 0o444, write?: (bytes: Uint8Array) => void): Node =>
  ({ mode: S_IFREG | mode, text, ...(write && { write }) });

/** A symbolic link. */
export const symbolicLink = (target: string | (() => string)): Node =>
  ({ mode: S_IFLNK | 0o777, target: typeof target === 'string' ? () => target : target });

/** A magic link: reads as text, leads to a place. */
export const magicLink = (target: () => string, place: () => Place | undefined): Node => ({ mode: S_IFLNK | 0o777, target, place });

/** A character device node. */
export const characterDevice = (rdev: number, mode: number, open?: Node['open']): Node => ({ mode: S_IFCHR | mode, rdev, ...(open && { open }) });

/** A directory of fixed entries; the table may be changed later. */
export const directory = (table: Record<Name, Node> | Map<Name, Node>, mode = 0o555): Node => {
  const map = table instanceof Map ? table : new Map(Object.entries(table));
  return { mode: S_IFDIR | mode, child: (name) => map.get(name), names: () => map.keys() };
};

/** A directory whose entries are computed: `make` is called once for a name and kept while `names` (or `has`) still gives it. */
export const computedDirectory = (names: () => Iterable<Name>, has: (name: Name) => boolean, make: (name: Name) => Node, mode = 0o555): Node => {
  const made = new Map<Name, Node>();
  const child = (name: Name): Node | undefined => {
    if (!has(name)) { made.delete(name); return undefined; }
    let node = made.get(name);
    if (!node) made.set(name, node = make(name));
    return node;
  };
  return { mode: S_IFDIR | mode, child, names };
};

/** A directory that is several in one: /proc is its fixed files and a directory per task. The first that knows a name wins. */
export const mergedDirectory = (parts: readonly Node[], mode = 0o555): Node => ({
  mode: S_IFDIR | mode,
  child: (name) => { for (const part of parts) { const found = part.child!(name); if (found) return found; } return undefined; },
  names: () => new Set(parts.flatMap((part) => [...part.names!()])),
});

class GeneratedInode implements Inode {
  readonly fs: GeneratedFs;
  readonly ino: number;
  readonly node: Node;
  readonly parent: GeneratedInode | undefined;
  readonly name: Name | undefined;
  readonly follow?: () => Place | undefined;

  constructor(fs: GeneratedFs, ino: number, node: Node, parent?: GeneratedInode, name?: Name) {
    this.fs = fs;
    this.ino = ino;
    this.node = node;
    this.parent = parent;
    this.name = name;
    if (node.place) this.follow = node.place;
  }

  get mode(): number { return this.node.mode; }

  stat(): Stat {
    const { mode, uid = 0, gid = 0, rdev = 0 } = this.node;
    const time = this.fs.startNs;
    const nlink = (mode & S_IFMT) === S_IFDIR ? 2 : 1;
    return { dev: this.fs.dev, ino: this.ino, mode, nlink, uid, gid, rdev, size: 0, blksize: 1024, blocks: 0, atimeNs: time, mtimeNs: time, ctimeNs: time };
  }

  setattr(change: SetAttr): void {
    if (this.node.setattr) this.node.setattr(change);
    else if (change.mode !== undefined || change.uid !== undefined || change.gid !== undefined) throw EPERM;
  }

  open(flags: number): OpenFile {
    if (this.node.open) return this.node.open(flags, this);
    if (!this.node.text && !this.node.write) throw EACCES;
    return new GeneratedFile(this);
  }

  readlink(): string {
    if (!this.node.target) throw EINVAL;
    return this.node.target();
  }

  lookup(name: Name): GeneratedInode | undefined {
    if (!this.node.child) throw ENOTDIR;
    const node = this.node.child(name);
    return node && this.fs.inodeOf(node, this, name);
  }

  readdir(): DirEntry[] {
    if (!this.node.names) throw ENOTDIR;
    const entries: DirEntry[] = [];
    for (const name of this.node.names()) {
      const inode = this.lookup(name);
      if (inode) entries.push({ name, ino: inode.ino, type: inode.mode & S_IFMT });
    }
    return entries;
  }
}

/** An open generated file: the content as it was when reading began at its start. */
class GeneratedFile implements OpenFile {
  readonly inode: GeneratedInode;
  #content: Uint8Array | undefined;
  constructor(inode: GeneratedInode) { this.inode = inode; }

  read(into: Uint8Array, position: number): number {
    if (!this.inode.node.text) throw EINVAL;
    if (position === 0 || !this.#content) this.#content = bytesOf(this.inode.node.text());
    const piece = this.#content.subarray(position, position + into.length);
    into.set(piece);
    return piece.length;
  }

  write(from: Uint8Array): number {
    if (!this.inode.node.write) throw EINVAL;
    this.inode.node.write(from.slice());
    return from.length;
  }

  truncate(): void {}
}

/** What a generated inode was made of. */
export const nodeOf = (inode: Inode): Node | undefined => (inode instanceof GeneratedInode ? inode.node : undefined);

/** A latin1 string as bytes. */
const bytesOf = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text);

export interface GeneratedFsOptions {
  /** As in /proc/mounts: proc, sysfs, devtmpfs … */
  type: string;
  /** statfs's f_type. */
  magic: number;
  root: Node;
  /** The time all files show, nanoseconds since 1970. */
  startNs: bigint;
}

/** A file system over a tree of nodes. Inode numbers are given at first sight; a node keeps its inode. */
export class GeneratedFs implements FileSystem {
  readonly type: string;
  readonly dev = anonymousDev();
  readonly startNs: bigint;
  readonly root: GeneratedInode;
  readonly #magic: number;
  readonly #inodes = new WeakMap<Node, GeneratedInode>();
  #nextIno = 1;

  constructor(options: GeneratedFsOptions) {
    this.type = options.type;
    this.startNs = options.startNs;
    this.#magic = options.magic;
    this.root = new GeneratedInode(this, this.#nextIno++, options.root);
  }

  inodeOf(node: Node, parent: GeneratedInode, name: Name): GeneratedInode {
    let inode = this.#inodes.get(node);
    if (!inode) this.#inodes.set(node, inode = new GeneratedInode(this, this.#nextIno++, node, parent, name));
    return inode;
  }

  statfs(): FsStat { return { type: this.#magic, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0, nameMax: 255 }; }
}

