// System V and POSIX interprocess communication: commands, flags, limits and structures. linux/ipc.h, shm.h, sem.h, msg.h, mqueue.h (x86-64).
import { struct } from './struct.ts';

export const IPC_PRIVATE = 0;
export const ipcFlags = { IPC_CREAT: 0o1000, IPC_EXCL: 0o2000, IPC_NOWAIT: 0o4000 } as const;
export const { IPC_CREAT, IPC_EXCL, IPC_NOWAIT } = ipcFlags;
/** The commands that all three families have. */
const ipcCommands = { IPC_RMID: 0, IPC_SET: 1, IPC_STAT: 2, IPC_INFO: 3 } as const;
export const shmCommands = { ...ipcCommands, SHM_LOCK: 11, SHM_UNLOCK: 12, SHM_STAT: 13, SHM_INFO: 14, SHM_STAT_ANY: 15 } as const;
export const semCommands = { ...ipcCommands, GETPID: 11, GETVAL: 12, GETALL: 13, GETNCNT: 14, GETZCNT: 15, SETVAL: 16, SETALL: 17, SEM_STAT: 18, SEM_INFO: 19, SEM_STAT_ANY: 20 } as const;
export const msgCommands = { ...ipcCommands, MSG_STAT: 11, MSG_INFO: 12, MSG_STAT_ANY: 13 } as const;
/** shmat's flags; SHM_DEST and SHM_LOCKED show in shm_perm.mode. */
export const shmFlags = { SHM_RDONLY: 0o10000, SHM_RND: 0o20000, SHM_REMAP: 0o40000, SHM_EXEC: 0o100000 } as const;
export const SHM_HUGETLB = 0o4000, SHM_DEST = 0o1000, SHM_LOCKED = 0o2000;
export const SEM_UNDO = 0x1000;
export const msgFlags = { MSG_NOERROR: 0o10000, MSG_EXCEPT: 0o20000, MSG_COPY: 0o40000 } as const;

/** Limits as a Linux of today has them. */
export const SHMMNI = 4096, SHMALL = 2 ** 64 - 2 ** 24;
export const SEMMSL = 32000, SEMMNS = 1_024_000_000, SEMOPM = 500, SEMMNI = 32000, SEMVMX = 32767;
export const MSGMAX = 8192, MSGMNB = 16384, MSGMNI = 32000;
export const MQ_QUEUES_MAX = 256, MQ_MSG_MAX = 10, MQ_MSG_HARD_MAX = 65536, MQ_MSGSIZE_MAX = 8192, MQ_MSGSIZE_HARD_MAX = 16 * 2 ** 20, MQ_PRIO_MAX = 32768;

const perm = { key: ['i32', 0], uid: ['u32', 4], gid: ['u32', 8], cuid: ['u32', 12], cgid: ['u32', 16], mode: ['u32', 20], seq: ['u16', 24] } as const;
export const shmidLayout = struct(112, { ...perm, segsz: ['u64', 48], atime: ['i64', 56], dtime: ['i64', 64], ctime: ['i64', 72], cpid: ['i32', 80], lpid: ['i32', 84], nattch: ['u64', 88] });
export const semidLayout = struct(104, { ...perm, otime: ['i64', 48], ctime: ['i64', 64], nsems: ['u64', 80] });
export const msqidLayout = struct(120, { ...perm, stime: ['i64', 48], rtime: ['i64', 56], ctime: ['i64', 64], cbytes: ['u64', 72], qnum: ['u64', 80], qbytes: ['u64', 88], lspid: ['i32', 96], lrpid: ['i32', 100] });
export const shminfoLayout = struct(72, { shmmax: ['u64', 0], shmmin: ['u64', 8], shmmni: ['u64', 16], shmseg: ['u64', 24], shmall: ['u64', 32] });
export const shmInfoLayout = struct(48, { used_ids: ['i32', 0], shm_tot: ['u64', 8], shm_rss: ['u64', 16], shm_swp: ['u64', 24] });
export const seminfoLayout = struct(40, {
  semmap: ['i32', 0], semmni: ['i32', 4], semmns: ['i32', 8], semmnu: ['i32', 12], semmsl: ['i32', 16], semopm: ['i32', 20], semume: ['i32', 24], semusz: ['i32', 28], semvmx: ['i32', 32], semaem: ['i32', 36],
});
export const msginfoLayout = struct(32, { msgpool: ['i32', 0], msgmap: ['i32', 4], msgmax: ['i32', 8], msgmnb: ['i32', 12], msgmni: ['i32', 16], msgssz: ['i32', 20], msgtql: ['i32', 24], msgseg: ['u16', 28] });
export const sembufLayout = struct(6, { num: ['u16', 0], op: ['i16', 2], flags: ['u16', 4] });
export const mqAttrLayout = struct(64, { flags: ['i64', 0], maxmsg: ['i64', 8], msgsize: ['i64', 16], curmsgs: ['i64', 24] });
