// Calls that open: open, openat, openat2, creat, close, memfd_create, pipe2. open(2), pipe(2).
import {
  AT_FDCWD, EAGAIN, EINVAL, ENOENT, Errno, O_ACCMODE, O_CLOEXEC, O_CREAT, O_DIRECT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE,
  O_TRUNC, O_WRONLY, IN_MODIFY, IN_OPEN, E2BIG, NAME_MAX, S_IFREG, memfdFlags, openFlags,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { Description, AnonymousInode, PipeEnd, fifoMustWait, makePipe, openInode, refreshMappings } from '../../linux/index.ts';
import type { Task } from '../../linux/index.ts';
import { operations, RESOLVE, walkRestricted } from '../../vfs/index.ts';
import type { PathLike, Place, WalkContext } from '../../vfs/index.ts';
import { CString, DirFd, Fd, Mode, Path, PathBytes, Ptr, Size, flags, openFlagsCodec, pointed } from '../codec.ts';
import type { Codec } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { baseOf, contextOf, writingContextOf } from './at.ts';
import { claimTerminal } from './job-control.ts';
import { MemoryFile, memoryFs } from './memory-file.ts';

const OpenFlags = openFlagsCodec(openFlags);
/** The mode of an open call whose flags are argument `flagsAt`: it counts only when a file may be made. */
const OpenMode = (flagsAt: number): Codec<number> =>
  ({ decode: Mode.decode, print: (task, mode, call) => ((call.args[flagsAt] as number) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? Mode.print(task, mode, call) : '') });
const KNOWN_FLAGS = Object.values(openFlags).reduce((all, bit) => all | bit, O_ACCMODE);
const PATH_FLAGS = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
const CREATION_FLAGS = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;

/** Puts a new description for what lies at `place` under the lowest free descriptor. */
function install(task: Task, place: Place, openFlagBits: number): number | Wait {
  const file = openInode(task, place, openFlagBits);
  const status = openFlagBits & O_PATH ? openFlagBits & PATH_FLAGS & ~O_CLOEXEC : (openFlagBits & ~CREATION_FLAGS) | O_LARGEFILE;
  const description = new Description(file, status, place);
  if (file instanceof PipeEnd && !(file.inode instanceof AnonymousInode)) return finishFifo(task, description, openFlagBits);
  claimTerminal(task, description, openFlagBits);
  return tellOpen(task, description, place, openFlagBits);
}

/** The file has its descriptor; those who watch it are told, now and when it is closed. */
function tellOpen(task: Task, description: Description, place: Place, openFlagBits: number): number {
  const { events } = task.fs.mounts;
  const fd = task.files.add(description, (openFlagBits & O_CLOEXEC) !== 0);
  if (openFlagBits & O_PATH) return fd;
  description.events = events;
  events.happened(IN_OPEN, place);
  if (openFlagBits & O_TRUNC) events.happened(IN_MODIFY, place);
  return fd;
}

/** A FIFO that is open on this side and waits for the other. */
interface HalfOpenFifo { description: Description; seen: { readers: number; writers: number }; flags: number }

function finishFifo(task: Task, description: Description, openFlagBits: number): number | Wait {
  const { pipe } = description.file as PipeEnd;
  const seen = { readers: pipe.readerOpens, writers: pipe.writerOpens };
  task.call!.kept = { description, seen, flags: openFlagBits } satisfies HalfOpenFifo;
  task.call!.cleanup = () => description.file.close!();
  return awaitFifo(task);
}

function awaitFifo(task: Task): number | Wait {
  const { description, seen, flags: bits } = task.call!.kept as HalfOpenFifo;
  const { pipe } = description.file as PipeEnd;
  if (!(bits & O_NONBLOCK) && fifoMustWait(pipe, bits & O_ACCMODE, seen)) return new Wait([pipe.opened]);
  delete task.call!.cleanup;
  return task.files.add(description, (bits & O_CLOEXEC) !== 0);
}

/** openat(2). */
export function openat(task: Task, dirFd: number, path: PathLike, given: number, mode: number): number | Wait | Errno {
  if (task.call?.kept) return awaitFifo(task);
  return openFrom(task, given & (O_ACCMODE | O_TRUNC) ? writingContextOf(task) : contextOf(task), baseOf(task, dirFd, path), path, given, mode);
}

function openFrom(task: Task, context: WalkContext, base: Place, path: PathLike, given: number, mode: number): number | Wait | Errno {
  const bits = checkedFlags(given & KNOWN_FLAGS);
  task.files.requireRoom();
  const opened = operations.seekOpen(context, base, path, bits, mode & 0o7777 & ~task.fs.umask);
  if (opened instanceof Errno) return opened;
  if (bits & O_TRUNC) refreshMappings(opened.place.inode, 0, Infinity);
  return install(task, opened.place, opened.created ? bits & ~O_TRUNC : bits);
}

/** Combinations that make no sense (build_open_flags). */
function checkedFlags(bits: number): number {
  if (bits & O_PATH) return bits & PATH_FLAGS;
  const tmpfile = bits & O_TMPFILE & ~O_DIRECTORY;
  if (tmpfile && ((bits & O_TMPFILE) !== O_TMPFILE || (bits & O_ACCMODE) === O_RDONLY || bits & O_CREAT)) throw EINVAL;
  return bits;
}

const ALL_RESOLVE = Object.values(RESOLVE).reduce((a, b) => a | b, 0);

/** openat2(2): strict about flags. What RESOLVE_CACHED asks for is never certain. */
function openat2(task: Task, dirFd: number, path: string, howPtr: number, size: number): number | Wait | Errno {
  if (size < 24) throw EINVAL;
  if (size > 4096) throw E2BIG;
  if (size > 24 && task.memory.readable(howPtr + 24, size - 24).some((byte) => byte !== 0)) throw E2BIG;
  const [bits, mode, resolve] = [0, 8, 16].map((at) => task.memory.readU64(howPtr + at));
  if (bits! & ~BigInt(KNOWN_FLAGS) || resolve! & ~BigInt(ALL_RESOLVE) || mode! & ~0o7777n) throw EINVAL;
  const creates = Number(bits) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
  if (mode !== 0n && !creates) throw EINVAL;
  if (Number(bits) & O_PATH && Number(bits) & ~PATH_FLAGS) throw EINVAL;
  if (resolve === 0n) return openat(task, dirFd, path, Number(bits), Number(mode));
  return openRestricted(task, dirFd, path, Number(bits), Number(mode), Number(resolve));
}

function openRestricted(task: Task, dirFd: number, path: string, given: number, mode: number, restrictions: number): number | Wait | Errno {
  if (task.call?.kept) return awaitFifo(task);
  if (restrictions & RESOLVE.CACHED) throw EAGAIN;
  if (restrictions & RESOLVE.BENEATH && restrictions & RESOLVE.IN_ROOT) throw EINVAL;
  if (path === '') throw ENOENT;
  const base = baseOf(task, dirFd, restrictions & (RESOLVE.BENEATH | RESOLVE.IN_ROOT) ? '.' : path);
  const follow = !(given & O_NOFOLLOW) && (given & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
  const rest = walkRestricted(writingContextOf(task), base, path, restrictions, follow);
  return openFrom(task, rest.context, rest.base, rest.path, given, mode);
}

/** close(2). */
function close(task: Task, fd: number): number {
  task.files.close(fd);
  return 0;
}

const CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4;

/** close_range(2). */
function closeRange(task: Task, first: number, last: number, bits: number): number {
  const [from, to] = [first >>> 0, last >>> 0];
  if (bits & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || from > to) throw EINVAL;
  if (bits & CLOSE_RANGE_UNSHARE) task.files = task.files.copy();
  for (const fd of task.files.numbers()) {
    if (fd < from || fd > to) continue;
    if (bits & CLOSE_RANGE_CLOEXEC) task.files.setCloseOnExec(fd, true);
    else task.files.close(fd);
  }
  return 0;
}

/** pipe2(2). */
function pipe2(task: Task, fdsPtr: number, bits: number): number {
  if (bits & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) throw EINVAL;
  task.files.requireRoom(2);
  task.memory.writable(fdsPtr, 8);
  const { fsuid: uid, fsgid: gid } = task.credentials;
  const { reader, writer } = makePipe({ uid, gid }, task.kernel.realtimeNs());
  writer.packets = (bits & O_DIRECT) !== 0;
  const [cloexec, status] = [(bits & O_CLOEXEC) !== 0, bits & (O_NONBLOCK | O_DIRECT)];
  task.memory.writeU32(fdsPtr, task.files.add(new Description(reader, O_RDONLY | status), cloexec));
  task.memory.writeU32(fdsPtr + 4, task.files.add(new Description(writer, O_WRONLY | status), cloexec));
  return 0;
}

const MEMFD_PREFIX = 'memfd:';

/** memfd_create(2). */
function memfdCreate(task: Task, name: string, bits: number): number {
  const known = memfdFlags.MFD_CLOEXEC | memfdFlags.MFD_ALLOW_SEALING;
  if (bits & ~known) throw EINVAL;
  if (name.length > NAME_MAX - MEMFD_PREFIX.length) throw EINVAL;
  const fs = memoryFs(task.kernel);
  const { fsuid: uid, fsgid: gid } = task.credentials;
  const inode = fs.fs.root.createUnnamed!({ mode: S_IFREG | 0o777, uid, gid }, false);
  const file = new MemoryFile(inode.open!(O_RDWR), (bits & memfdFlags.MFD_ALLOW_SEALING) !== 0);
  const place: Place = { mount: fs, inode, name: MEMFD_PREFIX + name };
  return task.files.add(new Description(file, O_RDWR | O_LARGEFILE, place), (bits & memfdFlags.MFD_CLOEXEC) !== 0);
}

const OutPipeFds = pointed((task, ptr) => `[${task.memory.readI32(ptr)}, ${task.memory.readI32(ptr + 4)}]`, 'out');

export const openCalls: readonly SyscallRow[] = [
  sys(2, 'open', [PathBytes, OpenFlags, OpenMode(1)], (task, path, bits, mode) => openat(task, AT_FDCWD, path, bits, mode)),
  sys(3, 'close', [Fd], close),
  sys(22, 'pipe', [OutPipeFds], (task, ptr) => pipe2(task, ptr, 0)),
  sys(85, 'creat', [PathBytes, Mode], (task, path, mode) => openat(task, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)),
  sys(257, 'openat', [DirFd, PathBytes, OpenFlags, OpenMode(2)], openat),
  sys(293, 'pipe2', [OutPipeFds, flags(openFlags)], pipe2),
  sys(319, 'memfd_create', [CString(NAME_MAX + 1), flags(memfdFlags)], memfdCreate),
  sys(436, 'close_range', [Fd, Fd, flags({ CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC })], closeRange),
  sys(437, 'openat2', [DirFd, Path, Ptr, Size], openat2, 'RESOLVE_CACHED is always EAGAIN'),
];

