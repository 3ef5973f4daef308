// Futexes: queues of waiters by the identity of a word in memory. futex(2).
import { WaitQueue } from '../base/index.ts';

/** One waiting task: woken when its queue's turn comes. A waiter that was woken has left its list. */
export interface FutexWaiter {
  key: string;
  readonly bitset: number;
  /** What the blocked call waits on. */
  readonly woken: WaitQueue;
  done: boolean;
}

/** All waiters of a container. A key names a word: by space and address, or by shared object and offset. */
export class Futexes {
  readonly #lists = new Map<string, Set<FutexWaiter>>();

  add(key: string, bitset: number): FutexWaiter {
    const waiter: FutexWaiter = { key, bitset, woken: new WaitQueue(), done: false };
    this.#list(key).add(waiter);
    return waiter;
  }

  /** Takes a waiter away that gave up. */
  remove(waiter: FutexWaiter): void {
    const list = this.#lists.get(waiter.key);
    list?.delete(waiter);
    if (list?.size === 0) this.#lists.delete(waiter.key);
  }

  /** Wakes up to `count` waiters whose bitset meets `bitset`, in the order they came; returns how many. */
  wake(key: string, count: number, bitset = 0xffff_ffff): number {
    let woken = 0;
    for (const waiter of [...(this.#lists.get(key) ?? [])]) {
      if (woken >= count) break;
      if ((waiter.bitset & bitset) === 0) continue;
      this.remove(waiter);
      waiter.done = true;
      waiter.woken.wake();
      woken++;
    }
    return woken;
  }

  /** Moves up to `count` waiters to another word without waking them; returns how many. */
  requeue(from: string, to: string, count: number): number {
    let moved = 0;
    for (const waiter of [...(this.#lists.get(from) ?? [])]) {
      if (moved >= count) break;
      this.remove(waiter);
      waiter.key = to;
      this.#list(to).add(waiter);
      moved++;
    }
    return moved;
  }

  #list(key: string): Set<FutexWaiter> {
    let list = this.#lists.get(key);
    if (!list) this.#lists.set(key, list = new Set());
    return list;
  }
}
