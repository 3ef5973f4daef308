// CPU time: what tasks and processes have used, with the slice that is running now.
import type { Process, Task } from './task.ts';

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
