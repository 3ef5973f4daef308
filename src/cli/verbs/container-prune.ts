// wherry container prune: removes all containers that do not run.
import { type ContainerRecord, type EngineError, isUp } from '../../engine/index.ts';
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { pruneFilter } from '../container-filters.ts';
import { patiently, sizesOf } from '../container-operations.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool } from '../flags.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** What was removed, and how much that was. */
export interface Pruned { readonly lines: string; readonly bytes: number }

/** What docker prints of things that are gone; nothing when there are none. */
export const prunedLines = (heading: string, names: readonly string[]): string => (names.length > 0 ? `Deleted ${heading}:\n${names.map((name) => `${name}\n`).join('')}\n` : '');

export async function pruneContainers(engine: Engine, wanted: (record: ContainerRecord) => boolean): Promise<Pruned> {
  const removed: string[] = [];
  let bytes = 0;
  for (const record of engine.containers.list().filter((each) => !isUp(each) && wanted(each))) {
    try {
      const { rw } = await sizesOf(engine, record);
      await patiently(() => engine.containers.remove(record.Id));
      bytes += rw;
      removed.push(record.Id);
    } catch (error) { if (!['NO_CONTAINER', 'RUNNING'].includes((error as EngineError).code)) throw error; }
  }
  return { lines: prunedLines('Containers', removed), bytes };
}

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
    const { lines, bytes } = await pruneContainers(openEngine(terminal), wanted);
    terminal.out(`${lines}Total reclaimed space: ${humanSize(bytes, 4)}\n`);
    return 0;
  },
};
