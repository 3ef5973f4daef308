// The interpreter's register file: operands of a meaning come from the record at ip and the state block; results go back into the state block when the instruction ends.
import { assert } from '../../base/index.ts';
import { STATE_BASE, gprAddress, state, xmmAddress } from '../../guest/index.ts';
import { Do, type Statement } from '../ir/block.ts';
import type { IntSize, Operand, Size, Type } from '../ir/builder.ts';
import { FlagState } from '../ir/flag-state.ts';
import type { GraphBuilder, RegisterFile } from '../ir/graph-builder.ts';
import { type Node, binary, extendU, i32, i64, input, pinned } from '../ir/node.ts';
import { opOf } from '../ir/ops.ts';
import { type MemoryForm, field } from './record.ts';

/** Where an operand of a form is found. */
export interface FormOperand extends Operand {
  /** Its place among the row's operands, or the absolute address of a fixed register, or a fixed value. */
  readonly place: number;
  readonly fixed: 'no' | 'address' | 'value';
  /** Memory: how its address is computed; `rdi` for the second operand of string instructions. */
  readonly memory: MemoryForm | 'rdi';
}

const ADD = opOf('i32.add'), SHL = opOf('i32.shl'), ADD64 = opOf('i64.add'), SHL64 = opOf('i64.shl'), AND64 = opOf('i64.and');
const RSI_RDI = 7;

export class HandlerFile implements RegisterFile {
  /** What the translator's data flow asks; a handler has one instruction and no locals for registers. */
  readonly pcNumber = 0;
  readonly changed = 0;
  readonly flagsVersion = 0;
  readonly instruction = 0;
  /** What a meaning asked for beyond its operands: forms that differ only there have the same handler. */
  usedOpSize = false;
  usedAddressSize = false;
  readonly #opSize: 2 | 4 | 8;
  readonly #addressSize: 4 | 8;
  #builder: GraphBuilder | undefined;
  readonly #fields = new Map<string, Node>();
  #flags: FlagState | undefined;

  constructor(opSize: 2 | 4 | 8, addressSize: 4 | 8) {
    this.#opSize = opSize;
    this.#addressSize = addressSize;
  }

  attach(builder: GraphBuilder): void { this.#builder = builder; }

  get opSize(): 2 | 4 | 8 { this.usedOpSize = true; return this.#opSize; }
  get addressSize(): 4 | 8 { this.usedAddressSize = true; return this.#addressSize; }

  /** A load of the runtime's own memory, placed here among the statements. */
  #load(type: Type, size: Size, address: Node, offset: number): Node {
    const node = pinned(type, type === 'v128' ? 128 : size * 8);
    node.statement = this.#push(Do.load, address, offset, size, node);
    return node;
  }

  /** A store into the state block. */
  #store(address: Node, offset: number, size: Size, value: Node): void {
    this.#push(Do.store, address, offset, size, value);
  }

  /** A load or store of the runtime's own memory. */
  #push(what: number, address: Node, offset: number, size: Size, value: Node): Statement {
    const statement: Statement = { do: what, pc: 0, address, offset, size, detail: 1, value, flags: null, routine: null, changed: 0, flagsVersion: 0, instruction: 0, lowest: 0, highest: 0, group: 0, live: true };
    this.#builder!.statements.push(statement);
    return statement;
  }

  /** A field of the record, read once. */
  #field(offset: number, size: 1 | 2 | 4 | 8): Node {
    const key = `${offset}.${size}`;
    let node = this.#fields.get(key);
    if (node === undefined) this.#fields.set(key, node = this.#load(size === 8 ? 'i64' : 'i32', size, input('i32', 0), offset));
    return node;
  }

  pc(): Node { return extendU(this.#field(field.pc, 4)); }
  nextPc(): Node { return extendU(binary(ADD, this.#field(field.pc, 4), this.#field(field.length, 1))); }

  /** Where a register operand lies: an address and a constant. */
  #cell(operand: FormOperand): { address: Node; offset: number } {
    if (operand.fixed === 'address') return { address: i32(0), offset: operand.place };
    return { address: this.#field(field.cell + 2 * operand.place, 2), offset: STATE_BASE };
  }

  readGpr(operand: Operand, size: IntSize): Node {
    const { address, offset } = this.#cell(operand as FormOperand);
    return this.#load(size === 8 ? 'i64' : 'i32', size, address, offset);
  }

  writeGpr(operand: Operand, size: IntSize, value: Node): void {
    const { address, offset } = this.#cell(operand as FormOperand);
    if (size === 4) this.#store(address, offset, 8, extendU(value));
    else this.#store(address, offset, size, value);
  }

  readXmm(operand: Operand): Node {
    const { address, offset } = this.#cell(operand as FormOperand);
    return this.#load('v128', 16, address, offset);
  }

  writeXmm(operand: Operand, value: Node): void {
    const { address, offset } = this.#cell(operand as FormOperand);
    this.#store(address, offset, 16, value);
  }

  mmAddress(operand: Operand): Node {
    const { address, offset } = this.#cell(operand as FormOperand);
    return binary(ADD, address, i32(offset));
  }

  constant(operand: Operand): Node {
    const o = operand as FormOperand;
    if (o.fixed === 'value') return o.size === 8 ? i64(o.place, 0) : i32(o.place);
    if (o.kind === 'seg') return this.#field(field.cell + 2 * o.place, 2);
    if (o.kind === 'target') return extendU(this.#field(field.disp, 4));
    if (o.place === 1 && this.#secondImmediate) return this.#field(field.disp, 4);
    return o.size === 8 ? this.#field(field.imm, 8) : this.#field(field.imm, 4);
  }

  /** Set by the maker of the operands when the row has two immediates (enter): the second lies in disp. */
  set secondImmediate(value: boolean) { this.#secondImmediate = value; }
  #secondImmediate = false;

  address(operand: Operand): Node {
    const o = operand as FormOperand;
    assert(o.kind === 'mem', `address of an operand of kind ${o.kind}`);
    if (o.memory === 'rdi') return this.#load('i32', 4, i32(0), gprAddress(RSI_RDI));
    const base = this.#load('i32', 4, this.#field(field.base, 2), STATE_BASE);
    const near = binary(ADD, base, this.#field(field.disp, 4));
    if (o.memory === 'base') return near;
    const index = this.#load('i32', 4, this.#field(field.index, 2), STATE_BASE);
    const segment = this.#load('i32', 4, this.#field(field.segment, 2), STATE_BASE);
    return binary(ADD, binary(ADD, near, binary(SHL, index, this.#field(field.scale, 1))), segment);
  }

  effective(operand: Operand): Node {
    const o = operand as FormOperand;
    assert(o.kind === 'mem' && o.memory !== 'rdi' && !this.hasImmediate, 'effective address of an operand whose displacement has no room');
    let ea = binary(ADD64, this.#load('i64', 8, this.#field(field.base, 2), STATE_BASE), this.#field(field.imm, 8));
    if (o.memory === 'general') {
      const index = this.#load('i64', 8, this.#field(field.index, 2), STATE_BASE);
      ea = binary(ADD64, ea, binary(SHL64, index, extendU(this.#field(field.scale, 1))));
    }
    return this.addressSize === 4 ? binary(AND64, ea, i64(-1, 0)) : ea;
  }
  hasImmediate = false;

  fixedGpr(n: number, size: IntSize): Operand { return { kind: 'gpr', size, place: gprAddress(n), fixed: 'address', memory: 'base' } as FormOperand; }
  fixedXmm(n: number): Operand { return { kind: 'xmm', size: 16, place: xmmAddress(n), fixed: 'address', memory: 'base' } as FormOperand; }

  readFlags(): FlagState {
    return (this.#flags ??= FlagState.dynamic(
      this.#load('i32', 4, i32(STATE_BASE), state.flagsKind), this.#load('i64', 8, i32(STATE_BASE), state.flagsA), this.#load('i64', 8, i32(STATE_BASE), state.flagsB)));
  }

  writeFlags(flags: FlagState): void {
    const stored = flags.stored();
    const place = i32(STATE_BASE);
    this.#store(place, state.flagsKind, 4, stored.kind);
    this.#store(place, state.flagsA, 8, stored.a);
    this.#store(place, state.flagsB, 8, stored.b);
  }

  beforeExit(): void { /* the state block is exact all the time */ }
}
