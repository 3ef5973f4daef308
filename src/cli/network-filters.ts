// `--filter` of network ls and network prune: rows with a key and what it asks of a network.
import { EngineError, isPredefined, type NetworkRecord } from '../engine/index.ts';
import { hasLabel } from './filters.ts';
import { momentMs } from './moment.ts';

/** `used`: whether a container is on it. */
type Test = (network: NetworkRecord, used: (network: NetworkRecord) => boolean) => boolean;
type Filters = readonly (readonly [key: string, value: string])[];

const invalid = (filter: string): EngineError => new EngineError('BAD_FILTER', `Invalid filter '${filter}'`);

function pattern(value: string): (text: string) => boolean {
  try {
    const compiled = new RegExp(value);
    return (text) => compiled.test(text);
  } catch { return (text) => text === value; }
}

function oneOf<T>(value: string, words: Readonly<Record<string, T>>, error: string): T {
  if (!Object.hasOwn(words, value)) throw new EngineError('BAD_FILTER', error);
  return words[value]!;
}

const truths = { true: true, 1: true, false: false, 0: false };

const keys: Readonly<Record<string, (value: string) => Test>> = {
  driver: (value) => ({ Driver }) => Driver === value,
  id: (value) => { const wanted = pattern(value); return ({ Id }) => wanted(Id); },
  name: (value) => { const wanted = pattern(value); return ({ Name }) => wanted(Name); },
  label: (value) => ({ Labels }) => hasLabel(Labels, value),
  scope: (value) => { const wanted = value === 'local'; return () => wanted; },
  type: (value) => { const wanted = oneOf<boolean>(value, { builtin: true, custom: false }, `invalid filter: 'type'='${value}'`); return ({ Name }) => isPredefined(Name) === wanted; },
  dangling: (value) => { const wanted = oneOf<boolean>(value, truths, 'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'); return (network, used) => (!isPredefined(network.Name) && !used(network)) === wanted; },
};

/** What all filters ask: of several values of one key one must hold (of labels all), of several keys all. Throws EngineError 'BAD_FILTER'. */
export function networkFilter(filters: Filters): Test {
  const byKey = new Map<string, Test[]>();
  for (const [key, value] of filters) {
    const make = Object.hasOwn(keys, key) ? keys[key]! : undefined;
    if (!make) throw invalid(key);
    byKey.set(key, [...byKey.get(key) ?? [], make(value)]);
  }
  return (network, used) => [...byKey].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(network, used)) : tests.some((test) => test(network, used))));
}

const pruneKeys: Readonly<Record<string, (value: string) => (network: NetworkRecord) => boolean>> = {
  until: (value) => { const ms = momentMs(value, Date.now()); if (ms === undefined) throw invalid(`until=${value}`); return ({ Created }) => Date.parse(Created) < ms; },
  label: (value) => ({ Labels }) => hasLabel(Labels, value),
  'label!': (value) => ({ Labels }) => !hasLabel(Labels, value),
};

/** What `network prune` is told to remove: all filters must hold. Throws EngineError 'BAD_FILTER'. */
export function networkPruneFilter(filters: Filters): (network: NetworkRecord) => boolean {
  const tests = filters.map(([key, value]) => { if (!Object.hasOwn(pruneKeys, key)) throw invalid(key); return pruneKeys[key]!(value); });
  return (network) => tests.every((test) => test(network));
}
