// Builds the view of an image from the indexes of its layers.
import { S_IFDIR, S_IFLNK, S_IFMT } from '../abi/index.ts';
import { hashName, slotOf } from '../vfs/index.ts';
import { ByteColumn, NumberColumn, WordColumn, XattrBuilder, xattrsOf, firstRow } from './columns.ts';
import { LayerError } from './errors.ts';
import type { LayerIndex } from './layer-index.ts';
import { mergeLayers, type MergedNode } from './merge.ts';
import { ENTRY, ENTRY_WORDS, FAR_TIME, HAS_XATTRS, hashIn, INODE, INODE_WORDS, MAX_LAYERS, MAX_SIZE, type ViewColumns } from './view.ts';

/** Merges layer indexes, lowest first, into one view. Throws LayerError. */
export function buildView(layers: readonly LayerIndex[]): ViewColumns {
  if (layers.length > MAX_LAYERS) throw new LayerError('too-large', `${layers.length} layers are more than a view can hold`);
  return new ViewBuilder(layers).build(mergeLayers(layers));
}

const IMPLIED_MODE = S_IFDIR | 0o755;

class ViewBuilder {
  readonly #layers: readonly LayerIndex[];
  /** By inode; grows while it is walked. */
  readonly #nodes: MergedNode[] = [];
  readonly #links: number[] = [];
  readonly #firstEntry: number[] = [];
  readonly #entries = new WordColumn();
  readonly #text = new ByteColumn();
  readonly #farTimes = new NumberColumn();
  readonly #extents = new NumberColumn();
  readonly #xattrs = new XattrBuilder();

  constructor(layers: readonly LayerIndex[]) { this.#layers = layers; }

  build(root: MergedNode): ViewColumns {
    this.#nameAll(root);
    const entryRows = this.#entries.words();
    const entries = (entryRows.length - 1) / ENTRY_WORDS;
    const slots = this.#slots(entryRows, entries);
    const inodeRows = this.#inodeRows();
    return {
      version: 3, inodes: this.#nodes.length, entries, inodeRows, entryRows, slots, text: this.#text.bytes(), farTimes: this.#farTimes.numbers(), extents: this.#extents.numbers(),
      xattrs: this.#xattrs.columns(),
    };
  }

  /** Numbers inodes and entries, breadth first. */
  #nameAll(root: MergedNode): void {
    this.#number(root);
    this.#links[0] = 2;
    for (let inode = 0; inode < this.#nodes.length; inode++) {
      this.#firstEntry.push(this.#entries.length / ENTRY_WORDS);
      const { children } = this.#nodes[inode]!;
      if (children) for (const [name, child] of children) this.#enter(inode, name, child);
    }
    this.#firstEntry.push(this.#entries.length / ENTRY_WORDS);
    this.#entries.push(this.#text.length);
  }

  #number(node: MergedNode): number {
    if (node.inode >= 0) return node.inode;
    node.inode = this.#nodes.length;
    this.#nodes.push(node);
    this.#links.push(0);
    return node.inode;
  }

  #enter(directory: number, name: string, child: MergedNode): void {
    const inode = this.#number(child);
    this.#entries.push(this.#text.text(name));
    this.#entries.push(directory);
    this.#entries.push(inode);
    this.#links[inode]! += child.children ? 2 : 1;
    if (child.children) this.#links[directory]!++;
  }

  #slots(rows: Uint32Array, entries: number): Uint32Array {
    let size = 16;
    while (size < entries * 2) size *= 2;
    const slots = new Uint32Array(size);
    const mask = size - 1;
    const text = this.#text.bytes();
    for (let entry = 0; entry < entries; entry++) {
      const at = entry * ENTRY_WORDS;
      const hash = hashIn(rows[at + ENTRY.directory]!, hashName(text, rows[at]!, rows[at + ENTRY_WORDS]!));
      let slot = slotOf(hash, mask);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hash & ~mask) | (entry + 1);
    }
    return slots;
  }

  #inodeRows(): Uint32Array {
    const rows = new Uint32Array(this.#nodes.length * INODE_WORDS);
    const mtimes = new BigInt64Array(rows.buffer);
    this.#nodes.forEach((node, inode) => {
      const at = inode * INODE_WORDS;
      const layer = this.#layers[node.layer];
      rows[at + INODE.nlink] = this.#links[inode]!;
      if (node.entry < 0 || !layer) rows[at] = IMPLIED_MODE;
      else this.#fromEntry(rows, mtimes, inode, node, layer);
      if (!node.children) return;
      rows[at + INODE.size] = this.#firstEntry[inode]!;
      rows[at + INODE.offset] = this.#firstEntry[inode + 1]!;
      rows[at + INODE.high] = 0;
    });
    return rows;
  }

  #fromEntry(rows: Uint32Array, mtimes: BigInt64Array, inode: number, { layer: number, entry }: MergedNode, layer: LayerIndex): void {
    const at = inode * INODE_WORDS;
    const mode = layer.mode[entry]!;
    rows[at] = mode | (number << 16) | (this.#copyXattrs(layer, entry, inode) ? HAS_XATTRS : 0);
    rows[at + INODE.uid] = layer.uid[entry]!;
    rows[at + INODE.gid] = layer.gid[entry]!;
    rows[at + INODE.rdev] = layer.rdev[entry]!;
    mtimes[(at + INODE.mtime) / 2] = this.#mtime(inode, layer.mtimeSec[entry]!, layer.mtimeNs[entry]!);
    if ((mode & S_IFMT) === S_IFLNK) this.#setTarget(rows, at, layer, entry);
    else setContent(rows, at, layer.size[entry]!, layer.offset[entry]!);
    for (let row = firstRow(layer.extents, 3, entry); layer.extents[row] === entry; row += 3) for (const value of [inode, layer.extents[row + 1]!, layer.extents[row + 2]!]) this.#extents.push(value);
  }

  #setTarget(rows: Uint32Array, at: number, layer: LayerIndex, entry: number): void {
    const target = layer.text.subarray(layer.textStart[2 * entry + 1], layer.textStart[2 * entry + 2]);
    setContent(rows, at, target.length, this.#text.append(target));
  }

  /** Nanoseconds since 1970, or FAR_TIME for what they do not reach. */
  #mtime(inode: number, seconds: number, nanoseconds: number): bigint {
    if (Math.abs(seconds) < 9e9) return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    for (const value of [inode, seconds, nanoseconds]) this.#farTimes.push(value);
    return FAR_TIME;
  }

  #copyXattrs(layer: LayerIndex, entry: number, inode: number): boolean {
    if (layer.xattrs.rows.length === 0) return false;
    const own = xattrsOf(layer.xattrs, entry);
    if (own) for (const [name, value] of own) this.#xattrs.add(inode, name, value);
    return own !== undefined;
  }
}

function setContent(rows: Uint32Array, at: number, size: number, offset: number): void {
  if (size > MAX_SIZE || offset > MAX_SIZE) throw new LayerError('too-large', `a file of ${size} bytes at ${offset} is more than a view can hold`);
  rows[at + INODE.size] = size >>> 0;
  rows[at + INODE.offset] = offset >>> 0;
  rows[at + INODE.high] = Math.floor(size / 2 ** 32) | (Math.floor(offset / 2 ** 32) << 16);
}
