// SHA-256 (FIPS 180-4) piece by piece, for hosts that only hash whole buffers: WebAssembly made here from the definition (310 MB/s; the same in TypeScript 60).
import type { Hash } from './ports.ts';

const BLOCK = 64;
/** Of the memory: the state, then the bytes to hash. */
const STATE = 0, INPUT = 64, INPUT_SIZE = 65536 - INPUT;

/** The first 32 bits of the fractional parts of the `root`-th roots of the first `count` primes. */
function fractions(count: number, root: number): Int32Array {
  const out = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (prime) out[found++] = fractionOfRoot(n, root);
  }
  return out;
}

/** Exact, in integers: the largest r with r^root <= n * 2^(32 * root), modulo 2^32. */
function fractionOfRoot(n: number, root: number): number {
  const wanted = BigInt(n) << BigInt(32 * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(root) <= wanted) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

type Code = readonly number[];
const leb = (n: number): Code => (n >= -64 && n < 64 ? [n & 0x7f] : [(n & 0x7f) | 0x80, ...leb(n >> 7)]);
const unsigned = (n: number): Code => (n < 128 ? [n] : [(n & 0x7f) | 0x80, ...unsigned(n >>> 7)]);

// WebAssembly's instructions as functions of the code of their operands.
const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const constant = (n: number): Code => [0x41, ...leb(n)];
const binary = (opcode: number) => (...values: Code[]): Code => values.flatMap((value, i) => (i === 0 ? value : [...value, opcode]));
const add = binary(0x6a), and = binary(0x71), or = binary(0x72), xor = binary(0x73), shiftRight = binary(0x76), rotateRight = binary(0x78);
const load = (address: Code, offset: number): Code => [...address, 0x28, 2, ...unsigned(offset)];
const store = (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x36, 2, ...unsigned(offset)];

/** Locals: the two parameters, the schedule, the eight variables. */
const AT = 0, END = 1, WORDS = 2, VARIABLES = 18, LOCALS = 24;
const rotations = (x: Code, ...by: number[]): Code => xor(...by.map((n) => rotateRight(x, constant(n))));
const bigEndian = (x: Code): Code => or(and(rotateRight(x, constant(24)), constant(0x00ff00ff)), and(rotateRight(x, constant(8)), constant(0xff00ff00 | 0)));

/** One block: the sixteen words of the schedule in locals, the eight variables in locals whose names go round. */
function blockCode(): Code {
  const code: Code[] = [];
  const word = (t: number): number => WORDS + (t & 15);
  for (let t = 0; t < 16; t++) code.push(set(word(t), bigEndian(load(get(AT), 4 * t))));
  for (let i = 0; i < 8; i++) code.push(set(VARIABLES + i, load(constant(STATE), 4 * i)));
  const k = fractions(64, 3);
  for (let t = 0; t < 64; t++) {
    const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, i) => VARIABLES + ((i - t) & 7)) as [number, number, number, number, number, number, number, number];
    if (t >= 16) {
      const [x, y] = [get(word(t - 15)), get(word(t - 2))];
      code.push(set(word(t), add(get(word(t)), xor(rotations(x, 7, 18), shiftRight(x, constant(3))), get(word(t - 7)), xor(rotations(y, 17, 19), shiftRight(y, constant(10))))));
    }
    const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
    code.push(set(h, add(get(h), rotations(get(e), 6, 11, 25), choice, constant(k[t]!), get(word(t)))), set(d, add(get(d), get(h))));
    const majority = or(and(get(a), get(b)), and(get(c), or(get(a), get(b))));
    code.push(set(h, add(get(h), rotations(get(a), 2, 13, 22), majority)));
  }
  for (let i = 0; i < 8; i++) code.push(store(constant(STATE), 4 * i, add(load(constant(STATE), 4 * i), get(VARIABLES + i))));
  return code.flat();
}

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const text = (name: string): Code => [name.length, ...Array.from(name, (c) => c.charCodeAt(0))];

/** A module with its own page of memory and `blocks(at, end)`, which hashes the whole blocks between. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const loop: Code = [0x03, 0x40, ...blockCode(), ...set(AT, add(get(AT), constant(BLOCK))), ...get(AT), ...get(END), 0x49, 0x0d, 0, 0x0b];
  const body: Code = [1, LOCALS, 0x7f, ...loop, 0x0b];
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]), ...section(3, [1, 0]), ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('blocks'), 0, 0]), ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

interface Engine { readonly state: Int32Array; readonly memory: Uint8Array; blocks(at: number, end: number): void }
let engine: Engine | undefined;
const initial = fractions(8, 2);

/** One instance serves all hashes: what lies between two updates is with the hash. */
function theEngine(): Engine {
  if (engine) return engine;
  const { memory, blocks } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports as unknown as { memory: WebAssembly.Memory; blocks: Engine['blocks'] };
  engine = { state: new Int32Array(memory.buffer, STATE, 8), memory: new Uint8Array(memory.buffer), blocks };
  return engine;
}

export class Sha256 implements Hash {
  readonly #engine = theEngine();
  readonly #state = initial.slice();
  /** Bytes that wait for a whole block. */
  readonly #pending = new Uint8Array(BLOCK);
  #pendingLength = 0;
  #total = 0;

  update(bytes: Uint8Array): void {
    const { state, memory, blocks } = this.#engine;
    this.#total += bytes.length;
    state.set(this.#state);
    memory.set(this.#pending, INPUT);
    let waiting = this.#pendingLength;
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + INPUT_SIZE - waiting);
      memory.set(piece, INPUT + waiting);
      at += piece.length;
      const length = waiting + piece.length;
      const whole = length - length % BLOCK;
      if (whole > 0) blocks(INPUT, INPUT + whole);
      memory.copyWithin(INPUT, INPUT + whole, INPUT + length);
      waiting = length - whole;
    }
    this.#state.set(state);
    this.#pending.set(memory.subarray(INPUT, INPUT + BLOCK));
    this.#pendingLength = waiting;
  }

  hex(): string {
    const bits = BigInt(this.#total) * 8n;
    const padding = new Uint8Array((this.#pendingLength < 56 ? 56 : 120) - this.#pendingLength + 8);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.update(padding);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
