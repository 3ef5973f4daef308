// Add, subtract, compare, logic, increment, decrement, negate.
import { AF } from '../../../guest/index.ts';
import type { Builder, IntSize, Operand, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';

export const sizeOf = (operand: Operand): IntSize => operand.size as IntSize;

/** Bit `bit` of a value of `size` bytes as i32 0 or 1. */
export function bitAt(b: Builder, size: IntSize, x: Value, bit: number): Value {
  if (bit === 8 * size - 1) return b.sign(size, x);
  const low = b.and(b.shru(x, b.i32(bit)), size === 8 ? b.i64(1) : b.i32(1));
  return size === 8 ? b.op('i32.wrap_i64', low) : low;
}

/** AF of x + y or x - y, from the operands and the result, in its EFLAGS place. */
const auxiliary = (b: Builder, size: IntSize, x: Value, y: Value, result: Value): Value => {
  const low = b.xor(b.xor(x, y), result);
  return b.and(size === 8 ? b.op('i32.wrap_i64', low) : low, b.i32(AF));
};

/** CF, AF and OF in their EFLAGS places. Signed overflow: the operands' signs were alike (`y` complemented for a difference) and the result's is not. */
function flagWord(b: Builder, size: IntSize, x: Value, y: Value, result: Value, carry: Value, changed: Value): Value {
  const overflow = b.sign(size, b.and(b.xor(x, result), changed));
  return b.or(b.or(carry, b.shl(overflow, b.i32(11))), auxiliary(b, size, x, y, result));
}

type Alu = (b: Builder, dst: Operand, size: IntSize, x: Value, y: Value) => void;

const add: Alu = (b, dst, size, x, y) => { b.set(dst, b.trunc(size, b.add(x, y))); b.flags('add', size, x, y); };
const sub: Alu = (b, dst, size, x, y) => { b.set(dst, b.trunc(size, b.sub(x, y))); b.flags('sub', size, x, y); };
const cmp: Alu = (b, _dst, size, x, y) => b.flags('sub', size, x, y);

const logic = (op: 'and' | 'or' | 'xor'): Alu => (b, dst, size, x, y) => {
  const result = b[op](x, y);
  b.set(dst, result);
  b.flags('logic', size, result);
};

/** The carry comes out of x + y or of the addition of CF to that. */
const adc: Alu = (b, dst, size, x, y) => {
  const sum = b.add(x, y);
  const whole = b.add(sum, b.zext(b.flag('CF'), 4, size));
  const result = b.trunc(size, whole);
  const carry = size < 4 ? bitAt(b, 4, whole, 8 * size) : b.or(b.ltu(sum, x), b.ltu(whole, sum));
  b.set(dst, result);
  b.flags('res', size, result, flagWord(b, size, x, y, result, carry, b.xor(y, result)));
};

const sbb: Alu = (b, dst, size, x, y) => {
  const borrow = b.zext(b.flag('CF'), 4, size);
  const difference = b.sub(x, y);
  const whole = b.sub(difference, borrow);
  const result = b.trunc(size, whole);
  const carry = size < 4 ? b.sign(4, whole) : b.or(b.ltu(x, y), b.ltu(difference, borrow));
  b.set(dst, result);
  b.flags('res', size, result, flagWord(b, size, x, y, result, carry, b.xor(x, y)));
};

const binary = (alu: Alu): Meaning => (b, dst, src) => alu(b, dst!, sizeOf(dst!), b.get(dst!), b.get(src!));

/** The eight operations of the first 64 opcodes and of group 1, in the manual's order; AF is undefined after logic. */
const operations: [string, Alu, string][] = [
  ['add', add, 'OSZAPC'], ['or', logic('or'), 'OSZaPC'], ['adc', adc, 'OSZAPC'], ['sbb', sbb, 'OSZAPC'],
  ['and', logic('and'), 'OSZaPC'], ['sub', sub, 'OSZAPC'], ['xor', logic('xor'), 'OSZaPC'], ['cmp', cmp, 'OSZAPC'],
];

const hex = (opcode: number): string => opcode.toString(16).padStart(2, '0');

const groupOne: Row[] = operations.flatMap(([name, alu, flags], i) => {
  const locked = name === 'cmp' ? {} : { lock: true as const };
  const meaning = binary(alu);
  return [
    row(name, `${hex(8 * i)} /r`, 'Eb Gb', meaning, flags, locked),
    row(name, `${hex(8 * i + 1)} /r`, 'Ev Gv', meaning, flags, locked),
    row(name, `${hex(8 * i + 2)} /r`, 'Gb Eb', meaning, flags),
    row(name, `${hex(8 * i + 3)} /r`, 'Gv Ev', meaning, flags),
    row(name, hex(8 * i + 4), 'AL Ib', meaning, flags),
    row(name, hex(8 * i + 5), 'rAX Iz', meaning, flags),
    row(name, `80 /${i}`, 'Eb Ib', meaning, flags, locked),
    row(name, `81 /${i}`, 'Ev Iz', meaning, flags, locked),
    row(name, `83 /${i}`, 'Ev Is', meaning, flags, locked),
  ];
});

const test: Meaning = (b, x, y) => b.flags('logic', sizeOf(x!), b.and(b.get(x!), b.get(y!)));

/** inc and dec keep CF: the word takes it from the flags before. AF says that the low digit wrapped, OF that the result is the sign's edge. */
const step = (by: 1 | -1): Meaning => (b, dst) => {
  const size = sizeOf(dst!);
  const x = b.get(dst!);
  const result = b.trunc(size, b.add(x, b.int(size, by)));
  b.set(dst!, result);
  const digit = b.and(size === 8 ? b.op('i32.wrap_i64', result) : result, b.i32(15));
  const wrapped = b.eq(digit, b.i32(by === 1 ? 0 : 15));
  const edge = b.eq(result, b.int(size, by === 1 ? 1n << BigInt(8 * size - 1) : (1n << BigInt(8 * size - 1)) - 1n));
  b.flags('res', size, result, b.or(b.or(b.flag('CF'), b.shl(wrapped, b.i32(4))), b.shl(edge, b.i32(11))));
};

const neg: Meaning = (b, dst) => sub(b, dst!, sizeOf(dst!), b.int(sizeOf(dst!), 0), b.get(dst!));
const not: Meaning = (b, dst) => b.set(dst!, b.trunc(sizeOf(dst!), b.not(b.get(dst!))));

const lock = { lock: true } as const;

export const alu: Row[] = [
  ...groupOne,
  row('test', '84 /r', 'Eb Gb', test, 'OSZaPC'),
  row('test', '85 /r', 'Ev Gv', test, 'OSZaPC'),
  row('test', 'a8', 'AL Ib', test, 'OSZaPC'),
  row('test', 'a9', 'rAX Iz', test, 'OSZaPC'),
  ...[0, 1].flatMap((digit) => [row('test', `f6 /${digit}`, 'Eb Ib', test, 'OSZaPC'), row('test', `f7 /${digit}`, 'Ev Iz', test, 'OSZaPC')]),
  row('inc', 'fe /0', 'Eb', step(1), 'OSZAP', lock),
  row('inc', 'ff /0', 'Ev', step(1), 'OSZAP', lock),
  row('dec', 'fe /1', 'Eb', step(-1), 'OSZAP', lock),
  row('dec', 'ff /1', 'Ev', step(-1), 'OSZAP', lock),
  row('not', 'f6 /2', 'Eb', not, '', lock),
  row('not', 'f7 /2', 'Ev', not, '', lock),
  row('neg', 'f6 /3', 'Eb', neg, 'OSZAPC', lock),
  row('neg', 'f7 /3', 'Ev', neg, 'OSZAPC', lock),
];
