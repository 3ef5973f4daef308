// HOT: (bench/lookup.ts) Finds what a path names: plain names of plain or remembered directories directly, everything else by a walk.
import { ENOENT, Errno, NAME_MAX, S_IFDIR, S_IFLNK, S_IFMT } from '../abi/index.ts';
import type { Mount } from './mounts.ts';
import { HASH_START, hashByte } from './name-hash.ts';
import type { PathBytes, PathLike } from './path-bytes.ts';
import type { Remembered } from './path-cache.ts';
import type { Inode, Place } from './types.ts';
import { ANY_SEARCH, behindLastSlash, NamedPlace, placeOf, plainly, through, type WalkContext, walked, type WalkOptions } from './walk.ts';

const SLASH = 47, DOT = 46;

/** Finds what must exist. Throws as walk does, and ENOENT. */
export function find(context: WalkContext, base: Place, path: PathLike, options: WalkOptions = plainly): Place {
  const place = seek(context, base, path, options);
  if (place instanceof Errno) throw place;
  return place;
}

/** Finds what should exist, and returns the errno when it does not: a file that is not there costs no more than one that is. */
export function seek(context: WalkContext, base: Place, path: PathLike, options: WalkOptions = plainly): Place | Errno {
  if (typeof path === 'string') return through(context, base, path, options, placeOf);
  const { bytes, view, start } = path;
  const { root, credentials } = context;
  const { paths } = context.mounts;
  const from = bytes[start] === SLASH ? root : base;
  const again = paths.again(view, start, from, root, credentials);
  if (again !== undefined) {
    const place = seekName(again, path, start + again.length, options);
    if (place !== undefined) return place;
  }
  const cut = behindLastSlash(path);
  const known = cut === path.end ? undefined : paths.find(view, start, cut, from, root, credentials);
  const above = known ?? (cut === start || (cut === start + 1 && from === root) ? from : cut === path.end ? undefined : descend(context, from, path, cut));
  if (above instanceof Errno) return above;
  return (above && seekName(above, path, cut, options)) ?? walked(context, base, path, options, placeOf, cut, known);
}

/** Plain names of plain directories up to `cut`, remembered when they lead to one; ENOENT when one is not there. Undefined: something less simple. */
function descend(context: WalkContext, from: Place, { bytes, view, start }: PathBytes, cut: number): Remembered | Errno | undefined {
  let { inode } = from;
  for (let at = start; ; at++) {
    while (at < cut && bytes[at] === SLASH) at++;
    if ((inode.mode & (S_IFMT | ANY_SEARCH)) !== (S_IFDIR | ANY_SEARCH) || !inode.fs.announces || !inode.lookupBytes) return undefined;
    if (at === cut) break;
    const nameFrom = at;
    let hash = HASH_START;
    for (let byte = bytes[at]!; byte !== SLASH; byte = bytes[++at]!) hash = hashByte(hash, byte);
    const length = at - nameFrom;
    if (length > NAME_MAX || (length <= 2 && bytes[at - 1] === DOT)) return undefined;
    const child = inode.lookupBytes(bytes, nameFrom, at, hash);
    if (child === undefined) return ENOENT;
    if (child.covered || (child.mode & S_IFMT) !== S_IFDIR) return undefined;
    inode = child;
  }
  const end: Remembered = { mount: from.mount, inode, links: 0 };
  context.mounts.paths.remember(view, start, cut, from, context.root, undefined, end);
  return end;
}

/** A plain name that begins at `nameFrom` and ends the path, in a directory. Undefined: something less simple. */
function seekName({ mount, inode: directory }: { mount: Mount; inode: Inode }, { bytes }: PathBytes, nameFrom: number, options: WalkOptions): Place | Errno | undefined {
  const limit = Math.min(nameFrom + NAME_MAX + 1, bytes.length);
  let hash = HASH_START;
  let at = nameFrom;
  for (; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === 0) break;
    if (byte === SLASH) return undefined;
    hash = hashByte(hash, byte);
  }
  if (at === limit || (at - nameFrom <= 2 && (at === nameFrom || bytes[at - 1] === DOT))) return undefined;
  if ((directory.mode & (S_IFMT | ANY_SEARCH)) !== (S_IFDIR | ANY_SEARCH) || !directory.lookupBytes || options.nameOnly) return undefined;
  const child = directory.lookupBytes(bytes, nameFrom, at, hash);
  if (child === undefined) return ENOENT;
  if (child.covered || !child.soleName || child.parent !== directory || ((child.mode & S_IFMT) === S_IFLNK && options.follow !== false)) return undefined;
  return new NamedPlace(mount, child, directory);
}
