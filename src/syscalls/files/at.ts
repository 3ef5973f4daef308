// Where file calls start: from a directory descriptor and a path to a place, and the context that path walks need.
import { AT_FDCWD, CAP_SYS_ADMIN, ENOENT, ENOTDIR, type Errno, S_IFDIR, isType } from '../../abi/index.ts';
import { placeOf } from '../../linux/index.ts';
import type { Task } from '../../linux/index.ts';
import { find, isAbsolutePath, isEmptyPath, seek } from '../../vfs/index.ts';
import type { PathLike, Place, WalkContext, WalkOptions } from '../../vfs/index.ts';

/** What a walk by this task needs. */
export const contextOf = (task: Task): WalkContext => task.fs.walkContext(task.credentials);

/** The same for calls that write to files. */
export const writingContextOf = (task: Task): WalkContext => ({ ...contextOf(task), isRunning: (inode) => task.kernel.isRunning(inode) });

/** The same with the real ids: what access(2) asks about. */
export function realContextOf(task: Task): WalkContext {
  const { credentials } = task;
  if (credentials.actsAsReal) return contextOf(task);
  const real = credentials.copy();
  real.fsuid = real.uid;
  real.fsgid = real.gid;
  real.effective = real.uid === 0 ? real.permitted : 0n;
  return task.fs.walkContext(real);
}

/** The directory a path starts from. Throws ENOENT for an empty path, EBADF, ENOTDIR. */
export function baseOf(task: Task, dirFd: number, path: PathLike): Place {
  if (isEmptyPath(path)) throw ENOENT;
  if (dirFd === AT_FDCWD || isAbsolutePath(path)) return task.fs.cwd;
  demandEnd(path);
  const description = task.files.get(dirFd, true);
  if (!isType(description.inode.mode, S_IFDIR)) throw ENOTDIR;
  return placeOf(description);
}

/** What a directory descriptor and a path name; with `emptyPath` an empty path names the descriptor's own file. */
export function placeAt(task: Task, dirFd: number, path: PathLike, options: WalkOptions = plainly, context = contextOf(task)): Place {
  if (options.emptyPath && isEmptyPath(path)) return ownPlace(task, dirFd);
  return find(context, baseOf(task, dirFd, path), path, options);
}

/** The same, with the errno as a value when nothing is there. */
export function seekAt(task: Task, dirFd: number, path: PathLike, options: WalkOptions = plainly, context = contextOf(task)): Place | Errno {
  if (options.emptyPath && isEmptyPath(path)) return ownPlace(task, dirFd);
  return seek(context, baseOf(task, dirFd, path), path, options);
}

const plainly: WalkOptions = {};
const ownPlace = (task: Task, dirFd: number): Place => (dirFd === AT_FDCWD ? task.fs.cwd : placeOf(task.files.get(dirFd, true)));
/** A path that is too long is refused before a descriptor is judged. */
const demandEnd = (path: PathLike): number => (typeof path === 'string' ? path.length : path.end);

/** Whether the task may do what only the administrator of a machine may. */
export const isAdministrator = (task: Task): boolean => task.credentials.has(CAP_SYS_ADMIN);
