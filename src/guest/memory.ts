// Guest memory: one WebAssembly.Memory, its permission table, and the only functions that read and write guest bytes outside emitted code.
import { EFAULT, ENAMETOOLONG, PATH_MAX } from '../abi/index.ts';
import { latin1 } from '../base/index.ts';
import { ADDRESS_END, PAGE_SHIFT, PAGE_SIZE, PERM_BASE } from './layout.ts';

/** Bits of a page's byte in the permission table. */
export const Perm = {
  read: 1,
  /** Emitted code may store. Absent on a page that is `watched`. */
  write: 2,
  execute: 4,
  /** Code was decoded or translated from this page: `write` is taken away, and a store first invalidates. */
  code: 8,
  /** The guest may write, but the store must leave the fast path first (holds code, or another reason). */
  watched: 16,
  /** Something is mapped here, whatever its rights (PROT_NONE too). */
  mapped: 32,
  /** Shared with other address spaces: the first store since `watchShared` is noted in `written`. */
  shared: 64,
} as const;

const WASM_PAGE = 65536;
/** WebAssembly pages more than are needed when memory grows: each time the host makes a new buffer, and may collect garbage for its size. */
const SPARE = 1024;

/** Bytes of a file whose content cannot change, at [start, end), from `offset` on in the file. */
export interface FileBytes { readonly start: number; readonly end: number; readonly identity: string; readonly offset: number }

export class GuestMemory {
  readonly memory: WebAssembly.Memory;
  /** Views of the whole memory; re-made when it grows, so never keep them across a call that may map. */
  bytes!: Uint8Array;
  view!: DataView;
  /** The permission table, a byte a page. */
  perms!: Uint8Array;
  /** One past the highest page that ever had a permission bit: all that copying and cleaning must look at. */
  protectedEnd = 0;
  /** Shared pages that were stored to, each once since it was watched; who reads the list empties it. */
  readonly written: number[] = [];
  /** Told of each page that goes to `written`. */
  onSharedStore: ((page: number) => void) | undefined;
  /** While set, pages are kept for `tellStores`: an instruction that is about to store may still load. */
  storeIsComing = false;
  readonly #coming: number[] = [];
  /** What a former program of this memory left where nothing is mapped yet; all else that is not mapped is zero. */
  left: FileBytes[] = [];
  /** Called before bytes of a watched page change (the Cpu sets it): forget the code there and give the right to write back. */
  onCodeWrite: (address: number, length: number) => void = (address, length) => { for (let page = address >>> PAGE_SHIFT; page < (address + length) / PAGE_SIZE; page++) this.unwatch(page); };

  readonly #path = new GuestPath(this);

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.refreshViews();
  }

  /** Re-makes the views after the memory grew. */
  refreshViews(): void {
    const buffer = this.memory.buffer;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.perms = new Uint8Array(buffer, PERM_BASE, 1 << 20);
  }

  /** Grows so that addresses below `end` exist. Throws RangeError when the host has no memory left. */
  ensure(end: number): void {
    const missing = Math.ceil((end - this.bytes.length) / WASM_PAGE);
    if (missing <= 0) return;
    const spare = Math.min(SPARE, Math.floor((ADDRESS_END - this.bytes.length) / WASM_PAGE) - missing);
    this.memory.grow(missing + Math.max(0, spare));
    this.refreshViews();
  }

  /** Gives [address, address + length), whole pages, exactly these Perm bits; code taken from them is forgotten first. Pages without any right (reserved address room) need not exist in memory. */
  protect(address: number, length: number, perm: number): void {
    if (perm & (Perm.read | Perm.write | Perm.execute)) this.ensure(address + length);
    if (this.#holdsCode(address, length)) this.onCodeWrite(address, length);
    if (perm !== 0) this.protectedEnd = Math.max(this.protectedEnd, address + length);
    this.perms.fill(perm, address >>> PAGE_SHIFT, (address + length) / PAGE_SIZE);
  }

  /** Gives the right to write back to a watched page, which no longer holds code; a store to shared memory is noted. */
  unwatch(page: number): void {
    const perm = this.perms[page]!;
    this.perms[page] = perm & Perm.watched ? (perm & ~(Perm.watched | Perm.code)) | Perm.write : perm & ~Perm.code;
    if (!(perm & Perm.watched) || !(perm & Perm.shared)) return;
    this.written.push(page);
    if (this.storeIsComing && this.onSharedStore) this.#coming.push(page);
    else this.onSharedStore?.(page);
  }

  /** The stores that were coming have happened. */
  tellStores(): void { while (this.#coming.length > 0) this.onSharedStore?.(this.#coming.pop()!); }

  /** The next store to this shared page will be noted. */
  watchShared(page: number): void {
    const perm = this.perms[page]!;
    if (perm & Perm.write) this.perms[page] = (perm & ~Perm.write) | Perm.watched;
  }

  /** Whether code was taken from one of the pages. */
  #holdsCode(address: number, length: number): boolean {
    const end = (address + length) / PAGE_SIZE;
    for (let page = address >>> PAGE_SHIFT; page < end; page++) if (this.perms[page]! & Perm.code) return true;
    return false;
  }

  /** Tells that [start, end) is mapped now, to these bytes of a file or to something else. Returns the parts where they lie already; all else is zero. */
  claim(start: number, end: number, identity?: string, offset = 0): readonly (readonly [number, number])[] {
    if (this.left.length === 0) return [];
    const there: [number, number][] = [];
    this.left = this.left.flatMap((old) => {
      if (old.end <= start || old.start >= end) return [old];
      if (old.identity !== identity || old.offset - old.start !== offset - start) {
        this.zero(old.start, old.end - old.start);
        return [];
      }
      there.push([Math.max(start, old.start), Math.min(end, old.end)]);
      return [{ ...old, end: start }, { ...old, start: end, offset: old.offset + end - old.start }].filter((rest) => rest.end > rest.start);
    });
    return there.sort((a, b) => a[0] - b[0]);
  }

  /** Zeroes bytes that exist; what lies beyond the memory's end is zero already. */
  zero(address: number, length: number): void {
    const end = Math.min(address + length, this.bytes.length);
    if (address < end) this.bytes.fill(0, address, end);
  }

  /** Whether every page of the range has all bits of `perm`. */
  allows(address: number, length: number, perm: number): boolean {
    if (length === 0) return true;
    if (address < 0 || address + length > ADDRESS_END) return false;
    const last = (address + length - 1) >>> PAGE_SHIFT;
    for (let page = address >>> PAGE_SHIFT; page <= last; page++) if ((this.perms[page]! & perm) !== perm) return false;
    return true;
  }

  /** A view of guest bytes to read from; throws EFAULT. Valid until the memory grows. */
  readable(address: number, length: number): Uint8Array {
    if (!this.allows(address, length, Perm.read)) throw EFAULT;
    return this.bytes.subarray(address, address + length);
  }

  /** A view of guest bytes to write to; throws EFAULT. Code on those pages is invalidated first. */
  writable(address: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    if (address < 0 || address + length > ADDRESS_END) throw EFAULT;
    const last = (address + length - 1) >>> PAGE_SHIFT;
    for (let page = address >>> PAGE_SHIFT; page <= last; page++) {
      const perm = this.perms[page]!;
      if (perm & Perm.write) continue;
      if (!(perm & Perm.watched)) throw EFAULT;
      this.onCodeWrite(page << PAGE_SHIFT >>> 0, PAGE_SIZE);
    }
    return this.bytes.subarray(address, address + length);
  }

  /** How many bytes from `address` on, at most `length`, have `perm`: for calls that work on what they can reach. */
  reach(address: number, length: number, perm: number): number {
    let end = address;
    while (end < address + length && end < ADDRESS_END && (this.perms[end >>> PAGE_SHIFT]! & perm) === perm) end = (end & ~(PAGE_SIZE - 1)) + PAGE_SIZE >>> 0;
    return Math.min(end, address + length) - address;
  }

  readU8(address: number): number { this.readable(address, 1); return this.bytes[address]!; }
  readU16(address: number): number { this.readable(address, 2); return this.view.getUint16(address, true); }
  readU32(address: number): number { this.readable(address, 4); return this.view.getUint32(address, true); }
  readI32(address: number): number { this.readable(address, 4); return this.view.getInt32(address, true); }
  readU64(address: number): bigint { this.readable(address, 8); return this.view.getBigUint64(address, true); }
  writeU8(address: number, value: number): void { this.writable(address, 1)[0] = value; }
  writeU16(address: number, value: number): void { this.writable(address, 2); this.view.setUint16(address, value, true); }
  writeU32(address: number, value: number): void { this.writable(address, 4); this.view.setUint32(address, value, true); }
  writeU64(address: number, value: bigint): void { this.writable(address, 8); this.view.setBigUint64(address, BigInt.asUintN(64, value), true); }

  /** The path at an address, as bytes where they lie; the object is used again by the next call. Throws EFAULT, and ENAMETOOLONG, that perhaps only when the end is asked for. */
  pathAt(address: number): GuestPath {
    this.#path.set(address);
    return this.#path;
  }

  /** Where the NUL behind `address` is. Throws EFAULT; -1 when none came before `limit` bytes. */
  findNul(address: number, limit: number): number {
    for (let at = address; at < address + limit;) {
      const pageEnd = Math.min((at & ~(PAGE_SIZE - 1)) + PAGE_SIZE >>> 0, address + limit);
      this.readable(at, 1);
      const nul = this.#findNulIn(at, pageEnd);
      if (nul >= 0) return nul;
      at = pageEnd;
    }
    return -1;
  }

  /** Four bytes at a time; a word with a zero byte is looked at byte by byte. */
  #findNulIn(from: number, to: number): number {
    const { view, bytes } = this;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const word = view.getInt32(at, true);
      if (((word - 0x0101_0101) & ~word & 0x8080_8080) !== 0) break;
    }
    for (; at < to; at++) if (bytes[at] === 0) return at;
    return -1;
  }

  /** The bytes up to a NUL, without it; at most `limit`. Throws EFAULT; returns undefined when no NUL came. A copy. */
  readCString(address: number, limit: number): Uint8Array | undefined {
    const nul = this.findNul(address, limit);
    return nul < 0 ? undefined : this.bytes.slice(address, nul);
  }
}

/** A path in guest memory. */
export class GuestPath {
  readonly #memory: GuestMemory;
  start = 0;
  #end = -1;

  constructor(memory: GuestMemory) { this.#memory = memory; }

  get bytes(): Uint8Array { return this.#memory.bytes; }
  get view(): DataView { return this.#memory.view; }

  /** Where the NUL is. */
  get end(): number {
    if (this.#end < 0) this.#end = this.#memory.findNul(this.start, PATH_MAX);
    if (this.#end < 0) throw ENAMETOOLONG;
    return this.#end;
  }

  /** Goes to an address. Where a path of any length can be read the end is looked for when it is asked for. Throws EFAULT, ENAMETOOLONG. */
  set(address: number): void {
    this.start = address;
    this.#end = -1;
    const { perms } = this.#memory;
    const page = address >>> PAGE_SHIFT;
    if (address >= ADDRESS_END || (perms[page]! & perms[page + 1]! & Perm.read) === 0) this.#end = this.end;
  }

  toString(): string { return latin1(this.bytes.subarray(this.start, this.end)); }
}
