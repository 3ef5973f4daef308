// wherry network prune: takes away the networks of users that no running container is on.
import { isPredefined } from '../../engine/index.ts';
import { confirm } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool } from '../flags.ts';
import { networkPruneFilter } from '../network-filters.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const networkPrune: Verb = {
  name: 'network prune',
  usage: '[OPTIONS]',
  help: 'Remove all unused networks',
  flags: [filterFlag('Provide filter values (e.g. "until=<timestamp>")'), bool('force', 'Do not prompt for confirmation', 'f')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const wanted = networkPruneFilter(filtersOf(parsed, '--filter'));
    if (!parsed.bool('force') && !await confirm('WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?', terminal)) return 0;
    const { networks, endpoints } = openEngine(terminal).containers;
    const removed = networks.list().filter((network) => !isPredefined(network.Name) && wanted(network) && networks.removeUnused(network, () => endpoints.on(network).length > 0));
    if (removed.length > 0) terminal.out(`Deleted Networks:\n${removed.map(({ Name }) => `${Name}\n`).join('')}\n`);
    return 0;
  },
};
