// The files that a build copies from, as a read-only file system: a folder of the host or a tar, without what .dockerignore leaves out. Everything belongs to root.
import { ENOENT, Errno, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { rootOf } from '../engine/index.ts';
import type { Blob } from '../host/ports.ts';
import { type TarEntry, tarEntries } from '../layers/index.ts';
import { anonymousDev, type DirEntry, type FileSystem, find, type FsStat, type Inode, type Name, type OpenFile, type Stat } from '../vfs/index.ts';
import { BuildError } from './errors.ts';
import { Ignore, type Matches } from './patterns.ts';

/** One file of a context. */
export interface ContextEntry { readonly name: Name; /** Type and permission bits. */ readonly mode: number; readonly size: number; readonly mtimeNs: bigint }

/** Where the files come from. Paths are relative, latin1 bytes, '' for the root. */
export interface ContextFiles {
  readonly root: Omit<ContextEntry, 'name'>;
  list(path: string): readonly ContextEntry[];
  link(path: string): string;
  open(path: string): { read(into: Uint8Array, offset: number): number; close(): void };
}

const byName = (a: ContextEntry, b: ContextEntry): number => (a.name < b.name ? -1 : 1);

class ContextInode implements Inode {
  readonly fs: ContextFs;
  readonly ino: number;
  readonly mode: number;
  readonly uid = 0;
  readonly gid = 0;
  readonly parent: ContextInode | undefined;
  readonly name: Name | undefined;
  readonly #path: string;
  readonly #entry: Omit<ContextEntry, 'name'>;
  /** What .dockerignore says of it, and of what lies in it. */
  readonly #matches: Matches;
  readonly #ignored: boolean;
  #children: Map<Name, ContextInode> | undefined;

  constructor(fs: ContextFs, entry: Omit<ContextEntry, 'name'>, place?: { readonly parent: ContextInode; readonly name: Name; readonly path: string; readonly matches: Matches; readonly ignored: boolean }) {
    this.fs = fs;
    this.ino = fs.nextIno();
    this.mode = entry.mode;
    this.#entry = entry;
    this.parent = place?.parent;
    this.name = place?.name;
    this.#path = place?.path ?? '';
    this.#matches = place?.matches ?? [];
    this.#ignored = place?.ignored ?? false;
  }

  stat(): Stat {
    const { mtimeNs, size } = this.#entry;
    return { dev: this.fs.dev, ino: this.ino, mode: this.mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, blksize: 4096, blocks: Math.ceil(size / 512), atimeNs: mtimeNs, mtimeNs, ctimeNs: mtimeNs };
  }

  #named(): Map<Name, ContextInode> {
    if (this.#children) return this.#children;
    this.#children = new Map();
    for (const entry of [...this.fs.files.list(this.#path)].sort(byName)) {
      const path = this.#path === '' ? entry.name : `${this.#path}/${entry.name}`;
      const { ignored, matches } = this.fs.ignore.check(path, this.#matches);
      const isDirectory = (entry.mode & S_IFMT) === S_IFDIR;
      if (ignored && !(isDirectory && this.fs.ignore.mayKeepBelow(path))) continue;
      const child = new ContextInode(this.fs, entry, { parent: this, name: entry.name, path, matches, ignored });
      // A directory that is left out is there for what is wanted in it.
      if (!ignored || child.#named().size > 0) this.#children.set(entry.name, child);
    }
    return this.#children;
  }

  lookup(name: Name): ContextInode | undefined { return this.#named().get(name); }
  readdir(): DirEntry[] { return Array.from(this.#named(), ([name, inode]) => ({ name, ino: inode.ino, type: inode.mode & S_IFMT })); }
  readlink(): string { return this.fs.files.link(this.#path); }

  open(): OpenFile {
    const file = this.fs.files.open(this.#path);
    return { inode: this, read: (into, position) => file.read(into, position), close: () => file.close() };
  }

  /** It is there only for what lies in it. */
  get isImplied(): boolean { return this.#ignored; }
}

export class ContextFs implements FileSystem {
  readonly type = 'context';
  readonly readonly = true;
  readonly dev = anonymousDev();
  readonly files: ContextFiles;
  readonly ignore: Ignore;
  readonly root: ContextInode;
  #inodes = 0;

  constructor(files: ContextFiles, ignore = new Ignore('')) {
    this.files = files;
    this.ignore = ignore;
    this.root = new ContextInode(this, files.root);
  }

  /** The regular file that a path leads to. */
  fileAt(path: string): ContextInode | undefined {
    const { context, root } = rootOf(this);
    try {
      const { inode } = find(context, root, `/${path}`);
      return (inode.mode & S_IFMT) === S_IFREG ? inode as ContextInode : undefined;
    } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
  }

  nextIno(): number { return ++this.#inodes; }
  statfs(): FsStat { return { type: 0, blockSize: 4096, blocks: 0, blocksFree: 0, files: this.#inodes, filesFree: 0, nameMax: 255 }; }
}

/** No files at all: a build without a context. */
export const emptyContext: ContextFiles = { root: { mode: S_IFDIR | 0o755, size: 0, mtimeNs: 0n }, list: () => [], link: () => '', open: () => ({ read: () => 0, close: () => {} }) };

interface TarNode { readonly entry: Omit<ContextEntry, 'name'>; readonly tar?: TarEntry; readonly children: Map<Name, TarNode> }

const directoryNode = (): TarNode => ({ entry: emptyContext.root, children: new Map() });

/** The files of an uncompressed tar. Throws LayerError for a damaged one, BuildError for one that leads out of itself. */
export function tarContext(blob: Blob): ContextFiles {
  const root = directoryNode();
  const namesOf = (path: string): string[] => {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    if (names.includes('..')) throw new BuildError('BAD_CONTEXT', `the context has a path with .. in it: ${path}`);
    return names;
  };
  const at = (path: string): TarNode => {
    const found = namesOf(path).reduce<TarNode | undefined>((node, name) => node?.children.get(name), root);
    if (!found) throw ENOENT;
    return found;
  };
  for (const tar of tarEntries(blob)) {
    const names = namesOf(tar.path);
    const last = names.pop();
    if (last === undefined) continue;
    let parent = root;
    for (const name of names) {
      const next = parent.children.get(name) ?? directoryNode();
      parent.children.set(name, next);
      parent = next;
    }
    if (tar.hardLink) parent.children.set(last, at(tar.link));
    else {
      const { mode, size, mtimeSec, mtimeNs } = tar;
      parent.children.set(last, { entry: { mode, size: (mode & S_IFMT) === S_IFLNK ? tar.link.length : size, mtimeNs: BigInt(mtimeSec) * 1_000_000_000n + BigInt(mtimeNs) }, tar, children: (mode & S_IFMT) === S_IFDIR ? parent.children.get(last)?.children ?? new Map() : new Map() });
    }
  }
  return {
    root: root.entry,
    list: (path) => Array.from(at(path).children, ([name, { entry }]) => ({ name, ...entry })),
    link: (path) => at(path).tar?.link ?? '',
    open: (path) => ({ read: contentOf(blob, at(path).tar!), close: () => {} }),
  };
}

/** Reads a file of a tar, holes and all. */
function contentOf(blob: Blob, { size, offset, extents, mode }: TarEntry): (into: Uint8Array, position: number) => number {
  if ((mode & S_IFMT) !== S_IFREG) return () => 0;
  const parts: { at: number; length: number; from: number }[] = [];
  let from = offset;
  for (const { at, length } of extents ?? [{ at: 0, length: size }]) {
    parts.push({ at, length, from });
    from += length;
  }
  return (into, position) => {
    const wanted = Math.max(0, Math.min(into.length, size - position));
    into.fill(0, 0, wanted);
    for (const part of parts) {
      const [start, end] = [Math.max(position, part.at), Math.min(position + wanted, part.at + part.length)];
      for (let at = start; at < end;) {
        const n = blob.read(into.subarray(at - position, end - position), part.from + at - part.at);
        if (n === 0) return at - position;
        at += n;
      }
    }
    return wanted;
  };
}
