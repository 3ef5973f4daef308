// The merged, read-only view of an image's layers: columns, one block of text, and one hash table for all directories. A lookup is one probe whatever the number of layers.
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { Blob } from '../host/ports.ts';
import type { Backing, DirEntry, LowerAttr, LowerTree } from '../vfs/index.ts';
import { LayerError } from './errors.ts';
import { type LayerIndex, NumberColumn } from './layer-index.ts';
import { mergeLayers, type MergedNode } from './merge.ts';

/** As stored. Inodes are numbered from 0, the root; names are numbered so that those of one directory follow each other. */
export interface ViewColumns {
  version: 1;
  inodes: number;
  /** All names, then all link targets, latin1. */
  text: string;
  /** Per inode. */
  layer: Uint16Array;
  mode: Uint32Array;
  uid: Uint32Array;
  gid: Uint32Array;
  rdev: Uint32Array;
  nlink: Uint32Array;
  size: Float64Array;
  mtimeSec: Float64Array;
  mtimeNs: Uint32Array;
  /** Where the content begins in the layer's tar; for a symbolic link where the target begins in `text`. */
  offset: Float64Array;
  /** Directories: the first of their names, and one past the last. */
  firstName: Uint32Array;
  endName: Uint32Array;
  /** Per name: where it begins in `text` (one more at the end), its directory, its inode. */
  nameStart: Uint32Array;
  nameDirectory: Uint32Array;
  nameInode: Uint32Array;
  /** Open addressing; 0 is free, else a name's number + 1. The length is a power of two. */
  table: Uint32Array;
  /** Rows of three, by inode: inode, where the extent lies in the file, its length. */
  extents: Float64Array;
  xattrs: { inode: number; name: string; value: Uint8Array }[];
}

/** FNV-1a over the name, started with the directory. */
function hashOf(directory: number, name: string): number {
  let hash = (0x811c9dc5 ^ Math.imul(directory + 1, 0x9e3779b1)) | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Merges layer indexes, lowest first, into one view. Throws LayerError. */
export function buildView(layers: readonly LayerIndex[]): ViewColumns {
  if (layers.length > 0xffff) throw new LayerError('too-large', `${layers.length} layers are more than a view can hold`);
  return new ViewBuilder(layers).build(mergeLayers(layers));
}

/** The columns with a value for each inode, and how each is kept. */
const inodeColumns = {
  layer: Uint16Array, mode: Uint32Array, uid: Uint32Array, gid: Uint32Array, rdev: Uint32Array, nlink: Uint32Array, size: Float64Array, mtimeSec: Float64Array, mtimeNs: Uint32Array, offset: Float64Array,
  firstName: Uint32Array, endName: Uint32Array,
} as const;
type Row = Record<keyof typeof inodeColumns, number>;
type InodeColumns = Pick<ViewColumns, keyof typeof inodeColumns>;

const columnsOf = (rows: readonly Row[]): InodeColumns => Object.fromEntries(
  Object.entries(inodeColumns).map(([name, Column]) => [name, Column.from(rows.map((row) => row[name as keyof Row]))]),
) as unknown as InodeColumns;

/** A directory that no member names. */
const impliedDirectory = { mode: S_IFDIR | 0o755, uid: 0, gid: 0, rdev: 0, size: 0, mtimeSec: 0, mtimeNs: 0, offset: 0 };

class ViewBuilder {
  readonly #layers: readonly LayerIndex[];
  readonly #numbers = new Map<MergedNode, number>();
  readonly #nodes: MergedNode[] = [];
  /** Per inode. One more first name stands at the end. */
  readonly #links: number[] = [2];
  readonly #firstName: number[] = [];
  readonly #names: string[] = [];
  readonly #nameStart = new NumberColumn();
  readonly #nameDirectory = new NumberColumn();
  readonly #nameInode = new NumberColumn();
  readonly #text: string[] = [];
  #textLength = 0;

  constructor(layers: readonly LayerIndex[]) { this.#layers = layers; }

  build(root: MergedNode): ViewColumns {
    this.#nameAll(root);
    const rows = this.#nodes.map((node, inode) => this.#row(node, inode));
    return {
      version: 1, inodes: rows.length, ...columnsOf(rows), nameStart: this.#nameStart.u32(), nameDirectory: this.#nameDirectory.u32(), nameInode: this.#nameInode.u32(), table: this.#table(),
      text: this.#text.join(''), ...this.#rare(),
    };
  }

  /** Numbers inodes and names, breadth first: #nodes grows while it is walked. */
  #nameAll(root: MergedNode): void {
    this.#number(root);
    for (let inode = 0; inode < this.#nodes.length; inode++) {
      this.#firstName.push(this.#names.length);
      for (const [name, child] of this.#nodes[inode]!.children ?? []) this.#name(inode, name, child);
    }
    this.#firstName.push(this.#names.length);
    this.#nameStart.push(this.#textLength);
  }

  #number(node: MergedNode): number {
    let number = this.#numbers.get(node);
    if (number === undefined) {
      this.#numbers.set(node, number = this.#nodes.length);
      this.#nodes.push(node);
    }
    return number;
  }

  #name(directory: number, name: string, child: MergedNode): void {
    const inode = this.#number(child);
    this.#names.push(name);
    this.#nameStart.push(this.#addText(name));
    this.#nameDirectory.push(directory);
    this.#nameInode.push(inode);
    this.#links[inode] = (this.#links[inode] ?? 0) + (child.children ? 2 : 1);
    if (child.children) this.#links[directory]!++;
  }

  /** Appends to the block of text and tells where. */
  #addText(text: string): number {
    const start = this.#textLength;
    this.#text.push(text);
    this.#textLength += text.length;
    return start;
  }

  #row(node: MergedNode, inode: number): Row {
    const place = { layer: node.layer, nlink: this.#links[inode]!, firstName: this.#firstName[inode]!, endName: this.#firstName[inode + 1]! };
    const layer = this.#layers[node.layer];
    const e = node.entry;
    if (e < 0 || !layer) return { ...impliedDirectory, ...place };
    const row = {
      mode: layer.mode[e]!, uid: layer.uid[e]!, gid: layer.gid[e]!, rdev: layer.rdev[e]!, size: layer.size[e]!, mtimeSec: layer.mtimeSec[e]!, mtimeNs: layer.mtimeNs[e]!, offset: layer.offset[e]!, ...place,
    };
    if ((row.mode & S_IFMT) !== S_IFLNK) return row;
    const target = layer.text.slice(layer.textStart[2 * e + 1], layer.textStart[2 * e + 2]);
    return { ...row, size: target.length, offset: this.#addText(target) };
  }

  /** What few inodes have: extents and xattrs. */
  #rare(): Pick<ViewColumns, 'extents' | 'xattrs'> {
    const byLayer = this.#layers.map(rareByEntry);
    const extents = new NumberColumn();
    const xattrs: ViewColumns['xattrs'] = [];
    this.#nodes.forEach(({ layer, entry }, inode) => {
      for (const [at, length] of byLayer[layer]?.extents.get(entry) ?? []) for (const value of [inode, at!, length!]) extents.push(value);
      for (const { name, value } of byLayer[layer]?.xattrs.get(entry) ?? []) xattrs.push({ inode, name, value });
    });
    return { extents: extents.f64(), xattrs };
  }

  #table(): Uint32Array {
    let size = 16;
    while (size < this.#names.length * 2) size *= 2;
    const table = new Uint32Array(size);
    const directories = this.#nameDirectory.u32();
    this.#names.forEach((name, number) => {
      let at = hashOf(directories[number]!, name) & (size - 1);
      while (table[at] !== 0) at = (at + 1) & (size - 1);
      table[at] = number + 1;
    });
    return table;
  }
}

/** Extents and xattrs of a layer by entry. */
function rareByEntry(layer: LayerIndex): { extents: Map<number, number[][]>; xattrs: Map<number, LayerIndex['xattrs']> } {
  const extents = new Map<number, number[][]>();
  for (let i = 0; i < layer.extents.length; i += 3) append(extents, layer.extents[i]!, [layer.extents[i + 1]!, layer.extents[i + 2]!]);
  const xattrs = new Map<number, LayerIndex['xattrs']>();
  for (const x of layer.xattrs) append(xattrs, x.entry, x);
  return { extents, xattrs };
}

function append<V>(map: Map<number, V[]>, key: number, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** A layer's uncompressed tar, and the name of its content. */
export interface LayerContent { readonly blob: Blob; readonly diffId: string }

/** A view over the tars of its layers: what an overlay is stacked on. */
export class ImageView implements LowerTree {
  readonly #c: ViewColumns;
  readonly #layers: readonly LayerContent[];
  #xattrs: Map<number, Map<string, Uint8Array>> | undefined;
  #extents: Map<number, number[][]> | undefined;

  constructor(columns: ViewColumns, layers: readonly LayerContent[]) {
    this.#c = columns;
    this.#layers = layers;
  }

  get count(): number { return this.#c.inodes; }

  attributes(inode: number): LowerAttr {
    const c = this.#c;
    return {
      mode: c.mode[inode]!, uid: c.uid[inode]!, gid: c.gid[inode]!, rdev: c.rdev[inode]!, nlink: c.nlink[inode]!, mtimeNs: BigInt(c.mtimeSec[inode]!) * 1_000_000_000n + BigInt(c.mtimeNs[inode]!),
    };
  }

  lookup(directory: number, name: string): number {
    const { table, nameDirectory, nameStart, text } = this.#c;
    const mask = table.length - 1;
    for (let at = hashOf(directory, name) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const number = table[at]! - 1;
      if (nameDirectory[number] !== directory) continue;
      const start = nameStart[number]!;
      if (nameStart[number + 1]! - start === name.length && text.startsWith(name, start)) return this.#c.nameInode[number]!;
    }
    return -1;
  }

  entryCount(directory: number): number { return this.#c.endName[directory]! - this.#c.firstName[directory]!; }

  list(directory: number): DirEntry[] {
    const { firstName, endName, nameStart, nameInode, text, mode } = this.#c;
    const entries: DirEntry[] = [];
    for (let number = firstName[directory]!; number < endName[directory]!; number++) {
      const ino = nameInode[number]!;
      entries.push({ name: text.slice(nameStart[number], nameStart[number + 1]), ino, type: mode[ino]! & S_IFMT });
    }
    return entries;
  }

  target(inode: number): string { return this.#c.text.slice(this.#c.offset[inode], this.#c.offset[inode]! + this.#c.size[inode]!); }

  xattrs(inode: number): Map<string, Uint8Array> | undefined {
    if (!this.#xattrs) {
      this.#xattrs = new Map();
      for (const x of this.#c.xattrs) {
        const own = this.#xattrs.get(x.inode) ?? new Map<string, Uint8Array>();
        this.#xattrs.set(x.inode, own.set(x.name, x.value));
      }
    }
    return this.#xattrs.get(inode);
  }

  content(inode: number): Backing {
    const c = this.#c;
    if ((c.mode[inode]! & S_IFMT) !== S_IFREG) throw new LayerError('bad-index', `inode ${inode} is not a regular file`);
    const layer = this.#layers[c.layer[inode]!]!;
    const offset = c.offset[inode]!;
    const extents = this.#extentsOf(inode);
    const identity = `${layer.diffId}:${offset}`;
    if (extents) return new SparseContent(layer.blob, offset, c.size[inode]!, extents, identity);
    return new PlainContent(layer.blob, offset, c.size[inode]!, identity);
  }

  #extentsOf(inode: number): number[][] | undefined {
    if (!this.#extents) {
      this.#extents = new Map();
      const rows = this.#c.extents;
      for (let i = 0; i < rows.length; i += 3) append(this.#extents, rows[i]!, [rows[i + 1]!, rows[i + 2]!]);
    }
    return this.#extents.get(inode);
  }
}

/** The content of one file, at its place in the tar. */
class PlainContent implements Backing {
  readonly size: number;
  readonly identity: string;
  readonly #blob: Blob;
  readonly #offset: number;
  constructor(blob: Blob, offset: number, size: number, identity: string) {
    this.#blob = blob;
    this.#offset = offset;
    this.size = size;
    this.identity = identity;
  }

  read(into: Uint8Array, offset: number): number {
    const length = Math.min(into.length, this.size - offset);
    return length <= 0 ? 0 : this.#blob.read(length === into.length ? into : into.subarray(0, length), this.#offset + offset);
  }
}

/** A sparse file: extents lie one after the other in the tar, everything else is zero. */
class SparseContent implements Backing {
  readonly size: number;
  readonly identity: string;
  readonly #blob: Blob;
  readonly #extents: { at: number; length: number; from: number }[] = [];
  constructor(blob: Blob, offset: number, size: number, extents: number[][], identity: string) {
    this.#blob = blob;
    this.size = size;
    this.identity = identity;
    let from = offset;
    for (const [at, length] of extents) {
      this.#extents.push({ at: at!, length: length!, from });
      from += length!;
    }
  }

  read(into: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    into.fill(0, 0, length);
    for (const extent of this.#extents) {
      const start = Math.max(offset, extent.at);
      const end = Math.min(offset + length, extent.at + extent.length);
      for (let at = start; at < end;) {
        const n = this.#blob.read(into.subarray(at - offset, end - offset), extent.from + at - extent.at);
        if (n === 0) return at - offset;
        at += n;
      }
    }
    return length;
  }
}
