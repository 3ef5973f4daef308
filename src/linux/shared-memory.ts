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

/** What the pages held when they were loaded: only bytes that a program changed since are stored, so that what others changed is kept. */
abstract class Tracked {
  readonly id = nextId++;
  holder: AddressSpace | undefined;
  /** The content as last loaded or stored. */
  #base = new Uint8Array(0);

  protected abstract fetch(offset: number, into: Uint8Array): void;
  protected abstract keep(offset: number, changed: Uint8Array): void;
  /** One past the last byte that can be kept. */
  protected abstract limit(): number;

  load(offset: number, into: Uint8Array): void {
    this.#cover(offset + into.length);
    this.fetch(offset, into);
    this.#base.set(into, offset);
  }

  store(offset: number, from: Uint8Array): void {
    const length = Math.min(from.length, this.limit() - offset);
    for (let at = 0; at < length; at += PAGE_SIZE) this.#storePage(offset + at, from.subarray(at, Math.min(at + PAGE_SIZE, length)));
  }

  #cover(end: number): void {
    if (this.#base.length >= end) return;
    const larger = new Uint8Array(end);
    larger.set(this.#base);
    this.#base = larger;
  }

  /** Stores each run of changed bytes of a page. */
  #storePage(offset: number, now: Uint8Array): void {
    const base = this.#base.subarray(offset, offset + now.length);
    for (let at = 0; at < now.length; at++) {
      if (now[at] === base[at]) continue;
      let end = at + 1;
      while (end < now.length && now[end] !== base[end]) end++;
      const changed = now.slice(at, end);
      this.keep(offset + at, changed);
      base.set(changed, at);
      at = end;
    }
  }

  protected get base(): Uint8Array { return this.#base; }
}

/** MAP_SHARED | MAP_ANONYMOUS: the content is what was stored last. */
export class AnonymousObject extends Tracked implements SharedObject {
  protected fetch(offset: number, into: Uint8Array): void { into.set(this.base.subarray(offset, offset + into.length)); }
  protected keep(): void {}
  protected limit(): number { return this.base.length; }
}

/** MAP_SHARED of a file that was opened for writing: stores reach the file when another space is entered, at msync, munmap and exit. Bytes beyond the end of the file are not the file's. */
export class FileObject extends Tracked implements SharedObject {
  readonly #file: OpenFile;
  constructor(file: OpenFile) { super(); this.#file = file; }
  protected fetch(offset: number, into: Uint8Array): void { into.fill(0, readWhole(this.#file, offset, into)); }
  protected keep(offset: number, changed: Uint8Array): void { this.#file.write?.(changed, offset, true); }
  protected limit(): number { return this.#file.inode.stat().size; }
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
