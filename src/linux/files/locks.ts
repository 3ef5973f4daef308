// File locks: POSIX and open-file-description record locks (fcntl(2)) and whole-file locks (flock(2)).
import { F_UNLCK, F_WRLCK, LOCK_EX, LOCK_SH } from '../../abi/index.ts';
import { WaitQueue } from '../../base/index.ts';
import type { Inode } from '../../vfs/index.ts';

/** A range of bytes [start, end) that `owner` holds; end is Infinity up to the end of the file, whatever it is. */
export interface RecordLock { type: number; start: number; end: number; /** Descriptor table or open file description. */ owner: object; /** What F_GETLK reports: -1 for description locks. */ pid: number }

class LockList {
  records: RecordLock[] = [];
  readonly flocks = new Map<object, number>();
  readonly changed = new WaitQueue();
  /** Who waits for a record lock, and for whose. */
  readonly waiting = new Map<object, object>();
}

const overlaps = (a: RecordLock, b: RecordLock): boolean => a.start < b.end && b.start < a.end;
const conflicts = (a: RecordLock, b: RecordLock): boolean => a.owner !== b.owner && overlaps(a, b) && (a.type === F_WRLCK || b.type === F_WRLCK);

export class Locks {
  readonly #lists = new WeakMap<Inode, LockList>();

  #of(inode: Inode): LockList {
    const list = this.#lists.get(inode) ?? new LockList();
    this.#lists.set(inode, list);
    return list;
  }

  /** Woken when a lock of the file goes. */
  changed(inode: Inode): WaitQueue { return this.#of(inode).changed; }

  /** The lock that stands in the way of `wanted`, if any (F_GETLK). */
  conflict(inode: Inode, wanted: RecordLock): RecordLock | undefined {
    return this.#lists.get(inode)?.records.find((held) => conflicts(held, wanted));
  }

  /** Sets or (F_UNLCK) removes a range; the caller has made sure that nothing conflicts. */
  set(inode: Inode, wanted: RecordLock): void {
    const list = this.#of(inode);
    const kept = list.records.flatMap((held) => (held.owner === wanted.owner && overlaps(held, wanted) ? cut(held, wanted) : [held]));
    if (wanted.type !== F_UNLCK) kept.push(wanted);
    list.records = kept.sort((a, b) => a.start - b.start);
    list.changed.wake();
  }

  /** Notes that `waiter` waits for `holder`; true when that closes a circle (EDEADLK). */
  wouldDeadlock(inode: Inode, waiter: object, holder: object): boolean {
    const { waiting } = this.#of(inode);
    for (let at: object | undefined = holder; at; at = waiting.get(at)) if (at === waiter) return true;
    waiting.set(waiter, holder);
    return false;
  }

  stopWaiting(inode: Inode, waiter: object): void { this.#of(inode).waiting.delete(waiter); }

  /** All record locks of an owner on the file go: the process closed a descriptor of it. */
  releaseRecords(inode: Inode, owner: object): void {
    const list = this.#lists.get(inode);
    if (!list?.records.some((held) => held.owner === owner)) return;
    list.records = list.records.filter((held) => held.owner !== owner);
    list.changed.wake();
  }

  /** Takes or changes a whole-file lock; false when another description is in the way. `kind` is LOCK_SH or LOCK_EX. */
  flock(inode: Inode, owner: object, kind: number): boolean {
    const { flocks } = this.#of(inode);
    for (const [holder, held] of flocks) if (holder !== owner && (held === LOCK_EX || kind === LOCK_EX)) return false;
    flocks.set(owner, kind);
    if (kind === LOCK_SH) this.#of(inode).changed.wake();
    return true;
  }

  unflock(inode: Inode, owner: object): void {
    const list = this.#lists.get(inode);
    if (list?.flocks.delete(owner)) list.changed.wake();
  }
}

/** What is left of a held range when `wanted` takes its part. */
function cut(held: RecordLock, wanted: RecordLock): RecordLock[] {
  const left = held.start < wanted.start ? [{ ...held, end: wanted.start }] : [];
  const right = held.end > wanted.end ? [{ ...held, start: wanted.end }] : [];
  return [...left, ...right];
}

