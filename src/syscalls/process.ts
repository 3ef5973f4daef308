// Calls about who a process is: ids, groups, sessions, names.
import { sys } from './row.ts';
import type { SyscallRow } from './row.ts';

export const processCalls: readonly SyscallRow[] = [
  sys(39, 'getpid', [], (task) => task.pid),
  sys(186, 'gettid', [], (task) => task.tid),
];
