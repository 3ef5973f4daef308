// System V shared memory. shmget(2), shmop(2), shmctl(2).
import { CAP_IPC_LOCK, EINVAL, EPERM, PROT_EXEC, PROT_READ, PROT_WRITE, SHM_HUGETLB, SHM_LOCKED, SHMALL, shmCommands, shmFlags, shmidLayout, shmInfoLayout, shminfoLayout, SHMMNI } from '../../abi/index.ts';
import { ADDRESS_END, PAGE_SIZE } from '../../guest/index.ts';
import { demandAccess, demandOwner, IPC_READ, IPC_WRITE, type IpcObject, pageUp, Segments, type Segment, type Task } from '../../linux/index.ts';
import { flags, Int, oneOf, Ptr, Size } from '../codec.ts';
import type { SyscallRow } from '../row.ts';
import { sys } from '../row.ts';
import { command, GetFlags, now, permValues, seconds, setOwner, store } from './shared.ts';

function shmget(task: Task, key: number, size: number, flag: number): number {
  const make = (base: IpcObject): Segment => {
    if (size === 0 || size > ADDRESS_END) throw EINVAL;
    if (flag & SHM_HUGETLB) throw EPERM;
    return Segments.make(base, size, task.pid);
  };
  return task.kernel.ipc.segments.table.open(key, flag, task.credentials, make, (old) => { if (size > old.size) throw EINVAL; }, now(task));
}

const SHM_EXEC_PROT = (flag: number): number => (flag & shmFlags.SHM_EXEC ? PROT_EXEC : 0);

function shmat(task: Task, id: number, address: number, flag: number): number {
  if (id < 0) throw EINVAL;
  const { SHM_RDONLY, SHM_RND, SHM_REMAP } = shmFlags;
  const rounded = flag & SHM_RND ? address - address % PAGE_SIZE : address;
  if (rounded % PAGE_SIZE !== 0 || (flag & SHM_REMAP && rounded === 0)) throw EINVAL;
  const segment = task.kernel.ipc.segments.table.get(id);
  const readOnly = (flag & SHM_RDONLY) !== 0;
  demandAccess(segment, task.credentials, readOnly ? IPC_READ : IPC_READ | IPC_WRITE);
  const length = pageUp(segment.size);
  if (rounded !== 0 && !(flag & SHM_REMAP) && !task.space.isFree(rounded, length)) throw EINVAL;
  const at = task.space.map({
    address: rounded, length, prot: PROT_READ | (readOnly ? 0 : PROT_WRITE) | SHM_EXEC_PROT(flag), shared: true, fixed: rounded === 0 ? undefined : 'replace', object: segment.object, offset: 0,
    label: `/SYSV${(segment.key >>> 0).toString(16).padStart(8, '0')} (deleted)`,
  });
  segment.lpid = task.pid;
  segment.atimeNs = now(task);
  return at;
}

function shmdt(task: Task, address: number): number {
  const { table } = task.kernel.ipc.segments;
  const first = task.space.regionAt(address);
  const segment = table.all.find((s) => s.object === first?.object);
  if (!first || first.start !== address || first.offset !== 0 || !segment) throw EINVAL;
  const parts = task.space.regions.filter((r) => r.object === segment.object && r.start - r.offset === address);
  segment.lpid = task.pid;
  segment.dtimeNs = now(task);
  for (const part of parts) task.space.unmap(part.start, part.end - part.start);
  return 0;
}

function shmctl(task: Task, id: number, cmd: number, ptr: number): number {
  const { segments } = task.kernel.ipc;
  const { table } = segments;
  const code = command(cmd);
  if (code < 0 || id < 0) throw EINVAL;
  if (code === shmCommands.IPC_INFO) {
    store(task, ptr, shminfoLayout, { shmmax: BigInt(SHMALL), shmmin: 1, shmmni: SHMMNI, shmseg: SHMMNI, shmall: BigInt(SHMALL) });
    return Math.max(0, table.highest);
  }
  if (code === shmCommands.SHM_INFO) {
    const pages = table.all.reduce((sum, s) => sum + pageUp(s.size) / PAGE_SIZE, 0);
    store(task, ptr, shmInfoLayout, { used_ids: table.all.length, shm_tot: pages, shm_rss: pages });
    return Math.max(0, table.highest);
  }
  const byIndex = code === shmCommands.SHM_STAT || code === shmCommands.SHM_STAT_ANY;
  const segment = byIndex ? table.at(id) : table.get(id);
  if (byIndex || code === shmCommands.IPC_STAT) {
    if (code !== shmCommands.SHM_STAT_ANY) demandAccess(segment, task.credentials, IPC_READ);
    const { size, cpid, lpid, atimeNs, dtimeNs } = segment;
    store(task, ptr, shmidLayout, { ...permValues(segment), segsz: size, atime: seconds(atimeNs), dtime: seconds(dtimeNs), cpid, lpid, nattch: segments.attachments(segment) });
    return byIndex ? segment.id : 0;
  }
  return changeSegment(task, segment, code, ptr);
}

function changeSegment(task: Task, segment: Segment, code: number, ptr: number): number {
  if (code === shmCommands.IPC_SET) setOwner(task, segment, ptr);
  else if (code === shmCommands.IPC_RMID) {
    demandOwner(segment, task.credentials);
    task.kernel.ipc.segments.remove(segment);
  } else if (code === shmCommands.SHM_LOCK || code === shmCommands.SHM_UNLOCK) {
    if (!task.credentials.has(CAP_IPC_LOCK) && task.credentials.euid !== segment.uid && task.credentials.euid !== segment.cuid) throw EPERM;
    segment.mode = code === shmCommands.SHM_LOCK ? segment.mode | SHM_LOCKED : segment.mode & ~SHM_LOCKED;
  } else throw EINVAL;
  return 0;
}

export const segmentCalls: readonly SyscallRow[] = [
  sys(29, 'shmget', [Int, Size, GetFlags], shmget, 'huge pages are EPERM'),
  sys(30, 'shmat', [Int, Ptr, flags(shmFlags)], shmat),
  sys(31, 'shmctl', [Int, oneOf(shmCommands), Ptr], shmctl),
  sys(67, 'shmdt', [Ptr], shmdt),
];
