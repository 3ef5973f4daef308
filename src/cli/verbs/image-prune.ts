// wherry image prune: removes what nobody uses.
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, type Parsed } from '../flags.ts';
import { pruneFilter } from '../image-filters.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const warning = (all: boolean): string =>
  `WARNING! This will remove all ${all ? 'images without at least one container associated to them' : 'dangling images'}.\nAre you sure you want to continue?`;

/** `--filter dangling=false` is --all. */
function isAll(parsed: Parsed, filters: readonly (readonly [string, string])[]): boolean {
  const said = filters.filter(([key]) => key === 'dangling').map(([, value]) => value.toLowerCase());
  return parsed.bool('all') || said.includes('false') || said.includes('0');
}

export const imagePrune: Verb = {
  name: 'image prune',
  usage: '[OPTIONS]',
  help: 'Remove unused images',
  flags: [bool('all', 'Remove all unused images, not just dangling ones', 'a'), filterFlag('Provide filter values (e.g. "until=<timestamp>")'), bool('force', 'Do not prompt for confirmation', 'f')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const filters = filtersOf(parsed, '--filter');
    const { images, folder, containers } = openEngine(terminal);
    const { store } = images;
    const all = isAll(parsed, filters);
    const where = pruneFilter(filters.filter(([key]) => key !== 'dangling'), store);
    if (!parsed.bool('force') && !await confirm(warning(all), terminal)) return 0;
    const { removed, reclaimedBytes } = store.prune({ all, inUse: containers.users(), where });
    // Docker's builder keeps its steps as images without names.
    const steps = filters.length > 0 ? undefined : (await import('../prune-builds.ts')).pruneBuilds({ images, folder }, { all: false, directories: false });
    const lines = removed.map((item) => ('untagged' in item ? `untagged: ${item.untagged}\n` : `deleted: ${item.deleted}\n`));
    if (lines.length > 0) terminal.out(`Deleted Images:\n${lines.join('')}\n`);
    terminal.out(`Total reclaimed space: ${humanSize(reclaimedBytes + (steps?.reclaimedBytes ?? 0), 4)}\n`);
    return 0;
  },
};
