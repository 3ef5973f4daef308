// Records of a journal: each a length, a CRC-32 and its bytes, so that a tail which a crash tore is told from what was written whole.

/** Bytes before a record's own: its length and its checksum, both 32 bits, little-endian. */
export const RECORD_HEAD = 8;

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 (IEEE 802.3, as gzip has it) of `bytes`; `previous` is the result for the bytes before them. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The checksum covers the length too; `seed` tells records of one file's earlier life from those of now. */
function checksum(length: number, bytes: Uint8Array, seed: number): number {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, seed, true);
  return crc32(bytes, crc32(head));
}

/** The bytes of a record as they are written. A reader must know `seed`. */
export function record(bytes: Uint8Array, seed = 0): Uint8Array {
  const out = new Uint8Array(RECORD_HEAD + bytes.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, checksum(bytes.length, bytes, seed), true);
  out.set(bytes, RECORD_HEAD);
  return out;
}

/** The record that begins at `at`, or undefined when what is there is none, or not whole. The next one begins at `end`. */
export function recordAt(bytes: Uint8Array, at: number, seed = 0): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  if (at + RECORD_HEAD > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEAD);
  const length = view.getUint32(0, true);
  const end = at + RECORD_HEAD + length;
  if (end > bytes.length) return undefined;
  const content = bytes.subarray(at + RECORD_HEAD, end);
  return view.getUint32(4, true) === checksum(length, content, seed) ? { bytes: content, end } : undefined;
}
