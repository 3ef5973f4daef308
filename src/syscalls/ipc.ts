// System V interprocess communication: semaphores, message queues, shared memory. sysvipc(7).
import {
  CAP_IPC_LOCK, CAP_SYS_RESOURCE, E2BIG, EFBIG, EINVAL, ENOSYS, EPERM, IPC_NOWAIT, ipcFlags, MSGMAX, MSGMNB, MSGMNI, msgCommands, msgFlags, msginfoLayout, msqidLayout, PROT_EXEC, PROT_READ, PROT_WRITE,
  sembufLayout, semCommands, semidLayout, seminfoLayout, SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX, SHM_HUGETLB, SHM_LOCKED, SHMALL, shmCommands, shmFlags, shmidLayout, shmInfoLayout, shminfoLayout, SHMMNI,
} from '../abi/index.ts';
import type { Struct } from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import { ADDRESS_END, PAGE_SIZE } from '../guest/index.ts';
import {
  assignSemaphores, demandAccess, demandOwner, IPC_READ, IPC_WRITE, type IpcObject, MessageQueues, type MessageQueue, operateSemaphores, pageUp, receiveMessage, Segments, type Segment, Semaphores, type SemaphoreSet,
  type SemaphoreWaiter, sendMessage, type Task,
} from '../linux/index.ts';
import { flags, Int, oneOf, Ptr, Size, U64 } from './codec.ts';
import type { Result, SyscallRow } from './row.ts';
import { sys } from './row.ts';
import { readTimespec } from './structs.ts';

const SECOND_NS = 1_000_000_000n;
const seconds = (ns: bigint): bigint => ns / SECOND_NS;
const now = (task: Task): bigint => task.kernel.realtimeNs();

/** IPC_64: C libraries add it to every command. */
const IPC_64 = 0x100;
const command = (cmd: number): number => cmd & ~IPC_64;

type Values = Record<string, number | bigint>;
const permValues = (o: IpcObject): Values => ({ key: o.key, uid: o.uid, gid: o.gid, cuid: o.cuid, cgid: o.cgid, mode: o.mode, seq: o.id >> 15, ctime: seconds(o.ctimeNs) });

function store(task: Task, ptr: number, layout: Struct<any>, values: Values): void { task.memory.writable(ptr, layout.size).set(layout.encode(values)); }

/** IPC_SET: owner and mode from the caller's structure, whose beginning is the same in all three families. */
function setOwner(task: Task, object: IpcObject, ptr: number): void {
  const given = shmidLayout.decode(task.memory.readable(ptr, shmidLayout.size));
  demandOwner(object, task.credentials);
  object.uid = given.uid;
  object.gid = given.gid;
  object.mode = (object.mode & ~0o777) | (given.mode & 0o777);
  object.ctimeNs = now(task);
}

// Semaphores.

function semget(task: Task, key: number, count: number, flag: number): number {
  if (count < 0 || count > SEMMSL) throw EINVAL;
  const { table } = task.kernel.ipc.semaphores;
  const make = (base: IpcObject): SemaphoreSet => {
    if (count === 0) throw EINVAL;
    return Semaphores.make(base, count);
  };
  return table.open(key, flag, task.credentials, make, (old) => { if (count > old.semaphores.length) throw EINVAL; }, now(task));
}

function semtimedop(task: Task, id: number, ptr: number, count: number, timeoutPtr: number): Result {
  const call = task.call!;
  if (count === 0) throw EINVAL;
  if (count > SEMOPM) throw E2BIG;
  const bytes = task.memory.readable(ptr, count * sembufLayout.size);
  const operations = Array.from({ length: count }, (_, i) => sembufLayout.decode(bytes.subarray(i * sembufLayout.size)));
  const deadline = timeoutPtr === 0 ? undefined : task.deadline(readTimespec(task, timeoutPtr));
  const { table } = task.kernel.ipc.semaphores;
  const kept = (call.kept ??= { set: table.get(id), waiter: { num: 0, zero: false } }) as { set: SemaphoreSet; waiter: SemaphoreWaiter };
  call.cleanup = () => { kept.set.waiters.delete(kept.waiter); };
  if (operations.some(({ num }) => num >= kept.set.semaphores.length)) throw EFBIG;
  demandAccess(kept.set, task.credentials, operations.some(({ op }) => op !== 0) ? IPC_WRITE : IPC_READ);
  const late = deadline !== undefined && task.kernel.monotonicNs() >= deadline;
  const tried = late ? operations.map((o) => ({ ...o, flags: o.flags | IPC_NOWAIT })) : operations;
  const wait = operateSemaphores(kept.set, tried, task.process, kept.waiter, now(task));
  return wait ? new Wait(wait.on, deadline) : 0;
}

const semInfo = (table: Semaphores['table'], used: boolean): Values => ({
  semmap: SEMMNS, semmni: SEMMNI, semmns: SEMMNS, semmnu: SEMMNS, semmsl: SEMMSL, semopm: SEMOPM, semume: SEMOPM, semvmx: SEMVMX,
  semusz: used ? table.all.length : 20, semaem: used ? table.all.reduce((sum, set) => sum + set.semaphores.length, 0) : SEMVMX,
});

/** The commands about one semaphore, which return its number. */
const semaphoreQueries: Readonly<Record<number, (set: SemaphoreSet, num: number) => number>> = {
  [semCommands.GETVAL]: (set, num) => set.semaphores[num]!.value,
  [semCommands.GETPID]: (set, num) => set.semaphores[num]!.pid,
  [semCommands.GETNCNT]: (set, num) => [...set.waiters].filter((w) => w.num === num && !w.zero).length,
  [semCommands.GETZCNT]: (set, num) => [...set.waiters].filter((w) => w.num === num && w.zero).length,
};

/** `argument` is union semun: an int for SETVAL, else a pointer. */
function semctl(task: Task, id: number, num: number, cmd: number, argument: bigint): number {
  const { semaphores } = task.kernel.ipc;
  const code = command(cmd);
  if (code === semCommands.IPC_INFO || code === semCommands.SEM_INFO) {
    store(task, Number(argument), seminfoLayout, semInfo(semaphores.table, code === semCommands.SEM_INFO));
    return Math.max(0, semaphores.table.highest);
  }
  const byIndex = code === semCommands.SEM_STAT || code === semCommands.SEM_STAT_ANY;
  if (id < 0) throw EINVAL;
  const set = byIndex ? semaphores.table.at(id) : semaphores.table.get(id);
  if (byIndex || code === semCommands.IPC_STAT) {
    if (code !== semCommands.SEM_STAT_ANY) demandAccess(set, task.credentials, IPC_READ);
    store(task, Number(argument), semidLayout, { ...permValues(set), otime: seconds(set.otimeNs), nsems: set.semaphores.length });
    return byIndex ? set.id : 0;
  }
  return changeSemaphores(task, set, num, code, argument);
}

function changeSemaphores(task: Task, set: SemaphoreSet, num: number, code: number, argument: bigint): number {
  const { semaphores } = task.kernel.ipc;
  if (code === semCommands.IPC_RMID) {
    demandOwner(set, task.credentials);
    semaphores.remove(set);
    return 0;
  }
  if (code === semCommands.IPC_SET) {
    setOwner(task, set, Number(argument));
    return 0;
  }
  if (code === semCommands.GETALL || code === semCommands.SETALL) return allSemaphores(task, set, code, Number(argument));
  const query = semaphoreQueries[code];
  if (!query && code !== semCommands.SETVAL) throw EINVAL;
  demandAccess(set, task.credentials, query ? IPC_READ : IPC_WRITE);
  if (num < 0 || num >= set.semaphores.length) throw EINVAL;
  if (query) return query(set, num);
  assignSemaphores(set, new Map([[num, Number(BigInt.asIntN(32, argument))]]), task.pid);
  set.ctimeNs = now(task);
  return 0;
}

function allSemaphores(task: Task, set: SemaphoreSet, code: number, ptr: number): number {
  const size = 2 * set.semaphores.length;
  if (code === semCommands.GETALL) {
    demandAccess(set, task.credentials, IPC_READ);
    const view = new DataView(new ArrayBuffer(size));
    set.semaphores.forEach(({ value }, i) => { view.setUint16(2 * i, value, true); });
    task.memory.writable(ptr, size).set(new Uint8Array(view.buffer));
    return 0;
  }
  demandAccess(set, task.credentials, IPC_WRITE);
  const bytes = task.memory.readable(ptr, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  assignSemaphores(set, new Map(set.semaphores.map((_, i) => [i, view.getUint16(2 * i, true)])), task.pid);
  set.ctimeNs = now(task);
  return 0;
}

// Message queues.

function msgget(task: Task, key: number, flag: number): number {
  return task.kernel.ipc.queues.table.open(key, flag, task.credentials, (base) => MessageQueues.make(base), () => {}, now(task));
}

/** The queue of a call that may wait: found once, so that its removal is EIDRM. */
function queueOf(task: Task, id: number, access: number): MessageQueue {
  const kept = task.call!.kept as MessageQueue | undefined;
  if (kept) return kept;
  const queue = task.kernel.ipc.queues.table.get(id);
  demandAccess(queue, task.credentials, access);
  task.call!.kept = queue;
  return queue;
}

const TYPE_SIZE = 8;

function msgsnd(task: Task, id: number, ptr: number, size: number, flag: number): Result {
  const type = BigInt.asIntN(64, task.memory.readU64(ptr));
  if (size > MSGMAX || id < 0 || type < 1n) throw EINVAL;
  const bytes = task.memory.readable(ptr + TYPE_SIZE, size).slice();
  return sendMessage(queueOf(task, id, IPC_WRITE), { type, bytes }, flag, task.pid, now(task)) ?? 0;
}

function msgrcv(task: Task, id: number, ptr: number, size: number, type: bigint, flag: number): Result {
  if (id < 0 || size > 0x7fff_ffff_ffff) throw EINVAL;
  if (flag & msgFlags.MSG_COPY) throw ENOSYS;
  const message = receiveMessage(queueOf(task, id, IPC_READ), size, BigInt.asIntN(64, type), flag, task.pid, now(task));
  if (message instanceof Wait) return message;
  const length = Math.min(size, message.bytes.length);
  const buffer = task.memory.writable(ptr, TYPE_SIZE + length);
  task.memory.writeU64(ptr, BigInt.asUintN(64, message.type));
  buffer.set(message.bytes.subarray(0, length), TYPE_SIZE);
  return length;
}

const msgInfo = (table: MessageQueues['table'], used: boolean): Values => {
  const limits = { msgmax: MSGMAX, msgmnb: MSGMNB, msgmni: MSGMNI, msgssz: 16, msgseg: 0xffff };
  if (!used) return { ...limits, msgpool: MSGMNI * MSGMNB / 1024, msgmap: MSGMNB, msgtql: MSGMNB };
  return { ...limits, msgpool: table.all.length, msgmap: table.all.reduce((sum, q) => sum + q.messages.length, 0), msgtql: table.all.reduce((sum, q) => sum + q.cbytes, 0) };
};

const queueValues = (q: MessageQueue): Values => ({
  ...permValues(q), stime: seconds(q.stimeNs), rtime: seconds(q.rtimeNs), cbytes: q.cbytes, qnum: q.messages.length, qbytes: q.qbytes, lspid: q.lspid, lrpid: q.lrpid,
});

function msgctl(task: Task, id: number, cmd: number, ptr: number): number {
  const { queues } = task.kernel.ipc;
  const code = command(cmd);
  if (id < 0 || code < 0) throw EINVAL;
  if (code === msgCommands.IPC_INFO || code === msgCommands.MSG_INFO) {
    store(task, ptr, msginfoLayout, msgInfo(queues.table, code === msgCommands.MSG_INFO));
    return Math.max(0, queues.table.highest);
  }
  const byIndex = code === msgCommands.MSG_STAT || code === msgCommands.MSG_STAT_ANY;
  const queue = byIndex ? queues.table.at(id) : queues.table.get(id);
  if (byIndex || code === msgCommands.IPC_STAT) {
    if (code !== msgCommands.MSG_STAT_ANY) demandAccess(queue, task.credentials, IPC_READ);
    store(task, ptr, msqidLayout, queueValues(queue));
    return byIndex ? queue.id : 0;
  }
  if (code === msgCommands.IPC_SET) {
    const { qbytes } = msqidLayout.decode(task.memory.readable(ptr, msqidLayout.size));
    if (Number(qbytes) > MSGMNB && !task.credentials.has(CAP_SYS_RESOURCE)) throw EPERM;
    setOwner(task, queue, ptr);
    queue.qbytes = Number(qbytes);
    queue.changed.wake();
    return 0;
  }
  if (code !== msgCommands.IPC_RMID) throw EINVAL;
  demandOwner(queue, task.credentials);
  queues.remove(queue);
  return 0;
}

// Shared memory.

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

const GetFlags = flags(ipcFlags);

export const ipcCalls: readonly SyscallRow[] = [
  sys(29, 'shmget', [Int, Size, GetFlags], shmget, 'huge pages are EPERM'),
  sys(30, 'shmat', [Int, Ptr, flags(shmFlags)], shmat),
  sys(31, 'shmctl', [Int, oneOf(shmCommands), Ptr], shmctl),
  sys(64, 'semget', [Int, Int, GetFlags], semget),
  sys(65, 'semop', [Int, Ptr, Size], (task, id, ptr, count) => semtimedop(task, id, ptr, count, 0)),
  sys(66, 'semctl', [Int, Int, oneOf(semCommands), U64], semctl),
  sys(67, 'shmdt', [Ptr], shmdt),
  sys(68, 'msgget', [Int, GetFlags], msgget),
  sys(69, 'msgsnd', [Int, Ptr, Size, flags(ipcFlags)], msgsnd),
  sys(70, 'msgrcv', [Int, Ptr, Size, U64, flags({ ...ipcFlags, ...msgFlags })], msgrcv, 'MSG_COPY is ENOSYS'),
  sys(71, 'msgctl', [Int, oneOf(msgCommands), Ptr], msgctl),
  sys(220, 'semtimedop', [Int, Ptr, Size, Ptr], semtimedop),
];
