// Calls that move bytes: read, write and their vector and positioned forms, lseek, sendfile, copy_file_range, splice, tee. read(2), readv(2), lseek(2), sendfile(2), splice(2).
import {
  EBADF, EINVAL, EISDIR, ENXIO, EOPNOTSUPP, EOVERFLOW, ESPIPE, EAGAIN, MAX_RW_COUNT, S_IFDIR, S_IFREG, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET, isType, seekWhence,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { DirectoryFile, EpollFile, EventFile, InotifyFile, MemoryDeviceFile, PipeEnd, settleMappings, SignalFile, TimerFile } from '../../linux/index.ts';
import type { Description, Task } from '../../linux/index.ts';
import { Fd, Hex, InBuf, Int, Long, Offset, OutBuf, Size, flags, oneOf, pointed } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { gather, piecesOf, readablePart, scatter, totalOf, writablePart } from './memory.ts';
import type { Piece } from './memory.ts';
import { isStream, positioned, readFrom, requireReadable, requireWritable, writeAll, writeTo } from './transfer.ts';

/** What is moved at most in one step through an array of our own. */
const STEP = 1 << 17;

/** read(2). */
export function read(task: Task, fd: number, ptr: number, count: number): number | Wait {
  return readPiece(task, task.files.get(fd), { ptr, length: Math.min(count, MAX_RW_COUNT) });
}

function readPiece(task: Task, description: Description, piece: Piece, at?: number): number | Wait {
  requireReadable(description);
  return readFrom(task, description, writablePart(task.memory, piece.ptr, piece.length), at);
}

/** write(2). */
export function write(task: Task, fd: number, ptr: number, count: number): number | Wait {
  const description = task.files.get(fd);
  requireWritable(description);
  return writeAll(task, description, readablePart(task.memory, ptr, Math.min(count, MAX_RW_COUNT)));
}

function pread(task: Task, fd: number, ptr: number, count: number, offset: number): number | Wait {
  return readPiece(task, positioned(task, fd, offset), { ptr, length: Math.min(count, MAX_RW_COUNT) }, offset);
}

function pwrite(task: Task, fd: number, ptr: number, count: number, offset: number): number | Wait {
  const description = positioned(task, fd, offset);
  requireWritable(description);
  return writeAll(task, description, readablePart(task.memory, ptr, Math.min(count, MAX_RW_COUNT)), offset);
}

/** Reads into several pieces: a stream gives what one read gives, other files fill piece after piece. */
function readPieces(task: Task, description: Description, pieces: readonly Piece[], at?: number): number | Wait {
  requireReadable(description);
  const filled = pieces.filter((piece) => piece.length > 0);
  if (filled.length <= 1) return readPiece(task, description, filled[0] ?? { ptr: 0, length: 0 }, at);
  if (!isStream(description)) return readInTurn(task, description, filled, at);
  const bytes = new Uint8Array(Math.min(totalOf(filled), STEP));
  const count = readFrom(task, description, bytes, at);
  return count instanceof Wait ? count : scatter(task.memory, filled, bytes.subarray(0, count));
}

function readInTurn(task: Task, description: Description, pieces: readonly Piece[], at?: number): number | Wait {
  let done = 0;
  for (const piece of pieces) {
    const count = readPiece(task, description, piece, at === undefined ? undefined : at + done);
    if (count instanceof Wait) return done > 0 ? done : count;
    done += count;
    if (count < piece.length) break;
  }
  return done;
}

function readv(task: Task, fd: number, iovPtr: number, count: number): number | Wait {
  const description = task.files.get(fd);
  requireReadable(description);
  return readPieces(task, description, piecesOf(task, iovPtr, count));
}

function writePieces(task: Task, description: Description, iovPtr: number, count: number, at?: number): number | Wait {
  requireWritable(description);
  return writeAll(task, description, gather(task.memory, piecesOf(task, iovPtr, count)), at);
}

const writev = (task: Task, fd: number, iovPtr: number, count: number): number | Wait => writePieces(task, task.files.get(fd), iovPtr, count);

const RWF = { RWF_HIPRI: 1, RWF_DSYNC: 2, RWF_SYNC: 4, RWF_NOWAIT: 8, RWF_APPEND: 16 } as const;

/** preadv, preadv2: offset -1 is the file's own position (preadv2 only). */
function preadv2(task: Task, fd: number, iovPtr: number, count: number, offset: number, high: number, bits: number): number | Wait {
  if (bits & ~(RWF.RWF_HIPRI | RWF.RWF_DSYNC | RWF.RWF_SYNC)) throw EOPNOTSUPP;
  if (offset === -1 && high !== 0) return readv(task, fd, iovPtr, count);
  const description = positioned(task, fd, offset);
  requireReadable(description);
  return readPieces(task, description, piecesOf(task, iovPtr, count), offset);
}

function pwritev2(task: Task, fd: number, iovPtr: number, count: number, offset: number, high: number, bits: number): number | Wait {
  if (bits & ~(RWF.RWF_HIPRI | RWF.RWF_DSYNC | RWF.RWF_SYNC | RWF.RWF_APPEND)) throw EOPNOTSUPP;
  const ownPosition = offset === -1 && high !== 0;
  const description = ownPosition ? task.files.get(fd) : positioned(task, fd, offset);
  const end = bits & RWF.RWF_APPEND && !isStream(description) ? description.inode.stat().size : undefined;
  const written = ownPosition && end === undefined ? writev(task, fd, iovPtr, count) : writePieces(task, description, iovPtr, count, end ?? offset);
  if (ownPosition && end !== undefined && typeof written === 'number') description.position = end + written;
  if (bits & (RWF.RWF_DSYNC | RWF.RWF_SYNC) && typeof written === 'number') task.files.get(fd).file.sync?.();
  return written;
}

/** Where each kind of seek starts. */
const seekOrigins: Record<number, (description: Description) => number> = {
  [SEEK_SET]: () => 0,
  [SEEK_CUR]: (description) => description.position,
  [SEEK_END]: (description) => description.inode.stat().size,
};

/** Files that seek to nowhere: the offset stays 0. */
const unmoved = [MemoryDeviceFile, TimerFile, EventFile, SignalFile, EpollFile, InotifyFile];

/** lseek(2). */
function lseek(task: Task, fd: number, offset: number, whence: number): number {
  const description = task.files.get(fd);
  if (unmoved.some((kind) => description.file instanceof kind)) return 0;
  if (isStream(description)) throw ESPIPE;
  if (description.file instanceof DirectoryFile && whence !== SEEK_SET && whence !== SEEK_CUR) throw EINVAL;
  if (whence === SEEK_DATA || whence === SEEK_HOLE) return description.position = seekHole(description, offset, whence);
  const origin = seekOrigins[whence];
  if (!origin) throw EINVAL;
  const position = origin(description) + offset;
  if (position < 0 || position > Number.MAX_SAFE_INTEGER) throw EINVAL;
  return description.position = position;
}

/** Files that know of no holes are one run of data with a hole at its end. */
function seekHole({ file, inode }: Description, offset: number, whence: number): number {
  const { size } = inode.stat();
  if (offset < 0 || offset >= size) throw ENXIO;
  settleMappings(inode, 0, size);
  if (whence === SEEK_HOLE) return file.nextHole ? file.nextHole(offset) : size;
  const data = file.nextData ? file.nextData(offset) : offset;
  if (data === undefined) throw ENXIO;
  return data;
}

/** A position in guest memory, or the file's own when the pointer is NULL. */
class Cursor {
  readonly #task: Task;
  readonly #ptr: number;
  readonly at: number | undefined;

  constructor(task: Task, ptr: number, description: Description) {
    this.#task = task;
    this.#ptr = ptr;
    this.at = undefined;
    if (ptr === 0) return;
    this.at = Number(BigInt.asIntN(64, task.memory.readU64(ptr)));
    if (isStream(description)) throw ESPIPE;
    if (this.at < 0) throw EINVAL;
  }

  /** Where `done` bytes further is; undefined: the file's own position. */
  after(done: number): number | undefined { return this.at === undefined ? undefined : this.at + done; }
  /** Stores that `done` bytes were moved. */
  advance(done: number): void { if (this.at !== undefined) this.#task.memory.writeU64(this.#ptr, BigInt(this.at + done)); }
}

/** Moves up to `count` bytes from one file to another. A stream on either side ends the move when it has no more to give or take. */
function pump(task: Task, from: Description, fromCursor: Cursor, to: Description, toCursor: Cursor, count: number): number | Wait {
  let done = 0;
  const buffer = new Uint8Array(Math.min(STEP, count));
  while (done < count) {
    const room = roomOf(to);
    if (room === 0) {
      if (done > 0) break;
      if (to.nonblock) throw EAGAIN;
      return new Wait([to.file.changed!]);
    }
    const bytes = (isStream(to) ? buffer.slice(0, room) : buffer).subarray(0, Math.min(count - done, room));
    const got = readStep(task, from, bytes, fromCursor.after(done), done > 0);
    if (got instanceof Wait) return got;
    if (got === 0) break;
    const put = writeTo(task, to, bytes.subarray(0, got), toCursor.after(done), true);
    done += put as number;
    if ((put as number) < got || isStream(from)) break;
  }
  fromCursor.advance(done);
  toCursor.advance(done);
  return done;
}

function readStep(task: Task, from: Description, bytes: Uint8Array, at: number | undefined, some: boolean): number | Wait {
  try {
    const got = readFrom(task, from, bytes, at, some || from.nonblock);
    return got instanceof Wait && some ? 0 : got;
  } catch (error) {
    if (error === EAGAIN && some) return 0;
    throw error;
  }
}

/** What a file takes without waiting; files that never wait take anything. */
function roomOf(to: Description): number {
  if (to.file instanceof PipeEnd) return to.file.pipe.readers === 0 ? STEP : to.file.pipe.free;
  if (!isStream(to) || !to.file.poll) return STEP;
  return to.file.poll() & (4 | 8 | 16) ? 4096 : 0;
}

/** sendfile(2). */
function sendfile(task: Task, outFd: number, inFd: number, offsetPtr: number, count: number): number | Wait {
  const [to, from] = [task.files.get(outFd), task.files.get(inFd)];
  if (from.readable && isType(from.inode.mode, S_IFDIR)) throw EINVAL;
  requireReadable(from);
  requireWritable(to);
  if (isStream(from)) throw offsetPtr === 0 ? EINVAL : ESPIPE;
  if (to.append) throw EINVAL;
  return pump(task, from, new Cursor(task, offsetPtr, from), to, new Cursor(task, 0, to), Math.min(count, MAX_RW_COUNT));
}

/** copy_file_range(2). */
function copyFileRange(task: Task, inFd: number, inPtr: number, outFd: number, outPtr: number, count: number, bits: number): number | Wait {
  const [from, to] = [task.files.get(inFd), task.files.get(outFd)];
  if (bits !== 0) throw EINVAL;
  for (const description of [from, to]) if (isType(description.inode.mode, S_IFDIR)) throw EISDIR;
  for (const description of [from, to]) if (!isType(description.inode.mode, S_IFREG)) throw EINVAL;
  if (!from.readable || !to.writable || to.append) throw EBADF;
  for (const ptr of [inPtr, outPtr]) if (ptr !== 0 && task.memory.readU64(ptr) >> 63n) throw EOVERFLOW;
  const [fromCursor, toCursor] = [new Cursor(task, inPtr, from), new Cursor(task, outPtr, to)];
  const length = Math.min(count, MAX_RW_COUNT, Math.max(0, from.inode.stat().size - (fromCursor.at ?? from.position)));
  const [start, end] = [fromCursor.at ?? from.position, toCursor.at ?? to.position];
  if (from.inode === to.inode && Math.abs(start - end) < length) throw EINVAL;
  return pump(task, from, fromCursor, to, toCursor, length);
}

const SPLICE_F_NONBLOCK = 2;
const spliceFlags = { SPLICE_F_MOVE: 1, SPLICE_F_NONBLOCK, SPLICE_F_MORE: 4, SPLICE_F_GIFT: 8 } as const;
const ALL_SPLICE = 15;

/** splice(2): one of the two is a pipe. */
function splice(task: Task, inFd: number, inPtr: number, outFd: number, outPtr: number, count: number, bits: number): number | Wait {
  if (bits & ~ALL_SPLICE) throw EINVAL;
  if (count === 0) return 0;
  const [from, to] = [task.files.get(inFd), task.files.get(outFd)];
  requireReadable(from);
  requireWritable(to);
  if (!(from.file instanceof PipeEnd) && !(to.file instanceof PipeEnd)) throw EINVAL;
  if ((inPtr !== 0 && from.file instanceof PipeEnd) || (outPtr !== 0 && to.file instanceof PipeEnd)) throw ESPIPE;
  if (from.file instanceof PipeEnd && to.file instanceof PipeEnd && from.file.pipe === to.file.pipe) throw EINVAL;
  if (to.append && !isStream(to)) throw EINVAL;
  if (bits & SPLICE_F_NONBLOCK && from.file instanceof PipeEnd && from.file.pipe.length === 0 && from.file.pipe.writers > 0) throw EAGAIN;
  return pump(task, from, new Cursor(task, inPtr, from), to, new Cursor(task, outPtr, to), Math.min(count, MAX_RW_COUNT));
}

/** tee(2): copies from pipe to pipe and leaves the bytes where they are. */
function tee(task: Task, inFd: number, outFd: number, count: number, bits: number): number | Wait {
  if (bits & ~ALL_SPLICE) throw EINVAL;
  const [from, to] = [task.files.get(inFd), task.files.get(outFd)];
  requireReadable(from);
  requireWritable(to);
  if (!(from.file instanceof PipeEnd) || !(to.file instanceof PipeEnd) || from.file.pipe === to.file.pipe) throw EINVAL;
  const { pipe } = from.file;
  const nonblock = (bits & SPLICE_F_NONBLOCK) !== 0;
  if (count === 0) return 0;
  if (pipe.length === 0) {
    if (pipe.writers === 0) return 0;
    if (nonblock || from.nonblock) throw EAGAIN;
    return new Wait([pipe.readable]);
  }
  const bytes = new Uint8Array(Math.min(count, pipe.length, Math.max(roomOf(to), 1)));
  pipe.peek(bytes);
  return writeTo(task, to, bytes, undefined, nonblock || to.nonblock);
}

/** vmsplice(2): memory into a pipe, or a pipe into memory. */
function vmsplice(task: Task, fd: number, iovPtr: number, count: number): number | Wait {
  const description = task.files.get(fd);
  if (!(description.file instanceof PipeEnd)) throw EBADF;
  return description.writable ? writev(task, fd, iovPtr, count) : readv(task, fd, iovPtr, count);
}

const IovPtr = pointed((task, ptr, { args }) => {
  const pieces = piecesOf(task, ptr, Math.min(args[2] as number, 8));
  return `[${pieces.map((piece) => `{iov_base=0x${piece.ptr.toString(16)}, iov_len=${piece.length}}`).join(', ')}]`;
});
const OffsetPtr = pointed((task, ptr) => `[${task.memory.readU64(ptr)}]`);
const Whence = oneOf(seekWhence);

export const readWriteCalls: readonly SyscallRow[] = [
  sys(0, 'read', [Fd, OutBuf, Size], read),
  sys(1, 'write', [Fd, InBuf(2), Size], write),
  sys(8, 'lseek', [Fd, Offset, Whence], lseek),
  sys(17, 'pread64', [Fd, OutBuf, Size, Offset], pread),
  sys(18, 'pwrite64', [Fd, InBuf(2), Size, Offset], pwrite),
  sys(19, 'readv', [Fd, IovPtr, Int], readv),
  sys(20, 'writev', [Fd, IovPtr, Int], writev),
  sys(40, 'sendfile', [Fd, Fd, OffsetPtr, Size], sendfile),
  sys(275, 'splice', [Fd, OffsetPtr, Fd, OffsetPtr, Size, flags(spliceFlags)], splice),
  sys(276, 'tee', [Fd, Fd, Size, flags(spliceFlags)], tee),
  sys(278, 'vmsplice', [Fd, IovPtr, Int, Hex], vmsplice),
  sys(295, 'preadv', [Fd, IovPtr, Int, Offset, Long], (task, fd, iov, count, offset) => preadv2(task, fd, iov, count, offset, 0, 0)),
  sys(296, 'pwritev', [Fd, IovPtr, Int, Offset, Long], (task, fd, iov, count, offset) => pwritev2(task, fd, iov, count, offset, 0, 0)),
  sys(326, 'copy_file_range', [Fd, OffsetPtr, Fd, OffsetPtr, Size, Hex], copyFileRange),
  sys(327, 'preadv2', [Fd, IovPtr, Int, Offset, Long, flags(RWF)], (task, fd, iov, count, offset, _high, bits) => preadv2(task, fd, iov, count, offset, 1, bits)),
  sys(328, 'pwritev2', [Fd, IovPtr, Int, Offset, Long, flags(RWF)], (task, fd, iov, count, offset, _high, bits) => pwritev2(task, fd, iov, count, offset, 1, bits), 'RWF_NOWAIT is EOPNOTSUPP'),
];

