// The point of no return of execve: the task gets its new address space, and everything of the old program goes.
import { SS_DISABLE } from '../abi/index.ts';
import type { AddressSpace } from './address-space.ts';
import type { Credentials } from './credentials.ts';
import { endTask, leaveSpace } from './exit.ts';
import type { Executable, Task } from './task.ts';

/** Moves `task` into `space`, whose registers are those of the new program. execve(2), "Effect on process attributes". */
export function replaceProgram(task: Task, space: AddressSpace, credentials: Credentials, executable: Executable): void {
  const { process, kernel } = task;
  for (const other of [...process.tasks]) if (other !== task) endTask(other);
  takeLeadership(task);
  if (task.space.live === task) task.space.live = undefined;
  leaveSpace(task);
  task.space = space;
  space.users = 1;
  space.live = task;
  task.saved = undefined;
  task.credentials = credentials;
  task.name = executable.name.slice(0, 15);
  task.altStack = { sp: 0, flags: SS_DISABLE, size: 0 };
  task.clearChildTidPtr = 0;
  task.robustListPtr = 0;
  task.sequences = undefined;
  if ([...kernel.tasks.values()].some((t) => t !== task && t.files === task.files)) task.files = task.files.copy();
  task.files.closeOnExec();
  if ([...kernel.processes.values()].some((p) => p !== process && !p.zombie && p.actions === process.actions)) process.actions = process.actions.copy();
  process.actions.resetHandlers();
  process.executable = executable;
  process.hasExeced = true;
  process.dumpable = 1;
  for (const timer of process.timers.values()) timer.cancel();
  process.timers.clear();
}

/** The thread that calls execve becomes the process's first. */
function takeLeadership(task: Task): void {
  const { process, kernel } = task;
  if (process.leader === task) return;
  kernel.tasks.delete(task.tid);
  task.tid = process.pid;
  kernel.tasks.set(task.tid, task);
  process.leader = task;
}
