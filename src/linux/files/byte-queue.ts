// A bounded first-in first-out queue of bytes: the buffer of pipes, sockets and terminals.

export class ByteQueue {
  #bytes: Uint8Array;
  #head = 0;
  #length = 0;
  #capacity: number;

  /** `capacity` in bytes; memory is taken as it fills. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(Math.min(capacity, 4096));
  }

  get length(): number { return this.#length; }
  get capacity(): number { return this.#capacity; }
  get free(): number { return this.#capacity - this.#length; }

  /** Changes the capacity, which may not become less than what is in the queue. */
  resize(capacity: number): void { this.#capacity = capacity; }

  /** Appends as much of `from` as fits and returns how much. */
  push(from: Uint8Array): number {
    const count = Math.min(from.length, this.free);
    this.#room(this.#length + count);
    const tail = (this.#head + this.#length) % this.#bytes.length;
    const first = Math.min(count, this.#bytes.length - tail);
    this.#bytes.set(from.subarray(0, first), tail);
    this.#bytes.set(from.subarray(first, count), 0);
    this.#length += count;
    return count;
  }

  /** Copies up to into.length bytes out without taking them. */
  peek(into: Uint8Array): number {
    const count = Math.min(into.length, this.#length);
    const first = Math.min(count, this.#bytes.length - this.#head);
    into.set(this.#bytes.subarray(this.#head, this.#head + first));
    into.set(this.#bytes.subarray(0, count - first), first);
    return count;
  }

  /** Takes up to into.length bytes. */
  shift(into: Uint8Array): number {
    const count = this.peek(into);
    this.drop(count);
    return count;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#head = (this.#head + count) % this.#bytes.length;
    this.#length -= count;
    if (this.#length === 0) this.#head = 0;
  }

  clear(): void { this.drop(this.#length); }

  #room(wanted: number): void {
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(this.#capacity, Math.max(wanted, this.#bytes.length * 2)));
    const length = this.peek(larger);
    this.#bytes = larger;
    this.#head = 0;
    this.#length = length;
  }
}
