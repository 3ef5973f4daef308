// The 80-bit number, its kinds, the rounding modes, and the one place that rounds a result (SDM Vol. 1, 4.2.2, 4.8, 4.9, 8.5).

/** Sign and biased exponent as in the format's upper 16 bits, and the 64-bit significand with its explicit integer bit as two unsigned words. Values are changed in place: the arithmetic allocates nothing. */
export class Float80 {
  se = 0;
  hi = 0;
  lo = 0;
  set(se: number, hi: number, lo: number): this { this.se = se; this.hi = hi; this.lo = lo; return this; }
  copy(from: Float80): this { return this.set(from.se, from.hi, from.lo); }
  get sign(): number { return this.se >> 15; }
  get exponent(): number { return this.se & 0x7fff; }
  get bits(): bigint { return BigInt(this.hi) << 32n | BigInt(this.lo); }
}

/** Exception flags, in their places of the status word. */
export const IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32, SF = 64;

/** Rounding control, in the control word's numbering. */
export const NEAREST = 0, DOWN = 1, UP = 2, ZERO = 3;

/** How the running instruction rounds, and what it raised. `enter` (unit.ts) sets it up. */
export const mode = {
  rounding: NEAREST,
  /** Significand bits of results: 24, 53 or 64 (precision control). */
  precision: 64,
  /** Exceptions that are masked. */
  masked: 0x3f,
  raised: 0,
  /** 1 when the last rounding went away from zero: C1. */
  up: 0,
};

export const Kind = { zero: 0, finite: 1, infinity: 2, quiet: 3, signaling: 4, unsupported: 5 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What a number is. Unnormals, pseudo-infinities and pseudo-NaNs are unsupported; denormals and pseudo-denormals are finite. */
export function kindOf(x: Float80): Kind {
  const exponent = x.se & 0x7fff;
  if (exponent === 0) return x.hi === 0 && x.lo === 0 ? Kind.zero : Kind.finite;
  if (x.hi < 0x8000_0000) return Kind.unsupported;
  if (exponent !== 0x7fff) return Kind.finite;
  if (x.hi === 0x8000_0000 && x.lo === 0) return Kind.infinity;
  return x.hi & 0x4000_0000 ? Kind.quiet : Kind.signaling;
}

export const isDenormal = (x: Float80): boolean => (x.se & 0x7fff) === 0 && (x.hi !== 0 || x.lo !== 0);

/** The QNaN floating-point indefinite. */
export const setIndefinite = (out: Float80): Float80 => out.set(0xffff, 0xc000_0000, 0);
export const setZero = (out: Float80, sign: number): Float80 => out.set(sign << 15, 0, 0);
export const setInfinity = (out: Float80, sign: number): Float80 => out.set(sign << 15 | 0x7fff, 0x8000_0000, 0);

/** A finite number taken apart: unbounded biased exponent, significand with its top bit set (denormals are normalised). */
export class Parts {
  sign = 0;
  exponent = 0;
  hi = 0;
  lo = 0;
}

/** Takes a nonzero finite number apart. */
export function unpack(x: Float80, out: Parts): Parts {
  out.sign = x.se >> 15;
  out.exponent = x.se & 0x7fff;
  out.hi = x.hi;
  out.lo = x.lo;
  if (out.exponent === 0) out.exponent = 1;
  return out.hi >= 0x8000_0000 ? out : normalise(out);
}

/** Shifts the significand left until its top bit is set. */
export function normalise(p: Parts): Parts {
  let shift = p.hi === 0 ? 32 + Math.clz32(p.lo) : Math.clz32(p.hi);
  p.exponent -= shift;
  if (shift >= 32) { p.hi = p.lo; p.lo = 0; shift -= 32; }
  if (shift > 0) {
    p.hi = (p.hi << shift | p.lo >>> (32 - shift)) >>> 0;
    p.lo = p.lo << shift >>> 0;
  }
  return p;
}

/** The result of shiftRight and of roundSignificand. */
export const shifted = { hi: 0, lo: 0, rest: 0 };
const rounded = { hi: 0, lo: 0, carry: false, inexact: false, up: false };

/** Shifts hi:lo:rest right by n; bits that fall out are kept in the lowest bit of rest (sticky). */
export function shiftRight(hi: number, lo: number, rest: number, n: number): void {
  let lost = 0;
  if (n > 96) { lost = hi | lo | rest; hi = lo = rest = 0; n = 0; }
  for (; n >= 32; n -= 32) { lost |= rest; rest = lo; lo = hi; hi = 0; }
  if (n > 0) {
    lost |= rest << (32 - n);
    rest = rest >>> n | lo << (32 - n);
    lo = (lo >>> n | hi << (32 - n)) >>> 0;
    hi = hi >>> n;
  }
  shifted.hi = hi;
  shifted.lo = lo;
  shifted.rest = (rest | (lost === 0 ? 0 : 1)) >>> 0;
}

/** Whether rounding goes away from zero. */
function roundsUp(sign: number, half: boolean, below: boolean, odd: boolean): boolean {
  if (mode.rounding === NEAREST) return half && (below || odd);
  return (half || below) && mode.rounding !== ZERO && (mode.rounding === UP) === (sign === 0);
}

/** Rounds hi:lo:rest to the upper `bits` bits of hi:lo, into `rounded`. After a carry the significand is 1000…0 and the exponent is one more. */
function roundSignificand(sign: number, hi: number, lo: number, rest: number, bits: number): void {
  let half: boolean, below: boolean, odd: boolean;
  if (bits === 64) {
    half = rest >= 0x8000_0000; below = (rest & 0x7fff_ffff) !== 0; odd = (lo & 1) !== 0;
  } else if (bits > 32) {
    const unit = 2 ** (64 - bits);
    const low = lo & (unit - 1);
    half = (low & (unit >>> 1)) !== 0; below = (low & ((unit >>> 1) - 1)) !== 0 || rest !== 0;
    lo = (lo - low) >>> 0; odd = (lo & unit) !== 0;
  } else {
    const unit = 2 ** (32 - bits);
    const low = hi & (unit - 1);
    half = (low & (unit >>> 1)) !== 0; below = (low & ((unit >>> 1) - 1)) !== 0 || lo !== 0 || rest !== 0;
    hi = (hi - low) >>> 0; lo = 0; odd = (hi & unit) !== 0;
  }
  const up = roundsUp(sign, half, below, odd);
  rounded.inexact = half || below;
  rounded.up = up;
  rounded.carry = false;
  if (up) {
    if (bits > 32) { lo += 2 ** (64 - bits); if (lo > 0xffff_ffff) { lo = 0; hi++; } }
    else hi += 2 ** (32 - bits);
    if (hi > 0xffff_ffff) { hi = 0x8000_0000; lo = 0; rounded.carry = true; }
  }
  rounded.hi = hi;
  rounded.lo = lo;
}

/** A format to round to: bits of significand, the smallest and largest biased (by 16383) exponents of normal numbers, and the bias of unmasked over- and underflow. */
export interface Format { readonly bits: number; readonly min: number; readonly max: number }
export const single: Format = { bits: 24, min: 16383 - 126, max: 16383 + 127 };
export const double: Format = { bits: 53, min: 16383 - 1022, max: 16383 + 1023 };
const WRAP = 24576;

/** Rounds to a register: the precision control's bits, the 80-bit exponent range. `rest` is what lies below the significand, sticky in its lowest bit. */
export function roundToRegister(out: Float80, sign: number, exponent: number, hi: number, lo: number, rest: number, bits = mode.precision): Float80 {
  if (exponent < 1) return roundTiny(out, sign, exponent, hi, lo, rest, bits);
  roundSignificand(sign, hi, lo, rest, bits);
  if (rounded.carry) exponent++;
  if (exponent > 0x7ffe) return overflow(out, sign, exponent, bits);
  noteRounding();
  return out.set(sign << 15 | exponent, rounded.hi, rounded.lo);
}

function noteRounding(): void {
  if (rounded.inexact) mode.raised |= PE;
  mode.up = rounded.up ? 1 : 0;
}

function overflow(out: Float80, sign: number, exponent: number, bits: number): Float80 {
  mode.raised |= OE;
  if (!(mode.masked & OE)) {
    noteRounding();
    exponent -= WRAP;
    if (exponent <= 0x7ffe) return out.set(sign << 15 | exponent, rounded.hi, rounded.lo);
    mode.raised |= PE;
    mode.up = 1;
    return setInfinity(out, sign);
  }
  mode.raised |= PE;
  const away = mode.rounding === NEAREST || (mode.rounding !== ZERO && (mode.rounding === UP) === (sign === 0));
  mode.up = away ? 1 : 0;
  if (away) return setInfinity(out, sign);
  const ones = (n: number) => (n <= 0 ? 0 : n >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - n)) >>> 0);
  return out.set(sign << 15 | 0x7ffe, ones(bits), ones(bits - 32));
}

/** A result below the smallest normal exponent. Tininess is judged after rounding as if the exponent had no bound. */
function roundTiny(out: Float80, sign: number, exponent: number, hi: number, lo: number, rest: number, bits: number): Float80 {
  roundSignificand(sign, hi, lo, rest, bits);
  const tiny = exponent < 0 || !rounded.carry;
  if (!(mode.masked & UE) && tiny) {
    mode.raised |= UE;
    noteRounding();
    exponent += WRAP + (rounded.carry ? 1 : 0);
    if (exponent >= 1) return out.set(sign << 15 | exponent, rounded.hi, rounded.lo);
    mode.raised |= PE;
    mode.up = 0;
    return setZero(out, sign);
  }
  shiftRight(hi, lo, rest, 1 - exponent);
  roundSignificand(sign, shifted.hi, shifted.lo, shifted.rest, bits);
  if (rounded.inexact && tiny) mode.raised |= UE;
  noteRounding();
  return out.set(sign << 15 | (rounded.hi >= 0x8000_0000 ? 1 : 0), rounded.hi, rounded.lo);
}

/** The parts of a number rounded to a memory format, into `narrowed`: exponent `format.min - 1` means denormal or zero, `format.max + 1` infinity. */
export const narrowed = { sign: 0, exponent: 0, hi: 0, lo: 0 };

/** Rounds a finite nonzero number to single or double. Returns false when an unmasked over- or underflow forbids the store. */
export function roundToMemory(p: Parts, format: Format): boolean {
  roundSignificand(p.sign, p.hi, p.lo, 0, format.bits);
  let exponent = p.exponent + (rounded.carry ? 1 : 0);
  if (exponent > format.max) return overflowToMemory(p.sign, format);
  if (exponent < format.min) {
    if (!(mode.masked & UE)) { mode.raised |= UE; return false; }
    shiftRight(p.hi, p.lo, 0, format.min - p.exponent);
    roundSignificand(p.sign, shifted.hi, shifted.lo, shifted.rest, format.bits);
    if (rounded.inexact) mode.raised |= UE;
    exponent = rounded.hi >= 0x8000_0000 ? format.min : format.min - 1;
  } else if (p.exponent < format.min) {
    // Rounded up to the smallest normal number: not tiny, but the denormal's own rounding decides the bits lost.
    shiftRight(p.hi, p.lo, 0, format.min - p.exponent);
    roundSignificand(p.sign, shifted.hi, shifted.lo, shifted.rest, format.bits);
    exponent = format.min;
  }
  noteRounding();
  narrowed.exponent = exponent;
  narrowed.hi = rounded.hi;
  narrowed.lo = rounded.lo;
  return true;
}

function overflowToMemory(sign: number, format: Format): boolean {
  mode.raised |= OE;
  if (!(mode.masked & OE)) return false;
  mode.raised |= PE;
  const away = mode.rounding === NEAREST || (mode.rounding !== ZERO && (mode.rounding === UP) === (sign === 0));
  mode.up = away ? 1 : 0;
  narrowed.exponent = away ? format.max + 1 : format.max;
  narrowed.hi = away ? 0x8000_0000 : format.bits === 24 ? 0xffff_ff00 : 0xffff_ffff;
  narrowed.lo = away || format.bits === 24 ? 0 : 0xffff_f800;
  return true;
}
