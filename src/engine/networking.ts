// What the machine of a container is told of networks: its attachments, how others are found, and the files in which programs look for names.
import type { Net } from '../host/ports.ts';
import { addressBytes, addressText, type Attachment, firstOnBridge, isLoopbackText } from '../linux/index.ts';
import type { NetworkConfig } from '../machine/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { attachmentsOf, hardwareBytes, type ContainerNetworks, type Endpoints } from './endpoints.ts';
import { isPredefined } from './networks.ts';

/** resolv.conf(5) and the lines of hosts(5) that are the container's own. */
export interface NameFiles {
  /** Addresses that have the container's name. */
  readonly addresses: readonly string[];
  /** "NAME:ADDRESS"; host-gateway is the host. */
  readonly extraHosts: readonly string[];
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** How hosts(5) begins, where not as in every container. */
  readonly hosts?: string;
  /** The host's address. */
  readonly gateway: string;
}

const RESOLVER_TEXT = '127.0.0.11';
const DEFAULT_GATEWAY = addressText(firstOnBridge.gateway!);

/** The host's name servers; one that listens on the host's loopback is asked through the gateway. */
const hostServers = (net: Net | undefined, gateway: string): string[] => [...new Set((net?.nameServers ?? []).map((server) => (isLoopbackText(server) ? gateway : server)))];

const isUsers = (networks: ContainerNetworks): boolean => Object.keys(networks).some((name) => !isPredefined(name));

export function nameFilesOf({ HostConfig: { NetworkMode: mode, Dns = [], DnsSearch = [], DnsOptions = [], ExtraHosts } }: Pick<ContainerRecord, 'HostConfig'>, networks: ContainerNetworks, net: Net | undefined): NameFiles {
  const states = Object.values(networks).filter(({ IPAddress }) => IPAddress !== '');
  const gateway = mode === 'host' ? '127.0.0.1' : states.find(({ Gateway, Internal }) => Gateway !== '' && !Internal)?.Gateway ?? states[0]?.Gateway ?? DEFAULT_GATEWAY;
  const users = isUsers(networks);
  const hasNdots = DnsOptions.some((option) => option.startsWith('ndots:'));
  return {
    addresses: net ? states.map(({ IPAddress }) => IPAddress) : [], extraHosts: ExtraHosts ?? [], gateway, search: DnsSearch.filter((word) => word !== '.'),
    ...(mode === 'host' && net?.hosts !== undefined ? { hosts: net.hosts } : {}),
    servers: users ? [RESOLVER_TEXT] : Dns.length > 0 ? Dns : mode === 'host' ? net?.nameServers ?? [] : hostServers(net, gateway), options: users && !hasNdots ? [...DnsOptions, 'ndots:0'] : DnsOptions,
  };
}

/** The host's own interfaces. */
const hostAttachments = (net: Net): Attachment[] => (net.interfaces ?? []).map(({ name, address, prefix, six, hardware }) => ({
  interface: name, network: 'host', address: addressBytes(address)!, prefix, hardware: hardwareBytes(hardware), ...(six ? { six: { address: addressBytes(six.address)!, prefix: six.prefix } } : {}),
}));

/** For a container that has begun. `owner`: whose network it shares, or itself. */
export function networkConfigOf(owner: ContainerRecord, self: string, endpoints: Endpoints, net: Net): NetworkConfig {
  const networks = owner.State.Networks ?? {};
  if (owner.HostConfig.NetworkMode === 'host') return { attachments: hostAttachments(net), isHosts: true };
  const dns = owner.HostConfig.Dns ?? [];
  const names = endpoints.names(owner, () => networks, dns.length > 0 ? dns : net.nameServers);
  return { attachments: attachmentsOf(networks), directory: endpoints.directory(owner.Id, self), ...(names ? { names } : {}) };
}
