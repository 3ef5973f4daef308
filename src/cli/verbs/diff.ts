// wherry diff: what a container changed of its image.
import type { DiffLine } from '../../layers/index.ts';
import { operate } from '../container-operations.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Paths are bytes as a latin1 string inside; a terminal gets them as they are. */
const shown = (path: string): string => Buffer.from(path, 'latin1').toString('utf8');

export const diff: Verb = {
  name: 'diff',
  aliases: ['container diff'],
  usage: 'CONTAINER',
  help: 'Inspect changes to files or directories on a container\'s filesystem',
  flags: [],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const lines = await operate(engine, engine.containers.find(parsed.words[0]!), 'diff') as DiffLine[];
    for (const { kind, path } of lines) terminal.out(`${kind} ${shown(path)}\n`);
    return 0;
  },
};
