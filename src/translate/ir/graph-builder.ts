// The Builder: turns meanings into expression nodes and ordered statements. Where registers, immediates and addresses come from is the RegisterFile's business.
import { assert } from '../../base/index.ts';
import { MXCSR_CONTROLS, MXCSR_DEFAULT, STATE_BASE, state } from '../../guest/index.ts';
import { Do, type Statement } from './block.ts';
import type { Builder, FlagName, IntSize, Operand, Size, Type, Value } from './builder.ts';
import { FlagState, signBit, truncate } from './flag-state.ts';
import { type CheckedRegisters, NearChecks, nothingChecked } from './near-checks.ts';
import { binary, bigOf, extendU, i32, i64, i64of, i64small, isConstant, Kind, Node, operation, pinned, select, unary, v128, wrap } from './node.ts';
import { opOf, type Op, type OpName } from './ops.ts';

/** An address: an i32 expression and a constant that is added to it without wrapping (only when that is safe). */
export interface Address { readonly node: Node; readonly offset: number }

/** Where a builder's operands come from and where results go: nodes of a block (translator) or the state block by way of a record (interpreter). */
export interface RegisterFile {
  readonly opSize: 2 | 4 | 8;
  readonly addressSize: 4 | 8;
  /** Guest address of the instruction being built; what statements carry. */
  readonly pcNumber: number;
  pc(): Node;
  nextPc(): Node;
  /** The low `size` bytes of a general register before this instruction. */
  readGpr(operand: Operand, size: IntSize): Node;
  /** Called when the instruction ends, in the order of the meaning's sets. The value is masked to the size. */
  writeGpr(operand: Operand, size: IntSize, value: Node): void;
  readXmm(operand: Operand): Node;
  writeXmm(operand: Operand, value: Node): void;
  /** Address of an mmx register's 8 bytes in the state block, i32. */
  mmAddress(operand: Operand): Node;
  /** An immediate as a value of the operand's size; the number of a segment register as i32; a branch target as i64. */
  constant(operand: Operand): Node;
  /** The address of a memory operand with its segment base. */
  address(operand: Operand): Node;
  /** Without segment base, i64. */
  effective(operand: Operand): Node;
  fixedGpr(n: number, size: IntSize): Operand;
  fixedXmm(n: number): Operand;
  /** The flags before this instruction. */
  readFlags(): FlagState;
  writeFlags(flags: FlagState): void;
  /** Slots whose locals have changed in this block, a bit each. */
  readonly changed: number;
  /** How often the flags were written in this block, and the instruction's number in it. */
  readonly flagsVersion: number;
  readonly instruction: number;
  /** Called before a statement that may leave: state that such an exit needs must be in its place. */
  beforeExit(): void;
}

/** How an instruction leaves the block, as its meaning said. */
export interface Ender {
  readonly kind: 'jump' | 'branch' | 'call' | 'ret' | 'syscall' | 'trap' | 'routine';
  readonly target: Operand | Node | null;
  readonly condition: Node | null;
  readonly vector: number;
  readonly routine: string;
  readonly args: readonly Node[];
}

/** Which accesses get a check statement. */
export interface Checks {
  readonly loads: boolean;
  readonly stores: boolean;
  readonly alignment: boolean;
  /** A check may stand for those of later instructions: who fails it executes its instruction exactly. */
  readonly near: boolean;
  /** Code that also runs while MXCSR is unusual: the interpreter. */
  readonly float: boolean;
}

const pair = (name: string): readonly [Op, Op] => [opOf(`i32.${name}`), opOf(`i64.${name}`)];
const O = {
  add: pair('add'), sub: pair('sub'), mul: pair('mul'), and: pair('and'), or: pair('or'), xor: pair('xor'), shl: pair('shl'), shru: pair('shr_u'), shrs: pair('shr_s'), rotl: pair('rotl'), rotr: pair('rotr'),
  eq: pair('eq'), ne: pair('ne'), ltu: pair('lt_u'), lts: pair('lt_s'), eqz: pair('eqz'),
};
const SEXT = { 1: opOf('i32.extend8_s'), 2: opOf('i32.extend16_s') };
const SEXT64 = { 1: opOf('i64.extend8_s'), 2: opOf('i64.extend16_s') };
const EXTEND_S = opOf('i64.extend_i32_s');
const typeOfSize: Record<Size, Type> = { 0: 'i32', 1: 'i32', 2: 'i32', 4: 'i32', 8: 'i64', 10: 'i64', 16: 'v128' };
const isOperand = (x: Operand | Value): x is Operand => !(x instanceof Node);
const N = (value: Value): Node => value as Node;

interface PendingSet { readonly operand: Operand; readonly size: Size; readonly value: Node }

export class GraphBuilder implements Builder {
  statements: Statement[] = [];
  ender: Ender | null = null;
  readonly file: RegisterFile;
  readonly checks: Checks;
  readonly #near: NearChecks | undefined;
  readonly #sets: PendingSet[] = [];
  #flags: FlagState | null = null;
  #addressOperand: Operand | null = null;
  #address: Node | null = null;

  /** `checked`: what is known of the registers when the block begins. */
  constructor(file: RegisterFile, checks: Checks, checked: CheckedRegisters = nothingChecked) {
    this.file = file;
    this.checks = checks;
    this.#near = checks.near ? new NearChecks(checks.loads, checked) : undefined;
  }

  /** What is known of the registers when the block has ended. */
  checkedAfter(valueOf: (register: number) => Node | null): CheckedRegisters { return this.#near?.after(valueOf) ?? nothingChecked; }

  /** Ends an instruction: its sets take effect. */
  commit(): void {
    for (const { operand, size, value } of this.#sets) {
      if (operand.kind === 'gpr') this.file.writeGpr(operand, size as IntSize, value.type === 'i32' ? truncate(size as IntSize, value) : value);
      else this.#writeXmm(operand, size, value);
    }
    this.#sets.length = 0;
    if (this.#flags !== null) this.file.writeFlags(this.#flags);
    this.#flags = null;
    this.#addressOperand = null;
  }

  // ---- constants
  i32(value: number): Node { return i32(value); }
  i64(value: bigint | number): Node { return typeof value === 'number' ? i64small(value) : i64of(value); }
  v128(low: bigint, high: bigint): Node { return v128(low, high); }
  int(size: IntSize, value: number | bigint): Node { return size === 8 ? this.i64(value) : truncate(size, i32(Number(BigInt.asIntN(32, BigInt(value))))); }
  known(value: Value): number | undefined { return value.type === 'i32' && isConstant(N(value)) ? N(value).low : undefined; }
  op(name: OpName, ...args: (Value | number)[]): Node { return operation(name, args as (Node | number)[]); }

  // ---- arithmetic
  #two(ops: readonly [Op, Op], x: Value, y: Value): Node {
    assert(x.type === y.type && (x.type === 'i32' || x.type === 'i64'), `${ops[0].name.slice(4)} of ${x.type} and ${y.type}`);
    return binary(ops[x.type === 'i64' ? 1 : 0], N(x), N(y));
  }
  #shift(ops: readonly [Op, Op], x: Value, count: Value): Node {
    const wide = x.type === 'i64';
    const n = wide === (count.type === 'i64') ? N(count) : wide ? extendU(N(count)) : wrap(N(count));
    return binary(ops[wide ? 1 : 0], N(x), n);
  }
  add(x: Value, y: Value): Node { return this.#two(O.add, x, y); }
  sub(x: Value, y: Value): Node { return this.#two(O.sub, x, y); }
  mul(x: Value, y: Value): Node { return this.#two(O.mul, x, y); }
  and(x: Value, y: Value): Node { return this.#two(O.and, x, y); }
  or(x: Value, y: Value): Node { return this.#two(O.or, x, y); }
  xor(x: Value, y: Value): Node { return this.#two(O.xor, x, y); }
  not(x: Value): Node { return this.#two(O.xor, x, x.type === 'i64' ? i64(-1, -1) : i32(-1)); }
  neg(x: Value): Node { return this.#two(O.sub, x.type === 'i64' ? i64(0, 0) : i32(0), x); }
  shl(x: Value, count: Value): Node { return this.#shift(O.shl, x, count); }
  shru(x: Value, count: Value): Node { return this.#shift(O.shru, x, count); }
  shrs(x: Value, count: Value): Node { return this.#shift(O.shrs, x, count); }
  rotl(x: Value, count: Value): Node { return this.#shift(O.rotl, x, count); }
  rotr(x: Value, count: Value): Node { return this.#shift(O.rotr, x, count); }
  eq(x: Value, y: Value): Node { return this.#two(O.eq, x, y); }
  ne(x: Value, y: Value): Node { return this.#two(O.ne, x, y); }
  ltu(x: Value, y: Value): Node { return this.#two(O.ltu, x, y); }
  lts(x: Value, y: Value): Node { return this.#two(O.lts, x, y); }
  eqz(x: Value): Node { return unary(O.eqz[x.type === 'i64' ? 1 : 0], N(x)); }
  select(condition: Value, whenTrue: Value, whenFalse: Value): Node {
    assert(whenTrue.type === whenFalse.type && condition.type === 'i32', `select ${condition.type} ${whenTrue.type} ${whenFalse.type}`);
    return select(N(condition), N(whenTrue), N(whenFalse));
  }
  trunc(size: IntSize, x: Value): Node { return truncate(size, N(x)); }
  zext(x: Value, from: IntSize, to: IntSize): Node {
    if (from === 8) return to === 8 ? N(x) : truncate(to, wrap(N(x)));
    return to === 8 ? extendU(N(x)) : truncate(to, N(x));
  }
  sext(x: Value, from: IntSize, to: IntSize): Node {
    if (from >= to) return this.zext(x, from, to);
    if (to === 8) return from === 4 ? unary(EXTEND_S, N(x)) : unary(SEXT64[from as 1 | 2], extendU(N(x)));
    return truncate(to, unary(SEXT[from as 1 | 2], N(x)));
  }
  sign(size: IntSize, x: Value): Node { return signBit(size, N(x)); }

  // ---- operands
  get(operand: Operand): Node { return this.getAs(operand, operand.size); }
  set(operand: Operand, value: Value): void { this.setAs(operand, value.type === 'v128' ? 16 : operand.size, value); }

  getAs(operand: Operand, size: Size): Node {
    switch (operand.kind) {
      case 'gpr': return this.file.readGpr(operand, size as IntSize);
      case 'xmm': return this.#lowLane(this.file.readXmm(operand), size);
      case 'mem': return this.load(size, this.addr(operand));
      case 'mm': return this.zext(this.#load('i64', 8, 64, this.file.mmAddress(operand), 0, true), 8, size as IntSize);
      default: return this.file.constant(operand);
    }
  }

  #lowLane(x: Node, size: Size): Node {
    switch (size) {
      case 16: return x;
      case 8: return operation('i64x2.extract_lane', [x, 0]);
      case 4: return operation('i32x4.extract_lane', [x, 0]);
      case 2: return operation('i16x8.extract_lane_u', [x, 0]);
      default: return operation('i8x16.extract_lane_u', [x, 0]);
    }
  }

  setAs(operand: Operand, size: Size, value: Value): void {
    if (operand.kind === 'mem') this.store(size, this.addr(operand), value);
    else if (operand.kind === 'mm') this.#setMm(operand, N(value));
    else {
      assert(operand.kind === 'gpr' || operand.kind === 'xmm', `cannot set an operand of kind ${operand.kind}`);
      assert(value.type === typeOfSize[size], `set of ${size} bytes with ${value.type}`);
      this.#sets.push({ operand, size, value: N(value) });
    }
  }

  /** Low lanes keep the rest of the register. */
  #writeXmm(operand: Operand, size: Size, value: Node): void {
    const lanes = { 16: '', 10: '', 0: '', 8: 'i64x2', 4: 'i32x4', 2: 'i16x8', 1: 'i8x16' }[size];
    this.file.writeXmm(operand, lanes === '' ? value : operation(`${lanes}.replace_lane`, [this.file.readXmm(operand), value, 0]));
  }

  /** An mmx register is the mantissa of an x87 register whose sign and exponent become ones. */
  #setMm(operand: Operand, value: Node): void {
    const address = this.file.mmAddress(operand);
    this.#storeState(address, 0, 8, value);
    this.#storeState(address, 8, 2, i32(0xffff));
  }

  addr(operand: Operand): Node {
    if (this.#addressOperand !== operand || this.#address === null) {
      this.#address = this.file.address(operand);
      this.#addressOperand = operand;
    }
    return this.#address;
  }
  ea(operand: Operand): Node { return this.file.effective(operand); }
  gpr(n: number, size: IntSize): Operand { return this.file.fixedGpr(n, size); }
  xmm(n: number): Operand { return this.file.fixedXmm(n); }
  get opSize(): 2 | 4 | 8 { return this.file.opSize; }
  get addressSize(): 4 | 8 { return this.file.addressSize; }
  get pc(): Node { return this.file.pc(); }
  get nextPc(): Node { return this.file.nextPc(); }

  /** A statement that gives a slot's local its value. */
  setSlot(slot: number, value: Node): Statement { return this.#push(Do.setSlot, null, 0, 0, slot, value); }
  /** A statement that puts the flags into their locals. */
  setFlags(flags: FlagState): Statement { return this.#push(Do.setFlags, null, 0, 0, 0, null, flags); }

  // ---- memory
  #push(what: number, address: Node | null, offset: number, size: Size, detail: number, value: Node | null, flags: FlagState | null = null): Statement {
    const statement: Statement = { do: what, pc: this.file.pcNumber, address, offset, size, detail, value, flags, routine: null, changed: this.file.changed, flagsVersion: this.file.flagsVersion, instruction: this.file.instruction, lowest: 0, highest: 0, group: 0, live: true };
    this.statements.push(statement);
    return statement;
  }

  #load(type: Type, size: Size, bits: number, address: Node, offset: number, ofState: boolean): Node {
    const node = pinned(type, bits);
    node.statement = this.#push(Do.load, address, offset, size, ofState ? 1 : 0, node);
    return node;
  }

  /** Splits a constant off an address that is small enough never to make a valid address out of an invalid one: bases near 2^32 and sums below 64 KiB are both never mapped. */
  static splitAddress(address: Node): Address {
    const offset = address.op === O.add[0] && isConstant(address.b!) ? address.b!.low : 0;
    return offset > 0 && offset < 0xff00 ? { node: address.a!, offset } : { node: address, offset: 0 };
  }

  load(size: Size, address: Value): Node {
    assert(address.type === 'i32' && size !== 0 && size !== 10, `load of ${size} bytes at an ${address.type}`);
    const { node, offset } = GraphBuilder.splitAddress(N(address));
    if (this.checks.loads) this.#check(node, offset, size, 1);
    return this.#load(typeOfSize[size], size, size * 8, node, offset, false);
  }

  store(size: Size, address: Value, value: Value): void {
    assert(address.type === 'i32' && value.type === typeOfSize[size] && size !== 0 && size !== 10, `store of ${value.type} as ${size} bytes at an ${address.type}`);
    const { node, offset } = GraphBuilder.splitAddress(N(address));
    if (this.checks.stores) this.#check(node, offset, size, 2);
    this.#push(Do.store, node, offset, size, 0, N(value));
  }

  #check(address: Node, offset: number, size: Size, access: number): void {
    const make = (): Statement => {
      this.file.beforeExit();
      return this.#push(Do.check, address, offset, size, access, null);
    };
    if (this.#near === undefined) make();
    else this.#near.take(address, offset, size, access, make);
  }

  align(address: Value, alignment: 8 | 16): void {
    if (this.checks.alignment) this.trapIf(binary(O.and[0], N(address), i32(alignment - 1)), 13);
  }

  loadState(type: Type, offset: number): Node {
    const size = type === 'v128' ? 16 : type === 'i64' || type === 'f64' ? 8 : 4;
    return this.#load(type, size, type === 'i32' ? 32 : 64, i32(STATE_BASE), offset, true);
  }
  storeState(offset: number, value: Value): void { this.#storeState(i32(STATE_BASE), offset, value.type === 'v128' ? 16 : value.type === 'i64' ? 8 : 4, N(value)); }
  #storeState(address: Node, offset: number, size: Size, value: Node): void { this.#push(Do.store, address, offset, size, 1, value); }

  unusualFloat(): Node {
    if (!this.checks.float) return i32(0);
    return binary(O.ne[0], binary(O.and[0], this.loadState('i32', state.mxcsr), i32(MXCSR_CONTROLS)), i32(MXCSR_DEFAULT));
  }

  // ---- flags
  flags(base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void { this.#flags = FlagState.of(base, size, N(a), b === undefined ? this.int(size, 0) : N(b)); }
  flagsIf(condition: Value, base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void {
    const before = this.#flags ?? this.file.readFlags();
    this.flags(base, size, a, b);
    this.#flags = FlagState.choice(N(condition), this.#flags!, before);
  }
  setFlagIf(condition: Value, flag: FlagName, value: Value): void {
    const before = (this.#flags ?? this.file.readFlags()).flag(flag);
    this.setFlag(flag, select(N(condition), N(value), before));
  }
  setFlagsWord(word: Value): void { this.#flags = FlagState.word(N(word)); }
  setFlag(flag: FlagName, value: Value): void { this.#flags = (this.#flags ?? this.file.readFlags()).replace(flag, N(value)); }
  flagsWord(): Node { return this.file.readFlags().word(); }
  flag(flag: FlagName): Node { return this.file.readFlags().flag(flag); }
  condition(cc: number): Node { return this.file.readFlags().condition(cc); }

  // ---- leaving
  trapIf(condition: Value, vector: number): void {
    if (isConstant(N(condition)) && N(condition).low === 0) return;
    this.file.beforeExit();
    this.#push(Do.leaveIf, null, 0, 0, vector, N(condition));
  }

  routineIf(condition: Value, name: string, ...args: Value[]): void {
    if (isConstant(N(condition)) && N(condition).low === 0) return;
    this.file.beforeExit();
    this.#push(Do.leaveIf, null, 0, 0, -1, N(condition)).routine = { name, args: args as Node[] };
  }

  #end(kind: Ender['kind'], target: Operand | Value | null, condition: Value | null = null, vector = 0, routine = '', args: readonly Value[] = []): void {
    assert(this.ender === null, 'a meaning leaves twice');
    this.ender = { kind, target: target === null || isOperand(target) ? target : N(target), condition: condition as Node | null, vector, routine, args: args as readonly Node[] };
  }
  trap(vector: number): void { this.#end('trap', null, null, vector); }
  jump(target: Operand | Value): void { this.#end('jump', target); }
  branch(condition: Value, target: Operand): void { this.#end('branch', target, condition); }
  call(target: Operand | Value): void { this.#end('call', target); }
  ret(address: Value): void { this.#end('ret', address); }
  syscall(): void { this.#end('syscall', null); }
  routine(name: string, ...args: Value[]): void { this.#end('routine', null, null, 0, name, args); }
}

/** The state block's address of an mmx register. */
export const mmOffset = (n: number): number => state.st + 16 * n;
export { bigOf, Kind };
