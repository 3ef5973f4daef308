// The lines of --trace=syscall, in strace's own format: arguments, results, calls that others interrupt with theirs.
import { EFAULT, Errno, errnoByCode, errnoMessage, syscallName } from '../abi/index.ts';
import { RAX } from '../guest/index.ts';
import { tracePrefix } from '../linux/index.ts';
import type { Call, Task } from '../linux/index.ts';
import { hex } from './codec.ts';
import type { Printed } from './codec.ts';
import { argumentRegisters } from './row.ts';
import type { SyscallRow } from './row.ts';

/** Calls whose result is an address. */
const hexResults = new Set(['brk', 'mmap', 'mremap', 'shmat']);
/** Calls that end the task: their line comes before the one about its end. */
const neverReturn = new Set(['exit', 'exit_group']);
/** strace's columns: the result stands at column 40 or later. */
const RESULT_COLUMN = 40;
/** Stands for an argument that the call fills in. */
const LATER = '\0';
const REFUSED_ARGUMENTS = 6;

/** At entry: the arguments known now are printed, as memory may change; those the call fills in come later. */
export function traceEntry(task: Task, call: Call, row: SyscallRow | undefined): void {
  const { counts, syscall } = task.kernel.trace;
  counts?.begin();
  if (!syscall || call.text !== undefined) return;
  const { name, parts } = row && !row.refused ? { name: row.name, parts: entryParts(task, row) } : rawParts(task, call, row);
  call.text = `${name}(${parts.filter((part) => part !== '').join(', ')})`;
  call.interrupted = () => { finish(task, call, row, -1, '? ERESTARTSYS (To be restarted if SA_RESTART is set)'); };
  if (row && neverReturn.has(row.name)) {
    finish(task, call, row, 0, '?');
    delete call.text;
  }
}

/** The task blocks: the line stays open until it ends or another one needs the place. */
export function traceBlocked(task: Task, call: Call): void {
  const { trace } = task.kernel;
  trace.counts?.wait(call.number);
  if (call.text === undefined || call.unfinished) return;
  const cut = call.text.indexOf(LATER);
  const begun = `${tracePrefix(task)}${cut < 0 ? call.text.slice(0, -1) : call.text.slice(0, cut)} <unfinished ...>`;
  trace.open = { text: begun, owner: call, closed: () => { call.unfinished = true; } };
}

/** At the end: the whole line, or what is left of it. `value` is undefined when the call has set the registers itself. */
export function traceEnd(task: Task, call: Call, row: SyscallRow | undefined, value: number | undefined): void {
  task.kernel.trace.counts?.end(call.number, value !== undefined && isError(value));
  if (call.text === undefined) return;
  finish(task, call, row, value ?? 0, value === undefined ? String(BigInt.asIntN(64, task.registers.gpr(RAX))) : resultText(row, value));
}

function finish(task: Task, call: Call, row: SyscallRow | undefined, value: number, result: string): void {
  const { trace } = task.kernel;
  if (trace.open?.owner === call) trace.open = undefined;
  const whole = row ? withOutputs(task, call, row, value) : call.text!;
  const cut = call.text!.indexOf(LATER);
  const shown = call.unfinished ? `<... ${row?.name ?? ''} resumed>${cut < 0 ? ')' : whole.slice(cut)}` : whole;
  trace.line(`${`${tracePrefix(task)}${shown}`.padEnd(RESULT_COLUMN - 1)} = ${result}`);
}

/** A call without codecs: registers as numbers. */
function rawParts(task: Task, call: Call, row: SyscallRow | undefined): { name: string; parts: string[] } {
  const count = row?.refusedArguments ?? REFUSED_ARGUMENTS;
  return { name: row?.name ?? syscallName(call.number), parts: argumentRegisters.slice(0, count).map((n) => hex(Number(task.registers.gpr(n)))) };
}

function entryParts(task: Task, row: SyscallRow): readonly string[] {
  const printed: Printed = { args: rawArguments(task, row), result: undefined };
  const parts = row.codecs.map((codec, i) => (codec.out ? `${LATER}${i}${LATER}` : printArgument(task, row, i, printed)));
  return row.arrange ? row.arrange(parts, printed.args) : parts;
}

/** Decoded arguments; in place of one that cannot be decoded (a bad pointer) its Errno. */
const rawArguments = (task: Task, row: SyscallRow): unknown[] => row.codecs.map((codec, i) => {
  try { return codec.decode(task, argumentRegisters[i]!); } catch (error) { if (error instanceof Errno) return error; throw error; }
});

function printArgument(task: Task, row: SyscallRow, i: number, printed: Printed): string {
  const value = printed.args[i];
  const number = (): string => hex(Number(task.registers.gpr(argumentRegisters[i]!)));
  if (value instanceof Errno) return number();
  try { return row.codecs[i]!.print(task, value, printed); } catch (error) { if (error === EFAULT) return number(); throw error; }
}

function withOutputs(task: Task, call: Call, row: SyscallRow, result: number): string {
  const text = call.text!;
  if (!text.includes(LATER)) return text;
  const printed: Printed = { args: rawArguments(task, row), result };
  return text.replace(/\0(\d)\0/g, (_, i: string) => printArgument(task, row, Number(i), printed));
}

const isError = (value: number): boolean => value < 0 && value > -4096;

function resultText(row: SyscallRow | undefined, value: number): string {
  const errno = isError(value) ? errnoByCode(-value) : undefined;
  if (errno) return `-1 ${errno.name} (${errnoMessage(errno.code)})`;
  return row && hexResults.has(row.name) ? `0x${value.toString(16)}` : String(value);
}
