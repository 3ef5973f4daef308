// The stack: push, pop, flags on the stack, frames. rsp is always 64 bits wide.
import { AC, AF, CF, DF, ID, IF, OF, PF, SF, state, ZF } from '../../../guest/index.ts';
import type { Builder, IntSize, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';

const RSP = 4, RBP = 5;

/** Stores a value below rsp and moves rsp. */
export function pushed(b: Builder, size: IntSize, value: Value): void {
  const rsp = b.sub(b.get(b.gpr(RSP, 8)), b.i64(size));
  b.store(size, b.op('i32.wrap_i64', rsp), value);
  b.set(b.gpr(RSP, 8), rsp);
}

/** Loads the value at rsp and moves rsp. */
export function popped(b: Builder, size: IntSize): Value {
  const rsp = b.get(b.gpr(RSP, 8));
  const value = b.load(size, b.op('i32.wrap_i64', rsp));
  b.set(b.gpr(RSP, 8), b.add(rsp, b.i64(size)));
  return value;
}

const push: Meaning = (b, src) => pushed(b, sizeOf(src!), b.get(src!));
/** pop rsp: the loaded value wins over the moved rsp, so it is set last. */
const pop: Meaning = (b, dst) => b.set(dst!, popped(b, sizeOf(dst!)));

/** RFLAGS as pushf and syscall show it: IF and the reserved bit 1 are always set. */
export function rflags(b: Builder): Value {
  const other = b.or(b.shl(b.loadState('i32', state.df), b.i32(10)), b.loadState('i32', state.flagsOther));
  return b.or(b.or(b.flagsWord(), other), b.i32(IF | 2));
}

const pushf: Meaning = (b) => pushed(b, b.opSize, b.opSize === 8 ? b.zext(rflags(b), 4, 8) : b.trunc(2, rflags(b)));

/** A program can change the arithmetic flags, DF, and (in the 64-bit form) AC and ID. TF is not kept: nothing is single-stepped. */
const popf: Meaning = (b) => {
  const popped64 = popped(b, b.opSize);
  const word = b.opSize === 8 ? b.op('i32.wrap_i64', popped64) : popped64;
  b.setFlagsWord(b.and(word, b.i32(OF | SF | ZF | AF | PF | CF)));
  b.storeState(state.df, b.shru(b.and(word, b.i32(DF)), b.i32(10)));
  if (b.opSize === 8) b.storeState(state.flagsOther, b.and(word, b.i32(AC | ID)));
};

const leave: Meaning = (b) => {
  const size = b.opSize;
  const frame = b.get(b.gpr(RBP, 8));
  const value = b.load(size, b.op('i32.wrap_i64', frame));
  b.set(b.gpr(RSP, 8), b.add(frame, b.i64(size)));
  b.set(b.gpr(RBP, size), value);
};

const enter: Meaning = (b, bytes, level) => b.routine('enter', b.get(bytes!), b.get(level!), b.i32(b.opSize));

const def64 = { def64: true } as const;

export const stack: Row[] = [
  row('push', '50 +r', 'Zv', push, '', def64),
  row('push', '68', 'Iz', push, '', def64),
  row('push', '6a', 'Is', push, '', def64),
  row('push', 'ff /6', 'Ev', push, '', def64),
  row('pop', '58 +r', 'Zv', pop, '', def64),
  row('pop', '8f /0', 'Ev', pop, '', { def64: true, rspAfter: true }),
  row('pushf', '9c', '', pushf, '', def64),
  row('popf', '9d', '', popf, 'OSZAPC', def64),
  row('leave', 'c9', '', leave, '', def64),
  row('enter', 'c8', 'Iw Ib', enter, '', def64),
];
