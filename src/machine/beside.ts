// Programs that are run in a container beside its first one (`exec`, health checks): their streams or terminal, and how they end.
import { ESRCH, SIGKILL } from '../abi/index.ts';
import type { Streams, Tty as HostTty } from '../host/ports.ts';
import { type Description, joinTerminal, type Kernel, kernelSignal, sendToProcess, standardStreams, type Task, type Tty } from '../linux/index.ts';
import type { MountTable } from '../vfs/index.ts';
import { type ProcessRequest, spawnBeside, StartError } from './spawn.ts';

/** How a process ended. */
export type MachineExit = { code: number } | { signal: number };

/** From a wait status. */
export const exitOf = (status: number): MachineExit => ((status & 0x7f) === 0 ? { code: status >> 8 } : { signal: status & 0x7f });

/** Where the standard streams of a process lead: a terminal, or three byte streams. */
export type ProcessIo = { tty: HostTty } | { streams: Streams };

/** A program that runs beside the first one. */
export interface Beside {
  /** Its number inside the container. */
  readonly pid: number;
  /** When it has ended: of itself, or killed with the container. */
  readonly exit: Promise<MachineExit>;
  /** Does nothing when it has ended. */
  signal(signo: number): void;
}

/** A terminal as descriptors 0, 1 and 2, and as the controlling terminal of the task's session. */
export function giveTerminal(task: Task, description: Description, tty: Tty): void {
  for (let i = 0; i < 3; i++) task.files.add(description);
  const { session } = task.process;
  tty.session = session;
  tty.foreground = task.process.group.id;
  session.tty = tty;
}

export class ProgramsBeside {
  readonly #kernel: Kernel;
  readonly #mounts: MountTable;
  /** Tells of the end of those that still run. */
  readonly #running = new Set<(exit: MachineExit) => void>();

  constructor(kernel: Kernel, mounts: MountTable) {
    this.#kernel = kernel;
    this.#mounts = mounts;
  }

  /** Throws StartError. */
  start(request: ProcessRequest, io: ProcessIo): Beside {
    if (this.#kernel.exitStatus !== undefined) throw new StartError(ESRCH, 'the container has ended');
    const task = spawnBeside(this.#kernel, this.#mounts, request);
    const leave = 'tty' in io ? this.#openTerminal(task, io.tty) : openStreams(task, io.streams);
    const { process } = task;
    const exit = new Promise<MachineExit>((resolve) => {
      const end = (how: MachineExit): void => {
        this.#running.delete(end);
        leave();
        resolve(how);
      };
      this.#running.add(end);
      process.ended.add(() => { end(exitOf(process.exitStatus!)); });
    });
    return { pid: process.pid, exit, signal: (signo) => { sendToProcess(process, kernelSignal(signo)); } };
  }

  #openTerminal(task: Task, host: HostTty): () => void {
    const { tty, description, close } = joinTerminal(this.#kernel, host, task.credentials.uid);
    giveTerminal(task, description, tty);
    return close;
  }

  /** The container has ended, and all that ran in it. */
  killed(): void { for (const end of [...this.#running]) end({ signal: SIGKILL }); }
}

function openStreams(task: Task, streams: Streams): () => void {
  for (const description of standardStreams(streams)) task.files.add(description);
  return () => {};
}
