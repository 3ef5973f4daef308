// A tree of files as tar members: parents before children, names of a directory sorted by their bytes, further names of a file as hard links to the first.
import { O_NOATIME, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';
import { type Extent, fitsTar, type TarMember } from './tar-header.ts';
import { type PackOptions, packTar, type ReadAt, type TarItem } from './tar-writer.ts';

export interface TreeTarOptions extends PackOptions {
  /** Times of modification after this one are set to it (seconds since 1970), for output that can be made again. */
  readonly latestSec?: number;
}

/** The tar of everything below a directory, the directory itself left out, as `export` gives it. Sockets are left out: no tar can hold them. Throws LayerError 'changed-file'. */
export function tarOfTree(root: Inode, { latestSec, ...options }: TreeTarOptions = {}): AsyncIterable<Uint8Array> {
  return packTar(itemsBelow(root, '', new ItemMaker(latestSec)), options);
}

/** Every file below a directory; `path` is the directory's own, '' for the root. */
export function* itemsBelow(directory: Inode, path: string, make: ItemMaker): Generator<TarItem> {
  const stack = [{ directory, path, names: sortedNames(directory), next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const name = top.names[top.next++];
    const inode = name === undefined ? undefined : top.directory.lookup!(name);
    if (name === undefined) stack.pop();
    if (!inode) continue;
    const at = top.path === '' ? name! : `${top.path}/${name}`;
    const item = make.item(inode, at);
    if (item) yield item;
    if ((inode.mode & S_IFMT) === S_IFDIR) stack.push({ directory: inode, path: at, names: sortedNames(inode), next: 0 });
  }
}

const sortedNames = (directory: Inode): string[] => directory.readdir!().map((entry) => entry.name).sort();

/** Makes members of inodes, and remembers the first name of files that have several. */
export class ItemMaker {
  readonly #latestNs: bigint | undefined;
  readonly #firstNames = new Map<number, string>();

  constructor(latestSec?: number) { this.#latestNs = latestSec === undefined ? undefined : BigInt(latestSec) * 1_000_000_000n; }

  /** The member for a file under this path, undefined for a socket. */
  item(inode: Inode, path: string): TarItem | undefined {
    if (!fitsTar(inode.mode)) return undefined;
    const stat = inode.stat();
    const mtimeNs = this.#latestNs !== undefined && stat.mtimeNs > this.#latestNs ? this.#latestNs : stat.mtimeNs;
    const base = { path, mode: stat.mode, uid: stat.uid, gid: stat.gid, size: stat.size, mtimeNs, rdev: stat.rdev };
    const type = stat.mode & S_IFMT;
    const first = type !== S_IFDIR && stat.nlink > 1 ? this.#firstNames.get(stat.ino) : undefined;
    if (first !== undefined) return { member: { ...base, hardLink: true, link: first } };
    if (type !== S_IFDIR && stat.nlink > 1) this.#firstNames.set(stat.ino, path);
    const member: TarMember = { ...base, ...(type === S_IFLNK ? { link: inode.readlink!() } : {}), xattrs: xattrsOf(inode) };
    if (type !== S_IFREG) return { member };
    const extents = stat.size >= HOLES_WORTH ? extentsOf(inode, stat.size) : undefined;
    return { member: extents ? { ...member, extents } : member, ...contentOf(inode) };
  }
}

const xattrsOf = (inode: Inode): [string, Uint8Array][] =>
  (inode.listxattr?.() ?? []).sort().flatMap((name) => { const value = inode.getxattr!(name); return value ? [[name, value] as [string, Uint8Array]] : []; });

/** Holes smaller than this in all are written as zeros: some readers know no sparse files (image-spec layer.md advises against them), and zeros are all they could make of a hole anyway. */
const HOLES_WORTH = 64 << 20;

/** Where a file has data; undefined when it has no holes worth telling. */
function extentsOf(inode: Inode, size: number): Extent[] | undefined {
  const file = inode.open!(O_RDONLY | O_NOATIME);
  try {
    if (!file.nextData || !file.nextHole) return undefined;
    const extents: Extent[] = [];
    for (let data = file.nextData(0); data !== undefined && data < size;) {
      const hole = Math.min(file.nextHole(data), size);
      extents.push({ at: data, length: hole - data });
      data = file.nextData(hole);
    }
    const holes = extents.reduce((left, { length }) => left - length, size);
    // The end of the file is told by an empty extent there, as GNU tar does.
    return holes < HOLES_WORTH ? undefined : [...extents, { at: size, length: 0 }];
  } finally { file.close?.(); }
}

/** Reading a file's content, which is opened when it is wanted and leaves no time of access. */
function contentOf(inode: Inode): { read: ReadAt; close: () => void } {
  let file: OpenFile | undefined;
  return {
    read: (into, offset) => {
      file ??= inode.open!(O_RDONLY | O_NOATIME);
      const n = file.read!(into, offset, true);
      return typeof n === 'number' ? n : 0;
    },
    close: () => file?.close?.(),
  };
}
