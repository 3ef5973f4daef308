// SSE moves: whole vectors, scalars, halves, masks of sign bits, non-temporal stores, and the MXCSR register.
import { MXCSR_CONTROLS, MXCSR_DEFAULT, state } from '../../../guest/index.ts';
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import { row } from '../row.ts';
import type { Meaning, Row } from '../row.ts';
import { aligned, high64, lane0, low64, scalar, setLane0, shuffle, sizeOf, unary, unaryLow, widen, zero } from './sse-values.ts';
import type { Scalar, Unary } from './sse-values.ts';

// ---- 16 bytes

const load: Meaning = (b, dst, src) => b.set(dst!, b.getAs(src!, 16));
const store: Meaning = (b, dst, src) => b.set(dst!, b.get(src!));
const loadAligned: Meaning = (b, dst, src) => b.set(dst!, aligned(b, src!));
const storeAligned: Meaning = (b, dst, src) => {
  if (dst!.kind === 'mem') b.align(b.addr(dst!), 16);
  b.set(dst!, b.get(src!));
};

const whole: Row[] = [
  row('movups', 'np 0f 10 /r', 'Vx Wx', load), row('movups', 'np 0f 11 /r', 'Wx Vx', store),
  row('movupd', '66 0f 10 /r', 'Vx Wx', load), row('movupd', '66 0f 11 /r', 'Wx Vx', store),
  row('movdqu', 'f3 0f 6f /r', 'Vx Wx', load), row('movdqu', 'f3 0f 7f /r', 'Wx Vx', store),
  row('movaps', 'np 0f 28 /r', 'Vx Wx', loadAligned), row('movaps', 'np 0f 29 /r', 'Wx Vx', storeAligned),
  row('movapd', '66 0f 28 /r', 'Vx Wx', loadAligned), row('movapd', '66 0f 29 /r', 'Wx Vx', storeAligned),
  row('movdqa', '66 0f 6f /r', 'Vx Wx', loadAligned), row('movdqa', '66 0f 7f /r', 'Wx Vx', storeAligned),
  row('lddqu', 'f2 0f f0 /r', 'Vx Mx', load),
  row('movntdqa', '66 0f 38 2a /r', 'Vx Mx', loadAligned),
  row('movntps', 'np 0f 2b /r', 'Mx Vx', storeAligned),
  row('movntpd', '66 0f 2b /r', 'Mx Vx', storeAligned),
  row('movntdq', '66 0f e7 /r', 'Mx Vx', storeAligned),
  row('movnti', 'np 0f c3 /r', 'My Gy', (b, dst, src) => b.set(dst!, b.get(src!))),
];

// ---- scalars: a load zeroes the rest of the register, a move between registers keeps it

const scalarLoad = (format: Scalar): Meaning => (b, dst, src) =>
  b.set(dst!, setLane0(b, format, src!.kind === 'mem' ? zero(b) : b.get(dst!), scalar(b, format, src!)));

const scalarStore = (format: Scalar): Meaning => (b, dst, src) => {
  if (dst!.kind === 'mem') b.set(dst!, b.getAs(src!, sizeOf[format]));
  else b.set(dst!, setLane0(b, format, b.getAs(dst!, 16), lane0(b, format, b.get(src!))));
};

/** Keeps the low 8 bytes, zeros above. */
const zeroHigh: Unary = (b, x) => shuffle(b, 8, x, zero(b), [0, 2]);

const scalars: Row[] = [
  row('movss', 'f3 0f 10 /r', 'Vx Md', scalarLoad('f32')), row('movss', 'f3 0f 10 /r', 'Vx Ux', scalarLoad('f32')),
  row('movss', 'f3 0f 11 /r', 'Md Vx', scalarStore('f32')), row('movss', 'f3 0f 11 /r', 'Ux Vx', scalarStore('f32')),
  row('movsd', 'f2 0f 10 /r', 'Vx Mq', scalarLoad('f64')), row('movsd', 'f2 0f 10 /r', 'Vx Ux', scalarLoad('f64')),
  row('movsd', 'f2 0f 11 /r', 'Mq Vx', scalarStore('f64')), row('movsd', 'f2 0f 11 /r', 'Ux Vx', scalarStore('f64')),
  row('movq', 'f3 0f 7e /r', 'Vx Mq', unaryLow((_, x) => x)), row('movq', 'f3 0f 7e /r', 'Vx Ux', unary(zeroHigh)),
  row('movq', '66 0f d6 /r', 'Mq Vx', (b, dst, src) => b.set(dst!, low64(b, b.get(src!)))), row('movq', '66 0f d6 /r', 'Ux Vx', unary(zeroHigh)),
  row('movd', '66 0f 6e /r', 'Vx Ey', (b, dst, src) => b.set(dst!, widen(b, b.get(src!)))),
  row('movd', '66 0f 7e /r', 'Ey Vx', (b, dst, src) => b.set(dst!, b.getAs(src!, dst!.size))),
];

// ---- halves

const loadLow: Meaning = (b, dst, src) => b.set(dst!, b.op('i64x2.replace_lane', b.get(dst!), b.get(src!), 0));
const loadHigh: Meaning = (b, dst, src) => b.set(dst!, b.op('i64x2.replace_lane', b.get(dst!), b.get(src!), 1));
const storeLow: Meaning = (b, dst, src) => b.set(dst!, low64(b, b.get(src!)));
const storeHigh: Meaning = (b, dst, src) => b.set(dst!, high64(b, b.get(src!)));
/** Moves between registers choose two of the four halves: 0 and 1 of dst, 2 and 3 of src. */
const chooseHalves = (first: number, second: number): Meaning => (b, dst, src) => b.set(dst!, shuffle(b, 8, b.get(dst!), b.get(src!), [first, second]));

const halfMoves: Row[] = [
  row('movlps', 'np 0f 12 /r', 'Vx Mq', loadLow), row('movlpd', '66 0f 12 /r', 'Vx Mq', loadLow),
  row('movlps', 'np 0f 13 /r', 'Mq Vx', storeLow), row('movlpd', '66 0f 13 /r', 'Mq Vx', storeLow),
  row('movhps', 'np 0f 16 /r', 'Vx Mq', loadHigh), row('movhpd', '66 0f 16 /r', 'Vx Mq', loadHigh),
  row('movhps', 'np 0f 17 /r', 'Mq Vx', storeHigh), row('movhpd', '66 0f 17 /r', 'Mq Vx', storeHigh),
  row('movhlps', 'np 0f 12 /r', 'Vx Ux', chooseHalves(3, 1)),
  row('movlhps', 'np 0f 16 /r', 'Vx Ux', chooseHalves(0, 2)),
];

// ---- duplicating moves

const duplicates: Row[] = [
  row('movddup', 'f2 0f 12 /r', 'Vx Wq', unaryLow((b, x) => shuffle(b, 8, x, x, [0, 0]))),
  row('movsldup', 'f3 0f 12 /r', 'Vx Wx', unary((b, x) => shuffle(b, 4, x, x, [0, 0, 2, 2]))),
  row('movshdup', 'f3 0f 16 /r', 'Vx Wx', unary((b, x) => shuffle(b, 4, x, x, [1, 1, 3, 3]))),
];

// ---- sign bits

const signMask = (name: string): Meaning => (b, dst, src) => b.set(dst!, b.zext(b.op(`${name}.bitmask`, b.get(src!)), 4, dst!.size === 8 ? 8 : 4));

const masks: Row[] = [
  row('movmskps', 'np 0f 50 /r', 'Gy Ux', signMask('i32x4')),
  row('movmskpd', '66 0f 50 /r', 'Gy Ux', signMask('i64x2')),
  row('pmovmskb', '66 0f d7 /r', 'Gy Ux', signMask('i8x16')),
];

// ---- masked store: a routine (routines/maskmov.ts), because only the chosen bytes may fault or be written

/** Hands data and mask to the routine, of which the low `length` bytes count. */
export function maskedStore(b: Builder, memory: Operand, data: Value, mask: Value, length: 8 | 16): void {
  b.storeState(state.scratch, data);
  b.storeState(state.scratch + 16, mask);
  b.routine('maskmov', b.addr(memory), b.i32(length));
}

const maskedStores: Row[] = [
  row('maskmovdqu', '66 0f f7 /r', 'Vx Ux Dx', (b, data, mask, memory) => maskedStore(b, memory!, b.get(data!), b.get(mask!), 16)),
];

// ---- MXCSR

/** Bits 16 and up must be zero (SDM Vol. 1, 10.2.3). */
const RESERVED = 0xffff_0000;

const control: Row[] = [
  row('ldmxcsr', 'np 0f ae /2', 'Md', (b, src) => {
    const value = b.get(src!);
    b.trapIf(b.and(value, b.i32(RESERVED)), 13);
    const unusual = b.ne(b.and(value, b.i32(MXCSR_CONTROLS)), b.i32(MXCSR_DEFAULT));
    b.routineIf(b.or(unusual, b.unusualFloat()), 'ldmxcsr', value);
    b.storeState(state.mxcsr, value);
  }),
  row('stmxcsr', 'np 0f ae /3', 'Md', (b, dst) => b.set(dst!, b.loadState('i32', state.mxcsr))),
];

export const sseMove: Row[] = [...whole, ...scalars, ...halfMoves, ...duplicates, ...masks, ...maskedStores, ...control];
