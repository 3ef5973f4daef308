// What the processor says about itself: cpuid, and the time stamp counter.
import { RAX, RBX, RCX, RDX } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';

/** Values of eax, ebx, ecx, edx. */
type Leaf = readonly [number, number, number, number];

const bits = (...numbers: number[]): number => numbers.reduce((word, n) => word | 1 << n, 0) >>> 0;
const ascii = (text: string, at: number): number => [0, 1, 2, 3].reduce((word, i) => word | (text.charCodeAt(at + i) || 0) << 8 * i, 0) >>> 0;

const VENDOR = 'GenuineIntel';
const BRAND = 'Wherry virtual CPU';
/** Family 6, model 26, stepping 5: the first generation with all of x86-64-v2 and nothing beyond; C libraries choose their string functions by it. */
const SIGNATURE = 0x000106a5;

/** Leaf 1 (SDM Vol. 2, CPUID, Tables 3-10 and 3-11): exactly what the rows implement. */
const FEATURES_ECX = bits(0 /* SSE3 */, 9 /* SSSE3 */, 13 /* CX16 */, 19 /* SSE4.1 */, 20 /* SSE4.2 */, 23 /* POPCNT */);
const FEATURES_EDX = bits(0 /* FPU */, 4 /* TSC */, 8 /* CX8 */, 15 /* CMOV */, 19 /* CLFSH */, 23 /* MMX */, 24 /* FXSR */, 25 /* SSE */, 26 /* SSE2 */);
const EXTENDED_ECX = bits(0 /* LAHF in 64-bit mode */);
const EXTENDED_EDX = bits(11 /* SYSCALL */, 20 /* NX */, 27 /* RDTSCP */, 29 /* LM */);

/** Leaf 4: type 1 data, 2 instructions, 3 both; lines of 64 bytes. */
const cache = (type: number, level: number, ways: number, sets: number): Leaf => [type | level << 5 | 1 << 8, (ways - 1) << 22 | 63, sets - 1, 0];
const caches: readonly Leaf[] = [cache(1, 1, 8, 64), cache(2, 1, 4, 128), cache(3, 2, 8, 512), cache(3, 3, 16, 8192)];

const zero: Leaf = [0, 0, 0, 0];
const brand = (part: number): Leaf => [0, 4, 8, 12].map((at) => ascii(BRAND, 16 * part + at)) as unknown as Leaf;

const leaves: Record<number, Leaf> = {
  0: [7, ascii(VENDOR, 0), ascii(VENDOR, 8), ascii(VENDOR, 4)],
  1: [SIGNATURE, 8 << 8 | 1 << 16, FEATURES_ECX, FEATURES_EDX],
  /** One round; the caches are in leaf 4. */
  2: [0x00ff0001, 0, 0, 0],
  0x80000000: [0x80000008, 0, 0, 0],
  0x80000001: [0, 0, EXTENDED_ECX, EXTENDED_EDX],
  0x80000002: brand(0),
  0x80000003: brand(1),
  0x80000004: brand(2),
  /** Second-level cache: 256 KiB, 8 ways, lines of 64 bytes. */
  0x80000006: [0, 0, 256 << 16 | 6 << 12 | 64, 0],
  /** The counter runs at a constant rate. */
  0x80000007: [0, 0, 0, bits(8)],
  /** 48 bits of virtual and of physical addresses. */
  0x80000008: [0x3030, 0, 0, 0],
};

/** The answer of cpuid for eax and ecx; leaves that are not there are zero. */
export const cpuid = (leaf: number, subleaf: number): Leaf => (leaf === 4 ? caches[subleaf] ?? zero : leaves[leaf] ?? zero);

routine('cpuid', ({ state: cpu }) => {
  const answer = cpuid(cpu.gpr32(RAX), cpu.gpr32(RCX));
  [RAX, RBX, RCX, RDX].forEach((register, i) => cpu.setGpr(register, BigInt(answer[i]! >>> 0)));
  return Outcome.next;
});

/** a: 1 for rdtscp, which also says on which processor it ran. */
routine('rdtsc', (space, withProcessor) => {
  const now = BigInt.asUintN(64, space.timestamp());
  space.state.setGpr(RAX, now & 0xffffffffn);
  space.state.setGpr(RDX, now >> 32n);
  if (withProcessor) space.state.setGpr(RCX, 0n);
  return Outcome.next;
});
