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

type Next = Pick<Execution, 'rootFs'>;

/** Gives the exit code of the last run. Throws what hinders the first start. */
export async function runAsOften(engine: Engine, first: ContainerRecord, before: ContainerState, { execution, ended }: Runs): Promise<number> {
  let delayMs = 0;
  let kept: Next = {};
  for (let record = first, state = before; ;) {
    const startedMs = Date.now();
    let next: Next | undefined;
    const code = await runContainer(engine, record, state, { ...execution(), ...kept, again: (how) => { next = how; } });
    ended(code);
    if (!next) return code;
    kept = next;
    delayMs = next.rootFs ? 0 : restartDelayMs(delayMs, Date.now() - startedMs);
    if (delayMs > 0) await pause(delayMs);
    state = engine.containers.exists(record.Id) ? engine.containers.find(record.Id).State : state;
    const begun = await patiently(() => engine.containers.beginAgain(record.Id, kept.rootFs !== undefined));
    if (!begun) return code;
    record = begun;
  }
}
