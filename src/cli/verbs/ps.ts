// wherry ps: the containers that run, or all of them.
import type { ContainerRecord } from '../../engine/index.ts';
import { columns } from '../columns.ts';
import { asksForStopped, containerFilter } from '../container-filters.ts';
import { ageText, commandText, statusText } from '../container-row.ts';
import { bool, list, type Parsed, string, UsageError } from '../flags.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** -n and -l: how many of the newest. */
function limitOf(parsed: Parsed): number {
  const said = parsed.string('last') ?? '-1';
  if (!/^[+-]?\d+$/.test(said)) throw new UsageError(`invalid argument "${said}" for "-n, --last" flag: strconv.ParseInt: parsing ${JSON.stringify(said)}: invalid syntax`);
  return Number(said) > 0 ? Number(said) : parsed.bool('latest') ? 1 : Infinity;
}

function chosen(parsed: Parsed, engine: Engine): ContainerRecord[] {
  const limit = limitOf(parsed);
  const all = parsed.bool('all') || limit !== Infinity || asksForStopped(parsed);
  const wanted = containerFilter(parsed, engine);
  return engine.containers.list().filter((record) => (all || record.State.Status === 'running') && wanted(record)).slice(0, limit);
}

/** The image as the user named it, or the start of its id when that name is another image's by now. */
function imageNames({ images: { store } }: Engine): (record: ContainerRecord) => string {
  const ids = new Map<string, string | undefined>();
  return ({ Config, Image }) => {
    if (!ids.has(Config.Image)) ids.set(Config.Image, store.resolve(Config.Image)?.id);
    return ids.get(Config.Image) === Image ? Config.Image : Image.slice(7, 19);
  };
}

export const ps: Verb = {
  name: 'ps',
  aliases: ['container ls', 'container list', 'container ps'],
  common: true,
  usage: '[OPTIONS]',
  help: 'List containers',
  flags: [
    bool('all', 'Show all containers (default shows just running)', 'a'), list('filter', 'Filter output based on conditions provided', 'f'),
    string('last', 'Show n last created containers (includes all states)', 'n', '-1'), bool('latest', 'Show the latest created container (includes all states)', 'l'),
    bool('no-trunc', 'Don\'t truncate output'), bool('quiet', 'Only display container IDs', 'q'),
  ],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const records = chosen(parsed, engine);
    const whole = parsed.bool('no-trunc');
    const idOf = ({ Id }: ContainerRecord): string => (whole ? Id : Id.slice(0, 12));
    if (parsed.bool('quiet')) {
      for (const record of records) terminal.out(`${idOf(record)}\n`);
      return 0;
    }
    const imageOf = imageNames(engine);
    const now = Date.now();
    const rows = records.map((record) => [idOf(record), imageOf(record), commandText(record, whole), ageText(record.Created, now), statusText(record, now), '', record.Name]);
    terminal.out(`${columns([['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'], ...rows]).join('\n')}\n`);
    return 0;
  },
};
