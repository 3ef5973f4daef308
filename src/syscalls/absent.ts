// Calls whose subject is not in a container or not in this kernel, and what they answer: as Docker's containers and Linux 6.1 do.
import { EINTR, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } from '../abi/index.ts';
import type { Errno } from '../abi/index.ts';
import type { Task } from '../linux/index.ts';
import { Int, Ptr, Size, UInt } from './codec.ts';
import { readString } from './codec.ts';
import { refuse, sys } from './row.ts';
import type { SyscallRow } from './row.ts';

/** What needs a capability that containers do not have. */
const privileged: readonly (readonly [number, string, string])[] = [
  [153, 'vhangup', 'no CAP_SYS_TTY_CONFIG'], [163, 'acct', 'no CAP_SYS_PACCT'], [167, 'swapon', 'no CAP_SYS_ADMIN'], [168, 'swapoff', 'no CAP_SYS_ADMIN'], [172, 'iopl', 'no CAP_SYS_RAWIO'], [173, 'ioperm', 'no CAP_SYS_RAWIO'],
  [175, 'init_module', 'no CAP_SYS_MODULE'], [176, 'delete_module', 'no CAP_SYS_MODULE'], [179, 'quotactl', 'no CAP_SYS_ADMIN'], [246, 'kexec_load', 'no CAP_SYS_BOOT'], [248, 'add_key', 'keys are not for containers'],
  [249, 'request_key', 'keys are not for containers'], [250, 'keyctl', 'keys are not for containers'], [313, 'finit_module', 'no CAP_SYS_MODULE'], [320, 'kexec_file_load', 'no CAP_SYS_BOOT'], [428, 'open_tree', 'no CAP_SYS_ADMIN'],
  [429, 'move_mount', 'no CAP_SYS_ADMIN'], [430, 'fsopen', 'no CAP_SYS_ADMIN'], [431, 'fsconfig', 'no CAP_SYS_ADMIN'], [432, 'fsmount', 'no CAP_SYS_ADMIN'], [433, 'fspick', 'no CAP_SYS_ADMIN'],
  [442, 'mount_setattr', 'no CAP_SYS_ADMIN'], [443, 'quotactl_fd', 'no CAP_SYS_ADMIN'],
];

/** Numbers that Linux itself answers with ENOSYS: never built, or taken out before 6.1. */
const gone: readonly (readonly [number, string])[] = [
  [134, 'uselib'], [156, '_sysctl'], [174, 'create_module'], [177, 'get_kernel_syms'], [178, 'query_module'], [180, 'nfsservctl'], [181, 'getpmsg'], [182, 'putpmsg'], [183, 'afs_syscall'], [184, 'tuxcall'], [185, 'security'],
  [212, 'lookup_dcookie'], [214, 'epoll_ctl_old'], [215, 'epoll_wait_old'], [236, 'vserver'],
];

/** Calls that came after 6.1. */
const later: readonly (readonly [number, string])[] = [
  [451, 'cachestat'], [453, 'map_shadow_stack'], [454, 'futex_wake'], [455, 'futex_wait'], [456, 'futex_requeue'], [457, 'statmount'], [458, 'listmount'], [459, 'lsm_get_self_attr'], [460, 'lsm_set_self_attr'], [461, 'lsm_list_modules'],
  [462, 'mseal'],
];

const rows = (names: readonly (readonly [number, string, string?])[], errno: Errno, why: string): SyscallRow[] => names.map(([number, name, own]) => refuse(number, name, errno, own ?? why));

const fileSystemTypes = ['overlay', 'tmpfs', 'proc', 'sysfs', 'devpts', 'mqueue'];

/** sysfs(2): the names of file-system types by index, and back. */
function sysfs(task: Task, option: number, first: number, ptr: number): number {
  if (option === 3) return fileSystemTypes.length;
  if (option === 1) {
    const index = fileSystemTypes.indexOf(readString(task, first, 256));
    if (index < 0) throw EINVAL;
    return index;
  }
  const name = option === 2 ? fileSystemTypes[first] : undefined;
  if (name === undefined) throw EINVAL;
  task.memory.writable(ptr, name.length + 1).set(Uint8Array.from(`${name}\0`, (c) => c.charCodeAt(0)));
  return 0;
}

/** ustat(2) knows only file systems on a device, by its number; a container has none. */
function ustat(): never { throw EINVAL; }

export const absentCalls: readonly SyscallRow[] = [
  ...rows(privileged, EPERM, ''), ...rows(gone, ENOSYS, 'not there in Linux either'), ...rows(later, ENOSYS, 'newer than the Linux 6.1 that uname tells'),
  sys(136, 'ustat', [UInt, Ptr], ustat, 'no file system lies on a device'),
  sys(139, 'sysfs', [Int, Size, Ptr], sysfs),
  sys(219, 'restart_syscall', [], () => { throw EINTR; }, 'calls are restarted without it'),
  refuse(444, 'landlock_create_ruleset', EOPNOTSUPP, 'Landlock is off'),
  refuse(445, 'landlock_add_rule', EOPNOTSUPP, 'Landlock is off'),
  refuse(446, 'landlock_restrict_self', EOPNOTSUPP, 'Landlock is off'),
  refuse(447, 'memfd_secret', ENOSYS, 'off, as where secretmem is not enabled'),
  refuse(448, 'process_mrelease', EINVAL, 'nothing is left to release once a process has died'),
];
