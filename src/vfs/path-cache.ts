// HOT: (bench/lookup.ts) where directory parts of paths lead, remembered: most lookups then cost one name instead of eight.
import type { Mount } from './mounts.ts';
import { treeVersion } from './tree-version.ts';
import type { Credentials, Inode, Place } from './types.ts';

const ENTRIES = 2048;
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

interface Entry extends Remembered {
  readonly hash: number;
  readonly length: number;
  readonly version: number;
  readonly startMount: Mount;
  readonly startInode: Inode;
  readonly rootMount: Mount;
  readonly rootInode: Inode;
  /** Whose rights let the walk pass; undefined: everybody may. */
  readonly credentials: Credentials | undefined;
}

/** A direct-mapped cache of bounded size (256 KiB of names at most), keyed by the bytes themselves. */
export class PathCache {
  readonly #entries = new Array<Entry | undefined>(ENTRIES).fill(undefined);
  readonly #words = new Int32Array(ENTRIES * WORDS);

  /** Where the bytes [from, to) lead from `start`, if that is known. */
  find(view: DataView, from: number, to: number, start: Place, root: Place, credentials: Credentials): Remembered | undefined {
    const length = to - from;
    if (length < MIN_BYTES || length > MAX_BYTES) return undefined;
    const hash = hashOf(view, from, to);
    const slot = hash & (ENTRIES - 1);
    const entry = this.#entries[slot];
    if (!entry || entry.hash !== hash || entry.length !== length || entry.version !== treeVersion.count) return undefined;
    if (entry.startInode !== start.inode || entry.startMount !== start.mount || entry.rootInode !== root.inode || entry.rootMount !== root.mount) return undefined;
    if (entry.credentials !== undefined && entry.credentials !== credentials) return undefined;
    return this.#holds(slot, view, from, to) ? entry : undefined;
  }

  /** Remembers where [from, to) leads. `credentials` as in Entry. */
  remember(view: DataView, from: number, to: number, start: Place, root: Place, credentials: Credentials | undefined, { mount, inode, links }: Remembered): void {
    const length = to - from;
    if (length < MIN_BYTES || length > MAX_BYTES) return;
    const hash = hashOf(view, from, to);
    const slot = hash & (ENTRIES - 1);
    let word = slot * WORDS;
    for (let at = from; at + 4 <= to; at += 4) this.#words[word++] = view.getInt32(at, true);
    if (length & 3) this.#words[word] = view.getInt32(to - 4, true);
    this.#entries[slot] = {
      hash, length, version: treeVersion.count, startMount: start.mount, startInode: start.inode, rootMount: root.mount, rootInode: root.inode, credentials, mount, inode, links,
    };
  }

  #holds(slot: number, view: DataView, from: number, to: number): boolean {
    const words = this.#words;
    let word = slot * WORDS;
    let at = from;
    for (; at + 4 <= to; at += 4) if (words[word++] !== view.getInt32(at, true)) return false;
    return at === to || words[word] === view.getInt32(to - 4, true);
  }
}

/** Four bytes at a time; what is left over as the last four. */
function hashOf(view: DataView, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = mix(hash, view.getInt32(at, true));
  if (at < to) hash = mix(hash, view.getInt32(to - 4, true));
  return hash ^ (hash >>> 15);
}

const mix = (hash: number, word: number): number => {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};
