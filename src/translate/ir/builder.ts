// What an instruction's meaning is written against. One Builder makes translated code (operands are constants), another the interpreter's handlers (operands are fields of a decoded record).
import type { OpName } from './ops.ts';

/** A WebAssembly value type. */
export type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** A value computed by an expression: immutable and pure (loads are pinned where they were built). Opaque to rows except for its type. */
export interface Value { readonly type: Type }

/** Operand sizes in bytes. Integers of 1, 2 and 4 bytes are i32 values, zero-extended; 8 bytes are i64; 16 bytes are v128. 10 (m80) and 0 (address only) have no value. */
export type Size = 0 | 1 | 2 | 4 | 8 | 10 | 16;
export type IntSize = 1 | 2 | 4 | 8;

/** An operand as a meaning sees it: only its kind and size may steer what the meaning builds (they are fixed per form; everything else may be known only at run time). */
export interface Operand {
  readonly kind: 'gpr' | 'mem' | 'imm' | 'xmm' | 'mm' | 'seg' | 'target';
  readonly size: Size;
}

export type FlagName = 'CF' | 'PF' | 'AF' | 'ZF' | 'SF' | 'OF';

/**
 * Within one meaning:
 * - `get` reads the value the register had before the instruction, whatever was `set` since; `set`s take effect together when the instruction ends (partial writes merge).
 *   The same holds for flags. Memory operands: the address is computed once; `get` loads and `set` stores at the point where they are called.
 * - every load and store may fault, and then nothing of the instruction has happened; so no store may precede another load, store or trapIf that can fail (routines do what needs more).
 *   The order of loads, stores and trapIf calls is kept.
 * - there is no control flow inside a meaning: use select, trapIf and the enders.
 */
export interface Builder {
  // ---- constants
  i32(value: number): Value;
  i64(value: bigint | number): Value;
  v128(low: bigint, high: bigint): Value;
  /** An integer of `size`: i64 for 8 bytes, else i32 masked to the size. */
  int(size: IntSize, value: number | bigint): Value;

  // ---- any WebAssembly operation by its name, e.g. op('i64x2.add', x, y); lane numbers and shuffle bytes are trailing numbers. Types are checked when built; constants fold.
  op(name: OpName, ...args: (Value | number)[]): Value;
  /** The number an i32 value has when it is known while building (an immediate in translated code), else undefined (in the interpreter): shuffles by an immediate are one operation when it is known. */
  known(value: Value): number | undefined;

  // ---- integer arithmetic on i32 or i64 values, both alike. Results of 1- and 2-byte arithmetic may have bits above the size: pass them through trunc.
  add(x: Value, y: Value): Value;
  sub(x: Value, y: Value): Value;
  mul(x: Value, y: Value): Value;
  and(x: Value, y: Value): Value;
  or(x: Value, y: Value): Value;
  xor(x: Value, y: Value): Value;
  not(x: Value): Value;
  neg(x: Value): Value;
  /** Shifts by the count modulo the type's width, as WebAssembly has them. The count may be i32 or of x's type. */
  shl(x: Value, count: Value): Value;
  shru(x: Value, count: Value): Value;
  shrs(x: Value, count: Value): Value;
  rotl(x: Value, count: Value): Value;
  rotr(x: Value, count: Value): Value;
  /** Comparisons give i32 0 or 1. */
  eq(x: Value, y: Value): Value;
  ne(x: Value, y: Value): Value;
  ltu(x: Value, y: Value): Value;
  lts(x: Value, y: Value): Value;
  eqz(x: Value): Value;
  select(condition: Value, whenTrue: Value, whenFalse: Value): Value;
  /** Keeps the low `size` bytes (masks an i32; identity for 4 and 8). */
  trunc(size: IntSize, x: Value): Value;
  /** Changes an integer from one size to another: zero-extends, or keeps the low part. */
  zext(x: Value, from: IntSize, to: IntSize): Value;
  /** Sign-extends from `from`; the result is masked to `to` bytes. */
  sext(x: Value, from: IntSize, to: IntSize): Value;
  /** The sign bit of a number of `size`, as i32 0 or 1. */
  sign(size: IntSize, x: Value): Value;

  // ---- operands. `get` of a segment register gives its number (0 es, 1 cs, 2 ss, 3 ds, 4 fs, 5 gs) as i32. An mm register is an i64, the low 8 bytes of its st slot;
  // `set` of it also fills bytes 8 and 9 with ones (rows set top and fvalid themselves).
  get(operand: Operand): Value;
  set(operand: Operand, value: Value): void;
  /** Like get, but of `size` bytes: that part of a gpr (more than the operand's size gives the wider register) or the low part of an xmm, or a load of that many bytes from a memory operand. */
  getAs(operand: Operand, size: Size): Value;
  /** Like set, but `size` bytes of a gpr as its own size has it, only the low `size` bytes of an xmm register (the rest stays), or that many bytes of memory. */
  setAs(operand: Operand, size: Size, value: Value): void;
  /** The address of a memory operand with its segment base, as i32: what loads and stores take. */
  addr(operand: Operand): Value;
  /** The effective address without segment base, as i64 (wrapped to 32 bits when the address size is 4): what lea gives. */
  ea(operand: Operand): Value;
  /** A fixed register as an operand: n is the manual's number (0 rax … 15 r15); size 1 is the low byte. */
  gpr(n: number, size: IntSize): Operand;
  xmm(n: number): Operand;
  /** The operand size of this form: 2, 4 or 8. */
  readonly opSize: 2 | 4 | 8;
  /** 8, or 4 with an address-size prefix. */
  readonly addressSize: 4 | 8;
  /** Addresses of this instruction and of the next, i64. */
  readonly pc: Value;
  readonly nextPc: Value;

  // ---- memory (addresses are i32) and state
  load(size: Size, address: Value): Value;
  store(size: Size, address: Value, value: Value): void;
  /** Raises #GP when address is not a multiple of `alignment` (checked by the interpreter and at level all). */
  align(address: Value, alignment: 8 | 16): void;
  /** A field of the register state by its offset (guest/state.ts): i32, i64 or v128. For what is not a gpr, an xmm or an arithmetic flag. */
  loadState(type: Type, offset: number): Value;
  storeState(offset: number, value: Value): void;

  /**
   * Whether MXCSR asks for what WebAssembly's arithmetic does not do (i32 0 or 1): the condition under which floating-point rows call `routineIf(…, 'sse-exact')`. Translated code never runs then,
   * so for it this is the constant 0.
   */
  unusualFloat(): Value;

  // ---- arithmetic flags (guest/flags.ts)
  /** Sets all six flags lazily: sub and add take the two operands, logic the result, res the result and a word with CF, AF, OF in their EFLAGS places (i32). */
  flags(base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void;
  /** Like flags, but when the condition (i32) is 0 all six keep their values: shifts by a count that may be 0. A constant condition costs nothing. */
  flagsIf(condition: Value, base: 'sub' | 'add' | 'logic' | 'res', size: IntSize, a: Value, b?: Value): void;
  /** Sets all six from an i32 word with the EFLAGS places. */
  setFlagsWord(word: Value): void;
  /** Sets one flag (i32 0 or 1), the others keep their value. */
  setFlag(flag: FlagName, value: Value): void;
  /** Like setFlag, but when the condition is 0 this flag keeps its value too. */
  setFlagIf(condition: Value, flag: FlagName, value: Value): void;
  /** The six flags before this instruction in their EFLAGS places, i32. */
  flagsWord(): Value;
  flag(flag: FlagName): Value;
  /** One of the 16 conditions of SDM Vol. 1, Appendix B (0 O … 15 NLE), before this instruction; i32 0 or 1. */
  condition(cc: number): Value;

  // ---- leaving
  /** Raises an exception when the condition holds; nothing of this instruction has happened. Vectors: guest/cpu.ts Exit.trap. */
  trapIf(condition: Value, vector: number): void;
  trap(vector: number): void;
  /** Unconditional and conditional jump to a target operand (J) or a computed address (i64). A branch not taken goes on with the next instruction. */
  jump(target: Operand | Value): void;
  branch(condition: Value, target: Operand): void;
  /** A call: the meaning has pushed nextPc; control goes on at the target. */
  call(target: Operand | Value): void;
  /** A return to an address (i64) the meaning has popped. */
  ret(address: Value): void;
  syscall(): void;
  /**
   * Calls an out-of-line routine (routines.ts) with up to four i32 arguments: for what no expression can say (rep, x87, cpuid). All registers are exact in the state block before it and are
   * read again after it; it may raise a fault or trap instead, having changed nothing but what a restart of the instruction allows. It must be the last thing of a meaning.
   */
  routine(name: string, ...args: Value[]): void;
  /**
   * When the condition holds, the routine does this instruction instead of what follows in the meaning; for rare cases (128-bit dividends). Like trapIf it comes before anything that changes
   * something. Translated code may leave to the interpreter for it.
   */
  routineIf(condition: Value, name: string, ...args: Value[]): void;
}
