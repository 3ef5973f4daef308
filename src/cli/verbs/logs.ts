// wherry logs: what a container has written, and goes on writing.
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRecord, EngineError, isUp, type LogLine, logPath, parseLog } from '../../engine/index.ts';
import { bool, type Parsed, string } from '../flags.ts';
import { momentMs } from '../moment.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Terminal, Verb } from '../verb.ts';

const STEP_MS = 50;

interface Wanted { readonly sinceMs: number; readonly untilMs: number; readonly timestamps: boolean }

/** The lines of a log that were not read before. */
class LogReader {
  readonly #path: string;
  #at = 0;
  #rest = Buffer.alloc(0);
  constructor(path: string) { this.#path = path; }

  next(): LogLine[] {
    this.#rest = Buffer.concat([this.#rest, this.#more()]);
    const end = this.#rest.lastIndexOf('\n') + 1;
    const { lines } = parseLog(this.#rest.toString('utf8', 0, end));
    this.#rest = this.#rest.subarray(end);
    return lines;
  }

  #more(): Buffer {
    if (!existsSync(this.#path)) return Buffer.alloc(0);
    const fd = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - this.#at));
      const count = readSync(fd, bytes, 0, bytes.length, this.#at);
      this.#at += count;
      return bytes.subarray(0, count);
    } finally { closeSync(fd); }
  }
}

/** Times with nine decimals, as docker shows them. */
const fullTime = (time: string): string => `${time.slice(0, 19)}.${(/\.(\d+)Z$/.exec(time)?.[1] ?? '').padEnd(9, '0')}Z`;

function print(lines: readonly LogLine[], { sinceMs, untilMs, timestamps }: Wanted, terminal: Terminal): void {
  for (const { log, stream, time } of lines) {
    const at = Date.parse(time);
    if (at < sinceMs || at > untilMs) continue;
    const text = timestamps ? `${fullTime(time)} ${log}` : log;
    if (stream === 'stderr') terminal.err(text);
    else terminal.out(text);
  }
}

async function follow(engine: Engine, record: ContainerRecord, reader: LogReader, wanted: Wanted, terminal: Terminal): Promise<void> {
  while (Date.now() <= wanted.untilMs) {
    const runs = engine.containers.exists(record.Id) && isUp(engine.containers.find(record.Id));
    print(reader.next(), wanted, terminal);
    if (!runs) return;
    await sleep(STEP_MS);
  }
}

/** --tail: a number of lines, or all for anything that is none. */
const lastLines = (said: string | undefined, lines: LogLine[]): LogLine[] => (said !== undefined && /^\d+$/.test(said) ? lines.slice(Math.max(0, lines.length - Number(said))) : lines);

/** A moment that a flag names, in milliseconds since 1970. Throws EngineError 'BAD_TIME'. */
function moment(parsed: Parsed, flag: string, otherwise: number): number {
  const said = parsed.string(flag);
  if (!said) return otherwise;
  const ms = momentMs(said, Date.now());
  if (ms === undefined) throw new EngineError('BAD_TIME', `invalid value for "${flag}": failed to parse value as time or duration: ${JSON.stringify(said)}`);
  return ms;
}

export const logs: Verb = {
  name: 'logs',
  aliases: ['container logs'],
  usage: '[OPTIONS] CONTAINER',
  help: 'Fetch the logs of a container',
  flags: [
    bool('follow', 'Follow log output', 'f'), string('since', 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
    string('tail', 'Number of lines to show from the end of the logs', 'n', 'all'), bool('timestamps', 'Show timestamps', 't'),
    string('until', 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const record = engine.containers.find(parsed.words[0]!);
    if (!record.KeepsLog) throw new EngineError('NO_LOG', `container ${record.Id} keeps no log: it is removed when it ends and does not run in the background`);
    const wanted = { sinceMs: moment(parsed, 'since', -Infinity), untilMs: moment(parsed, 'until', Infinity), timestamps: parsed.bool('timestamps') };
    const reader = new LogReader(engine.hostPath(logPath(record.Id)));
    print(lastLines(parsed.string('tail'), reader.next()), wanted, terminal);
    if (parsed.bool('follow')) await follow(engine, record, reader, wanted, terminal);
    return 0;
  },
};
