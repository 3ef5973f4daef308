// What the cache and history know files by: Docker's tarsum, version 1: names, modes, owners, links and content, no times.
import { Errno, major, minor, O_NOATIME, O_RDONLY, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { rootOf } from '../engine/index.ts';
import type { Codecs } from '../host/ports.ts';
import { find, type Inode, pathOf } from '../vfs/index.ts';

const encoder = new TextEncoder();
const latin1Bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const flags: Readonly<Record<number, string>> = { [S_IFREG]: '0', [S_IFLNK]: '2', [S_IFCHR]: '3', [S_IFBLK]: '4', [S_IFDIR]: '5', [S_IFIFO]: '6' };
const PIECE = 256 << 10;
const piece = new Uint8Array(PIECE);

/** Gives a file's content to `take`, in pieces that are used again. */
export function readContent(inode: Inode, take: (bytes: Uint8Array) => void): void {
  const file = inode.open!(O_RDONLY | O_NOATIME);
  try {
    for (let at = 0; ;) {
      const n = file.read!(piece, at, true);
      if (typeof n !== 'number' || n === 0) return;
      take(piece.subarray(0, n));
      at += n;
    }
  } finally { file.close?.(); }
}

export interface HashOptions {
  readonly codecs: Codecs;
  /** Docker's builder reads stages and images from its disk: a mode has its type in it then, and root has a name (others have those of the daemon's host, which say nothing here). */
  readonly fromDisk: boolean;
}

/** One file, in hexadecimal. `name`: its path in what is copied from, latin1 bytes. */
export function fileHash(name: string, inode: Inode, { codecs, fromDisk }: HashOptions): string {
  const { mode, uid, gid, size, rdev } = inode.stat();
  const type = mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const rights = type === S_IFLNK ? 0o777 : mode & 0o7777;
  const nameOf = (id: number): string => (fromDisk && id === 0 ? 'root' : '');
  const header: readonly [string, string | number][] = [
    ['name', type === S_IFDIR ? `${name}/` : name], ['mode', fromDisk ? type | rights : rights], ['uid', uid], ['gid', gid], ['size', type === S_IFREG ? size : 0], ['typeflag', flags[type] ?? '0'],
    ['linkname', type === S_IFLNK ? inode.readlink!() : ''], ['uname', nameOf(uid)], ['gname', nameOf(gid)], ['devmajor', isDevice ? major(rdev) : 0], ['devminor', isDevice ? minor(rdev) : 0],
  ];
  const hash = codecs.sha256();
  hash.update(latin1Bytes(header.map((pair) => pair.join('')).join('')));
  const capability = inode.getxattr?.('security.capability');
  if (capability) {
    hash.update(encoder.encode('security.capability'));
    hash.update(capability);
  }
  if (type === S_IFREG && size > 0) readContent(inode, (bytes) => hash.update(bytes));
  return hash.hex();
}

/** Several hashes as one: `dir:` or `multi:` and hexadecimal digits. */
export function joinedHash(kind: 'dir' | 'multi', hashes: readonly string[], codecs: Codecs): string {
  const hash = codecs.sha256();
  hash.update(encoder.encode(hashes.join(',')));
  return `${kind}:${hash.hex()}`;
}

export interface TreeHash {
  /** As history has it. */
  readonly hash: string;
  /** What it does not say: where links lead. */
  readonly links: readonly string[];
}

type Tree = ReturnType<typeof rootOf>;

/** A file, or a directory with all below it. `path` as in fileHash, '' for the root of what is copied from. */
export function treeHash(tree: Tree, path: string, inode: Inode, options: HashOptions, wanted: (path: string) => boolean = () => true): TreeHash {
  if ((inode.mode & S_IFMT) !== S_IFDIR) return { hash: `file:${fileHash(path, inode, options)}`, links: [] };
  const hashes: string[] = [];
  const links: string[] = [];
  const visit = (at: string, node: Inode): void => {
    const type = node.mode & S_IFMT;
    if (type === S_IFLNK) {
      hashes.push(followedHash(tree, at, options));
      links.push(fileHash(at, node, options));
    } else if (at !== '') hashes.push(isImplied(node) ? at : fileHash(at, node, options));
    if (type !== S_IFDIR) return;
    for (const { name } of node.readdir!()) {
      const below = at === '' ? name : `${at}/${name}`;
      if (wanted(below)) visit(below, node.lookup!(name)!);
    }
  };
  visit(path, inode);
  return { hash: joinedHash('dir', hashes.sort(), options.codecs), links: links.sort() };
}

/** A directory of a context that is left out, and is there for what is wanted in it: Docker's builder does not get it, and knows it by its path. */
const isImplied = (inode: Inode): boolean => (inode as { isImplied?: boolean }).isImplied === true;

/** Docker's builder knows a link by what it leads to; one that leads nowhere by its own path. */
function followedHash(tree: Tree, path: string, options: HashOptions): string {
  try {
    const place = find(tree.context, tree.root, `/${path}`);
    const followed = pathOf(tree.root, place).replace(/^\//, '');
    return followed === '' ? path : fileHash(followed, place.inode, options);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return path;
  }
}
