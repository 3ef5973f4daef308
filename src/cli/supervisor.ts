// The processes that run containers, as other commands deal with them.
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../engine/index.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import type { ProcessId } from '../host/ports.ts';

const STEP_MS = 5, LONGEST_MS = 10_000;

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
