// The contract between the processor (translate/) and Linux (linux/, machine/): what running code leaves with, and what an address space can do.
import type { CpuState } from './cpu-state.ts';
import type { FileBytes, GuestMemory } from './memory.ts';

/** Why `Space.run` returned; also the value of state.exit. */
export const Exit = {
  /** The system-call handler asked to leave (it blocked, or the task changed). state.pc is past the `syscall` instruction. */
  syscall: 1,
  /** state.budget went below zero. */
  budget: 2,
  /** A page had not the right: state.faultAddress, state.faultAccess (1 read, 2 write, 4 execute). state.pc is the instruction, nothing of it has happened. */
  fault: 3,
  /** state.trapVector: an exception of the processor (0 #DE, 1 #DB after the instruction, 3 #BP after the instruction, 4 #OF, 6 #UD, 13 #GP, 16 #MF, 17 #AC, 19 #XM); state.pc is the instruction except where said. */
  trap: 4,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

export const Access = { read: 1, write: 2, execute: 4 } as const;

/** What emitted code checks (DESIGN.md, guest memory). */
export const levels = ['none', 'stores', 'all'] as const;
export type Level = (typeof levels)[number];

/** Answers a `syscall` instruction at once: true = go on with the next instruction, false = leave with Exit.syscall. Registers are in memory.state. */
export type SyscallHandler = (space: Space) => boolean;

/** One address space: a memory, and the code that runs in it. Threads share it; exactly one of them has its registers in `state` at a time. */
export interface Space {
  readonly memory: GuestMemory;
  readonly state: CpuState;
  level: Level;
  /** Runs from state.pc until code leaves. Sets state.budget to `budget` first (counted in loop rounds and calls). */
  run(budget: number): Exit;
  /** A new space with the same pages (and rights) and registers. */
  fork(): Space;
  /** Forgets code decoded or translated from [address, address + length): bytes changed, unmapped, or no longer executable. */
  invalidate(address: number, length: number): void;
  /** Tells that [address, address + length) holds these bytes of a file: `identity` names the content (for the translation cache). `unchanged`: nobody can have written to them since. */
  noteFile(address: number, length: number, identity: string, unchanged?: boolean): void;
  /** The time stamp counter (rdtsc). */
  timestamp(): bigint;
  /** Gives the memory back to the pool. The space must not be used again. `unchanged`: bytes of files that nobody can have written to; a next program with the same files may find them there (`GuestMemory.claim`). */
  release(unchanged?: readonly FileBytes[]): void;
}

export interface Cpu {
  /** `program` names the content of its file: a memory where it ran before is preferred. */
  createSpace(program?: string): Space;
  onSyscall: SyscallHandler;
  /** Writes what is worth keeping to the translation cache. */
  saveCache(): void;
  /** Counters for --stats, one line each. */
  stats(): string[];
  /** How long it took until now to translate, in milliseconds. */
  readonly translatedMs: number;
}
