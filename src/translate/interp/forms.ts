// The operand forms of all rows, and the index of handlers by row and form: built with the hub, carried in it as a custom section.
import { assert } from '../../base/index.ts';
import { gprAddress, xmmAddress } from '../../guest/index.ts';
import type { Size } from '../ir/builder.ts';
import { routineNames } from '../ir/routines.ts';
import type { Form, Insn, Table } from '../x86/index.ts';
import { Letter } from '../x86/table.ts';
import type { FormOperand } from './handler-file.ts';
import type { HandlerIndex } from './blocks.ts';
import { type RowForm } from './handlers.ts';
import { isFixed, memoryForm } from './record.ts';

export const opSizes = [2, 4, 8] as const;
export const addressSizes = [8, 4] as const;
/** What the row's memory operand (or register in its place) is. */
export const shapes = ['register', 'base', 'general'] as const;
export type Shape = (typeof shapes)[number];

/** Slots of a row. */
export const FORMS = opSizes.length * addressSizes.length * shapes.length;

const slotOf = (row: number, opSize: number, addressSize: number, shape: number): number => row * FORMS + ((opSize >> 2) * 2 + (addressSize === 4 ? 1 : 0)) * 3 + shape;

/** Letters whose operand is in memory always, or either; others are registers, immediates or targets. */
const onlyMemory: ReadonlySet<number> = new Set([Letter.M, Letter.O, Letter.X, Letter.B, Letter.D]);
const either: ReadonlySet<number> = new Set([Letter.E, Letter.W, Letter.Q]);
const xmmLetters: ReadonlySet<number> = new Set([Letter.V, Letter.W, Letter.U, Letter.fixedXmm]);
const mmLetters: ReadonlySet<number> = new Set([Letter.P, Letter.Q, Letter.N]);
const immediateLetters: ReadonlySet<number> = new Set([Letter.I, Letter.T, Letter.constant, Letter.signedByte]);

/** The operand sizes a row can have: what its prefixes and options leave. */
function sizesOf(form: Form): readonly (2 | 4 | 8)[] {
  const encoding = form.row.encoding;
  const wide = /REX\.W(?!0)/.test(encoding);
  const narrow = encoding.includes('REX.W0');
  return opSizes.filter((size) => {
    if (form.sizeRule === 2 || wide) return size === 8;
    if (narrow && size === 8) return false;
    if (form.sizeRule === 1 && size === 4) return false;
    return !(size === 2 && form.mandatory66);
  });
}

function shapesOf(form: Form): readonly Shape[] {
  if (form.letters.some((l) => onlyMemory.has(l))) return ['base', 'general'];
  return form.letters.some((l) => either.has(l)) ? shapes : ['register'];
}

function operandOf(form: Form, place: number, sizeIndex: number, shape: Shape): FormOperand {
  const letter = form.letters[place]!;
  const size = form.sizes[3 * place + sizeIndex]! as Size;
  const common = { size, place, fixed: 'no', memory: 'base' } as const;
  if (letter === Letter.Y) return { ...common, kind: 'mem', memory: 'rdi' };
  if (onlyMemory.has(letter) || (either.has(letter) && shape !== 'register')) return { ...common, kind: 'mem', memory: shape === 'register' ? 'base' : shape };
  if (letter === Letter.fixedGpr) return { ...common, kind: 'gpr', place: gprAddress(form.values[place]!), fixed: 'address' };
  if (letter === Letter.fixedXmm) return { ...common, kind: 'xmm', place: xmmAddress(form.values[place]!), fixed: 'address' };
  if (letter === Letter.constant) return { ...common, kind: 'imm', place: form.values[place]!, fixed: 'value' };
  if (immediateLetters.has(letter)) return { ...common, kind: 'imm', size: letter === Letter.T ? 1 : size };
  if (letter === Letter.J) return { ...common, kind: 'target', size: 8 };
  if (letter === Letter.S) return { ...common, kind: 'seg' };
  return { ...common, kind: xmmLetters.has(letter) ? 'xmm' : mmLetters.has(letter) ? 'mm' : 'gpr' };
}

/** One form of a row, and the slots of the index it fills. */
export interface IndexedForm extends RowForm { readonly slot: number }

/** All forms of all rows, in the order of their slots. */
export function* allForms(table: Table): Generator<IndexedForm> {
  for (const form of table.forms) {
    for (const opSize of sizesOf(form)) for (const addressSize of addressSizes) for (const shape of shapesOf(form)) {
      const operands = form.letters.map((_, place) => operandOf(form, place, opSize >> 2, shape));
      yield { row: form.row, opSize, addressSize, operands, slot: slotOf(form.index, opSize, addressSize, shapes.indexOf(shape)) };
    }
  }
}

export const slotCount = (table: Table): number => table.rows.length * FORMS;

/** Finds handlers by the slots of decoded instructions. */
export class FormIndex implements HandlerIndex {
  readonly #slots: Uint16Array;
  readonly #table: Table;
  /** By row: the place of the operand that may be a memory operand read from the record, -1 for none. Both are made when first needed. */
  #memoryPlaces = new Int8Array(0);
  #fixed: readonly (readonly boolean[])[] = [];

  constructor(slots: Uint16Array, table: Table) {
    this.#slots = slots;
    this.#table = table;
  }

  #prepare(): void {
    const table = this.#table;
    this.#memoryPlaces = Int8Array.from(table.forms, (form) => form.letters.findIndex((letter) => onlyMemory.has(letter) || either.has(letter)));
    const known = new Map<string, readonly boolean[]>();
    this.#fixed = table.forms.map(({ row: { operands } }) => {
      let fixed = known.get(operands);
      if (fixed === undefined) known.set(operands, fixed = operands === '' ? [] : operands.split(' ').map(isFixed));
      return fixed;
    });
  }

  handlerOf(insn: Insn): number {
    if (this.#fixed.length === 0) this.#prepare();
    const place = this.#memoryPlaces[insn.index]!;
    const operand = place < 0 ? undefined : insn.operands[place]!;
    const shape = operand === undefined || operand.kind !== 'mem' ? 0 : memoryForm(operand) === 'base' ? 1 : 2;
    const handler = this.#slots[slotOf(insn.index, insn.opSize, insn.addressSize, shape)]!;
    if (handler === 0) assert(false, `no handler for ${insn.row.mnemonic} ${insn.row.encoding}, ${insn.row.operands}, operand size ${insn.opSize}, address size ${insn.addressSize}, ${shapes[shape]}`);
    return handler;
  }

  /** Which operands the row fixes. */
  fixedOf(insn: Insn): readonly boolean[] {
    if (this.#fixed.length === 0) this.#prepare();
    return this.#fixed[insn.index]!;
  }
}

/** What a prebuilt hub must agree with: rows and routines by name and order. FNV-1a, 32 bits. */
export function fingerprint(table: Table): number {
  let hash = 0x811c9dc5;
  const text = [...table.rows.map((row) => `${row.mnemonic} ${row.encoding} ${row.operands}`), ...routineNames()].join('\n');
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
