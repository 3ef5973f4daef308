// A terminal: line discipline, window size, session and foreground process group, and the open files on it.
import { EAGAIN, EIO, S_IFCHR, cc } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Inode, OpenFile } from '../../vfs/index.ts';
import { LineDiscipline } from './line-discipline.ts';
import type { ControllingTty, Session } from '../task.ts';
import type { Termios } from './termios.ts';

const SIGHUP = 1, SIGCONT = 18, SIGWINCH = 28;
const DECISECOND_NS = 100_000_000n;

/** The device on the other side: a real screen, or a pty master. */
export interface TtyDriver {
  /** Takes bytes to show. */
  write(bytes: Uint8Array): void;
  /** How many bytes it takes now; absent: any number. */
  room?(): number;
}

/** What a terminal asks of the rest of the kernel. */
export interface TtyKernel {
  monotonicNs(): bigint;
  /** Sends a signal to every process of a process group. */
  signalGroup(pgrp: number, signal: number): void;
}

export interface WindowSize { rows: number; columns: number; xpixel: number; ypixel: number }

export class Tty implements ControllingTty {
  readonly discipline: LineDiscipline;
  /** Linux device number, as in st_rdev. */
  readonly rdev: number;
  /** Woken when input, room for output, or a hangup came. */
  readonly changed = new WaitQueue();
  size: WindowSize = { rows: 0, columns: 0, xpixel: 0, ypixel: 0 };
  /** The session this is the controlling terminal of. */
  session: Session | undefined;
  /** The id of the foreground process group; 0: none. */
  foreground = 0;
  hungUp = false;
  exclusive = false;
  /** Open files on this side. */
  opens = 0;
  everOpened = false;
  readonly #driver: TtyDriver;
  readonly #kernel: TtyKernel;
  /** When the read that began last gives up (VTIME); undefined: it has not begun to wait. */
  #readDeadlineNs: bigint | undefined;

  constructor(rdev: number, driver: TtyDriver, kernel: TtyKernel) {
    this.rdev = rdev;
    this.#driver = driver;
    this.#kernel = kernel;
    this.discipline = new LineDiscipline({
      emit: (bytes) => driver.write(Uint8Array.from(bytes)),
      signal: (signal) => { if (this.foreground > 0) kernel.signalGroup(this.foreground, signal); },
      flow: () => this.changed.wake(),
    });
  }

  get termios(): Termios { return this.discipline.termios; }

  /** TCSETS: new settings. */
  configure(termios: Termios): void {
    this.discipline.configure(termios);
    this.changed.wake();
  }

  /** Bytes typed on the device. */
  receive(bytes: Uint8Array): void {
    this.discipline.receive(bytes);
    this.changed.wake();
  }

  /** TIOCSWINSZ, or the real window changed: SIGWINCH when it is a change. */
  resize(size: WindowSize): void {
    const old = this.size;
    this.size = size;
    if (old.rows === size.rows && old.columns === size.columns && old.xpixel === size.xpixel && old.ypixel === size.ypixel) return;
    if (this.foreground > 0) this.#kernel.signalGroup(this.foreground, SIGWINCH);
  }

  /** The device is gone: readers see the end of file, writers EIO, the session's leader and the foreground group SIGHUP. */
  hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    const groups = new Set([this.session?.id ?? 0, this.foreground]);
    this.release();
    for (const group of groups) for (const signal of [SIGHUP, SIGCONT]) if (group > 0) this.#kernel.signalGroup(group, signal);
    this.changed.wake();
  }

  /** It is no session's controlling terminal any more. */
  release(): void {
    if (this.session) this.session.tty = undefined;
    this.session = undefined;
    this.foreground = 0;
  }

  /** A read call begins: VTIME counts from here. */
  beginRead(): void { this.#readDeadlineNs = undefined; }

  read(into: Uint8Array, nonblock: boolean): number | Wait {
    if (this.hungUp) return 0;
    if (into.length === 0) return 0;
    return this.discipline.canonical ? this.#readLine(into, nonblock) : this.#readRaw(into, nonblock);
  }

  /** Writes through output processing; stops where the device has no room. */
  write(from: Uint8Array, nonblock: boolean): number | Wait {
    if (this.hungUp) throw EIO;
    if (from.length === 0) return 0;
    const room = this.discipline.stopped ? 0 : this.#driver.room?.() ?? Infinity;
    const out: number[] = [];
    let count = 0;
    while (count < from.length && out.length + LONGEST_COOKED <= room) out.push(...this.discipline.cook(from[count++]!));
    if (count === 0) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    this.#driver.write(Uint8Array.from(out));
    return count;
  }

  poll(): number {
    if (this.hungUp) return POLLIN | POLLOUT | POLLERR | POLLHUP;
    const readable = this.discipline.canonical ? this.discipline.hasInput : this.discipline.available >= this.#wantedToPoll();
    const writable = !this.discipline.stopped && (this.#driver.room?.() ?? Infinity) >= LONGEST_COOKED;
    return (readable ? POLLIN : 0) | (writable ? POLLOUT : 0);
  }

  #wantedToPoll(): number {
    const min = this.termios.cc[cc.VMIN]!;
    return this.termios.cc[cc.VTIME] === 0 && min > 0 ? min : 1;
  }

  #readLine(into: Uint8Array, nonblock: boolean): number | Wait {
    if (this.discipline.hasInput) return this.#take(into);
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  /** VMIN and VTIME: wait for so many bytes, at most so long (between bytes when VMIN is not 0). */
  #readRaw(into: Uint8Array, nonblock: boolean): number | Wait {
    const min = Math.min(this.termios.cc[cc.VMIN]!, into.length);
    const timeNs = BigInt(this.termios.cc[cc.VTIME]!) * DECISECOND_NS;
    const { available } = this.discipline;
    if (available >= Math.max(1, min) || (min === 0 && timeNs === 0n)) return this.#take(into);
    if (nonblock) {
      if (available === 0) throw EAGAIN;
      return this.#take(into);
    }
    if (timeNs === 0n || (min > 0 && available === 0)) return new Wait([this.changed]);
    const now = this.#kernel.monotonicNs();
    this.#readDeadlineNs ??= now + timeNs;
    if (now >= this.#readDeadlineNs) return this.#take(into);
    return new Wait([this.changed], this.#readDeadlineNs);
  }

  #take(into: Uint8Array): number {
    this.#readDeadlineNs = undefined;
    const count = this.discipline.take(into);
    this.changed.wake();
    return count;
  }
}

/** The longest that one byte becomes on the way out (a tab as spaces). */
const LONGEST_COOKED = 8;

/** An open terminal. */
export class TtyFile implements OpenFile {
  readonly stream = true;
  readonly tty: Tty;
  readonly inode: Inode;
  readonly changed: WaitQueue;

  constructor(tty: Tty, inode: Inode) {
    this.tty = tty;
    this.inode = inode;
    this.changed = tty.changed;
    tty.opens++;
    tty.everOpened = true;
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait { return this.tty.read(into, nonblock); }
  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait { return this.tty.write(from, nonblock); }
  poll(): number { return this.tty.poll(); }
  /** FIONREAD. */
  available(): number { return this.tty.discipline.available; }

  close(): void {
    this.tty.opens--;
    this.tty.changed.wake();
  }
}

/** The mode of terminal device nodes. */
export const TTY_MODE = S_IFCHR | 0o620;
