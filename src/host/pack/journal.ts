// The journal of a pack: which files there are and where their blocks lie. Two slots: changes are appended to one; when it has grown, all that holds now is written to the other, which counts from then on.
import { record, recordAt } from '../../base/index.ts';
import type { RandomFile } from '../ports.ts';
import { PackError } from './errors.ts';
import type { Extent } from './space.ts';

/** A file as the journal knows it. */
export interface Entry { readonly size: number; readonly extents: readonly Extent[] }

/** A file's new state; undefined: it is gone. All changes of one record happen, or none. */
export type Change = readonly [path: string, entry: Entry | undefined];

const VERSION = 1;
/** A slot is made longer before it is needed, so that changes can be told of when the disk is full. */
const SLACK_BYTES = 1 << 16;
/** The journal is written anew when it is this many bytes and four times what it began with. */
const COMPACT_BYTES = 1 << 16;

interface Head { readonly version: number; readonly generation: number; readonly files: readonly Packed[] }
/** A change as JSON: start and count of each extent one after the other; no size: the file is gone. */
type Packed = readonly [path: string, size?: number, ...extents: number[]];

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const pack = ([path, entry]: Change): Packed => (entry ? [path, entry.size, ...entry.extents.flatMap(({ start, count }) => [start, count])] : [path]);

function unpack([path, size, ...numbers]: Packed): Change {
  if (size === undefined) return [path, undefined];
  return [path, { size, extents: Array.from({ length: numbers.length / 2 }, (_, i) => ({ start: numbers[2 * i]!, count: numbers[2 * i + 1]! })) }];
}

function wholeOf(file: RandomFile): Uint8Array {
  const bytes = new Uint8Array(file.size);
  for (let got = 0, n = 1; got < bytes.length && n > 0; got += n) n = file.read(bytes.subarray(got), got);
  return bytes;
}

/** Whether there is a whole record behind one that is not. A torn tail has none: one record is written at a time. */
function goesOnAfter(bytes: Uint8Array, end: number, generation: number): boolean {
  for (let at = end + 1; at < bytes.length; at++) if (recordAt(bytes, at, generation)) return true;
  return false;
}

/** What a slot holds; `torn`: something follows that is no record. */
interface Slot { readonly head: Head; readonly changes: Change[]; readonly headEnd: number; readonly end: number; readonly torn: boolean }

/** What a slot holds, or undefined when it was never written whole. Throws PackError 'version', 'damaged'. */
function readSlot(slot: RandomFile): Slot | undefined {
  const bytes = wholeOf(slot);
  const first = recordAt(bytes, 0);
  if (!first) return undefined;
  const head = decode(first.bytes) as Head;
  if (head.version !== VERSION) throw new PackError('version', `the store was written by another version of Wherry (format ${head.version}, this is ${VERSION})`);
  const changes = head.files.map(unpack);
  let { end } = first;
  for (let next = recordAt(bytes, end, head.generation); next; next = recordAt(bytes, end, head.generation)) {
    changes.push(...(decode(next.bytes) as Packed[]).map(unpack));
    end = next.end;
  }
  const torn = bytes.subarray(end).some((byte) => byte !== 0);
  if (torn && goesOnAfter(bytes, end, head.generation)) throw new PackError('damaged', 'the store is damaged: a record in the middle of its journal cannot be read');
  return { head, changes, headEnd: first.end, end, torn };
}

export class Journal {
  readonly #slots: readonly [RandomFile, RandomFile];
  #current: 0 | 1 = 0;
  #generation = 0;
  #headEnd = 0;
  #end = 0;
  #broken: unknown;

  private constructor(slots: readonly [RandomFile, RandomFile]) { this.#slots = slots; }

  /** Reads what the slots hold; `isNew` says whether an unreadable journal is one that was never written. A torn tail is dropped. Throws PackError. */
  static open(slots: readonly [RandomFile, RandomFile], isNew: boolean): { journal: Journal; changes: readonly Change[] } {
    const journal = new Journal(slots);
    const read = slots.map(readSlot);
    const current = (read[1]?.head.generation ?? 0) > (read[0]?.head.generation ?? 0) ? 1 : 0;
    const found = read[current];
    if (!found && !isNew) throw new PackError('damaged', 'the store is damaged: its journal cannot be read');
    if (!found) {
      journal.rewrite([]);
      return { journal, changes: [] };
    }
    journal.#current = current;
    journal.#generation = found.head.generation;
    journal.#headEnd = found.headEnd;
    journal.#end = found.end;
    if (found.torn) slots[current].truncate(found.end);
    journal.#makeRoom();
    return { journal, changes: found.changes };
  }

  /** It has grown, or is at the end of its slot: what holds now should be written to the other one. */
  get isFull(): boolean { return (this.#end > COMPACT_BYTES && this.#end > 4 * this.#headEnd) || this.#slots[this.#current].size - this.#end < SLACK_BYTES / 4; }

  /** Whether an error left a record behind that may or may not count: nothing can be added any more. */
  get isBroken(): boolean { return this.#broken !== undefined; }

  /** Adds one record; durable when this returns. When it throws, nothing was added. */
  append(changes: readonly Change[]): void {
    this.#demandWhole();
    const slot = this.#slots[this.#current];
    const bytes = record(encode(changes.map(pack)), this.#generation);
    try {
      slot.write(bytes, this.#end);
      slot.sync();
    } catch (error) {
      this.#undo(slot);
      throw error;
    }
    this.#end += bytes.length;
    this.#makeRoom();
  }

  /** Makes the slots longer when the next records, or what holds now, might not fit. */
  #makeRoom(): void {
    this.#lengthen(this.#slots[this.#current], this.#end);
    this.#lengthen(this.#slots[this.#other], this.#headEnd);
  }

  #lengthen(slot: RandomFile, used: number): void {
    if (slot.size - used >= SLACK_BYTES / 2) return;
    try { slot.truncate(used + SLACK_BYTES); } catch { /* a full disk: there is still what is left */ }
  }

  get #other(): 0 | 1 { return this.#current === 0 ? 1 : 0; }

  /** A record that could not be written whole must not count later. */
  #undo(slot: RandomFile): void {
    try {
      slot.truncate(this.#end);
      slot.sync();
    } catch (error) { this.#broken = error; }
  }

  /** Begins anew in the other slot with the files that there are now. */
  rewrite(files: Iterable<readonly [string, Entry]>): void {
    this.#demandWhole();
    const other = this.#generation > 0 ? this.#other : 0;
    const head: Head = { version: VERSION, generation: this.#generation + 1, files: Array.from(files, pack) };
    const bytes = record(encode(head));
    const slot = this.#slots[other];
    try {
      slot.write(bytes, 0);
      slot.sync();
    } catch (error) {
      try { slot.truncate(0); } catch (second) { this.#broken = second; }
      throw error;
    }
    this.#current = other;
    this.#generation = head.generation;
    this.#headEnd = this.#end = bytes.length;
    this.#makeRoom();
  }

  #demandWhole(): void {
    if (this.#broken !== undefined) throw new PackError('broken', `the store can no longer be written: ${String((this.#broken as Error).message ?? this.#broken)}`);
  }
}
