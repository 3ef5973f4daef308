// Runs a few instructions of translated code on given registers and memory, without the run loop: what tests of single instructions use.
import { compile } from '../../src/translate/wasm/compile.ts';
import { CpuState, GuestMemory, PAGE_SIZE, Perm, STATE_BASE, STATE_SIZE, type Level } from '../../src/guest/index.ts';
import { defineHelpers } from '../../src/translate/ir/helpers.ts';
import { LEAVE, SLOW, translate } from '../../src/translate/jit/index.ts';
import { Outcome, routines } from '../../src/translate/ir/routines.ts';
import { listModule, ModuleBuilder } from '../../src/translate/wasm/index.ts';

export const CODE = 0x40_0000;
export const DATA = 0x50_0000;
export const DATA_SIZE = 0x4000;

const helpersModule = (() => {
  const module = new ModuleBuilder();
  for (const [name, index] of defineHelpers(module)) module.export(name, 'func', index);
  return new WebAssembly.Instance(compile(module.finish())).exports;
})();

/** A memory with one page of code and four pages of data, and the registers. */
export class Bench {
  readonly memory: GuestMemory;
  readonly state: CpuState;
  /** Address the run came to; LEAVE or SLOW as regions return them. */
  result = 0;
  #instance: WebAssembly.Instance | undefined;
  bytes: Uint8Array = new Uint8Array();

  constructor() {
    this.memory = new GuestMemory(new WebAssembly.Memory({ initial: 0x60, maximum: 65536 }));
    this.memory.protect(CODE, PAGE_SIZE, Perm.read | Perm.execute | Perm.mapped);
    this.memory.protect(DATA, DATA_SIZE, Perm.read | Perm.write | Perm.mapped);
    this.state = new CpuState(this.memory);
    this.reset();
  }

  /** Registers as at the start of a process, rsp in the middle of the data. */
  reset(): void {
    this.memory.bytes.fill(0, STATE_BASE, STATE_BASE + STATE_SIZE);
    this.memory.bytes.fill(0, DATA, DATA + DATA_SIZE);
    this.state.setGpr(4, BigInt(DATA + 0x2000));
    this.state.setU32(172, 0x1f80);
    this.state.rflags = 2;
  }

  /** Translates the code as one region that ends where the bytes end. `executable`: how many bytes from CODE on may be executed. */
  load(code: Uint8Array | readonly number[], level: Level = 'stores', tables: { constant: boolean } = { constant: false }, executable = code.length): void {
    this.memory.bytes.fill(0xcc, CODE, CODE + PAGE_SIZE);
    this.memory.bytes.set(code, CODE);
    const end = CODE + code.length;
    const source = { bytes: this.memory.bytes, reach: (address: number) => Math.max(0, Math.min(CODE + executable - address, address >= CODE ? PAGE_SIZE : 0)), constant: (_: number, length: number) => (tables.constant ? length : 0) };
    const translation = translate([CODE], source, { wanted: (pc) => pc >= CODE && pc < end, maxInsns: 1000 }, level);
    this.bytes = translation.bytes;
    this.#instance = translation.entries.length === 0 ? undefined : new WebAssembly.Instance(compile(translation.bytes), {
      hub: { ...helpersModule, memory: this.memory.memory, call: (pc: number) => pc, syscall: () => 1, routine: (id: number, a: number, b: number, c: number, d: number) => this.#routine(id, a, b, c, d) },
    });
  }

  #routine(id: number, a: number, b: number, c: number, d: number): number {
    return routines[id]!({ memory: this.memory, state: this.state } as never, a, b, c, d) === Outcome.next ? 0 : 1;
  }

  /** The WebAssembly text of the loaded code. */
  get listing(): string { return listModule(this.bytes); }

  /** Runs the loaded function from one of its entries. */
  enter(pc: number, budget = 1000): number {
    this.state.pc = pc;
    return this.run(budget);
  }

  /** Runs from the code's begin. Returns where it came to (also in state.pc), LEAVE or SLOW. */
  run(budget = 1000): number {
    this.state.setU32(196, budget);
    if (this.#instance === undefined) {
      this.state.pc = CODE;
      return (this.result = SLOW);
    }
    this.result = (this.#instance.exports['0'] as () => number)();
    if (this.result !== LEAVE && this.result !== SLOW) this.state.pc = this.result >>> 0;
    return this.result;
  }
}

export { LEAVE, SLOW };
