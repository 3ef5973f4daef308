// Memory that several address spaces share: the content lives in the space that ran last, and moves when another one is entered. Only one task runs at a time, so this is exact.
import { PAGE_SIZE } from '../guest/index.ts';
import type { OpenFile } from '../vfs/index.ts';
import type { AddressSpace } from './address-space.ts';

let nextId = 1;

/** One shared object: an anonymous one keeps its bytes, a file's are the file's. */
export interface SharedObject {
  /** For futex keys. */
  readonly id: number;
  /** The space whose pages hold the newest content. */
  holder: AddressSpace | undefined;
  load(offset: number, into: Uint8Array): void;
  store(offset: number, from: Uint8Array): void;
}

/** MAP_SHARED | MAP_ANONYMOUS. */
export class AnonymousObject implements SharedObject {
  readonly id = nextId++;
  holder: AddressSpace | undefined;
  #bytes = new Uint8Array(0);

  load(offset: number, into: Uint8Array): void {
    const held = this.#bytes.subarray(offset, offset + into.length);
    into.set(held);
    into.fill(0, held.length);
  }

  store(offset: number, from: Uint8Array): void {
    if (this.#bytes.length < offset + from.length) {
      const larger = new Uint8Array(offset + from.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(from, offset);
  }
}

/** MAP_SHARED of a file that was opened for writing: bytes that stores changed reach the file when another space is entered, at msync, munmap and exit. */
export class FileObject implements SharedObject {
  readonly id = nextId++;
  holder: AddressSpace | undefined;
  readonly #file: OpenFile;
  /** What was read, so that only what the program changed is written and writes by other means are kept. */
  #base = new Uint8Array(0);
  constructor(file: OpenFile) { this.#file = file; }

  load(offset: number, into: Uint8Array): void {
    into.fill(0, readWhole(this.#file, offset, into));
    const end = offset + into.length;
    if (this.#base.length < end) {
      const larger = new Uint8Array(end);
      larger.set(this.#base);
      this.#base = larger;
    }
    this.#base.set(into, offset);
  }

  /** Bytes beyond the end of the file are not the file's. */
  store(offset: number, from: Uint8Array): void {
    const length = Math.min(from.length, this.#file.inode.stat().size - offset);
    for (let at = 0; at < length; at += PAGE_SIZE) this.#storePage(offset + at, from.subarray(at, Math.min(at + PAGE_SIZE, length)));
  }

  #storePage(offset: number, now: Uint8Array): void {
    const base = this.#base.subarray(offset, offset + now.length);
    let first = 0;
    while (first < now.length && now[first] === base[first]) first++;
    if (first === now.length) return;
    let end = now.length;
    while (now[end - 1] === base[end - 1]) end--;
    const changed = now.slice(first, end);
    this.#file.write?.(changed, offset + first, true);
    base.set(changed, first);
  }
}

/** Reads from `offset` until `into` is full or the file ends; returns how many bytes came. */
export function readWhole(file: OpenFile, offset: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const got = file.read?.(into.subarray(done), offset + done, true);
    if (typeof got !== 'number' || got === 0) break;
    done += got;
  }
  return done;
}
