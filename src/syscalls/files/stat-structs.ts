// HOT: (a stat of a known file spent five sixths of its time here) struct stat and struct statx, written field by field where the program wants them, times without bigint arithmetic. stat(2), statx(2).
import { STATX_BASIC_STATS, STATX_MNT_ID, major, minor, statLayout, statxLayout } from '../../abi/index.ts';
import type { GuestMemory } from '../../guest/index.ts';
import type { Place, Stat } from '../../vfs/index.ts';

const NS = 1_000_000_000;
const TWO_32 = 2 ** 32;

/** Where the fields of a layout lie. */
const offsetsOf = <F extends object>({ fields }: { fields: F }): { [K in keyof F]: number } =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, (field as readonly [string, number])[1]])) as { [K in keyof F]: number };
const S = offsetsOf(statLayout);
const X = offsetsOf(statxLayout);

/** A time's halves: 64 bits of nanoseconds as two words. */
const time64 = new BigInt64Array(1);
const words = new Uint32Array(time64.buffer);

/** Seconds of a time, rounded down; `nanoseconds` of the last call are those above them. */
let nanoseconds = 0;
function secondsOf(ns: bigint): number {
  time64[0] = ns;
  if (time64[0] !== ns) return farSecondsOf(ns);
  const [low, high] = [words[0]!, words[1]! | 0];
  let seconds = Math.floor((high * TWO_32 + low) / NS);
  let above = (low - Math.imul(seconds, NS)) | 0;
  if (above < 0) { above += NS; seconds--; }
  else if (above >= NS) { above -= NS; seconds++; }
  nanoseconds = above;
  return seconds;
}

/** Beyond 64 bits of nanoseconds. */
function farSecondsOf(ns: bigint): number {
  const above = ((ns % BigInt(NS)) + BigInt(NS)) % BigInt(NS);
  nanoseconds = Number(above);
  return Number((ns - above) / BigInt(NS));
}

/** A whole number of either sign as 64 bits. */
function set64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value >= 0 && value < TWO_32 ? 0 : Math.floor(value / TWO_32), true);
}

function setTime(view: DataView, at: number, ns: bigint): void {
  set64(view, at, secondsOf(ns));
  set64(view, at + 8, nanoseconds);
}

/** Writes the 144 bytes of struct stat. Throws EFAULT. */
export function writeStat(memory: GuestMemory, ptr: number, stat: Stat): number {
  memory.writable(ptr, statLayout.size).fill(0);
  const { view } = memory;
  set64(view, ptr + S.st_dev, stat.dev);
  set64(view, ptr + S.st_ino, stat.ino);
  set64(view, ptr + S.st_nlink, stat.nlink);
  view.setUint32(ptr + S.st_mode, stat.mode, true);
  view.setUint32(ptr + S.st_uid, stat.uid, true);
  view.setUint32(ptr + S.st_gid, stat.gid, true);
  set64(view, ptr + S.st_rdev, stat.rdev);
  set64(view, ptr + S.st_size, stat.size);
  set64(view, ptr + S.st_blksize, stat.blksize);
  set64(view, ptr + S.st_blocks, stat.blocks);
  setTime(view, ptr + S.st_atime, stat.atimeNs);
  setTime(view, ptr + S.st_mtime, stat.mtimeNs);
  setTime(view, ptr + S.st_ctime, stat.ctimeNs);
  return 0;
}

const STATX_ATTR_MOUNT_ROOT = 0x2000;

/** Writes the 256 bytes of struct statx: the basic fields and the mount id. Throws EFAULT. */
export function writeStatx(memory: GuestMemory, ptr: number, { inode, mount }: Place): number {
  const stat = inode.stat();
  memory.writable(ptr, statxLayout.size).fill(0);
  const { view } = memory;
  view.setUint32(ptr + X.stx_mask, STATX_BASIC_STATS | STATX_MNT_ID, true);
  view.setUint32(ptr + X.stx_blksize, stat.blksize, true);
  set64(view, ptr + X.stx_attributes, inode === mount.root ? STATX_ATTR_MOUNT_ROOT : 0);
  view.setUint32(ptr + X.stx_nlink, stat.nlink, true);
  view.setUint32(ptr + X.stx_uid, stat.uid, true);
  view.setUint32(ptr + X.stx_gid, stat.gid, true);
  view.setUint16(ptr + X.stx_mode, stat.mode, true);
  set64(view, ptr + X.stx_ino, stat.ino);
  set64(view, ptr + X.stx_size, stat.size);
  set64(view, ptr + X.stx_blocks, stat.blocks);
  set64(view, ptr + X.stx_attributes_mask, STATX_ATTR_MOUNT_ROOT);
  for (const [at, ns] of [[X.stx_atime, stat.atimeNs], [X.stx_ctime, stat.ctimeNs], [X.stx_mtime, stat.mtimeNs]] as const) {
    set64(view, ptr + at, secondsOf(ns));
    view.setUint32(ptr + at + 8, nanoseconds, true);
  }
  view.setUint32(ptr + X.stx_rdev_major, major(stat.rdev), true);
  view.setUint32(ptr + X.stx_rdev_minor, minor(stat.rdev), true);
  view.setUint32(ptr + X.stx_dev_major, major(stat.dev), true);
  view.setUint32(ptr + X.stx_dev_minor, minor(stat.dev), true);
  set64(view, ptr + X.stx_mnt_id, mount.id);
  return 0;
}
