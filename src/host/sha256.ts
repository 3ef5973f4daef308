// SHA-256 (FIPS 180-4) piece by piece, for hosts that only hash whole buffers.
import type { Hash } from './ports.ts';

const BLOCK = 64;

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

const constants = fractions(64, 3);
const initial = fractions(8, 2);

export class Sha256 implements Hash {
  readonly #state = initial.slice();
  readonly #words = new Int32Array(64);
  readonly #pending = new Uint8Array(BLOCK);
  #pendingLength = 0;
  #total = 0;

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let at = 0;
    if (this.#pendingLength > 0) {
      at = Math.min(BLOCK - this.#pendingLength, bytes.length);
      this.#pending.set(bytes.subarray(0, at), this.#pendingLength);
      this.#pendingLength += at;
      if (this.#pendingLength < BLOCK) return;
      this.#block(this.#pending, 0);
      this.#pendingLength = 0;
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#block(bytes, at);
    this.#pending.set(bytes.subarray(at));
    this.#pendingLength = bytes.length - at;
  }

  hex(): string {
    const bits = BigInt(this.#total) * 8n;
    const padding = new Uint8Array((this.#pendingLength < 56 ? 56 : 120) - this.#pendingLength + 8);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.update(padding);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #block(bytes: Uint8Array, at: number): void {
    const w = this.#words;
    for (let i = 0; i < 16; i++, at += 4) w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      w[i] = (w[i - 16]! + w[i - 7]! + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10))) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.#state as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const t = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[i]! + w[i]!) | 0;
      const u = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
    }
    const s = this.#state;
    s[0]! += a; s[1]! += b; s[2]! += c; s[3]! += d; s[4]! += e; s[5]! += f; s[6]! += g; s[7]! += h;
  }
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
