// Calls on descriptors themselves: dup, fcntl, flock, fsync. fcntl(2), dup(2), flock(2), fsync(2).
import {
  ESPIPE, EAGAIN, EBADF, EBUSY, EDEADLK, F_SEAL_WRITE, EINVAL, ENOTDIR, EOVERFLOW, EPERM, Errno, FD_CLOEXEC, F_RDLCK, F_UNLCK, F_WRLCK, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, O_APPEND, O_ASYNC, O_CLOEXEC, O_DIRECT, O_NOATIME, O_NONBLOCK,
  SEEK_CUR, SEEK_END, SEEK_SET, S_IFDIR, S_IFREG, fcntlCommands, flockLayout, flockOperations, isType, openFlags, ownerExLayout,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { demandMappingsKept, DirectoryFile, PipeEnd, settleMappings, sharedObjectOf } from '../../linux/index.ts';
import type { Description, RecordLock, Task } from '../../linux/index.ts';
import { owns } from '../../vfs/index.ts';
import type { Codec } from '../codec.ts';
import { Fd, Hex, Long, Offset, Size, flags, oneOf, openFlagsCodec, pointer } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { MemoryFile } from './memory-file.ts';

function dup2(task: Task, fd: number, to: number): number {
  if (fd === to) {
    task.files.get(fd, true);
    return to;
  }
  return task.files.duplicateTo(fd, to, false);
}

function dup3(task: Task, fd: number, to: number, bits: number): number {
  if (bits & ~O_CLOEXEC || fd === to) throw EINVAL;
  return task.files.duplicateTo(fd, to, (bits & O_CLOEXEC) !== 0);
}

const CHANGEABLE = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

function setStatusFlags(task: Task, description: Description, bits: number): number {
  const added = bits & ~description.flags;
  if (added & O_NOATIME && !owns(description.inode, task.credentials.forFiles)) throw EPERM;
  description.flags = (description.flags & ~CHANGEABLE) | (bits & CHANGEABLE);
  if (description.file instanceof PipeEnd) description.file.packets = (bits & O_DIRECT) !== 0;
  return 0;
}

interface FcntlCall { task: Task; fd: number; description: Description; argument: number }
type Fcntl = (call: FcntlCall) => number | Wait;
const F = fcntlCommands;

const DN_MULTISHOT = 0x8000_0000;

/** F_NOTIFY: asking for no event ends a watch there cannot be; asking for any is EINVAL, as on kernels built without it. */
function notify(description: Description, events: number): number {
  if (!(description.file instanceof DirectoryFile)) throw ENOTDIR;
  if ((events & ~DN_MULTISHOT) !== 0) throw EINVAL;
  return 0;
}

const pipeOf = ({ description }: FcntlCall) => {
  if (!(description.file instanceof PipeEnd)) throw EBADF;
  return description.file.pipe;
};

const memoryFileOf = ({ description }: FcntlCall): MemoryFile => {
  if (!(description.file instanceof MemoryFile)) throw EINVAL;
  return description.file;
};

/** Whether any process has the file mapped so that stores reach it. */
function isMappedToWrite({ task, description }: FcntlCall): boolean {
  const object = sharedObjectOf(description.inode);
  return object !== undefined && [...task.kernel.tasks.values()].some((t) => t.space.regions.some((region) => region.object === object && !region.readOnlyShared));
}

/** What each command does. A record lock belongs to the process's descriptor table, or (OFD) to the description itself. */
const fcntlRows: Record<number, Fcntl> = {
  [F.F_DUPFD]: ({ task, fd, argument }) => task.files.duplicate(fd, false, argument | 0),
  [F.F_DUPFD_CLOEXEC]: ({ task, fd, argument }) => task.files.duplicate(fd, true, argument | 0),
  [F.F_GETFD]: ({ task, fd }) => (task.files.hasCloseOnExec(fd) ? FD_CLOEXEC : 0),
  [F.F_SETFD]: ({ task, fd, argument }) => { task.files.setCloseOnExec(fd, (argument & FD_CLOEXEC) !== 0); return 0; },
  [F.F_GETFL]: ({ description }) => description.flags,
  [F.F_SETFL]: ({ task, description, argument }) => setStatusFlags(task, description, argument | 0),
  [F.F_GETLK]: (call) => getLock(call, call.task.files, call.task.pid),
  [F.F_SETLK]: (call) => setLock(call, call.task.files, call.task.pid, false),
  [F.F_SETLKW]: (call) => setLock(call, call.task.files, call.task.pid, true),
  [F.F_OFD_GETLK]: (call) => getLock(call, call.description, -1),
  [F.F_OFD_SETLK]: (call) => setLock(call, call.description, -1, false),
  [F.F_OFD_SETLKW]: (call) => setLock(call, call.description, -1, true),
  [F.F_SETOWN]: ({ description, argument }) => { const pid = argument | 0; description.owner = pid < 0 ? { type: 2, pid: -pid } : { type: 1, pid }; return 0; },
  [F.F_GETOWN]: ({ description: { owner } }) => (owner.type === 2 ? -owner.pid : owner.pid),
  [F.F_SETOWN_EX]: ({ task, description, argument }) => { description.owner = ownerExLayout.decode(task.memory.readable(argument, 8)); return 0; },
  [F.F_GETOWN_EX]: ({ task, description, argument }) => { task.memory.writable(argument, 8).set(ownerExLayout.encode({ ...description.owner })); return 0; },
  [F.F_SETSIG]: ({ description, argument }) => { if (argument > 64) throw EINVAL; description.signal = argument; return 0; },
  [F.F_GETSIG]: ({ description }) => description.signal,
  [F.F_GETPIPE_SZ]: (call) => pipeOf(call).capacity,
  [F.F_SETPIPE_SZ]: (call) => pipeOf(call).resize(call.argument),
  [F.F_ADD_SEALS]: (call) => { const file = memoryFileOf(call); if (!call.description.writable) throw EPERM; if (call.argument & F_SEAL_WRITE && isMappedToWrite(call)) throw EBUSY; file.seal(call.argument); return 0; },
  [F.F_GET_SEALS]: (call) => memoryFileOf(call).seals,
  [F.F_GETLEASE]: () => F_UNLCK,
  [F.F_SETLEASE]: () => { throw EAGAIN; },
  [F.F_NOTIFY]: ({ description, argument }) => notify(description, argument),
};

const StatusFlags = openFlagsCodec(openFlags);
const setters: Record<number, (task: Task, value: number) => string> = {
  [F.F_DUPFD]: (_task, value) => String(value), [F.F_DUPFD_CLOEXEC]: (_task, value) => String(value), [F.F_SETPIPE_SZ]: (_task, value) => String(value),
  [F.F_SETFD]: (_task, value) => (value & FD_CLOEXEC ? 'FD_CLOEXEC' : '0'),
  [F.F_SETFL]: (task, value) => StatusFlags.print(task, value, { args: [], result: undefined }),
};
/** Commands without a third argument. */
const getters: ReadonlySet<number> = new Set([F.F_GETFD, F.F_GETFL, F.F_GETOWN, F.F_GETSIG, F.F_GETPIPE_SZ, F.F_GET_SEALS, F.F_GETLEASE]);
/** fcntl's third argument: what it means is the command's business. */
const FcntlArgument: Codec<number> = { decode: Long.decode, print: (task, value, { args }) => (getters.has(args[1] as number) ? '' : setters[args[1] as number]?.(task, value) ?? pointer(value)) };

/** What an O_PATH descriptor can do. */
const pathCommands: readonly number[] = [F.F_DUPFD, F.F_DUPFD_CLOEXEC, F.F_GETFD, F.F_SETFD, F.F_GETFL];

/** fcntl(2). */
function fcntl(task: Task, fd: number, command: number, argument: number): number | Wait {
  const description = task.files.get(fd, true);
  if (description.pathOnly && !pathCommands.includes(command)) throw EBADF;
  const row = fcntlRows[command];
  if (!row) throw EINVAL;
  return row({ task, fd, description, argument });
}

/** The byte range that struct flock at `ptr` names. Throws EINVAL, ENOTDIR, EOVERFLOW. */
function lockAt({ task, description, argument }: FcntlCall, owner: object, pid: number): RecordLock {
  const raw = flockLayout.decode(task.memory.readable(argument, flockLayout.size));
  if (pid === -1 && raw.l_pid !== 0) throw EINVAL;
  const origin = raw.l_whence === SEEK_SET ? 0n : raw.l_whence === SEEK_CUR ? BigInt(description.position) : raw.l_whence === SEEK_END ? BigInt(description.inode.stat().size) : undefined;
  if (origin === undefined || ![F_RDLCK, F_WRLCK, F_UNLCK].includes(raw.l_type as 0)) throw EINVAL;
  let start = origin + raw.l_start;
  let end = start + raw.l_len;
  if (raw.l_len < 0n) [start, end] = [end, start];
  if (start < 0n) throw EINVAL;
  if (end > 1n << 63n) throw EOVERFLOW;
  return { type: raw.l_type, start: Number(start), end: raw.l_len === 0n ? Infinity : Number(end), owner, pid };
}

function getLock(call: FcntlCall, owner: object, pid: number): number {
  const wanted = lockAt(call, owner, pid);
  if (wanted.type === F_UNLCK) throw EINVAL;
  const { task, description, argument } = call;
  const found = task.kernel.files.locks.conflict(description.inode, wanted);
  const view = task.memory.writable(argument, flockLayout.size);
  if (!found) { new DataView(view.buffer, view.byteOffset).setInt16(0, F_UNLCK, true); return 0; }
  view.set(flockLayout.encode({ l_type: found.type, l_whence: SEEK_SET, l_start: found.start, l_len: found.end === Infinity ? 0 : found.end - found.start, l_pid: found.pid }));
  return 0;
}

function setLock(call: FcntlCall, owner: object, pid: number, wait: boolean): number | Wait {
  const wanted = lockAt(call, owner, pid);
  const { task, description } = call;
  const { locks } = task.kernel.files;
  if ((wanted.type === F_RDLCK && !description.readable) || (wanted.type === F_WRLCK && !description.writable)) throw EBADF;
  const found = wanted.type === F_UNLCK ? undefined : locks.conflict(description.inode, wanted);
  if (!found) {
    locks.stopWaiting(description.inode, owner);
    locks.set(description.inode, wanted);
    if (pid === -1) description.onRelease(() => locks.releaseRecords(description.inode, description));
    return 0;
  }
  if (!wait) throw EAGAIN;
  if (pid !== -1 && locks.wouldDeadlock(description.inode, owner, found.owner)) throw EDEADLK;
  task.call!.cleanup = () => locks.stopWaiting(description.inode, owner);
  return new Wait([locks.changed(description.inode)]);
}

/** flock(2): the lock belongs to the description and goes with it. */
function flock(task: Task, fd: number, operation: number): number | Wait {
  const description = task.files.get(fd);
  const { locks } = task.kernel.files;
  const kind = operation & ~LOCK_NB;
  if (![LOCK_SH, LOCK_EX, LOCK_UN].includes(kind as 1)) throw EINVAL;
  if (kind === LOCK_UN) {
    locks.unflock(description.inode, description);
    return 0;
  }
  if (locks.flock(description.inode, description, kind)) {
    description.onRelease(() => locks.unflock(description.inode, description));
    return 0;
  }
  if (operation & LOCK_NB) throw EAGAIN;
  return new Wait([locks.changed(description.inode)]);
}

/** fsync(2): EINVAL for what has nothing to synchronise. */
function fsync(task: Task, fd: number): number {
  const description = task.files.get(fd);
  if (!description.file.sync) throw EINVAL;
  settleMappings(description.inode, 0, Infinity);
  demandMappingsKept(description.inode);
  description.file.sync();
  return 0;
}

/** What was stored through mappings reaches the files. */
function settleAll(task: Task): void {
  for (const { space } of task.kernel.tasks.values()) space.shared.settle();
}

/** sync(2) has no errors; syncfs(2) and fsync(2) tell them. */
function sync(task: Task): number {
  settleAll(task);
  for (const mount of task.fs.mounts.all) {
    try { mount.fs.sync?.(); } catch (error) { if (!(error instanceof Errno)) throw error; }
  }
  return 0;
}

function syncfs(task: Task, fd: number): number {
  const { fs } = task.files.get(fd).inode;
  settleAll(task);
  fs.sync?.();
  return 0;
}

const FADVICE = { POSIX_FADV_NORMAL: 0, POSIX_FADV_RANDOM: 1, POSIX_FADV_SEQUENTIAL: 2, POSIX_FADV_WILLNEED: 3, POSIX_FADV_DONTNEED: 4, POSIX_FADV_NOREUSE: 5 } as const;

/** posix_fadvise(2): nothing to gain, but the arguments are judged. */
function fadvise(task: Task, fd: number, _offset: number, length: number, advice: number): number {
  const description = task.files.get(fd);
  if (description.file instanceof PipeEnd) throw ESPIPE;
  if (length < 0 || advice < 0 || advice > 5) throw EINVAL;
  return 0;
}

function readahead(task: Task, fd: number): number {
  const { readable, inode } = task.files.get(fd);
  if (!readable) throw EBADF;
  if (!isType(inode.mode, S_IFREG)) throw EINVAL;
  return 0;
}

const ALL_SYNC_RANGE = 7;

/** sync_file_range(2): promises nothing, and so has nothing to do. */
function syncFileRange(task: Task, fd: number, offset: number, length: number, bits: number): number {
  const { inode } = task.files.get(fd);
  if (bits & ~ALL_SYNC_RANGE || offset < 0 || offset + length < offset) throw EINVAL;
  if (!isType(inode.mode, S_IFREG) && !isType(inode.mode, S_IFDIR)) throw ESPIPE;
  return 0;
}

export const descriptorCalls: readonly SyscallRow[] = [
  sys(32, 'dup', [Fd], (task, fd) => task.files.add(task.files.get(fd, true))),
  sys(33, 'dup2', [Fd, Fd], dup2),
  sys(72, 'fcntl', [Fd, oneOf(fcntlCommands), FcntlArgument], fcntl, 'no leases, no directory notification, no SIGIO'),
  sys(73, 'flock', [Fd, flags(flockOperations)], flock),
  sys(74, 'fsync', [Fd], fsync),
  sys(75, 'fdatasync', [Fd], fsync),
  sys(162, 'sync', [], sync),
  sys(187, 'readahead', [Fd, Offset, Size], readahead),
  sys(221, 'fadvise64', [Fd, Offset, Long, oneOf(FADVICE)], fadvise),
  sys(277, 'sync_file_range', [Fd, Offset, Offset, Hex], syncFileRange),
  sys(292, 'dup3', [Fd, Fd, openFlagsCodec(openFlags)], dup3),
  sys(306, 'syncfs', [Fd], syncfs),
];
