// Pipes and FIFOs: a 64 KiB buffer between reading ends and writing ends. pipe(7).
import { EAGAIN, EBUSY, EINVAL, EPIPE, O_ACCMODE, O_RDONLY, O_RDWR, O_WRONLY, PIPE_BUF } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Inode, OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';
import { ByteQueue } from './byte-queue.ts';

const DEFAULT_CAPACITY = 65536, LARGEST_CAPACITY = 1 << 20;

/** What all ends of one pipe share. */
export class Pipe {
  readonly queue = new ByteQueue(DEFAULT_CAPACITY);
  readers = 0;
  writers = 0;
  /** How often an end was opened for reading or writing, ever: FIFO opens wait for the count to move. */
  readerOpens = 0;
  writerOpens = 0;
  /** Woken when bytes came or the last writer left. */
  readonly readable = new WaitQueue();
  /** Woken when room came or the last reader left. */
  readonly writable = new WaitQueue();
  /** Woken when an end is opened. */
  readonly opened = new WaitQueue();

  /** A queue that wakes with both directions, for ends opened O_RDWR. */
  either(): WaitQueue {
    const queue = new WaitQueue();
    this.readable.add(() => queue.wake());
    this.writable.add(() => queue.wake());
    return queue;
  }

  /** F_SETPIPE_SZ: rounds up to a power of two pages and returns the new capacity; EBUSY when the bytes in it would not fit. */
  resize(bytes: number): number {
    if (bytes > LARGEST_CAPACITY) throw EINVAL;
    let capacity = PIPE_BUF;
    while (capacity < bytes) capacity *= 2;
    if (capacity < this.queue.length) throw EBUSY;
    this.queue.resize(capacity);
    this.writable.wake();
    return capacity;
  }
}

/** One end (or, of a FIFO opened O_RDWR, both). */
export class PipeEnd implements OpenFile {
  readonly stream = true;
  readonly pipe: Pipe;
  readonly inode: Inode;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly changed: WaitQueue;
  /** writerOpens when this end was opened without a writer: POLLHUP needs one that came since. */
  readonly #seenWriterOpens: number;

  /** `access` is O_RDONLY, O_WRONLY or O_RDWR. */
  constructor(pipe: Pipe, inode: Inode, access: number) {
    this.pipe = pipe;
    this.inode = inode;
    this.reads = access !== O_WRONLY;
    this.writes = access !== O_RDONLY;
    this.changed = this.reads && this.writes ? pipe.either() : this.reads ? pipe.readable : pipe.writable;
    if (this.reads) { pipe.readers++; pipe.readerOpens++; }
    if (this.writes) { pipe.writers++; pipe.writerOpens++; }
    this.#seenWriterOpens = pipe.writers > 0 ? -1 : pipe.writerOpens;
    pipe.opened.wake();
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    const { pipe } = this;
    if (into.length === 0) return 0;
    if (pipe.queue.length === 0) {
      if (pipe.writers === 0) return 0;
      if (nonblock) throw EAGAIN;
      return new Wait([pipe.readable]);
    }
    const count = pipe.queue.shift(into);
    pipe.writable.wake();
    return count;
  }

  /** Writes of up to PIPE_BUF bytes happen whole or not at all; longer ones take what fits. Throws EPIPE without readers (the caller raises SIGPIPE). */
  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    const { pipe } = this;
    if (from.length === 0) return 0;
    if (pipe.readers === 0) throw EPIPE;
    const needed = Math.min(from.length, PIPE_BUF);
    if (pipe.queue.free < (from.length <= PIPE_BUF ? needed : 1)) {
      if (nonblock) throw EAGAIN;
      return new Wait([pipe.writable]);
    }
    const count = pipe.queue.push(from);
    pipe.readable.wake();
    return count;
  }

  poll(): number {
    const { pipe } = this;
    let bits = 0;
    if (this.reads) {
      if (pipe.queue.length > 0) bits |= POLLIN;
      if (pipe.writers === 0 && pipe.writerOpens !== this.#seenWriterOpens) bits |= POLLHUP;
    }
    if (this.writes) {
      if (pipe.queue.free >= PIPE_BUF) bits |= POLLOUT;
      if (pipe.readers === 0) bits |= POLLERR;
    }
    return bits;
  }

  /** FIONREAD. */
  available(): number { return this.pipe.queue.length; }

  close(): void {
    const { pipe } = this;
    if (this.reads) pipe.readers--;
    if (this.writes) pipe.writers--;
    if (pipe.readers === 0 && pipe.writers === 0) pipe.queue.clear();
    pipe.readable.wake();
    pipe.writable.wake();
  }
}

/** A pipe(2): its reading and its writing end. `owner` and `timeNs` (wall clock) are what fstat tells. */
export function makePipe(owner: { uid: number; gid: number }, timeNs: bigint): { reader: PipeEnd; writer: PipeEnd } {
  const pipe = new Pipe();
  const inode = anonymousInode('pipe', owner, timeNs);
  inode.reopen = (flags) => new PipeEnd(pipe, inode, flags & O_ACCMODE);
  return { reader: new PipeEnd(pipe, inode, O_RDONLY), writer: new PipeEnd(pipe, inode, O_WRONLY) };
}

/** The FIFOs that are open: one pipe per inode for as long as an end is open. */
export class Fifos {
  readonly #pipes = new WeakMap<Inode, Pipe>();

  pipeOf(inode: Inode): Pipe {
    const pipe = this.#pipes.get(inode) ?? new Pipe();
    this.#pipes.set(inode, pipe);
    return pipe;
  }

  /** Opens an end at once: what open(2) does before it waits for the other side. */
  open(inode: Inode, flags: number): PipeEnd { return new PipeEnd(this.pipeOf(inode), inode, flags & O_ACCMODE); }
}

/** Whether opening a FIFO with these flags has to wait for the other side: `opensBefore` are the counts of the other side's opens when this open began. */
export function fifoMustWait(pipe: Pipe, access: number, opensBefore: { readers: number; writers: number }): boolean {
  if (access === O_RDWR) return false;
  if (access === O_RDONLY) return pipe.writers === 0 && pipe.writerOpens === opensBefore.writers;
  return pipe.readers === 0 && pipe.readerOpens === opensBefore.readers;
}
