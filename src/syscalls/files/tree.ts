// Calls that change the tree or walk in it: getdents64, mkdir, rmdir, mknod, link, symlink, unlink, rename, chdir, chroot, getcwd. The man page of each.
import {
  AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, CAP_DAC_READ_SEARCH, CAP_SYS_CHROOT, EINVAL, ENOENT, ENOTDIR, EPERM, ERANGE, IN_ACCESS, S_IFDIR, X_OK, atFlags,
  dirent64Layout, direntType, isType, renameFlags,
} from '../../abi/index.ts';
import { DirectoryFile, placeOf } from '../../linux/index.ts';
import type { Description, Task } from '../../linux/index.ts';
import { demand, operations, pathOf } from '../../vfs/index.ts';
import type { DirEntry, Place } from '../../vfs/index.ts';
import { DirFd, Fd, Hex, Mode, OutPath, Path, Ptr, Size, UInt, flags } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { baseOf, contextOf, placeAt } from './at.ts';
import { told } from './transfer.ts';

/** The bytes one entry takes in a getdents64 buffer. */
const recordSize = (entry: DirEntry): number => (dirent64Layout.size + entry.name.length + 1 + 7) & ~7;

function encodeEntry(entry: DirEntry, next: number): Uint8Array {
  const size = recordSize(entry);
  const bytes = new Uint8Array(size);
  bytes.set(dirent64Layout.encode({ d_ino: entry.ino, d_off: next, d_reclen: size, d_type: direntType(entry.type) }));
  for (let i = 0; i < entry.name.length; i++) bytes[dirent64Layout.size + i] = entry.name.charCodeAt(i);
  return bytes;
}

/** struct linux_dirent of the old getdents: no d_type before the name, it is the last byte. */
function encodeOldEntry(entry: DirEntry, next: number): Uint8Array {
  const size = (18 + entry.name.length + 2 + 7) & ~7;
  const bytes = new Uint8Array(size);
  bytes.set(dirent64Layout.encode({ d_ino: entry.ino, d_off: next, d_reclen: size }).subarray(0, 18));
  for (let i = 0; i < entry.name.length; i++) bytes[18 + i] = entry.name.charCodeAt(i);
  bytes[size - 1] = direntType(entry.type);
  return bytes;
}

function directoryOf(description: Description): DirectoryFile {
  if (!(description.file instanceof DirectoryFile)) throw ENOTDIR;
  return description.file;
}

/** getdents64(2): whole entries, as many as fit. */
function getdents(task: Task, fd: number, ptr: number, size: number, encode: (entry: DirEntry, next: number) => Uint8Array): number {
  const description = task.files.get(fd);
  const entries = directoryOf(description).entries(description.position);
  let done = 0;
  for (const entry of entries) {
    const record = encode(entry, description.position + 1);
    if (done + record.length > size) {
      if (done === 0) throw EINVAL;
      break;
    }
    task.memory.writable(ptr + done, record.length).set(record);
    done += record.length;
    description.position++;
  }
  told(task, IN_ACCESS, description);
  return done;
}

const mkdirat = (task: Task, dirFd: number, path: string, mode: number): number => {
  operations.mkdir(contextOf(task), baseOf(task, dirFd, path), path, mode & ~task.fs.umask);
  return 0;
};

const mknodat = (task: Task, dirFd: number, path: string, mode: number, rdev: number): number => {
  operations.mknod(contextOf(task), baseOf(task, dirFd, path), path, mode & ~task.fs.umask, rdev);
  return 0;
};

const symlinkat = (task: Task, target: string, dirFd: number, path: string): number => {
  operations.symlink(contextOf(task), target, baseOf(task, dirFd, path), path);
  return 0;
};

/** linkat(2): AT_EMPTY_PATH needs CAP_DAC_READ_SEARCH, or the open file's own creator. */
function linkat(task: Task, oldFd: number, oldPath: string, newFd: number, newPath: string, bits: number): number {
  if (bits & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) throw EINVAL;
  if (bits & AT_EMPTY_PATH && oldPath === '' && !task.credentials.has(CAP_DAC_READ_SEARCH)) throw ENOENT;
  const old = placeAt(task, oldFd, oldPath, { follow: (bits & AT_SYMLINK_FOLLOW) !== 0, emptyPath: (bits & AT_EMPTY_PATH) !== 0 });
  operations.link(contextOf(task), old, baseOf(task, newFd, newPath), newPath);
  return 0;
}

function unlinkat(task: Task, dirFd: number, path: string, bits: number): number {
  if (bits & ~AT_REMOVEDIR) throw EINVAL;
  (bits & AT_REMOVEDIR ? operations.rmdir : operations.unlink)(contextOf(task), baseOf(task, dirFd, path), path);
  return 0;
}

const renameat = (task: Task, oldFd: number, oldPath: string, newFd: number, newPath: string, bits: number): number => {
  operations.rename(contextOf(task), baseOf(task, oldFd, oldPath), oldPath, baseOf(task, newFd, newPath), newPath, bits);
  return 0;
};

function enterable(task: Task, place: Place): Place {
  if (!isType(place.inode.mode, S_IFDIR)) throw ENOTDIR;
  demand(place.inode, X_OK, contextOf(task).credentials);
  return place;
}

function chdir(task: Task, path: string): number {
  task.fs.cwd = enterable(task, placeAt(task, AT_FDCWD, path));
  return 0;
}

function fchdir(task: Task, fd: number): number {
  const place = placeOf(task.files.get(fd, true));
  task.fs.cwd = enterable(task, place);
  return 0;
}

function chroot(task: Task, path: string): number {
  const place = enterable(task, placeAt(task, AT_FDCWD, path));
  if (!task.credentials.has(CAP_SYS_CHROOT)) throw EPERM;
  task.fs.root = place;
  return 0;
}

/** getcwd(2): the length with the NUL. */
function getcwd(task: Task, ptr: number, size: number): number {
  const { inode } = task.fs.cwd;
  if (inode.stat().nlink === 0) throw ENOENT;
  const path = pathOf(task.fs.root, task.fs.cwd);
  const text = path.startsWith('(unreachable)') ? path : path || '/';
  if (text.length + 1 > size) throw ERANGE;
  const into = task.memory.writable(ptr, text.length + 1);
  for (let i = 0; i < text.length; i++) into[i] = text.charCodeAt(i);
  into[text.length] = 0;
  return text.length + 1;
}

function umask(task: Task, mask: number): number {
  const old = task.fs.umask;
  task.fs.umask = mask & 0o777;
  return old;
}

export const treeCalls: readonly SyscallRow[] = [
  sys(78, 'getdents', [Fd, Ptr, UInt], (task, fd, ptr, size) => getdents(task, fd, ptr, size, encodeOldEntry)),
  sys(79, 'getcwd', [OutPath, Size], getcwd),
  sys(80, 'chdir', [Path], chdir),
  sys(81, 'fchdir', [Fd], fchdir),
  sys(82, 'rename', [Path, Path], (task, from, to) => renameat(task, AT_FDCWD, from, AT_FDCWD, to, 0)),
  sys(83, 'mkdir', [Path, Mode], (task, path, mode) => mkdirat(task, AT_FDCWD, path, mode)),
  sys(84, 'rmdir', [Path], (task, path) => unlinkat(task, AT_FDCWD, path, AT_REMOVEDIR)),
  sys(86, 'link', [Path, Path], (task, from, to) => linkat(task, AT_FDCWD, from, AT_FDCWD, to, 0)),
  sys(87, 'unlink', [Path], (task, path) => unlinkat(task, AT_FDCWD, path, 0)),
  sys(88, 'symlink', [Path, Path], (task, target, path) => symlinkat(task, target, AT_FDCWD, path)),
  sys(95, 'umask', [Mode], umask),
  sys(133, 'mknod', [Path, Mode, Hex], (task, path, mode, rdev) => mknodat(task, AT_FDCWD, path, mode, rdev)),
  sys(161, 'chroot', [Path], chroot),
  sys(217, 'getdents64', [Fd, Ptr, UInt], (task, fd, ptr, size) => getdents(task, fd, ptr, size, encodeEntry)),
  sys(258, 'mkdirat', [DirFd, Path, Mode], mkdirat),
  sys(259, 'mknodat', [DirFd, Path, Mode, Hex], mknodat),
  sys(263, 'unlinkat', [DirFd, Path, flags({ AT_REMOVEDIR })], unlinkat),
  sys(264, 'renameat', [DirFd, Path, DirFd, Path], (task, oldFd, from, newFd, to) => renameat(task, oldFd, from, newFd, to, 0)),
  sys(265, 'linkat', [DirFd, Path, DirFd, Path, flags(atFlags)], linkat),
  sys(266, 'symlinkat', [Path, DirFd, Path], symlinkat),
  sys(316, 'renameat2', [DirFd, Path, DirFd, Path, flags(renameFlags)], renameat, 'RENAME_WHITEOUT is EINVAL'),
];

