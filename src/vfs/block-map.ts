// Which place of the store holds each block of a file: tables of 256 blocks, made where something was written.

/** A block whose zeros hide what the backing has. */
export const HOLE = -1;
/** A block that is promised (fallocate) and not written: it reads as zeros. */
export const RESERVED = -2;
/** In what is kept of a file: the entry is gone. */
export const ABSENT = -3;
/** No entry: the backing's bytes, or zeros. Values above are places + 1. */
const NONE = 0;

const TABLE = 256;
const FIRST = 4;

/** So many blocks of the file from `block` on: at `place` and the following places, or all HOLE, RESERVED or ABSENT. */
export interface Run { readonly block: number; readonly place: number; readonly count: number }

export class BlockMap {
  readonly #tables = new Map<number, Int32Array>();
  /** Blocks that have an entry. */
  size = 0;
  /** Blocks that have a place or are promised one. */
  allocated = 0;

  /** The place of a block, HOLE, RESERVED, or undefined without an entry. */
  get(block: number): number | undefined {
    const value = this.#value(block);
    return value === NONE ? undefined : value > 0 ? value - 1 : value;
  }

  set(block: number, place: number | undefined): void {
    const value = place === undefined ? NONE : place >= 0 ? place + 1 : place;
    const old = this.#value(block);
    if (old === value) return;
    this.#table(block)[block % TABLE] = value;
    this.size += Number(value !== NONE) - Number(old !== NONE);
    this.allocated += Number(takesRoom(value)) - Number(takesRoom(old));
  }

  #value(block: number): number {
    const table = this.#tables.get(Math.floor(block / TABLE));
    return table?.[block % TABLE] ?? NONE;
  }

  /** The table of a block, long enough for it. */
  #table(block: number): Int32Array {
    const number = Math.floor(block / TABLE);
    const old = this.#tables.get(number);
    const at = block % TABLE;
    if (old && at < old.length) return old;
    let length = old?.length ?? FIRST;
    while (length <= at) length *= 2;
    const table = new Int32Array(length);
    if (old) table.set(old);
    this.#tables.set(number, table);
    return table;
  }

  /** Blocks with an entry in [from, to), in ascending order. They may be changed while this goes on. */
  *blocks(from = 0, to = Infinity): Generator<number> {
    for (const number of this.#numbers(from, to)) {
      const start = number * TABLE;
      for (let block = Math.max(from, start); block < Math.min(to, start + (this.#tables.get(number)?.length ?? 0)); block++) if (this.#value(block) !== NONE) yield block;
    }
  }

  /** The first block with an entry from `from` on; Infinity when there is none. */
  next(from: number): number {
    for (const block of this.blocks(from)) return block;
    return Infinity;
  }

  #numbers(from: number, to: number): number[] {
    const [first, last] = [Math.floor(from / TABLE), Math.floor((to - 1) / TABLE)];
    if (last - first < this.#tables.size) return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i).filter((n) => this.#tables.has(n));
    return [...this.#tables.keys()].filter((n) => n >= first && n <= last).sort((a, b) => a - b);
  }

  /** What lies in [from, to), as runs. */
  *runs(from = 0, to = Infinity): Generator<Run> {
    let block = -1, place = 0, count = 0;
    for (const next of this.blocks(from, to)) {
      const at = this.get(next)!;
      if (count > 0 && next === block + count && at === (place >= 0 ? place + count : place)) {
        count++;
        continue;
      }
      if (count > 0) yield { block, place, count };
      [block, place, count] = [next, at, 1];
    }
    if (count > 0) yield { block, place, count };
  }

  /** Forgets all blocks from `from` on. */
  cut(from: number): void {
    for (const block of this.blocks(from)) this.set(block, undefined);
    for (const number of this.#tables.keys()) if (number * TABLE >= from) this.#tables.delete(number);
  }
}

const takesRoom = (value: number): boolean => value > 0 || value === RESERVED;
