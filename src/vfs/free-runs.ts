// Free blocks of a store as runs. Runs that touch are one, whatever the order in which they came back.

/** How many runs are looked at for one that is long enough. */
const SEARCH = 32;

export class FreeRuns {
  readonly #lengths = new Map<number, number>();
  /** From one past the end of a run to its start. */
  readonly #starts = new Map<number, number>();
  /** Free blocks in all. */
  total = 0;

  /** Takes up to `wanted` blocks that follow each other: all of them where a run is long enough, else the longest run that was seen. undefined: nothing is free. */
  take(wanted: number): { start: number; count: number } | undefined {
    const start = this.#choose(wanted);
    if (start < 0) return undefined;
    const length = this.#lengths.get(start)!;
    const count = Math.min(wanted, length);
    this.#remove(start, length);
    if (length > count) this.#insert(start + count, length - count);
    return { start, count };
  }

  #choose(wanted: number): number {
    let best = -1, longest = 0, seen = 0;
    for (const [start, length] of this.#lengths) {
      if (length > longest) [best, longest] = [start, length];
      if (length >= wanted || ++seen === SEARCH) break;
    }
    return best;
  }

  /** Gives blocks back. */
  add(start: number, count: number): void {
    const end = start + count;
    const from = this.#starts.get(start) ?? start;
    const after = this.#lengths.get(end) ?? 0;
    if (from < start) this.#remove(from, start - from);
    if (after > 0) this.#remove(end, after);
    this.#insert(from, end + after - from);
  }

  /** Takes the run of at least `least` blocks that ends at `end` and tells its start; `end` itself when there is none. */
  takeTail(end: number, least: number): number {
    const start = this.#starts.get(end);
    if (start === undefined || end - start < least) return end;
    this.#remove(start, end - start);
    return start;
  }

  #insert(start: number, count: number): void {
    this.#lengths.set(start, count);
    this.#starts.set(start + count, start);
    this.total += count;
  }

  #remove(start: number, count: number): void {
    this.#lengths.delete(start);
    this.#starts.delete(start + count);
    this.total -= count;
  }
}
