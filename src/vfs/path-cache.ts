// HOT: (bench/lookup.ts) where directory parts of paths lead, remembered: most lookups then cost one name instead of eight.
import type { Mount } from './mounts.ts';
import { treeVersion } from './tree-version.ts';
import type { Credentials, Inode, Place } from './types.ts';

const ENTRY_BITS = 11;
const ENTRIES = 1 << ENTRY_BITS;
const SLOT_SHIFT = 32 - ENTRY_BITS;
/** Directory parts from 4 to this many bytes are remembered. */
const MAX_BYTES = 128;
const MIN_BYTES = 4;
const WORDS = MAX_BYTES / 4;

/** Where a directory part leads: valid for the same start, root and rights, while the tree's version stays. */
export interface Remembered {
  readonly mount: Mount;
  readonly inode: Inode;
  /** Symbolic links followed on the way. */
  readonly links: number;
}

class Entry implements Remembered {
  readonly slot: number;
  readonly length: number;
  readonly version = treeVersion.count;
  readonly start: Place;
  readonly root: Place;
  /** Whose rights let the walk pass; undefined: everybody may. */
  readonly credentials: Credentials | undefined;
  readonly mount: Mount;
  readonly inode: Inode;
  readonly links: number;

  constructor(slot: number, length: number, start: Place, root: Place, credentials: Credentials | undefined, end: Remembered) {
    this.slot = slot;
    this.length = length;
    this.start = start;
    this.root = root;
    this.credentials = credentials;
    this.mount = end.mount;
    this.inode = end.inode;
    this.links = end.links;
  }

  holds(start: Place, root: Place, credentials: Credentials): boolean {
    return this.version === treeVersion.count && this.start === start && this.root === root && (this.credentials === undefined || this.credentials === credentials);
  }
}

/** A direct-mapped cache of bounded size (256 KiB of names at most), keyed by the bytes themselves. */
export class PathCache {
  readonly #entries = new Array<Entry | undefined>(ENTRIES).fill(undefined);
  #last: Entry | undefined;
  readonly #words = new Int32Array(ENTRIES * WORDS);

  /** The entry that was found or made last, if the bytes at `from` begin with it: many paths in turn lie in one directory. */
  again(view: DataView, from: number, start: Place, root: Place, credentials: Credentials): Entry | undefined {
    const entry = this.#last;
    if (entry === undefined || from + entry.length > view.byteLength || !hasBytes(this.#words, entry.slot, view, from, from + entry.length)) return undefined;
    return entry.holds(start, root, credentials) ? entry : undefined;
  }

  /** Where the bytes [from, to) lead from `start`, if that is known. */
  find(view: DataView, from: number, to: number, start: Place, root: Place, credentials: Credentials): Remembered | undefined {
    const length = to - from;
    if (length < MIN_BYTES || length > MAX_BYTES) return undefined;
    const slot = slotFor(view, from, to);
    const entry = this.#entries[slot];
    if (entry === undefined || entry.length !== length || !entry.holds(start, root, credentials) || !hasBytes(this.#words, slot, view, from, to)) return undefined;
    return this.#last = entry;
  }

  /** Remembers where [from, to) leads. `credentials` as in Entry. */
  remember(view: DataView, from: number, to: number, start: Place, root: Place, credentials: Credentials | undefined, end: Remembered): void {
    const length = to - from;
    if (length < MIN_BYTES || length > MAX_BYTES) return;
    const slot = slotFor(view, from, to);
    let word = slot * WORDS;
    for (let at = from; at + 4 <= to; at += 4) this.#words[word++] = view.getInt32(at, true);
    if (length & 3) this.#words[word] = view.getInt32(to - 4, true);
    this.#last = this.#entries[slot] = new Entry(slot, length, start, root, credentials, end);
  }
}

/** Whether the slot's words are the bytes [from, to). */
function hasBytes(words: Int32Array, slot: number, view: DataView, from: number, to: number): boolean {
  let word = slot * WORDS;
  let at = from;
  for (; at + 4 <= to; at += 4) if (words[word++] !== view.getInt32(at, true)) return false;
  return at === to || words[word] === view.getInt32(to - 4, true);
}

/** The bytes' slot: four bytes at a time, what is left over as the last four. */
function slotFor(view: DataView, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
  if (at < to) hash = Math.imul(hash ^ view.getInt32(to - 4, true), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) >>> SLOT_SHIFT;
}
