// /proc/net: interfaces, routes and sockets as netstat, ifconfig and route read them. proc(5).
import { AF_INET6, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, SOCK_RAW, SOCK_STREAM } from '../../abi/index.ts';
import { decodeEndpoint, type InetSocket, tcpStates } from '../files/inet-socket.ts';
import type { Kernel } from '../kernel.ts';
import { interfacesOf, routesOf } from './interfaces.ts';

/** All raw sockets have one table. */
export const RAW = 'raw';
const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');

/** Four-byte groups, each as the little-endian number it is in memory. */
const addressHex = (address: string): string =>
  Array.from({ length: address.length / 4 }, (_, i) => hex(Array.from(address.slice(4 * i, 4 * i + 4), (c, n) => c.charCodeAt(0) * 2 ** (8 * n)).reduce((a, b) => a + b), 8)).join('');

export function deviceText(kernel: Kernel): string {
  const counters = ' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0'.split(' ').slice(1);
  const lines = interfacesOf(kernel).map(({ name }) => `${name.padStart(6)}: ${counters.map((value) => value.padStart(7)).join(' ')}\n`);
  return `Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n${lines.join('')}`;
}

const RTF_UP = 1, RTF_GATEWAY = 2;
const maskOf = (prefix: number): string => String.fromCharCode(...[0, 1, 2, 3].map((i) => 256 - 2 ** (8 - Math.max(0, Math.min(8, prefix - 8 * i)))));

export function routeText(kernel: Kernel): string {
  const lines = routesOf(kernel).map((r) => [
    r.interface.name, addressHex(r.destination), addressHex(r.gateway ?? '\0\0\0\0'), hex(RTF_UP | (r.gateway ? RTF_GATEWAY : 0), 4), 0, 0, 0, addressHex(maskOf(r.prefix)), 0, 0, 0,
  ].join('\t'));
  return `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** The sockets that tables of a protocol list: bound or connected; of SOCK_RAW those of any protocol. */
export const listedSockets = (kernel: Kernel, protocol: number | typeof RAW, family: number): InetSocket[] =>
  [...kernel.files.inetPorts.sockets].filter((socket) => (socket.type === SOCK_RAW ? RAW : socket.protocol) === protocol && socket.family === family && socket.name !== '' && (protocol !== IPPROTO_TCP || socket.state !== tcpStates.CLOSE));

/** One line a socket of the protocol and family. */
export function socketText(kernel: Kernel, protocol: number | typeof RAW, family: number): string {
  const six = family === AF_INET6, stream = protocol === IPPROTO_TCP, wide = !stream && protocol !== RAW;
  const none = { address: '\0'.repeat(six ? 16 : 4), port: 0 };
  const endpoint = (name: string | undefined): string => {
    const { address, port } = name ? decodeEndpoint(name) : none;
    const shown = six && address.length === 4 ? `${'\0'.repeat(10)}\xff\xff${address}` : address;
    return `${addressHex(shown)}:${hex(port, 4)}`;
  };
  const lines = listedSockets(kernel, protocol, family).map((socket, i) =>
    `${String(i).padStart(wide ? 5 : 4)}: ${endpoint(socket.name)} ${endpoint(socket.peerName || undefined)} ${hex(socket.state, 2)} 00000000:${hex(socket.queued, 8)} 00:00000000 00000000 ${String(socket.credentials.uid).padStart(5)} ${'0'.padStart(8)} ${socket.inode.ino} 1 0000000000000000 ${stream ? '100 0 0 10 0' : '0'}\n`);
  const width = six ? 38 : 14;
  const head = `${wide && !six ? '   ' : '  '}sl  ${'local_address'.padEnd(width)}${six ? 'remote_address'.padEnd(width) : 'rem_address  '} st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode${stream ? '' : ' ref pointer drops'}\n`;
  return head + lines.join('');
}

/** /proc/net/if_inet6: address, index, prefix, scope, flags, name. */
export function inet6Text(kernel: Kernel): string {
  return interfacesOf(kernel).flatMap((link) => link.addresses.filter(({ address }) => address.length === 16).map(({ address, prefix, scope }) =>
    `${Array.from(address, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('')} ${[link.index, prefix, scope === 254 ? 16 : scope === 253 ? 32 : 0, 0x80].map((n) => n.toString(16).padStart(2, '0')).join(' ')} ${link.name.padStart(8)}\n`)).join('');
}

/** /proc/net/sockstat and sockstat6: how many sockets there are. */
export function statisticsText(kernel: Kernel, family: number): string {
  const six = family === AF_INET6, suffix = six ? '6' : '';
  const { inetPorts, unixNames } = kernel.files;
  const inUse = (protocol: number | typeof RAW): number => listedSockets(kernel, protocol, family).length;
  const tcp = inUse(IPPROTO_TCP), all = [...inetPorts.sockets].filter((socket) => socket.family === family && socket.protocol === IPPROTO_TCP && socket.type === SOCK_STREAM).length;
  const head = six ? '' : `sockets: used ${inetPorts.sockets.size + unixNames.sockets.size}\n`;
  const memory = six ? '' : ' mem 0';
  return `${head}TCP${suffix}: inuse ${tcp}${six ? '' : ` orphan 0 tw 0 alloc ${all} mem 0`}\nUDP${suffix}: inuse ${inUse(IPPROTO_UDP)}${memory}\nUDPLITE${suffix}: inuse ${inUse(IPPROTO_UDPLITE)}\nRAW${suffix}: inuse ${inUse(RAW)}\nFRAG${suffix}: inuse 0 memory 0\n`;
}

/** /proc/net/arp: nobody is looked for on a wire. */
export const arpText = (): string => 'IP address       HW type     Flags       HW address            Mask     Device\n';
