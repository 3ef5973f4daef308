// The registers of a test case as one array of bytes (general registers, RFLAGS, an fxsave image), the memory windows, and the pattern of untouched memory.

/** Byte offsets in a register image. The fxsave image is that of the 64-bit form (SDM Vol. 2A, FXSAVE), up to its last XMM register. */
export const image = { gpr: 0, rflags: 128, fx: 136, fcw: 136, fsw: 138, ftw: 140, fop: 142, mxcsr: 160, mxcsrMask: 164, st: 168, xmm: 296 } as const;
export const IMAGE_SIZE = 552;

/** Memory that code can reach, on the host and in the guest: oracle.c has the same table. */
export const windows = [
  { address: 0x40_0000, pages: 2, rights: 'rx' },
  { address: 0x50_0000, pages: 2, rights: 'rw' },
  { address: 0x50_2000, pages: 1, rights: 'r' },
  { address: 0x0fff_e000, pages: 2, rights: 'rw' },
] as const;
export const CODE = 0x40_0000, DATA = 0x50_0000, DATA_END = 0x50_3000, READ_ONLY = 0x50_2000, STACK = 0x0fff_e000, GS_BASE = 0x50_0000;
const PAGE = 4096;

/** Bytes that differ from something: at an offset of an image, or at an address of memory. */
export interface Patch { at: number; bytes: Uint8Array }

/** What to run: `code` placed at CODE + codeOffset, with int3 all around it. */
export interface Case { code: Uint8Array; codeOffset: number; registers: Uint8Array; memory: Patch[] }

/** What a run left behind. `signal` is Linux's number (SIGTRAP with trap 3 at the end of the code is success), `memory` the aligned 8-byte cells that changed. */
export interface Outcome { signal: number; trap: number; error: number; rip: number; fault: bigint; registers: Uint8Array; memory: Patch[] }

const blankPages = (() => {
  const total = windows.reduce((sum, w) => sum + w.pages, 0) * PAGE;
  const words = new Uint32Array(total / 4);
  let x = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    words[i] = x;
  }
  const bytes = new Uint8Array(words.buffer);
  bytes.fill(0xcc, 0, 2 * PAGE);
  return bytes;
})();

/** The bytes of window `index` between cases. */
export function blankWindow(index: number): Uint8Array {
  let offset = 0;
  for (let i = 0; i < index; i++) offset += windows[i]!.pages * PAGE;
  return blankPages.subarray(offset, offset + windows[index]!.pages * PAGE);
}

/** Runs of bytes in which `now` differs from `then`; gaps of up to `slack` equal bytes join two runs. */
export function difference(then: Uint8Array, now: Uint8Array, slack = 2): Patch[] {
  const patches: Patch[] = [];
  for (let i = 0; i < now.length; i++) {
    if (then[i] === now[i]) continue;
    let end = i + 1;
    for (let j = end; j < now.length && j <= end + slack; j++) if (then[j] !== now[j]) end = j + 1;
    patches.push({ at: i, bytes: now.slice(i, end) });
    i = end;
  }
  return patches;
}

/** A copy of `bytes` with the patches in it. */
export function patched(bytes: Uint8Array, patches: readonly Patch[]): Uint8Array {
  const copy = bytes.slice();
  for (const p of patches) copy.set(p.bytes, p.at);
  return copy;
}
