// `--filter` of events: rows with a key and what it asks of an event, as dockerd compares.
import { EngineError, type Event } from '../engine/index.ts';
import { hasLabel } from './filters.ts';

type Test = (event: Event, value: string) => boolean;

/** One kind of thing, by the beginning of its id or name. */
const thing = (type: Event['Type'], attribute = 'name'): Test => ({ Type, Actor }, value) => Type === type && (Actor.ID.startsWith(value) || (Actor.Attributes[attribute] ?? '').startsWith(value));

const withoutTag = (name: string): string => name.replace(/(?<=[^/]):[^/:]*$/, '');
/** Words that are followed by what was run, or how it is. */
const told = ['health_status', 'exec_create', 'exec_start'];

const keys: Readonly<Record<string, Test>> = {
  container: thing('container'),
  volume: thing('volume'),
  network: thing('network'),
  image: ({ Type, Actor }, value) => {
    const name = Actor.Attributes[Type === 'image' ? 'name' : 'image'] ?? '';
    return Actor.ID === value || name === value || withoutTag(name) === value;
  },
  event: ({ Action }, value) => Action === value || (told.includes(value) && Action.startsWith(`${value}:`)),
  type: ({ Type }, value) => Type === value,
  label: ({ Actor }, value) => hasLabel(Actor.Attributes, value),
  scope: (_, value) => value === 'local',
  daemon: () => false,
  plugin: () => false,
  node: () => false,
  secret: () => false,
  config: () => false,
  service: () => false,
};

/** Of several values of one key one must hold (of labels all), of several keys all. Throws EngineError 'BAD_FILTER'. */
export function eventFilter(filters: readonly (readonly [key: string, value: string])[]): (event: Event) => boolean {
  const wrong = filters.find(([key]) => !Object.hasOwn(keys, key));
  if (wrong) throw new EngineError('BAD_FILTER', `Invalid filter '${wrong[0]}'`);
  const byKey = new Map<string, string[]>();
  for (const [key, value] of filters) byKey.set(key, [...byKey.get(key) ?? [], value]);
  return (event) => [...byKey].every(([key, values]) => (key === 'label' ? values.every((value) => keys[key]!(event, value)) : values.some((value) => keys[key]!(event, value))));
}
