// MMX: 64-bit vectors in the low 8 bytes of the x87 registers. Each operation is the SSE expression on vectors whose upper half is zero.
import { state } from '../../../guest/index.ts';
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { absolutes, horizontals, lanewise, shiftLanes, shifts } from './sse-integer.ts';
import { maskedStore } from './sse-move.ts';
import { packs, shuffleLowWords, unpackHigh, unpackLow } from './sse-shuffle.ts';
import { halves, high64, lanes, low64, setMm, touchMm, widen } from './sse-values.ts';
import type { Binary, Unary } from './sse-values.ts';

const wide = (b: Builder, o: Operand): Value => widen(b, b.get(o));

/** dst = f(dst, src) on zero-extended vectors. */
const binary = (f: Binary): Meaning => (b, dst, src) => setMm(b, dst!, low64(b, f(b, wide(b, dst!), wide(b, src!))));
const unary = (f: Unary): Meaning => (b, dst, src) => setMm(b, dst!, low64(b, f(b, wide(b, src!))));

/** dst below src in one vector: what makes eight bytes of two operands (packs, horizontal sums) works on it as a whole. */
const joined = (f: Binary): Meaning => (b, dst, src) => {
  const both = halves(b, b.get(dst!), b.get(src!));
  setMm(b, dst!, low64(b, f(b, both, both)));
};

/** punpckl reads only four bytes of memory. */
const interleaveLow = (f: Binary): Meaning => binary(f);
/** The upper four bytes of each operand meet in the upper half of the interleaved vector. */
const interleaveHigh = (f: Binary): Meaning => (b, dst, src) => setMm(b, dst!, high64(b, f(b, wide(b, dst!), wide(b, src!))));

const arithmetic: Row[] = [
  ...lanewise.map(([name, opcode, f]) => row(name, `np 0f ${opcode} /r`, 'Pq Qq', binary(f))),
  ...absolutes.map(([name, opcode, f]) => row(name, `np 0f ${opcode} /r`, 'Pq Qq', unary(f))),
  ...[...horizontals, ...packs].map(([name, opcode, f]) => row(name, `np 0f ${opcode} /r`, 'Pq Qq', joined(f))),
  ...unpackLow.flatMap(([name, opcode, f]) => [row(name, `np 0f ${opcode} /r`, 'Pq Nq', interleaveLow(f)), row(name, `np 0f ${opcode} /r`, 'Pq Md', interleaveLow(f))]),
  // The high forms are the low expressions of the same width, taken from above.
  ...unpackHigh.map(([name, opcode], i) => row(name, `np 0f ${opcode} /r`, 'Pq Qq', interleaveHigh(unpackLow[i]![2]))),
];

const shiftRows: Row[] = shifts.flatMap(([name, byRegister, byImmediate, shape, shift]) => {
  const by: Meaning = (b, dst, count) => setMm(b, dst!, low64(b, shiftLanes(b, shape, shift, wide(b, dst!), b.get(count!))));
  return [row(name, `np 0f ${byRegister} /r`, 'Pq Qq', by), row(name, `np 0f ${byImmediate}`, 'Nq Ib', by)];
});

/** Stores an mm register. */
const store: Meaning = (b, dst, src) => {
  const value = b.get(src!);
  if (dst!.kind === 'mm') return setMm(b, dst!, value);
  b.set(dst!, dst!.size === 4 ? b.zext(value, 8, 4) : value);
  touchMm(b);
};

const moves: Row[] = [
  row('movd', 'np 0f 6e /r', 'Pq Ey', (b, dst, src) => setMm(b, dst!, b.zext(b.get(src!), src!.size === 8 ? 8 : 4, 8))),
  row('movd', 'np 0f 7e /r', 'Ey Pq', store),
  row('movq', 'np 0f 6f /r', 'Pq Qq', (b, dst, src) => setMm(b, dst!, b.get(src!))),
  row('movq', 'np 0f 7f /r', 'Qq Pq', store),
  row('movntq', 'np 0f e7 /r', 'Mq Pq', store),
  row('movq2dq', 'f3 0f d6 /r', 'Vx Nq', (b, dst, src) => { b.set(dst!, wide(b, src!)); touchMm(b); }),
  row('movdq2q', 'f2 0f d6 /r', 'Pq Ux', (b, dst, src) => setMm(b, dst!, low64(b, b.get(src!)))),
  row('maskmovq', 'np 0f f7 /r', 'Pq Nq Dq', (b, data, mask, memory) => {
    touchMm(b);
    maskedStore(b, memory!, wide(b, data!), wide(b, mask!), 8);
  }),
  row('emms', 'np 0f 77', '', (b) => { touchMm(b); b.storeState(state.fvalid, b.i32(0)); }),
];

// ---- shuffles, and lanes in and out; the immediate counts modulo four

const wordShift = (b: Builder, index: Operand): Value => b.shl(b.and(b.get(index), b.i32(3)), b.i32(4));

/** The word of an i64 that an immediate names, as i32. */
const wordAt = (b: Builder, x: Value, index: Operand): Value => b.trunc(2, b.zext(b.shru(x, b.zext(wordShift(b, index), 4, 8)), 8, 4));

const insertWord: Meaning = (b, dst, src, index) => {
  const shift = b.zext(wordShift(b, index!), 4, 8);
  const value = b.shl(b.zext(b.trunc(2, b.get(src!)), 4, 8), shift);
  setMm(b, dst!, b.or(b.and(b.get(dst!), b.not(b.shl(b.i64(0xffff), shift))), value));
};

/** pshufb with eight indices: bit 3 of an index means nothing here. */
const shuffleBytes: Binary = (b, x, control) => b.op('i8x16.swizzle', x, b.op('v128.and', control, lanes(b, 8, 0x87)));

const shuffles: Row[] = [
  row('pshufw', 'np 0f 70 /r', 'Pq Qq Ib', (b, dst, src, immediate) => setMm(b, dst!, low64(b, shuffleLowWords(b, wide(b, src!), b.get(immediate!))))),
  row('pshufb', 'np 0f 38 00 /r', 'Pq Qq', binary(shuffleBytes)),
  row('palignr', 'np 0f 3a 0f /r', 'Pq Qq Ib', (b, dst, src, immediate) => {
    const count = b.get(immediate!);
    const limited = b.select(b.ltu(count, b.i32(16)), count, b.i32(16));
    const indices = b.op('i8x16.add', b.op('i8x16.splat', limited), lanes(b, 64, 0x0706050403020100n, 0x0f0e0d0c0b0a0908n));
    setMm(b, dst!, low64(b, b.op('i8x16.swizzle', halves(b, b.get(src!), b.get(dst!)), indices)));
  }),
  row('pinsrw', 'np 0f c4 /r', 'Pq Rd Ib', insertWord), row('pinsrw', 'np 0f c4 /r', 'Pq Mw Ib', insertWord),
  row('pextrw', 'np 0f c5 /r', 'Gd Nq Ib', (b, dst, src, index) => { b.set(dst!, wordAt(b, b.get(src!), index!)); touchMm(b); }),
  row('pmovmskb', 'np 0f d7 /r', 'Gd Nq', (b, dst, src) => { b.set(dst!, b.op('i8x16.bitmask', wide(b, src!))); touchMm(b); }),
];

export const mmx: Row[] = [...arithmetic, ...shiftRows, ...moves, ...shuffles];
