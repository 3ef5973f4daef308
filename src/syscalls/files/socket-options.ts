// Options of sockets, by level: what each reads as and what setting it does. socket(7), ip(7), ipv6(7), tcp(7).
import { AF_INET6, EDOM, EINVAL, ENOPROTOOPT, EOPNOTSUPP, SOCK_STREAM, SOL_SOCKET, socketOptions, ucredLayout } from '../../abi/index.ts';
import { InetSocket } from '../../linux/index.ts';
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
const SMALLEST_BUFFER = 4608, LARGEST_ASKED = 212_992;
const SO = socketOptions;
const isStream = (socket: Socket): boolean => socket.type === SOCK_STREAM;

/** One option: `read` gives its bytes; `write` takes the pointer of the new value, of at least 4 bytes. */
interface Option { read?: (socket: Socket) => Uint8Array; write?: (socket: Socket, task: Task, ptr: number) => void }

/** An int that is remembered and changes nothing. */
const remembered = (level: number, option: number, initial = 0): Option => {
  const key = `${level}:${option}`;
  const values = new WeakMap<Socket, Map<string, number>>();
  return {
    read: (socket) => int(values.get(socket)?.get(key) ?? initial),
    write: (socket, task, ptr) => { values.set(socket, (values.get(socket) ?? new Map<string, number>()).set(key, task.memory.readI32(ptr))); },
  };
};

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
  [SO.SO_PROTOCOL]: { read: (socket) => int(socket instanceof InetSocket ? (isStream(socket) ? 6 : 17) : 0) },
  [SO.SO_ERROR]: { read: takeError },
  [SO.SO_ACCEPTCONN]: { read: (socket) => int(socket.listening ? 1 : 0) },
  [SO.SO_SNDBUF]: { read: (socket) => int(socket.bufferBytes), write: (socket, task, ptr) => { socket.bufferBytes = Math.max(SMALLEST_BUFFER, 2 * Math.min(task.memory.readI32(ptr), LARGEST_ASKED)); } },
  [SO.SO_RCVBUF]: remembered(SOL_SOCKET, SO.SO_RCVBUF, LARGEST_ASKED),
  [SO.SO_PASSCRED]: { read: (socket) => int(socket.passCredentials ? 1 : 0), write: (socket, task, ptr) => { socket.passCredentials = task.memory.readI32(ptr) !== 0; } },
  [SO.SO_PEERCRED]: { read: (socket) => ucredLayout.encode({ ...socket.peerCredentials }) },
  [SO.SO_RCVTIMEO]: { read: (socket) => timeval(socket.receiveTimeoutNs), write: (socket, task, ptr) => { socket.receiveTimeoutNs = timeoutAt(task, ptr); } },
  [SO.SO_SNDTIMEO]: { read: (socket) => timeval(socket.sendTimeoutNs), write: (socket, task, ptr) => { socket.sendTimeoutNs = timeoutAt(task, ptr); } },
  [SO.SO_REUSEADDR]: inetSwitch('reuseAddress'),
  [SO.SO_REUSEPORT]: inetSwitch('reusePort'),
};
for (const option of [SO.SO_KEEPALIVE, SO.SO_BROADCAST, SO.SO_PRIORITY, SO.SO_LINGER, SO.SO_OOBINLINE, SO.SO_DONTROUTE, SO.SO_RCVLOWAT, SO.SO_TIMESTAMP]) socketLevel[option] = remembered(SOL_SOCKET, option);

const IPPROTO_IP = 0, IPPROTO_TCP = 6, IPPROTO_IPV6 = 41, IPV6_V6ONLY = 26;
/** IP_TOS, IP_TTL, IP_OPTIONS…: numbers that matter on a wire only. */
const ipNumbers = [1, 2, 6, 8, 10, 11, 12, 24, 32, 33, 34, 49];
/** TCP_NODELAY, TCP_MAXSEG, TCP_CORK, the keep-alive times, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT. */
const tcpNumbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 18, 23, 25, 30];
/** IPV6_UNICAST_HOPS, MULTICAST_*, RECVPKTINFO, RECVERR, TCLASS… */
const ipv6Numbers = [16, 17, 18, 19, 23, 25, 49, 51, 66, 67];

const level = (number: number, options: readonly number[]): Record<number, Option> => Object.fromEntries(options.map((option) => [option, remembered(number, option)]));
const ipLevel = level(IPPROTO_IP, ipNumbers);
const tcpLevel = level(IPPROTO_TCP, tcpNumbers);
const ipv6Level = { ...level(IPPROTO_IPV6, ipv6Numbers), [IPV6_V6ONLY]: inetSwitch('v6only') };

/** The options of a level that a socket has. Throws EOPNOTSUPP, ENOPROTOOPT. */
function optionOf(socket: Socket, number: number, option: number): Option {
  const levels: [number, boolean, Record<number, Option>][] = [
    [SOL_SOCKET, true, socketLevel], [IPPROTO_IP, socket instanceof InetSocket, ipLevel], [IPPROTO_TCP, socket instanceof InetSocket && isStream(socket), tcpLevel], [IPPROTO_IPV6, socket.family === AF_INET6, ipv6Level],
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

/** Throws EINVAL for a value of fewer than 4 bytes, EFAULT. */
export function writeOption(task: Task, socket: Socket, number: number, option: number, ptr: number, length: number): void {
  const { write } = optionOf(socket, number, option);
  if (!write) throw ENOPROTOOPT;
  if (length < 4) throw EINVAL;
  task.memory.readable(ptr, length);
  write(socket, task, ptr);
}
