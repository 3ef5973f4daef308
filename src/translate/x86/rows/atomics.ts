// Exchange-and-add and compare-and-exchange. One task runs at a time, so LOCK adds nothing.
import type { Builder, IntSize, Operand, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';

const RAX = 0, RCX = 1, RDX = 2, RBX = 3;

/** With the same register twice the sum stays: it is set last. */
const xadd: Meaning = (b, dst, src) => {
  const size = sizeOf(dst!);
  const x = b.get(dst!);
  const y = b.get(src!);
  const sum = b.trunc(size, b.add(x, y));
  if (dst!.kind === 'mem') b.set(dst!, sum);
  b.set(src!, x);
  if (dst!.kind !== 'mem') b.set(dst!, sum);
  b.flags('add', size, x, y);
};

/** Writes `value` when the condition holds; else the whole register stays, its upper half too. */
function setIf(b: Builder, condition: Value, register: Operand, size: IntSize, value: Value): void {
  if (size === 4) b.setAs(register, 8, b.select(condition, b.zext(value, 4, 8), b.getAs(register, 8)));
  else b.set(register, b.select(condition, value, b.get(register)));
}

/** rAX is changed only when the operands differ, a register destination only when they do not; a memory destination is written in any case. */
const cmpxchg: Meaning = (b, dst, src) => {
  const size = sizeOf(dst!);
  const old = b.get(dst!);
  const expected = b.get(b.gpr(RAX, size));
  const equal = b.eq(old, expected);
  if (dst!.kind === 'mem') b.set(dst!, b.select(equal, b.get(src!), old));
  setIf(b, b.eqz(equal), b.gpr(RAX, size), size, old);
  if (dst!.kind !== 'mem') setIf(b, equal, dst!, size, b.get(src!));
  b.flags('sub', size, expected, old);
};

const pair = (b: Builder, high: number, low: number): Value => b.or(b.zext(b.get(b.gpr(low, 4)), 4, 8), b.shl(b.zext(b.get(b.gpr(high, 4)), 4, 8), b.i32(32)));

const cmpxchg8b: Meaning = (b, dst) => {
  const old = b.get(dst!);
  const equal = b.eq(old, pair(b, RDX, RAX));
  b.set(dst!, b.select(equal, pair(b, RCX, RBX), old));
  setIf(b, b.eqz(equal), b.gpr(RAX, 4), 4, b.zext(old, 8, 4));
  setIf(b, b.eqz(equal), b.gpr(RDX, 4), 4, b.zext(b.shru(old, b.i32(32)), 8, 4));
  b.setFlag('ZF', equal);
};

/** Loaded and stored as one v128, so that no half can fault alone. */
const cmpxchg16b: Meaning = (b, dst) => {
  const address = b.addr(dst!);
  b.align(address, 16);
  const old = b.load(16, address);
  const low = b.op('i64x2.extract_lane', old, 0);
  const high = b.op('i64x2.extract_lane', old, 1);
  const equal = b.and(b.eq(low, b.get(b.gpr(RAX, 8))), b.eq(high, b.get(b.gpr(RDX, 8))));
  const newLow = b.select(equal, b.get(b.gpr(RBX, 8)), low);
  const newHigh = b.select(equal, b.get(b.gpr(RCX, 8)), high);
  b.store(16, address, b.op('i64x2.replace_lane', b.op('i64x2.splat', newLow), newHigh, 1));
  b.set(b.gpr(RAX, 8), b.select(equal, b.get(b.gpr(RAX, 8)), low));
  b.set(b.gpr(RDX, 8), b.select(equal, b.get(b.gpr(RDX, 8)), high));
  b.setFlag('ZF', equal);
};

const lock = { lock: true } as const;

export const atomics: Row[] = [
  row('xadd', '0f c0 /r', 'Eb Gb', xadd, 'OSZAPC', lock),
  row('xadd', '0f c1 /r', 'Ev Gv', xadd, 'OSZAPC', lock),
  row('cmpxchg', '0f b0 /r', 'Eb Gb', cmpxchg, 'OSZAPC', lock),
  row('cmpxchg', '0f b1 /r', 'Ev Gv', cmpxchg, 'OSZAPC', lock),
  row('cmpxchg8b', 'REX.W0 0f c7 /1', 'Mq', cmpxchg8b, 'Z', lock),
  row('cmpxchg16b', 'REX.W 0f c7 /1', 'Mx', cmpxchg16b, 'Z', lock),
];
