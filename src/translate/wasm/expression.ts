// WebAssembly written by hand as nested expressions: what larger functions of the runtime are made with.
import { loads, stores, type Code } from './code.ts';

/** Pushes one value. A number is an i32 constant. */
export type Push = (code: Code) => void;
export type Expression = Push | number;

export const push = (code: Code, x: Expression): void => { if (typeof x === 'number') code.i32(x); else x(code); };

const binary = (op: number) => (x: Expression, y: Expression): Push => (code) => { push(code, x); push(code, y); code.u8(op); };
const unary = (op: number) => (x: Expression): Push => (code) => { push(code, x); code.u8(op); };

export const eqz = unary(0x45), eq = binary(0x46), ne = binary(0x47), ltU = binary(0x49), gtU = binary(0x4b), geU = binary(0x4f), add = binary(0x6a), sub = binary(0x6b), mul = binary(0x6c),
  and = binary(0x71), or = binary(0x72), shl = binary(0x74), shrU = binary(0x76);
export const i64Add = binary(0x7c), i64And = binary(0x83), wrap = unary(0xa7), extendS = unary(0xac), extendU = unary(0xad);

export const choose = (condition: Expression, whenTrue: Expression, whenFalse: Expression): Push =>
  (code) => { push(code, whenTrue); push(code, whenFalse); push(code, condition); code.select(); };
export const load = (kind: keyof typeof loads, address: Expression, offset = 0): Push => (code) => { push(code, address); code.memory(loads[kind], offset); };
export const i64Constant = (low: number, high: number): Push => (code) => code.i64(low, high);

/** A local that is read as an expression. */
export interface Variable extends Push { readonly index: number }

/** Statements of one function. */
export class Writer {
  readonly code: Code;
  constructor(code: Code) { this.code = code; }

  #variable(index: number): Variable { return Object.assign((code: Code) => code.get(index), { index }); }
  param(n: number): Variable { return this.#variable(n); }
  local(type: 'i32' | 'i64' = 'i32'): Variable { return this.#variable(this.code.local(type)); }
  set(variable: Variable, value: Expression): void { push(this.code, value); this.code.set(variable.index); }
  store(kind: keyof typeof stores, address: Expression, offset: number, value: Expression): void {
    push(this.code, address);
    push(this.code, value);
    this.code.memory(stores[kind], offset);
  }
  if(condition: Expression, then: () => void, otherwise?: () => void): void {
    push(this.code, condition);
    this.code.if();
    then();
    if (otherwise) { this.code.else(); otherwise(); }
    this.code.end();
  }
  /** Runs the body; `again(label)` begins it anew. */
  loop(body: (label: number) => void): void {
    const label = this.code.loop();
    body(label);
    this.code.end();
  }
  /** Runs the body; leaving it by its label goes on behind it. */
  block(body: (label: number) => void): void {
    const label = this.code.block();
    body(label);
    this.code.end();
  }
  goto(label: number, condition?: Expression): void {
    if (condition === undefined) { this.code.br(label); return; }
    push(this.code, condition);
    this.code.brIf(label);
  }
  /** One body by the value of `selector`: 0 the first, 1 the second … */
  match(selector: Expression, bodies: readonly (() => void)[]): void {
    this.block((done) => {
      const labels = bodies.map(() => this.code.block());
      push(this.code, selector);
      // The innermost block ends first: body 0 follows it.
      const inner = [...labels].reverse();
      this.code.brTable(inner, done);
      for (const body of bodies) {
        this.code.end();
        body();
        this.code.br(done);
      }
    });
  }
  return(value: Expression): void { push(this.code, value); this.code.return(); }
}
