// The form of one instruction row: everything Wherry knows about an encoding. Decoder, disassembler, translator, interpreter and tests all come from it.
import type { Builder, Operand } from '../ir/builder.ts';

/** What an instruction means, written once against the Builder. Operands come in the row's order. */
export type Meaning = (b: Builder, ...operands: Operand[]) => void;

export interface RowOptions {
  /** Operand size is 64 in 64-bit mode unless 0x66 makes it 16 (push, pop, near branches). */
  def64?: true;
  /** Operand size is 64 in 64-bit mode whatever the prefixes (near branches and returns). */
  f64?: true;
  /** A memory operand whose base is rsp sees rsp after the pop (pop m): the decoder adds the operand size to its displacement. */
  rspAfter?: true;
  /** LOCK is allowed when the destination is memory; otherwise LOCK is #UD. */
  lock?: true;
  /** The manual allows a relative error up to 1.5 * 2^-12 (rcpps, rsqrtps): comparisons with a CPU allow it too. */
  approximate?: true;
  /** F3/F2 before it is a repeat prefix, and this row is used only with that prefix. Rows without it ignore stray F2/F3. */
  rep?: 'rep' | 'repne';
  /** A block ends after it. Absent: it goes on with the next instruction. */
  ends?: 'jump' | 'branch' | 'call' | 'ret' | 'trap' | 'syscall';
}

/**
 * A row.
 *
 * `encoding` is in the manual's notation (SDM Vol. 2, 3.1.1.1): an optional mandatory prefix (`np`, `66`, `f3`, `f2`), an optional `REX.W` or `REX.W0`, an optional `REX.B0`
 * (REX.B must be 0: `90` is nop only then), opcode bytes in hex, then `/r`, or a digit `/0`-`/7`, or nothing; `+r` after the last opcode byte means the register is in its low three bits; a fixed modrm byte is written as one more hex byte
 * (`0f 01 d0` is xgetbv), and `+r` after it leaves its low three bits to an operand (`d8 c0 +r`). Of two rows that match, the one that asks for more wins; where neither asks for more the table
 * refuses to be built. Mandatory prefixes take part in choosing the row; rows of the one-byte map usually have none, and there 66 selects the operand size.
 *
 * `operands` are codes of SDM Vol. 2, Appendix A.2, separated by spaces:
 *   E general register or memory by modrm.rm, G general register by modrm.reg, R general register by modrm.rm (memory is #UD), M memory only (register is #UD),
 *   Z register in the opcode's low three bits, I immediate, J branch target (relative; the meaning gets its absolute address), O memory at an absolute 64-bit address,
 *   X memory at [rSI] (fs and gs prefixes count), Y memory at [rDI],
 *   B memory at [rBX] (xlat), D memory at [rDI] where fs and gs prefixes count (maskmovdqu), T an x87 register number by modrm.rm as a one-byte immediate (memory is #UD), V xmm by modrm.reg, W xmm or memory by modrm.rm, U xmm by modrm.rm only, P mmx by reg, Q mmx or memory by rm, N mmx by rm only, S segment register by reg,
 *   and fixed ones: AL AX eAX rAX CL DX 1 3 XMM0 ST (rAX has the operand size; ST is st(0), an immediate 0 to a meaning)
 * followed by a size: b 1, w 2, d 4, q 8, t 10, x 16, v 2/4/8 by operand size, z 2/4/4 by operand size (immediates are then sign-extended to the operand size), y 4/8 by REX.W,
 *   s (immediates) one byte sign-extended to the operand size; none (M): no size, only the address is used.
 *
 * `flags` names the arithmetic flags it writes, letters of OSZAPC: capital = defined, small = left undefined by the manual (tests mask them).
 */
export interface Row {
  /** With slashes: one name for each operand size 2, 4, 8. */
  readonly mnemonic: string;
  readonly encoding: string;
  readonly operands: string;
  readonly meaning: Meaning;
  readonly flags: string;
  readonly options: RowOptions;
}

export const row = (mnemonic: string, encoding: string, operands: string, meaning: Meaning, flags = '', options: RowOptions = {}): Row =>
  ({ mnemonic, encoding, operands, meaning, flags, options });
