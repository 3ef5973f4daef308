// Inodes of files without a name: pipes, sockets, epoll and event files. What fstat and /proc/PID/fd tell of them.
import { S_IFIFO, S_IFSOCK } from '../../abi/index.ts';
import type { FileSystem, Inode, OpenFile, Stat } from '../../vfs/index.ts';

/** The kinds of files the kernel makes without a directory entry: mode, device number, and what readlink of /proc/PID/fd says. */
const kinds = {
  pipe: { mode: S_IFIFO | 0o600, dev: 13, label: (ino: number) => `pipe:[${ino}]`, blksize: 4096 },
  socket: { mode: S_IFSOCK | 0o777, dev: 8, label: (ino: number) => `socket:[${ino}]`, blksize: 4096 },
  eventpoll: { mode: 0o600, dev: 15, label: () => 'anon_inode:[eventpoll]', blksize: 4096 },
  eventfd: { mode: 0o600, dev: 15, label: () => 'anon_inode:[eventfd]', blksize: 4096 },
  timerfd: { mode: 0o600, dev: 15, label: () => 'anon_inode:[timerfd]', blksize: 4096 },
  signalfd: { mode: 0o600, dev: 15, label: () => 'anon_inode:[signalfd]', blksize: 4096 },
  inotify: { mode: 0o600, dev: 15, label: () => 'anon_inode:inotify', blksize: 4096 },
  mqueue: { mode: 0o600, dev: 19, label: () => '/mqueue', blksize: 4096 },
  pidfd: { mode: 0o600, dev: 15, label: () => 'anon_inode:[pidfd]', blksize: 4096 },
} as const;
export type AnonymousKind = keyof typeof kinds;

const fileSystemNames: Readonly<Partial<Record<AnonymousKind, string>>> = { pipe: 'pipefs', socket: 'sockfs', mqueue: 'mqueue' };

class AnonymousFs implements FileSystem {
  readonly type: string;
  readonly dev: number;
  readonly root: Inode;
  constructor(kind: AnonymousKind) {
    this.type = fileSystemNames[kind] ?? 'anon_inodefs';
    this.dev = kinds[kind].dev;
    this.root = new AnonymousInode(kind, this, 1, { uid: 0, gid: 0 }, 0n);
  }
  statfs() {
    const type = { pipefs: 0x50495045, sockfs: 0x534f434b, mqueue: 0x19800202, anon_inodefs: 0x09041934 }[this.type]!;
    return { type, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0, nameMax: 255 };
  }
}

const fileSystems = new Map<AnonymousKind, AnonymousFs>();
function fileSystemOf(kind: AnonymousKind): AnonymousFs {
  const fs = fileSystems.get(kind) ?? new AnonymousFs(kind);
  fileSystems.set(kind, fs);
  return fs;
}

let nextIno = 1024;

export class AnonymousInode implements Inode {
  readonly fs: FileSystem;
  readonly ino: number;
  readonly kind: AnonymousKind;
  /** Opens the same file once more through /proc/PID/fd; absent: ENXIO. */
  reopen?: (flags: number) => OpenFile;
  #mode: number;
  #owner: { uid: number; gid: number };
  #timeNs: bigint;

  constructor(kind: AnonymousKind, fs: FileSystem, ino: number, owner: { uid: number; gid: number }, timeNs: bigint) {
    this.kind = kind;
    this.fs = fs;
    this.ino = ino;
    this.#mode = kinds[kind].mode;
    this.#owner = { uid: owner.uid, gid: owner.gid };
    this.#timeNs = timeNs;
  }

  get mode(): number { return this.#mode; }

  /** What a link in /proc/PID/fd reads as. */
  get label(): string { return kinds[this.kind].label(this.ino); }

  stat(): Stat {
    const { dev, blksize } = kinds[this.kind];
    return { dev, ino: this.ino, mode: this.#mode, nlink: 1, ...this.#owner, rdev: 0, size: 0, blksize, blocks: 0, atimeNs: this.#timeNs, mtimeNs: this.#timeNs, ctimeNs: this.#timeNs };
  }

  setattr(change: { mode?: number; uid?: number; gid?: number }): void {
    if (change.mode !== undefined) this.#mode = (this.#mode & ~0o7777) | (change.mode & 0o7777);
    this.#owner = { uid: change.uid ?? this.#owner.uid, gid: change.gid ?? this.#owner.gid };
  }
}

/** A new inode of the kind, owned by `owner`, created at `timeNs` (wall clock). */
export function anonymousInode(kind: AnonymousKind, owner: { uid: number; gid: number } = { uid: 0, gid: 0 }, timeNs = 0n): AnonymousInode {
  return new AnonymousInode(kind, fileSystemOf(kind), nextIno++, owner, timeNs);
}
