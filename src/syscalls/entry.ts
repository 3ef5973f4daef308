// The entry of system calls: decodes arguments, calls the handler, stores the result, blocks on a Wait, tries again when woken.
import { ENOSYS, Errno } from '../abi/index.ts';
import { assert, Wait } from '../base/index.ts';
import { R11, RAX, RCX, RSP } from '../guest/index.ts';
import { hasDeliverable } from '../linux/index.ts';
import type { Call, Task } from '../linux/index.ts';
import { neverRestarted } from './restart.ts';
import { argumentRegisters, registersSet } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { syscalls } from './table.ts';
import { traceBlocked, traceEnd, traceEntry } from './trace-line.ts';

/** A `syscall` instruction of the current task. True: its result is stored and the task goes on at once. */
export function enterSyscall(task: Task): boolean {
  const { registers } = task;
  const number = registers.gpr32(RAX);
  registers.setNumber(RCX, registers.pc);
  registers.setNumber(R11, registers.rflags);
  task.space.coverStack(registers.gpr32(RSP));
  task.call = { number, partial: 0, neverRestart: neverRestarted.has(number) };
  if (!trySyscall(task)) return false;
  const { scheduler } = task.kernel;
  return task.state === 'running' && !scheduler.mustSwitch && !hasDeliverable(task) && !scheduler.isOverdue(registers.gpr32(RAX) | 0);
}

/** One attempt at the call on its way. False: it waits, or the task is not what it was. */
export function trySyscall(task: Task): boolean {
  const call = task.call!;
  task.space.shared.revealAll();
  const row = syscalls[call.number];
  const { space } = task;
  const result = attempt(task, call, row);
  if (result instanceof Wait) {
    if (task.kernel.trace.calls) traceBlocked(task, call);
    if (!hasDeliverable(task) || call.uninterruptible) task.kernel.scheduler.block(task, result);
    else task.interruptedWait = result;
    return false;
  }
  if (result !== registersSet && task.state !== 'dead') setResult(task, result);
  endCall(task, call, row, result);
  return task.state !== 'dead' && task.space === space;
}

function setResult({ registers }: Task, result: number | bigint): void {
  if (typeof result === 'bigint') { registers.setGpr(RAX, result); return; }
  assert(Number.isInteger(result), 'a result is a whole number');
  registers.setNumber(RAX, result);
}

/** Calls the handler; an Errno becomes its negative number, ENOSYS when there is no row. */
function attempt(task: Task, call: Call, row: SyscallRow | undefined): Exclude<Result, Errno> {
  try {
    if (task.kernel.trace.calls) traceEntry(task, call, row);
    if (!row) throw ENOSYS;
    const args = decodeArguments(task, row);
    const result = (row.handler as (task: Task, ...args: unknown[]) => Result)(task, ...args);
    return result instanceof Errno ? -result.code : result;
  } catch (error) {
    if (error instanceof Errno) return call.partial > 0 ? call.partial : -error.code;
    throw error;
  }
}

function decodeArguments(task: Task, row: SyscallRow): unknown[] {
  const { codecs } = row;
  const args = new Array<unknown>(codecs.length);
  for (let i = 0; i < codecs.length; i++) args[i] = codecs[i]!.decode(task, argumentRegisters[i]!);
  return args;
}

function endCall(task: Task, call: Call, row: SyscallRow | undefined, result: Exclude<Result, Wait | Errno>): void {
  call.cleanup?.();
  if (task.savedMask !== undefined) {
    task.mask = task.savedMask;
    task.savedMask = undefined;
  }
  if (task.kernel.trace.calls) traceEnd(task, call, row, result === registersSet ? undefined : Number(result));
  task.call = undefined;
}
