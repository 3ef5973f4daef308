// Processes of the host, told apart even after a number was given to another one or the host was started anew: Linux's start time and boot id.
import { readFileSync } from 'node:fs';
import type { ProcessId, Processes } from '../ports.ts';

const text = (path: string): string => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };

/** Fields of /proc/PID/stat from the third on: the second, the name, may hold anything, and ends with the last `)`. */
const statOf = (pid: number | 'self'): string[] => { const stat = text(`/proc/${pid}/stat`); return stat.slice(stat.lastIndexOf(')') + 2).split(' '); };

const STATE = 0, START_TIME = 19;
const bootId = (): string => text('/proc/sys/kernel/random/boot_id').trim();

/** When a process began, as no other process of that number did; '' where the host does not tell (no /proc), 'gone' for one that has ended. */
function started(pid: number | 'self'): string {
  const fields = statOf(pid);
  const start = fields[START_TIME];
  if (start === undefined) return bootId() === '' ? '' : 'gone';
  return fields[STATE] === 'Z' || fields[STATE] === 'X' ? 'gone' : `${bootId()}:${start}`;
}

function exists(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch (error) { return (error as NodeJS.ErrnoException).code === 'EPERM'; }
}

let self: ProcessId | undefined;

export const nodeProcesses: Processes = {
  get self() { return self ??= { pid: process.pid, started: started('self') }; },
  isAlive: (id) => exists(id.pid) && started(id.pid) === id.started,
};
