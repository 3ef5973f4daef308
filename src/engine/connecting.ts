// A container put on a network, and taken off it, whether it runs or not.
import type { ContainerRecord } from './container-record.ts';
import { hasPrograms } from './container-state.ts';
import { demandAddress } from './demand-networks.ts';
import { type Endpoints, requestsOf } from './endpoints.ts';
import { EngineError } from './errors.ts';
import type { EndpointRequest, NetworkRecord } from './network-record.ts';
import { isPredefined } from './networks.ts';

const refused = (message: string): EngineError => new EngineError('CANNOT_CONNECT', message);

const without = <T>(entries: Readonly<Record<string, T>>, name: string): Record<string, T> => Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));

/** Whose network is another's cannot change it. */
function demandOwnNetworks({ HostConfig: { NetworkMode: mode = 'default' } }: ContainerRecord, network: NetworkRecord): void {
  if (mode === 'host' || network.Driver === 'host') throw refused('container cannot be disconnected from host network or connected to host network');
  if (mode.startsWith('container:')) throw refused('container sharing network namespace with another container or host cannot be connected to any other network');
}

/** The record of a container that is on one more network. The store is locked. Throws EngineError 'CANNOT_CONNECT', 'BAD_ADDRESS', 'NO_ADDRESS'. */
export function connected(record: ContainerRecord, network: NetworkRecord, request: EndpointRequest, endpoints: Endpoints): ContainerRecord {
  demandOwnNetworks(record, network);
  const before = requestsOf(record);
  if ('none' in before || (network.Driver === 'null' && Object.keys(before).length > 0)) throw refused('container cannot be connected to multiple networks with one of the networks in private (none) mode');
  if (request.Aliases && isPredefined(network.Name)) throw refused('network-scoped alias is supported only for containers in user defined networks');
  demandAddress(network, request);
  const asked = { ...before, [network.Name]: request };
  const { State } = record;
  if (!State.Supervisor || !hasPrograms(record)) return { ...record, Networks: asked };
  const states = State.Networks ?? {};
  if (states[network.Name]) throw refused(`endpoint with name ${record.Name} already exists in network ${network.Name}`);
  return { ...record, Networks: asked, State: { ...State, Networks: { ...states, [network.Name]: endpoints.join(record, network.Name, request, states, State.Supervisor) } } };
}

/** The record of a container that is on one network less. Throws EngineError 'CANNOT_CONNECT'. */
export function disconnected(record: ContainerRecord, network: NetworkRecord, endpoints: Endpoints): ContainerRecord {
  demandOwnNetworks(record, network);
  const before = requestsOf(record);
  if (!(network.Name in before)) throw refused(`container ${record.Id} is not connected to ${record.State.Supervisor ? '' : 'the '}network ${network.Name}`);
  const { State } = record;
  const states = State.Networks ?? {};
  const state = states[network.Name];
  if (state) endpoints.leave(network.Name, state);
  return { ...record, Networks: without(before, network.Name), ...(State.Networks ? { State: { ...State, Networks: without(states, network.Name) } } : {}) };
}
