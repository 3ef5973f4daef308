// Multiplication and division, with double-width products and dividends.
import type { Builder, IntSize, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';

const RAX = 0, RDX = 2;
const DIVIDE_ERROR = 0;

/** The upper 64 bits of an unsigned 128-bit product, from four products of halves. */
function highUnsigned(b: Builder, x: Value, y: Value): Value {
  const half = b.i32(32);
  const low = (v: Value): Value => b.and(v, b.i64(0xffffffffn));
  const [x0, x1, y0, y1] = [low(x), b.shru(x, half), low(y), b.shru(y, half)];
  const middle = b.add(b.mul(x1, y0), b.shru(b.mul(x0, y0), half));
  const other = b.add(b.mul(x0, y1), low(middle));
  return b.add(b.add(b.mul(x1, y1), b.shru(middle, half)), b.shru(other, half));
}

/** The same of a signed product: a negative factor counted 2^64 too much of the other. */
function highSigned(b: Builder, x: Value, y: Value): Value {
  const excess = b.add(b.and(b.shrs(x, b.i32(63)), y), b.and(b.shrs(y, b.i32(63)), x));
  return b.sub(highUnsigned(b, x, y), excess);
}

/** Both halves of a product, and whether the upper one is more than the extension of the lower. */
function product(b: Builder, size: IntSize, x: Value, y: Value, signed: boolean): { low: Value; high: Value; overflow: Value } {
  if (size === 8) {
    const low = b.mul(x, y);
    const high = signed ? highSigned(b, x, y) : highUnsigned(b, x, y);
    return { low, high, overflow: b.ne(high, signed ? b.shrs(low, b.i32(63)) : b.i64(0)) };
  }
  const extend = (v: Value): Value => (signed ? b.sext(v, size, 8) : b.zext(v, size, 8));
  const whole = b.mul(extend(x), extend(y));
  const low = b.zext(whole, 8, size);
  return { low, high: b.zext(b.shru(whole, b.i32(8 * size)), 8, size), overflow: b.ne(whole, extend(low)) };
}

/** CF and OF say that the upper half matters; the others are undefined, here as of the lower half. */
const productFlags = (b: Builder, size: IntSize, low: Value, overflow: Value): void =>
  b.flags('res', size, low, b.or(overflow, b.shl(overflow, b.i32(11))));

/** Into rDX:rAX, for bytes into AX. */
const multiply = (signed: boolean): Meaning => (b, src) => {
  const size = sizeOf(src!);
  const { low, high, overflow } = product(b, size, b.get(b.gpr(RAX, size)), b.get(src!), signed);
  if (size === 1) b.set(b.gpr(RAX, 2), b.or(low, b.shl(high, b.i32(8))));
  else {
    b.set(b.gpr(RAX, size), low);
    b.set(b.gpr(RDX, size), high);
  }
  productFlags(b, size, low, overflow);
};

const imul2: Meaning = (b, dst, src) => {
  const size = sizeOf(dst!);
  const { low, overflow } = product(b, size, b.get(dst!), b.get(src!), true);
  b.set(dst!, low);
  productFlags(b, size, low, overflow);
};

const imul3: Meaning = (b, dst, src, factor) => {
  const size = sizeOf(dst!);
  const { low, overflow } = product(b, size, b.get(src!), b.get(factor!), true);
  b.set(dst!, low);
  productFlags(b, size, low, overflow);
};

/** rDX:rAX (AX for bytes) as an i64, for operands of up to 4 bytes. */
function dividend(b: Builder, size: 1 | 2 | 4, signed: boolean): Value {
  const low = b.get(b.gpr(RAX, size === 1 ? 2 : size));
  if (size === 1) return signed ? b.sext(low, 2, 8) : b.zext(low, 2, 8);
  const whole = b.or(b.zext(low, size, 8), b.shl(b.zext(b.get(b.gpr(RDX, size)), size, 8), b.i32(8 * size)));
  return size === 2 && signed ? b.sext(b.zext(whole, 8, 4), 4, 8) : whole;
}

function store(b: Builder, size: IntSize, quotient: Value, remainder: Value): void {
  if (size === 1) b.set(b.gpr(RAX, 2), b.or(b.trunc(1, quotient), b.shl(b.trunc(1, remainder), b.i32(8))));
  else {
    b.set(b.gpr(RAX, size), quotient);
    b.set(b.gpr(RDX, size), remainder);
  }
}

/**
 * Up to 4 bytes: one 64-bit division. #DE for a divisor of 0 and for a quotient that does not fit; the divisor is never 0 (nor -1 with the most negative dividend) where WebAssembly divides.
 */
function divideNarrow(b: Builder, size: 1 | 2 | 4, source: Value, signed: boolean): void {
  const whole = dividend(b, size, signed);
  const divisor = signed ? b.sext(source, size, 8) : b.zext(source, size, 8);
  const impossible = signed && size === 4 ? b.or(b.eqz(divisor), b.eq(whole, b.i64(1n << 63n))) : b.eqz(divisor);
  b.trapIf(impossible, DIVIDE_ERROR);
  const safe = b.select(b.eqz(divisor), b.i64(1), divisor);
  const dividendSafe = signed && size === 4 ? b.select(impossible, b.i64(0), whole) : whole;
  const quotient = b.op(signed ? 'i64.div_s' : 'i64.div_u', dividendSafe, safe);
  const low = b.zext(quotient, 8, size);
  b.trapIf(b.ne(quotient, signed ? b.sext(low, size, 8) : b.zext(low, size, 8)), DIVIDE_ERROR);
  store(b, size, low, b.zext(b.sub(dividendSafe, b.mul(quotient, safe)), 8, size));
}

/** 128 by 64 bits. A quotient that does not fit, as for a divisor of 0, is #DE. */
function divideUnsigned(b: Builder, high: Value, low: Value, divisor: Value): void {
  b.trapIf(b.eqz(b.ltu(high, divisor)), DIVIDE_ERROR);
  const quotient = b.op('helper.udivq', high, low, divisor);
  store(b, 8, quotient, b.sub(low, b.mul(quotient, divisor)));
}

/** 8 bytes: a signed dividend that is rAX extended is divided here, any other by a routine. */
function divideWide(b: Builder, divisor: Value, signed: boolean): void {
  const low = b.get(b.gpr(RAX, 8));
  const high = b.get(b.gpr(RDX, 8));
  const extended = b.eq(high, signed ? b.shrs(low, b.i32(63)) : b.i64(0));
  if (!signed && b.known(extended) !== 1) {
    divideUnsigned(b, high, low, divisor);
    return;
  }
  const half = (v: Value, upper: boolean): Value => b.op('i32.wrap_i64', upper ? b.shru(v, b.i32(32)) : v);
  b.trapIf(b.eqz(divisor), DIVIDE_ERROR);
  if (signed) b.routineIf(b.eqz(extended), 'idiv128', half(divisor, false), half(divisor, true));
  const overflow = b.and(b.eq(low, b.i64(1n << 63n)), b.eq(divisor, b.i64(-1)));
  if (signed) b.trapIf(overflow, DIVIDE_ERROR);
  const safe = b.select(signed ? b.or(b.eqz(divisor), overflow) : b.eqz(divisor), b.i64(1), divisor);
  const quotient = b.op(signed ? 'i64.div_s' : 'i64.div_u', low, safe);
  store(b, 8, quotient, b.sub(low, b.mul(quotient, safe)));
}

const divide = (signed: boolean): Meaning => (b, src) => {
  const size = sizeOf(src!);
  if (size === 8) divideWide(b, b.get(src!), signed);
  else divideNarrow(b, size, b.get(src!), signed);
};

const PRODUCT = 'OszapC', QUOTIENT = 'oszapc';

export const multiplications: Row[] = [
  row('mul', 'f6 /4', 'Eb', multiply(false), PRODUCT),
  row('mul', 'f7 /4', 'Ev', multiply(false), PRODUCT),
  row('imul', 'f6 /5', 'Eb', multiply(true), PRODUCT),
  row('imul', 'f7 /5', 'Ev', multiply(true), PRODUCT),
  row('imul', '0f af /r', 'Gv Ev', imul2, PRODUCT),
  row('imul', '69 /r', 'Gv Ev Iz', imul3, PRODUCT),
  row('imul', '6b /r', 'Gv Ev Is', imul3, PRODUCT),
  row('div', 'f6 /6', 'Eb', divide(false), QUOTIENT),
  row('div', 'f7 /6', 'Ev', divide(false), QUOTIENT),
  row('idiv', 'f6 /7', 'Eb', divide(true), QUOTIENT),
  row('idiv', 'f7 /7', 'Ev', divide(true), QUOTIENT),
];
