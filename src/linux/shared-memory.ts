// Memory that several address spaces share: the newest content lives in the space that ran last; what it changed moves, page by page, when another one is entered. Only one task runs at a time, so this is exact.
import { ENOSPC, Errno } from '../abi/index.ts';
import { PAGE_SIZE } from '../guest/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';
import type { SharedViews } from './shared-views.ts';
import { SparseBytes } from './sparse-bytes.ts';

let nextId = 1;

/** Bytes stored at an offset of a shared object. */
export interface Change { readonly offset: number; readonly bytes: Uint8Array }

/** One shared object: an anonymous one keeps its bytes, a file's are the file's. */
export interface SharedObject {
  /** For futex keys. */
  readonly id: number;
  /** The space whose pages hold the newest content. */
  holder: SharedViews | undefined;
  /** Counts changes: what a space has seen. */
  readonly version: number;
  /** Reads the newest content; returns how many bytes there are, what lies beyond is zero. */
  load(offset: number, into: Uint8Array): number;
  /** What a mapping's bytes at `offset` changed since they were loaded. */
  changes(offset: number, now: Uint8Array): Iterable<Change>;
  /** Keeps a change and notes its pages. */
  store(change: Change): void;
  /** What was stored is durable when this returns. */
  sync(): void;
  /** Notes that the pages of [offset, offset + length) changed by other means. */
  touch(offset: number, length: number): void;
  /** The pages that changed after `version`, by their offsets; undefined when that is too long ago to tell. */
  changedSince(version: number): Iterable<number> | undefined;
}

/** The most changes that are remembered one by one. */
const LOG_LIMIT = 1 << 16;

/** What the pages held when they were loaded: only bytes that a program changed since are stored, so that what others changed is kept. Beyond its end the base is zero. */
abstract class Tracked {
  readonly id = nextId++;
  holder: SharedViews | undefined;
  readonly base = new SparseBytes();
  /** Offsets of changed pages, the latest last; `#forgotten` came before them. */
  #log: number[] = [];
  #forgotten = 0;

  get version(): number { return this.#forgotten + this.#log.length; }

  changedSince(version: number): Iterable<number> | undefined {
    return version < this.#forgotten ? undefined : new Set(this.#log.slice(version - this.#forgotten));
  }

  touch(offset: number, length: number): void {
    const end = Math.min(offset + length, Math.max(this.base.end, this.size));
    if (end - offset >= LOG_LIMIT * PAGE_SIZE) this.#forgetLog();
    else for (let at = offset - offset % PAGE_SIZE; at < end; at += PAGE_SIZE) this.#log.push(at);
    if (this.#log.length > LOG_LIMIT) this.#forgetLog();
  }

  #forgetLog(): void {
    this.#forgotten += this.#log.length + 1;
    this.#log = [];
  }

  /** The content at `offset`, as far as there is any. */
  protected abstract fetch(offset: number, into: Uint8Array): void;
  protected abstract keep(offset: number, changed: Uint8Array): void;
  /** One past the last byte that has content, and one past the last that can be kept. */
  protected abstract get size(): number;
  protected abstract get room(): number;

  load(offset: number, into: Uint8Array): number {
    const there = into.subarray(0, Math.max(0, this.size - offset));
    this.fetch(offset, there);
    this.base.clear(offset + there.length, offset + into.length);
    this.base.write(offset, there);
    return there.length;
  }

  /** Each run of bytes that differs from what was loaded, as far as it can be kept. `offset` is a page's. */
  *changes(offset: number, now: Uint8Array): Iterable<Change> {
    const length = Math.min(now.length, this.room - offset);
    for (let done = 0; done < length;) {
      const base = this.base.piece(offset + done).subarray(0, length - done);
      const part = now.subarray(done, done + base.length);
      for (let at = firstDifference(part, base, 0); at < base.length; at = firstDifference(part, base, at)) {
        const start = at;
        while (at < base.length && part[at] !== base[at]) at++;
        yield { offset: offset + done + start, bytes: part.slice(start, at) };
      }
      done += base.length;
    }
  }

  store({ offset, bytes }: Change): void {
    this.keep(offset, bytes);
    this.base.write(offset, bytes);
    this.touch(offset, bytes.length);
  }
}

/** The first index from `at` on where two pieces of whole pages differ, or the length of the second; both begin at a multiple of four. */
function firstDifference(a: Uint8Array, b: Uint8Array, at: number): number {
  const words = b.length >> 2;
  const [x, y] = [new Uint32Array(a.buffer, a.byteOffset, words), new Uint32Array(b.buffer, b.byteOffset, words)];
  while (at % 4 !== 0 && at < b.length && a[at] === b[at]) at++;
  if (at % 4 === 0) {
    let word = at >> 2;
    while (word < words && x[word] === y[word]) word++;
    at = word << 2;
  }
  while (at < b.length && a[at] === b[at]) at++;
  return at;
}

/** MAP_SHARED | MAP_ANONYMOUS: the content is what was stored last. */
export class AnonymousObject extends Tracked implements SharedObject {
  protected fetch(offset: number, into: Uint8Array): void { this.base.read(offset, into); }
  protected keep(): void {}
  sync(): void {}
  protected get size(): number { return this.base.end; }
  protected get room(): number { return Infinity; }
}

/** MAP_SHARED of a file: stores reach the file when it is read, when another space is entered, at msync, munmap and exit. Bytes beyond the end of the file are not the file's. */
export class FileObject extends Tracked implements SharedObject {
  #file: OpenFile;
  /** Why something stored could not be kept; told once, at the next sync, as Linux does. */
  #failure: Errno | undefined;
  constructor(file: OpenFile) { super(); this.#file = file; }
  /** A further mapping, through a file that may be written. */
  writeThrough(file: OpenFile): void { this.#file = file; }
  sync(): void {
    this.demandKept();
    this.#file.sync?.();
  }

  /** Throws the errno of what could not be kept since this was last asked. */
  demandKept(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }

  protected fetch(offset: number, into: Uint8Array): void { into.fill(0, readWhole(this.#file, offset, into)); }
  /** Comes at times when nobody could be told of an error. */
  protected keep(offset: number, changed: Uint8Array): void {
    try { if (this.#file.write?.(changed, offset, true) !== changed.length) this.#failure = ENOSPC; } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.#failure = error;
    }
  }
  protected get size(): number { return this.#file.inode.stat().size; }
  protected get room(): number { return this.size; }
}

/** The object of each file that is or was mapped shared: every mapping of a file meets the same one. */
const fileObjects = new WeakMap<Inode, FileObject>();

/** The object of a file that is or was mapped shared. */
export const sharedObjectOf = (inode: Inode): SharedObject | undefined => fileObjects.get(inode);

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

/** Throws the errno of what was stored through mappings of a file and could not be kept, once. */
export function demandMappingsKept(inode: Inode): void { fileObjects.get(inode)?.demandKept(); }

/** After a call wrote [offset, offset + length) of a file: mappings show it. */
export function refreshMappings(inode: Inode, offset: number, length: number): void {
  const object = fileObjects.get(inode);
  object?.touch(offset, length);
  object?.holder?.catchUp(object);
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
