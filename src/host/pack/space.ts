// Which blocks of a pack are free: runs, sorted by place and never touching each other. Blocks from `end` on were never used.

/** So many blocks from `start` on. */
export interface Extent { readonly start: number; readonly count: number }

/** A run this long is worth taking when nothing holds all that is asked for. */
const WORTHWHILE = 256;

export class Space {
  #end = 0;
  #runs: Extent[] = [];

  /** What is used; all else below the last of it is free. Throws RangeError when two extents overlap. */
  static around(used: Iterable<Extent>): Space {
    const space = new Space();
    for (const extent of [...used].filter((e) => e.count > 0).sort((a, b) => a.start - b.start)) {
      if (extent.start < space.#end) throw new RangeError(`block ${extent.start} belongs to two files`);
      if (extent.start > space.#end) space.#runs.push({ start: space.#end, count: extent.start - space.#end });
      space.#end = extent.start + extent.count;
    }
    return space;
  }

  /** Blocks in use or free below the last one in use. */
  get end(): number { return this.#end; }
  get freeBlocks(): number { return this.#runs.reduce((sum, run) => sum + run.count, 0); }

  /** Takes `count` blocks, if possible those from `after` on: few extents, in the order to fill them. */
  take(count: number, after: number): Extent[] {
    const taken: Extent[] = [];
    for (let left = count, at = after; left > 0;) {
      const extent = this.#takeOne(left, at);
      taken.push(extent);
      left -= extent.count;
      at = extent.start + extent.count;
    }
    return taken;
  }

  /** Takes the `count` blocks that lie in front, in however many extents. */
  takeFront(count: number): Extent[] {
    const taken: Extent[] = [];
    let left = count;
    for (let run = this.#runs[0]; run && left > 0; run = this.#runs[0]) {
      taken.push(this.#cut(0, Math.min(left, run.count)));
      left -= taken.at(-1)!.count;
    }
    return left > 0 ? [...taken, this.#grow(left)] : taken;
  }

  #takeOne(count: number, after: number): Extent {
    if (after === this.#end) return this.#grow(count);
    const index = this.#choose(count, after);
    if (index < 0) return this.#grow(count);
    return this.#cut(index, Math.min(count, this.#runs[index]!.count));
  }

  /** Takes the first blocks of a run. */
  #cut(index: number, taken: number): Extent {
    const { start, count } = this.#runs[index]!;
    if (taken === count) this.#runs.splice(index, 1);
    else this.#runs[index] = { start: start + taken, count: count - taken };
    return { start, count: taken };
  }

  /** The run that goes on at `after`, else the first that holds all, else the first worthwhile one; -1: none. */
  #choose(count: number, after: number): number {
    const next = this.#runs.findIndex((run) => run.start === after);
    if (next >= 0) return next;
    const whole = this.#runs.findIndex((run) => run.count >= count);
    return whole >= 0 ? whole : this.#runs.findIndex((run) => run.count >= WORTHWHILE);
  }

  #grow(count: number): Extent {
    const start = this.#end;
    this.#end += count;
    return { start, count };
  }

  /** Gives blocks back; runs that touch become one, and what reaches `end` lowers it. */
  free(extents: readonly Extent[]): void {
    const merged: Extent[] = [];
    for (const run of [...this.#runs, ...extents].filter((e) => e.count > 0).sort((a, b) => a.start - b.start)) {
      const last = merged.at(-1);
      if (last && last.start + last.count === run.start) merged[merged.length - 1] = { start: last.start, count: last.count + run.count };
      else merged.push(run);
    }
    const last = merged.at(-1);
    if (last && last.start + last.count === this.#end) {
      this.#end = last.start;
      merged.pop();
    }
    this.#runs = merged;
  }
}
