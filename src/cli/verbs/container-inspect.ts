// wherry container inspect: all that is known of containers.
import { containerDocument } from '../container-document.ts';
import { sizesOf } from '../container-operations.ts';
import { bool } from '../flags.ts';
import { inspect, inspectFormatFlag } from '../inspect.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Struct } from '../template/index.ts';
import type { Verb } from '../verb.ts';

/** The document of the container of this name or id. Throws EngineError 'NO_CONTAINER', 'AMBIGUOUS_ID'. */
export async function containerNamed(word: string, engine: Engine, withSizes: boolean): Promise<Struct> {
  const record = engine.containers.find(word);
  return containerDocument(record, engine.hostPath, withSizes ? await sizesOf(engine, record) : undefined);
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
