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
    const codes = row.operands === '' ? [] : row.operands.split(' ').map(operandCode);
    this.row = row;
    this.index = index;
    this.hasModrm = pattern.hasModrm;
    this.mandatory66 = pattern.prefix === PrefixClass.p66;
    this.sizeRule = row.options.f64 ? 2 : row.options.def64 ? 1 : 0;
    this.lock = row.options.lock === true;
    this.rspAfter = row.options.rspAfter === true;
    this.letters = codes.map((c) => c.letter);
    this.sizes = codes.flatMap((c) => [...c.sizes]);
    this.immediateBytes = codes.flatMap((c) => [...c.immediateBytes]);
    this.tail = [0, 1, 2].map((s) => codes.reduce((sum, c) => sum + c.immediateBytes[s]!, 0)) as unknown as Sizes;
    this.values = codes.map((c) => c.value);
    this.moffs = codes.some((c) => c.letter === Letter.O);
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
const maps: Record<string, number> = { '0f': 1, '0f 38': 2, '0f 3a': 3 };

function parse(row: Row): Pattern {
  const tokens = row.encoding.replace(/\+r/g, ' +r').split(/\s+/);
  const last = (at: number): boolean => !/^[0-9a-f]{2}$/.test(tokens[at + 1] ?? '') && !/^REX/.test(tokens[at + 1] ?? '');
  let at = 0;
  let prefix = row.options.rep === 'rep' ? PrefixClass.f3 : row.options.rep === 'repne' ? PrefixClass.f2 : undefined as number | undefined;
  if (tokens[at]! in prefixes && !last(at)) prefix = prefixes[tokens[at++]!];
  let w: 0 | 1 | undefined;
  if (tokens[at] === 'REX.W' || tokens[at] === 'REX.W0') w = tokens[at++] === 'REX.W' ? 1 : 0;
  const b0 = tokens[at] === 'REX.B0';
  if (b0) at++;
  const bytes: number[] = [];
  while (/^[0-9a-f]{2}$/.test(tokens[at] ?? '')) bytes.push(parseInt(tokens[at++]!, 16));
  const hex = (count: number): string => bytes.slice(0, count).map((x) => x.toString(16).padStart(2, '0')).join(' ');
  const map = maps[hex(2)] ?? maps[hex(1)] ?? 0;
  bytes.splice(0, map >= 2 ? 2 : map);
  const [opcode, fixedModrm] = bytes;
  const rest = tokens.slice(at);
  const digit = /^\/([0-7])$/.exec(rest[0] ?? '');
  const plus = rest[0] === '+r';
  assert(opcode !== undefined && bytes.length <= 2 && rest.length <= 1 && (rest.length === 0 || plus || digit || rest[0] === '/r'), `encoding of ${print(row)}`);
  const hasModrm = fixedModrm !== undefined || digit !== null || rest[0] === '/r';
  const codes = row.operands.split(' ').map((code) => (code in fixed ? '' : code[0] ?? ''));
  const rm = codes.some((c) => 'RUNT'.includes(c) && c) ? 'register' : codes.includes('M') ? 'memory' : 'any';
  const [mask, value] = fixedModrm !== undefined ? [plus ? 0xf8 : 0xff, fixedModrm] : digit ? [0x38, Number(digit[1]) << 3] : [0, 0];
  return { row, map, opcode, span: plus && fixedModrm === undefined ? 8 : 1, prefix, w, b0, hasModrm, mask, value, rm };
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

/** The decode tables. All numbers, so that they can be copied into a WebAssembly decoder as they are. */
export interface Table {
  readonly forms: readonly Form[];
  /** [(map * 256 + opcode) * SLOTS + slot]: 0 nothing, n > 0 form n - 1, n < 0 group -n - 1. */
  readonly slots: Int16Array;
  /** [group * 256 + modrm]: 0 nothing, n form n - 1. */
  readonly groups: Uint16Array;
  /** [map * 256 + opcode]: 1 when a modrm byte follows. */
  readonly hasModrm: Uint8Array;
}

/** Builds the decode tables. Throws when two rows claim the same bytes, naming both. */
export function indexRows(rows: readonly Row[]): Table {
  const patterns = rows.map(parse);
  const forms = patterns.map((p, index) => new Form(p.row, index, p));
  const formOf = new Map(patterns.map((p, index) => [p, index + 1]));
  const slots = new Int16Array(MAPS * 256 * SLOTS);
  const hasModrm = new Uint8Array(MAPS * 256);
  const groups: number[][] = [];
  const candidates = new Map<number, Pattern[]>();
  for (const p of patterns) {
    for (let i = 0; i < p.span; i++) {
      const key = p.map * 256 + p.opcode + i;
      const list = candidates.get(key);
      if (list) list.push(p); else candidates.set(key, [p]);
    }
  }

  const choose = (matching: Pattern[]): number => {
    if (matching.every((p) => p.mask === 0 && p.rm === 'any')) { const best = mostSpecial(matching); return best ? formOf.get(best)! : 0; }
    const group: number[] = [];
    for (let modrm = 0; modrm < 256; modrm++) {
      const best = mostSpecial(matching.filter((p) => modrmMatches(p, modrm)));
      group.push(best ? formOf.get(best)! : 0);
    }
    groups.push(group);
    return -groups.length;
  };

  for (const [key, list] of candidates) {
    const modrm = list[0]!.hasModrm;
    for (const p of list) assert(p.hasModrm === modrm, `one opcode with and without modrm: ${print(list[0]!.row)} and ${print(p.row)}`);
    hasModrm[key] = modrm ? 1 : 0;
    const chosen = new Map<string, number>();
    for (let slot = 0; slot < SLOTS; slot++) {
      const matching = list.filter((p) => (p.prefix === undefined || p.prefix === slot >> 2) && (p.w === undefined || p.w === ((slot >> 1) & 1)) && !(p.b0 && slot & 1));
      const same = matching.map((p) => formOf.get(p)!).join();
      let value = chosen.get(same);
      if (value === undefined) { value = choose(matching); chosen.set(same, value); }
      slots[key * SLOTS + slot] = value;
    }
  }
  return { forms, slots, groups: Uint16Array.from(groups.flat()), hasModrm };
}
