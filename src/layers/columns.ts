// Columns of layer indexes and views: growing blocks of bytes and numbers, and extended attributes as rows over them.
import { latin1 } from '../base/index.ts';

/** A growing block of 32-bit words. */
export class WordColumn {
  #words: Uint32Array = new Uint32Array(256);
  length = 0;

  push(word: number): void {
    if (this.length === this.#words.length) {
      const old = this.#words;
      this.#words = new Uint32Array(2 * old.length);
      this.#words.set(old);
    }
    this.#words[this.length++] = word;
  }

  words(): Uint32Array { return this.#words.slice(0, this.length); }
}

/** A growing block of doubles. */
export class NumberColumn {
  #values: Float64Array = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const old = this.#values;
      this.#values = new Float64Array(2 * old.length);
      this.#values.set(old);
    }
    this.#values[this.length++] = value;
  }

  numbers(): Float64Array { return this.#values.slice(0, this.length); }
}

/** A growing block of bytes. */
export class ByteColumn {
  #bytes: Uint8Array = new Uint8Array(4096);
  length = 0;

  /** Appends latin1 text and tells where it begins. */
  text(text: string): number {
    const start = this.#take(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[start + i] = text.charCodeAt(i);
    return start;
  }

  /** Appends bytes and tells where they begin. */
  append(bytes: Uint8Array): number {
    const start = this.#take(bytes.length);
    this.#bytes.set(bytes, start);
    return start;
  }

  #take(length: number): number {
    const start = this.length;
    this.length += length;
    if (this.length <= this.#bytes.length) return start;
    const old = this.#bytes;
    this.#bytes = new Uint8Array(2 * this.length);
    this.#bytes.set(old.subarray(0, start));
    return start;
  }

  bytes(): Uint8Array { return this.#bytes.slice(0, this.length); }
}

/** Text of a block of bytes. */
export const textAt = (bytes: Uint8Array, from: number, to: number): string => latin1(bytes.subarray(from, to));

/** Extended attributes, by owner: few names, many values. */
export interface XattrColumns {
  names: string[];
  /** Rows of four, owners ascending: owner, the name's number, where the value begins, its length. */
  rows: Uint32Array;
  values: Uint8Array;
}

/** Collects extended attributes; owners come in ascending order. */
export class XattrBuilder {
  readonly #names = new Map<string, number>();
  readonly #rows = new WordColumn();
  readonly #values = new ByteColumn();

  add(owner: number, name: string, value: Uint8Array): void {
    let number = this.#names.get(name);
    if (number === undefined) this.#names.set(name, number = this.#names.size);
    for (const word of [owner, number, this.#values.append(value), value.length]) this.#rows.push(word);
  }

  columns(): XattrColumns { return { names: [...this.#names.keys()], rows: this.#rows.words(), values: this.#values.bytes() }; }
}

/** The extended attributes of one owner; undefined when it has none. */
export function xattrsOf({ names, rows, values }: XattrColumns, owner: number): Map<string, Uint8Array> | undefined {
  let found: Map<string, Uint8Array> | undefined;
  for (let at = firstRow(rows, 4, owner); rows[at] === owner; at += 4) {
    const start = rows[at + 2]!;
    (found ??= new Map()).set(names[rows[at + 1]!]!, values.slice(start, start + rows[at + 3]!));
  }
  return found;
}

/** Where the rows (of `width` values, owner first and ascending) of `owner` begin. */
export function firstRow(rows: Uint32Array | Float64Array, width: number, owner: number): number {
  let low = 0;
  let high = rows.length / width;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle * width]! < owner) low = middle + 1;
    else high = middle;
  }
  return low * width;
}
