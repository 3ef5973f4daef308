// What programs ask the network about: interfaces, addresses and routes. rtnetlink(7).
import { AF_INET, AF_INET6, EINVAL, ENETUNREACH, ENODEV, EOPNOTSUPP } from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import { inSubnet } from '../files/container-network.ts';
import { LOOPBACK_INDEX } from '../files/packet-info.ts';
import type { Kernel } from '../kernel.ts';
import { interfacesOf, type InterfaceAddress, type NetInterface, type Route, routesOf } from './interfaces.ts';
import { aligned, attribute, joined, type Question, type Questions, text, u32 } from './netlink-wire.ts';

const RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_GETADDR = 22, RTM_NEWROUTE = 24, RTM_GETROUTE = 26, RTM_GETNEIGH = 30, RTM_GETRULE = 34;
const IFLA = { ADDRESS: 1, BROADCAST: 2, IFNAME: 3, MTU: 4, QDISC: 6, TXQLEN: 13, OPERSTATE: 16, LINKMODE: 17, GROUP: 27, NUM_TX_QUEUES: 31, ALT_IFNAME: 53 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, CACHEINFO: 6, FLAGS: 8 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PREFSRC: 7, CACHEINFO: 12, TABLE: 15, UID: 25 } as const;
const PERMANENT = 0x80, FOREVER = 0xffff_ffff;
const RT_TABLE_MAIN = 254, RTPROT_BOOT = 3, RTPROT_KERNEL = 2, RTN_UNICAST = 1;

/** struct ifinfomsg. */
const LINK_HEADER = 16;

/** The values of a request's attributes by type. */
function attributesIn(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    found.set(view.getUint16(at + 2, true), bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return found;
}

/** The link that a request names by index or name. Throws EINVAL, ENODEV. */
function oneLink(kernel: Kernel, payload: Uint8Array): Uint8Array {
  if (payload.length < LINK_HEADER) throw EINVAL;
  const index = new DataView(payload.buffer, payload.byteOffset).getInt32(4, true);
  const attributes = attributesIn(payload.subarray(LINK_HEADER));
  const named = attributes.get(IFLA.IFNAME) ?? attributes.get(IFLA.ALT_IFNAME);
  const name = named && latin1(named).split('\0')[0];
  const link = interfacesOf(kernel).find((candidate) => (index > 0 ? candidate.index === index : candidate.name === name));
  if (!link) throw ENODEV;
  return linkMessage(link);
}

/** struct ifinfomsg and its attributes. */
function linkMessage(link: NetInterface): Uint8Array {
  const head = new Uint8Array(LINK_HEADER);
  const view = new DataView(head.buffer);
  view.setUint16(2, link.type, true);
  view.setInt32(4, link.index, true);
  view.setUint32(8, link.flags, true);
  return joined([
    head, attribute(IFLA.IFNAME, text(link.name)), attribute(IFLA.TXQLEN, u32(link.txQueue)), attribute(IFLA.OPERSTATE, Uint8Array.of(link.state)), attribute(IFLA.LINKMODE, Uint8Array.of(0)), attribute(IFLA.MTU, u32(link.mtu)),
    attribute(IFLA.GROUP, u32(0)), attribute(IFLA.NUM_TX_QUEUES, u32(1)), attribute(IFLA.QDISC, text('noqueue')), attribute(IFLA.ADDRESS, latin1Bytes(link.hardware)), attribute(IFLA.BROADCAST, latin1Bytes(link.hardwareBroadcast)),
  ]);
}

const familyOf = (address: string): number => (address.length === 4 ? AF_INET : AF_INET6);

/** struct ifaddrmsg and its attributes. */
function addressMessage(link: NetInterface, { address, prefix, broadcast, scope }: InterfaceAddress): Uint8Array {
  const head = Uint8Array.of(familyOf(address), prefix, PERMANENT, scope, link.index, 0, 0, 0);
  const bytes = latin1Bytes(address);
  const four = address.length === 4 ? [attribute(IFA.LOCAL, bytes), ...(broadcast ? [attribute(IFA.BROADCAST, latin1Bytes(broadcast))] : []), attribute(IFA.LABEL, text(link.name))] : [];
  return joined([head, attribute(IFA.ADDRESS, bytes), ...four, attribute(IFA.FLAGS, u32(PERMANENT)), attribute(IFA.CACHEINFO, u32(FOREVER, FOREVER, 0, 0))]);
}

/** struct rtmsg and its attributes. */
function routeMessage({ destination, prefix, gateway, source, interface: link, scope }: Route): Uint8Array {
  const head = Uint8Array.of(AF_INET, prefix, 0, 0, RT_TABLE_MAIN, gateway ? RTPROT_BOOT : RTPROT_KERNEL, scope, RTN_UNICAST, 0, 0, 0, 0);
  return joined([
    head, attribute(RTA.TABLE, u32(RT_TABLE_MAIN)), ...(prefix > 0 ? [attribute(RTA.DST, latin1Bytes(destination))] : []), ...(source ? [attribute(RTA.PREFSRC, latin1Bytes(source))] : []),
    ...(gateway ? [attribute(RTA.GATEWAY, latin1Bytes(gateway))] : []), attribute(RTA.OIF, u32(link.index)),
  ]);
}

const RTM_F_CLONED = 0x200, RTCF_LOCAL = 0x8000_0000, RTN_LOCAL = 2;
const ROUTE_HEADER = 12;
const LOOPBACK = '\x7f\0\0\x01';

interface Way { readonly link: number; readonly source: string; readonly gateway?: string | undefined; readonly local: boolean }

/** Which way a packet to an IPv4 address goes. Throws ENETUNREACH. */
function wayTo(kernel: Kernel, address: string): Way {
  const { inetPorts } = kernel.files;
  if (inetPorts.isOwn(address)) return { link: LOOPBACK_INDEX, source: address.startsWith('\x7f') ? LOOPBACK : address, local: true };
  const route = routesOf(kernel).filter(({ destination, prefix }) => inSubnet(address, destination, prefix)).sort((a, b) => b.prefix - a.prefix)[0];
  const source = inetPorts.network?.sourceFor(address);
  if (!route || source === undefined) throw ENETUNREACH;
  return { link: route.interface.index, source, gateway: route.gateway, local: false };
}

/** RTM_GETROUTE: the way to one address, as `ip route get` asks. Throws EINVAL, ENETUNREACH; EOPNOTSUPP of IPv6. */
function oneRoute(kernel: Kernel, payload: Uint8Array): Uint8Array {
  if (payload.length < ROUTE_HEADER) throw EINVAL;
  if (payload[0] !== AF_INET) throw EOPNOTSUPP;
  const wanted = attributesIn(payload.subarray(ROUTE_HEADER)).get(RTA.DST);
  const address = wanted ? latin1(wanted) : LOOPBACK;
  const { link, source, gateway, local } = wayTo(kernel, address);
  const head = Uint8Array.of(AF_INET, 32, 0, payload[3]!, RT_TABLE_MAIN, 0, 0, local ? RTN_LOCAL : RTN_UNICAST, ...u32(RTM_F_CLONED | (local ? RTCF_LOCAL : 0)));
  return joined([
    head, attribute(RTA.TABLE, u32(RT_TABLE_MAIN)), attribute(RTA.DST, latin1Bytes(address)), attribute(RTA.OIF, u32(link)), attribute(RTA.PREFSRC, latin1Bytes(source)), ...(gateway ? [attribute(RTA.GATEWAY, latin1Bytes(gateway))] : []),
    attribute(RTA.UID, u32(0)), attribute(RTA.CACHEINFO, new Uint8Array(32)),
  ]);
}

const wants = (family: number, address: string): boolean => family === 0 || family === familyOf(address);

/** What routes can be asked for; requests begin with the family. */
export const routeQuestions: Questions = new Map<number, Question>([
  [RTM_GETLINK, { answer: RTM_NEWLINK, all: (kernel) => interfacesOf(kernel).map(linkMessage), one: oneLink }],
  [RTM_GETADDR, { answer: RTM_NEWADDR, all: (kernel, [family = 0]) => interfacesOf(kernel).flatMap((link) => link.addresses.filter((a) => wants(family, a.address)).map((a) => addressMessage(link, a))) }],
  [RTM_GETROUTE, { answer: RTM_NEWROUTE, all: (kernel, [family = 0]) => routesOf(kernel).filter((route) => wants(family, route.destination)).map(routeMessage), one: oneRoute }],
  [RTM_GETNEIGH, { answer: 28, all: () => [] }],
  [RTM_GETRULE, { answer: 32, all: () => [] }],
]);
