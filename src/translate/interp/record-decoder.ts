// HOT: the decoder's inner loop in WebAssembly, from machine code to records, with the tables of x86/table.ts laid out in memory. The first
// 150,000 instructions of a program take 16 ms of CPU time with it (50 ns each once compiled) and 128 ms with the decoder in JavaScript (x86/decoder.ts, whose twin it is; a test compares their
// records). What is rare it leaves to that one.
import { RUNTIME_TABLES, state } from '../../guest/index.ts';
import { Code, add, and, choose, eq, eqz, extendS, extendU, geU, gtU, i64Add, i64And, i64Constant, load, ltU, mul, ne, or, type Expression, type Push, shl, shrU, sub, type Variable, wrap, Writer } from '../wasm/index.ts';
import { prefixKind, PrefixKind } from '../x86/decoder.ts';
import { type Form, type Table } from '../x86/index.ts';
import { Letter, PrefixClass, SLOTS } from '../x86/table.ts';
import { FORMS } from './forms.ts';
import { field, LINKED, RECORD_SIZE, ZERO_OFFSET, gprCell, stCell, xmmCell } from './record.ts';

/** Why decoding stopped, in the answer's upper half; the lower half is the number of records. */
export const Stopped = {
  /** At the limit, or before an instruction that this decoder does not know. */
  before: 0,
  /** Behind an instruction that ends a block. */
  end: 1,
  /** Behind `syscall`, which goes on. */
  syscall: 2,
} as const;

const MAX_LENGTH = 15, LOOKAHEAD = 32;

/** Bytes of a form's entry; its operands follow the head, 8 bytes each. */
const FORM_SIZE = 48, OPERANDS = 12, OPERAND_SIZE = 8, MAX_OPERANDS = 4;
const form = { count: 0, flags: 1, sizeRule: 2, ends: 3, tail: 4, memory: 7, baseCell: 8 } as const;
const Flag = { modrm: 1, mandatory66: 2, lock: 4, rspAfter: 8, unknown: 16, immediate: 32 } as const;
/** Where a form's memory operand comes from. */
const Memory = { none: 0, modrm: 1, fixed: 2 } as const;

/** What is done with an operand, and its fields: bytes in the code and its size, both by operand size. */
const operand = { action: 0, kind: 1, bytes: 2, size: 5 } as const;
const Action = { skip: 0, reg: 1, rm: 2, opcode: 3, immediate: 4, target: 5, st: 6 } as const;
const RegisterKind = { gpr: 0, byte: 1, xmm: 2, mm: 3 } as const;

/** Where the tables lie. */
interface Layout { prefixes: number; slots: number; groups: number; forms: number; handlers: number; end: number }

function layout(table: Table, handlers: Uint16Array): Layout {
  const prefixes = RUNTIME_TABLES;
  const slots = prefixes + 256;
  const groups = slots + table.slots.byteLength;
  const forms = groups + table.groups.byteLength;
  const handlersAt = forms + table.forms.length * FORM_SIZE;
  return { prefixes, slots, groups, forms, handlers: handlersAt, end: handlersAt + handlers.byteLength };
}

/** Letters that are not here need nothing of the record: the row has them fixed, or they are the form's memory operand. */
const actions: Readonly<Record<number, number>> = {
  [Letter.E]: Action.rm, [Letter.M]: Action.rm, [Letter.R]: Action.rm, [Letter.W]: Action.rm, [Letter.U]: Action.rm, [Letter.Q]: Action.rm, [Letter.N]: Action.rm,
  [Letter.G]: Action.reg, [Letter.V]: Action.reg, [Letter.P]: Action.reg, [Letter.Z]: Action.opcode, [Letter.I]: Action.immediate, [Letter.signedByte]: Action.immediate, [Letter.J]: Action.target,
  [Letter.T]: Action.st,
};
const xmmLetters: ReadonlySet<number> = new Set([Letter.V, Letter.W, Letter.U]);
const mmLetters: ReadonlySet<number> = new Set([Letter.P, Letter.Q, Letter.N]);
const memoryLetters: ReadonlySet<number> = new Set([Letter.E, Letter.M, Letter.W, Letter.Q]);
const fixedBases: Readonly<Record<number, number>> = { [Letter.X]: 6, [Letter.B]: 3, [Letter.D]: 7 };
const immediateLetters: ReadonlySet<number> = new Set([Letter.I, Letter.signedByte, Letter.T]);

function kindOf(f: Form, place: number): number {
  const letter = f.letters[place]!;
  if (xmmLetters.has(letter)) return RegisterKind.xmm;
  if (mmLetters.has(letter)) return RegisterKind.mm;
  return f.sizes[3 * place] === 1 ? RegisterKind.byte : RegisterKind.gpr;
}

/** One form's entry. */
function formBytes(f: Form): Uint8Array {
  const bytes = new Uint8Array(FORM_SIZE);
  const { ends } = f.row.options;
  const base = f.letters.find((letter) => letter in fixedBases);
  const unknown = f.moffs || f.letters.length > MAX_OPERANDS || f.letters.includes(Letter.S);
  bytes[form.count] = unknown ? 0 : f.letters.length;
  bytes[form.flags] = (f.hasModrm ? Flag.modrm : 0) | (f.mandatory66 ? Flag.mandatory66 : 0) | (f.lock ? Flag.lock : 0) | (f.rspAfter ? Flag.rspAfter : 0) | (unknown ? Flag.unknown : 0)
    | (f.letters.some((letter) => immediateLetters.has(letter)) ? Flag.immediate : 0);
  bytes[form.sizeRule] = f.sizeRule;
  bytes[form.ends] = ends === undefined ? Stopped.before : ends === 'syscall' ? Stopped.syscall : Stopped.end;
  bytes.set(f.tail, form.tail);
  bytes[form.memory] = base !== undefined ? Memory.fixed : f.letters.some((letter) => memoryLetters.has(letter)) ? Memory.modrm : Memory.none;
  bytes[form.baseCell] = base === undefined ? 0 : gprCell(fixedBases[base]!);
  if (unknown) return bytes;
  f.letters.forEach((letter, place) => {
    const at = OPERANDS + OPERAND_SIZE * place;
    bytes[at + operand.action] = actions[letter] ?? Action.skip;
    bytes[at + operand.kind] = kindOf(f, place);
    bytes.set(f.immediateBytes.slice(3 * place, 3 * place + 3), at + operand.bytes);
    bytes.set(f.sizes.slice(3 * place, 3 * place + 3), at + operand.size);
  });
  return bytes;
}

const rawBytes = (array: Int16Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The tables as one block of bytes, to be put at RUNTIME_TABLES. `handlers` is what FormIndex has. */
export function decoderTables(table: Table, handlers: Uint16Array): Uint8Array {
  const at = layout(table, handlers);
  const bytes = new Uint8Array(at.end - RUNTIME_TABLES);
  const put = (address: number, part: Uint8Array): void => bytes.set(part, address - RUNTIME_TABLES);
  put(at.prefixes, prefixKind);
  put(at.slots, rawBytes(table.slots));
  put(at.groups, rawBytes(table.groups));
  table.forms.forEach((f, i) => put(at.forms + i * FORM_SIZE, formBytes(f)));
  put(at.handlers, rawBytes(handlers));
  return bytes;
}

/** The variables of the function. */
type Names = 'pc' | 'here' | 'at' | 'count' | 'rex' | 'size66' | 'repeat' | 'lock' | 'addressSize4' | 'segment' | 'byte' | 'kind' | 'key' | 'modrm' | 'chosen' | 'form' | 'sizeIndex' | 'base' | 'index'
  | 'scale' | 'disp' | 'relative' | 'immediateAt' | 'shape' | 'handler' | 'operand' | 'place' | 'immediates' | 'low' | 'bytes' | 'cell' | 'flags' | 'n';
type Variables = Record<Names, Variable>;
const names: readonly Names[] = ['pc', 'here', 'at', 'count', 'rex', 'size66', 'repeat', 'lock', 'addressSize4', 'segment', 'byte', 'kind', 'key', 'modrm', 'chosen', 'form', 'sizeIndex', 'base', 'index',
  'scale', 'disp', 'relative', 'immediateAt', 'shape', 'handler', 'operand', 'place', 'immediates', 'low', 'bytes', 'cell', 'flags', 'n'];

/**
 * The body of the function (pc, end, at, limit) → count | Stopped << 16: writes at most `limit` records from `at` on for the code at [pc, end), of one basic block.
 */
export function recordDecoder(table: Table, handlers: Uint16Array): Code {
  const code = new Code(4);
  new RecordDecoder(new Writer(code), layout(table, handlers)).write();
  return code;
}

class RecordDecoder {
  readonly #w: Writer;
  readonly #at: Layout;
  readonly #v: Variables;
  /** A 64-bit value under way: the displacement, an immediate. */
  readonly #wide: Variable;
  readonly #end: Variable;
  readonly #limit: Variable;
  /** Where a rare instruction leaves to. */
  #give = 0;

  constructor(w: Writer, at: Layout) {
    this.#w = w;
    this.#at = at;
    const v: Partial<Variables> = { pc: w.param(0), at: w.param(2) };
    this.#end = w.param(1);
    this.#limit = w.param(3);
    for (const name of names) v[name] ??= w.local();
    this.#v = v as Variables;
    this.#wide = w.local('i64');
  }

  write(): void {
    const { count, here, pc } = this.#v;
    const w = this.#w;
    w.block((give) => {
      this.#give = give;
      w.loop((next) => {
        w.goto(give, geU(count, this.#limit));
        // Enough bytes for any instruction and what is read before its length is known: then no read needs a check.
        w.goto(give, ltU(sub(this.#end, pc), LOOKAHEAD));
        w.set(here, pc);
        this.#prefixes();
        this.#opcode();
        this.#sizes();
        this.#memory();
        this.#finishAddress();
        this.#record();
        this.#operands();
        this.#step(next);
      });
    });
    w.return(count);
  }

  #flag(bit: number): Push { return and(this.#v.flags, bit); }

  /** Reads prefixes and the first byte that is none; `here` is behind it. */
  #prefixes(): void {
    const w = this.#w;
    const { rex, size66, repeat, lock, addressSize4, segment, byte, kind, here, pc } = this.#v;
    for (const variable of [rex, size66, repeat, lock, addressSize4, segment]) w.set(variable, 0);
    w.block((done) => {
      w.loop((again) => {
        w.set(byte, load('i32.load8_u', here));
        w.set(here, add(here, 1));
        w.set(kind, load('i32.load8_u', byte, this.#at.prefixes));
        w.goto(done, eqz(kind));
        w.goto(this.#give, geU(sub(here, pc), MAX_LENGTH));
        w.if(eq(kind, PrefixKind.rex), () => w.set(rex, byte), () => {
          w.set(rex, 0);
          w.if(eq(kind, PrefixKind.size), () => w.set(size66, 1));
          w.if(eq(kind, PrefixKind.repeat), () => w.set(repeat, choose(eq(byte, 0xf3), PrefixClass.f3, PrefixClass.f2)));
          w.if(eq(kind, PrefixKind.address), () => w.set(addressSize4, 1));
          w.if(eq(kind, PrefixKind.lock), () => w.set(lock, 1));
          w.if(eq(kind, PrefixKind.fs), () => w.set(segment, state.fsBase));
          w.if(eq(kind, PrefixKind.gs), () => w.set(segment, state.gsBase));
        });
        w.goto(again);
      });
    });
  }

  #opcode(): void {
    const w = this.#w;
    const { key, byte, here, chosen, repeat, size66, rex, modrm, form: f, flags } = this.#v;
    const nextByte = (): void => { w.set(byte, load('i32.load8_u', here)); w.set(here, add(here, 1)); };
    w.set(key, byte);
    w.if(eq(byte, 0x0f), () => {
      nextByte();
      w.set(key, or(byte, 0x100));
      w.if(eq(byte, 0x38), () => { nextByte(); w.set(key, or(byte, 0x200)); }, () => w.if(eq(byte, 0x3a), () => { nextByte(); w.set(key, or(byte, 0x300)); }));
    });
    const prefixClass = choose(repeat, repeat, choose(size66, PrefixClass.p66, PrefixClass.none));
    const slot = add(mul(key, SLOTS), add(shl(prefixClass, 2), add(and(shrU(rex, 2), 2), and(rex, 1))));
    w.set(chosen, load('i32.load16_s', shl(slot, 1), this.#at.slots));
    w.set(modrm, load('i32.load8_u', here));
    // A group: -n - 1 is its number.
    w.if(shrU(chosen, 31), () => w.set(chosen, load('i32.load16_u', shl(add(shl(sub(-1, chosen), 8), modrm), 1), this.#at.groups)));
    w.goto(this.#give, eqz(chosen));
    w.set(chosen, sub(chosen, 1));
    w.set(f, add(mul(chosen, FORM_SIZE), this.#at.forms));
    w.set(flags, load('i32.load8_u', f, form.flags));
    w.goto(this.#give, this.#flag(Flag.unknown));
  }

  /** sizeIndex: 0, 1, 2 for operands of 2, 4, 8 bytes. */
  #sizes(): void {
    const w = this.#w;
    const { kind, rex, size66, sizeIndex, form: f } = this.#v;
    w.set(kind, load('i32.load8_u', f, form.sizeRule));
    const narrow = and(size66, eqz(this.#flag(Flag.mandatory66)));
    w.set(sizeIndex, choose(or(eq(kind, 2), and(rex, 8)), 2, choose(narrow, 0, choose(kind, 2, 1))));
  }

  /** modrm, sib and displacement. base and index are cells, the zero cell when absent. */
  #memory(): void {
    const w = this.#w;
    const { base, index, scale, disp, relative, modrm, here, rex, low, kind, form: f, n } = this.#v;
    w.set(base, ZERO_OFFSET);
    w.set(index, ZERO_OFFSET);
    for (const variable of [scale, disp, relative]) w.set(variable, 0);
    w.set(kind, load('i32.load8_u', f, form.memory));
    w.if(eq(kind, Memory.fixed), () => w.set(base, load('i32.load8_u', f, form.baseCell)));
    w.if(this.#flag(Flag.modrm), () => {
      w.set(here, add(here, 1));
      w.if(ltU(modrm, 0xc0), () => {
        w.set(low, and(modrm, 7));
        w.if(eq(low, 4), () => {
          w.set(n, load('i32.load8_u', here));
          w.set(here, add(here, 1));
          w.set(low, or(and(shrU(n, 3), 7), shl(and(rex, 2), 2)));
          w.if(ne(low, 4), () => {
            w.set(index, cellOf(low));
            w.set(scale, shrU(n, 6));
          });
          w.set(low, and(n, 7));
        });
        w.set(n, shrU(modrm, 6));
        w.if(or(n, ne(low, 5)), () => w.set(base, cellOf(or(low, shl(and(rex, 1), 3)))), () => w.set(relative, eq(and(modrm, 7), 5)));
        w.if(eq(n, 1), () => {
          w.set(disp, load('i32.load8_s', here));
          w.set(here, add(here, 1));
        }, () => w.if(or(eq(n, 2), eq(base, ZERO_OFFSET)), () => {
          w.set(disp, load('i32.load', here));
          w.set(here, add(here, 4));
        }));
      });
    });
  }

  /** Passes the immediates, so that `here` is the next instruction; the address becomes 64 bits wide. */
  #finishAddress(): void {
    const w = this.#w;
    const { immediateAt, here, form: f, sizeIndex, disp, relative, base, addressSize4, pc, shape, index, segment, kind, modrm, handler, chosen, lock } = this.#v;
    w.set(immediateAt, here);
    w.set(here, add(here, load('i32.load8_u', add(f, sizeIndex), form.tail)));
    w.goto(this.#give, gtU(sub(here, pc), MAX_LENGTH));
    w.set(this.#wide, extendS(disp));
    w.if(relative, () => {
      w.set(this.#wide, i64Add(this.#wide, extendU(here)));
      w.if(addressSize4, () => w.set(this.#wide, i64And(this.#wide, i64Constant(-1, 0))));
    });
    w.if(and(eqz(eqz(this.#flag(Flag.rspAfter))), eq(base, gprCell(4))), () => w.set(this.#wide, i64Add(this.#wide, extendU(shl(2, sizeIndex)))));
    // Whether there is a memory operand, and of which form.
    w.set(shape, choose(or(eq(kind, Memory.fixed), and(eq(kind, Memory.modrm), ltU(modrm, 0xc0))), choose(or(ne(index, ZERO_OFFSET), segment), 2, 1), 0));
    w.if(lock, () => w.goto(this.#give, eqz(and(shrU(this.#flag(Flag.lock), 2), and(eq(kind, Memory.modrm), ltU(modrm, 0xc0))))));
    w.set(handler, load('i32.load16_u', shl(add(mul(chosen, FORMS), add(mul(add(shl(sizeIndex, 1), addressSize4), 3), shape)), 1), this.#at.handlers));
    w.goto(this.#give, eqz(handler));
  }

  /** Everything of the record but its operands' own fields. */
  #record(): void {
    const w = this.#w;
    const { at, handler, here, pc, shape, base, index, segment, scale, count } = this.#v;
    for (let offset = 0; offset < RECORD_SIZE; offset += 8) w.store('i64.store', at, offset, i64Constant(0, 0));
    w.store('i32.store16', at, field.handler, handler);
    w.store('i32.store8', at, field.length, sub(here, pc));
    w.store('i32.store', at, field.pc, pc);
    w.if(shape, () => {
      w.store('i32.store16', at, field.base, base);
      w.store('i32.store16', at, field.index, index);
      w.store('i32.store16', at, field.segment, choose(segment, segment, ZERO_OFFSET));
      w.store('i32.store8', at, field.scale, scale);
      w.store('i32.store', at, field.disp, wrap(this.#wide));
      w.if(eqz(this.#flag(Flag.immediate)), () => w.store('i64.store', at, field.imm, this.#wide));
    });
    w.set(count, add(count, 1));
  }

  #operands(): void {
    const w = this.#w;
    const { operand: o, form: f, place, immediates, n } = this.#v;
    w.set(place, 0);
    w.set(immediates, 0);
    w.set(o, add(f, OPERANDS));
    w.set(n, load('i32.load8_u', f, form.count));
    w.block((done) => w.loop((next) => {
      w.goto(done, geU(place, n));
      w.match(load('i32.load8_u', o, operand.action), [
        () => {}, () => this.#regOperand(), () => this.#rmOperand(), () => this.#opcodeOperand(), () => this.#immediateOperand(), () => this.#targetOperand(), () => this.#stOperand(),
      ]);
      w.set(o, add(o, OPERAND_SIZE));
      w.set(place, add(place, 1));
      w.goto(next);
    }));
  }

  #storeCell(cell: Variable): void { this.#w.store('i32.store16', add(this.#v.at, shl(this.#v.place, 1)), field.cell, cell); }

  /** The cell of register `low` by the operand's kind. mmx registers have no upper eight. */
  #register(): void {
    const w = this.#w;
    const { cell, low, operand: o, rex } = this.#v;
    w.match(load('i32.load8_u', o, operand.kind), [
      () => w.set(cell, cellOf(low)),
      () => w.set(cell, choose(and(eqz(rex), and(gtU(low, 3), ltU(low, 8))), add(shl(sub(low, 4), 3), gprCell(0) + 1), cellOf(low))),
      () => w.set(cell, add(shl(low, 4), xmmCell(0))),
      () => w.set(cell, add(shl(and(low, 7), 4), stCell(0))),
    ]);
    this.#storeCell(cell);
  }

  #regOperand(): void {
    const { low, modrm, rex } = this.#v;
    this.#w.set(low, or(and(shrU(modrm, 3), 7), shl(and(rex, 4), 1)));
    this.#register();
  }

  #rmOperand(): void {
    const { low, modrm, rex } = this.#v;
    this.#w.if(geU(modrm, 0xc0), () => {
      this.#w.set(low, or(and(modrm, 7), shl(and(rex, 1), 3)));
      this.#register();
    });
  }

  #opcodeOperand(): void {
    const { low, byte, rex } = this.#v;
    this.#w.set(low, or(and(byte, 7), shl(and(rex, 1), 3)));
    this.#register();
  }

  #immediateOperand(): void {
    const w = this.#w;
    const { bytes, operand: o, sizeIndex, immediateAt, immediates, at, kind } = this.#v;
    w.set(bytes, load('i32.load8_u', add(o, sizeIndex), operand.bytes));
    // 1, 2, 4, 8 bytes, sign-extended.
    w.match(choose(eq(bytes, 8), 3, shrU(bytes, 1)), [
      () => w.set(this.#wide, load('i64.load8_s', immediateAt)), () => w.set(this.#wide, load('i64.load16_s', immediateAt)),
      () => w.set(this.#wide, load('i64.load32_s', immediateAt)), () => w.set(this.#wide, load('i64.load', immediateAt)),
    ]);
    w.set(kind, load('i32.load8_u', add(o, sizeIndex), operand.size));
    w.match(shrU(kind, 1), [
      () => w.set(this.#wide, i64And(this.#wide, i64Constant(0xff, 0))), () => w.set(this.#wide, i64And(this.#wide, i64Constant(0xffff, 0))),
      () => w.set(this.#wide, i64And(this.#wide, i64Constant(-1, 0))),
    ]);
    w.if(immediates, () => w.store('i32.store', at, field.disp, wrap(this.#wide)), () => w.store('i64.store', at, field.imm, this.#wide));
    w.set(immediates, add(immediates, 1));
    w.set(immediateAt, add(immediateAt, bytes));
  }

  #targetOperand(): void {
    const w = this.#w;
    const { bytes, operand: o, sizeIndex, immediateAt, at, here, low } = this.#v;
    w.set(bytes, load('i32.load8_u', add(o, sizeIndex), operand.bytes));
    w.if(eq(bytes, 1), () => w.set(low, load('i32.load8_s', immediateAt)), () => w.set(low, load('i32.load', immediateAt)));
    w.store('i32.store8', at, field.scale, LINKED);
    w.store('i32.store', at, field.disp, add(here, low));
  }

  #stOperand(): void { this.#w.store('i64.store', this.#v.at, field.imm, extendU(and(this.#v.modrm, 7))); }

  /** To the next instruction, or out. */
  #step(next: number): void {
    const w = this.#w;
    const { kind, form: f, count, at, pc, here } = this.#v;
    w.set(kind, load('i32.load8_u', f, form.ends));
    w.if(kind, () => w.return(or(count, shl(kind, 16))));
    w.set(at, add(at, RECORD_SIZE));
    w.set(pc, here);
    w.goto(next);
  }
}

/** The cell of general register `n`. */
const cellOf = (n: Expression): Push => add(shl(n, 3), gprCell(0));
