// The networks a container is on: which addresses are its own, and which way leads to others: another container, the host itself, or the world.
import { EHOSTUNREACH } from '../../abi/index.ts';
import type { LocalStreams, Loop, Net, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { HostPorts } from './host-ports.ts';
import { HostNetwork } from './host-network.ts';
import { HostStream } from './host-stream.ts';
import { type Endpoint, type InetPorts, type InetSocket, isLoopback } from './inet-socket.ts';
import { NameServer, type Names, RESOLVER } from './name-server.ts';
import { type Directory, Neighbours } from './neighbours.ts';

/** One network that a container is on. Addresses are latin1 bytes. */
export interface Attachment {
  /** eth0, eth1 … */
  readonly interface: string;
  /** Names the network to `Directory`. */
  readonly network: string;
  readonly address: string;
  readonly prefix: number;
  /** The host; absent: there is none. */
  readonly gateway?: string;
  readonly six?: { readonly address: string; readonly prefix: number };
  /** Six bytes. */
  readonly hardware: string;
  /** It does not lead out. */
  readonly internal?: boolean;
}

/** Docker's default bridge, and the first container on it. */
export const firstOnBridge: Attachment = { interface: 'eth0', network: 'bridge', address: '\xac\x11\0\x02', prefix: 16, gateway: '\xac\x11\0\x01', hardware: '\x02\x42\xac\x11\0\x02' };

export interface NetworkParts {
  readonly attachments?: readonly Attachment[];
  readonly net: Net;
  readonly loop?: Loop;
  /** With both, other containers are reached. */
  readonly local?: LocalStreams;
  readonly directory?: Directory;
  /** Who answers at 127.0.0.11; absent: nobody. */
  readonly names?: Names;
  /** It is the host's own network. */
  readonly isHosts?: boolean;
}

const ANY4 = '\0\0\0\0';

/** Whether two addresses of a family have their first `prefix` bits in common. */
export function inSubnet(address: string, subnet: string, prefix: number): boolean {
  if (address.length !== subnet.length) return false;
  for (let i = 0; 8 * i < prefix; i++) {
    const mask = 256 - 2 ** (8 - Math.min(8, prefix - 8 * i));
    if (((address.charCodeAt(i) ^ subnet.charCodeAt(i)) & mask) !== 0) return false;
  }
  return true;
}

export class ContainerNetwork {
  attachments: readonly Attachment[];
  /** The way out. */
  readonly host: HostNetwork;
  readonly neighbours: Neighbours | undefined;
  /** Of a container on the host's own network. */
  readonly hostPorts: HostPorts | undefined;
  #names: NameServer | undefined;
  readonly #net: Net;
  readonly #streams = new Set<HostStream>();
  readonly #loop: Loop | undefined;

  constructor({ attachments = [firstOnBridge], net, loop, local, directory, names, isHosts = false }: NetworkParts, ports: InetPorts) {
    this.attachments = attachments;
    this.#loop = loop;
    this.host = new HostNetwork(net, ports);
    this.neighbours = local && directory && loop ? new Neighbours(local, directory, ports, loop) : undefined;
    this.#net = net;
    this.hostPorts = isHosts ? new HostPorts(net, ports) : undefined;
    this.#answerNames(names);
  }

  #answerNames(names: Names | undefined): void {
    this.#names?.close();
    this.#names = names && this.#loop ? new NameServer(names, this.#net, this.#loop) : undefined;
  }

  /** The container is on other networks from now on. */
  change({ attachments, names }: { readonly attachments: readonly Attachment[]; readonly names?: Names }): void {
    this.attachments = attachments;
    this.#answerNames(names);
  }

  /** Others have the same addresses. */
  get isShared(): boolean { return this.hostPorts !== undefined || (this.neighbours?.peers.length ?? 0) > 0; }
  isOwn(address: string): boolean { return this.attachments.some((on) => on.address === address || on.six?.address === address); }
  /** A gateway is the host itself. */
  isHost(address: string): boolean { return this.attachments.some(({ gateway }) => gateway === address); }
  get gateway(): string | undefined { return this.#way?.gateway ?? this.attachments[0]?.gateway; }
  get firstAddress(): string | undefined { return this.attachments[0]?.address; }

  /** The network that what is on none goes through. */
  get #way(): Attachment | undefined { return this.attachments.find(({ internal, gateway }) => !internal && gateway !== undefined); }
  #on(address: string): Attachment | undefined {
    return this.attachments.find((on) => inSubnet(address, on.address, on.prefix) || (on.six !== undefined && inSubnet(address, on.six.address, on.six.prefix)));
  }

  leadsTo(address: string): boolean { return this.hostPorts !== undefined || this.#on(address) !== undefined || this.#way !== undefined; }

  /** The own address that a connection to another one has; undefined: none of its family. */
  sourceFor(address: string): string | undefined {
    if (isLoopback(address) || this.isOwn(address)) return address;
    const on = this.#on(address) ?? this.#way;
    return address.length === 4 ? on?.address : on?.six?.address;
  }

  /** Whether somebody on the same networks has an address; undefined: no such network. */
  isThere(address: string): boolean | undefined {
    const on = this.#on(address);
    return on && (on.gateway === address || this.neighbours?.has(on.network, address) === true);
  }

  #isNeighbour(address: string): Attachment | undefined {
    if (this.hostPorts) return undefined;
    const on = this.#on(address);
    return on?.gateway === address ? undefined : on;
  }

  /** Begins a connection; its outcome is told by the socket's queue. */
  connect(socket: InetSocket, to: Endpoint): HostStream {
    const on = this.#isNeighbour(to.address);
    const isPeers = this.#isPeers(to.address);
    if (!on && !isPeers) return this.host.connect(socket, to);
    const from = { address: this.sourceFor(to.address) ?? ANY4, port: socket.endpoint!.port };
    const stream: HostStream = new HostStream((events) => (on && !isPeers ? this.neighbours?.connect(on.network, from, to, events) : this.neighbours?.connectToPeer(from, to, events)) ?? this.#nobody(() => events.closed(EHOSTUNREACH.name)), socket, (over) => { this.#streams.delete(over); });
    this.#streams.add(stream);
    return stream;
  }

  /** Whether an address is the container's own, which others share. */
  #isPeers(address: string): boolean { return !this.hostPorts && (isLoopback(address) || this.isOwn(address)); }

  /** A connection from outside that nobody here listens for goes to who shares the addresses; false: nobody does. `told`: what its stream tells from now on. */
  passOn(stream: NetStream, from: Endpoint, to: Endpoint, told: (events: Omit<NetStreamEvents, 'opened'>) => void): boolean {
    const { neighbours } = this;
    if (!neighbours || neighbours.peers.length === 0) return false;
    stream.pause();
    const peer = neighbours.connectToPeer(from, to, {
      opened: () => { stream.resume(); }, data: (bytes) => { if (!stream.write(bytes)) peer.pause(); }, ended: () => { stream.end(); }, drained: () => { stream.resume(); }, closed: () => { stream.destroy(); },
    });
    told({ data: (bytes) => { if (!peer.write(bytes)) stream.pause(); }, ended: () => { peer.end(); }, drained: () => { peer.resume(); }, closed: () => { peer.destroy(); } });
    return true;
  }

  /** A stream to nowhere. */
  #nobody(tell: () => void): { write(): boolean; end(): void; pause(): void; resume(): void; destroy(): void } {
    this.#loop?.soon(tell);
    const nothing = (): void => {};
    return { write: () => true, end: nothing, pause: nothing, resume: nothing, destroy: nothing };
  }

  send(socket: InetSocket, bytes: Uint8Array, to: Endpoint): void {
    const on = this.#isNeighbour(to.address);
    const isPeers = this.#isPeers(to.address);
    if (!on && !isPeers) return this.host.send(socket, bytes, to);
    const from = { address: this.sourceFor(to.address) ?? ANY4, port: socket.endpoint!.port };
    if (on && !isPeers) this.neighbours?.send(on.network, from, to, bytes);
    else this.neighbours?.sendToPeers(from, to, bytes);
  }

  /** Whether a datagram is for the name server at 127.0.0.11, which takes it. */
  answers(socket: InetSocket, bytes: Uint8Array, to: Endpoint): boolean {
    if (!this.#names || to.address !== RESOLVER.address || to.port !== RESOLVER.port) return false;
    this.#names.ask(bytes, (answer) => { socket.arrive(answer, RESOLVER); });
    return true;
  }

  /** A socket of the container was closed. */
  release(socket: InetSocket): void {
    this.host.release(socket);
    this.hostPorts?.release(socket);
  }

  /** The machine is over. */
  close(): void {
    this.host.close();
    this.hostPorts?.close();
    this.neighbours?.close();
    this.#names?.close();
    for (const stream of this.#streams) stream.destroy();
  }
}
