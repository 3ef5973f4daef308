// wherry container prune: removes all containers that do not run.
import { isUp } from '../../engine/index.ts';
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { pruneFilter } from '../container-filters.ts';
import { patiently, sizesOf } from '../container-operations.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool } from '../flags.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const containerPrune: Verb = {
  name: 'container prune',
  usage: '[OPTIONS]',
  help: 'Remove all stopped containers',
  flags: [filterFlag('Provide filter values (e.g. "until=<timestamp>")'), bool('force', 'Do not prompt for confirmation', 'f')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const wanted = pruneFilter(filtersOf(parsed, '--filter'));
    if (!parsed.bool('force') && !await confirm('WARNING! This will remove all stopped containers.\nAre you sure you want to continue?', terminal)) return 0;
    const engine = openEngine(terminal);
    const removed: string[] = [];
    let bytes = 0;
    for (const record of engine.containers.list().filter((record) => !isUp(record) && wanted(record))) {
      bytes += (await sizesOf(engine, record)).rw;
      await patiently(() => engine.containers.remove(record.Id));
      removed.push(record.Id);
    }
    if (removed.length > 0) terminal.out(`Deleted Containers:\n${removed.map((id) => `${id}\n`).join('')}\n`);
    terminal.out(`Total reclaimed space: ${humanSize(bytes, 4)}\n`);
    return 0;
  },
};
