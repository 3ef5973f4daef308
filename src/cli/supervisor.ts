// The processes that run containers, as other commands deal with them: signals, waiting, and the end by force.
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGKILL } from '../abi/index.ts';
import { type ContainerRecord, EngineError } from '../engine/index.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import type { ProcessId } from '../host/ports.ts';
import { ask } from './control.ts';
import type { Engine } from './setup.ts';

const STEP_MS = 10, LONGEST_MS = 10_000;
/** How long a killed program's container has to leave its files in order. */
const KILL_GRACE_MS = 2_000;

const runs = ({ containers }: Engine, id: string): boolean => containers.exists(id) && containers.find(id).State.Status === 'running';

/** Returns when the container does not run any more, or the time is over; whether it has ended. */
export async function ended(engine: Engine, id: string, longestMs = Infinity): Promise<boolean> {
  for (const until = Date.now() + longestMs; runs(engine, id); await sleep(STEP_MS)) if (Date.now() >= until) return false;
  return true;
}

/** Sends a signal to the first program of a running container. Throws EngineError 'NOT_RUNNING', 'NO_ANSWER'. */
export async function signalContainer(engine: Engine, { Id }: ContainerRecord, signal: number): Promise<void> {
  if (!runs(engine, Id)) throw new EngineError('NOT_RUNNING', `Container ${Id} is not running`);
  for (let waited = 0; waited < LONGEST_MS && runs(engine, Id); waited += STEP_MS) {
    if (await ask(engine.hostPath(`containers/${Id}`), { operation: 'signal', signal })) return;
    await sleep(STEP_MS);
  }
  if (runs(engine, Id)) throw new EngineError('NO_ANSWER', `the process that runs container ${Id} does not answer`);
}

/** Ends a container at once: by its own end, so that its files are in order, or where that takes too long by the end of the process that runs it. */
export async function kill(engine: Engine, record: ContainerRecord): Promise<void> {
  const { Supervisor } = record.State;
  const asked = signalContainer(engine, record, SIGKILL).catch((error: EngineError) => { if (error.code === 'NOT_RUNNING') throw error; });
  await Promise.race([asked, sleep(KILL_GRACE_MS)]);
  if (!await ended(engine, record.Id, KILL_GRACE_MS) && Supervisor) await stopNow(Supervisor);
}

/** Kills the process that runs a container, and with it the container; returns when it is gone. Throws EngineError 'NOT_STOPPED' when it cannot be killed. */
export async function stopNow(supervisor: ProcessId): Promise<void> {
  if (!nodeProcesses.isAlive(supervisor)) return;
  try { process.kill(supervisor.pid, 'SIGKILL'); } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw new EngineError('NOT_STOPPED', `process ${supervisor.pid}, which runs the container, cannot be killed: ${(error as Error).message}`);
  }
  for (let waited = 0; nodeProcesses.isAlive(supervisor); waited += STEP_MS) {
    if (waited > LONGEST_MS) throw new EngineError('NOT_STOPPED', `process ${supervisor.pid}, which runs the container, does not end`);
    await sleep(STEP_MS);
  }
}

/** The exit code of a container, when it has ended. The process that runs it tells, as one that is removed at its end leaves no record. */
export async function exitCodeOf(engine: Engine, { Id }: ContainerRecord): Promise<number> {
  while (runs(engine, Id)) {
    const answer = await ask(engine.hostPath(`containers/${Id}`), { operation: 'wait' }).catch((error: EngineError) => { if (error.code !== 'GONE') throw error; return undefined; });
    if (answer) return answer.result as number;
    await sleep(STEP_MS);
  }
  return engine.containers.find(Id).State.ExitCode;
}
