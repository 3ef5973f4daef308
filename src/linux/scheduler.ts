// Which task runs: the ready queue, blocking on a Wait, waking, and the registers of tasks that share an address space.
import { assert } from '../base/index.ts';
import type { Wait } from '../base/index.ts';
import type { Kernel } from './kernel.ts';
import type { Task } from './task.ts';

/** How long one task aims to run before the next. */
export const SLICE_NS = 5_000_000;
/** So much work of calls passes before the clock is looked at: calls, and their results in units of 16 KiB where they moved bytes. */
const CLOCK_CALLS = 64, CLOCK_UNIT = 14;

export class Scheduler {
  readonly #kernel: Kernel;
  readonly #ready: Task[] = [];
  current: Task | undefined;
  /** When the slice that runs now began (monotonic). */
  sliceStartNs: bigint | undefined;
  /** Work of calls since the clock was looked at. */
  #calls = 0;
  /** sched_yield: the running task goes to the end of the queue. */
  mustSwitch = false;
  /** Called when a task becomes ready while the machine may be asleep. */
  onReady: () => void = () => {};

  constructor(kernel: Kernel) { this.#kernel = kernel; }

  get hasReady(): boolean { return this.#ready.length > 0; }
  /** How many tasks are ready to run, for /proc/loadavg. */
  get readyCount(): number { return this.#ready.length; }

  /** After a call with this result: whether the slice is over by the clock. Code may make calls for long without leaving. */
  isOverdue(result: number): boolean {
    this.#calls += 1 + (result > 0 ? result >>> CLOCK_UNIT : 0);
    if (this.#calls < CLOCK_CALLS) return false;
    this.#calls = 0;
    return this.sliceStartNs !== undefined && this.#kernel.monotonicNs() - this.sliceStartNs >= SLICE_NS;
  }

  /** Puts a task at the end of the ready queue. */
  makeReady(task: Task): void {
    assert(task.state !== 'dead' && task.state !== 'ready', `a ${task.state} task made ready`);
    task.state = 'ready';
    this.#ready.push(task);
    this.onReady();
  }

  /** A new task: its first time in the queue. */
  admit(task: Task): void { task.state = 'blocked'; this.makeReady(task); }

  /** Takes the next ready task and makes its registers the live ones of its space. */
  next(): Task | undefined {
    const task = this.#ready.shift();
    if (!task) return undefined;
    this.switchTo(task);
    task.state = 'running';
    return task;
  }

  /** Makes a task's registers live: those of another thread of the same space are saved first. */
  switchTo(task: Task): void {
    const { space } = task;
    const live = space.live;
    if (live !== task) {
      if (live) live.saved = space.cpu.state.save();
      if (task.saved) space.cpu.state.restore(task.saved);
      task.saved = undefined;
      space.live = task;
    }
    space.shared.enter();
    this.current = task;
  }

  /** Forgets a task that ends or leaves its space. */
  drop(task: Task): void {
    this.cancelWait(task);
    const at = this.#ready.indexOf(task);
    if (at >= 0) this.#ready.splice(at, 1);
    if (task.space.live === task) task.space.live = undefined;
  }

  /** Blocks the task until one of the wait's queues wakes it or its deadline comes. */
  block(task: Task, wait: Wait): void {
    task.state = 'blocked';
    task.wait = wait;
    const wake = (): void => { this.wake(task); };
    for (const queue of wait.on) queue.add(wake);
    const cancelTimer = wait.deadlineNs === undefined ? undefined : this.#kernel.timers.at(wait.deadlineNs, wake);
    task.unblock = () => {
      for (const queue of wait.on) queue.remove(wake);
      cancelTimer?.();
    };
  }

  cancelWait(task: Task): void {
    task.unblock?.();
    task.unblock = undefined;
    task.wait = undefined;
  }

  /** Makes a blocked task ready; others are left as they are. */
  wake(task: Task): void {
    if (task.state !== 'blocked') return;
    this.cancelWait(task);
    this.makeReady(task);
  }

  /** Takes a task off the processor and the queues until `resume`. */
  stop(task: Task): void {
    this.cancelWait(task);
    const at = this.#ready.indexOf(task);
    if (at >= 0) this.#ready.splice(at, 1);
    task.state = 'stopped';
  }

  resume(task: Task): void { if (task.state === 'stopped') this.makeReady(task); }
}
