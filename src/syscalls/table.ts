// The table of system calls: the families put together and indexed by number.
import { assert } from '../base/index.ts';
import { fileFamilies } from './files/index.ts';
import { processCalls } from './process.ts';
import type { SyscallRow } from './row.ts';

const families: readonly (readonly SyscallRow[])[] = [processCalls, ...fileFamilies];

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
