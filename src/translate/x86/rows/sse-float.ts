// SSE floating point: arithmetic, minimum and maximum, comparison, rounding, horizontal sums and dot products.
import type { Builder, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { exactNan } from './sse-nan.ts';
import { aligned, binary, dependingOnMxcsr, lane0, lanes, low, pick, scalar, setLane0, shuffle, simd, unary, vectorOf } from './sse-values.ts';
import type { Binary, Scalar, Unary } from './sse-values.ts';

type Vector = 'f32x4' | 'f64x2';

/** The four forms of an opcode: packed and scalar, single and double. */
const packedForms: [suffix: string, prefix: string, vector: Vector][] = [['ps', 'np', 'f32x4'], ['pd', '66', 'f64x2']];
const scalarForms: [suffix: string, prefix: string, format: Scalar, source: string][] = [['ss', 'f3', 'f32', 'Wd'], ['sd', 'f2', 'f64', 'Wq']];

/** Lane 0 of dst becomes f(lane 0 of dst, src). */
const scalarBinary = (format: Scalar, f: Binary): Meaning => (b, dst, src) => {
  const old = b.get(dst!);
  b.set(dst!, setLane0(b, format, old, f(b, lane0(b, format, old), scalar(b, format, src!))));
};

/** Lane 0 of dst becomes f(src). */
const scalarUnary = (format: Scalar, f: Unary): Meaning => (b, dst, src) => b.set(dst!, setLane0(b, format, b.get(dst!), f(b, scalar(b, format, src!))));

const arithmetic = (format: Vector | Scalar, name: string): Binary => (b, x, y) => exactNan(b, format, b.op(`${format}.${name}`, x, y), x, y);

const basic: Row[] = ([['add', '58'], ['mul', '59'], ['sub', '5c'], ['div', '5e']] as const).flatMap(([name, opcode]) => [
  ...packedForms.map(([suffix, prefix, vector]) => row(name + suffix, `${prefix} 0f ${opcode} /r`, 'Vx Wx', binary(arithmetic(vector, name)))),
  ...scalarForms.map(([suffix, prefix, format, source]) => row(name + suffix, `${prefix} 0f ${opcode} /r`, `Vx ${source}`, scalarBinary(format, arithmetic(format, name)))),
]);

const squareRoot = (format: Vector | Scalar): Unary => (b, x) => exactNan(b, format, b.op(`${format}.sqrt`, x), x);

const sqrt: Row[] = [
  ...packedForms.map(([suffix, prefix, vector]) => row(`sqrt${suffix}`, `${prefix} 0f 51 /r`, 'Vx Wx', unary(squareRoot(vector)))),
  ...scalarForms.map(([suffix, prefix, format, source]) => row(`sqrt${suffix}`, `${prefix} 0f 51 /r`, `Vx ${source}`, scalarUnary(format, squareRoot(format)))),
];

// ---- minimum and maximum: the second operand unless the first is truly smaller (greater), so also for NaN and zeros of both signs; that is WebAssembly's pseudo-minimum with operands exchanged

const pseudo = (vector: Vector, name: 'pmin' | 'pmax'): Binary => (b, x, y) => b.op(`${vector}.${name}`, y, x);

const scalarPseudo = (format: Scalar, name: 'pmin' | 'pmax'): Meaning => (b, dst, src) => {
  const old = b.get(dst!);
  const other = src!.kind === 'xmm' ? b.getAs(src!, 16) : low(b, src!);
  b.set(dst!, setLane0(b, format, old, lane0(b, format, pseudo(vectorOf[format], name)(b, old, other))));
};

const minmax: Row[] = ([['min', '5d', 'pmin'], ['max', '5f', 'pmax']] as const).flatMap(([name, opcode, op]) => [
  ...packedForms.map(([suffix, prefix, vector]) => row(name + suffix, `${prefix} 0f ${opcode} /r`, 'Vx Wx', binary(pseudo(vector, op)))),
  ...scalarForms.map(([suffix, prefix, format, source]) => row(name + suffix, `${prefix} 0f ${opcode} /r`, `Vx ${source}`, scalarPseudo(format, op))),
]);

// ---- approximations: the full quotient, which is within the manual's bound; denormal inputs count as zeros, and denormal results are zeros

const smallestNormal = 0x0080_0000;

/** Lanes where the condition holds lose everything but their sign. */
const keepSign = (b: Builder, x: Value, condition: Value): Value => b.op('v128.andnot', x, b.op('v128.andnot', condition, lanes(b, 32, 0x8000_0000)));

const denormalsToZero: Unary = (b, x) => keepSign(b, x, b.op('f32x4.lt', b.op('f32x4.abs', x), lanes(b, 32, smallestNormal)));

const one = (b: Builder): Value => lanes(b, 32, 0x3f80_0000);

/** Quotients of 2^-126 and below are flushed to zero, so from inputs of 2^126 on. */
const reciprocal: Unary = (b, x) => {
  const quotient = b.op('f32x4.div', one(b), denormalsToZero(b, x));
  return exactNan(b, 'f32x4', keepSign(b, quotient, b.op('f32x4.le', b.op('f32x4.abs', quotient), lanes(b, 32, smallestNormal))), x);
};

const reciprocalRoot: Unary = (b, x) => exactNan(b, 'f32x4', b.op('f32x4.div', one(b), b.op('f32x4.sqrt', denormalsToZero(b, x))), x);

/** The packed expression on lane 0 alone. */
const onLane0 = (f: Unary): Meaning => (b, dst, src) => b.set(dst!, setLane0(b, 'f32', b.get(dst!), lane0(b, 'f32', f(b, low(b, src!)))));

const approximations: Row[] = ([['rsqrt', '52', reciprocalRoot], ['rcp', '53', reciprocal]] as const).flatMap(([name, opcode, f]) => [
  row(`${name}ps`, `np 0f ${opcode} /r`, 'Vx Wx', unary(f), '', { approximate: true }),
  row(`${name}ss`, `f3 0f ${opcode} /r`, 'Vx Wd', onLane0(f), '', { approximate: true }),
]);

// ---- comparison to masks

/** The eight predicates (SDM Vol. 2, CMPPD, table 3-1): eq lt le unord, and with bit 2 their negations. */
function compare(b: Builder, vector: Vector, predicate: Value, x: Value, y: Value): Value {
  const unordered = b.op('v128.or', b.op(`${vector}.ne`, x, x), b.op(`${vector}.ne`, y, y));
  const plain = pick(b, predicate, b.op(`${vector}.eq`, x, y), b.op(`${vector}.lt`, x, y), b.op(`${vector}.le`, x, y), unordered);
  return b.select(b.and(predicate, b.i32(4)), b.op('v128.not', plain), plain);
}

const scalarCompare = (format: Scalar): Meaning => (b, dst, src, predicate) => {
  const old = b.get(dst!);
  const mask = compare(b, vectorOf[format], b.get(predicate!), old, low(b, src!));
  b.set(dst!, setLane0(b, format, old, lane0(b, format, mask)));
};

const comparisons: Row[] = [
  ...packedForms.map(([suffix, prefix, vector]) =>
    row(`cmp${suffix}`, `${prefix} 0f c2 /r`, 'Vx Wx Ib', (b, dst, src, predicate) => b.set(dst!, compare(b, vector, b.get(predicate!), b.get(dst!), aligned(b, src!))))),
  ...scalarForms.map(([suffix, prefix, format, source]) => row(`cmp${suffix}`, `${prefix} 0f c2 /r`, `Vx ${source} Ib`, scalarCompare(format))),
];

/** comis and ucomis differ only in the exceptions they signal: ZF PF CF are 111 unordered, 000 greater, 001 less, 100 equal; OF SF AF are 0. */
const compareToFlags = (format: Scalar): Meaning => (b, first, second) => {
  const x = lane0(b, format, b.get(first!));
  const y = scalar(b, format, second!);
  // Both hold for equal numbers, neither for unordered ones.
  const notBelow = b.op(`${format}.ge`, x, y);
  const notAbove = b.op(`${format}.le`, x, y);
  b.setFlagsWord(b.i32(0));
  b.setFlag('CF', b.eqz(notBelow));
  b.setFlag('PF', b.eqz(b.or(notAbove, notBelow)));
  b.setFlag('ZF', b.eq(notAbove, notBelow));
};

const flagComparisons: Row[] = (['ucomis', 'comis'] as const).flatMap((name, i) => [
  row(`${name}s`, `np 0f ${i ? '2f' : '2e'} /r`, 'Vx Wd', compareToFlags('f32'), 'OSZAPC'),
  row(`${name}d`, `66 0f ${i ? '2f' : '2e'} /r`, 'Vx Wq', compareToFlags('f64'), 'OSZAPC'),
]);

// ---- rounding to integral values

/** Rounds by a mode of two bits: nearest even, down, up, to zero. */
function roundBy(b: Builder, format: Vector | Scalar, mode: Value, x: Value): Value {
  return pick(b, mode, ...['nearest', 'floor', 'ceil', 'trunc'].map((name) => b.op(`${format}.${name}`, x)));
}

/** Bit 2 of the immediate takes the mode from MXCSR, which is to nearest here. */
function roundImmediate(b: Builder, format: Vector | Scalar, immediate: Value, x: Value): Value {
  const mode = b.select(b.and(immediate, b.i32(4)), b.i32(0), b.and(immediate, b.i32(3)));
  return exactNan(b, format, roundBy(b, format, mode, x), x);
}

const rounding: Row[] = [
  ...packedForms.map(([suffix, , vector], i) =>
    row(`round${suffix}`, `66 0f 3a ${i ? '09' : '08'} /r`, 'Vx Wx Ib', (b, dst, src, mode) => b.set(dst!, roundImmediate(b, vector, b.get(mode!), aligned(b, src!))))),
  ...scalarForms.map(([suffix, , format, source], i) =>
    row(`round${suffix}`, `66 0f 3a ${i ? '0b' : '0a'} /r`, `Vx ${source} Ib`, (b, dst, src, mode) =>
      b.set(dst!, setLane0(b, format, b.get(dst!), roundImmediate(b, format, b.get(mode!), scalar(b, format, src!)))))),
];

// ---- bitwise

const bitwise: Row[] = ([['and', '54', simd('v128.and')], ['andn', '55', (b, x, y) => b.op('v128.andnot', y, x)], ['or', '56', simd('v128.or')], ['xor', '57', simd('v128.xor')]] as const satisfies [string, string, Binary][])
  .flatMap(([name, opcode, f]) => packedForms.map(([suffix, prefix]) => row(name + suffix, `${prefix} 0f ${opcode} /r`, 'Vx Wx', binary(f))));

// ---- within one vector

const evens = { f32x4: [0, 2, 4, 6], f64x2: [0, 2] } as const;
const odds = { f32x4: [1, 3, 5, 7], f64x2: [1, 3] } as const;
const laneBytes = { f32x4: 4, f64x2: 8 } as const;

/** Neighbouring lanes of dst, then of src, combined: the lower one is the first operand. */
const horizontal = (vector: Vector, name: 'add' | 'sub'): Binary => (b, x, y) =>
  arithmetic(vector, name)(b, shuffle(b, laneBytes[vector], x, y, evens[vector]), shuffle(b, laneBytes[vector], x, y, odds[vector]));

/** Even lanes are subtracted, odd ones added. */
const addSubtract = (vector: Vector): Binary => (b, x, y) => {
  const order = vector === 'f32x4' ? [0, 5, 2, 7] : [0, 3];
  return exactNan(b, vector, shuffle(b, laneBytes[vector], b.op(`${vector}.sub`, x, y), b.op(`${vector}.add`, x, y), order), x, y);
};

/** A mask with all bits of lane i set where bit `first + i` of the immediate is. */
function maskFromBits(b: Builder, vector: Vector, immediate: Value, first: number): Value {
  const bits = vector === 'f32x4' ? lanes(b, 32, 1 << first, 2 << first, 4 << first, 8 << first) : lanes(b, 64, 1 << first, 2 << first);
  const all = vector === 'f32x4' ? b.op('i32x4.splat', immediate) : b.op('i64x2.splat', b.zext(immediate, 4, 8));
  return b.op(vector === 'f32x4' ? 'i32x4.eq' : 'i64x2.eq', b.op('v128.and', all, bits), bits);
}

/** Products chosen by bits 4 and up are summed, (0 + 1) + (2 + 3), into the lanes chosen by bits 0 and up; the others become 0. Which NaN wins differs by lane, as on Intel's processors. */
const dotProduct = (vector: Vector): Meaning => (b, dst, src, immediate) => {
  const control = b.get(immediate!);
  const products = b.op('v128.and', arithmetic(vector, 'mul')(b, b.get(dst!), aligned(b, src!)), maskFromBits(b, vector, control, 4));
  const add = arithmetic(vector, 'add');
  const order = (x: Value, lanesOfX: number[]): Value => shuffle(b, laneBytes[vector], x, x, lanesOfX);
  const pairs = vector === 'f32x4' ? add(b, order(products, [1, 0, 3, 2]), products) : products;
  const sum = add(b, pairs, order(pairs, vector === 'f32x4' ? [2, 3, 0, 1] : [1, 0]));
  b.set(dst!, b.op('v128.and', sum, maskFromBits(b, vector, control, 0)));
};

const withinVectors: Row[] = [
  row('haddpd', '66 0f 7c /r', 'Vx Wx', binary(horizontal('f64x2', 'add'))),
  row('haddps', 'f2 0f 7c /r', 'Vx Wx', binary(horizontal('f32x4', 'add'))),
  row('hsubpd', '66 0f 7d /r', 'Vx Wx', binary(horizontal('f64x2', 'sub'))),
  row('hsubps', 'f2 0f 7d /r', 'Vx Wx', binary(horizontal('f32x4', 'sub'))),
  row('addsubpd', '66 0f d0 /r', 'Vx Wx', binary(addSubtract('f64x2'))),
  row('addsubps', 'f2 0f d0 /r', 'Vx Wx', binary(addSubtract('f32x4'))),
  row('dpps', '66 0f 3a 40 /r', 'Vx Wx Ib', dotProduct('f32x4')),
  row('dppd', '66 0f 3a 41 /r', 'Vx Wx Ib', dotProduct('f64x2')),
];

export const sseFloat: Row[] = [
  ...dependingOnMxcsr([...basic, ...sqrt, ...minmax, ...comparisons, ...flagComparisons, ...rounding, ...withinVectors]),
  ...approximations, ...bitwise,
];
