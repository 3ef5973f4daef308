// Stubs of the procedure linkage table: a call to one is a call through the address in its GOT entry (System V ABI AMD64, 5.2), so the caller reads that entry itself.
import type { CodeSource } from './discover.ts';

/** A stub: the guest address of its GOT entry, and the code that says so. */
export interface Stub { readonly entry: number; readonly begin: number; readonly end: number }

/** What may stand before the jump: endbr64, and a bnd prefix. */
const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa], BND = 0xf2;
/** ff 25 disp32: jmp [rip + disp]. */
const JUMP_LENGTH = 6;

/** The stub at an address, if `jmp [rip + disp]` is all it does. */
export function stubAt(address: number, source: CodeSource): Stub | undefined {
  const { bytes } = source;
  let at = address;
  if (ENDBR64.every((byte, i) => bytes[at + i] === byte)) at += ENDBR64.length;
  if (bytes[at] === BND) at++;
  if (bytes[at] !== 0xff || bytes[at + 1] !== 0x25 || source.reach(address) < at + JUMP_LENGTH - address) return undefined;
  const disp = bytes[at + 2]! | bytes[at + 3]! << 8 | bytes[at + 4]! << 16 | bytes[at + 5]! << 24;
  return { entry: (at + JUMP_LENGTH + disp) >>> 0, begin: address, end: at + JUMP_LENGTH };
}
