// Turns an instruction row back into machine code: the row's encoding taken apart, and one random form of it with the addresses its memory operands have.
import type { Row } from '../../src/translate/x86/row.ts';
import type { Random } from './random.ts';

/** An encoding in the manual's notation, taken apart. */
export interface Encoding {
  readonly mandatory: number | undefined;
  readonly rexW: 0 | 1 | undefined;
  readonly rexB0: boolean;
  readonly bytes: readonly number[];
  /** What follows the opcode: nothing, a modrm whose reg field is a register or a digit. */
  readonly modrm: 'none' | 'r' | number;
  /** The low three bits of the last byte are a register. */
  readonly plusR: boolean;
}

export function parseEncoding(text: string): Encoding {
  const words = text.split(/\s+/);
  let mandatory: number | undefined, rexW: 0 | 1 | undefined, rexB0 = false, plusR = false;
  let modrm: Encoding['modrm'] = 'none';
  const bytes: number[] = [];
  for (const [i, word] of words.entries()) {
    if (word === 'np') continue;
    if (i === 0 && words.length > 1 && /^(66|f2|f3)$/.test(word)) mandatory = parseInt(word, 16);
    else if (word === 'REX.W') rexW = 1;
    else if (word === 'REX.W0') rexW = 0;
    else if (word === 'REX.B0') rexB0 = true;
    else if (word === '/r') modrm = 'r';
    else if (/^\/[0-7]$/.test(word)) modrm = Number(word[1]);
    else if (word === '+r') plusR = true;
    else if (/^[0-9a-f]{2}(\+r)?$/.test(word)) { bytes.push(parseInt(word, 16)); plusR ||= word.endsWith('+r'); }
    else throw new Error(`encoding '${text}': ${word}?`);
  }
  return { mandatory, rexW, rexB0, bytes, modrm, plusR };
}

/** An operand of a form: what kind, how many bytes, and where. */
export interface FormOperand { kind: 'gpr' | 'high' | 'xmm' | 'mm' | 'st' | 'seg' | 'mem' | 'imm' | 'target'; size: number; register: number; address: number }

/** One encoded instruction. `pointers` are the registers that must hold these values for memory operands to lie where `operands` says. */
export interface Form { row: Row; code: Uint8Array; opSize: number; operands: FormOperand[]; pointers: Map<number, bigint>; immediateAt: number; immediateSize: number; prefixes: number[] }

const FIXED: Record<string, Partial<FormOperand> | undefined> = {
  AL: { kind: 'gpr', size: 1, register: 0 }, AX: { kind: 'gpr', size: 2, register: 0 }, CL: { kind: 'gpr', size: 1, register: 1 }, DX: { kind: 'gpr', size: 2, register: 2 },
  1: { kind: 'imm', size: 1 }, 3: { kind: 'imm', size: 1 }, XMM0: { kind: 'xmm', size: 16, register: 0 }, ST: { kind: 'st', size: 10, register: 0 },
};

const REGISTER_KINDS: Record<string, FormOperand['kind']> = { E: 'gpr', G: 'gpr', R: 'gpr', Z: 'gpr', V: 'xmm', W: 'xmm', U: 'xmm', P: 'mm', Q: 'mm', N: 'mm', S: 'seg', T: 'st' };

/** How a form is to be made: where memory operands shall lie, where code is, and which registers must not serve as base or index. */
export interface Wishes {
  random: Random;
  /** The address for a memory operand of this many bytes (0: an area of 512). */
  memory(size: number): number;
  /** The address the code will have. */
  codeAddress: number;
  /** A branch target. */
  target(): number;
  /** The value of rsp, so that it can be a base. */
  rsp: bigint;
  /** Registers that code may point with; absent: all but rsp. */
  bases?: readonly number[];
  /** Registers that must not be written: gpr destinations avoid them. */
  avoid?: ReadonlySet<number>;
  /** Only register operands where there is a choice. */
  registersOnly?: boolean;
  /** What registers hold already, when forms follow each other: a base or index among them is used as it is. */
  held?: ReadonlyMap<number, bigint>;
  /** The base of gs, when code may use it. */
  gsBase?: number;
}

const SIZES: Record<string, number> = { b: 1, w: 2, d: 4, q: 8, t: 10, x: 16 };

/** Makes one random form of a row. */
export function makeForm(row: Row, wishes: Wishes): Form {
  return new Assembler(row, wishes).form();
}

class Assembler {
  readonly #row: Row;
  readonly #w: Wishes;
  readonly #e: Encoding;
  readonly #codes: string[];
  readonly #prefixes: number[] = [];
  #rex = 0;
  #forceRex = false;
  #opSize = 4;
  #modrm = -1;
  #sib = -1;
  #displacement: number[] = [];
  #ripTarget: number | undefined;
  #lastByte = 0;
  #immediate: number[] = [];
  #immediateSize = 0;
  #gs = false;
  #address32 = false;
  readonly #pointers = new Map<number, bigint>();
  readonly #operands: FormOperand[] = [];

  constructor(row: Row, wishes: Wishes) {
    this.#row = row;
    this.#w = wishes;
    this.#e = parseEncoding(row.encoding);
    this.#codes = row.operands.split(/\s+/).filter((c) => c !== '');
    this.#lastByte = this.#e.bytes.at(-1)!;
    if (typeof this.#e.modrm === 'number') this.#modrm = this.#e.modrm << 3;
    else if (this.#e.modrm === 'r') this.#modrm = 0;
  }

  form(): Form {
    this.#chooseSizes();
    this.#choosePrefixes();
    for (const code of this.#codes) this.#operands.push(this.#operand(code));
    if (this.#modrm >= 0 && (this.#modrm & 0xc0) === 0 && !this.#usesRm()) this.#modrm |= 0xc0;
    const code = this.#bytes();
    return { row: this.#row, code, opSize: this.#opSize, operands: this.#operands, pointers: this.#pointers, immediateAt: code.length - this.#immediateSize, immediateSize: this.#immediateSize, prefixes: this.#prefixes };
  }

  #isX87(): boolean { return this.#e.bytes.length > 0 && (this.#e.bytes[0]! & 0xf8) === 0xd8; }
  /** Segment and address-size prefixes where there is an address, LOCK where it is allowed. */
  #choosePrefixes(): void {
    const { random, gsBase, rsp } = this.#w;
    const addressed = this.#codes.some((c) => !(c in FIXED) && /^[EMWQXYBDO]/.test(c));
    if (!addressed) return;
    this.#gs = gsBase !== undefined && random.chance(0.05);
    this.#address32 = rsp < 0x1_0000_0000n && this.#w.bases === undefined && random.chance(0.06) && !this.#codes.some((c) => c.startsWith('O'));
    if (this.#gs) this.#prefixes.push(0x65);
    if (this.#address32) this.#prefixes.push(0x67);
  }

  /** The address without the segment's base. */
  #offset(address: number): number { return this.#gs ? address - this.#w.gsBase! : address; }

  #usesRm(): boolean { return this.#codes.some((c) => /^[ERMWUQNT]/.test(c) && !(c in FIXED)); }

  #chooseSizes(): void {
    const { random } = this.#w;
    const options = this.#row.options;
    const byOpSize = this.#codes.some((c) => /^(rAX|eAX)$/.test(c) || (!(c in FIXED) && /[vzs]$/.test(c))) || options.def64 !== undefined;
    const hasY = this.#codes.some((c) => !(c in FIXED) && c.endsWith('y'));
    if (this.#isX87() && random.chance(0.1)) this.#opSize = 2;
    if (options.rep) this.#prefixes.push(options.rep === 'rep' ? 0xf3 : 0xf2);
    if (this.#e.rexW === 1) { this.#rex |= 8; this.#forceRex = true; this.#opSize = 8; }
    else if (options.f64) this.#opSize = 8;
    else if (options.def64) this.#opSize = random.chance(0.2) ? 2 : 8;
    else if (byOpSize && this.#e.mandatory !== 0x66) this.#opSize = this.#e.rexW === 0 ? random.pick([2, 4]) : random.pick([2, 4, 4, 8, 8]);
    else if (hasY || byOpSize) this.#opSize = this.#e.rexW === 0 ? 4 : random.pick([4, 8]);
    if (this.#opSize === 2) this.#prefixes.push(0x66);
    if (this.#opSize === 8 && !options.f64 && !(options.def64)) { this.#rex |= 8; this.#forceRex = true; }
    if (random.chance(0.15) && !this.#e.rexB0) this.#forceRex = true;
  }

  #size(code: string): number {
    const letter = code.at(-1)!;
    if (code === 'rAX' || letter === 'v') return this.#opSize;
    if (code === 'eAX' || letter === 'z') return Math.min(this.#opSize, 4);
    if (letter === 'y') return this.#opSize === 8 ? 8 : 4;
    if (letter === 's') return 1;
    return code.length > 1 ? SIZES[letter]! : 0;
  }

  #operand(code: string): FormOperand {
    const operand: FormOperand = { kind: 'gpr', size: this.#size(code), register: -1, address: 0 };
    if (code === 'rAX' || code === 'eAX') return { ...operand, register: 0 };
    const fixed = FIXED[code];
    if (fixed) return { ...operand, ...fixed };
    const letter = code[0]!;
    if ('XYBD'.includes(letter)) return this.#implicitMemory(letter, operand);
    if (letter === 'O') return this.#absolute(operand);
    if (letter === 'I') return this.#immediateOperand(code, operand);
    if (letter === 'J') return this.#target(code, operand);
    const memory = letter === 'M' || (/[EWQ]/.test(letter) && !this.#w.registersOnly && this.#w.random.chance(0.5));
    if (memory) return this.#memory(operand, code === this.#codes[0]);
    return this.#register(letter, operand);
  }

  #register(letter: string, operand: FormOperand): FormOperand {
    const { random, avoid } = this.#w;
    operand.kind = REGISTER_KINDS[letter]!;
    const wide = operand.kind === 'gpr' || operand.kind === 'xmm';
    let n = random.below(wide ? 16 : 8);
    if (operand.kind === 'seg') n = random.pick([0, 1, 2, 3, 4, 5]);
    if (operand.kind === 'gpr') while (n === 4 ? !(operand.size === 1) && random.chance(0.9) : avoid?.has(n)) n = random.below(16);
    if (this.#e.rexB0 && letter === 'Z') n &= 7;
    if (operand.kind === 'gpr' && avoid && (n === 4 || avoid.has(n) || (operand.size === 1 && n >= 4 && n < 8))) n = [0, 1, 2, 3].find((r) => !avoid.has(r)) ?? 0;
    operand.register = n;
    const field = 'GVPS'.includes(letter) ? 'reg' : letter === 'Z' || (this.#e.plusR && letter !== 'E') ? 'opcode' : 'rm';
    if (field === 'reg') { this.#modrm |= (n & 7) << 3; if (n > 7) this.#rex |= 4; }
    else if (field === 'opcode') { this.#lastByte |= n & 7; if (n > 7) this.#rex |= 1; }
    else { this.#modrm |= 0xc0 | (n & 7); if (n > 7) this.#rex |= 1; }
    return operand;
  }

  #implicitMemory(letter: string, operand: FormOperand): FormOperand {
    const base = letter === 'X' ? 6 : letter === 'B' ? 3 : 7;
    const address = this.#w.memory(operand.size);
    this.#pointers.set(base, this.#wide(BigInt(letter === 'Y' ? address : this.#offset(address))));
    return { ...operand, kind: 'mem', address };
  }

  #absolute(operand: FormOperand): FormOperand {
    const address = this.#w.memory(operand.size);
    this.#immediate = bytesOf(BigInt(this.#offset(address)), 8);
    this.#immediateSize = 8;
    return { ...operand, kind: 'mem', address };
  }

  #immediateOperand(code: string, operand: FormOperand): FormOperand {
    const size = this.#size(code);
    const { random } = this.#w;
    const value = random.chance(0.5) ? BigInt(random.below(64)) : random.chance(0.3) ? random.pick([0n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fff_ffffn, 0x8000_0000n, ~0n]) : random.u64();
    this.#immediate.push(...bytesOf(BigInt.asUintN(64, value), size));
    this.#immediateSize = this.#immediate.length;
    return { ...operand, kind: 'imm', size };
  }

  #target(code: string, operand: FormOperand): FormOperand {
    const size = code.endsWith('b') ? 1 : 4;
    this.#immediate = new Array<number>(size).fill(0);
    this.#immediateSize = size;
    return { ...operand, kind: 'target', size, address: this.#w.target() };
  }

  /** Picks an addressing form and works out what its registers must hold so that it means the wished address. */
  #memory(operand: FormOperand, first: boolean): FormOperand {
    const { random } = this.#w;
    operand.kind = 'mem';
    operand.address = this.#w.memory(operand.size);
    const address = this.#offset(operand.address);
    if (this.#row.options.lock && first && random.chance(0.3)) this.#prefixes.push(0xf0);
    const bases = this.#w.bases ?? [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const way = random.below(8);
    if (way === 0) this.#ripTarget = address, this.#modrm |= 5;
    else if (way === 1) this.#sibForm(4, 5, 0, 0, bytesOf(BigInt(address), 4));
    else if (way === 2) this.#withBase(4, this.#w.rsp, address);
    else if (way < 6 || bases.length < 2) this.#withBase(random.pick(bases), undefined, address);
    else this.#withIndex(bases, address);
    return operand;
  }

  /** With 32-bit addresses the upper half of a register does not count. */
  #wide(value: bigint): bigint {
    if (!this.#address32) return BigInt.asUintN(64, value);
    return BigInt.asUintN(32, value) | BigInt(this.#w.random.u32()) << 32n;
  }

  #narrow(value: bigint): bigint { return this.#address32 ? BigInt.asIntN(32, value) : BigInt.asIntN(64, value); }

  #setPointer(register: number, value: bigint): bigint {
    const known = this.#w.held?.get(register) ?? this.#pointers.get(register);
    if (known !== undefined) return known;
    this.#pointers.set(register, this.#wide(value));
    return this.#pointers.get(register)!;
  }

  #withBase(base: number, value: bigint | undefined, address: number): void {
    const { random } = this.#w;
    const wished = random.pick([0n, BigInt(random.below(256) - 128), BigInt(random.u32() | 0)]);
    const held = value ?? this.#setPointer(base, BigInt(address) - wished);
    const displacement = this.#narrow(BigInt(address) - held);
    if (displacement < -0x8000_0000n || displacement > 0x7fff_ffffn) throw new Error('displacement');
    const short = displacement >= -128n && displacement < 128n;
    const none = displacement === 0n && (base & 7) !== 5;
    const mod = none ? 0 : short ? 1 : 2;
    this.#displacement = none ? [] : bytesOf(BigInt.asUintN(32, displacement), short ? 1 : 4);
    if (base > 7) this.#rex |= 1;
    if ((base & 7) === 4) { this.#modrm |= mod << 6 | 4; this.#sib = 0x24; }
    else this.#modrm |= mod << 6 | (base & 7);
  }

  #withIndex(bases: readonly number[], address: number): void {
    const { random } = this.#w;
    const base = random.pick(bases);
    const index = random.pick(bases.filter((r) => r !== base));
    const scale = random.below(4);
    const indexValue = this.#setPointer(index, this.#w.bases ? BigInt(random.below(16)) : random.chance(0.5) ? BigInt(random.below(64)) : BigInt.asUintN(64, -BigInt(random.below(64))));
    const wished = BigInt(random.below(256) - 128);
    const baseValue = this.#setPointer(base, BigInt(address) - (indexValue << BigInt(scale)) - wished);
    const displacement = this.#narrow(BigInt(address) - baseValue - (indexValue << BigInt(scale)));
    if (displacement < -0x8000_0000n || displacement > 0x7fff_ffffn) throw new Error('displacement');
    const short = displacement >= -128n && displacement < 128n;
    if (base > 7) this.#rex |= 1;
    if (index > 7) this.#rex |= 2;
    this.#sibForm(index & 7, base & 7, scale, short ? 1 : 2, bytesOf(BigInt.asUintN(32, displacement), short ? 1 : 4));
  }

  #sibForm(index: number, base: number, scale: number, mod: number, displacement: number[]): void {
    this.#modrm |= mod << 6 | 4;
    this.#sib = scale << 6 | index << 3 | base;
    this.#displacement = displacement;
  }

  #bytes(): Uint8Array {
    this.#finishRegisters();
    const e = this.#e;
    const code: number[] = [...this.#prefixes];
    if (e.mandatory !== undefined) code.push(e.mandatory);
    if (this.#rex || this.#forceRex) code.push(0x40 | this.#rex);
    code.push(...e.bytes.slice(0, -1), this.#lastByte);
    if (this.#modrm >= 0) code.push(this.#modrm);
    if (this.#sib >= 0) code.push(this.#sib);
    const length = code.length + (this.#ripTarget !== undefined ? 4 : this.#displacement.length) + this.#immediate.length;
    const next = this.#w.codeAddress + length;
    if (this.#ripTarget !== undefined) this.#displacement = bytesOf(BigInt.asUintN(32, BigInt(this.#ripTarget - next)), 4);
    const target = this.#operands.find((o) => o.kind === 'target');
    if (target) this.#immediate = this.#relative(target, next);
    code.push(...this.#displacement, ...this.#immediate);
    return Uint8Array.from(code);
  }

  #relative(target: FormOperand, next: number): number[] {
    let distance = target.address - next;
    if (target.size === 1) distance = Math.max(-128, Math.min(127, distance));
    target.address = next + distance;
    return bytesOf(BigInt.asUintN(32, BigInt(distance)), target.size);
  }

  /** Byte registers 4 to 7 are ah, ch, dh, bh without a REX prefix, spl … dil with one. */
  #finishRegisters(): void {
    const rex = this.#rex !== 0 || this.#forceRex;
    if (rex) return;
    for (const o of this.#operands) if (o.kind === 'gpr' && o.size === 1 && o.register >= 4 && o.register < 8) { o.kind = 'high'; o.register -= 4; }
  }
}

const bytesOf = (value: bigint, size: number): number[] => Array.from({ length: size }, (_, i) => Number(value >> BigInt(8 * i) & 0xffn));
