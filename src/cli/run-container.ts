// Runs a container in this process, from its root file system to its end, and keeps its record true whatever happens.
import { constants } from 'node:os';
import { Errno, errnoMessage, SIGKILL } from '../abi/index.ts';
import { bootContainer, ContainerLog, type ContainerRecord, countedHost, demandLogOptions, type Ending, EngineError, exitCode, hasMounts, healthPlan, logOptionsOf, IdentityFiles, nameFilesOf, networkConfigOf, type OpenMounts, publishPorts, SharedIo, type Traffic, wantedPorts } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Machine, MachineParts, NetworkConfig } from '../machine/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import { impatience, passedOn } from './passed-signals.ts';
import type { Engine } from './setup.ts';
import { restore } from './standard-io.ts';

/** A container that ends sooner is never asked anything: it does without a control socket. */
const CONTROL_AFTER_MS = 50;
/** One that is attached and does not read holds up the end of the command that runs the container for so long. */
const inForeground = { afterMs: CONTROL_AFTER_MS, lingerMs: 2_000 };

/** What it runs on. */
export interface Execution {
  readonly cpu: Cpu;
  readonly io: MachineParts['io'];
  readonly trace?: Iterable<string>;
  /** Called when it has ended. */
  readonly ended?: (machine: Machine) => void;
  /** Called when its first program is loaded, with its streams: others may join them before it runs. */
  readonly started?: (running: Started) => void;
  /** Nobody waits for its end but commands that ask: they may at once. */
  readonly detached?: boolean;
  /** Called when it has ended and there is to be another run: its restart policy asks for that, or somebody does. Absent: nobody would do that. */
  readonly again?: (next: Pick<Execution, 'rootFs'>) => void;
  /** Its files, where they are in memory from the run before. */
  readonly rootFs?: OverlayFs;
}

const noMounts: OpenMounts = { mounts: [], close: () => {} };
/** A first program that is loaded. */
export interface Started { readonly io: SharedIo; readonly machine: Machine }

/** Runs a container that this process has begun, and gives its exit code. `before`: its state as it was, should it not start. Throws what hinders the start. */
export async function runContainer(engine: Engine, record: ContainerRecord, before: ContainerRecord['State'], execution: Execution): Promise<number> {
  const { images, containers, host } = engine;
  const log = record.KeepsLog ? new ContainerLog(engine.folder, record.Id, host.clock, logOptionsOf(record)) : undefined;
  const shared = new SharedIo(log?.over(execution.io) ?? execution.io);
  let isOomKilled = (): boolean => false;
  let mayRestart = false;
  let isWanted = false;
  const traffic: Traffic = { received: 0, sent: 0 };
  let leave = (code: number): void => { containers.end(record.Id, { exitCode: code, oomKilled: isOomKilled() }); };
  const end = (code: number): void => { const once = leave; leave = () => {}; once(code); };
  process.on('exit', end);
  let keep = (): void => {};
  let machine: Machine;
  let identity: IdentityFiles;
  let rootFs: OverlayFs;
  let opened: OpenMounts = noMounts;
  try {
    demandLogOptions(record);
    const fs = rootFs = execution.rootFs ?? images.openContainerFs(record, { now: () => host.clock.realtimeNs(), loop: host.loop });
    keep = () => { keepAll(engine, log, fs); opened.close(); };
    leave = (code) => {
      const ending = { exitCode: code, oomKilled: isOomKilled() };
      if (isWanted && mayRestart) return goOn(ending);
      keep();
      if (containers.end(record.Id, ending, mayRestart)) execution.again?.({});
    };
    /** What is in memory stays there for the next run. */
    const goOn = (ending: Ending): void => {
      log?.close();
      opened.close();
      containers.end(record.Id, ending, true, true);
      execution.again?.({ rootFs: fs });
    };
    if (hasMounts(record)) opened = (await import('./container-mounts.ts')).mountForRun(engine, record, fs);
    const network = networking(engine, record);
    identity = network.identity;
    machine = bootContainer({ host: countedHost(host, traffic), ...execution, io: shared.io, mounts: opened.mounts, ...network }, record.Config, rootFs, record.HostConfig);
    isOomKilled = () => machine.kernel.memoryGuard.kills > 0;
    await publish(engine, record, machine);
  } catch (thrown) {
    const error = inDockersWords(thrown);
    leave = () => {};
    keep();
    containers.failed(record.Id, before, (error as Error).message, error instanceof EngineError ? error.exitCode : 125);
    throw error;
  }
  containers.events.ofContainer(record, 'start');
  execution.started?.({ io: shared, machine });
  const exitCode = supervise(machine);
  const closeControl = openControlSoon(engine, execution.detached ? { afterMs: 0 } : inForeground, ({ openControl }) => openControl(engine, { record, machine, tree: { fs: rootFs, mounts: opened.mounts, readonlyRoot: record.HostConfig.ReadonlyRootfs ?? false }, io: shared, identity, traffic, exitCode, ...(execution.again ? { wantAgain: () => { isWanted = true; } } : {}) }));
  const plan = healthPlan(record.Config);
  const endChecks = plan && (await import('./health.ts')).checkHealth(engine, record, plan, machine);
  const code = await exitCode;
  endChecks?.();
  await closeControl();
  execution.ended?.(machine);
  mayRestart = execution.again !== undefined;
  end(code);
  process.off('exit', end);
  return code;
}

/** What dockerd writes before the reason why a program could not be started. */
function inDockersWords(error: unknown): unknown {
  if (!(error instanceof EngineError) || error.code !== 'START_FAILED') return error;
  return new EngineError(error.code, `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${error.message}: unknown`, error.exitCode);
}

/** What the machine is told of networks. */
function networking({ containers, host: { net, clock } }: Engine, record: ContainerRecord): { network?: NetworkConfig; identity: IdentityFiles } {
  const owner = containers.networkOwnerOf(record);
  const names = nameFilesOf(owner, owner.State.Networks ?? {}, net);
  return { ...(net ? { network: networkConfigOf(owner, record.Id, containers.endpoints, net) } : {}), identity: new IdentityFiles(record.Config, () => clock.realtimeNs(), { ...names, extraHosts: [...names.extraHosts, ...containers.linkedHosts(owner)] }) };
}

/** The host listens on the ports that were asked for; `ps` shows where. Throws EngineError 'PORT_TAKEN'. */
async function publish({ containers }: Engine, record: ContainerRecord, machine: Machine): Promise<void> {
  if (Object.keys(wantedPorts(record)).length === 0) return;
  try { containers.published(record.Id, await publishPorts(machine, record)); } catch (error) {
    machine.kernel.files.close();
    throw error;
  }
}

/** What cannot be kept does not change how the program ended. */
function keepAll({ host }: Engine, log: ContainerLog | undefined, fs: OverlayFs): void {
  if (log?.close() === false) host.log('wherry: not all output of the container could be kept');
  try { fs.close(); } catch (error) {
    if (!(error instanceof Errno)) throw error;
    host.log(`wherry: the last changes of the container's files could not be kept: ${errnoMessage(error.code)}`);
  }
}

type Answers = typeof import('./container-answers.ts');
interface Control { close(lingerMs?: number): Promise<void> }

/** Lets other commands ask, once it has run for a moment. The returned function ends that and waits for what is being answered. */
function openControlSoon(engine: Engine, { afterMs, lingerMs }: { readonly afterMs: number; readonly lingerMs?: number }, open: (answers: Answers) => Promise<Control>): () => Promise<void> {
  let server: Promise<Control> | undefined;
  const timer = setTimeout(() => {
    server = import('./container-answers.ts').then(open);
    server.catch((error: Error) => { engine.host.log(`wherry: other commands cannot reach this container: ${error.message}`); });
  }, afterMs).unref();
  return async () => {
    clearTimeout(timer);
    await server?.then((control) => control.close(lingerMs), () => {});
  };
}

async function supervise(machine: Machine): Promise<number> {
  const getAway = impatience(() => { machine.signal(SIGKILL); });
  const listeners = passedOn.map((name) => [name, () => {
    getAway(name);
    machine.interrupt(constants.signals[name]);
  }] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return exitCode(await machine.run());
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
    restore();
  }
}
