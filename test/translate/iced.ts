// Compares our decoder with iced-x86, instruction by instruction: what is an instruction, its length, its operands and the flags its row says it writes.
import { Code, CpuidFeature, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register } from 'iced-x86';
import { decode } from '../../src/translate/x86/decoder.ts';
import type { DecodedOperand, Insn } from '../../src/translate/x86/insn.ts';

/** What an x86-64-v2 processor has, as iced names it. */
const present = new Set<number>([
  CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386, CpuidFeature.INTEL486, CpuidFeature.X64, CpuidFeature.CPUID, CpuidFeature.CMOV,
  CpuidFeature.CX8, CpuidFeature.CMPXCHG16B, CpuidFeature.TSC, CpuidFeature.RDTSCP, CpuidFeature.PAUSE, CpuidFeature.MULTIBYTENOP, CpuidFeature.POPCNT, CpuidFeature.SYSCALL, CpuidFeature.CLFSH,
  CpuidFeature.FXSR, CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387, CpuidFeature.MMX, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.SSE3, CpuidFeature.SSSE3,
  CpuidFeature.SSE4_1, CpuidFeature.SSE4_2, CpuidFeature.MSR, CpuidFeature.RDPMC,
]);
/** Hint encodings that do nothing on a processor without the feature. */
const hints = new Set<number>([CpuidFeature.CET_IBT, CpuidFeature.CET_SS, CpuidFeature.CLDEMOTE, CpuidFeature.PREFETCHW, CpuidFeature.PREFETCHWT1, CpuidFeature.MPX, CpuidFeature.PREFETCHITI, CpuidFeature.HLE_or_RTM]);
/** Without BMI1 and LZCNT these are bsf and bsr with a prefix that says nothing. */
const asOlder: Record<number, string> = { [Mnemonic.Tzcnt]: 'bsf', [Mnemonic.Lzcnt]: 'bsr' };

const registerName = new Map(Object.entries(Register).filter(([name]) => Number.isNaN(Number(name))).map(([name, n]) => [n as number, name.toLowerCase()]));
const bytesOf8 = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const names16 = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const gprName = (n: number, size: number, high = false): string => {
  if (high) return ['ah', 'ch', 'dh', 'bh'][n]!;
  if (n >= 8) return `r${n}${{ 1: 'l', 2: 'w', 4: 'd', 8: '' }[size]}`;
  return size === 1 ? bytesOf8[n]! : size === 2 ? names16[n]! : `${size === 4 ? 'e' : 'r'}${names16[n]}`;
};

const memory = (segment: string | undefined, base: string, index: string, scale: number, disp: bigint, addressSize: number): string =>
  `${segment ?? ''}[${base}+${index}*${index ? scale : 1}+${BigInt.asUintN(8 * addressSize, disp).toString(16)}]`;

/** Our operand as text. */
export function ourOperand(o: DecodedOperand): string {
  switch (o.kind) {
    case 'gpr': return gprName(o.n, o.size, o.high);
    case 'mem': return memory(o.segment, o.base < 0 ? '' : gprName(o.base, o.addressSize), o.index < 0 ? '' : gprName(o.index, o.addressSize), o.scale, BigInt(o.disp), o.addressSize);
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

export interface Counts { instructions: number; outside: number; bytesOfNothing: number }

/**
 * Sweeps over code with both decoders in lockstep. Returns the differences, one line each, at most `limit`.
 */
export function compare(code: Uint8Array, address: number, counts: Counts, limit = 20): string[] {
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
    at += Math.max(theirs.length, 1);
  }
  theirs.free();
  decoder.free();
  return differences;
}

function difference(theirs: Instruction, ours: Insn | undefined, reason: string, counts: Counts): string | undefined {
  const name = `iced ${Code[theirs.code]}`;
  if (theirs.isInvalid) {
    counts.bytesOfNothing++;
    return ours ? `${ours.row.mnemonic} (${ours.row.encoding}), ${name}` : undefined;
  }
  const needs = [...theirs.cpuidFeatures()];
  const hint = needs.some((f) => hints.has(f));
  const older = asOlder[theirs.mnemonic];
  if (!hint && !older && !needs.every((f) => present.has(f))) {
    counts.outside++;
    return ours ? `${ours.row.mnemonic} (${ours.row.encoding}), but ${name} is not in x86-64-v2` : undefined;
  }
  counts.instructions++;
  if (!ours) return reason === 'truncated' ? undefined : `no row (${reason}), ${name}`;
  if (ours.length !== theirs.length) return `${ours.row.mnemonic} has length ${ours.length}, ${name} ${theirs.length}`;
  if (ours.row.options.ends === 'trap' || ours.row.mnemonic === 'nop') return undefined;
  const mine = ours.operands.map(ourOperand).join(', ');
  const other = ours.operands.map((o, n) => (n < theirs.opCount ? icedOperand(theirs, n, o) : 'none')).join(', ');
  const count = ours.row.operands === '' || ours.operands.length === theirs.opCount;
  return mine === other && count ? undefined : `${ours.row.mnemonic} ${mine}, ${name} ${other} (${theirs.opCount} operands)`;
}
