// Lazy arithmetic flags: the five kinds, how each gives back the six flags, and the EFLAGS bits. The translator, the interpreter and signal frames all read this file.

/** EFLAGS bits (Intel SDM Vol. 1, 3.4.3). */
export const CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, TF = 0x100, IF = 0x200, DF = 0x400, OF = 0x800, AC = 0x4_0000, ID = 0x20_0000;
export const ARITHMETIC_FLAGS = CF | PF | AF | ZF | SF | OF;

/**
 * A kind is `base * 4 + log2(size)`; a, b are the operands kept, zero-extended to 64 bits.
 * bits:  a = the six flags in their EFLAGS places (size is 0 here: kind is exactly 0)
 * sub:   flags of a - b      (cmp, sub, neg with a = 0)
 * add:   flags of a + b
 * logic: ZF SF PF of a; CF = OF = AF = 0
 * res:   ZF SF PF of a; CF, AF, OF from b, in their EFLAGS places
 */
export const flagsBase = { bits: 0, sub: 1, add: 2, logic: 3, res: 4 } as const;
export type FlagsBase = keyof typeof flagsBase;

export const flagsKind = (base: FlagsBase, size: 1 | 2 | 4 | 8): number => (base === 'bits' ? 0 : flagsBase[base] * 4 + (31 - Math.clz32(size)));

/** The six arithmetic flags of a lazy state, in their EFLAGS places. The reference for every other implementation; a and b are unsigned 64-bit. */
export function flagsOf(kind: number, a: bigint, b: bigint): number {
  const base = kind >> 2;
  if (base === flagsBase.bits) return Number(a & 0xffffn) & ARITHMETIC_FLAGS;
  const bits = BigInt(8 << (kind & 3));
  const x = BigInt.asUintN(Number(bits), a);
  const y = BigInt.asUintN(Number(bits), b);
  const top = 1n << (bits - 1n);
  const result = BigInt.asUintN(Number(bits), base === flagsBase.sub ? x - y : base === flagsBase.add ? x + y : x);
  let flags = (result === 0n ? ZF : 0) | (result & top ? SF : 0) | parity(Number(result & 0xffn));
  if (base === flagsBase.sub) flags |= (x < y ? CF : 0) | ((x ^ y) & (x ^ result) & top ? OF : 0) | Number((x ^ y ^ result) & 0x10n);
  else if (base === flagsBase.add) flags |= (result < x ? CF : 0) | (~(x ^ y) & (x ^ result) & top ? OF : 0) | Number((x ^ y ^ result) & 0x10n);
  else if (base === flagsBase.res) flags |= Number(b & 0xffffn) & (CF | AF | OF);
  return flags;
}

const parity = (byte: number): number => { let v = byte ^ (byte >> 4); v ^= v >> 2; v ^= v >> 1; return v & 1 ? 0 : PF; };
