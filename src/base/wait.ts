// Blocking without waiting: a queue of callbacks that somebody wakes, and the value a core function returns instead of blocking.

/** Callbacks to run when something changed. A callback stays until it is removed. */
export class WaitQueue {
  readonly #waiters = new Set<() => void>();

  add(waiter: () => void): void { this.#waiters.add(waiter); }
  remove(waiter: () => void): void { this.#waiters.delete(waiter); }

  /** Calls every waiter that was there when wake began. */
  wake(): void {
    if (this.#waiters.size > 1) for (const waiter of [...this.#waiters]) waiter();
    else for (const waiter of this.#waiters) { waiter(); break; }
  }

  /** Calls at most `count` waiters in the order they came and returns how many. Each must remove itself. */
  wakeSome(count: number): number {
    let woken = 0;
    for (const waiter of [...this.#waiters]) {
      if (woken >= count) break;
      waiter();
      woken++;
    }
    return woken;
  }

  get size(): number { return this.#waiters.size; }
}

/** "Not now": returned by a core function that would block. The caller tries again once one of `on` wakes or `deadlineNs` (monotonic clock) is reached. */
export class Wait {
  readonly on: readonly WaitQueue[];
  readonly deadlineNs: bigint | undefined;
  constructor(on: readonly WaitQueue[], deadlineNs?: bigint) { this.on = on; this.deadlineNs = deadlineNs; }
}
