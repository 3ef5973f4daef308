// A machine: one container's Linux on one Cpu and one Host, from its first process to its end.
import { makedev, O_RDWR } from '../abi/index.ts';
import { exec } from '../loader/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host, Streams, Tty as HostTty } from '../host/ports.ts';
import { anonymousInode, CategoryTrace, Description, Kernel, kernelSignal, sendToProcess, Tty, TtyFile } from '../linux/index.ts';
import type { FdTable, Session } from '../linux/index.ts';
import { Mount, MountTable } from '../vfs/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import { RunLoop } from './run-loop.ts';
import { spawnInit } from './spawn.ts';
import type { ProcessRequest } from './spawn.ts';
import { openStreams } from './standard-streams.ts';

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
  const loop = new RunLoop(kernel);
  spawnInit(kernel, mounts, config, (files, session) => {
    if ('tty' in io) openTerminal(kernel, files, session, io.tty);
    else openStreams(files, io.streams);
  });
  return {
    kernel,
    run: async () => { const status = await loop.run(); cpu.saveCache(); return exitOf(status); },
    runUntilIdle: () => (loop.runUntilIdle() ? exitOf(kernel.exitStatus!) : undefined),
    signal: (signo) => { sendToProcess(kernel.init, kernelSignal(signo)); },
  };
}

const CONSOLE = makedev(136, 0);

/** The container's terminal: descriptors 0, 1 and 2, and the controlling terminal of the first session. */
function openTerminal(kernel: Kernel, files: FdTable, session: Session, host: HostTty): void {
  const tty = new Tty(CONSOLE, { write: (bytes) => { host.write(bytes); } }, kernel);
  const resize = (): void => { const { rows, columns } = host.size(); tty.resize({ rows, columns, xpixel: 0, ypixel: 0 }); };
  resize();
  host.onResize(resize);
  host.input((bytes) => { tty.receive(bytes); });
  kernel.files.console = tty;
  tty.session = session;
  tty.foreground = session.id;
  session.tty = tty;
  const description = new Description(new TtyFile(tty, anonymousInode('pipe')), O_RDWR);
  for (let i = 0; i < 3; i++) files.add(description);
}
