// CPU time: what tasks and processes have used, with the slice that is running now.
import { RLIM_INFINITY, resources, SIGKILL, SIGXCPU } from '../abi/index.ts';
import type { PosixTimer, Process, Task } from './task.ts';

/** Nanoseconds a task has run. */
export function taskTimeNs(task: Task): bigint {
  const { scheduler } = task.kernel;
  return scheduler.current === task && scheduler.sliceStartNs !== undefined ? task.userNs + task.kernel.monotonicNs() - scheduler.sliceStartNs : task.userNs;
}

/** Nanoseconds all tasks of a process have run, ended ones too. */
export function processTimeNs(process: Process): bigint {
  let sum = process.deadUserNs;
  for (const task of process.tasks) sum += taskTimeNs(task);
  return sum;
}

/** Lets a POSIX timer fire whose deadline is reached at `nowNs` of its clock: its next deadline is the first multiple of its interval after now. */
export function expire(timer: PosixTimer, nowNs: bigint): void {
  const { deadlineNs, intervalNs } = timer;
  const missed = intervalNs > 0n ? (nowNs - deadlineNs) / intervalNs : 0n;
  timer.deadlineNs = intervalNs > 0n ? deadlineNs + intervalNs * (missed + 1n) : 0n;
  timer.overrun = timer.fire(Number(missed));
}

/** Lets the POSIX timers on CPU clocks of a process fire that are due. */
export function expireCpuClockTimers(process: Process): void {
  for (const timer of [...process.cpuClockTimers]) {
    const nowNs = timer.cpuClockNs!();
    if (nowNs >= timer.deadlineNs) expire(timer, nowNs);
    if (timer.deadlineNs === 0n) process.cpuClockTimers.delete(timer);
  }
}

const SECOND_NS = 1_000_000_000n;
/** The timers that RLIMIT_CPU arms, beside those of setitimer(2). */
const SOFT_LIMIT = -1, HARD_LIMIT = -2;

/** RLIMIT_CPU, seconds: SIGXCPU at the soft limit and every second after it, SIGKILL at the hard one. getrlimit(2). */
export function armCpuLimit(process: Process): void {
  const { soft, hard } = process.limits[resources.RLIMIT_CPU]!;
  arm(process, SOFT_LIMIT, soft, SIGXCPU);
  arm(process, HARD_LIMIT, hard, SIGKILL);
}

function arm(process: Process, which: number, seconds: bigint, signal: number): void {
  if (seconds === RLIM_INFINITY) process.cpuTimers.delete(which);
  else process.cpuTimers.set(which, { deadlineNs: (seconds > 0n ? seconds : 1n) * SECOND_NS, intervalNs: SECOND_NS, signal });
}
