// HOT: numbers by addresses of guest code. A program of 80,000 blocks asks a million times while it is decoded; a Map takes five times as long, and a fork copies this one as bytes.

/** What a removed entry holds: the search goes on behind it. */
const REMOVED = 0xffff_ffff;
const SMALLEST = 10;

/** Open addressing with linear probing, at most half full. Values lie in 1 … 2^32 - 2. */
export class PcTable {
  #bits = SMALLEST;
  #keys = new Uint32Array(1 << SMALLEST);
  #values = new Uint32Array(1 << SMALLEST);
  /** Places that are not empty, with the removed ones. */
  #taken = 0;
  #size = 0;

  copy(): PcTable {
    const other = new PcTable();
    other.#bits = this.#bits;
    other.#keys = this.#keys.slice();
    other.#values = this.#values.slice();
    other.#taken = this.#taken;
    other.#size = this.#size;
    return other;
  }

  get size(): number { return this.#size; }

  /** The number at pc, or 0. */
  get(pc: number): number { return this.#valueAt(this.#find(pc)); }

  has(pc: number): boolean { return this.get(pc) !== 0; }

  set(pc: number, value: number): void {
    const at = this.#find(pc);
    if (this.#values[at] === 0) this.#taken++;
    if (this.#valueAt(at) === 0) this.#size++;
    this.#keys[at] = pc;
    this.#values[at] = value;
    if (2 * this.#taken > this.#keys.length) this.#grow();
  }

  delete(pc: number): void {
    const at = this.#find(pc);
    if (this.#valueAt(at) === 0) return;
    this.#values[at] = REMOVED;
    this.#size--;
  }

  clear(): void {
    this.#values.fill(0);
    this.#taken = this.#size = 0;
  }

  /** Calls `visit` with every pc and its number; entries may be changed and removed meanwhile. */
  each(visit: (pc: number, value: number) => void): void {
    const keys = this.#keys;
    const values = this.#values;
    for (let at = 0; at < keys.length; at++) if (values[at] !== 0 && values[at] !== REMOVED) visit(keys[at]!, values[at]!);
  }

  #valueAt(at: number): number {
    const value = this.#values[at]!;
    return value === REMOVED ? 0 : value;
  }

  /** Where pc is, was before it was removed, or would go. */
  #find(pc: number): number {
    const keys = this.#keys, values = this.#values, mask = keys.length - 1;
    let at = Math.imul(pc, 0x9e37_79b1) >>> (32 - this.#bits);
    while (values[at] !== 0 && keys[at] !== pc) at = (at + 1) & mask;
    return at;
  }

  /** Room for twice as many as there are; removed ones go. */
  #grow(): void {
    const keys = this.#keys, values = this.#values;
    this.#bits = Math.max(SMALLEST, 34 - Math.clz32(this.#size));
    this.#keys = new Uint32Array(1 << this.#bits);
    this.#values = new Uint32Array(1 << this.#bits);
    this.#taken = this.#size;
    for (let at = 0; at < keys.length; at++) {
      const value = values[at]!;
      if (value === 0 || value === REMOVED) continue;
      const to = this.#find(keys[at]!);
      this.#keys[to] = keys[at]!;
      this.#values[to] = value;
    }
  }
}
