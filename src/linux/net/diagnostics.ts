// What programs are told of all sockets: NETLINK_SOCK_DIAG, as ss asks, and /proc/net/unix. sock_diag(7), proc(5).
import { AF_INET, AF_INET6, AF_PACKET, AF_UNIX, EINVAL, ENOENT, EOPNOTSUPP, type Errno, IPPROTO_RAW, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, SOCK_DGRAM } from '../../abi/index.ts';
import { latin1Bytes } from '../../base/index.ts';
import { decodeEndpoint, type InetSocket, tcpStates } from '../files/inet-socket.ts';
import type { Socket } from '../files/socket.ts';
import type { Kernel } from '../kernel.ts';
import { attribute, joined, type Question, u32 } from './netlink-wire.ts';
import { listedSockets, RAW } from './tables.ts';

const SOCK_DIAG_BY_FAMILY = 20;
const INET_REQUEST = 56, UNIX_REQUEST = 24, HEAD = 4, AF_MAX = 46;
const { CLOSE, ESTABLISHED, LISTEN } = tcpStates;

/** Whether a set of states has this one. */
const has = (states: number, state: number): boolean => (states >>> state & 1) === 1;
const wordAt = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
/** The two words that name a socket for good. */
const cookieOf = ({ inode }: Socket): Uint8Array => u32(inode.ino, 0);

const MAPPED = `${'\0'.repeat(10)}\xff\xff`;
const ANYWHERE = { address: '\0'.repeat(16), port: 0 };
const port = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const address = (family: number, text: string): Uint8Array => {
  const bytes = new Uint8Array(16);
  bytes.set(latin1Bytes(family === AF_INET ? text.slice(0, 4) : text.length === 4 && text !== '\0\0\0\0' ? MAPPED + text : text));
  return bytes;
};

const bytesOf = (...pieces: readonly Uint8Array[]): Uint8Array => Uint8Array.of(...pieces.flatMap((piece) => [...piece]));
const INET_DIAG_SHUTDOWN = 8, INET_DIAG_SKV6ONLY = 11;

/** struct inet_diag_msg and its attributes. */
function inetMessage(socket: InetSocket): Uint8Array {
  const { family } = socket;
  const [own, other] = [decodeEndpoint(socket.name), socket.peerName ? decodeEndpoint(socket.peerName) : ANYWHERE];
  const queues = socket.listening ? u32(socket.backlog.waiting, socket.backlog.most) : u32(socket.queued, 0);
  const head = bytesOf(
    Uint8Array.of(family, socket.state, 0, 0), port(own.port), port(other.port), address(family, own.address), address(family, other.address), u32(0), cookieOf(socket), u32(0), queues, u32(socket.credentials.uid, socket.inode.ino),
  );
  const more = [attribute(INET_DIAG_SHUTDOWN, Uint8Array.of(socket.shutdownBits))];
  if (family === AF_INET6) more.push(attribute(INET_DIAG_SKV6ONLY, Uint8Array.of(socket.v6only ? 1 : 0)));
  return joined([head, ...more]);
}

const tableOf: Readonly<Record<number, number | typeof RAW>> = { [IPPROTO_TCP]: IPPROTO_TCP, [IPPROTO_UDP]: IPPROTO_UDP, [IPPROTO_UDPLITE]: IPPROTO_UDPLITE, [IPPROTO_RAW]: RAW };

/** struct inet_diag_req_v2. Programs that filter in the kernel are refused: they filter themselves then. Throws EINVAL, EOPNOTSUPP; returns ENOENT. */
function inetSockets(kernel: Kernel, request: Uint8Array): Uint8Array[] | Errno {
  if (request.length < INET_REQUEST) throw EINVAL;
  if (request.length > INET_REQUEST) throw EOPNOTSUPP;
  const [family, protocol] = [request[0]!, request[1]!];
  const table = tableOf[protocol];
  if (table === undefined) return ENOENT;
  const states = wordAt(request, 4);
  return listedSockets(kernel, table, family).filter((socket) => has(states, socket.state)).map(inetMessage);
}

const UNIX_DIAG = { NAME: 0, PEER: 2, RQLEN: 4, SHUTDOWN: 6, UID: 7 } as const;
const SHOW = { NAME: 1, PEER: 4, RQLEN: 0x10, UID: 0x40 } as const;

const unixState = (socket: Socket): number => (socket.listening ? LISTEN : socket.connected ? ESTABLISHED : CLOSE);

/** struct unix_diag_msg and the attributes asked for. */
function unixMessage(socket: Socket, show: number): Uint8Array {
  const { name, peer, backlog } = socket;
  const head = bytesOf(Uint8Array.of(AF_UNIX, socket.type, unixState(socket), 0), u32(socket.inode.ino), cookieOf(socket));
  const row = (bit: number, type: number, value: () => Uint8Array | undefined): Uint8Array[] => {
    const made = show & bit ? value() : undefined;
    return made ? [attribute(type, made)] : [];
  };
  return joined([
    head, ...row(SHOW.NAME, UNIX_DIAG.NAME, () => (name === '' ? undefined : latin1Bytes(name.startsWith('\0') ? name : `${name}\0`))), ...row(SHOW.PEER, UNIX_DIAG.PEER, () => peer && u32(peer.inode.ino)),
    ...row(SHOW.RQLEN, UNIX_DIAG.RQLEN, () => (socket.listening ? u32(backlog.waiting, backlog.most) : u32(socket.available(), 0))), attribute(UNIX_DIAG.SHUTDOWN, Uint8Array.of(socket.shutdownBits)),
    ...row(SHOW.UID, UNIX_DIAG.UID, () => u32(socket.credentials.uid)),
  ]);
}

/** struct unix_diag_req: states at 4, what to show at 12. Throws EINVAL. */
function unixSockets(kernel: Kernel, request: Uint8Array): Uint8Array[] {
  if (request.length < UNIX_REQUEST) throw EINVAL;
  const states = wordAt(request, 4);
  return [...kernel.files.unixNames.sockets].filter((socket) => has(states, unixState(socket))).map((socket) => unixMessage(socket, wordAt(request, 12)));
}

/** Sockets of packets cannot be made: there are none. */
const families: Readonly<Record<number, Question['all']>> = { [AF_INET]: inetSockets, [AF_INET6]: inetSockets, [AF_UNIX]: unixSockets, [AF_PACKET]: () => [] };

/** Throws EINVAL, and ENOENT of families that nobody tells about. */
function socketsOf(kernel: Kernel, request: Uint8Array): Uint8Array[] | Errno {
  if (request.length < HEAD) throw EINVAL;
  const tell = families[request[0]!];
  if (!tell) throw request[0]! < AF_MAX ? ENOENT : EINVAL;
  return tell(kernel, request);
}

export const diagnosticQuestions: ReadonlyMap<number, Question> = new Map([[SOCK_DIAG_BY_FAMILY, { answer: SOCK_DIAG_BY_FAMILY, all: socketsOf }]]);

const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
const SO_ACCEPTCON = 0x10000;
const SS_UNCONNECTED = 1, SS_CONNECTED = 3;

/** /proc/net/unix; abstract names have @ for NUL. */
export function unixText(kernel: Kernel): string {
  const lines = [...kernel.files.unixNames.sockets].map((socket) => {
    const state = socket.connected && socket.type !== SOCK_DGRAM ? SS_CONNECTED : SS_UNCONNECTED;
    return `0000000000000000: ${hex(2, 8)} ${hex(0, 8)} ${hex(socket.listening ? SO_ACCEPTCON : 0, 8)} ${hex(socket.type, 4)} ${hex(state, 2)} ${String(socket.inode.ino).padStart(5)}${socket.name === '' ? '' : ` ${socket.name.replaceAll('\0', '@')}`}\n`;
  });
  return `Num       RefCount Protocol Flags    Type St Inode Path\n${lines.join('')}`;
}
