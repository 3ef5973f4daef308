// SSE conversions between integers, single and double precision, also those that read and write mm registers.
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import { hostNansAreExact } from '../../ir/host-nan.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { aligned, bitsOf, dependingOnMxcsr, fromBits, lanes, low, low64, scalar, setLane0, setMm, shuffle, touchMm, unary, unaryLow, widen, zero } from './sse-values.ts';
import type { Scalar, Unary } from './sse-values.ts';

/** 2^31 and 2^63: the first values that do not fit. What does not fit, and NaN, becomes the integer indefinite, which is the least integer. */
const twoTo31 = { f32: 0x4f00_0000n, f64: 0x41e0_0000_0000_0000n };
const twoTo63 = { f32: 0x5f00_0000n, f64: 0x43e0_0000_0000_0000n };

const float = (b: Builder, format: Scalar, bits: bigint): Value => fromBits(b, format === 'f64' ? b.i64(bits) : b.i32(Number(bits)));

/** Integral x as a signed integer of `size` bytes. Saturation gives the right answer below; above and for NaN it does not. */
function toInteger(b: Builder, format: Scalar, size: 4 | 8, x: Value): Value {
  const type = size === 8 ? 'i64' : 'i32';
  const fits = b.op(`${format}.lt`, x, float(b, format, size === 8 ? twoTo63[format] : twoTo31[format]));
  return b.select(fits, b.op(`${type}.trunc_sat_${format}_s`, x), size === 8 ? b.i64(1n << 63n) : b.i32(0x8000_0000));
}

/** The same for lanes: four from single precision, two (and zeros above) from double. */
const lanesToIntegers = { f32x4: singlesToIntegers, f64x2: doublesToIntegers };

function singlesToIntegers(b: Builder, x: Value): Value {
  const fits = b.op('f32x4.lt', x, lanes(b, 32, twoTo31.f32));
  return b.op('v128.bitselect', b.op('i32x4.trunc_sat_f32x4_s', x), lanes(b, 32, 0x8000_0000), fits);
}

function doublesToIntegers(b: Builder, x: Value): Value {
  const fits = b.op('f64x2.lt', x, lanes(b, 64, twoTo31.f64));
  const fitsLow = shuffle(b, 4, fits, zero(b), [0, 2, 4, 4]);
  return b.op('v128.bitselect', b.op('i32x4.trunc_sat_f64x2_s_zero', x), lanes(b, 32, 0x8000_0000, 0x8000_0000, 0, 0), fitsLow);
}

// ---- scalars

const integerToScalar = (format: Scalar): Meaning => (b, dst, src) => {
  const x = b.get(src!);
  b.set(dst!, setLane0(b, format, b.get(dst!), b.op(`${format}.convert_${x.type}_s`, x)));
};

const scalarToInteger = (format: Scalar, truncate: boolean): Meaning => (b, dst, src) => {
  const x = scalar(b, format, src!);
  b.set(dst!, toInteger(b, format, dst!.size === 8 ? 8 : 4, truncate ? x : b.op(`${format}.nearest`, x)));
};

/** A NaN keeps its sign and as much of its payload as there is room for, and becomes quiet. */
function promoted(b: Builder, x: Value): Value {
  if (hostNansAreExact()) return b.op('f64.promote_f32', x);
  const bits = b.zext(bitsOf(b, x), 4, 8);
  const nan = b.or(b.or(b.shl(b.and(bits, b.i64(0x8000_0000)), b.i64(32)), b.shl(b.and(bits, b.i64(0x7f_ffff)), b.i64(29))), b.i64(0x7ff8_0000_0000_0000n));
  return b.select(b.op('f32.eq', x, x), b.op('f64.promote_f32', x), fromBits(b, nan));
}

function demoted(b: Builder, x: Value): Value {
  if (hostNansAreExact()) return b.op('f32.demote_f64', x);
  const bits = bitsOf(b, x);
  const nan = b.or(b.or(b.shru(b.and(bits, b.i64(1n << 63n)), b.i64(32)), b.shru(b.and(bits, b.i64((1n << 51n) - 1n)), b.i64(29))), b.i64(0x7fc0_0000));
  return b.select(b.op('f64.eq', x, x), b.op('f32.demote_f64', x), fromBits(b, b.zext(nan, 8, 4)));
}

const scalars: Row[] = [
  row('cvtsi2ss', 'f3 0f 2a /r', 'Vx Ey', integerToScalar('f32')),
  row('cvtsi2sd', 'f2 0f 2a /r', 'Vx Ey', integerToScalar('f64')),
  row('cvttss2si', 'f3 0f 2c /r', 'Gy Wd', scalarToInteger('f32', true)),
  row('cvttsd2si', 'f2 0f 2c /r', 'Gy Wq', scalarToInteger('f64', true)),
  row('cvtss2si', 'f3 0f 2d /r', 'Gy Wd', scalarToInteger('f32', false)),
  row('cvtsd2si', 'f2 0f 2d /r', 'Gy Wq', scalarToInteger('f64', false)),
  row('cvtss2sd', 'f3 0f 5a /r', 'Vx Wd', (b, dst, src) => b.set(dst!, setLane0(b, 'f64', b.get(dst!), promoted(b, scalar(b, 'f32', src!))))),
  row('cvtsd2ss', 'f2 0f 5a /r', 'Vx Wq', (b, dst, src) => b.set(dst!, setLane0(b, 'f32', b.get(dst!), demoted(b, scalar(b, 'f64', src!))))),
];

// ---- vectors

/** Repairs NaN lanes on a branch that is rarely taken; `repaired` has the right NaN wherever `result` has any. */
function withNans(b: Builder, nan: Value, result: Value, repaired: Value): Value {
  return b.select(b.op('v128.any_true', nan), b.op('v128.bitselect', repaired, result, nan), result);
}

const promotedPair: Unary = (b, x) => {
  const result = b.op('f64x2.promote_low_f32x4', x);
  if (hostNansAreExact()) return result;
  const wide = b.op('i64x2.extend_low_i32x4_u', x);
  const sign = b.op('i64x2.shl', b.op('v128.and', wide, lanes(b, 64, 0x8000_0000)), b.i32(32));
  const payload = b.op('i64x2.shl', b.op('v128.and', wide, lanes(b, 64, 0x7f_ffff)), b.i32(29));
  const repaired = b.op('v128.or', b.op('v128.or', sign, payload), lanes(b, 64, 0x7ff8_0000_0000_0000n));
  return withNans(b, b.op('f64x2.ne', result, result), result, repaired);
};

const demotedPair: Unary = (b, x) => {
  const result = b.op('f32x4.demote_f64x2_zero', x);
  if (hostNansAreExact()) return result;
  const sign = b.op('i64x2.shr_u', b.op('v128.and', x, lanes(b, 64, 1n << 63n)), b.i32(32));
  const payload = b.op('i64x2.shr_u', b.op('v128.and', x, lanes(b, 64, (1n << 51n) - 1n)), b.i32(29));
  const wide = b.op('v128.or', b.op('v128.or', sign, payload), lanes(b, 64, 0x7fc0_0000));
  return withNans(b, b.op('f32x4.ne', result, result), result, shuffle(b, 4, wide, wide, [0, 2, 0, 2]));
};

const rounded = (format: 'f32x4' | 'f64x2'): Unary => (b, x) => lanesToIntegers[format](b, b.op(`${format}.nearest`, x));
const truncated = (format: 'f32x4' | 'f64x2'): Unary => (b, x) => lanesToIntegers[format](b, x);
const integersToSingles: Unary = (b, x) => b.op('f32x4.convert_i32x4_s', x);
const integersToDoubles: Unary = (b, x) => b.op('f64x2.convert_low_i32x4_s', x);

const vectors: Row[] = [
  row('cvtps2pd', 'np 0f 5a /r', 'Vx Wq', unaryLow(promotedPair)),
  row('cvtpd2ps', '66 0f 5a /r', 'Vx Wx', unary(demotedPair)),
  row('cvtdq2ps', 'np 0f 5b /r', 'Vx Wx', unary(integersToSingles)),
  row('cvtps2dq', '66 0f 5b /r', 'Vx Wx', unary(rounded('f32x4'))),
  row('cvttps2dq', 'f3 0f 5b /r', 'Vx Wx', unary(truncated('f32x4'))),
  row('cvtpd2dq', 'f2 0f e6 /r', 'Vx Wx', unary(rounded('f64x2'))),
  row('cvttpd2dq', '66 0f e6 /r', 'Vx Wx', unary(truncated('f64x2'))),
];

// ---- with mm registers

/** From memory they leave the x87 registers alone. */
const fromMm = (convert: (b: Builder, old: Value, x: Value) => Value): Meaning => (b, dst, src) => {
  b.set(dst!, convert(b, b.get(dst!), widen(b, b.get(src!))));
  if (src!.kind === 'mm') touchMm(b);
};

const toMm = (read: (b: Builder, o: Operand) => Value, convert: Unary): Meaning => (b, dst, src) => setMm(b, dst!, low64(b, convert(b, read(b, src!))));

const mmx: Row[] = [
  row('cvtpi2ps', 'np 0f 2a /r', 'Vx Qq', fromMm((b, old, x) => shuffle(b, 8, integersToSingles(b, x), old, [0, 3]))),
  row('cvttps2pi', 'np 0f 2c /r', 'Pq Wq', toMm(low, truncated('f32x4'))),
  row('cvtps2pi', 'np 0f 2d /r', 'Pq Wq', toMm(low, rounded('f32x4'))),
  row('cvttpd2pi', '66 0f 2c /r', 'Pq Wx', toMm(aligned, truncated('f64x2'))),
  row('cvtpd2pi', '66 0f 2d /r', 'Pq Wx', toMm(aligned, rounded('f64x2'))),
];

/** Every 32-bit integer is a double. */
const exact: Row[] = [
  row('cvtdq2pd', 'f3 0f e6 /r', 'Vx Wq', unaryLow(integersToDoubles)),
  row('cvtpi2pd', '66 0f 2a /r', 'Vx Qq', fromMm((b, _, x) => integersToDoubles(b, x))),
];

export const sseConvert: Row[] = [...dependingOnMxcsr([...scalars, ...vectors, ...mmx]), ...exact];
