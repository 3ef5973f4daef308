// Where libraries are put: the same file at the same place in every process and every run, so that translations, which depend on addresses, serve all of them.
import type { CacheStore } from '../host/ports.ts';
import { ADDRESS_END, MMAP_BASE, PAGE_SIZE } from '../guest/index.ts';

const KEY = 'placements';
const MOST = 1024;
/** Places stay low, so that memories stay compact. */
const HIGHEST = MMAP_BASE + 0x1000_0000;
const keyOf = (identity: string, length: number): string => `${identity}+${length}`;

/** Addresses by the identity of a file and the length of its mapping. What the cache holds is only advice: a place that is taken is not used. */
export class Placements {
  readonly #places = new Map<string, number>();
  readonly #cache: CacheStore | undefined;
  #changed = false;

  constructor(cache?: CacheStore) {
    this.#cache = cache;
    const kept = cache?.get(KEY);
    if (kept) this.#read(new TextDecoder().decode(kept));
  }

  get(identity: string, length: number): number | undefined { return this.#places.get(keyOf(identity, length)); }

  set(identity: string, length: number, address: number): void {
    const key = keyOf(identity, length);
    if (this.#places.size >= MOST || this.#places.has(key)) return;
    this.#places.set(key, address);
    this.#changed = true;
  }

  /** Room for a file that has no place yet: free by `findFree(low)`, and nobody's place. undefined when the places have grown too far up. */
  newRoom(length: number, findFree: (low: number) => number | undefined): number | undefined {
    for (let low = MMAP_BASE; low < HIGHEST;) {
      const at = findFree(low);
      if (at === undefined) return undefined;
      const taken = this.#endOfOneIn(at, at + length);
      if (taken === undefined) return at;
      low = taken;
    }
    return undefined;
  }

  /** The end of a known place that meets [start, end). */
  #endOfOneIn(start: number, end: number): number | undefined {
    for (const [key, address] of this.#places) {
      const to = address + Number(key.slice(key.lastIndexOf('+') + 1));
      if (address < end && to > start) return to;
    }
    return undefined;
  }

  /** Keeps new places for the next run. */
  save(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#cache?.put(KEY, new TextEncoder().encode([...this.#places].map(([key, address]) => `${address.toString(16)} ${key}\n`).join('')));
  }

  /** A line per place; lines that cannot be are passed over. */
  #read(text: string): void {
    for (const line of text.split('\n').slice(0, MOST)) {
      const found = /^([0-9a-f]{1,8}) (\S+\+[0-9]{1,10})$/.exec(line);
      const address = found ? parseInt(found[1]!, 16) : 0;
      if (found && address >= MMAP_BASE && address < ADDRESS_END && address % PAGE_SIZE === 0) this.#places.set(found[2]!, address);
    }
  }
}
