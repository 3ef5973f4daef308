// wherry inspect: all that is known of containers, images and networks, whichever a word names.
import { imageDocument } from '../image-document.ts';
import { inspect as inspectWords, inspectFormatFlag } from '../inspect.ts';
import { networkDocument } from '../network-document.ts';
import { bool, string } from '../flags.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Struct } from '../template/index.ts';
import type { Verb } from '../verb.ts';
import { containerNamed } from './container-inspect.ts';
import { volumeNamed } from './volume-inspect.ts';

type Document = Struct | Promise<Struct>;

/** One kind of thing: its document, or undefined when nothing has the name; `demand` throws in its own words. */
interface Kind { find(word: string, engine: Engine, withSizes: boolean): Document | undefined; demand(word: string, engine: Engine, withSizes: boolean): Document }

const networkNamed = (word: string, engine: Engine): Struct => networkDocument(engine.containers.networks.find(word), engine);

/** In the order in which names are looked for. */
const kinds: Readonly<Record<string, Kind>> = {
  container: { find: containerNamed, demand: containerNamed },
  image: {
    find: (word, { images: { store } }) => { const image = store.resolve(word); return image && imageDocument(image); },
    demand: (word, { images: { store } }) => imageDocument(store.find(word)),
  },
  network: { find: networkNamed, demand: networkNamed },
  volume: { find: volumeNamed, demand: volumeNamed },
};

/** `code` is stable. */
export class InspectError extends Error { readonly code = 'INSPECT'; }

async function attempt(kind: Kind, word: string, engine: Engine, withSizes: boolean): Promise<Struct | undefined> { try { return await kind.find(word, engine, withSizes); } catch { return undefined; } }

/** How a word's document is found; `unsized` is told of kinds that have no --size. */
function finder(type: string, engine: Engine, withSizes: boolean, unsized: (kind: string) => void): (word: string) => Document {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  const told = (name: string): void => { if (withSizes && name !== 'container') unsized(name); };
  if (kind) {
    return async (word) => {
      const document = await kind.demand(word, engine, withSizes);
      told(type);
      return document;
    };
  }
  if (type !== '') throw new InspectError(`unknown type: ${JSON.stringify(type)}: must be one of ${Object.keys(kinds).map((name) => JSON.stringify(name)).join(', ')}`);
  return async (word) => {
    for (const [name, each] of Object.entries(kinds)) {
      const document = await attempt(each, word, engine, withSizes);
      if (!document) continue;
      told(name);
      return document;
    }
    throw new InspectError(`Error: No such object: ${word}`);
  };
}

export const inspect: Verb = {
  name: 'inspect',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  help: 'Return low-level information on Docker objects',
  flags: [inspectFormatFlag, bool('size', 'Display total file sizes if the type is container', 's'), string('type', 'Only inspect objects of the given type')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const unsized = (kind: string): void => terminal.err(`WARNING: --size ignored for ${kind}\n`);
    return inspectWords(parsed, terminal, finder(parsed.string('type') ?? '', openEngine(terminal), parsed.bool('size'), unsized));
  },
};
