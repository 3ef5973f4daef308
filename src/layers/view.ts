// The merged, read-only view of an image's layers: rows of numbers, one block of text, and one hash table for all directories. A lookup is one probe whatever the number of layers.
import { S_IFDIR, S_IFMT, S_IFREG } from '../abi/index.ts';
import { latin1Bytes } from '../base/index.ts';
import type { Blob } from '../host/ports.ts';
import { type Backing, type DirEntry, hashText, type LowerAttr, type LowerTree, slotOf } from '../vfs/index.ts';
import { firstRow, textAt, type XattrColumns, xattrsOf } from './columns.ts';
import { LayerError } from './errors.ts';

/** As stored. Inodes are numbered from 0, the root; entries (names in directories) are numbered so that those of one directory follow each other. */
export interface ViewColumns {
  version: 3;
  inodes: number;
  entries: number;
  /** INODE_WORDS for each inode: one cache line, whatever is asked. */
  inodeRows: Uint32Array;
  /** ENTRY_WORDS for each entry, and the start of one more. */
  entryRows: Uint32Array;
  /** Open addressing; as many words as a power of two says, and in the low bits of each so many as that power: an entry's number + 1 (0 is free); above them those of its hash (hashIn). */
  slots: Uint32Array;
  /** All names in the order of entries, then all link targets. */
  text: Uint8Array;
  /** Times that nanoseconds in 64 bits cannot hold; rows of three: inode, seconds, nanoseconds. */
  farTimes: Float64Array;
  /** Rows of three, by inode: inode, where the extent lies in the file, its length. */
  extents: Float64Array;
  xattrs: XattrColumns;
}

/** An inode's words. Of directories `size` is the first entry and `offset` the end of the entries; of links `offset` is where the target begins in the text. `mtime` is two words: nanoseconds since 1970, signed. */
export const INODE = { modeLayer: 0, uid: 1, gid: 2, rdev: 3, nlink: 4, high: 5, size: 6, offset: 7, mtime: 8 } as const;
export const INODE_WORDS = 10;
/** Bit 31 of modeLayer: the inode has extended attributes. Bits 16–30 are the layer. */
export const HAS_XATTRS = 0x8000_0000;
export const MAX_LAYERS = 0x7fff;
/** Sizes and offsets have 16 bits in the word `high` each: size, then offset. */
export const MAX_SIZE = 2 ** 48 - 1;
const BLOCK = 4096;
export const FAR_TIME = -(2n ** 63n);

/** An entry's words: where its name begins in the text, its directory, its inode. */
export const ENTRY = { start: 0, directory: 1, inode: 2 } as const;
export const ENTRY_WORDS = 3;

/** The hash of a name in a directory. */
export function hashIn(directory: number, nameHash: number): number {
  return Math.imul(nameHash ^ Math.imul(directory + 1, 0x9e3779b1), 0x85ebca6b);
}

/** A layer's uncompressed tar, and the name of its content. */
export interface LayerContent { readonly blob: Blob; readonly diffId: string }

/** A view over the tars of its layers: what an overlay is stacked on. */
export class ImageView implements LowerTree {
  readonly #c: ViewColumns;
  readonly #layers: readonly LayerContent[];
  readonly #mtimes: BigInt64Array;
  #blocks: number | undefined;

  constructor(columns: ViewColumns, layers: readonly LayerContent[]) {
    this.#c = columns;
    this.#layers = layers;
    const { buffer, byteOffset, byteLength } = columns.inodeRows;
    this.#mtimes = new BigInt64Array(buffer, byteOffset, byteLength / 8);
  }

  get count(): number { return this.#c.inodes; }
  get blocks(): number { return this.#blocks ??= this.#countBlocks(); }

  #countBlocks(): number {
    let blocks = 0;
    for (let inode = 0; inode < this.count; inode++) {
      if ((this.#mode(inode) & S_IFMT) === S_IFREG) blocks += Math.ceil((this.#extentsOf(inode)?.reduce((sum, [, length]) => sum + length!, 0) ?? this.#size(inode)) / BLOCK);
    }
    return blocks;
  }

  attributes(inode: number): LowerAttr {
    const rows = this.#c.inodeRows;
    const at = inode * INODE_WORDS;
    return {
      mode: rows[at]! & 0xffff, uid: rows[at + INODE.uid]!, gid: rows[at + INODE.gid]!, rdev: rows[at + INODE.rdev]!, nlink: rows[at + INODE.nlink]!, mtimeNs: this.#mtime(inode),
    };
  }

  #mtime(inode: number): bigint {
    const ns = this.#mtimes[(inode * INODE_WORDS + INODE.mtime) / 2]!;
    if (ns !== FAR_TIME) return ns;
    const { farTimes } = this.#c;
    const at = firstRow(farTimes, 3, inode);
    return BigInt(farTimes[at + 1]!) * 1_000_000_000n + BigInt(farTimes[at + 2]!);
  }

  lookup(directory: number, name: string): number {
    const bytes = latin1Bytes(name);
    const entry = this.find(directory, bytes, 0, bytes.length, hashText(name));
    return entry < 0 ? -1 : this.entryInode(entry);
  }

  find(directory: number, bytes: Uint8Array, from: number, to: number, hash: number): number {
    const { slots, entryRows, text } = this.#c;
    const mask = slots.length - 1;
    const mixed = hashIn(directory, hash);
    for (let slot = slotOf(mixed, mask); ; slot = (slot + 1) & mask) {
      const word = slots[slot]!;
      if (word === 0) return -1;
      if (((word ^ mixed) & ~mask) !== 0) continue;
      const entry = (word & mask) - 1;
      const at = entry * ENTRY_WORDS;
      const start = entryRows[at]!;
      if (entryRows[at + ENTRY.directory] === directory && entryRows[at + ENTRY_WORDS]! - start === to - from && sameBytes(text, start, bytes, from, to)) return entry;
    }
  }

  entryInode(entry: number): number { return this.#c.entryRows[entry * ENTRY_WORDS + ENTRY.inode]!; }

  entryName(entry: number): string {
    const { entryRows, text } = this.#c;
    return textAt(text, entryRows[entry * ENTRY_WORDS]!, entryRows[(entry + 1) * ENTRY_WORDS]!);
  }

  #firstEntry(directory: number): number { return this.#c.inodeRows[directory * INODE_WORDS + INODE.size]!; }
  #endEntry(directory: number): number { return this.#c.inodeRows[directory * INODE_WORDS + INODE.offset]!; }

  entryCount(directory: number): number { return this.#endEntry(directory) - this.#firstEntry(directory); }

  list(directory: number): DirEntry[] {
    const entries: DirEntry[] = [];
    for (let entry = this.#firstEntry(directory); entry < this.#endEntry(directory); entry++) {
      const ino = this.entryInode(entry);
      entries.push({ name: this.entryName(entry), ino, type: this.#mode(ino) & S_IFMT });
    }
    return entries;
  }

  #mode(inode: number): number { return this.#c.inodeRows[inode * INODE_WORDS]! & 0xffff; }
  #size(inode: number): number { return this.#long(inode, INODE.size, 0xffff, 0); }
  #offset(inode: number): number { return this.#long(inode, INODE.offset, 0xffff_0000, 16); }

  /** A number of 48 bits. */
  #long(inode: number, word: number, mask: number, shift: number): number {
    const rows = this.#c.inodeRows;
    return ((rows[inode * INODE_WORDS + INODE.high]! & mask) >>> shift) * 2 ** 32 + rows[inode * INODE_WORDS + word]!;
  }

  target(inode: number): string { return textAt(this.#c.text, this.#offset(inode), this.#offset(inode) + this.#size(inode)); }

  xattrs(inode: number): Map<string, Uint8Array> | undefined {
    return this.#c.inodeRows[inode * INODE_WORDS]! & HAS_XATTRS ? xattrsOf(this.#c.xattrs, inode) : undefined;
  }

  content(inode: number): Backing {
    if ((this.#mode(inode) & S_IFMT) !== S_IFREG) throw new LayerError('bad-index', `inode ${inode} is not a regular file`);
    const layer = this.#layers[(this.#c.inodeRows[inode * INODE_WORDS]! >>> 16) & MAX_LAYERS]!;
    const extents = this.#extentsOf(inode);
    if (extents) return new SparseContent(layer, this.#offset(inode), this.#size(inode), extents);
    return new PlainContent(layer, this.#offset(inode), this.#size(inode));
  }

  #extentsOf(inode: number): number[][] | undefined {
    const rows = this.#c.extents;
    if (rows.length === 0) return undefined;
    const found: number[][] = [];
    for (let at = firstRow(rows, 3, inode); rows[at] === inode; at += 3) found.push([rows[at + 1]!, rows[at + 2]!]);
    return found.length > 0 ? found : undefined;
  }
}

function sameBytes(text: Uint8Array, start: number, bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text[start + at - from] !== bytes[at]) return false;
  return true;
}

/** The content of one file, at its place in the tar. */
class PlainContent implements Backing {
  readonly size: number;
  readonly #layer: LayerContent;
  readonly #offset: number;
  constructor(layer: LayerContent, offset: number, size: number) {
    this.#layer = layer;
    this.#offset = offset;
    this.size = size;
  }

  get identity(): string { return `${this.#layer.diffId}:${this.#offset}`; }

  read(into: Uint8Array, offset: number): number {
    const length = Math.min(into.length, this.size - offset);
    return length <= 0 ? 0 : this.#layer.blob.read(length === into.length ? into : into.subarray(0, length), this.#offset + offset);
  }
}

/** A sparse file: extents lie one after the other in the tar, everything else is zero. */
class SparseContent implements Backing {
  readonly size: number;
  readonly identity: string;
  readonly stored: number;
  readonly #blob: Blob;
  /** Where each extent lies in the file, and in the tar; empty ones left out. */
  readonly #extents: { at: number; end: number; from: number }[] = [];
  constructor(layer: LayerContent, offset: number, size: number, extents: number[][]) {
    this.#blob = layer.blob;
    this.size = size;
    this.identity = `${layer.diffId}:${offset}`;
    let from = offset;
    for (const [at, length] of extents) {
      if (length! > 0) this.#extents.push({ at: at!, end: at! + length!, from });
      from += length!;
    }
    this.stored = from - offset;
  }

  read(into: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    into.fill(0, 0, length);
    for (let i = this.#next(offset); i < this.#extents.length && this.#extents[i]!.at < offset + length; i++) {
      const extent = this.#extents[i]!;
      const end = Math.min(offset + length, extent.end);
      for (let at = Math.max(offset, extent.at); at < end;) {
        const n = this.#blob.read(into.subarray(at - offset, end - offset), extent.from + at - extent.at);
        if (n === 0) return at - offset;
        at += n;
      }
    }
    return length;
  }

  nextData(offset: number): number {
    const extent = this.#extents[this.#next(offset)];
    return extent ? Math.max(offset, extent.at) : this.size;
  }

  nextHole(offset: number): number {
    let at = offset;
    for (let i = this.#next(at); i < this.#extents.length && this.#extents[i]!.at <= at; i++) at = this.#extents[i]!.end;
    return Math.min(at, this.size);
  }

  /** The first extent that ends behind an offset. */
  #next(offset: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#extents[middle]!.end <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
