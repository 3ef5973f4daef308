// wherry load: images from an archive into the store.
import { familiarName, fullName, type Image, type Loaded, parseReference, type ProgressEvent } from '../../oci/index.ts';
import { bool, string } from '../flags.ts';
import { fileInput, standardInput } from '../input.ts';
import { demandOwnPlatform, platformFlag } from '../platform-flag.ts';
import { type Part, Progress } from '../progress.ts';
import { openEvents, openImages } from '../setup.ts';
import { unpackLimit, unpackLimitHelp } from '../unpack-limit.ts';
import type { Verb } from '../verb.ts';

/** Files of an archive that are smaller are documents, of which docker tells nothing. */
const LEAST_LAYER = 64 << 10;

/** What is shown of an event; nothing for documents, and for layers that are there. */
function partOf(event: ProgressEvent): Part | undefined {
  if (event.kind === 'unpack') return { id: event.layer.slice(7, 19), action: 'Extracting', current: event.bytes, total: event.total };
  if (event.kind !== 'read' || event.total < LEAST_LAYER) return undefined;
  return { id: shortName(event.name), action: 'Loading layer', current: event.bytes, total: event.total };
}

/** Twelve digits of the digest that a file is named after, or its name. */
const shortName = (name: string): string => /([0-9a-f]{12})[0-9a-f]{52}/.exec(name)?.[1] ?? name;

/** Docker's word on a name that another image had before. */
function* takenNames(loaded: readonly Loaded[], before: readonly Image[]): Generator<string> {
  for (const { image, names } of loaded) {
    for (const name of names) {
      const holder = before.find((other) => other.names.includes(fullName(parseReference(name))));
      if (holder && holder.id !== image.id) yield `The image ${familiarName(parseReference(name))} already exists, renaming the old one with ID ${holder.id} to empty string\n`;
    }
  }
}

export const load: Verb = {
  name: 'load',
  aliases: ['image load'],
  usage: '[OPTIONS]',
  help: 'Load an image from a tar archive or STDIN',
  details: unpackLimitHelp,
  flags: [string('input', 'Read from tar archive file, instead of STDIN', 'i'), platformFlag('Load only the given platform variant.'), bool('quiet', 'Suppress the load output', 'q')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const file = parsed.string('input') || undefined;
    demandOwnPlatform(parsed, 'the archive');
    const input = file === undefined ? standardInput('load', terminal) : fileInput(file);
    const { store } = openImages(terminal);
    const before = store.images();
    const progress = new Progress({ terminal, quiet: parsed.bool('quiet') });
    const loaded = await store.load(input.chunks, file ?? 'stdin', { ...unpackLimit(terminal), progress: (event) => {
      const part = partOf(event);
      if (part) progress.update(part);
    } });
    progress.end();
    for (const line of takenNames(loaded, before)) terminal.out(line);
    const events = openEvents(terminal);
    for (const { image, names } of loaded) {
      for (const name of names) terminal.out(`Loaded image: ${name}\n`);
      if (names.length === 0) terminal.out(`Loaded image ID: ${image.id}\n`);
      events.ofImage(image, 'load');
    }
    return 0;
  },
};
