// Help texts, laid out as docker's.
import { namesOf, wordIn } from './find-verb.ts';
import type { Flag } from './flags.ts';
import type { Group, Verb } from './verb.ts';

const flagLine = (flag: Flag): [string, string] => {
  const name = `${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${flag.kind === 'bool' ? '' : ` ${flag.argument ?? flag.kind}`}`;
  const isText = flag.kind !== 'bool' && flag.argument === undefined;
  const initial = isText && flag.initial ? JSON.stringify(flag.initial) : flag.initial;
  return [name, flag.help + (initial ? ` (default ${initial})` : '')];
};

/** A line may be this much longer where that avoids a last line of one short word. */
const SLOP = 5;

/** The text in lines of at most `most` letters; its own line ends stay. */
function wrapped(text: string, most: number): string[] {
  if (most < 24) return text.split('\n');
  const lines: string[] = [];
  for (let rest = text; rest !== '';) {
    const end = rest.length < most ? -1 : cutAt(rest.slice(0, most - SLOP));
    lines.push(...(end <= 0 ? rest : rest.slice(0, end)).split('\n'));
    rest = end <= 0 ? '' : rest.slice(end + 1);
  }
  return lines;
}

/** Where a line is cut: at its first own end, else at the last blank. */
function cutAt(start: string): number {
  const blank = Math.max(start.lastIndexOf(' '), start.lastIndexOf('\n'));
  const end = start.lastIndexOf('\n');
  return end > 0 && end < blank ? end : blank;
}

/** `wherry VERB --help` on a terminal of so many columns. */
export function verbHelp(verb: Verb, columns = 80): string {
  const rows = verb.flags.filter((flag) => !flag.hidden).map(flagLine).sort((a, b) => a[0].trim().replace(/^-\w, /, '').localeCompare(b[0].trim().replace(/^-\w, /, '')));
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const details = verb.details === undefined ? '' : `\n${verb.details}\n`;
  const names = namesOf(verb);
  const aliases = names.length > 1 ? `\nAliases:\n  ${names.map((name) => `wherry ${name}`).join(', ')}\n` : '';
  const options = rows.length === 0 ? '' : `\nOptions:\n${rows.map(([name, help]) => `  ${name.padEnd(width)}   ${wrapped(help, columns - 1 - width - 5).join(`\n${' '.repeat(width + 5)}`)}`).join('\n')}\n`;
  return `Usage:  wherry ${verb.name} ${verb.usage}\n\n${verb.help}\n${details}${aliases}${options}`;
}

/** A heading with names and what they do, sorted; nothing when there are none. */
function section(heading: string, rows: readonly (readonly [string, string])[], width: number): string {
  if (rows.length === 0) return '';
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${heading}:\n${sorted.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`).join('\n')}\n\n`;
}

/** What a verb does, in a line of a list. */
export const summaryOf = ({ help }: Verb): string => help.split('\n')[0]!.replace(/\.$/, '');

const rowsIn = (verbs: readonly Verb[], group: string | undefined): [string, string][] =>
  verbs.filter((verb) => !verb.hidden).flatMap((verb) => { const word = wordIn(verb, group); return word === undefined ? [] : [[word, summaryOf(verb)] as [string, string]]; });

/** `wherry --help`. */
export function mainHelp(verbs: readonly Verb[], groups: readonly Group[]): string {
  const used = groups.filter((group) => rowsIn(verbs, group.name).length > 0);
  const width = Math.max(10, ...rowsIn(verbs, undefined).map(([name]) => name.length), ...used.map((group) => group.name.length));
  return `Usage:  wherry [OPTIONS] COMMAND

Runs Docker and OCI images without root, daemon or kernel features

${section('Common Commands', rowsIn(verbs.filter((v) => v.common), undefined), width)}${
  section('Management Commands', used.map(({ name, help }) => [name, help] as const), width)}${
  section('Commands', rowsIn(verbs.filter((v) => !v.common), undefined), width)}Global Options:
      --root string   Where images and containers are kept (default $WHERRY_ROOT, else $XDG_DATA_HOME/wherry, else ~/.local/share/wherry)
  -v, --version       Print version information and quit
      --help          Print this text

Run 'wherry COMMAND --help' for more information on a command.
`;
}

/** `wherry GROUP --help`. */
export function groupHelp(verbs: readonly Verb[], group: Group): string {
  const rows = rowsIn(verbs, group.name);
  const commands = section('Commands', rows, Math.max(10, ...rows.map(([name]) => name.length)));
  return `Usage:  wherry ${group.name} COMMAND\n\n${group.help}\n\n${commands}Run 'wherry ${group.name} COMMAND --help' for more information on a command.\n`;
}

/** Docker's words for too few or too many words. */
export function wordsError(verb: Verb, count: number): string | undefined {
  const [least, most] = verb.words;
  if (count >= least && count <= most) return undefined;
  const s = (n: number): string => `${n} argument${n === 1 ? '' : 's'}`;
  const needs = least === most ? (most === 0 ? 'accepts no arguments' : `requires ${s(most)}`)
    : most === Infinity ? `requires at least ${s(least)}` : least === 0 ? `requires at most ${s(most)}` : `requires at least ${least} and at most ${s(most)}`;
  return `wherry: 'wherry ${verb.name}' ${needs}\n\nUsage:  wherry ${verb.name} ${verb.usage}\n\n${most === Infinity ? 'See' : 'Run'} 'wherry ${verb.name} --help' for more information\n`;
}
