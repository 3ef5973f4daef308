// wherry ps: the containers that run, or all of them.
import { type ContainerRecord, isUp } from '../../engine/index.ts';
import { familiarRepository, parseReference } from '../../oci/index.ts';
import { asksForStopped, containerFilter } from '../container-filters.ts';
import { containerListing, containerListingWithSizes, type ContainerRow } from '../container-listing.ts';
import { sizesOf } from '../container-operations.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, int, type Parsed } from '../flags.ts';
import { formatFlag, list } from '../listing.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** -n and -l: how many of the newest. */
function limitOf(parsed: Parsed): number {
  const last = Number(parsed.string('last') ?? -1);
  return last > 0 ? last : parsed.bool('latest') ? 1 : Infinity;
}

function chosen(parsed: Parsed, engine: Engine): ContainerRecord[] {
  const limit = limitOf(parsed);
  const filters = filtersOf(parsed);
  const all = parsed.bool('all') || limit !== Infinity || asksForStopped(filters);
  const wanted = containerFilter(filters, engine);
  return engine.containers.list().filter((record) => (all || isUp(record)) && wanted(record)).slice(0, limit);
}

/** The image as the user named it, or its id when that name is another image's by now. */
function imageNames({ images: { store } }: Engine, whole: boolean): (record: ContainerRecord) => string {
  const ids = new Map<string, string | undefined>();
  return ({ Config, Image }) => {
    if (!ids.has(Config.Image)) ids.set(Config.Image, store.resolve(Config.Image)?.id);
    if (ids.get(Config.Image) === Image) return whole ? Config.Image : shortened(Config.Image, Image);
    return whole ? Image : Image.slice(7, 19);
  };
}

/** As docker's client shows a name: without what goes without saying, and without its digest; of an id its beginning. */
function shortened(name: string, id: string): string {
  const short = id.slice(7, 19);
  if (name.replace(/^sha256:/, '').slice(0, 12) === short) return short;
  const reference = parseReference(name);
  return `${familiarRepository(reference)}${reference.tag === undefined ? '' : `:${reference.tag}`}`;
}

const asksForSize = (parsed: Parsed): boolean => parsed.bool('size') || /\{\{[^}]*\.Size\b/.test(parsed.string('format') ?? '');

export const ps: Verb = {
  name: 'ps',
  aliases: ['container ls', 'container list', 'container ps'],
  common: true,
  usage: '[OPTIONS]',
  help: 'List containers',
  flags: [
    bool('all', 'Show all containers (default shows just running)', 'a'), filterFlag(undefined, 'f'), formatFlag,
    int('last', 'Show n last created containers (includes all states)', 'n', '-1'), bool('latest', 'Show the latest created container (includes all states)', 'l'),
    bool('no-trunc', 'Don\'t truncate output'), bool('quiet', 'Only display container IDs', 'q'), bool('size', 'Display total file sizes', 's'),
  ],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const whole = parsed.bool('no-trunc');
    const quiet = parsed.bool('quiet');
    const imageOf = imageNames(engine, whole);
    const nowMs = Date.now();
    const rows: ContainerRow[] = [];
    for (const record of chosen(parsed, engine)) rows.push({ record, image: quiet ? '' : imageOf(record), whole, nowMs, sizes: asksForSize(parsed) && !quiet ? await sizesOf(engine, record) : undefined });
    terminal.out(list(parsed.bool('size') ? containerListingWithSizes : containerListing, rows, { format: parsed.string('format'), quiet }));
    return 0;
  },
};
