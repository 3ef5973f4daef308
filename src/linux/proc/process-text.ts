// What /proc/PID/{stat,status,maps,statm,limits,…} say of a task, as text. proc(5).
import { PROT_EXEC, PROT_READ, PROT_WRITE, RLIM_INFINITY, SIGCHLD, SIG_DFL, SIG_IGN, USER_HZ, major, minor } from '../../abi/index.ts';
import { PAGE_SIZE } from '../../guest/index.ts';
import { isResident, type Region } from '../regions.ts';
import type { Process, Task } from '../task.ts';
import { signalBit } from '../pending-signals.ts';
import { statusLine } from './text.ts';

const TICK_NS = 1_000_000_000n / BigInt(USER_HZ);
const ticks = (ns: bigint): bigint => ns / TICK_NS;

const stateLetters: Record<Task['state'], string> = { running: 'R', ready: 'R', blocked: 'S', stopped: 'T', dead: 'X' };
const stateWords: Record<string, string> = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie', X: 'dead' };

/** R, S, T, Z or X. */
export const stateOf = (task: Task): string => (task.process.zombie ? 'Z' : stateLetters[task.state]);

/** Bytes of address space and of memory in use; a zombie has none. */
export function sizes(task: Task): { total: number; resident: number; shared: number; text: number; data: number; stack: number } {
  const regions = task.process.zombie ? [] : task.space.regions;
  const sum = (which: (region: Region) => boolean): number => regions.filter(which).reduce((bytes, r) => bytes + r.end - r.start, 0);
  return {
    total: sum(() => true), resident: sum(isResident), shared: sum((r) => r.file !== undefined && isResident(r)), text: sum((r) => (r.prot & PROT_EXEC) !== 0),
    data: sum((r) => (r.prot & PROT_WRITE) !== 0), stack: sum((r) => r.label === '[stack]'),
  };
}

const parentPid = (process: Process): number => process.parent?.pid ?? 0;

/** /proc/PID/stat: 52 fields; those about paging and scheduling classes are 0 as for any idle counter. */
export function statText(task: Task): string {
  const { process, kernel } = task;
  const memory = sizes(task);
  const { tty } = process.session;
  const isProcess = task === process.leader;
  const userTicks = ticks(isProcess ? process.userNs : task.userNs);
  const { args, brkStart } = task.space;
  const fields = [
    task.tid, `(${task.name})`, stateOf(task), parentPid(process), process.group.id, process.session.id, tty?.rdev ?? 0, tty ? tty.foreground : -1, 0x400000,
    0, 0, 0, 0, userTicks, 0, ticks(process.childrenUserNs), 0, 20, 0, process.tasks.size, 0, ticks(process.startNs - kernel.bootNs),
    memory.total, Math.floor(memory.resident / PAGE_SIZE), RLIM_INFINITY, 0, 0, 0, 0, 0,
    0, 0, maskOf(process, SIG_IGN), maskOf(process, 'handled'), 0, 0, 0, process.exitSignal || SIGCHLD, 0, 0, 0, 0, 0, 0, 0, 0, brkStart, args.start, args.end, args.end, args.envEnd, process.exitStatus ?? 0,
  ];
  return `${fields.join(' ')}\n`;
}

/** The signals that a process ignores, or handles. */
function maskOf(process: Process, what: typeof SIG_IGN | 'handled'): bigint {
  let mask = 0n;
  for (let signal = 1; signal <= 64; signal++) {
    const { handler } = process.actions.get(signal);
    if (what === 'handled' ? handler !== SIG_DFL && handler !== SIG_IGN : handler === what) mask |= signalBit(signal);
  }
  return mask;
}

const hex16 = (value: bigint): string => value.toString(16).padStart(16, '0');
const kilobytes = (bytes: number): string => `${String(Math.floor(bytes / 1024)).padStart(8)} kB`;

/** /proc/PID/status. */
export function statusText(task: Task): string {
  const { process, credentials: c } = task;
  const letter = stateOf(task);
  const memory = sizes(task);
  const rows: [string, string | number][] = [
    ['Name', task.name], ['Umask', `0${task.fs.umask.toString(8).padStart(3, '0')}`], ['State', `${letter} (${stateWords[letter]})`], ['Tgid', process.pid], ['Ngid', 0], ['Pid', task.tid],
    ['PPid', parentPid(process)], ['TracerPid', 0], ['Uid', [c.uid, c.euid, c.suid, c.fsuid].join('\t')], ['Gid', [c.gid, c.egid, c.sgid, c.fsgid].join('\t')],
    ['FDSize', Math.max(64, 2 ** Math.ceil(Math.log2(Math.max(1, ...task.files.numbers().map((fd) => fd + 1)))))], ['Groups', c.groups.map((g) => `${g} `).join('') || ' '],
    ['NStgid', process.pid], ['NSpid', task.tid], ['NSpgid', process.group.id], ['NSsid', process.session.id],
  ];
  if (letter !== 'Z') {
    rows.push(
      ['VmPeak', kilobytes(memory.total)], ['VmSize', kilobytes(memory.total)], ['VmLck', kilobytes(0)], ['VmPin', kilobytes(0)], ['VmHWM', kilobytes(memory.resident)], ['VmRSS', kilobytes(memory.resident)],
      ['RssAnon', kilobytes(memory.resident - memory.shared)], ['RssFile', kilobytes(memory.shared)], ['RssShmem', kilobytes(0)], ['VmData', kilobytes(memory.data)], ['VmStk', kilobytes(memory.stack)],
      ['VmExe', kilobytes(memory.text)], ['VmLib', kilobytes(0)], ['VmPTE', kilobytes(0)], ['VmSwap', kilobytes(0)],
    );
  }
  rows.push(
    ['Threads', process.tasks.size], ['SigQ', `0/${process.limits[11]!.soft}`], ['SigPnd', hex16(task.pending.set)], ['ShdPnd', hex16(process.pending.set)], ['SigBlk', hex16(task.mask)],
    ['SigIgn', hex16(maskOf(process, SIG_IGN))], ['SigCgt', hex16(maskOf(process, 'handled'))], ['CapInh', hex16(c.inheritable)], ['CapPrm', hex16(c.permitted)], ['CapEff', hex16(c.effective)],
    ['CapBnd', hex16(c.bounding)], ['CapAmb', hex16(c.ambient)], ['NoNewPrivs', c.noNewPrivs ? 1 : 0], ['Seccomp', 0], ['Cpus_allowed', 1], ['Cpus_allowed_list', 0], ['Mems_allowed', 1],
    ['Mems_allowed_list', 0], ['voluntary_ctxt_switches', 0], ['nonvoluntary_ctxt_switches', 0],
  );
  return rows.map(([name, value]) => statusLine(name, value)).join('');
}

/** /proc/PID/statm: size, resident, shared, text, lib, data, dirty; in pages. */
export function statmText(task: Task): string {
  const memory = sizes(task);
  return `${[memory.total, memory.resident, memory.shared, memory.text, 0, memory.data, 0].map((bytes) => Math.ceil(bytes / PAGE_SIZE)).join(' ')}\n`;
}

const PATH_COLUMN = 73;

/** /proc/PID/maps. */
export function mapsText(task: Task): string {
  if (task.process.zombie) return '';
  return task.space.regions.map((region) => `${mapLine(region)}\n`).join('');
}

/** One line of maps, without its end. */
export function mapLine(region: Region): string {
  const address = (value: number): string => value.toString(16).padStart(8, '0');
  const rights = `${region.prot & PROT_READ ? 'r' : '-'}${region.prot & PROT_WRITE ? 'w' : '-'}${region.prot & PROT_EXEC ? 'x' : '-'}${region.object ? 's' : 'p'}`;
  const info = region.file?.file.inode.stat();
  const device = [major(info?.dev ?? 0), minor(info?.dev ?? 0)].map((n) => n.toString(16).padStart(2, '0')).join(':');
  const fixed = `${address(region.start)}-${address(region.end)} ${rights} ${address(info ? region.offset : 0)} ${device} ${info?.ino ?? 0} `;
  const path = region.file?.path ?? region.label ?? '';
  return path === '' ? fixed : fixed.padEnd(PATH_COLUMN) + path;
}

/** Rows of /proc/PID/limits, by RLIMIT number. */
const limitRows: readonly [string, string][] = [
  ['Max cpu time', 'seconds'], ['Max file size', 'bytes'], ['Max data size', 'bytes'], ['Max stack size', 'bytes'], ['Max core file size', 'bytes'], ['Max resident set', 'bytes'],
  ['Max processes', 'processes'], ['Max open files', 'files'], ['Max locked memory', 'bytes'], ['Max address space', 'bytes'], ['Max file locks', 'locks'], ['Max pending signals', 'signals'],
  ['Max msgqueue size', 'bytes'], ['Max nice priority', ''], ['Max realtime priority', ''], ['Max realtime timeout', 'us'],
];

/** /proc/PID/limits. */
export function limitsText(process: Process): string {
  const shown = (limit: bigint): string => (limit === RLIM_INFINITY ? 'unlimited' : String(limit));
  const line = (name: string, soft: string, hard: string, units: string): string => `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${units.padEnd(10)}\n`;
  return line('Limit', 'Soft Limit', 'Hard Limit', 'Units') + limitRows.map(([name, units], i) => line(name, shown(process.limits[i]!.soft), shown(process.limits[i]!.hard), units)).join('');
}

/** The bytes of argv (or envp) as they lie in the program's memory now. */
export function argumentBytes(task: Task, what: 'arguments' | 'environment'): Uint8Array {
  if (task.process.commandLine) return what === 'arguments' ? task.process.commandLine : new Uint8Array(0);
  const { args, memory } = task.space;
  const [start, end] = what === 'arguments' ? [args.start, args.end] : [args.end, args.envEnd];
  return task.process.zombie || start === 0 ? new Uint8Array(0) : memory.bytes.slice(start, end);
}
