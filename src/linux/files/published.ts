// The ports of a container that the host listens on for it: connections are handed to whoever listens inside, datagrams to whoever is bound.
import { IPPROTO_UDP } from '../../abi/index.ts';
import type { Net, NetAddress, NetDatagrams, NetListener, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { connectInside } from './connect-inside.ts';
import { Relay } from './host-stream.ts';
import type { Endpoint, InetPorts } from './inet-socket.ts';
import { addressBytes, addressText, isLoopbackText } from './ip-text.ts';

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  /** Where the host listens; port 0 is the host's choice. */
  readonly host: NetAddress;
  readonly containerPort: number;
}

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
    const events = relay.events(() => stream, () => { this.#streams.delete(stream); });
    connectInside(this.#ports, this.#clientOf(from), this.#ownEnd(port), (far) => {
      if (far) relay.start(stream, far);
      else stream.destroy();
    });
    return { ...events, opened: () => {} };
  }

  /** How the container sees a client: one on the host itself comes from the gateway. */
  #clientOf({ address, port }: NetAddress): Endpoint {
    const gateway = this.#ports.network?.gateway ?? '\0\0\0\0';
    return { address: isLoopbackText(address) ? gateway : addressBytes(address) ?? gateway, port };
  }

  /** The container's own end: its first address. */
  #ownEnd(port: number): Endpoint { return { address: this.#ports.network?.firstAddress ?? '\x7f\0\0\x01', port }; }

  async #bind(host: NetAddress, port: number): Promise<NetListener> {
    const socket = await this.#net.bind(host, (bytes, from) => { this.#ports.find(IPPROTO_UDP, this.#ownEnd(port))?.arrive(bytes, this.#clientOf(from)); });
    this.#datagrams.set(port, socket);
    return socket;
  }

  /** Sends from a UDP port of the container, when the host speaks for it; whether it does. */
  send(port: number | undefined, bytes: Uint8Array, { address, port: to }: Endpoint): boolean {
    const socket = port === undefined ? undefined : this.#datagrams.get(port);
    socket?.send(bytes, { address: this.#ports.network?.isHost(address) ? '127.0.0.1' : addressText(address), port: to });
    return socket !== undefined;
  }

  close(): void {
    for (const listener of this.#open.splice(0)) listener.close();
    for (const stream of this.#streams) stream.destroy();
  }
}
