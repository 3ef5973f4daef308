// Sending signals, and delivering them when a task is about to go back to user code. signal(7).
import { CLD_CONTINUED, CLD_STOPPED, defaultAction, EFAULT, EINTR, SA_NOCLDSTOP, SA_NODEFER, SA_RESETHAND, SA_RESTART, SIG_DFL, SIG_IGN, SIGCHLD, SIGCONT, SIGKILL, SIGSEGV, SIGSTOP, SI_KERNEL, SI_QUEUE, SI_TKILL, SI_USER } from '../abi/index.ts';
import { RAX } from '../guest/index.ts';
import { exitGroup } from './exit.ts';
import type { Kernel } from './kernel.ts';
import { CONTINUE_SIGNAL, hasSignal, signalBit, STOP_SIGNALS, UNSTOPPABLE } from './pending-signals.ts';
import type { SigInfo, SignalSet } from './pending-signals.ts';
import { interruptSequence } from './rseq.ts';
import { pushSignalFrame } from './signal-frame.ts';
import { signalLine } from './siginfo.ts';
import { killedStatus } from './task.ts';
import type { Process, SignalAction, Task } from './task.ts';

/** A signal the kernel itself sends. */
export const kernelSignal = (signo: number): SigInfo => ({ signo, code: SI_KERNEL });
/** kill(2) by `task`. */
export const userSignal = (task: Task, signo: number, code: number = SI_USER): SigInfo => ({ signo, code, pid: task.pid, uid: task.credentials.uid });

/** The threads of a process in the order in which they take the process's signals: the first one before the others. */
const takers = ({ leader, tasks }: Process): readonly Task[] => (tasks.has(leader) ? [leader, ...[...tasks].filter((t) => t !== leader)] : [...tasks]);

/** The process's signals that this thread takes: not blocked by it, and blocked by those before it. */
function shareOf(task: Task): SignalSet {
  if (task.process.tasks.size === 1) return ~task.mask;
  let left = ~0n;
  for (const other of takers(task.process)) {
    if (other === task) break;
    left &= other.mask;
  }
  return left & ~task.mask;
}

/** Signals that would end up doing something now, and are not blocked. */
const deliverable = (task: Task): SignalSet => (task.pending.set & ~task.mask) | (task.process.pending.set === 0n ? 0n : task.process.pending.set & shareOf(task));
export const hasDeliverable = (task: Task): boolean => (task.pending.set !== 0n || task.process.pending.set !== 0n) && deliverable(task) !== 0n;

const ignores = (action: SignalAction, signo: number): boolean => action.handler === SIG_IGN || (action.handler === SIG_DFL && defaultAction(signo) === 'ignore');

/** pid_namespaces(7): the first process gets no signal from inside the container that it has no handler for. */
const sparesInit = (process: Process, info: SigInfo): boolean =>
  process === process.leader.kernel.init && process.actions.get(info.signo).handler === SIG_DFL && info.pid !== undefined && [SI_USER, SI_TKILL, SI_QUEUE].includes(info.code);

/** What sending does before any queueing: SIGCONT and the stop signals cancel each other, and SIGCONT and SIGKILL let a stopped process go on. */
function beforeQueueing(process: Process, signo: number): void {
  const cancelled = signo === SIGCONT ? STOP_SIGNALS : hasSignal(STOP_SIGNALS, signo) ? CONTINUE_SIGNAL : 0n;
  if (cancelled !== 0n) for (const queue of [process.pending, ...[...process.tasks].map((t) => t.pending)]) queue.discard(cancelled);
  if (signo === SIGCONT || signo === SIGKILL) resume(process, signo);
}

function resume(process: Process, signo: number): void {
  if (process.stopSignal === 0) return;
  process.stopSignal = 0;
  for (const task of process.tasks) task.kernel.scheduler.resume(task);
  if (signo === SIGCONT) reportToParent(process, 'continued', CLD_CONTINUED, SIGCONT);
}

/** What an init process does not pass on. */
const own: ReadonlySet<number> = new Set([SIGCHLD, SIGKILL, SIGSTOP]);

/** Sends to a process: the first thread takes it, or another one that does not block it. */
export function sendToProcess(process: Process, info: SigInfo): void {
  if (process.standsFor && !own.has(info.signo)) return sendToProcess(process.standsFor, info);
  if (process.zombie || sparesInit(process, info)) return;
  beforeQueueing(process, info.signo);
  const tasks = [...process.tasks];
  const blocked = tasks.every((t) => hasSignal(t.mask, info.signo));
  if (ignores(process.actions.get(info.signo), info.signo) && !blocked) return;
  process.pending.add(info);
  const taker = takers(process).find((t) => !hasSignal(t.mask, info.signo));
  if (taker) interrupt(taker, info.signo);
  else for (const task of tasks) wakeWaiter(task, info.signo);
}

/** Sends to the first process from an ancestor of its pid namespace: what it has no handler for is lost, but for SIGKILL and SIGSTOP (pid_namespaces(7)). */
export function sendFromOutside({ init }: Kernel, signo: number): void {
  const isSpared = init.standsFor === undefined && init.actions.get(signo).handler === SIG_DFL && signo !== SIGKILL && signo !== SIGSTOP;
  if (!isSpared) sendToProcess(init, kernelSignal(signo));
}

/** Masks have changed, or a thread has ended: the process's pending signals may be another thread's now. */
export function retarget(process: Process): void {
  if (process.pending.set === 0n) return;
  for (const task of process.tasks) if (hasDeliverable(task)) task.kernel.scheduler.wake(task);
}

/** Sends to one task (tgkill, faults). */
export function sendToTask(task: Task, info: SigInfo): void {
  if (task.state === 'dead' || sparesInit(task.process, info)) return;
  beforeQueueing(task.process, info.signo);
  const blocked = hasSignal(task.mask, info.signo);
  if (ignores(task.process.actions.get(info.signo), info.signo) && !blocked) return;
  task.pending.add(info);
  if (blocked) wakeWaiter(task, info.signo);
  else interrupt(task, info.signo);
}

/** A blocked task looks again; one in user code notices at its next budget. */
function interrupt(task: Task, signo: number): void {
  const { scheduler } = task.kernel;
  if (signo === SIGKILL && task.state === 'stopped') scheduler.resume(task);
  else scheduler.wake(task);
}

/** rt_sigtimedwait and signalfd wait for signals that are blocked: a task in such a call looks again. */
function wakeWaiter(task: Task, signo: number): void {
  if (task.waitingFor !== undefined && hasSignal(task.waitingFor, signo)) task.kernel.scheduler.wake(task);
  task.process.signalled.wake();
}

/** Sends to every process of a group; returns how many got it. */
export function sendToGroup(kernel: Kernel, groupId: number, info: SigInfo): number {
  const members = [...(kernel.groups.get(groupId)?.members ?? [])].filter((p) => !p.zombie);
  for (const process of members) sendToProcess(process, info);
  return members.length;
}

/** A signal that cannot be put off (a fault): when it is blocked or ignored it takes its default action. */
export function forceSignal(task: Task, info: SigInfo): void {
  const { actions } = task.process;
  const action = actions.get(info.signo);
  if (hasSignal(task.mask, info.signo) || action.handler === SIG_IGN) {
    actions.set(info.signo, { ...action, handler: SIG_DFL });
    task.mask &= ~signalBit(info.signo);
  }
  task.pending.add(info);
}

/** Delivers what is pending until the task can go on in user code, is stopped, or is dead. The task is current; a call on its way is interrupted only by a handler. */
export function deliverSignals(task: Task): void {
  while (task.state === 'running') {
    const info = task.pending.take(~task.mask) ?? task.process.pending.take(shareOf(task));
    if (!info) break;
    act(task, info);
  }
}

function act(task: Task, info: SigInfo): void {
  const { process, kernel } = task;
  const action = process.actions.get(info.signo);
  if (ignores(action, info.signo)) return;
  if (kernel.trace.signal) kernel.trace.line(tracePrefix(task) + signalLine(info));
  if (action.handler !== SIG_DFL) { callHandler(task, action, info); return; }
  const what = defaultAction(info.signo);
  if (what === 'continue') return;
  if (what === 'stop') { if (info.signo === SIGSTOP || !isOrphaned(process)) stop(task, info.signo); return; }
  exitGroup(process, killedStatus(info.signo));
}

/** strace's `[pid 7] ` when there is more than one task. */
export const tracePrefix = (task: Task): string => (task.kernel.tasks.size > 1 ? `[pid ${task.tid}] ` : '');

function callHandler(task: Task, action: SignalAction, info: SigInfo): void {
  interruptCall(task, (action.flags & SA_RESTART) !== 0);
  const { actions } = task.process;
  try {
    interruptSequence(task);
    pushSignalFrame(task, action, info, task.savedMask ?? task.mask);
  } catch (error) {
    if (error !== EFAULT) throw error;
    actions.set(SIGSEGV, { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n });
    task.mask &= ~signalBit(SIGSEGV);
    task.pending.add(kernelSignal(SIGSEGV));
    return;
  }
  task.savedMask = undefined;
  task.mask |= action.mask & ~UNSTOPPABLE;
  if ((action.flags & SA_NODEFER) === 0) task.mask |= signalBit(info.signo);
  if (action.flags & SA_RESETHAND) actions.set(info.signo, { ...action, handler: SIG_DFL });
}

/** Length of the `syscall` instruction: how far to step back to run it again. */
const SYSCALL_LENGTH = 2;

/** Ends the call on its way because a handler will run: with what it has done so far, by running it again after the handler, or with EINTR. */
function interruptCall(task: Task, restartAsked: boolean): void {
  const { call, registers } = task;
  if (!call) return;
  const restart = call.partial === 0 && restartAsked && !call.neverRestart;
  if (restart) {
    registers.pc -= SYSCALL_LENGTH;
    registers.setGpr(RAX, BigInt(call.number));
  } else registers.setGpr(RAX, BigInt(call.partial > 0 ? call.partial : -EINTR.code));
  call.interrupted?.(restart);
  call.cleanup?.();
  task.call = undefined;
}

function stop(task: Task, signo: number): void {
  const { process, kernel } = task;
  process.stopSignal = signo;
  for (const other of process.tasks) kernel.scheduler.stop(other);
  reportToParent(process, 'stopped', CLD_STOPPED, signo);
}

function reportToParent(process: Process, what: 'stopped' | 'continued', code: number, signo: number): void {
  process.unreported = what;
  const { parent } = process;
  if (!parent) return;
  if ((parent.actions.get(SIGCHLD).flags & SA_NOCLDSTOP) === 0) sendToProcess(parent, { signo: SIGCHLD, code, pid: process.pid, uid: process.leader.credentials.uid, status: signo });
  parent.childChanged.wake();
}

/** credentials(7): a group is orphaned when no member has a parent in another group of the same session. Its stop signals from the terminal are dropped. */
export const isOrphaned = (process: Process): boolean =>
  ![...process.group.members].some((p) => p.parent && p.parent.group !== p.group && p.parent.session === p.session && !p.zombie);
