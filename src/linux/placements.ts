// Where libraries are put: the same file at the same place in every process and every run, so that translations, which depend on addresses, serve all of them.
import type { CacheStore } from '../host/ports.ts';
import { ADDRESS_END, MMAP_BASE, PAGE_SIZE } from '../guest/index.ts';

const KEY = 'placements';
const MOST = 4096;

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

  get(key: string): number | undefined { return this.#places.get(key); }

  set(key: string, address: number): void {
    if (this.#places.size >= MOST || this.#places.has(key)) return;
    this.#places.set(key, address);
    this.#changed = true;
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
      const found = /^([0-9a-f]{1,8}) (\S+)$/.exec(line);
      const address = found ? parseInt(found[1]!, 16) : 0;
      if (found && address >= MMAP_BASE && address < ADDRESS_END && address % PAGE_SIZE === 0) this.#places.set(found[2]!, address);
    }
  }
}
