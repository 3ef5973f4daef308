// The networks that are kept: Docker's three, and those that users make; a folder each in the store, found by name or id, changed under the store's lock.
import { rfc3339 } from '../base/index.ts';
import type { Folder, Host } from '../host/ports.ts';
import { addressBytes, addressText } from '../linux/index.ts';
import { EngineError } from './errors.ts';
import { networkPath, type NetworkRecord, packJson, parseNetwork, type SubnetConfig } from './network-record.ts';
import { cidrText, contains, freeAddress, nth, overlap, parseCidr, poolsOf, type Subnet } from './subnets.ts';

export interface NewNetwork {
  readonly name: string;
  /** bridge when absent. */
  readonly driver?: string;
  readonly subnets?: readonly SubnetConfig[];
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly ipv6?: boolean;
  readonly options?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const bridgeOptions = {
  'com.docker.network.bridge.default_bridge': 'true', 'com.docker.network.bridge.enable_icc': 'true', 'com.docker.network.bridge.enable_ip_masquerade': 'true', 'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
  'com.docker.network.bridge.name': 'docker0', 'com.docker.network.driver.mtu': '1500',
};

type Predefined = Pick<NetworkRecord, 'Driver' | 'Subnets' | 'Options'>;
/** The networks that are always there. */
const predefined: Readonly<Record<string, Predefined>> = {
  bridge: { Driver: 'bridge', Subnets: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }], Options: bridgeOptions },
  host: { Driver: 'host', Subnets: [], Options: {} },
  none: { Driver: 'null', Subnets: [], Options: {} },
};
export const isPredefined = (name: string): boolean => Object.hasOwn(predefined, name);

/** Where a network's files lie: Docker's own under their names. */
export const folderOf = ({ Id, Name }: Pick<NetworkRecord, 'Id' | 'Name'>): string => (isPredefined(Name) ? Name : Id);

/** Why a driver that is not bridge cannot be had. */
const driverError = (driver: string): EngineError => (driver === 'host' || driver === 'null'
  ? new EngineError('BAD_DRIVER', `only one instance of "${driver}" network is allowed`) : new EngineError('BAD_DRIVER', `plugin ${JSON.stringify(driver)} not found`));

const subnetsOf = ({ Subnets }: NetworkRecord): Subnet[] => Subnets.flatMap(({ Subnet }) => parseCidr(Subnet) ?? []);

export class Networks {
  readonly #folder: Folder;
  readonly #host: Pick<Host, 'clock' | 'random' | 'log'>;

  constructor(folder: Folder, host: Pick<Host, 'clock' | 'random' | 'log'>) {
    this.#folder = folder;
    this.#host = host;
  }

  /** All of them, by name. */
  list(): NetworkRecord[] {
    const own = this.#folder.list('networks').filter((id) => !isPredefined(id)).flatMap((id) => this.#read(id) ?? []);
    return [...Object.keys(predefined).map((name) => this.predefined(name)), ...own].sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** A damaged record is told and left out. */
  #read(folder: string): NetworkRecord | undefined {
    const bytes = this.#folder.read(networkPath(folder));
    if (!bytes) return undefined;
    try { return parseNetwork(folder, bytes); } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#host.log(`wherry: ${error.message}`);
      return undefined;
    }
  }

  /** One of Docker's own; it gets its id when it is first asked for. */
  predefined(name: string): NetworkRecord {
    return this.#read(name) ?? this.#folder.exclusive(() => {
      const known = this.#read(name);
      if (known) return known;
      const record: NetworkRecord = { Id: this.newId(), Name: name, Created: this.#now(), EnableIPv6: false, Internal: false, Attachable: false, Labels: {}, ...predefined[name]! };
      this.#folder.write(networkPath(name), packJson(record), false);
      return record;
    });
  }

  newId(): string {
    const bytes = new Uint8Array(32);
    this.#host.random.fill(bytes);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  #now(): string { return rfc3339(this.#host.clock.realtimeNs()); }

  /** The network of this name, id or start of an id. Throws EngineError 'NO_NETWORK', 'AMBIGUOUS_ID'. */
  find(text: string): NetworkRecord {
    if (isPredefined(text)) return this.predefined(text);
    const all = this.list();
    const named = all.find(({ Id, Name }) => Id === text || Name === text);
    const starting = named || text === '' ? [] : all.filter(({ Id }) => Id.startsWith(text));
    if (starting.length > 1) throw new EngineError('AMBIGUOUS_ID', `network ${text} is ambiguous (${starting.length} matches found on ID prefix)`);
    const found = named ?? starting[0];
    if (!found) throw new EngineError('NO_NETWORK', `network ${text} not found`);
    return found;
  }

  /** Keeps a new network. Throws EngineError 'PREDEFINED', 'NETWORK_EXISTS', 'BAD_DRIVER', 'BAD_SUBNET'. */
  create(request: NewNetwork): NetworkRecord {
    const { name, driver = 'bridge' } = request;
    if (isPredefined(name)) throw new EngineError('PREDEFINED', `operation is not permitted on predefined ${name} network`);
    if (name.trim() === '') throw new EngineError('BAD_NAME', `invalid name: name is empty`);
    if (driver !== 'bridge') throw driverError(driver);
    return this.#folder.exclusive(() => {
      const others = this.list();
      if (others.some(({ Name }) => Name === name)) throw new EngineError('NETWORK_EXISTS', `network with name ${name} already exists`);
      const record: NetworkRecord = {
        Id: this.newId(), Name: name, Created: this.#now(), Driver: 'bridge', EnableIPv6: request.ipv6 ?? false, Subnets: subnetConfigs(request, others.flatMap(subnetsOf), () => this.newId()),
        ...(request.subnets?.length ? { Configured: true } : {}), Internal: request.internal ?? false,
        Attachable: request.attachable ?? false, Options: request.options ?? {}, Labels: request.labels ?? {},
      };
      this.#folder.write(networkPath(record.Id), packJson(record));
      return record;
    });
  }

  /** Removes it unless it is busy; whether it did. */
  removeUnused(network: NetworkRecord, busy: () => boolean): boolean {
    try { this.remove(network, busy); } catch (error) {
      if (error instanceof EngineError && error.code === 'NETWORK_IN_USE') return false;
      throw error;
    }
    return true;
  }

  /** `busy`: whether containers are on it. Throws EngineError 'PREDEFINED', 'NETWORK_IN_USE'. */
  remove({ Id, Name }: NetworkRecord, busy: () => boolean): void {
    if (isPredefined(Name)) throw new EngineError('PREDEFINED', `${Name} is a pre-defined network and cannot be removed`);
    this.#folder.exclusive(() => {
      if (busy()) throw new EngineError('NETWORK_IN_USE', `error while removing network: network ${Name} id ${Id} has active endpoints`);
      this.#folder.remove(networkPath(Id));
      this.#folder.remove(`networks/${Id}`);
    });
  }
}

const badSubnet = (message: string): EngineError => new EngineError('BAD_SUBNET', message);
const poolsOverlap = (): EngineError => badSubnet('Pool overlaps with other one on this address space');

/** What was asked for, or one of Docker's pools, with a gateway each. Throws EngineError 'BAD_SUBNET'. */
function subnetConfigs({ subnets = [], ipv6 = false }: NewNetwork, others: readonly Subnet[], random: () => string): SubnetConfig[] {
  const asked = subnets.map((config) => checked(config, others));
  if (!asked.some(({ Subnet }) => !Subnet.includes(':'))) {
    const free = [...poolsOf()].find((pool) => !others.some((other) => overlap(pool, other)));
    if (!free) throw badSubnet('could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network');
    asked.unshift({ Subnet: cidrText(free), Gateway: addressText(nth(free, 1n)) });
  }
  if (ipv6 && !asked.some(({ Subnet }) => Subnet.includes(':'))) asked.push(localSubnet(random()));
  return asked;
}

/** A subnet of addresses that are unique, though nobody gives them out. RFC 4193. */
function localSubnet(random: string): SubnetConfig {
  const prefix = `fd${random.slice(0, 2)}:${random.slice(2, 6)}:${random.slice(6, 10)}`;
  return checked({ Subnet: `${prefix}::/64` }, []);
}

function checked({ Subnet, IPRange, Gateway, Reserved }: SubnetConfig, others: readonly Subnet[]): SubnetConfig {
  const subnet = parseCidr(Subnet);
  if (!subnet) throw badSubnet(`Invalid subnet ${Subnet} : invalid CIDR address: ${Subnet}`);
  if (others.some((other) => overlap(subnet, other))) throw poolsOverlap();
  const range = IPRange === undefined ? subnet : parseCidr(IPRange);
  if (!range || !contains(subnet, range.address)) throw badSubnet(`Invalid ip-range ${IPRange}`);
  const gateway = Gateway ?? addressText(freeAddress(subnet, range, () => false) ?? nth(subnet, 0n));
  if (!contains(subnet, addressBytes(gateway) ?? '')) throw badSubnet(`Invalid gateway ${gateway}`);
  return { Subnet, ...(IPRange === undefined ? {} : { IPRange }), Gateway: gateway, ...(Gateway === undefined ? { GatewayIsOurs: true as const } : {}), ...(Reserved ? { Reserved } : {}) };
}
