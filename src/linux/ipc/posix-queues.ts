// POSIX message queues: named queues ordered by priority, open as files. mq_overview(7).
import { EAGAIN, EBADF, EBUSY, EMSGSIZE, MQ_QUEUES_MAX, O_RDONLY, O_WRONLY, O_ACCMODE, S_IFREG } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Inode, OpenFile, Stat } from '../../vfs/index.ts';
import { anonymousInode } from '../files/anonymous.ts';
import type { Process } from '../task.ts';

export interface PosixMessage { readonly priority: number; readonly bytes: Uint8Array }

/** Who is told when a message comes to the empty queue (mq_notify). */
export interface Notification { readonly process: Process; readonly notify: () => void }

const QUEUE_FILE_SIZE = 80;

export class PosixQueue {
  readonly maxMessages: number;
  readonly maxSize: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly changed = new WaitQueue();
  /** Highest priority first, and in the order they came. */
  readonly messages: PosixMessage[] = [];
  notification: Notification | undefined;
  /** How many tasks wait for a message: they get it, and nobody is notified. */
  receivers = 0;

  constructor(attr: { maxMessages: number; maxSize: number; uid: number; gid: number; mode: number }) {
    this.maxMessages = attr.maxMessages;
    this.maxSize = attr.maxSize;
    this.uid = attr.uid;
    this.gid = attr.gid;
    this.mode = attr.mode;
  }

  /** mq_send(3). Throws EMSGSIZE, EAGAIN. */
  send(message: PosixMessage, nonblock: boolean): Wait | undefined {
    if (message.bytes.length > this.maxSize) throw EMSGSIZE;
    if (this.messages.length >= this.maxMessages) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    const wasEmpty = this.messages.length === 0;
    const place = this.messages.findIndex((m) => m.priority < message.priority);
    this.messages.splice(place < 0 ? this.messages.length : place, 0, message);
    if (wasEmpty && this.receivers === 0) this.#tell();
    this.changed.wake();
    return undefined;
  }

  /** A notification is for once. */
  #tell(): void {
    const told = this.notification;
    this.notification = undefined;
    told?.notify();
  }

  /** mq_receive(3) into a buffer of `size` bytes. Throws EMSGSIZE, EAGAIN. */
  receive(size: number, nonblock: boolean): PosixMessage | Wait {
    if (size < this.maxSize) throw EMSGSIZE;
    const message = this.messages.shift();
    if (message) {
      this.changed.wake();
      return message;
    }
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  /** mq_notify(3). Throws EBUSY when another asked before. */
  setNotification(notification: Notification | undefined, process: Process): void {
    if (!notification) {
      if (this.notification?.process === process) this.notification = undefined;
      return;
    }
    if (this.notification && !this.notification.process.zombie) throw EBUSY;
    this.notification = notification;
  }
}

/** An open queue: reading it as a file tells its state (mq_overview(7)). */
export class PosixQueueFile implements OpenFile {
  readonly inode: Inode;
  readonly queue: PosixQueue;
  readonly #access: number;

  constructor(queue: PosixQueue, flags: number) {
    this.queue = queue;
    this.#access = flags & O_ACCMODE;
    this.inode = queueInode(queue);
  }

  get changed(): WaitQueue { return this.queue.changed; }
  /** Throws EBADF. */
  demandReadable(): PosixQueue {
    if (this.#access === O_WRONLY) throw EBADF;
    return this.queue;
  }
  demandWritable(): PosixQueue {
    if (this.#access === O_RDONLY) throw EBADF;
    return this.queue;
  }

  read(into: Uint8Array, position: number): number {
    const size = this.queue.messages.reduce((sum, m) => sum + m.bytes.length, 0);
    const text = `QSIZE:${String(size).padEnd(10)} NOTIFY:${'0'.padEnd(5)} SIGNO:${'0'.padEnd(5)} NOTIFY_PID:${String(this.queue.notification?.process.pid ?? 0).padEnd(6)}\n`;
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0)).subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  poll(): number {
    return (this.queue.messages.length > 0 ? POLLIN : 0) | (this.queue.messages.length < this.queue.maxMessages ? POLLOUT : 0);
  }
}

const inodes = new WeakMap<PosixQueue, Inode>();

function queueInode(queue: PosixQueue): Inode {
  const known = inodes.get(queue);
  if (known) return known;
  const base = anonymousInode('mqueue');
  const mode = S_IFREG | queue.mode;
  const stat = (): Stat => ({ ...base.stat(), mode, uid: queue.uid, gid: queue.gid, size: QUEUE_FILE_SIZE });
  const inode: Inode = { fs: base.fs, ino: base.ino, mode, stat };
  inodes.set(queue, inode);
  return inode;
}

export class PosixQueues {
  readonly byName = new Map<string, PosixQueue>();
  get full(): boolean { return this.byName.size >= MQ_QUEUES_MAX; }
}
