// Memory that several address spaces share: the content lives in the space that ran last, and moves when another one is entered. Only one task runs at a time, so this is exact.
import { PAGE_SIZE } from '../guest/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';
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
  /** What was stored is durable when this returns. */
  sync(): void;
}

/** What the pages held when they were loaded: only bytes that a program changed since are stored, so that what others changed is kept. Beyond its end the base is zero. */
abstract class Tracked {
  readonly id = nextId++;
  holder: AddressSpace | undefined;
  #base = new Uint8Array(0);

  /** The content at `offset`, as far as there is any. */
  protected abstract fetch(offset: number, into: Uint8Array): void;
  protected abstract keep(offset: number, changed: Uint8Array): void;
  /** One past the last byte that has content, and one past the last that can be kept. */
  protected abstract get size(): number;
  protected abstract get room(): number;

  load(offset: number, into: Uint8Array): void {
    const there = into.subarray(0, Math.max(0, this.size - offset));
    this.fetch(offset, there);
    this.#cover(offset + there.length);
    this.#base.set(there, offset);
  }

  store(offset: number, from: Uint8Array): void {
    const length = Math.min(from.length, this.room - offset);
    for (let at = 0; at < length; at += PAGE_SIZE) this.#storePage(offset + at, from.subarray(at, Math.min(at + PAGE_SIZE, length)));
  }

  #cover(end: number): void {
    if (this.#base.length >= end) return;
    const larger = new Uint8Array(Math.ceil(end / PAGE_SIZE) * PAGE_SIZE);
    larger.set(this.#base);
    this.#base = larger;
  }

  /** Stores each run of changed bytes. */
  #storePage(offset: number, now: Uint8Array): void {
    const old = (at: number): number => this.#base[offset + at] ?? 0;
    for (let at = 0; at < now.length; at++) {
      if (now[at] === old(at)) continue;
      let end = at + 1;
      while (end < now.length && now[end] !== old(end)) end++;
      const changed = now.slice(at, end);
      this.keep(offset + at, changed);
      this.#cover(offset + end);
      this.#base.set(changed, offset + at);
      at = end;
    }
  }

  protected get base(): Uint8Array { return this.#base; }
}

/** MAP_SHARED | MAP_ANONYMOUS: the content is what was stored last. */
export class AnonymousObject extends Tracked implements SharedObject {
  protected fetch(offset: number, into: Uint8Array): void { into.set(this.base.subarray(offset, offset + into.length)); }
  protected keep(): void {}
  sync(): void {}
  protected get size(): number { return this.base.length; }
  protected get room(): number { return Infinity; }
}

/** MAP_SHARED of a file: stores reach the file when it is read, when another space is entered, at msync, munmap and exit. Bytes beyond the end of the file are not the file's. */
export class FileObject extends Tracked implements SharedObject {
  #file: OpenFile;
  constructor(file: OpenFile) { super(); this.#file = file; }
  /** A further mapping, through a file that may be written. */
  writeThrough(file: OpenFile): void { this.#file = file; }
  sync(): void { this.#file.sync?.(); }
  protected fetch(offset: number, into: Uint8Array): void { into.fill(0, readWhole(this.#file, offset, into)); }
  protected keep(offset: number, changed: Uint8Array): void { this.#file.write?.(changed, offset, true); }
  protected get size(): number { return this.#file.inode.stat().size; }
  protected get room(): number { return this.size; }
}

/** The object of each file that is or was mapped shared: every mapping of a file meets the same one. */
const fileObjects = new WeakMap<Inode, FileObject>();

export function fileObject({ file, writable }: { file: OpenFile; writable: boolean }): FileObject {
  const found = fileObjects.get(file.inode);
  if (!found) {
    const made = new FileObject(file);
    fileObjects.set(file.inode, made);
    return made;
  }
  if (writable) found.writeThrough(file);
  return found;
}

/** Before a call reads or writes [offset, offset + length) of a file: what was stored through mappings is there. */
export function settleMappings(inode: Inode, offset: number, length: number): void {
  const object = fileObjects.get(inode);
  object?.holder?.giveUp(object, offset, length);
}

/** After a call wrote [offset, offset + length) of a file: mappings show it. */
export function refreshMappings(inode: Inode, offset: number, length: number): void {
  const object = fileObjects.get(inode);
  object?.holder?.refresh(object, offset, length);
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
