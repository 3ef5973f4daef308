// Layouts of the structures that file calls pass: stat, statx, statfs, dirent, flock, iovec, pollfd, epoll_event, times. x86-64 kernel ABI.
import { struct } from './struct.ts';

export const statLayout = struct(144, {
  st_dev: ['u64', 0], st_ino: ['u64', 8], st_nlink: ['u64', 16], st_mode: ['u32', 24], st_uid: ['u32', 28], st_gid: ['u32', 32], st_rdev: ['u64', 40], st_size: ['i64', 48],
  st_blksize: ['i64', 56], st_blocks: ['i64', 64], st_atime: ['i64', 72], st_atime_nsec: ['u64', 80], st_mtime: ['i64', 88], st_mtime_nsec: ['u64', 96], st_ctime: ['i64', 104],
  st_ctime_nsec: ['u64', 112],
});

export const statxLayout = struct(256, {
  stx_mask: ['u32', 0], stx_blksize: ['u32', 4], stx_attributes: ['u64', 8], stx_nlink: ['u32', 16], stx_uid: ['u32', 20], stx_gid: ['u32', 24], stx_mode: ['u16', 28], stx_ino: ['u64', 32],
  stx_size: ['u64', 40], stx_blocks: ['u64', 48], stx_attributes_mask: ['u64', 56], stx_atime: ['i64', 64], stx_atime_nsec: ['u32', 72], stx_btime: ['i64', 80], stx_btime_nsec: ['u32', 88],
  stx_ctime: ['i64', 96], stx_ctime_nsec: ['u32', 104], stx_mtime: ['i64', 112], stx_mtime_nsec: ['u32', 120], stx_rdev_major: ['u32', 128], stx_rdev_minor: ['u32', 132],
  stx_dev_major: ['u32', 136], stx_dev_minor: ['u32', 140], stx_mnt_id: ['u64', 144],
});
/** stx_mask bits: the basic fields, and the mount id. */
export const STATX_BASIC_STATS = 0x7ff, STATX_MNT_ID = 0x1000, STATX__RESERVED = 0x8000_0000;

export const statfsLayout = struct(120, {
  f_type: ['i64', 0], f_bsize: ['i64', 8], f_blocks: ['u64', 16], f_bfree: ['u64', 24], f_bavail: ['u64', 32], f_files: ['u64', 40], f_ffree: ['u64', 48], f_fsid: ['u64', 56],
  f_namelen: ['i64', 64], f_frsize: ['i64', 72], f_flags: ['i64', 80],
});

/** struct linux_dirent64 without its name, which follows at offset 19; records are padded to 8 bytes. */
export const dirent64Layout = struct(19, { d_ino: ['u64', 0], d_off: ['i64', 8], d_reclen: ['u16', 16], d_type: ['u8', 18] });

export const flockLayout = struct(32, { l_type: ['i16', 0], l_whence: ['i16', 2], l_start: ['i64', 8], l_len: ['i64', 16], l_pid: ['i32', 24] });
export const ownerExLayout = struct(8, { type: ['i32', 0], pid: ['i32', 4] });

export const iovecLayout = struct(16, { iov_base: ['u64', 0], iov_len: ['u64', 8] });
export const pollfdLayout = struct(8, { fd: ['i32', 0], events: ['i16', 4], revents: ['i16', 6] });
/** Packed on x86-64. */
export const epollEventLayout = struct(12, { events: ['u32', 0], data: ['u64', 4] });

export const timespecLayout = struct(16, { tv_sec: ['i64', 0], tv_nsec: ['i64', 8] });
export const timevalLayout = struct(16, { tv_sec: ['i64', 0], tv_usec: ['i64', 8] });
export const itimerspecLayout = struct(32, { interval_sec: ['i64', 0], interval_nsec: ['i64', 8], value_sec: ['i64', 16], value_nsec: ['i64', 24] });
export const utimbufLayout = struct(16, { actime: ['i64', 0], modtime: ['i64', 8] });

export const msghdrLayout = struct(56, { msg_name: ['u64', 0], msg_namelen: ['i32', 8], msg_iov: ['u64', 16], msg_iovlen: ['u64', 24], msg_control: ['u64', 32], msg_controllen: ['u64', 40], msg_flags: ['u32', 48] });
export const cmsghdrLayout = struct(16, { cmsg_len: ['u64', 0], cmsg_level: ['i32', 8], cmsg_type: ['i32', 12] });
export const ucredLayout = struct(12, { pid: ['i32', 0], uid: ['u32', 4], gid: ['u32', 8] });

export const signalfdSiginfoLayout = struct(128, {
  ssi_signo: ['u32', 0], ssi_errno: ['i32', 4], ssi_code: ['i32', 8], ssi_pid: ['u32', 12], ssi_uid: ['u32', 16], ssi_fd: ['i32', 20], ssi_tid: ['u32', 24], ssi_band: ['u32', 28],
  ssi_overrun: ['u32', 32], ssi_trapno: ['u32', 36], ssi_status: ['i32', 40], ssi_int: ['i32', 44], ssi_ptr: ['u64', 48], ssi_utime: ['u64', 56], ssi_stime: ['u64', 64], ssi_addr: ['u64', 72],
});
