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
  const parts: Uint8Array[] = [];
  for (const { ptr, length } of pieces) {
    if (length === 0) continue;
    const reachable = Math.max(0, memory.reach(ptr, length, Perm.read));
    if (reachable > 0) parts.push(memory.readable(ptr, reachable));
    if (reachable < length) break;
  }
  if (parts.length === 0 && totalOf(pieces) > 0) throw EFAULT;
  return parts.length === 1 ? parts[0]! : concat(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
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
