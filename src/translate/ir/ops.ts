// The IR's operations: WebAssembly's own numeric and SIMD instructions by name, and the runtime's pure helper functions. One row each: encoding and types.
import type { Type } from './builder.ts';

export interface Op {
  readonly name: string;
  /** Opcode bytes as WebAssembly encodes them (0xfd is followed by a LEB128 number). */
  readonly code: readonly number[];
  readonly params: readonly Type[];
  readonly result: Type;
  /** Trailing immediate bytes (lane numbers, shuffle bytes). */
  readonly immediates: number;
}

export type OpName = string;
