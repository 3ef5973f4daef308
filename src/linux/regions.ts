// The mapped regions of an address space: a sorted list, with splitting, merging and the search for free room.
import type { OpenFile } from '../vfs/index.ts';
import type { SharedObject } from './shared-memory.ts';

/** A file that is mapped. */
export interface MappedFile {
  readonly file: OpenFile;
  /** As /proc/[pid]/maps shows it. */
  readonly path: string;
  /** MAP_SHARED of a descriptor that may be written: stores reach the file. */
  readonly writable: boolean;
}

/** Pages [start, end) with the same rights and the same origin. */
export interface Region {
  start: number;
  end: number;
  /** PROT_*. */
  prot: number;
  /** Private file mappings: what was copied in, and the offset in the file of `start`. */
  file?: MappedFile | undefined;
  offset: number;
  /** Shared mappings: the object behind, at `offset`. */
  object?: SharedObject | undefined;
  /** `[heap]`, `[stack]`, for /proc/[pid]/maps. */
  label?: string | undefined;
  /** Bytes may differ from zero: they are zeroed when unmapped. */
  dirty: boolean;
  /** Shared mapping of a file opened only for reading: mprotect cannot make it writable. */
  readOnlyShared: boolean;
  /** The identity of the file whose bytes these are, at `offset`; undefined once they could be written to. */
  content?: string | undefined;
}

/** Whether something may have been put into a region: it is not only reserved. */
export const isResident = (region: Region): boolean => region.prot !== 0 && (region.dirty || region.file !== undefined);

const mergeable = (a: Region, b: Region): boolean =>
  a.end === b.start && a.prot === b.prot && a.label === b.label && a.object === b.object && a.file?.file === b.file?.file && a.dirty === b.dirty && a.content === b.content && a.readOnlyShared === b.readOnlyShared
  && (a.file === undefined && a.object === undefined || a.offset + (a.end - a.start) === b.offset);

export class Regions {
  #list: Region[] = [];

  get all(): readonly Region[] { return this.#list; }

  copy(): Regions {
    const c = new Regions();
    c.#list = this.#list.map((r) => ({ ...r }));
    return c;
  }

  /** Index of the first region that ends after `address`. */
  #first(address: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#list[middle]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  at(address: number): Region | undefined {
    const region = this.#list[this.#first(address)];
    return region && region.start <= address ? region : undefined;
  }

  /** The regions that meet [start, end), whole. */
  meeting(start: number, end: number): Region[] {
    const from = this.#first(start);
    let to = from;
    while (to < this.#list.length && this.#list[to]!.start < end) to++;
    return this.#list.slice(from, to);
  }

  isFree(start: number, end: number): boolean {
    const region = this.#list[this.#first(start)];
    return !region || region.start >= end;
  }

  /** Whether every page of [start, end) belongs to a region. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (const region of this.meeting(start, end)) {
      if (region.start > at) return false;
      at = region.end;
    }
    return at >= end;
  }

  #splitAt(address: number): void {
    const index = this.#first(address);
    const region = this.#list[index];
    if (!region || region.start >= address) return;
    const rest: Region = { ...region, start: address, offset: region.offset + (address - region.start) };
    region.end = address;
    this.#list.splice(index + 1, 0, rest);
  }

  /** The regions of [start, end), split at its ends, so that they can be changed as they are. */
  carve(start: number, end: number): Region[] {
    this.#splitAt(start);
    this.#splitAt(end);
    return this.meeting(start, end);
  }

  /** Takes [start, end) out and returns what was there. */
  remove(start: number, end: number): Region[] {
    const gone = this.carve(start, end);
    if (gone.length > 0) this.#list.splice(this.#first(start), gone.length);
    return gone;
  }

  /** Adds a region to free room. */
  insert(region: Region): void {
    this.#list.splice(this.#first(region.start), 0, region);
    this.mergeAround(region.start, region.end);
  }

  /** Joins neighbours that are alike, in and at the ends of [start, end). */
  mergeAround(start: number, end: number): void {
    let index = Math.max(0, this.#first(start) - 1);
    while (index + 1 < this.#list.length && this.#list[index]!.start <= end) {
      const [a, b] = [this.#list[index]!, this.#list[index + 1]!];
      if (mergeable(a, b)) {
        a.end = b.end;
        this.#list.splice(index + 1, 1);
      } else index++;
    }
  }

  /** The lowest free room of `length` bytes in [low, high), or undefined. */
  findFree(length: number, low: number, high: number): number | undefined {
    let at = low;
    for (let i = this.#first(low); i < this.#list.length; i++) {
      const region = this.#list[i]!;
      if (region.start - at >= length) break;
      at = Math.max(at, region.end);
    }
    return at + length <= high ? at : undefined;
  }
}
