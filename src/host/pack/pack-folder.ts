// The store's folder inside a few large files, for hosts that open files asynchronously or have none of their own: names and places in a journal, content in blocks of one data file.
import type { Blob, Folder, NewFile, RandomFile } from '../ports.ts';
import { PackError } from './errors.ts';
import { type Change, Journal } from './journal.ts';
import { BLOCK, PackedBlob, PackedFile } from './packed-file.ts';
import { type Extent, Space } from './space.ts';

/** The files of a pack; nobody else may have them open. */
export interface PackFiles { readonly data: RandomFile; readonly journal: readonly [RandomFile, RandomFile] }

/** Bytes that are gathered before they are written. */
const GATHER = 1 << 20;
/** Blocks kept back for small files that are written whole, so that a full disk can still be told about: indexes, states of containers. */
const RESERVE = 64;

export class PackFolder implements Folder {
  readonly #data: RandomFile;
  readonly #journal: Journal;
  readonly #files = new Map<string, PackedFile>();
  readonly #space: Space;
  #reserve: Extent[] = [];
  /** Files that lost their names while somebody could read them: their blocks are free when nobody can. */
  readonly #leftovers = new FinalizationRegistry<readonly Extent[]>((extents) => { this.#release(extents); });

  /** Opens a pack, or begins one in empty files. Whatever was not committed when the last user ended is gone. Throws PackError, and what the files throw. */
  constructor({ data, journal }: PackFiles) {
    this.#data = data;
    const opened = Journal.open(journal, data.size === 0);
    this.#journal = opened.journal;
    for (const [path, entry] of opened.changes) {
      if (entry) this.#files.set(path, new PackedFile(data, entry.size, entry.extents));
      else this.#files.delete(path);
    }
    this.#space = spaceAround([...this.#files.values()]);
    this.#refill();
  }

  /** Bytes of the data file that belong to files. */
  get usedBytes(): number { return (this.#space.end - this.#space.freeBlocks - blocksOf(this.#reserve)) * BLOCK; }

  /** Takes what the reserve lacks, as far as the disk has it. */
  #refill(): void {
    const missing = RESERVE - blocksOf(this.#reserve);
    if (missing <= 0) return;
    const extents = this.#space.takeFront(missing);
    const end = Math.max(...extents.map(({ start, count }) => start + count)) * BLOCK;
    try { if (end > this.#data.size) this.#data.truncate(end); } catch { /* a full disk: what is there must do */ }
    const there = Math.floor(this.#data.size / BLOCK);
    for (const { start, count } of extents) {
      const kept = Math.min(count, Math.max(0, there - start));
      if (kept > 0) this.#reserve.push({ start, count: kept });
      this.#space.free([{ start: start + kept, count: count - kept }]);
    }
  }

  /** Makes changes of names durable, all or none, then the blocks that they freed may be used again. */
  #change(changes: readonly (readonly [string, PackedFile | undefined])[]): void {
    this.#journal.append(changes.map(([path, file]): Change => [path, file && { size: file.size, extents: file.extents }]));
    for (const [path, file] of changes) {
      const old = this.#files.get(path);
      if (file) this.#files.set(path, file);
      else this.#files.delete(path);
      if (old && old !== file) this.#abandon(old);
    }
    if (this.#journal.isFull) this.#compact();
  }

  /** What stands in the journal holds whether or not it could be written anew. */
  #compact(): void {
    try {
      this.#data.sync();
      this.#journal.rewrite(this.#files);
    } catch { /* tried again after the next change */ }
  }

  #abandon(file: PackedFile): void {
    if (file.shared) this.#leftovers.register(file, file.extents);
    else this.#release(file.extents);
  }

  /** These blocks may be used again. The reserve moves to the front, so that the data file becomes shorter. */
  #release(extents: readonly Extent[]): void {
    if (this.#journal.isBroken) return;
    this.#space.free([...extents, ...this.#reserve]);
    this.#reserve = [];
    this.#refill();
    const end = this.#space.end * BLOCK;
    if (end >= this.#data.size) return;
    try { this.#data.truncate(end); } catch { /* a file that is longer than it need be holds the same */ }
  }

  read(path: string): Uint8Array | undefined {
    const file = this.#files.get(path);
    if (!file) return undefined;
    const bytes = new Uint8Array(file.size);
    file.read(bytes, 0);
    return bytes;
  }

  open(path: string): Blob | undefined {
    const file = this.#files.get(path);
    if (!file) return undefined;
    file.shared = true;
    return new PackedBlob(file);
  }

  has(path: string): boolean {
    if (this.#files.has(path)) return true;
    for (const name of this.#files.keys()) if (name.startsWith(`${path}/`)) return true;
    return false;
  }

  size(path: string): number | undefined { return this.#files.get(path)?.size; }

  write(path: string, bytes: Uint8Array): void {
    const file = this.create();
    try {
      file.append(bytes);
      file.commit(path);
    } catch (error) {
      file.discard();
      if ((error as { code?: string }).code !== 'ENOSPC' || bytes.length > blocksOf(this.#reserve) * BLOCK) throw error;
      this.#writeIntoReserve(path, bytes);
    }
  }

  #writeIntoReserve(path: string, bytes: Uint8Array): void {
    const file = new PackedFile(this.#data, 0, this.#reserve);
    const rest = file.cut(Math.ceil(bytes.length / BLOCK));
    file.write(bytes, 0, this.#space);
    this.#data.sync();
    this.#reserve = rest;
    try { this.#change([[path, file]]); } catch (error) {
      if (!this.#journal.isBroken) this.#reserve = [...file.extents, ...rest];
      throw error;
    }
  }

  create(): NewFile {
    const file = new PackedFile(this.#data);
    return new GatheredFile(file, this.#space, {
      sync: () => { this.#data.sync(); },
      commit: (path) => {
        this.#data.sync();
        this.#change([[path, file]]);
      },
      discard: () => { this.#release(file.cut(0)); },
    });
  }

  edit(path: string): RandomFile {
    if (!this.#files.has(path)) this.#change([[path, new PackedFile(this.#data)]]);
    const file = this.#files.get(path)!;
    file.shared = true;
    return new EditedFile(file, this.#space, (cut, changed) => {
      this.#data.sync();
      if (changed && this.#files.get(path) === file) this.#change([[path, file]]);
      this.#release(cut);
    });
  }

  list(path: string): string[] {
    const prefix = `${path}/`;
    const names = new Set<string>();
    for (const name of this.#files.keys()) if (name.startsWith(prefix)) names.add(name.slice(prefix.length).split('/')[0]!);
    return [...names];
  }

  remove(path: string): void {
    const gone = [...this.#files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
    if (gone.length > 0) this.#change(gone.map((name) => [name, undefined]));
  }

  /** Nobody else has the files open. */
  exclusive<T>(work: () => T): T { return work(); }
}

const blocksOf = (extents: readonly Extent[]): number => extents.reduce((sum, { count }) => sum + count, 0);

function spaceAround(files: readonly PackedFile[]): Space {
  try { return Space.around(files.flatMap((file) => file.extents)); } catch (error) {
    throw error instanceof RangeError ? new PackError('damaged', `the store is damaged: ${error.message}`) : error;
  }
}

/** A file under way: small pieces are gathered, because every write of the host costs. */
class GatheredFile implements NewFile {
  readonly #file: PackedFile;
  readonly #space: Space;
  readonly #end: { readonly sync: () => void; readonly commit: (path: string) => void; readonly discard: () => void };
  #gathered = new Uint8Array(4096);
  #length = 0;
  #over = false;

  constructor(file: PackedFile, space: Space, end: { readonly sync: () => void; readonly commit: (path: string) => void; readonly discard: () => void }) {
    this.#file = file;
    this.#space = space;
    this.#end = end;
  }

  append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > GATHER) this.#flush();
    if (bytes.length >= GATHER) return this.#file.write(bytes, this.#file.size, this.#space);
    this.#makeRoom(bytes.length);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #makeRoom(length: number): void {
    if (this.#length + length <= this.#gathered.length) return;
    const larger = new Uint8Array(Math.min(GATHER, Math.max(this.#length + length, this.#gathered.length * 4)));
    larger.set(this.#gathered.subarray(0, this.#length));
    this.#gathered = larger;
  }

  #flush(): void {
    if (this.#length > 0) this.#file.write(this.#gathered.subarray(0, this.#length), this.#file.size, this.#space);
    this.#length = 0;
  }

  get blob(): Blob {
    this.#flush();
    this.#file.shared = true;
    return new PackedBlob(this.#file);
  }

  sync(): void {
    this.#flush();
    this.#end.sync();
  }

  commit(path: string): void {
    this.#flush();
    this.#end.commit(path);
    this.#close();
  }

  discard(): void {
    if (this.#over) return;
    this.#close();
    this.#end.discard();
  }

  #close(): void {
    this.#over = true;
    this.#gathered = new Uint8Array(0);
  }
}

/** A file that is read and written in place. Its size and extents become durable with `sync`. */
class EditedFile implements RandomFile {
  readonly #file: PackedFile;
  readonly #space: Space;
  readonly #save: (cut: readonly Extent[], changed: boolean) => void;
  #savedSize: number;
  #savedBlocks: number;
  /** Blocks that the durable state may still need. */
  #cut: Extent[] = [];

  constructor(file: PackedFile, space: Space, save: (cut: readonly Extent[], changed: boolean) => void) {
    this.#file = file;
    this.#space = space;
    this.#save = save;
    this.#savedSize = file.size;
    this.#savedBlocks = file.capacity;
  }

  get size(): number { return this.#file.size; }
  read(into: Uint8Array, offset: number): number { return this.#file.read(into, offset); }
  write(from: Uint8Array, offset: number): void { this.#file.write(from, offset, this.#space); }
  truncate(size: number): void { this.#cut.push(...this.#file.resize(size, this.#space)); }

  sync(): void {
    const changed = this.#cut.length > 0 || this.#file.size !== this.#savedSize || this.#file.capacity !== this.#savedBlocks;
    this.#save(this.#cut, changed);
    this.#cut = [];
    this.#savedSize = this.#file.size;
    this.#savedBlocks = this.#file.capacity;
  }

  close(): void { this.sync(); }
}
