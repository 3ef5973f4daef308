// What /proc/PID/{smaps,smaps_rollup,mem,auxv,…} say of a process's memory. proc(5).
import { EACCES, EIO, EPERM, ESRCH, PROT_EXEC, PROT_READ, PROT_WRITE, O_RDWR, S_IFREG } from '../../abi/index.ts';
import { PAGE_SIZE, Perm } from '../../guest/index.ts';
import type { Inode, Node, OpenFile } from '../../vfs/index.ts';
import { isResident, type Region } from '../regions.ts';
import type { Task } from '../task.ts';
import { mapLine } from './process-text.ts';

/** What a region has in memory, in bytes. Nothing is shared by counting, and nothing is swapped. */
interface Usage { size: number; resident: number; anonymous: number; dirty: number; shared: number }

function usageOf(region: Region): Usage {
  const size = region.end - region.start;
  const resident = isResident(region) ? size : 0;
  const shared = region.object ? resident : 0;
  const anonymous = region.file ? 0 : resident - shared;
  return { size, resident, anonymous, dirty: region.dirty && region.prot & PROT_WRITE ? resident : 0, shared };
}

const line = (name: string, bytes: number): string => `${`${name}:`.padEnd(15)}${String(Math.floor(bytes / 1024)).padStart(9)} kB\n`;

/** The lines that smaps and smaps_rollup have in common. */
function usageLines({ resident, anonymous, dirty, shared }: Usage): string {
  const own = resident - shared;
  const rows: [string, number][] = [
    ['Rss', resident], ['Pss', resident], ['Pss_Dirty', dirty], ['Shared_Clean', 0], ['Shared_Dirty', shared], ['Private_Clean', Math.max(0, own - dirty)], ['Private_Dirty', Math.min(own, dirty)], ['Referenced', resident],
    ['Anonymous', anonymous], ['KSM', 0], ['LazyFree', 0], ['AnonHugePages', 0], ['ShmemPmdMapped', 0], ['FilePmdMapped', 0], ['Shared_Hugetlb', 0], ['Private_Hugetlb', 0], ['Swap', 0], ['SwapPss', 0], ['Locked', 0],
  ];
  return rows.map(([name, bytes]) => line(name, bytes)).join('');
}

const flagsOf = ({ prot, object }: Region): string =>
  [prot & PROT_READ && 'rd', prot & PROT_WRITE && 'wr', prot & PROT_EXEC && 'ex', object && 'sh', 'mr mw me'].filter(Boolean).join(' ');

const regionsOf = (task: Task): readonly Region[] => (task.process.zombie ? [] : task.space.regions);

export const smapsText = (task: Task): string => regionsOf(task).map((region) => {
  const usage = usageOf(region);
  const sizes = line('Size', usage.size) + line('KernelPageSize', PAGE_SIZE) + line('MMUPageSize', PAGE_SIZE);
  return `${mapLine(region)}\n${sizes}${usageLines(usage)}THPeligible:           0\nVmFlags: ${flagsOf(region)}\n`;
}).join('');

export function smapsRollupText(task: Task): string {
  const regions = regionsOf(task);
  if (regions.length === 0) throw ESRCH;
  const sum: Usage = { size: 0, resident: 0, anonymous: 0, dirty: 0, shared: 0 };
  for (const usage of regions.map(usageOf)) for (const key of Object.keys(sum) as (keyof Usage)[]) sum[key] += usage[key];
  const address = (value: number): string => value.toString(16).padStart(8, '0');
  return `${address(regions[0]!.start)}-${address(regions.at(-1)!.end)} ---p 00000000 00:00 0 ${' '.repeat(25)}[rollup]\n${usageLines(sum)}`;
}

/** /proc/PID/mem: the memory itself, at its addresses. Only the process itself opens it. */
export const memoryFile = (task: Task): Node => ({
  mode: S_IFREG | 0o600,
  open: (flags, inode) => {
    if (task.kernel.current?.process !== task.process) throw (flags & O_RDWR) === O_RDWR ? EPERM : EACCES;
    return new ProcessMemory(task, inode);
  },
});

class ProcessMemory implements OpenFile {
  readonly inode: Inode;
  readonly #task: Task;
  constructor(task: Task, inode: Inode) {
    this.#task = task;
    this.inode = inode;
  }

  read(into: Uint8Array, position: number): number {
    const { memory } = this.#task;
    const length = memory.reach(position, into.length, Perm.mapped);
    if (length <= 0) throw EIO;
    into.set(memory.bytes.subarray(position, position + length));
    return length;
  }

  write(from: Uint8Array, position: number): number {
    const { memory } = this.#task;
    const length = Math.max(memory.reach(position, from.length, Perm.write), memory.reach(position, from.length, Perm.watched));
    if (length <= 0) throw EIO;
    memory.writable(position, length).set(from.subarray(0, length));
    return length;
  }
}
