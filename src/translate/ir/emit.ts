// Emission of a block: statements in order, expressions as trees at their first use, what is used again in locals.
// HOT: every translated instruction passes through it.
import { assert } from '../../base/index.ts';
import { Code, loads, stores } from '../wasm/index.ts';
import { Do, Slot, type Statement } from './block.ts';
import type { Size, Type } from './builder.ts';
import { Kind, Node } from './node.ts';
import { opOf, type Op } from './ops.ts';

/** What the owner of a function provides. */
export interface Frame {
  readonly code: Code;
  /** The local of a register slot. */
  home(slot: number): number;
  /** The function index of a helper. */
  helper(name: string): number;
  /** Emits a Do.check or Do.leaveIf. Nodes must not be emitted first inside a nested structure: hold them first. */
  leave(emitter: Emitter, statement: Statement): void;
}

const loadOf: Record<Size, readonly number[]> = { 0: [], 1: loads['i32.load8_u'], 2: loads['i32.load16_u'], 4: loads['i32.load'], 8: loads['i64.load'], 10: [], 16: loads['v128.load'] };
const storeOf: Record<Size, readonly number[]> = { 0: [], 1: stores['i32.store8'], 2: stores['i32.store16'], 4: stores['i32.store'], 8: stores['i64.store'], 10: [], 16: stores['v128.store'] };

/** A load and an operation on it that are one instruction. */
const fusedLoads = new Map<Op, Partial<Record<Size, readonly number[]>>>([
  [opOf('f64.reinterpret_i64'), { 8: loads['f64.load'] }],
  [opOf('f32.reinterpret_i32'), { 4: loads['f32.load'] }],
  [opOf('i64.extend_i32_u'), { 1: loads['i64.load8_u'], 2: loads['i64.load16_u'], 4: loads['i64.load32_u'] }],
  [opOf('i64.extend_i32_s'), { 1: loads['i64.load8_u'], 2: loads['i64.load16_u'], 4: loads['i64.load32_s'] }],
  [opOf('i32.extend8_s'), { 1: loads['i32.load8_s'] }],
  [opOf('i32.extend16_s'), { 2: loads['i32.load16_s'] }],
]);
/** A load put into lane 0 of zeros. */
const zeroingLoads = new Map<Op, Partial<Record<Size, readonly number[]>>>([
  [opOf('i64x2.replace_lane'), { 8: loads['v128.load64_zero'] }],
  [opOf('i32x4.replace_lane'), { 4: loads['v128.load32_zero'] }],
]);

/** An operation whose result is only stored, and the store that takes its operand; lane numbers follow. */
const fusedStores = new Map<Op, Partial<Record<Size, readonly number[]>>>([
  [opOf('i64.reinterpret_f64'), { 8: stores['f64.store'] }],
  [opOf('i32.reinterpret_f32'), { 4: stores['f32.store'] }],
  [opOf('i64x2.extract_lane'), { 8: stores['v128.store64_lane'] }],
  [opOf('i32x4.extract_lane'), { 4: stores['v128.store32_lane'] }],
]);

/** The same for a number that is loaded as its bits. */
const zeroingFloatLoads = new Map<Op, { cast: Op; size: Size; code: readonly number[] }>([
  [opOf('f64x2.replace_lane'), { cast: opOf('f64.reinterpret_i64'), size: 8, code: loads['v128.load64_zero'] }],
  [opOf('f32x4.replace_lane'), { cast: opOf('f32.reinterpret_i32'), size: 4, code: loads['v128.load32_zero'] }],
]);

const isZeroVector = (node: Node): boolean => node.kind === Kind.constant && node.wide !== null && node.wide[0] === 0 && node.wide[1] === 0 && node.wide[2] === 0 && node.wide[3] === 0;

/** Counts uses of everything that the live statements and `roots` need; to be called once before emission. Loads whose value nobody needs die. `routines`: whether arguments of conditional routines are emitted. */
export function countUses(statements: readonly Statement[], roots: readonly Node[], routines = true): void {
  for (const root of roots) count(root);
  for (let i = statements.length - 1; i >= 0; i--) {
    const s = statements[i]!;
    if (!s.live) continue;
    if (s.do === Do.load) {
      if (s.value!.uses > 0) count(s.address!);
      continue;
    }
    if (s.address !== null) count(s.address);
    if (s.value !== null) count(s.value);
    if (s.routine !== null && routines) for (const arg of s.routine.args) count(arg);
    if (s.flags !== null) {
      const stored = s.flags.stored();
      count(stored.kind);
      count(stored.a);
      count(stored.b);
    }
  }
}

function count(node: Node): void {
  if (node.kind === Kind.constant || ++node.uses > 1) return;
  if (node.a !== null) count(node.a);
  if (node.b !== null) count(node.b);
  if (node.c !== null) count(node.c);
}

export class Emitter {
  readonly code: Code;
  readonly #frame: Frame;
  /** Locals free for reuse, by type. */
  readonly #free: Record<Type, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  /** Which locals came from here. */
  readonly #temporary = new Set<number>();
  /** The node whose value a slot's local holds, when somebody may still ask for it. */
  readonly #inHome: (Node | null)[] = new Array<Node | null>(Slot.count).fill(null);
  /** Loads with one use that are not emitted yet. */
  #waiting: Node[] = [];

  constructor(frame: Frame) {
    this.#frame = frame;
    this.code = frame.code;
  }

  /** Begins a block whose register inputs are these nodes, by slot. */
  begin(inputs: readonly (Node | null)[]): void {
    for (let slot = 0; slot < Slot.count; slot++) this.#inHome[slot] = inputs[slot] ?? null;
  }

  statements(list: readonly Statement[]): void { for (let i = 0; i < list.length; i++) this.#statement(list[i]!); }

  #statement(s: Statement): void {
    if (!s.live) return;
    switch (s.do) {
      case Do.load: this.#loadStatement(s); break;
      case Do.store: this.#storeStatement(s); break;
      case Do.setSlot: this.#setSlot(s.detail, s.value!); break;
      case Do.setFlags: {
        const { kind, a, b } = s.flags!.stored();
        this.#setSlot(Slot.flagsKind, kind);
        this.#setSlot(Slot.flagsA, a);
        this.#setSlot(Slot.flagsB, b);
        break;
      }
      default: this.#frame.leave(this, s);
    }
  }

  #loadStatement(s: Statement): void {
    const node = s.value!;
    if (node.uses === 0) return;
    if (node.uses === 1) {
      this.#waiting.push(node);
      return;
    }
    this.#load(s);
    node.local = this.temporary(node.type);
    this.code.set(node.local);
  }

  #load(s: Statement, code: readonly number[] = loadOf[s.size]): void {
    this.emit(s.address!);
    this.code.memory(code, s.offset);
  }

  #storeStatement(s: Statement): void {
    this.emit(s.address!);
    const value = s.value!;
    const fused = value.op !== null && value.local < 0 && value.uses === 1 ? fusedStores.get(value.op)?.[s.size] : undefined;
    if (fused === undefined) this.emit(value);
    else {
      value.uses--;
      this.emit(value.a!);
    }
    this.flush();
    this.code.memory(fused ?? storeOf[s.size], s.offset);
    if (fused !== undefined && value.wide !== null) this.code.u8(value.wide[0]!);
  }

  /** Emits loads that wait, because memory is about to change. Whatever lies on the stack stays there. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const node of waiting) {
      if (node.uses === 0 || node.local >= 0) continue;
      this.#load(node.statement as Statement);
      node.local = this.temporary(node.type);
      this.code.set(node.local);
    }
  }

  #setSlot(slot: number, value: Node): void {
    const home = this.#frame.home(slot);
    const held = this.#inHome[slot]!;
    if (held === value && this.#isAt(value, home)) {
      value.uses--;
      return;
    }
    const fresh = value.local < 0 && value.kind !== Kind.constant && value.kind !== Kind.input;
    if (fresh) {
      this.#tree(value);
      value.uses--;
    } else this.emit(value);
    if (held !== null && held.uses > 0 && this.#isAt(held, home)) {
      held.local = this.temporary(held.type);
      this.code.get(home);
      this.code.set(held.local);
    }
    this.code.set(home);
    this.#inHome[slot] = fresh ? value : null;
    if (fresh) value.local = home;
  }

  /** Whether a node's value is to be read from this home local. */
  #isAt(node: Node, home: number): boolean { return node.local === home || (node.kind === Kind.input && node.local < 0); }

  temporary(type: Type): number {
    const free = this.#free[type].pop();
    if (free !== undefined) return free;
    const local = this.code.local(type);
    this.#temporary.add(local);
    return local;
  }
  release(type: Type, local: number): void { this.#free[type].push(local); }

  /** Computes a node into a local now, unless it is one or a constant, so that it may be emitted again anywhere. */
  hold(node: Node): void {
    if (node.kind === Kind.constant || node.kind === Kind.input || node.local >= 0) return;
    this.#tree(node);
    node.local = this.temporary(node.type);
    this.code.set(node.local);
  }

  /** Pushes a node's value: one of its counted uses. */
  emit(node: Node): void {
    if (node.kind === Kind.constant) {
      this.#constant(node);
      return;
    }
    node.uses--;
    if (node.local >= 0) {
      this.code.get(node.local);
      if (node.uses === 0 && this.#temporary.has(node.local)) this.release(node.type, node.local);
    } else if (node.kind === Kind.input) this.code.get(this.#frame.home(node.low));
    else {
      this.#tree(node);
      if (node.uses > 0) {
        node.local = this.temporary(node.type);
        this.code.tee(node.local);
      }
    }
  }

  /** Pushes a node again that `hold` has made safe, without counting. */
  emitHeld(node: Node): void {
    if (node.kind === Kind.constant) this.#constant(node);
    else this.code.get(node.local >= 0 ? node.local : this.#frame.home(node.low));
  }

  #constant(node: Node): void {
    const code = this.code;
    if (node.type === 'i32') code.i32(node.low);
    else if (node.type === 'i64') code.i64(node.low, node.high);
    else {
      code.op([0xfd, 12]);
      for (const word of node.wide!) code.raw32(word);
    }
  }

  /** A load that can be joined with the operation on it: waiting, with this one use. */
  #joinable(node: Node): Statement | null {
    if (node.kind !== Kind.pinned || node.local >= 0 || node.uses !== 1) return null;
    return node.statement as Statement;
  }

  #tree(node: Node): void {
    const code = this.code;
    if (node.kind === Kind.pinned) {
      this.#load(node.statement as Statement);
      return;
    }
    if (node.kind === Kind.select) {
      this.emit(node.a!);
      this.emit(node.b!);
      this.emit(node.c!);
      code.select();
      return;
    }
    const op = node.op!;
    assert(node.kind === Kind.op, 'a node that is no operation has no value');
    if (this.#joined(op, node)) return;
    this.emit(node.a!);
    if (node.b !== null) this.emit(node.b);
    if (node.c !== null) this.emit(node.c);
    if (op.helper) code.call(this.#frame.helper(op.name));
    else code.op(op.code);
    if (node.wide !== null) for (let i = 0; i < node.wide.length; i++) code.u8(node.wide[i]!);
  }

  #joined(op: Op, node: Node): boolean {
    const fused = fusedLoads.get(op);
    const load = fused !== undefined ? this.#joinable(node.a!) : null;
    let code = load !== null ? fused![load.size] : undefined;
    let source = load;
    if (code === undefined && node.b !== null && isZeroVector(node.a!) && node.wide !== null && node.wide[0] === 0) {
      const float = zeroingFloatLoads.get(op);
      const cast = float !== undefined && node.b.op === float.cast && node.b.uses === 1 && node.b.local < 0 ? node.b : null;
      source = this.#joinable(cast !== null ? cast.a! : node.b);
      code = source === null ? undefined : cast === null ? zeroingLoads.get(op)?.[source.size] : source.size === float!.size ? float!.code : undefined;
      if (code !== undefined && cast !== null) cast.uses--;
    }
    if (code === undefined || source === null) return false;
    source.value!.uses--;
    this.#load(source, code);
    return true;
  }
}
