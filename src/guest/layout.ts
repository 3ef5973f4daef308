// Where things lie in an address space. One WebAssembly.Memory is one address space and a guest address is a WebAssembly address; the runtime keeps its own
// tables in windows that the guest can never map and whose pages have no rights in the permission table.

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Below this nothing is ever mapped and all bytes are zero: a null pointer read through an unchecked load gives zeros, never the runtime's data. */
export const NULL_END = 0x1_0000;

/** The registers of the task that runs now (state.ts gives the offsets). */
export const STATE_BASE = 0x1_0000;

/** The permission table: one byte for each of the 2^20 pages. */
export const PERM_BASE = 0x10_0000;

/** Free for the translator's other tables, up to IMAGE_BASE. */
export const RUNTIME_TABLES = 0x20_0000;

/** Non-PIE programs link here; PIE programs are placed here too. The heap (brk) follows the program. */
export const IMAGE_BASE = 0x40_0000;

/** The initial stack ends here and may grow down to STACK_TOP - STACK_LIMIT. */
export const STACK_TOP = 0x1000_0000;
export const STACK_LIMIT = 0x80_0000;

/** The runtime's large window: decoded records of the interpreter. */
export const RECORDS_BASE = 0x1000_0000;
export const RECORDS_END = 0x13e0_0000;

/** Direct-mapped table guest pc → what runs there; entries of 8 bytes (pc u32, target u32). A compiler has twenty thousand targets. */
export const DISPATCH_BASE = 0x13e0_0000;
export const DISPATCH_ENTRIES = 1 << 18;
/** The entry of a pc is (pc ^ pc >>> DISPATCH_FOLD) modulo their number: functions begin at multiples of 16. */
export const DISPATCH_FOLD = 18;

/** One past the runtime's windows. */
export const WINDOWS_END = 0x1400_0000;

/** mmap hands out addresses from here upwards, the interpreter (ld.so) and libraries first. */
export const MMAP_BASE = 0x1400_0000;

/** One past the last address the guest may use: the last page stays unmapped so that address arithmetic never meets 2^32. */
export const ADDRESS_END = 0xffff_0000;

/** One past the last address that programs may name on x86-64 (TASK_SIZE): what lies beyond ADDRESS_END is never mapped. */
export const TASK_END = 2 ** 47 - PAGE_SIZE;
