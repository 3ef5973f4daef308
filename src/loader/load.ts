// Maps an ELF program and its interpreter into a new address space.
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/index.ts';
import { IMAGE_BASE, STACK_LIMIT, STACK_TOP } from '../guest/index.ts';
import { pageDown, pageUp, readWhole } from '../linux/index.ts';
import type { AddressSpace, MappedFile } from '../linux/index.ts';
import { BadProgram, PF_R, PF_W, PF_X, PT_LOAD, PT_PHDR, readElf } from './elf.ts';
import type { Elf, ProgramHeader } from './elf.ts';

/** An ELF file ready to be mapped. */
export interface Program { elf: Elf; mapped: MappedFile }

/** Where a program was put. */
export interface Placed { entry: number; base: number; headersPtr: number; end: number }

export const readAt = (mapped: MappedFile) => (offset: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readWhole(mapped.file, offset, bytes));
};

/** Reads and checks the headers. Throws BadProgram. */
export function openProgram(mapped: MappedFile): Program {
  return { elf: readElf(readAt(mapped), mapped.file.inode.stat().size), mapped };
}

/** The path in PT_INTERP. */
export function interpreterPath({ elf, mapped }: Program): string | undefined {
  if (!elf.interpreter) return undefined;
  const bytes = readAt(mapped)(elf.interpreter.offset, elf.interpreter.length);
  return String.fromCharCode(...bytes.subarray(0, Math.max(0, bytes.indexOf(0))));
}

const protOf = (h: ProgramHeader): number => (h.flags & PF_R ? PROT_READ : 0) | (h.flags & PF_W ? PROT_WRITE : 0) | (h.flags & PF_X ? PROT_EXEC : 0);

/** Maps the segments; `role` chooses where a position-independent file goes. Throws BadProgram when there is no room at a program's fixed addresses. */
export function mapProgram(space: AddressSpace, { elf, mapped }: Program, role: 'program' | 'interpreter'): Placed {
  const base = elf.relocatable ? roomFor(space, elf, role) - elf.start : 0;
  const [start, end] = [elf.start + base, elf.end + base];
  if (!elf.relocatable && (start < IMAGE_BASE || end > HEAP_LIMIT)) throw new BadProgram(`linked for addresses 0x${start.toString(16)}–0x${end.toString(16)}, which cannot be used here`);
  for (const h of elf.headers) if (h.type === PT_LOAD) mapSegment(space, mapped, h, base);
  return { entry: elf.entry + base, base, headersPtr: headersAddress(elf, base), end };
}

/** Programs and their heap lie below the stack. */
const HEAP_LIMIT = STACK_TOP - STACK_LIMIT;

function roomFor(space: AddressSpace, elf: Elf, role: 'program' | 'interpreter'): number {
  const length = elf.end - elf.start;
  return role === 'program' && IMAGE_BASE + length <= HEAP_LIMIT ? IMAGE_BASE : space.findRoom(length);
}

function mapSegment(space: AddressSpace, mapped: MappedFile, h: ProgramHeader, base: number): void {
  const prot = protOf(h);
  const start = pageDown(h.vaddr + base);
  const fileEnd = h.vaddr + base + h.fileSize;
  if (h.fileSize > 0) space.map({ address: start, length: fileEnd - start, prot, shared: false, fixed: 'noreplace', file: mapped, offset: pageDown(h.offset) });
  const anonymousStart = h.fileSize > 0 ? pageUp(fileEnd) : start;
  const end = pageUp(h.vaddr + base + h.memorySize);
  if (end > anonymousStart) space.map({ address: anonymousStart, length: end - anonymousStart, prot, shared: false, fixed: 'noreplace', offset: 0 });
  if (h.memorySize > h.fileSize && prot & PROT_WRITE) space.memory.bytes.fill(0, fileEnd, anonymousStart);
}

/** Where the program finds its own headers: PT_PHDR, or the segment that holds their place in the file. */
function headersAddress(elf: Elf, base: number): number {
  const own = elf.headers.find((h) => h.type === PT_PHDR);
  if (own) return own.vaddr + base;
  const holder = elf.headers.find((h) => h.type === PT_LOAD && h.offset <= elf.headersOffset && elf.headersOffset < h.offset + h.fileSize);
  return holder ? elf.headersOffset - holder.offset + holder.vaddr + base : 0;
}

export { BadProgram };
