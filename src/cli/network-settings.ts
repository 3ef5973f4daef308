// NetworkSettings of inspect: where a container is reached, on which networks it is or will be.
import { type ContainerRecord, dnsNamesOf, type EndpointRequest, type EndpointState, portsOf, requestsOf } from '../engine/index.ts';
import { nilMap, nilSlice, omitEmpty, type Struct } from './template/index.ts';

const portsDocument = (record: ContainerRecord): ReadonlyMap<string, unknown> => new Map(Object.entries(portsOf(record)).map(([port, hosts]) => [port, hosts.length > 0 ? hosts : nilSlice]));

function addressesAsked({ IPv4Address = '', IPv6Address = '' }: EndpointRequest): Struct | null {
  return IPv4Address || IPv6Address ? { IPv4Address, IPv6Address, [omitEmpty]: ['IPv4Address', 'IPv6Address'] } : null;
}

const listOf = (words: readonly string[] | undefined): unknown => (words && words.length > 0 ? words : nilSlice);

function endpointDocument(record: ContainerRecord, name: string, request: EndpointRequest, state: EndpointState | undefined): Struct {
  return {
    IPAMConfig: addressesAsked(request), Links: listOf(request.Links), Aliases: listOf(request.Aliases), MacAddress: state?.MacAddress ?? request.MacAddress ?? '', DriverOpts: nilMap, GwPriority: 0,
    NetworkID: state?.NetworkID ?? '', EndpointID: state?.EndpointID ?? '', Gateway: state?.Gateway ?? '', IPAddress: state?.IPAddress ?? '', IPPrefixLen: state?.IPPrefixLen ?? 0,
    IPv6Gateway: state?.IPv6Gateway ?? '', GlobalIPv6Address: state?.GlobalIPv6Address ?? '', GlobalIPv6PrefixLen: state?.GlobalIPv6PrefixLen ?? 0, DNSNames: listOf(dnsNamesOf(record, name, request)),
  };
}

export function networkSettings(record: ContainerRecord): Struct {
  const states = record.State.Networks ?? {};
  const bridge = states['bridge'];
  return {
    Bridge: '', SandboxID: '', SandboxKey: '', Ports: portsDocument(record), HairpinMode: false, LinkLocalIPv6Address: '', LinkLocalIPv6PrefixLen: 0, SecondaryIPAddresses: nilSlice, SecondaryIPv6Addresses: nilSlice,
    EndpointID: bridge?.EndpointID ?? '', Gateway: bridge?.Gateway ?? '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, IPAddress: bridge?.IPAddress ?? '', IPPrefixLen: bridge?.IPPrefixLen ?? 0, IPv6Gateway: '',
    MacAddress: bridge?.MacAddress ?? '', Networks: new Map(Object.entries(requestsOf(record)).map(([name, request]) => [name, endpointDocument(record, name, request, states[name])])),
  };
}

/** The NETWORKS column of `ps`. */
export const networksText = (record: ContainerRecord): string => Object.keys(requestsOf(record)).sort().join(',');
