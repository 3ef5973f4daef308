// epoll(7): a set of watched files that remembers which of them may be ready, so that waiting costs what is ready and not what is watched.
import { EEXIST, EINVAL, ELOOP, ENOENT, EPERM } from '../../abi/index.ts';
import { WaitQueue } from '../../base/index.ts';
import { POLLIN } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';
import type { Description } from './description.ts';
import { ALWAYS, readiness, POLLRDNORM } from './poll.ts';

export const EPOLLEXCLUSIVE = 1 << 28, EPOLLWAKEUP = 1 << 29, EPOLLONESHOT = 1 << 30, EPOLLET = (1 << 31) >>> 0;
const INPUT_FLAGS = (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET) >>> 0;
const EXCLUSIVE_ALLOWED = (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLET | 1 | 4 | ALWAYS) >>> 0;
const DEEPEST_NESTING = 5;

/** One watched descriptor. */
class Item {
  readonly fd: number;
  readonly description: Description;
  events: number;
  data: bigint;
  readonly stop: () => void;

  constructor(fd: number, description: Description, events: number, data: bigint, stop: () => void) {
    this.fd = fd;
    this.description = description;
    this.events = events;
    this.data = data;
    this.stop = stop;
  }

  /** The bits to report now. */
  ready(): number {
    const wanted = this.events & ~INPUT_FLAGS;
    return wanted === 0 ? 0 : readiness(this.description) & (wanted | ALWAYS);
  }
}

export interface EpollEvent { events: number; data: bigint }

export class EpollFile implements OpenFile {
  readonly inode = anonymousInode('eventpoll');
  readonly stream = true;
  readonly changed = new WaitQueue();
  /** By description, then by descriptor number: the same file may be watched under several numbers. */
  readonly #items = new Map<Description, Map<number, Item>>();
  /** Items that may be ready, in the order they became so. */
  readonly #maybe = new Set<Item>();

  /** EPOLL_CTL_ADD. EPERM when the file cannot be polled, EEXIST, ELOOP. */
  add(fd: number, description: Description, events: number, data: bigint): void {
    if (!description.file.poll) throw EPERM;
    if (description.file === this) throw EINVAL;
    if (events & EPOLLEXCLUSIVE && (description.file instanceof EpollFile || (events & ~EXCLUSIVE_ALLOWED) !== 0)) throw EINVAL;
    if (this.#items.get(description)?.has(fd)) throw EEXIST;
    if (description.file instanceof EpollFile) refuseLoops(this, description.file);
    this.#watch(fd, description, events, data);
  }

  /** EPOLL_CTL_MOD. */
  modify(fd: number, description: Description, events: number, data: bigint): void {
    const item = this.#find(fd, description);
    if (events & EPOLLEXCLUSIVE || item.events & EPOLLEXCLUSIVE) throw EINVAL;
    item.events = events;
    item.data = data;
    this.#consider(item);
  }

  /** EPOLL_CTL_DEL. */
  remove(fd: number, description: Description): void {
    this.#forget(this.#find(fd, description));
  }

  /** Takes up to `limit` events; empty when nothing is ready. */
  take(limit: number): EpollEvent[] {
    const taken: EpollEvent[] = [];
    const again: Item[] = [];
    for (const item of this.#maybe) {
      if (taken.length === limit) break;
      this.#maybe.delete(item);
      const events = item.ready();
      if (events === 0) continue;
      taken.push({ events, data: item.data });
      if (item.events & EPOLLONESHOT) item.events &= INPUT_FLAGS;
      else if (!(item.events & EPOLLET)) again.push(item);
    }
    for (const item of again) this.#maybe.add(item);
    return taken;
  }

  poll(): number {
    for (const item of this.#maybe) {
      if (item.ready() !== 0) return POLLIN | POLLRDNORM;
      this.#maybe.delete(item);
    }
    return 0;
  }

  close(): void {
    for (const items of [...this.#items.values()]) for (const item of [...items.values()]) this.#forget(item);
  }

  /** The epoll files among the watched ones. */
  nested(): EpollFile[] { return [...this.#items.keys()].map((d) => d.file).filter((file) => file instanceof EpollFile); }

  /** Lines of /proc/PID/fdinfo. */
  describe(): string[] {
    const all = [...this.#items.values()].flatMap((items) => [...items.values()]);
    return all.map((item) => `tfd: ${String(item.fd).padStart(8)} events: ${(item.events >>> 0).toString(16).padStart(8)} data: ${item.data.toString(16).padStart(16)}`);
  }

  #find(fd: number, description: Description): Item {
    const item = this.#items.get(description)?.get(fd);
    if (!item) throw ENOENT;
    return item;
  }

  #watch(fd: number, description: Description, events: number, data: bigint): void {
    const waiter = () => this.#consider(item);
    const forgetRelease = description.onRelease(() => this.#forget(item));
    const item = new Item(fd, description, events, data, () => {
      forgetRelease();
      description.file.changed?.remove(waiter);
    });
    description.file.changed?.add(waiter);
    const items = this.#items.get(description) ?? new Map<number, Item>();
    this.#items.set(description, items.set(fd, item));
    this.#consider(item);
  }

  #forget(item: Item): void {
    item.stop();
    this.#maybe.delete(item);
    const items = this.#items.get(item.description);
    items?.delete(item.fd);
    if (items?.size === 0) this.#items.delete(item.description);
  }

  #consider(item: Item): void {
    if (item.ready() === 0) return;
    this.#maybe.add(item);
    this.changed.wake();
  }
}

/** Throws ELOOP when watching `inner` from `outer` would close a circle or nest too deep. */
function refuseLoops(outer: EpollFile, inner: EpollFile): void {
  const depth = (file: EpollFile): number => {
    if (file === outer) throw ELOOP;
    return 1 + Math.max(0, ...file.nested().map(depth));
  };
  if (depth(inner) > DEEPEST_NESTING - 1) throw ELOOP;
}
