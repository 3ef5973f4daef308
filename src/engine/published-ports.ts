// Which ports of a container the host listens on for it, where, and what hinders it, in Docker's words.
import { errnoByName, errnoMessage } from '../abi/index.ts';
import type { Machine, PublishedListener } from '../machine/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { hasPrograms } from './container-state.ts';
import { EngineError } from './errors.ts';

/** As in Docker's HostConfig: by "80/tcp", where on the host; a HostPort is '' (the host's choice), a port, or a range of which the first free one is taken. */
export type PortBindings = Readonly<Record<string, readonly PortBinding[]>>;
export interface PortBinding { readonly HostIp: string; readonly HostPort: string }

const fullName = (port: string): string => (port.includes('/') ? port : `${port}/tcp`);
const anywhere: readonly PortBinding[] = [{ HostIp: '', HostPort: '' }];

/** Whether a container has ports of its own: not without a network, and not on another's. */
const hasPorts = ({ HostConfig: { NetworkMode: mode = 'default' } }: Pick<ContainerRecord, 'HostConfig'>): boolean => mode !== 'none' && mode !== 'host' && !mode.startsWith('container:');

/** What is published of a container: what the user said, and with -P every exposed port. */
export function wantedPorts(record: Pick<ContainerRecord, 'HostConfig' | 'Config'>): PortBindings {
  if (!hasPorts(record)) return {};
  const { PortBindings: said = {}, PublishAllPorts: all = false } = record.HostConfig;
  const more = all ? Object.keys(record.Config.ExposedPorts ?? {}).map(fullName).filter((port) => !(port in said)) : [];
  return { ...said, ...Object.fromEntries(more.map((port) => [port, anywhere])) };
}

/** The ports of a container that runs: where the host listens, nowhere for those that are only exposed. */
export function portsOf(record: ContainerRecord): PortBindings {
  const { State: { Ports }, Config } = record;
  if (!hasPrograms(record) || !hasPorts(record)) return {};
  const exposed = Object.keys(Config.ExposedPorts ?? {}).map(fullName);
  const all = Object.fromEntries([...exposed.map((port): [string, readonly PortBinding[]] => [port, []]), ...Object.entries(Ports ?? {})]);
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the host has no IPv6 for. */
const noSuchFamily = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'ENETUNREACH'];
/** How often the host's choice of a port is tried that the other family must have free, too. */
const CHOICES = 10;

/** The ports that may be taken, in order; 0 is the host's choice. */
function candidates(HostPort: string): number[] {
  if (HostPort === '' || HostPort === '0') return Array.from({ length: CHOICES }, () => 0);
  const [first = 0, last = first] = HostPort.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

type Publish = Machine['publish'];
interface Place { readonly containerPort: number; readonly protocol: 'tcp' | 'udp' }

/** Listens at one port on all of the addresses; IPv6 may be missing where no address was said. Rejects with the host's error and where it came from; then none is open. */
async function listen(publish: Publish, place: Place, said: string, port: number): Promise<PortBinding[]> {
  const open: PublishedListener[] = [];
  const bindings: PortBinding[] = [];
  let chosen = port;
  for (const address of said === '' ? ['0.0.0.0', '::'] : [said]) {
    try {
      const listener = await publish({ ...place, host: { address, port: chosen } });
      chosen = listener.local.port;
      open.push(listener);
      bindings.push({ HostIp: address, HostPort: String(chosen) });
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (said === '' && address === '::' && noSuchFamily.includes(code)) continue;
      for (const listener of open) listener.close();
      throw Object.assign(error as Error, { where: `listen ${place.protocol}${address.includes(':') ? 6 : 4} ${address.includes(':') ? `[${address}]` : address}:${chosen}`, port: chosen });
    }
  }
  return bindings;
}

interface ListenError { readonly code?: string; readonly message: string; readonly where: string; readonly port: number }

/** Listens at the first port that is free. */
async function listenAtFirst(publish: Publish, place: Place, { HostIp, HostPort }: PortBinding): Promise<PortBinding[]> {
  const ports = candidates(HostPort);
  for (const [i, port] of ports.entries()) {
    try { return await listen(publish, place, HostIp, port); } catch (error) {
      if ((error as ListenError).code !== 'EADDRINUSE' || i === ports.length - 1) throw error;
    }
  }
  return [];
}

const byNumber = ([a]: [string, unknown], [b]: [string, unknown]): number => parseInt(a, 10) - parseInt(b, 10);

/** Begins to listen for a container; returns where, in Docker's form. Throws EngineError 'PORT_TAKEN', 'NO_PORT' in Docker's words. */
export async function publishPorts({ publish }: Pick<Machine, 'publish'>, { Name, Id, State, ...record }: ContainerRecord): Promise<PortBindings> {
  const actual: Record<string, PortBinding[]> = {};
  const endpoint = Object.values(State.Networks ?? {})[0]?.EndpointID ?? Id;
  for (const [port, bindings] of Object.entries(wantedPorts(record)).sort(byNumber)) {
    const [number, protocol] = port.split('/');
    if (protocol !== 'tcp' && protocol !== 'udp') throw new EngineError('NO_PORT', `port ${port} cannot be published: only tcp and udp can`);
    for (const binding of bindings) {
      try { (actual[port] ??= []).push(...await listenAtFirst(publish, { containerPort: Number(number), protocol }, binding)); } catch (error) {
        throw new EngineError('PORT_TAKEN', `driver failed programming external connectivity on endpoint ${Name} (${endpoint}): Error starting userland proxy: ${(error as ListenError).where}: bind: ${reason(error as ListenError)}`);
      }
    }
  }
  return actual;
}

function reason({ code = '', message, port }: ListenError): string {
  const errno = errnoByName(code);
  const words = errno ? errnoMessage(errno.code).toLowerCase() : message;
  return code === 'EACCES' && port < 1024 ? `${words}: a port below 1024 is for the system: publish another one, or as root set net.ipv4.ip_unprivileged_port_start=${port} (sysctl)` : words;
}
