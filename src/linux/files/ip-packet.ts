// Packets of the internet protocols as raw sockets see them: headers, checksums, echoes. RFC 791, RFC 768, RFC 792, RFC 4443, RFC 1071.
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_UDP } from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import { DEFAULT_HOPS, LOOPBACK_INDEX, type PacketInfo } from './packet-info.ts';

export interface IpPacket {
  readonly protocol: number;
  /** Both 4 or both 16 latin1 bytes. */
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly trafficClass: number;
  /** What follows the header. */
  readonly payload: Uint8Array;
  /** The header of IPv4, when its sender wrote it. */
  readonly header?: Uint8Array;
}

export const IP_HEADER = 20, UDP_HEADER = 8, ICMP_HEADER = 8;
const LONGEST = 0xffff;
const DONT_FRAGMENT = 0x4000, FRAGMENT = 0x3fff;

const u16 = (value: number): [number, number] => [value >> 8 & 255, value & 255];
const read16 = (bytes: Uint8Array, at: number): number => bytes[at]! << 8 | bytes[at + 1]!;

/** A copy of `bytes` with a number of 16 bits at `at`. */
function with16(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy.set(u16(value), at);
  return copy;
}

/** The Internet checksum of all pieces, each but the last of even length; 0 when it is in them and right. */
export function checksum(...pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const bytes of pieces) for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! << 8 | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

type Addressed = Pick<IpPacket, 'protocol' | 'source' | 'destination' | 'payload'>;

/** What checksums of upper layers also cover. */
function pseudoHeader({ protocol, source, destination, payload: { length } }: Addressed): Uint8Array {
  const tail = source.length === 4 ? [0, protocol, ...u16(length)] : [0, 0, ...u16(length), 0, 0, 0, protocol];
  return Uint8Array.of(...latin1Bytes(source + destination), ...tail);
}

/** The checksum that a payload should have where it has zeros. */
export const upperChecksum = (packet: Addressed): number => checksum(pseudoHeader(packet), packet.payload);

/** The payload with the checksum of upper layers at `at`. */
export const withUpperChecksum = (packet: Addressed, at: number): Uint8Array => with16(packet.payload, at, upperChecksum({ ...packet, payload: with16(packet.payload, at, 0) }));

/** An ICMP message with its checksum; of ICMPv6 it covers the addresses, too. */
export function withIcmpChecksum(packet: Addressed): Uint8Array {
  if (packet.protocol === IPPROTO_ICMPV6) return withUpperChecksum(packet, 2);
  return with16(packet.payload, 2, checksum(with16(packet.payload, 2, 0)));
}

const hasGoodChecksum = (packet: IpPacket): boolean => (packet.protocol === IPPROTO_ICMPV6 ? upperChecksum(packet) : checksum(packet.payload)) === 0;

/** The header of IPv4. */
export function headerOf({ header, protocol, source, destination, ttl, trafficClass, payload }: IpPacket): Uint8Array {
  if (header) return header;
  const made = Uint8Array.of(0x45, trafficClass, ...u16(IP_HEADER + payload.length), 0, 0, ...u16(DONT_FRAGMENT), ttl, protocol, 0, 0, ...latin1Bytes(source + destination));
  return with16(made, 10, checksum(made));
}

/** The packet in bytes whose sender wrote the header: the kernel fills in length, checksum, and the source where there is none. undefined: it goes nowhere. */
export function packetWithHeader(bytes: Uint8Array, source: string): IpPacket | undefined {
  const length = (bytes[0]! & 15) * 4;
  const header = with16(bytes.slice(0, length), 2, bytes.length);
  if (length < IP_HEADER || bytes[0]! >> 4 !== 4 || (read16(header, 6) & FRAGMENT) !== 0) return undefined;
  if (header.subarray(12, 16).every((byte) => byte === 0)) header.set(latin1Bytes(source), 12);
  header.set(u16(0), 10);
  return {
    protocol: header[9]!, source: latin1(header.subarray(12, 16)), destination: latin1(header.subarray(16, 20)), ttl: header[8]!, trafficClass: header[1]!, payload: bytes.slice(length), header: with16(header, 10, checksum(header)),
  };
}

/** What recvmsg can tell of a packet's headers. */
export const infoOf = ({ ttl, trafficClass, destination }: IpPacket): PacketInfo => ({ ttl, trafficClass, to: destination, interfaceIndex: LOOPBACK_INDEX });

interface UdpParts extends Omit<IpPacket, 'protocol' | 'payload'> { readonly sourcePort: number; readonly destinationPort: number; readonly bytes: Uint8Array }

/** A UDP datagram as a packet. */
export function udpPacket({ sourcePort, destinationPort, bytes, ...rest }: UdpParts): IpPacket {
  const plain = { ...rest, protocol: IPPROTO_UDP, payload: Uint8Array.of(...u16(sourcePort), ...u16(destinationPort), ...u16(UDP_HEADER + bytes.length), 0, 0, ...bytes) };
  return { ...plain, payload: withUpperChecksum(plain, 6) };
}

/** The datagram in a packet; undefined when it is damaged. */
export function udpIn(packet: IpPacket): { sourcePort: number; destinationPort: number; bytes: Uint8Array } | undefined {
  const { payload } = packet;
  if (payload.length < UDP_HEADER) return undefined;
  const length = read16(payload, 4);
  if (length < UDP_HEADER || length > payload.length) return undefined;
  const datagram = payload.subarray(0, length);
  if (read16(payload, 6) !== 0 && upperChecksum({ ...packet, payload: datagram }) !== 0) return undefined;
  return { sourcePort: read16(payload, 0), destinationPort: read16(payload, 2), bytes: datagram.subarray(UDP_HEADER) };
}

/** The numbers of a family's ICMP. */
export interface IcmpKind { readonly protocol: number; readonly echo: number; readonly reply: number; readonly unreachable: number; readonly noPort: number; readonly most: number }
const icmp4: IcmpKind = { protocol: IPPROTO_ICMP, echo: 8, reply: 0, unreachable: 3, noPort: 3, most: 576 };
const icmp6: IcmpKind = { protocol: IPPROTO_ICMPV6, echo: 128, reply: 129, unreachable: 1, noPort: 4, most: 1280 - 20 };
export const icmpOf = (address: string): IcmpKind => (address.length === 4 ? icmp4 : icmp6);

/** The identifier of an echo or its reply. */
export const echoIdentifier = (payload: Uint8Array): number => read16(payload, 4);

/** An echo with another identifier, and its checksum. */
export const withIdentifier = (packet: Addressed, identifier: number): Uint8Array => withIcmpChecksum({ ...packet, payload: with16(packet.payload, 4, identifier) });

const back = ({ source, destination }: IpPacket, protocol: number, trafficClass: number, payload: Uint8Array): IpPacket => {
  const plain = { protocol, source: destination, destination: source, ttl: DEFAULT_HOPS, trafficClass, payload };
  return { ...plain, payload: withIcmpChecksum(plain) };
};

/** What the kernel answers to an echo; undefined: it is none, or damaged. */
export function echoReply(packet: IpPacket): IpPacket | undefined {
  const { payload, trafficClass } = packet;
  const { echo, reply, protocol } = icmpOf(packet.source);
  if (payload.length < ICMP_HEADER || payload[0] !== echo || payload[1] !== 0 || !hasGoodChecksum(packet)) return undefined;
  return back(packet, protocol, protocol === IPPROTO_ICMP ? trafficClass : 0, Uint8Array.of(reply, ...payload.subarray(1)));
}

const INTERNETWORK_CONTROL = 0xc0, SERVICE_BITS = 0x1e;

/** What the kernel says of a packet that nobody takes, with as much of it as is usual. */
export function unreachable(packet: IpPacket, type: number, code: number): IpPacket {
  const { protocol, most } = icmpOf(packet.source);
  const four = protocol === IPPROTO_ICMP;
  const original = Uint8Array.of(...(four ? headerOf(packet) : header6(packet)), ...packet.payload).subarray(0, most - IP_HEADER - ICMP_HEADER);
  return back(packet, protocol, four ? packet.trafficClass & SERVICE_BITS | INTERNETWORK_CONTROL : 0, Uint8Array.of(type, code, 0, 0, 0, 0, 0, 0, ...original));
}

const header6 = ({ protocol, source, destination, ttl, trafficClass, payload }: IpPacket): Uint8Array =>
  Uint8Array.of(0x60 | trafficClass >> 4, (trafficClass & 15) << 4, 0, 0, ...u16(payload.length), protocol, ttl, ...latin1Bytes(source + destination));

/** Whether a payload fits into a packet. */
export const fits = (payloadLength: number, family6: boolean): boolean => payloadLength + (family6 ? 0 : IP_HEADER) <= LONGEST;
