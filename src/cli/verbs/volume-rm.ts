// wherry volume rm: takes volumes away with all in them.
import { EngineError } from '../../engine/index.ts';
import { mountsOf } from '../container-mounts.ts';
import { forEachWord } from '../each.ts';
import { bool } from '../flags.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const volumeRm: Verb = {
  name: 'volume rm',
  aliases: ['volume remove'],
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  help: 'Remove one or more volumes. You cannot remove a volume that is in use by a container.',
  flags: [bool('force', 'Force the removal of one or more volumes', 'f')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const { volumes } = mountsOf(engine);
    const failed = await forEachWord(parsed.words, terminal, (word) => {
      try {
        volumes.remove(word, (name) => engine.containers.volumeUsers()(name));
      } catch (error) {
        if (!(error instanceof EngineError && error.code === 'NO_VOLUME' && parsed.bool('force'))) throw error;
      }
    });
    return failed.length > 0 ? 1 : 0;
  },
};
