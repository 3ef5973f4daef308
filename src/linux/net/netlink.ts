// Netlink: programs ask for interfaces, addresses and routes and get them; nothing can be changed. netlink(7), rtnetlink(7), sock_diag(7).
import { AF_NETLINK, EOPNOTSUPP, Errno, EPERM } from '../../abi/index.ts';
import { type PeerCredentials, Socket } from '../files/socket.ts';
import type { Kernel } from '../kernel.ts';
import { diagnosticQuestions } from './diagnostics.ts';
import { aligned, joined, type Question, type Questions, u32 } from './netlink-wire.ts';
import { routeQuestions } from './rtnetlink.ts';

const HEADER = 16;
const NLMSG_NOOP = 1, NLMSG_ERROR = 2, NLMSG_DONE = 3;
/** How many answers go into one datagram: readers have buffers of some pages. */
const MOST_AT_ONCE = 16;
export const NETLINK_ROUTE = 0, NETLINK_SOCK_DIAG = 4;
const NLM_F_MULTI = 2, NLM_F_ACK = 4, NLM_F_DUMP = 0x300;
const RTM_NEWLINK = 16;

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
    try {
      if ((request.flags & NLM_F_DUMP) === 0) return this.#one(question, request);
      const found = question.all(this.#kernel, request.payload);
      const [answers, code] = found instanceof Errno ? [[], found.code] : [found, 0];
      for (let at = 0; at < answers.length; at += MOST_AT_ONCE) this.#queue(joined(answers.slice(at, at + MOST_AT_ONCE).map((body) => this.#message(question.answer, NLM_F_MULTI, request.sequence, body))));
      this.#queue(this.#message(NLMSG_DONE, NLM_F_MULTI, request.sequence, u32(-code)));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.#error(request, error);
    }
  }

  /** Without a dump one object is asked for. */
  #one({ answer, one }: Question, request: Request): void {
    if (!one) throw EOPNOTSUPP;
    this.#queue(this.#message(answer, 0, request.sequence, one(this.#kernel, request.payload)));
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
