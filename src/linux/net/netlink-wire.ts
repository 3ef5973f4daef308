// How messages of netlink are put together: numbers, attributes, padding. netlink(7).
import type { Errno } from '../../abi/index.ts';
import { latin1Bytes } from '../../base/index.ts';
import type { Kernel } from '../kernel.ts';

/** Something that can be asked for as a whole, or one of them: the type of the answers, and their contents for what follows a request's header. Throws an Errno; one that is returned is told at the end. */
export interface Question { readonly answer: number; all(kernel: Kernel, payload: Uint8Array): Uint8Array[] | Errno; one?(kernel: Kernel, payload: Uint8Array): Uint8Array }
export type Questions = ReadonlyMap<number, Question>;

export const aligned = (length: number): number => (length + 3) & ~3;
export const u32 = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
/** With its NUL. */
export const text = (value: string): Uint8Array => latin1Bytes(`${value}\0`);

/** Pieces one after the other, each padded to four bytes. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + aligned(piece.length), 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += aligned(piece.length);
  }
  return out;
}

/** struct rtattr and its value. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + value.length);
  new DataView(out.buffer).setUint16(0, out.length, true);
  new DataView(out.buffer).setUint16(2, type, true);
  out.set(value, 4);
  return out;
}
