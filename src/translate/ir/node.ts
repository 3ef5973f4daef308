// Nodes of the expression graph: pure values, built with constant folding and the peepholes that x86 code needs.
// HOT: every guest instruction makes a handful of nodes; one class, one shape.
import { assert } from '../../base/index.ts';
import type { Type, Value } from './builder.ts';
import { opOf, type Op, type OpName } from './ops.ts';

/** What a node is. */
export const Kind = {
  constant: 0,
  /** An operation on a, b, c. */
  op: 1,
  /** c ? a : b */
  select: 2,
  /** The content of a register slot when the block begins. `low` is the slot. */
  input: 3,
  /** The result of a statement (a load); computed where the statement stands. */
  pinned: 4,
} as const;

export class Node implements Value {
  readonly type: Type;
  readonly kind: number;
  readonly op: Op | null;
  readonly a: Node | null;
  readonly b: Node | null;
  readonly c: Node | null;
  /** Constants: the value's low and high 32 bits (signed). Inputs: the slot. */
  readonly low: number;
  readonly high: number;
  /** Integers: how many low bits may be set. */
  bits: number;
  /** Constants of 16 bytes, or lane numbers and shuffle bytes. */
  wide: readonly number[] | null = null;
  /** Another node that equals the low `partBits` bits of this one: what was written last into a part of a register. */
  part: Node | null = null;
  partBits = 0;
  /** The node's low 32 bits, once asked for. */
  wrapped: Node | null = null;
  /** A pinned value's statement. */
  statement: object | null = null;
  /** Length of the longest chain of operations below. */
  readonly depth: number;
  /** Emission: how many uses are not emitted yet, and the local that holds it (-1: none). */
  uses = 0;
  local = -1;
  /** Visits by graph walks. */
  mark = 0;

  constructor(type: Type, kind: number, op: Op | null, a: Node | null, b: Node | null, c: Node | null, low: number, high: number, bits: number) {
    this.type = type;
    this.kind = kind;
    this.op = op;
    this.a = a;
    this.b = b;
    this.c = c;
    this.low = low;
    this.high = high;
    this.bits = bits;
    this.depth = kind === Kind.op || kind === Kind.select ? 1 + Math.max(a === null ? 0 : a.depth, b === null ? 0 : b.depth, c === null ? 0 : c.depth) : 0;
  }
}

export const isConstant = (node: Node): boolean => node.kind === Kind.constant;
const isZero = (node: Node): boolean => node.kind === Kind.constant && node.low === 0 && node.high === 0 && node.type !== 'v128';

const bitsOf = (low: number, high: number, wide: boolean): number => (wide && high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low));

export const i32 = (value: number): Node => new Node('i32', Kind.constant, null, null, null, null, value | 0, 0, 32 - Math.clz32(value));
export const i64 = (low: number, high: number): Node => new Node('i64', Kind.constant, null, null, null, null, low | 0, high | 0, bitsOf(low, high, true));
export const i64of = (value: bigint): Node => i64(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
/** A non-negative safe integer, or a negative 32-bit one. */
export const i64small = (value: number): Node => i64(value, Math.floor(value / 0x1_0000_0000));
export const bigOf = (node: Node): bigint => (BigInt(node.high) << 32n) | BigInt(node.low >>> 0);

export function v128(low: bigint, high: bigint): Node {
  const node = new Node('v128', Kind.constant, null, null, null, null, 0, 0, 128);
  node.wide = [low, low >> 32n, high, high >> 32n].map((part) => Number(BigInt.asIntN(32, part)));
  return node;
}

export const input = (type: Type, slot: number): Node => new Node(type, Kind.input, null, null, null, null, slot, 0, type === 'i32' ? 32 : type === 'i64' ? 64 : 128);
export const pinned = (type: Type, bits: number): Node => new Node(type, Kind.pinned, null, null, null, null, 0, 0, bits);

const raw = (op: Op, a: Node, b: Node | null = null, bits = op.bits): Node => new Node(op.result, Kind.op, op, a, b, null, 0, 0, bits);

type Fold2 = (a: Node, b: Node) => Node | null;
type Fold1 = (a: Node) => Node | null;
/** The comparison that is true when the first is not. */
const inverse = new Map<Op, Op>();
const fold1 = new Map<Op, Fold1>();
const fold2 = new Map<Op, Fold2>();
const commutes = new Set<Op>(['i32', 'i64'].flatMap((t) => ['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne'].map((n) => opOf(`${t}.${n}`))));

/** A one-operand operation. */
export function unary(op: Op, a: Node): Node {
  return fold1.get(op)?.(a) ?? raw(op, a);
}

/** A two-operand operation; constants of commutative ones go to the right. */
export function binary(op: Op, a: Node, b: Node): Node {
  if (a.kind === Kind.constant && commutes.has(op)) { const t = a; a = b; b = t; }
  return fold2.get(op)?.(a, b) ?? raw(op, a, b);
}

/** condition ? whenTrue : whenFalse; the condition is i32. */
export function select(condition: Node, whenTrue: Node, whenFalse: Node): Node {
  if (condition.kind === Kind.constant) return condition.low ? whenTrue : whenFalse;
  if (whenTrue === whenFalse) return whenTrue;
  if (condition.op === EQZ32) return select(condition.a!, whenFalse, whenTrue);
  return new Node(whenTrue.type, Kind.select, null, whenTrue, whenFalse, condition, 0, 0, Math.max(whenTrue.bits, whenFalse.bits));
}

/** Any operation by its row; trailing numbers are lane numbers or shuffle bytes. */
export function operation(name: OpName, args: readonly (Node | number)[]): Node {
  const op = opOf(name);
  const values: Node[] = [];
  const wide: number[] = [];
  for (const arg of args) {
    if (typeof arg === 'number') wide.push(arg);
    else values.push(arg);
  }
  assert(values.length === op.params.length && wide.length === op.immediates, `${name} takes ${op.params.length} values and ${op.immediates} numbers`);
  for (const [i, value] of values.entries()) assert(value.type === op.params[i], `operand ${i} of ${name} is ${value.type}`);
  if (wide.length === 0 && values.length === 1) return unary(op, values[0]!);
  if (wide.length === 0 && values.length === 2) return binary(op, values[0]!, values[1]!);
  const folded = wide.length === 1 ? foldLane(op, values[0]!, values[1] ?? null, wide[0]!) : null;
  if (folded !== null) return folded;
  const node = new Node(op.result, Kind.op, op, values[0]!, values[1] ?? null, values[2] ?? null, 0, 0, op.bits);
  node.wide = wide;
  return node;
}

// ---- rows of folding

const op = opOf;
const EQZ32 = op('i32.eqz');
const EQ32 = op('i32.eq');
const WRAP = op('i32.wrap_i64');
const EXTEND_U = op('i64.extend_i32_u');
const EXTEND_S = op('i64.extend_i32_s');

/** The low 32 bits of an i64; asked for often (addresses), so remembered. */
export function wrap(x: Node): Node {
  if (x.wrapped !== null) return x.wrapped;
  const folded = foldWrap(x);
  if (folded !== null) return (x.wrapped = folded);
  const node = raw(WRAP, x, null, Math.min(32, x.bits));
  node.part = x.part;
  node.partBits = x.partBits;
  return (x.wrapped = node);
}

function foldWrap(x: Node): Node | null {
  if (x.kind === Kind.constant) return i32(x.low);
  if (x.op === EXTEND_U || x.op === EXTEND_S) return x.a;
  if (x.part !== null && x.partBits === 32 && x.part.type === 'i32') return x.part;
  return null;
}
fold1.set(WRAP, wrap);

export const extendU = (x: Node): Node => (x.kind === Kind.constant ? i64(x.low, 0) : raw(EXTEND_U, x, null, x.bits));
fold1.set(EXTEND_U, extendU);
fold1.set(EXTEND_S, (x) => (x.kind === Kind.constant ? i64(x.low, x.low >> 31) : x.bits < 32 ? extendU(x) : null));

const i32fold: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y, sub: (x, y) => x - y, mul: Math.imul, and: (x, y) => x & y, or: (x, y) => x | y, xor: (x, y) => x ^ y,
  shl: (x, y) => x << y, shr_s: (x, y) => x >> y, shr_u: (x, y) => x >>> y, rotl: (x, y) => (x << y) | (x >>> -y), rotr: (x, y) => (x >>> y) | (x << -y),
  eq: (x, y) => Number(x === y), ne: (x, y) => Number(x !== y), lt_s: (x, y) => Number(x < y), gt_s: (x, y) => Number(x > y), le_s: (x, y) => Number(x <= y), ge_s: (x, y) => Number(x >= y),
  lt_u: (x, y) => Number(x >>> 0 < y >>> 0), gt_u: (x, y) => Number(x >>> 0 > y >>> 0), le_u: (x, y) => Number(x >>> 0 <= y >>> 0), ge_u: (x, y) => Number(x >>> 0 >= y >>> 0),
};
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const i64fold: Record<string, (x: bigint, y: bigint) => bigint> = {
  add: (x, y) => x + y, sub: (x, y) => x - y, mul: (x, y) => x * y, and: (x, y) => x & y, or: (x, y) => x | y, xor: (x, y) => x ^ y,
  shl: (x, y) => x << (y & 63n), shr_s: (x, y) => x >> (y & 63n), shr_u: (x, y) => u64(x) >> (y & 63n),
  rotl: (x, y) => (u64(x) << (y & 63n)) | (u64(x) >> (64n - (y & 63n))), rotr: (x, y) => (u64(x) >> (y & 63n)) | (u64(x) << (64n - (y & 63n))),
};
const i64compare: Record<string, (x: bigint, y: bigint) => boolean> = {
  eq: (x, y) => x === y, ne: (x, y) => x !== y, lt_s: (x, y) => x < y, gt_s: (x, y) => x > y, le_s: (x, y) => x <= y, ge_s: (x, y) => x >= y,
  lt_u: (x, y) => u64(x) < u64(y), gt_u: (x, y) => u64(x) > u64(y), le_u: (x, y) => u64(x) <= u64(y), ge_u: (x, y) => u64(x) >= u64(y),
};

/** What an operation does when its right operand is a given constant or the operands are the same node; undefined operands mean "no rule". */
interface Rules { constants: (a: Node, b: Node) => Node; zeroRight?: (a: Node) => Node; same?: (a: Node) => Node; more?: Fold2 }

function rule(name: OpName, rules: Rules): void {
  fold2.set(op(name), (a, b) => {
    if (b.kind === Kind.constant) {
      if (a.kind === Kind.constant) return rules.constants(a, b);
      if (rules.zeroRight !== undefined && isZero(b)) return rules.zeroRight(a);
    } else if (a === b && rules.same !== undefined) return rules.same(a);
    return rules.more?.(a, b) ?? null;
  });
}

const keep = (a: Node): Node => a;
const zeroOf = (type: Type): Node => (type === 'i64' ? i64(0, 0) : i32(0));
const one = (): Node => i32(1);
const none = (): Node => i32(0);

for (const type of ['i32', 'i64'] as const) {
  const wide = type === 'i64';
  const fold = (name: string) => wide
    ? (a: Node, b: Node): Node => i64of(i64fold[name]!(bigOf(a), bigOf(b)))
    : (a: Node, b: Node): Node => i32(i32fold[name]!(a.low, b.low));
  const compare = (name: string) => wide
    ? (a: Node, b: Node): Node => i32(Number(i64compare[name]!(bigOf(a), bigOf(b))))
    : (a: Node, b: Node): Node => i32(i32fold[name]!(a.low, b.low));
  const zero = (): Node => zeroOf(type);
  const O = (name: string): Op => op(`${type}.${name}`);
  const negated = (b: Node): Node => (wide ? i64of(-bigOf(b)) : i32(-b.low));
  const ADD = O('add'), AND = O('and'), OR = O('or'), XOR = O('xor'), SHRU = O('shr_u'), SHL = O('shl'), EQZ = O('eqz');
  const bitwise = (o: Op, a: Node, b: Node, bits: number): Node => raw(o, a, b, bits);

  rule(`${type}.add`, { constants: fold('add'), zeroRight: keep,
    // Address arithmetic: (x + c1) + c2. Not for i64, where x + c1 is a register of its own.
    more: (a, b) => (!wide && b.kind === Kind.constant && a.op === ADD && a.b!.kind === Kind.constant ? binary(ADD, a.a!, fold('add')(a.b!, b)) : null) });
  rule(`${type}.sub`, { constants: fold('sub'), zeroRight: keep, same: zero, more: (a, b) => (b.kind === Kind.constant ? binary(ADD, a, negated(b)) : null) });
  rule(`${type}.mul`, { constants: fold('mul') });
  rule(`${type}.and`, { constants: fold('and'), zeroRight: zero, same: keep, more: (a, b) => {
    if (b.kind !== Kind.constant) return bitwise(AND, a, b, Math.min(a.bits, b.bits));
    if (b.low === -1 && (!wide || b.high === -1)) return a;
    // A mask that keeps every bit that may be set.
    if (a.bits < 32 && (~b.low & ((1 << a.bits) - 1)) === 0) return a;
    // A mask of ones that covers every bit that may be set.
    const ones = wide ? b.high === 0 && b.low === -1 ? 32 : lowOnes(b.low, b.high) : lowOnes(b.low, 0);
    if (ones >= a.bits) return a;
    if (a.part !== null && a.partBits === ones && ones !== 0) return wide && a.part.type === 'i32' ? extendU(a.part) : a.part;
    if (a.op === AND && a.b!.kind === Kind.constant) return binary(AND, a.a!, fold('and')(a.b!, b));
    return bitwise(AND, a, b, Math.min(a.bits, b.bits));
  } });
  rule(`${type}.or`, { constants: fold('or'), zeroRight: keep, same: keep, more: (a, b) => (isZero(a) ? b : notGreater(a, b) ?? bitwise(OR, a, b, Math.max(a.bits, b.bits))) });
  rule(`${type}.xor`, { constants: fold('xor'), zeroRight: keep, same: zero, more: (a, b) => bitwise(XOR, a, b, Math.max(a.bits, b.bits)) });
  rule(`${type}.shl`, { constants: fold('shl'), zeroRight: keep, more: (a, b) => (b.kind === Kind.constant ? bitwise(SHL, a, b, Math.min(wide ? 64 : 32, a.bits + (b.low & (wide ? 63 : 31)))) : null) });
  rule(`${type}.shr_u`, { constants: fold('shr_u'), zeroRight: keep, more: (a, b) => (b.kind === Kind.constant ? bitwise(SHRU, a, b, Math.max(0, a.bits - (b.low & (wide ? 63 : 31)))) : bitwise(SHRU, a, b, a.bits)) });
  rule(`${type}.shr_s`, { constants: fold('shr_s'), zeroRight: keep });
  rule(`${type}.rotl`, { constants: fold('rotl'), zeroRight: keep });
  rule(`${type}.rotr`, { constants: fold('rotr'), zeroRight: keep });
  for (const [name, same] of [['eq', one], ['ne', none], ['lt_s', none], ['lt_u', none], ['gt_s', none], ['gt_u', none], ['le_s', one], ['le_u', one], ['ge_s', one], ['ge_u', one]] as const) {
    rule(`${type}.${name}`, { constants: compare(name), same });
  }
  fold2.set(O('eq'), chain(fold2.get(O('eq'))!, (a, b) => (isSame(a, b) ? i32(1) : isZero(b) ? unary(EQZ, a) : null)));
  fold2.set(O('ne'), chain(fold2.get(O('ne'))!, (a, b) => (isSame(a, b) ? i32(0) : isZero(b) && a.bits === 1 ? (wide ? wrap(a) : a) : isZero(b) && a.op === EXTEND_U ? binary(op('i32.ne'), a.a!, i32(0)) : null)));
  const inverses = ['eq ne', 'lt_s ge_s', 'lt_u ge_u', 'gt_s le_s', 'gt_u le_u'].flatMap((pair) => { const [x, y] = pair.split(' ') as [string, string]; return [[O(x), O(y)], [O(y), O(x)]] as const; });
  for (const [from, to] of inverses) inverse.set(from, to);
}


// Vectors of the same operand twice: the usual ways to make zeros and ones. And zeros added to something.
const wideZero = (node: Node): boolean => node.kind === Kind.constant && node.wide !== null && node.wide.every((word) => word === 0);
const shapes = ['i8x16', 'i16x8', 'i32x4', 'i64x2'];
const sameVectors: readonly (readonly [readonly string[], (a: Node) => Node])[] = [
  [['v128.xor', 'v128.andnot', ...shapes.flatMap((shape) => [`${shape}.sub`, `${shape}.gt_s`])], () => v128(0n, 0n)],
  [shapes.map((shape) => `${shape}.eq`), () => v128(-1n, -1n)],
  [['v128.and', 'v128.or'], keep],
];
for (const [names, same] of sameVectors) for (const name of names) fold2.set(op(name), (a, b) => (a === b ? same(a) : null));
for (const name of ['v128.or', 'v128.xor']) fold2.set(op(name), chain(fold2.get(op(name))!, (a, b) => (wideZero(b) ? a : wideZero(a) ? b : null)));

const compared = new Map<Op, { atMost: Op; greater: Op }>(['f32', 'f64'].map((t) => [op(`${t}.ge`), { atMost: op(`${t}.le`), greater: op(`${t}.gt`) }]));

/** not (x >= y), or (x <= y) = (x >= y): the flags CF and ZF of a floating-point comparison, which jbe and ja ask for together, are not (x > y). */
function notGreater(a: Node, b: Node): Node | null {
  if (a.op !== EQZ32 || b.op !== EQ32 || a.a !== b.b) return null;
  const atLeast = a.a!, atMost = b.a!;
  const ops = atLeast.op === null ? undefined : compared.get(atLeast.op);
  if (ops === undefined || atMost.op !== ops.atMost || atMost.a !== atLeast.a || atMost.b !== atLeast.b) return null;
  return unary(EQZ32, binary(ops.greater, atLeast.a!, atLeast.b!));
}

/** Whether two nodes are certainly equal: the same one, or the same operation on the same operands. */
function isSame(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.kind === Kind.constant) return b.kind === Kind.constant && a.low === b.low && a.high === b.high && a.wide === null && b.wide === null;
  return a.op !== null && a.op === b.op && a.wide === null && a.a === b.a && a.c === b.c && (a.b === b.b || (a.b !== null && b.b !== null && isConstant(a.b) && isSame(a.b, b.b)));
}

// Division of numbers that fit 32 bits is faster there.
const DIV32 = op('i32.div_u');
fold2.set(op('i64.div_u'), (a, b) => (a.bits <= 32 && b.bits <= 32 ? extendU(raw(DIV32, wrap(a), wrap(b))) : null));

/** Tries one rule, then another. */
function chain(first: Fold2, second: Fold2): Fold2 { return (a, b) => first(a, b) ?? second(a, b); }

/** n when the mask is exactly its n low bits, else 0. */
function lowOnes(low: number, high: number): number {
  if (high === 0) { const n = 32 - Math.clz32(low); return n !== 0 && low >>> 0 === 2 ** n - 1 ? n : 0; }
  if (low !== -1) return 0;
  const n = 32 - Math.clz32(high);
  return high >>> 0 === 2 ** n - 1 ? 32 + n : 0;
}

fold1.set(EQZ32, (x) => {
  if (x.kind === Kind.constant) return i32(x.low === 0 ? 1 : 0);
  if (x.op === null) return null;
  if (x.op === EQZ32 && x.a!.bits <= 1) return x.a;
  const opposite = inverse.get(x.op);
  return opposite === undefined ? null : binary(opposite, x.a!, x.b!);
});
fold1.set(op('i64.eqz'), (x) => {
  if (x.kind === Kind.constant) return i32(x.low === 0 && x.high === 0 ? 1 : 0);
  return x.op === EXTEND_U || x.op === EXTEND_S ? unary(EQZ32, x.a!) : null;
});
for (const [name, bits] of [['extend8_s', 8], ['extend16_s', 16]] as const) {
  const O32 = op(`i32.${name}`), O64 = op(`i64.${name}`), AND = op('i32.and');
  const shift = 32 - bits;
  fold1.set(O32, (x) => {
    if (x.kind === Kind.constant) return i32((x.low << shift) >> shift);
    if (x.bits < bits) return x;
    return x.op === AND && x.b!.kind === Kind.constant && (x.b!.low & (2 ** bits - 1)) === 2 ** bits - 1 ? raw(O32, x.a!) : null;
  });
  fold1.set(O64, (x) => (x.kind === Kind.constant ? i64((x.low << shift) >> shift, (x.low << shift) >> 31) : x.bits < bits ? x : null));
}
fold1.set(op('i64.extend32_s'), (x) => (x.kind === Kind.constant ? i64(x.low, x.low >> 31) : x.bits < 32 ? x : x.op === EXTEND_U ? unary(EXTEND_S, x.a!) : null));
fold1.set(op('i32.popcnt'), (x) => (x.kind === Kind.constant ? i32(popcount(x.low)) : null));
fold1.set(op('i32.clz'), (x) => (x.kind === Kind.constant ? i32(Math.clz32(x.low)) : null));

function popcount(x: number): number {
  let n = 0;
  for (; x !== 0; x &= x - 1) n++;
  return n;
}

// Bit casts between an xmm lane and a scalar: the lane is taken or put in the scalar's own type.
const casts: readonly (readonly [string, string, string])[] = [
  ['f64.reinterpret_i64', 'i64x2.extract_lane', 'f64x2.extract_lane'], ['f32.reinterpret_i32', 'i32x4.extract_lane', 'f32x4.extract_lane'],
  ['i64.reinterpret_f64', 'f64x2.extract_lane', 'i64x2.extract_lane'], ['i32.reinterpret_f32', 'f32x4.extract_lane', 'i32x4.extract_lane'],
];
const opposites: readonly (readonly [string, string])[] = [['f64.reinterpret_i64', 'i64.reinterpret_f64'], ['f32.reinterpret_i32', 'i32.reinterpret_f32']];
const backOf = new Map<Op, Op>(opposites.flatMap(([x, y]) => [[op(x), op(y)], [op(y), op(x)]] as const));
for (const [cast, from, to] of casts) {
  const FROM = op(from), CAST = op(cast), BACK = backOf.get(CAST)!;
  fold1.set(CAST, (x) => (x.op === FROM ? operation(to, [x.a!, x.wide![0]!]) : x.op === BACK ? x.a : null));
}

/** lane extraction → [replacement of the same lane, the cast from the replacement of the other type, that replacement] */
const lanes = new Map<Op, { same: Op; other: Op; cast: Op }>([
  [op('i64x2.extract_lane'), { same: op('i64x2.replace_lane'), other: op('f64x2.replace_lane'), cast: op('i64.reinterpret_f64') }],
  [op('f64x2.extract_lane'), { same: op('f64x2.replace_lane'), other: op('i64x2.replace_lane'), cast: op('f64.reinterpret_i64') }],
  [op('i32x4.extract_lane'), { same: op('i32x4.replace_lane'), other: op('f32x4.replace_lane'), cast: op('i32.reinterpret_f32') }],
  [op('f32x4.extract_lane'), { same: op('f32x4.replace_lane'), other: op('i32x4.replace_lane'), cast: op('f32.reinterpret_i32') }],
]);
const replacements = new Map<Op, { cast: Op; instead: string }>([
  [op('i64x2.replace_lane'), { cast: op('i64.reinterpret_f64'), instead: 'f64x2.replace_lane' }],
  [op('i32x4.replace_lane'), { cast: op('i32.reinterpret_f32'), instead: 'f32x4.replace_lane' }],
]);

function foldLane(o: Op, x: Node, value: Node | null, lane: number): Node | null {
  if (value === null) {
    const known = lanes.get(o);
    if (known === undefined || x.op === null) return null;
    // Another lane than the one replaced: look below.
    if ((x.op === known.same || x.op === known.other) && x.wide![0] !== lane) return operation(o.name, [x.a!, lane]);
    if (x.op === known.same) return x.b;
    if (x.op === known.other) return unary(known.cast, x.b!);
    return null;
  }
  const cast = replacements.get(o);
  if (cast !== undefined && value.op === cast.cast) return operation(cast.instead, [x, value.a!, lane]);
  // The same lane was replaced before: that value is gone.
  if (x.op === o && x.wide![0] === lane) return operation(o.name, [x.a!, value, lane]);
  return null;
}
