// A tree of the host's files as tar members, and a tar unpacked as files of the host. Paths of the host are buffers, so that any name survives.
import { chmodSync, closeSync, constants, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, readlinkSync, readSync, rmSync, statSync, symlinkSync, type BigIntStats, writeSync } from 'node:fs';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from '../abi/index.ts';
import { EngineError } from '../engine/index.ts';
import type { Blob } from '../host/ports.ts';
import { type TarEntry, tarEntries, type TarItem } from '../layers/index.ts';

const PIECE = 1 << 20;
const bytesOf = (name: string): Buffer => Buffer.from(name, 'latin1');
const below = (directory: Buffer, name: Buffer): Buffer => Buffer.concat([directory, Buffer.from('/'), name]);

/** What lies at a path of the host as members, the first under the name `name` (latin1 bytes), a directory with all below it. Sockets are left out. */
export function* hostItems(path: Buffer, name: string, follow: boolean): Generator<TarItem> {
  const firstNames = new Map<string, string>();
  const stack: [Buffer, string][] = [[path, name]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [at, as] = top;
    const stat = follow && at === path ? statSync(at, { bigint: true }) : lstatSync(at, { bigint: true });
    const item = itemOf(at, as, stat, firstNames);
    if (item) yield item;
    if ((Number(stat.mode) & S_IFMT) === S_IFDIR) for (const child of readdirSync(at, { encoding: 'buffer' }).sort(Buffer.compare).reverse()) stack.push([below(at, child), `${as}/${child.toString('latin1')}`]);
  }
}

function itemOf(at: Buffer, as: string, stat: BigIntStats, firstNames: Map<string, string>): TarItem | undefined {
  const mode = Number(stat.mode);
  const type = mode & S_IFMT;
  if (type === S_IFSOCK) return undefined;
  const base = { path: as, mode, uid: Number(stat.uid), gid: Number(stat.gid), size: type === S_IFREG ? Number(stat.size) : 0, mtimeNs: stat.mtimeNs, rdev: Number(stat.rdev) };
  const key = `${stat.dev}:${stat.ino}`;
  const first = firstNames.get(key);
  if (first !== undefined) return { member: { ...base, hardLink: true, link: first } };
  if (type !== S_IFDIR && stat.nlink > 1n) firstNames.set(key, as);
  if (type === S_IFLNK) return { member: { ...base, link: readlinkSync(at, { encoding: 'buffer' }).toString('latin1') } };
  return type === S_IFREG ? { member: base, ...contentOf(at) } : { member: base };
}

function contentOf(at: Buffer): Pick<TarItem, 'read' | 'close'> {
  let fd: number | undefined;
  return {
    read: (into, offset) => readSync(fd ??= openSync(at, 'r'), into, 0, into.length, offset),
    close: () => { if (fd !== undefined) closeSync(fd); },
  };
}

/** Unpacks a tar whose every path begins with one name, for which `target` stands; with `content` the name is `.`. Everything belongs to the user. Throws EngineError 'BAD_COPY', and what the host's file system says. */
export function unpackHere(tar: Blob, target: Buffer, content: boolean): void {
  const directories: [Buffer, TarEntry][] = [];
  const placeOf = (path: string): Buffer => {
    const names = path.split('/').filter((name) => name !== '' && name !== '.').slice(content ? 0 : 1);
    if (names.includes('..')) throw new EngineError('BAD_COPY', `${path}: a name with .. in it`);
    return names.reduce((at, name) => below(at, bytesOf(name)), target);
  };
  for (const entry of tarEntries(tar)) {
    const at = placeOf(entry.path);
    // The directory that takes the content of another stays what it is.
    if (content && at === target && lstatSync(at, { throwIfNoEntry: false })) continue;
    putHere(tar, entry, at, placeOf);
    if ((entry.mode & S_IFMT) === S_IFDIR) directories.push([at, entry]);
    else if (!entry.hardLink) finishHere(at, entry);
  }
  for (const [at, entry] of directories.reverse()) finishHere(at, entry);
}

function finishHere(at: Buffer, { mode, mtimeSec, mtimeNs }: TarEntry): void {
  if ((mode & S_IFMT) !== S_IFLNK) chmodSync(at, mode & 0o7777);
  const time = mtimeSec + mtimeNs / 1e9;
  lutimesSync(at, time, time);
}

function putHere(tar: Blob, entry: TarEntry, at: Buffer, placeOf: (path: string) => Buffer): void {
  const type = entry.mode & S_IFMT;
  const there = lstatSync(at, { throwIfNoEntry: false });
  if (there && there.isDirectory() !== (type === S_IFDIR)) throw new EngineError('BAD_COPY', type === S_IFDIR ? `cannot overwrite non-directory ${at} with directory` : `cannot overwrite directory ${at} with non-directory`);
  if (there && type === S_IFDIR) return;
  if (there) rmSync(at);
  if (entry.hardLink) linkSync(placeOf(entry.link), at);
  else if (type === S_IFDIR) mkdirSync(at);
  else if (type === S_IFLNK) symlinkSync(bytesOf(entry.link), at);
  else if (type === S_IFREG) fillHere(tar, entry, at);
  else throw new EngineError('BAD_COPY', `${at}: devices and pipes cannot be made outside a container`);
}

function fillHere(tar: Blob, { size, offset, extents }: TarEntry, at: Buffer): void {
  const fd = openSync(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    let from = offset;
    for (const { at: start, length } of extents ?? [{ at: 0, length: size }]) {
      for (let done = 0; done < length;) {
        const piece = new Uint8Array(Math.min(PIECE, length - done));
        const count = tar.read(piece, from);
        if (count === 0) throw new EngineError('BAD_COPY', 'the archive ends in the middle of a file');
        for (let written = 0; written < count;) written += writeSync(fd, piece, written, count - written, start + done + written);
        done += count;
        from += count;
      }
    }
  } finally { closeSync(fd); }
}
