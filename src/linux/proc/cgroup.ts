// /sys/fs/cgroup: the container's own control group, version 2, as runtimes read their limits from it. cgroups(7), cgroup-v2 of the kernel's documentation.
import { GeneratedFs, generated } from '../../vfs/index.ts';
import type { Node } from '../../vfs/index.ts';
import type { Kernel } from '../kernel.ts';
import { busyNs, usedBytes } from './machine-text.ts';

const { directory, file } = generated;
const CGROUP2_MAGIC = 0x63677270;
const CPU_PERIOD_US = 100_000;

const lines = (rows: readonly (readonly [string, number | bigint])[]): string => rows.map(([name, value]) => `${name} ${value}\n`).join('');
const constant = (value: string): Node => file(() => `${value}\n`);

/** Limits may change while the container runs. */
const limit = (kernel: Kernel, text: (resources: Kernel['resources']) => string): Node => file(() => `${text(kernel.resources)}\n`);

/** The files, by name; what is not limited says `max`. */
const rows: Readonly<Record<string, (kernel: Kernel) => Node>> = {
  'cgroup.controllers': () => constant('cpuset cpu io memory pids'),
  'cgroup.events': () => file(() => 'populated 1\nfrozen 0\n'),
  'cgroup.freeze': () => constant('0'),
  'cgroup.max.depth': () => constant('max'),
  'cgroup.max.descendants': () => constant('max'),
  'cgroup.procs': (kernel) => file(() => [...kernel.processes.values()].filter((p) => !p.zombie).map((p) => `${p.pid}\n`).join('')),
  'cgroup.stat': () => file(() => 'nr_descendants 0\nnr_dying_descendants 0\n'),
  'cgroup.subtree_control': () => constant(''),
  'cgroup.threads': (kernel) => file(() => [...kernel.tasks.keys()].map((tid) => `${tid}\n`).join('')),
  'cgroup.type': () => constant('domain'),
  'cpu.max': (kernel) => limit(kernel, ({ cpus }) => `${cpus === undefined ? 'max' : Math.round(cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`),
  'cpu.stat': (kernel) => file(() => {
    const microseconds = busyNs(kernel) / 1000n;
    return lines([['usage_usec', microseconds], ['user_usec', microseconds], ['system_usec', 0], ['nr_periods', 0], ['nr_throttled', 0], ['throttled_usec', 0]]);
  }),
  'cpu.weight': () => constant('100'),
  'cpuset.cpus.effective': () => constant('0'),
  'cpuset.mems.effective': () => constant('0'),
  'io.stat': () => file(() => ''),
  'memory.current': (kernel) => file(() => `${usedBytes(kernel)}\n`),
  'memory.events': ({ memoryGuard }) => file(() => lines([['low', 0], ['high', 0], ['max', memoryGuard.kills], ['oom', memoryGuard.kills], ['oom_kill', memoryGuard.kills]])),
  'memory.high': () => constant('max'),
  'memory.low': () => constant('0'),
  'memory.max': (kernel) => limit(kernel, ({ memoryBytes = 'max' }) => String(memoryBytes)),
  'memory.min': () => constant('0'),
  'memory.stat': (kernel) => file(() => lines([['anon', usedBytes(kernel)], ['file', 0], ['kernel', 0], ['slab', 0], ['sock', 0], ['shmem', 0], ['file_mapped', 0], ['inactive_anon', 0], ['active_anon', usedBytes(kernel)], ['inactive_file', 0], ['active_file', 0], ['pgfault', 0], ['pgmajfault', 0]])),
  'memory.swap.current': () => constant('0'),
  'memory.swap.max': () => constant('0'),
  'pids.current': (kernel) => file(() => `${kernel.tasks.size}\n`),
  'pids.max': (kernel) => limit(kernel, ({ pids = 'max' }) => String(pids)),
};

export const cgroupFs = (kernel: Kernel): GeneratedFs =>
  new GeneratedFs({ type: 'cgroup2', magic: CGROUP2_MAGIC, root: directory(Object.fromEntries(Object.entries(rows).map(([name, make]) => [name, make(kernel)]))), startNs: kernel.realtimeNs() });
