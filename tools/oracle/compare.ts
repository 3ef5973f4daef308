// What of an outcome is defined, and how two outcomes differ, in words.
import type { Row } from '../../src/translate/x86/index.ts';
import { image, type Outcome, type Patch } from './image.ts';

/** How strictly a row's outcome is compared. */
export interface Mask {
  /** RFLAGS bits that the manual leaves undefined. */
  flags: number;
  /** The status flags of MXCSR count only where an instruction is about MXCSR. */
  mxcsr: boolean;
  /** Transcendental: 80-bit results may differ by one unit in the last place, and then C1 too. */
  ulp: boolean;
  /** Relative error 1.5 · 2^-12 in single lanes is allowed. */
  approximate: boolean;
  /** Bytes of memory that hold the x87 unit's instruction and operand pointers. */
  ignored: readonly { at: number; length: number }[];
}

const FLAG_LETTERS: Record<string, number> = { o: 0x800, s: 0x80, z: 0x40, a: 0x10, p: 4, c: 1 };
const undefinedFlags = (flags: string): number => [...flags].reduce((bits, letter) => bits | (FLAG_LETTERS[letter] ?? 0), 0);

const TRANSCENDENTAL = /^(f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos)$/;
const ABOUT_MXCSR = /^(ldmxcsr|stmxcsr|fxrstor)$/;

/** The comparison a row asks for; `address` and `fieldSize` are those of its save area, if it has one. */
export function maskOf(row: Row, address = 0, opSize = 4): Mask {
  const pointers = row.mnemonic === 'fxsave' ? [{ at: address + 6, length: 18 }]
    : /^fn(stenv|save)$/.test(row.mnemonic) ? [opSize === 2 ? { at: address + 6, length: 8 } : { at: address + 12, length: 16 }] : [];
  return {
    flags: undefinedFlags(row.flags), mxcsr: ABOUT_MXCSR.test(row.mnemonic), ulp: TRANSCENDENTAL.test(row.mnemonic), approximate: row.options.approximate === true, ignored: pointers,
  };
}

const MXCSR_DEFAULT = 0x1f80, MXCSR_STATUS = 0x3f;

/** Whether MXCSR counts in a run from these registers: its status flags are exact only while its modes are unusual. */
export const seesMxcsr = (always: boolean, registers: Uint8Array): boolean => always || (new DataView(registers.buffer, registers.byteOffset).getUint32(image.mxcsr, true) & ~MXCSR_STATUS) !== MXCSR_DEFAULT;

const GPR = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const hex = (bytes: Uint8Array): string => [...bytes].reverse().map((b) => b.toString(16).padStart(2, '0')).join('');
const equal = (x: Uint8Array, y: Uint8Array): boolean => x.every((byte, i) => byte === y[i]);
/** The arithmetic flags and DF. ID is left out: Linux does not restore it when a signal handler returns, so it leaks from case to case. */
const COMPARED_FLAGS = 0xcd5;

/** The differences, one line each; empty when the outcomes agree. `expected` is the CPU's. */
export function differences(expected: Outcome, actual: Outcome, mask: Mask): string[] {
  const lines: string[] = [];
  const say = (name: string, e: string, a: string) => lines.push(`${name}: CPU ${e}, here ${a}`);
  if (expected.signal !== actual.signal || expected.trap !== actual.trap) say('end', endOf(expected), endOf(actual));
  else if (expected.rip !== actual.rip) say('rip', expected.rip.toString(16), actual.rip.toString(16));
  else if (expected.trap === 14 && !sameFault(expected.fault, actual.fault)) say('fault address', expected.fault.toString(16), actual.fault.toString(16));
  compareRegisters(expected.registers, actual.registers, mask, say);
  compareMemory(expected.memory, actual.memory, mask, say);
  return lines;
}

/** An access that crosses into another page may report either of them, and one that writes single bytes any of them. */
const sameFault = (e: bigint, a: bigint): boolean => e - a < 16n && a - e < 16n;

/** How an outcome ended, in words. */
export const endOf = (o: Outcome): string => (o.signal === 5 && o.trap === 3 ? 'ran to the end' : `signal ${o.signal} trap ${o.trap}`);

type Say = (name: string, expected: string, actual: string) => void;

function compareRegisters(e: Uint8Array, a: Uint8Array, mask: Mask, say: Say): void {
  const ev = new DataView(e.buffer, e.byteOffset);
  const av = new DataView(a.buffer, a.byteOffset);
  for (let i = 0; i < 16; i++) if (ev.getBigUint64(8 * i, true) !== av.getBigUint64(8 * i, true)) say(GPR[i]!, hex(e.subarray(8 * i, 8 * i + 8)), hex(a.subarray(8 * i, 8 * i + 8)));
  const seen = COMPARED_FLAGS & ~mask.flags;
  if ((ev.getUint32(image.rflags, true) ^ av.getUint32(image.rflags, true)) & seen) say('flags', flagNames(ev.getUint32(image.rflags, true) & seen), flagNames(av.getUint32(image.rflags, true) & seen));
  for (let i = 0; i < 16; i++) {
    const at = image.xmm + 16 * i;
    const [x, y] = [e.subarray(at, at + 16), a.subarray(at, at + 16)];
    if (!equal(x, y) && !(mask.approximate && closeLanes(x, y))) say(`xmm${i}`, hex(x), hex(y));
  }
  if (mask.mxcsr && ev.getUint32(image.mxcsr, true) !== av.getUint32(image.mxcsr, true)) say('mxcsr', ev.getUint32(image.mxcsr, true).toString(16), av.getUint32(image.mxcsr, true).toString(16));
  compareX87(e, a, mask, say);
}

const C1 = 0x200;

function compareX87(e: Uint8Array, a: Uint8Array, mask: Mask, say: Say): void {
  const word = (r: Uint8Array, at: number) => r[at]! | r[at + 1]! << 8;
  for (const [name, at, bits] of [['fcw', image.fcw, 0xffff], ['fsw', image.fsw, mask.ulp ? 0xffff & ~C1 : 0xffff]] as const) {
    if ((word(e, at) ^ word(a, at)) & bits) say(name, word(e, at).toString(16), word(a, at).toString(16));
  }
  if (e[image.ftw] !== a[image.ftw]) say('tags', e[image.ftw]!.toString(2), a[image.ftw]!.toString(2));
  for (let i = 0; i < 8; i++) {
    const at = image.st + 16 * i;
    const [x, y] = [e.subarray(at, at + 10), a.subarray(at, at + 10)];
    if (!equal(x, y) && !(mask.ulp && withinUlp(x, y))) say(`st${i}`, hex(x), hex(y));
  }
}

/** Neighbours among 80-bit numbers of one sign. */
function withinUlp(x: Uint8Array, y: Uint8Array): boolean {
  const ordinal = (r: Uint8Array) => { const n = BigInt(`0x${hex(r)}`); return ((n >> 64n & 0x7fffn) << 63n) + (n & 0x7fff_ffff_ffff_ffffn); };
  const distance = ordinal(x) - ordinal(y);
  return (x[9]! & 0x80) === (y[9]! & 0x80) && distance >= -1n && distance <= 1n;
}

function closeLanes(x: Uint8Array, y: Uint8Array): boolean {
  const [xv, yv] = [new DataView(x.buffer, x.byteOffset, 16), new DataView(y.buffer, y.byteOffset, 16)];
  return [0, 4, 8, 12].every((at) => {
    if (xv.getUint32(at) === yv.getUint32(at)) return true;
    const [p, q] = [xv.getFloat32(at, true), yv.getFloat32(at, true)];
    return Math.abs(p - q) <= Math.abs(p) * 3 * 2 ** -12;
  });
}

const flagNames = (bits: number): string => [['O', 0x800], ['D', 0x400], ['S', 0x80], ['Z', 0x40], ['A', 0x10], ['P', 4], ['C', 1]].filter(([, bit]) => bits & (bit as number)).map(([name]) => name).join('') || '-';

function compareMemory(e: readonly Patch[], a: readonly Patch[], mask: Mask, say: Say): void {
  const bytesOf = (patches: readonly Patch[]) => new Map(patches.flatMap((p) => [...p.bytes].map((b, i) => [p.at + i, b] as const)));
  const [em, am] = [bytesOf(e), bytesOf(a)];
  const ignored = (at: number) => mask.ignored.some((r) => at >= r.at && at < r.at + r.length);
  const wrong = [...new Set([...em.keys(), ...am.keys()])].filter((at) => em.get(at) !== am.get(at) && !ignored(at)).sort((x, y) => x - y);
  // A cell that changed on one side only is absent on the other: then at least one of its bytes differs for certain.
  const text = (m: Map<number, number>, at: number) => (m.get(at)?.toString(16).padStart(2, '0') ?? 'unchanged');
  if (wrong.length > 0) say(`memory at ${wrong[0]!.toString(16)} and ${wrong.length - 1} more bytes`, text(em, wrong[0]!), text(am, wrong[0]!));
}
