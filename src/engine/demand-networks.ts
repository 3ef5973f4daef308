// Which networks a container may ask for, in Docker's words.
import type { ContainerRecord } from './container-record.ts';
import type { NewContainer } from './containers.ts';
import { EngineError } from './errors.ts';
import type { HostConfig } from './host-config.ts';
import type { EndpointRequest, NetworkRecord } from './network-record.ts';
import { isPredefined, type Networks } from './networks.ts';

const conflict = (what: string): EngineError => new EngineError('CONFLICT', `conflicting options: ${what}`);

/** Whose network is another container's has nothing of its own there. Throws EngineError 'CONFLICT'. */
export function demandOneNetwork({ NetworkMode: mode = '', Links, Dns, ExtraHosts, PortBindings, PublishAllPorts }: Partial<HostConfig>, { hostname, config = {} }: Pick<NewContainer, 'hostname' | 'config'>): void {
  if (!mode.startsWith('container:')) return;
  const some = (list: readonly string[] | null | undefined): boolean => (list?.length ?? 0) > 0;
  if (hostname) throw conflict('hostname and the network mode');
  if (some(Links)) throw conflict('container type network can\'t be used with links. This would result in undefined behavior');
  if (some(Dns)) throw conflict('dns and the network mode');
  if (some(ExtraHosts)) throw conflict('custom host-to-IP mapping and the network mode');
  if (config.MacAddress) throw conflict('mac-address and the network mode');
  if (PublishAllPorts || Object.keys(PortBindings ?? {}).length > 0) throw conflict('port publishing and the container type network mode');
  if (Object.keys(config.ExposedPorts ?? {}).length > 0) throw conflict('port exposing and the container type network mode');
}

/** Throws EngineError 'BAD_ADDRESS'. */
export function demandAddress(network: NetworkRecord, { IPv4Address, IPv6Address }: EndpointRequest): void {
  if (!IPv4Address && !IPv6Address) return;
  if (isPredefined(network.Name)) throw new EngineError('BAD_ADDRESS', 'user specified IP address is supported on user defined networks only');
  if (!network.Configured) throw new EngineError('BAD_ADDRESS', 'user specified IP address is supported only when connecting to networks with user configured subnets');
}

/** What is asked of networks, by their names. Throws EngineError 'NO_NETWORK', 'BAD_ADDRESS'. */
export function demandNetworks({ Networks: asked }: ContainerRecord, networks: Networks): Readonly<Record<string, EndpointRequest>> | undefined {
  return asked && Object.fromEntries(Object.entries(asked).map(([name, request]) => {
    const network = networks.find(name === 'default' ? 'bridge' : name);
    demandAddress(network, request);
    return [network.Name, request];
  }));
}
