// Remainder, scaling and taking apart: fprem, fprem1, fscale, fxtract, frndint (SDM Vol. 2A).
import { invalid, noteDenormals, normaliseAndRound, propagateNaN, roundInteger } from './arithmetic.ts';
import { roundToIntegral } from './convert.ts';
import { Float80, Kind, kindOf, mode, Parts, roundToRegister, setInfinity, setZero, unpack, ZE } from './float80.ts';

const p = new Parts();
const q = new Parts();
const significand = (n: Parts): bigint => BigInt(n.hi) << 32n | BigInt(n.lo);

/** What fprem found: the low bits of the quotient, whether the reduction is complete, and whether there is a quotient at all (not for NaNs and invalid operands). */
export const remainderResult = { quotient: 0, complete: true, defined: false };

/** out = the (partial) remainder of x by y; `nearest` for fprem1, which rounds the quotient to nearest, else it is truncated. */
export function remainder(x: Float80, y: Float80, nearest: boolean, out: Float80): Float80 {
  remainderResult.quotient = 0;
  remainderResult.complete = true;
  remainderResult.defined = false;
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const kx = kindOf(x);
  const ky = kindOf(y);
  if (kx === Kind.infinity || ky === Kind.zero) return invalid(out);
  noteDenormals(x, y);
  remainderResult.defined = true;
  if (kx === Kind.zero) return out.copy(x);
  unpack(x, p);
  if (ky === Kind.infinity) return roundToRegister(out, p.sign, p.exponent, p.hi, p.lo, 0, 64);
  unpack(y, q);
  return reduce(nearest, out);
}

/** p modulo q. A step lowers the exponent by at most 63. */
function reduce(nearest: boolean, out: Float80): Float80 {
  const distance = p.exponent - q.exponent;
  const sign = p.sign;
  if (distance < (nearest ? -1 : 0)) return roundToRegister(out, sign, p.exponent, p.hi, p.lo, 0, 64);
  if (distance >= 64) {
    remainderResult.complete = false;
    const step = distance & 31 | 32;
    const left = (significand(p) << BigInt(step)) % significand(q);
    return exact(out, sign, left, q.exponent + distance - step);
  }
  // Both as integers of weight 2^(lower exponent - 63).
  const low = Math.min(p.exponent, q.exponent);
  const a = significand(p) << BigInt(p.exponent - low);
  const b = significand(q) << BigInt(q.exponent - low);
  let quotient = a / b;
  let left = a - quotient * b;
  let flip = 0;
  if (nearest && (left * 2n > b || (left * 2n === b && quotient & 1n))) { quotient++; left = b - left; flip = 1; }
  remainderResult.quotient = Number(quotient & 7n);
  return exact(out, sign ^ flip, left, low, sign);
}

function exact(out: Float80, sign: number, magnitude: bigint, exponent: number, zeroSign = sign): Float80 {
  return magnitude === 0n ? setZero(out, zeroSign) : roundInteger(out, sign, magnitude, exponent - 16383 - 63, false, 64);
}

/** out = x · 2^trunc(y). */
export function scale(x: Float80, y: Float80, out: Float80): Float80 {
  const nan = propagateNaN(x, y, out);
  if (nan) return nan;
  const kx = kindOf(x);
  const ky = kindOf(y);
  const negative = y.se >> 15;
  if (ky === Kind.infinity) {
    if (negative ? kx === Kind.infinity : kx === Kind.zero) return invalid(out);
    noteDenormals(x, y);
    return negative ? setZero(out, x.se >> 15) : setInfinity(out, x.se >> 15);
  }
  noteDenormals(x, y);
  if (kx !== Kind.finite) return out.copy(x);
  unpack(x, p);
  return roundToRegister(out, p.sign, p.exponent + truncated(y, ky), p.hi, p.lo, 0, 64);
}

/** y as an integer, cut to ±65536: beyond that every result is zero or infinity. */
function truncated(y: Float80, kind: Kind): number {
  if (kind === Kind.zero) return 0;
  unpack(y, q);
  if (q.exponent < 16383) return 0;
  const magnitude = q.exponent > 16383 + 16 ? 65536 : q.hi >>> (16383 + 31 - q.exponent);
  return q.sign ? -magnitude : magnitude;
}

/** Takes x apart: `significandOut` in [1, 2), `exponentOut` its unbiased exponent. */
export function extract(x: Float80, exponentOut: Float80, significandOut: Float80): void {
  const kind = kindOf(x);
  const sign = x.se >> 15;
  if (kind >= Kind.quiet) { exponentOut.copy(propagateNaN(x, x, significandOut)!); return; }
  if (kind === Kind.infinity) { significandOut.copy(x); setInfinity(exponentOut, 0); return; }
  if (kind === Kind.zero) { mode.raised |= ZE; significandOut.copy(x); setInfinity(exponentOut, 1); return; }
  noteDenormals(x, x);
  unpack(x, p);
  significandOut.set(sign << 15 | 16383, p.hi, p.lo);
  const unbiased = p.exponent - 16383;
  if (unbiased === 0) setZero(exponentOut, 0);
  else normaliseAndRound(exponentOut, unbiased < 0 ? 1 : 0, 16383 + 63, 0, Math.abs(unbiased), 0);
}

/** out = x rounded to an integer as the rounding control says. */
export function roundInPlace(x: Float80, out: Float80): Float80 {
  const kind = kindOf(x);
  if (kind >= Kind.quiet) return propagateNaN(x, x, out)!;
  if (kind !== Kind.finite) return out.copy(x);
  noteDenormals(x, x);
  return roundToIntegral(x, out);
}
