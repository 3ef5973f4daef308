// A map from names to values that is asked with bytes as well as with text, and keeps the order of insertion: the names of one directory.
import { hashText, slotOf } from './name-hash.ts';
import type { Name } from './types.ts';

const SMALLEST = 8;
const noSlots = new Int32Array(1);

/** Open addressing over hashes; entries lie in order of insertion. `undefined` is never a value. */
export class NameMap<V> {
  #names: (Name | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #hashes: number[] = [];
  /** An entry's number + 1; 0 is free. Removed entries keep their slot until the table is made again. */
  #slots: Int32Array = noSlots;
  #size = 0;

  get size(): number { return this.#size; }

  /** The value of the name bytes[from, to), whose hashName is `hash`. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): V | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = slotOf(hash, mask); ; at = (at + 1) & mask) {
      const entry = slots[at]! - 1;
      if (entry < 0) return undefined;
      if (this.#hashes[entry] === hash && isName(this.#names[entry], bytes, from, to)) return this.#values[entry];
    }
  }

  get(name: Name): V | undefined {
    const entry = this.#entryOf(name, hashText(name));
    return entry < 0 ? undefined : this.#values[entry];
  }

  set(name: Name, value: V): void {
    const hash = hashText(name);
    const entry = this.#entryOf(name, hash);
    if (entry >= 0) this.#values[entry] = value;
    else this.#append(name, value, hash);
  }

  delete(name: Name): void {
    const entry = this.#entryOf(name, hashText(name));
    if (entry < 0) return;
    this.#names[entry] = this.#values[entry] = undefined;
    this.#size--;
  }

  /** Names and values in order of insertion. Nothing may be added meanwhile. */
  * entries(): Generator<[Name, V]> {
    for (let entry = 0; entry < this.#names.length; entry++) {
      const name = this.#names[entry];
      if (name !== undefined) yield [name, this.#values[entry]!];
    }
  }

  #entryOf(name: Name, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = slotOf(hash, mask); ; at = (at + 1) & mask) {
      const entry = slots[at]! - 1;
      if (entry < 0 || (this.#hashes[entry] === hash && this.#names[entry] === name)) return entry;
    }
  }

  #append(name: Name, value: V, hash: number): void {
    if (2 * (this.#names.length + 1) > this.#slots.length) this.#rebuild();
    this.#names.push(name);
    this.#values.push(value);
    this.#hashes.push(hash);
    this.#size++;
    this.#fillSlot(hash, this.#names.length);
  }

  #fillSlot(hash: number, filling: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = slotOf(hash, mask);
    while (slots[at] !== 0) at = (at + 1) & mask;
    slots[at] = filling;
  }

  /** A table for twice the entries there are, without the removed ones. */
  #rebuild(): void {
    const kept = [...this.entries()];
    let size = SMALLEST;
    while (size < 4 * (kept.length + 1)) size *= 2;
    this.#slots = new Int32Array(size);
    this.#names = kept.map(([name]) => name);
    this.#values = kept.map(([, value]) => value);
    this.#hashes = this.#names.map((name) => hashText(name!));
    this.#hashes.forEach((hash, entry) => { this.#fillSlot(hash, entry + 1); });
  }
}

function isName(name: Name | undefined, bytes: Uint8Array, from: number, to: number): boolean {
  if (name === undefined || name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

