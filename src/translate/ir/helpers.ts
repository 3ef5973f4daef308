// The pure helper functions that expressions call: their WebAssembly bodies. The hub defines and exports them; region modules import the ones they use.
import { Code, type ModuleBuilder } from '../wasm/index.ts';
import { Slot } from './block.ts';
import { countUses, Emitter } from './emit.ts';
import { FlagState } from './flag-state.ts';
import { input, type Node } from './node.ts';
import { helperRows, opOf } from './ops.ts';
import { stringCompareBody } from './string-compare.ts';

/** Appends operations by name; numbers push i32 constants, `$n` pushes a local, `=n` sets one. */
function write(c: Code, ...words: (string | number)[]): void {
  for (const word of words) {
    if (typeof word === 'number') c.i32(word);
    else if (word.startsWith('$')) c.get(Number(word.slice(1)));
    else if (word.startsWith('=')) c.set(Number(word.slice(1)));
    else c.op(opOf(word).code);
  }
}
const long = (c: Code, low: number, high = low >> 31): void => c.i64(low, high);

/** The high half of a 64 × 64 multiplication of unsigned numbers, from 32-bit halves. */
function highProduct(): Code {
  const c = new Code(2);
  const [a0, a1, b0, b1, w] = Array.from({ length: 5 }, () => c.local('i64')) as [number, number, number, number, number];
  const split = (from: number, low: number, high: number): void => {
    c.get(from); long(c, -1, 0); write(c, 'i64.and'); c.set(low);
    c.get(from); long(c, 32); write(c, 'i64.shr_u'); c.set(high);
  };
  split(0, a0, a1);
  split(1, b0, b1);
  // w = a1·b0 + (a0·b0 >> 32)
  write(c, `$${a1}`, `$${b0}`, 'i64.mul', `$${a0}`, `$${b0}`, 'i64.mul'); long(c, 32); write(c, 'i64.shr_u', 'i64.add', `=${w}`);
  // a1·b1 + (w >> 32) + ((a0·b1 + low half of w) >> 32)
  write(c, `$${a1}`, `$${b1}`, 'i64.mul', `$${w}`); long(c, 32); write(c, 'i64.shr_u', 'i64.add');
  write(c, `$${a0}`, `$${b1}`, 'i64.mul', `$${w}`); long(c, -1, 0); write(c, 'i64.and', 'i64.add'); long(c, 32); write(c, 'i64.shr_u', 'i64.add');
  return c;
}

/** Signed: the unsigned product less each operand where the other is negative. */
function signedHighProduct(unsigned: number): Code {
  const c = new Code(2);
  c.get(0); c.get(1); c.call(unsigned);
  for (const [x, y] of [[0, 1], [1, 0]] as const) { c.get(x); long(c, 63); write(c, 'i64.shr_s'); c.get(y); write(c, 'i64.and', 'i64.sub'); }
  return c;
}

/** (high, low, divisor) → quotient of unsigned numbers, for high < divisor: Knuth's algorithm D with two digits of 32 bits. */
function divide(): Code {
  const c = new Code(3);
  const HIGH = 0, LOW = 1, DIVISOR = 2;
  const [shift, top, digit1, digit0, d1, d0, q, r, first] = Array.from({ length: 9 }, () => c.local('i64')) as [number, number, number, number, number, number, number, number, number];
  c.get(HIGH); write(c, 'i64.eqz');
  c.if(); c.get(LOW); c.get(DIVISOR); write(c, 'i64.div_u'); c.return(); c.end();
  c.get(DIVISOR); write(c, 'i64.clz'); c.set(shift);
  c.get(DIVISOR); c.get(shift); write(c, 'i64.shl'); c.set(DIVISOR);
  c.get(DIVISOR); long(c, 32); write(c, 'i64.shr_u'); c.set(d1);
  c.get(DIVISOR); long(c, -1, 0); write(c, 'i64.and'); c.set(d0);
  // top = the upper 64 bits of the shifted dividend; its lower ones give two digits.
  c.get(HIGH); c.get(shift); write(c, 'i64.shl'); c.get(LOW); long(c, 1); write(c, 'i64.shr_u'); long(c, 63); c.get(shift); write(c, 'i64.sub', 'i64.shr_u', 'i64.or'); c.set(top);
  c.get(LOW); c.get(shift); write(c, 'i64.shl'); c.set(LOW);
  c.get(LOW); long(c, 32); write(c, 'i64.shr_u'); c.set(digit1);
  c.get(LOW); long(c, -1, 0); write(c, 'i64.and'); c.set(digit0);
  /** q := one digit of top · 2^32 + digit. */
  const oneDigit = (digit: number): void => {
    c.get(top); c.get(d1); write(c, 'i64.div_u'); c.set(q);
    c.get(top); c.get(q); c.get(d1); write(c, 'i64.mul', 'i64.sub'); c.set(r);
    const done = c.block();
    const again = c.loop();
    c.get(q); long(c, 32); write(c, 'i64.shr_u', 'i64.eqz');
    c.get(q); c.get(d0); write(c, 'i64.mul'); c.get(r); long(c, 32); write(c, 'i64.shl'); c.get(digit); write(c, 'i64.or', 'i64.le_u', 'i32.and'); c.brIf(done);
    c.get(q); long(c, 1); write(c, 'i64.sub'); c.set(q);
    c.get(r); c.get(d1); write(c, 'i64.add'); c.set(r);
    c.get(r); long(c, 32); write(c, 'i64.shr_u', 'i64.eqz'); c.brIf(again);
    c.end();
    c.end();
  };
  oneDigit(digit1);
  c.get(q); c.set(first);
  c.get(top); long(c, 32); write(c, 'i64.shl'); c.get(digit1); write(c, 'i64.or'); c.get(q); c.get(DIVISOR); write(c, 'i64.mul', 'i64.sub'); c.set(top);
  oneDigit(digit0);
  c.get(first); long(c, 32); write(c, 'i64.shl'); c.get(q); write(c, 'i64.or');
  return c;
}

/** Replaces a signed (high, low, divisor) in locals 0–2 by absolute values; `negative` says whether the quotient is. */
function absolute(c: Code, negative: number): void {
  c.get(0); c.get(2); write(c, 'i64.xor'); long(c, 0); write(c, 'i64.lt_s'); c.set(negative);
  c.get(0); long(c, 0); write(c, 'i64.lt_s');
  c.if();
  // −(high, low) = (~high + (low == 0), −low)
  c.get(0); long(c, -1); write(c, 'i64.xor'); c.get(1); write(c, 'i64.eqz', 'i64.extend_i32_u', 'i64.add'); c.set(0);
  long(c, 0); c.get(1); write(c, 'i64.sub'); c.set(1);
  c.end();
  c.get(2); long(c, 0); write(c, 'i64.lt_s');
  c.if(); long(c, 0); c.get(2); write(c, 'i64.sub'); c.set(2); c.end();
}

function signedDivide(unsigned: number): Code {
  const c = new Code(3);
  const negative = c.local('i32');
  const q = c.local('i64');
  absolute(c, negative);
  c.get(0); c.get(1); c.get(2); c.call(unsigned); c.set(q);
  long(c, 0); c.get(q); write(c, 'i64.sub'); c.get(q); c.get(negative); c.select();
  return c;
}

/** 1 when the signed quotient does not fit 64 bits, and for a divisor of 0. */
function signedOverflows(unsigned: number): Code {
  const c = new Code(3);
  const negative = c.local('i32');
  absolute(c, negative);
  c.get(0); c.get(2); write(c, 'i64.ge_u');
  c.if(); c.i32(1); c.return(); c.end();
  // More than 2^63 - 1, or than 2^63 when negative.
  c.get(0); c.get(1); c.get(2); c.call(unsigned); long(c, -1, 0x7fff_ffff); c.get(negative); write(c, 'i64.extend_i32_u', 'i64.add', 'i64.gt_u');
  return c;
}

/** CRC-32C, reflected polynomial 0x82f63b78, bit by bit. */
function crcByte(): Code {
  const c = new Code(2);
  c.get(0); c.get(1); c.i32(0xff); write(c, 'i32.and', 'i32.xor'); c.set(0);
  for (let bit = 0; bit < 8; bit++) {
    c.get(0); c.i32(1); write(c, 'i32.shr_u'); c.i32(0); c.get(0); c.i32(1); write(c, 'i32.and', 'i32.sub'); c.i32(0x82f6_3b78 | 0); write(c, 'i32.and', 'i32.xor'); c.set(0);
  }
  c.get(0);
  return c;
}

function crcLong(byte: number): Code {
  const c = new Code(2);
  for (let i = 0; i < 8; i++) { c.get(0); c.get(1); long(c, 8 * i); write(c, 'i64.shr_u', 'i32.wrap_i64'); c.call(byte); c.set(0); }
  c.get(0);
  return c;
}

/** (kind, a, b) → something of the flags: one arm for every kind, from the expressions that translated code uses too. */
function ofFlags(what: (flags: FlagState) => Node): Code {
  const c = new Code(3);
  const kinds = Array.from({ length: 20 }, (_, kind) => kind);
  const labels = kinds.map(() => c.block()).reverse();
  c.get(0);
  c.brTable(kinds.map((kind) => labels[kind]!), labels[0]!);
  const none = (): never => { throw new Error('wherry bug: flags have no exits'); };
  for (const kind of kinds) {
    c.end();
    const inputs: (Node | null)[] = new Array<Node | null>(Slot.count).fill(null);
    const a = (inputs[Slot.flagsA] = input('i64', Slot.flagsA)), b = (inputs[Slot.flagsB] = input('i64', Slot.flagsB));
    const emitter = new Emitter({ code: c, home: (slot) => slot - Slot.flagsKind, helper: none, leave: none });
    // Kinds 1 to 3 do not exist.
    const word = what(FlagState.stored(kind < 4 ? 0 : kind, a, b));
    countUses([], [word]);
    emitter.begin(inputs);
    emitter.emit(word);
    c.return();
  }
  c.unreachable();
  return c;
}

/** Defines every helper in a module and returns their function indices by name. */
export function defineHelpers(module: ModuleBuilder): Map<string, number> {
  const indices = new Map<string, number>();
  const bodies: Record<string, () => Code> = {
    'helper.mulhu': highProduct,
    'helper.mulhs': () => signedHighProduct(indices.get('helper.mulhu')!),
    'helper.udivq': divide,
    'helper.idivq': () => signedDivide(indices.get('helper.udivq')!),
    'helper.idivq_overflows': () => signedOverflows(indices.get('helper.udivq')!),
    'helper.crc32b': crcByte,
    'helper.crc32q': () => crcLong(indices.get('helper.crc32b')!),
    'helper.flags': () => ofFlags((flags) => flags.word()),
    ...Object.fromEntries(Array.from({ length: 16 }, (_, cc) => [`helper.condition${cc}`, () => ofFlags((flags) => flags.condition(cc))])),
    'helper.strings': stringCompareBody,
  };
  for (const [name, params, result] of helperRows) {
    const index = module.function(module.type(params, [result]));
    indices.set(name, index);
    module.body(index, bodies[name]!());
  }
  return indices;
}
