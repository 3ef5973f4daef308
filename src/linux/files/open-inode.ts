// From an inode to an open file, by its type: regular files and directories by the file system, devices by number, FIFOs by their pipe.
import { EINVAL, ENXIO, O_ACCMODE, O_PATH, O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG } from '../../abi/index.ts';
import { Mount } from '../../vfs/index.ts';
import type { FileSystem, OpenFile, Place } from '../../vfs/index.ts';
import type { Task } from '../task.ts';
import { AnonymousInode } from './anonymous.ts';
import type { Description } from './description.ts';
import { DirectoryFile, PathFile } from './directory-file.ts';

/** Opens what lies at a place; permissions were checked, and a FIFO's other side has not been waited for. Throws ENXIO for what cannot be opened. */
export function openInode(task: Task, place: Place, flags: number): OpenFile {
  const { inode } = place;
  if (flags & O_PATH) return new PathFile(inode);
  const type = inode.mode & S_IFMT;
  if (type === S_IFDIR) {
    inode.demandReadable?.();
    return new DirectoryFile(place);
  }
  if (inode instanceof AnonymousInode) {
    if (!inode.reopen) throw ENXIO;
    return inode.reopen(flags);
  }
  if (type === S_IFCHR) return task.kernel.files.devices.open(task, inode, flags);
  if (type === S_IFIFO) return openFifo(task, place, flags);
  if (type !== S_IFREG || !inode.open) throw ENXIO;
  return inode.open(flags);
}

function openFifo(task: Task, place: Place, flags: number): OpenFile {
  const access = flags & O_ACCMODE;
  if (![O_RDONLY, O_WRONLY, O_RDWR].includes(access)) throw EINVAL;
  const { fifos } = task.kernel.files;
  if (access === O_WRONLY && flags & O_NONBLOCK && fifos.pipeOf(place.inode).readers === 0) throw ENXIO;
  return fifos.open(place.inode, flags);
}

const anonymousMounts = new WeakMap<FileSystem, Mount>();

/** Where a description is; files without a name lie in a mount of their own that nothing leads to. */
export function placeOf(description: Description): Place {
  if (description.place) return description.place;
  const { fs } = description.inode;
  const mount = anonymousMounts.get(fs) ?? new Mount(fs, 'none');
  anonymousMounts.set(fs, mount);
  return { mount, inode: description.inode };
}
