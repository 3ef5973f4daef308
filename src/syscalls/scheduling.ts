// Calls about scheduling: affinity, policies, priorities, where a task runs. sched(7), ioprio_set(2).
import { EACCES, E2BIG, EINVAL, EPERM, ESRCH } from '../abi/index.ts';
import type { Process, Task } from '../linux/index.ts';
import { flags, Hex, Int, Pid, Ptr, Size, UInt } from './codec.ts';
import { processOf } from './identity.ts';
import { sys } from './row.ts';
import type { SyscallRow } from './row.ts';

const AFFINITY_BYTES = 8;

function demandTask(task: Task, tid: number): Task {
  const found = tid === 0 ? task : task.kernel.tasks.get(tid);
  if (!found) throw ESRCH;
  return found;
}

function schedGetaffinity(task: Task, tid: number, length: number, ptr: number): number {
  if (length % 8 !== 0 || length < AFFINITY_BYTES) throw EINVAL;
  demandTask(task, tid);
  task.memory.writeU64(ptr, 1n);
  return AFFINITY_BYTES;
}

function schedSetaffinity(task: Task, tid: number, length: number, ptr: number): number {
  demandTask(task, tid);
  if (length === 0 || (task.memory.readU8(ptr) & 1) === 0) throw EINVAL;
  return 0;
}

function schedGetparam(task: Task, tid: number, ptr: number): number {
  demandTask(task, tid);
  task.memory.writeU32(ptr, 0);
  return 0;
}

/** How long a task runs while others are ready, as the run loop's slices are. */
const SLICE_NS = 5_000_000n;

function schedRrGetInterval(task: Task, tid: number, ptr: number): number {
  demandTask(task, tid);
  task.memory.writeU64(ptr, 0n);
  task.memory.writeU64(ptr + 8, SLICE_NS);
  return 0;
}

const SCHED_OTHER = 0, SCHED_BATCH = 3, SCHED_IDLE = 5, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_RESET_ON_FORK = 0x4000_0000;
const realTime = (policy: number): boolean => policy === SCHED_FIFO || policy === SCHED_RR;

function schedSetscheduler(task: Task, tid: number, policy: number, ptr: number): number {
  const target = demandTask(task, tid);
  const plain = policy & ~SCHED_RESET_ON_FORK;
  const priority = task.memory.readI32(ptr);
  if (![SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR].includes(plain) || (realTime(plain) ? priority < 1 || priority > 99 : priority !== 0)) throw EINVAL;
  if (realTime(plain)) throw EPERM;
  target.policy = plain;
  return 0;
}

const priorityRange = (real: number) => (_task: Task, policy: number): number => {
  if (realTime(policy)) return real;
  if (![SCHED_OTHER, SCHED_BATCH, SCHED_IDLE].includes(policy)) throw EINVAL;
  return 0;
};

/** getpriority returns 20 - nice, so that it is never negative. */
const NICE_ZERO = 20;
const PRIO_PROCESS = 0, PRIO_USER = 2;

function getpriority(task: Task, which: number, who: number): number {
  if (which < PRIO_PROCESS || which > PRIO_USER) throw EINVAL;
  return NICE_ZERO - (which === PRIO_PROCESS ? processOf(task, who) : task.process).nice;
}

function setpriority(task: Task, which: number, who: number, value: number): number {
  if (which < PRIO_PROCESS || which > PRIO_USER) throw EINVAL;
  const process = which === PRIO_PROCESS ? processOf(task, who) : task.process;
  return renice(process, value);
}

/** Only the owner of CAP_SYS_NICE, which no container has, may lower it. */
function renice(process: Process, value: number): number {
  const nice = Math.max(-20, Math.min(19, value));
  if (nice < process.nice) throw EACCES;
  process.nice = nice;
  return 0;
}

function getcpu(task: Task, cpuPtr: number, nodePtr: number): number {
  if (cpuPtr !== 0) task.memory.writeU32(cpuPtr, 0);
  if (nodePtr !== 0) task.memory.writeU32(nodePtr, 0);
  return 0;
}

const MEMBARRIER_QUERY = 0;
/** One task runs at a time, so every barrier is one already; the private and global commands are offered. */
const MEMBARRIER_COMMANDS = 0x1f;
function membarrier(_task: Task, command: number): number {
  if (command === MEMBARRIER_QUERY) return MEMBARRIER_COMMANDS;
  if (command < 0 || (command & MEMBARRIER_COMMANDS) !== command || (command & (command - 1)) !== 0) throw EINVAL;
  return 0;
}

/** struct sched_attr: size, policy, flags, nice, priority, and the deadline parameters. */
const SCHED_ATTR_SIZE = 56, SCHED_ATTR_LEAST = 48, LARGEST_ATTR = 4096;

function schedSetattr(task: Task, tid: number, ptr: number, bits: number): number {
  if (bits !== 0 || tid < 0) throw EINVAL;
  const stated = task.memory.readU32(ptr);
  const size = stated === 0 ? SCHED_ATTR_LEAST : stated;
  if (size < SCHED_ATTR_LEAST || size > LARGEST_ATTR) {
    task.memory.writeU32(ptr, SCHED_ATTR_SIZE);
    throw E2BIG;
  }
  const attr = task.memory.readable(ptr, size);
  if (attr.subarray(SCHED_ATTR_SIZE).some((byte) => byte !== 0)) throw E2BIG;
  const [policy, priority] = [task.memory.readU32(ptr + 4), task.memory.readU32(ptr + 20)];
  const target = demandTask(task, tid);
  if (![SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR].includes(policy) || (realTime(policy) ? priority < 1 || priority > 99 : priority !== 0)) throw EINVAL;
  if (realTime(policy)) throw EPERM;
  target.policy = policy;
  return renice(target.process, task.memory.readI32(ptr + 16));
}

function schedGetattr(task: Task, tid: number, ptr: number, size: number, bits: number): number {
  if (bits !== 0 || tid < 0 || size < SCHED_ATTR_LEAST || size > LARGEST_ATTR) throw EINVAL;
  const target = demandTask(task, tid);
  const length = Math.min(size, SCHED_ATTR_SIZE);
  task.memory.writable(ptr, length).fill(0);
  task.memory.writeU32(ptr, length);
  task.memory.writeU32(ptr + 4, target.policy);
  task.memory.writeU32(ptr + 16, target.process.nice >>> 0);
  return 0;
}

const IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_USER = 3, IOPRIO_CLASS_SHIFT = 13, IOPRIO_CLASS_RT = 1, IOPRIO_CLASS_IDLE = 3, IOPRIO_LEVELS = 8;
/** By process; what was not set follows from the nice value (class "none"). */
const ioPriorities = new WeakMap<Process, number>();

function ioprioSet(task: Task, which: number, who: number, priority: number): number {
  const [kind, level] = [priority >> IOPRIO_CLASS_SHIFT, priority & 0x1fff];
  if (kind < 0 || kind > IOPRIO_CLASS_IDLE || (kind === 0 ? level !== 0 : level >= IOPRIO_LEVELS)) throw EINVAL;
  if (kind === IOPRIO_CLASS_RT) throw EPERM;
  if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER) throw EINVAL;
  ioPriorities.set(which === IOPRIO_WHO_PROCESS ? processOf(task, who) : task.process, priority);
  return 0;
}

function ioprioGet(task: Task, which: number, who: number): number {
  if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER) throw EINVAL;
  return ioPriorities.get(which === IOPRIO_WHO_PROCESS ? processOf(task, who) : task.process) ?? 0;
}

export const schedulingCalls: readonly SyscallRow[] = [
  sys(24, 'sched_yield', [], (task) => { task.kernel.scheduler.mustSwitch = true; return 0; }),
  sys(203, 'sched_setaffinity', [Pid, Size, Ptr], schedSetaffinity, 'one processor'),
  sys(204, 'sched_getaffinity', [Pid, Size, Ptr], schedGetaffinity, 'one processor'),
  sys(142, 'sched_setparam', [Pid, Ptr], (task, tid, ptr) => { demandTask(task, tid); if (task.memory.readI32(ptr) !== 0) throw EINVAL; return 0; }),
  sys(143, 'sched_getparam', [Pid, Ptr], schedGetparam),
  sys(144, 'sched_setscheduler', [Pid, Int, Ptr], schedSetscheduler, 'real-time policies are EPERM'),
  sys(145, 'sched_getscheduler', [Pid], (task, tid) => demandTask(task, tid).policy),
  sys(146, 'sched_get_priority_max', [Int], priorityRange(99)),
  sys(147, 'sched_get_priority_min', [Int], priorityRange(1)),
  sys(148, 'sched_rr_get_interval', [Pid, Ptr], schedRrGetInterval),
  sys(140, 'getpriority', [Int, Pid], getpriority),
  sys(141, 'setpriority', [Int, Pid, Int], setpriority, 'remembered; it changes nothing'),
  sys(309, 'getcpu', [Ptr, Ptr], getcpu),
  sys(324, 'membarrier', [UInt, Hex, Int], membarrier),
  sys(314, 'sched_setattr', [Pid, Ptr, UInt], schedSetattr, 'real-time policies are EPERM, deadlines EINVAL'),
  sys(315, 'sched_getattr', [Pid, Ptr, UInt, UInt], schedGetattr),
  sys(251, 'ioprio_set', [Int, Pid, Hex], ioprioSet, 'remembered; it changes nothing'),
  sys(252, 'ioprio_get', [Int, Pid], ioprioGet),
];
