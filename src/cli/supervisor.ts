// The processes that run containers, as other commands deal with them: signals, waiting, and the end by force.
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGKILL } from '../abi/index.ts';
import { type ContainerRecord, EngineError, hasPrograms, isUp, signalNumber } from '../engine/index.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import type { ProcessId } from '../host/ports.ts';
import { ask } from './control.ts';
import type { Engine } from './setup.ts';

const STEP_MS = 10, LONGEST_MS = 10_000;
/** How long a killed program's container has to leave its files in order. */
const KILL_GRACE_MS = 2_000;
/** Seconds that a container has to end by itself, when nobody says otherwise. */
const STOP_SECONDS = 10;

/** The container as it is now; undefined when it is gone. */
function now({ containers }: Engine, id: string): ContainerRecord | undefined {
  try { return containers.find(id); } catch (error) {
    if ((error as EngineError).code !== 'NO_CONTAINER') throw error;
    return undefined;
  }
}

const runs = (engine: Engine, id: string): boolean => { const record = now(engine, id); return record !== undefined && hasPrograms(record); };

/** Returns when nobody has the container in hand any more, or the time is over; whether it has ended. */
async function ended(engine: Engine, id: string, longestMs = Infinity): Promise<boolean> {
  const until = Date.now() + longestMs;
  for (let record = now(engine, id); record && isUp(record); record = now(engine, id)) {
    if (Date.now() >= until) return false;
    await sleep(STEP_MS);
  }
  return true;
}

/** Asks the process that runs a container for something that needs its programs; they may have ended, or may not be loaded yet. Throws EngineError 'NOT_RUNNING', 'NO_ANSWER', and what it answers with. */
export async function askRunning(engine: Engine, { Id }: ContainerRecord, operation: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  for (let waited = 0; waited < LONGEST_MS && runs(engine, Id); waited += STEP_MS) {
    const answer = await ask(engine.hostPath(`containers/${Id}`), { operation, ...args });
    if (answer) return answer.result;
    await sleep(STEP_MS);
  }
  if (runs(engine, Id)) throw new EngineError('NO_ANSWER', `the process that runs container ${Id} does not answer`);
  throw new EngineError('NOT_RUNNING', `Container ${Id} is not running`);
}

/** Sends a signal to the first program of a running container. One that is to end it, by docker's rule, keeps its restart policy from starting it again and wakes paused programs. Throws EngineError 'NOT_RUNNING', 'NO_ANSWER'. */
export async function signalContainer(engine: Engine, record: ContainerRecord, signal: number): Promise<void> {
  const { Id, Config } = record;
  const isFinal = !Config.StopSignal || signal === SIGKILL || signalNumber(Config.StopSignal) === signal;
  if (isFinal && !leavesWaiting(engine, Id)) return;
  engine.containers.events.ofContainer(record, 'kill', { signal: String(signal) });
  await askRunning(engine, record, 'signal', { signal, resume: isFinal });
}

/** Its restart policy does not count any more. False: it only waited to be started again, and has ended. */
function leavesWaiting({ containers }: Engine, id: string): boolean {
  const { State: { Supervisor, Status } } = containers.find(id);
  const record = containers.stopping(id);
  if (isUp(record)) return true;
  if (Supervisor && Status === 'restarting') try { process.kill(Supervisor.pid, 'SIGTERM'); } catch { /* it is gone by itself */ }
  return false;
}

/** Ends a container at once: by its own end, so that its files are in order, or where that takes too long by the end of the process that runs it. */
export async function kill(engine: Engine, record: ContainerRecord): Promise<void> {
  const { Supervisor } = record.State;
  const asked = signalContainer(engine, record, SIGKILL).catch((error: EngineError) => { if (error.code === 'NOT_RUNNING') throw error; });
  await Promise.race([asked, sleep(KILL_GRACE_MS)]);
  if (!await ended(engine, record.Id, KILL_GRACE_MS) && Supervisor) await stopNow(Supervisor);
}

/** What `stop` and `restart` say: a signal's name, and how long the programs have, in seconds (negative: for ever). */
export interface StopRequest { readonly signal?: string | undefined; readonly seconds?: number | undefined }

/** Asks a container to end, and ends it when it does not. One that is not up stays as it is. */
export async function stopContainer(engine: Engine, record: ContainerRecord, { signal, seconds = record.Config.StopTimeout ?? STOP_SECONDS }: StopRequest): Promise<void> {
  if (!isUp(record)) return;
  engine.containers.stopping(record.Id);
  try {
    await signalContainer(engine, record, signalNumber(signal ?? record.Config.StopSignal ?? 'TERM'));
    if (!await ended(engine, record.Id, seconds < 0 ? Infinity : seconds * 1000)) await kill(engine, record);
  } catch (error) { if ((error as EngineError).code !== 'NOT_RUNNING') throw error; }
  await ended(engine, record.Id);
  engine.containers.events.ofContainer(record, 'stop');
}

/** The process that runs a container runs it again: where its files are in memory, and it would be removed otherwise. Throws EngineError 'NOT_KEPT'. */
export async function restartInPlace(engine: Engine, record: ContainerRecord, { signal, seconds = record.Config.StopTimeout ?? STOP_SECONDS }: StopRequest): Promise<void> {
  const { Id, State: { StartedAt } } = record;
  await askRunning(engine, record, 'again');
  const isNew = (): boolean => { const fresh = now(engine, Id); return !fresh || (hasPrograms(fresh) && fresh.State.StartedAt !== StartedAt); };
  await signalContainer(engine, record, signalNumber(signal ?? record.Config.StopSignal ?? 'TERM'));
  const until = seconds < 0 ? Infinity : Date.now() + seconds * 1000;
  while (!isNew() && Date.now() < until) await sleep(STEP_MS);
  if (!isNew()) await signalContainer(engine, record, SIGKILL);
  while (!isNew()) await sleep(STEP_MS);
  engine.containers.find(Id);
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

/** The exit code of a container, when its programs have ended. The process that runs it tells, as one that is removed at its end leaves no record. */
export async function exitCodeOf(engine: Engine, { Id }: ContainerRecord): Promise<number> {
  while (isUp(engine.containers.find(Id))) {
    const answer = await ask(engine.hostPath(`containers/${Id}`), { operation: 'wait' }).catch((error: EngineError) => { if (error.code !== 'GONE') throw error; return undefined; });
    if (answer) return answer.result as number;
    await sleep(STEP_MS);
  }
  return engine.containers.find(Id).State.ExitCode;
}
