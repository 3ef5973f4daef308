// Which pages of a guest memory hold anything: for copying at fork and for cleaning a memory that goes back to the pool.
import { DISPATCH_BASE, PAGE_SHIFT, PAGE_SIZE, PERM_BASE, RECORDS_BASE, RECORDS_END, IMAGE_BASE, WINDOWS_END, type FileBytes, type GuestMemory } from '../guest/index.ts';

const WORDS = PAGE_SIZE / 4;
const FIRST_PAGE = IMAGE_BASE >>> PAGE_SHIFT;

const pageIsZero = (words: Int32Array, page: number): boolean => {
  const start = page * WORDS;
  for (let i = start; i < start + WORDS; i++) if (words[i] !== 0) return false;
  return true;
};

/** Calls `visit` with each run [from, to) of addresses whose pages are mapped and hold a byte that is not zero. */
export function eachUsedRun(memory: GuestMemory, visit: (from: number, to: number) => void): void {
  const words = new Int32Array(memory.memory.buffer);
  const perms = memory.perms;
  const last = Math.min(memory.bytes.length, memory.protectedEnd) / PAGE_SIZE;
  const quads = new Int32Array(memory.memory.buffer, PERM_BASE, perms.length / 4);
  let start = -1;
  for (let page = FIRST_PAGE; page < last; page++) {
    if ((page & 3) === 0 && start < 0) while (page < last && quads[page >>> 2] === 0) page += 4;
    const used = page < last && perms[page] !== 0 && !pageIsZero(words, page);
    if (used && start < 0) start = page;
    if (!used && start >= 0) { visit(start * PAGE_SIZE, page * PAGE_SIZE); start = -1; }
  }
  if (start >= 0) visit(start * PAGE_SIZE, last * PAGE_SIZE);
}

/** How much the guest has mapped with content, at most. */
export function mappedBytes(memory: GuestMemory): number {
  const last = Math.min(memory.bytes.length, memory.protectedEnd) / PAGE_SIZE;
  let pages = 0;
  for (let page = FIRST_PAGE; page < last; page++) if (memory.perms[page] !== 0) pages++;
  return pages * PAGE_SIZE;
}

/** Copies the guest's pages and the permission table into a memory that is all zero. */
export function copyGuest(from: GuestMemory, to: GuestMemory): void {
  to.ensure(from.bytes.length);
  to.perms.set(from.perms.subarray(0, from.protectedEnd / PAGE_SIZE));
  to.protectedEnd = from.protectedEnd;
  eachUsedRun(from, (start, end) => to.bytes.set(from.bytes.subarray(start, end), start));
}

/** Zeroes the guest's pages, the permission table and the runtime's windows up to `recordsEnd`; the tables of the hub stay. */
export function wipe(memory: GuestMemory, recordsEnd: number): void {
  wipeAround(memory, []);
  memory.bytes.fill(0, RECORDS_BASE, Math.min(recordsEnd, RECORDS_END));
}

/** Zeroes the guest's pages but these, and the permission table; decoded records stay. */
export function wipeAround(memory: GuestMemory, kept: readonly FileBytes[]): void {
  for (const { start, end } of memory.left) memory.zero(start, end - start);
  memory.left = [...kept];
  for (const { start, end } of kept) memory.perms.fill(0, start / PAGE_SIZE, end / PAGE_SIZE);
  eachUsedRun(memory, (start, end) => memory.bytes.fill(0, start, end));
  memory.bytes.fill(0, 0, PERM_BASE);
  memory.bytes.fill(0, DISPATCH_BASE, WINDOWS_END);
  memory.perms.fill(0, 0, memory.protectedEnd / PAGE_SIZE);
  memory.protectedEnd = 0;
  memory.written.length = 0;
  memory.onSharedStore = undefined;
  memory.storeIsComing = false;
}
