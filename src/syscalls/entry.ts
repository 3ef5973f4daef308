// The entry of system calls: decodes arguments, calls the handler, stores the result, blocks on a Wait, tries again when woken.
import { EFAULT, ENOSYS, Errno, errnoByCode, errnoMessage, syscallName } from '../abi/index.ts';
import { assert, Wait } from '../base/index.ts';
import { R10, R11, R8, R9, RAX, RCX, RDI, RDX, RSI, RSP } from '../guest/index.ts';
import { hasDeliverable, tracePrefix } from '../linux/index.ts';
import type { Call, Task } from '../linux/index.ts';
import { hex } from './codec.ts';
import type { Printed } from './codec.ts';
import { neverRestarted } from './restart.ts';
import { registersSet } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { syscalls } from './table.ts';

const argumentRegisters = [RDI, RSI, RDX, R10, R8, R9] as const;

/** A `syscall` instruction of the current task. True: its result is stored and the task goes on at once. */
export function enterSyscall(task: Task): boolean {
  const { registers } = task;
  const number = registers.gpr32(RAX);
  registers.setGpr(RCX, BigInt(registers.pc));
  registers.setGpr(R11, BigInt(registers.rflags));
  task.space.coverStack(registers.gpr32(RSP));
  task.call = { number, partial: 0, neverRestart: neverRestarted.has(number) };
  if (!trySyscall(task)) return false;
  return task.state === 'running' && !task.kernel.scheduler.mustSwitch && !hasDeliverable(task);
}

/** One attempt at the call on its way. False: it waits, or the task is not what it was. */
export function trySyscall(task: Task): boolean {
  const call = task.call!;
  const row = syscalls[call.number];
  const { space } = task;
  const result = attempt(task, call, row);
  if (result instanceof Wait) {
    if (!hasDeliverable(task) || call.uninterruptible) task.kernel.scheduler.block(task, result);
    else task.interruptedWait = result;
    return false;
  }
  if (result !== registersSet && task.state !== 'dead') task.registers.setGpr(RAX, BigInt(result));
  endCall(task, call, row, result);
  return task.state !== 'dead' && task.space === space;
}

/** Calls the handler; an Errno becomes its negative number, ENOSYS when there is no row. */
function attempt(task: Task, call: Call, row: SyscallRow | undefined): Result {
  try {
    if (task.kernel.trace.syscall) call.text ??= entryText(task, call, row);
    if (!row) throw ENOSYS;
    if (call.text !== undefined && neverReturns.has(row.name)) traceLast(task, call);
    const args = decodeArguments(task, row);
    const result = (row.handler as (task: Task, ...args: unknown[]) => Result)(task, ...args);
    return result;
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

function endCall(task: Task, call: Call, row: SyscallRow | undefined, result: Result): void {
  call.cleanup?.();
  if (task.savedMask !== undefined) {
    task.mask = task.savedMask;
    task.savedMask = undefined;
  }
  if (call.text !== undefined) traceEnd(task, call, row, result);
  task.call = undefined;
}

/** What strace prints before the result: the arguments known at entry; those the call fills in come later as `\0` and their number. */
function entryText(task: Task, call: Call, row: SyscallRow | undefined): string {
  if (!row || row.refused) return `${row?.name ?? syscallName(call.number)}(${argumentRegisters.map((n) => hex(Number(task.registers.gpr(n)))).join(', ')})`;
  const printed: Printed = { args: rawArguments(task, row), result: undefined };
  call.interrupted = () => { task.kernel.trace.line(line(task, withOutputs(task, call, row, -1), '? ERESTARTSYS (To be restarted if SA_RESTART is set)')); };
  return `${row.name}(${row.codecs.map((codec, i) => (codec.out ? `\0${i}\0` : printArgument(task, row, i, printed))).filter((text) => text !== '').join(', ')})`;
}

/** Decoded arguments; one that cannot be decoded (a bad pointer) as its number. */
const rawArguments = (task: Task, row: SyscallRow): unknown[] => row.codecs.map((codec, i) => {
  try { return codec.decode(task, argumentRegisters[i]!); } catch (error) { if (error instanceof Errno) return error; throw error; }
});

function printArgument(task: Task, row: SyscallRow, i: number, printed: Printed): string {
  const value = printed.args[i];
  if (value instanceof Errno) return hex(Number(task.registers.gpr(argumentRegisters[i]!)));
  try { return row.codecs[i]!.print(task, value, printed); } catch (error) { if (error === EFAULT) return hex(Number(task.registers.gpr(argumentRegisters[i]!))); throw error; }
}

function withOutputs(task: Task, call: Call, row: SyscallRow, result: number): string {
  const text = call.text!;
  if (!text.includes('\0')) return text;
  const printed: Printed = { args: rawArguments(task, row), result };
  return text.replace(/\0(\d)\0/g, (_, i: string) => printArgument(task, row, Number(i), printed));
}

/** The lines of calls that end the task come before the line about its end. */
const neverReturns = new Set(['exit', 'exit_group']);
function traceLast(task: Task, call: Call): void {
  task.kernel.trace.line(line(task, call.text!, '?'));
  delete call.text;
}

/** strace's columns: the result stands at column 40 or later. */
const RESULT_COLUMN = 40;
const line = (task: Task, text: string, result: string): string => `${`${tracePrefix(task)}${text}`.padEnd(RESULT_COLUMN - 1)} = ${result}`;

const hexResults = new Set(['brk', 'mmap', 'mremap', 'shmat']);

function traceEnd(task: Task, call: Call, row: SyscallRow | undefined, result: Result): void {
  assert(!(result instanceof Wait), 'a call that waits has not ended');
  const value = result === registersSet ? undefined : Number(result);
  const text = row && !row.refused ? withOutputs(task, call, row, value ?? 0) : call.text!;
  task.kernel.trace.line(line(task, text, value === undefined ? String(BigInt.asIntN(64, task.registers.gpr(RAX))) : resultText(row, value)));
}

function resultText(row: SyscallRow | undefined, value: number): string {
  const errno = value < 0 && value > -4096 ? errnoByCode(-value) : undefined;
  if (errno) return `-1 ${errno.name} (${errnoMessage(errno.code)})`;
  return row && hexResults.has(row.name) ? `0x${value.toString(16)}` : String(value);
}
