// From processor exceptions and page faults to signals. SDM Vol. 3, 6.15; arch/x86/kernel/traps.c, arch/x86/mm/fault.c.
import { BUS_ADRALN, FPE_FLTINV, FPE_INTDIV, ILL_ILLOPN, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, TRAP_TRACE } from '../abi/index.ts';
import { Access, state } from '../guest/index.ts';
import { forceSignal } from '../linux/index.ts';
import type { SigInfo, Task } from '../linux/index.ts';

/** What a vector becomes: the signal and its si_code; `atPc` gives si_addr the faulting instruction. */
const traps = new Map<number, { signo: number; code: number; atPc?: boolean }>([
  [0, { signo: SIGFPE, code: FPE_INTDIV, atPc: true }],
  [1, { signo: SIGTRAP, code: TRAP_TRACE, atPc: true }],
  [3, { signo: SIGTRAP, code: SI_KERNEL }],
  [4, { signo: SIGSEGV, code: SI_KERNEL }],
  [6, { signo: SIGILL, code: ILL_ILLOPN, atPc: true }],
  [13, { signo: SIGSEGV, code: SI_KERNEL }],
  [16, { signo: SIGFPE, code: FPE_FLTINV, atPc: true }],
  [17, { signo: SIGBUS, code: BUS_ADRALN }],
  [19, { signo: SIGFPE, code: FPE_FLTINV, atPc: true }],
]);
const PAGE_FAULT = 14, INVALID_OPCODE = 6;

/** An exception of the current task: the signal it becomes is pending afterwards. */
export function raiseTrap(task: Task): void {
  const { registers } = task;
  const vector = registers.u32(state.trapVector);
  const { signo, code, atPc } = traps.get(vector) ?? { signo: SIGSEGV, code: SI_KERNEL };
  if (vector === INVALID_OPCODE) task.kernel.trace.say('signal', () => `[pid ${task.tid}] unknown instruction at 0x${registers.pc.toString(16)}: ${bytesAt(task, registers.pc)}`);
  const info: SigInfo = { signo, code, trap: { vector, error: 0 } };
  if (atPc) info.addr = registers.pc;
  forceSignal(task, info);
}

const LONGEST_INSTRUCTION = 15;
const bytesAt = (task: Task, pc: number): string =>
  [...task.memory.bytes.subarray(pc, pc + task.memory.reach(pc, LONGEST_INSTRUCTION, 1))].map((b) => b.toString(16).padStart(2, '0')).join(' ');

/** A page fault: the stack grows, or SIGSEGV is pending afterwards. */
export function raiseFault(task: Task): void {
  const { registers, space } = task;
  const address = registers.u32(state.faultAddress);
  const access = registers.u32(state.faultAccess);
  if (space.growStack(address)) return;
  const mapped = space.regionAt(address) !== undefined;
  const error = (mapped ? 1 : 0) | (access === Access.write ? 2 : 0) | 4 | (access === Access.execute ? 16 : 0);
  forceSignal(task, { signo: SIGSEGV, code: mapped ? SEGV_ACCERR : SEGV_MAPERR, addr: address, trap: { vector: PAGE_FAULT, error } });
}
