// A container on the host's own network: what its programs listen at, and bind datagram sockets to, are ports of the host.
import { EIO, errnoByName, type Errno } from '../../abi/index.ts';
import type { Net, NetAddress, NetDatagrams, NetListener, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { connectInside } from './connect-inside.ts';
import { Relay } from './host-stream.ts';
import { ANY6, type Endpoint, type InetPorts, type InetSocket, isWildcard } from './inet-socket.ts';
import { addressBytes, addressText, isLoopbackText } from './ip-text.ts';

/** A port that the host is asked for. */
export interface Opening { /** undefined: not known yet. */ outcome: 'open' | Errno | undefined }

const LOOPBACK4 = '\x7f\0\0\x01', LOOPBACK6 = `${'\0'.repeat(15)}\x01`;

export class HostPorts {
  readonly #net: Net;
  readonly #ports: InetPorts;
  readonly #open = new Map<InetSocket, NetListener[]>();
  readonly #datagrams = new Map<InetSocket, NetDatagrams[]>();
  readonly #streams = new Set<NetStream>();

  constructor(net: Net, ports: InetPorts) {
    this.#net = net;
    this.#ports = ports;
  }

  /** Opens the port that a socket is bound to; wakes the socket when the outcome is there. */
  begin(socket: InetSocket): Opening {
    const opening: Opening = { outcome: undefined };
    const { address, port } = socket.endpoint!;
    const addresses = address === ANY6 && !socket.v6only ? ['::', '0.0.0.0'] : [addressText(address)];
    const all = addresses.map((each) => (socket.connectionless ? this.#bind(socket, { address: each, port }) : this.#listen(socket, { address: each, port })));
    const settle = (outcome: 'open' | Errno): void => {
      opening.outcome = outcome;
      socket.changed.wake();
    };
    Promise.all(all).then(() => settle('open'), (error: { code?: string }) => {
      for (const each of all) each.then((listener) => listener.close(), () => {});
      this.#forget(socket);
      settle(errnoByName(error.code ?? '') ?? EIO);
    });
    return opening;
  }

  #forget(socket: InetSocket): void {
    this.#open.delete(socket);
    this.#datagrams.delete(socket);
  }

  #keep(socket: InetSocket, listener: NetListener): NetListener {
    this.#open.set(socket, [...this.#open.get(socket) ?? [], listener]);
    return listener;
  }

  async #listen(socket: InetSocket, at: NetAddress): Promise<NetListener> {
    return this.#keep(socket, await this.#net.listen(at, (stream, from) => this.#accept(socket, stream, from)));
  }

  async #bind(socket: InetSocket, at: NetAddress): Promise<NetListener> {
    const bound = await this.#net.bind(at, (bytes, from) => {
      const address = addressBytes(from.address);
      if (address) socket.arrive(bytes, { address, port: from.port });
    });
    this.#datagrams.set(socket, [...this.#datagrams.get(socket) ?? [], bound]);
    return this.#keep(socket, bound);
  }

  /** Sends from the port that a socket is bound to; false: it is bound to none of the address's family. */
  send(socket: InetSocket, bytes: Uint8Array, to: NetAddress): boolean {
    const six = to.address.includes(':');
    const bound = this.#open.get(socket)?.findIndex(({ local }) => local.address.includes(':') === six) ?? -1;
    const datagrams = this.#datagrams.get(socket)?.[bound];
    datagrams?.send(bytes, to);
    return datagrams !== undefined;
  }

  #accept(socket: InetSocket, stream: NetStream, { address, port }: NetAddress): NetStreamEvents {
    const relay = new Relay();
    this.#streams.add(stream);
    const events = relay.events(() => stream, () => { this.#streams.delete(stream); });
    const client = { address: addressBytes(address) ?? LOOPBACK4, port };
    connectInside(this.#ports, client, this.#own(socket, client, isLoopbackText(address)), (far) => {
      if (far) relay.start(stream, far);
      else stream.destroy();
    });
    return { ...events, opened: () => {} };
  }

  /** The end of a connection that is the socket's. */
  #own({ endpoint }: InetSocket, client: Endpoint, isLocal: boolean): Endpoint {
    const { address, port } = endpoint!;
    if (!isWildcard(address)) return { address, port };
    const loopback = client.address.length === 4 ? LOOPBACK4 : LOOPBACK6;
    return { address: isLocal ? loopback : this.#ports.network?.sourceFor(client.address) ?? loopback, port };
  }

  release(socket: InetSocket): void {
    for (const listener of this.#open.get(socket) ?? []) listener.close();
    this.#forget(socket);
  }

  close(): void {
    for (const socket of [...this.#open.keys()]) this.release(socket);
    for (const stream of this.#streams) stream.destroy();
  }
}
