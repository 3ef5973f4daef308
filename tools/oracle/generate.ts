// Random test cases for one instruction row: forms with all operand kinds, and for each form several states of registers and memory, with the care that some instructions need.
import type { Row } from '../../src/translate/x86/index.ts';
import { decode } from '../../src/translate/x86/index.ts';
import { hasExactForm } from '../../src/translate/x86/routines/sse-exact.ts';
import { makeForm, type Form, type FormOperand } from './encode.ts';
import { type Case, CODE, DATA, DATA_END, GS_BASE, image, type Patch, READ_ONLY, STACK } from './image.ts';
import { Random, randomF80, randomFloats, randomInteger, randomLane, randomRegisters } from './random.ts';

/** Instructions whose result the CPU may choose, or that must not run: why. */
const EXCLUDED: Record<string, string> = {
  syscall: 'a system call', cpuid: 'names the processor', rdtsc: 'the time', rdtscp: 'the time', xgetbv: 'names the processor', rdrand: 'random', rdseed: 'random', rdpid: 'the processor',
  int: 'a system call', sgdt: 'emulated by Linux', sidt: 'emulated by Linux', sldt: 'emulated by Linux', str: 'emulated by Linux', smsw: 'emulated by Linux',
  verr: 'selectors of the host', verw: 'selectors of the host', lar: 'selectors of the host', lsl: 'selectors of the host', wrfsbase: 'thread pointer of the host', rdfsbase: 'thread pointer of the host',
  wrgsbase: 'base of the oracle', rdgsbase: 'base of the oracle', mov_cr: 'faults differ by register', mov_dr: 'faults differ by register', int1: 'the trap of a debugger',
};

/** Why a row is not recorded, or undefined. */
export const whyExcluded = (row: Row): string | undefined => EXCLUDED[row.mnemonic] ?? (/^(0f a1|0f a9|0f b2|0f b4|0f b5|8c|8e)/.test(row.encoding) ? 'selectors of the host' : undefined);

/** One form of an instruction, and what it is run with. */
export interface FormCases { form: Form; codeOffset: number; states: State[] }
/** `set` are changes to randomRegisters(seed). */
export interface State { seed: number; set: Patch[]; memory: Patch[] }

/** The registers a state starts from. */
export function registersOf(state: State): Uint8Array {
  const registers = randomRegisters(state.seed);
  for (const p of state.set) registers.set(p.bytes, p.at);
  return registers;
}

export const caseOf = (f: FormCases, state: State): Case => ({ code: f.form.code, codeOffset: f.codeOffset, registers: registersOf(state), memory: state.memory });

const isX87 = (row: Row): boolean => /^(d[89a-f]|9b)/.test(row.encoding) || /^fx/.test(row.mnemonic);
const isString = (row: Row): boolean => /(^| )[XY]/.test(row.operands);
const PAGE = 4096;

/** Makes one form of a row with `count` states. */
export function formCases(row: Row, seed: number, count: number): FormCases {
  const random = new Random(seed);
  const codeOffset = random.chance(0.1) ? PAGE - 1 - random.below(10) : 0x200 + random.below(0x800);
  const form = encodable(row, random, codeOffset);
  const states: State[] = [];
  for (let i = 0; i < count; i++) states.push(makeState(form, seed * 64 + i));
  return { form, codeOffset, states };
}

const FORM_RSP = BigInt(STACK + 0xe00);

/** Other rows have all the bytes that this one could have. */
export class Unreachable extends Error {}

function encodable(row: Row, random: Random, codeOffset: number): Form {
  for (let attempt = 0; attempt < 200; attempt++) {
    const form = makeForm(row, {
      random, rsp: FORM_RSP, gsBase: GS_BASE, codeAddress: CODE + codeOffset,
      memory: (size) => placeOperand(row, random, size),
      target: () => CODE + codeOffset + (random.chance(0.5) ? 20 + random.below(80) : -1 - random.below(80)),
    });
    // The CPU probes the page that a large frame of enter would reach.
    if (row.mnemonic === 'enter') form.code[form.code.length - 2]! &= 1;
    const decoded = decode(form.code, 0, form.code.length, CODE + codeOffset);
    if (decoded.row === row && decoded.length === form.code.length && !pointsWithBitOffset(form)) return form;
  }
  throw new Unreachable(`cannot encode ${row.mnemonic} ${row.encoding} ${row.operands}`);
}

/** A bit offset must stay small, so its register cannot also be part of the address. */
function pointsWithBitOffset(form: Form): boolean {
  const [base, offset] = form.operands;
  return /^bt[src]?$/.test(form.row.mnemonic) && base?.kind === 'mem' && offset?.kind === 'gpr' && form.pointers.has(offset.register);
}

/** An address in the data windows: mostly aligned, sometimes not, across a page, on the read-only page, or reaching past the end. */
function placeOperand(row: Row, random: Random, size: number): number {
  const length = size || 512;
  if (isString(row)) return DATA + 0x800 + random.below(0x1000);
  if (size === 0) return DATA + 16 * random.below(200) + (random.chance(0.08) ? random.below(16) : 0);
  const way = random.below(100);
  if (way < 55) return DATA + 16 * random.below(0x1f0);
  if (way < 75) return DATA + 64 + random.below(0x1f00 - 64);
  if (way < 90) return DATA + PAGE - random.below(length + 1);
  // A fault of an MMX instruction finds the x87 stack reset on some CPUs and not on others.
  if (/[PQN]/.test(row.operands)) return DATA + 16 * random.below(0x1f0);
  if (way < 96) return READ_ONLY + 16 * random.below(250);
  return DATA_END - random.below(length + 1);
}

function makeState(form: Form, seed: number): State {
  const random = new Random(seed ^ 0x2545f491);
  const state: State = { seed, set: [], memory: [] };
  setGpr(state, 4, FORM_RSP);
  for (const operand of form.operands) if (operand.kind === 'mem' && operand.address < DATA_END && operand.address >= DATA) putMemory(state, form.row, random, operand);
  if (isX87(form.row)) unmaskSome(state, random);
  specialise(state, form, random);
  for (const [register, value] of form.pointers) setGpr(state, register, value);
  return state;
}

function bytesOf(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number(value >> BigInt(8 * i) & 0xffn));
}

/** The last setting of a register wins. */
function setGpr(state: State, register: number, value: bigint): void {
  const at = image.gpr + 8 * register;
  state.set = state.set.filter((p) => p.at !== at);
  state.set.push({ at, bytes: bytesOf(BigInt.asUintN(64, value), 8) });
}

const gprOf = (state: State, register: number): bigint => new DataView(registersOf(state).buffer).getBigUint64(image.gpr + 8 * register, true);

/** Only as much as the windows hold. */
function putBytes(state: State, address: number, bytes: Uint8Array): void {
  const end = address <= DATA_END ? DATA_END : address + bytes.length;
  const fits = bytes.subarray(0, Math.max(0, end - address));
  // One patch must not cross a window's end.
  const boundary = address < READ_ONLY && address + fits.length > READ_ONLY ? READ_ONLY - address : fits.length;
  if (boundary > 0) state.memory.push({ at: address, bytes: fits.slice(0, boundary) });
  if (boundary < fits.length) state.memory.push({ at: READ_ONLY, bytes: fits.slice(boundary) });
}

function putMemory(state: State, row: Row, random: Random, operand: FormOperand): void {
  const integer = isX87(row) ? row.mnemonic.startsWith('fi') : !/[VWUPQN]/.test(row.operands);
  if (operand.size === 10) {
    const [signExponent, significand] = randomF80(random);
    putBytes(state, operand.address, Uint8Array.from([...bytesOf(significand, 8), ...bytesOf(BigInt(signExponent), 2)]));
    return;
  }
  for (let i = 0; i < operand.size && operand.address + i < DATA_END; i += 8) putBytes(state, operand.address + i, bytesOf(integer ? randomInteger(random) : randomLane(random), Math.min(8, operand.size)));
}

/** Unmasks exceptions now and then, without making one pending. */
function unmaskSome(state: State, random: Random): void {
  const view = new DataView(registersOf(state).buffer);
  if (!random.chance(0.15)) return;
  const masked = view.getUint16(image.fcw, true) & ~random.below(64);
  state.set.push({ at: image.fcw, bytes: bytesOf(BigInt(masked), 2) });
  state.set.push({ at: image.fsw, bytes: bytesOf(BigInt(view.getUint16(image.fsw, true) & ~(~masked & 0x3f)), 2) });
}

type Special = (state: State, form: Form, random: Random) => void;

const memoryOperand = (form: Form): FormOperand | undefined => form.operands.find((o) => o.kind === 'mem');

/** Puts the value where operand `o` has it. */
function putOperand(state: State, form: Form, o: FormOperand, value: bigint): void {
  if (o.kind === 'mem') putBytes(state, o.address, bytesOf(value, o.size));
  else if (o.kind === 'gpr' && !form.pointers.has(o.register)) setGpr(state, o.register, value);
}

const codeAddress = (random: Random): bigint => BigInt(CODE + 0x1100 + random.below(0xe00));

const jumpIndirect: Special = (state, form, random) => putOperand(state, form, form.operands[0]!, codeAddress(random));
const returnAddress: Special = (state, _form, random) => { state.memory.push({ at: Number(FORM_RSP), bytes: bytesOf(codeAddress(random), 8) }); };

const divide: Special = (state, form, random) => {
  if (random.chance(0.2)) return;
  const signed = form.row.mnemonic === 'idiv';
  const rax = gprOf(state, 0);
  const divisor = form.operands[0]!;
  if (divisor.kind !== 'mem' && (divisor.register === 2 || divisor.register === 0 || divisor.kind === 'high')) return;
  if (random.chance(0.7)) putOperand(state, form, divisor, random.u64() >> BigInt(random.below(60)) | 1n);
  if (divisor.size === 1) { setGpr(state, 0, rax & (signed && random.chance(0.5) ? 0x7fn : 0xffn)); return; }
  const sign = signed && rax >> BigInt(8 * divisor.size - 1) & 1n;
  const high = random.chance(0.3) ? BigInt(random.below(4)) : sign ? ~0n : 0n;
  setGpr(state, 2, high);
};

/** Bit offsets in a register reach far from a memory operand: keep them near. */
const bitOffset: Special = (state, form, random) => {
  const [base, offset] = form.operands;
  if (base?.kind === 'mem' && offset?.kind === 'gpr') setGpr(state, offset.register, BigInt(random.below(1000) - 500));
};

const compareExchange: Special = (state, form, random) => {
  const target = form.operands[0]!;
  if (!random.chance(0.5)) return;
  const rax = gprOf(state, 0);
  if (target.size <= 8 && form.row.mnemonic === 'cmpxchg') { putOperand(state, form, target, rax); return; }
  const half = target.size / 2;
  putOperand(state, form, target, BigInt.asUintN(8 * half, rax) | BigInt.asUintN(8 * half, gprOf(state, 2)) << BigInt(8 * half));
};

/** Repeats that end early and late, in both directions, over bytes that are often equal. */
const string: Special = (state, form, random) => {
  setGpr(state, 1, random.chance(0.1) && !form.prefixes.includes(0x67) ? 0n : BigInt(random.below(60)));
  if (random.chance(0.3)) state.set.push({ at: image.rflags + 1, bytes: Uint8Array.of((registersOf(state)[image.rflags + 1]! | 4)) });
  if (!/^(cmps|scas)/.test(form.row.mnemonic) || random.chance(0.3)) return;
  const fill = bytesOf(gprOf(state, 0) & 0xffn, 1)[0]!;
  for (const o of form.operands) if (o.kind === 'mem') putBytes(state, o.address - 64, new Uint8Array(128 + random.below(20)).fill(fill));
};

/** Outside of its range the result is undefined. */
const inRange = (highest: number): Special => (state, _form, random) => {
  const [signExponent] = [new DataView(registersOf(state).buffer).getUint16(image.st + 8, true)];
  const exponent = signExponent & 0x7fff;
  if (exponent >= highest && exponent !== 0x7fff) state.set.push({ at: image.st + 8, bytes: bytesOf(BigInt((signExponent & 0x8000) | (highest - 1 - random.below(20))), 2) });
};

const savedState = (seed: number): Uint8Array => randomRegisters(seed).subarray(image.fx, image.fx + 416);

const fxArea: Special = (state, form, random) => {
  const o = memoryOperand(form)!;
  const area = new Uint8Array(512);
  area.set(savedState(state.seed + 1));
  if (random.chance(0.05)) area[image.mxcsr - image.fx + 2] = 1;
  putBytes(state, o.address, area);
};

/** An environment and registers as fldenv and frstor read them, in both formats. */
const environment: Special = (state, form, random) => {
  const fx = savedState(state.seed + 1);
  const wide = form.opSize === 2 ? 2 : 4;
  const area = new Uint8Array(108);
  area.set(fx.subarray(0, 2), 0);
  area.set(fx.subarray(2, 4), wide);
  area.set(bytesOf(BigInt(random.u32()), 2), 2 * wide);
  for (let i = 0; i < 8; i++) area.set(fx.subarray(32 + 16 * i, 42 + 16 * i), 7 * wide + 10 * i);
  putBytes(state, memoryOperand(form)!.address, area);
};

const putXmm = (state: State, n: number, low: bigint, high: bigint): void => { state.set.push({ at: image.xmm + 16 * n, bytes: Uint8Array.from([...bytesOf(low, 8), ...bytesOf(high, 8)]) }); };

/** Puts 16 bytes into an xmm operand, or as many as it reads into memory. */
function putVector(state: State, o: FormOperand, low: bigint, high: bigint): void {
  if (o.kind === 'xmm') putXmm(state, o.register, low, high);
  else if (o.kind === 'mem') putBytes(state, o.address, Uint8Array.from([...bytesOf(low, 8), ...bytesOf(high, 8)]).subarray(0, o.size));
}

/** Numbers of the instruction's own format, and now and then an unusual MXCSR: another rounding, denormals as zeros, exceptions unmasked. */
const floatingPoint: Special = (state, form, random) => {
  const format = /(ss|ps|ss2si|ps2pi|ps2dq|ss2sd|ps2pd)$/.test(form.row.mnemonic) ? 'f32' : 'f64';
  if (random.chance(0.6)) for (const o of form.operands) putVector(state, o, randomFloats(random, format), randomFloats(random, format));
  if (!random.chance(0.3)) return;
  const mxcsr = random.chance(0.7) ? 0x1f80 | random.below(4) << 13 | (random.u32() & 0x8040) : (random.u32() & 0xe040) | (random.u32() & 0x1f80);
  state.set.push({ at: image.mxcsr, bytes: bytesOf(BigInt(mxcsr), 4) });
};

/** Text with few different letters and zeros here and there, and lengths near the ends of the vectors. */
const stringCompare: Special = (state, form, random) => {
  const letters = random.pick([[0x61, 0x62, 0x63, 0], [0x20, 0x41, 0x5a, 0x80, 0xff, 0], [1, 2, 3, 4, 5, 6, 7, 8, 0]]);
  const eight = (): bigint => { let text = 0n; for (let i = 0; i < 8; i++) text = text << 8n | BigInt(random.chance(0.1) ? 0 : random.chance(0.9) ? random.pick(letters) : random.below(256)); return text; };
  const [x, y] = [[eight(), eight()], [eight(), eight()]] as const;
  const same = random.chance(0.3);
  putVector(state, form.operands[0]!, x[0], x[1]);
  if (form.operands[1]!.kind === 'mem' || form.operands[1]!.register !== form.operands[0]!.register) putVector(state, form.operands[1]!, same ? x[0] : y[0], same && random.chance(0.7) ? x[1] : y[1]);
  for (const register of [0, 2]) if (random.chance(0.9)) setGpr(state, register, BigInt(random.below(40) - 20));
};

/** Counts around the lane widths. */
const vectorShift: Special = (state, form, random) => {
  const count = form.operands[1]!;
  const value = BigInt(random.below(80));
  if (count.kind === 'imm' || random.chance(0.2)) return;
  if (count.kind === 'mm') state.set.push({ at: image.st + 16 * mmPlace(state, count.register), bytes: bytesOf(value, 8) });
  else if (count.kind !== 'xmm' || count.register !== form.operands[0]!.register) putVector(state, count, value, random.u64());
};

/** Where an fxsave image has a physical register: it counts from the top of the stack. */
const mmPlace = (state: State, n: number): number => (n - (new DataView(registersOf(state).buffer).getUint16(image.fsw, true) >> 11 & 7)) & 7;

/** Operands that agree in many bytes. */
const similar: Special = (state, form, random) => {
  if (!random.chance(0.6)) return;
  const [x, y] = [random.u64(), random.u64()];
  const change = (v: bigint): bigint => { let mask = 0n; for (let i = 0; i < 8; i++) mask = mask << 8n | (random.chance(0.3) ? BigInt(random.below(256)) : 0n); return v ^ mask; };
  putVector(state, form.operands[0]!, x, y);
  if (form.operands[1]!.kind === 'mem' || form.operands[1]!.register !== form.operands[0]!.register) putVector(state, form.operands[1]!, change(x), change(y));
};

const specials: Record<string, Special> = {
  div: divide, idiv: divide, bt: bitOffset, bts: bitOffset, btr: bitOffset, btc: bitOffset, cmpxchg: compareExchange, cmpxchg8b: compareExchange, cmpxchg16b: compareExchange,
  f2xm1: inRange(16383), fyl2xp1: inRange(16381), ret: returnAddress, fxrstor: fxArea, fxsave: fxArea, fldenv: environment, frstor: environment,
  popf: (state, _form, random) => { state.memory.push({ at: Number(FORM_RSP), bytes: bytesOf(BigInt((random.u32() & 0xed5) | 2), 8) }); },
  leave: (state, _form, random) => setGpr(state, 5, BigInt(STACK + 0x400 + random.below(0x800))),
  enter: (state, _form, random) => setGpr(state, 5, BigInt(STACK + 0xf00 + random.below(0x800))),
  ldmxcsr: (state, form, random) => putOperand(state, form, form.operands[0]!, BigInt(0x1f80 | random.u32() & 0xe03f)),
};

function specialise(state: State, form: Form, random: Random): void {
  const { row } = form;
  if (isString(row)) string(state, form, random);
  if ((row.mnemonic === 'jmp' || row.mnemonic === 'call') && row.operands.startsWith('E')) jumpIndirect(state, form, random);
  if (/^(loop|jrcxz|loope|loopne)$/.test(row.mnemonic) && random.chance(0.5)) setGpr(state, 1, BigInt(random.below(3)));
  if (hasExactForm(row.mnemonic)) floatingPoint(state, form, random);
  else if (/^pcmp[ei]str/.test(row.mnemonic)) stringCompare(state, form, random);
  else if (/^ps(ll|rl|ra)[wdq]$/.test(row.mnemonic)) vectorShift(state, form, random);
  else if (/^(pcmp|ptest|psad|pmin|pmax|psign)/.test(row.mnemonic)) similar(state, form, random);
  specials[row.mnemonic]?.(state, form, random);
}

