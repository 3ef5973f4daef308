// `top`: what ps(1) shows of processes, by its options: -ef, aux, and columns that are chosen with -o. A row each: name, heading, text.
import { EngineError } from '../engine/index.ts';
import type { ProcessRow } from '../linux/index.ts';

interface Moment { readonly nowMs: number; readonly memoryBytes: number }
interface Column { readonly heading: string; text(row: ProcessRow, moment: Moment): string }

const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
const seconds = (ms: number): number => Math.floor(ms / 1000);
const userName = (uid: number): string => (uid === 0 ? 'root' : String(uid));
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The time of today, else the day. */
function startText({ startedMs }: ProcessRow, { nowMs }: Moment): string {
  const at = new Date(startedMs);
  if (at.toDateString() === new Date(nowMs).toDateString()) return `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.getFullYear() === new Date(nowMs).getFullYear() ? `${months[at.getMonth()]}${two(at.getDate())}` : String(at.getFullYear());
}

/** 01:02:03. */
const clockText = (s: number): string => `${two(s / 3600)}:${two((s / 60) % 60)}:${two(s % 60)}`;

function elapsedText({ startedMs }: ProcessRow, { nowMs }: Moment): string {
  const s = Math.max(0, seconds(nowMs - startedMs));
  const days = Math.floor(s / 86_400);
  return `${days > 0 ? `${days}-` : ''}${s >= 3600 ? `${two((s / 3600) % 24)}:` : ''}${two((s / 60) % 60)}:${two(s % 60)}`;
}

const share = ({ startedMs, cpuMs }: ProcessRow, { nowMs }: Moment): number => (cpuMs * 100) / Math.max(1, nowMs - startedMs);
const stat = ({ state, pid, sid, threads, isForeground }: ProcessRow): string => `${state}${pid === sid ? 's' : ''}${threads > 1 ? 'l' : ''}${isForeground ? '+' : ''}`;

const column = (heading: string, text: Column['text']): Column => ({ heading, text });
const pid = column('PID', (row) => String(row.pid));
const command = (heading: string): Column => column(heading, (row) => row.command);
const tty = (heading: string): Column => column(heading, (row) => row.tty ?? '?');
const cpu = column('%CPU', (row, moment) => share(row, moment).toFixed(1));
const memory = column('%MEM', ({ residentBytes }, { memoryBytes }) => ((residentBytes * 100) / memoryBytes).toFixed(1));
const state = column('S', (row) => row.state);
const number = (heading: string, value: (row: ProcessRow) => number): Column => column(heading, (row) => String(value(row)));
const kilobytes = (heading: string, value: (row: ProcessRow) => number): Column => number(heading, (row) => Math.floor(value(row) / 1024));
const group = (heading: string): Column => number(heading, ({ pgid }) => pgid);
const session = (heading: string): Column => number(heading, ({ sid }) => sid);
const start = (heading: string): Column => column(heading, startText);
const time = column('TIME', ({ cpuMs }) => clockText(seconds(cpuMs)));
const user = (heading: string): Column => column(heading, ({ uid }) => userName(uid));
const comm = column('COMMAND', (row) => row.name);

/** ps(1), "standard format specifiers". */
const columns: Readonly<Record<string, Column>> = {
  '%cpu': cpu, pcpu: cpu, '%mem': memory, pmem: memory, args: command('COMMAND'), cmd: command('CMD'), command: command('COMMAND'), c: column('C', (row, moment) => String(Math.round(share(row, moment)))),
  comm, ucmd: column('CMD', (row) => row.name), ucomm: comm, cputime: time, time, etime: column('ELAPSED', elapsedText), etimes: column('ELAPSED', ({ startedMs }, { nowMs }) => String(seconds(nowMs - startedMs))),
  euid: number('EUID', ({ uid }) => uid), uid: number('UID', ({ uid }) => uid), euser: user('EUSER'), user: user('USER'), uname: user('USER'), ruser: user('RUSER'), egid: number('EGID', ({ gid }) => gid),
  gid: number('GID', ({ gid }) => gid), egroup: column('EGROUP', ({ gid }) => userName(gid)), group: column('GROUP', ({ gid }) => userName(gid)), ni: number('NI', () => 0), nice: number('NI', () => 0), nlwp: number('NLWP', ({ threads }) => threads),
  thcount: number('THCNT', ({ threads }) => threads), pgid: group('PGID'), pgrp: group('PGRP'), pid, tgid: number('TGID', (row) => row.pid), ppid: number('PPID', ({ ppid }) => ppid), pri: number('PRI', () => 19),
  rss: kilobytes('RSS', ({ residentBytes }) => residentBytes), rssize: kilobytes('RSS', ({ residentBytes }) => residentBytes), s: state, state, stat: column('STAT', stat), sess: session('SESS'), session: session('SESS'), sid: session('SID'),
  start_time: start('START'), stime: start('STIME'), start: start('STARTED'), bsdstart: start('START'), tname: tty('TTY'), tt: tty('TT'), tty: tty('TT'), vsz: kilobytes('VSZ', ({ virtualBytes }) => virtualBytes),
  vsize: kilobytes('VSZ', ({ virtualBytes }) => virtualBytes), bsdtime: column('TIME', ({ cpuMs }) => `${Math.floor(cpuMs / 60_000)}:${two(seconds(cpuMs) % 60)}`),
};

const named = (words: string): Column[] => words.split(' ').map((word) => { const [name = '', heading] = word.split('='); return { ...columns[name]!, ...(heading ? { heading } : {}) }; });

/** Formats by the letters that ask for them; without letters it is the short one of ps alone. */
const formats: Readonly<Record<string, string>> = {
  f: 'user=UID pid ppid c stime tty=TTY time cmd', F: 'user=UID pid ppid c vsz=SZ rss pri=PSR stime tty=TTY time cmd', l: 's uid pid ppid c pri ni vsz=SZ tty=TTY time ucmd', j: 'pid pgid sid tty=TTY time ucmd',
  u: 'user pid %cpu %mem vsz rss tty=TTY stat bsdstart bsdtime command', '': 'pid tty=TTY time ucmd',
};

const refused = (why: string): EngineError => new EngineError('BAD_PS', `ps: error: ${why}`);

/** One word of -o: names with commas or blanks between, each perhaps with a heading of its own. */
function chosen(list: string): Column[] {
  return list.split(/[ ,]+/).filter(Boolean).map((word) => {
    const [name = '', ...heading] = word.split('=');
    if (!Object.hasOwn(columns, name)) throw refused(`unknown user-defined format specifier "${name}"`);
    const { [name]: found } = columns;
    return heading.length > 0 ? { ...found!, heading: heading.join('=') } : found!;
  });
}

/** What ps's options ask for. Throws EngineError 'BAD_PS' for those we do not know. */
function columnsOf(options: readonly string[]): Column[] {
  const own: Column[] = [];
  let letters = '';
  const rest = [...options];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const at = word.indexOf('o');
    const isList = at >= 0 && /^-?[a-zA-Z]*$/.test(word.slice(0, at)) && !word.startsWith('--');
    if (isList) own.push(...chosen(word.slice(at + 1) || rest.shift() || ''));
    else if (word.startsWith('--format')) own.push(...chosen(word.includes('=') ? word.slice(word.indexOf('=') + 1) : rest.shift() ?? ''));
    const plain = isList ? word.slice(0, at) : word.startsWith('--format') ? '' : word;
    if (!/^-?[AaefFlujxwHTLww]*$/.test(plain)) throw refused(`unsupported option: ${word}`);
    letters += plain.replace('-', '');
  }
  if (own.length > 0) return own;
  const letter = ['u', 'F', 'f', 'l', 'j'].find((each) => letters.includes(each)) ?? '';
  return named(formats[letter]!);
}

/** Cells are at least so wide, with three blanks between (Go's tabwriter as docker sets it up). */
const LEAST = 20, PADDING = 3;

/** Lines of a table. `options` none: -ef. Throws EngineError 'BAD_PS' in dockerd's words. */
export function processLines(rows: readonly ProcessRow[], options: readonly string[], moment: Moment): string[] {
  const shown = columnsOf(options.length === 0 ? ['-ef'] : options);
  if (!shown.some(({ heading }) => heading === 'PID')) throw new EngineError('BAD_PS', 'Couldn\'t find PID field in ps output');
  const cells = [shown.map(({ heading }) => heading), ...rows.map((row) => shown.map(({ text }) => text(row, moment)))];
  const widths = shown.map((_, i) => Math.max(LEAST, ...cells.map((line) => [...line[i]!].length + PADDING)));
  return cells.map((line) => line.map((cell, i) => (i === line.length - 1 ? cell : cell + ' '.repeat(widths[i]! - [...cell].length))).join(''));
}
