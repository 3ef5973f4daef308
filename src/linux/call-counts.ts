// What --stats says of system calls: how many of each there were, how many failed, and how long they took, without the time in which they waited.

interface Count { calls: number; errors: number; ns: bigint }

export class CallCounts {
  readonly #byNumber = new Map<number, Count>();
  readonly #nowNs: () => bigint;
  #begunNs = 0n;

  constructor(nowNs: () => bigint) { this.#nowNs = nowNs; }

  /** A call begins, or goes on after it has waited. */
  begin(): void { this.#begunNs = this.#nowNs(); }

  /** It waits now. */
  wait(number: number): void { this.#of(number).ns += this.#nowNs() - this.#begunNs; }

  end(number: number, failed: boolean): void {
    const count = this.#of(number);
    this.wait(number);
    count.calls++;
    if (failed) count.errors++;
  }

  #of(number: number): Count {
    let count = this.#byNumber.get(number);
    if (!count) this.#byNumber.set(number, count = { calls: 0, errors: 0, ns: 0n });
    return count;
  }

  get totalNs(): bigint { return [...this.#byNumber.values()].reduce((sum, { ns }) => sum + ns, 0n); }
  get calls(): number { return [...this.#byNumber.values()].reduce((sum, { calls }) => sum + calls, 0); }

  /** What took longest first. */
  entries(): (readonly [number: number, Readonly<Count>])[] { return [...this.#byNumber].sort(([, a], [, b]) => Number(b.ns - a.ns)); }
}
