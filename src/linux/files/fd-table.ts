// A process's file descriptors: small numbers that lead to open file descriptions.
import { EBADF, EINVAL, EMFILE } from '../../abi/index.ts';
import type { Description } from './description.ts';

/** One descriptor. */
interface Slot { readonly description: Description; closeOnExec: boolean }

export class FdTable {
  readonly #slots: (Slot | undefined)[] = [];
  /** No descriptor below this is free. */
  #lowestFree = 0;
  /** RLIMIT_NOFILE: one more than the largest descriptor. */
  limit: number;
  /** Called with the description a descriptor led to, when the descriptor is closed: POSIX record locks end then. */
  onClose: (description: Description, table: FdTable) => void = () => {};

  constructor(limit = 1024) { this.limit = limit; }

  /** The description of an open descriptor; throws EBADF. O_PATH descriptors count only with `path`. */
  get(fd: number, path = false): Description {
    const slot = this.#slots[fd];
    if (!slot || (slot.description.pathOnly && !path)) throw EBADF;
    return slot.description;
  }

  has(fd: number): boolean { return this.#slots[fd] !== undefined; }

  /** Puts the description under the lowest free number, at least `from`; throws EMFILE at the limit. */
  add(description: Description, closeOnExec = false, from = 0): number {
    let fd = Math.max(from, this.#lowestFree);
    while (this.#slots[fd]) fd++;
    if (fd >= this.limit) throw EMFILE;
    this.#put(fd, description, closeOnExec);
    if (from <= this.#lowestFree) this.#lowestFree = fd + 1;
    return fd;
  }

  /** Whether one more descriptor fits: calls that must not leave a half-made file behind ask first. Throws EMFILE. */
  requireRoom(count = 1): void {
    let free = 0;
    for (let fd = this.#lowestFree; fd < this.limit; fd++) if (!this.#slots[fd] && ++free === count) return;
    throw EMFILE;
  }

  /** fcntl(F_DUPFD): EINVAL when `from` is beyond the limit. */
  duplicate(fd: number, closeOnExec: boolean, from: number): number {
    const description = this.get(fd, true);
    if (from < 0 || from >= this.limit) throw EINVAL;
    return this.add(description, closeOnExec, from);
  }

  /** dup2 and dup3: `to` is closed first. The caller has dealt with fd === to. */
  duplicateTo(fd: number, to: number, closeOnExec: boolean): number {
    const description = this.get(fd, true);
    if (to < 0 || to >= this.limit) throw EBADF;
    description.retain();
    if (this.#slots[to]) this.close(to);
    this.#put(to, description, closeOnExec);
    description.release();
    return to;
  }

  close(fd: number): void {
    const slot = this.#slots[fd];
    if (!slot) throw EBADF;
    this.#slots[fd] = undefined;
    this.#lowestFree = Math.min(this.#lowestFree, fd);
    this.onClose(slot.description, this);
    slot.description.release();
  }

  hasCloseOnExec(fd: number): boolean {
    const slot = this.#slots[fd];
    if (!slot) throw EBADF;
    return slot.closeOnExec;
  }

  setCloseOnExec(fd: number, value: boolean): void {
    const slot = this.#slots[fd];
    if (!slot) throw EBADF;
    slot.closeOnExec = value;
  }

  /** The open descriptors, in ascending order. */
  numbers(): number[] {
    const open: number[] = [];
    for (let fd = 0; fd < this.#slots.length; fd++) if (this.#slots[fd]) open.push(fd);
    return open;
  }

  /** The table of a forked child: the same open files. */
  copy(): FdTable {
    const copy = new FdTable(this.limit);
    copy.onClose = this.onClose;
    for (const fd of this.numbers()) copy.#put(fd, this.#slots[fd]!.description, this.#slots[fd]!.closeOnExec);
    copy.#lowestFree = this.#lowestFree;
    return copy;
  }

  /** execve: closes what has FD_CLOEXEC. */
  closeOnExec(): void {
    for (const fd of this.numbers()) if (this.#slots[fd]!.closeOnExec) this.close(fd);
  }

  /** The last task that used it has ended. */
  closeAll(): void { for (const fd of this.numbers()) this.close(fd); }

  #put(fd: number, description: Description, closeOnExec: boolean): void {
    this.#slots[fd] = { description: description.retain(), closeOnExec };
  }
}
