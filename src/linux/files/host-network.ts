// The way out of a container: connections and datagrams through sockets of the host.
import { errnoByName, EIO } from '../../abi/index.ts';
import type { Net, NetAddress, NetDatagrams } from '../../host/ports.ts';
import { HostStream } from './host-stream.ts';
import type { Endpoint, InetPorts, InetSocket } from './inet-socket.ts';
import type { PublishedPorts } from './published.ts';
import { addressBytes, addressText, isLoopbackText } from './ip-text.ts';

const DOMAIN_PORT = 53;

export class HostNetwork {
  readonly #net: Net;
  readonly #ports: InetPorts;
  readonly #streams = new Set<HostStream>();
  readonly #datagrams = new Map<InetSocket, NetDatagrams>();
  /** The way in. */
  published: PublishedPorts | undefined;

  constructor(net: Net, ports: InetPorts) {
    this.#net = net;
    this.#ports = ports;
  }

  /** Begins a connection of `socket`; its outcome is told by the socket's queue. */
  connect(socket: InetSocket, { address, port }: Endpoint): HostStream {
    const stream = new HostStream((events) => this.#net.connect(this.#outside({ address, port }), events), socket, (over) => { this.#streams.delete(over); });
    this.#streams.add(stream);
    return stream;
  }

  /** Sends a datagram; answers arrive at `socket`. */
  send(socket: InetSocket, bytes: Uint8Array, { address, port }: Endpoint): void {
    if (this.published?.answer(socket.endpoint?.port, bytes, { address, port })) return;
    const to = this.#outside({ address, port });
    if (this.#ports.network?.hostPorts?.send(socket, bytes, to)) return;
    this.#datagramsOf(socket, to.address.includes(':') ? 6 : 4).send(bytes, to);
  }

  /** Where an endpoint lies for the host. A gateway is the host itself, not its loopback; only its port for names is a name server on the host's loopback, where there is one. */
  #outside({ address, port }: Endpoint): NetAddress {
    if (!this.#ports.network?.isHost(address)) return { address: addressText(address), port };
    const own = port === DOMAIN_PORT ? this.#net.nameServers.find(isLoopbackText) : undefined;
    return { address: own ?? this.#net.ownAddress ?? addressText(address), port };
  }

  #datagramsOf(socket: InetSocket, family: 4 | 6): NetDatagrams {
    const known = this.#datagrams.get(socket);
    if (known) return known;
    const made = this.#net.datagrams(family, (bytes, from) => {
      const isHost = !this.#ports.network?.hostPorts && (isLoopbackText(from.address) || from.address === this.#net.ownAddress);
      const address = isHost ? this.#ports.network?.gateway : addressBytes(from.address);
      if (address !== undefined) socket.arrive(bytes, { address, port: from.port });
    }, (code) => { if (socket.remote) socket.fail(errnoByName(code) ?? EIO); });
    this.#datagrams.set(socket, made);
    return made;
  }

  /** A socket of the container was closed. */
  release(socket: InetSocket): void {
    this.#datagrams.get(socket)?.close();
    this.#datagrams.delete(socket);
  }

  /** The machine is over. */
  close(): void {
    this.published?.close();
    for (const stream of this.#streams) stream.destroy();
    for (const datagrams of this.#datagrams.values()) datagrams.close();
    this.#streams.clear();
    this.#datagrams.clear();
  }
}
