// `--filter` of ps and container prune: rows with a key and what it asks of a container.
import { type ContainerRecord, EngineError, isBefore, requestsOf, portsOf, wantedPorts } from '../engine/index.ts';
import { hasLabel } from './filters.ts';
import { momentMs } from './moment.ts';
import type { Engine } from './setup.ts';

type Test = (record: ContainerRecord) => boolean;

const invalid = (filter: string): EngineError => new EngineError('BAD_FILTER', `Invalid filter '${filter}'`);

/** What docker knows; `removing` and `dead` are states no container of ours is in. */
const statuses = ['created', 'running', 'exited', 'paused', 'restarting', 'removing', 'dead'];

/** "80", "8000-8010/udp": asked of "80/tcp". Throws EngineError 'BAD_FILTER'. */
function portTest(key: string, value: string): (port: string) => boolean {
  const [range = '', protocol = 'tcp'] = value.split('/');
  const [from, to = from] = range.split('-').map((text) => {
    if (!/^\d+$/.test(text)) throw new EngineError('BAD_FILTER', `error while looking up for ${key} ${value}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  });
  return (port) => {
    const [number, kind = 'tcp'] = port.split('/');
    return kind === protocol && Number(number) >= from! && Number(number) <= to!;
  };
}

/** As docker: a pattern that may match anywhere. */
function pattern(value: string, filter: string): RegExp {
  try { return new RegExp(value); } catch { throw invalid(filter); }
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
  label: (value) => ({ Config }) => hasLabel(Config.Labels, value),
  status: (value) => { if (!statuses.includes(value)) throw invalid(`status=${value}`); return ({ State }) => State.Status === value; },
  exited: (value) => { if (!/^[+-]?\d+$/.test(value)) throw new EngineError('BAD_FILTER', `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`); return ({ State }) => State.Status === 'exited' && State.ExitCode === Number(value); },
  ancestor: descendant,
  health: (value) => {
    if (!['none', 'starting', 'healthy', 'unhealthy'].includes(value)) throw new EngineError('BAD_FILTER', `Unrecognised filter value for health: ${value}`);
    return ({ State }) => (State.Health?.Status ?? 'none') === value;
  },
  network: (value, { containers: { networks } }) => {
    const found = networks.list().find(({ Id, Name }) => Name === value || Id.startsWith(value));
    return (record) => Object.entries(requestsOf(record)).some(([name]) => name === value || name === found?.Name || name === found?.Id);
  },
  /** Ports of the host. */
  publish: (value) => {
    const wanted = portTest('publish', value);
    return (record) => Object.entries(portsOf(record)).some(([port, places]) => places.some(({ HostPort }) => wanted(`${HostPort}/${port.split('/')[1]}`)));
  },
  expose: (value) => { const wanted = portTest('expose', value); return (record) => [...Object.keys(wantedPorts(record)), ...Object.keys(record.Config.ExposedPorts ?? {})].some(wanted); },
  'is-task': (value) => { if (!['true', 'false', '1', '0'].includes(value)) throw invalid(`is-task=[${value}]`); return () => value === 'false' || value === '0'; },
  isolation: () => () => true,
  volume: (value) => ({ Mounts = [] }) => Mounts.some(({ Name, Source, Destination }) => [Name, Source, Destination].includes(value)),
  before: (value, engine) => beside(value, engine, isBefore),
  since: (value, engine) => beside(value, engine, (created, other) => isBefore(other, created)),
};

/** What all filters ask: of several values of one key one must hold (of labels all), of several keys all. Throws EngineError 'BAD_FILTER', 'NO_CONTAINER'. */
export function containerFilter(filters: readonly (readonly [key: string, value: string])[], engine: Engine): Test {
  const byKey = new Map<string, Test[]>();
  for (const [key, value] of filters) {
    const make = Object.hasOwn(keys, key) ? keys[key]! : undefined;
    if (!make) throw invalid(key);
    byKey.set(key, [...byKey.get(key) ?? [], make(value, engine)]);
  }
  return (record) => [...byKey].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(record)) : tests.some((test) => test(record))));
}

const pruneKeys: Readonly<Record<string, (value: string) => Test>> = {
  until: (value) => { const ms = momentMs(value, Date.now()); if (ms === undefined) throw invalid(`until=${value}`); return ({ Created }) => Date.parse(Created) < ms; },
  label: (value) => ({ Config }) => hasLabel(Config.Labels, value),
  'label!': (value) => ({ Config }) => !hasLabel(Config.Labels, value),
};

/** What `container prune` is told to remove: all filters must hold. Throws EngineError 'BAD_FILTER'. */
export function pruneFilter(filters: readonly (readonly [key: string, value: string])[]): Test {
  const tests = filters.map(([key, value]) => { if (!Object.hasOwn(pruneKeys, key)) throw invalid(key); return pruneKeys[key]!(value); });
  return (record) => tests.every((test) => test(record));
}

/** Whether the filters speak of containers that do not run: then `ps` shows those, too. */
export const asksForStopped = (filters: readonly (readonly [key: string, value: string])[]): boolean => filters.some(([key]) => key === 'status' || key === 'exited');
