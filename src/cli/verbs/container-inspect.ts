// wherry container inspect: all that is known of containers.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRecord } from '../../engine/index.ts';
import { containerDocument } from '../container-document.ts';
import { sizesOf } from '../container-operations.ts';
import { ask } from '../control.ts';
import { bool } from '../flags.ts';
import { inspect, inspectFormatFlag } from '../inspect.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Struct } from '../template/index.ts';
import type { Verb } from '../verb.ts';

/** How long inspect waits for the process that runs a container: one that was stopped does not answer. */
const PATIENCE_MS = 1_000;

/** Docker's ids of the programs that `exec` runs in it. */
async function execsOf(engine: Engine, { Id, State }: ContainerRecord): Promise<readonly string[]> {
  if (!State.Supervisor) return [];
  const asked = ask(engine.hostPath(`containers/${Id}`), { operation: 'execs' }).then((answer) => answer?.result as readonly string[] | undefined, () => undefined);
  return await Promise.race([asked, sleep(PATIENCE_MS, undefined, { ref: false })]) ?? [];
}

/** The document of the container of this name or id. Throws EngineError 'NO_CONTAINER', 'AMBIGUOUS_ID'. */
export async function containerNamed(word: string, engine: Engine, withSizes: boolean): Promise<Struct> {
  const record = engine.containers.find(word);
  return containerDocument(record, { hostPath: engine.hostPath, execs: await execsOf(engine, record), sizes: withSizes ? await sizesOf(engine, record) : undefined });
}

export const containerInspect: Verb = {
  name: 'container inspect',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Display detailed information on one or more containers',
  flags: [inspectFormatFlag, bool('size', 'Display total file sizes', 's')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    return inspect(parsed, terminal, (word) => containerNamed(word, engine, parsed.bool('size')));
  },
};
