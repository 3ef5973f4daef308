// Which blocks of a file changed since the last commit, and what is said of them in the journal.
import { ABSENT, type Run } from './block-map.ts';

/** The runs of [from, to), and ABSENT between them. */
export function withGaps(runs: readonly Run[], from: number, to: number): Run[] {
  const all: Run[] = [];
  let at = from;
  for (const run of [...runs, { block: to, place: ABSENT, count: 0 }]) {
    if (run.block > at) all.push({ block: at, place: ABSENT, count: run.block - at });
    if (run.count > 0) all.push(run);
    at = run.block + run.count;
  }
  return all;
}

/** Which blocks got another place since the last commit. */
export class ContentChanges {
  /** Blocks from here on were cut off before they came back. */
  cutFrom = Infinity;
  #ranges: [from: number, to: number][] = [];

  add(block: number): void {
    const last = this.#ranges.at(-1);
    if (last && last[1] === block) last[1]++;
    else if (!last || block < last[0] || block >= last[1]) this.#ranges.push([block, block + 1]);
  }

  cut(from: number): void {
    this.cutFrom = Math.min(this.cutFrom, from);
    this.#ranges = this.#ranges.filter((range) => range[0] < from);
    for (const range of this.#ranges) range[1] = Math.min(range[1], from);
  }

  clear(): void {
    this.cutFrom = Infinity;
    this.#ranges = [];
  }

  /** Ranges that do not touch each other, in ascending order. */
  ranges(): [number, number][] {
    const merged: [number, number][] = [];
    for (const [from, to] of this.#ranges.sort((a, b) => a[0] - b[0])) {
      const last = merged.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    return this.#ranges = merged;
  }
}
