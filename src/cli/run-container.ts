// Runs a container in this process, from its root file system to its end, and keeps its record true whatever happens.
import { constants } from 'node:os';
import { bootContainer, type ContainerRecord, EngineError, exitCode } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Machine, MachineParts } from '../machine/index.ts';
import type { Engine } from './setup.ts';
import { restore } from './standard-io.ts';

/** Signals that are passed on while the program runs without a terminal of its own. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** What it runs on. */
export interface Execution { readonly cpu: Cpu; readonly io: MachineParts['io']; readonly trace?: Iterable<string> }

/** Runs a container that this process has begun, and gives its exit code. `before`: its state as it was, should it not start. Throws what hinders the start. */
export async function runContainer(engine: Engine, record: ContainerRecord, before: ContainerRecord['State'], execution: Execution): Promise<number> {
  const { images, containers, host } = engine;
  let leave = (code: number): void => { containers.end(record.Id, code); };
  const end = (code: number): void => { const once = leave; leave = () => {}; once(code); };
  process.on('exit', end);
  let machine: Machine;
  try {
    const rootFs = images.openContainerFs(record, { now: () => host.clock.realtimeNs() });
    leave = (code) => { rootFs.close(); containers.end(record.Id, code); };
    machine = bootContainer({ host, ...execution }, record.Config, rootFs);
  } catch (error) {
    leave = () => {};
    containers.failed(record.Id, before, (error as Error).message, error instanceof EngineError ? error.exitCode : 125);
    throw error;
  }
  const code = await supervise(machine);
  end(code);
  return code;
}

async function supervise(machine: Machine): Promise<number> {
  const listeners = passedOn.map((name) => [name, () => { machine.signal(constants.signals[name]); }] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return exitCode(await machine.run());
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
    restore();
  }
}
