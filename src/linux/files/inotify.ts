// An inotify instance: watches on inodes and the queue of what happened to them. inotify(7).
import { EAGAIN, EEXIST, EINVAL, ENOSPC, IN_ALL_EVENTS, IN_IGNORED, IN_MASK_ADD, IN_MASK_CREATE, IN_ONESHOT, IN_Q_OVERFLOW, MAX_QUEUED_EVENTS, MAX_WATCHES } from '../../abi/index.ts';
import { latin1Bytes, Wait, WaitQueue } from '../../base/index.ts';
import { POLLIN } from '../../vfs/index.ts';
import type { FsEvents, Inode, Name, OpenFile, Watcher } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';

interface Event { readonly wd: number; readonly mask: number; readonly cookie: number; readonly name: Name | undefined }

const HEADER = 16;
/** A name with its NUL takes a multiple of the header's size. */
const sizeOf = ({ name }: Event): number => HEADER + (name === undefined ? 0 : Math.ceil((name.length + 1) / HEADER) * HEADER);

function encode(event: Event, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  into.fill(0);
  view.setInt32(0, event.wd, true);
  view.setUint32(4, event.mask, true);
  view.setUint32(8, event.cookie, true);
  view.setUint32(12, into.length - HEADER, true);
  if (event.name !== undefined) into.set(latin1Bytes(event.name), HEADER);
}

class Watch implements Watcher {
  readonly wd: number;
  readonly inode: Inode;
  mask: number;
  readonly #file: InotifyFile;

  constructor(file: InotifyFile, wd: number, inode: Inode, mask: number) {
    this.#file = file;
    this.wd = wd;
    this.inode = inode;
    this.mask = mask;
  }

  notify(mask: number, name: Name | undefined, cookie: number): void {
    if (!(mask & this.mask & IN_ALL_EVENTS)) return;
    this.#file.queue({ wd: this.wd, mask, cookie, name });
    if (this.mask & IN_ONESHOT) this.#file.remove(this.wd);
  }

  end(): void { this.#file.forget(this); }
}

export class InotifyFile implements OpenFile {
  readonly inode = anonymousInode('inotify');
  readonly stream = true;
  readonly changed = new WaitQueue();
  readonly #events: FsEvents;
  readonly #watches = new Map<number, Watch>();
  readonly #byInode = new Map<Inode, Watch>();
  readonly #queue: Event[] = [];
  #lastWd = 0;

  constructor(events: FsEvents) { this.#events = events; }

  /** inotify_add_watch(2): a further watch, or the old one of the same inode with another mask. Throws EEXIST, ENOSPC. */
  add(inode: Inode, mask: number): number {
    const old = this.#byInode.get(inode);
    if (old) {
      if (mask & IN_MASK_CREATE) throw EEXIST;
      old.mask = mask & IN_MASK_ADD ? old.mask | mask : mask;
      return old.wd;
    }
    if (this.#watches.size >= MAX_WATCHES) throw ENOSPC;
    const watch = new Watch(this, ++this.#lastWd, inode, mask);
    this.#watches.set(watch.wd, watch);
    this.#byInode.set(inode, watch);
    this.#events.watch(inode, watch);
    return watch.wd;
  }

  /** inotify_rm_watch(2). Throws EINVAL. */
  remove(wd: number): void {
    const watch = this.#watches.get(wd);
    if (!watch) throw EINVAL;
    this.#events.unwatch(watch.inode, watch);
    this.forget(watch);
  }

  /** A watch has ended. */
  forget(watch: Watch): void {
    this.#watches.delete(watch.wd);
    this.#byInode.delete(watch.inode);
    this.queue({ wd: watch.wd, mask: IN_IGNORED, cookie: 0, name: undefined });
  }

  /** One that equals the last one is not queued again. */
  queue(event: Event): void {
    const last = this.#queue.at(-1);
    if (last && last.wd === event.wd && last.mask === event.mask && last.cookie === event.cookie && last.name === event.name) return;
    if (this.#queue.length < MAX_QUEUED_EVENTS) this.#queue.push(event);
    else if (last?.mask !== IN_Q_OVERFLOW) this.#queue.push({ wd: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: undefined });
    this.changed.wake();
  }

  /** Bytes that can be read (FIONREAD). */
  available(): number { return this.#queue.reduce((sum, event) => sum + sizeOf(event), 0); }

  /** Whole events only. Throws EINVAL when not even one fits. */
  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (this.#queue.length === 0) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    let done = 0;
    for (let event = this.#queue[0]; event && done + sizeOf(event) <= into.length; event = this.#queue[0]) {
      encode(event, into.subarray(done, done += sizeOf(event)));
      this.#queue.shift();
    }
    if (done === 0) throw EINVAL;
    return done;
  }

  poll(): number { return this.#queue.length > 0 ? POLLIN : 0; }

  close(): void { for (const watch of this.#watches.values()) this.#events.unwatch(watch.inode, watch); }
}
