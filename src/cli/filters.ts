// `--filter key=value`, said any number of times.
import { type Flag, list, type Parsed, UsageError } from './flags.ts';

export const filterFlag = (help = 'Filter output based on conditions provided', short?: string): Flag => ({ ...list('filter', help, short), argument: 'filter' });

/** What was said, in order; keys in lower case. Throws UsageError. */
export function filtersOf(parsed: Parsed, flag = '-f, --filter'): [key: string, value: string][] {
  return parsed.list('filter').filter((word) => word !== '').map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw new UsageError(`invalid argument ${JSON.stringify(word)} for "${flag}" flag: bad format of filter (expected name=value)`);
    return [word.slice(0, equals).trim().toLowerCase(), word.slice(equals + 1).trim()];
  });
}

/** Whether labels have what a filter says: `name`, or `name=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, said: string): boolean {
  const equals = said.indexOf('=');
  const name = equals < 0 ? said : said.slice(0, equals);
  return Object.hasOwn(labels, name) && (equals < 0 || labels[name] === said.slice(equals + 1));
}
