// HOT: x86-64 machine code → Insn, one pass over the bytes with the tables of table.ts; about 0.3 µs an instruction (test/translate/decoder.test.ts prints it).
import type { DecodedOperand, GprOperand, ImmOperand, Insn, MemOperand, MmOperand, SegOperand, Undecodable, XmmOperand } from './insn.ts';
import { rows } from './rows/index.ts';
import { type Form, lazyTable, Letter, PrefixClass, SLOTS, type Table } from './table.ts';

/** The tables of all rows. */
export const table: Table = lazyTable(rows);

let forms: readonly Form[] = [];
let slots: Int16Array;
let groups: Uint16Array;

/** Takes the tables when the first instruction is decoded. */
function takeTables(): void { ({ forms, slots, groups } = table); }

const MAX_LENGTH = 15;
/** No instruction makes the decoder read further than this. */
const LOOKAHEAD = 32;

// Prefix bytes: what each does in the prefix loop.
export const PrefixKind = { rex: 1, size: 2, address: 3, repeat: 4, lock: 5, fs: 6, gs: 7, ignored: 8 } as const;
const { rex: REX, size: SIZE, address: ADDRESS, repeat: REPEAT, lock: LOCK, fs: FS, gs: GS, ignored: IGNORED } = PrefixKind;
/** PrefixKind of each byte, 0 for what is no prefix. */
export const prefixKind = new Uint8Array(256);
prefixKind.fill(REX, 0x40, 0x50);
for (const [byte, kind] of [[0x66, SIZE], [0x67, ADDRESS], [0xf2, REPEAT], [0xf3, REPEAT], [0xf0, LOCK], [0x64, FS], [0x65, GS], [0x26, IGNORED], [0x2e, IGNORED], [0x36, IGNORED], [0x3e, IGNORED]] as const) prefixKind[byte] = kind;

// Register operands are made once. [log2(size) * 32 + high * 16 + n]
const log2 = [0, 0, 1, 0, 2, 0, 0, 0, 3] as readonly number[];
const gprs: GprOperand[] = [];
const xmms: Record<number, XmmOperand[]> = {};
const mms: Record<number, MmOperand[]> = {};
const segs: SegOperand[] = [];
for (const size of [1, 2, 4, 8] as const) {
  for (let i = 0; i < 32; i++) gprs.push({ kind: 'gpr', size, n: i & 15, high: i > 15 });
  mms[size] = Array.from({ length: 8 }, (_, n) => ({ kind: 'mm', size, n }));
}
for (const size of [1, 2, 4, 8, 16] as const) xmms[size] = Array.from({ length: 16 }, (_, n) => ({ kind: 'xmm', size, n }));
for (let n = 0; n < 6; n++) segs.push({ kind: 'seg', size: 2, n });

/** A general register operand. */
export const gprOperand = (n: number, size: 1 | 2 | 4 | 8, high = false): GprOperand => gprs[log2[size]! * 32 + (high ? 16 : 0) + n]!;

const gpr = (n: number, size: number, rex: number): GprOperand =>
  (size === 1 && rex === 0 && n >= 4 ? gprs[12 + n]! : gprs[log2[size]! * 32 + n]!);

const smallImmediates: ImmOperand[] = Array.from({ length: 256 }, (_, n) => ({ kind: 'imm', size: 1, value: BigInt(n) }));

const undecodable = (reason: Undecodable['reason'], pc: number, length: number): Undecodable => ({ row: undefined, reason, pc, length });

const padded = new Uint8Array(LOOKAHEAD);

/**
 * Decodes the instruction at bytes[offset], reading only bytes before `limit`; `pc` is its guest address.
 */
export function decode(bytes: Uint8Array, offset: number, limit: number, pc: number): Insn | Undecodable {
  if (forms.length === 0) takeTables();
  if (offset + LOOKAHEAD <= bytes.length) return decodeAt(bytes, offset, limit - offset, pc);
  const available = Math.min(limit - offset, bytes.length - offset);
  padded.fill(0).set(bytes.subarray(offset, Math.min(offset + available, offset + LOOKAHEAD)));
  return decodeAt(padded, 0, available, pc);
}

const int32 = (bytes: Uint8Array, at: number): number => bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
const int16 = (bytes: Uint8Array, at: number): number => (bytes[at]! | bytes[at + 1]! << 8) << 16 >> 16;
const int8 = (bytes: Uint8Array, at: number): number => bytes[at]! << 24 >> 24;
const int64 = (bytes: Uint8Array, at: number): bigint => BigInt(int32(bytes, at + 4)) << 32n | BigInt(int32(bytes, at) >>> 0);

/** The immediate of `length` bytes, sign-extended and then cut to `size` bytes. */
function immediate(bytes: Uint8Array, at: number, length: number, size: number): ImmOperand {
  if (size === 1) return smallImmediates[bytes[at]!]!;
  if (length === 8) return { kind: 'imm', size: 8, value: BigInt.asUintN(64, int64(bytes, at)) };
  const value = length === 1 ? int8(bytes, at) : length === 2 ? int16(bytes, at) : int32(bytes, at);
  if (size === 8) return { kind: 'imm', size: 8, value: value < 0 ? BigInt.asUintN(64, BigInt(value)) : BigInt(value) };
  return { kind: 'imm', size: size as 2 | 4, value: BigInt(size === 2 ? value & 0xffff : value >>> 0) };
}

/** `available` bytes are there from `offset` on; at least LOOKAHEAD may be read. */
function decodeAt(bytes: Uint8Array, offset: number, available: number, pc: number): Insn | Undecodable {
  let at = offset;
  let rex = 0;
  let size66 = false;
  let repeat: number = PrefixClass.none;
  let lock = false;
  let addressSize: 4 | 8 = 8;
  let segment: 'fs' | 'gs' | undefined;

  let byte = bytes[at]!;
  let kind = prefixKind[byte]!;
  while (kind !== 0) {
    if (++at - offset >= MAX_LENGTH) return available < MAX_LENGTH ? undecodable('truncated', pc, available + 1) : undecodable('long', pc, MAX_LENGTH);
    if (kind === REX) rex = byte;
    else {
      rex = 0;
      if (kind === SIZE) size66 = true;
      else if (kind === REPEAT) repeat = byte === 0xf3 ? PrefixClass.f3 : PrefixClass.f2;
      else if (kind === ADDRESS) addressSize = 4;
      else if (kind === LOCK) lock = true;
      else if (kind === FS) segment = 'fs';
      else if (kind === GS) segment = 'gs';
    }
    byte = bytes[at]!;
    kind = prefixKind[byte]!;
  }

  let key = byte;
  at++;
  if (byte === 0x0f) {
    byte = bytes[at++]!;
    if (byte === 0x38) key = 0x200 | bytes[at++]!;
    else if (byte === 0x3a) key = 0x300 | bytes[at++]!;
    else key = 0x100 | byte;
  }

  const prefixClass = repeat !== PrefixClass.none ? repeat : size66 ? PrefixClass.p66 : PrefixClass.none;
  const rexB = (rex & 1) << 3;
  let chosen = slots[key * SLOTS + prefixClass * 4 + ((rex >> 2) & 2) + (rex & 1)]!;
  const modrm = bytes[at]!;
  if (chosen < 0) chosen = groups[(-chosen - 1) * 256 + modrm]!;
  if (chosen === 0) return at - offset + 1 > available ? undecodable('truncated', pc, available + 1) : undecodable('unknown', pc, at - offset + 1);
  const form: Form = forms[chosen - 1]!;

  const opSize: 2 | 4 | 8 = form.sizeRule === 2 || rex & 8 ? 8 : size66 && !form.mandatory66 ? 2 : form.sizeRule === 1 ? 8 : 4;
  const sizeIndex = opSize >> 2; // 2, 4, 8 → 0, 1, 2

  // modrm, sib, displacement
  let base = -1, index = -1, scale: 1 | 2 | 4 | 8 = 1, disp = 0, relative = false;
  if (form.hasModrm) {
    at++;
    if (modrm < 0xc0) {
      const mod = modrm >> 6;
      const rm = modrm & 7;
      let low = rm;
      if (rm === 4) {
        const sib = bytes[at++]!;
        index = (sib >> 3) & 7 | (rex & 2) << 2;
        if (index === 4) index = -1; else scale = (1 << (sib >> 6)) as 1 | 2 | 4 | 8;
        low = sib & 7;
      }
      if (mod === 1) { disp = int8(bytes, at); at++; base = low | rexB; }
      else if (mod === 2) { disp = int32(bytes, at); at += 4; base = low | rexB; }
      else if (low === 5) { disp = int32(bytes, at); at += 4; relative = rm === 5; }
      else base = low | rexB;
    }
  }

  let immediateAt = at;
  at += form.tail[sizeIndex]!;
  const letters = form.letters;
  const count = letters.length;
  const operands: DecodedOperand[] = new Array(count);
  if (form.moffs) at += addressSize;
  const length = at - offset;
  if (length > available) return undecodable('truncated', pc, available + 1);
  if (length > MAX_LENGTH) return undecodable('long', pc, MAX_LENGTH);
  if (relative) { disp += pc + length; if (addressSize === 4) disp = disp >>> 0; }
  if (form.rspAfter && base === 4) disp += opSize;

  for (let i = 0; i < count; i++) {
    const letter = letters[i]!;
    const size = form.sizes[3 * i + sizeIndex]!;
    const inMemory = modrm < 0xc0;
    let operand: DecodedOperand;
    switch (letter) {
      case Letter.E: case Letter.M:
        operand = inMemory ? { kind: 'mem', size: size as MemOperand['size'], base, index, scale, disp, segment, addressSize } : gpr(modrm & 7 | rexB, size, rex);
        break;
      case Letter.G: operand = gpr((modrm >> 3) & 7 | (rex & 4) << 1, size, rex); break;
      case Letter.R: operand = gpr(modrm & 7 | rexB, size, rex); break;
      case Letter.Z: operand = gpr(byte & 7 | rexB, size, rex); break;
      case Letter.I: case Letter.signedByte: {
        const bytesTaken = form.immediateBytes[3 * i + sizeIndex]!;
        operand = immediate(bytes, immediateAt, bytesTaken, size);
        immediateAt += bytesTaken;
        break;
      }
      case Letter.J: {
        const bytesTaken = form.immediateBytes[3 * i + sizeIndex]!;
        operand = { kind: 'target', size: 8, address: pc + length + (bytesTaken === 1 ? int8(bytes, immediateAt) : int32(bytes, immediateAt)) };
        break;
      }
      case Letter.V: operand = xmms[size]![(modrm >> 3) & 7 | (rex & 4) << 1]!; break;
      case Letter.W:
        operand = inMemory ? { kind: 'mem', size: size as MemOperand['size'], base, index, scale, disp, segment, addressSize } : xmms[size]![modrm & 7 | rexB]!;
        break;
      case Letter.U: operand = xmms[size]![modrm & 7 | rexB]!; break;
      case Letter.P: operand = mms[size]![(modrm >> 3) & 7]!; break;
      case Letter.Q:
        operand = inMemory ? { kind: 'mem', size: size as MemOperand['size'], base, index, scale, disp, segment, addressSize } : mms[size]![modrm & 7]!;
        break;
      case Letter.N: operand = mms[size]![modrm & 7]!; break;
      case Letter.S: {
        const n = (modrm >> 3) & 7;
        if (n > 5) return undecodable('unknown', pc, length);
        operand = segs[n]!;
        break;
      }
      case Letter.fixedGpr: operand = gpr(form.values[i]!, size, rex); break;
      case Letter.constant: operand = smallImmediates[form.values[i]!]!; break;
      case Letter.fixedXmm: operand = xmms[size]![form.values[i]!]!; break;
      case Letter.T: operand = smallImmediates[modrm & 7]!; break;
      case Letter.O: {
        const address = addressSize === 8 ? Number(BigInt.asIntN(53, int64(bytes, immediateAt))) : int32(bytes, immediateAt) >>> 0;
        operand = { kind: 'mem', size: size as MemOperand['size'], base: -1, index: -1, scale: 1, disp: address, segment, addressSize };
        break;
      }
      default: {
        const register = letter === Letter.X ? 6 : letter === Letter.B ? 3 : 7;
        operand = { kind: 'mem', size: size as MemOperand['size'], base: register, index: -1, scale: 1, disp: 0, segment: letter === Letter.Y ? undefined : segment, addressSize };
      }
    }
    operands[i] = operand;
  }
  if (lock && !(form.lock && operands[0]!.kind === 'mem')) return undecodable('unknown', pc, length);
  return { row: form.row, index: form.index, pc, length, opSize, addressSize, operands, lock };
}
