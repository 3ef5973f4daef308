// x86-64 as data: rows, decoder, disassembler.
export { decode, gprOperand, table } from './decoder.ts';
export { disassemble, gprName } from './disasm.ts';
export type * from './insn.ts';
export type { Meaning, Row, RowOptions } from './row.ts';
export { indexRows, type Form, type Table } from './table.ts';
import './routines/index.ts';
