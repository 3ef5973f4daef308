// The name server that containers of a user's network ask at 127.0.0.11: names of other containers are answered here, all others by the host's name servers. RFC 1035.
import type { Loop, Net, NetDatagrams } from '../../host/ports.ts';
import type { Endpoint } from './inet-socket.ts';

export const RESOLVER: Endpoint = { address: '\x7f\0\0\x0b', port: 53 };

export interface Names {
  /** Addresses (latin1 bytes of either family) of a name in lower case without the last dot; undefined: no container has it. */
  addressesOf(name: string): readonly string[] | undefined;
  /** The name of the container that has an address. */
  nameOf(address: string): string | undefined;
  /** Who is asked for all others, as text. */
  readonly servers: readonly string[];
}

const HEADER = 12;
const TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, CLASS_IN = 1;
const TTL_SECONDS = 600;
const SERVFAIL = 2;
const PATIENCE_NS = 4_000_000_000n;

export interface Question { readonly name: string; readonly type: number; /** Where it ends in the message. */ readonly end: number }

/** The question of a query with exactly one; undefined: it is something else. */
export function questionOf(query: Uint8Array): Question | undefined {
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  if (query.length < HEADER || (query[2]! & 0xf8) !== 0 || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at]; length !== undefined && length > 0; length = query[at]) {
    if (length > 63) return undefined;
    labels.push(String.fromCharCode(...query.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  if (at + 5 > query.length || view.getUint16(at + 3) !== CLASS_IN) return undefined;
  return { name: labels.join('.').toLowerCase(), type: view.getUint16(at + 1), end: at + 5 };
}

const u16 = (value: number): number[] => [value >> 8, value & 255];
const bytesOf = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
const packName = (name: string): number[] => [...name.split('.').flatMap((label) => [label.length, ...bytesOf(label)]), 0];

/** An answer to a query: `records` are the contents of resource records of the question's type. */
function answerTo(query: Uint8Array, { type, end }: Question, records: readonly number[][], code = 0): Uint8Array {
  const recursion = query[2]! & 1;
  const head = [query[0]!, query[1]!, 0x80 | recursion, 0x80 | code, 0, 1, ...u16(records.length), 0, 0, 0, 0];
  const pointer = [0xc0, HEADER];
  return Uint8Array.from([...head, ...query.subarray(HEADER, end), ...records.flatMap((content) => [...pointer, ...u16(type), ...u16(CLASS_IN), 0, 0, ...u16(TTL_SECONDS), ...u16(content.length), ...content])]);
}

/** The address of 2.0.18.172.in-addr.arpa. */
function reversed(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  return match ? String.fromCharCode(...match.slice(1).reverse().map(Number)) : undefined;
}

export class NameServer {
  readonly #names: Names;
  readonly #net: Net;
  readonly #loop: Loop;
  readonly #open = new Set<NetDatagrams>();
  #turn = 0;

  constructor(names: Names, net: Net, loop: Loop) {
    this.#names = names;
    this.#net = net;
    this.#loop = loop;
  }

  /** Answers a query, at once or when another server has; what is no query is not answered. */
  ask(query: Uint8Array, answer: (bytes: Uint8Array) => void): void {
    const question = questionOf(query);
    const records = question && this.#recordsOf(question);
    if (records) return this.#loop.soon(((bytes) => () => { answer(bytes); })(answerTo(query, question!, records)));
    this.#forward(query.slice(), question, answer, 0);
  }

  /** undefined: no container is asked about. */
  #recordsOf({ name, type }: Question): number[][] | undefined {
    if (type === TYPE_PTR) {
      const address = reversed(name);
      const found = address === undefined ? undefined : this.#names.nameOf(address);
      return found === undefined ? undefined : [packName(found)];
    }
    const addresses = this.#names.addressesOf(name);
    if (!addresses) return undefined;
    const wanted = type === TYPE_A ? 4 : type === TYPE_AAAA ? 16 : 0;
    const all = addresses.filter((address) => address.length === wanted).map(bytesOf);
    const first = all.length > 0 ? this.#turn++ % all.length : 0;
    return [...all.slice(first), ...all.slice(0, first)];
  }

  /** Asks the host's servers, one after the other. */
  #forward(query: Uint8Array, question: Question | undefined, answer: (bytes: Uint8Array) => void, index: number): void {
    const server = this.#names.servers[index];
    if (server === undefined) {
      if (question) answer(answerTo(query, question, [], SERVFAIL));
      return;
    }
    let over = false;
    const done = (): boolean => {
      if (over) return false;
      over = true;
      cancel();
      this.#open.delete(socket);
      socket.close();
      return true;
    };
    const next = (): void => { if (done()) this.#forward(query, question, answer, index + 1); };
    const cancel = this.#loop.later(next, PATIENCE_NS);
    const socket = this.#net.datagrams(server.includes(':') ? 6 : 4, (bytes) => {
      if (bytes[0] === query[0] && bytes[1] === query[1] && done()) answer(bytes);
    }, next);
    this.#open.add(socket);
    socket.send(query, { address: server, port: RESOLVER.port });
  }

  close(): void {
    for (const socket of this.#open) socket.close();
    this.#open.clear();
  }
}
