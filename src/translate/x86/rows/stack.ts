// The stack: push, pop, flags on the stack, frames. rsp is always 64 bits wide.
import { AC, AF, CF, DF, ID, IF, OF, PF, SF, state, ZF } from '../../../guest/index.ts';
import type { Builder, IntSize, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';

const RSP = 4, RBP = 5;
const GENERAL_PROTECTION = 13;
/** Linux's selectors of 64-bit user programs. */
export const CODE_SELECTOR = 0x33, DATA_SELECTOR = 0x2b;

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

const pushFlags: Meaning = (b) => pushed(b, b.opSize, b.opSize === 8 ? b.zext(rflags(b), 4, 8) : b.trunc(2, rflags(b)));

/** A program can change the arithmetic flags, DF, and (not in the 16-bit form) AC and ID. TF is not kept: nothing is single-stepped. */
export function setRflags(b: Builder, size: IntSize, value: Value): void {
  const word = b.zext(value, size, 4);
  b.setFlagsWord(b.and(word, b.i32(OF | SF | ZF | AF | PF | CF)));
  b.storeState(state.df, b.shru(b.and(word, b.i32(DF)), b.i32(10)));
  if (size !== 2) b.storeState(state.flagsOther, b.and(word, b.i32(AC | ID)));
}

const popFlags: Meaning = (b) => setRflags(b, b.opSize, popped(b, b.opSize));

const leave: Meaning = (b) => {
  const size = b.opSize;
  const frame = b.get(b.gpr(RBP, 8));
  const value = b.load(size, b.op('i32.wrap_i64', frame));
  b.set(b.gpr(RSP, 8), b.add(frame, b.i64(size)));
  b.set(b.gpr(RBP, size), value);
};

/** Selectors a 64-bit program may load into fs and gs: null ones, and Linux's user data and code segments. */
const loadable = (b: Builder, selector: Value): Value =>
  b.or(b.ltu(selector, b.i32(4)), b.or(b.eq(selector, b.i32(DATA_SELECTOR)), b.eq(selector, b.i32(CODE_SELECTOR))));

/** fs and gs read as 0. */
const pushSegment: Meaning = (b) => pushed(b, b.opSize, b.int(b.opSize, 0));
/** A load makes the segment's base 0. */
const popSegment = (base: number): Meaning => (b) => {
  const selector = b.zext(b.zext(popped(b, b.opSize), b.opSize, 2), 2, 4);
  b.trapIf(b.eqz(loadable(b, selector)), GENERAL_PROTECTION);
  b.storeState(base, b.i64(0));
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
  row('pushf', '9c', '', pushFlags, '', def64),
  row('popf', '9d', '', popFlags, 'OSZAPC', def64),
  row('leave', 'c9', '', leave, '', def64),
  row('push fs', '0f a0', '', pushSegment, '', def64),
  row('push gs', '0f a8', '', pushSegment, '', def64),
  row('pop fs', '0f a1', '', popSegment(state.fsBase), '', def64),
  row('pop gs', '0f a9', '', popSegment(state.gsBase), '', def64),
  row('enter', 'c8', 'Iw Ib', enter, '', def64),
];
