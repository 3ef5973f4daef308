// wherry system prune: removes what nobody uses: containers that do not run, networks, images, what builds keep, and with --volumes anonymous volumes.
import { isPredefined } from '../../engine/index.ts';
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { pruneFilter } from '../container-filters.ts';
import { mountsOf } from '../container-mounts.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, PlainError } from '../flags.ts';
import { pruneFilter as imagePruneFilter } from '../image-filters.ts';
import { networkPruneFilter } from '../network-filters.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';
import { pruneFilter as volumePruneFilter } from '../volume-filters.ts';
import { type Pruned, pruneContainers, prunedLines } from './container-prune.ts';

type Filters = readonly (readonly [key: string, value: string])[];
interface Wanted { readonly all: boolean; readonly volumes: boolean; readonly filters: Filters }

function pruneNetworks({ containers: { networks, endpoints } }: Engine, { filters }: Wanted): Pruned {
  const wanted = networkPruneFilter([...filters]);
  const removed = networks.list().filter((network) => !isPredefined(network.Name) && wanted(network) && networks.removeUnused(network, () => endpoints.on(network).length > 0));
  return { lines: prunedLines('Networks', removed.map(({ Name }) => Name)), bytes: 0 };
}

function pruneVolumes(engine: Engine, { volumes: isWanted, filters }: Wanted): Pruned {
  if (!isWanted) return { lines: '', bytes: 0 };
  const { test } = volumePruneFilter(filters);
  const { removed, reclaimedBytes } = mountsOf(engine).volumes.prune((volume) => volume.Anonymous === true && test(volume), () => engine.containers.volumeUsers());
  return { lines: prunedLines('Volumes', removed), bytes: reclaimedBytes };
}

function pruneImages({ images: { store }, containers }: Engine, { all, filters }: Wanted): Pruned {
  const { removed, reclaimedBytes } = store.prune({ all, inUse: containers.users(), where: imagePruneFilter(filters, store) });
  return { lines: prunedLines('Images', removed.map((item) => ('untagged' in item ? `untagged: ${item.untagged}` : `deleted: ${item.deleted}`))), bytes: reclaimedBytes };
}

async function pruneBuilds(engine: Engine, { all, filters }: Wanted): Promise<Pruned> {
  if (filters.length > 0) return { lines: '', bytes: 0 };
  const { removed, reclaimedBytes } = (await import('../prune-builds.ts')).pruneBuilds(engine, { all, directories: true });
  return { lines: prunedLines('build cache objects', removed), bytes: reclaimedBytes };
}

/** In docker's order. */
const parts: readonly ((engine: Engine, wanted: Wanted) => Pruned | Promise<Pruned>)[] = [(engine, { filters }) => pruneContainers(engine, pruneFilter(filters)), pruneNetworks, pruneVolumes, pruneImages, pruneBuilds];

function warning({ all, volumes, filters }: Wanted): string {
  const lines = [
    'all stopped containers', 'all networks not used by at least one container', ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images', all ? 'all build cache' : 'unused build cache',
  ];
  const filtered = filters.length > 0 ? `  Items to be pruned will be filtered with:\n${filters.map(([key, value]) => `  - ${key}=${value}\n`).join('')}\n` : '';
  return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}\n${filtered}Are you sure you want to continue?`;
}

export const systemPrune: Verb = {
  name: 'system prune',
  usage: '[OPTIONS]',
  help: 'Remove unused data',
  flags: [
    bool('all', 'Remove all unused images not just dangling ones', 'a'), filterFlag('Provide filter values (e.g. "label=<key>=<value>")'), bool('force', 'Do not prompt for confirmation', 'f'), bool('volumes', 'Prune anonymous volumes'),
  ],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const wanted: Wanted = { all: parsed.bool('all'), volumes: parsed.bool('volumes'), filters: filtersOf(parsed, '--filter') };
    if (wanted.volumes && wanted.filters.some(([key]) => key === 'until')) throw new PlainError('ERROR: The "until" filter is not supported with "--volumes"');
    pruneFilter(wanted.filters);
    if (!parsed.bool('force') && !await confirm(warning(wanted), terminal)) return 0;
    const engine = openEngine(terminal);
    let bytes = 0;
    for (const part of parts) {
      const pruned = await part(engine, wanted);
      bytes += pruned.bytes;
      terminal.out(pruned.lines);
    }
    terminal.out(`Total reclaimed space: ${humanSize(bytes, 4)}\n`);
    return 0;
  },
};
