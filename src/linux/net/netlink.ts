// Netlink: programs ask for interfaces, addresses and routes and get them; nothing can be changed. netlink(7), rtnetlink(7), sock_diag(7).
import { AF_INET, AF_INET6, AF_NETLINK, ENODEV, EOPNOTSUPP, Errno, EPERM } from '../../abi/index.ts';
import { latin1, latin1Bytes } from '../../base/index.ts';
import { type PeerCredentials, Socket } from '../files/socket.ts';
import type { Kernel } from '../kernel.ts';
import { diagnosticQuestions } from './diagnostics.ts';
import { aligned, attribute, joined, type Question, type Questions, text, u32 } from './netlink-wire.ts';
import { interfacesOf, type InterfaceAddress, type NetInterface, type Route, routesOf } from './interfaces.ts';

const HEADER = 16;
const NLMSG_NOOP = 1, NLMSG_ERROR = 2, NLMSG_DONE = 3;
/** How many answers go into one datagram: readers have buffers of some pages. */
const MOST_AT_ONCE = 16;
export const NETLINK_ROUTE = 0, NETLINK_SOCK_DIAG = 4;
const NLM_F_MULTI = 2, NLM_F_ACK = 4, NLM_F_DUMP = 0x300;
const RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_GETADDR = 22, RTM_NEWROUTE = 24, RTM_GETROUTE = 26, RTM_GETNEIGH = 30, RTM_GETRULE = 34;

interface Request { readonly type: number; readonly flags: number; readonly sequence: number; readonly payload: Uint8Array }

/** The messages of one datagram. */
function* requestsIn(bytes: Uint8Array): Generator<Request> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) return;
    yield { type: view.getUint16(at + 4, true), flags: view.getUint16(at + 6, true), sequence: view.getUint32(at + 8, true), payload: bytes.subarray(at + HEADER, at + length) };
    at += aligned(length);
  }
}

const IFLA = { ADDRESS: 1, BROADCAST: 2, IFNAME: 3, MTU: 4, QDISC: 6, TXQLEN: 13, OPERSTATE: 16, LINKMODE: 17, GROUP: 27, NUM_TX_QUEUES: 31, ALT_IFNAME: 53 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, CACHEINFO: 6, FLAGS: 8 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PREFSRC: 7, TABLE: 15 } as const;
const PERMANENT = 0x80, FOREVER = 0xffff_ffff;
const RT_TABLE_MAIN = 254, RTPROT_BOOT = 3, RTPROT_KERNEL = 2, RTN_UNICAST = 1;

/** struct ifinfomsg. */
const LINK_HEADER = 16;

/** The name among a link request's attributes. */
function nameIn(attributes: Uint8Array): string | undefined {
  const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.byteLength);
  for (let at = 0; at + 4 <= attributes.length;) {
    const [length, type] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (length < 4 || at + length > attributes.length) return undefined;
    if (type === IFLA.IFNAME || type === IFLA.ALT_IFNAME) return latin1(attributes.subarray(at + 4, at + length)).split('\0')[0];
    at += aligned(length);
  }
  return undefined;
}

/** struct ifinfomsg and its attributes. */
function linkMessage(link: NetInterface): Uint8Array {
  const head = new Uint8Array(LINK_HEADER);
  const view = new DataView(head.buffer);
  view.setUint16(2, link.type, true);
  view.setInt32(4, link.index, true);
  view.setUint32(8, link.flags, true);
  return joined([
    head, attribute(IFLA.IFNAME, text(link.name)), attribute(IFLA.TXQLEN, u32(link.txQueue)), attribute(IFLA.OPERSTATE, Uint8Array.of(link.state)), attribute(IFLA.LINKMODE, Uint8Array.of(0)), attribute(IFLA.MTU, u32(link.mtu)),
    attribute(IFLA.GROUP, u32(0)), attribute(IFLA.NUM_TX_QUEUES, u32(1)), attribute(IFLA.QDISC, text('noqueue')), attribute(IFLA.ADDRESS, latin1Bytes(link.hardware)), attribute(IFLA.BROADCAST, latin1Bytes(link.hardwareBroadcast)),
  ]);
}

const familyOf = (address: string): number => (address.length === 4 ? AF_INET : AF_INET6);

/** struct ifaddrmsg and its attributes. */
function addressMessage(link: NetInterface, { address, prefix, broadcast, scope }: InterfaceAddress): Uint8Array {
  const head = Uint8Array.of(familyOf(address), prefix, PERMANENT, scope, link.index, 0, 0, 0);
  const bytes = latin1Bytes(address);
  const four = address.length === 4 ? [attribute(IFA.LOCAL, bytes), ...(broadcast ? [attribute(IFA.BROADCAST, latin1Bytes(broadcast))] : []), attribute(IFA.LABEL, text(link.name))] : [];
  return joined([head, attribute(IFA.ADDRESS, bytes), ...four, attribute(IFA.FLAGS, u32(PERMANENT)), attribute(IFA.CACHEINFO, u32(FOREVER, FOREVER, 0, 0))]);
}

/** struct rtmsg and its attributes. */
function routeMessage({ destination, prefix, gateway, source, interface: link, scope }: Route): Uint8Array {
  const head = Uint8Array.of(AF_INET, prefix, 0, 0, RT_TABLE_MAIN, gateway ? RTPROT_BOOT : RTPROT_KERNEL, scope, RTN_UNICAST, 0, 0, 0, 0);
  return joined([
    head, attribute(RTA.TABLE, u32(RT_TABLE_MAIN)), ...(prefix > 0 ? [attribute(RTA.DST, latin1Bytes(destination))] : []), ...(source ? [attribute(RTA.PREFSRC, latin1Bytes(source))] : []),
    ...(gateway ? [attribute(RTA.GATEWAY, latin1Bytes(gateway))] : []), attribute(RTA.OIF, u32(link.index)),
  ]);
}

const wants = (family: number, address: string): boolean => family === 0 || family === familyOf(address);

/** What routes can be asked for; requests begin with the family. */
const routeQuestions: Questions = new Map<number, Question>([
  [RTM_GETLINK, { answer: RTM_NEWLINK, all: (kernel) => interfacesOf(kernel).map(linkMessage) }],
  [RTM_GETADDR, { answer: RTM_NEWADDR, all: (kernel, [family = 0]) => interfacesOf(kernel).flatMap((link) => link.addresses.filter((a) => wants(family, a.address)).map((a) => addressMessage(link, a))) }],
  [RTM_GETROUTE, { answer: RTM_NEWROUTE, all: (kernel, [family = 0]) => routesOf(kernel).filter((route) => wants(family, route.destination)).map(routeMessage) }],
  [RTM_GETNEIGH, { answer: 28, all: () => [] }],
  [RTM_GETRULE, { answer: 32, all: () => [] }],
]);

/** The protocols of netlink that there are, and what each can be asked for. */
const protocols: ReadonlyMap<number, Questions> = new Map([[NETLINK_ROUTE, routeQuestions], [NETLINK_SOCK_DIAG, diagnosticQuestions]]);
export const isNetlinkProtocol = (protocol: number): boolean => protocols.has(protocol);

export class NetlinkSocket extends Socket {
  readonly protocol: number;
  readonly #kernel: Kernel;
  /** The port that answers go to: the process's number, or one of the kernel's choice. */
  port = 0;

  constructor(kernel: Kernel, type: number, credentials: PeerCredentials, protocol = NETLINK_ROUTE) {
    super(AF_NETLINK, type, credentials);
    this.protocol = protocol;
    this.#kernel = kernel;
  }

  /** SOCK_RAW and SOCK_DGRAM are the same. */
  override get connectionless(): boolean { return true; }
  override write(from: Uint8Array): number { return this.ask(from); }

  /** One datagram to the kernel: each request in it is answered at once. */
  ask(bytes: Uint8Array): number {
    for (const request of requestsIn(bytes)) if (request.type > NLMSG_NOOP) this.#answer(request);
    return bytes.length;
  }

  #answer(request: Request): void {
    const question = protocols.get(this.protocol)!.get(request.type);
    if (!question) return this.#error(request, this.protocol === NETLINK_ROUTE && request.type >= RTM_NEWLINK && request.type % 4 < 2 ? EPERM : EOPNOTSUPP);
    if ((request.flags & NLM_F_DUMP) === 0) return this.#one(request);
    try {
      const found = question.all(this.#kernel, request.payload);
      const [answers, code] = found instanceof Errno ? [[], found.code] : [found, 0];
      for (let at = 0; at < answers.length; at += MOST_AT_ONCE) this.#queue(joined(answers.slice(at, at + MOST_AT_ONCE).map((body) => this.#message(question.answer, NLM_F_MULTI, request.sequence, body))));
      this.#queue(this.#message(NLMSG_DONE, NLM_F_MULTI, request.sequence, u32(-code)));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.#error(request, error);
    }
  }

  /** Without a dump one object is asked for: a link by index or name. */
  #one(request: Request): void {
    if (this.protocol !== NETLINK_ROUTE || request.type !== RTM_GETLINK || request.payload.length < LINK_HEADER) return this.#error(request, EOPNOTSUPP);
    const index = new DataView(request.payload.buffer, request.payload.byteOffset).getInt32(4, true);
    const name = nameIn(request.payload.subarray(LINK_HEADER));
    const link = interfacesOf(this.#kernel).find((candidate) => (index > 0 ? candidate.index === index : candidate.name === name));
    if (!link) return this.#error(request, ENODEV);
    this.#queue(this.#message(RTM_NEWLINK, 0, request.sequence, linkMessage(link)));
    if (request.flags & NLM_F_ACK) this.#error(request, undefined);
  }

  /** NLMSG_ERROR with the request's header; no errno is an acknowledgement. */
  #error(request: Request, errno: Errno | undefined): void {
    const header = u32(HEADER + request.payload.length, request.type | request.flags << 16, request.sequence, this.port);
    this.#queue(this.#message(NLMSG_ERROR, 0, request.sequence, joined([new Uint8Array(Int32Array.of(-(errno?.code ?? 0)).buffer), header])));
  }

  #message(type: number, flags: number, sequence: number, body: Uint8Array): Uint8Array {
    const header = u32(HEADER + body.length, type | flags << 16, sequence, this.port);
    return joined([header, body]);
  }

  #queue(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const kernel = new Socket(AF_NETLINK, this.type, { pid: 0, uid: 0, gid: 0 });
    kernel.name = KERNEL_NAME;
    kernel.send(bytes, { rights: [], sender: kernel.credentials }, true, this);
  }

  /** Whatever the kernel says finds room. */
  override takes(): boolean { return true; }
}

/** What follows the family in a sockaddr_nl: padding, port, groups. */
export const encodeNetlinkName = (port: number): string => `\0\0${String.fromCharCode(port & 255, port >> 8 & 255, port >> 16 & 255, port >>> 24)}\0\0\0\0`;
const KERNEL_NAME = encodeNetlinkName(0);
