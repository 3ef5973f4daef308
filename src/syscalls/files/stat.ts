// Calls that tell about files: stat, statx, access, readlink, statfs. stat(2), statx(2), access(2), readlink(2), statfs(2).
import {
  AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, EINVAL, ENOENT, Errno, O_PATH, R_OK, STATX_BASIC_STATS, STATX_MNT_ID, STATX__RESERVED, S_IFLNK, W_OK, X_OK, accessModes,
  atFlags, isType, major, minor, statLayout, statfsLayout, statxLayout,
} from '../../abi/index.ts';
import { latin1 } from '../../base/index.ts';
import type { GuestPath } from '../../guest/index.ts';
import { placeOf } from '../../linux/index.ts';
import type { Task } from '../../linux/index.ts';
import { isEmptyPath, operations } from '../../vfs/index.ts';
import type { FileSystem, Mount, Place, WalkOptions } from '../../vfs/index.ts';
import { DirFd, Fd, Int, PathBytes, flags, pointed, printFlags, quote } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { contextOf, placeAt, realContextOf, seekAt } from './at.ts';
import { writeStat, writeStatx } from './stat-structs.ts';

const store = (task: Task, ptr: number, bytes: Uint8Array): number => {
  task.memory.writable(ptr, bytes.length).set(bytes);
  return 0;
};

const unfollowed: WalkOptions = { follow: false };
const storeStat = (task: Task, ptr: number, place: Place | Errno): number | Errno => (place instanceof Errno ? place : writeStat(task.memory, ptr, place.inode.stat()));
const stat = (task: Task, path: GuestPath, ptr: number): number | Errno => storeStat(task, ptr, seekAt(task, AT_FDCWD, path));
const lstat = (task: Task, path: GuestPath, ptr: number): number | Errno => storeStat(task, ptr, seekAt(task, AT_FDCWD, path, unfollowed));
const fstat = (task: Task, fd: number, ptr: number): number => writeStat(task.memory, ptr, task.files.get(fd, true).inode.stat());

const walkOptions = (bits: number) => ({ follow: !(bits & AT_SYMLINK_NOFOLLOW), emptyPath: (bits & AT_EMPTY_PATH) !== 0 });

/** newfstatat(2). */
function fstatat(task: Task, dirFd: number, path: GuestPath, ptr: number, bits: number): number | Errno {
  if (bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) throw EINVAL;
  return storeStat(task, ptr, seekAt(task, dirFd, path, walkOptions(bits)));
}

const AT_STATX_SYNC_TYPE = 0x6000;

/** statx(2): the basic fields and the mount id, whatever was asked for; no birth time. */
function statx(task: Task, dirFd: number, path: GuestPath, bits: number, mask: number, ptr: number): number | Errno {
  if (mask & STATX__RESERVED || (bits & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) throw EINVAL;
  if (bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE)) throw EINVAL;
  const place = seekAt(task, dirFd, path, walkOptions(bits));
  return place instanceof Errno ? place : writeStatx(task.memory, ptr, place);
}

/** faccessat2(2): asks for the real ids unless AT_EACCESS. */
function faccessat(task: Task, dirFd: number, path: GuestPath, mode: number, bits: number): number | Errno {
  if (mode & ~(R_OK | W_OK | X_OK) || bits & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw EINVAL;
  const context = bits & AT_EACCESS ? contextOf(task) : realContextOf(task);
  const place = seekAt(task, dirFd, path, walkOptions(bits), context);
  if (place instanceof Errno) return place;
  operations.accessPlace(context, place, mode);
  return 0;
}

/** readlinkat(2): an empty path names the link that dirFd is (O_PATH | O_NOFOLLOW). */
function readlinkat(task: Task, dirFd: number, path: GuestPath, ptr: number, size: number): number | Errno {
  if (size <= 0) throw EINVAL;
  const place = isEmptyPath(path) ? undefined : seekAt(task, dirFd, path, unfollowed);
  if (place instanceof Errno) return place;
  const target = place ? operations.targetOf(place) : readlinkOfDescriptor(task, dirFd);
  if (target instanceof Errno) return target;
  const length = Math.min(target.length, size);
  const into = task.memory.writable(ptr, length);
  for (let i = 0; i < length; i++) into[i] = target.charCodeAt(i);
  return length;
}

function readlinkOfDescriptor(task: Task, dirFd: number): string {
  if (dirFd === AT_FDCWD) throw ENOENT;
  const description = task.files.get(dirFd, true);
  if (!(description.flags & O_PATH) || !isType(description.inode.mode, S_IFLNK)) throw ENOENT;
  return description.inode.readlink!();
}

const ST = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8, VALID: 0x20, RELATIME: 0x1000 } as const;

function encodeStatfs(fs: FileSystem, mount: Mount): Uint8Array {
  const info = fs.statfs();
  const { options } = mount;
  const f_flags = ST.VALID | ST.RELATIME | (mount.readonly ? ST.RDONLY : 0) | (options.nosuid ? ST.NOSUID : 0) | (options.nodev ? ST.NODEV : 0) | (options.noexec ? ST.NOEXEC : 0);
  return statfsLayout.encode({
    f_type: info.type, f_bsize: info.blockSize, f_frsize: info.blockSize, f_blocks: info.blocks, f_bfree: info.blocksFree, f_bavail: info.blocksFree, f_files: info.files,
    f_ffree: info.filesFree, f_fsid: fs.dev, f_namelen: info.nameMax, f_flags,
  });
}

const statfs = (task: Task, path: GuestPath, ptr: number): number => {
  const { inode, mount } = placeAt(task, AT_FDCWD, path);
  return store(task, ptr, encodeStatfs(inode.fs, mount));
};
const fstatfs = (task: Task, fd: number, ptr: number): number => {
  const place = placeOf(task.files.get(fd, true));
  return store(task, ptr, encodeStatfs(place.inode.fs, place.mount));
};

const typeNames: Record<number, string> = { 1: 'S_IFIFO', 2: 'S_IFCHR', 4: 'S_IFDIR', 6: 'S_IFBLK', 8: 'S_IFREG', 10: 'S_IFLNK', 12: 'S_IFSOCK' };
const printMode = (mode: number): string => [typeNames[mode >> 12], `0${(mode & 0o7777).toString(8)}`].filter(Boolean).join('|');

const OutStat = pointed((task, ptr) => {
  const { st_mode, st_size, st_rdev } = statLayout.decode(task.memory.readable(ptr, statLayout.size));
  const device = (st_mode & 0o170000) === 0o020000 || (st_mode & 0o170000) === 0o060000;
  const last = device ? `st_rdev=makedev(0x${major(Number(st_rdev)).toString(16)}, 0x${minor(Number(st_rdev)).toString(16)})` : `st_size=${st_size}`;
  return `{st_mode=${printMode(st_mode)}, ${last}, ...}`;
}, 'out');
const OutStatx = pointed((task, ptr) => {
  const { stx_mask, stx_mode, stx_size } = statxLayout.decode(task.memory.readable(ptr, statxLayout.size));
  return `{stx_mask=0x${stx_mask.toString(16)}, stx_attributes=0, stx_mode=${printMode(stx_mode)}, stx_size=${stx_size}, ...}`;
}, 'out');
const OutStatfs = pointed((task, ptr) => {
  const { f_type, f_bsize, f_blocks } = statfsLayout.decode(task.memory.readable(ptr, statfsLayout.size));
  return `{f_type=0x${f_type.toString(16)}, f_bsize=${f_bsize}, f_blocks=${f_blocks}, ...}`;
}, 'out');
/** As many bytes as the result says. */
const OutText = pointed((task, ptr, { result }) => quote(latin1(task.memory.readable(ptr, result!)), 32), 'out');
const AccessMode = flags(accessModes, 'F_OK');
const AtFlags = flags(atFlags);
const StatxMask = pointed((_task, mask) => printFlags([['STATX_BASIC_STATS', STATX_BASIC_STATS], ['STATX_MNT_ID', STATX_MNT_ID]], mask, '0'));

export const statCalls: readonly SyscallRow[] = [
  sys(4, 'stat', [PathBytes, OutStat], stat),
  sys(5, 'fstat', [Fd, OutStat], fstat),
  sys(6, 'lstat', [PathBytes, OutStat], lstat),
  sys(21, 'access', [PathBytes, AccessMode], (task, path, mode) => faccessat(task, AT_FDCWD, path, mode, 0)),
  sys(89, 'readlink', [PathBytes, OutText, Int], (task, path, ptr, size) => { if (isEmptyPath(path)) throw ENOENT; return readlinkat(task, AT_FDCWD, path, ptr, size); }),
  sys(137, 'statfs', [PathBytes, OutStatfs], statfs),
  sys(138, 'fstatfs', [Fd, OutStatfs], fstatfs),
  sys(262, 'newfstatat', [DirFd, PathBytes, OutStat, AtFlags], fstatat),
  sys(267, 'readlinkat', [DirFd, PathBytes, OutText, Int], readlinkat),
  sys(269, 'faccessat', [DirFd, PathBytes, AccessMode], (task, dirFd, path, mode) => faccessat(task, dirFd, path, mode, 0)),
  sys(332, 'statx', [DirFd, PathBytes, AtFlags, StatxMask, OutStatx], statx, 'no birth time'),
  sys(439, 'faccessat2', [DirFd, PathBytes, AccessMode, flags({ AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH })], faccessat),
];

