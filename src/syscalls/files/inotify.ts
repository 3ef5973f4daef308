// Watching files: inotify. inotify(7).
import {
  EINVAL, IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_MASK_ADD, IN_MASK_CREATE, IN_ONLYDIR, inotifyEvents, O_CLOEXEC, O_NONBLOCK, O_RDONLY, R_OK, S_IFDIR, ENOTDIR, AT_FDCWD, isType, watchFlags,
} from '../../abi/index.ts';
import { Description, InotifyFile, type Task } from '../../linux/index.ts';
import { demand } from '../../vfs/index.ts';
import { Fd, flags, Int, Path } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { contextOf, placeAt } from './at.ts';

function inotifyInit(task: Task, bits: number): number {
  if (bits & ~(O_CLOEXEC | O_NONBLOCK)) throw EINVAL;
  return task.files.add(new Description(new InotifyFile(task.fs.mounts.events), O_RDONLY | (bits & O_NONBLOCK)), (bits & O_CLOEXEC) !== 0);
}

function instanceOf(task: Task, fd: number): InotifyFile {
  const { file } = task.files.get(fd);
  if (!(file instanceof InotifyFile)) throw EINVAL;
  return file;
}

const KNOWN = Object.values(watchFlags).reduce((all, bit) => all | bit, IN_ALL_EVENTS);

function addWatch(task: Task, fd: number, path: string, mask: number): number {
  if (!(mask & IN_ALL_EVENTS) || mask & ~KNOWN || (mask & IN_MASK_ADD && mask & IN_MASK_CREATE)) throw EINVAL;
  const instance = instanceOf(task, fd);
  const { inode } = placeAt(task, AT_FDCWD, path, { follow: !(mask & IN_DONT_FOLLOW) });
  if (mask & IN_ONLYDIR && !isType(inode.mode, S_IFDIR)) throw ENOTDIR;
  demand(inode, R_OK, contextOf(task).credentials);
  return instance.add(inode, mask);
}

export const inotifyCalls: readonly SyscallRow[] = [
  sys(253, 'inotify_init', [], (task) => inotifyInit(task, 0)),
  sys(254, 'inotify_add_watch', [Fd, Path, flags({ ...inotifyEvents, ...watchFlags })], addWatch, 'what the container does is seen; changes made by the host to shared folders are not'),
  sys(255, 'inotify_rm_watch', [Fd, Int], (task, fd, wd) => { instanceOf(task, fd).remove(wd); return 0; }),
  sys(294, 'inotify_init1', [flags({ IN_CLOEXEC: O_CLOEXEC, IN_NONBLOCK: O_NONBLOCK })], inotifyInit),
];
