// Datagrams that came back because nobody took them, with what was wrong: what MSG_ERRQUEUE receives. ip(7), IP_RECVERR.
import { ECONNREFUSED, type Errno } from '../../abi/index.ts';
import { DEFAULT_HOPS, LOOPBACK_INDEX, type PacketInfo } from './packet-info.ts';

/** struct sock_extended_err, and who said it. */
export interface SendFailure { readonly errno: Errno; readonly origin: number; readonly type: number; readonly code: number; readonly offender: string }

export interface FailedMessage {
  readonly bytes: Uint8Array;
  /** The name of whom it was sent to. */
  readonly to: string;
  readonly failure: SendFailure;
  /** The headers of what the kernel said. */
  readonly packet: PacketInfo;
}

const ORIGIN_ICMP = { origin: 2, type: 3, code: 3 }, ORIGIN_ICMP6 = { origin: 3, type: 1, code: 4 };
const INTERNETWORK_CONTROL = 0xc0;

/** A datagram from `source` that found nobody at `destination`, an address whose whole name is `to`. */
export function portUnreachable(bytes: Uint8Array, to: string, source: string, destination: string): FailedMessage {
  const four = destination.length === 4;
  return {
    bytes: bytes.slice(), to, failure: { errno: ECONNREFUSED, offender: destination, ...(four ? ORIGIN_ICMP : ORIGIN_ICMP6) },
    packet: { ttl: DEFAULT_HOPS, trafficClass: four ? INTERNETWORK_CONTROL : 0, to: source, interfaceIndex: LOOPBACK_INDEX },
  };
}

export class ErrorQueue {
  readonly #messages: FailedMessage[] = [];
  #bytes = 0;

  get isEmpty(): boolean { return this.#messages.length === 0; }
  /** What the next one says. */
  get next(): Errno | undefined { return this.#messages[0]?.failure.errno; }

  /** Keeps a message while there is room for it. */
  add(message: FailedMessage, room: number): void {
    if (this.#bytes + message.bytes.length > room) return;
    this.#messages.push(message);
    this.#bytes += message.bytes.length;
  }

  take(): FailedMessage | undefined {
    const message = this.#messages.shift();
    this.#bytes -= message?.bytes.length ?? 0;
    return message;
  }

  clear(): void { while (this.take()); }
}
