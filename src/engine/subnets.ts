// Subnets of networks: CIDR notation, pools that Docker takes them from, addresses that are given one after the other.
import { addressBytes, addressText } from '../linux/index.ts';

/** Address (latin1 bytes, host bits cleared) and how many bits of it count. */
export interface Subnet { readonly address: string; readonly prefix: number }

const valueOf = (address: string): bigint => Array.from(address).reduce((value, c) => value << 8n | BigInt(c.charCodeAt(0)), 0n);
const bytesOf = (value: bigint, length: number): string => Array.from({ length }, (_, i) => String.fromCharCode(Number(value >> BigInt(8 * (length - 1 - i)) & 255n))).join('');

export const hostBitsOf = ({ address, prefix }: Subnet): bigint => BigInt(8 * address.length - prefix);

/** "172.18.0.0/16"; undefined: it is none. */
export function parseCidr(text: string): Subnet | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match && addressBytes(match[1]!);
  if (!address || Number(match[2]) > 8 * address.length || !isAddress(match[1]!)) return undefined;
  const prefix = Number(match[2]);
  return { address: masked(address, prefix), prefix };
}

/** Whether it is an address in text: no part of an IPv4 address above 255. */
export function isAddress(text: string): boolean {
  const bytes = addressBytes(text);
  return bytes !== undefined && (bytes.length === 16 || text.split('.').every((part) => Number(part) < 256));
}

const masked = (address: string, prefix: number): string => {
  const drop = BigInt(8 * address.length - prefix);
  return bytesOf(valueOf(address) >> drop << drop, address.length);
};

export const cidrText = ({ address, prefix }: Subnet): string => `${addressText(address)}/${prefix}`;

export const contains = (subnet: Subnet, address: string): boolean => subnet.address.length === address.length && masked(address, subnet.prefix) === subnet.address;

export const overlap = (one: Subnet, other: Subnet): boolean => contains(one, other.address) || contains(other, one.address);

/** The address `offset` after the subnet's first. */
export const nth = ({ address }: Subnet, offset: bigint): string => bytesOf(valueOf(address) + offset, address.length);

/** The lowest address that is not `taken`, which is neither the first (the network) nor the last (broadcast); undefined: there is none. `within`: a part of the subnet. */
export function freeAddress(subnet: Subnet, within: Subnet, taken: (address: string) => boolean): string | undefined {
  const [first, last] = [valueOf(subnet.address), valueOf(subnet.address) + (1n << hostBitsOf(subnet)) - 1n];
  const end = valueOf(within.address) + (1n << hostBitsOf(within));
  for (let value = valueOf(within.address); value < end; value++) {
    const address = bytesOf(value, subnet.address.length);
    if (value !== first && (value !== last || subnet.address.length === 16) && !taken(address)) return address;
  }
  return undefined;
}

/** What Docker takes subnets from that nobody asked for: 172.18.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 and on. */
export function* poolsOf(): Generator<Subnet> {
  for (let i = 17; i < 32; i++) yield { address: String.fromCharCode(172, i, 0, 0), prefix: 16 };
  for (let i = 0; i < 256; i += 16) yield { address: String.fromCharCode(192, 168, i, 0), prefix: 20 };
}

/** The hardware address that goes with an IPv4 address, in text. */
export const hardwareOf = (address: string): string => ['02', '42', ...Array.from(address, (c) => c.charCodeAt(0).toString(16).padStart(2, '0'))].join(':');
