// Text of decoded instructions, in the manual's (Intel's) syntax, from the rows.
import type { DecodedOperand, Insn, MemOperand, Undecodable } from './insn.ts';

const words = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const lowBytes = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'] as const;
const highBytes = ['ah', 'ch', 'dh', 'bh'] as const;
const segments = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;
const suffixes = { 1: 'b', 2: 'w', 4: 'd', 8: '' } as const;
const sizes: Record<number, string> = { 1: 'byte ptr ', 2: 'word ptr ', 4: 'dword ptr ', 8: 'qword ptr ', 10: 'tbyte ptr ', 16: 'xmmword ptr ' };

/** The name of a general register, or of a part of it. */
export function gprName(n: number, size: 1 | 2 | 4 | 8, high = false): string {
  if (high) return highBytes[n]!;
  if (n >= 8) return `r${n}${suffixes[size]}`;
  if (size === 1) return lowBytes[n]!;
  return (size === 2 ? '' : size === 4 ? 'e' : 'r') + words[n]!;
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** A displacement after registers: with its sign. */
const signedHex = (value: number): string => (value < 0 ? `-${hex(-value)}` : `+${hex(value)}`);

function memoryText(o: MemOperand, disp: number): string {
  const width = o.addressSize;
  const registers = [...(o.base < 0 ? [] : [gprName(o.base, width)]), ...(o.index < 0 ? [] : [`${gprName(o.index, width)}*${o.scale}`])].join('+');
  const address = registers === '' ? hex(BigInt.asUintN(8 * width, BigInt(disp))) : registers + (disp === 0 ? '' : signedHex(disp));
  return `${sizes[o.size] ?? ''}${o.segment === undefined ? '' : `${o.segment}:`}[${address}]`;
}

/** An immediate: small negative ones with a sign. */
function immediateText(value: bigint, size: number): string {
  const signed = BigInt.asIntN(8 * size, value);
  return size > 1 && signed < 0n && signed >= -0x8000n ? `-${hex(-signed)}` : hex(value);
}

function operandText(insn: Insn, operand: DecodedOperand, code: string): string {
  if (code === 'ST' || code === 'T') return operand.kind === 'imm' && operand.value > 0n ? `st(${operand.value})` : 'st';
  switch (operand.kind) {
    case 'gpr': return gprName(operand.n, operand.size, operand.high);
    case 'mem': return memoryText(operand, insn.row.options.rspAfter && operand.base === 4 ? operand.disp - insn.opSize : operand.disp);
    case 'imm': return immediateText(operand.value, operand.size);
    case 'xmm': return `xmm${operand.n}`;
    case 'mm': return `mm${operand.n}`;
    case 'seg': return segments[operand.n]!;
    case 'target': return hex(BigInt.asUintN(64, BigInt(operand.address)));
  }
}

/** Which of the names of a row fits the operand size: `cbw/cwde/cdqe`. */
function nameOf(insn: Insn): string {
  const names = insn.row.mnemonic.split('/');
  return names[names.length === 3 ? insn.opSize >> 2 : 0]!;
}

/** What a repeat prefix is called: rep, repe, repne. */
function repeatText(insn: Insn): string {
  const { rep } = insn.row.options;
  if (rep === undefined) return '';
  const compares = /^(cmps|scas)/.test(insn.row.mnemonic);
  return compares ? (rep === 'rep' ? 'repe ' : 'repne ') : 'rep ';
}

/** One instruction as text: `lock add dword ptr [rax+0x10], ecx`. What could not be decoded is `(bad)`. */
export function disassemble(insn: Insn | Undecodable): string {
  if (insn.row === undefined) return '(bad)';
  const codes = insn.row.operands.split(' ');
  const operands = insn.operands.map((operand, i) => operandText(insn, operand, codes[i]!)).join(', ');
  return `${insn.lock ? 'lock ' : ''}${repeatText(insn)}${nameOf(insn)}${operands === '' ? '' : ` ${operands}`}`;
}
