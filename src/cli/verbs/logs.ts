// wherry logs: what a container has written, and goes on writing.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRecord, EngineError, hostConfigOf, isUp, type LogLine, logPath, parseLog, rotatedLogPath } from '../../engine/index.ts';
import { bool, type Parsed, PlainError, string } from '../flags.ts';
import { momentMs } from '../moment.ts';
import { type Engine, openEngine } from '../setup.ts';
import { TailedFile } from '../tailed-file.ts';
import type { Terminal, Verb } from '../verb.ts';

const STEP_MS = 50;

interface Wanted { readonly sinceMs: number; readonly untilMs: number; readonly timestamps: boolean; readonly details: boolean }

const linesOf = (texts: Iterable<string>): LogLine[] => [...texts].flatMap((text) => parseLog(`${text}\n`).lines);

/** The lines of a container's log: those that were put aside, too. */
function openLog({ folder, hostPath }: Engine, { Id }: ContainerRecord): TailedFile {
  const older: string[] = [];
  for (let n = 1; folder.has(rotatedLogPath(Id, n)); n++) older.unshift(hostPath(rotatedLogPath(Id, n)));
  return new TailedFile(hostPath(logPath(Id)), older);
}

/** Times with nine decimals, as docker shows them. */
const fullTime = (time: string): string => `${time.slice(0, 19)}.${(/\.(\d+)Z$/.exec(time)?.[1] ?? '').padEnd(9, '0')}Z`;

function print(lines: readonly LogLine[], { sinceMs, untilMs, timestamps, details }: Wanted, terminal: Terminal): void {
  for (const { log, stream, time, attrs = {} } of lines) {
    const at = Date.parse(time);
    if (at < sinceMs || at > untilMs) continue;
    const told = details ? `${Object.entries(attrs).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join(',')} ` : '';
    const text = `${timestamps ? `${fullTime(time)} ` : ''}${told}${log}`;
    if (stream === 'stderr') terminal.err(text);
    else terminal.out(text);
  }
}

async function follow(engine: Engine, record: ContainerRecord, file: TailedFile, wanted: Wanted, terminal: Terminal): Promise<void> {
  while (Date.now() <= wanted.untilMs) {
    const runs = engine.containers.exists(record.Id) && isUp(engine.containers.find(record.Id));
    print(linesOf(file.next()), wanted, terminal);
    if (!runs) return;
    await sleep(STEP_MS);
  }
}

/** --tail: a number of lines, or all for anything that is none. */
const lastLines = (said: string | undefined, lines: LogLine[]): LogLine[] => (said !== undefined && /^\d+$/.test(said) ? lines.slice(Math.max(0, lines.length - Number(said))) : lines);

/** A moment that a flag names, in milliseconds since 1970. Throws PlainError. */
function moment(parsed: Parsed, flag: string, otherwise: number): number {
  const said = parsed.string(flag);
  if (!said) return otherwise;
  const ms = momentMs(said, Date.now());
  if (ms === undefined) throw new PlainError(`invalid value for "${flag}": failed to parse value as time or duration: ${JSON.stringify(said)}`);
  return ms;
}

export const logs: Verb = {
  name: 'logs',
  aliases: ['container logs'],
  usage: '[OPTIONS] CONTAINER',
  help: 'Fetch the logs of a container',
  flags: [
    bool('details', 'Show extra details provided to logs'), bool('follow', 'Follow log output', 'f'), string('since', 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
    string('tail', 'Number of lines to show from the end of the logs', 'n', 'all'), bool('timestamps', 'Show timestamps', 't'),
    string('until', 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const record = engine.containers.find(parsed.words[0]!);
    if (hostConfigOf(record).LogConfig.Type === 'none') throw new EngineError('NO_LOG', 'configured logging driver does not support reading');
    if (!record.KeepsLog) throw new EngineError('NO_LOG', `container ${record.Id} keeps no log: it is removed when it ends and does not run in the background`);
    const wanted = { sinceMs: moment(parsed, 'since', -Infinity), untilMs: moment(parsed, 'until', Infinity), timestamps: parsed.bool('timestamps'), details: parsed.bool('details') };
    const file = openLog(engine, record);
    print(lastLines(parsed.string('tail'), linesOf(file.next())), wanted, terminal);
    if (parsed.bool('follow')) await follow(engine, record, file, wanted, terminal);
    return 0;
  },
};
