// wherry import: an image from the tar of a root file system.
import { importImage } from '../../oci/index.ts';
import { nodeCodecs } from '../../host/node/store.ts';
import { fixedTime } from '../fixed-time.ts';
import { list, string } from '../flags.ts';
import { demandName, fileInput, InputError, standardInput } from '../input.ts';
import { Progress, watched } from '../progress.ts';
import { openEngine } from '../setup.ts';
import { unpackLimit, unpackLimitHelp } from '../unpack-limit.ts';
import type { Verb } from '../verb.ts';

export const importVerb: Verb = {
  name: 'import',
  aliases: ['image import'],
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  help: 'Import the contents from a tarball to create a filesystem image',
  details: unpackLimitHelp,
  flags: [
    list('change', 'Apply Dockerfile instruction to the created image', 'c'), string('message', 'Set commit message for imported image', 'm'),
    string('platform', 'Set platform if server is multi-platform capable'),
  ],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [source, name, extra] = parsed.words;
    if (extra !== undefined) throw new InputError('\'wherry import\' requires at most 2 arguments');
    if (/^https?:\/\//i.test(source!)) throw new InputError(`cannot import ${source}: URLs are not fetched; download the file and import that`);
    if (name !== undefined) demandName(name);
    const input = source === '-' ? standardInput('import', terminal) : fileInput(source!);
    const { images: { store }, host, containers: { events } } = openEngine(terminal);
    const seconds = fixedTime(terminal);
    const image = await importImage(store, watched(input.chunks, new Progress({ terminal, quiet: false }), { id: source!, action: 'Importing', total: input.size }), nodeCodecs, {
      createdNs: seconds === undefined ? host.clock.realtimeNs() : BigInt(seconds) * 1_000_000_000n, change: parsed.list('change'), names: name === undefined ? [] : [name],
      ...(parsed.string('message') ? { message: parsed.string('message')! } : {}), ...(parsed.string('platform') ? { platform: parsed.string('platform')! } : {}), ...unpackLimit(terminal),
    });
    terminal.out(`${image.id}\n`);
    events.ofImage(image, 'import');
    return 0;
  },
};
