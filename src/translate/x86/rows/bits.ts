// Bits: test and change, scan, count, CRC-32C.
import type { Builder, IntSize, Operand, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';

type Change = (b: Builder, x: Value, bit: Value) => Value;

const changes: Record<string, Change | undefined> = {
  bt: undefined,
  bts: (b, x, bit) => b.or(x, bit),
  btr: (b, x, bit) => b.and(x, b.not(bit)),
  btc: (b, x, bit) => b.xor(x, bit),
};

const wrapped = (b: Builder, size: IntSize, x: Value): Value => (size === 8 ? b.op('i32.wrap_i64', x) : x);
const one = (b: Builder, size: IntSize): Value => b.int(size, 1);

/** CF is the bit; the other flags are kept (undefined but for ZF). */
function testAndChange(b: Builder, size: IntSize, x: Value, index: Value, change: Change | undefined, write: (value: Value) => void): void {
  const at = b.and(wrapped(b, size, index), b.i32(8 * size - 1));
  if (change) write(b.trunc(size, change(b, x, b.shl(one(b, size), at))));
  b.setFlag('CF', b.and(wrapped(b, size, b.shru(x, at)), b.i32(1)));
}

/** A register index reaches beyond a memory operand: its upper bits, signed, choose the word. */
function addressOfBit(b: Builder, dst: Operand, size: IntSize, index: Value): Value {
  const word = b.shrs(size === 2 ? b.sext(index, 2, 4) : index, b.i32(size === 2 ? 4 : size === 4 ? 5 : 6));
  return b.add(b.addr(dst), b.shl(wrapped(b, size, word), b.i32(size === 2 ? 1 : size === 4 ? 2 : 3)));
}

const withRegister = (change: Change | undefined): Meaning => (b, dst, src) => {
  const size = sizeOf(dst!);
  const index = b.get(src!);
  if (dst!.kind !== 'mem') return testAndChange(b, size, b.get(dst!), index, change, (value) => b.set(dst!, value));
  const address = addressOfBit(b, dst!, size, index);
  testAndChange(b, size, b.load(size, address), index, change, (value) => b.store(size, address, value));
};

const withImmediate = (change: Change | undefined): Meaning => (b, dst, index) =>
  testAndChange(b, sizeOf(dst!), b.get(dst!), b.zext(b.get(index!), 1, sizeOf(dst!)), change, (value) => b.set(dst!, value));

/** A source of 0 leaves the whole 64-bit destination as it was and sets ZF. */
const scan = (find: (b: Builder, size: IntSize, x: Value) => Value): Meaning => (b, dst, src) => {
  const size = sizeOf(dst!);
  const x = b.get(src!);
  const found = find(b, size, x);
  if (size === 4) b.setAs(dst!, 8, b.select(b.eqz(x), b.getAs(dst!, 8), b.zext(found, 4, 8)));
  else b.set(dst!, b.select(b.eqz(x), b.get(dst!), found));
  b.flags('logic', size, x);
};

const lowest = (b: Builder, size: IntSize, x: Value): Value => b.op(size === 8 ? 'i64.ctz' : 'i32.ctz', x);
const highest = (b: Builder, size: IntSize, x: Value): Value => (size === 8 ? b.xor(b.op('i64.clz', x), b.i64(63)) : b.xor(b.op('i32.clz', x), b.i32(31)));

const popcnt: Meaning = (b, dst, src) => {
  const x = b.get(src!);
  b.set(dst!, b.op(dst!.size === 8 ? 'i64.popcnt' : 'i32.popcnt', x));
  b.setFlagsWord(b.shl(b.eqz(x), b.i32(6)));
};

/** CRC-32C; 8 bytes at once, or byte by byte. */
const crc32: Meaning = (b, dst, src) => {
  const size = sizeOf(src!);
  const data = b.get(src!);
  let crc = b.getAs(dst!, 4);
  if (size === 8) crc = b.op('helper.crc32q', crc, data);
  else for (let i = 0; i < size; i++) crc = b.op('helper.crc32b', crc, b.and(b.shru(data, b.i32(8 * i)), b.i32(0xff)));
  b.set(dst!, b.zext(crc, 4, sizeOf(dst!)));
};

/** CF is defined, ZF is kept, the others are undefined. */
const BIT = 'osapC', SCAN = 'osZapc';

export const bits: Row[] = [
  ...Object.entries(changes).flatMap(([name, change], i) => [
    row(name, `0f ${['a3', 'ab', 'b3', 'bb'][i]} /r`, 'Ev Gv', withRegister(change), BIT, change ? { lock: true } : {}),
    row(name, `0f ba /${4 + i}`, 'Ev Ib', withImmediate(change), BIT, change ? { lock: true } : {}),
  ]),
  row('bsf', '0f bc /r', 'Gv Ev', scan(lowest), SCAN),
  row('bsr', '0f bd /r', 'Gv Ev', scan(highest), SCAN),
  row('popcnt', 'f3 0f b8 /r', 'Gv Ev', popcnt, 'OSZAPC'),
  row('crc32', 'f2 0f 38 f0 /r', 'Gy Eb', crc32),
  row('crc32', 'f2 0f 38 f1 /r', 'Gy Ev', crc32),
];
