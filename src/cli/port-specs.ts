// What `-p` says: which ports of a container the host listens on for it, in docker's forms and with its errors.
import { isAddress, type PortBindings } from '../engine/index.ts';
import { ClientError } from './flags.ts';

type Binding = PortBindings[string][number];
type Range = readonly [first: number, last: number];

/** "8000-8003" or "80"; undefined: it is none. */
function range(text: string): Range | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  return match && first <= last && last <= 65535 ? [first, last] : undefined;
}

function address(said: string): string {
  if (said.startsWith('[') && !said.endsWith(']')) throw new ClientError(`invalid IP address ${said}: address ${said}:: missing ']' in address`);
  const text = said.startsWith('[') ? said.slice(1, -1) : said;
  if (text !== '' && !isAddress(text)) throw new ClientError(`invalid IP address: ${text}`);
  return text;
}

/** published=8080,target=80,protocol=tcp as 8080:80/tcp. */
function shortForm(said: string): string {
  if (!said.includes('=')) return said;
  const fields: Record<string, string> = { published: '', target: '', protocol: 'tcp' };
  for (const field of said.split(',')) {
    const [key = '', value] = field.split(/=(.*)/s);
    if (key === '' || value === undefined) throw new ClientError(`invalid publish opts format (should be name=value but got '${field}')`);
    fields[key] = value;
  }
  return `${fields['published']}:${fields['target']}/${fields['protocol']}`;
}

/** One `-p`: [[IP:]HOST:]CONTAINER[/PROTOCOL], each port a range. Throws ClientError. */
function bindingsOf(word: string): [port: string, Binding][] {
  const said = shortForm(word);
  const parts = said.split(':');
  const [container = '', protocol = ''] = parts.pop()!.split('/');
  const host = parts.pop() ?? '';
  const HostIp = address(parts.join(':'));
  if (container === '') throw new ClientError(`no port specified: ${said}<empty>`);
  const inside = range(container);
  if (!inside) throw new ClientError(`invalid containerPort: ${container}`);
  const outside = host === '' ? undefined : range(host);
  if (host !== '' && !outside) throw new ClientError(`invalid hostPort: ${host}`);
  const [first, last] = inside;
  if (outside && first !== last && outside[1] - outside[0] !== last - first) throw new ClientError(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  const proto = protocol.toLowerCase() || 'tcp';
  if (!['tcp', 'udp', 'sctp'].includes(proto)) throw new ClientError(`invalid proto: ${protocol}`);
  const hostPort = (i: number): string => (outside === undefined ? '' : first === last && outside[0] !== outside[1] ? `${outside[0]}-${outside[1]}` : String(outside[0] + i));
  return Array.from({ length: last - first + 1 }, (_, i) => [`${first + i}/${proto}`, { HostIp, HostPort: hostPort(i) }]);
}

/** All of them. Throws ClientError. */
export function portBindings(said: readonly string[]): PortBindings {
  const all: Record<string, Binding[]> = {};
  for (const [port, binding] of said.flatMap(bindingsOf)) (all[port] ??= []).push(binding);
  return all;
}
