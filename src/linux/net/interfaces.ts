// The network interfaces of a container: the loopback, and on a network the one end of a pair that Docker calls eth0. netdevice(7), rtnetlink(7).
import { CONTAINER_ADDRESS, GATEWAY_ADDRESS } from '../files/host-network.ts';
import type { Kernel } from '../kernel.ts';

export interface InterfaceAddress {
  /** 4 or 16 latin1 bytes. */
  readonly address: string;
  readonly prefix: number;
  readonly broadcast?: string;
  /** RT_SCOPE_*: 0 the world, 253 the link, 254 this machine. */
  readonly scope: number;
}

export interface NetInterface {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_*. */
  readonly type: number;
  /** IFF_*. */
  readonly flags: number;
  readonly mtu: number;
  readonly txQueue: number;
  /** Six bytes. */
  readonly hardware: string;
  readonly hardwareBroadcast: string;
  /** IF_OPER_*: 0 unknown, 6 up. */
  readonly state: number;
  readonly addresses: readonly InterfaceAddress[];
}

const IFF_UP = 1, IFF_BROADCAST = 2, IFF_LOOPBACK = 8, IFF_RUNNING = 0x40, IFF_MULTICAST = 0x1000, IFF_LOWER_UP = 0x10000;
const ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772;
const HOST_SCOPE = 254;
const zeros = (count: number): string => '\0'.repeat(count);

const loopback: NetInterface = {
  index: 1, name: 'lo', type: ARPHRD_LOOPBACK, flags: IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP, mtu: 65536, txQueue: 1000, hardware: zeros(6), hardwareBroadcast: zeros(6), state: 0,
  addresses: [{ address: '\x7f\0\0\x01', prefix: 8, scope: HOST_SCOPE }, { address: `${zeros(15)}\x01`, prefix: 128, scope: HOST_SCOPE }],
};

const ethernet: NetInterface = {
  index: 2, name: 'eth0', type: ARPHRD_ETHER, flags: IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | IFF_LOWER_UP, mtu: 1500, txQueue: 0, hardware: '\x02\x42\xac\x11\0\x02', hardwareBroadcast: '\xff'.repeat(6), state: 6,
  addresses: [{ address: CONTAINER_ADDRESS, prefix: 16, broadcast: '\xac\x11\xff\xff', scope: 0 }],
};

export const interfacesOf = (kernel: Kernel): readonly NetInterface[] => (kernel.files.inetPorts.outside ? [loopback, ethernet] : [loopback]);

export interface Route { readonly destination: string; readonly prefix: number; readonly gateway?: string; readonly source?: string; readonly interface: NetInterface; readonly scope: number }

/** The main table: everything through the gateway, and the network the container lies on. */
export const routesOf = (kernel: Kernel): readonly Route[] => (kernel.files.inetPorts.outside ? [
  { destination: zeros(4), prefix: 0, gateway: GATEWAY_ADDRESS, interface: ethernet, scope: 0 },
  { destination: '\xac\x11\0\0', prefix: 16, source: CONTAINER_ADDRESS, interface: ethernet, scope: 253 },
] : []);
