// The bytes of one regular file: blocks in the store where something was written, over an optional read-only backing (copy-up by block).
import { EFBIG, EIO, ENOSPC } from '../abi/index.ts';
import { BlockMap, HOLE, RESERVED, type Run } from './block-map.ts';
import { BLOCK, type BlockStore, errnoOf } from './block-store.ts';
import { ContentChanges, withGaps } from './content-changes.ts';

/** Content that never changes, read where no block lies over it. */
export interface Backing {
  readonly size: number;
  /** A name that no other content has. */
  readonly identity?: string;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number;
  /** Sparse content: the next byte from `offset` on that is stored, or that is not; `size` when there is none. Absent: everything is stored. */
  nextData?(offset: number): number;
  nextHole?(offset: number): number;
  /** Sparse content: how many bytes are stored. */
  readonly stored?: number;
}

/** What is kept of a file's content beside the bytes: enough to open it again. */
export interface SavedData { readonly size: number; readonly backingEnd: number; readonly runs: readonly Run[] }

const ZEROS = new Uint8Array(BLOCK);
const scratch = new Uint8Array(BLOCK);
const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK);

/** Blocks of files that were mapped go back to the store when nothing refers to the content any more. */
const abandoned = new FinalizationRegistry<() => void>((giveBack) => giveBack());

export class FileData {
  #size: number;
  readonly #store: BlockStore;
  readonly #map = new BlockMap();
  readonly #backing: Backing | undefined;
  /** Backing bytes from here on were cut off by a truncate. */
  #backingEnd: number;
  #pinned = false;
  readonly #changes: ContentChanges | undefined;

  constructor(store: BlockStore, backing?: Backing) {
    this.#store = store;
    this.#backing = backing;
    this.#backingEnd = backing?.size ?? 0;
    this.#size = this.#backingEnd;
    this.#changes = store.durable ? new ContentChanges() : undefined;
  }

  /** In bytes. */
  get size(): number { return this.#size; }

  /** Whether the content may differ from the backing's. */
  get changed(): boolean { return this.#map.size > 0 || this.#backingEnd !== this.#size || this.#backingEnd !== (this.#backing?.size ?? 0); }

  /** The backing's name while the content is still the backing's. */
  get identity(): string | undefined { return this.changed ? undefined : this.#backing?.identity; }

  /** Bytes in use; a backing counts as it would on a disk. */
  get allocated(): number {
    const { stored } = this.#backing ?? {};
    if (stored !== undefined && !this.changed) return blocksOf(stored) * BLOCK;
    return (this.#map.allocated + blocksOf(this.#backingEnd) - this.#hidden) * BLOCK;
  }

  /** Blocks of the backing that an entry hides. */
  #hidden = 0;

  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.#size - position));
    if (this.#map.size === 0) {
      this.#readBacking(length === into.length ? into : into.subarray(0, length), position);
      return length;
    }
    for (let done = 0; done < length;) done += this.#readRun(into.subarray(done, length), position + done);
    return length;
  }

  /** Reads blocks that follow each other in one go, and tells how many bytes. */
  #readRun(into: Uint8Array, at: number): number {
    const first = Math.floor(at / BLOCK);
    const place = this.#map.get(first);
    let end = first + 1;
    while (end * BLOCK < at + into.length && this.#map.get(end) === following(place, end - first)) end++;
    const piece = into.subarray(0, Math.min(into.length, end * BLOCK - at));
    if (place === undefined) this.#readBacking(piece, at);
    else if (place >= 0) this.#store.read(piece, place, at % BLOCK);
    else piece.fill(0);
    return piece.length;
  }

  /** The backing's bytes, and zeros beyond them. Throws EIO. */
  #readBacking(into: Uint8Array, at: number): void {
    const wanted = Math.max(0, Math.min(into.length, this.#backingEnd - at));
    try {
      for (let got = 0; got < wanted;) {
        const n = this.#backing!.read(wanted === into.length && got === 0 ? into : into.subarray(got, wanted), at + got);
        if (n === 0) throw EIO;
        got += n;
      }
    } catch (error) { throw errnoOf(error); }
    if (wanted < into.length) into.fill(0, wanted);
  }

  /** Returns how much was written: less than asked for when the room ends. Throws ENOSPC, EFBIG, EIO. */
  write(from: Uint8Array, position: number): number {
    if (!Number.isSafeInteger(position + from.length)) throw EFBIG;
    let done = 0;
    try {
      while (done < from.length) {
        done += this.#writePiece(from.subarray(done), position + done);
        this.#size = Math.max(this.#size, position + done);
      }
    } catch (error) {
      if (error !== ENOSPC || done === 0) throw error;
    }
    return done;
  }

  #writePiece(from: Uint8Array, at: number): number {
    const block = Math.floor(at / BLOCK);
    const within = at % BLOCK;
    if (within === 0 && from.length >= BLOCK) return this.#writeBlocks(block, from.subarray(0, from.length - from.length % BLOCK));
    const piece = from.subarray(0, Math.min(from.length, BLOCK - within));
    this.#writePart(block, within, piece);
    return piece.length;
  }

  /** Part of a block: what is not written keeps its bytes. */
  #writePart(block: number, within: number, from: Uint8Array): void {
    const old = this.#map.get(block);
    if (old !== undefined && old >= 0 && this.#store.isFresh(old)) return this.#store.write(from, old, within);
    if (old === undefined) this.#readBacking(scratch, block * BLOCK);
    else if (old >= 0) this.#store.read(scratch, old, 0);
    else scratch.fill(0);
    scratch.set(from, within);
    this.#writeNew(block, scratch);
  }

  /** Whole blocks: as many as lie in one place of the store, or fit into it. */
  #writeBlocks(block: number, from: Uint8Array): number {
    const most = from.length / BLOCK;
    const first = this.#map.get(block);
    if (first === undefined || first < 0 || !this.#store.isFresh(first)) return this.#writeNew(block, from.subarray(0, this.#staleBlocks(block, most) * BLOCK));
    let count = 1;
    while (count < most && this.#map.get(block + count) === first + count && this.#store.isFresh(first + count)) count++;
    this.#store.write(from.subarray(0, count * BLOCK), first, 0);
    return count * BLOCK;
  }

  /** How many blocks from `block` on need a new place when they are written. */
  #staleBlocks(block: number, most: number): number {
    let count = 1;
    while (count < most) {
      const place = this.#map.get(block + count);
      if (place !== undefined && place >= 0 && this.#store.isFresh(place)) break;
      count++;
    }
    return count;
  }

  /** Writes whole blocks to new places and tells how many bytes found one. Throws ENOSPC. */
  #writeNew(block: number, from: Uint8Array): number {
    const count = this.#affordable(block, from.length / BLOCK);
    const { start, count: got } = this.#store.writeNew(from.subarray(0, count * BLOCK));
    for (let i = 0; i < got; i++) this.#put(block + i, start + i);
    return got * BLOCK;
  }

  /** How many of the blocks from `block` on fit into the file system. Throws ENOSPC when none does. */
  #affordable(block: number, wanted: number): number {
    if (wanted * BLOCK <= this.#store.room) return wanted;
    let room = Math.floor(this.#store.room / BLOCK);
    for (let count = 0; count < wanted; count++) {
      if (this.#takesRoom(block + count)) continue;
      if (room-- > 0) continue;
      if (count === 0) throw ENOSPC;
      return count;
    }
    return wanted;
  }

  #takesRoom(block: number): boolean {
    const place = this.#map.get(block);
    return place !== undefined && place !== HOLE;
  }

  /** Sets a block's entry, counts it, and gives the old place back. */
  #put(block: number, place: number | undefined): void {
    const old = this.#map.get(block);
    const before = this.#map.allocated;
    this.#map.set(block, place);
    this.#store.uncount(before - this.#map.allocated);
    if (block < blocksOf(this.#backingEnd)) this.#hidden += Number(place !== undefined) - Number(old !== undefined);
    if (old !== undefined && old >= 0) this.#store.free(old, 1);
    this.#changes?.add(block);
  }

  /** Sets the size; what lies between the old and the new end reads as zeros. Throws ENOSPC, EIO. */
  truncate(size: number): void {
    if (size < this.#size) this.#cut(size);
    this.#size = size;
  }

  #cut(size: number): void {
    const last = Math.floor(size / BLOCK);
    if (size % BLOCK !== 0 && (this.#map.get(last) ?? HOLE) >= 0) this.#writePart(last, size % BLOCK, ZEROS.subarray(size % BLOCK));
    for (const block of this.#map.blocks(blocksOf(size))) this.#put(block, undefined);
    this.#map.cut(blocksOf(size));
    this.#backingEnd = Math.min(this.#backingEnd, size);
    this.#changes?.cut(blocksOf(size));
  }

  /** Makes [from, to) read as zeros and gives whole blocks back; the size stays (FALLOC_FL_PUNCH_HOLE). Throws ENOSPC, EIO. */
  punch(from: number, to: number): void {
    const [first, end] = [blocksOf(from), Math.floor(to / BLOCK)];
    if (first > end) return this.#zeroPart(from, to);
    this.#zeroPart(from, first * BLOCK);
    this.#zeroPart(end * BLOCK, to);
    for (const block of this.#map.blocks(first, end)) this.#put(block, this.#isBacked(block) ? HOLE : undefined);
    for (let block = first; block < Math.min(end, blocksOf(this.#backingEnd)); block++) this.#put(block, HOLE);
  }

  #isBacked(block: number): boolean { return block * BLOCK < this.#backingEnd; }

  /** Zeros within one block. */
  #zeroPart(from: number, to: number): void {
    const block = Math.floor(from / BLOCK);
    if (from === to) return;
    const place = this.#map.get(block);
    if (place === undefined ? this.#isBacked(block) : place >= 0) this.#writePart(block, from % BLOCK, ZEROS.subarray(0, to - from));
  }

  /** Promises room for [from, to): writing there takes no more. Blocks that have a place keep it. Throws ENOSPC. */
  reserve(from: number, to: number): void {
    const [first, end] = [Math.floor(from / BLOCK), blocksOf(to)];
    const needless = (block: number): boolean => this.#takesRoom(block) || (this.#map.get(block) === undefined && this.#isBacked(block));
    if ((end - first) * BLOCK > this.#store.room + this.allocated) throw ENOSPC;
    let needed = 0;
    for (let block = first; block < end; block++) if (!needless(block)) needed++;
    if (needed * BLOCK > this.#store.room) throw ENOSPC;
    for (let block = first; block < end; block++) if (!needless(block)) this.#put(block, RESERVED);
  }

  /** Where data begins at or after `position`; undefined: there is none before the end (SEEK_DATA). */
  nextData(position: number): number | undefined {
    for (let at = position; at < this.#size;) {
      const { place, end } = this.#stretch(at);
      if (place !== undefined && place >= 0) return at;
      if (place === undefined && at < this.#backingEnd) {
        const data = this.#backing!.nextData?.(at) ?? at;
        if (data < Math.min(end, this.#backingEnd)) return data;
      }
      at = end;
    }
    return undefined;
  }

  /** Where a hole begins at or after `position`: at the latest at the end of the file (SEEK_HOLE). */
  nextHole(position: number): number {
    for (let at = position; at < this.#size;) {
      const { place, end } = this.#stretch(at);
      if (place === undefined) {
        const hole = at < this.#backingEnd ? Math.min(this.#backing!.nextHole?.(at) ?? this.#backingEnd, this.#backingEnd) : at;
        if (hole < end) return hole;
      } else if (place < 0) return at;
      at = end;
    }
    return this.#size;
  }

  /** The entry of the block at a position, and where the next one begins. */
  #stretch(at: number): { place: number | undefined; end: number } {
    const block = Math.floor(at / BLOCK);
    const place = this.#map.get(block);
    const next = place === undefined ? this.#map.next(block) : block + 1;
    return { place, end: Math.min(next * BLOCK, this.#size) };
  }

  /** A mapping uses the bytes: they stay for as long as anything refers to this. */
  pin(): void { this.#pinned = true; }

  /** The last name and the last opener are gone: the blocks go back to the store. */
  release(): void {
    const [map, store] = [this.#map, this.#store];
    store.uncount(map.allocated);
    const giveBack = (): void => { for (const run of map.runs()) if (run.place >= 0) store.free(run.place, run.count); };
    if (this.#pinned) return abandoned.register(this, giveBack);
    giveBack();
    map.cut(0);
  }

  /** What to keep of the whole content. */
  saved(): SavedData { return { size: this.#size, backingEnd: this.#backingEnd, runs: [...this.#map.runs()] }; }

  /** What to keep of the changes since the last call of settled: blocks from `cut` on went, then came those of `runs`. Stores that are durable only. */
  savedChanges(): SavedData & { readonly cut: number } {
    const changes = this.#changes!;
    const runs = changes.ranges().flatMap(([from, to]) => withGaps([...this.#map.runs(from, to)], from, to));
    return { size: this.#size, backingEnd: this.#backingEnd, runs, cut: changes.cutFrom };
  }

  /** The changes were kept. */
  settled(): void { this.#changes?.clear(); }

  /** Begins as it was kept; the store knows the places already. */
  restore({ size, backingEnd, runs }: SavedData): void {
    for (const { block, place, count } of runs) for (let i = 0; i < count; i++) this.#map.set(block + i, place >= 0 ? place + i : place);
    this.#size = size;
    this.#backingEnd = backingEnd;
    this.#hidden = 0;
    if (backingEnd > 0) for (const _ of this.#map.blocks(0, blocksOf(backingEnd))) this.#hidden++;
    this.#store.count(this.#map.allocated);
  }
}

/** What follows a block's place `distance` blocks on, in one run with it. */
const following = (place: number | undefined, distance: number): number | undefined => (place !== undefined && place >= 0 ? place + distance : place);
