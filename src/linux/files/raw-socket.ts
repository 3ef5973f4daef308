// Raw sockets and ping sockets, on the container's own addresses. raw(7), icmp(7), RFC 3542.
import { AF_INET6, EADDRNOTAVAIL, EDESTADDRREQ, EINVAL, EMSGSIZE, ENETUNREACH, EPIPE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_RAW, SOCK_DGRAM, SOCK_RAW } from '../../abi/index.ts';
import type { Wait } from '../../base/index.ts';
import { ANY4, ANY6, destination, encodeEndpoint, type Endpoint, type InetPorts, InetSocket, isWildcard } from './inet-socket.ts';
import { echoReply, fits, headerOf, ICMP_HEADER, icmpOf, infoOf, IP_HEADER, type IpPacket, packetWithHeader, upperChecksum, withIdentifier, withUpperChecksum } from './ip-packet.ts';
import { type PacketReceiver, repliesTo } from './own-packets.ts';
import type { PacketChoices } from './packet-info.ts';
import type { Ancillary, PeerCredentials } from './socket.ts';

/** What sends packets instead of datagrams, to addresses of the container. */
abstract class PacketSocket extends InetSocket implements PacketReceiver {
  readonly #ports: InetPorts;

  constructor(family: number, type: number, credentials: PeerCredentials, ports: InetPorts, protocol: number, receivers: Set<PacketReceiver>) {
    super(family, type, credentials, ports, protocol);
    this.#ports = ports;
    this.reuseAddress = true;
    const { onClose } = this;
    this.onClose = () => {
      receivers.delete(this);
      onClose();
    };
  }

  abstract wants(packet: IpPacket): boolean;
  abstract take(packet: IpPacket): void;
  /** The packet that a message of the program's becomes. Throws what is wrong with it; undefined: it is lost. */
  protected abstract packetOf(bytes: Uint8Array, to: Endpoint, choices: PacketChoices | undefined): IpPacket | undefined;

  override sendDatagram(bytes: Uint8Array, { choices }: Ancillary, endpoint: Endpoint | undefined): number {
    this.throwPending();
    if (this.noMoreWrites) throw EPIPE;
    const to = endpoint ? { ...endpoint, address: destination(endpoint.address) } : this.remote;
    if (!to) throw EDESTADDRREQ;
    if (!fits(bytes.length, this.isSix)) throw EMSGSIZE;
    this.autobind();
    const packet = this.packetOf(bytes, to, choices);
    if ((to.address.length === 16) !== this.isSix) throw ENETUNREACH;
    if (!this.isOwn(to.address)) return this.#sendOut(packet, to, bytes.length);
    if (packet && this.isOwn(packet.destination)) this.#ports.packets.deliver(packet);
    return bytes.length;
  }

  /** Others on the same networks are there or not, and answer echoes when they are; packets of other kinds do not get there. */
  #sendOut(packet: IpPacket | undefined, to: Endpoint, length: number): number {
    const { network, packets } = this.#ports;
    const isThere = network?.isThere(to.address);
    if (isThere === undefined) throw ENETUNREACH;
    const answer = packet && isThere ? echoReply(packet) : undefined;
    if (answer) packets.deliver(answer);
    return length;
  }

  protected get isSix(): boolean { return this.family === AF_INET6; }
  protected isOwn(address: string): boolean { return this.#ports.isOwn(address); }

  /** The header of a packet to `to`. */
  protected headerTo(to: string, choices: PacketChoices | undefined): Omit<IpPacket, 'payload'> {
    const { ttl, trafficClass } = this.headers.info(to, choices ?? {});
    const source = this.isOwn(to) ? this.sourceFor(to, choices).address : choices?.source ?? this.#ports.network?.sourceFor(to) ?? (this.isSix ? ANY6 : ANY4);
    return { protocol: this.protocol, source, destination: to, ttl, trafficClass };
  }

  /** Whether it is bound to where a packet goes. */
  protected isAt({ destination: to }: IpPacket): boolean {
    const { address } = this.endpoint ?? { address: this.isSix ? ANY6 : ANY4 };
    return (to.length === 16) === this.isSix && (isWildcard(address) || address === to);
  }
}

/** SOCK_RAW: its port is its protocol. */
export class RawSocket extends PacketSocket {
  /** IP_HDRINCL: the program writes the header. */
  headerIncluded: boolean;
  /** ICMP_FILTER: a bit for each type that is not wanted. ICMP6_FILTER: as in struct icmp6_filter, the same. */
  filter: Uint8Array;
  /** IPV6_CHECKSUM: where the kernel puts a checksum, and looks for one. */
  checksumAt: number | undefined;
  readonly #ports: InetPorts;

  constructor(family: number, credentials: PeerCredentials, ports: InetPorts, protocol: number) {
    super(family, SOCK_RAW, credentials, ports, protocol, ports.packets.raw);
    this.#ports = ports;
    this.headerIncluded = protocol === IPPROTO_RAW && !this.isSix;
    this.filter = new Uint8Array(this.isSix ? 32 : 4);
    if (this.isSix && protocol === IPPROTO_ICMPV6) this.checksumAt = 2;
    this.#be(this.isSix ? ANY6 : ANY4);
    ports.packets.raw.add(this);
  }

  override get connectionless(): boolean { return true; }

  #be(address: string): void {
    this.endpoint = { address, port: this.protocol };
    this.name = encodeEndpoint(this.family, this.endpoint);
  }

  /** bind(2), also again until it is connected. Throws EADDRNOTAVAIL, EINVAL. */
  override bind({ address }: Endpoint): undefined {
    if (this.remote) throw EINVAL;
    if (!isWildcard(address) && !this.isOwn(address)) throw EADDRNOTAVAIL;
    this.#be(address);
  }

  /** connect(2); without a port it has a peer that getpeername(2) does not tell. */
  override connectTo(wanted: Endpoint, nonblock: boolean): Wait | undefined {
    const outcome = super.connectTo(wanted, nonblock);
    const { address } = this.sourceFor(this.remote!.address);
    if (this.#ports.isOwn(address)) this.#be(address);
    if (wanted.port === 0) this.peerName = undefined;
    return outcome;
  }

  wants(packet: IpPacket): boolean {
    return packet.protocol === this.protocol && this.isAt(packet) && (!this.remote || this.remote.address === packet.source) && !this.#filtered(packet.payload) && this.#isWhole(packet);
  }

  #filtered(payload: Uint8Array): boolean {
    const { protocol } = icmpOf(this.isSix ? ANY6 : ANY4);
    if (this.protocol !== protocol) return false;
    if (payload.length < (this.isSix ? 1 : ICMP_HEADER)) return true;
    const type = payload[0]!;
    const byte = this.filter[type >> 3];
    return byte !== undefined && (byte & 1 << (type & 7)) !== 0;
  }

  #isWhole(packet: IpPacket): boolean { return !this.isSix || this.protocol === IPPROTO_ICMPV6 || this.checksumAt === undefined || upperChecksum(packet) === 0; }

  /** Of IPv4 with its header. */
  take(packet: IpPacket): void {
    const bytes = this.isSix ? packet.payload : Uint8Array.of(...headerOf(packet), ...packet.payload);
    this.hear(bytes, { address: packet.source, port: 0 }, infoOf(packet));
  }

  /** A connected one hears only its peer, whatever the port. */
  override accepts(): boolean { return true; }

  protected override packetOf(bytes: Uint8Array, to: Endpoint, choices: PacketChoices | undefined): IpPacket | undefined {
    if (this.isSix && to.port !== 0 && to.port !== this.protocol && to !== this.remote) throw EINVAL;
    const header = this.headerTo(to.address, choices);
    if (this.headerIncluded) {
      if (bytes.length < IP_HEADER || (bytes[0]! & 15) * 4 > bytes.length) throw EINVAL;
      return packetWithHeader(bytes, header.source);
    }
    const packet = { ...header, payload: bytes };
    if (this.checksumAt === undefined) return packet;
    if (this.checksumAt + 2 > bytes.length) throw EINVAL;
    return { ...packet, payload: withUpperChecksum(packet, this.checksumAt) };
  }
}

/** SOCK_DGRAM of ICMP: echoes and their replies; its port is the identifier. */
export class PingSocket extends PacketSocket {
  constructor(family: number, credentials: PeerCredentials, ports: InetPorts, protocol: number) {
    super(family, SOCK_DGRAM, credentials, ports, protocol, ports.packets.pings);
    ports.packets.pings.add(this);
  }

  wants(packet: IpPacket): boolean { return packet.protocol === this.protocol && this.isAt(packet) && repliesTo(packet, this.endpoint?.port); }
  take(packet: IpPacket): void { this.hear(packet.payload, { address: packet.source, port: 0 }, infoOf(packet)); }
  /** From whomever the reply comes. */
  override accepts(): boolean { return true; }

  protected override packetOf(bytes: Uint8Array, to: Endpoint, choices: PacketChoices | undefined): IpPacket {
    const { echo } = icmpOf(this.protocol === IPPROTO_ICMP ? ANY4 : ANY6);
    if (bytes.length < ICMP_HEADER || bytes[0] !== echo || bytes[1] !== 0) throw EINVAL;
    const packet = { ...this.headerTo(to.address, choices), payload: bytes };
    return { ...packet, payload: withIdentifier(packet, this.endpoint!.port) };
  }
}
