// What comes with a datagram of the internet families beside its bytes: what a receiver may ask to be told, what a sender may choose. ip(7), ipv6(7), RFC 3542.

/** Of a datagram that has arrived. */
export interface PacketInfo {
  /** IP_TTL or the hop limit. */
  readonly ttl: number;
  /** The type of service, or traffic class. */
  readonly trafficClass: number;
  /** Where it was sent to: 4 or 16 latin1 bytes. */
  readonly to: string;
  /** The interface it came in by. */
  readonly interfaceIndex: number;
}

/** What a sender says of one message; what is absent is as the socket has it. */
export interface PacketChoices { ttl?: number; trafficClass?: number; source?: string }

export const DEFAULT_HOPS = 64;
export const LOOPBACK_INDEX = 1, ETHERNET_INDEX = 2;

/** What a socket puts into the headers of what it sends. */
export class HeaderFields {
  /** IP_TTL, IP_TOS. */
  ttl = DEFAULT_HOPS;
  tos = 0;
  /** IPV6_UNICAST_HOPS, IPV6_TCLASS. */
  hops = DEFAULT_HOPS;
  trafficClass = 0;

  /** The headers of a datagram to `to`, as its receiver sees them. */
  info(to: string, choices: PacketChoices, interfaceIndex = LOOPBACK_INDEX): PacketInfo {
    const four = to.length === 4;
    return { ttl: choices.ttl ?? (four ? this.ttl : this.hops), trafficClass: choices.trafficClass ?? (four ? this.tos : this.trafficClass), to, interfaceIndex };
  }
}
