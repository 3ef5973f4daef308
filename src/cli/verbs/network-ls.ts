// wherry network ls: the networks.
import { filterFlag, filtersOf } from '../filters.ts';
import { bool } from '../flags.ts';
import { formatFlag, list } from '../listing.ts';
import { networkFilter } from '../network-filters.ts';
import { networkListing } from '../network-listing.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const networkLs: Verb = {
  name: 'network ls',
  aliases: ['network list'],
  usage: '[OPTIONS]',
  help: 'List networks',
  flags: [filterFlag('Provide filter values (e.g. "driver=bridge")', 'f'), formatFlag, bool('no-trunc', 'Do not truncate the output'), bool('quiet', 'Only display network IDs', 'q')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { networks, endpoints } = openEngine(terminal).containers;
    const wanted = networkFilter(filtersOf(parsed));
    const whole = parsed.bool('no-trunc');
    const rows = networks.list().filter((network) => wanted(network, (each) => endpoints.on(each).length > 0)).map((network) => ({ network, whole }));
    terminal.out(list(networkListing, rows, { format: parsed.string('format'), quiet: parsed.bool('quiet') }));
    return 0;
  },
};
