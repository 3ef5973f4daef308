// SSE packed integers: arithmetic, comparison, shifts, sums. What works lane by lane also makes the MMX rows.
import type { Builder, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { aligned, binary, lanes, low64, shuffle, simd, simd1, unary, zero } from './sse-values.ts';
import type { Binary, Unary } from './sse-values.ts';

/** [mnemonic, opcode after 0f, expression]. */
type Packed = [name: string, opcode: string, f: Binary];

// ---- products

/** The upper halves of signed or unsigned 16-bit products. */
const highProduct = (sign: 's' | 'u'): Binary => (b, x, y) =>
  shuffle(b, 2, b.op(`i32x4.extmul_low_i16x8_${sign}`, x, y), b.op(`i32x4.extmul_high_i16x8_${sign}`, x, y), [1, 3, 5, 7, 9, 11, 13, 15]);

/** 64-bit products of the even 32-bit lanes. */
const wideProduct = (sign: 's' | 'u'): Binary => (b, x, y) =>
  b.op(`i64x2.extmul_low_i32x4_${sign}`, shuffle(b, 4, x, x, [0, 2, 0, 2]), shuffle(b, 4, y, y, [0, 2, 0, 2]));

/** Rounded upper bits of signed products. WebAssembly's operation differs in one case: -1 * -1 saturates there and wraps here. */
const roundedHighProduct: Binary = (b, x, y) => {
  const least = lanes(b, 16, 0x8000);
  const wraps = b.op('v128.and', b.op('i16x8.eq', x, least), b.op('i16x8.eq', y, least));
  return b.op('v128.xor', b.op('i16x8.q15mulr_sat_s', x, y), wraps);
};

/** Unsigned bytes of x times signed bytes of y, neighbouring products added with saturation. */
const bytePairProducts: Binary = (b, x, y) => {
  const eight = b.i32(8);
  const even = b.op('i16x8.mul', b.op('v128.and', x, lanes(b, 16, 0xff)), b.op('i16x8.shr_s', b.op('i16x8.shl', y, eight), eight));
  const odd = b.op('i16x8.mul', b.op('i16x8.shr_u', x, eight), b.op('i16x8.shr_s', y, eight));
  return b.op('i16x8.add_sat_s', even, odd);
};

// ---- differences

const byteDistance: Binary = (b, x, y) => b.op('v128.or', b.op('i8x16.sub_sat_u', x, y), b.op('i8x16.sub_sat_u', y, x));

/** In each half the sum of the eight absolute differences of bytes. */
const sumOfDistances: Binary = (b, x, y) => {
  const fours = b.op('i32x4.extadd_pairwise_i16x8_u', b.op('i16x8.extadd_pairwise_i8x16_u', byteDistance(b, x, y)));
  return b.op('i64x2.add', b.op('v128.and', fours, lanes(b, 64, 0xffff_ffffn)), b.op('i64x2.shr_u', fours, b.i32(32)));
};

/** x where y is positive, -x where y is negative, 0 where y is 0. */
const withSign = (shape: string): Binary => (b, x, y) => {
  const negative = b.op(`${shape}.lt_s`, y, zero(b));
  const signed = b.op(`${shape}.sub`, b.op('v128.xor', x, negative), negative);
  return b.op('v128.andnot', signed, b.op(`${shape}.eq`, y, zero(b)));
};

/** Neighbouring lanes of x, then of y, combined; the lower one is the first operand. */
const horizontal = (shape: 'i16x8' | 'i32x4', name: string): Binary => (b, x, y) => {
  const width = shape === 'i16x8' ? 2 : 4;
  const even = Array.from({ length: 16 / width }, (_, i) => 2 * i);
  return b.op(`${shape}.${name}`, shuffle(b, width, x, y, even), shuffle(b, width, x, y, even.map((i) => i + 1)));
};

/** Lane by lane, in MMX as in SSE2: each is `66 0f opcode` on xmm and `np 0f opcode` on mm. */
export const lanewise: Packed[] = [
  ['paddb', 'fc', simd('i8x16.add')], ['paddw', 'fd', simd('i16x8.add')], ['paddd', 'fe', simd('i32x4.add')], ['paddq', 'd4', simd('i64x2.add')],
  ['psubb', 'f8', simd('i8x16.sub')], ['psubw', 'f9', simd('i16x8.sub')], ['psubd', 'fa', simd('i32x4.sub')], ['psubq', 'fb', simd('i64x2.sub')],
  ['paddsb', 'ec', simd('i8x16.add_sat_s')], ['paddsw', 'ed', simd('i16x8.add_sat_s')], ['paddusb', 'dc', simd('i8x16.add_sat_u')], ['paddusw', 'dd', simd('i16x8.add_sat_u')],
  ['psubsb', 'e8', simd('i8x16.sub_sat_s')], ['psubsw', 'e9', simd('i16x8.sub_sat_s')], ['psubusb', 'd8', simd('i8x16.sub_sat_u')], ['psubusw', 'd9', simd('i16x8.sub_sat_u')],
  ['pmullw', 'd5', simd('i16x8.mul')], ['pmulhw', 'e5', highProduct('s')], ['pmulhuw', 'e4', highProduct('u')],
  ['pmuludq', 'f4', wideProduct('u')], ['pmaddwd', 'f5', simd('i32x4.dot_i16x8_s')],
  ['pavgb', 'e0', simd('i8x16.avgr_u')], ['pavgw', 'e3', simd('i16x8.avgr_u')],
  ['pminub', 'da', simd('i8x16.min_u')], ['pmaxub', 'de', simd('i8x16.max_u')], ['pminsw', 'ea', simd('i16x8.min_s')], ['pmaxsw', 'ee', simd('i16x8.max_s')],
  ['pcmpeqb', '74', simd('i8x16.eq')], ['pcmpeqw', '75', simd('i16x8.eq')], ['pcmpeqd', '76', simd('i32x4.eq')],
  ['pcmpgtb', '64', simd('i8x16.gt_s')], ['pcmpgtw', '65', simd('i16x8.gt_s')], ['pcmpgtd', '66', simd('i32x4.gt_s')],
  ['psadbw', 'f6', sumOfDistances],
  ['pand', 'db', simd('v128.and')], ['pandn', 'df', (b, x, y) => b.op('v128.andnot', y, x)], ['por', 'eb', simd('v128.or')], ['pxor', 'ef', simd('v128.xor')],
  // SSSE3
  ['psignb', '38 08', withSign('i8x16')], ['psignw', '38 09', withSign('i16x8')], ['psignd', '38 0a', withSign('i32x4')],
  ['pmaddubsw', '38 04', bytePairProducts], ['pmulhrsw', '38 0b', roundedHighProduct],
];

/** SSSE3's horizontal operations; on mm both operands together are one vector. */
export const horizontals: Packed[] = [
  ['phaddw', '38 01', horizontal('i16x8', 'add')], ['phaddd', '38 02', horizontal('i32x4', 'add')], ['phaddsw', '38 03', horizontal('i16x8', 'add_sat_s')],
  ['phsubw', '38 05', horizontal('i16x8', 'sub')], ['phsubd', '38 06', horizontal('i32x4', 'sub')], ['phsubsw', '38 07', horizontal('i16x8', 'sub_sat_s')],
];

export const absolutes: [name: string, opcode: string, f: Unary][] = [['pabsb', '38 1c', simd1('i8x16.abs')], ['pabsw', '38 1d', simd1('i16x8.abs')], ['pabsd', '38 1e', simd1('i32x4.abs')]];

/** Without MMX forms. */
const sse4: Packed[] = [
  ['pmuldq', '38 28', wideProduct('s')], ['pmulld', '38 40', simd('i32x4.mul')], ['pcmpeqq', '38 29', simd('i64x2.eq')], ['pcmpgtq', '38 37', simd('i64x2.gt_s')],
  ['pminsb', '38 38', simd('i8x16.min_s')], ['pminsd', '38 39', simd('i32x4.min_s')], ['pminuw', '38 3a', simd('i16x8.min_u')], ['pminud', '38 3b', simd('i32x4.min_u')],
  ['pmaxsb', '38 3c', simd('i8x16.max_s')], ['pmaxsd', '38 3d', simd('i32x4.max_s')], ['pmaxuw', '38 3e', simd('i16x8.max_u')], ['pmaxud', '38 3f', simd('i32x4.max_u')],
];

const arithmetic: Row[] = [
  ...[...lanewise, ...horizontals, ...sse4].map(([name, opcode, f]) => row(name, `66 0f ${opcode} /r`, 'Vx Wx', binary(f))),
  ...absolutes.map(([name, opcode, f]) => row(name, `66 0f ${opcode} /r`, 'Vx Wx', unary(f))),
];

// ---- shifts: a count of the lane width or more gives 0, or the sign everywhere

export type Shift = 'shl' | 'shr_u' | 'shr_s';
type Shape = 'i16x8' | 'i32x4' | 'i64x2';
const laneBits = { i16x8: 16, i32x4: 32, i64x2: 64 } as const;

/** `count` is an unsigned i32 or i64. */
export function shiftLanes(b: Builder, shape: Shape, shift: Shift, x: Value, count: Value): Value {
  const width = laneBits[shape];
  const inRange = b.ltu(count, count.type === 'i64' ? b.i64(width) : b.i32(width));
  const amount = count.type === 'i64' ? b.zext(count, 8, 4) : count;
  if (shift === 'shr_s') return b.op(`${shape}.${shift}`, x, b.select(inRange, amount, b.i32(width - 1)));
  return b.select(inRange, b.op(`${shape}.${shift}`, x, amount), zero(b));
}

/** [mnemonic, opcode with a register count, opcode and digit with an immediate, shape, shift]: also the MMX rows. */
export const shifts: [name: string, byRegister: string, byImmediate: string, shape: Shape, shift: Shift][] = [
  ['psrlw', 'd1', '71 /2', 'i16x8', 'shr_u'], ['psraw', 'e1', '71 /4', 'i16x8', 'shr_s'], ['psllw', 'f1', '71 /6', 'i16x8', 'shl'],
  ['psrld', 'd2', '72 /2', 'i32x4', 'shr_u'], ['psrad', 'e2', '72 /4', 'i32x4', 'shr_s'], ['pslld', 'f2', '72 /6', 'i32x4', 'shl'],
  ['psrlq', 'd3', '73 /2', 'i64x2', 'shr_u'], ['psllq', 'f3', '73 /6', 'i64x2', 'shl'],
];

const shiftRows: Row[] = shifts.flatMap(([name, byRegister, byImmediate, shape, shift]) => [
  row(name, `66 0f ${byRegister} /r`, 'Vx Wx', (b, dst, count) => b.set(dst!, shiftLanes(b, shape, shift, b.get(dst!), low64(b, aligned(b, count!))))),
  row(name, `66 0f ${byImmediate}`, 'Ux Ib', (b, dst, count) => b.set(dst!, shiftLanes(b, shape, shift, b.get(dst!), b.get(count!)))),
]);

// ---- SSE4.1

/** The least of eight unsigned words and, above it, the number of the first lane that has it: words and lane numbers are compared together as 32-bit numbers. */
const leastWord: Unary = (b, x) => {
  const keys = (half: 'low' | 'high', first: number): Value =>
    b.op('v128.or', b.op('i32x4.shl', b.op(`i32x4.extend_${half}_i16x8_u`, x), b.i32(16)), lanes(b, 32, first, first + 1, first + 2, first + 3));
  const four = b.op('i32x4.min_u', keys('low', 0), keys('high', 4));
  const two = b.op('i32x4.min_u', four, shuffle(b, 4, four, four, [2, 3, 0, 1]));
  const least = b.op('i32x4.min_u', two, shuffle(b, 4, two, two, [1, 0, 3, 2]));
  return b.op('i32x4.replace_lane', zero(b), b.rotl(b.op('i32x4.extract_lane', least, 0), b.i32(16)), 0);
};

/** mpsadbw: eight sums of four absolute differences; bit 2 chooses where in x the windows begin, bits 1:0 the four bytes of y. */
const windowDistances: Meaning = (b, dst, src, immediate) => {
  const x = b.get(dst!);
  const y = aligned(b, src!);
  const control = b.get(immediate!);
  const at = (offset: Value, first: number[]): Value => b.op('i8x16.add', b.op('i8x16.splat', offset), lanes(b, 8, ...first));
  const xOffset = b.and(control, b.i32(4));
  const yOffset = b.shl(b.and(control, b.i32(3)), b.i32(2));
  const sums = [0, 1, 2, 3].map((j) => {
    const window = b.op('i8x16.swizzle', x, at(xOffset, Array.from({ length: 16 }, (_, i) => j + (i & 7))));
    const byte = b.op('i8x16.swizzle', y, at(yOffset, [j]));
    return b.op('i16x8.extend_low_i8x16_u', byteDistance(b, window, byte));
  });
  b.set(dst!, sums.reduce((sum, term) => b.op('i16x8.add', sum, term)));
};

/** ZF: no common bit; CF: nothing of src outside dst. */
const testBits: Meaning = (b, dst, src) => {
  const x = b.get(dst!);
  const y = aligned(b, src!);
  const none = (value: Value): Value => b.eqz(b.op('v128.any_true', value));
  b.setFlagsWord(b.or(b.shl(none(b.op('v128.and', x, y)), b.i32(6)), none(b.op('v128.andnot', y, x))));
};

const others: Row[] = [
  row('phminposuw', '66 0f 38 41 /r', 'Vx Wx', unary(leastWord)),
  row('mpsadbw', '66 0f 3a 42 /r', 'Vx Wx Ib', windowDistances),
  row('ptest', '66 0f 38 17 /r', 'Vx Wx', testBits, 'OSZAPC'),
];

export const sseInteger: Row[] = [...arithmetic, ...shiftRows, ...others];
