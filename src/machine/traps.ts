// From processor exceptions and page faults to signals. SDM Vol. 3, 6.15; arch/x86/kernel/traps.c, arch/x86/mm/fault.c.
import { BUS_ADRALN, FPE_FLTDIV, FPE_FLTINV, FPE_FLTOVF, FPE_FLTRES, FPE_FLTUND, FPE_INTDIV, ILL_ILLOPN, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, TRAP_TRACE } from '../abi/index.ts';
import { Access, state } from '../guest/index.ts';
import { forceSignal } from '../linux/index.ts';
import type { SigInfo, Task } from '../linux/index.ts';

const PAGE_FAULT = 14, INVALID_OPCODE = 6, MATH_FAULT = 16, SIMD_FAULT = 19;

/** si_code by the exception flags that are set and not masked, the first that counts (fpu__exception_code in arch/x86/kernel/fpu/core.c). */
const floatCodes = [[0x01, FPE_FLTINV], [0x04, FPE_FLTDIV], [0x08, FPE_FLTOVF], [0x12, FPE_FLTUND], [0x20, FPE_FLTRES]] as const;
const floatCode = (flags: number, masks: number): number => floatCodes.find(([bits]) => flags & ~masks & bits)?.[1] ?? FPE_FLTINV;

/** What a vector becomes: the signal and its si_code; `atPc` gives si_addr the faulting instruction. */
const traps = new Map<number, { signo: number; code: number; atPc?: boolean }>([
  [0, { signo: SIGFPE, code: FPE_INTDIV, atPc: true }],
  [1, { signo: SIGTRAP, code: TRAP_TRACE, atPc: true }],
  [3, { signo: SIGTRAP, code: SI_KERNEL }],
  [4, { signo: SIGSEGV, code: SI_KERNEL }],
  [6, { signo: SIGILL, code: ILL_ILLOPN, atPc: true }],
  [13, { signo: SIGSEGV, code: SI_KERNEL }],
  [MATH_FAULT, { signo: SIGFPE, code: FPE_FLTINV, atPc: true }],
  [17, { signo: SIGBUS, code: BUS_ADRALN }],
  [SIMD_FAULT, { signo: SIGFPE, code: FPE_FLTINV, atPc: true }],
]);

/** An exception of the current task: the signal it becomes is pending afterwards. */
export function raiseTrap(task: Task): void {
  const { registers } = task;
  const vector = registers.u32(state.trapVector);
  const { signo, code, atPc } = traps.get(vector) ?? { signo: SIGSEGV, code: SI_KERNEL };
  if (vector === INVALID_OPCODE) task.kernel.trace.say('signal', () => `[pid ${task.tid}] unknown instruction at 0x${registers.pc.toString(16)}: ${bytesAt(task, registers.pc)}`);
  const info: SigInfo = { signo, code: codeOf(task, vector) ?? code, trap: { vector, error: 0 } };
  if (atPc) info.addr = registers.pc;
  forceSignal(task, info);
}

/** The si_code of a floating-point exception, from the status of its unit. */
function codeOf({ registers }: Task, vector: number): number | undefined {
  const mxcsr = registers.u32(state.mxcsr);
  if (vector === SIMD_FAULT) return floatCode(mxcsr, mxcsr >> 7);
  return vector === MATH_FAULT ? floatCode(registers.u32(state.fsw), registers.u32(state.fcw)) : undefined;
}

const LONGEST_INSTRUCTION = 15;
const bytesAt = (task: Task, pc: number): string =>
  [...task.memory.bytes.subarray(pc, pc + task.memory.reach(pc, LONGEST_INSTRUCTION, 1))].map((b) => b.toString(16).padStart(2, '0')).join(' ');

/** A page fault: the stack grows, or SIGSEGV is pending afterwards. */
export function raiseFault(task: Task): void {
  const { registers, space } = task;
  const address = registers.u32(state.faultAddress);
  const access = registers.u32(state.faultAccess);
  if (space.shared.reveal(address) || space.growStack(address)) return;
  const mapped = space.regionAt(address) !== undefined;
  const error = (mapped ? 1 : 0) | (access === Access.write ? 2 : 0) | 4 | (access === Access.execute ? 16 : 0);
  forceSignal(task, { signo: SIGSEGV, code: mapped ? SEGV_ACCERR : SEGV_MAPERR, addr: address, trap: { vector: PAGE_FAULT, error } });
}
