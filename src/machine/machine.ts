// A machine: one container's Linux on one Cpu and one Host, from its first process to its end.
import { assert } from '../base/index.ts';
import { exec } from '../loader/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host, NetListener, Streams, Tty as HostTty } from '../host/ports.ts';
import { attachConsole, CategoryTrace, consoleDescription, ContainerNetwork, Kernel, kernelSignal, mountSystem, PublishedPorts, sendFromOutside, sendToProcess, standardStreams, usualConfinement } from '../linux/index.ts';
import type { Attachment, Confinement, Directory, Names, PublishedPort, Task, Tty } from '../linux/index.ts';
import { Mount, MountTable } from '../vfs/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import { type Beside, exitOf, giveTerminal, type MachineExit, ProgramsBeside } from './beside.ts';
import { bindAll, type BindMount } from './bind.ts';
import { RunLoop } from './run-loop.ts';
import { timeReport } from './time-report.ts';
import { spawnInit } from './spawn.ts';
import type { ProcessRequest } from './spawn.ts';

export interface MachineConfig extends ProcessRequest {
  hostname: string;
  domainname?: string;
  /** What its processes begin with; Docker's usual where nothing is said. */
  confinement?: Partial<Confinement>;
  /** What the container may use. */
  resources?: Kernel['resources'];
  /** Absent: the first container on the default bridge, alone. Without a network of the host there is only the loopback. */
  network?: NetworkConfig;
  /** Mounted beside the system's own, in this order. */
  mounts?: readonly BindMount[];
  /** Nothing in the root file system can be changed; what is mounted can. */
  readonlyRoot?: boolean;
  /** Trace categories that are on; lines go to host.log. */
  trace?: Iterable<string>;
}

/** Where the host listens for the container. */
export type PublishedListener = NetListener;

/** The networks a container is on. */
export interface NetworkConfig {
  readonly attachments: readonly Attachment[];
  /** They are the host's own. */
  readonly isHosts?: boolean;
  readonly directory?: Directory;
  /** Absent: nobody answers at 127.0.0.11. */
  readonly names?: Names;
}

export interface MachineParts {
  host: Host;
  cpu: Cpu;
  rootFs: FileSystem;
  /** Where the standard streams lead: a terminal, or three byte streams. */
  io: { tty: HostTty } | { streams: Streams };
  config: MachineConfig;
}

export interface Machine {
  readonly kernel: Kernel;
  /** What its first process sees. */
  readonly mounts: MountTable;
  /** Runs to the end of the first process. Call it once. */
  run(): Promise<MachineExit>;
  /** As `run` without the host's event loop: undefined when nobody can run and it has not ended. */
  runUntilIdle(): MachineExit | undefined;
  /** Where the time went until now, a line each, when `trace` has `counts`. */
  times(): string[];
  /** No program runs until the returned function is called. */
  pause(): () => void;
  /** The host listens on a port for the container. Rejects with the host's error, whose code is an errno's name. */
  publish(port: PublishedPort): Promise<PublishedListener>;
  /** It is on other networks from now on. */
  setNetwork(network: NetworkConfig): void;
  /** Other containers on its networks reach it from now on, at a path of LocalStreams. */
  openToNeighbours(path: string): Promise<void>;
  /** Sends a signal to the first process as from outside the container: without a handler for it, it only takes SIGKILL and SIGSTOP (pid_namespaces(7)). */
  signal(signo: number): void;
  /** The same for the user in front of it: it dies of what it has no handler for, as on a terminal of its own. */
  interrupt(signo: number): void;
  /** Runs another program in the container, in a session of its own. It has no parent, its end does not end the container, and the container's end is its end. Throws StartError. */
  exec(request: ProcessRequest, io: MachineParts['io']): Beside;
}

/** Boots a machine with its first process loaded and ready. Throws StartError, MountError. */
export function createMachine({ host, cpu, rootFs, io, config }: MachineParts): Machine {
  const kernel = new Kernel(host, cpu, config.hostname, new CategoryTrace(config.trace ?? [], host.log, () => host.clock.monotonicNs()));
  kernel.exec = exec;
  if (config.resources) kernel.resources = config.resources;
  if (config.domainname) kernel.domainname = config.domainname;
  if (config.confinement) kernel.confinement = { ...usualConfinement, ...config.confinement };
  const terminal = 'tty' in io ? attachConsole(kernel, io.tty) : undefined;
  const loop = new RunLoop(kernel);
  const mounts = new MountTable(new Mount(rootFs));
  mounts.events.isOpen = (inode) => kernel.isOpen(inode);
  mountSystem(kernel, mounts);
  const { inetPorts } = kernel.files;
  if (host.net) inetPorts.network = new ContainerNetwork({ net: host.net, loop: host.loop, ...(host.local ? { local: host.local } : {}), ...config.network }, inetPorts);
  bindAll(mounts, config.mounts ?? []);
  if (config.readonlyRoot) mounts.root.options.readonly = true;
  const init = spawnInit(kernel, mounts, config);
  if (terminal) openTerminal(init, terminal);
  else if ('streams' in io) for (const description of standardStreams(io.streams)) init.files.add(description);
  const beside = new ProgramsBeside(kernel, mounts);
  return {
    kernel,
    mounts,
    run: async () => { const status = await loop.run(); beside.killed(); kernel.files.close(); cpu.saveCache(); kernel.placements.save(); return exitOf(status); },
    runUntilIdle: () => (loop.runUntilIdle() ? exitOf(kernel.exitStatus!) : undefined),
    times: () => (kernel.trace.counts ? timeReport(kernel.trace.counts, { ...loop.times(), translatedMs: cpu.translatedMs }) : []),
    pause: () => loop.pause(),
    publish: (port) => publish(kernel, host, port),
    setNetwork: (network) => { inetPorts.network?.change(network); },
    openToNeighbours: async (path) => { await inetPorts.network?.neighbours?.listen(path); },
    signal: (signo) => { sendFromOutside(kernel, signo); },
    interrupt: (signo) => { sendToProcess(kernel.init, kernelSignal(signo)); },
    exec: (request, io) => beside.start(request, io),
  };
}

async function publish({ files: { inetPorts } }: Kernel, { net }: Host, port: PublishedPort): Promise<PublishedListener> {
  assert(net && inetPorts.network, 'ports are published on a network');
  inetPorts.network.host.published ??= new PublishedPorts(net, inetPorts);
  return inetPorts.network.host.published.publish(port);
}

/** The container's terminal: descriptors 0, 1 and 2, and the controlling terminal of the first session. */
function openTerminal(init: Task, tty: Tty): void {
  giveTerminal(init, consoleDescription(init.fs.walkContext(init.credentials), tty), tty);
}
