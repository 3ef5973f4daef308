// Buffers of guest memory for reads and writes: what can be reached of them, and vectors of them. readv(2).
import { EFAULT, EINVAL, IOV_MAX, MAX_RW_COUNT } from '../../abi/index.ts';
import { Perm } from '../../guest/index.ts';
import type { GuestMemory } from '../../guest/index.ts';
import type { Task } from '../../linux/index.ts';

/** One piece of guest memory. */
export interface Piece { ptr: number; length: number }

/** The part of a buffer that can be written, from its start on: Linux moves what it can. Throws EFAULT when that is nothing. */
export function writablePart(memory: GuestMemory, ptr: number, length: number): Uint8Array {
  try {
    return memory.writable(ptr, length);
  } catch (error) {
    if (error !== EFAULT) throw error;
    const reachable = Math.max(memory.reach(ptr, length, Perm.write), memory.reach(ptr, length, Perm.watched));
    if (reachable <= 0) throw EFAULT;
    return memory.writable(ptr, reachable);
  }
}

/** The part of a buffer that can be read, from its start on. Throws EFAULT when that is nothing. */
export function readablePart(memory: GuestMemory, ptr: number, length: number): Uint8Array {
  const reachable = length === 0 ? 0 : memory.reach(ptr, length, Perm.read);
  if (reachable <= 0 && length > 0) throw EFAULT;
  return memory.readable(ptr, reachable);
}

/** The pieces of an iovec array, together at most MAX_RW_COUNT bytes. Throws EINVAL, EFAULT. */
export function piecesOf(task: Task, iovPtr: number, count: number): Piece[] {
  if (count < 0 || count > IOV_MAX) throw EINVAL;
  const table = task.memory.readable(iovPtr, count * 16);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const pieces: Piece[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const length = Number(view.getBigInt64(i * 16 + 8, true));
    if (length < 0) throw EINVAL;
    const taken = Math.min(length, MAX_RW_COUNT - total);
    pieces.push({ ptr: Number(view.getBigUint64(i * 16, true)), length: taken });
    total += taken;
  }
  return pieces;
}

export const totalOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** All bytes of the pieces in one array, up to the first that cannot be read. Throws EFAULT when that is nothing. */
export function gather(memory: GuestMemory, pieces: readonly Piece[]): Uint8Array {
  const whole = pieces.filter((piece) => piece.length > 0);
  if (whole.length === 1) return readablePart(memory, whole[0]!.ptr, whole[0]!.length);
  const out = new Uint8Array(totalOf(whole));
  let at = 0;
  for (const piece of whole) {
    const reachable = memory.reach(piece.ptr, piece.length, Perm.read);
    if (reachable > 0) out.set(memory.readable(piece.ptr, reachable), at);
    at += Math.max(0, reachable);
    if (reachable < piece.length) break;
  }
  if (at === 0 && out.length > 0) throw EFAULT;
  return out.subarray(0, at);
}

/** Spreads bytes over the pieces in order and returns how many found a place; stops at memory that cannot be written. Throws EFAULT when that is nothing. */
export function scatter(memory: GuestMemory, pieces: readonly Piece[], bytes: Uint8Array): number {
  let at = 0;
  for (const piece of pieces) {
    const length = Math.min(piece.length, bytes.length - at);
    if (length === 0) continue;
    const part = partOrNothing(memory, piece.ptr, length);
    part.set(bytes.subarray(at, at + part.length));
    at += part.length;
    if (part.length < length) break;
  }
  if (at === 0 && bytes.length > 0) throw EFAULT;
  return at;
}

function partOrNothing(memory: GuestMemory, ptr: number, length: number): Uint8Array {
  try { return writablePart(memory, ptr, length); } catch (error) {
    if (error !== EFAULT) throw error;
    return new Uint8Array(0);
  }
}
