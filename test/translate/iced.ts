// Compares our decoder with iced-x86, instruction by instruction: what is an instruction, its length, its operands and the flags its row says it writes.
import { Code, CpuidFeature, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register, RflagsBits } from 'iced-x86';
import { decode } from '../../src/translate/x86/decoder.ts';
import type { DecodedOperand, ImmOperand, Insn } from '../../src/translate/x86/insn.ts';

/** What an x86-64-v2 processor has, as iced names it. */
const present = new Set<number>([
  CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386, CpuidFeature.INTEL486, CpuidFeature.X64, CpuidFeature.CPUID, CpuidFeature.CMOV,
  CpuidFeature.CX8, CpuidFeature.CMPXCHG16B, CpuidFeature.TSC, CpuidFeature.RDTSCP, CpuidFeature.PAUSE, CpuidFeature.MULTIBYTENOP, CpuidFeature.POPCNT, CpuidFeature.SYSCALL, CpuidFeature.CLFSH,
  CpuidFeature.FXSR, CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387, CpuidFeature.MMX, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.SSE3, CpuidFeature.SSSE3,
  CpuidFeature.SSE4_1, CpuidFeature.SSE4_2, CpuidFeature.MSR, CpuidFeature.RDPMC,
]);
/** Without BMI1 and LZCNT these are bsf and bsr with a prefix that says nothing. */
const asOlder: Record<number, string> = { [Mnemonic.Tzcnt]: 'bsf', [Mnemonic.Lzcnt]: 'bsr' };

/** Aliases nobody documents, and far pointers into segment registers: #UD here. */
const refused = /_(D[CDEF][CD][08]|DFD[08]|DED0)$|^iced (Fstpnce|Fndisi$|Fneni$|Fnsetpm$|L[fgs]s_)/;
/** The manual and iced disagree about the width of a register of which 16 bits count, or which is zero-extended in any case. */
const anyWidth = /^(lar|lsl|verr|verw|pinsrw|pextrw|pmovmskb|movmskp[sd]|extractps|pextrb|pinsrb)$/;

const registerName = new Map(Object.entries(Register).filter(([name]) => Number.isNaN(Number(name))).map(([name, n]) => [n as number, name.toLowerCase()]));
const bytesOf8 = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const names16 = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const gprName = (n: number, size: number, high = false): string => {
  if (high) return ['ah', 'ch', 'dh', 'bh'][n]!;
  if (n >= 8) return `r${n}${{ 1: 'l', 2: 'w', 4: 'd', 8: '' }[size]}`;
  return size === 1 ? bytesOf8[n]! : size === 2 ? names16[n]! : `${size === 4 ? 'e' : 'r'}${names16[n]}`;
};

const memory = (segment: string | undefined, base: string, index: string, scale: number, disp: bigint, addressSize: number): string =>
  `${segment ?? ''}[${base}+${index}*${index ? scale : 1}+${BigInt.asUintN(addressSize === 4 ? 32 : 53, disp).toString(16)}]`;

/** An operand as text, as iced would have it. */
function ourOperand(insn: Insn, n: number): string {
  const o = insn.operands[n]!;
  const code = insn.row.operands.split(' ')[n]!;
  if (code === 'ST' || code === 'T') return `st${(o as ImmOperand).value}`;
  switch (o.kind) {
    case 'gpr': return gprName(o.n, o.size, o.high);
    case 'mem': return memory(o.segment, o.base < 0 ? '' : gprName(o.base, o.addressSize), o.index < 0 ? '' : gprName(o.index, o.addressSize), o.scale, BigInt(o.disp - (insn.row.options.rspAfter && o.base === 4 ? insn.opSize : 0)), o.addressSize);
    case 'imm': return `#${o.value.toString(16)}`;
    case 'xmm': return `xmm${o.n}`;
    case 'mm': return `mm${o.n}`;
    case 'seg': return ['es', 'cs', 'ss', 'ds', 'fs', 'gs'][o.n]!;
    case 'target': return `->${BigInt.asUintN(64, BigInt(o.address)).toString(16)}`;
  }
}

const implicit: Record<number, string> = {
  [OpKind.MemorySegRSI]: 'rsi', [OpKind.MemorySegESI]: 'esi', [OpKind.MemorySegRDI]: 'rdi', [OpKind.MemorySegEDI]: 'edi', [OpKind.MemoryESRDI]: 'rdi', [OpKind.MemoryESEDI]: 'edi',
};

function icedOperand(i: Instruction, n: number, ours: DecodedOperand | undefined): string {
  const kind = i.opKind(n);
  const size = ours?.size ?? 8;
  const addressSize = ours?.kind === 'mem' ? ours.addressSize : 8;
  const segment = i.memorySegment === Register.FS ? 'fs' : i.memorySegment === Register.GS ? 'gs' : undefined;
  if (kind === OpKind.Register) return registerName.get(i.opRegister(n))!;
  if (kind === OpKind.NearBranch64) return `->${i.nearBranchTarget.toString(16)}`;
  if (kind in implicit) return memory(kind === OpKind.MemoryESRDI || kind === OpKind.MemoryESEDI ? undefined : segment, implicit[kind]!, '', 1, 0n, addressSize);
  if (kind === OpKind.Memory) {
    const base = i.memoryBase === Register.None || i.isIpRelMemoryOperand ? '' : registerName.get(i.memoryBase)!;
    const index = i.memoryIndex === Register.None || i.memoryIndex === Register.AL ? '' : registerName.get(i.memoryIndex)!;
    return memory(segment, base, index, i.memoryIndexScale, i.isIpRelMemoryOperand ? i.ipRelMemoryAddress : i.memoryDisplacementU64, addressSize);
  }
  return `#${BigInt.asUintN(8 * size, BigInt(i.immediate(n))).toString(16)}`;
}

/** The arithmetic flags as the rows write them, with iced's bits. */
const flagLetters = [[RflagsBits.OF, 'O'], [RflagsBits.SF, 'S'], [RflagsBits.ZF, 'Z'], [RflagsBits.AF, 'A'], [RflagsBits.PF, 'P'], [RflagsBits.CF, 'C']] as const;

/** The row must name the flags that iced says are written, small where iced says undefined. */
function flagDifference(theirs: Instruction, ours: Insn): string | undefined {
  const undefinedFlags = theirs.rflagsUndefined;
  const modified = theirs.rflagsModified;
  // iced knows that a count of 0 changes nothing and one of 1 defines OF; a row speaks of any count.
  const anyCount = /^(sh[lr]d?|sar|r[oc][lr])$/.test(ours.row.mnemonic) && / Ib$/.test(ours.row.operands);
  if (anyCount && !modified) return undefined;
  const expected = flagLetters.filter(([bit]) => modified & bit).map(([bit, letter]) => (undefinedFlags & bit ? letter.toLowerCase() : letter)).join('');
  return expected === ours.row.flags || (anyCount && expected.toLowerCase() === ours.row.flags.toLowerCase()) ? undefined : `writes flags "${ours.row.flags}", iced "${expected}"`;
}

export interface Counts { instructions: number; outside: number; bytesOfNothing: number }

/**
 * Sweeps over code with both decoders in lockstep. Returns the differences, one line each, at most `limit`; `once` looks at the first instruction only.
 */
export function compare(code: Uint8Array, address: number, counts: Counts, limit = 20, once = false): string[] {
  const differences: string[] = [];
  const decoder = new Decoder(64, code, DecoderOptions.None);
  decoder.ip = BigInt(address);
  const theirs = new Instruction();
  let at = 0;
  while (at < code.length && differences.length < limit) {
    decoder.position = at;
    decoder.ip = BigInt(address + at);
    decoder.decodeOut(theirs);
    const ours = decode(code, at, code.length, address + at);
    const problem = difference(theirs, ours.row ? ours : undefined, ours.row ? '' : ours.reason, counts);
    if (problem) differences.push(`${(address + at).toString(16)}: ${[...code.subarray(at, at + Math.max(theirs.length, 1))].map((x) => x.toString(16).padStart(2, '0')).join(' ')}: ${problem}`);
    at += once ? code.length : Math.max(theirs.length, 1);
  }
  theirs.free();
  decoder.free();
  return differences;
}

function difference(theirs: Instruction, ours: Insn | undefined, reason: string, counts: Counts): string | undefined {
  const name = `iced ${Code[theirs.code]}`;
  if (theirs.isInvalid) {
    counts.bytesOfNothing++;
    return ours && ours.row.options.ends !== 'trap' ? `${ours.row.mnemonic} (${ours.row.encoding}), ${name}` : undefined;
  }
  const needs = [...theirs.cpuidFeatures()];
  const older = asOlder[theirs.mnemonic];
  const harmless = ours && (ours.row.mnemonic === 'nop' || ours.row.mnemonic === 'endbr64' || ours.row.options.ends === 'trap');
  if (!older && !needs.every((f) => present.has(f))) {
    counts.outside++;
    return ours && !harmless ? `${ours.row.mnemonic} (${ours.row.encoding}), but ${name} is not in x86-64-v2` : undefined;
  }
  counts.instructions++;
  if (!ours && refused.test(name)) return undefined;
  if (!ours) return reason === 'truncated' ? undefined : `no row (${reason}), ${name}`;
  if (ours.row.options.ends === 'trap') return undefined;
  if (ours.length !== theirs.length) return `${ours.row.mnemonic} has length ${ours.length}, ${name} ${theirs.length}`;
  if (ours.row.mnemonic === 'nop') return undefined;
  const codes = ours.row.operands.split(' ');
  const shown = ours.operands.filter((_, n) => codes[n] !== 'XMM0');
  const mine = shown.map((_, n) => ourOperand(ours, n)).join(', ');
  const skipped = theirs.opCount === shown.length + 1 && /^d[89d] /.test(ours.row.encoding) ? 1 : 0; // st(0), which rows of one operand leave out
  const other = shown.map((o, n) => (n < theirs.opCount ? icedOperand(theirs, n + skipped, o) : 'none')).join(', ');
  const wide = (text: string): string => (anyWidth.test(ours.row.mnemonic) || codes[0] === 'Sw' ? text.replace(/\be?([a-ds][xpi])\b|\br([a-ds][xpi])\b|\br(\d+)[dw]?\b/g, '$1$2$3') : text);
  const count = ours.row.operands === '' || shown.length + skipped === theirs.opCount;
  const flags = older || ours.row.mnemonic === 'syscall' ? undefined : flagDifference(theirs, ours);
  if (flags) return `${ours.row.mnemonic} (${ours.row.encoding}) ${flags}`;
  const same = /^maskmov/.test(ours.row.mnemonic) ? mine.split(', ').sort().join() === other.split(', ').sort().join() : wide(mine) === wide(other);
  return same && count ? undefined : `${ours.row.mnemonic} ${mine}, ${name} ${other} (${theirs.opCount} operands)`;
}
