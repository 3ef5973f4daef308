// What two containers say to each other on a stream of the host: frames of four bytes of length (big-endian), one byte that says what it is, the content.
import type { Endpoint } from './inet-socket.ts';

/** open: two endpoints, a connection from one to the other; accepted; failed: an errno's name; data; end: no more data; datagram: two endpoints, bytes; refused: two endpoints of a datagram that nobody took. */
export const kinds = { open: 1, accepted: 2, failed: 3, data: 4, end: 5, datagram: 6, refused: 7 } as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

const HEADER = 5;
/** Frames that are not data are no longer than a datagram and its endpoints. */
const LONGEST = 70_000;

export function frame(kind: Kind, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(HEADER + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes[4] = kind;
  bytes.set(content, HEADER);
  return bytes;
}

/** Both endpoints: each the address's length, the address, the port; then what follows. */
export function packEndpoints(from: Endpoint, to: Endpoint, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = [from, to].flatMap(({ address, port }) => [address.length, ...Array.from(address, (c) => c.charCodeAt(0)), port >> 8, port & 255]);
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

/** undefined: no endpoints. */
export function unpackEndpoints(bytes: Uint8Array): { readonly from: Endpoint; readonly to: Endpoint; readonly rest: Uint8Array } | undefined {
  let at = 0;
  const next = (): Endpoint => {
    const length = bytes[at++] ?? 0;
    const address = String.fromCharCode(...bytes.subarray(at, at + length));
    at += length + 2;
    return { address, port: bytes[at - 2]! << 8 | bytes[at - 1]! };
  };
  const [from, to] = [next(), next()];
  return at <= bytes.length ? { from, to, rest: bytes.subarray(at) } : undefined;
}

/** Takes a stream apart; data comes in pieces as it arrives. */
export class Frames {
  #pending = new Uint8Array(0);
  /** What is still to come of a data frame. */
  #left = 0;
  readonly #told: (kind: Kind, content: Uint8Array) => void;
  readonly #broken: () => void;

  /** `broken`: what came is no frame. */
  constructor(told: (kind: Kind, content: Uint8Array) => void, broken: () => void) {
    this.#told = told;
    this.#broken = broken;
  }

  feed(bytes: Uint8Array): void {
    let rest = this.#pending.length === 0 ? bytes : joined(this.#pending, bytes);
    for (;;) {
      if (this.#left > 0) {
        const part = rest.subarray(0, this.#left);
        if (part.length === 0) break;
        this.#left -= part.length;
        rest = rest.subarray(part.length);
        this.#told(kinds.data, part);
        continue;
      }
      if (rest.length < HEADER) break;
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      const kind = rest[4] as Kind;
      if (kind === kinds.data) {
        this.#left = length;
        rest = rest.subarray(HEADER);
        continue;
      }
      if (length > LONGEST) return this.#broken();
      if (rest.length < HEADER + length) break;
      const content = rest.subarray(HEADER, HEADER + length);
      rest = rest.subarray(HEADER + length);
      this.#told(kind, content);
    }
    this.#pending = rest.length === 0 ? new Uint8Array(0) : rest.slice();
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
