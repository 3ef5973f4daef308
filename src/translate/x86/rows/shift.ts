// Shifts and rotates, also through carry and of double width. Counts are masked to 5 bits (6 for 64-bit operands); a masked count of 0 changes no flag.
import type { Builder, IntSize, Operand, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { bitAt, sizeOf } from './alu.ts';

/** The count as i32, masked. */
const maskedCount = (b: Builder, size: IntSize, count: Value): Value => b.and(count, b.i32(size === 8 ? 63 : 31));

/** Bit 0 of a value of `size` as i32. */
const bit0 = (b: Builder, size: IntSize, x: Value): Value => bitAt(b, size, x, 0);

/** Bit `at` (i32, taken modulo the type's width) of a value. */
const bitOf = (b: Builder, size: IntSize, x: Value, at: Value): Value => bit0(b, size, b.shru(x, at));

const width = (size: IntSize): number => 8 * size;

/** The count for WebAssembly's own shifts of 4 and 8 bytes, which mask it themselves: a register as it is. */
const rawCount = (b: Builder, size: IntSize, operand: Operand, masked: Value): Value => (size >= 4 && operand.kind === 'gpr' ? b.getAs(operand, size) : masked);

interface Shifted { result: Value; carry: Value; overflow: Value }
/** `raw` is the count to shift by, `count` the same masked. */
type Shift = (b: Builder, size: IntSize, x: Value, count: Value, raw: Value) => Shifted;

/** The overflow flags are the manual's for a count of 1 and the same formula for others. */
const shl: Shift = (b, size, x, count, raw) => {
  const wide = b.shl(x, raw);
  const result = b.trunc(size, wide);
  const carry = size < 4 ? bitAt(b, 4, wide, width(size)) : bitOf(b, size, x, b.neg(count));
  return { result, carry, overflow: b.xor(b.sign(size, result), carry) };
};

const shr: Shift = (b, size, x, count, raw) => {
  const result = b.shru(x, raw);
  const before = b.shru(x, b.sub(count, b.i32(1)));
  return { result, carry: bit0(b, size, before), overflow: b.xor(b.sign(size, result), bitAt(b, size, result, width(size) - 2)) };
};

const sar: Shift = (b, size, x, count, raw) => {
  const wide = size < 4 ? b.sext(x, size, 4) : x;
  const before = b.shrs(wide, b.sub(count, b.i32(1)));
  return { result: b.trunc(size, b.shrs(wide, raw)), carry: bit0(b, size, before), overflow: b.i32(0) };
};

/** All six flags; AF is undefined and 0 here. */
const shift = (by: Shift): Meaning => (b, dst, src) => {
  const size = sizeOf(dst!);
  const x = b.get(dst!);
  const count = maskedCount(b, size, b.get(src!));
  const { result, carry, overflow } = by(b, size, x, count, rawCount(b, size, src!, count));
  b.set(dst!, result);
  b.flagsIf(b.ne(count, b.i32(0)), 'res', size, result, b.or(carry, b.shl(overflow, b.i32(11))));
};

/** Numbers of 1 and 2 bytes rotate inside an i32: the bits that come in from the other side are or-ed. */
const rol: Shift = (b, size, x, count, raw) => {
  const turn = size < 4 ? b.and(count, b.i32(width(size) - 1)) : count;
  const result = size < 4 ? b.trunc(size, b.or(b.shl(x, turn), b.shru(x, b.sub(b.i32(width(size)), turn)))) : b.rotl(x, raw);
  const carry = bit0(b, size, result);
  return { result, carry, overflow: b.xor(b.sign(size, result), carry) };
};

const ror: Shift = (b, size, x, count, raw) => {
  const turn = size < 4 ? b.and(count, b.i32(width(size) - 1)) : count;
  const result = size < 4 ? b.trunc(size, b.or(b.shru(x, turn), b.shl(x, b.sub(b.i32(width(size)), turn)))) : b.rotr(x, raw);
  const carry = b.sign(size, result);
  return { result, carry, overflow: b.xor(carry, bitAt(b, size, result, width(size) - 2)) };
};

/** Through carry, up to 32 bits: the operand and CF are one number of 9, 17 or 33 bits in an i64. `left` turns left. */
function turnNarrow(b: Builder, size: IntSize, x: Value, count: Value, left: boolean): { result: Value; carry: Value } {
  const bits = width(size) + 1;
  const turn = size === 4 ? count : b.op('i32.rem_u', count, b.i32(bits));
  const whole = b.or(b.zext(x, size, 8), b.shl(b.zext(b.flag('CF'), 4, 8), b.i32(width(size))));
  const back = b.sub(b.i32(bits), turn);
  const turned = left ? b.or(b.shl(whole, turn), b.shru(whole, back)) : b.or(b.shru(whole, turn), b.shl(whole, back));
  return { result: b.zext(turned, 8, size), carry: bitAt(b, 8, turned, width(size)) };
}

/** Through carry with 64 bits: CF comes in beside the bits turned around. */
function turnWide(b: Builder, x: Value, count: Value, left: boolean): { result: Value; carry: Value } {
  const carryIn = b.zext(b.flag('CF'), 4, 8);
  const away = b.sub(b.i32(64), count);
  const around = left ? b.shru(b.shru(x, b.i32(1)), away) : b.shl(b.shl(x, b.i32(1)), away);
  const inserted = b.shl(carryIn, left ? b.sub(count, b.i32(1)) : away);
  const turned = b.or(b.or(left ? b.shl(x, count) : b.shru(x, count), around), inserted);
  return { result: b.select(b.eqz(count), x, turned), carry: bitOf(b, 8, x, left ? away : b.sub(count, b.i32(1))) };
}

const throughCarry = (left: boolean): Shift => (b, size, x, count) => {
  const { result, carry } = size === 8 ? turnWide(b, x, count, left) : turnNarrow(b, size, x, count, left);
  const overflow = b.xor(b.sign(size, result), left ? carry : bitAt(b, size, result, width(size) - 2));
  return { result, carry, overflow };
};

/** Rotates change CF and OF only. */
const rotate = (by: Shift): Meaning => (b, dst, src) => {
  const size = sizeOf(dst!);
  const x = b.get(dst!);
  const count = maskedCount(b, size, b.get(src!));
  const { result, carry, overflow } = by(b, size, x, count, rawCount(b, size, src!, count));
  const turns = b.ne(count, b.i32(0));
  b.set(dst!, result);
  b.setFlagIf(turns, 'CF', carry);
  b.setFlagIf(turns, 'OF', overflow);
};

/** shld and shrd. 16-bit operands with counts above 16 are undefined; processors then take bits from destination : source : destination. */
const double = (left: boolean): Meaning => (b, dst, src, amount) => {
  const size = sizeOf(dst!);
  const x = b.get(dst!);
  const y = b.get(src!);
  const count = maskedCount(b, size, b.get(amount!));
  const { result, carry } = size === 2 ? doubleShort(b, x, y, count, left) : doubleLong(b, size, x, y, count, left);
  const turns = b.ne(count, b.i32(0));
  b.set(dst!, b.select(turns, result, x));
  b.flagsIf(turns, 'res', size, result, b.or(carry, b.shl(b.sign(size, b.xor(result, x)), b.i32(11))));
};

function doubleShort(b: Builder, x: Value, y: Value, count: Value, left: boolean): { result: Value; carry: Value } {
  const x64 = b.zext(x, 2, 8);
  const three = b.or(b.or(b.shl(x64, b.i32(32)), b.shl(b.zext(y, 2, 8), b.i32(16))), x64);
  if (left) {
    const shifted = b.shl(three, count);
    return { result: b.zext(b.shru(shifted, b.i32(32)), 8, 2), carry: bitAt(b, 8, shifted, 48) };
  }
  return { result: b.zext(b.shru(three, count), 8, 2), carry: bitOf(b, 8, three, b.sub(count, b.i32(1))) };
}

function doubleLong(b: Builder, size: IntSize, x: Value, y: Value, count: Value, left: boolean): { result: Value; carry: Value } {
  const away = b.sub(b.i32(width(size)), count);
  const result = left ? b.or(b.shl(x, count), b.shru(y, away)) : b.or(b.shru(x, count), b.shl(y, away));
  return { result, carry: bitOf(b, size, x, left ? away : b.sub(count, b.i32(1))) };
}

/** OF is defined for a count of 1 only. */
const SHIFT_ONE = 'OSZaPC', SHIFT = 'oSZaPC', ROTATE_ONE = 'OC', ROTATE = 'oC';

/** Group 2 in the manual's order; digit 6 is an undocumented shl that processors have. */
const group: [string, Meaning, 'shift' | 'rotate'][] = [
  ['rol', rotate(rol), 'rotate'], ['ror', rotate(ror), 'rotate'], ['rcl', rotate(throughCarry(true)), 'rotate'], ['rcr', rotate(throughCarry(false)), 'rotate'],
  ['shl', shift(shl), 'shift'], ['shr', shift(shr), 'shift'], ['shl', shift(shl), 'shift'], ['sar', shift(sar), 'shift'],
];

export const shifts: Row[] = [
  ...group.flatMap(([name, meaning, kind], digit) => {
    const one = kind === 'shift' ? SHIFT_ONE : ROTATE_ONE;
    const any = kind === 'shift' ? SHIFT : ROTATE;
    return [
      row(name, `c0 /${digit}`, 'Eb Ib', meaning, any),
      row(name, `c1 /${digit}`, 'Ev Ib', meaning, any),
      row(name, `d0 /${digit}`, 'Eb 1', meaning, one),
      row(name, `d1 /${digit}`, 'Ev 1', meaning, one),
      row(name, `d2 /${digit}`, 'Eb CL', meaning, any),
      row(name, `d3 /${digit}`, 'Ev CL', meaning, any),
    ];
  }),
  row('shld', '0f a4 /r', 'Ev Gv Ib', double(true), SHIFT),
  row('shld', '0f a5 /r', 'Ev Gv CL', double(true), SHIFT),
  row('shrd', '0f ac /r', 'Ev Gv Ib', double(false), SHIFT),
  row('shrd', '0f ad /r', 'Ev Gv CL', double(false), SHIFT),
];
