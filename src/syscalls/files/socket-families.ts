// What is different between the families of sockets: making, naming, binding, connecting, sending to an address. unix(7), ip(7), ipv6(7).
import {
  AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, CAP_NET_RAW, EADDRINUSE, EAFNOSUPPORT, ECONNREFUSED, EEXIST, EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_RAW, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM, S_IFSOCK,
  UNIX_PATH_MAX, W_OK, isType,
} from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import type { Wait } from '../../base/index.ts';
import { canonicalAddress, decodeEndpoint, encodeEndpoint, encodeNetlinkName, InetSocket, isNetlinkProtocol, NetlinkSocket, PingSocket, RawSocket, Socket } from '../../linux/index.ts';
import type { Ancillary, Endpoint, PeerCredentials, Task } from '../../linux/index.ts';
import { demand, find, operations } from '../../vfs/index.ts';
import { quote } from '../codec.ts';
import { contextOf } from './at.ts';

export interface SocketFamily {
  make(task: Task, type: number, protocol: number, credentials: PeerCredentials): Socket;
  bind(task: Task, socket: Socket, ptr: number, length: number): Wait | undefined | void;
  connect(task: Task, socket: Socket, ptr: number, length: number, nonblock: boolean): Wait | undefined;
  /** connect with AF_UNSPEC: a datagram socket has no peer any more. */
  disconnect(socket: Socket): void;
  send(socket: Socket, bytes: Uint8Array, ancillary: Ancillary, nonblock: boolean): number | Wait;
  sendTo(task: Task, socket: Socket, bytes: Uint8Array, ancillary: Ancillary, ptr: number, length: number, nonblock: boolean): number | Wait;
  /** The socket address of a name. */
  encode(name: string): Uint8Array;
}

const FAMILY_SIZE = 2;
export const LONGEST_ADDRESS = FAMILY_SIZE + UNIX_PATH_MAX;

/** The name in a sockaddr_un: a path without its NUL, or '\0' and an abstract name; '' when there is only a family. */
function unixNameAt(task: Task, ptr: number, length: number): string {
  if (length < FAMILY_SIZE || length > LONGEST_ADDRESS) throw EINVAL;
  const bytes = task.memory.readable(ptr, length).slice();
  if ((bytes[0]! | bytes[1]! << 8) !== AF_UNIX) throw EINVAL;
  const name = latin1(bytes.subarray(FAMILY_SIZE));
  return name.startsWith('\0') ? name : name.split('\0')[0]!;
}

/** An abstract name of the kernel's choice: five hexadecimal digits. */
let lastAutomatic = 0;
const automaticName = (): string => `\0${(++lastAutomatic).toString(16).padStart(5, '0')}`;

function makeSocketFile(task: Task, path: string): object {
  try {
    return operations.mknod(contextOf(task), task.fs.cwd, path, S_IFSOCK | (0o777 & ~task.fs.umask), 0);
  } catch (error) {
    throw error === EEXIST ? EADDRINUSE : error;
  }
}

/** The socket bound to a name. Throws ECONNREFUSED when nobody is there. */
function unixSocketNamed(task: Task, name: string): Socket {
  const { unixNames } = task.kernel.files;
  if (name === '') throw ECONNREFUSED;
  const found = name.startsWith('\0') ? unixNames.byName(name) : unixNames.byInode(socketInode(task, name));
  if (!found) throw ECONNREFUSED;
  return found;
}

function socketInode(task: Task, path: string): object {
  const context = contextOf(task);
  const { inode } = find(context, task.fs.cwd, path);
  demand(inode, W_OK, context.credentials);
  if (!isType(inode.mode, S_IFSOCK)) throw ECONNREFUSED;
  return inode;
}

const unixFamily: SocketFamily = {
  make(task, type, protocol, credentials) {
    if (protocol !== 0 && protocol !== AF_UNIX) throw EPROTONOSUPPORT;
    if (![SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].includes(type as 1)) throw ESOCKTNOSUPPORT;
    return new Socket(AF_UNIX, type, credentials).among(task.kernel.files.unixNames.sockets);
  },
  bind(task, socket, ptr, length) {
    const given = unixNameAt(task, ptr, length);
    if (socket.name !== '') throw EINVAL;
    const name = given === '' ? automaticName() : given;
    const { unixNames } = task.kernel.files;
    if (!name.startsWith('\0')) unixNames.bindInode(makeSocketFile(task, name), socket);
    else if (!unixNames.bindAbstract(name, socket)) throw EADDRINUSE;
    socket.name = name;
  },
  connect: (task, socket, ptr, length, nonblock) => socket.connect(unixSocketNamed(task, unixNameAt(task, ptr, length)), nonblock),
  disconnect(socket) { socket.peer = socket.peerName = undefined; },
  send(socket, bytes, ancillary, nonblock) {
    if (socket.connectionless && !socket.connected) throw ENOTCONN;
    return socket.send(bytes, ancillary, nonblock);
  },
  sendTo(task, socket, bytes, ancillary, ptr, length, nonblock) {
    if (!socket.connectionless) throw socket.connected ? EISCONN : EOPNOTSUPP;
    return socket.send(bytes, ancillary, nonblock, unixSocketNamed(task, unixNameAt(task, ptr, length)));
  },
  encode: (name) => Uint8Array.from([AF_UNIX, 0, ...latin1Bytes(name === '' || name.startsWith('\0') ? name : `${name}\0`)]),
};

const SOCKADDR_IN_SIZE = 16, SOCKADDR_IN6_SIZE = 28, SOCKADDR_IN6_SMALLEST = 24;

/** The endpoint in a sockaddr_in or sockaddr_in6. Throws EINVAL, EAFNOSUPPORT. */
function endpointAt(task: Task, socket: Socket, ptr: number, length: number): Endpoint {
  const six = socket.family === AF_INET6;
  if (length < FAMILY_SIZE) throw EINVAL;
  const family = task.memory.readU16(ptr);
  if (six && family === AF_INET && length >= SOCKADDR_IN_SIZE) return endpointIn(task.memory.readable(ptr, SOCKADDR_IN_SIZE), false);
  if (length < (six ? SOCKADDR_IN6_SMALLEST : SOCKADDR_IN_SIZE)) throw EINVAL;
  if (family !== socket.family) throw EAFNOSUPPORT;
  return endpointIn(task.memory.readable(ptr, six ? SOCKADDR_IN6_SMALLEST : SOCKADDR_IN_SIZE), six);
}

function endpointIn(bytes: Uint8Array, six: boolean): Endpoint {
  const address = six ? bytes.subarray(8, 24) : bytes.subarray(4, 8);
  return { address: canonicalAddress(latin1(address)), port: bytes[2]! << 8 | bytes[3]! };
}

/** One more than the largest protocol there may be. */
const IPPROTO_MAX = 263;
/** The protocols of a type; the first is meant by 0. */
const protocolsOf: Readonly<Record<number, readonly number[]>> = { [SOCK_STREAM]: [IPPROTO_TCP], [SOCK_DGRAM]: [IPPROTO_UDP, IPPROTO_UDPLITE] };

const inet = (socket: Socket): InetSocket => socket as InetSocket;

const icmpOfFamily = (family: number): number => (family === AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

/** Throws EPROTONOSUPPORT, EPERM. */
function rawSocket(task: Task, family: number, protocol: number, credentials: PeerCredentials): RawSocket {
  if (protocol === 0 || protocol > IPPROTO_RAW) throw EPROTONOSUPPORT;
  if (!task.credentials.has(CAP_NET_RAW)) throw EPERM;
  return new RawSocket(family, credentials, task.kernel.files.inetPorts, protocol);
}

/** AF_INET and AF_INET6. */
const inetFamily = (family: number): SocketFamily => ({
  make(task, type, protocol, credentials) {
    const known = protocolsOf[type];
    if (protocol < 0 || protocol >= IPPROTO_MAX) throw EINVAL;
    if (type === SOCK_RAW) return rawSocket(task, family, protocol, credentials);
    if (known === undefined) throw ESOCKTNOSUPPORT;
    if (type === SOCK_DGRAM && protocol === icmpOfFamily(family)) return new PingSocket(family, credentials, task.kernel.files.inetPorts, protocol);
    if (protocol !== 0 && !known.includes(protocol)) throw EPROTONOSUPPORT;
    return new InetSocket(family, type, credentials, task.kernel.files.inetPorts, protocol || known[0]!);
  },
  bind: (task, socket, ptr, length) => inet(socket).bind(endpointAt(task, socket, ptr, length)),
  connect: (task, socket, ptr, length, nonblock) => inet(socket).connectTo(endpointAt(task, socket, ptr, length), nonblock),
  disconnect(socket) { inet(socket).disconnect(); },
  send: (socket, bytes, ancillary, nonblock) =>
    (socket.connectionless ? inet(socket).sendDatagram(bytes, ancillary, undefined) : socket.send(bytes, ancillary, nonblock)),
  sendTo: (task, socket, bytes, ancillary, ptr, length, nonblock) =>
    (socket.connectionless ? inet(socket).sendDatagram(bytes, ancillary, endpointAt(task, socket, ptr, length)) : socket.send(bytes, ancillary, nonblock)),
  encode: (name) => Uint8Array.from([family, 0, ...latin1Bytes(encodeEndpoint(family, name === '' ? { address: '\0\0\0\0', port: 0 } : decodeEndpoint(name)))]),
});

const SOCKADDR_NL_SIZE = 12;

/** The port in a sockaddr_nl. */
function netlinkPortAt(task: Task, ptr: number, length: number): number {
  if (length < SOCKADDR_NL_SIZE) throw EINVAL;
  if (task.memory.readU16(ptr) !== AF_NETLINK) throw EINVAL;
  return task.memory.readU32(ptr + 4);
}

const netlink = (socket: Socket): NetlinkSocket => socket as NetlinkSocket;

function bindNetlink(socket: NetlinkSocket, port: number): void {
  socket.port = port;
  socket.name = encodeNetlinkName(port);
}

/** AF_NETLINK: routes and sockets are asked about. */
const netlinkFamily: SocketFamily = {
  make(task, type, protocol, credentials) {
    if (type !== SOCK_RAW && type !== SOCK_DGRAM) throw ESOCKTNOSUPPORT;
    if (!isNetlinkProtocol(protocol)) throw EPROTONOSUPPORT;
    return new NetlinkSocket(task.kernel, type, credentials, protocol);
  },
  bind(task, socket, ptr, length) { bindNetlink(netlink(socket), netlinkPortAt(task, ptr, length) || task.pid); },
  connect(task, socket, ptr, length) {
    if (netlinkPortAt(task, ptr, length) !== 0) throw ECONNREFUSED;
    socket.peerName = encodeNetlinkName(0);
    return undefined;
  },
  disconnect(socket) { socket.peerName = undefined; },
  send(socket, bytes) {
    if (socket.name === '') bindNetlink(netlink(socket), socket.credentials.pid);
    return netlink(socket).ask(bytes);
  },
  sendTo(task, socket, bytes, ancillary, ptr, length, nonblock) {
    if (netlinkPortAt(task, ptr, length) !== 0) throw ECONNREFUSED;
    return netlinkFamily.send(socket, bytes, ancillary, nonblock);
  },
  encode: (name) => Uint8Array.from([AF_NETLINK, 0, ...latin1Bytes(name === '' ? encodeNetlinkName(0) : name)]),
};

export const socketFamilies: ReadonlyMap<number, SocketFamily> = new Map([[AF_UNIX, unixFamily], [AF_NETLINK, netlinkFamily], [AF_INET, inetFamily(AF_INET)], [AF_INET6, inetFamily(AF_INET6)]]);

/** A socket address as strace prints it. */
export function printAddress(bytes: Uint8Array): string {
  const family = bytes[0]! | bytes[1]! << 8;
  const name = latin1(bytes.subarray(FAMILY_SIZE));
  if (family === AF_UNIX) return `{sa_family=AF_UNIX, sun_path=${name.startsWith('\0') ? `@${quote(name.slice(1))}` : quote(name.split('\0')[0]!)}}`;
  if (family === AF_INET && bytes.length >= SOCKADDR_IN_SIZE) return `{sa_family=AF_INET, sin_port=htons(${bytes[2]! << 8 | bytes[3]!}), sin_addr=inet_addr("${bytes.subarray(4, 8).join('.')}")}`;
  if (family === AF_INET6 && bytes.length >= SOCKADDR_IN6_SIZE) return `{sa_family=AF_INET6, sin6_port=htons(${bytes[2]! << 8 | bytes[3]!}), ...}`;
  return `{sa_family=${family}}`;
}

