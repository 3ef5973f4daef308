// System V interprocess communication. sysvipc(7).
import type { SyscallRow } from '../row.ts';
import { messageCalls } from './messages.ts';
import { segmentCalls } from './segments.ts';
import { semaphoreCalls } from './semaphores.ts';

export const ipcCalls: readonly SyscallRow[] = [...semaphoreCalls, ...messageCalls, ...segmentCalls];
