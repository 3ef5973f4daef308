// `--filter` of volume ls and volume prune: rows with a key and what it asks of a volume.
import { EngineError, type Volume, type VolumeUsers } from '../engine/index.ts';
import { hasLabel } from './filters.ts';

type Filters = readonly (readonly [key: string, value: string])[];
type Test = (volume: Volume) => boolean;
type Keys = Readonly<Record<string, (value: string, users: VolumeUsers) => Test>>;

const invalid = (filter: string): EngineError => new EngineError('BAD_FILTER', `Invalid filter '${filter}'`);
const truths = new Map([['true', true], ['1', true], ['false', false], ['0', false]]);

/** Throws EngineError 'BAD_FILTER'. */
function truth(key: string, value: string): boolean {
  const said = truths.get(value.toLowerCase());
  if (said === undefined) throw invalid(`${key}=[${value}]`);
  return said;
}

/** As docker: a pattern that may match anywhere. */
function pattern(value: string): RegExp {
  try { return new RegExp(value); } catch { throw invalid(`name=${value}`); }
}

const label = (value: string): Test => ({ Labels }) => hasLabel(Labels ?? {}, value);

const listKeys: Keys = {
  dangling: (value, users) => { const wanted = truth('dangling', value); return ({ Name }) => (users(Name).length === 0) === wanted; },
  driver: (value) => () => value === 'local',
  label,
  name: (value) => { const wanted = pattern(value); return ({ Name }) => wanted.test(Name); },
};

const pruneKeys: Keys = { label, 'label!': (value) => (volume) => !label(value)(volume) };

/** Of several values of one key one must hold (of labels all), of several keys all. */
function testOf(filters: Filters, keys: Keys, users: VolumeUsers): Test {
  const byKey = new Map<string, Test[]>();
  for (const [key, value] of filters) {
    if (!Object.hasOwn(keys, key)) throw invalid(key);
    byKey.set(key, [...byKey.get(key) ?? [], keys[key]!(value, users)]);
  }
  return (volume) => [...byKey].every(([key, tests]) => (key.startsWith('label') ? tests.every((test) => test(volume)) : tests.some((test) => test(volume))));
}

/** Throws EngineError 'BAD_FILTER'. */
export const listFilter = (filters: Filters, users: VolumeUsers): Test => testOf(filters, listKeys, users);

/** Whether named volumes are meant, too, and which of all. Throws EngineError 'BAD_FILTER'. */
export function pruneFilter(filters: Filters): { readonly all: boolean; readonly test: Test } {
  const all = filters.filter(([key]) => key === 'all').map(([, value]) => truth('all', value));
  return { all: all.includes(true), test: testOf(filters.filter(([key]) => key !== 'all'), pruneKeys, () => []) };
}
