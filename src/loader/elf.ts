// ELF64 files for x86-64: the header and program headers, checked. elf(5).

export interface ProgramHeader { type: number; flags: number; offset: number; vaddr: number; fileSize: number; memorySize: number; align: number }

export interface Elf {
  /** Position-independent: placed where the loader likes. */
  relocatable: boolean;
  entry: number;
  headers: readonly ProgramHeader[];
  headersOffset: number;
  headerCount: number;
  /** [lowest, highest) page-aligned addresses of the PT_LOAD segments, before relocation. */
  start: number;
  end: number;
  /** PT_INTERP: where the interpreter's path lies in the file. */
  interpreter: { offset: number; length: number } | undefined;
  executableStack: boolean;
}

/** Why a file cannot be run: one line, for the trace and for the command's error. */
export class BadProgram {
  readonly reason: string;
  constructor(reason: string) { this.reason = reason; }
}

export const PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6, PT_GNU_STACK = 0x6474e551;
export const PF_X = 1, PF_W = 2, PF_R = 4;
const ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62;
const HEADER_SIZE = 64, PROGRAM_HEADER_SIZE = 56, PAGE = 4096;
const ADDRESS_LIMIT = 0xffff_0000;
const machines: Record<number, string> = { 2: 'SPARC', 3: 'i386', 8: 'MIPS', 20: 'PowerPC', 21: 'PowerPC 64', 22: 'S/390', 40: 'ARM', 183: 'AArch64', 243: 'RISC-V', 258: 'LoongArch' };

const bad = (reason: string): never => { throw new BadProgram(reason); };
const isElf = (bytes: Uint8Array): boolean => bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** Reads the headers. `read(offset, length)` gives fewer bytes at the file's end. Throws BadProgram. */
export function readElf(read: (offset: number, length: number) => Uint8Array, fileSize: number): Elf {
  const bytes = read(0, HEADER_SIZE);
  if (!isElf(bytes)) bad('not an ELF file');
  if (bytes.length < HEADER_SIZE) bad('truncated ELF header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkKind(bytes, view);
  const headersOffset = u64(view, 32);
  const headerCount = view.getUint16(56, true);
  if (view.getUint16(54, true) !== PROGRAM_HEADER_SIZE) bad('program headers of an unknown size');
  if (headerCount === 0) bad('no program headers');
  if (headersOffset + headerCount * PROGRAM_HEADER_SIZE > fileSize) bad('truncated: program headers lie beyond the end of the file');
  const table = read(headersOffset, headerCount * PROGRAM_HEADER_SIZE);
  const headers = readHeaders(new DataView(table.buffer, table.byteOffset, table.byteLength), headerCount);
  return describe(view.getUint16(16, true) === ET_DYN, u64(view, 24), headers, headersOffset, fileSize);
}

const u64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function checkKind(bytes: Uint8Array, view: DataView): void {
  const machine = view.getUint16(18, true);
  if (bytes[4] !== 2) bad(machine === 3 || machine === 62 ? '32-bit program (only x86-64 programs run here)' : 'not a 64-bit ELF file');
  if (bytes[5] !== 1) bad('big-endian ELF file');
  if (machine !== EM_X86_64) bad(`program for ${machines[machine] ?? `machine ${machine}`} (only x86-64 programs run here)`);
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) bad('ELF file is not a program');
}

const readHeaders = (view: DataView, count: number): ProgramHeader[] => Array.from({ length: count }, (_, i) => {
  const at = i * PROGRAM_HEADER_SIZE;
  return {
    type: view.getUint32(at, true), flags: view.getUint32(at + 4, true), offset: u64(view, at + 8), vaddr: u64(view, at + 16), fileSize: u64(view, at + 32), memorySize: u64(view, at + 40),
    align: u64(view, at + 48),
  };
});

function describe(relocatable: boolean, entry: number, headers: ProgramHeader[], headersOffset: number, fileSize: number): Elf {
  const loads = headers.filter((h) => h.type === PT_LOAD);
  if (loads.length === 0) bad('no loadable segment');
  loads.forEach((h, i) => { checkSegment(h, loads[i - 1], fileSize); });
  const interpreter = headers.find((h) => h.type === PT_INTERP);
  if (interpreter && (interpreter.fileSize < 2 || interpreter.fileSize > PAGE || interpreter.offset + interpreter.fileSize > fileSize)) bad('bad PT_INTERP segment');
  const stack = headers.find((h) => h.type === PT_GNU_STACK);
  const last = loads.at(-1)!;
  return {
    relocatable, entry, headers, headersOffset, headerCount: headers.length,
    start: loads[0]!.vaddr - loads[0]!.vaddr % PAGE,
    end: Math.ceil((last.vaddr + last.memorySize) / PAGE) * PAGE,
    interpreter: interpreter && { offset: interpreter.offset, length: interpreter.fileSize },
    executableStack: stack ? (stack.flags & PF_X) !== 0 : false,
  };
}

function checkSegment(h: ProgramHeader, previous: ProgramHeader | undefined, fileSize: number): void {
  if (h.fileSize > h.memorySize) bad('segment larger in the file than in memory');
  if (h.vaddr + h.memorySize > ADDRESS_LIMIT) bad('segment above 4 GiB');
  if (h.fileSize > 0 && h.offset + h.fileSize > fileSize) bad('truncated: a segment lies beyond the end of the file');
  if (h.vaddr % PAGE !== h.offset % PAGE) bad('segment not aligned with its place in the file');
  if (previous && h.vaddr < previous.vaddr + previous.memorySize) bad('segments overlap or are out of order');
}
