// What is kept of a network: one JSON document, and one for each container that is on it while it runs.
import type { ProcessId } from '../host/ports.ts';
import { EngineError } from './errors.ts';

export interface SubnetConfig { readonly Subnet: string; readonly IPRange?: string; readonly Gateway?: string; /** The gateway is our choice. */ readonly GatewayIsOurs?: true; /** Addresses that no container gets, by name. */ readonly Reserved?: Readonly<Record<string, string>> }

export interface NetworkRecord {
  /** 64 hexadecimal digits. */
  readonly Id: string;
  readonly Name: string;
  /** RFC 3339, nanoseconds, UTC. */
  readonly Created: string;
  readonly Driver: 'bridge' | 'host' | 'null';
  readonly EnableIPv6: boolean;
  readonly Subnets: readonly SubnetConfig[];
  /** A user said what its subnets are. */
  readonly Configured?: boolean;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** What a container asks of a network, as in Docker's EndpointSettings. */
export interface EndpointRequest {
  readonly Aliases?: readonly string[];
  readonly IPv4Address?: string;
  readonly IPv6Address?: string;
  readonly MacAddress?: string;
  /** CONTAINER:ALIAS. */
  readonly Links?: readonly string[];
}

/** What a container has on a network while it runs, in the words of Docker's inspect. */
export interface EndpointState {
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly MacAddress: string;
  readonly Internal?: boolean;
  /** eth0, eth1 … */
  readonly Interface?: string;
}

/** A container that runs, as a network knows it. */
export interface EndpointRecord {
  readonly Container: string;
  readonly Name: string;
  /** What it is called on the network, in lower case. */
  readonly Names: readonly string[];
  readonly Supervisor: ProcessId;
  readonly State: EndpointState;
}

export const networkPath = (id: string): string => `networks/${id}/network.json`;
/** `folder`: a network's id; of the default bridge its name. */
export const endpointsPath = (folder: string): string => `networks/${folder}/endpoints`;
/** One file for each container that shares the network of another, under that one's id. */
export const sharedPath = (owner: string): string => `networks/shared/${owner}`;
/** The socket at which other containers reach one. */
export const neighbourPath = (container: string): string => `containers/${container}/net`;

export const packJson = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Throws EngineError 'DAMAGED_NETWORK' for a document that is none. */
export function parseNetwork(id: string, bytes: Uint8Array): NetworkRecord {
  try {
    const record = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as NetworkRecord;
    if (typeof record.Id === 'string' && typeof record.Name === 'string' && Array.isArray(record.Subnets)) return record;
  } catch { /* the error below names the file */ }
  throw new EngineError('DAMAGED_NETWORK', `${networkPath(id)} is damaged: it is no network's configuration`);
}

/** undefined: it is damaged, or was written by a process that was killed meanwhile. */
export function parseEndpoint(bytes: Uint8Array): EndpointRecord | undefined {
  try {
    const record = JSON.parse(new TextDecoder().decode(bytes)) as EndpointRecord;
    return typeof record.Container === 'string' && Array.isArray(record.Names) ? record : undefined;
  } catch { return undefined; }
}
