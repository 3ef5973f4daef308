// Addition, subtraction, multiplication, division, square root and comparison of 80-bit numbers. HOT: long double printf and strtod spend their time here, so words instead of BigInt where it pays.
import {
  DE, DOWN, Float80, IE, isDenormal, Kind, kindOf, mode, Parts, roundToRegister, setIndefinite, setInfinity, setZero, shifted, shiftRight, unpack, ZE,
} from './float80.ts';

const p = new Parts();
const q = new Parts();

/** The arithmetic operations, numbered as the opcodes' reg field numbers them (2 and 3 are comparisons). */
export const Op = { add: 0, mul: 1, sub: 4, subr: 5, div: 6, divr: 7 } as const;

/** out = x op y as the x87 computes it; out may be x or y. Raises into mode. */
export function compute(op: number, x: Float80, y: Float80, out: Float80): Float80 {
  switch (op) {
    case Op.add: return addSigned(x, y, 0, out);
    case Op.mul: return multiply(x, y, out);
    case Op.sub: return addSigned(x, y, 1, out);
    case Op.subr: return addSigned(y, x, 1, out);
    case Op.div: return divide(x, y, out);
    default: return divide(y, x, out);
  }
}

/** The result when an operand is NaN or unsupported (SDM Vol. 1, table 4-7), or undefined when neither is. */
export function propagateNaN(x: Float80, y: Float80, out: Float80): Float80 | undefined {
  const kx = kindOf(x);
  const ky = kindOf(y);
  if (kx < Kind.quiet && ky < Kind.quiet) return undefined;
  if (kx === Kind.unsupported || ky === Kind.unsupported) return invalid(out);
  if (kx === Kind.signaling || ky === Kind.signaling) mode.raised |= IE;
  const from = ky < Kind.quiet ? x : kx < Kind.quiet ? y : kx !== ky ? (kx === Kind.quiet ? x : y) : larger(x, y);
  return out.set(from.se, (from.hi | 0x4000_0000) >>> 0, from.lo);
}

function larger(x: Float80, y: Float80): Float80 {
  if (x.hi !== y.hi) return x.hi > y.hi ? x : y;
  if (x.lo !== y.lo) return x.lo > y.lo ? x : y;
  return x.se < y.se ? x : y;
}

/** An invalid operation: the indefinite. */
export function invalid(out: Float80): Float80 {
  mode.raised |= IE;
  return setIndefinite(out);
}

/** Raises the denormal-operand exception when one is. */
export function noteDenormals(x: Float80, y: Float80): void {
  if (isDenormal(x) || isDenormal(y)) mode.raised |= DE;
}

function addSigned(x: Float80, y: Float80, negateY: number, out: Float80): Float80 {
  const ex = x.se & 0x7fff;
  const ey = y.se & 0x7fff;
  const plain = ex > 0 && ex < 0x7fff && ey > 0 && ey < 0x7fff && x.hi >= 0x8000_0000 && y.hi >= 0x8000_0000;
  if (!plain) {
    const special = addSpecial(x, y, negateY, out);
    if (special) return special;
  }
  unpack(x, p);
  unpack(y, q);
  q.sign ^= negateY;
  return p.sign === q.sign ? addMagnitudes(out) : subtractMagnitudes(out);
}

function addSpecial(x: Float80, y: Float80, negateY: number, out: Float80): Float80 | undefined {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const kx = kindOf(x);
  const ky = kindOf(y);
  const sx = x.se >> 15;
  const sy = (y.se >> 15) ^ negateY;
  if (kx === Kind.infinity && ky === Kind.infinity && sx !== sy) return invalid(out);
  noteDenormals(x, y);
  if (kx === Kind.infinity) return setInfinity(out, sx);
  if (ky === Kind.infinity) return setInfinity(out, sy);
  if (kx === Kind.zero && ky === Kind.zero) return setZero(out, sx === sy ? sx : mode.rounding === DOWN ? 1 : 0);
  if (kx === Kind.zero) return roundParts(unpack(y, q), sy, out);
  if (ky === Kind.zero) return roundParts(unpack(x, p), sx, out);
  return undefined;
}

const roundParts = (n: Parts, sign: number, out: Float80): Float80 => roundToRegister(out, sign, n.exponent, n.hi, n.lo, 0);

function addMagnitudes(out: Float80): Float80 {
  const big = p.exponent >= q.exponent ? p : q;
  const small = big === p ? q : p;
  shiftRight(small.hi, small.lo, 0, big.exponent - small.exponent);
  let lo = big.lo + shifted.lo;
  let hi = big.hi + shifted.hi;
  if (lo > 0xffff_ffff) { lo -= 0x1_0000_0000; hi++; }
  if (hi <= 0xffff_ffff) return roundToRegister(out, p.sign, big.exponent, hi, lo, shifted.rest);
  const rest = ((shifted.rest >>> 1 | shifted.rest & 1) | lo << 31) >>> 0;
  hi -= 0x1_0000_0000;
  return roundToRegister(out, p.sign, big.exponent + 1, (hi >>> 1 | 0x8000_0000) >>> 0, (lo >>> 1 | (hi & 1) << 31) >>> 0, rest);
}

function subtractMagnitudes(out: Float80): Float80 {
  const bigIsP = p.exponent !== q.exponent ? p.exponent > q.exponent : p.hi !== q.hi ? p.hi > q.hi : p.lo >= q.lo;
  const big = bigIsP ? p : q;
  const small = bigIsP ? q : p;
  if (big.exponent === small.exponent && big.hi === small.hi && big.lo === small.lo) return setZero(out, mode.rounding === DOWN ? 1 : 0);
  const sign = big.sign;
  shiftRight(small.hi, small.lo, 0, big.exponent - small.exponent);
  let rest = -shifted.rest;
  let lo = big.lo - shifted.lo;
  let hi = big.hi - shifted.hi;
  if (rest < 0) { rest += 0x1_0000_0000; lo--; }
  if (lo < 0) { lo += 0x1_0000_0000; hi--; }
  return normaliseAndRound(out, sign, big.exponent, hi, lo, rest);
}

/** Rounds a result whose top bit may be clear: hi:lo:rest is shifted left as one number. */
export function normaliseAndRound(out: Float80, sign: number, exponent: number, hi: number, lo: number, rest: number): Float80 {
  while (hi === 0) { hi = lo; lo = rest; rest = 0; exponent -= 32; }
  const shift = Math.clz32(hi);
  if (shift > 0) {
    hi = (hi << shift | lo >>> (32 - shift)) >>> 0;
    lo = (lo << shift | rest >>> (32 - shift)) >>> 0;
    rest = rest << shift >>> 0;
  }
  return roundToRegister(out, sign, exponent - shift, hi, lo, rest);
}

const product = { hi: 0, lo: 0 };

/** The 64-bit product of two unsigned words, from 16-bit halves. */
function multiplyWords(a: number, b: number): void {
  const a1 = a >>> 16, a0 = a & 0xffff, b1 = b >>> 16, b0 = b & 0xffff;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const middle2 = a0 * b1 + (middle & 0xffff);
  product.hi = a1 * b1 + Math.floor(middle / 0x1_0000) + Math.floor(middle2 / 0x1_0000);
  product.lo = ((middle2 & 0xffff) << 16 | low & 0xffff) >>> 0;
}

function multiply(x: Float80, y: Float80, out: Float80): Float80 {
  const kx = kindOf(x);
  const ky = kindOf(y);
  const sign = (x.se ^ y.se) >> 15 & 1;
  if (kx !== Kind.finite || ky !== Kind.finite) return multiplySpecial(x, y, kx, ky, sign, out);
  noteDenormals(x, y);
  unpack(x, p);
  unpack(y, q);
  multiplyWords(p.lo, q.lo);
  let w0 = product.lo, w1 = product.hi;
  multiplyWords(p.hi, q.lo);
  w1 += product.lo;
  let w2 = product.hi;
  multiplyWords(p.lo, q.hi);
  w1 += product.lo;
  w2 += product.hi;
  multiplyWords(p.hi, q.hi);
  w2 += product.lo + Math.floor(w1 / 0x1_0000_0000);
  const w3 = product.hi + Math.floor(w2 / 0x1_0000_0000);
  w1 >>>= 0;
  w2 >>>= 0;
  const rest = (w0 === 0 ? w1 : w1 | 1) >>> 0;
  const exponent = p.exponent + q.exponent - 16382;
  if (w3 >= 0x8000_0000) return roundToRegister(out, sign, exponent, w3, w2, rest);
  const keep = rest & 1;
  return roundToRegister(out, sign, exponent - 1, (w3 << 1 | w2 >>> 31) >>> 0, (w2 << 1 | rest >>> 31) >>> 0, (rest << 1 | keep) >>> 0);
}

function multiplySpecial(x: Float80, y: Float80, kx: Kind, ky: Kind, sign: number, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const zero = kx === Kind.zero || ky === Kind.zero;
  const infinity = kx === Kind.infinity || ky === Kind.infinity;
  if (zero && infinity) return invalid(out);
  noteDenormals(x, y);
  return infinity ? setInfinity(out, sign) : setZero(out, sign);
}

const MASK32 = 0xffff_ffffn;
const significand = (n: Parts): bigint => BigInt(n.hi) << 32n | BigInt(n.lo);

/** Rounds a 96-bit significand with its top bit set; `sticky` says that more lies below. */
function roundWide(out: Float80, sign: number, exponent: number, wide: bigint, sticky: boolean): Float80 {
  const rest = Number(wide & MASK32);
  return roundToRegister(out, sign, exponent, Number(wide >> 64n), Number(wide >> 32n & MASK32), (sticky ? rest | 1 : rest) >>> 0);
}

function divide(x: Float80, y: Float80, out: Float80): Float80 {
  const kx = kindOf(x);
  const ky = kindOf(y);
  const sign = (x.se ^ y.se) >> 15 & 1;
  if (kx !== Kind.finite || ky !== Kind.finite) return divideSpecial(x, y, kx, ky, sign, out);
  noteDenormals(x, y);
  unpack(x, p);
  unpack(y, q);
  const a = significand(p) << 96n;
  const b = significand(q);
  const quotient = a / b;
  const sticky = quotient * b !== a;
  const exponent = p.exponent - q.exponent + 16383;
  if (quotient >> 96n) return roundWide(out, sign, exponent, quotient >> 1n, sticky || (quotient & 1n) !== 0n);
  return roundWide(out, sign, exponent - 1, quotient, sticky);
}

function divideSpecial(x: Float80, y: Float80, kx: Kind, ky: Kind, sign: number, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  if (kx === ky) return invalid(out);
  if (ky === Kind.zero && kx === Kind.finite) {
    mode.raised |= ZE;
    return setInfinity(out, sign);
  }
  noteDenormals(x, y);
  return kx === Kind.infinity || ky === Kind.zero ? setInfinity(out, sign) : setZero(out, sign);
}

/** The integer square root, rounded down, of a number below 2^1023: a double's root to begin with, then Newton's rule doubles the right bits. */
export function integerRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = BigInt(Math.floor(Math.sqrt(Number(n))));
  for (;;) {
    const next = (x + n / x) >> 1n;
    const step = next - x;
    x = next;
    if (step >= -1n && step <= 1n) break;
  }
  while (x * x > n) x--;
  while ((x + 1n) * (x + 1n) <= n) x++;
  return x;
}

/** out = the square root of x. */
export function squareRoot(x: Float80, out: Float80): Float80 {
  const kind = kindOf(x);
  if (kind >= Kind.quiet) return propagateNaN(x, x, out)!;
  if (kind === Kind.zero) return out.copy(x);
  if (x.se >> 15) return invalid(out);
  if (kind === Kind.infinity) return out.copy(x);
  noteDenormals(x, x);
  unpack(x, p);
  const unbiased = p.exponent - 16383;
  const odd = unbiased & 1;
  const square = significand(p) << (odd ? 128n : 127n);
  const root = integerRoot(square);
  return roundWide(out, 0, (unbiased - odd) / 2 + 16383, root, root * root !== square);
}

/** -1, 0, 1: x below, equal to, above y; 2: unordered. Does not raise. */
export function order(x: Float80, y: Float80): number {
  const kx = kindOf(x);
  const ky = kindOf(y);
  if (kx >= Kind.quiet || ky >= Kind.quiet) return 2;
  if (kx === Kind.zero && ky === Kind.zero) return 0;
  const sx = x.se >> 15;
  if (sx !== y.se >> 15) return sx ? -1 : 1;
  const magnitude = orderMagnitudes(x, y);
  return sx ? -magnitude : magnitude;
}

function orderMagnitudes(x: Float80, y: Float80): number {
  const ex = Math.max(1, x.se & 0x7fff);
  const ey = Math.max(1, y.se & 0x7fff);
  if (x.hi === 0 && x.lo === 0) return -1;
  if (y.hi === 0 && y.lo === 0) return 1;
  if (ex !== ey) return ex < ey ? -1 : 1;
  if (x.hi !== y.hi) return x.hi < y.hi ? -1 : 1;
  return x.lo === y.lo ? 0 : x.lo < y.lo ? -1 : 1;
}

/** Compares and raises: an unordered pair is invalid when it holds a signaling or unsupported value, or when `quietRaises`. */
export function compare(x: Float80, y: Float80, quietRaises: boolean): number {
  const relation = order(x, y);
  if (relation !== 2) noteDenormals(x, y);
  else if (quietRaises || kindOf(x) > Kind.quiet || kindOf(y) > Kind.quiet) mode.raised |= IE;
  return relation;
}

/** Rounds an integer significand (any size, nonzero) whose lowest bit weighs 2^weight to a register; `sticky` says that more lies below. */
export function roundInteger(out: Float80, sign: number, magnitude: bigint, weight: number, sticky: boolean, bits = mode.precision): Float80 {
  const length = bitLength(magnitude);
  const wide = length > 96 ? magnitude >> BigInt(length - 96) : magnitude << BigInt(96 - length);
  const lost = length > 96 && wide << BigInt(length - 96) !== magnitude;
  const rest = Number(wide & MASK32);
  return roundToRegister(out, sign, weight + length - 1 + 16383, Number(wide >> 64n), Number(wide >> 32n & MASK32), (lost || sticky ? rest | 1 : rest) >>> 0, bits);
}

/** How many bits a non-negative integer has. */
export function bitLength(n: bigint): number {
  const hex = n.toString(16);
  return n === 0n ? 0 : hex.length * 4 - (Math.clz32(parseInt(hex[0]!, 16)) - 28);
}

