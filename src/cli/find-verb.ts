// From the words after `wherry` to the verb they name, and the names a verb goes by.
import type { Group, Verb } from './verb.ts';

/** What the words name: a verb (under the name that was said, with the words left over), a group alone, or nothing. */
export type Found = { readonly verb: Verb; readonly rest: readonly string[] } | { readonly group: Group; readonly unknown?: string } | { readonly unknown: string };

/** A verb's names: the group's first, as docker lists aliases. */
export const namesOf = (verb: Verb): string[] => [verb.name, ...verb.aliases ?? []].sort((a, b) => b.split(' ').length - a.split(' ').length);

/** The verb's own word in this group, or its word without one; undefined when it has none. */
export function wordIn(verb: Verb, group: string | undefined): string | undefined {
  const names = [verb.name, ...verb.aliases ?? []].map((name) => name.split(' '));
  return group === undefined ? names.find((words) => words.length === 1)?.[0] : names.find((words) => words.length === 2 && words[0] === group)?.[1];
}

/** `words` begin with a name. */
export function findVerb(verbs: readonly Verb[], groups: readonly Group[], words: readonly string[]): Found {
  const [first = '', second] = words;
  const group = groups.find((g) => g.name === first);
  if (group && (second === undefined || second.startsWith('-'))) return { group };
  const said = group ? `${first} ${second}` : first;
  const verb = verbs.find((v) => namesOf(v).includes(said));
  if (verb) return { verb: { ...verb, name: said, aliases: namesOf(verb).filter((name) => name !== said) }, rest: words.slice(group ? 2 : 1) };
  return group ? { group, unknown: second! } : { unknown: first };
}
