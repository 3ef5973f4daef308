// The interfaces of the virtual file system: Inode, OpenFile, FileSystem, Place. File systems see names, never paths; an absent method means "this kind of file cannot".
import type { Wait, WaitQueue } from '../base/index.ts';
import type { Mount } from './mounts.ts';

/** A file name: the bytes of one path component as a latin1 string (one char a byte), so that any bytes survive and a Map finds it. */
export type Name = string;

/** Whose rights count: the file-system ids of a task. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** The effective capabilities 0–31 as a bit mask (bit n is CAP_… n). */
  readonly capabilities: number;
}

/** An inode as reached through a mount. For a file, `parent` and `name` tell where it was found; a directory knows them itself. */
export interface Place {
  readonly mount: Mount;
  readonly inode: Inode;
  readonly parent?: Inode | undefined;
  readonly name?: Name | undefined;
}

/** What stat tells; times in nanoseconds since 1970. */
export interface Stat {
  dev: number;
  ino: number;
  /** Type and permission bits (S_IFMT and below). */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  /** Linux's encoding: minor & 0xff | major << 8 | (minor & ~0xff) << 12. */
  rdev: number;
  size: number;
  blksize: number;
  /** In units of 512 bytes. */
  blocks: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

/** What setattr may change; absent fields stay. Changing anything sets ctime. */
export interface SetAttr { mode?: number; uid?: number; gid?: number; size?: number; atimeNs?: bigint; mtimeNs?: bigint }

export interface DirEntry { name: Name; ino: number; /** S_IFMT bits of the entry's mode. */ type: number }

/** Who creates a file, and how. */
export interface CreateAttr { mode: number; uid: number; gid: number; rdev?: number; /** Symbolic links only: the target, latin1 bytes. */ target?: string | undefined }

/** One file of any type. The same file is the same object for as long as anything refers to it. Methods throw Errno values. */
export interface Inode {
  readonly fs: FileSystem;
  readonly ino: number;
  /** Type and permission bits, without the cost of a whole stat. */
  readonly mode: number;
  /** The owners, likewise; absent: ask stat. */
  readonly uid?: number;
  readonly gid?: number;
  /** Something is mounted here, or was, in some mount table: worth looking. Set by MountTable. */
  covered?: boolean;
  /** `parent` and `name` are the file's only name: they tell where it lies, also after a rename. */
  readonly soleName?: boolean;
  /** Where a directory lies, or lay when it was removed (`..` still leads there); undefined for the root of a file system. Other files: one place where they may be found. */
  readonly parent?: Inode | undefined;
  readonly name?: Name | undefined;
  stat(): Stat;
  /** A name for the content that no other content has, for caches; undefined when there is none (written to, or generated). */
  identity?(): string | undefined;
  setattr?(change: SetAttr): void;
  /** Opens regular files, directories are opened by the caller through readdir. `flags` are O_*; permissions were checked. */
  open?(flags: number): OpenFile;
  /** Symbolic links: the target. */
  readlink?(): string;
  /** Magic links (/proc/self/fd/3, /proc/self/exe): the place they lead to, bypassing path walking. undefined: nothing is there (ENOENT). */
  follow?(): Place | undefined;
  /** Directories: the child, or undefined when there is none. Never sees "." or "..". */
  lookup?(name: Name): Inode | undefined;
  /** The same from bytes[from, to), whose hashName is `hash`; absent: `lookup` is asked. */
  lookupBytes?(bytes: Uint8Array, from: number, to: number, hash: number): Inode | undefined;
  /** Directories: every entry except "." and "..", in an order that stays while the directory does. */
  readdir?(): DirEntry[];
  /** Creates a file of the type in `attr.mode` (regular, directory, symlink, fifo, device, socket) under a name that is free. */
  create?(name: Name, attr: CreateAttr): Inode;
  /** A file with no name (O_TMPFILE); `linkable`: it may get one. */
  createUnnamed?(attr: CreateAttr, linkable: boolean): Inode;
  link?(name: Name, target: Inode): void;
  /** Removes a name; `directory` tells rmdir from unlink (the walker has checked the type; ENOTEMPTY is the file system's). */
  unlink?(name: Name, directory: boolean): void;
  /** Moves `name` to `newName` in `newParent` of the same file system, replacing what is there (types were checked). */
  rename?(name: Name, newParent: Inode, newName: Name): void;
  /** Swaps the two names (RENAME_EXCHANGE). */
  exchange?(name: Name, newParent: Inode, newName: Name): void;
  getxattr?(name: string): Uint8Array | undefined;
  setxattr?(name: string, value: Uint8Array, flags: number): void;
  removexattr?(name: string): void;
  listxattr?(): string[];
  /** Directories: throws what hinders reading them, beside their permission bits. */
  demandReadable?(): void;
  /** Directories: returns when their names are durable. Absent: the whole file system is synchronised. */
  sync?(): void;
}

/** Poll bits, as in poll(2). */
export const POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32, POLLRDHUP = 0x2000;

/** An open file. Regular files are positional; streams (`stream: true`) ignore the position. The file position itself lives in the open file description (linux/). */
export interface OpenFile {
  readonly inode: Inode;
  readonly stream?: boolean;
  /** Up to into.length bytes; 0 at the end. `nonblock` asks for EAGAIN instead of a Wait. */
  read?(into: Uint8Array, position: number, nonblock: boolean): number | Wait;
  write?(from: Uint8Array, position: number, nonblock: boolean): number | Wait;
  truncate?(size: number): void;
  /** Promises room for the bytes [from, to); the size stays (fallocate(2)), or grows where `punch` is absent. Throws ENOSPC. */
  reserve?(from: number, to: number): void;
  /** Makes the bytes [from, to) a hole; the size stays. */
  punch?(from: number, to: number): void;
  /** Where data begins at or after the position, undefined when none follows; where a hole begins. Absent: the file is one run of data. */
  nextData?(position: number): number | undefined;
  nextHole?(position: number): number;
  /** A mapping shows the bytes: they stay after the last name and the last opener are gone. */
  mapped?(): void;
  /** Which of POLL* hold now. Absent: always readable and writable. */
  poll?(): number;
  /** Woken whenever poll() may have changed. */
  readonly changed?: WaitQueue;
  sync?(): void;
  close?(): void;
}

export interface FsStat { type: number; blockSize: number; blocks: number; blocksFree: number; files: number; filesFree: number; nameMax: number }

/** A file system that can be mounted. */
export interface FileSystem {
  /** As /proc/mounts names it: overlay, tmpfs, proc … */
  readonly type: string;
  readonly dev: number;
  readonly root: Inode;
  /** Calls treeChanged() for every change that may lead a known path elsewhere (see tree-version.ts), so that paths through it may be remembered. */
  readonly announces?: boolean;
  /** Nothing can be changed, whatever the mount says. */
  readonly readonly?: boolean;
  statfs(): FsStat;
  /** Absent: nothing is kept beyond memory. */
  sync?(): void;
}
