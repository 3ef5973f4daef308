// The network interfaces of a container: the loopback, and for each network the one end of a pair that Docker calls eth0, eth1 … netdevice(7), rtnetlink(7).
import type { Attachment } from '../files/container-network.ts';
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

const hostBits = (prefix: number, byte: number): number => 2 ** (8 - Math.max(0, Math.min(8, prefix - 8 * byte))) - 1;
const broadcastOf = ({ address, prefix }: Attachment): string => Array.from(address, (c, i) => String.fromCharCode(c.charCodeAt(0) | hostBits(prefix, i))).join('');

/** The second interface is eth0; others are counted. */
const indexOf = ({ interface: name }: Attachment, i: number): number => Number(/^eth(\d+)$/.exec(name)?.[1] ?? i) + 2;

function ethernet(attachment: Attachment, i: number): NetInterface {
  const { address, prefix, six, hardware } = attachment;
  return {
    index: indexOf(attachment, i), name: attachment.interface, type: ARPHRD_ETHER, flags: IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | IFF_LOWER_UP, mtu: 1500, txQueue: 0, hardware, hardwareBroadcast: '\xff'.repeat(6), state: 6,
    addresses: [{ address, prefix, broadcast: broadcastOf(attachment), scope: 0 }, ...(six ? [{ address: six.address, prefix: six.prefix, scope: 0 }] : [])],
  };
}

const attachmentsOf = (kernel: Kernel): readonly Attachment[] => kernel.files.inetPorts.network?.attachments ?? [];

export const interfacesOf = (kernel: Kernel): readonly NetInterface[] => [loopback, ...attachmentsOf(kernel).map(ethernet)];

export interface Route { readonly destination: string; readonly prefix: number; readonly gateway?: string; readonly source?: string; readonly interface: NetInterface; readonly scope: number }

/** The main table: everything through the first gateway that leads out, and the networks the container lies on. */
export function routesOf(kernel: Kernel): readonly Route[] {
  const links = attachmentsOf(kernel).map((attachment, i) => ({ attachment, link: ethernet(attachment, i) }));
  const out = links.find(({ attachment }) => !attachment.internal && attachment.gateway !== undefined);
  const own = links.map(({ attachment: { address, prefix }, link }): Route => {
    const destination = Array.from(address, (c, i) => String.fromCharCode(c.charCodeAt(0) & ~hostBits(prefix, i))).join('');
    return { destination, prefix, source: address, interface: link, scope: 253 };
  });
  return [...(out ? [{ destination: zeros(4), prefix: 0, gateway: out.attachment.gateway!, interface: out.link, scope: 0 }] : []), ...own];
}
