// The rows indexed for decoding: for every opcode, prefix class, REX.W, REX.B and modrm byte the one row that has it. Duplicates and ambiguities are found here, when the table is built.
import { assert } from '../../base/index.ts';
import type { Row } from './row.ts';

/** Prefix classes: the mandatory prefix in force (the last of F3 and F2, else 66). */
export const PrefixClass = { none: 0, p66: 1, f3: 2, f2: 3 } as const;

/** Opcode maps: one byte, 0f, 0f 38, 0f 3a. */
const MAPS = 4;
/** Slots of one opcode: class * 4 + REX.W * 2 + REX.B. */
export const SLOTS = 16;

/** Operand letters as small numbers; `decoder.ts` has a case for each. */
export const Letter = {
  E: 0, G: 1, R: 2, M: 3, Z: 4, I: 5, J: 6, O: 7, V: 8, W: 9, U: 10, P: 11, Q: 12, N: 13, S: 14, X: 15, Y: 16, B: 17, D: 18, T: 19, fixedGpr: 20, constant: 21, fixedXmm: 22, signedByte: 23,
} as const;

/** Sizes by operand size 2, 4, 8 (index 0, 1, 2). */
type Sizes = readonly [number, number, number];
const sizes: Record<string, Sizes> = {
  '': [0, 0, 0], b: [1, 1, 1], w: [2, 2, 2], d: [4, 4, 4], q: [8, 8, 8], t: [10, 10, 10], x: [16, 16, 16], v: [2, 4, 8], z: [2, 4, 8], y: [4, 4, 8], s: [2, 4, 8],
};

interface OperandCode { letter: number; sizes: Sizes; immediateBytes: Sizes; value: number }

const none: Sizes = [0, 0, 0];
const fixed: Record<string, OperandCode> = {
  AL: { letter: Letter.fixedGpr, sizes: sizes['b']!, immediateBytes: none, value: 0 },
  AX: { letter: Letter.fixedGpr, sizes: sizes['w']!, immediateBytes: none, value: 0 },
  eAX: { letter: Letter.fixedGpr, sizes: [2, 4, 4], immediateBytes: none, value: 0 },
  rAX: { letter: Letter.fixedGpr, sizes: sizes['v']!, immediateBytes: none, value: 0 },
  CL: { letter: Letter.fixedGpr, sizes: sizes['b']!, immediateBytes: none, value: 1 },
  DX: { letter: Letter.fixedGpr, sizes: sizes['w']!, immediateBytes: none, value: 2 },
  1: { letter: Letter.constant, sizes: sizes['b']!, immediateBytes: none, value: 1 },
  3: { letter: Letter.constant, sizes: sizes['b']!, immediateBytes: none, value: 3 },
  ST: { letter: Letter.constant, sizes: sizes['b']!, immediateBytes: none, value: 0 },
  XMM0: { letter: Letter.fixedXmm, sizes: sizes['x']!, immediateBytes: none, value: 0 },
};

/** Bytes an immediate takes in the code, by its size letter. */
const immediateBytes: Record<string, Sizes> = { b: [1, 1, 1], s: [1, 1, 1], w: [2, 2, 2], d: [4, 4, 4], q: [8, 8, 8], z: [2, 4, 4], v: [2, 4, 8] };

function operandCode(text: string): OperandCode {
  const known = fixed[text];
  if (known) return known;
  const name = text[0]!;
  const size = text.slice(1);
  const letter = (Letter as Record<string, number>)[name];
  const bySize = sizes[size];
  assert(letter !== undefined && name.length === 1 && bySize, `operand code ${text}`);
  if (name !== 'I' && name !== 'J') return { letter, sizes: size === 'z' ? [2, 4, 4] : bySize, immediateBytes: none, value: 0 };
  const bytes = immediateBytes[size];
  assert(bytes, `operand code ${text}`);
  return { letter: size === 's' ? Letter.signedByte : letter, sizes: bySize, immediateBytes: bytes, value: 0 };
}

/** A row's operand list, taken apart. */
interface OperandList {
  readonly letters: readonly number[];
  readonly sizes: readonly number[];
  readonly immediateBytes: readonly number[];
  readonly tail: Sizes;
  readonly values: readonly number[];
  readonly moffs: boolean;
  /** What modrm.rm must be. */
  readonly rm: 'any' | 'memory' | 'register';
}

/** Few lists serve all rows. */
const operandLists = new Map<string, OperandList>();

function operandList(text: string): OperandList {
  const known = operandLists.get(text);
  if (known) return known;
  const names = text === '' ? [] : text.split(' ');
  const codes = names.map(operandCode);
  const has = (letters: string): boolean => names.some((name) => !(name in fixed) && letters.includes(name[0]!));
  const list: OperandList = {
    letters: codes.map((c) => c.letter),
    sizes: codes.flatMap((c) => [...c.sizes]),
    immediateBytes: codes.flatMap((c) => [...c.immediateBytes]),
    tail: [0, 1, 2].map((s) => codes.reduce((sum, c) => sum + c.immediateBytes[s]!, 0)) as unknown as Sizes,
    values: codes.map((c) => c.value),
    moffs: codes.some((c) => c.letter === Letter.O),
    rm: has('RUNT') ? 'register' : has('M') ? 'memory' : 'any',
  };
  operandLists.set(text, list);
  return list;
}

/** A row as the decoder wants it. */
export class Form {
  readonly row: Row;
  readonly index: number;
  readonly hasModrm: boolean;
  /** Prefix 66 is part of the opcode and says nothing about the operand size. */
  readonly mandatory66: boolean;
  /** 0: operand size by the prefixes; 1: 64 unless 66 (def64); 2: always 64 (f64). */
  readonly sizeRule: 0 | 1 | 2;
  readonly lock: boolean;
  readonly rspAfter: boolean;
  readonly letters: readonly number[];
  /** sizes[3 * operand + (0, 1, 2 for operand size 2, 4, 8)], and the bytes an immediate takes alike. */
  readonly sizes: readonly number[];
  readonly immediateBytes: readonly number[];
  /** All immediate bytes by operand size. */
  readonly tail: Sizes;
  /** Register number or value of fixed operands. */
  readonly values: readonly number[];
  /** An absolute address follows the opcode. */
  readonly moffs: boolean;

  constructor(row: Row, index: number, pattern: Pattern) {
    const operands = operandList(row.operands);
    this.row = row;
    this.index = index;
    this.hasModrm = pattern.hasModrm;
    this.mandatory66 = pattern.prefix === PrefixClass.p66;
    this.sizeRule = row.options.f64 ? 2 : row.options.def64 ? 1 : 0;
    this.lock = row.options.lock === true;
    this.rspAfter = row.options.rspAfter === true;
    this.letters = operands.letters;
    this.sizes = operands.sizes;
    this.immediateBytes = operands.immediateBytes;
    this.tail = operands.tail;
    this.values = operands.values;
    this.moffs = operands.moffs;
  }
}

/** What an encoding asks for. */
interface Pattern {
  row: Row;
  map: number;
  opcode: number;
  /** 8 when the register is in the opcode's low three bits. */
  span: 1 | 8;
  prefix: number | undefined;
  w: 0 | 1 | undefined;
  b0: boolean;
  hasModrm: boolean;
  /** modrm & mask === value, and the kind of modrm.rm. */
  mask: number;
  value: number;
  rm: 'any' | 'memory' | 'register';
}

const prefixes: Record<string, number> = { np: PrefixClass.none, 66: PrefixClass.p66, f3: PrefixClass.f3, f2: PrefixClass.f2 };

/** Two hexadecimal digits as a byte, else -1. */
function byteOf(token: string | undefined): number {
  if (token === undefined || token.length !== 2) return -1;
  const value = Number(`0x${token}`);
  return value >= 0 ? value : -1;
}

function parse(row: Row): Pattern {
  const tokens = row.encoding.replace('+r', ' +r').replace('  ', ' ').split(' ');
  let at = 0;
  let prefix: number | undefined = row.options.rep === undefined ? undefined : row.options.rep === 'rep' ? PrefixClass.f3 : PrefixClass.f2;
  if (tokens[0]! in prefixes && (tokens[1]?.startsWith('REX') || byteOf(tokens[1]) >= 0)) prefix = prefixes[tokens[at++]!];
  const w = tokens[at] === 'REX.W' ? 1 : tokens[at] === 'REX.W0' ? 0 : undefined;
  if (w !== undefined) at++;
  const b0 = tokens[at] === 'REX.B0';
  if (b0) at++;
  const bytes: number[] = [];
  for (let byte = byteOf(tokens[at]); byte >= 0; byte = byteOf(tokens[++at])) bytes.push(byte);
  const map = bytes[0] !== 0x0f ? 0 : bytes[1] === 0x38 ? 2 : bytes[1] === 0x3a ? 3 : 1;
  const [opcode, fixedModrm] = bytes.slice(map === 3 ? 2 : map);
  const rest = tokens[at] ?? '';
  const digit = rest.length === 2 && rest[0] === '/' && rest[1]! >= '0' && rest[1]! <= '7' ? Number(rest[1]) : -1;
  const plus = rest === '+r';
  const understood = (rest === '' || rest === '/r' || plus || digit >= 0) && tokens.length <= at + 1 && bytes.length <= Math.min(map, 2) + 2;
  if (opcode === undefined || !understood || (fixedModrm !== undefined && fixedModrm < 0xc0)) throw new Error(`encoding of ${print(row)} (a fixed modrm byte is a register form)`);
  const hasModrm = fixedModrm !== undefined || digit >= 0 || rest === '/r';
  const { rm } = operandList(row.operands);
  const mask = fixedModrm !== undefined ? (plus ? 0xf8 : 0xff) : digit >= 0 ? 0x38 : 0;
  return { row, map, opcode, span: plus && fixedModrm === undefined ? 8 : 1, prefix, w, b0, hasModrm, mask, value: fixedModrm ?? (digit >= 0 ? digit << 3 : 0), rm };
}

const print = (row: Row): string => `"${row.mnemonic}" ${row.encoding} (${row.operands})`;

const modrmMatches = (p: Pattern, modrm: number): boolean =>
  (modrm & p.mask) === p.value && (p.rm === 'any' || (p.rm === 'register') === (modrm >= 0xc0));

/** Whether `p` asks for everything that `q` asks for. */
const atLeastAsSpecial = (p: Pattern, q: Pattern): boolean =>
  (q.prefix === undefined || p.prefix === q.prefix) && (q.w === undefined || p.w === q.w) && (!q.b0 || p.b0) && p.span <= q.span
  && (p.mask & q.mask) === q.mask && (q.rm === 'any' || p.rm === q.rm || (p.mask & 0xc0) === 0xc0);

/** The one of `matching` that asks for more than all others. */
function mostSpecial(matching: readonly Pattern[]): Pattern | undefined {
  let best = matching[0];
  for (const p of matching) if (best && p !== best && atLeastAsSpecial(p, best)) best = p;
  for (const p of matching) {
    if (best && p !== best && (!atLeastAsSpecial(best, p) || atLeastAsSpecial(p, best))) throw new Error(`ambiguous encodings: ${print(best.row)} and ${print(p.row)}`);
  }
  return best;
}

/** What a table says of a row: 0 nothing, n form n - 1. */
type NumberOf = (p: Pattern | undefined) => number;

const fitsSlot = (p: Pattern, slot: number): boolean =>
  (p.prefix === undefined || p.prefix === slot >> 2) && (p.w === undefined || p.w === ((slot >> 1) & 1)) && !(p.b0 && slot & 1);

const slotValue = (matching: readonly Pattern[], numberOf: NumberOf, groups: Uint16Array[]): number =>
  (matching.every((p) => p.mask === 0 && p.rm === 'any') ? numberOf(mostSpecial(matching)) : -groups.push(groupOf(matching, numberOf)));

/** The 16 slots of one opcode. Slots in which the same rows match share their value. */
function fillSlots(list: readonly Pattern[], slots: Int16Array, numberOf: NumberOf, groups: Uint16Array[]): void {
  if (list.length === 1 && list[0]!.prefix === undefined && list[0]!.w === undefined && !list[0]!.b0) { slots.fill(slotValue(list, numberOf, groups)); return; }
  const chosen = new Map<string, number>();
  for (let slot = 0; slot < SLOTS; slot++) {
    const matching = list.filter((p) => fitsSlot(p, slot));
    const same = matching.map(numberOf).join();
    let value = chosen.get(same);
    if (value === undefined) {
      value = slotValue(matching, numberOf, groups);
      chosen.set(same, value);
    }
    slots[slot] = value;
  }
}

/** Which form each modrm byte chooses. Only register forms can ask for the whole byte; memory forms ask for a digit at most. */
function groupOf(matching: readonly Pattern[], numberOf: NumberOf): Uint16Array {
  const group = new Uint16Array(256);
  const formFor = (modrm: number): number => numberOf(mostSpecial(matching.filter((p) => modrmMatches(p, modrm))));
  const whole = matching.some((p) => (p.mask & 7) !== 0 || p.mask === 0xf8);
  for (let digit = 0; digit < 8; digit++) {
    const memory = formFor(digit << 3);
    for (let mod = 0; mod < 0xc0; mod += 0x40) group.fill(memory, mod | digit << 3, (mod | digit << 3) + 8);
    const first = 0xc0 | digit << 3;
    if (whole) for (let modrm = first; modrm < first + 8; modrm++) group[modrm] = formFor(modrm);
    else group.fill(formFor(first), first, first + 8);
  }
  return group;
}

/** The decode tables. All numbers, so that they can be copied into a WebAssembly decoder as they are. */
export interface Table {
  readonly rows: readonly Row[];
  readonly forms: readonly Form[];
  /** [(map * 256 + opcode) * SLOTS + slot]: 0 nothing, n > 0 form n - 1, n < 0 group -n - 1. */
  readonly slots: Int16Array;
  /** [group * 256 + modrm]: 0 nothing, n form n - 1. */
  readonly groups: Uint16Array;
  /** [map * 256 + opcode]: 1 when a modrm byte follows. */
  readonly hasModrm: Uint8Array;
}

function joined(groups: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(groups.length * 256);
  groups.forEach((group, i) => all.set(group, i * 256));
  return all;
}

/** Builds the decode tables. Throws when two rows claim the same bytes, naming both. */
export function indexRows(rows: readonly Row[]): Table {
  const patterns = rows.map(parse);
  const forms = patterns.map((p, index) => new Form(p.row, index, p));
  const numbers = new Map(patterns.map((p, index) => [p, index + 1]));
  const numberOf: NumberOf = (p) => (p ? numbers.get(p)! : 0);
  const slots = new Int16Array(MAPS * 256 * SLOTS);
  const hasModrm = new Uint8Array(MAPS * 256);
  const groups: Uint16Array[] = [];
  const candidates = new Map<number, Pattern[]>();
  for (const p of patterns) {
    for (let i = 0; i < p.span; i++) {
      const key = p.map * 256 + p.opcode + i;
      const list = candidates.get(key);
      if (list) list.push(p); else candidates.set(key, [p]);
    }
  }

  for (const [key, list] of candidates) {
    const modrm = list[0]!.hasModrm;
    for (const p of list) if (p.hasModrm !== modrm) throw new Error(`one opcode with and without modrm: ${print(list[0]!.row)} and ${print(p.row)}`);
    hasModrm[key] = modrm ? 1 : 0;
    fillSlots(list, slots.subarray(key * SLOTS, (key + 1) * SLOTS), numberOf, groups);
  }
  return { rows, forms, slots, groups: joined(groups), hasModrm };
}

/** The same, built when something but the rows is first asked for: a program that only the record decoder decodes does without. */
export function lazyTable(rows: readonly Row[]): Table {
  let built: Table | undefined;
  const table = (): Table => (built ??= indexRows(rows));
  return { rows, get forms() { return table().forms; }, get slots() { return table().slots; }, get groups() { return table().groups; }, get hasModrm() { return table().hasModrm; } };
}
