// SSE instructions that move lanes about: shuffles, unpacks, packs, blends, inserts and extracts, widening moves, byte shifts.
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { aligned, binary, lanes, permute, shuffle, simd, unaryLow, zero } from './sse-values.ts';
import type { Binary } from './sse-values.ts';

/** How an immediate chooses bytes of two vectors (0-15 the first, 16-31 the second, above that zero): as a list when the immediate is known, as a computed vector when it is not. */
interface ByteChoice {
  known: (immediate: number) => number[];
  computed: (b: Builder, immediate: Value) => Value;
}

/** One shuffle when the immediate is known, else table look-ups. */
function choose(b: Builder, choice: ByteChoice, immediate: Value, x: Value, y: Value): Value {
  const value = b.known(immediate);
  if (value === undefined) return permute(b, x, y, choice.computed(b, immediate));
  const order = choice.known(value & 0xff);
  if (order.every((byte) => byte < 32)) return b.op('i8x16.shuffle', x, y, ...order);
  // Byte 0 of zero stands for every byte beyond; such a choice needs only one of the two vectors.
  const second = order.some((byte) => byte >= 16 && byte < 32);
  const base = second ? 16 : 0;
  return b.op('i8x16.shuffle', second ? y : x, zero(b), ...order.map((byte) => (byte >= 32 ? 16 : byte - base)));
}

const bytesOfLane = (width: number, lane: number): number[] => Array.from({ length: width }, (_, i) => lane * width + i);

/** A field of two bits per lane: lane i takes lane `field i` of a vector, plus `base[i]` lanes. */
const twoBitFields = (width: 2 | 4, fields: readonly (number | undefined)[], base: readonly number[]): ByteChoice => ({
  known: (immediate) => fields.flatMap((field, i) => bytesOfLane(width, base[i]! + (field === undefined ? 0 : immediate >> 2 * field & 3))),
  computed: (b, immediate) => {
    const bits = width === 4 ? 32 : 16;
    const shape = width === 4 ? 'i32x4' : 'i16x8';
    // Multiplying brings each lane's field to bits 6 and 7; a lane without a field gets 0.
    const atSix = b.op(`${shape}.mul`, b.op(`${shape}.splat`, immediate), lanes(b, bits, ...fields.map((field) => (field === undefined ? 0 : 64 >> 2 * field))));
    const index = b.op('v128.and', b.op(`${shape}.shr_u`, atSix, b.i32(6)), lanes(b, bits, 3));
    const scale = width === 4 ? 0x0404_0404 : 0x0202;
    const first = base.map((lane) => bytesOfLane(width, lane).reduceRight((all, byte) => all << 8 | byte, 0));
    return b.op(`${shape}.add`, b.op(`${shape}.mul`, index, lanes(b, bits, scale)), lanes(b, bits, ...first));
  },
});

const pshufdChoice = twoBitFields(4, [0, 1, 2, 3], [0, 0, 0, 0]);
const none = undefined;
const pshuflwChoice = twoBitFields(2, [0, 1, 2, 3, none, none, none, none], [0, 0, 0, 0, 4, 5, 6, 7]);
const pshufhwChoice = twoBitFields(2, [none, none, none, none, 0, 1, 2, 3], [0, 1, 2, 3, 4, 4, 4, 4]);
const shufpsChoice = twoBitFields(4, [0, 1, 2, 3], [0, 0, 4, 4]);

/** Bit 0 chooses the half of the first vector, bit 1 that of the second. */
const shufpdChoice: ByteChoice = {
  known: (immediate) => [...bytesOfLane(8, immediate & 1), ...bytesOfLane(8, 2 + (immediate >> 1 & 1))],
  computed: (b, immediate) => {
    const bits = b.op('v128.and', b.op('i32x4.splat', immediate), lanes(b, 32, 1, 1, 2, 2));
    const upper = b.op('i32x4.ne', bits, zero(b));
    return b.op('i8x16.add', lanes(b, 64, 0x0706050403020100n, 0x1716151413121110n), b.op('v128.and', upper, lanes(b, 8, 8)));
  },
};

const upTo = (b: Builder, limit: number, x: Value): Value => b.select(b.ltu(x, b.i32(limit)), x, b.i32(limit));

/** Bytes `immediate` and following of the first vector with the second above it. */
const alignChoice: ByteChoice = {
  known: (immediate) => Array.from({ length: 16 }, (_, i) => Math.min(i + immediate, 32)),
  computed: (b, immediate) => b.op('i8x16.add', b.op('i8x16.splat', upTo(b, 32, immediate)), lanes(b, 8, ...bytesOfLane(16, 0))),
};

/** pshufb on any control vector: a set bit 7 gives zero, else the low four bits count. */
const shuffleBytes: Binary = (b, x, control) => b.op('i8x16.swizzle', x, b.op('v128.and', control, lanes(b, 8, 0x8f)));

const shuffleOne = (choice: ByteChoice): Meaning => (b, dst, src, immediate) => {
  const x = aligned(b, src!);
  b.set(dst!, choose(b, choice, b.get(immediate!), x, x));
};
const shuffleTwo = (choice: ByteChoice): Meaning => (b, dst, src, immediate) => b.set(dst!, choose(b, choice, b.get(immediate!), b.get(dst!), aligned(b, src!)));

const shuffles: Row[] = [
  row('pshufd', '66 0f 70 /r', 'Vx Wx Ib', shuffleOne(pshufdChoice)),
  row('pshuflw', 'f2 0f 70 /r', 'Vx Wx Ib', shuffleOne(pshuflwChoice)),
  row('pshufhw', 'f3 0f 70 /r', 'Vx Wx Ib', shuffleOne(pshufhwChoice)),
  row('shufps', 'np 0f c6 /r', 'Vx Wx Ib', shuffleTwo(shufpsChoice)),
  row('shufpd', '66 0f c6 /r', 'Vx Wx Ib', shuffleTwo(shufpdChoice)),
  row('pshufb', '66 0f 38 00 /r', 'Vx Wx', binary(shuffleBytes)),
  row('palignr', '66 0f 3a 0f /r', 'Vx Wx Ib', (b, dst, src, immediate) => b.set(dst!, choose(b, alignChoice, b.get(immediate!), aligned(b, src!), b.get(dst!)))),
];

/** pshufw of MMX is pshuflw on eight bytes. */
export const shuffleLowWords: (b: Builder, x: Value, immediate: Value) => Value = (b, x, immediate) => choose(b, pshuflwChoice, immediate, x, x);

// ---- byte shifts of a whole register; the count is an immediate, 16 and more clear it

const leftChoice: ByteChoice = {
  known: (immediate) => Array.from({ length: 16 }, (_, i) => (i < immediate ? 32 : i - immediate)),
  computed: (b, immediate) => b.op('i8x16.sub', lanes(b, 8, ...bytesOfLane(16, 0)), b.op('i8x16.splat', upTo(b, 16, immediate))),
};
const rightChoice: ByteChoice = {
  known: (immediate) => Array.from({ length: 16 }, (_, i) => (i + immediate < 16 ? i + immediate : 32)),
  computed: (b, immediate) => b.op('i8x16.add', b.op('i8x16.splat', upTo(b, 16, immediate)), lanes(b, 8, ...bytesOfLane(16, 0))),
};
const shiftBytes = (choice: ByteChoice): Meaning => (b, dst, immediate) => {
  const x = b.get(dst!);
  b.set(dst!, choose(b, choice, b.get(immediate!), x, x));
};

const byteShifts: Row[] = [
  row('psrldq', '66 0f 73 /3', 'Ux Ib', shiftBytes(rightChoice)),
  row('pslldq', '66 0f 73 /7', 'Ux Ib', shiftBytes(leftChoice)),
];

// ---- unpacks: lanes of dst and src in turn, from the low or the high halves

const interleave = (width: 1 | 2 | 4 | 8, high: boolean): Binary => (b, x, y) => {
  const count = 16 / width;
  const first = high ? count / 2 : 0;
  return shuffle(b, width, x, y, Array.from({ length: count }, (_, i) => first + (i >> 1) + (i & 1) * count));
};

/** [name, opcode, lane width]: also the rows of MMX, except the last. */
export const unpackLow: [string, string, Binary][] = [
  ['punpcklbw', '60', interleave(1, false)], ['punpcklwd', '61', interleave(2, false)], ['punpckldq', '62', interleave(4, false)],
];
export const unpackHigh: [string, string, Binary][] = [['punpckhbw', '68', interleave(1, true)], ['punpckhwd', '69', interleave(2, true)], ['punpckhdq', '6a', interleave(4, true)]];

/** Narrowing packs: dst gives the low half, src the high one. The last one is SSE4.1 and has no MMX form. */
export const packs: [string, string, Binary][] = [
  ['packsswb', '63', simd('i8x16.narrow_i16x8_s')], ['packuswb', '67', simd('i8x16.narrow_i16x8_u')], ['packssdw', '6b', simd('i16x8.narrow_i32x4_s')],
];

const unpacks: Row[] = [
  ...[...unpackLow, ...unpackHigh, ...packs].map(([name, opcode, f]) => row(name, `66 0f ${opcode} /r`, 'Vx Wx', binary(f))),
  row('packusdw', '66 0f 38 2b /r', 'Vx Wx', binary(simd('i16x8.narrow_i32x4_u'))),
  row('punpcklqdq', '66 0f 6c /r', 'Vx Wx', binary(interleave(8, false))),
  row('punpckhqdq', '66 0f 6d /r', 'Vx Wx', binary(interleave(8, true))),
  row('unpcklps', 'np 0f 14 /r', 'Vx Wx', binary(interleave(4, false))),
  row('unpckhps', 'np 0f 15 /r', 'Vx Wx', binary(interleave(4, true))),
  row('unpcklpd', '66 0f 14 /r', 'Vx Wx', binary(interleave(8, false))),
  row('unpckhpd', '66 0f 15 /r', 'Vx Wx', binary(interleave(8, true))),
];

// ---- blends

/** Lane i comes from the second vector when bit i of the immediate is set. */
const blendChoice = (width: 2 | 4 | 8): Meaning => (b, dst, src, immediate) => {
  const x = b.get(dst!);
  const y = aligned(b, src!);
  const bits = b.get(immediate!);
  const known = b.known(bits);
  const count = 16 / width;
  if (known !== undefined) return b.set(dst!, shuffle(b, width, x, y, Array.from({ length: count }, (_, i) => i + (known >> i & 1) * count)));
  b.set(dst!, b.op('v128.bitselect', y, x, maskOfBits(b, width, bits)));
};

/** All bits of lane i where bit i of an i32 is set. */
function maskOfBits(b: Builder, width: 2 | 4 | 8, bits: Value): Value {
  if (width === 2) {
    const chosen = lanes(b, 16, 1, 2, 4, 8, 16, 32, 64, 128);
    return b.op('i16x8.eq', b.op('v128.and', b.op('i16x8.splat', bits), chosen), chosen);
  }
  const chosen = width === 4 ? lanes(b, 32, 1, 2, 4, 8) : lanes(b, 32, 1, 1, 2, 2);
  return b.op('i32x4.eq', b.op('v128.and', b.op('i32x4.splat', bits), chosen), chosen);
}

/** Lane i comes from the second vector when its top bit in xmm0 is set. */
const blendBySign = (shape: 'i8x16' | 'i32x4' | 'i64x2'): Meaning => (b, dst, src, mask) =>
  b.set(dst!, b.op('v128.bitselect', aligned(b, src!), b.get(dst!), b.op(`${shape}.lt_s`, b.get(mask!), zero(b))));

const blends: Row[] = [
  row('blendps', '66 0f 3a 0c /r', 'Vx Wx Ib', blendChoice(4)),
  row('blendpd', '66 0f 3a 0d /r', 'Vx Wx Ib', blendChoice(8)),
  row('pblendw', '66 0f 3a 0e /r', 'Vx Wx Ib', blendChoice(2)),
  row('pblendvb', '66 0f 38 10 /r', 'Vx Wx XMM0', blendBySign('i8x16')),
  row('blendvps', '66 0f 38 14 /r', 'Vx Wx XMM0', blendBySign('i32x4')),
  row('blendvpd', '66 0f 38 15 /r', 'Vx Wx XMM0', blendBySign('i64x2')),
];

// ---- inserts and extracts of one lane; the immediate counts modulo the number of lanes

interface Lane { shape: 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2'; count: number; bits: 8 | 16 | 32 | 64; extract: string }
const byteLane: Lane = { shape: 'i8x16', count: 16, bits: 8, extract: 'extract_lane_u' };
const wordLane: Lane = { shape: 'i16x8', count: 8, bits: 16, extract: 'extract_lane_u' };
const dwordLane: Lane = { shape: 'i32x4', count: 4, bits: 32, extract: 'extract_lane' };
const qwordLane: Lane = { shape: 'i64x2', count: 2, bits: 64, extract: 'extract_lane' };

/** Lane `index` of a vector. */
function laneAt(b: Builder, { shape, count, bits, extract }: Lane, x: Value, index: Value): Value {
  const known = b.known(index);
  if (known !== undefined) return b.op(`${shape}.${extract}`, x, known & count - 1);
  const first = b.mul(b.and(index, b.i32(count - 1)), b.i32(bits / 8));
  return b.op(`${shape}.${extract}`, b.op('i8x16.swizzle', x, b.op('i8x16.add', b.op('i8x16.splat', first), lanes(b, 8, ...bytesOfLane(16, 0)))), 0);
}

/** The vector with lane `index` replaced. */
function withLane(b: Builder, { shape, count, bits }: Lane, x: Value, index: Value, value: Value): Value {
  const known = b.known(index);
  if (known !== undefined) return b.op(`${shape}.replace_lane`, x, value, known & count - 1);
  const wanted = b.and(index, b.i32(count - 1));
  const numbers = lanes(b, bits, ...Array.from({ length: count }, (_, i) => i));
  const here = b.op(`${shape}.eq`, b.op(`${shape}.splat`, bits === 64 ? b.zext(wanted, 4, 8) : wanted), numbers);
  return b.op('v128.bitselect', b.op(`${shape}.splat`, value), x, here);
}

const extract = (lane: Lane): Meaning => (b, dst, src, index) => b.set(dst!, laneAt(b, lane, b.get(src!), b.get(index!)));
const insert = (lane: Lane): Meaning => (b, dst, src, index) => b.set(dst!, withLane(b, lane, b.get(dst!), b.get(index!), b.get(src!)));
const dwordOrQword = (build: (lane: Lane) => Meaning, which: (operands: Operand[]) => Operand): Meaning => (b, ...operands) =>
  build(which(operands).size === 8 ? qwordLane : dwordLane)(b, ...operands);

/** insertps: bits 7:6 choose the lane of a source register, 5:4 the lane written, 3:0 lanes cleared. */
const insertps: Meaning = (b, dst, src, immediate) => {
  const control = b.get(immediate!);
  const value = src!.kind === 'xmm' ? laneAt(b, dwordLane, b.getAs(src!, 16), b.shru(control, b.i32(6))) : b.get(src!);
  const inserted = withLane(b, dwordLane, b.get(dst!), b.shru(control, b.i32(4)), value);
  const known = b.known(control);
  if (known !== undefined && (known & 15) === 0) return b.set(dst!, inserted);
  b.set(dst!, b.op('v128.andnot', inserted, maskOfBits(b, 4, control)));
};

const lanesInAndOut: Row[] = [
  row('pextrb', '66 0f 3a 14 /r', 'Rd Vx Ib', extract(byteLane)), row('pextrb', '66 0f 3a 14 /r', 'Mb Vx Ib', extract(byteLane)),
  row('pextrw', '66 0f 3a 15 /r', 'Rd Vx Ib', extract(wordLane)), row('pextrw', '66 0f 3a 15 /r', 'Mw Vx Ib', extract(wordLane)),
  row('pextrw', '66 0f c5 /r', 'Gd Ux Ib', extract(wordLane)),
  row('pextrd', '66 0f 3a 16 /r', 'Ey Vx Ib', dwordOrQword(extract, ([dst]) => dst!)),
  row('extractps', '66 0f 3a 17 /r', 'Ed Vx Ib', extract(dwordLane)),
  row('pinsrb', '66 0f 3a 20 /r', 'Vx Rd Ib', insert(byteLane)), row('pinsrb', '66 0f 3a 20 /r', 'Vx Mb Ib', insert(byteLane)),
  row('pinsrw', '66 0f c4 /r', 'Vx Rd Ib', insert(wordLane)), row('pinsrw', '66 0f c4 /r', 'Vx Mw Ib', insert(wordLane)),
  row('pinsrd', '66 0f 3a 22 /r', 'Vx Ey Ib', dwordOrQword(insert, ([, src]) => src!)),
  row('insertps', '66 0f 3a 21 /r', 'Vx Ux Ib', insertps), row('insertps', '66 0f 3a 21 /r', 'Vx Md Ib', insertps),
];

// ---- widening moves: the memory operand is as long as what is used of it

const extend = (steps: string[], sign: 's' | 'u'): Meaning => unaryLow((b, x) => steps.reduce((value, step) => b.op(`${step}_${sign}`, value), x));
const fromByte = 'i16x8.extend_low_i8x16';
const fromWord = 'i32x4.extend_low_i16x8';
const fromDword = 'i64x2.extend_low_i32x4';

const widening: Row[] = ([
  ['bw', '0', 'Wq', [fromByte]], ['bd', '1', 'Wd', [fromByte, fromWord]], ['bq', '2', 'Ww', [fromByte, fromWord, fromDword]],
  ['wd', '3', 'Wq', [fromWord]], ['wq', '4', 'Wd', [fromWord, fromDword]], ['dq', '5', 'Wq', [fromDword]],
] as const).flatMap(([name, opcode, source, steps]) => [
  row(`pmovsx${name}`, `66 0f 38 2${opcode} /r`, `Vx ${source}`, extend([...steps], 's')),
  row(`pmovzx${name}`, `66 0f 38 3${opcode} /r`, `Vx ${source}`, extend([...steps], 'u')),
]);

export const sseShuffle: Row[] = [...shuffles, ...byteShifts, ...unpacks, ...blends, ...lanesInAndOut, ...widening];
