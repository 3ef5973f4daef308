// The ports of a container that the host listens on for it: connections are handed to whoever listens inside, datagrams to whoever is bound.
import { IPPROTO_UDP } from '../../abi/index.ts';
import type { Net, NetAddress, NetDatagrams, NetListener, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { connectInside } from './connect-inside.ts';
import { Relay } from './host-stream.ts';
import type { Endpoint, InetPorts } from './inet-socket.ts';
import { addressBytes, isLoopbackText } from './ip-text.ts';

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
  readonly #datagrams: DatagramClients;

  constructor(net: Net, ports: InetPorts) {
    this.#net = net;
    this.#ports = ports;
    this.#datagrams = new DatagramClients((from) => this.#clientOf(from));
  }

  /** Begins to listen. Rejects with the host's error. */
  async publish({ protocol, host, containerPort }: PublishedPort): Promise<NetListener> {
    const listener = protocol === 'tcp' ? await this.#net.listen(host, (stream, from) => this.#accept(stream, from, containerPort)) : await this.#bind(host, containerPort);
    this.#open.push(listener);
    return listener;
  }

  #accept(stream: NetStream, from: NetAddress, port: number): NetStreamEvents {
    const relay = new Relay();
    this.#streams.add(stream);
    let events = relay.events(() => stream, () => {});
    const [client, own] = [this.#clientOf(from), this.#ownEnd(port)];
    connectInside(this.#ports, client, own, (far) => {
      if (far) relay.start(stream, far);
      else if (!this.#ports.network?.passOn(stream, client, own, (others) => { events = others; })) stream.destroy();
    });
    return {
      opened: () => {}, data: (bytes) => { events.data(bytes); }, ended: () => { events.ended(); }, drained: () => { events.drained(); },
      closed: (code) => {
        this.#streams.delete(stream);
        events.closed(code);
      },
    };
  }

  /** How the container sees a client: one on the host itself, or of IPv6, comes from the gateway. */
  #clientOf({ address, port }: NetAddress): Endpoint {
    const bytes = isLoopbackText(address) ? undefined : addressBytes(address);
    return { address: bytes?.length === 4 ? bytes : this.#ports.network?.gateway ?? '\0\0\0\0', port };
  }

  /** The container's own end: its first address. */
  #ownEnd(port: number): Endpoint { return { address: this.#ports.network?.firstAddress ?? '\x7f\0\0\x01', port }; }

  async #bind(host: NetAddress, port: number): Promise<NetListener> {
    const socket = await this.#net.bind(host, (bytes, from) => { this.#ports.find(IPPROTO_UDP, this.#ownEnd(port))?.arrive(bytes, this.#datagrams.arrived(socket, port, from)); });
    return socket;
  }

  /** Answers a client of a UDP port of the container; false: there is no such client. */
  answer(port: number | undefined, bytes: Uint8Array, to: Endpoint): boolean {
    const client = port === undefined ? undefined : this.#datagrams.find(port, to);
    client?.socket.send(bytes, client.to);
    return client !== undefined;
  }

  close(): void {
    for (const listener of this.#open.splice(0)) listener.close();
    for (const stream of this.#streams) stream.destroy();
  }
}

/** How many clients of UDP ports are remembered. */
const MOST_CLIENTS = 4096;

interface Client { readonly socket: NetDatagrams; readonly to: NetAddress }

/** Who has sent datagrams to published ports, and through which socket of the host answers go back. */
class DatagramClients {
  /** By the container's port and what it sees; the oldest first. */
  readonly #clients = new Map<string, Client>();
  readonly #seen: (from: NetAddress) => Endpoint;

  constructor(seen: (from: NetAddress) => Endpoint) { this.#seen = seen; }

  /** What the container sees of a client: another port where two would look the same. */
  arrived(socket: NetDatagrams, port: number, to: NetAddress): Endpoint {
    let endpoint = this.#seen(to);
    for (let tries = 0; tries < MOST_CLIENTS; tries++) {
      const known = this.#clients.get(keyOf(port, endpoint));
      if (!known || (known.socket === socket && known.to.address === to.address && known.to.port === to.port)) break;
      endpoint = { ...endpoint, port: endpoint.port % 65535 + 1 };
    }
    const key = keyOf(port, endpoint);
    this.#clients.delete(key);
    this.#clients.set(key, { socket, to });
    if (this.#clients.size > MOST_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
    return endpoint;
  }

  find(port: number, to: Endpoint): Client | undefined { return this.#clients.get(keyOf(port, to)); }
}

const keyOf = (port: number, { address, port: theirs }: Endpoint): string => `${port} ${theirs} ${address}`;
