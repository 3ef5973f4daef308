// Runs one instruction by evaluating its row's meaning with plain values: neither interpreter nor translator has a part in it, so what differs from the CPU here is the row.
import { compile } from '../../src/translate/wasm/compile.ts';
import { Access, CpuState, Exit, flagsOf, GuestMemory, MXCSR_CONTROLS, MXCSR_DEFAULT, type Space, STATE_BASE, state } from '../../src/guest/index.ts';
import type { Builder, FlagName, IntSize, Operand, Size, Type } from '../../src/translate/ir/builder.ts';
import { opOf } from '../../src/translate/ir/ops.ts';
import { Outcome, routineId, routines } from '../../src/translate/ir/routines.ts';
import { Code, loads, ModuleBuilder, stores } from '../../src/translate/wasm/index.ts';
import { decode, type DecodedOperand, type Insn, type MemOperand } from '../../src/translate/x86/index.ts';

/** A number by its bits. */
class Value {
  readonly type: Type;
  readonly bits: bigint;
  constructor(type: Type, bits: bigint) { this.type = type; this.bits = BigInt.asUintN(WIDTH[type], bits); }
  get number(): number { return Number(BigInt.asIntN(32, this.bits)); }
}
const WIDTH: Record<Type, number> = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128 };
const TYPE_OF_SIZE: Record<Size, Type> = { 0: 'i32', 1: 'i32', 2: 'i32', 4: 'i32', 8: 'i64', 10: 'i64', 16: 'v128' };

const scratch = new WebAssembly.Memory({ initial: 1, maximum: 1 });
const scratchView = new DataView(scratch.buffer);
const compiled = new Map<string, () => void>();

/** A WebAssembly operation as a function from scratch memory to scratch memory. */
function compileOp(name: string, immediates: readonly number[]): () => void {
  const key = `${name} ${immediates.join()}`;
  const known = compiled.get(key);
  if (known) return known;
  const op = opOf(name);
  const module = new ModuleBuilder();
  module.importMemory('e', 'm', 1, 1);
  const code = new Code();
  code.i32(0);
  for (const [i, type] of op.params.entries()) { code.i32(0); code.memory(loads[`${type}.load`], 16 * i + 64); }
  code.op(op.code);
  for (const n of immediates) code.u8(n);
  code.memory(stores[`${op.result}.store`], 0);
  const index = module.function(module.type([], []));
  module.body(index, code);
  module.export('f', 'func', index);
  const instance = new WebAssembly.Instance(compile(module.finish()), { e: { m: scratch } });
  const run = instance.exports['f'] as () => void;
  compiled.set(key, run);
  return run;
}

const MASK64 = (1n << 64n) - 1n;
const signed = (x: bigint): bigint => BigInt.asIntN(64, x);
const crc32 = (crc: bigint, data: bigint, bytes: number): bigint => {
  for (let i = 0; i < bytes; i++) {
    crc ^= data >> BigInt(8 * i) & 0xffn;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? crc >> 1n ^ 0x82f6_3b78n : crc >> 1n;
  }
  return crc;
};
const helpers: Record<string, (...args: bigint[]) => bigint> = {
  'helper.mulhu': (a, b) => a! * b! >> 64n,
  'helper.mulhs': (a, b) => signed(a!) * signed(b!) >> 64n,
  'helper.crc32b': (crc, data) => crc32(crc!, data!, 1),
  'helper.crc32q': (crc, data) => crc32(crc!, data!, 8),
  'helper.flags': (kind, a, b) => BigInt(flagsOf(Number(kind), a!, b!)),
};

function evaluateOp(name: string, args: readonly (Value | number)[]): Value {
  const op = opOf(name);
  const values = args.filter((a): a is Value => a instanceof Value);
  if (values.map((v) => v.type).join() !== op.params.join()) throw new Error(`${name} of ${values.map((v) => v.type).join()}`);
  if (op.helper) {
    const helper = helpers[name];
    if (!helper) throw new Error(`no helper ${name}`);
    return new Value(op.result, helper(...values.map((v) => v.bits)));
  }
  for (const [i, v] of values.entries()) {
    scratchView.setBigUint64(64 + 16 * i, v.bits & MASK64, true);
    scratchView.setBigUint64(72 + 16 * i, v.bits >> 64n, true);
  }
  compileOp(name, args.filter((a): a is number => typeof a === 'number'))();
  const low = scratchView.getBigUint64(0, true);
  return new Value(op.result, WIDTH[op.result] <= 32 ? low & 0xffff_ffffn : op.result === 'v128' ? low | scratchView.getBigUint64(8, true) << 64n : low);
}

/** Thrown to end an instruction early; undoes its stores. */
class Leave { readonly exit: number; readonly vector: number; constructor(exit: number, vector = 0) { this.exit = exit; this.vector = vector; } }
class Routine { readonly name: string; readonly args: number[]; constructor(name: string, args: number[]) { this.name = name; this.args = args; } }

const FLAG_BIT: Record<FlagName, number> = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 };

/** How an evaluated instruction ended: Exit.trap or Exit.fault, or 0 for going on at `pc`. */
export interface Evaluated { exit: number; vector: number; pc: number }

class Evaluator {
  readonly #space: Space;
  readonly #insn: Insn;
  readonly #memory: GuestMemory;
  readonly #cpu: CpuState;
  readonly #sets: (() => void)[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #before: number;
  #flags: number;
  #next: number;
  #pcSet = false;

  constructor(space: Space, insn: Insn) {
    this.#space = space;
    this.#insn = insn;
    this.#memory = space.memory;
    this.#cpu = space.state;
    this.#before = this.#cpu.rflags & 0x8d5;
    this.#flags = this.#before;
    this.#next = insn.pc + insn.length;
  }

  run(): Evaluated {
    try {
      this.#insn.row.meaning(this as unknown as Builder, ...this.#insn.operands);
      this.#commit();
      return { exit: 0, vector: 0, pc: this.#next };
    } catch (e) {
      if (e instanceof Routine) return this.#runRoutine(e);
      for (const undo of this.#undo.reverse()) undo();
      if (!(e instanceof Leave)) throw e;
      return { exit: e.exit, vector: e.vector, pc: this.#insn.pc };
    }
  }

  #commit(): void {
    for (const set of this.#sets) set();
    if (this.#flags !== this.#before) { this.#cpu.setU32(state.flagsKind, 0); this.#cpu.setU64(state.flagsA, BigInt(this.#flags)); }
  }

  #runRoutine(r: Routine): Evaluated {
    this.#commit();
    this.#cpu.pc = this.#insn.pc;
    for (;;) {
      const outcome = routines[routineId(r.name)]!(this.#space, r.args[0] ?? 0, r.args[1] ?? 0, r.args[2] ?? 0, r.args[3] ?? 0);
      if (outcome === Outcome.next || outcome === Outcome.restart) return { exit: 0, vector: 0, pc: this.#next };
      if (outcome === Outcome.leave) return { exit: this.#cpu.u32(state.exit), vector: this.#cpu.u32(state.trapVector), pc: this.#insn.pc };
      const again = new Evaluator(this.#space, this.#insn).run();
      return again;
    }
  }

  // ---- constants and arithmetic
  i32(n: number): Value { return new Value('i32', BigInt(n)); }
  i64(n: bigint | number): Value { return new Value('i64', BigInt(n)); }
  v128(low: bigint, high: bigint): Value { return new Value('v128', BigInt.asUintN(64, low) | BigInt.asUintN(64, high) << 64n); }
  int(size: IntSize, n: number | bigint): Value { return size === 8 ? this.i64(BigInt(n)) : new Value('i32', BigInt.asUintN(8 * size, BigInt(n))); }
  known(v: Value): number | undefined { return v.number; }
  op(name: string, ...args: (Value | number)[]): Value { return evaluateOp(name, args); }
  #same(name: string, x: Value, y: Value): Value { return evaluateOp(`${x.type}.${name}`, [x, y]); }
  #shift(name: string, x: Value, count: Value): Value { return evaluateOp(`${x.type}.${name}`, [x, new Value(x.type, count.bits)]); }
  add(x: Value, y: Value): Value { return this.#same('add', x, y); }
  sub(x: Value, y: Value): Value { return this.#same('sub', x, y); }
  mul(x: Value, y: Value): Value { return this.#same('mul', x, y); }
  and(x: Value, y: Value): Value { return this.#same('and', x, y); }
  or(x: Value, y: Value): Value { return this.#same('or', x, y); }
  xor(x: Value, y: Value): Value { return this.#same('xor', x, y); }
  not(x: Value): Value { return new Value(x.type, ~x.bits); }
  neg(x: Value): Value { return new Value(x.type, -x.bits); }
  shl(x: Value, n: Value): Value { return this.#shift('shl', x, n); }
  shru(x: Value, n: Value): Value { return this.#shift('shr_u', x, n); }
  shrs(x: Value, n: Value): Value { return this.#shift('shr_s', x, n); }
  rotl(x: Value, n: Value): Value { return this.#shift('rotl', x, n); }
  rotr(x: Value, n: Value): Value { return this.#shift('rotr', x, n); }
  eq(x: Value, y: Value): Value { return this.#same('eq', x, y); }
  ne(x: Value, y: Value): Value { return this.#same('ne', x, y); }
  ltu(x: Value, y: Value): Value { return this.#same('lt_u', x, y); }
  lts(x: Value, y: Value): Value { return this.#same('lt_s', x, y); }
  eqz(x: Value): Value { return this.i32(x.bits === 0n ? 1 : 0); }
  select(c: Value, x: Value, y: Value): Value { if (x.type !== y.type || c.type !== 'i32') throw new Error('select types'); return c.bits !== 0n ? x : y; }
  trunc(size: IntSize, x: Value): Value { return size >= 4 ? x : new Value('i32', BigInt.asUintN(8 * size, x.bits)); }
  zext(x: Value, from: IntSize, to: IntSize): Value { return this.int(to, BigInt.asUintN(8 * from, x.bits)); }
  sext(x: Value, from: IntSize, to: IntSize): Value { return this.int(to, BigInt.asIntN(8 * from, x.bits)); }
  sign(size: IntSize, x: Value): Value { return this.i32(Number(x.bits >> BigInt(8 * size - 1) & 1n)); }

  // ---- operands
  get(o: Operand): Value { return this.getAs(o, o.size); }
  getAs(o: Operand, size: Size): Value {
    const operand = o as DecodedOperand;
    switch (operand.kind) {
      case 'gpr': return this.int(size as IntSize, operand.high ? this.#cpu.gpr(operand.n) >> 8n : this.#cpu.gpr(operand.n));
      case 'xmm': return this.#cast(this.#xmm(operand.n), size);
      case 'mm': return this.#cast(this.#cpu.u64(state.st + 16 * operand.n), size);
      case 'mem': return this.load(size, this.addr(o));
      case 'imm': return this.int(operand.size, operand.value);
      case 'seg': return this.i32(operand.n);
      default: return this.i64(operand.address);
    }
  }
  #xmm(n: number): bigint { return this.#cpu.u64(state.xmm + 16 * n) | this.#cpu.u64(state.xmm + 16 * n + 8) << 64n; }
  #cast(bits: bigint, size: Size): Value { return new Value(TYPE_OF_SIZE[size], BigInt.asUintN(8 * size, bits)); }
  set(o: Operand, v: Value): void { this.setAs(o, v.type === 'v128' ? 16 : o.size, v); }
  setAs(o: Operand, size: Size, v: Value): void {
    const operand = o as DecodedOperand;
    if (v.type !== TYPE_OF_SIZE[size]) throw new Error(`set ${size} bytes with ${v.type}`);
    switch (operand.kind) {
      case 'gpr': this.#sets.push(() => this.#writeGpr(operand.n, operand.high, size, v.bits)); break;
      case 'xmm': this.#sets.push(() => this.#writeXmm(operand.n, size, v.bits)); break;
      case 'mm': this.#sets.push(() => { this.#cpu.setU64(state.st + 16 * operand.n, v.bits); this.#memory.view.setUint16(STATE_BASE + state.st + 16 * operand.n + 8, 0xffff, true); }); break;
      case 'mem': this.store(size, this.addr(o), v); break;
      default: throw new Error(`set of ${operand.kind}`);
    }
  }
  #writeGpr(n: number, high: boolean, size: Size, bits: bigint): void {
    const old = this.#cpu.gpr(n);
    const shift = high ? 8n : 0n;
    const mask = (1n << BigInt(8 * size)) - 1n;
    this.#cpu.setGpr(n, size >= 4 ? bits & mask : (old & ~(mask << shift)) | (bits & mask) << shift);
  }
  #writeXmm(n: number, size: Size, bits: bigint): void {
    const mask = (1n << BigInt(8 * size)) - 1n;
    const all = (this.#xmm(n) & ~mask) | (bits & mask);
    this.#cpu.setU64(state.xmm + 16 * n, all & MASK64);
    this.#cpu.setU64(state.xmm + 16 * n + 8, all >> 64n);
  }
  ea(o: Operand): Value {
    const m = o as unknown as MemOperand;
    const sum = (m.base >= 0 ? this.#cpu.gpr(m.base) : 0n) + (m.index >= 0 ? this.#cpu.gpr(m.index) * BigInt(m.scale) : 0n) + BigInt(m.disp);
    return this.i64(m.addressSize === 4 ? BigInt.asUintN(32, sum) : sum);
  }
  addr(o: Operand): Value {
    const { segment } = o as unknown as MemOperand;
    const base = segment === 'gs' ? this.#cpu.u64(state.gsBase) : segment === 'fs' ? this.#cpu.u64(state.fsBase) : 0n;
    return new Value('i32', this.ea(o).bits + base);
  }
  gpr(n: number, size: IntSize): Operand { return { kind: 'gpr', size, n, high: false } as Operand; }
  xmm(n: number): Operand { return { kind: 'xmm', size: 16, n } as Operand; }
  get opSize(): number { return this.#insn.opSize; }
  get addressSize(): number { return this.#insn.addressSize; }
  get pc(): Value { return this.i64(this.#insn.pc); }
  get nextPc(): Value { return this.i64(this.#insn.pc + this.#insn.length); }

  // ---- memory
  #bytes(address: Value, size: number, access: 1 | 2): number {
    const at = Number(address.bits);
    if (!this.#memory.allows(at, size, access)) throw new Leave(Exit.fault);
    return at;
  }
  load(size: Size, address: Value): Value {
    const at = this.#bytes(address, size, Access.read);
    let bits = 0n;
    for (let i = size - 1; i >= 0; i--) bits = bits << 8n | BigInt(this.#memory.bytes[at + i]!);
    return new Value(TYPE_OF_SIZE[size], bits);
  }
  store(size: Size, address: Value, v: Value): void {
    if (v.type !== TYPE_OF_SIZE[size]) throw new Error(`store ${size} bytes of ${v.type}`);
    const at = this.#bytes(address, size, Access.write);
    const old = this.#memory.bytes.slice(at, at + size);
    this.#undo.push(() => this.#memory.bytes.set(old, at));
    for (let i = 0; i < size; i++) this.#memory.bytes[at + i] = Number(v.bits >> BigInt(8 * i) & 0xffn);
  }
  align(address: Value, alignment: number): void { if (Number(address.bits) % alignment !== 0) throw new Leave(Exit.trap, 13); }
  loadState(type: Type, offset: number): Value {
    const low = this.#cpu.u64(offset);
    return new Value(type, type === 'v128' ? low | this.#cpu.u64(offset + 8) << 64n : low);
  }
  storeState(offset: number, v: Value): void {
    const width = WIDTH[v.type] / 8;
    const at = STATE_BASE + offset;
    const old = this.#memory.bytes.slice(at, at + width);
    this.#undo.push(() => this.#memory.bytes.set(old, at));
    for (let i = 0; i < width; i++) this.#memory.bytes[at + i] = Number(v.bits >> BigInt(8 * i) & 0xffn);
  }

  unusualFloat(): Value { return this.i32((this.#cpu.u32(state.mxcsr) & MXCSR_CONTROLS) === MXCSR_DEFAULT ? 0 : 1); }

  // ---- flags
  flags(base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void {
    const kind = { sub: 1, add: 2, logic: 3, res: 4 }[base] * 4 + Math.log2(size);
    this.#flags = flagsOf(kind, a.bits, b?.bits ?? 0n);
  }
  flagsIf(c: Value, base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void { if (c.bits !== 0n) this.flags(base, size, a, b); }
  setFlagsWord(word: Value): void { this.#flags = word.number & 0x8d5; }
  setFlag(flag: FlagName, v: Value): void { const bit = 1 << FLAG_BIT[flag]; this.#flags = (this.#flags & ~bit) | (v.bits !== 0n ? bit : 0); }
  setFlagIf(c: Value, flag: FlagName, v: Value): void { if (c.bits !== 0n) this.setFlag(flag, v); }
  flagsWord(): Value { return this.i32(this.#before); }
  flag(flag: FlagName): Value { return this.i32(this.#before >> FLAG_BIT[flag] & 1); }
  condition(cc: number): Value {
    const f = (flag: FlagName) => (this.#before >> FLAG_BIT[flag] & 1) === 1;
    const less = f('SF') !== f('OF');
    const holds = [f('OF'), f('CF'), f('ZF'), f('CF') || f('ZF'), f('SF'), f('PF'), less, f('ZF') || less][cc >> 1]!;
    return this.i32(holds !== ((cc & 1) === 1) ? 1 : 0);
  }

  // ---- leaving
  trapIf(c: Value, vector: number): void { if (c.bits !== 0n) throw new Leave(Exit.trap, vector); }
  trap(vector: number): void { throw new Leave(Exit.trap, vector); }
  #go(target: Operand | Value): void {
    if (this.#pcSet) throw new Error('a meaning leaves twice');
    this.#pcSet = true;
    this.#next = target instanceof Value ? Number(BigInt.asUintN(32, target.bits)) : (target as unknown as { address: number }).address;
  }
  jump(target: Operand | Value): void { this.#go(target); }
  branch(c: Value, target: Operand): void { if (c.bits !== 0n) this.#go(target); }
  call(target: Operand | Value): void { this.#go(target); }
  ret(address: Value): void { this.#go(address); }
  syscall(): void { throw new Leave(Exit.syscall); }
  routine(name: string, ...args: Value[]): void { throw new Routine(name, args.map((v) => { if (v.type !== 'i32') throw new Error(`routine ${name} gets ${v.type}`); return v.number; })); }
  routineIf(c: Value, name: string, ...args: Value[]): void { if (c.bits !== 0n) this.routine(name, ...args); }
}

/** Executes the instruction at state.pc in `space` (of which only memory and state are used). Traps and faults leave everything unchanged. */
export function evaluate(space: Space, pc: number): Evaluated {
  const { memory } = space;
  const insn = decode(memory.bytes, pc, pc + 16, pc);
  if (!insn.row) return { exit: Exit.trap, vector: 6, pc };
  return new Evaluator(space, insn).run();
}
