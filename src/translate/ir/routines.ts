// Out-of-line routines: what no row can express as one expression (rep, cpuid, x87). One implementation in TypeScript, called by translated code and by the interpreter alike.
import { assert } from '../../base/index.ts';
import type { Space } from '../../guest/index.ts';

/** What a routine answers: go on with the next instruction; leave (it filled in state.exit and what goes with it); leave and run the same instruction again (long rep instructions give way so);
 * go on with the next instruction, but from an empty WebAssembly stack (code that was running may no longer do). */
export const Outcome = { next: 0, leave: 1, again: 2, restart: 3 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * Runs with all registers exact in the state block and state.pc at the instruction. Compute first, change state last: a stack overflow while computing must leave everything as it was.
 */
export type Routine = (space: Space, a: number, b: number, c: number, d: number) => Outcome;

const ids = new Map<string, number>();
export const routines: Routine[] = [];

/** Registers a routine when its file is loaded; names are unique. */
export function routine(name: string, run: Routine): void {
  assert(!ids.has(name), `routine ${name} is defined twice`);
  ids.set(name, routines.length);
  routines.push(run);
}

/** The number emitted code passes. Numbers depend on the order of definition: caches and the prebuilt interpreter carry a fingerprint of the names. */
export function routineId(name: string): number {
  const id = ids.get(name);
  assert(id !== undefined, `routine ${name} is not defined`);
  return id;
}

/** All names in the order of their ids. */
export const routineNames = (): string[] => [...ids.keys()];
