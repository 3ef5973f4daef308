// Containers on networks: which addresses they have while they run, and how the machines of others find them. One small file for each container on a network, named after its address.
import { type Attachment, type Directory, addressBytes, addressText, type Names } from '../linux/index.ts';
import type { Folder, ProcessId, Processes } from '../host/ports.ts';
import type { ContainerRecord } from './container-record.ts';
import { EngineError } from './errors.ts';
import { type EndpointRecord, type EndpointRequest, endpointsPath, type EndpointState, neighbourPath, sharedPath, type NetworkRecord, packJson, parseEndpoint } from './network-record.ts';
import { folderOf, isPredefined, type Networks } from './networks.ts';
import { contains, freeAddress, hardwareOf, parseCidr, type Subnet } from './subnets.ts';

/** What a container is on while it runs, by the networks' names. */
export type ContainerNetworks = Readonly<Record<string, EndpointState>>;

const EMPTY = { IPAddress: '', IPPrefixLen: 0, Gateway: '', IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, MacAddress: '' };

/** The networks a container asks for, by name. */
export function requestsOf({ HostConfig, Networks }: Pick<ContainerRecord, 'HostConfig' | 'Networks'>): Readonly<Record<string, EndpointRequest>> {
  if (Networks) return Networks;
  const mode = HostConfig.NetworkMode ?? 'default';
  return mode.startsWith('container:') ? {} : { [mode === 'default' ? 'bridge' : mode]: {} };
}

/** What a container is called on a network: nothing on Docker's own. */
export function dnsNamesOf({ Name, Id }: Pick<ContainerRecord, 'Name' | 'Id'>, network: string, { Aliases = [] }: EndpointRequest): string[] {
  return isPredefined(network) ? [] : [...new Set([Name, ...Aliases, Id.slice(0, 12)])];
}

export class Endpoints {
  readonly #folder: Folder;
  readonly #processes: Processes;
  readonly #networks: Networks;

  constructor(folder: Folder, processes: Processes, networks: Networks) {
    this.#folder = folder;
    this.#processes = processes;
    this.#networks = networks;
  }

  /** Puts a container that this process runs on all networks it asks for. The store is locked. Throws EngineError 'NO_NETWORK', 'NO_ADDRESS', 'BAD_ADDRESS'; then it is on none. */
  joinAll(record: ContainerRecord): ContainerNetworks {
    const joined: Record<string, EndpointState> = {};
    try {
      for (const [name, request] of Object.entries(requestsOf(record))) joined[name] = this.join(record, name, request, joined);
    } catch (error) {
      this.leaveAll(joined);
      throw error;
    }
    return joined;
  }

  /** Puts it on one network, beside those that it is on. */
  join(record: ContainerRecord, name: string, request: EndpointRequest, others: ContainerNetworks, supervisor = this.#processes.self): EndpointState {
    const network = this.#networks.find(name);
    const identity = { NetworkID: network.Id, EndpointID: this.#networks.newId() };
    if (network.Driver !== 'bridge') return { ...identity, ...EMPTY };
    const state: EndpointState = { ...identity, ...this.#addresses(network, request), ...(network.Internal ? { Internal: true } : {}), Interface: freeInterface(others) };
    const Names = dnsNamesOf(record, network.Name, request).map((each) => each.toLowerCase());
    const endpoint: EndpointRecord = { Container: record.Id, Name: record.Name, Names, Supervisor: supervisor, State: state };
    this.#folder.write(`${endpointsPath(folderOf(network))}/${state.IPAddress}`, packJson(endpoint), false);
    return state;
  }

  /** Which addresses the containers that run have; what is left of others counts for nothing. */
  #taken(network: NetworkRecord): (address: string) => boolean {
    const folder = folderOf(network);
    const listed = new Set(this.#folder.list(endpointsPath(folder)));
    return (address) => listed.has(address) && this.#at(folder, address) !== undefined;
  }

  #addresses(network: NetworkRecord, request: EndpointRequest): typeof EMPTY {
    const four = network.Subnets.find(({ Subnet }) => !Subnet.includes(':'))!;
    const six = network.EnableIPv6 ? network.Subnets.find(({ Subnet }) => Subnet.includes(':')) : undefined;
    const IPAddress = freeIn(network, four, request.IPv4Address, this.#taken(network));
    const mac = request.MacAddress || hardwareOf(addressBytes(IPAddress)!);
    return {
      IPAddress, IPPrefixLen: parseCidr(four.Subnet)!.prefix, Gateway: four.Gateway ?? '', MacAddress: mac,
      ...(six ? { IPv6Gateway: six.Gateway ?? '', GlobalIPv6Address: this.#freeSix(network, six, request.IPv6Address), GlobalIPv6PrefixLen: parseCidr(six.Subnet)!.prefix } : { IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0 }),
    };
  }

  #freeSix(network: NetworkRecord, config: NetworkRecord['Subnets'][number], said: string | undefined): string {
    const taken = new Set(this.on(network).map(({ State }) => State.GlobalIPv6Address));
    return freeIn(network, config, said, (address) => taken.has(address));
  }

  /** A container does not run any more. */
  left({ Id, State: { Networks, NetworkOf } }: ContainerRecord): void {
    this.leaveAll(Networks);
    if (NetworkOf !== undefined) this.unshare(NetworkOf, Id);
  }

  /** Its addresses are free again. */
  leaveAll(networks: ContainerNetworks | undefined): void { for (const [name, state] of Object.entries(networks ?? {})) this.leave(name, state); }
  leave(name: string, { NetworkID, IPAddress, EndpointID }: EndpointState): void {
    if (IPAddress === '') return;
    const path = `${endpointsPath(folderOf({ Id: NetworkID, Name: name }))}/${IPAddress}`;
    const bytes = this.#folder.read(path);
    if (bytes && parseEndpoint(bytes)?.State.EndpointID === EndpointID) this.#folder.remove(path);
  }

  /** The containers that run on a network. */
  on(network: Pick<NetworkRecord, 'Id' | 'Name'>): EndpointRecord[] { return this.#in(folderOf(network)); }

  #in(folder: string): EndpointRecord[] { return this.#folder.list(endpointsPath(folder)).flatMap((address) => this.#at(folder, address) ?? []); }

  #at(folder: string, address: string): EndpointRecord | undefined {
    const bytes = this.#folder.read(`${endpointsPath(folder)}/${address}`);
    const endpoint = bytes && parseEndpoint(bytes);
    return endpoint && this.#processes.isAlive(endpoint.Supervisor) ? endpoint : undefined;
  }

  /** A container that this process runs shares the network of another. */
  share(owner: string, id: string): void { this.#folder.write(`${sharedPath(owner)}/${id}`, packJson(this.#processes.self), false); }
  unshare(owner: string, id: string): void { this.#folder.remove(`${sharedPath(owner)}/${id}`); }

  /** There is no such container any more. */
  forget(owner: string): void { this.#folder.remove(sharedPath(owner)); }

  /** Who shares a container's network and runs. */
  #sharers(owner: string): string[] {
    return this.#folder.list(sharedPath(owner)).filter((id) => {
      const bytes = this.#folder.read(`${sharedPath(owner)}/${id}`);
      return bytes !== undefined && this.#processes.isAlive(JSON.parse(new TextDecoder().decode(bytes)) as ProcessId);
    });
  }

  /** How the machine of a container finds the others; networks are named by their folders. `owner`: whose network it shares, or itself. */
  directory(owner: string, self: string): Directory {
    const all = (id: string): string[] => [id, ...this.#sharers(id)];
    return {
      socketsOf: (folder, address) => {
        const text = addressText(address);
        const found = address.length === 4 ? this.#at(folder, text) : this.#in(folder).find(({ State }) => State.GlobalIPv6Address === text);
        return found ? all(found.Container).map(neighbourPath) : [];
      },
      peers: () => all(owner).filter((id) => id !== self).map(neighbourPath),
    };
  }

  /** What the name server of a container on users' networks knows; undefined: it is on none. `current`: what the container is on. */
  names(record: ContainerRecord, current: () => ContainerNetworks, servers: readonly string[]): Names | undefined {
    if (Object.keys(current()).every(isPredefined)) return undefined;
    const mine = (): [string, EndpointRecord][] => Object.entries(current()).filter(([name]) => !isPredefined(name)).flatMap(([name, { NetworkID }]) => this.#in(NetworkID).map((endpoint): [string, EndpointRecord] => [name, endpoint]));
    const links = new Map(Object.values(requestsOf(record)).flatMap(({ Links = [] }) => Links.map((link): [string, string] => { const [target = '', alias = target] = link.split(':'); return [alias.toLowerCase(), target.toLowerCase()]; })));
    return {
      servers,
      addressesOf: (asked) => {
        const name = links.get(asked) ?? asked;
        const found = mine().filter(([network, { Names }]) => Names.some((known) => known === name || `${known}.${network.toLowerCase()}` === name));
        return found.length === 0 ? undefined : found.flatMap(([, { State }]) => [State.IPAddress, State.GlobalIPv6Address]).flatMap((text) => (text ? addressBytes(text) ?? [] : []));
      },
      nameOf: (address) => {
        const found = mine().find(([, { State }]) => State.IPAddress === addressText(address));
        return found && `${found[1].Name}.${found[0]}`;
      },
    };
  }
}

function freeInterface(others: ContainerNetworks): string {
  const taken = Object.values(others).map(({ Interface }) => Interface);
  for (let i = 0; ; i++) if (!taken.includes(`eth${i}`)) return `eth${i}`;
}

/** The address that was asked for, or the lowest free one. Throws EngineError 'BAD_ADDRESS', 'NO_ADDRESS'. */
function freeIn(network: NetworkRecord, { Subnet, IPRange, Gateway, Reserved = {} }: NetworkRecord['Subnets'][number], said: string | undefined, taken: (address: string) => boolean): string {
  const subnet = parseCidr(Subnet)!;
  const reserved = new Set(Object.values(Reserved));
  const isTaken = (address: string): boolean => { const text = addressText(address); return text === Gateway || reserved.has(text) || taken(text); };
  if (said) return demandFree(subnet, said, isTaken);
  const free = freeAddress(subnet, (IPRange && parseCidr(IPRange)) || subnet, isTaken);
  if (free === undefined) throw new EngineError('NO_ADDRESS', `no available IPv4 addresses on this network's address pools: ${network.Name} (${network.Id})`);
  return addressText(free);
}

function demandFree(subnet: Subnet, said: string, isTaken: (address: string) => boolean): string {
  const address = addressBytes(said);
  if (!address || !contains(subnet, address)) throw new EngineError('BAD_ADDRESS', `Invalid address ${said}: It does not belong to any of this network's subnets`);
  if (isTaken(address)) throw new EngineError('BAD_ADDRESS', 'Address already in use');
  return addressText(address);
}

/** 02:42:ac:11:00:02 as six bytes. */
export const hardwareBytes = (text: string): string => String.fromCharCode(...text.split(':').map((part) => parseInt(part, 16)));

/** What a machine is told of the networks that its container is on. */
export const attachmentsOf = (networks: ContainerNetworks): Attachment[] => Object.entries(networks).filter(([, { IPAddress }]) => IPAddress !== '').map(([name, state], i) => ({
  interface: state.Interface ?? `eth${i}`, network: folderOf({ Id: state.NetworkID, Name: name }), address: addressBytes(state.IPAddress)!, prefix: state.IPPrefixLen, ...(state.Gateway ? { gateway: addressBytes(state.Gateway)! } : {}),
  hardware: hardwareBytes(state.MacAddress), ...(state.Internal ? { internal: true } : {}),
  ...(state.GlobalIPv6Address ? { six: { address: addressBytes(state.GlobalIPv6Address)!, prefix: state.GlobalIPv6PrefixLen } } : {}),
}));
