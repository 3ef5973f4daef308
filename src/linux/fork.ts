// New tasks: fork, vfork, threads. clone(2).
import { CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_CLEAR_SIGHAND, CLONE_FILES, CLONE_FS, CLONE_PARENT, CLONE_PARENT_SETTID, CLONE_SETTLS, CLONE_SIGHAND, CLONE_THREAD, CLONE_VFORK, CLONE_VM, EAGAIN, EINVAL, ENOMEM } from '../abi/index.ts';
import { WaitQueue } from '../base/index.ts';
import { RAX, RSP, state } from '../guest/index.ts';
import type { AddressSpace } from './address-space.ts';
import { armCpuLimit } from './cpu-time.ts';
import { Process, Task } from './task.ts';

/** What clone and clone3 say. */
export interface CloneRequest {
  /** CLONE_* without the exit signal. */
  flags: number;
  exitSignal: number;
  /** The child's rsp; 0: as the parent's. */
  stack: number;
  parentTidPtr: number;
  childTidPtr: number;
  tls: bigint;
}

/** A new child, and for vfork how to know that it has let go of the parent's memory. */
export interface Cloned { child: Task; vfork: { done: boolean; queue: WaitQueue } | undefined }

const has = (flags: number, bit: number): boolean => Math.floor(flags / bit) % 2 === 1;

/** As many tasks as fit the numbers, with room for process groups that outlive their processes. */
const MAX_TASKS = 8192;

/** Makes a task and puts it in the ready queue. Throws EINVAL, EFAULT, EAGAIN, ENOMEM. The parent is current and its rcx and r11 are those of a returning system call. */
export function clone(parent: Task, request: CloneRequest): Cloned {
  const { flags } = request;
  const thread = has(flags, CLONE_THREAD);
  if ((thread && !has(flags, CLONE_SIGHAND)) || (has(flags, CLONE_SIGHAND) && !has(flags, CLONE_VM))) throw EINVAL;
  if (has(flags, CLONE_PARENT) && parent.process === parent.kernel.init) throw EINVAL;
  if (parent.kernel.tasks.size + parent.kernel.processes.size >= 2 * MAX_TASKS || parent.kernel.tasks.size >= (parent.kernel.resources.pids ?? Infinity)) throw EAGAIN;
  if (has(flags, CLONE_PARENT_SETTID)) parent.memory.writable(request.parentTidPtr, 4);
  const child = makeTask(parent, request, thread);
  startRegisters(parent, child, request);
  if (has(flags, CLONE_PARENT_SETTID)) parent.memory.writeU32(request.parentTidPtr, child.tid);
  if (has(flags, CLONE_CHILD_SETTID) && child.memory.allows(request.childTidPtr, 4, 2)) child.memory.writeU32(request.childTidPtr, child.tid);
  if (has(flags, CLONE_CHILD_CLEARTID)) child.clearChildTidPtr = request.childTidPtr;
  const vfork = has(flags, CLONE_VFORK) ? { done: false, queue: new WaitQueue() } : undefined;
  if (vfork) child.vforkDone = () => { vfork.done = true; vfork.queue.wake(); };
  parent.kernel.scheduler.admit(child);
  return { child, vfork };
}

function makeTask(parent: Task, request: CloneRequest, thread: boolean): Task {
  const { kernel } = parent;
  const { flags } = request;
  const space = has(flags, CLONE_VM) ? parent.space : copySpace(parent.space);
  const tid = kernel.newPid();
  const process = thread ? parent.process : makeProcess(parent, request, tid);
  const child = new Task(tid, process, kernel, space, has(flags, CLONE_FILES) ? parent.files : parent.files.copy(), has(flags, CLONE_FS) ? parent.fs : parent.fs.copy(), parent.credentials.copy());
  if (!thread) process.leader = child;
  process.tasks.add(child);
  space.users++;
  child.name = parent.name;
  child.timerSlackNs = parent.timerSlackNs;
  child.policy = parent.policy;
  child.mask = parent.savedMask ?? parent.mask;
  if (!has(flags, CLONE_VM)) child.sequences = parent.sequences;
  if (!has(flags, CLONE_VM) || has(flags, CLONE_VFORK)) child.altStack = { ...parent.altStack };
  kernel.tasks.set(tid, child);
  return child;
}

/** Throws ENOMEM when the host has no memory left for another address space. */
function copySpace(space: AddressSpace): AddressSpace {
  try {
    return space.fork();
  } catch (error) {
    if (error instanceof RangeError) throw ENOMEM;
    throw error;
  }
}

function makeProcess(parent: Task, { flags, exitSignal }: CloneRequest, pid: number): Process {
  const old = parent.process;
  const actions = has(flags, CLONE_SIGHAND) ? old.actions : old.actions.copy();
  const process = new Process(pid, old.group, actions, parent.kernel.monotonicNs());
  if (has(flags, CLONE_CLEAR_SIGHAND)) actions.resetHandlers();
  process.parent = has(flags, CLONE_PARENT) ? old.parent : old;
  process.parent?.children.add(process);
  process.exitSignal = exitSignal;
  process.limits = old.limits.map((limit) => ({ ...limit }));
  armCpuLimit(process);
  process.executable = old.executable;
  process.dumpable = old.dumpable;
  process.nice = old.nice;
  process.oomScoreAdj = old.oomScoreAdj;
  process.coredumpFilter = old.coredumpFilter;
  process.personality = old.personality;
  parent.kernel.processes.set(pid, process);
  return process;
}

/** The child returns 0 from the call, on its own stack and with its own thread pointer. */
function startRegisters(parent: Task, child: Task, { flags, stack, tls }: CloneRequest): void {
  const saved = parent.registers.save();
  const view = new DataView(saved.buffer);
  view.setBigUint64(state.gpr + 8 * RAX, 0n, true);
  if (stack !== 0) view.setBigUint64(state.gpr + 8 * RSP, BigInt(stack), true);
  if (has(flags, CLONE_SETTLS)) view.setBigUint64(state.fsBase, tls, true);
  child.saved = saved;
}
