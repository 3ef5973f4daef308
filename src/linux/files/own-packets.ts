// The way of packets within the machine: to raw sockets, then to the kernel's own protocols, which answer echoes, pass datagrams on and say what nobody takes.
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '../../abi/index.ts';
import type { InetPorts } from './inet-socket.ts';
import { echoIdentifier, echoReply, ICMP_HEADER, icmpOf, infoOf, type IpPacket, udpIn, unreachable } from './ip-packet.ts';

/** A socket that gets packets. */
export interface PacketReceiver {
  readonly protocol: number;
  /** Whether a packet is for it. */
  wants(packet: IpPacket): boolean;
  /** Takes it where there is room. */
  take(packet: IpPacket): void;
}

const NO_PROTOCOL = 2, PARAMETER_PROBLEM = 4, UNKNOWN_NEXT_HEADER = 1;
/** Protocols whose packets the kernel takes without a word: connections are not made of packets here. */
const silent = new Set<number>([IPPROTO_TCP, IPPROTO_UDPLITE]);

export class OwnPackets {
  /** Raw sockets, of which each gets a copy; and ping sockets by protocol and identifier, of which the last bound gets it. */
  readonly raw = new Set<PacketReceiver>();
  readonly pings = new Set<PacketReceiver>();
  readonly #ports: InetPorts;

  constructor(ports: InetPorts) { this.#ports = ports; }

  /** Whether a raw socket would see packets of a protocol. */
  watched(protocol: number): boolean {
    for (const receiver of this.raw) if (receiver.protocol === protocol) return true;
    return false;
  }

  /** A packet that is there for the kernel, too. */
  deliver(packet: IpPacket): void {
    const known = this.show(packet);
    if (packet.protocol === icmpOf(packet.source).protocol) this.#icmp(packet);
    else if (packet.protocol === IPPROTO_UDP) this.#udp(packet);
    else if (!known && !silent.has(packet.protocol)) this.#nobody(packet);
  }

  /** Copies for raw sockets; returns whether there was one. */
  show(packet: IpPacket): boolean {
    const wanted = [...this.raw].filter((receiver) => receiver.wants(packet));
    for (const receiver of wanted) receiver.take(packet);
    return wanted.length > 0;
  }

  #icmp(packet: IpPacket): void {
    const answer = echoReply(packet);
    if (answer) return this.deliver(answer);
    if (packet.payload.length < ICMP_HEADER || packet.payload[0] !== icmpOf(packet.source).reply) return;
    [...this.pings].filter((receiver) => receiver.wants(packet)).at(-1)?.take(packet);
  }

  #udp(packet: IpPacket): void {
    const datagram = udpIn(packet);
    if (!datagram) return;
    const target = this.#ports.find(IPPROTO_UDP, { address: packet.destination, port: datagram.destinationPort });
    if (!target) return this.noPort(packet);
    target.hear(datagram.bytes, { address: packet.source, port: datagram.sourcePort }, infoOf(packet));
  }

  /** A datagram to a port that nobody has. */
  noPort(packet: IpPacket): void {
    const { unreachable: type, noPort } = icmpOf(packet.source);
    this.deliver(unreachable(packet, type, noPort));
  }

  #nobody(packet: IpPacket): void {
    const four = packet.source.length === 4;
    this.deliver(four ? unreachable(packet, icmpOf(packet.source).unreachable, NO_PROTOCOL) : unreachable(packet, PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER));
  }
}

/** Whether a packet is an echo's reply with this identifier. */
export const repliesTo = ({ protocol, payload }: IpPacket, identifier: number | undefined): boolean =>
  (protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6) && payload.length >= ICMP_HEADER && echoIdentifier(payload) === identifier;
