// wherry wait: returns when containers have ended, with their exit codes.
import { forEachWord } from '../each.ts';
import { openEngine } from '../setup.ts';
import { exitCodeOf } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

export const wait: Verb = {
  name: 'wait',
  aliases: ['container wait'],
  usage: 'CONTAINER [CONTAINER...]',
  help: 'Block until one or more containers stop, then print their exit codes',
  flags: [],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      terminal.out(`${await exitCodeOf(engine, engine.containers.find(word))}\n`);
      return false;
    });
    return failed.length > 0 ? 1 : 0;
  },
};
