// Calls about time: clocks, sleeping, interval timers, POSIX timers, CPU time.
import {
  CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI, CLOCK_THREAD_CPUTIME_ID, clockIds, EINVAL,
  EOPNOTSUPP, EPERM, itimers, NSIG, SI_TIMER, SIGALRM, SIGPROF, SIGVTALRM, TIMER_ABSTIME, USER_HZ,
} from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import { expire, kernelSignal, processTimeNs, sendToProcess, sendToTask, taskTimeNs } from '../linux/index.ts';
import type { IntervalTimer, PosixTimer, Process, Task } from '../linux/index.ts';
import { flags, Int, oneOf, OutTimespecPtr, OutTimevalPtr, pointed, Ptr, TimespecPtr, UInt } from './codec.ts';
import { refuse, sys } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { readTimespec, readTimeval, writeRusage, writeTimespec, writeTimeval } from './structs.ts';

const NS = 1_000_000_000n;
type ClockRead = (task: Task) => bigint;
const realtime: ClockRead = (task) => task.kernel.realtimeNs();
const monotonic: ClockRead = (task) => task.kernel.monotonicNs();

const clocks = new Map<number, ClockRead>([
  [CLOCK_REALTIME, realtime], [CLOCK_REALTIME_COARSE, realtime], [CLOCK_TAI, realtime],
  [CLOCK_MONOTONIC, monotonic], [CLOCK_MONOTONIC_RAW, monotonic], [CLOCK_MONOTONIC_COARSE, monotonic], [CLOCK_BOOTTIME, monotonic],
  [CLOCK_PROCESS_CPUTIME_ID, (task) => processTimeNs(task.process)], [CLOCK_THREAD_CPUTIME_ID, taskTimeNs],
]);

/** Negative ids name the CPU clock of one process or thread: ~pid << 3 | per-thread << 2 | kind. */
function clock(task: Task, id: number): ClockRead {
  const known = clocks.get(id);
  if (known) return known;
  if (id >= 0 || (id & 3) === 3) throw EINVAL;
  const pid = ~(id >> 3);
  const target = pid === 0 ? task : task.kernel.tasks.get(pid);
  if (!target) throw EINVAL;
  return id & 4 ? () => taskTimeNs(target) : () => processTimeNs(target.process);
}

function clockGettime(task: Task, id: number, ptr: number): number {
  writeTimespec(task, ptr, clock(task, id)(task));
  return 0;
}

function clockGetres(task: Task, id: number, ptr: number): number {
  clock(task, id);
  if (ptr !== 0) writeTimespec(task, ptr, 1n);
  return 0;
}

function gettimeofday(task: Task, ptr: number, zonePtr: number): number {
  if (ptr !== 0) writeTimeval(task, ptr, realtime(task));
  if (zonePtr !== 0) task.memory.writeU64(zonePtr, 0n);
  return 0;
}

function time(task: Task, ptr: number): bigint {
  const seconds = realtime(task) / NS;
  if (ptr !== 0) task.memory.writeU64(ptr, seconds);
  return seconds;
}

/** Sleeps until the call's deadline; a handler finds the time left in `remainPtr`. */
function sleepUntil(task: Task, deadline: bigint, remainPtr: number): Result {
  const call = task.call!;
  if (task.kernel.monotonicNs() >= deadline) return 0;
  const { interrupted } = call;
  if (call.kept === undefined) {
    call.kept = true;
    call.interrupted = (restart) => {
      interrupted?.(restart);
      const left = deadline - task.kernel.monotonicNs();
      if (remainPtr !== 0 && task.memory.allows(remainPtr, 16, 2)) writeTimespec(task, remainPtr, left > 0n ? left : 0n);
    };
  }
  return new Wait([], deadline);
}

const nanosleep = (task: Task, requestPtr: number, remainPtr: number): Result => sleepUntil(task, task.deadline(readTimespec(task, requestPtr)), remainPtr);

function clockNanosleep(task: Task, id: number, flag: number, requestPtr: number, remainPtr: number): Result {
  const now = clock(task, id);
  if (id === CLOCK_THREAD_CPUTIME_ID) throw EINVAL;
  if (id === CLOCK_PROCESS_CPUTIME_ID) throw EOPNOTSUPP;
  const ns = readTimespec(task, requestPtr);
  return flag & TIMER_ABSTIME ? sleepUntil(task, task.deadline(ns - now(task)), 0) : sleepUntil(task, task.deadline(ns), remainPtr);
}

const { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF } = itimers;

function setRealTimer(process: Process, valueNs: bigint, intervalNs: bigint): void {
  const { kernel } = process.leader;
  process.realTimer?.cancel();
  process.realTimer = undefined;
  if (valueNs === 0n) return;
  const arm = (deadlineNs: bigint): void => {
    const cancel = kernel.timers.at(deadlineNs, () => {
      process.realTimer = undefined;
      if (intervalNs > 0n) arm(later(kernel.monotonicNs(), deadlineNs + intervalNs));
      sendToProcess(process, kernelSignal(SIGALRM));
    });
    process.realTimer = { cancel, deadlineNs, intervalNs };
  };
  arm(kernel.monotonicNs() + valueNs);
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const cpuTimerSignals = new Map<number, number>([[ITIMER_VIRTUAL, SIGVTALRM], [ITIMER_PROF, SIGPROF]]);

function currentTimer(process: Process, which: number): IntervalTimer {
  const { kernel } = process.leader;
  const timer = which === ITIMER_REAL ? process.realTimer : process.cpuTimers.get(which);
  if (!timer) return { valueNs: 0n, intervalNs: 0n };
  const now = which === ITIMER_REAL ? kernel.monotonicNs() : processTimeNs(process);
  return { valueNs: later(timer.deadlineNs - now, 1n), intervalNs: timer.intervalNs };
}

function demandTimer(which: number): void { if (which !== ITIMER_REAL && !cpuTimerSignals.has(which)) throw EINVAL; }

function writeTimer(task: Task, ptr: number, timer: IntervalTimer): void {
  task.memory.writable(ptr, 32);
  writeTimeval(task, ptr, timer.intervalNs);
  writeTimeval(task, ptr + 16, timer.valueNs);
}

function getitimer(task: Task, which: number, ptr: number): number {
  demandTimer(which);
  writeTimer(task, ptr, currentTimer(task.process, which));
  return 0;
}

function setitimer(task: Task, which: number, newPtr: number, oldPtr: number): number {
  demandTimer(which);
  const [intervalNs, valueNs] = newPtr === 0 ? [0n, 0n] : [readTimeval(task, newPtr), readTimeval(task, newPtr + 16)];
  const old = currentTimer(task.process, which);
  setTimer(task.process, which, valueNs, intervalNs);
  if (oldPtr !== 0) writeTimer(task, oldPtr, old);
  return 0;
}

function setTimer(process: Process, which: number, valueNs: bigint, intervalNs: bigint): void {
  if (which === ITIMER_REAL) setRealTimer(process, valueNs, intervalNs);
  else if (valueNs === 0n) process.cpuTimers.delete(which);
  else process.cpuTimers.set(which, { deadlineNs: processTimeNs(process) + valueNs, intervalNs, signal: cpuTimerSignals.get(which)! });
}

/** alarm(2): whole seconds, the rest of the old alarm rounded to the nearest, but never to none. */
function alarm(task: Task, seconds: number): number {
  const old = currentTimer(task.process, ITIMER_REAL);
  setRealTimer(task.process, BigInt(seconds) * NS, 0n);
  if (old.valueNs === 0n) return 0;
  return Math.max(1, Number((old.valueNs + NS / 2n) / NS));
}

const SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD_ID = 4;
const SIGEVENT_SIZE = 64;

const wallClocks: readonly number[] = [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI];

/** The CPU clock of the calling thread or process that a timer can follow. */
function cpuClock(task: Task, id: number): () => bigint {
  const own = id === CLOCK_PROCESS_CPUTIME_ID || id === CLOCK_THREAD_CPUTIME_ID || (id < 0 && (task.kernel.tasks.get(~(id >> 3)) ?? task).process === task.process);
  if (!own) throw EOPNOTSUPP;
  const read = clock(task, id);
  return () => read(task);
}

/** timer_create(2): wall clocks and the CPU clocks of the own process; struct sigevent is value, signo, notify, tid. */
function timerCreate(task: Task, id: number, eventPtr: number, idPtr: number): number {
  clock(task, id);
  const cpuClockNs = wallClocks.includes(id) ? undefined : cpuClock(task, id);
  const { timers } = task.process;
  let number = 0;
  while (timers.has(number)) number++;
  const event = eventPtr === 0 ? { value: BigInt(number), signal: SIGALRM, notify: SIGEV_SIGNAL, tid: 0 } : readEvent(task, eventPtr);
  const target = event.notify === SIGEV_THREAD_ID ? task.kernel.tasks.get(event.tid) : undefined;
  if (![SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID].includes(event.notify) || (event.notify === SIGEV_THREAD_ID && target?.process !== task.process)) throw EINVAL;
  if (event.notify !== SIGEV_NONE && (event.signal < 1 || event.signal > NSIG)) throw EINVAL;
  task.memory.writeU32(idPtr, number);
  const fire = (overrun: number): number => {
    if (event.notify === SIGEV_NONE) return 0;
    const waiting = (target ?? task.process).pending.ofTimer(number);
    if (waiting) return waiting.overrun = (waiting.overrun ?? 0) + overrun + 1;
    const info = { signo: event.signal, code: SI_TIMER, value: event.value, timerId: number, overrun };
    if (target) sendToTask(target, info);
    else sendToProcess(task.process, info);
    return overrun;
  };
  timers.set(number, { clockId: id, cpuClockNs, silent: event.notify === SIGEV_NONE, fire, cancel: () => {}, deadlineNs: 0n, intervalNs: 0n, overrun: 0 });
  return 0;
}

function readEvent(task: Task, ptr: number): { value: bigint; signal: number; notify: number; tid: number } {
  task.memory.readable(ptr, SIGEVENT_SIZE);
  return { value: task.memory.readU64(ptr), signal: task.memory.readI32(ptr + 8), notify: task.memory.readI32(ptr + 12), tid: task.memory.readI32(ptr + 16) };
}

const timerOf = (task: Task, id: number) => {
  const timer = task.process.timers.get(id);
  if (!timer) throw EINVAL;
  return timer;
};

/** What is left of a timer: at least a nanosecond until its signal is on its way, zero for one that sends none. */
const leftOf = (task: Task, timer: PosixTimer): bigint => (timer.deadlineNs === 0n ? 0n : later(timer.deadlineNs - (timer.cpuClockNs?.() ?? task.kernel.monotonicNs()), timer.silent ? 0n : 1n));

function timerSettime(task: Task, id: number, flag: number, newPtr: number, oldPtr: number): number {
  const timer = timerOf(task, id);
  if (newPtr === 0) throw EINVAL;
  const [intervalNs, valueNs] = [readTimespec(task, newPtr), readTimespec(task, newPtr + 16)];
  if (oldPtr !== 0) timerGettime(task, id, oldPtr);
  timer.cancel();
  timer.intervalNs = intervalNs;
  timer.deadlineNs = 0n;
  if (valueNs === 0n) return 0;
  if (timer.cpuClockNs) armOnCpuClock(task.process, timer, flag & TIMER_ABSTIME ? valueNs : timer.cpuClockNs() + valueNs);
  else armOnWallClock(task, timer, task.kernel.monotonicNs() + (flag & TIMER_ABSTIME ? later(valueNs - clock(task, timer.clockId)(task), 0n) : valueNs));
  return 0;
}

function armOnCpuClock({ cpuClockTimers }: Process, timer: PosixTimer, deadlineNs: bigint): void {
  timer.deadlineNs = deadlineNs;
  cpuClockTimers.add(timer);
  timer.cancel = () => { cpuClockTimers.delete(timer); };
}

function armOnWallClock(task: Task, timer: PosixTimer, deadlineNs: bigint): void {
  const { kernel } = task;
  timer.deadlineNs = deadlineNs;
  timer.cancel = kernel.timers.at(deadlineNs, () => {
    expire(timer, kernel.monotonicNs());
    if (timer.deadlineNs !== 0n) armOnWallClock(task, timer, timer.deadlineNs);
  });
}

function timerGettime(task: Task, id: number, ptr: number): number {
  const timer = timerOf(task, id);
  task.memory.writable(ptr, 32);
  writeTimespec(task, ptr, timer.intervalNs);
  writeTimespec(task, ptr + 16, leftOf(task, timer));
  return 0;
}

function timerDelete(task: Task, id: number): number {
  timerOf(task, id).cancel();
  task.process.timers.delete(id);
  return 0;
}

const RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1;
const rusageKinds = { RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD } as const;

function getrusage(task: Task, who: number, ptr: number): number {
  const userNs = who === RUSAGE_SELF ? processTimeNs(task.process) : who === RUSAGE_CHILDREN ? task.process.childrenUserNs : who === RUSAGE_THREAD ? taskTimeNs(task) : undefined;
  if (userNs === undefined) throw EINVAL;
  writeRusage(task, ptr, userNs, who === RUSAGE_CHILDREN ? 0 : task.space.sizeBytes);
  return 0;
}

/** times(2): user and system ticks of the process and of its waited-for children; returns ticks since boot. */
function times(task: Task, ptr: number): bigint {
  const ticks = (ns: bigint): bigint => ns * BigInt(USER_HZ) / NS;
  if (ptr !== 0) [processTimeNs(task.process), 0n, task.process.childrenUserNs, 0n].forEach((ns, i) => { task.memory.writeU64(ptr + 8 * i, ticks(ns)); });
  return ticks(task.kernel.monotonicNs() - task.kernel.bootNs) + 4294_000n;
}

const TIMEX_SIZE = 208, STA_UNSYNC = 0x40, TIME_ERROR = 5, TICK_US = 10_000, MAX_ERROR_US = 16_000_000, TOLERANCE = 32_768_000;

/** struct timex: modes, offset, freq, maxerror, esterror, status, constant, precision, tolerance, time, tick, … Only asking is allowed. */
function adjtimex(task: Task, ptr: number): number {
  const modes = task.memory.readU32(ptr);
  if (modes !== 0) throw EPERM;
  task.memory.writable(ptr, TIMEX_SIZE).fill(0);
  const word = (at: number, value: number): void => { task.memory.writeU64(ptr + at, BigInt(value)); };
  [24, 32].forEach((at) => { word(at, MAX_ERROR_US); });
  task.memory.writeU32(ptr + 40, STA_UNSYNC);
  word(48, 2);
  word(56, 1);
  word(64, TOLERANCE);
  writeTimeval(task, ptr + 72, task.kernel.realtimeNs());
  word(88, TICK_US);
  return TIME_ERROR;
}

const ClockId = oneOf(clockIds);
const ItimerPtr = pointed((task, ptr) => {
  const at = (p: number): string => `{tv_sec=${task.memory.readU64(p)}, tv_usec=${task.memory.readU64(p + 8)}}`;
  return `{it_interval=${at(ptr)}, it_value=${at(ptr + 16)}}`;
});

export const timeCalls: readonly SyscallRow[] = [
  sys(35, 'nanosleep', [TimespecPtr, Ptr], nanosleep),
  sys(36, 'getitimer', [oneOf(itimers), Ptr], getitimer),
  sys(37, 'alarm', [UInt], alarm),
  sys(38, 'setitimer', [oneOf(itimers), ItimerPtr, Ptr], setitimer),
  sys(96, 'gettimeofday', [OutTimevalPtr, Ptr], gettimeofday),
  sys(98, 'getrusage', [oneOf(rusageKinds), Ptr], getrusage, 'all time is user time; faults and switches are not counted'),
  sys(100, 'times', [Ptr], times, 'all time is user time'),
  sys(201, 'time', [Ptr], time),
  sys(222, 'timer_create', [ClockId, Ptr, Ptr], timerCreate, 'CPU clocks of other processes and the alarm clocks are EOPNOTSUPP'),
  sys(223, 'timer_settime', [Int, flags({ TIMER_ABSTIME }), Ptr, Ptr], timerSettime),
  sys(224, 'timer_gettime', [Int, Ptr], timerGettime),
  sys(225, 'timer_getoverrun', [Int], (task, id) => timerOf(task, id).overrun),
  sys(226, 'timer_delete', [Int], timerDelete),
  sys(228, 'clock_gettime', [ClockId, OutTimespecPtr], clockGettime),
  sys(229, 'clock_getres', [ClockId, OutTimespecPtr], clockGetres),
  sys(230, 'clock_nanosleep', [ClockId, flags({ TIMER_ABSTIME }), TimespecPtr, Ptr], clockNanosleep),
  refuse(164, 'settimeofday', EPERM, 'the clock is the host\'s'),
  sys(227, 'clock_settime', [ClockId, Ptr], (_task, id) => { throw id === CLOCK_REALTIME ? EPERM : EINVAL; }, 'EPERM: the clock is the host\'s'),
  sys(159, 'adjtimex', [Ptr], adjtimex, 'tells an unsynchronised clock; setting is EPERM'),
  sys(305, 'clock_adjtime', [ClockId, Ptr], (task, id, ptr) => { if (id !== CLOCK_REALTIME) throw EOPNOTSUPP; return adjtimex(task, ptr); }, 'as adjtimex'),
];
