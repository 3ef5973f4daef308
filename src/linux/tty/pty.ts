// Pseudo-terminals: a master file and a slave terminal joined back to back, and the table behind /dev/pts. pty(7).
import { EAGAIN, EIO, makedev } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Inode, OpenFile, Place } from '../../vfs/index.ts';
import { ByteQueue } from '../files/byte-queue.ts';
import { Tty } from './tty.ts';
import type { TtyKernel } from './tty.ts';

const OUTPUT_LIMIT = 8192;
export const PTS_MAJOR = 136;

/** Both sides of one pseudo-terminal. */
export class Pty {
  readonly index: number;
  readonly tty: Tty;
  /** TIOCSPTLCK: the slave cannot be opened until the master unlocks it. */
  locked = true;
  /** Who may use the slave: the user that opened the master. */
  readonly owner: { uid: number; gid: number };
  readonly output = new ByteQueue(OUTPUT_LIMIT);
  /** Woken when the master may read or write. */
  readonly masterChanged = new WaitQueue();

  constructor(index: number, owner: { uid: number; gid: number }, kernel: TtyKernel) {
    this.index = index;
    this.owner = owner;
    this.tty = new Tty(makedev(PTS_MAJOR, index), {
      write: (bytes) => this.#show(bytes),
      room: () => this.output.free,
    }, kernel);
    this.tty.changed.add(() => this.masterChanged.wake());
  }

  /** Whether the slave was open once and is not now: the master then reads EIO. */
  get slaveGone(): boolean { return this.tty.everOpened && this.tty.opens === 0; }

  #show(bytes: Uint8Array): void {
    this.output.push(bytes);
    this.masterChanged.wake();
  }
}

/** The file that opening /dev/ptmx gives. */
export class PtyMaster implements OpenFile {
  readonly stream = true;
  readonly pty: Pty;
  readonly inode: Inode;
  readonly changed: WaitQueue;
  readonly #onClose: () => void;

  constructor(pty: Pty, inode: Inode, onClose: () => void) {
    this.pty = pty;
    this.inode = inode;
    this.changed = pty.masterChanged;
    this.#onClose = onClose;
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    const { output, tty } = this.pty;
    if (output.length === 0) {
      if (this.pty.slaveGone) throw EIO;
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    const count = output.shift(into);
    tty.changed.wake();
    return count;
  }

  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (from.length === 0) return 0;
    const count = Math.min(from.length, this.pty.tty.discipline.room);
    if (count === 0) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    this.pty.tty.receive(from.subarray(0, count));
    return count;
  }

  poll(): number {
    const { output, tty } = this.pty;
    return (output.length > 0 ? POLLIN : 0) | (tty.discipline.room > 0 ? POLLOUT : 0) | (this.pty.slaveGone ? POLLHUP : 0);
  }

  available(): number { return this.pty.output.length; }

  close(): void {
    this.pty.tty.hangUp();
    this.#onClose();
  }
}

/** All pseudo-terminals of a machine, by number. */
export class Ptys {
  readonly #ptys = new Map<number, Pty>();
  readonly #kernel: TtyKernel;
  /** Where /dev/pts/N lies; set by whoever mounts /dev/pts. */
  nodeOf: ((index: number) => Place | undefined) | undefined;
  /** Numbers below this are not given out: the console, when there is one, is /dev/pts/0. */
  first = 0;

  constructor(kernel: TtyKernel) { this.#kernel = kernel; }

  /** Opens a new master. */
  open(inode: Inode, owner: { uid: number; gid: number }): PtyMaster {
    let index = this.first;
    while (this.#ptys.has(index)) index++;
    const pty = new Pty(index, owner, this.#kernel);
    this.#ptys.set(index, pty);
    return new PtyMaster(pty, inode, () => this.#ptys.delete(index));
  }

  get(index: number): Pty | undefined { return this.#ptys.get(index); }
  all(): Pty[] { return [...this.#ptys.values()].sort((a, b) => a.index - b.index); }
}
