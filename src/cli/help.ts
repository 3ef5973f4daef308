// Help texts, laid out as docker's.
import type { Flag } from './flags.ts';
import type { Verb } from './verb.ts';

const flagLine = (flag: Flag): [string, string] => {
  const name = `${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${flag.kind === 'bool' ? '' : ` ${flag.argument ?? flag.kind}`}`;
  return [name, flag.help + (flag.initial ? ` (default "${flag.initial}")` : '')];
};

/** `wherry VERB --help`. */
export function verbHelp(verb: Verb): string {
  const rows = verb.flags.map(flagLine).sort((a, b) => a[0].trim().replace(/^-\w, /, '').localeCompare(b[0].trim().replace(/^-\w, /, '')));
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const options = rows.length === 0 ? '' : `\nOptions:\n${rows.map(([name, help]) => `  ${name.padEnd(width)}   ${help}`).join('\n')}\n`;
  return `\nUsage:  wherry ${verb.name} ${verb.usage}\n\n${verb.help}\n${options}`;
}

/** `wherry --help`. */
export function mainHelp(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((v) => v.name.length));
  return `
Usage:  wherry [OPTIONS] COMMAND

Runs Docker and OCI images without root, daemon or kernel features

Commands:
${verbs.map((v) => `  ${v.name.padEnd(width)}  ${v.help}`).join('\n')}

Options:
      --root string   Where images and containers are kept (default $WHERRY_ROOT, else $XDG_DATA_HOME/wherry, else ~/.local/share/wherry)
  -v, --version       Print version information and quit
      --help          Print this text

Run 'wherry COMMAND --help' for more information on a command.
`;
}

/** Docker's words for too few or too many words. */
export function wordsError(verb: Verb, count: number): string | undefined {
  const [least, most] = verb.words;
  if (count >= least && count <= most) return undefined;
  const s = (n: number): string => `${n} argument${n === 1 ? '' : 's'}`;
  const needs = least === most ? (most === 0 ? 'accepts no arguments' : `requires ${s(most)}`) : count < least ? `requires at least ${s(least)}` : `requires at most ${s(most)}`;
  return `wherry: 'wherry ${verb.name}' ${needs}\n\nUsage:  wherry ${verb.name} ${verb.usage}\n\nSee 'wherry ${verb.name} --help' for more information\n`;
}
