// Control messages of sendmsg and recvmsg: passed descriptors and credentials, when a datagram came, what its headers say and shall say. cmsg(3), unix(7), ip(7), ipv6(7), RFC 3542.
import {
  AF_INET, AF_INET6, AF_UNIX, EINVAL, EMFILE, ENODEV, EPERM, IPPROTO_IP, IPPROTO_IPV6, MSG_CMSG_CLOEXEC, MSG_PEEK, SCM_CREDENTIALS, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, cmsghdrLayout, ipOptions, ipv6Options, socketOptions, ucredLayout,
} from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import { InetSocket } from '../../linux/index.ts';
import type { Description, PacketChoices, PacketInfo, PeerCredentials, Received, SendFailure, Socket, Task } from '../../linux/index.ts';
import { peerCredentials } from './transfer.ts';

const MOST_RIGHTS = 253;
const aligned = (length: number): number => (length + 7) & ~7;
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

interface ControlMessage { readonly level: number; readonly type: number; readonly data: Uint8Array }

/** Those of a buffer. Throws EINVAL for a wrong length. */
function* controlMessages(task: Task, ptr: number, length: number): Generator<ControlMessage> {
  for (let at = 0; at + cmsghdrLayout.size <= length;) {
    const header = cmsghdrLayout.decode(task.memory.readable(ptr + at, cmsghdrLayout.size));
    const size = Number(header.cmsg_len);
    if (size < cmsghdrLayout.size || at + size > length) throw EINVAL;
    yield { level: header.cmsg_level, type: header.cmsg_type, data: task.memory.readable(ptr + at + cmsghdrLayout.size, size - cmsghdrLayout.size).slice() };
    at += aligned(size);
  }
}

export interface Control { rights: Description[]; sender: PeerCredentials; choices: PacketChoices }

/** What the control messages of sendmsg say to a socket of its family; those of other levels are passed over. */
export function controlOf(task: Task, socket: Socket, ptr: number, length: number): Control {
  const control: Control = { rights: [], sender: peerCredentials(task), choices: {} };
  for (const message of controlMessages(task, ptr, length)) {
    if (socket.family === AF_UNIX) take(task, control, message);
    else if (socket instanceof InetSocket && socket.connectionless) choose(socket, control.choices, message);
  }
  if (control.rights.length > MOST_RIGHTS) throw EINVAL;
  return control;
}

/** unix(7): descriptors to pass, and the credentials to claim. */
function take(task: Task, control: Control, { level, type, data }: ControlMessage): void {
  if (level !== SOL_SOCKET) return;
  if (type === SCM_RIGHTS) control.rights.push(...descriptorsIn(task, data));
  else if (type === SCM_CREDENTIALS) control.sender = claimed(task, data);
  else throw EINVAL;
}

const descriptorsIn = (task: Task, data: Uint8Array): Description[] => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.floor(data.length / 4) }, (_, i) => task.files.get(view.getInt32(4 * i, true), true));
};

function claimed(task: Task, data: Uint8Array): PeerCredentials {
  if (data.length !== ucredLayout.size) throw EINVAL;
  const claim = ucredLayout.decode(data);
  const { credentials: c } = task;
  const own = claim.pid === task.pid && [c.uid, c.euid, c.suid].includes(claim.uid) && [c.gid, c.egid, c.sgid].includes(claim.gid);
  if (!own && c.euid !== 0) throw EPERM;
  return claim;
}

/** An int of a control message within bounds; undefined is -1, where that means the default. */
function choice(data: Uint8Array, least: number, most: number): number | undefined {
  if (data.length !== 4) throw EINVAL;
  const value = new DataView(data.buffer, data.byteOffset).getInt32(0, true);
  if (value < least || value > most) throw EINVAL;
  return value < 0 ? undefined : value;
}

/** The address in a struct in_pktinfo or in6_pktinfo. */
function sourceIn(data: Uint8Array, size: number, from: number, to: number, indexAt: number): string {
  if (data.length < size) throw EINVAL;
  const index = new DataView(data.buffer, data.byteOffset).getInt32(indexAt, true);
  if (index < 0 || index > MOST_INTERFACES) throw ENODEV;
  return latin1(data.subarray(from, to));
}

const MOST_INTERFACES = 2;
const defined = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

/** What a sender may choose, by level and type. */
const chosen: Readonly<Record<number, Readonly<Record<number, (data: Uint8Array) => PacketChoices>>>> = {
  [IPPROTO_IP]: {
    [ipOptions.IP_TTL]: (data) => defined({ ttl: choice(data, 1, 255)! }),
    [ipOptions.IP_TOS]: (data) => ({ trafficClass: data.length === 1 ? data[0]! : choice(data, 0, 255)! }),
    [ipOptions.IP_PKTINFO]: (data) => ({ source: sourceIn(data, 12, 4, 8, 0) }),
  },
  [IPPROTO_IPV6]: {
    [ipv6Options.IPV6_HOPLIMIT]: (data) => defined({ ttl: choice(data, -1, 255)! }),
    [ipv6Options.IPV6_TCLASS]: (data) => defined({ trafficClass: choice(data, -1, 255)! }),
    [ipv6Options.IPV6_PKTINFO]: (data) => ({ source: sourceIn(data, 20, 0, 16, 16) }),
  },
};

/** What AF_UNIX means is passed over elsewhere, as are other levels. */
function choose(socket: InetSocket, choices: PacketChoices, { level, type, data }: ControlMessage): void {
  if (level === SOL_SOCKET) {
    if (type !== SCM_RIGHTS && type !== SCM_CREDENTIALS && type !== socketOptions.SO_MARK) throw EINVAL;
    return;
  }
  if (level !== (socket.family === AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP)) return;
  const make = chosen[level]![type];
  if (!make) throw EINVAL;
  Object.assign(choices, make(data));
}

const MAPPED = `${'\0'.repeat(10)}\xff\xff`;

/** struct in_pktinfo, struct in6_pktinfo. */
const packetInfo4 = ({ to, interfaceIndex }: PacketInfo): Uint8Array => Uint8Array.from([...int(interfaceIndex), ...latin1Bytes(to), ...latin1Bytes(to)]);
const packetInfo6 = ({ to, interfaceIndex }: PacketInfo): Uint8Array => Uint8Array.from([...latin1Bytes(to.length === 4 ? MAPPED + to : to), ...int(interfaceIndex)]);

/** What a receiver can be told of the headers, in the order it comes: the option that asks for it, level and type, for which headers (4, 6; undefined: both). */
const tellable: readonly { option: string; level: number; type: number; headers?: 4 | 6; data: (info: PacketInfo) => Uint8Array }[] = [
  { option: 'IPV6_RECVPKTINFO', level: IPPROTO_IPV6, type: ipv6Options.IPV6_PKTINFO, data: packetInfo6 },
  { option: 'IP_PKTINFO', level: IPPROTO_IP, type: ipOptions.IP_PKTINFO, headers: 4, data: packetInfo4 },
  { option: 'IP_RECVTTL', level: IPPROTO_IP, type: ipOptions.IP_TTL, headers: 4, data: (info) => int(info.ttl) },
  { option: 'IP_RECVTOS', level: IPPROTO_IP, type: ipOptions.IP_TOS, headers: 4, data: (info) => Uint8Array.of(info.trafficClass) },
  { option: 'IPV6_RECVHOPLIMIT', level: IPPROTO_IPV6, type: ipv6Options.IPV6_HOPLIMIT, headers: 6, data: (info) => int(info.ttl) },
  { option: 'IPV6_RECVTCLASS', level: IPPROTO_IPV6, type: ipv6Options.IPV6_TCLASS, headers: 6, data: (info) => int(info.trafficClass) },
  { option: 'IPV6_2292PKTINFO', level: IPPROTO_IPV6, type: ipv6Options.IPV6_2292PKTINFO, data: packetInfo6 },
  { option: 'IPV6_2292HOPLIMIT', level: IPPROTO_IPV6, type: ipv6Options.IPV6_2292HOPLIMIT, headers: 6, data: (info) => int(info.ttl) },
];

/** struct sock_extended_err, and the address of who said so, without a port. */
function failureMessage({ errno, origin, type, code, offender }: SendFailure): ControlMessage {
  const four = offender.length === 4;
  const head = [...int(errno.code), origin, type, code, 0, ...int(0), ...int(0)];
  const address = four ? [AF_INET, 0, 0, 0, ...latin1Bytes(offender), ...new Uint8Array(8)] : [AF_INET6, 0, 0, 0, ...int(0), ...latin1Bytes(offender), ...int(0)];
  return { level: four ? IPPROTO_IP : IPPROTO_IPV6, type: four ? ipOptions.IP_RECVERR : ipv6Options.IPV6_RECVERR, data: Uint8Array.from([...head, ...address]) };
}

const SECOND_NS = 1_000_000_000n;
const pair = (ns: bigint, unit: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(ns / SECOND_NS, (ns % SECOND_NS) / unit).buffer);

/** When a message came, and what of its headers the socket is to be told. */
function* messagesOf(task: Task, socket: Socket, { arrivedNs, packet, failure }: Received): Generator<ControlMessage> {
  if (socket.stampNs && socket.type !== SOCK_STREAM) {
    const ns = arrivedNs ?? task.kernel.realtimeNs();
    const micro = socket.stampUnit === 'us';
    yield { level: SOL_SOCKET, type: micro ? socketOptions.SO_TIMESTAMP : socketOptions.SO_TIMESTAMPNS, data: pair(ns, micro ? 1000n : 1n) };
  }
  if (!packet || !(socket instanceof InetSocket)) return;
  const headers = packet.to.length === 4 ? 4 : 6;
  for (const row of tellable) if (socket.told.has(row.option) && (row.headers ?? headers) === headers) yield { level: row.level, type: row.type, data: row.data(packet) };
  if (failure) yield failureMessage(failure);
}

/** Writes the control messages of recvmsg: what finds no room is cut, and MSG_CTRUNC says so; descriptors without room are closed. */
export function storeControl(task: Task, ptr: number, room: number, socket: Socket, received: Received, bits: number): { length: number; cut: boolean } {
  let at = 0;
  let cut = false;
  const put = ({ level, type, data }: ControlMessage): void => {
    const left = room - at;
    const length = cmsghdrLayout.size + data.length;
    cut ||= left < length;
    if (left < cmsghdrLayout.size) return;
    const bytes = new Uint8Array(length);
    bytes.set(cmsghdrLayout.encode({ cmsg_len: Math.min(length, left), cmsg_level: level, cmsg_type: type }));
    bytes.set(data, cmsghdrLayout.size);
    task.memory.writable(ptr + at, Math.min(length, left)).set(bytes.subarray(0, left));
    at = Math.min(room, at + aligned(length));
  };
  for (const message of messagesOf(task, socket, received)) put(message);
  if (socket.passCredentials) put({ level: SOL_SOCKET, type: SCM_CREDENTIALS, data: ucredLayout.encode({ ...received.sender }) });
  if (received.rights.length > 0) {
    const fit = Math.max(0, Math.min(received.rights.length, Math.floor((room - at - cmsghdrLayout.size) / 4)));
    const fds = installRights(task, received.rights.slice(0, fit), (bits & MSG_CMSG_CLOEXEC) !== 0);
    if (fds.length > 0) put({ level: SOL_SOCKET, type: SCM_RIGHTS, data: new Uint8Array(Int32Array.from(fds).buffer) });
    cut ||= fds.length < received.rights.length;
    if (!(bits & MSG_PEEK)) releaseAll(received.rights);
  }
  return { length: at, cut };
}

export const releaseAll = (rights: readonly Description[]): void => { for (const description of rights) description.release(); };

function installRights(task: Task, rights: readonly Description[], closeOnExec: boolean): number[] {
  const fds: number[] = [];
  try {
    for (const description of rights) fds.push(task.files.add(description, closeOnExec));
  } catch (error) { if (error !== EMFILE) throw error; }
  return fds;
}
