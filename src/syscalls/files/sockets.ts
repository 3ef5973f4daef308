// Socket calls: what they do is the same for all families; names and options are in socket-families.ts and socket-options.ts. socket(2), sendmsg(2), recvmsg(2), cmsg(3).
import {
  AF_UNIX, AF_UNSPEC, EAFNOSUPPORT, EAGAIN, EINVAL, EMFILE, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPERM, EPIPE, MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT, MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, O_NONBLOCK,
  O_RDWR, SCM_CREDENTIALS, SCM_RIGHTS, SIGPIPE, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, SOCK_TYPE_MASK, SOL_SOCKET, addressFamilies, cmsghdrLayout, messageFlags, msghdrLayout, shutdownHow,
  socketOptions, ucredLayout,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { Description, InetSocket, Socket } from '../../linux/index.ts';
import type { PacketChoices, PeerCredentials, Received, Task } from '../../linux/index.ts';
import { Fd, InBuf, Int, OutBuf, OutInt, Ptr, Size, flags, oneOf, pointed } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { controlOf, releaseAll, storeControl } from './control-messages.ts';
import { gather, piecesOf, readablePart, scatter, totalOf, writablePart } from './memory.ts';
import type { Piece } from './memory.ts';
import { LONGEST_ADDRESS, printAddress, socketFamilies } from './socket-families.ts';
import type { SocketFamily } from './socket-families.ts';
import { readOption, writeOption } from './socket-options.ts';
import { peerCredentials } from './transfer.ts';


/** The socket behind a descriptor. Throws EBADF, ENOTSOCK. */
function socketAt(task: Task, fd: number): { description: Description; socket: Socket } {
  const description = task.files.get(fd);
  if (!(description.file instanceof Socket)) throw ENOTSOCK;
  return { description, socket: description.file };
}

/** The family a socket belongs to, or is asked for. Throws EAFNOSUPPORT. */
function familyOf(domain: number): SocketFamily {
  const family = socketFamilies.get(domain);
  if (!family) throw EAFNOSUPPORT;
  return family;
}

function newSocket(task: Task, domain: number, typeBits: number, protocol: number): Socket {
  if (typeBits & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) throw EINVAL;
  return familyOf(domain).make(task, typeBits & SOCK_TYPE_MASK, protocol, peerCredentials(task));
}

const install = (task: Task, socket: Socket, bits: number): number =>
  task.files.add(new Description(socket, O_RDWR | (bits & SOCK_NONBLOCK ? O_NONBLOCK : 0)), (bits & SOCK_CLOEXEC) !== 0);

function socketpair(task: Task, domain: number, type: number, protocol: number, fdsPtr: number): number {
  const [one, other] = [newSocket(task, domain, type, protocol), newSocket(task, domain, type, protocol)];
  if (domain !== AF_UNIX) throw EOPNOTSUPP;
  task.files.requireRoom(2);
  task.memory.writable(fdsPtr, 8);
  Socket.join(one, other);
  task.memory.writeU32(fdsPtr, install(task, one, type));
  task.memory.writeU32(fdsPtr + 4, install(task, other, type));
  return 0;
}

/** Stores a socket address, cut to the room there is, and its full length. */
function storeName(task: Task, socket: Socket, name: string, ptr: number, lengthPtr: number): void {
  if (ptr === 0) return;
  const room = task.memory.readI32(lengthPtr);
  if (room < 0) throw EINVAL;
  task.memory.writeU32(lengthPtr, storeAddress(task, socket, name, ptr, room));
}

/** As `storeName`, of a sender, of which there is nothing to tell when it has no name. */
function storeSender(task: Task, socket: Socket, from: string, ptr: number, lengthPtr: number): void {
  if (!tellsSender(socket, from)) task.memory.writeU32(lengthPtr, 0);
  else storeName(task, socket, from, ptr, lengthPtr);
}

/** TCP tells no sender (recvmsg(2)). */
const tellsSender = (socket: Socket, from: string): boolean => from !== '' && (socket.type !== SOCK_STREAM || socket.family === AF_UNIX);

/** Writes an address into `room` bytes and returns its full length. */
function storeAddress(task: Task, socket: Socket, name: string, ptr: number, room: number): number {
  const address = familyOf(socket.family).encode(name);
  const part = address.subarray(0, Math.max(0, room));
  task.memory.writable(ptr, part.length).set(part);
  return address.length;
}

function bind(task: Task, fd: number, ptr: number, length: number): number | Wait {
  const { socket } = socketAt(task, fd);
  return familyOf(socket.family).bind(task, socket, ptr, length) ?? 0;
}

function connect(task: Task, fd: number, ptr: number, length: number): number | Wait {
  const { description, socket } = socketAt(task, fd);
  if (length >= 2 && task.memory.readU16(ptr) === AF_UNSPEC && socket.connectionless) {
    familyOf(socket.family).disconnect(socket);
    return 0;
  }
  return familyOf(socket.family).connect(task, socket, ptr, length, description.nonblock) ?? 0;
}

function listen(task: Task, fd: number, backlog: number): number | Wait {
  const { socket } = socketAt(task, fd);
  socket.credentials = peerCredentials(task);
  return socket.listen(backlog) ?? 0;
}

function accept4(task: Task, fd: number, ptr: number, lengthPtr: number, bits: number): number | Wait {
  if (bits & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) throw EINVAL;
  const { description, socket } = socketAt(task, fd);
  task.files.requireRoom();
  const next = socket.accept(description.nonblock);
  if (next instanceof Wait) return next;
  storeName(task, next, next.peerName ?? '', ptr, lengthPtr);
  return install(task, next, bits);
}

/** A wait ends with EAGAIN once SO_RCVTIMEO or SO_SNDTIMEO is over, and is not restarted after a signal. */
function within<T>(task: Task, result: T | Wait, timeoutNs: bigint | undefined): T | Wait {
  if (!(result instanceof Wait) || timeoutNs === undefined) return result;
  const deadlineNs = task.deadline(timeoutNs);
  if (task.kernel.monotonicNs() >= deadlineNs) throw EAGAIN;
  task.call!.neverRestart = true;
  return new Wait(result.on, deadlineNs);
}

interface Outgoing { bytes: Uint8Array; rights: readonly Description[]; sender: PeerCredentials; choices?: PacketChoices; namePtr: number; nameLength: number }

/** One attempt: to the peer, or where the message's address says. */
function sendOnce(task: Task, socket: Socket, { bytes, rights, sender, choices, namePtr, nameLength }: Outgoing, nonblock: boolean): number | Wait {
  const ancillary = { rights, sender, ...(choices && { choices }) };
  if (namePtr !== 0 && nameLength > 0) return familyOf(socket.family).sendTo(task, socket, bytes, ancillary, namePtr, nameLength, nonblock);
  return familyOf(socket.family).send(socket, bytes, ancillary, nonblock);
}

/** Sends all of it: a blocking stream over as many attempts as it takes. Raises SIGPIPE with EPIPE unless MSG_NOSIGNAL. */
function send(task: Task, fd: number, make: () => Outgoing, bits: number): number | Wait {
  const { description, socket } = socketAt(task, fd);
  if (bits & MSG_OOB) throw EOPNOTSUPP;
  const message = make();
  const { bytes } = message;
  const call = task.call!;
  const nonblock = description.nonblock || (bits & MSG_DONTWAIT) !== 0;
  try {
    do {
      const count = within(task, sendOnce(task, socket, call.partial === 0 ? message : { ...message, bytes: bytes.subarray(call.partial), rights: [] }, nonblock), socket.sendTimeoutNs);
      if (count instanceof Wait) return count;
      call.partial += count;
    } while (call.partial < bytes.length);
  } catch (error) {
    if (error === EPIPE && !(bits & MSG_NOSIGNAL) && !socket.connectionless) task.kernel.signalTask(task, SIGPIPE);
    if (call.partial === 0 || (error !== EAGAIN && error !== EPIPE)) throw error;
  }
  return call.partial;
}

const sendto = (task: Task, fd: number, ptr: number, count: number, bits: number, namePtr: number, nameLength: number): number | Wait =>
  send(task, fd, () => ({ bytes: readablePart(task.memory, ptr, count), rights: [], sender: peerCredentials(task), namePtr, nameLength }), bits);

/** struct msghdr, with numbers for pointers. */
function messageAt(task: Task, ptr: number) {
  const raw = msghdrLayout.decode(task.memory.readable(ptr, msghdrLayout.size));
  return {
    ptr, namePtr: Number(raw.msg_name), nameLength: raw.msg_namelen, pieces: piecesOf(task, Number(raw.msg_iov), Number(raw.msg_iovlen)),
    controlPtr: Number(raw.msg_control), controlLength: raw.msg_control === 0n ? 0 : Number(raw.msg_controllen),
  };
}

function sendmsg(task: Task, fd: number, ptr: number, bits: number): number | Wait {
  const message = messageAt(task, ptr);
  return send(task, fd, () => ({ bytes: gather(task.memory, message.pieces), ...controlOf(task, socketAt(task, fd).socket, message.controlPtr, message.controlLength), namePtr: message.namePtr, nameLength: message.nameLength }), bits);
}

/** One receive, with what came beside the bytes. MSG_WAITALL gathers a stream until the buffer is full. */
function receive(task: Task, fd: number, into: Uint8Array, bits: number): Received | Wait {
  const { description, socket } = socketAt(task, fd);
  if (bits & MSG_ERRQUEUE && socket instanceof InetSocket) return socket.receiveError(into);
  if (bits & MSG_OOB) throw EINVAL;
  const nonblock = description.nonblock || (bits & MSG_DONTWAIT) !== 0;
  const gathered = (task.call!.kept as Uint8Array | undefined) ?? new Uint8Array(0);
  into.set(gathered);
  const received = within(task, socket.receive(into.subarray(gathered.length), nonblock, (bits & MSG_PEEK) !== 0), socket.receiveTimeoutNs);
  if (received instanceof Wait) return received;
  const count = gathered.length + received.count;
  const wantsMore = bits & MSG_WAITALL && socket.type === SOCK_STREAM && !(bits & MSG_PEEK) && received.count > 0 && received.rights.length === 0 && count < into.length && !nonblock;
  if (!wantsMore) return { ...received, count, length: gathered.length + received.length };
  task.call!.kept = into.slice(0, count);
  task.call!.partial = count;
  return receive(task, fd, into, bits);
}

function recvfrom(task: Task, fd: number, ptr: number, count: number, bits: number, namePtr: number, lengthPtr: number): number | Wait {
  const { socket } = socketAt(task, fd);
  const received = receive(task, fd, writablePart(task.memory, ptr, count), bits);
  if (received instanceof Wait) return received;
  if (!(bits & MSG_PEEK)) releaseAll(received.rights);
  if (namePtr !== 0) storeSender(task, socket, received.from, namePtr, lengthPtr);
  return bits & MSG_TRUNC ? received.length : received.count;
}

/** What one receive into several pieces moves at most: more than any socket holds. */
const MOST_RECEIVED = 1 << 20;

function recvmsg(task: Task, fd: number, ptr: number, bits: number): number | Wait {
  const { socket } = socketAt(task, fd);
  const message = messageAt(task, ptr);
  const single = message.pieces.length === 1 ? message.pieces[0] : undefined;
  const into = single ? writablePart(task.memory, single.ptr, single.length) : new Uint8Array(Math.min(totalOf(message.pieces), MOST_RECEIVED));
  const received = receive(task, fd, into, bits);
  if (received instanceof Wait) return received;
  if (!single) scatterBack(task, message.pieces, into.subarray(0, received.count));
  const control = storeControl(task, message.controlPtr, message.controlLength, socket, received, bits);
  const nameLength = storeMessageName(task, socket, message, received.from);
  const truncated = received.length > received.count ? MSG_TRUNC : 0;
  task.memory.writeU32(ptr + msghdrLayout.fields.msg_namelen[1], nameLength);
  task.memory.writeU64(ptr + msghdrLayout.fields.msg_controllen[1], BigInt(control.length));
  task.memory.writeU32(ptr + msghdrLayout.fields.msg_flags[1], truncated | (control.cut ? MSG_CTRUNC : 0) | (received.failure ? MSG_ERRQUEUE : 0) | (bits & MSG_CMSG_CLOEXEC));
  return bits & MSG_TRUNC ? received.length : received.count;
}

const scatterBack = (task: Task, pieces: readonly Piece[], bytes: Uint8Array): void => { if (bytes.length > 0) scatter(task.memory, pieces, bytes); };

function storeMessageName(task: Task, socket: Socket, message: { namePtr: number; nameLength: number }, name: string): number {
  return message.namePtr === 0 || !tellsSender(socket, name) ? 0 : storeAddress(task, socket, name, message.namePtr, message.nameLength);
}

function shutdown(task: Task, fd: number, how: number): number {
  const { socket } = socketAt(task, fd);
  if (how < 0 || how > 2) throw EINVAL;
  socket.shutdown(how !== shutdownHow.SHUT_WR, how !== shutdownHow.SHUT_RD);
  return 0;
}

function getsockname(task: Task, fd: number, ptr: number, lengthPtr: number): number {
  const { socket } = socketAt(task, fd);
  storeName(task, socket, socket.name, ptr, lengthPtr);
  return 0;
}

function getpeername(task: Task, fd: number, ptr: number, lengthPtr: number): number {
  const { socket } = socketAt(task, fd);
  if (socket.peerName === undefined) throw ENOTCONN;
  storeName(task, socket, socket.peerName, ptr, lengthPtr);
  return 0;
}

function getsockopt(task: Task, fd: number, level: number, option: number, ptr: number, lengthPtr: number): number {
  const { socket } = socketAt(task, fd);
  const room = task.memory.readI32(lengthPtr);
  if (room < 0) throw EINVAL;
  const value = readOption(socket, level, option).subarray(0, room);
  task.memory.writable(ptr, value.length).set(value);
  task.memory.writeU32(lengthPtr, value.length);
  return 0;
}

function setsockopt(task: Task, fd: number, level: number, option: number, ptr: number, length: number): number {
  const { socket } = socketAt(task, fd);
  writeOption(task, socket, level, option, ptr, length);
  return 0;
}

/** sendmmsg and recvmmsg: message after message, each followed by its length, until one would wait. */
function manyMessages(task: Task, ptr: number, count: number, one: (at: number) => number | Wait): number | Wait {
  const RECORD = 64;
  for (let i = 0; i < Math.min(count, 1024); i++) {
    task.call!.partial = 0;
    let result: number | Wait;
    try { result = one(ptr + i * RECORD); } catch (error) {
      if (i > 0) return i;
      throw error;
    }
    if (result instanceof Wait) return i > 0 ? i : result;
    task.memory.writeU32(ptr + i * RECORD + msghdrLayout.size, result);
    delete task.call!.kept;
  }
  return count;
}

const SockAddr = (lengthAt: number) => pointed((task, ptr, { args }) => printAddress(task.memory.readable(ptr, Math.min(args[lengthAt] as number, LONGEST_ADDRESS)).slice()));
const Domain = oneOf(addressFamilies);
const Type = { ...Int, print: (_task: Task, value: number): string => ['0', 'SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_RAW', '4', 'SOCK_SEQPACKET'][value & SOCK_TYPE_MASK]! + (value & SOCK_CLOEXEC ? '|SOCK_CLOEXEC' : '') + (value & SOCK_NONBLOCK ? '|SOCK_NONBLOCK' : '') };
const MessageFlags = flags(messageFlags);
const AcceptFlags = flags({ SOCK_NONBLOCK, SOCK_CLOEXEC });
const FAMILIES = 'AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; without a network only the loopback; SOCK_RAW and sockets of ICMP reach the addresses of the container itself and get echoes from others on its networks, further ones are ENETUNREACH, and see no TCP; other families are EAFNOSUPPORT';

export const socketCalls: readonly SyscallRow[] = [
  sys(41, 'socket', [Domain, Type, Int], (task, domain, type, protocol) => install(task, newSocket(task, domain, type, protocol), type), FAMILIES),
  sys(42, 'connect', [Fd, SockAddr(2), Int], connect),
  sys(43, 'accept', [Fd, Ptr, Ptr], (task, fd, ptr, lengthPtr) => accept4(task, fd, ptr, lengthPtr, 0)),
  sys(44, 'sendto', [Fd, InBuf(2), Size, MessageFlags, Ptr, Int], sendto),
  sys(45, 'recvfrom', [Fd, OutBuf, Size, MessageFlags, Ptr, Ptr], recvfrom),
  sys(46, 'sendmsg', [Fd, Ptr, MessageFlags], sendmsg),
  sys(47, 'recvmsg', [Fd, Ptr, MessageFlags], recvmsg),
  sys(48, 'shutdown', [Fd, oneOf(shutdownHow)], shutdown),
  sys(49, 'bind', [Fd, SockAddr(2), Int], bind),
  sys(50, 'listen', [Fd, Int], listen),
  sys(51, 'getsockname', [Fd, Ptr, OutInt], getsockname),
  sys(52, 'getpeername', [Fd, Ptr, OutInt], getpeername),
  sys(53, 'socketpair', [Domain, Type, Int, Ptr], socketpair),
  sys(54, 'setsockopt', [Fd, Int, oneOf(socketOptions), Ptr, Int], setsockopt),
  sys(55, 'getsockopt', [Fd, Int, oneOf(socketOptions), Ptr, OutInt], getsockopt),
  sys(288, 'accept4', [Fd, Ptr, Ptr, AcceptFlags], accept4),
  sys(299, 'recvmmsg', [Fd, Ptr, Int, MessageFlags, Ptr], (task, fd, ptr, count, bits) => manyMessages(task, ptr, count, (at) => recvmsg(task, fd, at, bits)), 'the timeout is not looked at'),
  sys(307, 'sendmmsg', [Fd, Ptr, Int, MessageFlags], (task, fd, ptr, count, bits) => manyMessages(task, ptr, count, (at) => sendmsg(task, fd, at, bits))),
];

