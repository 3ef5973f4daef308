// wherry builder prune: removes what builds keep for the next ones.
import { BadValue, bytesOf } from '../flag-values.ts';
import { humanSize } from '../columns.ts';
import { confirm } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, PlainError, string, UsageError } from '../flags.ts';
import { momentMs } from '../moment.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const warning = (all: boolean): string => `WARNING! This will remove all ${all ? '' : 'dangling '}build cache. Are you sure you want to continue?`;

/** Before which moment an item must have been made, in milliseconds. Throws PlainError. */
function untilOf(filters: readonly (readonly [string, string])[]): number {
  for (const [key] of filters) if (key !== 'until' && key !== 'unused-for') throw new PlainError(`Error response from daemon: failed to prune build cache: Invalid filter '${key}'`);
  return Math.min(...filters.map(([, value]) => {
    const limit = momentMs(value, Date.now());
    if (limit === undefined) throw new PlainError(`Error response from daemon: failed to prune build cache: time: invalid duration ${JSON.stringify(value)}`);
    return limit;
  }), Infinity);
}

/** How much is to stay, in bytes. */
function keptBytes(said: string | undefined): number | undefined {
  try { return said === undefined ? undefined : bytesOf(said); } catch (error) {
    throw error instanceof BadValue ? new UsageError(`invalid argument ${JSON.stringify(error.value)} for "--keep-storage" flag: ${error.message}`) : error;
  }
}

export const builderPrune: Verb = {
  name: 'builder prune',
  usage: '[OPTIONS]',
  help: 'Remove build cache',
  flags: [
    bool('all', 'Remove all unused build cache, not just dangling ones', 'a'), filterFlag('Provide filter values (e.g. \'until=24h\')'), bool('force', 'Do not prompt for confirmation', 'f'),
    { ...string('keep-storage', 'Amount of disk space to keep for cache'), argument: 'bytes' },
  ],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const until = untilOf(filtersOf(parsed, '--filter'));
    const kept = keptBytes(parsed.string('keep-storage'));
    const all = parsed.bool('all');
    if (!parsed.bool('force') && !await confirm(warning(all), terminal)) return 0;
    const { pruneBuilds } = await import('../prune-builds.ts');
    let seen = 0;
    const isBeyond = (sizeBytes: number): boolean => kept === undefined || (seen += sizeBytes) > kept;
    const { removed, reclaimedBytes } = pruneBuilds(openEngine(terminal), { all, directories: true, where: ({ sizeBytes, created }) => isBeyond(sizeBytes) && (created === undefined ? until === Infinity : Date.parse(created) < until) });
    if (removed.length > 0) terminal.out(`Deleted build cache objects:\n${removed.map((id) => `${id}\n`).join('')}\n`);
    terminal.out(`Total reclaimed space: ${humanSize(reclaimedBytes, 4)}\n`);
    return 0;
  },
};
