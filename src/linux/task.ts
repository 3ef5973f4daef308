// Tasks (threads), processes (thread groups), process groups and sessions: the data. What happens to them is in scheduler.ts, signals.ts, fork.ts and exit.ts.
import { SIG_DFL, SIGCHLD } from '../abi/index.ts';
import { WaitQueue } from '../base/index.ts';
import type { Wait } from '../base/index.ts';
import type { CpuState, GuestMemory } from '../guest/index.ts';
import type { Inode, Place } from '../vfs/index.ts';
import type { AddressSpace } from './address-space.ts';
import type { Credentials } from './credentials.ts';
import type { FdTable } from './files/index.ts';
import type { FsContext } from './fs-context.ts';
import type { Kernel } from './kernel.ts';
import { PendingSignals } from './pending-signals.ts';
import type { SignalSet } from './pending-signals.ts';
import { defaultLimits } from './limits.ts';
import type { Limit } from './limits.ts';
import type { RestartableSequences } from './rseq.ts';

/** What a signal does in a process: SIG_DFL, SIG_IGN or the address of a handler, as rt_sigaction(2) gives it. */
export interface SignalAction { handler: number; flags: number; restorer: number; mask: SignalSet }
const DEFAULT_ACTION: SignalAction = Object.freeze({ handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n });

/** The table of actions; processes made with CLONE_SIGHAND share one. */
export class SignalActions {
  #actions: (SignalAction | undefined)[] = [];
  get(signal: number): SignalAction { return this.#actions[signal] ?? DEFAULT_ACTION; }
  set(signal: number, action: SignalAction): void { this.#actions[signal] = action; }
  copy(): SignalActions { const c = new SignalActions(); c.#actions = [...this.#actions]; return c; }
  /** execve: handlers are gone, what was ignored stays so. */
  resetHandlers(): void { this.#actions = this.#actions.map((a) => (a && a.handler > 1 ? undefined : a)); }
}

export class Session {
  readonly id: number;
  /** The controlling terminal; which object is linux/tty's business. */
  tty: ControllingTty | undefined;
  constructor(id: number) { this.id = id; }
}

/** What processes need of a terminal. */
export interface ControllingTty {
  session: Session | undefined;
  /** The id of the process group whose programs may read. */
  foreground: number;
  /** Device number, for /proc/[pid]/stat. */
  readonly rdev: number;
}

export class ProcessGroup {
  readonly id: number;
  readonly session: Session;
  readonly members = new Set<Process>();
  constructor(id: number, session: Session) { this.id = id; this.session = session; }
}

/** A wait status, as wait4 stores it. No core is ever dumped. */
export const exitedStatus = (code: number): number => (code & 0xff) << 8;
export const killedStatus = (signal: number): number => signal;

/** Where a program came from: for /proc/[pid]/exe and comm. `path` is its place in the tree, `name` the last component of what execve was given. */
export interface Executable { name: string; path: string; inode: Inode; place: Place }

/** How long until an interval timer fires (0: it is off), and after that. */
export interface IntervalTimer { valueNs: bigint; intervalNs: bigint }

/** A timer of timer_create(2). `deadlineNs` is on the monotonic clock or its CPU clock, 0 when it is off. */
export interface PosixTimer {
  readonly clockId: number;
  /** Its clock, when that is the CPU time of a process or thread. */
  readonly cpuClockNs: (() => bigint) | undefined;
  /** SIGEV_NONE: it sends no signal. */
  readonly silent: boolean;
  /** Sends its signal, or adds to the overrun of the one still pending; returns the overrun. */
  readonly fire: (overrun: number) => number;
  cancel: () => void;
  deadlineNs: bigint;
  intervalNs: bigint;
  overrun: number;
}

/** A process: one or more tasks with one pid, parent, and set of signal actions. */
export class Process {
  readonly pid: number;
  parent: Process | undefined;
  readonly children = new Set<Process>();
  group: ProcessGroup;
  readonly tasks = new Set<Task>();
  /** The task whose tid is the pid; stays readable when the process is a zombie. */
  leader!: Task;
  actions: SignalActions;
  readonly pending = new PendingSignals();
  /** The signal that tells the parent about the end (0: none). */
  exitSignal = SIGCHLD;
  limits: Limit[] = defaultLimits();
  executable: Executable | undefined;
  startNs: bigint;
  /** CPU time of tasks that ended, and of children that were waited for. */
  deadUserNs = 0n;
  childrenUserNs = 0n;
  /** Woken when a child ends, stops or continues: what wait4 waits on. */
  readonly childChanged = new WaitQueue();
  /** Woken when a signal was queued that every task blocks (signalfd). */
  readonly signalled = new WaitQueue();
  /** Woken when this process ends (pidfd). */
  readonly ended = new WaitQueue();
  /** The wait status, once every task has ended. */
  exitStatus: number | undefined;
  /** The signal that stopped it, 0 when it runs. */
  stopSignal = 0;
  /** What wait4 has yet to report of the last stop or continue. */
  unreported: 'stopped' | 'continued' | undefined;
  hasExeced = false;
  dumpable = 1;
  nice = 0;
  oomScoreAdj = 0;
  /** /proc/[pid]/coredump_filter: no core is ever dumped. */
  coredumpFilter = 0x33;
  /** What its read and write calls moved, for /proc/[pid]/io. */
  readonly io = { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 };
  personality = 0;
  /** Of an init process: the program that gets its signals. */
  standsFor: Process | undefined;
  /** Of a process that runs no program of its own. */
  commandLine: Uint8Array | undefined;
  subreaper = false;
  /** The wait status that exit_group or a signal chose while tasks are still ending. */
  exiting: number | undefined;
  /** Cancels the ITIMER_REAL timer, and when it fires next. */
  realTimer: { cancel(): void; deadlineNs: bigint; intervalNs: bigint } | undefined;
  /** ITIMER_VIRTUAL and ITIMER_PROF by their number; looked at after every slice. */
  readonly cpuTimers = new Map<number, { deadlineNs: bigint; intervalNs: bigint; signal: number }>();
  /** POSIX timers that are set on CPU clocks; looked at after every slice. */
  readonly cpuClockTimers = new Set<PosixTimer>();
  /** POSIX timers by id. */
  readonly timers = new Map<number, PosixTimer>();

  constructor(pid: number, group: ProcessGroup, actions: SignalActions, startNs: bigint) {
    this.pid = pid;
    this.group = group;
    this.actions = actions;
    this.startNs = startNs;
    group.members.add(this);
  }

  get session(): Session { return this.group.session; }
  get zombie(): boolean { return this.exitStatus !== undefined; }
  /** CPU time of all its tasks, nanoseconds. */
  get userNs(): bigint { let sum = this.deadUserNs; for (const t of this.tasks) sum += t.userNs; return sum; }
}

/** What a system call keeps between its attempts. */
export interface Call {
  readonly number: number;
  /** When the call's own timeout ends (monotonic), decided at its first attempt. */
  deadlineNs?: bigint;
  /** What the handler wants to find at the next attempt. */
  kept?: unknown;
  /** Bytes already moved: what an interrupted call returns instead of EINTR. */
  partial: number;
  /** Undoes what the call set up (a place in a futex queue), when it ends in any way. */
  cleanup?: () => void;
  /** The strace line so far. */
  text?: string;
  /** Its beginning was printed, as others' lines came before its end. */
  unfinished?: boolean;
  /** signal(7): calls that fail with EINTR whatever SA_RESTART says. */
  neverRestart: boolean;
  /** Not even signals interrupt it (the parent of a vfork). */
  uninterruptible?: boolean;
  /** Told when a handler interrupts it, before its cleanup. */
  interrupted?: (restart: boolean) => void;
}

export type TaskState = 'running' | 'ready' | 'blocked' | 'stopped' | 'dead';

/** One thread of execution. */
export class Task {
  tid: number;
  process: Process;
  readonly kernel: Kernel;
  space: AddressSpace;
  /** Tasks made with CLONE_FILES share one object. */
  files: FdTable;
  fs: FsContext;
  credentials: Credentials;
  /** At most 15 bytes, latin1: prctl(PR_SET_NAME), /proc/[pid]/comm. */
  name = '';
  state: TaskState = 'ready';
  /** Registers while another task of the same space has its own in the live state; undefined while they are live. */
  saved: Uint8Array | undefined;
  mask: SignalSet = 0n;
  /** The mask to go back to once a call that set its own for a while (sigsuspend, ppoll) has ended. */
  savedMask: SignalSet | undefined;
  readonly pending = new PendingSignals();
  altStack = { sp: 0, flags: 2, size: 0 };
  /** The system call on its way, from its entry until its result is stored. */
  call: Call | undefined;
  /** What it waits on, and how to stop waiting. */
  wait: Wait | undefined;
  /** The wait of a call that a pending signal keeps from blocking: blocked on when no handler runs. */
  interruptedWait: Wait | undefined;
  unblock: (() => void) | undefined;
  clearChildTidPtr = 0;
  robustListPtr = 0;
  userNs = 0n;
  /** Lets the parent of a vfork go on; called when this child no longer uses its memory. */
  vforkDone: (() => void) | undefined;
  /** The signals that rt_sigtimedwait waits for. */
  waitingFor: SignalSet | undefined;
  parentDeathSignal = 0;
  /** PR_SET_TIMERSLACK, nanoseconds: remembered only. */
  timerSlackNs = 50_000;
  /** The scheduling policy (SCHED_OTHER, BATCH or IDLE): remembered only. */
  policy = 0;
  /** rseq(2). */
  sequences: RestartableSequences | undefined;

  constructor(tid: number, process: Process, kernel: Kernel, space: AddressSpace, files: FdTable, fs: FsContext, credentials: Credentials) {
    this.tid = tid;
    this.process = process;
    this.kernel = kernel;
    this.space = space;
    this.files = files;
    this.fs = fs;
    this.credentials = credentials;
  }

  get pid(): number { return this.process.pid; }
  get memory(): GuestMemory { return this.space.memory; }
  /** The live registers: valid only while this task is current. */
  get registers(): CpuState { return this.space.cpu.state; }

  /** The deadline of the call on its way, the same at every attempt: `timeoutNs` after its first one. */
  deadline(timeoutNs: bigint): bigint { return (this.call!.deadlineNs ??= this.kernel.monotonicNs() + timeoutNs); }
}
