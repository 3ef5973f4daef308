// A tree of files as tar members: parents before children, names of a directory sorted by their bytes, further names of a file as hard links to the first.
import { O_NOATIME, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';
import type { Extent } from './tar.ts';
import { fitsTar, type TarMember } from './tar-header.ts';
import { type PackOptions, packTar, type ReadAt, type TarItem } from './tar-writer.ts';

export interface TreeTarOptions extends PackOptions {
  /** Times of modification after this one are set to it (seconds since 1970), for output that can be made again. */
  readonly latestSec?: number;
}

/** The tar of everything below a directory, the directory itself left out, as `export` gives it. Sockets are left out: no tar can hold them. Throws LayerError 'changed-file'. */
export function tarOfTree(root: Inode, { latestSec, ...options }: TreeTarOptions = {}): AsyncIterable<Uint8Array> {
  return packTar(itemsBelow(root, '', new ItemMaker({ latestSec, holes: true })), options);
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
  readonly #holes: boolean;
  readonly #firstNames = new Map<number, string>();

  /** `holes`: files with large holes may be sparse in the tar. */
  constructor({ latestSec, holes }: { latestSec: number | undefined; holes: boolean }) {
    this.#latestNs = latestSec === undefined ? undefined : BigInt(latestSec) * 1_000_000_000n;
    this.#holes = holes;
  }

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
    const extents = this.#holes && stat.size >= HOLES_WORTH ? extentsOf(inode, stat.size) : undefined;
    return { member: extents ? { ...member, extents } : member, ...contentOf(inode) };
  }
}

const xattrsOf = (inode: Inode): [string, Uint8Array][] =>
  (inode.listxattr?.() ?? []).sort().flatMap((name) => { const value = inode.getxattr!(name); return value ? [[name, value] as [string, Uint8Array]] : []; });

/**
 * Holes of less than this in all are written as zeros, and so are all holes of a layer: some readers know no sparse files (image-spec layer.md advises against them), and docker and podman
 * load a layer that has them and then cannot save it.
 */
const HOLES_WORTH = 1 << 30;
/** GNU tar reads each extent from a block of its own, others read them without a gap: whole blocks are the same to both. */
const ALIGNMENT = 4096;

/** Where a file has data; undefined when it has no holes worth telling. */
function extentsOf(inode: Inode, size: number): Extent[] | undefined {
  const file = inode.open!(O_RDONLY | O_NOATIME);
  try {
    if (!file.nextData || !file.nextHole) return undefined;
    const extents: { at: number; length: number }[] = [];
    for (let data = file.nextData(0); data !== undefined && data < size;) {
      const at = data - data % ALIGNMENT;
      const end = Math.min(size, Math.ceil(file.nextHole(data) / ALIGNMENT) * ALIGNMENT);
      const last = extents.at(-1);
      if (last && at <= last.at + last.length) last.length = end - last.at;
      else extents.push({ at, length: end - at });
      data = file.nextData(end);
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
