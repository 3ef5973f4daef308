// The processes of a container as one from outside sees them: what ps(1) shows.
import { MEMORY_BYTES, major, minor } from '../abi/index.ts';
import { busyNs, usedBytes } from './proc/machine-text.ts';
import { argumentBytes, sizes, stateOf } from './proc/process-text.ts';
import type { Kernel } from './kernel.ts';
import type { Process } from './task.ts';

/** Times in milliseconds since 1970 or of CPU use, sizes in bytes. */
export interface ProcessRow {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly uid: number;
  readonly gid: number;
  /** R, S, T, Z or X. */
  readonly state: string;
  readonly tty: string | undefined;
  /** It is in the foreground of its terminal. */
  readonly isForeground: boolean;
  readonly startedMs: number;
  readonly cpuMs: number;
  readonly virtualBytes: number;
  readonly residentBytes: number;
  readonly threads: number;
  readonly name: string;
  /** UTF-8; in brackets the name of one that has none. */
  readonly command: string;
}

const PTS_MAJOR = 136;
const ttyName = (rdev: number): string => (major(rdev) === PTS_MAJOR ? `pts/${minor(rdev)}` : 'console');

function commandOf({ leader }: Process): string {
  const words = new TextDecoder().decode(argumentBytes(leader, 'arguments')).replace(/\0+$/, '').replaceAll('\0', ' ');
  return words === '' ? `[${leader.name}]${stateOf(leader) === 'Z' ? ' <defunct>' : ''}` : words;
}

function row(kernel: Kernel, process: Process): ProcessRow {
  const { leader, session, group } = process;
  const { total, resident } = sizes(leader);
  return {
    pid: process.pid, ppid: process.parent?.pid ?? 0, pgid: group.id, sid: session.id, uid: leader.credentials.euid, gid: leader.credentials.egid, state: stateOf(leader), tty: session.tty && ttyName(session.tty.rdev),
    isForeground: session.tty?.foreground === group.id, startedMs: Number((kernel.realtimeNs() - (kernel.monotonicNs() - process.startNs)) / 1_000_000n), cpuMs: Number(process.userNs / 1_000_000n), virtualBytes: total,
    residentBytes: resident, threads: process.tasks.size, name: leader.name, command: commandOf(process),
  };
}

export const processTable = (kernel: Kernel): ProcessRow[] => [...kernel.processes.values()].map((process) => row(kernel, process));

/** What a container uses: sizes in bytes. */
export interface Usage { readonly memoryBytes: number; readonly limitBytes: number; readonly busyNs: bigint; readonly tasks: number }

export const usageOf = (kernel: Kernel): Usage =>
  ({ memoryBytes: usedBytes(kernel), limitBytes: kernel.resources.memoryBytes ?? MEMORY_BYTES, busyNs: busyNs(kernel), tasks: kernel.tasks.size });
