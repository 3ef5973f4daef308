// wherry volume prune: takes volumes away that no container uses.
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { mountsOf } from '../container-mounts.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, PlainError } from '../flags.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';
import { pruneFilter } from '../volume-filters.ts';

const warning = (all: boolean): string => `WARNING! This will remove ${all ? 'all' : 'anonymous'} local volumes not used by at least one container.\nAre you sure you want to continue?`;

export const volumePrune: Verb = {
  name: 'volume prune',
  usage: '[OPTIONS]',
  help: 'Remove unused local volumes',
  flags: [bool('all', 'Remove all unused volumes, not just anonymous ones', 'a'), filterFlag('Provide filter values (e.g. "label=<label>")'), bool('force', 'Do not prompt for confirmation', 'f')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const filters = filtersOf(parsed, '--filter');
    if (parsed.bool('all') && filters.some(([key]) => key === 'all')) throw new PlainError('conflicting options: cannot specify both --all and --filter all=1');
    const { all: said, test } = pruneFilter(filters);
    const all = parsed.bool('all') || said;
    if (!parsed.bool('force') && !await confirm(warning(all), terminal)) return 0;
    const engine = openEngine(terminal);
    const { removed, reclaimedBytes } = mountsOf(engine).volumes.prune((volume) => (all || volume.Anonymous === true) && test(volume), () => engine.containers.volumeUsers());
    if (removed.length > 0) terminal.out(`Deleted Volumes:\n${removed.map((name) => `${name}\n`).join('')}\n`);
    terminal.out(`Total reclaimed space: ${humanSize(reclaimedBytes, 4)}\n`);
    return 0;
  },
};
