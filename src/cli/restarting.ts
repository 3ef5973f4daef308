// A container that is run by this process for as long as its restart policy asks for, with longer and longer waits between.
import { type ContainerRecord, type ContainerState, restartDelayMs } from '../engine/index.ts';
import { patiently } from './container-operations.ts';
import type { Execution } from './run-container.ts';
import { runContainer } from './run-container.ts';
import type { Engine } from './setup.ts';

/** What changes with each run. */
export interface Runs {
  /** What the next one runs on. */
  execution(): Execution;
  /** Each has ended. */
  ended(exitCode: number): void;
}

/** Waits; somebody who does not want the next run any more says so with SIGTERM. */
function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    const over = (): void => {
      clearTimeout(timer);
      process.off('SIGTERM', over);
      done();
    };
    const timer = setTimeout(over, ms);
    process.on('SIGTERM', over);
  });
}

/** Gives the exit code of the last run. Throws what hinders the first start. */
export async function runAsOften(engine: Engine, first: ContainerRecord, before: ContainerState, { execution, ended }: Runs): Promise<number> {
  let delayMs = 0;
  for (let record = first, state = before; ;) {
    const startedMs = Date.now();
    let again = false;
    const code = await runContainer(engine, record, state, { ...execution(), again: () => { again = true; } });
    ended(code);
    if (!again) return code;
    delayMs = restartDelayMs(delayMs, Date.now() - startedMs);
    await pause(delayMs);
    state = engine.containers.exists(record.Id) ? engine.containers.find(record.Id).State : state;
    const next = await patiently(() => engine.containers.beginAgain(record.Id));
    if (!next) return code;
    record = next;
  }
}
