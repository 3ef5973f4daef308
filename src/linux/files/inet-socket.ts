// TCP and UDP sockets on the container's own loopback: addresses, ports, connections and datagrams between programs of one machine. ip(7), ipv6(7), tcp(7), udp(7).
import { AF_INET6, EADDRINUSE, EADDRNOTAVAIL, ECONNREFUSED, EDESTADDRREQ, ENETUNREACH, ENOTCONN } from '../../abi/index.ts';
import type { Errno } from '../../abi/index.ts';
import type { Wait } from '../../base/index.ts';
import { POLLERR } from '../../vfs/index.ts';
import { Socket } from './socket.ts';
import type { Ancillary, PeerCredentials, Received } from './socket.ts';

/** An address as latin1 bytes (4 of IPv4, 16 of IPv6; a mapped IPv4 address is its 4 bytes) and a port. */
export interface Endpoint { readonly address: string; readonly port: number }

const MAPPED_PREFIX = `${'\0'.repeat(10)}\xff\xff`;
const ANY4 = '\0'.repeat(4), ANY6 = '\0'.repeat(16), LOOPBACK4 = '\x7f\0\0\x01', LOOPBACK6 = `${'\0'.repeat(15)}\x01`;

const isWildcard = (address: string): boolean => address === ANY4 || address === ANY6;
const isLoopback = (address: string): boolean => (address.length === 4 ? address.startsWith('\x7f') : address === LOOPBACK6);

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

const FIRST_EPHEMERAL = 32768, LAST_EPHEMERAL = 60999;

export class InetSocket extends Socket {
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

  constructor(family: number, type: number, credentials: PeerCredentials, ports: InetPorts) {
    super(family, type, credentials);
    this.#ports = ports;
    this.name = '';
    this.onClose = () => ports.release(this);
  }

  protected override child(name: string): Socket {
    const child = new InetSocket(this.family, this.type, this.credentials, this.#ports);
    child.name = name;
    return child;
  }

  /** bind(2). Throws EADDRNOTAVAIL for what is not an address of this machine, EADDRINUSE. */
  bind(endpoint: Endpoint): void {
    if (!isWildcard(endpoint.address) && !isLoopback(endpoint.address)) throw EADDRNOTAVAIL;
    this.#settle(this.#ports.bind(this, endpoint));
  }

  #settle(endpoint: Endpoint): void {
    this.endpoint = endpoint;
    this.name = encodeEndpoint(this.family, endpoint);
  }

  /** A port of the kernel's choice, for a socket that needs one. */
  autobind(address = this.family === AF_INET6 ? ANY6 : ANY4): void {
    if (!this.endpoint) this.#settle(this.#ports.bind(this, { address, port: 0 }));
  }

  override listen(backlog: number): void {
    this.autobind();
    super.listen(backlog);
  }

  /** connect(2): nothing but the machine itself can be reached. Throws ENETUNREACH, ECONNREFUSED. */
  connectTo(wanted: Endpoint, nonblock: boolean): Wait | undefined {
    const endpoint = { address: reachable(wanted.address), port: wanted.port };
    if (this.connectionless) {
      this.autobind();
      this.remote = endpoint;
      this.peerName = encodeEndpoint(this.family, endpoint);
      return undefined;
    }
    const target = this.#ports.find(this.type, endpoint);
    if (!target?.listening) throw ECONNREFUSED;
    if (!this.connected) this.autobind(endpoint.address);
    return this.connect(target, nonblock, encodeEndpoint(target.family, endpoint));
  }

  /** A datagram goes to `endpoint`, or where the socket is connected to. One that nobody takes is lost; a connected sender hears of it at its next call. */
  sendDatagram(bytes: Uint8Array, ancillary: Ancillary, endpoint: Endpoint | undefined): number {
    this.throwPending();
    const to = endpoint ? { address: reachable(endpoint.address), port: endpoint.port } : this.remote;
    if (!to) throw EDESTADDRREQ;
    this.autobind();
    const target = this.#ports.find(this.type, to);
    if (!target && this.remote) this.#fail();
    if (target?.accepts(this.sourceFor(to.address)) && target.takes(bytes.length, this)) this.#deliverTo(target, bytes, ancillary, to);
    return bytes.length;
  }

  #fail(): void {
    this.pendingError = ECONNREFUSED;
    this.changed.wake();
  }

  #deliverTo(target: InetSocket, bytes: Uint8Array, ancillary: Ancillary, to: Endpoint): void {
    const own = this.name;
    this.name = encodeEndpoint(this.family, this.sourceFor(to.address));
    try { this.send(bytes, ancillary, true, target); } finally { this.name = own; }
  }

  /** The address a receiver sees: a wildcard becomes the address that was sent to. */
  sourceFor(destination: string): Endpoint {
    const { address, port } = this.endpoint!;
    return { address: isWildcard(address) ? destination : address, port };
  }

  /** Whether a datagram socket takes messages from there: a connected one only from its peer. */
  accepts(from: Endpoint): boolean { return !this.remote || (this.remote.address === from.address && this.remote.port === from.port); }

  override takes(length: number, sender: Socket): boolean { return this.connectionless ? this.queued + length <= this.bufferBytes : super.takes(length, sender); }

  throwPending(): void {
    const error = this.pendingError;
    this.pendingError = undefined;
    if (error) throw error;
  }

  override receive(into: Uint8Array, nonblock: boolean, peek = false): Received | Wait {
    this.throwPending();
    if (!this.connectionless && this.peerName === undefined) throw ENOTCONN;
    return super.receive(into, nonblock, peek);
  }

  override write(from: Uint8Array, position: number, nonblock: boolean): number | Wait {
    return this.connectionless ? this.sendDatagram(from, { rights: [], sender: this.credentials }, undefined) : super.write(from, position, nonblock);
  }

  override poll(): number { return super.poll() | (this.pendingError ? POLLERR : 0); }
}

/** A wildcard as destination means the machine itself. Throws ENETUNREACH for anything that is not it. */
function reachable(address: string): string {
  if (isWildcard(address)) return address.length === 4 ? LOOPBACK4 : LOOPBACK6;
  if (!isLoopback(address)) throw ENETUNREACH;
  return address;
}

/** Which sockets have which ports. */
export class InetPorts {
  readonly #bound = new Map<string, InetSocket[]>();
  #lastEphemeral = FIRST_EPHEMERAL - 1;

  /** Gives the socket an address; port 0 is the kernel's choice. Throws EADDRINUSE. */
  bind(socket: InetSocket, { address, port }: Endpoint): Endpoint {
    if (port === 0) return this.#enter(socket, { address, port: this.#freePort(socket, address) });
    if (this.#conflicts(socket, { address, port })) throw EADDRINUSE;
    return this.#enter(socket, { address, port });
  }

  /** The socket that gets what is sent to an endpoint: one bound to exactly that address before one bound to all. */
  find(type: number, { address, port }: Endpoint): InetSocket | undefined {
    const sockets = this.#at(type, port);
    const exact = sockets.filter((socket) => socket.endpoint!.address === address);
    const all = sockets.filter((socket) => isWildcard(socket.endpoint!.address) && serves(socket, address));
    return [...exact, ...all].find((socket) => socket.listening) ?? exact[0] ?? all[0];
  }

  release(socket: InetSocket): void {
    const { endpoint } = socket;
    if (!endpoint) return;
    const left = this.#at(socket.type, endpoint.port).filter((other) => other !== socket);
    if (left.length > 0) this.#bound.set(`${socket.type}:${endpoint.port}`, left);
    else this.#bound.delete(`${socket.type}:${endpoint.port}`);
  }

  #at(type: number, port: number): readonly InetSocket[] { return this.#bound.get(`${type}:${port}`) ?? []; }

  #enter(socket: InetSocket, endpoint: Endpoint): Endpoint {
    this.#bound.set(`${socket.type}:${endpoint.port}`, [...this.#at(socket.type, endpoint.port), socket]);
    return endpoint;
  }

  #conflicts(socket: InetSocket, { address, port }: Endpoint): boolean {
    return this.#at(socket.type, port).some((other) => {
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
