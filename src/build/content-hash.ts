// What the cache and history know files by: Docker's tarsum, version 1: names, modes, owners, links and content, no times.
import { major, minor, O_NOATIME, O_RDONLY, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Codecs } from '../host/ports.ts';
import type { Inode } from '../vfs/index.ts';

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

/** One file, in hexadecimal. `name`: its path in what is copied from, latin1 bytes. */
export function fileHash(name: string, inode: Inode, codecs: Codecs): string {
  const { mode, uid, gid, size, rdev } = inode.stat();
  const type = mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const header: readonly [string, string | number][] = [
    ['name', type === S_IFDIR ? `${name}/` : name], ['mode', type === S_IFLNK ? 0o777 : mode & 0o7777], ['uid', uid], ['gid', gid], ['size', type === S_IFREG ? size : 0], ['typeflag', flags[type] ?? '0'],
    ['linkname', type === S_IFLNK ? inode.readlink!() : ''], ['uname', ''], ['gname', ''], ['devmajor', isDevice ? major(rdev) : 0], ['devminor', isDevice ? minor(rdev) : 0],
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

/** A file, or a directory with all below it. `path` as in fileHash, '' for the root of what is copied from. */
export function treeHash(path: string, inode: Inode, codecs: Codecs, wanted: (path: string) => boolean = () => true): string {
  if ((inode.mode & S_IFMT) !== S_IFDIR) return `file:${fileHash(path, inode, codecs)}`;
  const hashes: string[] = [];
  const visit = (at: string, node: Inode): void => {
    if (at !== '') hashes.push(fileHash(at, node, codecs));
    if ((node.mode & S_IFMT) !== S_IFDIR) return;
    for (const { name } of node.readdir!()) {
      const below = at === '' ? name : `${at}/${name}`;
      if (wanted(below)) visit(below, node.lookup!(name)!);
    }
  };
  visit(path, inode);
  return joinedHash('dir', hashes.sort(), codecs);
}
