// The transcendental instructions: f2xm1, fyl2x, fyl2xp1, fptan, fpatan, fsin, fcos, computed with fixed-point numbers of 192 bits below the point and rounded once.
import { bitLength, integerRoot, invalid, noteDenormals, propagateNaN, roundInteger } from './arithmetic.ts';
import { Float80, Kind, kindOf, mode, Parts, PE, setInfinity, setZero, unpack, ZE } from './float80.ts';

/** Fixed-point numbers have this many bits below the point. */
const P = 192n;
const ONE = 1n << P;

const p = new Parts();
const q = new Parts();
const significand = (n: Parts): bigint => BigInt(n.hi) << 32n | BigInt(n.lo);
const shift = (n: bigint, by: number): bigint => (by >= 0 ? n << BigInt(by) : n >> BigInt(-by));

/** Σ z^(2k+1)/(2k+1) with alternating signs or not: atan or atanh of a small z. */
function arcSeries(z: bigint, alternate: boolean): bigint {
  const square = z * z >> P;
  let power = z;
  let sum = z;
  for (let k = 3n; power !== 0n && power !== -1n; k += 2n) {
    power = power * square >> P;
    if (alternate) power = -power;
    sum += power / k;
  }
  return sum;
}

/** A number computed when it is first asked for: starting up must not wait for it. */
function later(compute: () => bigint): () => bigint {
  let value: bigint | undefined;
  return () => (value ??= compute());
}

/** ln 2 from Machin-like atanh sums: 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749). */
const ln2 = later(() => 18n * arcSeries(ONE / 26n, false) - 2n * arcSeries(ONE / 4801n, false) + 8n * arcSeries(ONE / 8749n, false));
/** ln 10 = 3 ln 2 + ln(5/4). */
const ln10 = later(() => 3n * ln2() + 2n * arcSeries(ONE / 9n, false));
/** π = 16 atan(1/5) - 4 atan(1/239). */
const pi = later(() => 16n * arcSeries(ONE / 5n, true) - 4n * arcSeries(ONE / 239n, true));
/** The value of π that the CPU reduces arguments with: 66 bits (SDM Vol. 1, 8.3.8), here with its lowest bit of weight 2^-64. */
const PI_66 = 0x3_243f6a88_85a308d3n;

/** Numbers below 2^-TINY are treated by the first terms of their series: what is left out is far below the last place. */
const TINY = 80;

/** Rounds sign · magnitude · 2^weight as an inexact result. */
const inexact = (out: Float80, sign: number, magnitude: bigint, weight: number): Float80 => roundInteger(out, sign, magnitude, weight, true, 64);

/** n in p as fixed point; p.exponent must not be so small that bits are lost (above 2^-TINY). */
const fixed = (n: Parts): bigint => shift(significand(n), n.exponent - 16383 - 63 + Number(P));

/** e^x - 1 for |x| ≤ 1. */
function expm1(x: bigint): bigint {
  const HALVINGS = 8n;
  const r = x >> HALVINGS;
  let term = r;
  let sum = r;
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    term = (term * r >> P) / k;
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = sum * (sum + 2n * ONE) >> P;
  return sum;
}

/** out = 2^x - 1, for |x| ≤ 1. Outside of that the result is undefined by the manual; here x is returned as it is. */
export function f2xm1(x: Float80, out: Float80): Float80 {
  const kind = kindOf(x);
  if (kind >= Kind.quiet) return propagateNaN(x, x, out)!;
  if (kind === Kind.infinity) return x.se >> 15 ? out.set(0xbfff, 0x8000_0000, 0) : out.copy(x);
  if (kind === Kind.zero) return out.copy(x);
  noteDenormals(x, x);
  unpack(x, p);
  if (p.exponent > 16383 || (p.exponent === 16383 && (p.hi !== 0x8000_0000 || p.lo !== 0))) { mode.raised |= PE; return out.copy(x); }
  if (p.exponent === 16383) return p.sign ? out.set(0xbffe, 0x8000_0000, 0) : out.copy(x);
  if (p.exponent < 16383 - TINY) return tinyProduct(out, p.sign, ln2(), 0);
  const value = (p.sign ? -fixed(p) : fixed(p)) * ln2() >> P;
  const result = expm1(value);
  return inexact(out, p.sign, result < 0n ? -result : result, -Number(P));
}

/** p · factor for a fixed-point factor near 1; `nudge` is -1, 0 or 1: on which side the exact result lies. */
function tinyProduct(out: Float80, sign: number, factor: bigint, nudge: number): Float80 {
  return inexact(out, sign, significand(p) * factor + BigInt(nudge), p.exponent - 16383 - 63 - Number(P));
}

/** log2 of a fixed-point number in [1/2, 2] given as 1 + d: 2 atanh(d / (2 + d)) / ln 2. */
const log2Near1 = (d: bigint): bigint => (2n * arcSeries((d << P) / (2n * ONE + d), false) << P) / ln2();

/** out = y · log2(x). */
export function fyl2x(x: Float80, y: Float80, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const kx = kindOf(x);
  const ky = kindOf(y);
  const negativeX = x.se >> 15;
  const signY = y.se >> 15;
  if (negativeX && kx !== Kind.zero) return invalid(out);
  if (kx === Kind.zero) return logOfZero(ky, signY, out);
  const one = kx === Kind.finite && x.se === 16383 && x.hi === 0x8000_0000 && x.lo === 0;
  const below = x.se < 16383;
  if (kx === Kind.infinity ? ky === Kind.zero : ky === Kind.infinity && one) return invalid(out);
  noteDenormals(x, y);
  if (kx === Kind.infinity) return setInfinity(out, signY);
  if (ky === Kind.infinity) return setInfinity(out, signY ^ (below ? 1 : 0));
  if (ky === Kind.zero || one) return setZero(out, signY ^ (below ? 1 : 0));
  unpack(x, p);
  unpack(y, q);
  return timesY(out, log2(p));
}

function logOfZero(ky: Kind, signY: number, out: Float80): Float80 {
  if (ky === Kind.zero) return invalid(out);
  if (ky === Kind.infinity) return setInfinity(out, signY ^ 1);
  mode.raised |= ZE;
  return setInfinity(out, signY ^ 1);
}

/** log2 of a positive number, fixed point; relative precision holds near 1 because the significand has 64 bits and P is 192. */
function log2(n: Parts): bigint {
  let k = n.exponent - 16383;
  let m = significand(n) << (P - 63n);
  if (m > ONE + (ONE >> 1n)) { m >>= 1n; k++; }
  return (BigInt(k) << P) + log2Near1(m - ONE);
}

/** Rounds q · logarithm (fixed point). */
function timesY(out: Float80, logarithm: bigint): Float80 {
  const sign = q.sign ^ (logarithm < 0n ? 1 : 0);
  const magnitude = (logarithm < 0n ? -logarithm : logarithm) * significand(q);
  const weight = q.exponent - 16383 - 63 - Number(P);
  // log2 of a power of two is exact; the CPU calls it inexact all the same.
  const exact = (logarithm & (ONE - 1n)) === 0n;
  mode.raised |= PE;
  return roundInteger(out, sign, magnitude, weight, !exact, 64);
}

/** out = y · log2(x + 1), for |x| < 1 - sqrt(1/2); computed for every x above -1. */
export function fyl2xp1(x: Float80, y: Float80, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const kx = kindOf(x);
  const ky = kindOf(y);
  const sign = (x.se ^ y.se) >> 15 & 1;
  if (kx === Kind.infinity) return x.se >> 15 || ky === Kind.zero ? invalid(out) : setInfinity(out, sign);
  if (ky === Kind.infinity && kx === Kind.zero) return invalid(out);
  if (kx === Kind.finite && x.se >> 15 && x.exponent >= 16383) return invalid(out);
  noteDenormals(x, y);
  if (ky === Kind.infinity) return setInfinity(out, sign);
  if (kx === Kind.zero || ky === Kind.zero) return setZero(out, sign);
  unpack(x, p);
  unpack(y, q);
  if (p.exponent >= 16383 - TINY) return timesY(out, log2OfOnePlus());
  const magnitude = significand(p) * ((ONE << P) / ln2()) * significand(q);
  return inexact(out, sign, magnitude, p.exponent + q.exponent - 2 * (16383 + 63) - Number(P));
}

function log2OfOnePlus(): bigint {
  const x = p.sign ? -fixed(p) : fixed(p);
  if (p.exponent < 16383 - 1) return log2Near1(x);
  const sum = ONE + x;
  const k = bitLength(sum) - 1 - Number(P);
  return (BigInt(k) << P) + log2Near1(shift(sum, -k) - ONE);
}

/** sin and cos of the argument that reduceAngle left: quadrant and fixed-point remainder. */
const angle = { quadrant: 0, value: 0n };

/** Reduces |x| by multiples of π/2 as the CPU does, with its 66-bit π, to a remainder in [-π/4, π/4]. */
function reduceAngle(n: Parts): void {
  const weight = n.exponent - 16383 - 63;
  // Everything in units of 2^-(P): π/2 has its lowest bit at 2^-65.
  const x = weight + Number(P) >= 0 ? significand(n) << BigInt(weight + Number(P)) : significand(n) >> BigInt(-weight - Number(P));
  const half = PI_66 << (P - 65n);
  let quotient = x / half;
  let left = x - quotient * half;
  if (left * 2n > half) { quotient++; left -= half; }
  angle.quadrant = Number(quotient & 3n);
  angle.value = left;
}

function sine(x: bigint): bigint {
  const square = x * x >> P;
  let term = x;
  let sum = x;
  for (let k = 2n; term !== 0n && term !== -1n; k += 2n) {
    term = -(term * square >> P) / (k * (k + 1n));
    sum += term;
  }
  return sum;
}

function cosine(x: bigint): bigint {
  const square = x * x >> P;
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term !== 0n && term !== -1n; k += 2n) {
    term = -(term * square >> P) / (k * (k + 1n));
    sum += term;
  }
  return sum;
}

const roundFixed = (out: Float80, value: bigint, flip: number): Float80 => {
  const negative = value < 0n;
  return inexact(out, flip ^ (negative ? 1 : 0), negative ? -value : value, -Number(P));
};

/** x minus a trifle, or x plus one: a function whose value is x but for a term far below the last place. */
const almost = (out: Float80, n: Parts, toZero: boolean): Float80 => inexact(out, n.sign, (significand(n) << 40n) - (toZero ? 1n : 0n), n.exponent - 16383 - 63 - 40);

/** Answers what fsin, fcos, fsincos and fptan have in common: false when the argument is out of range (C2 is set and nothing changes). */
export function angleInRange(x: Float80): boolean {
  return kindOf(x) !== Kind.finite || (x.se & 0x7fff) < 16383 + 63;
}

/** The result for zero, infinity and NaN, or undefined. */
function specialAngle(x: Float80, atZero: Float80 | undefined, out: Float80): Float80 | undefined {
  const kind = kindOf(x);
  if (kind >= Kind.quiet) return propagateNaN(x, x, out)!;
  if (kind === Kind.infinity) return invalid(out);
  if (kind === Kind.zero) return atZero ? out.copy(atZero) : out.copy(x);
  noteDenormals(x, x);
  unpack(x, p);
  return undefined;
}

export const one = new Float80().set(0x3fff, 0x8000_0000, 0);

/** out = sin x. */
export function fsin(x: Float80, out: Float80): Float80 {
  const special = specialAngle(x, undefined, out);
  if (special) return special;
  if (p.exponent < 16383 - TINY) return almost(out, p, true);
  reduceAngle(p);
  const value = angle.quadrant & 1 ? cosine(angle.value) : sine(angle.value);
  return roundFixed(out, value, p.sign ^ angle.quadrant >> 1);
}

/** out = cos x. */
export function fcos(x: Float80, out: Float80): Float80 {
  const special = specialAngle(x, one, out);
  if (special) return special;
  if (p.exponent < 16383 - TINY) { p.sign = 0; p.exponent = 16383; p.hi = 0x8000_0000; p.lo = 0; return almost(out, p, true); }
  reduceAngle(p);
  const value = angle.quadrant & 1 ? sine(angle.value) : cosine(angle.value);
  return roundFixed(out, value, (angle.quadrant + 1 & 2) >> 1);
}

/** out = tan x. */
export function ftan(x: Float80, out: Float80): Float80 {
  const special = specialAngle(x, undefined, out);
  if (special) return special;
  if (p.exponent < 16383 - TINY) return almost(out, p, false);
  reduceAngle(p);
  const s = sine(angle.value);
  const c = cosine(angle.value);
  const value = angle.quadrant & 1 ? -(c << P) / s : (s << P) / c;
  return roundFixed(out, value, p.sign);
}

/** atan of a fixed-point number in [0, 1]: halved three times, then the series. */
function arctangent(t: bigint): bigint {
  const HALVINGS = 3n;
  for (let i = 0n; i < HALVINGS; i++) t = (t << P) / (ONE + integerRoot((ONE << P) + t * t));
  return arcSeries(t, true) << HALVINGS;
}

/** out = atan2(y, x), x in st(0), y in st(1). */
export function fpatan(x: Float80, y: Float80, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  noteDenormals(x, y);
  const kx = kindOf(x);
  const ky = kindOf(y);
  const signY = y.se >> 15;
  const negativeX = x.se >> 15 === 1;
  const eighths = kx === Kind.infinity ? (ky === Kind.infinity ? (negativeX ? 6n : 2n) : negativeX ? 8n : 0n)
    : ky === Kind.zero ? (negativeX ? 8n : 0n) : kx === Kind.zero || ky === Kind.infinity ? 4n : -1n;
  if (eighths === 0n) return setZero(out, signY);
  if (eighths > 0n) return inexact(out, signY, pi() * eighths, -Number(P) - 3);
  unpack(x, p);
  unpack(y, q);
  return quotientAngle(out, negativeX, signY);
}

function quotientAngle(out: Float80, negativeX: boolean, signY: number): Float80 {
  const distance = q.exponent - p.exponent;
  if (distance < -TINY && !negativeX) {
    // atan(t) = t - a trifle: the quotient itself, which may be denormal.
    const quotient = (significand(q) << 192n) / significand(p);
    return inexact(out, signY, quotient * 2n - 1n, distance - 193);
  }
  const FAR = 300;
  if (distance > FAR || distance < -FAR) return inexact(out, signY, (distance > 0 ? pi() >> 1n : pi()) - 1n, -Number(P));
  const steep = distance > 0 || (distance === 0 && significand(q) > significand(p));
  const ratio = steep ? shift(significand(p) << P, -distance) / significand(q) : shift(significand(q) << P, distance) / significand(p);
  let value = arctangent(ratio);
  if (steep) value = (pi() >> 1n) - value;
  if (negativeX) value = pi() - value;
  return inexact(out, signY, value, -Number(P));
}

/** The constants that fld1, fldl2t, fldl2e, fldpi, fldlg2 and fldln2 round as the rounding control says. */
export const constants = {
  one: { magnitude: () => ONE, exact: true },
  l2t: { magnitude: () => (ln10() << P) / ln2(), exact: false },
  l2e: { magnitude: () => (ONE << P) / ln2(), exact: false },
  pi: { magnitude: pi, exact: false },
  lg2: { magnitude: () => (ln2() << P) / ln10(), exact: false },
  ln2: { magnitude: ln2, exact: false },
} as const;

const rounded = new Map<string, Float80>();

/** Rounds a constant to 64 bits by the rounding control; loading one raises nothing. */
export function loadConstant(name: keyof typeof constants, out: Float80): Float80 {
  const key = `${name}${mode.rounding}`;
  let value = rounded.get(key);
  if (value === undefined) {
    const raised = mode.raised;
    value = roundInteger(new Float80(), 0, constants[name].magnitude(), -Number(P), !constants[name].exact, 64);
    rounded.set(key, value);
    mode.raised = raised;
    mode.up = 0;
  }
  return out.copy(value);
}
