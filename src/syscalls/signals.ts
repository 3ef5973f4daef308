// Calls about signals: actions, masks, sending, waiting, the alternate stack, returning from handlers.
import {
  EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM, ESRCH, MINSIGSTKSZ, NSIG, SI_TKILL, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK, SIG_UNBLOCK, resources, SIGBUS, SIGCONT, sigmaskHow, SIGRTMIN, SIGSEGV,
  SS_AUTODISARM, SS_DISABLE, SS_ONSTACK, defaultAction, sigactionFlags,
} from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import { RSP } from '../guest/index.ts';
import { altStackFlags, decodeSigInfo, encodeSigInfo, forceSignal, hasSignal, kernelSignal, popSignalFrame, retarget, sendToProcess, sendToTask, signalBit, UNSTOPPABLE, userSignal } from '../linux/index.ts';
import type { Process, SigInfo, SignalAction, SignalSet, Task } from '../linux/index.ts';
import { oneOf, OutSigSetPtr, Pid, pointed, printFlags, printSignalSet, Ptr, Signal, SigSetPtr, Size, TimespecPtr } from './codec.ts';
import { registersSet, sys } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { readTimespec } from './structs.ts';

const SET_BYTES = 8;
const demandSize = (size: number): void => { if (size !== SET_BYTES) throw EINVAL; };
const validSignal = (signal: number): boolean => signal >= 1 && signal <= NSIG;

/** A signal set from memory, without SIGKILL and SIGSTOP. */
export const readMask = (task: Task, ptr: number): SignalSet => task.memory.readU64(ptr) & ~UNSTOPPABLE;

/** Sets the mask for the length of the call on its way (ppoll, pselect6, epoll_pwait, sigsuspend); the old one comes back when it ends, or after the handler. */
export function maskDuringCall(task: Task, mask: SignalSet): void {
  if (task.savedMask !== undefined) return;
  task.savedMask = task.mask;
  task.mask = mask;
}

/** struct kernel_sigaction: handler, flags, restorer, mask; 8 bytes each. */
function readAction(task: Task, ptr: number): SignalAction {
  const word = (n: number): number => Number(task.memory.readU64(ptr + 8 * n));
  return { handler: word(0), flags: Number(task.memory.readU64(ptr + 8) & 0xffff_ffffn), restorer: word(2), mask: readMask(task, ptr + 24) };
}

function rtSigaction(task: Task, signal: number, newPtr: number, oldPtr: number, size: number): number {
  demandSize(size);
  if (!validSignal(signal) || (newPtr !== 0 && hasSignal(UNSTOPPABLE, signal))) throw EINVAL;
  const { actions } = task.process;
  const old = actions.get(signal);
  const action = newPtr === 0 ? undefined : readAction(task, newPtr);
  if (oldPtr !== 0) [old.handler, old.flags, old.restorer, old.mask].forEach((word, i) => { task.memory.writeU64(oldPtr + 8 * i, BigInt(word)); });
  if (action) setAction(task, signal, action);
  return 0;
}

function setAction(task: Task, signal: number, action: SignalAction): void {
  const { process, space } = task;
  process.actions.set(signal, action);
  const ignored = action.handler === SIG_IGN || (action.handler === SIG_DFL && defaultAction(signal) === 'ignore');
  if (ignored) for (const queue of [process.pending, ...[...process.tasks].map((t) => t.pending)]) queue.discard(signalBit(signal));
  if ((signal === SIGSEGV || signal === SIGBUS) && action.handler > SIG_IGN) space.cpu.level = 'all';
}

function rtSigprocmask(task: Task, how: number, newPtr: number, oldPtr: number, size: number): number {
  demandSize(size);
  const old = task.mask;
  if (newPtr !== 0) {
    task.mask = changed(how, old, readMask(task, newPtr));
    if (task.process.tasks.size > 1) retarget(task.process);
  }
  if (oldPtr !== 0) task.memory.writeU64(oldPtr, old);
  return 0;
}

function changed(how: number, old: SignalSet, set: SignalSet): SignalSet {
  if (how === SIG_BLOCK) return old | set;
  if (how === SIG_UNBLOCK) return old & ~set;
  if (how === SIG_SETMASK) return set;
  throw EINVAL;
}

function rtSigpending(task: Task, ptr: number, size: number): number {
  if (size > SET_BYTES) throw EINVAL;
  task.memory.writeU64(ptr, (task.pending.set | task.process.pending.set) & task.mask);
  return 0;
}

function rtSigsuspend(task: Task, ptr: number, size: number): Result {
  demandSize(size);
  maskDuringCall(task, readMask(task, ptr));
  return new Wait([]);
}

function rtSigtimedwait(task: Task, setPtr: number, infoPtr: number, timeoutPtr: number, size: number): Result {
  demandSize(size);
  const set = readMask(task, setPtr);
  const timeoutNs = timeoutPtr === 0 ? undefined : readTimespec(task, timeoutPtr);
  const info = task.pending.take(set) ?? task.process.pending.take(set);
  if (info) {
    if (infoPtr !== 0) task.memory.writable(infoPtr, 128).set(encodeSigInfo(info));
    return info.signo;
  }
  if (timeoutNs === undefined) return waitFor(task, set, undefined);
  const deadline = task.deadline(timeoutNs);
  if (task.kernel.monotonicNs() >= deadline) throw EAGAIN;
  return waitFor(task, set, deadline);
}

function waitFor(task: Task, set: SignalSet, deadline: bigint | undefined): Wait {
  task.waitingFor = set;
  task.call!.cleanup = () => { task.waitingFor = undefined; };
  return new Wait([], deadline);
}

/** kill(2)'s permission: the credentials allow it, or it is SIGCONT inside one session. Throws EPERM. */
function demandRight(task: Task, target: Process, signal: number): void {
  const allowed = task.process === target || task.credentials.maySignal(target.leader.credentials) || (signal === SIGCONT && target.session === task.process.session);
  if (!allowed) throw EPERM;
}

function kill(task: Task, pid: number, signal: number): number {
  if (signal < 0 || signal > NSIG) throw EINVAL;
  const targets = killTargets(task, pid);
  if (targets.length === 0) throw ESRCH;
  const permitted = targets.filter((p) => { try { demandRight(task, p, signal); return true; } catch (error) { if (error === EPERM) return false; throw error; } });
  if (permitted.length === 0) throw EPERM;
  if (signal !== 0) for (const target of permitted) sendToProcess(target, userSignal(task, signal));
  return 0;
}

function killTargets(task: Task, pid: number): Process[] {
  const { kernel } = task;
  if (pid > 0) { const found = kernel.processes.get(pid) ?? kernel.tasks.get(pid)?.process; return found ? [found] : []; }
  if (pid === -1) return [...kernel.processes.values()].filter((p) => p !== kernel.init && p !== task.process);
  return [...(kernel.groups.get(pid === 0 ? task.process.group.id : -pid)?.members ?? [])];
}

function tgkill(task: Task, tgid: number | undefined, tid: number, signal: number): number {
  if (tid <= 0 || (tgid !== undefined && tgid <= 0) || signal < 0 || signal > NSIG) throw EINVAL;
  const target = task.kernel.tasks.get(tid);
  if (!target || (tgid !== undefined && target.pid !== tgid)) throw ESRCH;
  demandRight(task, target.process, signal);
  if (signal !== 0) sendToTask(target, userSignal(task, signal, SI_TKILL));
  return 0;
}

/** RLIMIT_SIGPENDING, counted for each process: real-time signals beyond it are EAGAIN. */
function demandQueueRoom(target: Process, signal: number): void {
  if (signal >= SIGRTMIN && BigInt(target.pending.count) >= target.limits[resources.RLIMIT_SIGPENDING]!.soft) throw EAGAIN;
}

/** rt_sigqueueinfo: only a process itself may pretend that the kernel or kill(2) sent the signal. */
function queued(task: Task, pid: number, signal: number, infoPtr: number): SigInfo {
  if (signal < 0 || signal > NSIG) throw EINVAL;
  const info = { ...decodeSigInfo(task.memory.readable(infoPtr, 128)), signo: signal };
  if ((info.code >= 0 || info.code === SI_TKILL) && pid !== task.pid) throw EPERM;
  return info;
}

function rtSigqueueinfo(task: Task, pid: number, signal: number, infoPtr: number): number {
  const info = queued(task, pid, signal, infoPtr);
  const target = task.kernel.processes.get(pid);
  if (!target) throw ESRCH;
  demandRight(task, target, signal);
  demandQueueRoom(target, signal);
  if (signal !== 0) sendToProcess(target, info);
  return 0;
}

function rtTgsigqueueinfo(task: Task, tgid: number, tid: number, signal: number, infoPtr: number): number {
  const info = queued(task, tgid, signal, infoPtr);
  const target = task.kernel.tasks.get(tid);
  if (!target || target.pid !== tgid) throw ESRCH;
  demandRight(task, target.process, signal);
  if (signal !== 0) sendToTask(target, info);
  return 0;
}

function sigaltstack(task: Task, newPtr: number, oldPtr: number): number {
  const sp = task.registers.gpr32(RSP);
  const old = { ...task.altStack, flags: altStackFlags(task, sp) };
  if (newPtr !== 0) setAltStack(task, newPtr, (old.flags & SS_ONSTACK) !== 0);
  if (oldPtr !== 0) {
    task.memory.writable(oldPtr, 24).fill(0);
    task.memory.writeU64(oldPtr, BigInt(old.sp));
    task.memory.writeU32(oldPtr + 8, old.flags);
    task.memory.writeU64(oldPtr + 16, BigInt(old.size));
  }
  return 0;
}

function setAltStack(task: Task, ptr: number, inUse: boolean): void {
  const [sp, flag, size] = [Number(task.memory.readU64(ptr)), task.memory.readU32(ptr + 8), Number(task.memory.readU64(ptr + 16))];
  if (inUse) throw EPERM;
  const mode = flag & ~SS_AUTODISARM;
  if (mode !== 0 && mode !== SS_DISABLE && mode !== SS_ONSTACK) throw EINVAL;
  if (mode === SS_DISABLE) { task.altStack = { sp: 0, flags: SS_DISABLE, size: 0 }; return; }
  if (size < MINSIGSTKSZ) throw ENOMEM;
  task.altStack = { sp, flags: flag & SS_AUTODISARM, size };
}

function rtSigreturn(task: Task): Result {
  try {
    task.mask = popSignalFrame(task) & ~UNSTOPPABLE;
  } catch (error) {
    if (error !== EFAULT) throw error;
    forceSignal(task, kernelSignal(SIGSEGV));
  }
  return registersSet;
}

const Action = (out?: 'out') => pointed((task, ptr) => {
  const { handler, flags, restorer } = readAction(task, ptr);
  const mask = task.memory.readU64(ptr + 24);
  const name = handler === SIG_DFL ? 'SIG_DFL' : handler === SIG_IGN ? 'SIG_IGN' : `0x${handler.toString(16)}`;
  const rest = flags & sigactionFlags.SA_RESTORER ? `, sa_restorer=0x${restorer.toString(16)}` : '';
  return `{sa_handler=${name}, sa_mask=${printSignalSet(mask)}, sa_flags=${printFlags(Object.entries(sigactionFlags), flags, '0')}${rest}}`;
}, out);

export const signalCalls: readonly SyscallRow[] = [
  sys(13, 'rt_sigaction', [Signal, Action(), Action('out'), Size], rtSigaction, 'a handler of SIGSEGV or SIGBUS makes the process check every load'),
  sys(14, 'rt_sigprocmask', [oneOf(sigmaskHow), SigSetPtr, OutSigSetPtr, Size], rtSigprocmask),
  sys(15, 'rt_sigreturn', [], rtSigreturn),
  sys(127, 'rt_sigpending', [OutSigSetPtr, Size], rtSigpending),
  sys(128, 'rt_sigtimedwait', [SigSetPtr, Ptr, TimespecPtr, Size], rtSigtimedwait),
  sys(129, 'rt_sigqueueinfo', [Pid, Signal, Ptr], rtSigqueueinfo),
  sys(130, 'rt_sigsuspend', [SigSetPtr, Size], rtSigsuspend),
  sys(131, 'sigaltstack', [Ptr, Ptr], sigaltstack),
  sys(297, 'rt_tgsigqueueinfo', [Pid, Pid, Signal, Ptr], rtTgsigqueueinfo),
  sys(34, 'pause', [], () => new Wait([])),
  sys(62, 'kill', [Pid, Signal], kill),
  sys(200, 'tkill', [Pid, Signal], (task, tid, signal) => tgkill(task, undefined, tid, signal)),
  sys(234, 'tgkill', [Pid, Pid, Signal], tgkill),
];
