// Ports of a container in docker's words: as `ps` and `port` show them.
import { type ContainerRecord, portsOf } from '../engine/index.ts';

interface Shown { readonly ip: string; readonly inside: number; readonly outside: number; readonly protocol: string }

export const hostPort = (ip: string, port: string | number): string => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;

const order = (a: Shown, b: Shown): number => a.inside - b.inside || compare(a.ip, b.ip) || a.outside - b.outside || compare(a.protocol, b.protocol);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function shownPorts(record: ContainerRecord): Shown[] {
  return Object.entries(portsOf(record)).flatMap(([port, hosts]): Shown[] => {
    const [inside, protocol = 'tcp'] = port.split('/');
    const places = hosts.length > 0 ? hosts : [{ HostIp: '', HostPort: '0' }];
    return places.map(({ HostIp, HostPort }) => ({ ip: HostIp, inside: Number(inside), outside: Number(HostPort), protocol }));
  }).sort(order);
}

interface Run { readonly ip: string; readonly protocol: string; readonly first: number; last: number }

function runText({ ip, protocol, first, last }: Run): string {
  const ports = first === last ? String(first) : `${first}-${last}`;
  return `${ip === '' ? ports : `${hostPort(ip, ports)}->${ports}`}/${protocol}`;
}

/** The PORTS column of `ps`: runs of ports that are the same on both sides, then the others. */
export function portsText(record: ContainerRecord): string {
  const done: string[] = [];
  const others: string[] = [];
  const open = new Map<string, Run>();
  for (const { ip, inside, outside, protocol } of shownPorts(record)) {
    if (ip !== '' && outside !== inside) {
      others.push(`${hostPort(ip, outside)}->${inside}/${protocol}`);
      continue;
    }
    const run = open.get(`${ip}/${protocol}`);
    if (run && inside === run.last + 1) run.last = inside;
    else {
      if (run) done.push(runText(run));
      open.set(`${ip}/${protocol}`, { ip, protocol, first: inside, last: inside });
    }
  }
  return [...done, ...[...open.values()].map(runText), ...others].join(', ');
}

/** Numbers in words by their value. */
export function natural(a: string, b: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [one, other] = [left[i]!, right[i]!];
    const difference = /^\d/.test(one) && /^\d/.test(other) ? Number(one) - Number(other) : compare(one, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
