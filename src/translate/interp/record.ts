// The interpreter's decoded record: 32 bytes an instruction, written once per basic block, read by the handlers; and the head record that begins a block.
import { assert } from '../../base/index.ts';
import { RECORDS_BASE, STATE_SIZE, state } from '../../guest/index.ts';
import type { DecodedOperand, Insn } from '../x86/insn.ts';

export const RECORD_SIZE = 32;

/** Offsets of an instruction's fields. Cells are u16 offsets from STATE_BASE: a register's place, one more for ah, ch, dh, bh. */
export const field = {
  /** u16: the handler's index in the hub's table. */
  handler: 0,
  /** Three u16 cells: the register operand at place 0, 1 or 2 of the row's operands. */
  cell: 2,
  /** u16 cells of the memory operand; an absent one is the zero cell. */
  base: 8,
  index: 10,
  segment: 12,
  /** u8: the index is shifted left by this; LINKED in branches to a known target. */
  scale: 14,
  /** u8: bytes of the instruction. */
  length: 15,
  /** u32: its address. */
  pc: 16,
  /** i32: displacement of the memory operand, or a branch's target, or the second immediate. */
  disp: 20,
  /** i64: the immediate, extended as the operand says; without one, the displacement as 64 bits (lea). */
  imm: 24,
  /** u32, in branches: the head record of the next instruction's block and of the target's block, 0 while unknown. */
  next: 24,
  taken: 28,
} as const;

/** Offsets of a head's fields; `pc` is where an instruction has it. */
export const head = {
  /** i32: entries until the hub asks for attention. */
  count: 0,
  /** u32: index in the function table of the region that starts here, 0 for none, or GONE. */
  region: 4,
  /** u32: entries counted so far, without those of `count`. */
  total: 8,
  /** u8: how the block was reached first (Reached). */
  reached: 12,
  pc: 16,
  /** u32: one past the block's last byte. */
  end: 20,
} as const;

/** field.scale of a branch to a known target: its links are in use. */
export const LINKED = 0xff;

/** head.region of a block whose code was invalidated. */
export const GONE = 0xffff_ffff;

export const ZERO_OFFSET = STATE_SIZE;

/** Two records at the window's start for instructions that run alone (stores into watched pages). */
export const SCRATCH = RECORDS_BASE;
export const SCRATCH_END = RECORDS_BASE + 2 * RECORD_SIZE;

export const gprCell = (n: number): number => state.gpr + 8 * n;
export const xmmCell = (n: number): number => state.xmm + 16 * n;
export const stCell = (n: number): number => state.st + 16 * n;

const registerCell = (n: number): number => (n < 0 ? ZERO_OFFSET : gprCell(n));
const segmentCell = { fs: state.fsBase, gs: state.gsBase } as const;

/** How a memory operand's address is computed: from a base and a displacement alone, or with everything. */
export const memoryForms = ['base', 'general'] as const;
export type MemoryForm = (typeof memoryForms)[number];
export const memoryForm = (m: { index: number; segment: string | undefined }): MemoryForm => (m.index < 0 && m.segment === undefined ? 'base' : 'general');

/** Whether an operand at this code needs nothing of the record: it is the same in every instruction of the row. */
export const isFixed = (code: string): boolean => fixedCodes.has(code) || code.startsWith('Y');

const fixedCodes: ReadonlySet<string> = new Set(['AL', 'AX', 'eAX', 'rAX', 'CL', 'DX', '1', '3', 'XMM0', 'ST']);

/** Writes zeros. */
export function clearRecord(view: DataView, at: number): void {
  for (let word = 0; word < RECORD_SIZE; word += 4) view.setUint32(at + word, 0, true);
}

/** Writes `insn` at `at`, run by `handler`. The links of a branch are left 0. */
export function writeRecord(view: DataView, at: number, insn: Insn, handler: number, codes: readonly string[]): void {
  clearRecord(view, at);
  view.setUint16(at + field.handler, handler, true);
  view.setUint8(at + field.length, insn.length);
  view.setUint32(at + field.pc, insn.pc, true);
  let immediates = 0;
  for (let place = 0; place < insn.operands.length; place++) {
    if (isFixed(codes[place]!)) continue;
    const operand = insn.operands[place]!;
    if (operand.kind === 'imm') writeImmediate(view, at, operand.value, immediates++);
    else writeOperand(view, at, operand, place, insn.operands);
  }
}

function writeImmediate(view: DataView, at: number, value: bigint, nth: number): void {
  assert(nth < 2, 'an instruction has three immediates');
  if (nth === 0) view.setBigUint64(at + field.imm, value, true);
  else view.setUint32(at + field.disp, Number(value), true);
}

function writeOperand(view: DataView, at: number, operand: DecodedOperand, place: number, all: readonly DecodedOperand[]): void {
  switch (operand.kind) {
    case 'gpr': view.setUint16(at + field.cell + 2 * place, gprCell(operand.n) + (operand.high ? 1 : 0), true); break;
    case 'xmm': view.setUint16(at + field.cell + 2 * place, xmmCell(operand.n), true); break;
    case 'mm': view.setUint16(at + field.cell + 2 * place, stCell(operand.n), true); break;
    case 'seg': view.setUint16(at + field.cell + 2 * place, operand.n, true); break;
    case 'target':
      view.setUint8(at + field.scale, LINKED);
      view.setUint32(at + field.disp, operand.address >>> 0, true);
      break;
    case 'mem':
      view.setUint16(at + field.base, registerCell(operand.base), true);
      view.setUint16(at + field.index, registerCell(operand.index), true);
      view.setUint16(at + field.segment, operand.segment ? segmentCell[operand.segment] : ZERO_OFFSET, true);
      view.setUint8(at + field.scale, 31 - Math.clz32(operand.scale));
      view.setUint32(at + field.disp, operand.disp >>> 0, true);
      if (!all.some((o) => o.kind === 'imm')) view.setBigInt64(at + field.imm, BigInt(operand.disp), true);
      break;
    default: break;
  }
}
