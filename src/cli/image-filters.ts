// `--filter` of images and image prune: rows with a key and what it asks of an image.
import { familiarName, familiarRepository, type Image, ImageError, parseReference, type Store } from '../oci/index.ts';
import { hasLabel } from './filters.ts';
import { createdMs } from './image-listing.ts';
import { momentMs } from './moment.ts';
import { pathPattern } from './path-match.ts';

/** `names`: those of the image that are to be shown. undefined: the image is not. */
type Test = (image: Image) => boolean;
/** What all filters ask, and which of an image's names they leave. */
export interface ImageFilter { readonly test: Test; readonly names: (image: Image) => readonly string[] }

const invalid = (message: string): ImageError => new ImageError('bad-filter', message);
const labelsOf = (image: Image): Readonly<Record<string, string>> => image.config.config?.Labels ?? {};

const truths = new Map([['true', true], ['1', true], ['false', false], ['0', false]]);

function dangling(value: string): Test {
  const wanted = truths.get(value.toLowerCase());
  if (wanted === undefined) throw invalid(`Invalid filter 'dangling=[${value}]'`);
  return (image) => (image.names.length === 0) === wanted;
}

function beside(value: string, store: Store, isWanted: (created: number, other: number) => boolean): Test {
  const other = store.find(value);
  return (image) => image.id !== other.id && isWanted(createdMs(image) ?? -Infinity, createdMs(other) ?? -Infinity);
}

function until(value: string): Test {
  const limit = momentMs(value, Date.now());
  if (limit === undefined) throw invalid(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return (image) => (createdMs(image) ?? -Infinity) < limit;
}

type Keys = Readonly<Record<string, (value: string, store: Store) => Test>>;

const pruneKeys: Keys = {
  dangling,
  label: (value) => (image) => hasLabel(labelsOf(image), value),
  'label!': (value) => (image) => !hasLabel(labelsOf(image), value),
  until,
};

const listKeys: Keys = {
  dangling,
  label: pruneKeys['label']!,
  before: (value, store) => beside(value, store, (created, other) => created < other),
  since: (value, store) => beside(value, store, (created, other) => created > other),
  until,
};

/** A name, or a name with its tag or digest, that the pattern stands for. */
function matches(pattern: string): (name: string) => boolean {
  const compiled = pathPattern(pattern);
  if (!compiled) throw invalid('syntax error in pattern');
  return (name) => {
    const reference = parseReference(name);
    return compiled.test(familiarName(reference)) || compiled.test(familiarRepository(reference));
  };
}

/** Several values of one key: one must hold (of labels all); several keys: all. */
function testOf(filters: readonly (readonly [string, string])[], keys: Keys, store: Store): Test {
  const byKey = new Map<string, Test[]>();
  for (const [key, value] of filters) {
    const make = Object.hasOwn(keys, key) ? keys[key]! : undefined;
    if (!make) throw invalid(`Invalid filter '${key}'`);
    byKey.set(key, [...byKey.get(key) ?? [], make(value, store)]);
  }
  return (image) => [...byKey].every(([key, tests]) => (key.startsWith('label') ? tests.every((test) => test(image)) : tests.some((test) => test(image))));
}

/** The filters of `images`; `reference` patterns choose names. Throws ImageError 'bad-filter', 'no-such-image'. */
export function imageFilter(filters: readonly (readonly [string, string])[], store: Store): ImageFilter {
  const references = filters.filter(([key]) => key === 'reference').map(([, pattern]) => matches(pattern));
  const test = testOf(filters.filter(([key]) => key !== 'reference'), listKeys, store);
  const names = (image: Image): readonly string[] => (references.length === 0 ? image.names : [...image.names, ...image.repoDigests].filter((name) => references.some((matching) => matching(name))));
  return { test: (image) => test(image) && (references.length === 0 || names(image).length > 0), names };
}

/** The filters of `image prune`. Throws ImageError 'bad-filter'. */
export const pruneFilter = (filters: readonly (readonly [string, string])[], store: Store): Test => testOf(filters, pruneKeys, store);
