// How SSE and MMX rows read and write their operands, and the vector expressions several of them share.
import { state } from '../../../guest/index.ts';
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import type { Meaning, Row } from '../row.ts';

/** Expressions of one and of two 128-bit values. */
export type Unary = (b: Builder, x: Value) => Value;
export type Binary = (b: Builder, x: Value, y: Value) => Value;

export const zero = (b: Builder): Value => b.v128(0n, 0n);

/** A constant vector from its lanes of `bits` bits, lane 0 first; they are repeated to fill 128 bits. */
export function lanes(b: Builder, bits: 8 | 16 | 32 | 64, ...values: (number | bigint)[]): Value {
  let all = 0n;
  for (let i = 0; i < 128 / bits; i++) all |= BigInt.asUintN(bits, BigInt(values[i % values.length]!)) << BigInt(i * bits);
  return b.v128(BigInt.asUintN(64, all), all >> 64n);
}

/** options[index] for an i32 index; the number of options is a power of two, and higher bits of the index are ignored. */
export function pick(b: Builder, index: Value, ...options: Value[]): Value {
  const half = options.length / 2;
  if (half < 1) return options[0]!;
  return b.select(b.and(index, b.i32(half)), pick(b, index, ...options.slice(half)), pick(b, index, ...options.slice(0, half)));
}

/** Bytes of x and y (16 and up) in the order given; a lane width above 1 stands for that many consecutive bytes. */
export function shuffle(b: Builder, width: 1 | 2 | 4 | 8, x: Value, y: Value, order: readonly number[]): Value {
  return b.op('i8x16.shuffle', x, y, ...order.flatMap((lane) => Array.from({ length: width }, (_, i) => lane * width + i)));
}

/** Bytes of x and y chosen by the byte numbers in a vector: 0-15 x, 16-31 y, above that zero. */
export function permute(b: Builder, x: Value, y: Value, indices: Value): Value {
  const low = b.op('i8x16.swizzle', x, indices);
  if (x === y) return low;
  return b.op('v128.or', low, b.op('i8x16.swizzle', y, b.op('i8x16.sub', indices, lanes(b, 8, 16))));
}

// ---- reading

/** A 16-byte operand; in memory it must be aligned (#GP), as legacy SSE has it. */
export function aligned(b: Builder, o: Operand): Value {
  if (o.kind === 'mem') b.align(b.addr(o), 16);
  return b.getAs(o, 16);
}

/** A vector whose low bytes are the operand and whose other bytes are zero (from memory) or anything (from a register). */
export function low(b: Builder, o: Operand): Value {
  if (o.kind === 'xmm') return b.getAs(o, 16);
  return widen(b, b.get(o));
}

/** An integer as the low bytes of a vector, zeros above. */
export const widen = (b: Builder, x: Value): Value =>
  x.type === 'i64' ? b.op('i64x2.replace_lane', zero(b), x, 0) : b.op('i32x4.replace_lane', zero(b), x, 0);

export const low64 = (b: Builder, x: Value): Value => b.op('i64x2.extract_lane', x, 0);
export const high64 = (b: Builder, x: Value): Value => b.op('i64x2.extract_lane', x, 1);
export const low32 = (b: Builder, x: Value): Value => b.op('i32x4.extract_lane', x, 0);

/** A vector of two 64-bit halves. */
export const halves = (b: Builder, lowHalf: Value, highHalf: Value): Value => b.op('i64x2.replace_lane', widen(b, lowHalf), highHalf, 1);

/** The scalar floating-point format of a row. */
export type Scalar = 'f32' | 'f64';
export const vectorOf = { f32: 'f32x4', f64: 'f64x2' } as const;
export const sizeOf = { f32: 4, f64: 8 } as const;

export const lane0 = (b: Builder, format: Scalar, x: Value): Value => b.op(`${vectorOf[format]}.extract_lane`, x, 0);
export const setLane0 = (b: Builder, format: Scalar, x: Value, value: Value): Value => b.op(`${vectorOf[format]}.replace_lane`, x, value, 0);

/** A scalar operand: lane 0 of a register, or memory. */
export const scalar = (b: Builder, format: Scalar, o: Operand): Value =>
  o.kind === 'xmm' ? lane0(b, format, b.getAs(o, 16)) : fromBits(b, b.getAs(o, sizeOf[format]));

export const fromBits = (b: Builder, x: Value): Value => (x.type === 'i64' ? b.op('f64.reinterpret_i64', x) : b.op('f32.reinterpret_i32', x));
export const bitsOf = (b: Builder, x: Value): Value => (x.type === 'f64' ? b.op('i64.reinterpret_f64', x) : b.op('i32.reinterpret_f32', x));

// ---- meanings from expressions

/** Rows whose result or exceptions depend on MXCSR: what they say holds while it is as usual, rounding to nearest; else routines/sse-exact.ts computes. */
export const dependingOnMxcsr = (rows: readonly Row[]): Row[] => rows.map((row) => ({
  ...row,
  meaning: (b, ...operands) => {
    b.routineIf(b.unusualFloat(), 'sse-exact');
    row.meaning(b, ...operands);
  },
}));

/** dst = f(dst, src), memory aligned. */
export const binary = (f: Binary): Meaning => (b, dst, src) => b.set(dst!, f(b, b.get(dst!), aligned(b, src!)));
/** dst = f(src), memory aligned. */
export const unary = (f: Unary): Meaning => (b, dst, src) => b.set(dst!, f(b, aligned(b, src!)));
/** dst = f(src), where src is the low part of a vector and memory needs no alignment. */
export const unaryLow = (f: Unary): Meaning => (b, dst, src) => b.set(dst!, f(b, low(b, src!)));
/** One WebAssembly operation on two vectors. */
export const simd = (name: string): Binary => (b, x, y) => b.op(name, x, y);
export const simd1 = (name: string): Unary => (b, x) => b.op(name, x);

/** Writes an mm register. Any MMX instruction but emms makes all x87 registers valid and their top 0 (SDM Vol. 3, 12.2). */
export function setMm(b: Builder, dst: Operand, value: Value): void {
  b.set(dst, value);
  touchMm(b);
}

export function touchMm(b: Builder): void {
  b.storeState(state.top, b.i32(0));
  b.storeState(state.fvalid, b.i32(0xff));
}
