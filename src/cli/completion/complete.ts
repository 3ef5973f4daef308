// What may stand next on a command line that is under way, from the rows of verbs and flags.
import { findVerb, wordIn } from '../find-verb.ts';
import type { Flag } from '../flags.ts';
import { summaryOf } from '../help.ts';
import type { Group, Verb } from '../verb.ts';
import type { SourceName, Suggestion } from './sources.ts';

/** What is asked for at the place of the cursor. */
export interface Wanted {
  readonly words: readonly Suggestion[];
  readonly sources: readonly SourceName[];
  /** Names of files, too. */
  readonly files: boolean;
  /** A colon follows the words: `CONTAINER:PATH`. */
  readonly colon: boolean;
}

const nothing: Wanted = { words: [], sources: [], files: false, colon: false };

/** What a word of a usage line asks for, the first that matches. */
const kinds: readonly (readonly [RegExp, Partial<Wanted>])[] = [
  [/CONTAINER:/, { sources: ['containers'], files: true, colon: true }],
  [/CONTAINER/, { sources: ['containers'] }],
  [/IMAGE|REPOSITORY|^NAME\[:TAG/, { sources: ['images'] }],
  [/VOLUME/, { sources: ['volumes'] }],
  [/NETWORK/, { sources: ['networks'] }],
  [/NAME\|ID/, { sources: ['containers', 'images', 'volumes', 'networks'] }],
  [/PATH|URL|FILE/i, { files: true }],
  [/bash\|/, { sources: ['shells'] }],
];

/** What the argument of a flag asks for, by the flag's name. */
const flagKinds: readonly (readonly [RegExp, Partial<Wanted>])[] = [
  [/^(cidfile|env-file|label-file|input|output|file|iidfile|dump)$/, { files: true }],
  [/^(volumes-from)$/, { sources: ['containers'] }],
  [/^volume$/, { sources: ['volumes'], files: true, colon: true }],
  [/^mount$/, { files: true }],
  [/^network$|^net$/, { sources: ['networks'] }],
  [/^platform$/, { sources: ['platforms'] }],
  [/^pull$/, { sources: ['pulls'] }],
  [/^restart$/, { sources: ['restarts'] }],
  [/^format$/, { sources: ['formats'] }],
  [/^signal$|^stop-signal$/, { sources: ['signals'] }],
  [/^type$/, { sources: ['objects'] }],
];

const matching = (table: readonly (readonly [RegExp, Partial<Wanted>])[], text: string): Wanted => ({ ...nothing, ...table.find(([pattern]) => pattern.test(text))?.[1] });

/** The words of a usage line after the options; the last one of `X [X...]` stands for all that follow. */
const places = (usage: string): string[] => usage.split('\n')[0]!.split(' ').filter((word) => word !== '' && word !== '[OPTIONS]');

function atPlace(verb: Verb, place: number): Wanted {
  // Its word is a new name.
  if (/^(volume|network) create$/.test(verb.name)) return nothing;
  const words = places(verb.usage);
  const word = words[place] ?? (words.at(-1)?.includes('...') ? words.at(-1) : undefined);
  // `SRC_PATH|- CONTAINER:DEST_PATH` is the other form of the same verb.
  return word === undefined ? nothing : matching(kinds, verb.usage.includes('\n') ? places(verb.usage)[0]! : word);
}

const flagWords = (flags: readonly Flag[]): Suggestion[] =>
  flags.filter((flag) => !flag.hidden).map((flag) => ({ word: `--${flag.name}`, about: flag.help.split('\n')[0]! })).sort((a, b) => (a.word < b.word ? -1 : 1));

/** The flag that a word says, when the next word is its argument. */
function openFlag(flags: readonly Flag[], word: string): Flag | undefined {
  if (word.includes('=') || !word.startsWith('-')) return undefined;
  const flag = word.startsWith('--') ? flags.find(({ name }) => word === `--${name}`) : flags.find(({ short }) => short !== undefined && word.endsWith(short));
  return flag?.kind === 'bool' ? undefined : flag;
}

/** `before`: the words between the verb and the one under way. */
function inVerb(verb: Verb, flags: readonly Flag[], before: readonly string[], current: string): Wanted {
  let place = 0;
  let takesFlags = true;
  let open: Flag | undefined;
  for (const word of before) {
    if (open) { open = undefined; continue; }
    if (takesFlags && word === '--') takesFlags = false;
    else if (takesFlags && word.startsWith('-') && word !== '-') open = openFlag(flags, word);
    else {
      place++;
      takesFlags &&= verb.interspersed;
    }
  }
  if (open) return matching(flagKinds, open.name);
  if (!takesFlags || !current.startsWith('-')) return atPlace(verb, place);
  const [, said] = /^--([^=]+)=/.exec(current) ?? [];
  if (said === undefined) return { ...nothing, words: flagWords(flags) };
  const { sources, files } = matching(flagKinds, said);
  return { ...nothing, sources, files };
}

/** Verbs and groups, or the words of a group. */
function names(verbs: readonly Verb[], groups: readonly Group[], group: string | undefined): Suggestion[] {
  const words = verbs.filter((verb) => !verb.hidden).flatMap((verb) => { const word = wordIn(verb, group); return word === undefined ? [] : [{ word, about: summaryOf(verb) }]; });
  return [...words, ...group === undefined ? groups.map(({ name, help }) => ({ word: name, about: help })) : []].sort((a, b) => (a.word < b.word ? -1 : 1));
}

/** `words`: all after `wherry`, the last one under way. */
export function complete(verbs: readonly Verb[], groups: readonly Group[], globalFlags: readonly Flag[], words: readonly string[]): Wanted & { readonly verb?: string } {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  while (before[0]?.startsWith('-') || before[0] === 'help') {
    const open = openFlag(globalFlags, before.shift()!);
    if (open && before.shift() === undefined) return { ...nothing, files: true };
  }
  const group = groups.find(({ name }) => name === before[0]);
  if (before.length === 0 || (group && before.length === 1)) return { ...nothing, words: current.startsWith('-') && !group ? flagWords(globalFlags) : names(verbs, groups, group?.name) };
  const found = findVerb(verbs, groups, before);
  return 'verb' in found ? { ...inVerb(found.verb, [...found.verb.flags, ...globalFlags.filter(({ name }) => name === 'help')], found.rest, current), verb: found.verb.name } : nothing;
}
