// wherry stats: what containers use, once or until it is interrupted.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRecord, hasPrograms, isUp } from '../../engine/index.ts';
import { bool } from '../flags.ts';
import { binarySize, humanSize } from '../columns.ts';
import type { UsageAnswer } from '../life-answers.ts';
import { column, formatFlag, list, type Listing } from '../listing.ts';
import { type Engine, openEngine } from '../setup.ts';
import { askRunning } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

/** Between two looks. */
const STEP_MS = 1000;
/** Before the only one. */
const FIRST_MS = 500;

interface Row { readonly word: string; readonly record: ContainerRecord; readonly whole: boolean; readonly usage: UsageAnswer | undefined; readonly before: UsageAnswer | undefined }

const percent = (part: number, whole: number): string => `${(whole > 0 ? (part * 100) / whole : 0).toFixed(2)}%`;
const cpu = ({ usage, before }: Row): string => percent(usage && before ? usage.cpuMs - before.cpuMs : 0, usage && before ? usage.atMs - before.atMs : 0);
const none = `${humanSize(0)} / ${humanSize(0)}`;

const listing: Listing<Row> = {
  type: '*container.statsContext',
  columns: [
    column('Container', 'CONTAINER', ({ word }) => word),
    column('Name', 'NAME', ({ record }) => record.Name),
    column('ID', 'CONTAINER ID', ({ record, whole }) => (whole ? record.Id : record.Id.slice(0, 12))),
    column('CPUPerc', 'CPU %', cpu),
    column('MemUsage', 'MEM USAGE / LIMIT', ({ usage }) => `${binarySize(usage?.memoryBytes ?? 0)} / ${binarySize(usage?.limitBytes ?? 0)}`),
    column('MemPerc', 'MEM %', ({ usage }) => percent(usage?.memoryBytes ?? 0, usage?.limitBytes ?? 0)),
    column('NetIO', 'NET I/O', ({ usage }) => `${humanSize(usage?.received ?? 0)} / ${humanSize(usage?.sent ?? 0)}`),
    column('BlockIO', 'BLOCK I/O', () => none),
    column('PIDs', 'PIDS', ({ usage }) => String(usage?.tasks ?? 0)),
  ],
  table: '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}',
  quiet: '{{.ID}}',
};

/** What each uses now; undefined for one that does not run, or does not any more. */
async function looks(engine: Engine, records: readonly ContainerRecord[]): Promise<Map<string, UsageAnswer | undefined>> {
  const answers = await Promise.all(records.map(async (record) => [record.Id, hasPrograms(record) ? await askRunning(engine, record, 'usage').catch(() => undefined) as UsageAnswer | undefined : undefined] as const));
  return new Map(answers);
}

const CLEAR = '\u001b[H\u001b[2J';

export const stats: Verb = {
  name: 'stats',
  aliases: ['container stats'],
  usage: '[OPTIONS] [CONTAINER...]',
  help: 'Display a live stream of container(s) resource usage statistics',
  flags: [
    bool('all', 'Show all containers (default shows just running)', 'a'), formatFlag, bool('no-stream', 'Disable streaming stats and only pull the first result'), bool('no-trunc', 'Do not truncate output'),
  ],
  words: [0, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const { containers } = engine;
    const named = (): { word: string; record: ContainerRecord }[] => parsed.words.filter((word) => containers.has(word)).map((word) => ({ word, record: containers.find(word) }));
    const shown = (): { word: string; record: ContainerRecord }[] =>
      (parsed.words.length > 0 ? named() : containers.list().filter((record) => parsed.bool('all') || isUp(record)).map((record) => ({ word: record.Id.slice(0, 12), record })));
    for (const word of parsed.words) containers.find(word);
    let before = await looks(engine, shown().map(({ record }) => record));
    await sleep(FIRST_MS);
    for (;;) {
      const things = shown();
      const now = await looks(engine, things.map(({ record }) => record));
      const rows = things.map(({ word, record }) => ({ word, record, whole: parsed.bool('no-trunc'), usage: now.get(record.Id), before: before.get(record.Id) }));
      const text = list(listing, rows, { format: parsed.string('format') });
      if (parsed.bool('no-stream')) {
        terminal.out(text);
        return 0;
      }
      terminal.out(`${CLEAR}${text}`);
      before = now;
      await sleep(STEP_MS);
    }
  },
};
