// wherry volume inspect: all that is known of volumes.
import { mountsOf } from '../container-mounts.ts';
import { inspect, inspectFormatFlag } from '../inspect.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Struct } from '../template/index.ts';
import type { Verb } from '../verb.ts';
import { volumeDocument } from '../volume-listing.ts';

/** The document of the volume of this name. Throws EngineError 'NO_VOLUME'. */
export const volumeNamed = (word: string, engine: Engine): Struct => volumeDocument(mountsOf(engine).volumes.find(word), engine.hostPath);

export const volumeInspect: Verb = {
  name: 'volume inspect',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  help: 'Display detailed information on one or more volumes',
  flags: [inspectFormatFlag],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    return inspect(parsed, terminal, (word) => volumeNamed(word, engine), { raw: false });
  },
};
