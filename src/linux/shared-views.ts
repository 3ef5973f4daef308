// The shared objects mapped in one address space: what was stored to them here, and what others changed of them.
import { PAGE_SIZE } from '../guest/index.ts';
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

  constructor(memory: GuestMemory, regions: () => readonly Region[], seen: Iterable<readonly [SharedObject, number]> = []) {
    this.#memory = memory;
    this.#regions = regions;
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
    const changes = this.#regions().flatMap((r) => (r.object === object && !r.readOnlyShared ? this.#changesOf(r, offset, offset + length) : []));
    for (const change of changes) object.store(change);
    if (changes.length > 0) this.catchUp(object);
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
