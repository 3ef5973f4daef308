// SSE4.2 string comparison: pcmpestri, pcmpestrm, pcmpistri, pcmpistrm. The comparison itself is one pure helper (ir/string-compare.ts) that the four share.
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { lanes, pick, zero } from './sse-values.ts';

/** Bits of the immediate (SDM Vol. 2, 4.1): 0 words, 1 signed, 3:2 aggregation, 5:4 polarity, 6 most significant index or expanded mask. */
const WORDS = 1, LAST_OR_EXPANDED = 0x40;

const elementCount = (b: Builder, control: Value): Value => b.select(b.and(control, b.i32(WORDS)), b.i32(8), b.i32(16));

/** Elements before the first that is zero. */
function implicitLength(b: Builder, control: Value, x: Value): Value {
  const bytes = b.or(b.op('i8x16.bitmask', b.op('i8x16.eq', x, zero(b))), b.i32(0x1_0000));
  const words = b.or(b.op('i16x8.bitmask', b.op('i16x8.eq', x, zero(b))), b.i32(0x100));
  return b.op('i32.ctz', b.select(b.and(control, b.i32(WORDS)), words, bytes));
}

/** The absolute value of eax or edx (rax, rdx with REX.W), at most all elements. */
function explicitLength(b: Builder, control: Value, register: number): Value {
  const size = b.opSize === 8 ? 8 : 4;
  const value = b.get(b.gpr(register, size));
  const count = elementCount(b, control);
  const magnitude = b.select(b.sign(size, value), b.neg(value), value);
  return b.select(b.ltu(magnitude, b.zext(count, 4, size)), b.zext(magnitude, size, 4), count);
}

/** The result bits, one for each element of the second operand, and the flags. */
function compare(b: Builder, x: Value, y: Value, control: Value, xLength: Value, yLength: Value): Value {
  const bits = b.op('helper.strings', x, y, b.or(control, b.or(b.shl(xLength, b.i32(8)), b.shl(yLength, b.i32(16)))));
  const count = elementCount(b, control);
  b.setFlagsWord(b.i32(0));
  b.setFlag('CF', b.ne(bits, b.i32(0)));
  b.setFlag('ZF', b.ltu(yLength, count));
  b.setFlag('SF', b.ltu(xLength, count));
  b.setFlag('OF', b.and(bits, b.i32(1)));
  return bits;
}

/** ecx: the number of the first or last element whose bit is set, or of all elements when there is none. */
function setIndex(b: Builder, bits: Value, control: Value): void {
  const count = elementCount(b, control);
  const first = b.op('i32.ctz', b.or(bits, b.shl(b.i32(1), count)));
  const last = b.select(bits, b.sub(b.i32(31), b.op('i32.clz', bits)), count);
  b.set(b.gpr(1, 4), b.select(b.and(control, b.i32(LAST_OR_EXPANDED)), last, first));
}

/** xmm0: the bits themselves, or elements of all ones. */
function setMask(b: Builder, bits: Value, control: Value): void {
  const plain = b.op('i32x4.replace_lane', zero(b), bits, 0);
  const byteBits = lanes(b, 8, 1, 2, 4, 8, 16, 32, 64, 128);
  const spread = b.op('i8x16.swizzle', plain, lanes(b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  const bytes = b.op('i8x16.eq', b.op('v128.and', spread, byteBits), byteBits);
  const wordBits = lanes(b, 16, 1, 2, 4, 8, 16, 32, 64, 128);
  const words = b.op('i16x8.eq', b.op('v128.and', b.op('i16x8.splat', bits), wordBits), wordBits);
  const expanded = pick(b, control, bytes, words);
  b.set(b.xmm(0), b.select(b.and(control, b.i32(LAST_OR_EXPANDED)), expanded, plain));
}

type Lengths = (b: Builder, control: Value, x: Value, y: Value) => [Value, Value];
const implicit: Lengths = (b, control, x, y) => [implicitLength(b, control, x), implicitLength(b, control, y)];
const explicit: Lengths = (b, control) => [explicitLength(b, control, 0), explicitLength(b, control, 2)];

/** Memory operands need no alignment. */
const strings = (lengths: Lengths, finish: typeof setIndex): Meaning => (b, first: Operand | undefined, second, immediate) => {
  const x = b.get(first!);
  const y = b.getAs(second!, 16);
  const control = b.get(immediate!);
  finish(b, compare(b, x, y, control, ...lengths(b, control, x, y)), control);
};

export const sseString: Row[] = [
  row('pcmpestrm', '66 0f 3a 60 /r', 'Vx Wx Ib', strings(explicit, setMask), 'OSZAPC'),
  row('pcmpestri', '66 0f 3a 61 /r', 'Vx Wx Ib', strings(explicit, setIndex), 'OSZAPC'),
  row('pcmpistrm', '66 0f 3a 62 /r', 'Vx Wx Ib', strings(implicit, setMask), 'OSZAPC'),
  row('pcmpistri', '66 0f 3a 63 /r', 'Vx Wx Ib', strings(implicit, setIndex), 'OSZAPC'),
];
