// The table of system calls: the families put together and indexed by number.
import { assert } from '../base/index.ts';
import { absentCalls } from './absent.ts';
import { fileFamilies } from './files/index.ts';
import { identityCalls } from './identity.ts';
import { ipcCalls } from './ipc/index.ts';
import { memoryCalls } from './memory.ts';
import { numaCalls } from './numa.ts';
import { peerCalls } from './peers.ts';
import { processCalls } from './process.ts';
import type { SyscallRow } from './row.ts';
import { schedulingCalls } from './scheduling.ts';
import { signalCalls } from './signals.ts';
import { systemCalls } from './system.ts';
import { threadCalls } from './threads.ts';
import { timeCalls } from './time.ts';

const families: readonly (readonly SyscallRow[])[] = [processCalls, identityCalls, memoryCalls, signalCalls, timeCalls, threadCalls, schedulingCalls, ipcCalls, peerCalls, numaCalls, absentCalls, systemCalls, ...fileFamilies];

function index(rows: readonly SyscallRow[]): readonly (SyscallRow | undefined)[] {
  const table: (SyscallRow | undefined)[] = [];
  for (const row of rows) {
    assert(!table[row.number], `system call ${row.number} has two rows: ${table[row.number]?.name} and ${row.name}`);
    table[row.number] = row;
  }
  return table;
}

/** Rows by number. */
export const syscalls = index(families.flat());
