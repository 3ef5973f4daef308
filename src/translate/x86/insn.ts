// A decoded instruction: the row that says what it means, and its operands as constants.
import type { Row } from './row.ts';

/** `high`: bits 8–15 of register n (ah ch dh bh). */
export interface GprOperand { readonly kind: 'gpr'; readonly size: 1 | 2 | 4 | 8; readonly n: number; readonly high: boolean }

/**
 * base + index * scale + disp, all modulo 2^64, or modulo 2^32 when addressSize is 4; then the segment's base is added. base and index are -1 when absent. A rip-relative operand has no base: disp
 * is the address (which may lie outside of 32 bits, then nothing is mapped there). Of a 64-bit absolute address 53 bits are kept.
 */
export interface MemOperand {
  readonly kind: 'mem';
  /** Bytes accessed; 0 for an operand whose address alone counts, 10 for 80-bit numbers. */
  readonly size: 0 | 1 | 2 | 4 | 8 | 10 | 16;
  readonly base: number;
  readonly index: number;
  readonly scale: 1 | 2 | 4 | 8;
  readonly disp: number;
  readonly segment: 'fs' | 'gs' | undefined;
  readonly addressSize: 4 | 8;
}

/** `value` is unsigned, already extended to `size` bytes. */
export interface ImmOperand { readonly kind: 'imm'; readonly size: 1 | 2 | 4 | 8; readonly value: bigint }
/** `size` is what the row reads or writes of it. */
export interface XmmOperand { readonly kind: 'xmm'; readonly size: 1 | 2 | 4 | 8 | 16; readonly n: number }
export interface MmOperand { readonly kind: 'mm'; readonly size: 1 | 2 | 4 | 8; readonly n: number }
/** 0 es, 1 cs, 2 ss, 3 ds, 4 fs, 5 gs. */
export interface SegOperand { readonly kind: 'seg'; readonly size: 2; readonly n: number }
/** The absolute address of a branch target; below 0 or beyond 2^32 nothing is mapped. */
export interface TargetOperand { readonly kind: 'target'; readonly size: 8; readonly address: number }

export type DecodedOperand = GprOperand | MemOperand | ImmOperand | XmmOperand | MmOperand | SegOperand | TargetOperand;

export interface Insn {
  readonly row: Row;
  /** Place of the row in the table. */
  readonly index: number;
  /** Address of the first byte, and the number of bytes. */
  readonly pc: number;
  readonly length: number;
  readonly opSize: 2 | 4 | 8;
  readonly addressSize: 4 | 8;
  /** In the row's order. */
  readonly operands: readonly DecodedOperand[];
  readonly lock: boolean;
}

/**
 * What is not an instruction: `unknown` no row has these bytes (#UD), `long` more than 15 bytes (#GP), `truncated` the bytes at hand end inside it: at least `length` bytes are needed to tell.
 */
export interface Undecodable {
  readonly row: undefined;
  readonly reason: 'unknown' | 'long' | 'truncated';
  readonly pc: number;
  readonly length: number;
}
