// Seeded random numbers, the edge values that break arithmetic, and the random registers a test case starts from.
import { IMAGE_SIZE, image, STACK } from './image.ts';

/** A small generator (xorshift32 over a scrambled seed). Vector files store seeds, so its sequence must never change. */
export class Random {
  #x: number;
  constructor(seed: number) {
    let x = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1);
    x ^= x >>> 15;
    this.#x = Math.imul(x, 0x85ebca6b) || 1;
    for (let i = 0; i < 4; i++) this.u32();
  }
  u32(): number {
    let x = this.#x;
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    this.#x = x;
    return Math.imul(x, 0x2c1b3c6d) >>> 0;
  }
  u64(): bigint { return BigInt(this.u32()) << 32n | BigInt(this.u32()); }
  /** An integer in [0, n). */
  below(n: number): number { return Math.floor(this.u32() / 0x1_0000_0000 * n); }
  chance(probability: number): boolean { return this.u32() < probability * 0x1_0000_0000; }
  pick<T>(from: readonly T[]): T { return from[this.below(from.length)]!; }
}

const edges64 = [0n, 1n, 2n, 7n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn, 0xffff_ffff_8000_0000n, 0xffff_ffff_ffff_ff80n, 0xffff_ffff_ffff_8000n, 0x5555_5555_5555_5555n, 0x0123_4567_89ab_cdefn, 0x8080_8080_8080_8080n, 0x00ff_00ff_00ff_00ffn];

/** An integer for a general register or memory. */
export function randomInteger(random: Random): bigint {
  const kind = random.below(8);
  if (kind < 3) return random.pick(edges64);
  if (kind === 3) return BigInt(random.below(256));
  if (kind === 4) return BigInt.asUintN(64, -BigInt(random.below(256)));
  if (kind === 5) return 1n << BigInt(random.below(64));
  return random.u64();
}

const edges32 = [0, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_0001, 0x7f80_0001, 1, 0x007f_ffff, 0x0080_0000, 0x7f7f_ffff, 0x4f00_0000, 0xcf00_0000, 0x4b00_0001, 0x3f00_0000, 0x3fc0_0000];
const edgesDouble = [0n, 1n << 63n, 0x3ff0n << 48n, 0xbff0n << 48n, 0x7ff0n << 48n, 0xfff0n << 48n, 0x7ff8n << 48n, (0xfff8n << 48n) + 1n, (0x7ff0n << 48n) + 1n, 1n, (0x10n << 48n) - 1n, 0x10n << 48n, (0x7ff0n << 48n) - 1n,
  0x41e0n << 48n, 0xc1e0n << 48n, 0x43e0n << 48n, 0xc3e0n << 48n, 0x3fe0n << 48n, 0x3ff8n << 48n, (0x4330n << 48n) + 1n];

/** A number near 1 in one of the formats: random fraction, exponent within a few powers of two. */
const nearSingle = (random: Random): number => ((random.u32() & 0x807f_ffff) | (127 - 12 + random.below(40)) << 23) >>> 0;
const nearDouble = (random: Random): bigint => (random.u64() & 0x800f_ffff_ffff_ffffn) | BigInt(1023 - 12 + random.below(80)) << 52n;

/** 64 bits of an SSE register or of memory that SSE reads: edge and ordinary numbers of either format, or integers. */
export function randomLane(random: Random): bigint {
  const single = () => (random.chance(0.4) ? random.pick(edges32) : random.chance(0.8) ? nearSingle(random) : random.u32());
  switch (random.below(4)) {
    case 0: return BigInt(single()) << 32n | BigInt(single());
    case 1: return random.chance(0.4) ? random.pick(edgesDouble) : nearDouble(random);
    default: return randomInteger(random);
  }
}

/** 64 bits that hold numbers of one format only, so that arithmetic on them rarely meets nothing but denormals. */
export function randomFloats(random: Random, format: 'f32' | 'f64'): bigint {
  if (format === 'f64') return random.chance(0.3) ? random.pick(edgesDouble) : nearDouble(random);
  const one = () => BigInt(random.chance(0.3) ? random.pick(edges32) : nearSingle(random));
  return one() << 32n | one();
}

const f80Significands = [1n << 63n, (1n << 64n) - 1n, (1n << 63n) + 1n, 3n << 62n, (1n << 63n) + (1n << 11n), (1n << 63n) + (1n << 10n), (1n << 63n) + (1n << 40n), (1n << 63n) + (1n << 39n) + 1n];

/** An 80-bit number: [sign and exponent, significand]. Mostly ordinary, with every special kind. */
export function randomF80(random: Random): [number, bigint] {
  const sign = random.chance(0.5) ? 0x8000 : 0;
  const full = () => (random.chance(0.3) ? random.pick(f80Significands) : random.u64() | 1n << 63n);
  const kind = random.below(16);
  if (kind < 8) return [sign | (16383 - 8 + random.below(24)), full()];
  if (kind === 8) return [sign, 0n];
  if (kind === 9) return [sign | 0x7fff, random.pick([1n << 63n, 3n << 62n, (3n << 62n) + 5n, (1n << 63n) + 7n, 0n, 1n])];
  if (kind === 10) return [sign | random.below(2), random.chance(0.5) ? random.u64() >> 1n : random.u64() | 1n << 63n];
  if (kind === 11) return [sign | random.below(0x8000), random.u64()];
  if (kind === 12) return [sign | (16383 + random.below(70)), full()];
  if (kind === 13) return [sign | random.pick([1, 2, 0x7ffe, 0x7ffd, 16383 - 1022, 16383 - 1023, 16383 + 1023, 16383 + 1024, 16383 - 126, 16383 - 127, 16383 - 150, 16383 + 127, 16383 + 128]), full()];
  const integer = BigInt(random.below(1000) + 1);
  const length = integer.toString(2).length;
  return [sign | (16383 + length - 1), integer << BigInt(64 - length)];
}

/** Random registers: integers and lanes with edges, a valid rsp, the x87 stack mostly in use, exceptions masked. The same seed gives the same bytes for ever. */
export function randomRegisters(seed: number): Uint8Array {
  const random = new Random(seed);
  const bytes = new Uint8Array(IMAGE_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 16; i++) view.setBigUint64(image.gpr + 8 * i, randomInteger(random), true);
  view.setBigUint64(image.gpr + 8 * 4, BigInt(STACK + 0xc00 + 16 * random.below(64)), true);
  view.setUint32(image.rflags, 0x202 | (random.u32() & 0x8d5), true);
  for (let i = 0; i < 32; i++) view.setBigUint64(image.xmm + 8 * i, randomLane(random), true);
  view.setUint32(image.mxcsr, 0x1f80, true);
  view.setUint32(image.mxcsrMask, 0xffff, true);
  randomX87(random, view);
  return bytes;
}

function randomX87(random: Random, view: DataView): void {
  const precision = random.chance(0.7) ? 3 : random.pick([0, 2]);
  const rounding = random.chance(0.5) ? 0 : random.below(4);
  view.setUint16(image.fcw, 0x7f | precision << 8 | rounding << 10, true);
  view.setUint16(image.fsw, (random.u32() & 0x7f3f) | 0, true);
  const used = random.chance(0.5) ? 0x7f : random.u32() & 0xff;
  view.setUint8(image.ftw, rotate(used, view.getUint16(image.fsw, true) >> 11 & 7));
  for (let i = 0; i < 8; i++) {
    const [signExponent, significand] = randomF80(random);
    view.setBigUint64(image.st + 16 * i, significand, true);
    view.setUint16(image.st + 16 * i + 8, signExponent, true);
  }
}

/** The abridged tag word counts physical registers; the stack begins at `top`. */
const rotate = (tags: number, top: number): number => (tags << top | tags >> (8 - top)) & 0xff;
