// The store's folder and codecs in Node: node:fs, node:crypto, node:zlib.
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { FsFolder } from '../fs-folder.ts';
import type { FsLike } from '../fs-like.ts';
import type { Codecs } from '../ports.ts';
import { unzstd } from '../zstd.ts';

/** When a process began, in clock ticks since the system's start (proc(5), the 22nd field); undefined where that cannot be read. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch { return undefined; }
}

function firstOf(...calls: (() => string)[]): string {
  for (const call of calls) try { return call(); } catch { /* the next one */ }
  return '';
}

/** Where process numbers mean the same: this start of the system and this pid namespace. */
let scopeName: string | undefined;
const scope = (): string => scopeName ??= createHash('sha256').update(firstOf(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'), hostname) + firstOf(() => fs.readlinkSync('/proc/self/ns/pid'))).digest('hex').slice(0, 12);

/** A process by its number, its start and where that number holds. */
const ownerName = (): string => `${process.pid}-${startOf(process.pid) ?? ''}-${scope()}-${randomBytes(4).toString('hex')}`;

const isRunning = (pid: number): boolean => { try { process.kill(pid, 0); return true; } catch (error) { return (error as NodeJS.ErrnoException).code === 'EPERM'; } };

/** Whether the process of that name runs; undefined for one of another machine, pid namespace or start of the system. */
function isAlive(owner: string): boolean | undefined {
  const [pid, start, where] = owner.split('-');
  if (where === undefined || where !== scope()) return undefined;
  if (!isRunning(Number(pid))) return false;
  const now = startOf(Number(pid));
  return now === undefined || now === start;
}

/** node:fs, where removing a file or an empty folder does not load what removes trees. */
const quick: FsLike = {
  ...fs,
  rmSync: (path, options) => {
    for (const remove of [fs.unlinkSync, fs.rmdirSync]) try { return remove(path); } catch (error) { if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; }
    fs.rmSync(path, options);
  },
};

/** A folder on disk. What killed processes left half-written in it is removed. */
export function nodeFolder(root: string): FsFolder { return new FsFolder(quick, root, ownerName(), isAlive); }

/** A new folder on disk for what this process alone needs, inside the store in `root`; it goes with the process, or with the next one that opens the store. */
export function scratchFolder(root: string): FsFolder {
  const path = `${root}/tmp/${ownerName()}.scratch`;
  process.on('exit', () => { fs.rmSync(path, { recursive: true, force: true }); });
  return new FsFolder(quick, path);
}

async function* through(source: AsyncIterable<Uint8Array>, codec: Transform): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  input.on('error', (error) => codec.destroy(error));
  yield* input.pipe(codec) as AsyncIterable<Uint8Array>;
}

/** What is unpacked at a time, in bytes. */
const PIECE = 256 << 10;

export const nodeCodecs: Codecs = {
  unzstd,
  sha256() {
    const hash = createHash('sha256');
    return { update: (bytes) => { hash.update(bytes); }, hex: () => hash.digest('hex') };
  },
  gunzip: (source) => through(source, createGunzip({ chunkSize: PIECE })),
  gzip: (source) => through(source, createGzip()),
};
