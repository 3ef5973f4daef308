// What /proc says of the whole machine: cpuinfo, meminfo, stat, loadavg, uptime, … proc(5).
import { MEMORY_BYTES, USER_HZ } from '../../abi/index.ts';
import type { Kernel } from '../kernel.ts';
import type { Task } from '../task.ts';
import { isResident } from '../regions.ts';
import { kilobyteLine } from './text.ts';

/** Bytes of memory in use by all address spaces: of regions that are not mere reservations. */
export const usedBytes = (kernel: Kernel): number => {
  const spaces = new Set([...kernel.tasks.values()].map((task) => task.space));
  return [...spaces].flatMap((space) => space.regions.filter(isResident)).reduce((sum, region) => sum + region.end - region.start, 0);
};

/** MEMORY_BYTES less what is in use, in bytes; never negative. */
export const freeBytes = (kernel: Kernel): number => Math.max(0, MEMORY_BYTES - usedBytes(kernel));

/** /proc/meminfo. */
export function meminfoText(kernel: Kernel): string {
  const free = freeBytes(kernel);
  const rows: [string, number][] = [
    ['MemTotal', MEMORY_BYTES], ['MemFree', free], ['MemAvailable', free], ['Buffers', 0], ['Cached', 0], ['SwapCached', 0], ['Active', usedBytes(kernel)], ['Inactive', 0], ['SwapTotal', 0], ['SwapFree', 0],
    ['Dirty', 0], ['Writeback', 0], ['AnonPages', usedBytes(kernel)], ['Mapped', 0], ['Shmem', 0], ['KReclaimable', 0], ['Slab', 0], ['SReclaimable', 0], ['SUnreclaim', 0], ['PageTables', 0],
    ['CommitLimit', MEMORY_BYTES], ['Committed_AS', usedBytes(kernel)], ['VmallocTotal', 0], ['VmallocUsed', 0],
  ];
  return rows.map(([name, bytes]) => kilobyteLine(name, bytes)).join('');
}

/** The features that cpuid of the translator announces, by the kernel's names. */
const CPU_FLAGS = 'fpu tsc cx8 cmov clflush mmx fxsr sse sse2 syscall nx rdtscp lm constant_tsc rep_good nopl pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm';

/** /proc/cpuinfo: one processor. */
export function cpuinfoText(): string {
  const rows: [string, string | number][] = [
    ['processor', 0], ['vendor_id', 'GenuineIntel'], ['cpu family', 6], ['model', 26], ['model name', 'Wherry virtual CPU'], ['stepping', 5], ['cpu MHz', '1000.000'], ['cache size', '8192 KB'], ['physical id', 0], ['siblings', 1],
    ['core id', 0], ['cpu cores', 1], ['apicid', 0], ['initial apicid', 0], ['fpu', 'yes'], ['fpu_exception', 'yes'], ['cpuid level', 7], ['wp', 'yes'], ['flags', CPU_FLAGS], ['bugs', ''],
    ['bogomips', '2000.00'], ['clflush size', 64], ['cache_alignment', 64], ['address sizes', '48 bits physical, 48 bits virtual'], ['power management', ''],
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(name.length < 8 ? 8 : name.length)}\t: ${value}\n`.replace(/^(\S+) +\t/, '$1\t\t')).join('')}\n`;
}

/** /proc/vmstat, in pages: what is in use; nothing is ever swapped or written back. */
export function vmstatText(kernel: Kernel): string {
  const pages = (bytes: number): number => Math.floor(bytes / 4096);
  const rows: [string, number][] = [
    ['nr_free_pages', pages(freeBytes(kernel))], ['nr_anon_pages', pages(usedBytes(kernel))], ['nr_mapped', 0], ['nr_file_pages', 0], ['nr_dirty', 0], ['nr_writeback', 0], ['nr_shmem', 0], ['pgpgin', 0], ['pgpgout', 0], ['pswpin', 0],
    ['pswpout', 0], ['pgfault', 0], ['pgmajfault', 0], ['oom_kill', 0],
  ];
  return rows.map(([name, value]) => `${name} ${value}\n`).join('');
}

const SECOND_NS = 1_000_000_000n;
const TICK_NS = SECOND_NS / BigInt(USER_HZ);
const uptimeNs = (kernel: Kernel): bigint => kernel.monotonicNs() - kernel.bootNs;

/** CPU time of everything that has run. */
export function busyNs(kernel: Kernel): bigint {
  let sum = kernel.init.childrenUserNs;
  for (const process of kernel.processes.values()) sum += process.userNs;
  return sum;
}

const hundredths = (ns: bigint): string => `${ns / SECOND_NS}.${String((ns % SECOND_NS) / 10_000_000n).padStart(2, '0')}`;
const idleNs = (kernel: Kernel): bigint => { const idle = uptimeNs(kernel) - busyNs(kernel); return idle > 0n ? idle : 0n; };

/** /proc/uptime: since the machine started, and of that idle. */
export const uptimeText = (kernel: Kernel): string => `${hundredths(uptimeNs(kernel))} ${hundredths(idleNs(kernel))}\n`;

const isRunnable = (task: Task): boolean => task.state === 'running' || task.state === 'ready';
const runnable = (kernel: Kernel): number => [...kernel.tasks.values()].filter(isRunnable).length;
const lastPid = (kernel: Kernel): number => Math.max(0, ...kernel.tasks.keys());

/** /proc/stat. */
export function kernelStatText(kernel: Kernel): string {
  const line = `${busyNs(kernel) / TICK_NS} 0 0 ${idleNs(kernel) / TICK_NS} 0 0 0 0 0 0`;
  const bootSeconds = (kernel.realtimeNs() - uptimeNs(kernel)) / SECOND_NS;
  return [`cpu  ${line}`, `cpu0 ${line}`, 'intr 0', 'ctxt 0', `btime ${bootSeconds}`, `processes ${lastPid(kernel)}`, `procs_running ${runnable(kernel)}`, 'procs_blocked 0', ''].join('\n');
}

/** The load averages over 1, 5 and 15 minutes, brought up to date whenever they are read. */
export class LoadAverage {
  readonly #kernel: Kernel;
  #atNs: bigint;
  #values = [0, 0, 0];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#atNs = kernel.monotonicNs();
  }

  /** /proc/loadavg. */
  text(): string {
    const now = this.#kernel.monotonicNs();
    const seconds = Number(now - this.#atNs) / 1e9;
    const running = runnable(this.#kernel);
    this.#values = this.#values.map((value, i) => running + (value - running) * Math.exp(-seconds / [60, 300, 900][i]!));
    this.#atNs = now;
    return `${this.#values.map((value) => value.toFixed(2)).join(' ')} ${running}/${this.#kernel.tasks.size} ${lastPid(this.#kernel)}\n`;
  }
}
