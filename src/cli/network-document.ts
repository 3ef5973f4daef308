// What network inspect tells of a network: Docker's document.
import { type ContainerRecord, isPredefined, type NetworkRecord } from '../engine/index.ts';
import type { Engine } from './setup.ts';
import { nilMap, omitEmpty, type Struct } from './template/index.ts';

const mapOf = (entries: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> => new Map(Object.entries(entries));

/** The containers that run on it. */
const containersOn = ({ Id, Name }: NetworkRecord, all: readonly ContainerRecord[]): ContainerRecord[] => all.filter(({ State }) => State.Networks?.[Name]?.NetworkID === Id);

function endpointDocument(record: ContainerRecord, network: string): Struct {
  const { EndpointID, MacAddress, IPAddress, IPPrefixLen, GlobalIPv6Address, GlobalIPv6PrefixLen } = record.State.Networks![network]!;
  const withPrefix = (address: string, prefix: number): string => (address === '' ? '' : `${address}/${prefix}`);
  return { Name: record.Name, EndpointID, MacAddress, IPv4Address: withPrefix(IPAddress, IPPrefixLen), IPv6Address: withPrefix(GlobalIPv6Address, GlobalIPv6PrefixLen) };
}

export function networkDocument(network: NetworkRecord, { containers }: Engine): Struct {
  const { Id, Name, Created, Driver, EnableIPv6, Subnets, Internal, Attachable, Options, Labels } = network;
  const config = Subnets.map(({ Subnet, IPRange = '', Gateway = '', GatewayIsOurs, Reserved = {} }): Struct => ({ Subnet, IPRange, Gateway: GatewayIsOurs ? '' : Gateway, AuxiliaryAddresses: mapOf(Reserved), [omitEmpty]: ['IPRange', 'Gateway', 'AuxiliaryAddresses'] }));
  return {
    Name, Id, Created, Scope: 'local', Driver, EnableIPv4: true, EnableIPv6, IPAM: { Driver: 'default', Options: isPredefined(Name) ? nilMap : new Map(), Config: config }, Internal, Attachable, Ingress: false,
    ConfigFrom: { Network: '' }, ConfigOnly: false, Containers: new Map(containersOn(network, containers.list()).map((record) => [record.Id, endpointDocument(record, Name)])), Options: mapOf(Options), Labels: mapOf(Labels),
  };
}
