// Options of sockets, by level: what each reads as and what setting it does. socket(7), ip(7), ipv6(7), tcp(7), udplite(7).
import { AF_INET, AF_INET6, EDOM, EINVAL, ENOPROTOOPT, EOPNOTSUPP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_RAW, IPPROTO_TCP, IPPROTO_UDPLITE, SOCK_STREAM, SOL_SOCKET, ipOptions, ipv6Options, socketOptions, ucredLayout } from '../../abi/index.ts';
import { InetSocket, NetlinkSocket, RawSocket } from '../../linux/index.ts';
import type { Socket, Task } from '../../linux/index.ts';

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const SECOND_NS = 1_000_000_000n;
const timeval = (ns: bigint | undefined): Uint8Array => new Uint8Array(BigInt64Array.of((ns ?? 0n) / SECOND_NS, ((ns ?? 0n) % SECOND_NS) / 1000n).buffer);
const timeoutAt = (task: Task, ptr: number): bigint | undefined => {
  const microseconds = BigInt.asIntN(64, task.memory.readU64(ptr + 8));
  if (microseconds < 0n || microseconds >= 1_000_000n) throw EDOM;
  const ns = BigInt.asIntN(64, task.memory.readU64(ptr)) * SECOND_NS + microseconds * 1000n;
  return ns > 0n ? ns : undefined;
};
const SMALLEST_SENT = 4608, SMALLEST_RECEIVED = 2304, LARGEST_ASKED = 212_992;
const SO = socketOptions;
const isStream = (socket: Socket): boolean => socket.type === SOCK_STREAM;

/** A buffer's size: the kernel takes twice what is asked for, within bounds. */
const buffer = (task: Task, ptr: number, least: number): number => Math.max(least, 2 * Math.min(task.memory.readU32(ptr), LARGEST_ASKED));

/** One option: `read` gives its bytes; `write` takes the pointer of the new value, of at least `smallest` bytes (4), and its length. */
interface Option { read?: (socket: Socket) => Uint8Array; write?: (socket: Socket, task: Task, ptr: number, length: number) => void; smallest?: number }

/** An int that is remembered and changes nothing. */
const remembered = (initial = 0, stored = (task: Task, ptr: number): number => task.memory.readI32(ptr)): Option => {
  const values = new WeakMap<Socket, number>();
  return {
    read: (socket) => int(values.get(socket) ?? initial),
    write: (socket, task, ptr) => { values.set(socket, stored(task, ptr)); },
  };
};

/** A number of sockets of the internet families within bounds; -1 is its default. Throws EINVAL. */
const inetNumber = (read: (socket: InetSocket) => number, write: (socket: InetSocket, value: number) => void, [least, most, fallback]: readonly [number, number, number]): Option => ({
  smallest: 1,
  read: (socket) => int(read(socket as InetSocket)),
  write(socket, task, ptr, length) {
    const given = length < 4 ? task.memory.readU8(ptr) : task.memory.readI32(ptr);
    const value = given === -1 ? fallback : given;
    if (value < least || value > most) throw EINVAL;
    write(socket as InetSocket, value);
  },
});

/** Whether recvmsg tells something of the headers. */
const told = (name: string): Option => ({
  smallest: 1,
  read: (socket) => int((socket as InetSocket).told.has(name) ? 1 : 0),
  write(socket, task, ptr) {
    const { told: names } = socket as InetSocket;
    if (task.memory.readU8(ptr) !== 0) names.add(name);
    else names.delete(name);
  },
});

/** Whether datagrams that nobody took come back; what is there is dropped when they no longer shall. */
function errorsTold(name: string): Option {
  const option = told(name);
  return {
    ...option,
    write(socket, task, ptr, length) {
      option.write!(socket, task, ptr, length);
      if (task.memory.readU8(ptr) === 0) (socket as InetSocket).errors.clear();
    },
  };
}

/** SO_TIMESTAMP and SO_TIMESTAMPNS: each takes the place of the other. */
const stamped = (unit: 'us' | 'ns'): Option => ({
  read: (socket) => int(socket.stampNs && socket.stampUnit === unit ? 1 : 0),
  write(socket, task, ptr) {
    socket.stampNs = task.memory.readI32(ptr) !== 0 ? () => task.kernel.realtimeNs() : undefined;
    socket.stampUnit = unit;
  },
});

/** struct linger: on or off, and seconds. */
const linger: Option = {
  read: (socket) => new Uint8Array(Int32Array.of(lingerOf(socket) === undefined ? 0 : 1, lingerOf(socket) ?? 0).buffer),
  write(socket, task, ptr, length) {
    if (length < 8) throw EINVAL;
    if (socket instanceof InetSocket) socket.lingerSeconds = task.memory.readI32(ptr) !== 0 ? task.memory.readI32(ptr + 4) : undefined;
  },
};
const lingerOf = (socket: Socket): number | undefined => (socket instanceof InetSocket ? socket.lingerSeconds : undefined);

/** Of raw sockets: the program writes the header. */
const ownHeader: Option = {
  smallest: 1,
  read: (socket) => int(raw(socket).headerIncluded ? 1 : 0),
  write(socket, task, ptr, length) { raw(socket).headerIncluded = (length < 4 ? task.memory.readU8(ptr) : task.memory.readI32(ptr)) !== 0; },
};

function raw(socket: Socket): RawSocket {
  if (!(socket instanceof RawSocket)) throw ENOPROTOOPT;
  return socket;
}

/** The types of ICMP that are not wanted, a bit each. */
const icmpFilter: Option = {
  smallest: 0,
  read: (socket) => raw(socket).filter.slice(),
  write(socket, task, ptr, length) {
    const { filter } = raw(socket);
    filter.set(task.memory.readable(ptr, Math.min(length, filter.length)));
  },
};

/** IPV6_CHECKSUM: where; -1: nowhere. ICMPv6 has its place; at the level IPPROTO_RAW that may be said, too. */
const checksumPlace = (ofIcmp: boolean): Option => ({
  read: (socket) => int(raw(socket).checksumAt ?? -1),
  write(socket, task, ptr) {
    const at = task.memory.readI32(ptr);
    const isIcmp = raw(socket).protocol === IPPROTO_ICMPV6;
    if ((isIcmp && !ofIcmp) || (at > 0 && at % 2 === 1)) throw EINVAL;
    if (!isIcmp) raw(socket).checksumAt = at < 0 ? undefined : at;
  },
});

/** A coverage counts the header of 8 bytes; 0 is all of a datagram. */
const coverage = (which: 'sent' | 'demanded'): Option => ({
  read: (socket) => int((socket as InetSocket).coverage[which] ?? 0),
  write(socket, task, ptr) {
    const value = task.memory.readI32(ptr);
    (socket as InetSocket).coverage[which] = value === 0 ? 0 : Math.min(0xffff, Math.max(8, value));
  },
});

/** A yes or no of sockets of the internet families. */
const inetSwitch = (name: 'reuseAddress' | 'reusePort' | 'v6only'): Option => ({
  read: (socket) => int(socket instanceof InetSocket && socket[name] ? 1 : 0),
  write: (socket, task, ptr) => { if (socket instanceof InetSocket) socket[name] = task.memory.readI32(ptr) !== 0; },
});

function takeError(socket: Socket): Uint8Array {
  if (!(socket instanceof InetSocket)) return int(0);
  const code = socket.pendingError?.code ?? 0;
  socket.pendingError = undefined;
  return int(code);
}

const socketLevel: Record<number, Option> = {
  [SO.SO_TYPE]: { read: (socket) => int(socket.type) },
  [SO.SO_DOMAIN]: { read: (socket) => int(socket.family) },
  [SO.SO_PROTOCOL]: { read: (socket) => int(socket instanceof InetSocket || socket instanceof NetlinkSocket ? socket.protocol : 0) },
  [SO.SO_ERROR]: { read: takeError },
  [SO.SO_ACCEPTCONN]: { read: (socket) => int(socket.listening ? 1 : 0) },
  [SO.SO_SNDBUF]: { read: (socket) => int(socket.bufferBytes), write: (socket, task, ptr) => { socket.bufferBytes = buffer(task, ptr, SMALLEST_SENT); } },
  [SO.SO_RCVBUF]: remembered(LARGEST_ASKED, (task, ptr) => buffer(task, ptr, SMALLEST_RECEIVED)),
  [SO.SO_PASSCRED]: { read: (socket) => int(socket.passCredentials ? 1 : 0), write: (socket, task, ptr) => { socket.passCredentials = task.memory.readI32(ptr) !== 0; } },
  [SO.SO_PEERCRED]: { read: (socket) => ucredLayout.encode({ ...socket.peerCredentials }) },
  [SO.SO_RCVTIMEO]: { read: (socket) => timeval(socket.receiveTimeoutNs), write: (socket, task, ptr) => { socket.receiveTimeoutNs = timeoutAt(task, ptr); } },
  [SO.SO_SNDTIMEO]: { read: (socket) => timeval(socket.sendTimeoutNs), write: (socket, task, ptr) => { socket.sendTimeoutNs = timeoutAt(task, ptr); } },
  [SO.SO_REUSEADDR]: inetSwitch('reuseAddress'),
  [SO.SO_REUSEPORT]: inetSwitch('reusePort'),
  [SO.SO_LINGER]: linger,
  [SO.SO_RCVLOWAT]: remembered(1, (task, ptr) => task.memory.readI32(ptr) || 1),
  [SO.SO_SNDLOWAT]: { read: () => int(1) },
  [SO.SO_TIMESTAMP]: stamped('us'), [SO.SO_TIMESTAMP_NEW]: stamped('us'),
  [SO.SO_TIMESTAMPNS]: stamped('ns'), [SO.SO_TIMESTAMPNS_NEW]: stamped('ns'),
};
for (const option of [SO.SO_KEEPALIVE, SO.SO_BROADCAST, SO.SO_PRIORITY, SO.SO_OOBINLINE, SO.SO_DONTROUTE]) socketLevel[option] = remembered();

const { IP_HDRINCL, IP_RETOPTS, IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_FREEBIND, IP_BIND_ADDRESS_NO_PORT, IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_MULTICAST_ALL, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS } = ipOptions;
const ipLevel: Record<number, Option> = {
  [IP_TOS]: inetNumber((s) => s.headers.tos, (s, value) => { s.headers.tos = value; }, [0, 255, 255]),
  [IP_TTL]: inetNumber((s) => s.headers.ttl, (s, value) => { s.headers.ttl = value; }, [1, 255, 64]),
  [IP_HDRINCL]: ownHeader, [IP_RETOPTS]: remembered(),
  [IP_PKTINFO]: told('IP_PKTINFO'), [IP_RECVTTL]: told('IP_RECVTTL'), [IP_RECVTOS]: told('IP_RECVTOS'),
  [IP_MTU_DISCOVER]: remembered(1), [IP_MULTICAST_TTL]: remembered(1), [IP_MULTICAST_LOOP]: remembered(1), [IP_MULTICAST_ALL]: remembered(1),
  [IP_RECVERR]: errorsTold('IP_RECVERR'), [IP_FREEBIND]: remembered(), [IP_BIND_ADDRESS_NO_PORT]: remembered(), [IP_MULTICAST_IF]: remembered(), [ipOptions.IP_RECVOPTS]: remembered(),
};
/** TCP_NODELAY, TCP_MAXSEG, TCP_CORK, the keep-alive times, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT. */
const tcpLevel: Record<number, Option> = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 18, 23, 25, 30].map((option) => [option, remembered()]));
const {
  IPV6_2292HOPLIMIT, IPV6_2292PKTINFO, IPV6_CHECKSUM, IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_V6ONLY, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS,
  IPV6_RECVPATHMTU, IPV6_DONTFRAG, IPV6_RECVTCLASS, IPV6_TCLASS,
} = ipv6Options;
const ipv6Level: Record<number, Option> = {
  [IPV6_CHECKSUM]: checksumPlace(false),
  [IPV6_V6ONLY]: inetSwitch('v6only'),
  [IPV6_UNICAST_HOPS]: inetNumber((s) => s.headers.hops, (s, value) => { s.headers.hops = value; }, [0, 255, 64]),
  [IPV6_TCLASS]: inetNumber((s) => s.headers.trafficClass, (s, value) => { s.headers.trafficClass = value; }, [0, 255, 0]),
  [IPV6_RECVPKTINFO]: told('IPV6_RECVPKTINFO'), [IPV6_RECVHOPLIMIT]: told('IPV6_RECVHOPLIMIT'), [IPV6_RECVTCLASS]: told('IPV6_RECVTCLASS'),
  [IPV6_2292PKTINFO]: told('IPV6_2292PKTINFO'), [IPV6_2292HOPLIMIT]: told('IPV6_2292HOPLIMIT'),
  [IPV6_MULTICAST_HOPS]: remembered(1), [IPV6_MULTICAST_LOOP]: remembered(1), [IPV6_MTU_DISCOVER]: remembered(1), [IPV6_MULTICAST_IF]: remembered(), [IPV6_RECVERR]: errorsTold('IPV6_RECVERR'), [IPV6_DONTFRAG]: remembered(),
  // Headers that nothing on the loopback carries.
  [IPV6_RECVHOPOPTS]: remembered(), [IPV6_RECVRTHDR]: remembered(), [IPV6_RECVDSTOPTS]: remembered(), [IPV6_RECVPATHMTU]: remembered(),
};
const UDPLITE_SEND_CSCOV = 10, UDPLITE_RECV_CSCOV = 11;
const udpliteLevel: Record<number, Option> = { [UDPLITE_SEND_CSCOV]: coverage('sent'), [UDPLITE_RECV_CSCOV]: coverage('demanded') };

const ICMP_FILTER = 1;
/** Of the levels IPPROTO_RAW and IPPROTO_ICMPV6. */
const icmpLevel: Record<number, Option> = { [ICMP_FILTER]: icmpFilter };
const raw6Level: Record<number, Option> = { [IPV6_CHECKSUM]: checksumPlace(true) };
const isRawOf = (socket: Socket, family: number, protocol?: number): boolean => socket instanceof RawSocket && socket.family === family && (protocol === undefined || socket.protocol === protocol);

/** The options of a level that a socket has. Throws EOPNOTSUPP, ENOPROTOOPT. */
function optionOf(socket: Socket, number: number, option: number): Option {
  const levels: [number, boolean, Record<number, Option>][] = [
    [SOL_SOCKET, true, socketLevel], [IPPROTO_IP, socket instanceof InetSocket, ipLevel], [IPPROTO_TCP, socket instanceof InetSocket && isStream(socket), tcpLevel], [IPPROTO_IPV6, socket.family === AF_INET6, ipv6Level],
    [IPPROTO_UDPLITE, socket instanceof InetSocket && socket.protocol === IPPROTO_UDPLITE, udpliteLevel],
    [IPPROTO_RAW, isRawOf(socket, AF_INET, IPPROTO_ICMP), icmpLevel], [IPPROTO_ICMPV6, isRawOf(socket, AF_INET6, IPPROTO_ICMPV6), icmpLevel], [IPPROTO_RAW, isRawOf(socket, AF_INET6), raw6Level],
  ];
  const found = levels.find(([n, applies]) => n === number && applies);
  if (!found) throw socket instanceof InetSocket ? ENOPROTOOPT : EOPNOTSUPP;
  const row = found[2][option];
  if (!row) throw ENOPROTOOPT;
  return row;
}

export function readOption(socket: Socket, number: number, option: number): Uint8Array {
  const { read } = optionOf(socket, number, option);
  if (!read) throw ENOPROTOOPT;
  return read(socket);
}

/** Throws EINVAL for a value of too few bytes, EFAULT. */
export function writeOption(task: Task, socket: Socket, number: number, option: number, ptr: number, length: number): void {
  const { write, smallest } = optionOf(socket, number, option);
  if (!write) throw ENOPROTOOPT;
  if (length < (smallest ?? 4)) throw EINVAL;
  task.memory.readable(ptr, length);
  write(socket, task, ptr, length);
}
