// The kernel of one container: its tasks, clocks, names and devices, and what every part of Linux needs to reach.
import type { CategoryTrace } from './trace.ts';
import { type Confinement, usualConfinement } from './confinement.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host } from '../host/ports.ts';
import type { Inode, Place } from '../vfs/index.ts';
import { KernelFiles } from './files/index.ts';
import { MemoryGuard } from './oom.ts';
import { Placements } from './placements.ts';
import { Futexes } from './futex.ts';
import { Ipc } from './ipc/index.ts';
import { Scheduler } from './scheduler.ts';
import { kernelSignal, sendToGroup, sendToTask } from './signals.ts';
import type { Process, ProcessGroup, Task } from './task.ts';
import { Timers } from './timers.ts';

/** Replaces the program of a task (loader/): throws an Errno before the point of no return. Strings are latin1. */
export type Exec = (task: Task, request: { place: Place; path: string; argv: readonly string[]; envp: readonly string[] }) => void;

export class Kernel {
  readonly host: Host;
  readonly cpu: Cpu;
  readonly timers = new Timers();
  readonly scheduler: Scheduler;
  readonly futexes = new Futexes();
  readonly ipc: Ipc = new Ipc(this);
  readonly memoryGuard: MemoryGuard = new MemoryGuard(this);
  readonly files: KernelFiles;
  readonly placements: Placements;
  readonly trace: CategoryTrace;
  /** By tid. */
  readonly tasks = new Map<number, Task>();
  /** By pid; zombies too. */
  readonly processes = new Map<number, Process>();
  readonly groups = new Map<number, ProcessGroup>();
  /** What the container may use; absent: no limit beyond the machine's. */
  resources: { readonly memoryBytes?: number; readonly cpus?: number; readonly pids?: number } = {};
  /** What its processes begin with. */
  confinement: Confinement = usualConfinement;
  hostname: string;
  domainname = '(none)';
  readonly bootNs: bigint;
  /** Set by the machine. */
  exec!: Exec;
  /** Why the last execve gave ENOEXEC, in words. */
  execFailure: string | undefined;
  /** The first process; when it ends, so does the container. So it does with the program that an init process stands for. */
  init!: Process;
  /** The first process's wait status, once it has ended. */
  exitStatus: number | undefined;
  /** Work to do as soon as no guest code is running: giving memories back. */
  readonly #deferred: (() => void)[] = [];
  #lastPid = 0;

  constructor(host: Host, cpu: Cpu, hostname: string, trace: CategoryTrace) {
    this.host = host;
    this.cpu = cpu;
    this.placements = new Placements(host.cache);
    this.hostname = hostname;
    this.trace = trace;
    this.bootNs = host.clock.monotonicNs();
    this.scheduler = new Scheduler(this);
    this.files = new KernelFiles(this);
  }

  /** The task whose registers are live. */
  get current(): Task | undefined { return this.scheduler.current; }
  monotonicNs(): bigint { return this.host.clock.monotonicNs(); }
  realtimeNs(): bigint { return this.host.clock.realtimeNs(); }

  /** A pid no task, process or process group has. */
  newPid(): number {
    do this.#lastPid = this.#lastPid >= 32767 ? 2 : this.#lastPid + 1;
    while (this.tasks.has(this.#lastPid) || this.processes.has(this.#lastPid) || this.groups.has(this.#lastPid));
    return this.#lastPid;
  }

  /** Sends a signal of the kernel's own (SI_KERNEL) to every process of a group, or to one task. */
  signalGroup(group: number, signal: number): void { sendToGroup(this, group, kernelSignal(signal)); }
  signalTask(task: Task, signal: number): void { sendToTask(task, kernelSignal(signal)); }

  /** Whether a task has a descriptor of this inode. */
  isOpen(inode: Inode): boolean {
    return [...this.tasks.values()].some(({ files }) => files.numbers().some((fd) => files.get(fd, true).inode === inode));
  }

  /** Whether a process runs this file: it must not be written to meanwhile. */
  isRunning(inode: Inode): boolean {
    return [...this.processes.values()].some((process) => !process.zombie && process.executable?.inode === inode);
  }

  /** Whether a task has this file, which has a name, open for writing: it must not be run meanwhile. */
  isBeingWritten(inode: Inode): boolean {
    if (inode.stat().nlink === 0) return false;
    return [...this.tasks.values()].some(({ files }) => files.numbers().some((fd) => { const file = files.get(fd, true); return file.inode === inode && file.writable; }));
  }

  defer(work: () => void): void { this.#deferred.push(work); }
  runDeferred(): void { for (let work = this.#deferred.pop(); work; work = this.#deferred.pop()) work(); }
}
