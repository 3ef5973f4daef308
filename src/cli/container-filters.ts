// `--filter` of ps and container prune: rows with a key and what it asks of a container.
import { type ContainerRecord, EngineError } from '../engine/index.ts';
import { type Parsed, UsageError } from './flags.ts';
import type { Engine } from './setup.ts';

type Test = (record: ContainerRecord) => boolean;

const invalid = (filter: string): EngineError => new EngineError('BAD_FILTER', `Invalid filter '${filter}'`);

/** What docker knows; `paused`, `restarting`, `removing` and `dead` are states no container of ours is in. */
const statuses = ['created', 'running', 'exited', 'paused', 'restarting', 'removing', 'dead'];

/** As docker: a pattern that may match anywhere. */
function pattern(value: string, filter: string): RegExp {
  try { return new RegExp(value); } catch { throw invalid(filter); }
}

function labelled(value: string): Test {
  const equals = value.indexOf('=');
  const name = equals < 0 ? value : value.slice(0, equals);
  return ({ Config: { Labels } }) => Object.hasOwn(Labels, name) && (equals < 0 || Labels[name] === value.slice(equals + 1));
}

function beside(value: string, engine: Engine, isWanted: (created: string, other: string) => boolean): Test {
  let other: ContainerRecord;
  try { other = engine.containers.find(value); } catch { throw new EngineError('NO_CONTAINER', `no such container ${value}`); }
  return ({ Id, Created }) => Id !== other.Id && isWanted(Created, other.Created);
}

/** Made from this image, or from one that begins with its layers. */
function descendant(value: string, { images: { store } }: Engine): Test {
  const image = store.resolve(value);
  if (!image) return () => false;
  return ({ Image, Layers }) => Image === image.id || (image.layers.length > 0 && image.layers.every((layer, i) => Layers[i]?.diffId === layer.diffId));
}

const keys: Readonly<Record<string, (value: string, engine: Engine) => Test>> = {
  id: (value) => { const wanted = pattern(value, `id=${value}`); return ({ Id }) => wanted.test(Id); },
  name: (value) => { const wanted = pattern(value, `name=${value}`); return ({ Name }) => wanted.test(Name) || wanted.test(`/${Name}`); },
  label: labelled,
  status: (value) => { if (!statuses.includes(value)) throw invalid(`status=${value}`); return ({ State }) => State.Status === value; },
  exited: (value) => { if (!/^\d+$/.test(value)) throw invalid(`exited=${value}`); return ({ State }) => State.Status === 'exited' && State.ExitCode === Number(value); },
  ancestor: descendant,
  before: (value, engine) => beside(value, engine, (created, other) => created < other),
  since: (value, engine) => beside(value, engine, (created, other) => created > other),
};

/** What all filters ask: of several values of one key one must hold (of labels all), of several keys all. Throws UsageError, EngineError. */
export function containerFilter(parsed: Parsed, engine: Engine): Test {
  const byKey = new Map<string, Test[]>();
  for (const word of parsed.list('filter')) {
    const equals = word.indexOf('=');
    if (equals < 0) throw new UsageError(`invalid argument "${word}" for "-f, --filter" flag: bad format of filter (expected name=value)`);
    const key = word.slice(0, equals).trim().toLowerCase();
    const make = Object.hasOwn(keys, key) ? keys[key]! : undefined;
    if (!make) throw invalid(key);
    byKey.set(key, [...byKey.get(key) ?? [], make(word.slice(equals + 1).trim(), engine)]);
  }
  return (record) => [...byKey].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(record)) : tests.some((test) => test(record))));
}

/** Whether the filters speak of containers that do not run: then `ps` shows those, too. */
export const asksForStopped = (parsed: Parsed): boolean => parsed.list('filter').some((word) => /^\s*(status|exited)\s*=/i.test(word));
