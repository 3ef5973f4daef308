// How tasks and processes end: what is given back, who is told, who inherits the children. _exit(2), exit_group(2), wait(2).
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, NSIG, SA_NOCLDWAIT, SIG_IGN, SIGCHLD, SIGCONT, SIGHUP, signalName, EFAULT } from '../abi/index.ts';
import { taskTimeNs } from './cpu-time.ts';
import { isOrphaned, kernelSignal, retarget, sendToGroup, sendToProcess, tracePrefix } from './signals.ts';
import { exitedStatus, type Process, type Task } from './task.ts';

/** Ends a whole process with a wait status. */
export function exitGroup(process: Process, status: number): void {
  if (process.zombie) return;
  process.exiting = status;
  const { leader } = process;
  if (leader.kernel.trace.signal) leader.kernel.trace.line(tracePrefix(leader) + exitLine(status));
  for (const task of [...process.tasks]) endTask(task);
  endProcess(process, status);
}

const exitLine = (status: number): string =>
  ((status & 0x7f) === 0 ? `+++ exited with ${status >> 8} +++` : `+++ killed by ${signalName(status & 0x7f)}${status & 0x80 ? ' (core dumped)' : ''} +++`);

/** Ends one thread; the last one ends the process, with its own status (as Linux does since 5.17). */
export function exitThread(task: Task, status: number): void {
  if (task.process.tasks.size === 1) exitGroup(task.process, status);
  else endTask(task);
}

/** Takes a task out of everything. */
export function endTask(task: Task): void {
  const { kernel, process } = task;
  task.call?.cleanup?.();
  task.call = undefined;
  leaveRobustList(task);
  clearTid(task);
  kernel.scheduler.drop(task);
  task.state = 'dead';
  kernel.tasks.delete(task.tid);
  process.tasks.delete(task);
  process.deadUserNs += taskTimeNs(task);
  retarget(process);
  leaveSpace(task);
  if (![...kernel.tasks.values()].some((t) => t.files === task.files)) task.files.closeAll();
}

/** set_tid_address(2): the thread's id is cleared and whoever joins it is woken. */
function clearTid(task: Task): void {
  if (task.clearChildTidPtr === 0 || task.space.users < 2) return;
  quietly(() => {
    task.memory.writeU32(task.clearChildTidPtr, 0);
    task.kernel.futexes.wake(task.space.futexKey(task.clearChildTidPtr, false), 1);
  });
}

/** Memory of the program that is not there is the program's problem. */
function quietly(act: () => void): void {
  try { act(); } catch (error) { if (error !== EFAULT) throw error; }
}

const ROBUST_LIST_LIMIT = 2048;

/** get_robust_list(2): futexes the task still owns are marked and one waiter each is woken. */
function leaveRobustList(task: Task): void {
  if (task.robustListPtr === 0) return;
  quietly(() => {
    const head = task.robustListPtr;
    const offset = Number(BigInt.asIntN(64, task.memory.readU64(head + 8)));
    const pending = Number(task.memory.readU64(head + 16) & ~1n);
    let entry = Number(task.memory.readU64(head) & ~1n);
    for (let i = 0; i < ROBUST_LIST_LIMIT && entry !== head && entry !== 0; i++) {
      const next = Number(task.memory.readU64(entry) & ~1n);
      if (entry !== pending) ownerDied(task, entry + offset);
      entry = next;
    }
    if (pending !== 0) ownerDied(task, pending + offset);
  });
}

function ownerDied(task: Task, wordPtr: number): void {
  const word = task.memory.readU32(wordPtr);
  if ((word & FUTEX_TID_MASK) !== task.tid) return;
  task.memory.writeU32(wordPtr, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
  if (word & FUTEX_WAITERS) task.kernel.futexes.wake(task.space.futexKey(wordPtr, false), 1);
}

/** The task stops using its address space: a vfork parent goes on, and the last user gives the memory back. */
export function leaveSpace(task: Task): void {
  const { space, kernel } = task;
  task.vforkDone?.();
  task.vforkDone = undefined;
  if (--space.users === 0) kernel.defer(() => { space.release(); });
}

function endProcess(process: Process, status: number): void {
  const { kernel } = process.leader;
  process.exitStatus = status;
  process.stopSignal = 0;
  process.realTimer?.cancel();
  for (const timer of process.timers.values()) timer.cancel();
  kernel.ipc.semaphores.undo(process);
  if (process === kernel.init) { endContainer(process, status); return; }
  if (process === kernel.init.standsFor) { endContainer(kernel.init, told(status)); return; }
  giveAwayChildren(process);
  leaveTerminal(process);
  tellParent(process, status);
  process.ended.wake();
}

/** An init process ends as a shell would: with the program's code, or 128 and its signal. */
const told = (status: number): number => ((status & 0x7f) === 0 ? status : exitedStatus(128 + (status & 0x7f)));

/** The container ends with its first process. */
function endContainer(init: Process, status: number): void {
  const { kernel } = init.leader;
  kernel.exitStatus = status;
  for (const task of [...kernel.tasks.values()]) endTask(task);
}

function giveAwayChildren(process: Process): void {
  const { kernel } = process.leader;
  let reaper = process.parent;
  while (reaper && reaper !== kernel.init && !reaper.subreaper) reaper = reaper.parent;
  const heir = reaper ?? kernel.init;
  for (const child of [...process.children]) {
    const wasOrphaned = isOrphaned(child);
    process.children.delete(child);
    child.parent = heir;
    heir.children.add(child);
    if (child.leader.parentDeathSignal !== 0) sendToProcess(child, kernelSignal(child.leader.parentDeathSignal));
    if (child.zombie) tellParent(child, child.exitStatus!);
    else if (!wasOrphaned && isOrphaned(child)) wakeOrphans(child);
  }
}

/** A stopped group that loses its last parent in the session is hung up and continued. */
function wakeOrphans(process: Process): void {
  if (![...process.group.members].some((p) => p.stopSignal !== 0)) return;
  sendToGroup(process.leader.kernel, process.group.id, kernelSignal(SIGHUP));
  sendToGroup(process.leader.kernel, process.group.id, kernelSignal(SIGCONT));
}

/** The end of a session leader hangs up the programs in the terminal's foreground. */
function leaveTerminal(process: Process): void {
  const { session } = process;
  if (session.id !== process.pid || !session.tty) return;
  const { tty } = session;
  sendToGroup(process.leader.kernel, tty.foreground, kernelSignal(SIGHUP));
  sendToGroup(process.leader.kernel, tty.foreground, kernelSignal(SIGCONT));
  tty.session = undefined;
  tty.foreground = 0;
  session.tty = undefined;
}

function tellParent(process: Process, status: number): void {
  const { parent } = process;
  // Its parent is outside: nobody here waits for it.
  if (!parent) return reap(process);
  const signal = status & 0x7f;
  const code = signal === 0 ? CLD_EXITED : status & 0x80 ? CLD_DUMPED : CLD_KILLED;
  const action = parent.actions.get(SIGCHLD);
  const unwanted = process.exitSignal === SIGCHLD && (action.handler === SIG_IGN || (action.flags & SA_NOCLDWAIT) !== 0);
  if (process.exitSignal !== 0 && process.exitSignal <= NSIG) sendToProcess(parent, { signo: process.exitSignal, code, pid: process.pid, uid: process.leader.credentials.uid, status: signal || status >> 8 });
  if (unwanted) reap(process);
  parent.childChanged.wake();
}

/** Forgets a zombie: its status has been fetched. */
export function reap(process: Process): void {
  const { kernel } = process.leader;
  const { parent, group } = process;
  kernel.processes.delete(process.pid);
  parent?.children.delete(process);
  if (parent) parent.childrenUserNs += process.userNs + process.childrenUserNs;
  group.members.delete(process);
  if (group.members.size === 0) kernel.groups.delete(group.id);
}
