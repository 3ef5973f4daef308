// A small address space for tests of the processor: code, data and stack pages, and a syscall that ends the run.
import { Exit, Perm, RSP, state as registers, type Space, type Cpu } from '../../src/guest/index.ts';
import { createCpu, type TranslatorOptions } from '../../src/translate/index.ts';
import { hub } from './hub.ts';

export const CODE = 0x40_0000, DATA = 0x50_0000, STACK = 0x0f00_0000;
const MAPPED = Perm.mapped, HLT = 0xf4;
export const RW = Perm.read | Perm.write | MAPPED, RX = Perm.read | Perm.execute | MAPPED, RWX = RW | Perm.execute;

/** A processor with the hub built once for all tests of this process. */
export const cpuFor = (options: Partial<TranslatorOptions>): Cpu => createCpu({ hub: hub(), options });

/** Hex text to bytes; white space and everything after `;` in a line do not count. */
export const hex = (text: string): Uint8Array => Uint8Array.from((text.replace(/;.*$/gm, '').match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16)));

/** One page of code at CODE, two of data at DATA, `stackPages` below STACK. */
export function guest(cpu: Cpu, code: Uint8Array, codePerm: number = RX, stackPages = 16): Space {
  const space = cpu.createSpace();
  const { memory, state } = space;
  const length = Math.ceil(code.length / 4096) * 4096;
  memory.protect(CODE, length, codePerm);
  memory.bytes.fill(HLT, CODE, CODE + length).set(code, CODE);
  memory.protect(DATA, 0x2000, RW);
  memory.protect(STACK - stackPages * 4096, stackPages * 4096, RW);
  state.setU32(registers.mxcsr, 0x1f80);
  state.setGpr(RSP, BigInt(STACK - 64));
  state.pc = CODE;
  return space;
}

/** Runs until something else than a spent budget happens. */
export function finish(space: Space, budget = 1_000_000, rounds = 10_000): Exit {
  for (let i = 0; i < rounds; i++) {
    const exit = space.run(budget);
    if (exit !== Exit.budget) return exit;
  }
  return Exit.budget;
}
