// Socket calls. Only AF_UNIX exists: there is no network yet, and socket(2) says so with EAFNOSUPPORT. socket(2), unix(7), sendmsg(2), recvmsg(2), cmsg(3).
import {
  AF_UNIX, AF_UNSPEC, EADDRINUSE, EAFNOSUPPORT, EAGAIN, ECONNREFUSED, EEXIST, EINVAL, EISCONN, EMFILE, ENOPROTOOPT, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPERM, EPIPE, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
  MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, O_NONBLOCK, O_RDWR, SCM_CREDENTIALS, SCM_RIGHTS, SIGPIPE, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK,
  SOCK_SEQPACKET, SOCK_STREAM, SOCK_TYPE_MASK, SOL_SOCKET, S_IFSOCK, UNIX_PATH_MAX, W_OK, addressFamilies, cmsghdrLayout, isType, messageFlags, msghdrLayout, shutdownHow, socketOptions, ucredLayout,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { Description, UnixSocket } from '../../linux/index.ts';
import type { PeerCredentials, Received, Task } from '../../linux/index.ts';
import { demand, find, operations } from '../../vfs/index.ts';
import { Fd, InBuf, Int, OutBuf, OutInt, Ptr, Size, flags, oneOf, pointed, quote } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { contextOf } from './at.ts';
import { gather, piecesOf, readablePart, scatter, totalOf, writablePart } from './memory.ts';
import type { Piece } from './memory.ts';

const credentialsOf = (task: Task): PeerCredentials => ({ pid: task.pid, uid: task.credentials.euid, gid: task.credentials.egid });

/** The socket behind a descriptor. Throws EBADF, ENOTSOCK. */
function socketAt(task: Task, fd: number): { description: Description; socket: UnixSocket } {
  const description = task.files.get(fd);
  if (!(description.file instanceof UnixSocket)) throw ENOTSOCK;
  return { description, socket: description.file };
}

function newSocket(task: Task, domain: number, typeBits: number, protocol: number): UnixSocket {
  const type = typeBits & SOCK_TYPE_MASK;
  if (typeBits & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) throw EINVAL;
  if (domain !== AF_UNIX) throw EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== AF_UNIX) throw EPROTONOSUPPORT;
  if (![SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].includes(type as 1)) throw ESOCKTNOSUPPORT;
  return new UnixSocket(type, credentialsOf(task));
}

const install = (task: Task, socket: UnixSocket, bits: number): number =>
  task.files.add(new Description(socket, O_RDWR | (bits & SOCK_NONBLOCK ? O_NONBLOCK : 0)), (bits & SOCK_CLOEXEC) !== 0);

function socketpair(task: Task, domain: number, type: number, protocol: number, fdsPtr: number): number {
  const [one, other] = [newSocket(task, domain, type, protocol), newSocket(task, domain, type, protocol)];
  task.files.requireRoom(2);
  task.memory.writable(fdsPtr, 8);
  UnixSocket.join(one, other);
  task.memory.writeU32(fdsPtr, install(task, one, type));
  task.memory.writeU32(fdsPtr + 4, install(task, other, type));
  return 0;
}

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const FAMILY_SIZE = 2;

/** The name in a sockaddr_un: a path without its NUL, or '\0' and an abstract name; '' when there is only a family. */
function nameAt(task: Task, ptr: number, length: number): string {
  if (length < FAMILY_SIZE || length > FAMILY_SIZE + UNIX_PATH_MAX) throw EINVAL;
  const bytes = task.memory.readable(ptr, length).slice();
  if ((bytes[0]! | bytes[1]! << 8) !== AF_UNIX) throw EINVAL;
  const name = latin1(bytes.subarray(FAMILY_SIZE));
  return name.startsWith('\0') ? name : name.split('\0')[0]!;
}

/** Stores a sockaddr_un, cut to the room there is, and its full length. */
function storeName(task: Task, name: string, ptr: number, lengthPtr: number): void {
  if (ptr === 0) return;
  const room = task.memory.readI32(lengthPtr);
  if (room < 0) throw EINVAL;
  const text = name === '' || name.startsWith('\0') ? name : `${name}\0`;
  const bytes = Uint8Array.from([AF_UNIX, 0, ...Array.from(text, (c) => c.charCodeAt(0))]);
  const part = bytes.subarray(0, room);
  task.memory.writable(ptr, part.length).set(part);
  task.memory.writeU32(lengthPtr, bytes.length);
}

/** An abstract name of the kernel's choice: five hexadecimal digits. */
let lastAutomatic = 0;
const automaticName = (): string => `\0${(++lastAutomatic).toString(16).padStart(5, '0')}`;

function bind(task: Task, fd: number, ptr: number, length: number): number {
  const { socket } = socketAt(task, fd);
  const given = nameAt(task, ptr, length);
  if (socket.name !== '') throw EINVAL;
  const name = given === '' ? automaticName() : given;
  const { unixNames } = task.kernel.files;
  if (name.startsWith('\0')) {
    if (!unixNames.bindAbstract(name, socket)) throw EADDRINUSE;
  } else unixNames.bindInode(makeSocketFile(task, name), socket);
  socket.name = name;
  return 0;
}

function makeSocketFile(task: Task, path: string): object {
  try {
    return operations.mknod(contextOf(task), task.fs.cwd, path, S_IFSOCK | (0o777 & ~task.fs.umask), 0);
  } catch (error) {
    throw error === EEXIST ? EADDRINUSE : error;
  }
}

/** The socket bound to a name. Throws ECONNREFUSED when nobody listens there. */
function socketNamed(task: Task, name: string): UnixSocket {
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

function connect(task: Task, fd: number, ptr: number, length: number): number | Wait {
  const { description, socket } = socketAt(task, fd);
  if (length >= FAMILY_SIZE && task.memory.readU16(ptr) === AF_UNSPEC && socket.connectionless) {
    socket.peer = undefined;
    return 0;
  }
  return socket.connect(socketNamed(task, nameAt(task, ptr, length)), description.nonblock) ?? 0;
}

function listen(task: Task, fd: number, backlog: number): number {
  const { socket } = socketAt(task, fd);
  socket.credentials = credentialsOf(task);
  socket.listen(backlog);
  return 0;
}

function accept4(task: Task, fd: number, ptr: number, lengthPtr: number, bits: number): number | Wait {
  if (bits & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) throw EINVAL;
  const { description, socket } = socketAt(task, fd);
  task.files.requireRoom();
  const next = socket.accept(description.nonblock);
  if (next instanceof Wait) return next;
  storeName(task, next.peer?.name ?? '', ptr, lengthPtr);
  return install(task, next, bits);
}

/** A wait ends with EAGAIN once SO_RCVTIMEO or SO_SNDTIMEO is over. */
function within<T>(task: Task, result: T | Wait, timeoutNs: bigint | undefined): T | Wait {
  if (!(result instanceof Wait) || timeoutNs === undefined) return result;
  const deadlineNs = task.deadline(timeoutNs);
  if (task.kernel.monotonicNs() >= deadlineNs) throw EAGAIN;
  return new Wait(result.on, deadlineNs);
}

interface Outgoing { bytes: Uint8Array; rights: readonly Description[]; sender: PeerCredentials; target: UnixSocket | undefined }

/** Sends all of it: a blocking stream over as many attempts as it takes. Raises SIGPIPE with EPIPE unless MSG_NOSIGNAL. */
function send(task: Task, fd: number, make: (socket: UnixSocket) => Outgoing, bits: number): number | Wait {
  const { description, socket } = socketAt(task, fd);
  if (bits & MSG_OOB) throw EOPNOTSUPP;
  const { bytes, rights, sender, target } = make(socket);
  const call = task.call!;
  const nonblock = description.nonblock || (bits & MSG_DONTWAIT) !== 0;
  try {
    do {
      const count = within(task, socket.send(bytes.subarray(call.partial), { rights: call.partial === 0 ? rights : [], sender }, nonblock, target), socket.sendTimeoutNs);
      if (count instanceof Wait) return count;
      call.partial += count;
    } while (call.partial < bytes.length);
  } catch (error) {
    if (error === EPIPE && !(bits & MSG_NOSIGNAL) && socket.type !== SOCK_DGRAM) task.kernel.signalTask(task, SIGPIPE);
    if (call.partial === 0 || (error !== EAGAIN && error !== EPIPE)) throw error;
  }
  return call.partial;
}

/** Where a message with an address goes. */
function targetOf(task: Task, socket: UnixSocket, ptr: number, length: number): UnixSocket | undefined {
  if (ptr === 0 || length === 0) {
    if (socket.connectionless && !socket.connected) throw ENOTCONN;
    return undefined;
  }
  if (!socket.connectionless) throw socket.connected ? EISCONN : EOPNOTSUPP;
  return socketNamed(task, nameAt(task, ptr, length));
}

const sendto = (task: Task, fd: number, ptr: number, count: number, bits: number, namePtr: number, nameLength: number): number | Wait =>
  send(task, fd, (socket) => ({ bytes: readablePart(task.memory, ptr, count), rights: [], sender: credentialsOf(task), target: targetOf(task, socket, namePtr, nameLength) }), bits);

/** struct msghdr, with numbers for pointers. */
function messageAt(task: Task, ptr: number) {
  const raw = msghdrLayout.decode(task.memory.readable(ptr, msghdrLayout.size));
  return {
    ptr, namePtr: Number(raw.msg_name), nameLength: raw.msg_namelen, pieces: piecesOf(task, Number(raw.msg_iov), Number(raw.msg_iovlen)),
    controlPtr: Number(raw.msg_control), controlLength: raw.msg_control === 0n ? 0 : Number(raw.msg_controllen),
  };
}

const MOST_RIGHTS = 253;
const aligned = (length: number): number => (length + 7) & ~7;

/** The control messages of sendmsg: descriptors to pass, and the credentials to claim. */
function controlOf(task: Task, ptr: number, length: number): { rights: Description[]; sender: PeerCredentials } {
  const rights: Description[] = [];
  let sender = credentialsOf(task);
  for (let at = 0; at + cmsghdrLayout.size <= length;) {
    const header = cmsghdrLayout.decode(task.memory.readable(ptr + at, cmsghdrLayout.size));
    const size = Number(header.cmsg_len);
    if (size < cmsghdrLayout.size || at + size > length || header.cmsg_level !== SOL_SOCKET) throw EINVAL;
    const data = task.memory.readable(ptr + at + cmsghdrLayout.size, size - cmsghdrLayout.size).slice();
    if (header.cmsg_type === SCM_RIGHTS) rights.push(...descriptorsIn(task, data));
    else if (header.cmsg_type === SCM_CREDENTIALS) sender = claimed(task, data);
    else throw EINVAL;
    at += aligned(size);
  }
  if (rights.length > MOST_RIGHTS) throw EINVAL;
  return { rights, sender };
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

function sendmsg(task: Task, fd: number, ptr: number, bits: number): number | Wait {
  const message = messageAt(task, ptr);
  return send(task, fd, (socket) => ({ bytes: gather(task.memory, message.pieces), ...controlOf(task, message.controlPtr, message.controlLength), target: targetOf(task, socket, message.namePtr, message.nameLength) }), bits);
}

/** One receive, with what came beside the bytes. MSG_WAITALL gathers a stream until the buffer is full. */
function receive(task: Task, fd: number, into: Uint8Array, bits: number): Received | Wait {
  const { description, socket } = socketAt(task, fd);
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

const releaseAll = (rights: readonly Description[]): void => { for (const description of rights) description.release(); };

function recvfrom(task: Task, fd: number, ptr: number, count: number, bits: number, namePtr: number, lengthPtr: number): number | Wait {
  socketAt(task, fd);
  const received = receive(task, fd, writablePart(task.memory, ptr, count), bits);
  if (received instanceof Wait) return received;
  if (!(bits & MSG_PEEK)) releaseAll(received.rights);
  if (namePtr !== 0) storeName(task, received.from, namePtr, lengthPtr);
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
  const nameLength = storeMessageName(task, message, received.from);
  const truncated = received.length > received.count ? MSG_TRUNC : 0;
  task.memory.writeU32(ptr + msghdrLayout.fields.msg_namelen[1], nameLength);
  task.memory.writeU64(ptr + msghdrLayout.fields.msg_controllen[1], BigInt(control.length));
  task.memory.writeU32(ptr + msghdrLayout.fields.msg_flags[1], truncated | (control.cut ? MSG_CTRUNC : 0) | (bits & MSG_CMSG_CLOEXEC));
  return bits & MSG_TRUNC ? received.length : received.count;
}

const scatterBack = (task: Task, pieces: readonly Piece[], bytes: Uint8Array): void => { if (bytes.length > 0) scatter(task.memory, pieces, bytes); };

function storeMessageName(task: Task, message: { namePtr: number; nameLength: number }, name: string): number {
  if (message.namePtr === 0 || name === '') return 0;
  const bytes = Uint8Array.from([AF_UNIX, 0, ...Array.from(name.startsWith('\0') ? name : `${name}\0`, (c) => c.charCodeAt(0))]);
  const part = bytes.subarray(0, Math.max(0, message.nameLength));
  task.memory.writable(message.namePtr, part.length).set(part);
  return bytes.length;
}

/** Writes credentials and passed descriptors; those that find no room are closed and MSG_CTRUNC says so. */
function storeControl(task: Task, ptr: number, room: number, socket: UnixSocket, received: Received, bits: number): { length: number; cut: boolean } {
  let at = 0;
  let cut = false;
  const put = (type: number, data: Uint8Array): void => {
    const bytes = new Uint8Array(cmsghdrLayout.size + data.length);
    bytes.set(cmsghdrLayout.encode({ cmsg_len: bytes.length, cmsg_level: SOL_SOCKET, cmsg_type: type }));
    bytes.set(data, cmsghdrLayout.size);
    task.memory.writable(ptr + at, bytes.length).set(bytes);
    at = Math.min(room, at + aligned(bytes.length));
  };
  if (socket.passCredentials) {
    if (room >= cmsghdrLayout.size + ucredLayout.size) put(SCM_CREDENTIALS, ucredLayout.encode({ ...received.sender }));
    else cut = true;
  }
  if (received.rights.length > 0) {
    const fit = Math.max(0, Math.min(received.rights.length, Math.floor((room - at - cmsghdrLayout.size) / 4)));
    const fds = installRights(task, received.rights.slice(0, fit), (bits & MSG_CMSG_CLOEXEC) !== 0);
    if (fds.length > 0) put(SCM_RIGHTS, new Uint8Array(Int32Array.from(fds).buffer));
    cut ||= fds.length < received.rights.length;
    if (!(bits & MSG_PEEK)) releaseAll(received.rights);
  }
  return { length: at, cut };
}

function installRights(task: Task, rights: readonly Description[], closeOnExec: boolean): number[] {
  const fds: number[] = [];
  try {
    for (const description of rights) fds.push(task.files.add(description, closeOnExec));
  } catch (error) { if (error !== EMFILE) throw error; }
  return fds;
}

function shutdown(task: Task, fd: number, how: number): number {
  const { socket } = socketAt(task, fd);
  if (how < 0 || how > 2) throw EINVAL;
  socket.shutdown(how !== shutdownHow.SHUT_WR, how !== shutdownHow.SHUT_RD);
  return 0;
}

function getsockname(task: Task, fd: number, ptr: number, lengthPtr: number): number {
  storeName(task, socketAt(task, fd).socket.name, ptr, lengthPtr);
  return 0;
}

function getpeername(task: Task, fd: number, ptr: number, lengthPtr: number): number {
  const { socket } = socketAt(task, fd);
  if (!socket.peer) throw ENOTCONN;
  storeName(task, socket.peer.name, ptr, lengthPtr);
  return 0;
}

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const SECOND_NS = 1_000_000_000n;
const timeval = (ns: bigint | undefined): Uint8Array => new Uint8Array(BigInt64Array.of((ns ?? 0n) / SECOND_NS, ((ns ?? 0n) % SECOND_NS) / 1000n).buffer);
const SO = socketOptions;

/** What each option reads as. */
const optionReaders: Record<number, (socket: UnixSocket) => Uint8Array> = {
  [SO.SO_TYPE]: (socket) => int(socket.type),
  [SO.SO_DOMAIN]: () => int(AF_UNIX),
  [SO.SO_PROTOCOL]: () => int(0),
  [SO.SO_ERROR]: () => int(0),
  [SO.SO_ACCEPTCONN]: (socket) => int(socket.listening ? 1 : 0),
  [SO.SO_SNDBUF]: (socket) => int(socket.bufferBytes),
  [SO.SO_RCVBUF]: (socket) => int(socket.bufferBytes),
  [SO.SO_PASSCRED]: (socket) => int(socket.passCredentials ? 1 : 0),
  [SO.SO_PEERCRED]: (socket) => ucredLayout.encode({ ...socket.peerCredentials }),
  [SO.SO_RCVTIMEO]: (socket) => timeval(socket.receiveTimeoutNs),
  [SO.SO_SNDTIMEO]: (socket) => timeval(socket.sendTimeoutNs),
  [SO.SO_REUSEADDR]: () => int(0), [SO.SO_KEEPALIVE]: () => int(0), [SO.SO_BROADCAST]: () => int(0),
};

function getsockopt(task: Task, fd: number, level: number, option: number, ptr: number, lengthPtr: number): number {
  const { socket } = socketAt(task, fd);
  const room = task.memory.readI32(lengthPtr);
  if (room < 0) throw EINVAL;
  if (level !== SOL_SOCKET) throw EOPNOTSUPP;
  const reader = optionReaders[option];
  if (!reader) throw ENOPROTOOPT;
  const value = reader(socket).subarray(0, room);
  task.memory.writable(ptr, value.length).set(value);
  task.memory.writeU32(lengthPtr, value.length);
  return 0;
}

const SMALLEST_BUFFER = 4608;
const timeoutOf = (task: Task, ptr: number): bigint | undefined => {
  const ns = BigInt.asIntN(64, task.memory.readU64(ptr)) * SECOND_NS + BigInt.asIntN(64, task.memory.readU64(ptr + 8)) * 1000n;
  return ns > 0n ? ns : undefined;
};

/** What setting each option does; buffers are doubled, as Linux does. */
const optionWriters: Record<number, (socket: UnixSocket, task: Task, ptr: number) => void> = {
  [SO.SO_PASSCRED]: (socket, task, ptr) => { socket.passCredentials = task.memory.readI32(ptr) !== 0; },
  [SO.SO_SNDBUF]: (socket, task, ptr) => { socket.bufferBytes = Math.max(SMALLEST_BUFFER, 2 * Math.min(task.memory.readI32(ptr), 212_992)); },
  [SO.SO_RCVTIMEO]: (socket, task, ptr) => { socket.receiveTimeoutNs = timeoutOf(task, ptr); },
  [SO.SO_SNDTIMEO]: (socket, task, ptr) => { socket.sendTimeoutNs = timeoutOf(task, ptr); },
  [SO.SO_RCVBUF]: () => {}, [SO.SO_REUSEADDR]: () => {}, [SO.SO_KEEPALIVE]: () => {}, [SO.SO_BROADCAST]: () => {}, [SO.SO_PRIORITY]: () => {}, [SO.SO_LINGER]: () => {},
};

function setsockopt(task: Task, fd: number, level: number, option: number, ptr: number, length: number): number {
  const { socket } = socketAt(task, fd);
  if (level !== SOL_SOCKET) throw EOPNOTSUPP;
  const writer = optionWriters[option];
  if (!writer) throw ENOPROTOOPT;
  if (length < 4) throw EINVAL;
  task.memory.readable(ptr, length);
  writer(socket, task, ptr);
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

/** A socket address: of AF_UNIX its name, with @ for an abstract one. */
const SockAddr = (lengthAt: number) => pointed((task, ptr, { args }) => {
  const bytes = task.memory.readable(ptr, Math.min(args[lengthAt] as number, FAMILY_SIZE + UNIX_PATH_MAX)).slice();
  const family = bytes[0]! | bytes[1]! << 8;
  const name = latin1(bytes.subarray(FAMILY_SIZE));
  if (family !== AF_UNIX) return `{sa_family=${family}}`;
  return `{sa_family=AF_UNIX, sun_path=${name.startsWith('\0') ? `@${quote(name.slice(1))}` : quote(name.split('\0')[0]!)}}`;
});
const Domain = oneOf(addressFamilies);
const Type = { ...Int, print: (_task: Task, value: number): string => ['0', 'SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_RAW', '4', 'SOCK_SEQPACKET'][value & SOCK_TYPE_MASK]! + (value & SOCK_CLOEXEC ? '|SOCK_CLOEXEC' : '') + (value & SOCK_NONBLOCK ? '|SOCK_NONBLOCK' : '') };
const MessageFlags = flags(messageFlags);
const AcceptFlags = flags({ SOCK_NONBLOCK, SOCK_CLOEXEC });
const NO_NETWORK = 'AF_UNIX only; other families are EAFNOSUPPORT: there is no network';

export const socketCalls: readonly SyscallRow[] = [
  sys(41, 'socket', [Domain, Type, Int], (task, domain, type, protocol) => install(task, newSocket(task, domain, type, protocol), type), NO_NETWORK),
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

