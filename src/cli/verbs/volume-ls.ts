// wherry volume ls: the volumes that are kept.
import { volumeData } from '../../engine/index.ts';
import { mountsOf } from '../container-mounts.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool } from '../flags.ts';
import { formatFlag, list } from '../listing.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';
import { listFilter } from '../volume-filters.ts';
import { inNaturalOrder, volumeListing } from '../volume-listing.ts';

export const volumeLs: Verb = {
  name: 'volume ls',
  aliases: ['volume list'],
  usage: '[OPTIONS]',
  help: 'List volumes',
  flags: [filterFlag('Provide filter values (e.g. "dangling=true")', 'f'), formatFlag, bool('quiet', 'Only display volume names', 'q')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const wanted = listFilter(filtersOf(parsed), engine.containers.volumeUsers());
    const rows = mountsOf(engine).volumes.list().filter(wanted).sort((a, b) => inNaturalOrder(a.Name, b.Name)).map((volume) => ({ volume, mountpoint: engine.hostPath(volumeData(volume.Name)) }));
    terminal.out(list(volumeListing, rows, { format: parsed.string('format'), quiet: parsed.bool('quiet') }));
    return 0;
  },
};
