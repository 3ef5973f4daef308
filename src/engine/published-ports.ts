// `-p`: which ports of a container the host listens on for it. Docker's port syntax and errors.
import { errnoByName, errnoMessage } from '../abi/index.ts';
import type { PublishedPort } from '../linux/index.ts';
import type { Machine } from '../machine/index.ts';
import { EngineError } from './errors.ts';

/** As in Docker's HostConfig: by "80/tcp", where on the host. */
export type PortBindings = Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>;

const wrong = (said: string, why: string): EngineError => new EngineError('BAD_PORT', `invalid publish specification ${JSON.stringify(said)}: ${why}`);

/** "8000-8003" or "80". Throws EngineError 'BAD_PORT'. */
function range(said: string, text: string): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!match || from > to || to > 65535) throw wrong(said, `Invalid port range: ${text}`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** One `-p`: [[IP:]HOST:]CONTAINER[/PROTOCOL], each port a range. Throws EngineError 'BAD_PORT'. */
function bindingsOf(said: string): [string, { HostIp: string; HostPort: string }][] {
  const [ports = '', protocol = 'tcp'] = said.split('/');
  if (!['tcp', 'udp'].includes(protocol)) throw wrong(said, `Invalid proto: ${protocol}`);
  const match = /^(?:(?:\[([^\]]*)\]|([\d.]*)):)?(?:([\d-]*):)?([\d-]+)$/.exec(ports);
  if (!match) throw wrong(said, `Invalid containerPort: ${ports}`);
  const [, six, four, hostText = '', containerText = ''] = match;
  const hostOnly = match[3] === undefined && four !== undefined && !four.includes('.');
  const [ip, host] = hostOnly ? ['', four] : [six ?? four ?? '', hostText];
  const inside = range(said, containerText);
  const outside = host === '' ? inside.map(() => 0) : range(said, host);
  if (inside.some((port) => port === 0)) throw wrong(said, `Invalid containerPort: ${containerText}`);
  if (outside.length !== inside.length) throw wrong(said, `Invalid ranges specified for container and host Ports: ${containerText} and ${host}`);
  return inside.map((port, i) => [`${port}/${protocol}`, { HostIp: ip, HostPort: outside[i] === 0 ? '' : String(outside[i]) }]);
}

/** All of them. Throws EngineError 'BAD_PORT'. */
export function portBindings(said: readonly string[]): PortBindings {
  const all: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const [port, binding] of said.flatMap(bindingsOf)) (all[port] ??= []).push(binding);
  return all;
}

export function publishedPorts(bindings: PortBindings): PublishedPort[] {
  return Object.entries(bindings).flatMap(([port, hosts]) => hosts.map(({ HostIp, HostPort }) => ({
    protocol: port.endsWith('/udp') ? 'udp' as const : 'tcp' as const, containerPort: parseInt(port, 10), host: { address: HostIp || '0.0.0.0', port: Number(HostPort || 0) },
  })));
}

/** What is published of a container: what the user said, and with -P every exposed port. */
export function wantedPorts(said: PortBindings, exposed: Readonly<Record<string, object>>, all: boolean): PortBindings {
  const more = all ? Object.keys(exposed).map((port) => (port.includes('/') ? port : `${port}/tcp`)).filter((port) => !(port in said)) : [];
  return { ...said, ...Object.fromEntries(more.map((port) => [port, [{ HostIp: '', HostPort: '' }]])) };
}

/** Begins to listen for a container; returns where, in Docker's form. Throws EngineError 'PORT_TAKEN' in Docker's words. */
export async function publishPorts(machine: Pick<Machine, 'publish'>, bindings: PortBindings, name: string, id: string): Promise<PortBindings> {
  const actual: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of publishedPorts(bindings)) {
    const { address } = port.host;
    try {
      const local = await machine.publish(port);
      (actual[`${port.containerPort}/${port.protocol}`] ??= []).push({ HostIp: address, HostPort: String(local.port) });
    } catch (error) {
      const where = `listen ${port.protocol}${address.includes(':') ? 6 : 4} ${address.includes(':') ? `[${address}]` : address}:${port.host.port}`;
      throw new EngineError('PORT_TAKEN', `driver failed programming external connectivity on endpoint ${name} (${id}): Error starting userland proxy: ${where}: bind: ${reason(error as { code?: string; message?: string })}`);
    }
  }
  return actual;
}

const reason = ({ code = '', message = '' }: { code?: string; message?: string }): string => {
  const errno = errnoByName(code);
  return errno ? errnoMessage(errno.code).toLowerCase() : message;
};

/** The PORTS column of `ps`: 0.0.0.0:8080->80/tcp. */
export const portsText = (bindings: PortBindings): string =>
  Object.entries(bindings).flatMap(([port, hosts]) => hosts.map(({ HostIp, HostPort }) => `${(HostIp || '0.0.0.0').includes(':') ? `[${HostIp}]` : HostIp || '0.0.0.0'}:${HostPort}->${port}`)).join(', ');
