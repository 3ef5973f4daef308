// The WebAssembly locals of a region: registers and the budget, and how they go to and from the state block.
import { STATE_BASE, state } from '../../guest/index.ts';
import { Slot } from '../ir/block.ts';
import type { Type } from '../ir/builder.ts';
import { type Code, loads, stores } from '../wasm/index.ts';
import { slotAddress, slotType } from './block-registers.ts';

const loadOfType: Partial<Record<Type, readonly number[]>> = { i32: loads['i32.load'], i64: loads['i64.load'], v128: loads['v128.load'] };
const storeOfType: Partial<Record<Type, readonly number[]>> = { i32: stores['i32.store'], i64: stores['i64.store'], v128: stores['v128.store'] };
const flagSlots = [Slot.flagsKind, Slot.flagsA, Slot.flagsB];

/** Emits: a field of the state block := a constant. */
export function storeState(code: Code, offset: number, value: number): void {
  code.i32(STATE_BASE);
  code.i32(value);
  code.memory(stores['i32.store'], offset);
}

/** The slots whose bits are set, lowest first, then those of the flags. */
function* slotsOf(bits: number, flags: boolean): Generator<number> {
  for (let left = bits; left !== 0; left &= left - 1) yield 31 - Math.clz32(left & -left);
  if (flags) yield* flagSlots;
}

export class RegisterLocals {
  readonly #code: Code;
  readonly #homes = new Int32Array(Slot.count).fill(-1);
  /** The local that counts loop rounds down; -1 in a region without loops. */
  budget = -1;

  constructor(code: Code) { this.#code = code; }

  /** The local of a register slot. */
  home(slot: number): number {
    let local = this.#homes[slot]!;
    if (local < 0) local = this.#homes[slot] = this.#code.local(slotType(slot));
    return local;
  }

  countBudget(): void { this.budget = this.#code.local('i32'); }

  /** Emits stores of registers (bits as slots) and of the flags into the state block. */
  store(slots: number, flags: boolean): void {
    for (const slot of slotsOf(slots, flags)) {
      this.#code.i32(0);
      this.#code.get(this.home(slot));
      this.#code.memory(storeOfType[slotType(slot)]!, slotAddress(slot));
    }
  }

  /** Emits loads of registers and of the flags from the state block. */
  load(slots: number, flags: boolean): void {
    for (const slot of slotsOf(slots, flags)) {
      this.#code.i32(0);
      this.#code.memory(loadOfType[slotType(slot)]!, slotAddress(slot));
      this.#code.set(this.home(slot));
    }
  }

  storeBudget(): void {
    if (this.budget < 0) return;
    this.#code.i32(STATE_BASE);
    this.#code.get(this.budget);
    this.#code.memory(stores['i32.store'], state.budget);
  }

  loadBudget(): void {
    if (this.budget < 0) return;
    this.#code.i32(STATE_BASE);
    this.#code.memory(loads['i32.load'], state.budget);
    this.#code.set(this.budget);
  }
}
