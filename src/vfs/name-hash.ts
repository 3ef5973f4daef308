// The hash of a file name, the same from bytes and from text: views of images store tables built on it, so it never changes.

/** What the hash of no bytes is. */
export const HASH_START = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** One byte more (FNV-1a). */
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, PRIME);

/** The hash of bytes[from, to). */
export function hashName(bytes: Uint8Array, from: number, to: number): number {
  let hash = HASH_START;
  for (let at = from; at < to; at++) hash = hashByte(hash, bytes[at]!);
  return hash;
}

/** The hash of a latin1 name. */
export function hashText(name: string): number {
  let hash = HASH_START;
  for (let at = 0; at < name.length; at++) hash = hashByte(hash, name.charCodeAt(at));
  return hash;
}

/** A place in a table of `mask` + 1 slots for a hash: all its bits count. */
export const slotOf = (hash: number, mask: number): number => (hash ^ (hash >>> 15)) & mask;
