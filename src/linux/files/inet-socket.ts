// TCP and UDP sockets on the container's own loopback: addresses, ports, connections and datagrams between programs of one machine. ip(7), ipv6(7), tcp(7), udp(7).
import { AF_INET6, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EALREADY, ECONNABORTED, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EINPROGRESS, EINVAL, EISCONN, EMSGSIZE, ENETUNREACH, ENOTCONN, EPIPE, Errno, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, SOCK_DGRAM, SOCK_STREAM } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLRDHUP } from '../../vfs/index.ts';
import type { NetAddress } from '../../host/ports.ts';
import type { ContainerNetwork } from './container-network.ts';
import type { Opening } from './host-ports.ts';
import type { HostStream } from './host-stream.ts';
import { addressBytes } from './ip-text.ts';
import { ErrorQueue, portUnreachable } from './error-queue.ts';
import { udpPacket } from './ip-packet.ts';
import { OwnPackets } from './own-packets.ts';
import { ETHERNET_INDEX, HeaderFields, type PacketChoices, type PacketInfo } from './packet-info.ts';
import { Socket } from './socket.ts';
import type { Ancillary, PeerCredentials, Received } from './socket.ts';

/** An address as latin1 bytes (4 of IPv4, 16 of IPv6; a mapped IPv4 address is its 4 bytes) and a port. */
export interface Endpoint { readonly address: string; readonly port: number }

const MAPPED_PREFIX = `${'\0'.repeat(10)}\xff\xff`;
export const ANY4 = '\0'.repeat(4), ANY6 = '\0'.repeat(16);
const LOOPBACK4 = '\x7f\0\0\x01', LOOPBACK6 = `${'\0'.repeat(15)}\x01`;

export const isWildcard = (address: string): boolean => address === ANY4 || address === ANY6;
export const isLoopback = (address: string): boolean => (address.length === 4 ? address.startsWith('\x7f') : address === LOOPBACK6);

/** IPv4 addresses in IPv6 clothes become IPv4 ones. */
export const canonicalAddress = (bytes: string): string => (bytes.length === 16 && bytes.startsWith(MAPPED_PREFIX) ? bytes.slice(12) : bytes);

/** What follows the family in sockaddr_in or sockaddr_in6. */
export function encodeEndpoint(family: number, { address, port }: Endpoint): string {
  const portBytes = String.fromCharCode(port >> 8, port & 255);
  if (family !== AF_INET6) return portBytes + (address.length === 4 ? address : ANY4) + '\0'.repeat(8);
  return `${portBytes}\0\0\0\0${address.length === 4 && address !== ANY4 ? MAPPED_PREFIX + address : address.length === 16 ? address : ANY6}\0\0\0\0`;
}

/** The endpoint in a name that encodeEndpoint made, of either family. */
export function decodeEndpoint(name: string): Endpoint {
  const port = name.charCodeAt(0) << 8 | name.charCodeAt(1);
  return { address: canonicalAddress(name.length === 14 ? name.slice(2, 6) : name.slice(6, 22)), port };
}

/** Of linux/tcp_states.h. */
export const tcpStates = { ESTABLISHED: 1, SYN_SENT: 2, FIN_WAIT2: 5, CLOSE: 7, CLOSE_WAIT: 8, LISTEN: 10 } as const;

/** What one UDP datagram can carry. */
const LONGEST_DATAGRAM = 65507;
const UDP_HEADER = 8;
const NO_CHOICES: PacketChoices = {};
const FIRST_EPHEMERAL = 32768, LAST_EPHEMERAL = 60999;

export class InetSocket extends Socket {
  readonly protocol: number;
  readonly headers = new HeaderFields();
  /** The options by which recvmsg tells what came with a datagram (IP_RECVTTL, IPV6_RECVPKTINFO…), by name. */
  readonly told = new Set<string>();
  /** IP_RECVERR: what came back. */
  readonly errors = new ErrorQueue();
  /** UDPLITE_SEND_CSCOV and UDPLITE_RECV_CSCOV: how many bytes of a datagram the checksum covers, and how many it must; 0: all. */
  coverage: { sent?: number; demanded?: number } = {};
  /** SO_LINGER; 0 seconds break the connection on close. */
  lingerSeconds: number | undefined;
  v6only = false;
  reuseAddress = false;
  reusePort = false;
  /** Where it is bound. */
  endpoint: Endpoint | undefined;
  /** Where a connected datagram socket sends to. */
  remote: Endpoint | undefined;
  /** What the next call that reports errors says. */
  pendingError: Errno | undefined;
  readonly #ports: InetPorts;
  /** The connection through the host, and whether a call has said that it is there. */
  #stream: HostStream | undefined;
  #toldConnected = false;
  /** How a connect(2) on the loopback went that did not wait: the next connect tells it. */
  /** A port of the host that this socket is bound to. */
  #opening: Opening | undefined;
  #untold: 'connected' | 'refused' | undefined;
  /** The other end of a connection has said that it sends no more; the connection is broken. */
  #otherDone = false;
  #broken = false;
  /** Whether its port is the kernel's choice: it is given back when listening ends. */
  #portIsOurs = false;

  constructor(family: number, type: number, credentials: PeerCredentials, ports: InetPorts, protocol: number = type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP) {
    super(family, type, credentials);
    this.protocol = protocol;
    this.#ports = ports;
    this.name = '';
    ports.sockets.add(this);
    this.onClose = () => ports.release(this);
  }

  protected override child(name: string): Socket {
    const child = new InetSocket(this.family, this.type, this.credentials, this.#ports);
    child.name = name;
    return child;
  }

  /** bind(2). Throws EINVAL when it is bound, EADDRNOTAVAIL for what is not an address of this machine, EADDRINUSE. */
  bind(endpoint: Endpoint): Wait | undefined {
    if (this.#opening) return this.#openOnHost();
    if (this.endpoint) throw EINVAL;
    if (!isWildcard(endpoint.address) && !this.#ports.isOwn(endpoint.address)) throw EADDRNOTAVAIL;
    this.#settle(this.#ports.bind(this, endpoint));
    this.#portIsOurs = endpoint.port === 0;
    return this.connectionless && this.protocol === IPPROTO_UDP ? this.#openOnHost() : undefined;
  }

  /** On the host's own network a port is the host's, which says so later: the first call begins, the next one tells. */
  #openOnHost(): Wait | undefined {
    const host = this.#ports.network?.hostPorts;
    if (!host) return undefined;
    this.#opening ??= host.begin(this);
    const { outcome } = this.#opening;
    if (outcome === 'open') return undefined;
    if (outcome === undefined) return new Wait([this.changed]);
    this.#opening = undefined;
    this.#ports.unbind(this);
    this.endpoint = undefined;
    this.name = '';
    throw outcome;
  }

  #settle(endpoint: Endpoint): void {
    this.endpoint = endpoint;
    this.name = encodeEndpoint(this.family, endpoint);
  }

  /** A port of the kernel's choice, for a socket that needs one. */
  autobind(address = this.family === AF_INET6 ? ANY6 : ANY4): void {
    if (this.endpoint) return;
    this.#settle(this.#ports.bind(this, { address, port: 0 }));
    this.#portIsOurs = true;
  }

  override listen(backlog: number): Wait | undefined {
    this.autobind();
    return this.#openOnHost() ?? super.listen(backlog);
  }

  /** connect(2). Throws ENETUNREACH, ECONNREFUSED, EISCONN; EINPROGRESS of a connection that does not wait, how it failed at the next call; through the host EALREADY. */
  connectTo(wanted: Endpoint, nonblock: boolean): Wait | undefined {
    const endpoint = { address: destination(wanted.address), port: wanted.port };
    if (this.connectionless) return this.#connectDatagrams(endpoint);
    if (this.#stream || !this.#ports.isHere(this.protocol, endpoint)) return this.#connectOut(endpoint, nonblock);
    return this.#untold ? this.#tell() : this.#connectHere(endpoint, nonblock);
  }

  /** A connected datagram socket has a peer, and the address that it sends to it from as its name. */
  #connectDatagrams(endpoint: Endpoint): undefined {
    const own = this.#ports.isOwn(endpoint.address);
    if (!own) this.#demandWay(endpoint);
    this.autobind();
    this.remote = endpoint;
    this.peerName = encodeEndpoint(this.family, endpoint);
    this.name = encodeEndpoint(this.family, this.sourceFor(own ? endpoint.address : this.#ports.network!.sourceFor(endpoint.address) ?? this.endpoint!.address));
  }

  /** The network that leads to an endpoint. Throws ENETUNREACH. */
  #demandWay(endpoint: Endpoint): ContainerNetwork {
    const { network } = this.#ports;
    if (!network?.leadsTo(endpoint.address)) throw ENETUNREACH;
    return network;
  }

  /** connect(2) of AF_UNSPEC: a datagram socket without a peer, with the name that it was bound to. */
  disconnect(): void {
    this.remote = this.peerName = undefined;
    if (this.endpoint) this.name = encodeEndpoint(this.family, this.endpoint);
  }

  /** The loopback answers at once; a call that does not wait hears of it later, as the kernel has it. */
  #connectHere(endpoint: Endpoint, nonblock: boolean): Wait | undefined {
    if (this.connected) throw EISCONN;
    const target = this.#ports.find(this.protocol, endpoint);
    if (!target?.listening && !nonblock) throw ECONNREFUSED;
    this.autobind(endpoint.address);
    if (target?.listening) {
      const wait = this.connect(target, nonblock, encodeEndpoint(target.family, endpoint));
      if (!nonblock) return wait;
    } else this.fail(ECONNREFUSED);
    this.#untold = target?.listening ? 'connected' : 'refused';
    throw EINPROGRESS;
  }

  /** The outcome of a connect that did not wait; ECONNABORTED once SO_ERROR has told the failure. */
  #tell(): undefined {
    const outcome = this.#untold;
    this.#untold = undefined;
    if (outcome === 'connected') return undefined;
    this.throwPending();
    throw ECONNABORTED;
  }

  /** Through the host: the first call begins, further ones tell how it stands. */
  #connectOut(endpoint: Endpoint, nonblock: boolean): Wait | undefined {
    if (!this.#stream) {
      if (this.connected) throw EISCONN;
      if (this.listening) throw EINVAL;
      const network = this.#demandWay(endpoint);
      this.autobind();
      this.peerName = encodeEndpoint(this.family, endpoint);
      this.#stream = network.connect(this, endpoint);
      if (nonblock) throw EINPROGRESS;
    }
    const { outcome } = this.#stream;
    if (outcome === undefined) {
      if (nonblock) throw EALREADY;
      return new Wait([this.changed]);
    }
    if (!(outcome instanceof Errno)) {
      if (this.#toldConnected) throw EISCONN;
      this.#toldConnected = true;
      return undefined;
    }
    this.#stream = this.peerName = undefined;
    this.throwPending();
    throw outcome;
  }

  /** The other end of a connection through the host; this end has the container's address from now on. */
  joinFarEnd(local: NetAddress): Socket {
    const far = new Socket(this.family, this.type, this.credentials);
    far.name = this.peerName ?? '';
    this.name = encodeEndpoint(this.family, this.#nearEnd(decodeEndpoint(far.name).address, local));
    Socket.join(this, far);
    return far;
  }

  /** `local`: where the host's connection begins, which is the container's own on the host's network. */
  #nearEnd(to: string, local: NetAddress): Endpoint {
    const { network } = this.#ports;
    const address = network?.hostPorts && addressBytes(local.address);
    return address === undefined ? this.sourceFor(network?.sourceFor(to) ?? this.endpoint!.address) : { address: canonicalAddress(address), port: local.port };
  }

  /** A datagram from outside; `at`: the own address that it was sent to. */
  arrive(bytes: Uint8Array, from: Endpoint, at = this.#ports.network?.firstAddress): void {
    this.hear(bytes, from, this.headers.info(from.address.length === 4 ? at ?? ANY4 : this.endpoint?.address ?? ANY6, NO_CHOICES, ETHERNET_INDEX));
  }

  /** A message from an endpoint, with what its headers say; it is lost where there is no room for it. */
  hear(bytes: Uint8Array, from: Endpoint, packet: PacketInfo): void {
    if (!this.accepts(from)) return;
    const sender = new Socket(this.family, SOCK_DGRAM, this.credentials);
    sender.name = encodeEndpoint(this.family, from);
    if (this.takes(bytes.length, sender)) sender.send(bytes, { rights: [], sender: this.credentials, packet }, true, this);
  }

  /** A datagram goes to `endpoint`, or where the socket is connected to. One that nobody takes is lost; a connected sender hears of it at its next call. */
  sendDatagram(bytes: Uint8Array, ancillary: Ancillary, endpoint: Endpoint | undefined): number {
    this.throwPending();
    if (this.noMoreWrites) throw EPIPE;
    const to = endpoint ? { address: destination(endpoint.address), port: endpoint.port } : this.remote;
    if (!to) throw EDESTADDRREQ;
    this.autobind();
    if (this.#ports.network?.answers(this, bytes, to)) return bytes.length;
    if (!this.#ports.isHere(this.protocol, to)) return this.#sendOut(bytes, to);
    const target = this.#ports.find(this.protocol, to);
    const source = this.sourceFor(to.address, ancillary.choices);
    if (target?.accepts(source) && target.covered(this, bytes.length) && target.takes(bytes.length, this)) this.#deliverTo(target, bytes, { ...ancillary, packet: this.headers.info(to.address, ancillary.choices ?? NO_CHOICES) }, source);
    if (!target) this.#cameBack(bytes, source, to);
    this.#show(bytes, source, to, ancillary.choices, target !== undefined);
    return bytes.length;
  }

  /** Nobody is there: a connected sender hears of it, and one that wants to know what was wrong. */
  #cameBack(bytes: Uint8Array, source: Endpoint, to: Endpoint): void {
    const wanted = this.told.has(to.address.length === 4 ? 'IP_RECVERR' : 'IPV6_RECVERR');
    if (wanted) this.errors.add(portUnreachable(bytes, encodeEndpoint(this.family, to), source.address, to.address), this.bufferBytes);
    if (wanted || this.remote) this.fail(ECONNREFUSED);
  }

  /** MSG_ERRQUEUE: the next datagram that came back. Throws EAGAIN. */
  receiveError(into: Uint8Array): Received {
    const message = this.errors.take();
    if (!message) throw EAGAIN;
    this.pendingError = this.errors.next;
    const part = message.bytes.subarray(0, into.length);
    into.set(part);
    return { count: part.length, length: message.bytes.length, rights: [], sender: this.credentials, from: message.to, packet: message.packet, failure: message.failure };
  }

  /** Raw sockets see datagrams, and what is said of those that nobody takes. */
  #show(bytes: Uint8Array, source: Endpoint, to: Endpoint, choices: PacketChoices | undefined, taken: boolean): void {
    const { packets } = this.#ports;
    if (packets.raw.size === 0 || this.protocol !== IPPROTO_UDP || source.address.length !== to.address.length) return;
    const { ttl, trafficClass } = this.headers.info(to.address, choices ?? NO_CHOICES);
    const packet = udpPacket({ source: source.address, destination: to.address, ttl, trafficClass, sourcePort: source.port, destinationPort: to.port, bytes });
    packets.show(packet);
    if (!taken) packets.noPort(packet);
  }

  #sendOut(bytes: Uint8Array, to: Endpoint): number {
    if (this.protocol !== IPPROTO_UDP) throw ENETUNREACH;
    const network = this.#demandWay(to);
    if (bytes.length > LONGEST_DATAGRAM) throw EMSGSIZE;
    network.send(this, bytes, to);
    return bytes.length;
  }

  /** The next call that reports errors gives this one. */
  fail(error: Errno): void {
    this.pendingError = error;
    this.changed.wake();
  }

  #deliverTo(target: InetSocket, bytes: Uint8Array, ancillary: Ancillary, source: Endpoint): void {
    const own = this.name;
    this.name = encodeEndpoint(this.family, source);
    try { this.send(bytes, ancillary, true, target); } finally { this.name = own; }
  }

  /** The address a receiver sees: a wildcard becomes the address that was sent to. */
  sourceFor(destination: string, { source }: PacketChoices = NO_CHOICES): Endpoint {
    const { address, port } = this.endpoint!;
    if (source !== undefined && !isWildcard(source)) {
      if (!this.#ports.isOwn(source)) throw EINVAL;
      return { address: source, port };
    }
    return { address: isWildcard(address) ? destination : address, port };
  }

  /** Whether a datagram's checksum covers what this socket demands. udplite(7). */
  protected covered({ protocol, coverage }: InetSocket, length: number): boolean {
    const { demanded } = this.coverage;
    if (protocol !== IPPROTO_UDPLITE || demanded === undefined || !coverage.sent || coverage.sent >= length + UDP_HEADER) return true;
    return demanded !== 0 && coverage.sent >= demanded;
  }

  /** Whether a datagram socket takes messages from there: a connected one only from its peer. */
  accepts(from: Endpoint): boolean { return !this.remote || (this.remote.address === from.address && this.remote.port === from.port); }

  override takes(length: number, sender: Socket): boolean { return this.connectionless ? this.queued + length <= this.bufferBytes : super.takes(length, sender); }

  throwPending(): void {
    const error = this.pendingError;
    this.pendingError = undefined;
    if (error) throw error;
  }

  override send(bytes: Uint8Array, ancillary: Ancillary, nonblock: boolean, target?: Socket): number | Wait {
    if (this.connectionless) return super.send(bytes, ancillary, nonblock, target);
    if (this.#stream && this.#stream.outcome === undefined) return this.#notYet(nonblock);
    this.throwPending();
    if (this.#broken) throw EPIPE;
    if (!this.noMoreWrites && (this.#otherDone || this.peerIsShut)) return this.#sendToNobody(bytes.length);
    return super.send(bytes, ancillary, nonblock, target);
  }

  #notYet(nonblock: boolean): Wait {
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  /** What is sent to an end that has been closed is taken where the buffer has room, and answered by a reset: the next call tells. */
  #sendToNobody(length: number): number {
    if (length > 0) this.#break(EPIPE);
    return Math.min(length, this.bufferBytes);
  }

  #break(error: Errno): void {
    this.#broken = true;
    this.fail(error);
  }

  protected override left(reset: boolean): void {
    if (this.pendingError) this.#broken = true;
    else if (reset) this.#break(this.peerIsDoneWriting ? EPIPE : ECONNRESET);
    else this.#otherDone = true;
  }

  /** TCP_* as /proc/net/tcp and ss show it; datagram sockets are established or closed. */
  get state(): number {
    if (this.listening) return tcpStates.LISTEN;
    if (this.connectionless) return this.remote ? tcpStates.ESTABLISHED : tcpStates.CLOSE;
    if (this.#stream && this.#stream.outcome === undefined) return tcpStates.SYN_SENT;
    const otherDone = this.#otherDone || this.peerIsDoneWriting;
    if (this.#broken || !(this.connected || otherDone) || (otherDone && this.noMoreWrites)) return tcpStates.CLOSE;
    return otherDone ? tcpStates.CLOSE_WAIT : this.noMoreWrites ? tcpStates.FIN_WAIT2 : tcpStates.ESTABLISHED;
  }

  override get resetsOnClose(): boolean { return this.lingerSeconds === 0; }

  /** Errors come before datagrams, and after the bytes of a stream; the end of a stream is no error. */
  override receive(into: Uint8Array, nonblock: boolean, peek = false): Received | Wait {
    if (this.#stream && this.#stream.outcome === undefined) return this.#notYet(nonblock);
    if (this.connectionless || (this.queued === 0 && !this.#otherDone)) this.throwPending();
    if (!this.connectionless && this.peerName === undefined) throw ENOTCONN;
    return super.receive(into, nonblock, peek);
  }

  /** shutdown(2): of a listening socket it ends listening. Throws ENOTCONN, though who waits is woken. */
  override shutdown(reads: boolean, writes: boolean): void {
    if (this.listening) {
      if (reads) this.#endListening();
      return;
    }
    const connected = this.connectionless ? this.remote !== undefined : !this.#broken && (this.connected || (this.#otherDone && !this.noMoreWrites));
    super.shutdown(reads, writes);
    if (!connected) throw ENOTCONN;
  }

  override write(from: Uint8Array, position: number, nonblock: boolean): number | Wait {
    return this.connectionless ? this.sendDatagram(from, { rights: [], sender: this.credentials }, undefined) : super.write(from, position, nonblock);
  }

  #endListening(): void {
    this.stopListening();
    if (!this.#portIsOurs) return;
    this.#ports.unbind(this);
    this.endpoint = undefined;
    this.name = '';
  }

  override poll(): number {
    if (this.#stream?.outcome === undefined && this.#stream) return 0;
    const bits = super.poll() | (this.pendingError || !this.errors.isEmpty ? POLLERR : 0) | (this.#untold === 'refused' ? POLLIN | POLLRDHUP : 0);
    return this.#otherDone && !this.#broken && !this.noMoreWrites ? bits & ~POLLHUP : bits;
  }
}

/** A wildcard as destination means the machine itself. */
export const destination = (address: string): string => (!isWildcard(address) ? address : address.length === 4 ? LOOPBACK4 : LOOPBACK6);

/** Which sockets have which ports. */
export class InetPorts {
  /** Absent: there is only the loopback. */
  network: ContainerNetwork | undefined;
  /** All that are open. */
  readonly sockets = new Set<InetSocket>();
  /** Packets between its own addresses. */
  readonly packets = new OwnPackets(this);
  readonly #bound = new Map<string, InetSocket[]>();
  #lastEphemeral = FIRST_EPHEMERAL - 1;

  /** Gives the socket an address; port 0 is the kernel's choice. Throws EADDRINUSE. */
  bind(socket: InetSocket, { address, port }: Endpoint): Endpoint {
    if (port === 0) return this.#enter(socket, { address, port: this.#freePort(socket, address) });
    if (this.#conflicts(socket, { address, port })) throw EADDRINUSE;
    return this.#enter(socket, { address, port });
  }

  /** The socket that gets what is sent to an endpoint: one bound to exactly that address before one bound to all. */
  find(protocol: number, { address, port }: Endpoint): InetSocket | undefined {
    const sockets = this.#at(protocol, port);
    const exact = sockets.filter((socket) => socket.endpoint!.address === address);
    const all = sockets.filter((socket) => isWildcard(socket.endpoint!.address) && serves(socket, address));
    return [...exact, ...all].find((socket) => socket.listening) ?? exact[0] ?? all[0];
  }

  /** Whether an address is this machine's. */
  isOwn(address: string): boolean { return isLoopback(address) || this.network?.isOwn(address) === true; }

  /** Whether what is sent to an endpoint stays here: not where others have the same addresses and nobody here has the port. */
  isHere(protocol: number, endpoint: Endpoint): boolean {
    return this.isOwn(endpoint.address) && (this.find(protocol, endpoint) !== undefined || !this.network?.isShared);
  }

  release(socket: InetSocket): void {
    this.network?.release(socket);
    this.sockets.delete(socket);
    this.unbind(socket);
  }

  /** Its port is free again. */
  unbind(socket: InetSocket): void {
    const { endpoint } = socket;
    if (!endpoint) return;
    const left = this.#at(socket.protocol, endpoint.port).filter((other) => other !== socket);
    if (left.length > 0) this.#bound.set(`${socket.protocol}:${endpoint.port}`, left);
    else this.#bound.delete(`${socket.protocol}:${endpoint.port}`);
  }

  #at(protocol: number, port: number): readonly InetSocket[] { return this.#bound.get(`${protocol}:${port}`) ?? []; }

  #enter(socket: InetSocket, endpoint: Endpoint): Endpoint {
    this.#bound.set(`${socket.protocol}:${endpoint.port}`, [...this.#at(socket.protocol, endpoint.port), socket]);
    return endpoint;
  }

  #conflicts(socket: InetSocket, { address, port }: Endpoint): boolean {
    return this.#at(socket.protocol, port).some((other) => {
      const theirs = other.endpoint!.address;
      const overlap = theirs === address || (isWildcard(theirs) && serves(other, address)) || (isWildcard(address) && serves(socket, theirs, address));
      const shared = (socket.reusePort && other.reusePort) || (socket.reuseAddress && other.reuseAddress && !other.listening);
      return overlap && !shared;
    });
  }

  #freePort(socket: InetSocket, address: string): number {
    for (let tries = 0; tries <= LAST_EPHEMERAL - FIRST_EPHEMERAL; tries++) {
      this.#lastEphemeral = this.#lastEphemeral >= LAST_EPHEMERAL ? FIRST_EPHEMERAL : this.#lastEphemeral + 1;
      if (!this.#conflicts(socket, { address, port: this.#lastEphemeral })) return this.#lastEphemeral;
    }
    throw EADDRINUSE;
  }
}

/** Whether a socket bound to a wildcard (its own, or `wildcard` when it is not bound yet) also means `address`. */
function serves(socket: InetSocket, address: string, wildcard = socket.endpoint!.address): boolean {
  return wildcard === ANY4 ? address.length === 4 : address.length === 16 || !socket.v6only;
}
