// Calls that change what an inode says of itself: chmod, chown, times, size, extended attributes. The man page of each.
import {
  AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, IN_MODIFY, EBADF, EFAULT, EFBIG, EINVAL, EISDIR, ENODEV, EOPNOTSUPP, ERANGE, ESPIPE, E2BIG, S_IFDIR, S_IFIFO, S_IFREG, SIGXFSZ, UTIME_NOW, UTIME_OMIT, atFlags,
  fallocateModes, isType, resources, xattrFlags,
} from '../../abi/index.ts';
import { latin1Bytes } from '../../base/index.ts';
import { placeOf, refreshMappings, settleMappings } from '../../linux/index.ts';
import type { Task } from '../../linux/index.ts';
import { operations } from '../../vfs/index.ts';
import type { Place } from '../../vfs/index.ts';
import { CString, DirFd, Fd, Id, InBuf, Mode, Offset, OptionalPath, OutBuf, Path, Ptr, Size, flags } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { contextOf, placeAt, writingContextOf } from './at.ts';
import { dropPrivileges, told } from './transfer.ts';

const here = (task: Task, path: string, follow = true): Place => placeAt(task, AT_FDCWD, path, { follow });
const opened = (task: Task, fd: number): Place => placeOf(task.files.get(fd));

function chmod(task: Task, place: Place, mode: number): number {
  operations.chmod(contextOf(task), place, mode);
  return 0;
}

/** fchmodat2(2). */
function fchmodat2(task: Task, dirFd: number, path: string, mode: number, bits: number): number {
  if (bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw EINVAL;
  return chmod(task, placeAt(task, dirFd, path, { follow: !(bits & AT_SYMLINK_NOFOLLOW), emptyPath: (bits & AT_EMPTY_PATH) !== 0 }), mode);
}

const UNCHANGED = 0xffff_ffff;
const idOrNone = (id: number): number | undefined => (id === UNCHANGED ? undefined : id);

function chown(task: Task, place: Place, uid: number, gid: number): number {
  operations.chown(contextOf(task), place, idOrNone(uid), idOrNone(gid));
  return 0;
}

function fchownat(task: Task, dirFd: number, path: string, uid: number, gid: number, bits: number): number {
  if (bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw EINVAL;
  return chown(task, placeAt(task, dirFd, path, { follow: !(bits & AT_SYMLINK_NOFOLLOW), emptyPath: (bits & AT_EMPTY_PATH) !== 0 }), uid, gid);
}

/** A time to set: a value, now, or leave as it is. */
type NewTime = bigint | 'now' | 'omit';
const SECOND_NS = 1_000_000_000n;

function setTimes(task: Task, place: Place, atime: NewTime, mtime: NewTime): number {
  if (atime === 'omit' && mtime === 'omit') return 0;
  const now = task.kernel.realtimeNs();
  const value = (time: NewTime): bigint => (time === 'now' ? now : time as bigint);
  const times = { ...(atime !== 'omit' && { atimeNs: value(atime) }), ...(mtime !== 'omit' && { mtimeNs: value(mtime) }) };
  operations.setTimes(contextOf(task), place, times, atime === 'now' && mtime === 'now');
  return 0;
}

function timespecAt(task: Task, ptr: number): NewTime {
  const nsec = task.memory.readU64(ptr + 8);
  if (nsec === BigInt(UTIME_NOW)) return 'now';
  if (nsec === BigInt(UTIME_OMIT)) return 'omit';
  if (nsec >= SECOND_NS) throw EINVAL;
  return BigInt.asIntN(64, task.memory.readU64(ptr)) * SECOND_NS + nsec;
}

function timevalAt(task: Task, ptr: number): NewTime {
  const usec = task.memory.readU64(ptr + 8);
  if (usec >= 1_000_000n) throw EINVAL;
  return BigInt.asIntN(64, task.memory.readU64(ptr)) * SECOND_NS + usec * 1000n;
}

/** utimensat(2): without a path, the times of the descriptor's own file. */
function utimensat(task: Task, dirFd: number, path: string | undefined, timesPtr: number, bits: number): number {
  if (bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw EINVAL;
  const [atime, mtime]: NewTime[] = timesPtr === 0 ? ['now', 'now'] : [timespecAt(task, timesPtr), timespecAt(task, timesPtr + 16)];
  if (atime === 'omit' && mtime === 'omit') return 0;
  if (path === undefined && dirFd === AT_FDCWD) throw EFAULT;
  if (path === undefined && bits !== 0) throw EINVAL;
  const place = path === undefined ? opened(task, dirFd) : placeAt(task, dirFd, path, { follow: !(bits & AT_SYMLINK_NOFOLLOW), emptyPath: (bits & AT_EMPTY_PATH) !== 0 });
  return setTimes(task, place, atime!, mtime!);
}

function futimesat(task: Task, dirFd: number, path: string | undefined, timesPtr: number): number {
  const [atime, mtime]: NewTime[] = timesPtr === 0 ? ['now', 'now'] : [timevalAt(task, timesPtr), timevalAt(task, timesPtr + 16)];
  return setTimes(task, path === undefined ? opened(task, dirFd) : placeAt(task, dirFd, path), atime!, mtime!);
}

/** utime(2): whole seconds. */
function utime(task: Task, path: string, timesPtr: number): number {
  const seconds = (at: number): NewTime => BigInt.asIntN(64, task.memory.readU64(timesPtr + at)) * SECOND_NS;
  const [atime, mtime]: NewTime[] = timesPtr === 0 ? ['now', 'now'] : [seconds(0), seconds(8)];
  return setTimes(task, here(task, path), atime!, mtime!);
}

/** RLIMIT_FSIZE: growing beyond it is SIGXFSZ and EFBIG. */
function checkSizeLimit(task: Task, size: number): void {
  if (BigInt(size) <= task.process.limits[resources.RLIMIT_FSIZE]!.soft) return;
  task.kernel.signalTask(task, SIGXFSZ);
  throw EFBIG;
}

function truncate(task: Task, path: string, size: number): number {
  if (size < 0) throw EINVAL;
  const place = here(task, path);
  checkSizeLimit(task, size);
  settleMappings(place.inode, 0, Infinity);
  operations.truncate(writingContextOf(task), place, size);
  refreshMappings(place.inode, size, Infinity);
  dropPrivileges(task, place.inode);
  return 0;
}

function ftruncate(task: Task, fd: number, size: number): number {
  if (size < 0) throw EINVAL;
  const description = task.files.get(fd);
  if (!isType(description.inode.mode, S_IFREG) || !description.writable || !description.file.truncate) throw EINVAL;
  checkSizeLimit(task, size);
  settleMappings(description.inode, 0, Infinity);
  description.file.truncate(size);
  refreshMappings(description.inode, size, Infinity);
  told(task, IN_MODIFY, description);
  dropPrivileges(task, description.inode);
  return 0;
}

/** fallocate(2): plain and KEEP_SIZE promise room, PUNCH_HOLE makes a hole, ZERO_RANGE a hole with promised room. */
function fallocate(task: Task, fd: number, mode: number, offset: number, length: number): number {
  const description = task.files.get(fd);
  if (offset < 0 || length <= 0) throw EINVAL;
  const { FALLOC_FL_KEEP_SIZE: keep, FALLOC_FL_PUNCH_HOLE: punch, FALLOC_FL_ZERO_RANGE: zero } = fallocateModes;
  if (mode & ~(keep | punch | zero) || (mode & punch && !(mode & keep)) || (mode & punch && mode & zero)) throw EOPNOTSUPP;
  if (!description.writable) throw EBADF;
  const { inode, file } = description;
  if (isType(inode.mode, S_IFIFO)) throw ESPIPE;
  if (isType(inode.mode, S_IFDIR)) throw EISDIR;
  if (!isType(inode.mode, S_IFREG)) throw ENODEV;
  const end = offset + length;
  if (end > Number.MAX_SAFE_INTEGER) throw EFBIG;
  const { size } = inode.stat();
  if (!file.truncate || !file.reserve || (!file.punch && (mode & (punch | zero) || (mode & keep && end > size)))) throw EOPNOTSUPP;
  if (!(mode & keep)) checkSizeLimit(task, Math.max(size, end));
  settleMappings(inode, offset, length);
  if (mode & (punch | zero)) file.punch!(offset, end);
  if (!(mode & punch)) file.reserve(offset, end);
  if (!(mode & keep) && end > size) file.truncate(end);
  refreshMappings(inode, offset, length);
  told(task, IN_MODIFY, description);
  dropPrivileges(task, inode);
  return 0;
}

/** Stores a value of a size-0-asks kind: 0 tells the size, too small is ERANGE. */
function storeSized(task: Task, ptr: number, size: number, value: Uint8Array): number {
  if (size === 0) return value.length;
  if (value.length > size) throw ERANGE;
  task.memory.writable(ptr, value.length).set(value);
  return value.length;
}

const XATTR_SIZE_MAX = 65536;

function setxattr(task: Task, place: Place, name: string, ptr: number, size: number, bits: number): number {
  if (size > XATTR_SIZE_MAX) throw E2BIG;
  operations.setxattr(contextOf(task), place, name, task.memory.readable(ptr, size).slice(), bits);
  return 0;
}

const getxattr = (task: Task, place: Place, name: string, ptr: number, size: number): number => storeSized(task, ptr, size, operations.getxattr(contextOf(task), place, name));

function listxattr(task: Task, place: Place, ptr: number, size: number): number {
  const text = operations.listxattr(contextOf(task), place).map((name) => `${name}\0`).join('');
  return storeSized(task, ptr, size, latin1Bytes(text));
}

function removexattr(task: Task, place: Place, name: string): number {
  operations.removexattr(contextOf(task), place, name);
  return 0;
}

/** xattr names: one byte more than allowed still decodes, so that the call itself says ERANGE. */
const XattrName = CString(4096);
const XattrFlags = flags(xattrFlags);
const AtFlags = flags(atFlags);

export const attributeCalls: readonly SyscallRow[] = [
  sys(76, 'truncate', [Path, Offset], truncate),
  sys(77, 'ftruncate', [Fd, Offset], ftruncate),
  sys(90, 'chmod', [Path, Mode], (task, path, mode) => chmod(task, here(task, path), mode)),
  sys(91, 'fchmod', [Fd, Mode], (task, fd, mode) => chmod(task, opened(task, fd), mode)),
  sys(92, 'chown', [Path, Id, Id], (task, path, uid, gid) => chown(task, here(task, path), uid, gid)),
  sys(93, 'fchown', [Fd, Id, Id], (task, fd, uid, gid) => chown(task, opened(task, fd), uid, gid)),
  sys(94, 'lchown', [Path, Id, Id], (task, path, uid, gid) => chown(task, here(task, path, false), uid, gid)),
  sys(132, 'utime', [Path, Ptr], utime),
  sys(188, 'setxattr', [Path, XattrName, InBuf(3), Size, XattrFlags], (task, path, name, ptr, size, bits) => setxattr(task, here(task, path), name, ptr, size, bits), 'no access control lists: system.posix_acl_* is EOPNOTSUPP'),
  sys(189, 'lsetxattr', [Path, XattrName, InBuf(3), Size, XattrFlags], (task, path, name, ptr, size, bits) => setxattr(task, here(task, path, false), name, ptr, size, bits)),
  sys(190, 'fsetxattr', [Fd, XattrName, InBuf(3), Size, XattrFlags], (task, fd, name, ptr, size, bits) => setxattr(task, opened(task, fd), name, ptr, size, bits)),
  sys(191, 'getxattr', [Path, XattrName, OutBuf, Size], (task, path, name, ptr, size) => getxattr(task, here(task, path), name, ptr, size)),
  sys(192, 'lgetxattr', [Path, XattrName, OutBuf, Size], (task, path, name, ptr, size) => getxattr(task, here(task, path, false), name, ptr, size)),
  sys(193, 'fgetxattr', [Fd, XattrName, OutBuf, Size], (task, fd, name, ptr, size) => getxattr(task, opened(task, fd), name, ptr, size)),
  sys(194, 'listxattr', [Path, OutBuf, Size], (task, path, ptr, size) => listxattr(task, here(task, path), ptr, size)),
  sys(195, 'llistxattr', [Path, OutBuf, Size], (task, path, ptr, size) => listxattr(task, here(task, path, false), ptr, size)),
  sys(196, 'flistxattr', [Fd, OutBuf, Size], (task, fd, ptr, size) => listxattr(task, opened(task, fd), ptr, size)),
  sys(197, 'removexattr', [Path, XattrName], (task, path, name) => removexattr(task, here(task, path), name)),
  sys(198, 'lremovexattr', [Path, XattrName], (task, path, name) => removexattr(task, here(task, path, false), name)),
  sys(199, 'fremovexattr', [Fd, XattrName], (task, fd, name) => removexattr(task, opened(task, fd), name)),
  sys(235, 'utimes', [Path, Ptr], (task, path, ptr) => futimesat(task, AT_FDCWD, path, ptr)),
  sys(260, 'fchownat', [DirFd, Path, Id, Id, AtFlags], fchownat),
  sys(261, 'futimesat', [DirFd, OptionalPath, Ptr], futimesat),
  sys(268, 'fchmodat', [DirFd, Path, Mode], (task, dirFd, path, mode) => chmod(task, placeAt(task, dirFd, path), mode)),
  sys(280, 'utimensat', [DirFd, OptionalPath, Ptr, AtFlags], utimensat),
  sys(285, 'fallocate', [Fd, flags(fallocateModes), Offset, Offset], fallocate, 'plain, KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE; room is promised of the file system, not of the disk below it'),
  sys(452, 'fchmodat2', [DirFd, Path, Mode, AtFlags], fchmodat2),
];

