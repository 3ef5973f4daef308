// Typed access to the live registers of an address space (state.ts gives the layout), and saving and restoring them at task switches.
import { STATE_BASE } from './layout.ts';
import type { GuestMemory } from './memory.ts';
import { STATE_SIZE, state } from './state.ts';
import { ARITHMETIC_FLAGS, DF, flagsOf, IF } from './flags.ts';

/** The registers of the running task. A saved set is a Uint8Array of STATE_SIZE bytes. */
export class CpuState {
  readonly #memory: GuestMemory;
  constructor(memory: GuestMemory) { this.#memory = memory; }

  gpr(n: number): bigint { return this.#memory.view.getBigUint64(STATE_BASE + state.gpr + 8 * n, true); }
  setGpr(n: number, value: bigint): void { this.#memory.view.setBigUint64(STATE_BASE + state.gpr + 8 * n, BigInt.asUintN(64, value), true); }
  /** Sets a register to a whole number, negative ones in two's complement. */
  setNumber(n: number, value: number): void {
    const at = STATE_BASE + state.gpr + 8 * n;
    this.#memory.view.setUint32(at, value, true);
    this.#memory.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }
  /** The low 32 bits of a register as an unsigned number: an address or a small argument. */
  gpr32(n: number): number { return this.#memory.view.getUint32(STATE_BASE + state.gpr + 8 * n, true); }

  u32(offset: number): number { return this.#memory.view.getUint32(STATE_BASE + offset, true); }
  setU32(offset: number, value: number): void { this.#memory.view.setUint32(STATE_BASE + offset, value, true); }
  u64(offset: number): bigint { return this.#memory.view.getBigUint64(STATE_BASE + offset, true); }
  setU64(offset: number, value: bigint): void { this.#memory.view.setBigUint64(STATE_BASE + offset, BigInt.asUintN(64, value), true); }

  get pc(): number { return this.u32(state.pc); }
  set pc(value: number) { this.setU32(state.pc, value); }

  /** RFLAGS as a program sees it with pushf. */
  get rflags(): number {
    const lazy = flagsOf(this.u32(state.flagsKind), this.u64(state.flagsA), this.u64(state.flagsB));
    return (lazy | (this.u32(state.df) ? DF : 0) | this.u32(state.flagsOther) | IF | 2) >>> 0;
  }
  set rflags(value: number) {
    this.setU32(state.flagsKind, 0);
    this.setU64(state.flagsA, BigInt(value & ARITHMETIC_FLAGS));
    this.setU32(state.df, value & DF ? 1 : 0);
  }

  /** All registers as raw bytes: a view, valid until the memory grows. */
  get bytes(): Uint8Array { return this.#memory.bytes.subarray(STATE_BASE, STATE_BASE + STATE_SIZE); }
  save(): Uint8Array { return this.bytes.slice(); }
  restore(saved: Uint8Array): void { this.#memory.bytes.set(saved, STATE_BASE); }
}
