// Callbacks at points of the monotonic clock: a binary heap, run by the machine between slices.

interface Entry { deadlineNs: bigint; run: (() => void) | undefined }

export class Timers {
  readonly #heap: Entry[] = [];

  /** Calls `run` once the monotonic clock has reached `deadlineNs`; the returned function takes it back. */
  at(deadlineNs: bigint, run: () => void): () => void {
    const entry: Entry = { deadlineNs, run };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return () => { entry.run = undefined; };
  }

  /** When the next callback is due. */
  get nextNs(): bigint | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.run) this.#pop();
    return this.#heap[0]?.deadlineNs;
  }

  /** Runs everything due at `nowNs`. */
  run(nowNs: bigint): void {
    for (let next = this.nextNs; next !== undefined && next <= nowNs; next = this.nextNs) {
      const entry = this.#pop();
      const { run } = entry;
      entry.run = undefined;
      run?.();
    }
  }

  #less(a: number, b: number): boolean { return this.#heap[a]!.deadlineNs < this.#heap[b]!.deadlineNs; }
  #swap(a: number, b: number): void { [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!]; }

  #up(at: number): void {
    for (let parent = (at - 1) >> 1; at > 0 && this.#less(at, parent); at = parent, parent = (at - 1) >> 1) this.#swap(at, parent);
  }

  #pop(): Entry {
    const top = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return top;
  }

  #down(at: number): void {
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < this.#heap.length && this.#less(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
