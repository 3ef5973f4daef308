// System V semaphores. semget(2), semop(2), semctl(2).
import { E2BIG, EFBIG, EINVAL, IPC_NOWAIT, sembufLayout, semCommands, semidLayout, seminfoLayout, SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { assignSemaphores, demandAccess, demandOwner, IPC_READ, IPC_WRITE, type IpcObject, operateSemaphores, Semaphores, type SemaphoreSet, type SemaphoreWaiter, type Task } from '../../linux/index.ts';
import { Int, oneOf, Ptr, Size, U64 } from '../codec.ts';
import type { Result, SyscallRow } from '../row.ts';
import { sys } from '../row.ts';
import { readTimespec } from '../structs.ts';
import { command, GetFlags, now, permValues, seconds, setOwner, store, type Values } from './shared.ts';

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

export const semaphoreCalls: readonly SyscallRow[] = [
  sys(64, 'semget', [Int, Int, GetFlags], semget),
  sys(65, 'semop', [Int, Ptr, Size], (task, id, ptr, count) => semtimedop(task, id, ptr, count, 0)),
  sys(66, 'semctl', [Int, Int, oneOf(semCommands), U64], semctl),
  sys(220, 'semtimedop', [Int, Ptr, Size, Ptr], semtimedop),
];
