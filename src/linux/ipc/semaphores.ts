// System V semaphores: sets of counters that operations change all at once or not at all. semop(2), semctl(2).
import { EAGAIN, EFBIG, EIDRM, ERANGE, Errno, IPC_NOWAIT, SEM_UNDO, SEMMNI, SEMVMX } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import type { Process } from '../task.ts';
import { type IpcObject, IpcTable } from './ids.ts';

export interface Semaphore { value: number; /** The process that changed it last. */ pid: number }
export interface SemaphoreOperation { num: number; op: number; flags: number }
/** A task that waits: for which semaphore, and for zero or for more. Whoever changes a value does what others waited for at once, so that what happens then does not undo it. */
export interface SemaphoreWaiter {
  num: number;
  zero: boolean;
  pending?: { readonly operations: readonly SemaphoreOperation[]; readonly process: Process };
  outcome?: 'done' | Errno;
}

/** A set. `changed` is woken whenever a value changed or the set was removed. */
export interface SemaphoreSet extends IpcObject {
  readonly semaphores: Semaphore[];
  readonly changed: WaitQueue;
  readonly waiters: Set<SemaphoreWaiter>;
  /** What the end of a process adds to each value (SEM_UNDO). */
  readonly undo: Map<Process, Int32Array>;
  otimeNs: bigint;
  removed: boolean;
}

/** Tries all operations in order. Returns the first that must wait, having changed nothing; undefined when all were done. Throws ERANGE. */
function tryAll(set: SemaphoreSet, operations: readonly SemaphoreOperation[], process: Process, nowNs: bigint): SemaphoreOperation | undefined {
  const values = new Map<number, number>();
  const undo = new Map<number, number>();
  for (const operation of operations) {
    const { num, op, flags } = operation;
    const old = values.get(num) ?? set.semaphores[num]!.value;
    if (op === 0 ? old !== 0 : old + op < 0) return operation;
    if (old + op > SEMVMX) throw ERANGE;
    values.set(num, old + op);
    if (flags & SEM_UNDO) undo.set(num, (undo.get(num) ?? 0) - op);
  }
  keepUndo(set, process, undo);
  for (const { num } of operations) set.semaphores[num] = { value: values.get(num)!, pid: process.pid };
  set.otimeNs = nowNs;
  return undefined;
}

function keepUndo(set: SemaphoreSet, process: Process, undo: ReadonlyMap<number, number>): void {
  if (undo.size === 0) return;
  const kept = set.undo.get(process) ?? new Int32Array(set.semaphores.length);
  for (const [num, added] of undo) if (Math.abs(kept[num]! + added) > SEMVMX) throw ERANGE;
  for (const [num, added] of undo) kept[num]! += added;
  set.undo.set(process, kept);
}

/** semop(2): does all, or says what to wait for. `waiter` is kept between attempts. Throws EAGAIN, EIDRM, EFBIG, ERANGE. */
export function operate(set: SemaphoreSet, operations: readonly SemaphoreOperation[], process: Process, waiter: SemaphoreWaiter, nowNs: bigint): Wait | undefined {
  if (waiter.outcome === 'done') return undefined;
  if (waiter.outcome) throw waiter.outcome;
  if (set.removed) throw EIDRM;
  if (operations.some(({ num }) => num >= set.semaphores.length)) throw EFBIG;
  const blocked = tryAll(set, operations, process, nowNs);
  if (!blocked) {
    set.waiters.delete(waiter);
    if (operations.some(({ op }) => op !== 0)) settle(set, nowNs);
    return undefined;
  }
  if (blocked.flags & IPC_NOWAIT) throw EAGAIN;
  waiter.num = blocked.num;
  waiter.zero = blocked.op === 0;
  waiter.pending = { operations, process };
  set.waiters.add(waiter);
  return new Wait([set.changed]);
}

/** After a change: does what can be done now of what tasks wait for, in the order they came. */
function settle(set: SemaphoreSet, nowNs: bigint): void {
  while ([...set.waiters].some((waiter) => attempt(set, waiter, nowNs)));
  set.changed.wake();
}

/** Whether the waiter's operations changed values. */
function attempt(set: SemaphoreSet, waiter: SemaphoreWaiter, nowNs: bigint): boolean {
  const { operations, process } = waiter.pending!;
  try {
    if (tryAll(set, operations, process, nowNs)) return false;
    waiter.outcome = 'done';
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    waiter.outcome = error;
  }
  set.waiters.delete(waiter);
  return waiter.outcome === 'done' && operations.some(({ op }) => op !== 0);
}

/** SETVAL and SETALL: what processes would undo on these semaphores is forgotten. */
export function assign(set: SemaphoreSet, values: ReadonlyMap<number, number>, pid: number): void {
  for (const value of values.values()) if (value < 0 || value > SEMVMX) throw ERANGE;
  for (const [num, value] of values) {
    set.semaphores[num] = { value, pid };
    for (const kept of set.undo.values()) kept[num] = 0;
  }
  settle(set, set.otimeNs);
}

export class Semaphores {
  readonly table = new IpcTable<SemaphoreSet>(SEMMNI);

  static make(base: IpcObject, count: number): SemaphoreSet {
    return { ...base, semaphores: Array.from({ length: count }, () => ({ value: 0, pid: 0 })), changed: new WaitQueue(), waiters: new Set(), undo: new Map(), otimeNs: 0n, removed: false };
  }

  remove(set: SemaphoreSet): void {
    set.removed = true;
    this.table.remove(set);
    set.changed.wake();
  }

  /** The end of a process: its SEM_UNDO operations are taken back, as far as values allow. */
  undo(process: Process): void {
    for (const set of this.table.all) {
      const kept = set.undo.get(process);
      if (!kept) continue;
      set.undo.delete(process);
      kept.forEach((added, num) => {
        if (added === 0) return;
        const semaphore = set.semaphores[num]!;
        set.semaphores[num] = { value: Math.min(SEMVMX, Math.max(0, semaphore.value + added)), pid: process.pid };
      });
      settle(set, set.otimeNs);
    }
  }
}
