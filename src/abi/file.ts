// Linux's numbers about files: types and permission bits, open flags, *at() flags, rename and xattr flags, capabilities. asm-generic/fcntl.h, linux/stat.h, linux/capability.h.

/** File types, in the upper four bits of a mode (inode(7)). */
export const S_IFMT = 0o170000, S_IFSOCK = 0o140000, S_IFLNK = 0o120000, S_IFREG = 0o100000, S_IFBLK = 0o060000, S_IFDIR = 0o040000, S_IFCHR = 0o020000, S_IFIFO = 0o010000;
export const S_ISUID = 0o4000, S_ISGID = 0o2000, S_ISVTX = 0o1000;

/** Permission to read, write, search or execute, as access(2) asks. */
export const R_OK = 4, W_OK = 2, X_OK = 1;

/** open(2), x86-64. */
export const O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_ACCMODE = 3, O_CREAT = 0o100, O_EXCL = 0o200, O_NOCTTY = 0o400, O_TRUNC = 0o1000, O_APPEND = 0o2000, O_NONBLOCK = 0o4000,
  O_DSYNC = 0o10000, O_ASYNC = 0o20000, O_DIRECT = 0o40000, O_LARGEFILE = 0o100000, O_DIRECTORY = 0o200000, O_NOFOLLOW = 0o400000, O_NOATIME = 0o1000000, O_CLOEXEC = 0o2000000,
  O_SYNC = 0o4010000, O_PATH = 0o10000000, O_TMPFILE = 0o20200000;

/** The *at() calls. */
export const AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200, AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000;

/** renameat2(2). */
export const RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4;

/** setxattr(2). */
export const XATTR_CREATE = 1, XATTR_REPLACE = 2;

/** capabilities(7): bit numbers. */
export const CAP_CHOWN = 0, CAP_DAC_OVERRIDE = 1, CAP_DAC_READ_SEARCH = 2, CAP_FOWNER = 3, CAP_FSETID = 4, CAP_KILL = 5, CAP_SETGID = 6, CAP_SETUID = 7, CAP_SETPCAP = 8,
  CAP_NET_BIND_SERVICE = 10, CAP_NET_RAW = 13, CAP_IPC_LOCK = 14, CAP_IPC_OWNER = 15, CAP_SYS_CHROOT = 18, CAP_SYS_PTRACE = 19, CAP_SYS_ADMIN = 21, CAP_SYS_NICE = 23, CAP_SYS_RESOURCE = 24, CAP_SYS_TIME = 25,
  CAP_MKNOD = 27, CAP_AUDIT_WRITE = 29, CAP_SETFCAP = 31;

/** Longest file name and longest path (with its NUL), in bytes. */
export const NAME_MAX = 255, PATH_MAX = 4096;

/** A device number in Linux's stat encoding. */
export const makedev = (major: number, minor: number): number => ((minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xff) << 12) >>> 0;
export const major = (dev: number): number => (dev >>> 8) & 0xfff;
export const minor = (dev: number): number => (dev & 0xff) | (dev >>> 12) & ~0xff;
