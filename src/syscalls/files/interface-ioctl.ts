// Requests about network interfaces that any internet socket takes. netdevice(7).
import { ENODEV, EPERM, AF_INET } from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import { interfacesOf, type NetInterface, type Task } from '../../linux/index.ts';

/** struct ifreq: a name of 16 bytes and a union of 24. struct ifconf: a length, and a pointer to such. */
const NAME = 16, IFREQ_SIZE = 40;
const sockaddr = (address: string): Uint8Array => Uint8Array.of(AF_INET, 0, 0, 0, ...latin1Bytes(address), 0, 0, 0, 0, 0, 0, 0, 0);
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const hardware = (type: number, address: string): Uint8Array => Uint8Array.of(type & 255, type >> 8, ...latin1Bytes(address), 0, 0, 0, 0, 0, 0, 0, 0);

const own = (link: NetInterface): string => link.addresses.find(({ address }) => address.length === 4)?.address ?? '\0\0\0\0';
const mask = (link: NetInterface): string => {
  const prefix = link.addresses.find(({ address }) => address.length === 4)?.prefix ?? 0;
  return String.fromCharCode(...[0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.max(0, Math.min(8, prefix - from)))));
};

/** What each request puts into the union, by its number. */
const questions: Readonly<Record<number, (link: NetInterface) => Uint8Array>> = {
  0x8913: ({ flags }) => Uint8Array.of(flags & 255, flags >> 8 & 255),
  0x8915: (link) => sockaddr(own(link)),
  0x8917: (link) => sockaddr(own(link)),
  0x8919: (link) => sockaddr(link.addresses.find(({ broadcast }) => broadcast)?.broadcast ?? '\0\0\0\0'),
  0x891b: (link) => sockaddr(mask(link)),
  0x891d: () => int(0),
  0x8921: ({ mtu }) => int(mtu),
  0x8927: ({ type, hardware: address }) => hardware(type, address),
  0x8933: ({ index }) => int(index),
  0x8942: ({ txQueue }) => int(txQueue),
};
const SIOCGIFNAME = 0x8910, SIOCGIFCONF = 0x8912;
/** Requests that change an interface. */
const changes = new Set([0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8922, 0x8924, 0x8943]);

/** Answers a request about interfaces; undefined: it is none. Throws ENODEV, EPERM. */
export function interfaceIoctl(task: Task, request: number, argument: number): number | undefined {
  if (changes.has(request)) throw EPERM;
  if (request === SIOCGIFCONF) return listInterfaces(task, argument);
  if (request === SIOCGIFNAME) return nameOf(task, argument);
  const question = questions[request];
  if (!question) return undefined;
  const name = latin1(task.memory.readable(argument, NAME)).split('\0')[0];
  const link = interfacesOf(task.kernel).find((candidate) => candidate.name === name);
  if (!link) throw ENODEV;
  task.memory.writable(argument, IFREQ_SIZE).set(question(link), NAME);
  return 0;
}

function nameOf(task: Task, argument: number): number {
  const link = interfacesOf(task.kernel).find(({ index }) => index === task.memory.readI32(argument + NAME));
  if (!link) throw ENODEV;
  task.memory.writable(argument, NAME).fill(0).set(latin1Bytes(link.name));
  return 0;
}

/** SIOCGIFCONF: those with an IPv4 address, as many as fit; without a buffer, how many bytes they take. */
function listInterfaces(task: Task, argument: number): number {
  const [room, ptr] = [task.memory.readI32(argument), Number(task.memory.readU64(argument + 8))];
  const links = interfacesOf(task.kernel).filter((link) => link.addresses.some(({ address }) => address.length === 4));
  const shown = ptr === 0 ? links : links.slice(0, Math.max(0, Math.floor(room / IFREQ_SIZE)));
  if (ptr !== 0) shown.forEach((link, i) => {
    const entry = task.memory.writable(ptr + i * IFREQ_SIZE, IFREQ_SIZE).fill(0);
    entry.set(latin1Bytes(link.name));
    entry.set(sockaddr(own(link)), NAME);
  });
  task.memory.writeU32(argument, shown.length * IFREQ_SIZE);
  return 0;
}
