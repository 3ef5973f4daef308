// IEEE 754 arithmetic of single and double precision with every rounding mode, denormal mode and exception flag of MXCSR (SDM Vol. 1, 4.9 and 11.5). Exact, not fast: it runs only while MXCSR
// asks for what WebAssembly's own arithmetic does not do.

/** Exception flags in their MXCSR places; masks lie seven bits higher. */
export const IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32;
const DAZ = 0x40, OVERFLOW_MASK = 0x400, UNDERFLOW_MASK = 0x800, FTZ = 0x8000;

/** A format: bits of the fraction, exponent bias, and the patterns that follow from them. */
export interface Format { readonly fraction: number; readonly bias: number; readonly bits: number; readonly infinity: bigint; readonly quiet: bigint; readonly sign: bigint; readonly indefinite: bigint }

function format(bits: number, fraction: number): Format {
  const infinity = ((1n << BigInt(bits - 1 - fraction)) - 1n) << BigInt(fraction);
  const quiet = 1n << BigInt(fraction - 1);
  const sign = 1n << BigInt(bits - 1);
  return { bits, fraction, bias: 2 ** (bits - 2 - fraction) - 1, infinity, quiet, sign, indefinite: sign | infinity | quiet };
}
export const single = format(32, 23);
export const double = format(64, 52);

/** Rounding modes of MXCSR.RC. */
const NEAREST = 0, DOWN = 1, UP = 2;

/** MXCSR during one instruction: what it asks for, and the flags raised so far. */
export class FloatUnit {
  readonly mxcsr: number;
  flags = 0;
  constructor(mxcsr: number) { this.mxcsr = mxcsr; }
  get rounding(): number { return this.mxcsr >> 13 & 3; }
  get denormalsAreZeros(): boolean { return (this.mxcsr & DAZ) !== 0; }
  get flushes(): boolean { return (this.mxcsr & FTZ) !== 0 && (this.mxcsr & UNDERFLOW_MASK) !== 0; }
  get underflowIsUnmasked(): boolean { return (this.mxcsr & UNDERFLOW_MASK) === 0; }
  get overflowIsUnmasked(): boolean { return (this.mxcsr & OVERFLOW_MASK) === 0; }
  raise(flags: number): void { this.flags |= flags; }
}

// ---- bit patterns

const magnitude = (f: Format, x: bigint): bigint => x & ~f.sign;
export const isNan = (f: Format, x: bigint): boolean => magnitude(f, x) > f.infinity;
export const isSignalling = (f: Format, x: bigint): boolean => isNan(f, x) && (x & f.quiet) === 0n;
const isInfinite = (f: Format, x: bigint): boolean => magnitude(f, x) === f.infinity;
const isZero = (f: Format, x: bigint): boolean => magnitude(f, x) === 0n;
export const isDenormal = (f: Format, x: bigint): boolean => magnitude(f, x) !== 0n && magnitude(f, x) >> BigInt(f.fraction) === 0n;
const negative = (f: Format, x: bigint): boolean => (x & f.sign) !== 0n;

/** A finite number is significand * 2^exponent. */
interface Finite { readonly negative: boolean; readonly significand: bigint; readonly exponent: number }

function unpack(f: Format, x: bigint): Finite {
  const exponent = Number(magnitude(f, x) >> BigInt(f.fraction));
  const fraction = x & ((1n << BigInt(f.fraction)) - 1n);
  return { negative: negative(f, x), significand: exponent === 0 ? fraction : fraction | 1n << BigInt(f.fraction), exponent: Math.max(exponent, 1) - f.bias - f.fraction };
}

const bitLength = (x: bigint): number => x.toString(2).length;

/** x / 2^shift rounded to an integer. */
function shiftRounded(x: bigint, shift: number, mode: number, isNegative: boolean): { value: bigint; exact: boolean } {
  if (shift <= 0) return { value: x << BigInt(-shift), exact: true };
  const value = x >> BigInt(shift);
  const rest = x - (value << BigInt(shift));
  if (rest === 0n) return { value, exact: true };
  const half = 1n << BigInt(shift - 1);
  const up = mode === NEAREST ? rest > half || (rest === half && (value & 1n) === 1n) : mode === (isNegative ? DOWN : UP);
  return { value: up ? value + 1n : value, exact: false };
}

/** Rounds significand * 2^exponent (not zero) into the format. Tininess is detected after rounding, as x86 does. */
function pack(u: FloatUnit, f: Format, isNegative: boolean, significand: bigint, exponent: number): bigint {
  const sign = isNegative ? f.sign : 0n;
  const length = bitLength(significand);
  const precise = shiftRounded(significand, length - 1 - f.fraction, u.rounding, isNegative);
  const leading = length - 1 + exponent + (bitLength(precise.value) > f.fraction + 1 ? 1 : 0);
  if (leading > f.bias) return overflow(u, f, isNegative, precise.exact);
  if (leading >= 1 - f.bias) {
    if (!precise.exact) u.raise(PE);
    return sign + (BigInt(length - 1 + exponent + f.bias - 1) << BigInt(f.fraction)) + precise.value;
  }
  if (u.flushes) { u.raise(UE | PE); return sign; }
  const tiny = shiftRounded(significand, 1 - f.bias - f.fraction - exponent, u.rounding, isNegative);
  // A handler of unmasked underflow gets the result as if the exponent had no limit.
  if (u.underflowIsUnmasked) u.raise(precise.exact ? UE : UE | PE);
  else if (!tiny.exact) u.raise(UE | PE);
  return sign + tiny.value;
}

function overflow(u: FloatUnit, f: Format, isNegative: boolean, exact: boolean): bigint {
  u.raise(exact && u.overflowIsUnmasked ? OE : OE | PE);
  const toInfinity = u.rounding === NEAREST || u.rounding === (isNegative ? DOWN : UP);
  return (isNegative ? f.sign : 0n) + (toInfinity ? f.infinity : f.infinity - 1n);
}

function invalid(u: FloatUnit, f: Format): bigint {
  u.raise(IE);
  return f.indefinite;
}

/** The NaN a result takes from its operands, or undefined: the first that is one, made quiet. */
function propagated(u: FloatUnit, f: Format, ...operands: bigint[]): bigint | undefined {
  if (operands.some((x) => isSignalling(f, x))) u.raise(IE);
  const nan = operands.find((x) => isNan(f, x));
  return nan === undefined ? undefined : nan | f.quiet;
}

/** An operand as DAZ has it. */
const input = (u: FloatUnit, f: Format, x: bigint): bigint => (u.denormalsAreZeros && isDenormal(f, x) ? x & f.sign : x);
const noteDenormals = (u: FloatUnit, f: Format, ...operands: bigint[]): void => { if (operands.some((x) => isDenormal(f, x))) u.raise(DE); };

// ---- operations on bit patterns

export type Operation = (u: FloatUnit, f: Format, x: bigint, y: bigint) => bigint;

export const add: Operation = (u, f, a, b) => {
  const [x, y] = [input(u, f, a), input(u, f, b)];
  const nan = propagated(u, f, x, y);
  if (nan !== undefined) return nan;
  if (isInfinite(f, x) && isInfinite(f, y) && x !== y) return invalid(u, f);
  noteDenormals(u, f, x, y);
  if (isInfinite(f, x)) return x;
  if (isInfinite(f, y)) return y;
  const [p, q] = [unpack(f, x), unpack(f, y)];
  const exponent = Math.min(p.exponent, q.exponent);
  const signed = (n: Finite): bigint => (n.negative ? -n.significand : n.significand) << BigInt(n.exponent - exponent);
  const sum = signed(p) + signed(q);
  if (sum !== 0n) return pack(u, f, sum < 0n, sum < 0n ? -sum : sum, exponent);
  if (p.significand === 0n && p.negative === q.negative) return x;
  return u.rounding === DOWN ? f.sign : 0n;
};

export const sub: Operation = (u, f, a, b) => (isNan(f, b) ? add(u, f, a, b) : add(u, f, a, b ^ f.sign));

export const mul: Operation = (u, f, a, b) => {
  const [x, y] = [input(u, f, a), input(u, f, b)];
  const nan = propagated(u, f, x, y);
  if (nan !== undefined) return nan;
  if ((isInfinite(f, x) && isZero(f, y)) || (isZero(f, x) && isInfinite(f, y))) return invalid(u, f);
  noteDenormals(u, f, x, y);
  const sign = (x ^ y) & f.sign;
  if (isInfinite(f, x) || isInfinite(f, y)) return sign | f.infinity;
  const [p, q] = [unpack(f, x), unpack(f, y)];
  const product = p.significand * q.significand;
  return product === 0n ? sign : pack(u, f, sign !== 0n, product, p.exponent + q.exponent);
};

export const div: Operation = (u, f, a, b) => {
  const [x, y] = [input(u, f, a), input(u, f, b)];
  const nan = propagated(u, f, x, y);
  if (nan !== undefined) return nan;
  if ((isInfinite(f, x) && isInfinite(f, y)) || (isZero(f, x) && isZero(f, y))) return invalid(u, f);
  const sign = (x ^ y) & f.sign;
  if (isInfinite(f, x)) { noteDenormals(u, f, y); return sign | f.infinity; }
  if (isZero(f, y)) { u.raise(ZE); return sign | f.infinity; }
  noteDenormals(u, f, x, y);
  if (isInfinite(f, y) || isZero(f, x)) return sign;
  const [p, q] = [unpack(f, x), unpack(f, y)];
  const shift = Math.max(0, f.fraction + 4 + bitLength(q.significand) - bitLength(p.significand));
  const numerator = p.significand << BigInt(shift);
  const quotient = numerator / q.significand;
  const sticky = quotient * q.significand === numerator ? 0n : 1n;
  return pack(u, f, sign !== 0n, quotient << 1n | sticky, p.exponent - q.exponent - shift - 1);
};

/** The integer square root, by Newton's method from above. */
function integerRoot(x: bigint): bigint {
  let root = 1n << BigInt((bitLength(x) + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** y is not used. */
export const sqrt: Operation = (u, f, a) => {
  const x = input(u, f, a);
  const nan = propagated(u, f, x);
  if (nan !== undefined) return nan;
  if (isZero(f, x)) return x;
  if (negative(f, x)) return invalid(u, f);
  noteDenormals(u, f, x);
  if (isInfinite(f, x)) return x;
  const { significand, exponent } = unpack(f, x);
  const wide = 2 * (f.fraction + 4) - bitLength(significand);
  const shift = wide + ((exponent - wide) & 1);
  const square = significand << BigInt(shift);
  const root = integerRoot(square);
  return pack(u, f, false, root << 1n | (root * root === square ? 0n : 1n), (exponent - shift) / 2 - 1);
};

/** -1, 0, 1, or undefined when unordered. */
export function order(f: Format, x: bigint, y: bigint): number | undefined {
  if (isNan(f, x) || isNan(f, y)) return undefined;
  const signed = (n: bigint): bigint => (negative(f, n) ? -magnitude(f, n) : n);
  const difference = signed(x) - signed(y);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** Compares after DAZ. `quietIsInvalid`: a quiet NaN raises IE too. */
export function compare(u: FloatUnit, f: Format, a: bigint, b: bigint, quietIsInvalid: boolean): number | undefined {
  const [x, y] = [input(u, f, a), input(u, f, b)];
  const result = order(f, x, y);
  if (result !== undefined) noteDenormals(u, f, x, y);
  else if (quietIsInvalid || isSignalling(f, x) || isSignalling(f, y)) u.raise(IE);
  return result;
}

/** The second operand unless the first is truly smaller (greater). */
const extreme = (wanted: number): Operation => (u, f, a, b) => (compare(u, f, a, b, true) === wanted ? input(u, f, a) : input(u, f, b));
export const min: Operation = extreme(-1);
export const max: Operation = extreme(1);

// ---- conversions

/** From one format to the other. */
export function convert(u: FloatUnit, from: Format, to: Format, a: bigint): bigint {
  const x = input(u, from, a);
  const sign = negative(from, x) ? to.sign : 0n;
  if (isNan(from, x)) {
    if (isSignalling(from, x)) u.raise(IE);
    const payload = x & (from.quiet - 1n);
    const shift = BigInt(to.fraction - from.fraction);
    return sign | to.infinity | to.quiet | (shift >= 0n ? payload << shift : payload >> -shift);
  }
  if (isInfinite(from, x)) return sign | to.infinity;
  noteDenormals(u, from, x);
  const { significand, exponent } = unpack(from, x);
  return significand === 0n ? sign : pack(u, to, sign !== 0n, significand, exponent);
}

export const fromInteger = (u: FloatUnit, f: Format, value: bigint): bigint => (value === 0n ? 0n : pack(u, f, value < 0n, value < 0n ? -value : value, 0));

/** To a signed integer of `bits` bits by a rounding mode (3 to zero): the least integer, with IE, when it does not fit. */
export function toInteger(u: FloatUnit, f: Format, a: bigint, bits: number, mode: number): bigint {
  const x = input(u, f, a);
  const least = -(1n << BigInt(bits - 1));
  if (isNan(f, x) || isInfinite(f, x)) { u.raise(IE); return least; }
  const { significand, exponent, negative: isNegative } = unpack(f, x);
  const { value, exact } = shiftRounded(significand, -exponent, mode, isNegative);
  const integer = isNegative ? -value : value;
  if (integer < least || integer >= -least) { u.raise(IE); return least; }
  if (!exact) u.raise(PE);
  return integer;
}

/** To an integral value of the same format. */
export function roundToIntegral(u: FloatUnit, f: Format, a: bigint, mode: number, reportsInexact: boolean): bigint {
  const x = input(u, f, a);
  const nan = propagated(u, f, x);
  if (nan !== undefined) return nan;
  if (isInfinite(f, x)) return x;
  const { significand, exponent, negative: isNegative } = unpack(f, x);
  if (exponent >= 0) return x;
  const { value, exact } = shiftRounded(significand, -exponent, mode, isNegative);
  if (!exact && reportsInexact) u.raise(PE);
  const sign = isNegative ? f.sign : 0n;
  return value === 0n ? sign : pack(new FloatUnit(0x1f80), f, isNegative, value, 0);
}
