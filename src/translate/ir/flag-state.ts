// Lazy arithmetic flags as expressions: what is known about them at a program point, and how one flag, a condition or the whole word is computed from that.
import { assert } from '../../base/index.ts';
import { AF, ARITHMETIC_FLAGS, CF, flagsBase, OF, PF, SF, ZF } from '../../guest/index.ts';
import type { FlagName, IntSize } from './builder.ts';
import { binary, extendU, i32, i64, isConstant, Node, operation, select, unary, wrap } from './node.ts';
import { opOf } from './ops.ts';

const O = {
  add: opOf('i32.add'), sub: opOf('i32.sub'), and: opOf('i32.and'), or: opOf('i32.or'), xor: opOf('i32.xor'), shl: opOf('i32.shl'), shru: opOf('i32.shr_u'), shrs: opOf('i32.shr_s'),
  eqz: opOf('i32.eqz'), eq: opOf('i32.eq'), ne: opOf('i32.ne'), ltu: opOf('i32.lt_u'), lts: opOf('i32.lt_s'), leu: opOf('i32.le_u'), les: opOf('i32.le_s'), popcnt: opOf('i32.popcnt'),
  sext8: opOf('i32.extend8_s'), sext16: opOf('i32.extend16_s'),
  add64: opOf('i64.add'), sub64: opOf('i64.sub'), and64: opOf('i64.and'), xor64: opOf('i64.xor'), eqz64: opOf('i64.eqz'), ltu64: opOf('i64.lt_u'), lts64: opOf('i64.lt_s'), leu64: opOf('i64.le_u'), les64: opOf('i64.le_s'),
  eq64: opOf('i64.eq'), shru64: opOf('i64.shr_u'),
};

/** Masks an i32 to the size. */
export function truncate(size: IntSize, x: Node): Node { return size === 1 ? binary(O.and, x, i32(0xff)) : size === 2 ? binary(O.and, x, i32(0xffff)) : x; }

/** The sign bit as i32 0 or 1. */
export function signBit(size: IntSize, x: Node): Node {
  if (size === 8) return binary(O.lts64, x, i64(0, 0));
  if (size === 4) return binary(O.lts, x, i32(0));
  return binary(O.and, binary(O.shru, x, i32(8 * size - 1)), i32(1));
}

/** An i32 or i64 operand as signed: what signed comparisons take. */
function signed(size: IntSize, x: Node): Node { return size === 1 ? unary(O.sext8, x) : size === 2 ? unary(O.sext16, x) : x; }

/** 1 when the low byte has an even number of ones. */
function parity(x: Node): Node {
  const low = x.type === 'i64' ? wrap(x) : x;
  return binary(O.and, binary(O.xor, unary(O.popcnt, binary(O.and, low, i32(0xff))), i32(1)), i32(1));
}

const low32 = (x: Node): Node => (x.type === 'i64' ? wrap(x) : x);
const wide = (x: Node): Node => (x.type === 'i32' ? extendU(x) : x);
const isZero = (size: IntSize, x: Node): Node => unary(size === 8 ? O.eqz64 : O.eqz, x);

export const flagBit: Record<FlagName, number> = { CF, PF, AF, ZF, SF, OF };
const flagShift: Record<FlagName, number> = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 };
const flagNames: readonly FlagName[] = ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'];

/** The condition that is one flag. */
const conditionOf: Readonly<Partial<Record<FlagName, number>>> = { OF: 0, CF: 2, ZF: 4, SF: 8, PF: 10 };

const DYNAMIC = -1;
/** One of two states by a condition. */
const CHOICE = -2;
type Replaced = Readonly<Partial<Record<FlagName, Node>>>;
const nothingReplaced: Replaced = {};

/** A lazy state ready to be stored: kind i32, a and b i64 (guest/flags.ts). */
export interface StoredFlags { readonly kind: Node; readonly a: Node; readonly b: Node }

export class FlagState {
  /** flagsBase, or DYNAMIC when only `kind` knows. */
  readonly base: number;
  readonly size: IntSize;
  /** Operands: i64 for size 8 and dynamic, else i32 zero-extended; `b` of res and `a` of bits are i32 words. */
  readonly a: Node;
  readonly b: Node;
  readonly kind: Node | null;
  /** Flags set one by one since. */
  readonly replaced: Replaced;
  /** CHOICE: `kind` is the condition. */
  readonly whenTrue: FlagState | null;
  readonly whenFalse: FlagState | null;
  #result: Node | null = null;
  #word: Node | null = null;
  #stored: StoredFlags | null = null;

  private constructor(base: number, size: IntSize, a: Node, b: Node, kind: Node | null, replaced: Replaced, whenTrue: FlagState | null = null, whenFalse: FlagState | null = null) {
    this.whenTrue = whenTrue;
    this.whenFalse = whenFalse;
    this.base = base;
    this.size = size;
    this.a = a;
    this.b = b;
    this.kind = kind;
    this.replaced = replaced;
  }

  /** Flags of an operation; operands are masked to the size. */
  static of(base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Node, b: Node): FlagState {
    return new FlagState(flagsBase[base], size, truncate(size, a), base === 'res' ? b : truncate(size, b), null, nothingReplaced);
  }
  static word(word: Node): FlagState { return new FlagState(flagsBase.bits, 4, word, i32(0), null, nothingReplaced); }
  /** From a stored state of known kind: a and b are i64 values. */
  static stored(kind: number, a: Node, b: Node): FlagState {
    const base = kind >> 2;
    const size = base === 0 ? 4 : (1 << (kind & 3)) as IntSize;
    const operand = size === 8 ? a : wrap(a);
    return new FlagState(base, size, operand, base === flagsBase.res || size !== 8 ? wrap(b) : b, null, nothingReplaced);
  }
  /** From a stored state whose kind is known only at run time. */
  static dynamic(kind: Node, a: Node, b: Node): FlagState { return isConstant(kind) ? FlagState.stored(kind.low, a, b) : new FlagState(DYNAMIC, 8, a, b, kind, nothingReplaced); }

  static choice(condition: Node, whenTrue: FlagState, whenFalse: FlagState): FlagState {
    if (isConstant(condition)) return condition.low ? whenTrue : whenFalse;
    return new FlagState(CHOICE, 8, condition, condition, condition, nothingReplaced, whenTrue, whenFalse);
  }

  /** The kind when it is known when built and no flag was replaced, else -1. */
  get staticKind(): number { return this.base < 0 || this.replaced !== nothingReplaced ? -1 : this.base === 0 ? 0 : this.base * 4 + (31 - Math.clz32(this.size)); }

  replace(flag: FlagName, value: Node): FlagState { return new FlagState(this.base, this.size, this.a, this.b, this.kind, { ...this.replaced, [flag]: value }, this.whenTrue, this.whenFalse); }

  /** The operation's result, of the size. */
  get #value(): Node {
    if (this.#result !== null) return this.#result;
    const wideOp = this.size === 8;
    const value = this.base === flagsBase.sub ? truncate(this.size, binary(wideOp ? O.sub64 : O.sub, this.a, this.b))
      : this.base === flagsBase.add ? truncate(this.size, binary(wideOp ? O.add64 : O.add, this.a, this.b)) : this.a;
    return (this.#result = value);
  }

  /** One flag as i32 0 or 1. */
  flag(name: FlagName): Node {
    const replaced = this.replaced[name];
    if (replaced !== undefined) return replaced;
    if (this.base === CHOICE) return select(this.kind!, this.whenTrue!.flag(name), this.whenFalse!.flag(name));
    const cc = conditionOf[name];
    if (this.base === DYNAMIC && this.#word === null && cc !== undefined) return operation(`helper.condition${cc}`, [this.kind!, this.a, this.b]);
    if (this.base === DYNAMIC || this.base === flagsBase.bits) return bitOf(this.#plainWord(), name);
    switch (name) {
      case 'ZF': return this.base === flagsBase.sub ? binary(this.size === 8 ? O.eq64 : O.eq, this.a, this.b) : isZero(this.size, this.#value);
      case 'SF': return signBit(this.size, this.#value);
      case 'PF': return parity(this.#value);
      default: return this.#carryFlag(name);
    }
  }

  /** CF, AF or OF of a known operation. */
  #carryFlag(name: 'CF' | 'AF' | 'OF'): Node {
    if (this.base === flagsBase.logic) return i32(0);
    if (this.base === flagsBase.res) return bitOf(this.b, name);
    const isSub = this.base === flagsBase.sub;
    const less = this.size === 8 ? O.ltu64 : O.ltu;
    if (name === 'CF') return isSub ? binary(less, this.a, this.b) : binary(less, this.#value, this.a);
    const [xor, and] = this.size === 8 ? [O.xor64, O.and64] : [O.xor, O.and];
    if (name === 'AF') return bitOf(low32(binary(xor, binary(xor, this.a, this.b), this.#value)), 'AF');
    const changed = binary(xor, this.a, this.#value);
    return signBit(this.size, binary(and, changed, isSub ? binary(xor, this.a, this.b) : binary(xor, this.b, this.#value)));
  }

  /** The word of the state without the replaced flags. */
  #plainWord(): Node {
    if (this.#word !== null) return this.#word;
    let word: Node;
    if (this.base === CHOICE) word = select(this.kind!, this.whenTrue!.word(), this.whenFalse!.word());
    else if (this.base === DYNAMIC) word = operation('helper.flags', [this.kind!, this.a, this.b]);
    else if (this.base === flagsBase.bits) word = this.a;
    else {
      const plain = this.replaced === nothingReplaced ? this : new FlagState(this.base, this.size, this.a, this.b, this.kind, nothingReplaced);
      const names: readonly FlagName[] = this.base === flagsBase.logic || this.base === flagsBase.res ? ['ZF', 'SF', 'PF'] : flagNames;
      word = names.map((name) => binary(O.shl, plain.flag(name), i32(flagShift[name]))).reduce((x, y) => binary(O.or, x, y));
      if (this.base === flagsBase.res) word = binary(O.or, word, binary(O.and, this.b, i32(CF | AF | OF)));
    }
    return (this.#word = word);
  }

  /** All six in their EFLAGS places, i32. */
  word(): Node {
    let word = binary(O.and, this.#plainWord(), i32(ARITHMETIC_FLAGS));
    for (const name of flagNames) {
      const value = this.replaced[name];
      if (value !== undefined) word = binary(O.or, binary(O.and, word, i32(~flagBit[name])), binary(O.shl, value, i32(flagShift[name])));
    }
    return word;
  }

  /** A condition of SDM Vol. 1, Appendix B as i32 0 or 1. */
  condition(cc: number): Node {
    if (this.base === DYNAMIC && this.replaced === nothingReplaced) return operation(`helper.condition${cc}`, [this.kind!, this.a, this.b]);
    const positive = this.#condition(cc >> 1);
    return cc & 1 ? unary(O.eqz, positive) : positive;
  }

  #condition(pair: number): Node {
    const plain = this.replaced === nothingReplaced && this.base > 0;
    switch (pair) {
      case 0: return this.flag('OF');
      case 1: return this.flag('CF');
      case 2: return this.flag('ZF');
      case 3: return plain && this.base === flagsBase.sub ? binary(this.size === 8 ? O.leu64 : O.leu, this.a, this.b) : plain && this.base === flagsBase.logic ? this.flag('ZF') : this.#either(CF | ZF);
      case 4: return this.flag('SF');
      case 5: return this.flag('PF');
      case 6: return plain ? this.#less(false) : binary(O.xor, this.flag('SF'), this.flag('OF'));
      case 7: return plain ? this.#less(true) : binary(O.or, this.flag('ZF'), binary(O.xor, this.flag('SF'), this.flag('OF')));
    }
    assert(false, `no condition ${2 * pair}`);
  }

  /** CF or ZF. */
  #either(mask: number): Node {
    if (this.base === DYNAMIC || this.base === flagsBase.bits) return this.replaced === nothingReplaced ? binary(O.ne, binary(O.and, this.#plainWord(), i32(mask)), i32(0)) : binary(O.or, this.flag('CF'), this.flag('ZF'));
    return binary(O.or, this.flag('CF'), this.flag('ZF'));
  }

  /** Signed less (or equal). */
  #less(orEqual: boolean): Node {
    const zero = this.size === 8 ? i64(0, 0) : i32(0);
    const compare = orEqual ? (this.size === 8 ? O.les64 : O.les) : this.size === 8 ? O.lts64 : O.lts;
    if (this.base === flagsBase.sub) return binary(compare, signed(this.size, this.a), signed(this.size, this.b));
    if (this.base === flagsBase.logic) return binary(compare, signed(this.size, this.a), zero);
    const less = binary(O.xor, this.flag('SF'), this.flag('OF'));
    return orEqual ? binary(O.or, this.flag('ZF'), less) : less;
  }

  /** The state as it is stored. Replaced flags are merged in. */
  stored(): StoredFlags { return (this.#stored ??= this.#store()); }

  #store(): StoredFlags {
    const none = i64(0, 0);
    if (this.replaced !== nothingReplaced) return { kind: i32(0), a: wide(this.word()), b: none };
    if (this.base === CHOICE) {
      const [x, y] = [this.whenTrue!.stored(), this.whenFalse!.stored()];
      return { kind: select(this.kind!, x.kind, y.kind), a: select(this.kind!, x.a, y.a), b: select(this.kind!, x.b, y.b) };
    }
    if (this.base === DYNAMIC) return { kind: this.kind!, a: this.a, b: this.b };
    return { kind: i32(this.staticKind), a: wide(this.a), b: this.base === flagsBase.logic || this.base === flagsBase.bits ? none : wide(this.b) };
  }
}

/** The bits of an i32 expression that may be set. */
function possibleBits(node: Node): number {
  if (isConstant(node)) return node.low;
  if (node.op === O.or) return possibleBits(node.a!) | possibleBits(node.b!);
  if (node.op === O.and && isConstant(node.b!)) return possibleBits(node.a!) & node.b!.low;
  if (node.op === O.shl && isConstant(node.b!)) return possibleBits(node.a!) << node.b!.low;
  return node.bits >= 32 ? -1 : (1 << node.bits) - 1;
}

/** Words are made of parts that are or-ed: only those count in which the bit may be set. */
function partWith(word: Node, bit: number): Node {
  if (word.op !== O.or) return word;
  if (!(possibleBits(word.a!) & bit)) return partWith(word.b!, bit);
  return possibleBits(word.b!) & bit ? word : partWith(word.a!, bit);
}

/** One flag of a word, as i32 0 or 1. */
function bitOf(word: Node, name: FlagName): Node {
  const part = partWith(word, flagBit[name]);
  if (part.op === O.shl && isConstant(part.b!) && part.b!.low === flagShift[name] && part.a!.bits <= 1) return part.a!;
  return binary(O.and, binary(O.shru, part, i32(flagShift[name])), i32(1));
}
