// Copying into and out of a container's tree: what lies at a path, a tar of it, and a tar unpacked there. Links never lead out of the container.
import { ENOENT, ENOTDIR, Errno, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Blob, NewFile } from '../host/ports.ts';
import { ItemMaker, itemsBelow, packTar, type TarEntry, tarEntries, type TarItem } from '../layers/index.ts';
import { type FileSystem, find, type Inode, operations, pathOf, type Place, TmpFs, walk, type WalkContext } from '../vfs/index.ts';
import type { BindMount } from '../machine/index.ts';
import { EngineError } from './errors.ts';
import { rootOf } from './root-files.ts';

/** Names and paths are bytes as latin1 strings. */
export interface PathStat { /** Absolute, without links. */ readonly path: string; readonly mode: number; readonly size: number }

const PIECE = 1 << 20;
const isDirectory = (inode: Inode): boolean => (inode.mode & S_IFMT) === S_IFDIR;

type Root = ReturnType<typeof rootOf>;

/** A tree, and what is mounted there. */
export interface Files { readonly fs: FileSystem; readonly mounts?: readonly BindMount[]; readonly readonlyRoot?: boolean }

/** The tree as `cp` sees it: with volumes and directories of the host. */
function treeOf({ fs, mounts = [], readonlyRoot = false }: Files): Root {
  const tree = rootOf(fs, mounts.filter((mount) => !(mount.fs instanceof TmpFs)));
  tree.root.mount.options.readonly = readonlyRoot;
  return tree;
}

/** Throws EngineError 'READ_ONLY'. */
function demandWritable({ mount }: Place, { root }: Root): void {
  if (mount.readonly) throw new EngineError('READ_ONLY', mount === root.mount ? 'container rootfs is marked read-only' : 'mounted volume is marked read-only');
}

/** Where a path leads. Throws EngineError 'NO_FILE'. */
function placeAt({ context, root }: Root, path: string, follow: boolean): Place {
  try { return find(context, root, `/${path}`, { follow }); } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw error === ENOENT || error === ENOTDIR ? new EngineError('NO_FILE', `Could not find the file ${shown(path)}`) : new EngineError('BAD_PATH', `${shown(path)}: ${error.name}`);
  }
}

/** Bytes as UTF-8, for messages. */
const shown = (path: string): string => new TextDecoder().decode(Uint8Array.from(path, (c) => c.charCodeAt(0)));

/** Throws EngineError 'NO_FILE'. */
export function statPath(files: Files, path: string, follow: boolean): PathStat {
  const tree = treeOf(files);
  const place = placeAt(tree, path, follow);
  return { path: pathOf(tree.root, place), mode: place.inode.mode, size: place.inode.stat().size };
}

/** A tar of what lies at a path, as `name`; a directory with all below it, but not sockets. Throws EngineError 'NO_FILE'. */
export function tarOfPath(files: Files, path: string, follow: boolean, name: string): AsyncIterable<Uint8Array> {
  const { inode } = placeAt(treeOf(files), path, follow);
  const make = new ItemMaker({ latestSec: undefined, holes: true });
  const items = function* (): Generator<TarItem> {
    const own = make.item(inode, name);
    if (own) yield own;
    if (isDirectory(inode)) yield* itemsBelow(inode, name, make);
  };
  return packTar(items());
}

export interface UnpackOptions {
  /** Owners are as in the tar; else all is root's. */
  readonly keepOwners: boolean;
  /** A directory and another file replace each other, with all that is in it. */
  readonly replace?: boolean;
}

/** Removes what lies under a name, a directory with all below it. */
export function removeTree(context: WalkContext, parent: Place, name: string): void {
  const { inode } = find(context, parent, name, { follow: false });
  if (!isDirectory(inode)) return operations.unlink(context, parent, name);
  const place = find(context, parent, name);
  for (const entry of inode.readdir!()) removeTree(context, place, entry.name);
  operations.rmdir(context, parent, name);
}

/** Unpacks a tar in a directory, over what is there; a directory and another file never replace each other. Throws EngineError 'NO_FILE', 'BAD_COPY', LayerError for a damaged tar. */
export async function unpackInto(files: Files, path: string, tar: AsyncIterable<Uint8Array>, file: NewFile, options: UnpackOptions): Promise<void> {
  const tree = treeOf(files);
  const place = placeAt(tree, path, true);
  demandWritable(place, tree);
  if (!isDirectory(place.inode)) throw new EngineError('BAD_COPY', `${shown(path)} is not a directory`);
  try {
    for await (const bytes of tar) file.append(bytes);
    const unpacking = new Unpacking(tree, place, file.blob, options);
    for (const entry of tarEntries(file.blob)) unpacking.put(entry);
    unpacking.finish();
  } finally { file.discard(); }
}

class Unpacking {
  readonly #context: Root['context'];
  readonly #directory: Place;
  readonly #tar: Blob;
  readonly #options: UnpackOptions;
  /** Their times are set when nothing is put into them any more. */
  readonly #directories: [Inode, bigint][] = [];

  constructor({ context }: Root, directory: Place, tar: Blob, options: UnpackOptions) {
    this.#context = context;
    this.#directory = directory;
    this.#tar = tar;
    this.#options = options;
  }

  put(entry: TarEntry): void {
    const names = entry.path.split('/').filter((name) => name !== '' && name !== '.');
    if (names.includes('..')) throw new EngineError('BAD_COPY', `${shown(entry.path)}: a name with .. in it`);
    if (names.length === 0) return;
    try { this.#put(entry, this.#parent(names.slice(0, -1)), names.at(-1)!); } catch (error) {
      throw error instanceof Errno ? new EngineError('BAD_COPY', `${shown(entry.path)}: ${error.name}`) : error;
    }
  }

  #parent(names: readonly string[]): Place {
    return names.reduce((directory, name) => {
      if (!walk(this.#context, directory, name).place) operations.mkdir(this.#context, directory, name, 0o755);
      return find(this.#context, directory, name);
    }, this.#directory);
  }

  #put(entry: TarEntry, parent: Place, name: string): void {
    const there = walk(this.#context, parent, name, { follow: false }).place;
    const asDirectory = (entry.mode & S_IFMT) === S_IFDIR;
    if (there && isDirectory(there.inode) !== asDirectory && this.#options.replace) {
      removeTree(this.#context, parent, name);
      return this.#put(entry, parent, name);
    }
    if (there && isDirectory(there.inode) !== asDirectory) {
      throw new EngineError('BAD_COPY', asDirectory ? `cannot overwrite non-directory ${shown(entry.path)} with directory` : `cannot overwrite directory ${shown(entry.path)} with non-directory`);
    }
    if (there && !asDirectory) operations.unlink(this.#context, parent, name);
    if (entry.hardLink) return operations.link(this.#context, find(this.#context, this.#directory, entry.link), parent, name);
    const inode = there && asDirectory ? there.inode : this.#make(entry, parent, name);
    const mtimeNs = BigInt(entry.mtimeSec) * 1_000_000_000n + BigInt(entry.mtimeNs);
    for (const [key, value] of entry.xattrs ?? []) inode.setxattr?.(key, value, 0);
    inode.setattr?.(this.#options.keepOwners ? { uid: entry.uid, gid: entry.gid } : { uid: 0, gid: 0 });
    inode.setattr?.({ ...((entry.mode & S_IFMT) === S_IFLNK ? {} : { mode: entry.mode & 0o7777 }), mtimeNs, atimeNs: mtimeNs });
    if (asDirectory) this.#directories.push([inode, mtimeNs]);
  }

  #make(entry: TarEntry, parent: Place, name: string): Inode {
    const type = entry.mode & S_IFMT;
    if (type === S_IFDIR) return operations.mkdir(this.#context, parent, name, 0o755);
    if (type === S_IFLNK) return operations.symlink(this.#context, entry.link, parent, name);
    const inode = operations.mknod(this.#context, parent, name, type | 0o600, entry.rdev);
    if (type === S_IFREG) this.#fill(inode, entry);
    return inode;
  }

  #fill(inode: Inode, { size, offset, extents }: TarEntry): void {
    inode.setattr?.({ size });
    const file = inode.open!(1);
    let from = offset;
    for (const { at, length } of extents ?? [{ at: 0, length: size }]) {
      for (let done = 0; done < length;) {
        const piece = new Uint8Array(Math.min(PIECE, length - done));
        const count = this.#tar.read(piece, from);
        if (count === 0) throw new EngineError('BAD_COPY', 'the archive ends in the middle of a file');
        file.write!(piece.subarray(0, count), at + done, true);
        done += count;
        from += count;
      }
    }
    file.close?.();
  }

  finish(): void { for (const [inode, mtimeNs] of this.#directories.reverse()) inode.setattr?.({ mtimeNs, atimeNs: mtimeNs }); }
}
