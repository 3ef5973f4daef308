// A WebAssembly module under construction: sections in the order of the specification (core 5.5).
import { assert } from '../../base/index.ts';
import type { Type } from '../ir/builder.ts';
import { Bytes } from './bytes.ts';
import { valueType, type Code } from './code.ts';

const kinds = { func: 0, table: 1, memory: 2, global: 3 } as const;

/** A list of entries with their count, as every section has it. */
class Section {
  readonly content = new Bytes();
  count = 0;
  entry(): Bytes { this.count++; return this.content; }
}

export class ModuleBuilder {
  readonly #types = new Section();
  readonly #typeIds = new Map<string, number>();
  readonly #imports = new Section();
  readonly #functions = new Section();
  readonly #tables = new Section();
  readonly #memories = new Section();
  readonly #globals = new Section();
  readonly #exports = new Section();
  readonly #elements = new Section();
  readonly #data = new Section();
  readonly #bodies: (Code | undefined)[] = [];
  #importedFunctions = 0;

  /** The index of a function type; equal types share it. */
  type(params: readonly Type[], results: readonly Type[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.#typeIds.get(key);
    if (known !== undefined) return known;
    const out = this.#types.entry();
    out.u8(0x60);
    for (const list of [params, results]) {
      out.u32(list.length);
      for (const type of list) out.u8(valueType[type]);
    }
    this.#typeIds.set(key, this.#types.count - 1);
    return this.#types.count - 1;
  }

  #import(module: string, name: string, kind: keyof typeof kinds): Bytes {
    const out = this.#imports.entry();
    out.name(module);
    out.name(name);
    out.u8(kinds[kind]);
    return out;
  }

  /** Imports come before all own functions. Returns the function's index. */
  importFunction(module: string, name: string, type: number): number {
    assert(this.#bodies.length === 0, 'imports come before functions');
    this.#import(module, name, 'func').u32(type);
    return this.#importedFunctions++;
  }

  /** Sizes in 64 KiB pages. */
  importMemory(module: string, name: string, initial: number, maximum: number): void {
    const out = this.#import(module, name, 'memory');
    out.u8(1); out.u32(initial); out.u32(maximum);
  }

  importTable(module: string, name: string, initial: number): void {
    const out = this.#import(module, name, 'table');
    out.u8(0x70); out.u8(0); out.u32(initial);
  }

  memory(initial: number, maximum: number): void {
    const out = this.#memories.entry();
    out.u8(1); out.u32(initial); out.u32(maximum);
  }

  /** A table of functions; without `maximum` it may grow for ever. Returns its index among own tables. */
  table(initial: number, maximum?: number): number {
    const out = this.#tables.entry();
    out.u8(0x70); out.u8(maximum === undefined ? 0 : 1); out.u32(initial);
    if (maximum !== undefined) out.u32(maximum);
    return this.#tables.count - 1;
  }

  /** A mutable i32 global. Returns its index among own globals. */
  global(initial: number): number {
    const out = this.#globals.entry();
    out.u8(valueType.i32); out.u8(1); out.u8(0x41); out.s32(initial); out.u8(0x0b);
    return this.#globals.count - 1;
  }

  /** Declares a function; its body follows with `body`. Returns its index. */
  function(type: number): number {
    this.#functions.entry().u32(type);
    return this.#importedFunctions + this.#bodies.push(undefined) - 1;
  }

  /** The body, without its final `end`. */
  body(index: number, code: Code): void { this.#bodies[index - this.#importedFunctions] = code; }

  export(name: string, kind: keyof typeof kinds, index: number): void {
    const out = this.#exports.entry();
    out.name(name);
    out.u8(kinds[kind]);
    out.u32(index);
  }

  /** Fills table 0 from `offset` on. */
  elements(offset: number, functions: readonly number[]): void {
    const out = this.#elements.entry();
    out.u32(0); out.u8(0x41); out.s32(offset); out.u8(0x0b);
    out.u32(functions.length);
    for (const index of functions) out.u32(index);
  }

  data(offset: number, bytes: Uint8Array): void {
    const out = this.#data.entry();
    out.u32(0); out.u8(0x41); out.s32(offset); out.u8(0x0b);
    out.u32(bytes.length);
    out.append(bytes, bytes.length);
  }

  #code(): Section {
    const section = new Section();
    const locals = new Bytes();
    for (const body of this.#bodies) {
      assert(body !== undefined, 'a function has no body');
      locals.length = 0;
      encodeLocals(locals, body.locals);
      const out = section.entry();
      out.u32(locals.length + body.length + 1);
      out.append(locals.bytes, locals.length);
      out.append(body.bytes, body.length);
      out.u8(0x0b);
    }
    return section;
  }

  finish(): Uint8Array {
    const out = new Bytes(4096);
    out.raw32(0x6d736100);
    out.raw32(1);
    const sections: readonly (readonly [number, Section])[] = [
      [1, this.#types], [2, this.#imports], [3, this.#functions], [4, this.#tables], [5, this.#memories], [6, this.#globals], [7, this.#exports], [9, this.#elements], [10, this.#code()], [11, this.#data],
    ];
    for (const [id, section] of sections) {
      if (section.count === 0) continue;
      const count = new Bytes(8);
      count.u32(section.count);
      out.u8(id);
      out.u32(count.length + section.content.length);
      out.append(count.bytes, count.length);
      out.append(section.content.bytes, section.content.length);
    }
    return out.take();
  }
}

/** Runs of equal types. */
function encodeLocals(out: Bytes, locals: readonly Type[]): void {
  const runs: { type: Type; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.u32(runs.length);
  for (const { type, count } of runs) {
    out.u32(count);
    out.u8(valueType[type]);
  }
}
