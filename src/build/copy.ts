// COPY and ADD: sources put into a root file system, by the rules of Docker's builder. Links on the way never lead out of it.
import { ENOENT, ENOTDIR, Errno, O_NOATIME, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { removeTree, rootOf } from '../engine/index.ts';
import { type Backing, FileData, find, type Inode, operations, type OverlayFs, type Place, type Stat, type TmpInode, walk, type WalkContext } from '../vfs/index.ts';
import { BuildError } from './errors.ts';
import { changedMode, type ModeChange } from './mode.ts';
import { baseName, isDirectory, type Source } from './sources.ts';

export interface Ownership { readonly uid: number; readonly gid: number }

export interface CopyOptions {
  /** Whose everything becomes; absent: files keep their owners, and new directories on the way are root's. */
  readonly owner?: Ownership | undefined;
  readonly mode?: ModeChange | undefined;
  /** The paths of the sources are kept below the destination. */
  readonly parents?: boolean;
}

const root: Ownership = { uid: 0, gid: 0 };

/** A file of another tree as content: read when it is wanted, never copied. */
function contentOf(inode: Inode, size: number): Backing {
  return {
    size,
    read(into, offset) {
      const file = inode.open!(O_RDONLY | O_NOATIME);
      try {
        const n = file.read!(into.subarray(0, Math.min(into.length, size - offset)), offset, true);
        return typeof n === 'number' ? n : 0;
      } finally { file.close?.(); }
    },
  };
}

export class Copying {
  readonly #fs: OverlayFs;
  readonly #context: WalkContext;
  readonly #root: Place;
  readonly #options: CopyOptions;
  /** Their times are set when nothing is put into them any more. */
  readonly #directories: [Inode, bigint][] = [];

  constructor(fs: OverlayFs, options: CopyOptions) {
    const { context, root } = rootOf(fs);
    this.#fs = fs;
    this.#context = context;
    this.#root = root;
    this.#options = options;
  }

  /** Puts one source at `destination` (absolute; a directory when it ends with a slash or is one already). */
  put({ path: said, realPath, inode, wanted, kept = said }: Pick<Source, 'path' | 'realPath' | 'inode' | 'wanted' | 'kept'>, destination: string): void {
    const path = this.#options.parents ? kept : said;
    const below = this.#options.parents ? `${destination.replace(/\/*$/, '/')}${path.replace(/(^|\/)[^/]*$/, '$1')}` : destination;
    if (isDirectory(inode)) {
      const target = this.#options.parents ? `${below}${baseName(path)}` : below;
      const place = inWords((path) => `failed to copy directory: mkdir ${path}`, () => {
        this.directory(target.replace(/[^/]*\/*$/, ''), root);
        return this.directory(target);
      });
      this.#content(inode, realPath, place, wanted);
      return;
    }
    const there = inWords(() => `lstat ${below.replace(/\/[^/]*$/, '')}`, () => this.#placeAt(below.replace(/(?!^)\/+$/, '')));
    const inDirectory = below.endsWith('/') || (there && isDirectory(there.inode));
    const full = inDirectory ? `${below.replace(/\/*$/, '/')}${baseName(path)}` : below;
    const parent = full.replace(/\/[^/]*$/, '');
    const target = inWords(() => (below.endsWith('/') ? `failed to create new directory: mkdir ${parent}` : `lstat ${parent}`), () => this.#target(full));
    this.#file(inode, target.parent, target.name);
  }

  /** A new file with these bytes, as `put`. */
  putBytes(name: string, bytes: Uint8Array, destination: string, mtimeNs: bigint): void {
    const there = this.#placeAt(destination);
    const inDirectory = destination.endsWith('/') || (there && isDirectory(there.inode));
    const { parent, name: last } = this.#target(inDirectory ? `${destination.replace(/\/*$/, '/')}${name}` : destination);
    this.#clear(parent, last);
    const backing: Backing = { size: bytes.length, read: (into, offset) => { const piece = bytes.subarray(offset, offset + into.length); into.set(piece); return piece.length; } };
    const made = (parent.inode as TmpInode).create(last, { mode: S_IFREG | 0o644, uid: 0, gid: 0, data: new FileData(this.#fs.store, backing) });
    this.#finish(made, { mode: S_IFREG | 0o644, uid: 0, gid: 0, mtimeNs });
  }

  finish(): void { for (const [inode, mtimeNs] of this.#directories.reverse()) inode.setattr?.({ mtimeNs, atimeNs: mtimeNs }); }

  #placeAt(path: string): Place | undefined {
    try { return find(this.#context, this.#root, path); } catch (error) {
      if (error === ENOENT) return undefined;
      throw asBuildError(error, path);
    }
  }

  /** The directory at a path, made with those above it when it is not there. */
  directory(path: string, owner = this.#options.owner ?? root): Place {
    try {
      return path.split('/').filter((name) => name !== '').reduce((at, name) => {
        // A link that leads nowhere leads to the directory that is made.
        const found = walk(this.#context, at, name);
        if (!found.place) operations.mkdir(this.#context, found.parent, found.name, 0o755).setattr?.(owner);
        const next = find(this.#context, at, name);
        if (!isDirectory(next.inode)) throw new NotADirectory(path);
        return next;
      }, this.#root);
    } catch (error) { throw asBuildError(error, path); }
  }

  /** Where a file of this path goes: a link that is there is followed. */
  #target(path: string): { parent: Place; name: string } {
    const cut = path.lastIndexOf('/');
    const directory = this.directory(path.slice(0, cut));
    try {
      const { parent, name } = walk(this.#context, directory, path.slice(cut + 1));
      return { parent, name };
    } catch (error) {
      // A link that leads through what is not there is replaced.
      if (error !== ENOENT) throw asBuildError(error, path);
      return { parent: directory, name: path.slice(cut + 1) };
    }
  }

  #content(directory: Inode, path: string, target: Place, wanted: Source['wanted']): void {
    for (const { name } of directory.readdir!()) {
      const at = path === '' ? name : `${path}/${name}`;
      const inode = directory.lookup!(name)!;
      if (wanted?.(at) === false) continue;
      if (!isDirectory(inode)) {
        this.#file(inode, target, name);
        continue;
      }
      const there = walk(this.#context, target, name, { follow: false }).place;
      if (there && !isDirectory(there.inode)) removeTree(this.#context, target, name);
      if (!there || !isDirectory(there.inode)) operations.mkdir(this.#context, target, name, 0o755);
      const place = find(this.#context, target, name);
      this.#finish(place.inode, inode.stat());
      this.#content(inode, at, place, wanted);
    }
  }

  #clear(parent: Place, name: string): void { if (walk(this.#context, parent, name, { follow: false }).place) removeTree(this.#context, parent, name); }

  #file(source: Inode, parent: Place, name: string): void {
    this.#clear(parent, name);
    const stat = source.stat();
    const { mode, rdev, size } = stat;
    const type = mode & S_IFMT;
    const attr = { mode, uid: 0, gid: 0, rdev, ...(type === S_IFLNK ? { target: source.readlink!() } : {}), ...(type === S_IFREG ? { data: new FileData(this.#fs.store, contentOf(source, size)) } : {}) };
    const made = (parent.inode as TmpInode).create(name, attr);
    for (const key of source.listxattr?.() ?? []) made.setxattr(key, source.getxattr!(key)!, 0);
    this.#finish(made, stat);
  }

  #finish(made: Inode, { mode, uid, gid, mtimeNs }: Pick<Stat, 'mode' | 'uid' | 'gid' | 'mtimeNs'>): void {
    const { owner = { uid, gid }, mode: change } = this.#options;
    made.setattr?.(owner);
    const isLink = (mode & S_IFMT) === S_IFLNK;
    made.setattr?.({ ...(isLink ? {} : { mode: (change ? changedMode(mode, change) : mode) & 0o7777 }), mtimeNs, atimeNs: mtimeNs });
    if ((mode & S_IFMT) === S_IFDIR) this.#directories.push([made, mtimeNs]);
  }
}

/** There is a file where a directory is needed. */
class NotADirectory extends Error {
  readonly path: string;
  constructor(path: string) { super(path); this.path = path.replace(/(?!^)\/+$/, ''); }
}

/** What docker's builder says then. */
function inWords<T>(words: (path: string) => string, work: () => T): T {
  try { return work(); } catch (error) { throw error instanceof NotADirectory ? new BuildError('BAD_DESTINATION', `failed to copy files: ${words(error.path)}: not a directory`) : error; }
}

const asBuildError = (error: unknown, path: string): unknown => (error === ENOTDIR ? new NotADirectory(path) : error instanceof Errno ? new BuildError('BAD_DESTINATION', `failed to copy files: ${path}: ${error.name}`) : error);
