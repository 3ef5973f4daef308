// What an image has where a new volume is mounted becomes the volume's first content, all of it or nothing.
import { EEXIST, ENODATA, Errno, O_RDONLY, O_WRONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import type { Host } from '../host/ports.ts';
import { type FileSystem, find, HostFs, type Inode, KeptAttributes, type SetAttr } from '../vfs/index.ts';
import type { WantedVolume } from './mount-points.ts';
import { rootOf } from './root-files.ts';
import { BIND_ATTRIBUTES, inventVolumeName, type Volume, volumeAttributes, volumeData } from './volumes.ts';

const PIECE = 1 << 20;
const typeOf = (inode: Inode): number => inode.mode & S_IFMT;

/** The directory at a path of the image; undefined when there is none. */
function directoryAt(fs: FileSystem, path: string): Inode | undefined {
  const { context, root } = rootOf(fs);
  try {
    const { inode } = find(context, root, latin1Of(path));
    return typeOf(inode) === S_IFDIR ? inode : undefined;
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

/** UTF-8 as a latin1 string, a char a byte: how paths are kept inside. */
const latin1Of = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

function copyContent(from: Inode, to: Inode): void {
  const [source, target] = [from.open!(O_RDONLY), to.open!(O_WRONLY)];
  const bytes = new Uint8Array(Math.min(PIECE, from.stat().size));
  for (let at = 0; ;) {
    const got = source.read!(bytes, at, true);
    if (got instanceof Wait || got === 0) break;
    for (let done = 0; done < got;) done += target.write!(bytes.subarray(done, got), at + done, true) as number;
    at += got;
  }
  source.close?.();
  target.close?.();
}

/** Extended attributes, owners and times; those of a directory last, as putting files in it changes them. */
function copyAttributes(from: Inode, to: Inode): void {
  for (const name of from.listxattr?.() ?? []) {
    try { to.setxattr?.(name, from.getxattr!(name)!, 0); } catch (error) { if (error !== ENODATA) throw error; }
  }
  const { mode, uid, gid, atimeNs, mtimeNs } = from.stat();
  const change: SetAttr = typeOf(from) === S_IFLNK ? { uid, gid } : { mode: mode & 0o7777, uid, gid };
  to.setattr?.(change);
  to.setattr?.({ atimeNs, mtimeNs });
}

/** What `make` makes; undefined when the name is there: another process fills the same volume. */
function unlessThere<T>(make: () => T): T | undefined {
  try { return make(); } catch (error) {
    if (error === EEXIST) return undefined;
    throw error;
  }
}

/** Copies what is in a directory; `copies`: files with several names, by their inodes. */
function copyDirectory(from: Inode, to: Inode, copies: Map<Inode, Inode>): void {
  for (const { name } of from.readdir!()) {
    const child = from.lookup!(name);
    if (!child) continue;
    const copied = copies.get(child);
    if (copied) {
      unlessThere(() => to.link!(name, copied));
      continue;
    }
    const { mode, uid, gid, rdev, nlink } = child.stat();
    const made = unlessThere(() => to.create!(name, { mode, uid, gid, rdev, ...(typeOf(child) === S_IFLNK ? { target: child.readlink!() } : {}) }));
    if (made === undefined) continue;
    if (typeOf(child) === S_IFDIR) copyDirectory(child, made, copies);
    else if (typeOf(child) === S_IFREG) copyContent(child, made);
    if (typeOf(child) !== S_IFDIR && nlink > 1) copies.set(child, made);
    copyAttributes(child, made);
  }
}

/** What filling needs: the image's files, and whether a container has the volume already. */
export interface FillContext {
  readonly host: Pick<Host, 'clock' | 'random' | 'directories'>;
  image(): FileSystem;
  isUsed(): boolean;
  /** While nobody makes containers. */
  exclusive<T>(work: () => T): T;
}

/** Fills a volume that is empty with what the image has at `copyFrom`. Beside it first: the volume is filled when it gets the directory. One that others have already keeps its directory and is filled file by file. */
export function fillVolume({ name, copyFrom }: WantedVolume, { Options }: Volume, { host, image, isUsed, exclusive }: FillContext): void {
  const { directories } = host;
  if (copyFrom === undefined || !directories || Options?.['type'] === 'tmpfs') return;
  const data = Options?.['device'] ?? directories.storePath(volumeData(name));
  if (directories.kind(data) !== 'directory' || !directories.isEmpty(data)) return;
  const used = isUsed();
  // Looked at again: who has it now may have filled it meanwhile.
  if (!directories.isEmpty(data)) return;
  const source = directoryAt(image(), copyFrom);
  if (!source) return;
  const copyTo = (path: string): void => copyTree(source, new HostFs(directories.open(path), { now: () => host.clock.monotonicNs(), kept: new KeptAttributes(directories.log(directories.storePath(Options ? BIND_ATTRIBUTES : volumeAttributes(name)))), own: !Options }));
  if (Options || used) return copyTo(data);
  const aside = directories.storePath(`volumes/${name}/new-${inventVolumeName(host).slice(0, 12)}`);
  directories.make(aside);
  copyTo(aside);
  if (exclusive(() => !isUsed() && directories.replaceEmpty(aside, data))) return;
  directories.remove(aside);
  if (directories.isEmpty(data)) copyTo(data);
}

function copyTree(source: Inode, fs: HostFs): void {
  try {
    copyDirectory(source, fs.root, new Map());
    copyAttributes(source, fs.root);
    fs.kept.sync();
  } finally { fs.close(); }
}
