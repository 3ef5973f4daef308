// The ports of a container that the host listens on for it: connections are handed to whoever listens inside, datagrams to whoever is bound.
import { AF_INET, AF_INET6, Errno, IPPROTO_TCP, IPPROTO_UDP, SOCK_STREAM } from '../../abi/index.ts';
import type { Net, NetAddress, NetDatagrams, NetListener, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { CONTAINER_ADDRESS, GATEWAY_ADDRESS } from './host-network.ts';
import { Relay } from './host-stream.ts';
import { type Endpoint, encodeEndpoint, type InetPorts, InetSocket } from './inet-socket.ts';
import { addressBytes, addressText, isLoopbackText } from './ip-text.ts';

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  /** Where the host listens; port 0 is the host's choice. */
  readonly host: NetAddress;
  readonly containerPort: number;
}

const nobody = { pid: 0, uid: 0, gid: 0 };

/** How the container sees a client: one on the host itself comes from the gateway. */
const clientOf = ({ address, port }: NetAddress): Endpoint => ({ address: isLoopbackText(address) ? GATEWAY_ADDRESS : addressBytes(address) ?? GATEWAY_ADDRESS, port });

export class PublishedPorts {
  readonly #net: Net;
  readonly #ports: InetPorts;
  readonly #open: NetListener[] = [];
  readonly #streams = new Set<NetStream>();
  /** Sockets of the host by the container's UDP port. */
  readonly #datagrams = new Map<number, NetDatagrams>();

  constructor(net: Net, ports: InetPorts) {
    this.#net = net;
    this.#ports = ports;
  }

  /** Begins to listen; returns where. Rejects with the host's error. */
  async publish({ protocol, host, containerPort }: PublishedPort): Promise<NetAddress> {
    const listener = protocol === 'tcp' ? await this.#net.listen(host, (stream, from) => this.#accept(stream, from, containerPort)) : await this.#bind(host, containerPort);
    this.#open.push(listener);
    return listener.local;
  }

  #accept(stream: NetStream, from: NetAddress, port: number): NetStreamEvents {
    const relay = new Relay();
    this.#streams.add(stream);
    const far = this.#connectInside(clientOf(from), port);
    const events = relay.events(() => stream, () => { this.#streams.delete(stream); });
    if (far) relay.start(stream, far);
    else stream.destroy();
    return { ...events, opened: () => {} };
  }

  /** The client's end of a connection to whoever listens on the port; undefined: nobody, or its queue is full. */
  #connectInside(client: Endpoint, port: number): InetSocket | undefined {
    const target = this.#ports.find(IPPROTO_TCP, { address: CONTAINER_ADDRESS, port });
    if (!target?.listening) return undefined;
    const far = new InetSocket(client.address.length === 4 ? AF_INET : AF_INET6, SOCK_STREAM, nobody, this.#ports);
    far.name = encodeEndpoint(target.family, client);
    try { far.connect(target, true, encodeEndpoint(target.family, { address: CONTAINER_ADDRESS, port })); } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
    return far;
  }

  async #bind(host: NetAddress, port: number): Promise<NetListener> {
    const socket = await this.#net.bind(host, (bytes, from) => { this.#ports.find(IPPROTO_UDP, { address: CONTAINER_ADDRESS, port })?.arrive(bytes, clientOf(from)); });
    this.#datagrams.set(port, socket);
    return socket;
  }

  /** Sends from a UDP port of the container, when the host speaks for it; whether it does. */
  send(port: number | undefined, bytes: Uint8Array, { address, port: to }: Endpoint): boolean {
    const socket = port === undefined ? undefined : this.#datagrams.get(port);
    socket?.send(bytes, { address: address === GATEWAY_ADDRESS ? '127.0.0.1' : addressText(address), port: to });
    return socket !== undefined;
  }

  close(): void {
    for (const listener of this.#open.splice(0)) listener.close();
    for (const stream of this.#streams) stream.destroy();
  }
}
