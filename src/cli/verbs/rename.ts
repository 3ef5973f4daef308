// wherry rename: another name for a container.
import { messageOf } from '../errors.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const rename: Verb = {
  name: 'rename',
  aliases: ['container rename'],
  usage: 'CONTAINER NEW_NAME',
  help: 'Rename a container',
  flags: [],
  words: [2, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [container = '', name = ''] = parsed.words.map((word) => word.trim());
    if (container === '' || name === '') {
      terminal.err('Error: Neither old nor new names may be empty\n');
      return 1;
    }
    try { openEngine(terminal).containers.rename(container, name); } catch (error) {
      terminal.err(`${messageOf(error)}\nError: failed to rename container named ${container}\n`);
      return 1;
    }
    return 0;
  },
};
