// String instructions: once inline, repeated by the routines of routines/string.ts.
import { state } from '../../../guest/index.ts';
import type { Builder, IntSize, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, type RowOptions, row } from '../row.ts';
import { sizeOf } from './alu.ts';

const RSI = 6, RDI = 7;

/** What rSI and rDI move by: the size, or its negative when DF is set. */
const stepOf = (b: Builder, size: IntSize): Value => b.sub(b.i32(size), b.mul(b.loadState('i32', state.df), b.i32(2 * size)));

function advance(b: Builder, register: number, step: Value): void {
  const operand = b.gpr(register, b.addressSize);
  b.set(operand, b.add(b.get(operand), b.addressSize === 8 ? b.sext(step, 4, 8) : step));
}

const movs: Meaning = (b, dst, src) => {
  const step = stepOf(b, sizeOf(dst!));
  b.set(dst!, b.get(src!));
  advance(b, RSI, step);
  advance(b, RDI, step);
};

const stos: Meaning = (b, dst, acc) => {
  b.set(dst!, b.get(acc!));
  advance(b, RDI, stepOf(b, sizeOf(dst!)));
};

const lods: Meaning = (b, acc, src) => {
  b.set(acc!, b.get(src!));
  advance(b, RSI, stepOf(b, sizeOf(src!)));
};

const cmps: Meaning = (b, left, right) => {
  const step = stepOf(b, sizeOf(left!));
  b.flags('sub', sizeOf(left!), b.get(left!), b.get(right!));
  advance(b, RSI, step);
  advance(b, RDI, step);
};

const scas: Meaning = (b, acc, right) => {
  b.flags('sub', sizeOf(acc!), b.get(acc!), b.get(right!));
  advance(b, RDI, stepOf(b, sizeOf(acc!)));
};

const form = (b: Builder, size: number, wanted: 0 | 1 = 0): Value => b.i32(size | b.addressSize << 8 | wanted << 16);

const repMovs: Meaning = (b, dst, src) => b.routine('rep movs', form(b, dst!.size), b.addr(src!), b.addr(dst!));
const repStos: Meaning = (b, dst) => b.routine('rep stos', form(b, dst!.size), b.addr(dst!));
const repLods: Meaning = (b, _acc, src) => b.routine('rep lods', form(b, src!.size), b.addr(src!));
/** Goes on while ZF is `wanted`: repe 1, repne 0. */
const repCmps = (wanted: 0 | 1): Meaning => (b, left, right) => b.routine('rep cmps', form(b, left!.size, wanted), b.addr(left!), b.addr(right!));
const repScas = (wanted: 0 | 1): Meaning => (b, _acc, right) => b.routine('rep scas', form(b, right!.size, wanted), b.addr(right!));

/** Opcode of the byte form (the next one is for words and more), operands, meaning once, with F3 and with F2. For movs, stos and lods both prefixes repeat alike. */
const instructions: [string, number, string, string, Meaning, Meaning, Meaning, string][] = [
  ['movs', 0xa4, 'Yb Xb', 'Yv Xv', movs, repMovs, repMovs, ''],
  ['cmps', 0xa6, 'Xb Yb', 'Xv Yv', cmps, repCmps(1), repCmps(0), 'OSZAPC'],
  ['stos', 0xaa, 'Yb AL', 'Yv rAX', stos, repStos, repStos, ''],
  ['lods', 0xac, 'AL Xb', 'rAX Xv', lods, repLods, repLods, ''],
  ['scas', 0xae, 'AL Yb', 'rAX Yv', scas, repScas(1), repScas(0), 'OSZAPC'],
];

export const strings: Row[] = instructions.flatMap(([name, opcode, bytes, words, once, rep, repne, flags]) =>
  ([[once, {}], [rep, { rep: 'rep' }], [repne, { rep: 'repne' }]] as [Meaning, RowOptions][]).flatMap(([meaning, options]) => [
    row(name, opcode.toString(16), bytes, meaning, flags, options),
    row(name, (opcode + 1).toString(16), words, meaning, flags, options),
  ]));
