// What `run` and `create` are told of networks: names, or fields with commas for each of several.
import type { EndpointRequest } from '../engine/index.ts';
import { BadValue } from './flag-values.ts';
import { ClientError } from './flags.ts';

export interface NetworkWords {
  /** --network, one a word. */
  networks?: Asked[];
  aliases?: string[];
  ip?: string;
  ip6?: string;
}

type Endpoint = { -readonly [Key in keyof EndpointRequest]: EndpointRequest[Key] };
/** One network, and what is asked of it. */
export interface Asked { name: string; endpoint: Endpoint }

const fields: Readonly<Record<string, (asked: Asked, value: string) => void>> = {
  name: (asked, value) => { asked.name = value; },
  alias: ({ endpoint }, value) => { endpoint.Aliases = [...endpoint.Aliases ?? [], value]; },
  ip: ({ endpoint }, value) => { endpoint.IPv4Address = value; },
  ip6: ({ endpoint }, value) => { endpoint.IPv6Address = value; },
  'mac-address': ({ endpoint }, value) => { endpoint.MacAddress = value.toLowerCase(); },
  'link-local-ip': () => {},
  'driver-opt': () => {},
  'gw-priority': () => {},
};

/** `NAME`, or `name=NAME,alias=A,ip=…`. Throws BadValue. */
export function networkWord(word: string): Asked {
  if (!word.includes('=')) return { name: word || 'default', endpoint: {} };
  const asked: Asked = { name: '', endpoint: {} };
  for (const pair of word.split(',')) {
    const [key = '', value] = pair.split(/=(.*)/s);
    if (value === undefined) throw new BadValue(word, `invalid field ${pair}`);
    const put = fields[key.trim().toLowerCase()];
    if (!put) throw new BadValue(word, `invalid field key ${key}`);
    put(asked, value.trim());
  }
  if (asked.name === '') throw new BadValue(word, 'network name/id is not specified');
  return asked;
}

const own = ['default', 'bridge', 'host', 'none'];
const isUsers = (name: string): boolean => !own.includes(name) && !name.startsWith('container:');

/** The mode and what each network is asked for; nothing where nothing was said. Throws ClientError. */
export function networksOf({ networks = [], aliases = [], ip, ip6 }: NetworkWords, mac: string | undefined, links: readonly string[]): { readonly mode?: string; readonly networks?: Readonly<Record<string, EndpointRequest>> } {
  const asked = [...networks];
  if (asked.length === 0 && (ip || ip6 || aliases.length > 0)) asked.push({ name: 'default', endpoint: {} });
  const [first] = asked;
  if (!first) return {};
  if (aliases.length > 0 && !isUsers(first.name)) throw new ClientError('network-scoped aliases are only supported for user-defined networks');
  if (aliases.length > 0) first.endpoint.Aliases = [...first.endpoint.Aliases ?? [], ...aliases];
  if (ip) first.endpoint.IPv4Address = ip;
  if (ip6) first.endpoint.IPv6Address = ip6;
  if (mac && isUsers(first.name)) first.endpoint.MacAddress = mac;
  if (links.length > 0 && isUsers(first.name)) first.endpoint.Links = links;
  if (asked.length > 1 && asked.some(({ name }) => !isUsers(name) && name !== 'bridge' && name !== 'default')) throw new ClientError('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  const wanted = asked.some(({ name, endpoint }) => isUsers(name) || Object.keys(endpoint).length > 0);
  return { mode: first.name, ...(wanted ? { networks: Object.fromEntries(asked.map(({ name, endpoint }) => [name === 'default' ? 'bridge' : name, endpoint])) } : {}) };
}
