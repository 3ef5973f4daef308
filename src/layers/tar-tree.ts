// A tree of files as tar members: parents before children, names of a directory sorted by their bytes, further names of a file as hard links to the first.
import { O_NOATIME, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';
import type { Extent } from './tar.ts';
import { fitsTar, type TarMember } from './tar-header.ts';
import { type PackOptions, packTar, type TarItem } from './tar-writer.ts';

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
    const { ino, nlink, mode, uid, gid, size, mtimeNs, rdev } = inode.stat();
    const type = mode & S_IFMT;
    const linked = nlink > 1 && type !== S_IFDIR;
    const first = linked ? this.#firstNames.get(ino) : undefined;
    if (linked && first === undefined) this.#firstNames.set(ino, path);
    const hardLink = first !== undefined;
    const member: TarMember = {
      path, mode, uid, gid, size, rdev, hardLink, mtimeNs: this.#latestNs !== undefined && mtimeNs > this.#latestNs ? this.#latestNs : mtimeNs, link: hardLink ? first : type === S_IFLNK ? inode.readlink!() : undefined,
      xattrs: hardLink ? undefined : xattrsOf(inode), extents: this.#holes && !hardLink && type === S_IFREG && size >= HOLES_WORTH ? extentsOf(inode, size) : undefined,
    };
    return hardLink || type !== S_IFREG ? { member } : new FileItem(member, inode);
  }
}

function xattrsOf(inode: Inode): [string, Uint8Array][] | undefined {
  const names = inode.listxattr?.();
  if (!names || names.length === 0) return undefined;
  return names.sort().flatMap((name) => { const value = inode.getxattr!(name); return value ? [[name, value] as [string, Uint8Array]] : []; });
}

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

/** A file with its content, which is opened when it is wanted and leaves no time of access. */
class FileItem implements TarItem {
  readonly member: TarMember;
  readonly #inode: Inode;
  #file: OpenFile | undefined;

  constructor(member: TarMember, inode: Inode) {
    this.member = member;
    this.#inode = inode;
  }

  readonly read = (into: Uint8Array, offset: number): number => {
    this.#file ??= this.#inode.open!(O_RDONLY | O_NOATIME);
    const n = this.#file.read!(into, offset, true);
    return typeof n === 'number' ? n : 0;
  };

  readonly close = (): void => this.#file?.close?.();
}
