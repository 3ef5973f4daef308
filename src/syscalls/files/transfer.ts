// Moving bytes between open files and arrays, with everything read(2) and write(2) check: access mode, position, append, size limits, job control, set-id bits, SIGPIPE.
import {
  AF_UNIX, EAGAIN, EBADF, EFBIG, IN_ACCESS, IN_MODIFY, EINVAL, EISDIR, EPIPE, ESPIPE, O_DSYNC, S_IFDIR, S_IFREG, S_ISGID, S_ISUID, SIGPIPE, SIGXFSZ, isType, resources,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { refreshMappings, settleMappings, Socket, TtyFile } from '../../linux/index.ts';
import type { Description, PeerCredentials, Task } from '../../linux/index.ts';
import { operations, privilegeDrop } from '../../vfs/index.ts';
import type { Inode } from '../../vfs/index.ts';
import { checkRead, checkWrite } from './job-control.ts';

/** The file was read from or written to: those who watch it are told. */
export function told(task: Task, mask: number, { place }: Description): void { if (place) task.fs.mounts.events.happened(mask, place); }

/** Whether the file has no position: pipes, sockets, terminals. */
export const isStream = (description: Description): boolean => description.file.stream === true;

export function requireReadable(description: Description): void {
  if (!description.readable) throw EBADF;
  if (isType(description.inode.mode, S_IFDIR)) throw EISDIR;
  if (!description.file.read) throw EINVAL;
}

export function requireWritable(description: Description): void {
  if (!description.writable) throw EBADF;
  if (!description.file.write) throw EINVAL;
}

/** Reads into `into` at the position `at` (undefined: the file's own, which moves on). `nonblock`: as O_NONBLOCK. */
export function readFrom(task: Task, description: Description, into: Uint8Array, at?: number, nonblock = description.nonblock): number | Wait {
  requireReadable(description);
  const { file } = description;
  if (file instanceof TtyFile) {
    const wait = checkRead(task, file.tty);
    if (wait) return wait;
    if (task.call && task.call.kept === undefined) {
      task.call.kept = 'reading';
      file.tty.beginRead();
    }
  }
  if (!isStream(description)) settleMappings(description.inode, at ?? description.position, into.length);
  const count = file.read!(into, at ?? description.position, nonblock);
  if (typeof count === 'number' && at === undefined && !isStream(description)) description.position += count;
  if (typeof count === 'number' && count > 0) told(task, IN_ACCESS, description);
  if (typeof count === 'number') task.process.io.readBytes += count;
  task.process.io.reads++;
  return count;
}

/** How many of `length` bytes RLIMIT_FSIZE lets a regular file take at `position`; none is SIGXFSZ and EFBIG. */
function withinFileLimit(task: Task, description: Description, position: number, length: number): number {
  const { soft } = task.process.limits[resources.RLIMIT_FSIZE]!;
  if (length === 0 || !isType(description.inode.mode, S_IFREG) || soft > BigInt(Number.MAX_SAFE_INTEGER)) return length;
  const room = Number(soft) - position;
  if (room > 0) return Math.min(room, length);
  task.kernel.signalTask(task, SIGXFSZ);
  throw EFBIG;
}

/** Writing or cutting a regular file takes its capabilities away, and its set-id bits unless the task has CAP_FSETID. */
export function dropPrivileges(task: Task, inode: Inode): void {
  if (!isType(inode.mode, S_IFREG)) return;
  operations.forgetCapabilities(inode);
  if ((inode.mode & (S_ISUID | S_ISGID)) === 0) return;
  const change = privilegeDrop(inode, task.credentials.forFiles);
  if (change) inode.setattr?.(change);
}

/** One attempt to write. Files with O_APPEND write at their end wherever `at` says. */
export function writeTo(task: Task, description: Description, from: Uint8Array, at?: number, nonblock = description.nonblock): number | Wait {
  requireWritable(description);
  const { file } = description;
  if (file instanceof TtyFile) {
    const wait = checkWrite(task, file.tty);
    if (wait) return wait;
  }
  const position = description.append && !isStream(description) ? description.inode.stat().size : at ?? description.position;
  const allowed = withinFileLimit(task, description, position, from.length);
  if (from.length > 0) dropPrivileges(task, description.inode);
  if (!isStream(description)) settleMappings(description.inode, position, allowed);
  task.process.io.writes++;
  try {
    const bytes = allowed < from.length ? from.subarray(0, allowed) : from;
    const count = file instanceof Socket && file.family === AF_UNIX ? file.send(bytes, { rights: [], sender: peerCredentials(task) }, nonblock) : file.write!(bytes, position, nonblock);
    if (typeof count === 'number') task.process.io.writtenBytes += count;
    if (typeof count === 'number' && !isStream(description)) {
      refreshMappings(description.inode, position, count);
      if (count > 0) told(task, IN_MODIFY, description);
      if (at === undefined) description.position = position + count;
      if (description.flags & O_DSYNC) description.file.sync?.();
    }
    return count;
  } catch (error) {
    if (error === EPIPE && signalsBrokenPipe(description)) task.kernel.signalTask(task, SIGPIPE);
    throw error;
  }
}

/** Who sends, as the other end of a socket is told. */
export const peerCredentials = (task: Task): PeerCredentials => ({ pid: task.pid, uid: task.credentials.euid, gid: task.credentials.egid });

/** EPIPE comes with SIGPIPE, except from datagram sockets. */
const signalsBrokenPipe = (description: Description): boolean => !(description.file as { quietPipe?: boolean }).quietPipe;

/** Writes all of `from`, over as many attempts as a blocking stream needs; what is done is kept in the call. */
export function writeAll(task: Task, description: Description, from: Uint8Array, at?: number): number | Wait {
  const { call } = task;
  let done = call?.partial ?? 0;
  try {
    do {
      const count = writeTo(task, description, done > 0 ? from.subarray(done) : from, at === undefined ? undefined : at + done);
      if (count instanceof Wait) {
        if (call) call.partial = done;
        return count;
      }
      done += count;
      if (!isStream(description)) break;
    } while (done < from.length);
  } catch (error) {
    if (done === 0 || (error !== EAGAIN && error !== EPIPE)) throw error;
  }
  return done;
}

/** Checks of pread and pwrite, in Linux's order. */
export function positioned(task: Task, fd: number, offset: number): Description {
  if (offset < 0 || offset >= 2 ** 63) throw EINVAL;
  const description = task.files.get(fd);
  if (isStream(description)) throw ESPIPE;
  return description;
}
