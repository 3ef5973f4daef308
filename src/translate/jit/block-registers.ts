// The registers of a block under translation: each general and xmm register is the expression it holds; locals are brought up to date only where somebody may look at them.
// HOT: every operand of every translated instruction.
import { assert } from '../../base/index.ts';
import { gprAddress, STATE_BASE, state, xmmAddress } from '../../guest/index.ts';
import { Slot, type Statement } from '../ir/block.ts';
import type { IntSize, Operand, Type } from '../ir/builder.ts';
import { FlagState, truncate } from '../ir/flag-state.ts';
import type { GraphBuilder, RegisterFile } from '../ir/graph-builder.ts';
import { binary, extendU, i32, i64, i64of, i64small, input, Node, wrap } from '../ir/node.ts';
import { opOf } from '../ir/ops.ts';
import type { DecodedOperand, Insn, MemOperand } from '../x86/index.ts';

const ADD32 = opOf('i32.add'), SHL32 = opOf('i32.shl'), AND32 = opOf('i32.and'), SHRU32 = opOf('i32.shr_u');
const ADD64 = opOf('i64.add'), AND64 = opOf('i64.and'), OR64 = opOf('i64.or'), SHL64 = opOf('i64.shl');

/** Expressions longer than this are put into their local, so that trees stay shallow. */
const MAX_DEPTH = 48;

/** Instructions that look at the flags only to keep them: what they read is needed only if what they write is. */
const keepers: ReadonlySet<string> = new Set(['inc', 'dec', 'shl', 'shr', 'sar', 'rol', 'ror', 'shld', 'shrd', 'bt', 'bts', 'btr', 'btc', 'stc', 'clc']);

/** One value of the flags in the block: version 0 is what the block begins with. */
interface Version {
  /** The last instruction (counted in the block) that needs this version for more than keeping it, -1 for none. */
  lastRead: number;
  /** The last instruction that carries parts of it into the next version, -1 for none. */
  lastKept: number;
}

export const slotType = (slot: number): Type => (slot < Slot.xmm ? 'i64' : slot < Slot.flagsKind ? 'v128' : slot === Slot.flagsKind ? 'i32' : 'i64');

/** Where a slot lives in the state block. */
export function slotAddress(slot: number): number {
  if (slot < Slot.xmm) return gprAddress(slot);
  if (slot < Slot.flagsKind) return xmmAddress(slot - Slot.xmm);
  return STATE_BASE + (slot === Slot.flagsKind ? state.flagsKind : slot === Slot.flagsA ? state.flagsA : state.flagsB);
}

export class BlockRegisters implements RegisterFile {
  /** The nodes of register contents at the block's begin, by slot. */
  readonly inputs: (Node | null)[] = new Array<Node | null>(Slot.count).fill(null);
  readonly #now: (Node | null)[] = new Array<Node | null>(Slot.flagsKind).fill(null);
  /** Slots whose expression is newer than their local. */
  #pending = 0;
  /** Slots whose local the block has changed. */
  changed = 0;
  #flags: FlagState;
  readonly versions: Version[] = [{ lastRead: -1, lastKept: -1 }];
  readonly flagSaves: Statement[] = [];
  #savedVersion = 0;
  instruction = -1;
  #insn!: Insn;
  builder!: GraphBuilder;

  /** `kind` is the flags' kind at the block's begin, -1 when it is known only at run time. */
  constructor(kind: number) {
    const slot = (n: number) => (this.inputs[n] = input(slotType(n), n));
    const a = slot(Slot.flagsA), b = slot(Slot.flagsB), k = slot(Slot.flagsKind);
    this.#flags = kind >= 0 ? FlagState.stored(kind, a, b) : FlagState.dynamic(k, a, b);
  }

  begin(insn: Insn): void {
    this.#insn = insn;
    this.instruction++;
  }

  get opSize(): 2 | 4 | 8 { return this.#insn.opSize; }
  get addressSize(): 4 | 8 { return this.#insn.addressSize; }
  get pcNumber(): number { return this.#insn.pc; }
  pc(): Node { return i64small(this.#insn.pc); }
  nextPc(): Node { return i64small(this.#insn.pc + this.#insn.length); }

  // ---- registers
  /** A slot's value now; null when nobody has asked for it. */
  valueOf(slot: number): Node | null { return this.#now[slot] ?? null; }

  #read(slot: number): Node { return (this.#now[slot] ??= this.inputs[slot] = input(slotType(slot), slot)); }
  #write(slot: number, value: Node): void {
    if (this.#now[slot] === value) return;
    this.#now[slot] = value;
    this.#pending |= 1 << slot;
    if (value.depth > MAX_DEPTH) this.#save(slot);
  }
  #save(slot: number): void {
    this.#pending &= ~(1 << slot);
    this.builder.setSlot(slot, this.#now[slot]!);
    this.changed |= 1 << slot;
  }

  readGpr(operand: Operand, size: IntSize): Node {
    const { n, high } = operand as DecodedOperand & { kind: 'gpr' };
    const whole = this.#read(n);
    if (size === 8) return whole;
    if (high) {
      // ah after a write of ah
      return binary(AND32, binary(SHRU32, wrap(whole), i32(8)), i32(0xff));
    }
    return truncate(size, wrap(whole));
  }

  writeGpr(operand: Operand, size: IntSize, value: Node): void {
    const { n, high } = operand as DecodedOperand & { kind: 'gpr' };
    if (size === 8) this.#write(n, value);
    else if (size === 4) this.#write(n, extendU(value));
    else this.#write(n, this.#merge(this.#read(n), value, high ? 8 : 0, size === 1 ? 0xff : 0xffff));
  }

  /** A register with some of its low bits replaced. */
  #merge(old: Node, value: Node, shift: number, mask: number): Node {
    const rest = binary(AND64, old, i64of(~BigInt(mask << shift)));
    const part = extendU(value);
    const merged = binary(OR64, rest, shift === 0 ? part : binary(SHL64, part, i64(shift, 0)));
    if (shift === 0 && merged.part === null && merged.op === OR64) {
      merged.part = value;
      merged.partBits = mask === 0xff ? 8 : 16;
    }
    return merged;
  }

  readXmm(operand: Operand): Node { return this.#read(Slot.xmm + (operand as { n?: number }).n!); }
  writeXmm(operand: Operand, value: Node): void { this.#write(Slot.xmm + (operand as { n?: number }).n!, value); }
  mmAddress(operand: Operand): Node { return i32(STATE_BASE + state.st + 16 * (operand as { n?: number }).n!); }

  constant(operand: Operand): Node {
    const o = operand as DecodedOperand;
    switch (o.kind) {
      case 'imm': return o.size === 8 ? i64of(o.value) : i32(Number(o.value));
      case 'seg': return i32(o.n);
      case 'target': return i64small(o.address);
      default: assert(false, `an operand of kind ${o.kind} is no constant`);
    }
  }

  // ---- addresses
  address(operand: Operand): Node {
    const m = operand as MemOperand;
    let node: Node | null = m.base >= 0 ? wrap(this.#read(m.base)) : null;
    if (m.index >= 0) {
      const index = wrap(this.#read(m.index));
      const scaled = m.scale === 1 ? index : binary(SHL32, index, i32(31 - Math.clz32(m.scale)));
      node = node === null ? scaled : binary(ADD32, node, scaled);
    }
    if (m.segment !== undefined) {
      const base = wrap(this.builder.loadState('i64', m.segment === 'fs' ? state.fsBase : state.gsBase));
      node = node === null ? base : binary(ADD32, node, base);
    }
    return node === null ? i32(m.disp) : binary(ADD32, node, i32(m.disp));
  }

  effective(operand: Operand): Node {
    const m = operand as MemOperand;
    if (m.addressSize === 4) return extendU(this.address({ ...m, segment: undefined } as MemOperand));
    let node: Node | null = m.base >= 0 ? this.#read(m.base) : null;
    if (m.index >= 0) {
      const index = this.#read(m.index);
      const scaled = m.scale === 1 ? index : binary(SHL64, index, i64(31 - Math.clz32(m.scale), 0));
      node = node === null ? scaled : binary(ADD64, node, scaled);
    }
    return node === null ? i64small(m.disp) : binary(ADD64, node, i64small(m.disp));
  }

  fixedGpr(n: number, size: IntSize): Operand { return gprOperands[size]![n]!; }
  fixedXmm(n: number): Operand { return xmmOperands[n]!; }

  // ---- flags
  readFlags(): FlagState {
    const version = this.versions[this.versions.length - 1]!;
    if (keepers.has(this.#insn.row.mnemonic)) version.lastKept = this.instruction;
    else version.lastRead = this.instruction;
    return this.#flags;
  }
  writeFlags(flags: FlagState): void {
    this.#flags = flags;
    this.versions.push({ lastRead: -1, lastKept: -1 });
  }
  get flags(): FlagState { return this.#flags; }
  get flagsVersion(): number { return this.versions.length - 1; }

  #saveFlags(): void {
    const version = this.versions.length - 1;
    if (version === this.#savedVersion) return;
    this.#savedVersion = version;
    this.flagSaves.push(this.builder.setFlags(this.#flags));
  }

  beforeExit(): void {
    this.#saveRegisters();
    this.#saveFlags();
  }
  #saveRegisters(): void {
    for (let left = this.#pending; left !== 0; left &= left - 1) this.#save(31 - Math.clz32(left & -left));
  }

  /** Ends the block: everything goes to its local. Returns how many statements were there before. */
  finish(): number {
    const before = this.builder.statements.length;
    this.instruction++;
    this.#saveRegisters();
    this.#saveFlags();
    return before;
  }
}

const gprOperands: Partial<Record<IntSize, Operand[]>> = {};
for (const size of [1, 2, 4, 8] as const) gprOperands[size] = Array.from({ length: 16 }, (_, n) => ({ kind: 'gpr', size, n, high: false }) as Operand);
const xmmOperands = Array.from({ length: 16 }, (_, n) => ({ kind: 'xmm', size: 16, n }) as Operand);
