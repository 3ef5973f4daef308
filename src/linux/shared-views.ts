// The shared objects mapped in one address space: what was stored to them here, and what others changed of them.
// A page that is mapped more than once here is written through one mapping at a time: a store through one takes the rights from the others, and whoever touches those next gets what was stored.
import { PROT_WRITE } from '../abi/index.ts';
import { PAGE_SHIFT, PAGE_SIZE, Perm } from '../guest/index.ts';
import type { GuestMemory } from '../guest/index.ts';
import type { Region } from './regions.ts';
import type { Change, SharedObject } from './shared-memory.ts';

export class SharedViews {
  readonly #memory: GuestMemory;
  readonly #regions: () => readonly Region[];
  /** Objects that are mapped here, and the version of each that this space has seen. */
  readonly #seen: Map<SharedObject, number>;
  /** Pages that were stored to and not given up. */
  readonly #written = new Set<number>();
  /** Pages that show an old content, with the rights that they have again once they show the new one. */
  readonly #hidden = new Map<number, number>();
  readonly #demandChecks: () => void;

  /** `demandChecks`: from now on loads without the right to read must be noticed, too. */
  constructor(memory: GuestMemory, regions: () => readonly Region[], demandChecks: () => void, seen: Iterable<readonly [SharedObject, number]> = []) {
    this.#memory = memory;
    this.#regions = regions;
    this.#demandChecks = demandChecks;
    memory.onSharedStore = undefined;
    this.#seen = new Map(seen);
  }

  /** The objects with the versions seen: what a forked child begins with. */
  get seen(): Iterable<readonly [SharedObject, number]> { return this.#seen; }

  /** A first or further mapping of an object: this space holds the newest content from now on. */
  add(object: SharedObject): void {
    object.holder?.giveUp(object);
    if (this.#seen.has(object)) this.catchUp(object);
    object.holder = this;
    this.#seen.set(object, object.version);
  }

  /** A mapping has come, or may be written to: where there is another of the same part, both shall show the same. */
  noteAliases(region: Region): void {
    if (!region.object || this.#memory.onSharedStore) return;
    const meets = (other: Region): boolean => other.start !== region.start && other.offset < region.offset + region.end - region.start && region.offset < other.offset + other.end - other.start;
    if (this.#regions().some((other) => other.object === region.object && (region.prot | other.prot) & PROT_WRITE && meets(other))) this.keepAlike();
  }

  /** Whether there were mappings of the same. */
  get areKeptAlike(): boolean { return this.#memory.onSharedStore !== undefined; }

  /** From now on a store hides what other mappings of its page show. */
  keepAlike(): void {
    this.#demandChecks();
    this.#memory.onSharedStore = (page) => { this.#hideOthers(page); };
  }

  /** A page is about to be stored to: further mappings of it show an old content then. */
  #hideOthers(page: number): void {
    const address = page * PAGE_SIZE;
    const region = this.#regions().find(({ object, start, end }) => object && start <= address && address < end);
    if (!region) return;
    const offset = region.offset + address - region.start;
    for (const other of this.#regions()) {
      const alias = other.start + offset - other.offset;
      if (other.object === region.object && alias !== address && alias >= other.start && alias < other.end) this.#hide(alias >>> PAGE_SHIFT);
    }
  }

  #hide(page: number): void {
    if (this.#hidden.has(page)) return;
    const now = this.#memory.perms[page]! & ~Perm.code;
    const perm = now & Perm.write ? (now & ~Perm.write) | Perm.watched : now;
    this.#hidden.set(page, perm);
    this.#memory.protect(page * PAGE_SIZE, PAGE_SIZE, perm & ~(Perm.read | Perm.write | Perm.watched | Perm.execute));
  }

  /** What is hidden of an object has been loaded anew. */
  #show(object: SharedObject): void {
    for (const [page, perm] of this.#hidden) {
      const address = page * PAGE_SIZE;
      if (this.#regions().some((r) => r.object === object && r.start <= address && address < r.end)) this.#showPage(page, perm);
    }
  }

  #showPage(page: number, perm: number): void {
    this.#hidden.delete(page);
    this.#memory.protect(page * PAGE_SIZE, PAGE_SIZE, perm);
  }

  /** A fault at an address: whether that was a page with an old content, which shows the new one now. */
  reveal(address: number): boolean {
    if (!this.#hidden.has(address >>> PAGE_SHIFT)) return false;
    this.revealAll();
    return true;
  }

  /** Every mapping shows what was stored through any. */
  revealAll(): void {
    if (this.#hidden.size === 0) return;
    for (const object of this.#seen.keys()) this.giveUp(object);
    for (const [page, perm] of this.#hidden) this.#showPage(page, perm);
  }

  /** No mapping of the object is left. */
  remove(object: SharedObject): void {
    this.#seen.delete(object);
    if (object.holder === this) object.holder = undefined;
  }

  /** Called before a task of this space runs: takes over what other spaces changed of shared memory. */
  enter(): void {
    for (const object of this.#seen.keys()) {
      if (object.holder === this) continue;
      object.holder?.giveUp(object);
      this.catchUp(object);
      object.holder = this;
    }
  }

  /** Loads the pages of an object that changed since this space saw it last. */
  catchUp(object: SharedObject): void {
    const pages = object.changedSince(this.#seen.get(object) ?? -1);
    for (const region of this.#regions()) {
      if (region.object !== object) continue;
      if (!pages) this.load(region);
      else for (const offset of pages) this.#loadPage(region, offset);
    }
    this.#seen.set(object, object.version);
  }

  #loadPage(region: Region, offset: number): void {
    const address = region.start + offset - region.offset;
    if (address < region.start || address >= region.end) return;
    const page = this.#memory.bytes.subarray(address, address + PAGE_SIZE);
    page.fill(0, region.object!.load(offset, page));
  }

  /** Stores what was changed of [offset, offset + length) of a shared object where other spaces, and the file, find it; further mappings of it in this space show it too. */
  giveUp(object: SharedObject, offset = 0, length = Infinity): void {
    this.#noteWritten();
    if (this.#written.size === 0) return;
    const [from, to] = this.#hidden.size > 0 ? [0, Infinity] : [offset, offset + length];
    const changes = this.#regions().flatMap((r) => (r.object === object && !r.readOnlyShared ? this.#changesOf(r, from, to) : []));
    for (const change of changes) object.store(change);
    if (changes.length > 0) this.catchUp(object);
    if (this.#hidden.size > 0) this.#show(object);
  }

  #noteWritten(): void {
    for (const page of this.#memory.written.splice(0)) this.#written.add(page);
  }

  /** What was stored to the pages of a region that lie in [from, to) of its object; they are watched again. A store may begin in the page before the one that it was noted for. */
  #changesOf(region: Region, from: number, to: number): Change[] {
    const changes: Change[] = [];
    const low = Math.max(region.start, region.start + from - region.offset);
    const high = Math.min(region.end, region.start + to - region.offset);
    for (const page of [...this.#written]) {
      const address = page * PAGE_SIZE;
      if (address + PAGE_SIZE <= low || address >= high) continue;
      this.#written.delete(page);
      this.#memory.watchShared(page);
      const start = address > region.start && !this.#written.has(page - 1) ? address - PAGE_SIZE : address;
      changes.push(...region.object!.changes(region.offset + start - region.start, this.#memory.bytes.subarray(start, address + PAGE_SIZE)));
    }
    return changes;
  }

  /** Everything that was stored through shared mappings of this space is where others, and the files, find it. */
  settle(): void { for (const object of this.#seen.keys()) if (object.holder === this) this.giveUp(object); }

  /** Before the memory is copied: nothing is written and not given up. */
  giveUpAll(): void { for (const object of this.#seen.keys()) this.giveUp(object); }

  /** Fills a mapping with the object's content. */
  load(region: Region): void {
    region.object!.load(region.offset, this.#memory.bytes.subarray(region.start, region.end));
  }

  /** The space ends: everything is where others find it. */
  release(): void {
    this.settle();
    for (const object of [...this.#seen.keys()]) this.remove(object);
  }
}
