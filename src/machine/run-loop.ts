// The run loop: lets tasks run in turn, answers what they leave with, delivers signals, and sleeps when nobody can run.
import { EFAULT, SIGSEGV } from '../abi/index.ts';
import { Exit } from '../guest/index.ts';
import { deliverSignals, expireCpuClockTimers, forceSignal, hasDeliverable, interruptSequence, kernelSignal, processTimeNs, sendToProcess, SLICE_NS } from '../linux/index.ts';
import type { Kernel, Task } from '../linux/index.ts';
import { enterSyscall, trySyscall } from '../syscalls/index.ts';
import { raiseFault, raiseTrap } from './traps.ts';

/** How long the machine runs before the host's event loop has its turn. */
const STEP_NS = 10_000_000n;
/** Bounds of the budget of one slice, in loop rounds and calls. */
const FIRST_BUDGET = 100_000, LEAST_BUDGET = 20_000, LARGEST_BUDGET = 50_000_000;
/** Rests that are shorter wait until there is more to rest for. */
const LEAST_REST_NS = 2_000_000n;
/** While nobody can run and no timer is set, the host is asked to come back now and then, so that its event loop stays alive. */
const IDLE_NS = 3_600_000_000_000n;

/** The task's slice is over in the middle of its code. */
function preempt(task: Task): void {
  try { interruptSequence(task); } catch (error) {
    if (error !== EFAULT) throw error;
    forceSignal(task, kernelSignal(SIGSEGV));
  }
}

export class RunLoop {
  readonly #kernel: Kernel;
  #budget = FIRST_BUDGET;
  #scheduled = false;
  /** When the turn that runs now is over; set by its first run of user code. */
  #turnEndNs: bigint | undefined;
  #startedNs = 0n;
  #busyNs = 0n;
  /** How many ask for silence: nothing runs before it is 0 again. */
  #pauses = 0;
  /** How long a container with less than a processor has to rest; negative when it has rested too long. */
  #debtNs = 0n;
  #letDie = (): void => {};
  #cancelSleep: (() => void) | undefined;
  #done: ((status: number) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.scheduler.onReady = () => { this.#wakeUp(); };
    kernel.cpu.onSyscall = () => enterSyscall(kernel.scheduler.current!);
  }

  /** Runs until process 1 has ended; the wait status. */
  run(): Promise<number> {
    return new Promise((done, failed) => {
      this.#done = done;
      this.#failed = failed;
      this.#startedNs = this.#kernel.monotonicNs();
      this.#wakeUp();
    });
  }

  /** Runs the machine without the host's event loop until it ends or nobody can run: for tests and synchronous hosts. Returns whether it has ended. */
  runUntilIdle(): boolean {
    while (this.#kernel.exitStatus === undefined && this.#runNext());
    return this.#kernel.exitStatus !== undefined;
  }

  /** In nanoseconds: since `run`, and how much of it the machine was not asleep. */
  times(): { wallNs: bigint; busyNs: bigint } { return { wallNs: this.#kernel.monotonicNs() - this.#startedNs, busyNs: this.#busyNs }; }

  /** No task runs until the returned function is called. */
  pause(): () => void {
    if (this.#pauses++ === 0) this.#stayAlive();
    let resume = (): void => {
      if (--this.#pauses > 0) return;
      this.#letDie();
      this.#wakeUp();
    };
    return () => { resume(); resume = () => {}; };
  }

  /** A host without anything to wait for would end. */
  #stayAlive(): void { this.#letDie = this.#kernel.host.loop.later(() => { this.#stayAlive(); }, IDLE_NS); }

  #wakeUp(): void {
    if (this.#scheduled || !this.#done || this.#pauses > 0) return;
    this.#cancelSleep?.();
    this.#cancelSleep = undefined;
    this.#scheduled = true;
    this.#kernel.host.loop.soon(() => { this.#step(); });
  }

  #step(): void {
    if (this.#pauses > 0) {
      this.#scheduled = false;
      return;
    }
    try {
      const kernel = this.#kernel;
      const startNs = kernel.monotonicNs();
      let nowNs = startNs;
      while (kernel.exitStatus === undefined && nowNs - startNs < STEP_NS && this.#runNext()) nowNs = kernel.monotonicNs();
      this.#busyNs += nowNs - startNs;
      this.#owe(nowNs - startNs);
    } catch (error) {
      this.#failed?.(error);
      this.#done = undefined;
      return;
    }
    if (this.#kernel.exitStatus === undefined && this.#debtNs >= LEAST_REST_NS) return this.#rest();
    this.#scheduled = false;
    this.#afterStep();
  }

  /** A container that has less than a processor rests for what it ran too much. */
  #owe(ranNs: bigint): void {
    const { cpus = 1 } = this.#kernel.resources;
    if (cpus < 1) this.#debtNs += BigInt(Math.round(Number(ranNs) * (1 / cpus - 1)));
  }

  #rest(): void {
    const { host: { loop } } = this.#kernel;
    const until = this.#kernel.monotonicNs() + this.#debtNs;
    loop.later(() => {
      const late = until - this.#kernel.monotonicNs();
      this.#debtNs = late < -STEP_NS ? -STEP_NS : late;
      this.#step();
    }, this.#debtNs);
  }

  #afterStep(): void {
    const { exitStatus, scheduler, timers } = this.#kernel;
    if (exitStatus !== undefined) {
      const done = this.#done;
      this.#done = undefined;
      done?.(exitStatus);
    } else if (scheduler.hasReady) this.#wakeUp();
    else this.#sleep(timers.nextNs);
  }

  #sleep(untilNs: bigint | undefined): void {
    const delay = untilNs === undefined ? IDLE_NS : untilNs - this.#kernel.monotonicNs();
    this.#cancelSleep = this.#kernel.host.loop.later(() => {
      this.#cancelSleep = undefined;
      this.#wakeUp();
    }, delay > 0n ? delay : 0n);
  }

  /** Gives one task its turn; false when none is ready. */
  #runNext(): boolean {
    const kernel = this.#kernel;
    if (kernel.timers.nextNs !== undefined) kernel.timers.run(kernel.monotonicNs());
    const task = kernel.scheduler.next();
    if (task) this.#turn(task);
    kernel.runDeferred();
    return task !== undefined;
  }

  /** One turn: the call on its way, pending signals, then user code until its slice is over or it cannot go on. */
  #turn(task: Task): void {
    const { scheduler } = this.#kernel;
    scheduler.mustSwitch = false;
    this.#turnEndNs = undefined;
    while (task.state === 'running' && this.#finishCall(task)) {
      if (hasDeliverable(task)) deliverSignals(task);
      if (task.state !== 'running') break;
      if (this.#runUser(task)) break;
      this.#kernel.runDeferred();
    }
    if (task.state === 'running') scheduler.makeReady(task);
  }

  /** Goes on with the call the task is in. False: it waits again, or the task is gone. */
  #finishCall(task: Task): boolean {
    if (!task.call) return true;
    if (!task.interruptedWait) trySyscall(task);
    if (task.state !== 'running') return false;
    if (!task.call) return true;
    deliverSignals(task);
    const wait = task.interruptedWait;
    task.interruptedWait = undefined;
    if (task.state !== 'running') return false;
    if (task.call && wait) this.#kernel.scheduler.block(task, wait);
    return task.call === undefined;
  }

  /** Runs user code and answers what it left with. True: the slice is over, by its budget or, for code that leaves all the time, by the clock. */
  #runUser(task: Task): boolean {
    const kernel = this.#kernel;
    const { scheduler } = kernel;
    const started = kernel.monotonicNs();
    this.#turnEndNs ??= started + BigInt(SLICE_NS);
    scheduler.sliceStartNs = started;
    const exit = task.space.cpu.run(this.#budget);
    const elapsed = kernel.monotonicNs() - started;
    scheduler.sliceStartNs = undefined;
    task.userNs += elapsed;
    kernel.memoryGuard.check();
    if (task.process.cpuTimers.size > 0) this.#checkCpuTimers(task);
    if (task.process.cpuClockTimers.size > 0) expireCpuClockTimers(task.process);
    if (exit === Exit.fault) raiseFault(task);
    else if (exit === Exit.trap) raiseTrap(task);
    else if (exit === Exit.budget) this.#adaptBudget(Number(elapsed));
    const isOver = exit === Exit.budget || scheduler.mustSwitch || started + elapsed >= this.#turnEndNs;
    if (isOver && task.state === 'running') preempt(task);
    return isOver;
  }

  /** Moves the budget towards one that lasts a slice. */
  #adaptBudget(elapsedNs: number): void {
    const factor = Math.min(2, Math.max(0.25, SLICE_NS / Math.max(1, elapsedNs)));
    this.#budget = Math.round(Math.min(LARGEST_BUDGET, Math.max(LEAST_BUDGET, this.#budget * factor)));
  }

  #checkCpuTimers(task: Task): void {
    const { process } = task;
    const now = processTimeNs(process);
    for (const [which, timer] of [...process.cpuTimers]) {
      if (now < timer.deadlineNs) continue;
      if (timer.intervalNs > 0n) timer.deadlineNs = now + timer.intervalNs;
      else process.cpuTimers.delete(which);
      sendToProcess(process, kernelSignal(timer.signal));
    }
  }
}
