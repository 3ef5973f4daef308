// Conversions between 80-bit numbers and the memory formats: single, double, integers, packed BCD (SDM Vol. 1, 4.2.2, 4.7, 8.2).
import {
  DE, double, Float80, IE, Kind, kindOf, mode, narrowed, normalise, Parts, PE, roundToMemory, setInfinity, setZero, single, shiftRight, shifted, unpack,
} from './float80.ts';
import { NEAREST, UP, ZERO } from './float80.ts';

const p = new Parts();

/** The 64-bit results of the conversions below. */
export const words = { hi: 0, lo: 0 };

/** Widens a double given as two words. Denormals raise DE; `quiet` (loads, not operands of arithmetic): signaling NaNs raise IE and become quiet. */
export function fromDouble(lo: number, hi: number, quiet: boolean, out: Float80): Float80 {
  const sign = hi >>> 31;
  const exponent = hi >>> 20 & 0x7ff;
  const top = (0x8000_0000 | hi << 11 | lo >>> 21) >>> 0;
  return widen(sign, exponent, 0x7ff, 16383 - 1023, top, lo << 11 >>> 0, quiet, out);
}

/** Widens a single given as its bits. */
export function fromSingle(bits: number, quiet: boolean, out: Float80): Float80 {
  return widen(bits >>> 31, bits >>> 23 & 0xff, 0xff, 16383 - 127, (0x8000_0000 | bits << 8) >>> 0, 0, quiet, out);
}

/** `hi` comes with its integer bit set, as if the number were normal. */
function widen(sign: number, exponent: number, top: number, rebias: number, hi: number, lo: number, quiet: boolean, out: Float80): Float80 {
  if (exponent === top) {
    const nan = (hi & 0x7fff_ffff) !== 0 || lo !== 0;
    if (!nan) return setInfinity(out, sign);
    if (!quiet || hi & 0x4000_0000) return out.set(sign << 15 | 0x7fff, hi, lo);
    mode.raised |= IE;
    return out.set(sign << 15 | 0x7fff, (hi | 0x4000_0000) >>> 0, lo);
  }
  if (exponent !== 0) return out.set(sign << 15 | (exponent + rebias), hi, lo);
  p.hi = hi & 0x7fff_ffff;
  p.lo = lo;
  if (p.hi === 0 && p.lo === 0) return setZero(out, sign);
  mode.raised |= DE;
  p.exponent = rebias + 1;
  normalise(p);
  return out.set(sign << 15 | p.exponent, p.hi, p.lo);
}

/** A signed 32-bit integer as an 80-bit number: exact. */
export function fromInt32(value: number, out: Float80): Float80 {
  if (value === 0) return setZero(out, 0);
  const magnitude = Math.abs(value);
  const shift = Math.clz32(magnitude);
  return out.set((value < 0 ? 0x8000 : 0) | (16383 + 31 - shift), magnitude << shift >>> 0, 0);
}

/** A signed 64-bit integer given as two words: exact. */
export function fromInt64(lo: number, hi: number, out: Float80): Float80 {
  p.sign = hi >>> 31;
  p.lo = (p.sign ? -lo : lo) >>> 0;
  p.hi = (p.sign ? ~hi + (lo === 0 ? 1 : 0) : hi) >>> 0;
  if (p.hi === 0 && p.lo === 0) return setZero(out, 0);
  p.exponent = 16383 + 63;
  normalise(p);
  return out.set(p.sign << 15 | p.exponent, p.hi, p.lo);
}

/** Rounds to a double, into `words`. False: an unmasked exception forbids the store. */
export function toDouble(x: Float80): boolean {
  if (!narrow(x, double)) return false;
  const exponent = narrowed.exponent < double.min ? 0 : narrowed.exponent > double.max ? 0x7ff : narrowed.exponent - 16383 + 1023;
  words.hi = (narrowed.sign << 31 | exponent << 20 | narrowed.hi << 1 >>> 12) >>> 0;
  words.lo = (narrowed.hi << 21 | narrowed.lo >>> 11) >>> 0;
  return true;
}

/** Rounds to a single, into `words.lo`. */
export function toSingle(x: Float80): boolean {
  if (!narrow(x, single)) return false;
  const exponent = narrowed.exponent < single.min ? 0 : narrowed.exponent > single.max ? 0xff : narrowed.exponent - 16383 + 127;
  words.lo = (narrowed.sign << 31 | exponent << 23 | narrowed.hi << 1 >>> 9) >>> 0;
  return true;
}

function narrow(x: Float80, format: typeof single): boolean {
  const kind = kindOf(x);
  narrowed.sign = x.se >> 15;
  if (kind === Kind.finite) return roundToMemory(unpack(x, p), format);
  narrowed.exponent = kind === Kind.zero ? format.min - 1 : format.max + 1;
  narrowed.hi = kind === Kind.zero ? 0 : x.hi;
  narrowed.lo = x.lo;
  if (kind < Kind.signaling) return true;
  mode.raised |= IE;
  if (kind === Kind.signaling) { narrowed.hi = (x.hi | 0x4000_0000) >>> 0; return (mode.masked & IE) !== 0; }
  narrowed.sign = 1;
  narrowed.hi = 0xc000_0000;
  narrowed.lo = 0;
  return (mode.masked & IE) !== 0;
}

/** Rounds to a signed integer of `bits` bits, into `words` (sign-extended). Out of range or not a number: IE and the integer indefinite. False: IE is unmasked. */
export function toInteger(x: Float80, bits: number, rounding = mode.rounding): boolean {
  const kind = kindOf(x);
  if (kind === Kind.zero) { words.hi = words.lo = 0; return true; }
  if (kind !== Kind.finite || !roundInteger(x, bits, rounding)) return integerIndefinite(bits);
  return true;
}

function integerIndefinite(bits: number): boolean {
  mode.raised |= IE;
  mode.raised &= ~PE;
  mode.up = 0;
  words.hi = 0x8000_0000;
  words.lo = 0;
  if (bits < 64) { words.lo = -(2 ** (bits - 1)) >>> 0; words.hi = 0xffff_ffff; }
  return (mode.masked & IE) !== 0;
}

function roundInteger(x: Float80, bits: number, rounding: number): boolean {
  unpack(x, p);
  if (p.exponent > 16383 + 63) return false;
  roundMagnitude(rounding);
  const lo = shifted.lo;
  const hi = shifted.hi;
  if (!fits(hi, lo, bits, p.sign)) return false;
  words.lo = (p.sign ? -lo : lo) >>> 0;
  words.hi = (p.sign ? ~hi + (lo === 0 ? 1 : 0) : hi) >>> 0;
  return true;
}

/** Rounds the number in p (below 2^64) to an integer magnitude in shifted.hi:lo (a carry out of 64 bits leaves 0 with rest 1) and raises PE. */
function roundMagnitude(rounding: number): void {
  shiftRight(p.hi, p.lo, 0, 16383 + 63 - p.exponent);
  const rest = shifted.rest;
  shifted.rest = 0;
  mode.up = 0;
  if (rest === 0) return;
  mode.raised |= PE;
  const up = rounding === NEAREST ? rest > 0x8000_0000 || (rest === 0x8000_0000 && (shifted.lo & 1) !== 0) : rounding !== ZERO && (rounding === UP) === (p.sign === 0);
  if (!up) return;
  mode.up = 1;
  if (shifted.lo !== 0xffff_ffff) { shifted.lo++; return; }
  shifted.lo = 0;
  if (shifted.hi !== 0xffff_ffff) shifted.hi++;
  else { shifted.hi = 0; shifted.rest = 1; }
}

function fits(hi: number, lo: number, bits: number, sign: number): boolean {
  if (shifted.rest) return false;
  if (bits === 64) return hi < 0x8000_0000 || (sign === 1 && hi === 0x8000_0000 && lo === 0);
  const limit = 2 ** (bits - 1);
  return hi === 0 && (lo < limit || (sign === 1 && lo === limit));
}

/** Rounds to an integer that stays an 80-bit number (frndint). */
export function roundToIntegral(x: Float80, out: Float80): Float80 {
  unpack(x, p);
  if (p.exponent >= 16383 + 63) return out.copy(x);
  roundMagnitude(mode.rounding);
  p.hi = shifted.hi;
  p.lo = shifted.lo;
  if (p.hi === 0 && p.lo === 0) return setZero(out, p.sign);
  p.exponent = 16383 + 63;
  normalise(p);
  return out.set(p.sign << 15 | p.exponent, p.hi, p.lo);
}

const BCD_LIMIT = 10n ** 18n;

/** The ten bytes of a packed BCD number, rounded; undefined when IE is unmasked and raised. */
export function toBcd(x: Float80): Uint8Array | undefined {
  const bytes = new Uint8Array(10);
  const fine = toInteger(x, 64);
  let magnitude = BigInt(words.hi | 0) << 32n | BigInt(words.lo);
  if (magnitude < 0n) magnitude = -magnitude;
  if (mode.raised & IE || magnitude >= BCD_LIMIT) {
    integerIndefinite(64);
    bytes.set([0xc0, 0xff, 0xff], 7);
    return fine && mode.masked & IE ? bytes : undefined;
  }
  for (let i = 0; i < 9; i++) {
    const two = Number(magnitude % 100n);
    bytes[i] = Math.floor(two / 10) << 4 | two % 10;
    magnitude /= 100n;
  }
  bytes[9] = (x.se >> 15) << 7;
  return bytes;
}

/** A packed BCD number; digits above 9 count as they are, as the CPU does it. */
export function fromBcd(bytes: Uint8Array, out: Float80): Float80 {
  let magnitude = 0n;
  for (let i = 8; i >= 0; i--) magnitude = magnitude * 100n + BigInt((bytes[i]! >> 4) * 10 + (bytes[i]! & 15));
  fromInt64(Number(magnitude & 0xffff_ffffn), Number(magnitude >> 32n), out);
  out.se |= (bytes[9]! & 0x80) << 8;
  return out;
}
