// A machine: one container's Linux on one Cpu and one Host, from its first process to its end.
import { exec } from '../loader/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host, Streams, Tty as HostTty } from '../host/ports.ts';
import { attachConsole, CategoryTrace, consoleDescription, Kernel, kernelSignal, mountSystem, sendToProcess, standardStreams } from '../linux/index.ts';
import type { FdTable, Session, Tty } from '../linux/index.ts';
import { Mount, MountTable } from '../vfs/index.ts';
import type { FileSystem, WalkContext } from '../vfs/index.ts';
import { RunLoop } from './run-loop.ts';
import { spawnInit } from './spawn.ts';
import type { ProcessRequest } from './spawn.ts';

export interface MachineConfig extends ProcessRequest {
  hostname: string;
  /** Trace categories that are on; lines go to host.log. */
  trace?: Iterable<string>;
}

export interface MachineParts {
  host: Host;
  cpu: Cpu;
  rootFs: FileSystem;
  /** Where the standard streams lead: a terminal, or three byte streams. */
  io: { tty: HostTty } | { streams: Streams };
  config: MachineConfig;
}

/** How the first process ended. */
export type MachineExit = { code: number } | { signal: number };

export interface Machine {
  readonly kernel: Kernel;
  /** Runs to the end of the first process. Call it once. */
  run(): Promise<MachineExit>;
  /** As `run` without the host's event loop: undefined when nobody can run and it has not ended. */
  runUntilIdle(): MachineExit | undefined;
  /** Sends a signal to the first process, as from outside the container. */
  signal(signo: number): void;
}

const exitOf = (status: number): MachineExit => ((status & 0x7f) === 0 ? { code: status >> 8 } : { signal: status & 0x7f });

/** Boots a machine with its first process loaded and ready. Throws StartError. */
export function createMachine({ host, cpu, rootFs, io, config }: MachineParts): Machine {
  const kernel = new Kernel(host, cpu, config.hostname, new CategoryTrace(config.trace ?? [], host.log));
  kernel.exec = exec;
  const mounts = new MountTable(new Mount(rootFs));
  const console = 'tty' in io ? attachConsole(kernel, io.tty) : undefined;
  mountSystem(kernel, mounts);
  const loop = new RunLoop(kernel);
  spawnInit(kernel, mounts, config, (files, session, task) => {
    if (console) openTerminal(files, session, console, task().fs.walkContext(task().credentials));
    else if ('streams' in io) for (const description of standardStreams(io.streams)) files.add(description);
  });
  return {
    kernel,
    run: async () => { const status = await loop.run(); cpu.saveCache(); return exitOf(status); },
    runUntilIdle: () => (loop.runUntilIdle() ? exitOf(kernel.exitStatus!) : undefined),
    signal: (signo) => { sendToProcess(kernel.init, kernelSignal(signo)); },
  };
}

/** Descriptors 0, 1 and 2 on the container's terminal, which becomes the controlling terminal of the first session. */
function openTerminal(files: FdTable, session: Session, tty: Tty, context: WalkContext): void {
  tty.session = session;
  tty.foreground = session.id;
  session.tty = tty;
  const description = consoleDescription(context, tty);
  for (let fd = 0; fd < 3; fd++) files.add(description);
}
