// Random programs for the fuzzer: 5 to 30 instructions from the rows, with memory operands, forward branches, bounded loops and calls.
import { decode, disassemble, table, type Row } from '../../src/translate/x86/index.ts';
import { makeForm, type Form } from './encode.ts';
import { whyExcluded } from './generate.ts';
import { type Case, CODE, DATA, image, type Patch, READ_ONLY, STACK } from './image.ts';
import { Random, randomF80, randomInteger, randomLane, randomRegisters } from './random.ts';

/** One instruction of a program. `undefinedFlags` are RFLAGS bits whose value before it nobody promises. */
export interface Item { at: number; bytes: Uint8Array; undefinedFlags: number }
export interface Program { seed: number; items: Item[]; case: Case; /** It loads MXCSR: then the status flags there are not exact. */ setsMxcsr: boolean }

const ALL_FLAGS = 0x8d5;
const FLAG_BITS: Record<string, number> = { o: 0x800, s: 0x80, z: 0x40, a: 0x10, p: 4, c: 1 };

/** Not in programs: results that may differ (transcendental functions, approximations, status registers, pointers of the x87 unit), or state that would end most programs early. */
const LEFT_OUT = /^(f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos|rcpps|rcpss|rsqrtps|rsqrtss|stmxcsr|ldmxcsr|fxsave|fxrstor|fnsave|frstor|fnstenv|fldenv|fldcw|popf|leave|enter|ret|call|jmp|loop|loope|loopne|clflush|jrcxz|j.{1,3}|div|idiv|fnsetpm)$/;
/** Instructions that read flags. */
const READS_FLAGS = /^(adc|sbb|rcl|rcr|pushf|lahf|cmc|salc|set.*|cmov.*|fcmov.*|j.*)$/;
/** A count of zero leaves flags as they are, so these define nothing for certain. */
const MAYBE_FLAGS = /^(shl|shr|sar|rol|ror|rcl|rcr|shld|shrd|cmps|scas)$/;

const usable = (row: Row): boolean => !whyExcluded(row) && !LEFT_OUT.test(row.mnemonic) && !row.options.ends && !row.options.approximate;
const isX87 = (row: Row): boolean => /^(d[89a-f]|9b)/.test(row.encoding);
const isSse = (row: Row): boolean => /(^| )[VWUPQN]/.test(row.operands);

const rowsOf = (wanted: (row: Row) => boolean): Row[][] => {
  const byMnemonic = new Map<string, Row[]>();
  for (const { row } of table.forms) if (usable(row) && wanted(row)) byMnemonic.set(row.mnemonic, [...(byMnemonic.get(row.mnemonic) ?? []), row]);
  return [...byMnemonic.values()];
};
const integerRows = rowsOf((row) => !isX87(row) && !isSse(row));
const sseRows = rowsOf(isSse);
const x87Rows = rowsOf(isX87);

/** Registers that hold addresses throughout a program, and loop counters. No instruction names them implicitly. */
const BASES = [12, 13, 14, 15], COUNTERS = [10, 11];
const RESERVED = new Set([4, ...BASES, ...COUNTERS]);
const RSP = BigInt(STACK + 0x1000);

/** Makes program number `seed`. */
export function makeProgram(seed: number): Program { return new Writer(seed).program(); }

class Writer {
  readonly #random: Random;
  readonly #seed: number;
  readonly #codeOffset: number;
  readonly #items: Item[] = [];
  readonly #held = new Map<number, bigint>();
  readonly #places: number[];
  /** Branches to be aimed: item and the length of the instruction up to its rel32. */
  readonly #forward: { item: Item; opcodeLength: number; at: number }[] = [];
  readonly #calls: { item: Item; opcodeLength: number }[] = [];
  /** Offsets that a branch may be aimed at: starts of instructions that bring their registers with them. */
  readonly #landings: number[] = [];
  #at: number;
  #setsMxcsr = false;
  #undefined = 0;
  /** Flags undefined at some earlier branch: it may land anywhere from there on. */
  #pending = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed ^ 0x7f4a7c15);
    this.#codeOffset = this.#random.chance(0.1) ? 4096 - this.#random.below(60) : 0x100 + this.#random.below(0x400);
    this.#at = this.#codeOffset;
    this.#places = Array.from({ length: 6 }, () => DATA + 64 + 16 * this.#random.below(0x1c0));
    for (const base of BASES) this.#held.set(base, BigInt(this.#random.pick(this.#places) - this.#random.below(64)));
  }

  program(): Program {
    const count = 5 + this.#random.below(26);
    this.#block(count, 0);
    const end = this.#at;
    for (const f of this.#forward) this.#aim(f.item, f.opcodeLength, this.#landings.find((at) => at >= f.at && at <= end) ?? end);
    this.#undefined |= this.#pending;
    this.#put([0xcc]);
    for (const { item, opcodeLength } of this.#calls) this.#subroutine(item, opcodeLength);
    return { seed: this.#seed, items: this.#items, case: this.#case(), setsMxcsr: this.#setsMxcsr };
  }

  #block(count: number, depth: number): void {
    for (let i = 0; i < count; i++) {
      this.#landings.push(this.#at);
      this.#undefined |= this.#pending;
      const way = this.#random.below(24);
      if (way === 0 && depth < 2 && count - i > 2) i += this.#loop(Math.min(count - i - 1, 1 + this.#random.below(8)), depth);
      else if (way < 3) this.#branch();
      else if (way === 3 && depth === 0) this.#call();
      else if (way === 4) this.#random.pick([() => this.#divide(), () => this.#indirect(), () => this.#bitString(), () => this.#control()])();
      else this.#instruction();
    }
  }

  #put(bytes: number[] | Uint8Array): Item {
    const item = { at: this.#at, bytes: Uint8Array.from(bytes), undefinedFlags: this.#undefined };
    this.#items.push(item);
    this.#at += bytes.length;
    return item;
  }

  /** mov counter, n; body; sub counter, 1; jg body. A counter that was never set, or jumped over, ends the loop at once. */
  #loop(length: number, depth: number): number {
    const low = COUNTERS[depth]! & 7;
    const rounds = this.#random.chance(0.1) ? 300 : 1 + this.#random.below(12);
    this.#put([0x41, 0xb8 | low, rounds & 255, rounds >> 8, 0, 0]);
    const head = this.#at;
    this.#block(length, depth + 1);
    this.#put([0x41, 0x83, 0xe8 | low, 1]);
    this.#undefined = 0;
    const jump = this.#put([0x0f, 0x8f, 0, 0, 0, 0]);
    this.#aim(jump, 2, head);
    return length;
  }

  #aim(item: Item, opcodeLength: number, target: number): void {
    new DataView(item.bytes.buffer).setInt32(opcodeLength, target - (item.at + item.bytes.length), true);
  }

  /** A conditional or plain jump over some of what follows. */
  #branch(): void {
    const conditional = this.#random.chance(0.85);
    if (conditional && this.#undefined) this.#define();
    const item = this.#put(conditional ? [0x0f, 0x80 | this.#random.below(16), 0, 0, 0, 0] : [0xe9, 0, 0, 0, 0]);
    this.#forward.push({ item, opcodeLength: conditional ? 2 : 1, at: this.#at + this.#random.below(60) });
    this.#pending |= this.#undefined;
  }

  /** A call of a subroutine that comes after the program's end: direct, or through rcx. */
  #call(): void {
    const direct = this.#random.chance(0.6);
    const item = this.#put(direct ? [0xe8, 0, 0, 0, 0] : [0x48, 0x8d, 0x0d, 0, 0, 0, 0]);
    if (!direct) this.#put([0xff, 0xd1]);
    this.#calls.push({ item, opcodeLength: direct ? 1 : 3 });
    this.#undefined = ALL_FLAGS;
  }

  /** An indirect jump over some of what follows: through a register, or through a table in memory that has one target. */
  #indirect(): void {
    const item = this.#put([0x48, 0x8d, 0x05, 0, 0, 0, 0]);
    this.#forward.push({ item, opcodeLength: 3, at: this.#at + this.#random.below(60) });
    this.#pending |= this.#undefined;
    if (this.#random.chance(0.5)) { this.#put([0xff, 0xe0]); return; }
    const cell = this.#random.pick(this.#places);
    this.#put([0x48, 0x89, 0x04, 0x25, ...le(cell, 4)]);
    this.#put([0xb9, ...le(this.#random.below(4), 4)]);
    // jmp [rcx*8 + table], where the table begins so that the index meets the cell.
    const index = this.#items.at(-1)!.bytes[1]!;
    this.#put([0xff, 0x24, 0xcd, ...le(cell - 8 * index, 4)]);
  }

  /** A division that does not overflow: an odd divisor, a dividend that was extended. */
  #divide(): void {
    const { below, pick } = { below: (n: number) => this.#random.below(n), pick: <T>(from: readonly T[]) => this.#random.pick(from) };
    const register = pick([1, 3, 6, 7]);
    const rex = pick([[], [0x48]] as number[][]);
    this.#put([...rex, 0x83, 0xc8 | register, 1 + 2 * below(60)]);
    const signed = below(2) === 1;
    if (signed) this.#put([...rex, 0x99]);
    else this.#put([0x31, 0xd2]);
    this.#put([...rex, 0xf7, (signed ? 0xf8 : 0xf0) | register]);
    this.#undefined = ALL_FLAGS;
  }

  /** bt, bts, btr, btc on a bit string in memory, with a bit offset that stays near. */
  #bitString(): void {
    this.#put([0x48, 0xc7, 0xc1, ...le(this.#random.below(500) - 250, 4)]);
    this.#put([...this.#random.pick([[], [0x48], [0x66]] as number[][]), 0x0f, this.#random.pick([0xa3, 0xab, 0xb3, 0xbb]), 0x0c, 0x25, ...le(this.#random.pick(this.#places), 4)]);
    this.#undefined |= ALL_FLAGS & ~1;
  }

  /** New rounding and precision for x87, or rounding for SSE; exceptions stay masked. */
  #control(): void {
    const cell = le(this.#random.pick(this.#places), 4);
    const random = this.#random.u32();
    if (this.#random.chance(0.6)) {
      this.#put([0x66, 0xc7, 0x04, 0x25, ...cell, ...le(0x37f & ~0x100 | random & 0xd00, 2)]);
      this.#put([0xd9, 0x2c, 0x25, ...cell]);
    } else {
      this.#put([0xc7, 0x04, 0x25, ...cell, ...le(0x1f80 | random & 0xe040, 4)]);
      this.#put([0x0f, 0xae, 0x14, 0x25, ...cell]);
      this.#setsMxcsr = true;
    }
  }

  #subroutine(call: Item, opcodeLength: number): void {
    this.#aim(call, opcodeLength, this.#at);
    this.#pending = 0;
    this.#undefined = ALL_FLAGS;
    for (let i = this.#random.below(4); i >= 0; i--) this.#instruction(/^(push|pop|pushf)$/);
    this.#put([0xc3]);
  }

  /** cmp eax, ecx: all flags are defined again. */
  #define(): void {
    this.#put([0x39, 0xc8]);
    this.#undefined = 0;
  }

  #instruction(without?: RegExp): void {
    const family = this.#random.below(20);
    const rows = family < 12 ? integerRows : family < 18 ? sseRows : x87Rows;
    let row = this.#random.pick(this.#random.pick(rows));
    while (without?.test(row.mnemonic)) row = this.#random.pick(this.#random.pick(rows));
    const form = this.#form(row);
    if (!form) return;
    if (READS_FLAGS.test(row.mnemonic) && this.#undefined) {
      this.#define();
      this.#emit(row, this.#form(row));
    } else this.#emit(row, form);
  }

  #emit(row: Row, form: Form | undefined): void {
    if (!form) return;
    for (const [register, value] of form.pointers) this.#movImmediate(register, value);
    if (row.options.rep) this.#movImmediate(1, BigInt(this.#random.below(20)));
    // Setting registers moved the instruction: rip-relative operands are made again for the new place.
    const final = form.pointers.size > 0 || row.options.rep ? moved(form, CODE + this.#formAt, CODE + this.#at) : form.code;
    if (!final) return;
    this.#put(final);
    this.#noteFlags(row);
  }

  #formAt = 0;

  #form(row: Row): Form | undefined {
    this.#formAt = this.#at;
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        const form = makeForm(row, {
          random: this.#random, rsp: RSP, codeAddress: CODE + this.#at, target: () => CODE, memory: (size) => this.#place(row, size),
          bases: this.#random.chance(0.7) ? BASES : [0, 1, 2, 3, 5, 6, 7, 8, 9], held: this.#held, avoid: RESERVED, registersOnly: /^bt[src]?$/.test(row.mnemonic) && / G/.test(row.operands),
        });
        const decoded = decode(form.code, 0, form.code.length, CODE + this.#at);
        if (decoded.row === row && decoded.length === form.code.length && !writesPointer(form)) return form;
      } catch (error) {
        if (!(error instanceof Error && error.message === 'displacement')) throw error;
      }
    }
    return undefined;
  }

  #movImmediate(register: number, value: bigint): void {
    const bytes = Array.from({ length: 8 }, (_, i) => Number(value >> BigInt(8 * i) & 0xffn));
    if (value < 0x1_0000_0000n) this.#put([...(register > 7 ? [0x41] : []), 0xb8 | (register & 7), ...bytes.slice(0, 4)]);
    else this.#put([register > 7 ? 0x49 : 0x48, 0xb8 | (register & 7), ...bytes]);
  }

  /** Near one of the program's places, aligned where 16 bytes need it; now and then across a page or on the read-only page. */
  #place(row: Row, size: number): number {
    const { chance, below } = { chance: (p: number) => this.#random.chance(p), below: (n: number) => this.#random.below(n) };
    if (/(^| )[XY]/.test(row.operands)) return this.#random.pick(this.#places) + below(64);
    if (chance(0.03) && size < 16) return DATA + 4096 - below((size || 16) + 1);
    // A fault of an MMX instruction finds the x87 stack reset on the CPU; that is not worth imitating. Whether a masked store of nothing faults is the CPU's choice.
    if (chance(0.01) && !/(^| )[PQND]/.test(row.operands)) return READ_ONLY + 16 * below(200);
    const place = this.#random.pick(this.#places);
    return size === 16 || size === 0 ? place + 16 * below(3) : place + below(48);
  }

  #noteFlags(row: Row): void {
    for (const letter of row.flags) {
      const bit = FLAG_BITS[letter.toLowerCase()] ?? 0;
      if (letter !== letter.toUpperCase()) this.#undefined |= bit;
      else if (!MAYBE_FLAGS.test(row.mnemonic)) this.#undefined &= ~bit;
    }
  }

  #case(): Case {
    const registers = randomRegisters(this.#seed);
    const view = new DataView(registers.buffer);
    view.setBigUint64(image.gpr + 32, RSP, true);
    for (const [register, value] of this.#held) view.setBigUint64(image.gpr + 8 * register, value, true);
    for (const counter of COUNTERS) view.setBigUint64(image.gpr + 8 * counter, 0n, true);
    view.setUint16(image.fcw, view.getUint16(image.fcw, true) | 0x3f, true);
    if (this.#random.chance(0.1)) view.setUint32(image.mxcsr, 0x1f80 | this.#random.below(4) << 13 | (this.#random.u32() & 0x8040), true);
    const last = this.#items.at(-1)!;
    const code = new Uint8Array(last.at + last.bytes.length - this.#codeOffset);
    for (const item of this.#items) code.set(item.bytes, item.at - this.#codeOffset);
    return { code, codeOffset: this.#codeOffset, registers, memory: this.#memory() };
  }

  #memory(): Patch[] {
    return this.#places.map((at) => {
      const bytes = new Uint8Array(64);
      const view = new DataView(bytes.buffer);
      const lane = this.#random.pick([randomInteger, randomLane]);
      for (let i = 0; i < 64; i += 8) view.setBigUint64(i, lane(this.#random), true);
      const [signExponent, significand] = randomF80(this.#random);
      if (this.#random.chance(0.2)) { view.setBigUint64(16, significand, true); view.setUint16(24, signExponent, true); }
      return { at, bytes };
    });
  }
}

const le = (value: number, size: number): number[] => Array.from({ length: size }, (_, i) => (i < 4 ? value >> 8 * i : value >> 31) & 255);

/** The form's code at another address: only a rip-relative displacement changes. */
function moved(form: Form, from: number, to: number): Uint8Array | undefined {
  const before = decode(form.code, 0, form.code.length, from);
  const after = decode(form.code, 0, form.code.length, to);
  if (!before.row || !after.row) return undefined;
  const m = before.operands.find((o) => o.kind === 'mem');
  const n = after.operands.find((o) => o.kind === 'mem');
  if (!m || !n || m.kind !== 'mem' || n.kind !== 'mem' || m.disp === n.disp) return form.code;
  const code = form.code.slice();
  const view = new DataView(code.buffer);
  const at = code.length - form.immediateSize - 4;
  view.setInt32(at, view.getInt32(at, true) + (m.disp - n.disp), true);
  return code;
}

/** An instruction must not name a register that the whole program needs. */
function writesPointer(form: Form): boolean {
  return form.operands.some((o) => o.kind === 'gpr' && RESERVED.has(o.register));
}

/** The program as text; items that were replaced by nops are left out. */
export function listing(program: Program): string {
  return program.items.filter((item) => !isNop(item)).map((item) => {
    const insn = decode(item.bytes, 0, item.bytes.length, CODE + item.at);
    const hex = Buffer.from(item.bytes).toString('hex');
    return `  ${(CODE + item.at).toString(16)}  ${hex.padEnd(24)} ${disassemble(insn)}`;
  }).join('\n');
}

const isNop = (item: Item): boolean => item.bytes.every((byte) => byte === 0x90);

/** The program without item `n`, which becomes nops so that nothing moves. */
export function without(program: Program, n: number): Program {
  const items = program.items.map((item, i) => (i === n ? { ...item, bytes: new Uint8Array(item.bytes.length).fill(0x90) } : item));
  const code = program.case.code.slice();
  const gone = items[n]!;
  code.set(gone.bytes, gone.at - program.case.codeOffset);
  return { ...program, items, case: { ...program.case, code } };
}

/** Flags that are undefined where the program stopped. */
export function undefinedFlagsAt(program: Program, rip: number): number {
  const at = rip - CODE;
  const item = program.items.find((i) => i.at === at) ?? program.items.find((i) => i.at + i.bytes.length === at);
  return item ? item.undefinedFlags : ALL_FLAGS;
}
