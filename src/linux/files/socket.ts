// Sockets within the machine: streams, datagrams and sequenced packets between two ends, with passed descriptors and credentials. unix(7).
import {
  AF_UNIX, EAGAIN, ECONNREFUSED, ECONNRESET, EINVAL, EISCONN, EMSGSIZE, ENOTCONN, EOPNOTSUPP, EPIPE, EPROTOTYPE, SOCK_DGRAM, SOCK_STREAM, SOMAXCONN,
} from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';
import type { Description } from './description.ts';
import type { SendFailure } from './error-queue.ts';
import type { PacketChoices, PacketInfo } from './packet-info.ts';

/** Who sent a message, or made a connection. */
export interface PeerCredentials { pid: number; uid: number; gid: number }

/** What goes with bytes: descriptors (each retained while on its way), the sender, and of datagrams of the internet families what their sender chose. */
export interface Ancillary { rights: readonly Description[]; sender: PeerCredentials; choices?: PacketChoices; packet?: PacketInfo }

interface Message extends Ancillary { bytes: Uint8Array; /** The sender's name, '' when it has none. */ from: string; /** When it came, of sockets that keep that. */ arrivedNs: bigint | undefined }

/** What a receive call gets. */
export interface Received { count: number; /** Its full length, when more came than there was room for. */ length: number; rights: readonly Description[]; sender: PeerCredentials; from: string; packet?: PacketInfo | undefined; arrivedNs?: bigint | undefined; failure?: SendFailure }

const DEFAULT_BUFFER = 212_992;
const MOST_DATAGRAMS = 10;

export class Socket implements OpenFile {
  readonly inode = anonymousInode('socket');
  readonly stream = true;
  readonly type: number;
  /** Woken when something can be read, written, accepted, or the connection ended. */
  readonly changed = new WaitQueue();
  /** Whether a write that gets EPIPE is spared SIGPIPE. */
  get quietPipe(): boolean { return this.connectionless; }
  /** AF_UNIX, AF_INET, AF_INET6. */
  readonly family: number;
  /** The name it is bound to: of AF_UNIX a path, or '\0' and an abstract name; of others what follows the family in a socket address. '' without one. */
  name = '';
  peer: Socket | undefined;
  /** The name of whom it is or was connected to; undefined: nobody. */
  peerName: string | undefined;
  credentials: PeerCredentials;
  peerCredentials: PeerCredentials = { pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff };
  /** SO_PASSCRED. */
  passCredentials = false;
  bufferBytes = DEFAULT_BUFFER;
  receiveTimeoutNs: bigint | undefined;
  sendTimeoutNs: bigint | undefined;
  /** SO_TIMESTAMP, SO_TIMESTAMPNS: the clock that messages are stamped with when they come. */
  stampNs: (() => bigint) | undefined;
  stampUnit: 'us' | 'ns' = 'us';
  readonly #messages: Message[] = [];
  #queuedBytes = 0;
  /** Connections nobody has accepted yet; undefined unless listening. */
  #backlog: Socket[] | undefined;
  #backlogLimit = 0;
  #noMoreReads = false;
  #noMoreWrites = false;
  #everConnected = false;
  #reset = false;
  #closed = false;
  /** Called when it is closed: its name is free again. */
  onClose: () => void = () => {};

  constructor(family: number, type: number, credentials: PeerCredentials) {
    this.family = family;
    this.type = type;
    this.credentials = credentials;
  }

  #set: Set<Socket> | undefined;

  /** It and the other ends of connections to it are in a set of sockets while they are open. */
  among(set: Set<Socket>): this {
    this.#set = set.add(this);
    return this;
  }

  get connectionless(): boolean { return this.type === SOCK_DGRAM; }
  get listening(): boolean { return this.#backlog !== undefined; }
  /** Bytes that wait to be received. */
  get queued(): number { return this.#queuedBytes; }
  get connected(): boolean { return this.peer !== undefined; }
  /** How many connections wait to be accepted, and may at most. */
  get backlog(): { readonly waiting: number; readonly most: number } { return { waiting: this.#backlog?.length ?? 0, most: this.#backlogLimit }; }
  /** What shutdown(2) has ended here or at the other end: RCV_SHUTDOWN 1, SEND_SHUTDOWN 2. */
  get shutdownBits(): number {
    const { peer } = this;
    const [otherReads, otherWrites] = peer && !this.connectionless ? [peer.#noMoreReads && this.family === AF_UNIX, peer.#noMoreWrites] : [false, false];
    return (this.#noMoreReads || otherWrites ? 1 : 0) | (this.#noMoreWrites || otherReads ? 2 : 0);
  }

  /** Joins two fresh sockets (socketpair). */
  static join(one: Socket, other: Socket): void {
    one.#meet(other);
    other.#meet(one);
  }

  #meet(peer: Socket): void {
    this.peer = peer;
    this.peerName = peer.name;
    this.peerCredentials = peer.credentials;
    this.#everConnected = true;
  }

  /** listen(2). */
  listen(backlog: number): Wait | undefined {
    if (this.connectionless) throw EOPNOTSUPP;
    if (this.name === '' || this.connected) throw EINVAL;
    this.#backlog ??= [];
    this.#backlogLimit = Math.min(backlog >>> 0, SOMAXCONN);
    return undefined;
  }

  /** The other end of a connection to this listening socket, called `name`. */
  protected child(name: string): Socket {
    const child = new Socket(this.family, this.type, this.credentials);
    child.name = name;
    return this.#set ? child.among(this.#set) : child;
  }

  /** connect(2) to a bound socket, whose end of the connection is called `name`; a Wait while its queue of connections is full. */
  connect(target: Socket, nonblock: boolean, name = target.name): Wait | undefined {
    if (target.type !== this.type) throw EPROTOTYPE;
    if (this.connectionless) {
      this.#meet(target);
      return undefined;
    }
    if (this.connected) throw EISCONN;
    if (this.#everConnected || this.listening) throw EINVAL;
    if (!target.#backlog || target.#closed || target.#noMoreReads) throw ECONNREFUSED;
    if (target.#backlog.length > target.#backlogLimit) {
      if (nonblock) throw EAGAIN;
      return new Wait([target.changed]);
    }
    const other = target.child(name);
    Socket.join(this, other);
    target.#backlog.push(other);
    target.changed.wake();
    this.changed.wake();
    return undefined;
  }

  /** accept(2): the next connection, or a Wait. */
  accept(nonblock: boolean): Socket | Wait {
    if (!this.#backlog) throw this.connectionless ? EOPNOTSUPP : EINVAL;
    const next = this.#backlog.shift();
    if (!next) {
      if (this.#noMoreReads) throw EINVAL;
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    this.changed.wake();
    return next;
  }

  /** Sends to the peer, or (datagrams) to `target`. A stream takes what fits; others all or nothing. */
  send(bytes: Uint8Array, ancillary: Ancillary, nonblock: boolean, target?: Socket): number | Wait {
    if (this.#noMoreWrites) throw EPIPE;
    const to = target ?? this.peer;
    if (!to) throw !this.connectionless && (this.#everConnected || (this.family !== AF_UNIX && this.type === SOCK_STREAM)) ? EPIPE : ENOTCONN;
    if (to.#closed) throw this.connectionless ? ECONNREFUSED : EPIPE;
    if (to.#noMoreReads && this.family === AF_UNIX) throw EPIPE;
    if (this.type !== SOCK_STREAM && bytes.length > this.bufferBytes - 32) throw EMSGSIZE;
    const room = to.#room(this);
    if (this.type === SOCK_STREAM ? room <= 0 && bytes.length > 0 : !to.takes(bytes.length, this)) {
      if (nonblock) throw EAGAIN;
      return new Wait([to.changed]);
    }
    const count = this.type === SOCK_STREAM ? Math.min(bytes.length, room) : bytes.length;
    if (count === 0 && this.type === SOCK_STREAM) return 0;
    to.#deliver({ bytes: bytes.slice(0, count), from: this.name, arrivedNs: to.stampNs?.(), ...ancillary });
    return count;
  }

  #room(sender: Socket): number { return sender.bufferBytes - this.#queuedBytes; }
  /** Whether it has room for a message as a whole. */
  takes(length: number, sender: Socket): boolean {
    return this.connectionless ? this.#messages.length <= MOST_DATAGRAMS : this.#messages.length === 0 || this.#room(sender) >= length;
  }

  #deliver(message: Message): void {
    for (const description of message.rights) description.retain();
    this.#messages.push(message);
    this.#queuedBytes += message.bytes.length;
    this.changed.wake();
  }

  /** Receives one message, or of a stream what is there. `peek` leaves it. count 0: the connection ended. */
  receive(into: Uint8Array, nonblock: boolean, peek = false): Received | Wait {
    if (this.listening || (!this.connectionless && !this.#everConnected)) throw this.type === SOCK_STREAM ? EINVAL : ENOTCONN;
    if (this.#messages.length > 0) return this.type === SOCK_STREAM ? this.#takeBytes(into, peek) : this.#takeMessage(into, peek);
    if (this.#reset) {
      this.#reset = false;
      throw ECONNRESET;
    }
    if (this.#noMoreReads || this.#peerIsDone()) return { count: 0, length: 0, rights: [], sender: this.peerCredentials, from: '' };
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  #peerIsDone(): boolean { return !this.connectionless && (!this.peer || this.peer.#closed || this.peer.#noMoreWrites); }

  /** Bytes of as many messages as fit. The first descriptors on the way come with them, and end what one call gets. */
  #takeBytes(into: Uint8Array, peek: boolean): Received {
    const first = this.#messages[0]!;
    let rights: readonly Description[] = [];
    let count = 0;
    for (let i = 0; i < this.#messages.length && count < into.length && rights.length === 0; i++) {
      const message = this.#messages[i]!;
      if (this.passCredentials && !sameSender(first.sender, message.sender)) break;
      const part = message.bytes.subarray(0, into.length - count);
      into.set(part, count);
      count += part.length;
      rights = message.rights;
      if (!peek) message.rights = [];
    }
    if (!peek) this.#dropBytes(count);
    return { count, length: count, rights, sender: first.sender, from: first.from };
  }

  #dropBytes(count: number): void {
    let left = count;
    while (left > 0) {
      const message = this.#messages[0]!;
      const part = Math.min(left, message.bytes.length);
      message.bytes = message.bytes.subarray(part);
      left -= part;
      if (message.bytes.length === 0) this.#messages.shift();
    }
    this.#tookOut(count);
  }

  #takeMessage(into: Uint8Array, peek: boolean): Received {
    const message = this.#messages[0]!;
    const part = message.bytes.subarray(0, into.length);
    into.set(part);
    if (!peek) {
      this.#messages.shift();
      this.#tookOut(message.bytes.length);
    }
    return { count: part.length, length: message.bytes.length, rights: message.rights, sender: message.sender, from: message.from, packet: message.packet, arrivedNs: message.arrivedNs };
  }

  #tookOut(count: number): void {
    this.#queuedBytes -= count;
    this.changed.wake();
    this.peer?.changed.wake();
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    const received = this.receive(into, nonblock);
    if (received instanceof Wait) return received;
    for (const description of received.rights) description.release();
    return received.count;
  }

  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait { return this.send(from, { rights: [], sender: this.credentials }, nonblock); }

  /** shutdown(2). */
  shutdown(reads: boolean, writes: boolean): void {
    this.#noMoreReads ||= reads;
    this.#noMoreWrites ||= writes;
    this.changed.wake();
    this.peer?.changed.wake();
  }

  /** Ends listening: who waits to be accepted is refused. */
  protected stopListening(): void {
    for (const waiting of this.#backlog ?? []) waiting.close();
    this.#backlog = undefined;
    this.changed.wake();
  }

  poll(): number {
    if (this.#backlog) return this.#backlog.length > 0 ? POLLIN : 0;
    const done = this.#noMoreReads || (this.#everConnected && this.#peerIsDone());
    let bits = this.#messages.length > 0 || done ? POLLIN : 0;
    if (done) bits |= POLLRDHUP;
    if (!this.connectionless && (!this.#everConnected || (done && (this.#noMoreWrites || !this.peer || this.peer.#closed)))) bits |= POLLHUP;
    if (this.#reset) bits |= POLLERR;
    const writable = !this.peer || this.peer.#closed || (this.connectionless ? this.peer.takes(0, this) : this.peer.#room(this) * 2 >= this.bufferBytes);
    return writable ? bits | POLLOUT : bits;
  }

  /** The other end is being closed; `reset`: bytes on the way to it are lost, or it wants that. */
  protected left(reset: boolean): void { this.#reset ||= reset; }
  /** Whether closing breaks the connection instead of ending it. */
  get resetsOnClose(): boolean { return false; }
  /** What shutdown(2) has ended, here and at the other end. */
  protected get noMoreReads(): boolean { return this.#noMoreReads; }
  protected get noMoreWrites(): boolean { return this.#noMoreWrites; }
  protected get peerIsDoneWriting(): boolean { return this.peer !== undefined && this.peer.#noMoreWrites; }
  /** Whether the other end neither reads nor writes any more, though it is not closed. */
  protected get peerIsShut(): boolean { return this.peer !== undefined && this.peer.#noMoreReads && this.peer.#noMoreWrites; }

  /** FIONREAD. */
  available(): number { return this.connectionless ? this.#messages[0]?.bytes.length ?? 0 : this.#queuedBytes; }

  close(): void {
    this.#closed = true;
    this.#set?.delete(this);
    this.onClose();
    for (const message of this.#messages) for (const description of message.rights) description.release();
    this.stopListening();
    const { peer } = this;
    if (peer && !this.connectionless) peer.left(this.#messages.length > 0 || this.resetsOnClose);
    if (peer?.peer === this && !this.connectionless) peer.peer = undefined;
    this.peer = undefined;
    this.changed.wake();
    peer?.changed.wake();
  }
}

const sameSender = (a: PeerCredentials, b: PeerCredentials): boolean => a.pid === b.pid && a.uid === b.uid && a.gid === b.gid;
