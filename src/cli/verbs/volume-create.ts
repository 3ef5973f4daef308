// wherry volume create: a volume that containers may mount.
import { mountsOf } from '../container-mounts.ts';
import { pairs } from '../flag-values.ts';
import { type Flag, list, type Parsed, PlainError, string } from '../flags.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const nameFlag: Flag = { ...string('name', 'Specify volume name'), hidden: true };

/** Throws PlainError. */
function nameOf(parsed: Parsed): string | undefined {
  const [word] = parsed.words;
  if (word !== undefined && parsed.string('name')) throw new PlainError('conflicting options: cannot specify a volume-name through both --name and as a positional arg');
  return word ?? parsed.string('name');
}

export const volumeCreate: Verb = {
  name: 'volume create',
  usage: '[OPTIONS] [VOLUME]',
  help: 'Create a volume',
  flags: [
    string('driver', 'Specify volume driver name', 'd', 'local'), list('label', 'Set metadata for a volume'), nameFlag,
    { ...list('opt', 'Set driver specific options', 'o'), argument: 'map', initial: 'map[]' },
  ],
  words: [0, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const name = nameOf(parsed);
    const engine = openEngine(terminal);
    const { volumes } = mountsOf(engine);
    const driver = parsed.string('driver');
    const labels = parsed.list('label').length > 0 ? { labels: pairs(parsed.list('label')) } : {};
    const volume = volumes.create({ ...(name ? { name } : { anonymous: true }), ...(driver === undefined ? {} : { driver }), ...labels, options: pairs(parsed.list('opt')) });
    terminal.out(`${volume.Name}\n`);
    return 0;
  },
};
