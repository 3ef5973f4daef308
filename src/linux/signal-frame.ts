// The x86-64 signal frame: what a handler finds on its stack, and what rt_sigreturn puts back. Layout of arch/x86/include/uapi/asm/sigcontext.h and ucontext.h.
import { AC, CpuState, DF, gprNames, ID, MXCSR_DEFAULT, RAX, RDI, RDX, RSI, RSP, state, TF } from '../guest/index.ts';
import type { GuestMemory } from '../guest/index.ts';
import { SA_ONSTACK, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from '../abi/index.ts';
import { encodeSigInfo } from './siginfo.ts';
import type { SigInfo, SignalSet } from './pending-signals.ts';
import type { SignalAction, Task } from './task.ts';

/** Offsets in struct rt_sigframe. */
const frame = { pretcode: 0, flags: 8, link: 16, stack: 24, gregs: 48, segments: 192, err: 200, trapno: 208, oldmask: 216, cr2: 224, fpstate: 232, sigmask: 304, info: 312, size: 440 } as const;
/** gregs of struct sigcontext, in order; the manual's numbers of registers, then rip and eflags. */
const order = (['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rdi', 'rsi', 'rbp', 'rbx', 'rdx', 'rax', 'rcx', 'rsp'] as const).map((name) => gprNames.indexOf(name));
const RIP_AT = frame.gregs + 8 * order.length;
const EFLAGS_AT = RIP_AT + 8;
const RED_ZONE = 128;
const FXSAVE_SIZE = 512;
const UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4;
const USER_CS = 0x33n, USER_SS = 0x2bn;

/** The FXSAVE image of the x87 and SSE registers (SDM Vol. 1, 10.5.1). */
export function fxsave(registers: CpuState): Uint8Array {
  const out = new Uint8Array(FXSAVE_SIZE);
  const view = new DataView(out.buffer);
  const bytes = registers.bytes;
  const top = registers.u32(state.top) & 7;
  view.setUint16(0, registers.u32(state.fcw), true);
  view.setUint16(2, (registers.u32(state.fsw) & ~0x3800) | top << 11, true);
  out[4] = registers.u32(state.fvalid);
  view.setUint32(24, registers.u32(state.mxcsr), true);
  view.setUint32(28, 0xffff, true);
  for (let i = 0; i < 8; i++) out.set(bytes.subarray(state.st + 16 * ((top + i) & 7), state.st + 16 * ((top + i) & 7) + 10), 32 + 16 * i);
  out.set(bytes.subarray(state.xmm, state.xmm + 256), 160);
  return out;
}

/** Puts an FXSAVE image back. */
export function fxrstor(registers: CpuState, image: Uint8Array): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const fsw = view.getUint16(2, true);
  const top = fsw >> 11 & 7;
  registers.setU32(state.fcw, view.getUint16(0, true));
  registers.setU32(state.fsw, fsw & ~0x3800);
  registers.setU32(state.top, top);
  registers.setU32(state.fvalid, image[4]!);
  registers.setU32(state.mxcsr, view.getUint32(24, true) & 0xffff);
  for (let i = 0; i < 8; i++) registers.bytes.set(image.subarray(32 + 16 * i, 42 + 16 * i), state.st + 16 * ((top + i) & 7));
  registers.bytes.set(image.subarray(160, 416), state.xmm);
}

/** The state of x87 and SSE after execve and when a signal handler begins: FNINIT, MXCSR default, registers zero (fpu__clear_user_states in arch/x86/kernel/fpu/core.c). */
export function resetFloatingPoint(registers: CpuState): void {
  registers.setU32(state.fcw, 0x37f);
  registers.setU32(state.fsw, 0);
  registers.setU32(state.top, 0);
  registers.setU32(state.fvalid, 0);
  registers.setU32(state.mxcsr, MXCSR_DEFAULT);
  registers.bytes.fill(0, state.xmm, state.xmm + 256);
  registers.bytes.fill(0, state.st, state.st + 128);
}

const onAltStack = (task: Task, sp: number): boolean => sp > task.altStack.sp && sp - task.altStack.sp <= task.altStack.size;

/** ss_flags as sigaltstack(2) reports them for a given stack pointer. */
export function altStackFlags(task: Task, sp: number): number {
  const { size, flags } = task.altStack;
  if (size === 0) return SS_DISABLE;
  return (flags & SS_AUTODISARM) | ((flags & SS_AUTODISARM) === 0 && onAltStack(task, sp) ? SS_ONSTACK : 0);
}

const stackFor = (task: Task, action: SignalAction, sp: number): number =>
  (action.flags & SA_ONSTACK && altStackFlags(task, sp) === (task.altStack.flags & SS_AUTODISARM) && task.altStack.size > 0 ? task.altStack.sp + task.altStack.size : sp - RED_ZONE);

/** Builds the frame of `info` and makes the handler the next thing to run. Throws EFAULT when the stack cannot take it. */
export function pushSignalFrame(task: Task, action: SignalAction, info: SigInfo, mask: SignalSet): void {
  const { registers } = task;
  const sp = registers.gpr32(RSP);
  const fpstate = (stackFor(task, action, sp) - FXSAVE_SIZE) & ~63;
  const at = ((fpstate - frame.size) & ~15) - 8 >>> 0;
  task.space.coverStack(at);
  const bytes = task.memory.writable(at, fpstate + FXSAVE_SIZE - at);
  bytes.fill(0);
  bytes.set(fxsave(registers), fpstate - at);
  bytes.set(encodeSigInfo(info), frame.info);
  writeContext(task, at, sp, fpstate, info, mask, action.restorer);
  if (task.altStack.flags & SS_AUTODISARM) task.altStack = { sp: 0, flags: SS_DISABLE, size: 0 };
  registers.setGpr(RDI, BigInt(info.signo));
  registers.setGpr(RSI, BigInt(at + frame.info));
  registers.setGpr(RDX, BigInt(at + frame.flags));
  registers.setGpr(RAX, 0n);
  registers.setGpr(RSP, BigInt(at));
  registers.pc = action.handler;
  registers.rflags = registers.rflags & ~(DF | TF);
  resetFloatingPoint(registers);
}

function writeContext(task: Task, at: number, sp: number, fpstate: number, info: SigInfo, mask: SignalSet, restorer: number): void {
  const { registers, memory: { view } } = task;
  const put = (offset: number, value: bigint | number): void => view.setBigUint64(at + offset, BigInt.asUintN(64, BigInt(value)), true);
  put(frame.pretcode, restorer);
  put(frame.flags, UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS);
  put(frame.stack, task.altStack.sp);
  view.setUint32(at + frame.stack + 8, altStackFlags(task, sp), true);
  put(frame.stack + 16, task.altStack.size);
  order.forEach((n, i) => put(frame.gregs + 8 * i, registers.gpr(n)));
  put(RIP_AT, registers.pc);
  put(EFLAGS_AT, registers.rflags);
  put(frame.segments, USER_CS | USER_SS << 48n);
  put(frame.err, info.trap?.error ?? 0);
  put(frame.trapno, info.trap?.vector ?? 0);
  put(frame.oldmask, mask);
  put(frame.cr2, info.trap?.vector === 14 ? info.addr ?? 0 : 0);
  put(frame.fpstate, fpstate);
  put(frame.sigmask, mask);
}

/** rt_sigreturn: takes everything back from the frame rsp points behind, and returns the mask to set. Throws EFAULT. */
export function popSignalFrame(task: Task): SignalSet {
  const { registers, memory } = task;
  const at = registers.gpr32(RSP) - 8;
  memory.readable(at, frame.size);
  const get = (offset: number): bigint => memory.view.getBigUint64(at + offset, true);
  order.forEach((n, i) => registers.setGpr(n, get(frame.gregs + 8 * i)));
  registers.pc = Number(get(RIP_AT) & 0xffff_ffffn);
  setUserFlags(registers, Number(get(EFLAGS_AT) & 0xffff_ffffn));
  restoreFloatingPoint(registers, memory, Number(get(frame.fpstate)));
  task.altStack = { sp: Number(get(frame.stack)), flags: memory.view.getUint32(at + frame.stack + 8, true) & ~SS_ONSTACK, size: Number(get(frame.stack + 16)) };
  return get(frame.sigmask);
}

function setUserFlags(registers: CpuState, eflags: number): void {
  registers.rflags = eflags;
  registers.setU32(state.flagsOther, eflags & (AC | ID));
}

function restoreFloatingPoint(registers: CpuState, memory: GuestMemory, fpstate: number): void {
  if (fpstate === 0) resetFloatingPoint(registers);
  else fxrstor(registers, memory.readable(fpstate, FXSAVE_SIZE).slice());
}
