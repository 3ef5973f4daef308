// The recorded vectors: for each row some forms, for each form some states and what the CPU made of them. A file is gzipped msgpack.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, unpack } from 'msgpackr';
import type { Row } from '../../src/translate/x86/index.ts';
import { registersOf } from './generate.ts';
import { type Case, difference, image, type Outcome, type Patch, patched } from './image.ts';

/** A patch as stored. */
type StoredPatch = [at: number, bytes: Uint8Array];

/** One state: the seed of its registers and what differs from them, memory, and what the CPU left: how it ended, changed registers and changed memory. */
export type StoredState = [seed: number, set: StoredPatch[], memory: StoredPatch[], signal: number, trap: number, error: number, rip: number, fault: number, registers: StoredPatch[], cells: StoredPatch[]];

/** `areaAddress` is where a save area lies (0: none). */
export interface StoredForm { code: Uint8Array; codeOffset: number; opSize: number; areaAddress: number; states: StoredState[] }
export interface StoredRow { mnemonic: string; encoding: string; operands: string; forms: StoredForm[] }

const REPEAT = { rep: 'f3 ', repne: 'f2 ' } as const;

/** What a row is filed under: rows that differ in the repeat prefix alone are different rows. */
export const rowName = (row: Row): { mnemonic: string; encoding: string; operands: string } =>
  ({ mnemonic: row.mnemonic, encoding: `${row.options.rep ? REPEAT[row.options.rep] : ''}${row.encoding}`, operands: row.operands });
export const rowKey = (row: { mnemonic: string; encoding: string; operands: string }): string => `${row.mnemonic} ${row.encoding} ${row.operands}`;

const store = (patches: readonly Patch[]): StoredPatch[] => patches.map((p) => [p.at, p.bytes]);
const load = (patches: readonly StoredPatch[]): Patch[] => patches.map(([at, bytes]) => ({ at, bytes: Uint8Array.from(bytes) }));

/** The case of a stored state. */
export function caseOfStored(form: StoredForm, [seed, set, memory]: StoredState): Case {
  return { code: Uint8Array.from(form.code), codeOffset: form.codeOffset, registers: registersOf({ seed, set: load(set), memory: [] }), memory: load(memory) };
}

/** What the CPU made of it. */
export function outcomeOfStored(c: Case, [, , , signal, trap, error, rip, fault, registers, cells]: StoredState): Outcome {
  return { signal, trap, error, rip, fault: BigInt(fault), registers: patched(c.registers, load(registers)), memory: load(cells) };
}

/** A state to store. Fields that nothing can compare with are taken from the input, so that they take no room. */
export function storeState(seed: number, set: readonly Patch[], c: Case, outcome: Outcome, keepsMxcsr: boolean): StoredState {
  const registers = outcome.registers.slice();
  const keep = (from: number, to: number) => registers.set(c.registers.subarray(from, to), from);
  keep(image.fop, image.mxcsr);
  keep(image.mxcsrMask, image.st);
  if (!keepsMxcsr) keep(image.mxcsr, image.mxcsrMask);
  for (let i = 0; i < 8; i++) keep(image.st + 16 * i + 10, image.st + 16 * i + 16);
  return [seed, store(set), store(c.memory), outcome.signal, outcome.trap, outcome.error, outcome.rip, Number(outcome.fault), store(difference(c.registers, registers)), store(outcome.memory)];
}

export const writeVectors = (path: string, rows: readonly StoredRow[]): void => writeFileSync(path, gzipSync(pack(rows), { level: 9 }));
export const readVectors = (path: string): StoredRow[] => unpack(gunzipSync(readFileSync(path))) as StoredRow[];
