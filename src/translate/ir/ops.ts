// The IR's operations: WebAssembly's own numeric and SIMD instructions by name, and the runtime's pure helper functions. One row each: encoding and types.
import { assert } from '../../base/index.ts';
import type { Type } from './builder.ts';

export interface Op {
  readonly name: string;
  /** Opcode bytes as WebAssembly encodes them (0xfd is followed by a LEB128 number). Empty for helpers. */
  readonly code: readonly number[];
  readonly params: readonly Type[];
  readonly result: Type;
  /** Trailing immediate bytes (lane numbers, shuffle bytes). */
  readonly immediates: number;
  /** A call of a pure helper function (helpers.ts) instead of an instruction. */
  readonly helper: boolean;
  /** The highest bit + 1 that the result can have set: 1 for comparisons. */
  readonly bits: number;
}

export type OpName = string;

const table = new Map<string, Op>();

const width: Record<Type, number> = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128 };

function add(name: string, code: readonly number[], params: readonly Type[], result: Type, immediates = 0, bits = width[result]): void {
  assert(!table.has(name), `operation ${name} is defined twice`);
  table.set(name, { name, code, params, result, immediates, helper: code.length === 0, bits });
}

/** Consecutive one-byte opcodes of one signature. */
function run(first: number, prefix: Type, names: string, params: readonly Type[], result: Type, bits?: number): void {
  for (const [i, name] of names.split(' ').entries()) add(`${prefix}.${name}`, [first + i], params, result, 0, bits);
}

for (const [type, eqz, arithmetic] of [['i32', 0x45, 0x67], ['i64', 0x50, 0x79]] as const) {
  run(eqz, type, 'eqz', [type], 'i32', 1);
  run(eqz + 1, type, 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u', [type, type], 'i32', 1);
  run(arithmetic, type, 'clz ctz popcnt', [type], type, 7);
  run(arithmetic + 3, type, 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr', [type, type], type);
}
for (const [type, compare, arithmetic] of [['f32', 0x5b, 0x8b], ['f64', 0x61, 0x99]] as const) {
  run(compare, type, 'eq ne lt gt le ge', [type, type], 'i32', 1);
  run(arithmetic, type, 'abs neg ceil floor trunc nearest sqrt', [type], type);
  run(arithmetic + 7, type, 'add sub mul div min max copysign', [type, type], type);
}

const conversions: readonly (readonly [string, Type, Type])[] = [
  ['i32.wrap_i64', 'i64', 'i32'], ['i32.trunc_f32_s', 'f32', 'i32'], ['i32.trunc_f32_u', 'f32', 'i32'], ['i32.trunc_f64_s', 'f64', 'i32'], ['i32.trunc_f64_u', 'f64', 'i32'],
  ['i64.extend_i32_s', 'i32', 'i64'], ['i64.extend_i32_u', 'i32', 'i64'], ['i64.trunc_f32_s', 'f32', 'i64'], ['i64.trunc_f32_u', 'f32', 'i64'], ['i64.trunc_f64_s', 'f64', 'i64'], ['i64.trunc_f64_u', 'f64', 'i64'],
  ['f32.convert_i32_s', 'i32', 'f32'], ['f32.convert_i32_u', 'i32', 'f32'], ['f32.convert_i64_s', 'i64', 'f32'], ['f32.convert_i64_u', 'i64', 'f32'], ['f32.demote_f64', 'f64', 'f32'],
  ['f64.convert_i32_s', 'i32', 'f64'], ['f64.convert_i32_u', 'i32', 'f64'], ['f64.convert_i64_s', 'i64', 'f64'], ['f64.convert_i64_u', 'i64', 'f64'], ['f64.promote_f32', 'f32', 'f64'],
  ['i32.reinterpret_f32', 'f32', 'i32'], ['i64.reinterpret_f64', 'f64', 'i64'], ['f32.reinterpret_i32', 'i32', 'f32'], ['f64.reinterpret_i64', 'i64', 'f64'],
  ['i32.extend8_s', 'i32', 'i32'], ['i32.extend16_s', 'i32', 'i32'], ['i64.extend8_s', 'i64', 'i64'], ['i64.extend16_s', 'i64', 'i64'], ['i64.extend32_s', 'i64', 'i64'],
];
for (const [i, [name, from, to]] of conversions.entries()) add(name, [0xa7 + i], [from], to, 0, name === 'i64.extend_i32_u' ? 32 : width[to]);

const saturating: readonly (readonly [string, Type, Type])[] = [
  ['i32.trunc_sat_f32_s', 'f32', 'i32'], ['i32.trunc_sat_f32_u', 'f32', 'i32'], ['i32.trunc_sat_f64_s', 'f64', 'i32'], ['i32.trunc_sat_f64_u', 'f64', 'i32'],
  ['i64.trunc_sat_f32_s', 'f32', 'i64'], ['i64.trunc_sat_f32_u', 'f32', 'i64'], ['i64.trunc_sat_f64_s', 'f64', 'i64'], ['i64.trunc_sat_f64_u', 'f64', 'i64'],
];
for (const [i, [name, from, to]] of saturating.entries()) add(name, [0xfc, i], [from], to);

const simdCode = (n: number): number[] => (n < 128 ? [0xfd, n] : [0xfd, (n & 127) | 128, n >> 7]);

/** SIMD instructions by signature; each entry is `number name` where a name without a number follows its predecessor. */
function simd(params: readonly Type[], result: Type, immediates: number, bits: number, entries: string): void {
  let number = 0;
  for (const entry of entries.split(/\s+/)) {
    if (/^\d+$/.test(entry)) number = Number(entry);
    else add(entry, simdCode(number++), params, result, immediates, bits);
  }
}
simd(['v128', 'v128'], 'v128', 16, 128, '13 i8x16.shuffle');
simd(['v128', 'v128'], 'v128', 0, 128, `14 i8x16.swizzle
  35 i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u
  i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u
  i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u
  f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge
  78 v128.and v128.andnot v128.or v128.xor
  101 i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u 110 i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u
  118 i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u 123 i8x16.avgr_u
  130 i16x8.q15mulr_sat_s 133 i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u 142 i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u
  149 i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u 155 i16x8.avgr_u i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u
  174 i32x4.add 177 i32x4.sub 181 i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s
  188 i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u
  206 i64x2.add 209 i64x2.sub 213 i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
  i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
  228 f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
  240 f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax`);
simd(['v128'], 'v128', 0, 128, `77 v128.not 94 f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 i8x16.abs i8x16.neg i8x16.popcnt
  103 f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest 116 f64x2.ceil f64x2.floor 122 f64x2.trunc
  124 i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u i16x8.abs i16x8.neg
  135 i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u 148 f64x2.nearest
  160 i32x4.abs i32x4.neg 167 i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
  192 i64x2.abs i64x2.neg 199 i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
  224 f32x4.abs f32x4.neg 227 f32x4.sqrt 236 f64x2.abs f64x2.neg 239 f64x2.sqrt
  248 i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u`);
simd(['v128', 'i32'], 'v128', 0, 128, `107 i8x16.shl i8x16.shr_s i8x16.shr_u 139 i16x8.shl i16x8.shr_s i16x8.shr_u 171 i32x4.shl i32x4.shr_s i32x4.shr_u 203 i64x2.shl i64x2.shr_s i64x2.shr_u`);
simd(['v128', 'v128', 'v128'], 'v128', 0, 128, '82 v128.bitselect');
simd(['v128'], 'i32', 0, 1, '83 v128.any_true 99 i8x16.all_true 131 i16x8.all_true 163 i32x4.all_true 195 i64x2.all_true');
simd(['v128'], 'i32', 0, 16, '100 i8x16.bitmask 132 i16x8.bitmask 164 i32x4.bitmask 196 i64x2.bitmask');
simd(['v128'], 'i32', 1, 32, '21 i8x16.extract_lane_s 24 i16x8.extract_lane_s 27 i32x4.extract_lane');
simd(['v128'], 'i32', 1, 8, '22 i8x16.extract_lane_u');
simd(['v128'], 'i32', 1, 16, '25 i16x8.extract_lane_u');
simd(['v128'], 'i64', 1, 64, '29 i64x2.extract_lane');
simd(['v128'], 'f32', 1, 32, '31 f32x4.extract_lane');
simd(['v128'], 'f64', 1, 64, '33 f64x2.extract_lane');
simd(['v128', 'i32'], 'v128', 1, 128, '23 i8x16.replace_lane 26 i16x8.replace_lane 28 i32x4.replace_lane');
simd(['v128', 'i64'], 'v128', 1, 128, '30 i64x2.replace_lane');
simd(['v128', 'f32'], 'v128', 1, 128, '32 f32x4.replace_lane');
simd(['v128', 'f64'], 'v128', 1, 128, '34 f64x2.replace_lane');
simd(['i32'], 'v128', 0, 128, '15 i8x16.splat i16x8.splat i32x4.splat');
simd(['i64'], 'v128', 0, 128, '18 i64x2.splat');
simd(['f32'], 'v128', 0, 128, '19 f32x4.splat');
simd(['f64'], 'v128', 0, 128, '20 f64x2.splat');

/** The pure helper functions; helpers.ts has their bodies. */
export const helperRows: readonly (readonly [string, readonly Type[], Type])[] = [
  ['helper.mulhu', ['i64', 'i64'], 'i64'],
  ['helper.mulhs', ['i64', 'i64'], 'i64'],
  ['helper.udivq', ['i64', 'i64', 'i64'], 'i64'],
  ['helper.idivq', ['i64', 'i64', 'i64'], 'i64'],
  ['helper.idivq_overflows', ['i64', 'i64', 'i64'], 'i32'],
  ['helper.crc32b', ['i32', 'i32'], 'i32'],
  ['helper.crc32q', ['i32', 'i64'], 'i32'],
  // Flags of a lazy state (kind, a, b) known only at run time: the word, and each of the 16 conditions.
  ['helper.flags', ['i32', 'i64', 'i64'], 'i32'],
  ...Array.from({ length: 16 }, (_, cc) => [`helper.condition${cc}`, ['i32', 'i64', 'i64'], 'i32'] as const),
  ['helper.strings', ['v128', 'v128', 'i32'], 'i32'],
];
for (const [name, params, result] of helperRows) add(name, [], params, result, 0, name.startsWith('helper.condition') ? 1 : undefined);

/** The row of an operation; an unknown name is a bug of the caller. */
export function opOf(name: OpName): Op {
  const op = table.get(name);
  assert(op !== undefined, `no operation ${name}`);
  return op;
}

export const allOps = (): readonly Op[] => [...table.values()];
