// Pipes and FIFOs: a 64 KiB buffer between reading ends and writing ends. pipe(7).
import { EAGAIN, EBUSY, EINVAL, EPIPE, O_ACCMODE, O_RDONLY, O_RDWR, O_WRONLY } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Inode, OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';
import { ByteQueue } from './byte-queue.ts';

const PAGE = 4096;
const DEFAULT_CAPACITY = 16 * PAGE, LARGEST_CAPACITY = 1 << 20;

/** One page of a pipe: bytes not read yet, where in the page the next would go, and whether they are a packet of their own. */
interface Slot { length: number; end: number; packet?: boolean }

/** What all ends of one pipe share. As in Linux the bytes lie in pages: a small write goes into the last page or takes a new one, never both. */
export class Pipe {
  readonly #queue = new ByteQueue(DEFAULT_CAPACITY);
  readonly #slots: Slot[] = [];
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

  /** Bytes to read. */
  get length(): number { return this.#queue.length; }
  /** F_GETPIPE_SZ, in bytes. */
  get capacity(): number { return this.#queue.capacity; }
  /** Bytes that whole free pages take. */
  get free(): number { return this.capacity - this.#slots.length * PAGE; }

  /** Appends what fits and returns how much: 0 when nothing does. As packets, of a page at most, when `packets`. */
  push(from: Uint8Array, packets = false): number {
    let done = packets ? 0 : this.#appendToLast(from);
    while (done < from.length && this.free > 0) {
      const part = Math.min(PAGE, from.length - done);
      this.#slots.push(packets ? { length: part, end: PAGE, packet: true } : { length: part, end: part });
      done += part;
    }
    this.#queue.push(from.subarray(0, done));
    return done;
  }

  /** The odd part of a write joins the last page when it fits there. */
  #appendToLast(from: Uint8Array): number {
    const odd = from.length % PAGE;
    const last = this.#slots.at(-1);
    if (odd === 0 || !last || last.end + odd > PAGE) return 0;
    last.length += odd;
    last.end += odd;
    return odd;
  }

  peek(into: Uint8Array): number { return this.#queue.peek(into); }

  /** How much one read takes: bytes up to the end of the first packet. */
  #reach(most: number): number {
    let reach = 0;
    for (const slot of this.#slots) {
      reach += slot.length;
      if (slot.packet || reach >= most) break;
    }
    return Math.min(most, reach);
  }

  /** Takes up to into.length bytes, of one packet at most; what is left of that is lost. */
  shift(into: Uint8Array): number {
    const count = this.#queue.shift(into.subarray(0, this.#reach(into.length)));
    for (let left = count; left > 0;) {
      const first = this.#slots[0]!;
      const part = Math.min(left, first.length);
      first.length -= part;
      left -= part;
      if (first.packet) this.#queue.shift(new Uint8Array(first.length));
      if (first.packet || first.length === 0) this.#slots.shift();
    }
    return count;
  }

  clear(): void {
    this.#queue.clear();
    this.#slots.length = 0;
  }

  /** A queue that wakes with both directions, for ends opened O_RDWR. */
  either(): WaitQueue {
    const queue = new WaitQueue();
    this.readable.add(() => queue.wake());
    this.writable.add(() => queue.wake());
    return queue;
  }

  /** F_SETPIPE_SZ: rounds up to a power of two pages and returns the new capacity; EBUSY when the pages in use would not fit. */
  resize(bytes: number): number {
    if (bytes < 0 || bytes > LARGEST_CAPACITY) throw EINVAL;
    let capacity = PAGE;
    while (capacity < bytes) capacity *= 2;
    if (capacity < this.#slots.length * PAGE) throw EBUSY;
    this.#queue.resize(capacity);
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
  /** O_DIRECT: each write is a packet. */
  packets = false;
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
    if (pipe.length === 0) {
      if (pipe.writers === 0) return 0;
      if (nonblock) throw EAGAIN;
      return new Wait([pipe.readable]);
    }
    const count = pipe.shift(into);
    pipe.writable.wake();
    return count;
  }

  /** Writes of up to PIPE_BUF bytes happen whole or not at all; longer ones take what fits. Throws EPIPE without readers (the caller raises SIGPIPE). */
  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    const { pipe } = this;
    if (from.length === 0) return 0;
    if (pipe.readers === 0) throw EPIPE;
    const count = pipe.push(from, this.packets);
    if (count === 0) {
      if (nonblock) throw EAGAIN;
      return new Wait([pipe.writable]);
    }
    pipe.readable.wake();
    return count;
  }

  poll(): number {
    const { pipe } = this;
    let bits = 0;
    if (this.reads) {
      if (pipe.length > 0) bits |= POLLIN;
      if (pipe.writers === 0 && pipe.writerOpens !== this.#seenWriterOpens) bits |= POLLHUP;
    }
    if (this.writes) {
      if (pipe.free > 0) bits |= POLLOUT;
      if (pipe.readers === 0) bits |= POLLERR;
    }
    return bits;
  }

  /** FIONREAD. */
  available(): number { return this.pipe.length; }

  close(): void {
    const { pipe } = this;
    if (this.reads) pipe.readers--;
    if (this.writes) pipe.writers--;
    if (pipe.readers === 0 && pipe.writers === 0) pipe.clear();
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
