// Other containers on the same networks: connections and datagrams to and from them, handed from one machine to the other over streams of the host, so that no port of the host is opened. Both sides see the other's address.
import { ECONNREFUSED, EHOSTUNREACH, type Errno, IPPROTO_UDP } from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import type { LocalStreams, Loop, NetStream, NetStreamEvents } from '../../host/ports.ts';
import { connectInside } from './connect-inside.ts';
import { Relay } from './host-stream.ts';
import type { Endpoint, InetPorts } from './inet-socket.ts';
import { frame, Frames, type Kind, kinds, packEndpoints, unpackEndpoints } from './neighbour-wire.ts';

/** Who else is on a network. */
export interface Directory {
  /** Where the containers that have an address (latin1 bytes) are reached, as LocalStreams takes it; several where one shares the network of another. */
  socketsOf(network: string, address: string): readonly string[];
  /** The same of the others that have all of the container's own addresses. */
  peers(): readonly string[];
}

const RETRY_NS = 20_000_000n;
/** A container that has just begun may not listen yet. */
const RETRIES = 100;
/** Of datagrams on their way to one container; more are lost. */
const MOST_QUEUED = 1 << 18;

const nothing = (): void => {};

/** One end of a connection on a stream of the host. A stream that ends before the other side has said that it is done was broken off. */
class Connection implements NetStream {
  readonly #stream: NetStream;
  readonly #events: NetStreamEvents;
  #open: boolean;
  #sentEnd = false;
  #gotEnd = false;
  #over = false;

  /** `open`: the other side need not accept it. */
  constructor(stream: NetStream, events: NetStreamEvents, open: boolean) {
    this.#stream = stream;
    this.#events = events;
    this.#open = open;
  }

  write(bytes: Uint8Array): boolean { return this.#stream.write(frame(kinds.data, bytes)); }
  pause(): void { this.#stream.pause(); }
  resume(): void { this.#stream.resume(); }
  destroy(): void { this.#stream.destroy(); }
  end(): void {
    if (this.#sentEnd) return;
    this.#sentEnd = true;
    this.#stream.write(frame(kinds.end));
    this.#endWhenDone();
  }

  #endWhenDone(): void { if (this.#sentEnd && this.#gotEnd) this.#stream.end(); }

  told(kind: Kind, content: Uint8Array): void {
    if (kind === kinds.data) this.#events.data(content.slice());
    else if (kind === kinds.accepted && !this.#open) {
      this.#open = true;
      this.#events.opened({ address: '', port: 0 });
    } else if (kind === kinds.failed) this.closed(latin1(content));
    else if (kind === kinds.end && !this.#gotEnd) {
      this.#gotEnd = true;
      this.#events.ended();
      this.#endWhenDone();
    }
  }

  drained(): void { this.#events.drained(); }

  /** The stream is over; `code`: the other side said why. */
  closed(code?: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.closed(code ?? (this.#gotEnd ? undefined : 'ECONNRESET'));
  }
}

/** Datagrams to one container. */
interface Channel { readonly stream: NetStream; queued: number }

export class Neighbours {
  readonly #local: LocalStreams;
  readonly #directory: Directory;
  readonly #ports: InetPorts;
  readonly #loop: Loop;
  readonly #streams = new Set<NetStream>();
  readonly #channels = new Map<string, Channel>();
  #listener: { close(): void } | undefined;
  #closed = false;

  constructor(local: LocalStreams, directory: Directory, ports: InetPorts, loop: Loop) {
    this.#local = local;
    this.#directory = directory;
    this.#ports = ports;
    this.#loop = loop;
  }

  /** Whether a container has an address of a network. */
  has(network: string, address: string): boolean { return this.#directory.socketsOf(network, address).length > 0; }
  get peers(): readonly string[] { return this.#directory.peers(); }

  /** Begins a connection to an address of a network, which several containers may have: the first that does not refuse. Fails with EHOSTUNREACH when nobody has it, ECONNREFUSED when nobody listens. */
  connect(network: string, from: Endpoint, to: Endpoint, events: NetStreamEvents): NetStream { return this.#connect(() => this.#directory.socketsOf(network, to.address), from, to, events); }

  /** The same to a container that shares all addresses. */
  connectToPeer(from: Endpoint, to: Endpoint, events: NetStreamEvents): NetStream { return this.#connect(() => this.peers, from, to, events); }

  #connect(paths: () => readonly string[], from: Endpoint, to: Endpoint, events: NetStreamEvents): NetStream {
    let stream: NetStream | undefined;
    let destroyed = false;
    let connection: Connection | undefined;
    let isOpen = false;
    const far: NetStream = {
      write: (bytes) => connection!.write(bytes), end: () => { connection!.end(); }, pause: () => { stream?.pause(); }, resume: () => { stream?.resume(); },
      destroy: () => { destroyed = true; stream?.destroy(); },
    };
    const fail = (errno: Errno): void => { this.#loop.soon(() => { if (!destroyed) events.closed(errno.name); }); };
    const attempt = (index: number, left: number): void => {
      const all = destroyed || this.#closed ? [] : paths();
      const path = all[index];
      if (path === undefined) return fail(index > 0 ? ECONNREFUSED : EHOSTUNREACH);
      const isLast = index === all.length - 1;
      const told: NetStreamEvents = {
        ...events, opened: (local) => { isOpen = true; events.opened(local); },
        closed: (code) => { if (code === ECONNREFUSED.name && !isOpen && !isLast) attempt(index + 1, RETRIES); else events.closed(code); },
      };
      stream = this.#begin(path, () => frame(kinds.open, packEndpoints(from, to)), (own) => (connection = new Connection(own, told, false)), (code) => {
        if (left > 0 && (code === 'ENOENT' || code === 'ECONNREFUSED')) this.#loop.later(() => attempt(index, left - 1), RETRY_NS);
        else if (isLast) fail(EHOSTUNREACH);
        else attempt(index + 1, RETRIES);
      });
    };
    attempt(0, RETRIES);
    return far;
  }

  /** A stream to another container whose first frame is `first`; `failed`: it did not come about. */
  #begin(path: string, first: () => Uint8Array, opened: (stream: NetStream) => Pick<Connection, 'told' | 'closed' | 'drained'>, failed: (code: string | undefined) => void): NetStream {
    let user: Pick<Connection, 'told' | 'closed' | 'drained'> | undefined;
    const frames = new Frames((kind, content) => { user?.told(kind, content); }, () => { stream.destroy(); });
    const stream = this.#local.connect(path, {
      opened: () => {
        user = opened(stream);
        stream.write(first());
      },
      data: (bytes) => { frames.feed(bytes); },
      ended: () => { stream.end(); },
      drained: () => { user?.drained(); },
      closed: (code) => {
        this.#streams.delete(stream);
        if (user) user.closed();
        else failed(code);
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  /** Sends a datagram to an address of a network; a connected sender hears when nobody takes it. */
  send(network: string, from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    const paths = this.#directory.socketsOf(network, to.address);
    if (paths.length === 0) return this.#tellSender(from, EHOSTUNREACH);
    for (const path of paths) this.#send(path, from, to, bytes);
  }

  /** The same to those that share all addresses. */
  sendToPeers(from: Endpoint, to: Endpoint, bytes: Uint8Array): void { for (const path of this.peers) this.#send(path, from, to, bytes); }

  #send(path: string, from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    const channel = this.#channels.get(path) ?? this.#openChannel(path);
    if (channel.queued > MOST_QUEUED) return;
    const packed = frame(kinds.datagram, packEndpoints(from, to, bytes));
    channel.queued += packed.length;
    if (channel.stream.write(packed)) channel.queued = 0;
  }

  #openChannel(path: string): Channel {
    const waiting: Uint8Array[] = [];
    let stream: NetStream | undefined;
    const channel: Channel = { queued: 0, stream: { write: (bytes) => { if (stream) return stream.write(bytes); waiting.push(bytes); return false; }, end: nothing, pause: nothing, resume: nothing, destroy: () => { stream?.destroy(); } } };
    const attempt = (left: number): void => {
      this.#begin(path, () => frame(kinds.accepted), (opened) => {
        stream = opened;
        for (const bytes of waiting.splice(0)) opened.write(bytes);
        channel.queued = 0;
        return { told: (kind, content) => { if (kind === kinds.refused) this.#refused(content); }, drained: () => { channel.queued = 0; }, closed: () => { this.#channels.delete(path); } };
      }, (code) => {
        if (left > 0 && !this.#closed && (code === 'ENOENT' || code === 'ECONNREFUSED')) this.#loop.later(() => attempt(left - 1), RETRY_NS);
        else this.#channels.delete(path);
      });
    };
    this.#channels.set(path, channel);
    attempt(RETRIES);
    return channel;
  }

  #refused(content: Uint8Array): void {
    const ends = unpackEndpoints(content);
    if (ends) this.#tellSender(ends.from, ECONNREFUSED);
  }

  #tellSender(from: Endpoint, errno: Errno): void {
    const sender = this.#ports.find(IPPROTO_UDP, from);
    if (sender?.remote) sender.fail(errno);
  }

  /** Listens for other containers. */
  async listen(path: string): Promise<void> {
    const listener = await this.#local.listen(path, (stream) => this.#accepted(stream));
    if (this.#closed) listener.close();
    else this.#listener = listener;
  }

  #accepted(stream: NetStream): NetStreamEvents {
    this.#streams.add(stream);
    let connection: Connection | undefined;
    const frames = new Frames((kind, content) => {
      if (connection) return connection.told(kind, content);
      const ends = kind === kinds.open || kind === kinds.datagram ? unpackEndpoints(content) : undefined;
      if (kind === kinds.open && ends) connection = this.#accept(stream, ends.from, ends.to);
      else if (kind === kinds.datagram && ends) this.#arrive(stream, ends.from, ends.to, ends.rest);
    }, () => { stream.destroy(); });
    return {
      opened: nothing, data: (bytes) => { frames.feed(bytes); }, ended: () => { stream.end(); }, drained: () => { connection?.drained(); },
      closed: () => {
        this.#streams.delete(stream);
        connection?.closed();
      },
    };
  }

  /** A connection from another container. */
  #accept(stream: NetStream, from: Endpoint, to: Endpoint): Connection {
    const relay = new Relay();
    const connection: Connection = new Connection(stream, { ...relay.events(() => connection, nothing), opened: nothing }, true);
    connectInside(this.#ports, from, to, (far) => {
      if (far) {
        stream.write(frame(kinds.accepted));
        return relay.start(connection, far);
      }
      stream.write(frame(kinds.failed, latin1Bytes(ECONNREFUSED.name)));
      stream.end();
    });
    return connection;
  }

  /** A datagram from another container. */
  #arrive(stream: NetStream, from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    const target = this.#ports.find(IPPROTO_UDP, to);
    if (target) target.arrive(bytes.slice(), from, to.address);
    else stream.write(frame(kinds.refused, packEndpoints(from, to)));
  }

  /** The machine is over. */
  close(): void {
    this.#closed = true;
    this.#listener?.close();
    for (const stream of this.#streams) stream.destroy();
  }
}
