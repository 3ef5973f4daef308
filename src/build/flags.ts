// Flags of Dockerfile instructions: `--name=value` before the other words.
import { firstWord } from '../oci/index.ts';
import { syntaxError } from './errors.ts';

/** What each instruction knows: text has a value, bool may have one. All are kept that are said several times where the kind is list. */
type Kind = 'text' | 'bool' | 'list';
export type FlagTable = Readonly<Record<string, Kind>>;

export interface Flagged {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** What follows the flags. */
  readonly rest: string;
}

const unquoted = (word: string, escape: string): string =>
  word.replace(escape === '\\' ? /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/gs : /`(.)|'([^']*)'|"((?:`.|[^"`])*)"/gs, (_, plain, single, double) => plain ?? single ?? double);

/** Takes flags off. Throws BuildError 'SYNTAX' for unknown ones and wrong values. */
export function takeFlags(text: string, table: FlagTable, { line, escape }: { line: number; escape: string }): Flagged {
  const flags = new Map<string, string[]>();
  let rest = text;
  while (rest.startsWith('--')) {
    const word = firstWord(rest, escape);
    rest = rest.slice(word.length).trimStart();
    if (word === '--') break;
    const [, name = '', equals, value = ''] = /^--([^=]*)(=?)([^]*)$/.exec(unquoted(word, escape))!;
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) throw syntaxError(line, `Unknown flag: ${name}`);
    if (kind !== 'bool' && equals === '') throw syntaxError(line, `Missing a value on flag: ${name}`);
    if (kind !== 'list' && flags.has(name)) throw syntaxError(line, `Duplicate flag specified: ${name}`);
    if (kind === 'bool' && !/^(true|false|)$/i.test(value)) throw syntaxError(line, `Expecting boolean value for flag ${name}, not: ${value}`);
    flags.set(name, [...flags.get(name) ?? [], kind === 'bool' ? String(value.toLowerCase() !== 'false') : value]);
  }
  return { flags, rest };
}
