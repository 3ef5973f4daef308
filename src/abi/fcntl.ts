// What file calls say beyond file.ts: fcntl commands, seek, locks, seals, memfd, fallocate, and the tables of flag names that traces print. asm-generic/fcntl.h, linux/falloc.h.
import {
  AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, O_APPEND, O_ASYNC, O_CLOEXEC, O_CREAT, O_DIRECT, O_DIRECTORY, O_DSYNC, O_EXCL, O_LARGEFILE, O_NOATIME,
  O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDWR, O_SYNC, O_TMPFILE, O_TRUNC, O_WRONLY, R_OK, RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK,
  S_IFMT, S_IFREG, S_IFSOCK, W_OK, X_OK, XATTR_CREATE, XATTR_REPLACE,
} from './file.ts';

/** Names for traces; flags of several bits come before the single bits they contain. */
export const openFlags = {
  O_TMPFILE, O_SYNC, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND, O_NONBLOCK, O_DSYNC, O_ASYNC, O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW, O_NOATIME, O_CLOEXEC, O_PATH,
} as const;
export const atFlags = { AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH } as const;
export const accessModes = { R_OK, W_OK, X_OK } as const;
export const renameFlags = { RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT } as const;
export const xattrFlags = { XATTR_CREATE, XATTR_REPLACE } as const;
export const fileTypes = { S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK, S_IFREG, S_IFLNK, S_IFSOCK } as const;

export const isType = (mode: number, type: number): boolean => (mode & S_IFMT) === type;
/** d_type of getdents64: the S_IFMT bits shifted down. */
export const direntType = (mode: number): number => (mode & S_IFMT) >> 12;

export const seekWhence = { SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2, SEEK_DATA: 3, SEEK_HOLE: 4 } as const;
export const { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE } = seekWhence;

export const fcntlCommands = {
  F_DUPFD: 0, F_GETFD: 1, F_SETFD: 2, F_GETFL: 3, F_SETFL: 4, F_GETLK: 5, F_SETLK: 6, F_SETLKW: 7, F_SETOWN: 8, F_GETOWN: 9, F_SETSIG: 10, F_GETSIG: 11, F_SETOWN_EX: 15, F_GETOWN_EX: 16,
  F_OFD_GETLK: 36, F_OFD_SETLK: 37, F_OFD_SETLKW: 38, F_SETLEASE: 1024, F_GETLEASE: 1025, F_NOTIFY: 1026, F_DUPFD_CLOEXEC: 1030, F_SETPIPE_SZ: 1031, F_GETPIPE_SZ: 1032, F_ADD_SEALS: 1033,
  F_GET_SEALS: 1034, F_GET_RW_HINT: 1035, F_SET_RW_HINT: 1036,
} as const;
export const FD_CLOEXEC = 1;

export const lockTypes = { F_RDLCK: 0, F_WRLCK: 1, F_UNLCK: 2 } as const;
export const { F_RDLCK, F_WRLCK, F_UNLCK } = lockTypes;
export const flockOperations = { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 } as const;
export const { LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN } = flockOperations;

export const seals = { F_SEAL_SEAL: 1, F_SEAL_SHRINK: 2, F_SEAL_GROW: 4, F_SEAL_WRITE: 8, F_SEAL_FUTURE_WRITE: 16 } as const;
export const { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE } = seals;
export const memfdFlags = { MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2, MFD_HUGETLB: 4 } as const;
export const fallocateModes = { FALLOC_FL_KEEP_SIZE: 1, FALLOC_FL_PUNCH_HOLE: 2, FALLOC_FL_COLLAPSE_RANGE: 8, FALLOC_FL_ZERO_RANGE: 16, FALLOC_FL_INSERT_RANGE: 32 } as const;

export const IOV_MAX = 1024, PIPE_BUF = 4096;
/** The largest count one read or write transfers (MAX_RW_COUNT). */
export const MAX_RW_COUNT = 0x7fff_f000;

/** utimensat(2): special tv_nsec values. */
export const UTIME_NOW = 0x3fff_ffff, UTIME_OMIT = 0x3fff_fffe;
