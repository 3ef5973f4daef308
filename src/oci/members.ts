// What is kept aside of an archive until it is known what it is: bytes with their digest, in memory when they are few, else in a file of the store's.
import type { Blob, Codecs, Folder, NewFile } from '../host/ports.ts';
import type { Chunks } from './compression.ts';
import type { Digest } from './image.ts';

/** One file of the archive, kept aside. */
export interface Member { readonly size: number; readonly digest: Digest; readonly file: NewFile }

/** Files up to this size stay in memory. */
const SMALL = 32 << 10;
const PIECE = 1 << 20;

class BytesBlob implements Blob {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.#bytes = bytes; }
  get size(): number { return this.#bytes.length; }
  read(into: Uint8Array, offset: number): number {
    const piece = this.#bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  }
}

/** The bytes of a blob, piece by piece. */
export async function* chunksOf(blob: Blob): Chunks {
  for (let at = 0; at < blob.size;) {
    const piece = new Uint8Array(Math.min(PIECE, blob.size - at));
    const n = blob.read(piece, at);
    if (n === 0) return;
    at += n;
    yield piece.subarray(0, n);
  }
}

export function bytesOf(blob: Blob): Uint8Array {
  const bytes = new Uint8Array(blob.size);
  for (let got = 0; got < bytes.length;) {
    const n = blob.read(bytes.subarray(got), got);
    if (n === 0) return bytes.subarray(0, got);
    got += n;
  }
  return bytes;
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Begins in memory and moves to a file when it grows. */
class SmallFile implements NewFile {
  readonly #folder: Folder;
  #pieces: Uint8Array[] = [];
  #size = 0;
  #file: NewFile | undefined;
  constructor(folder: Folder) { this.#folder = folder; }

  append(bytes: Uint8Array): void {
    if (!this.#file && this.#size + bytes.length > SMALL) this.#move();
    this.#size += bytes.length;
    if (this.#file) this.#file.append(bytes);
    else this.#pieces.push(bytes.slice());
  }

  #move(): void {
    this.#file = this.#folder.create();
    if (this.#size > 0) this.#file.append(this.#bytes);
    this.#pieces = [];
  }

  get #bytes(): Uint8Array { return joined(this.#pieces, this.#size); }
  get blob(): Blob { return this.#file?.blob ?? new BytesBlob(this.#bytes); }
  sync(): void { this.#file?.sync(); }
  commit(path: string): void {
    if (this.#file) this.#file.commit(path);
    else this.#folder.write(path, this.#bytes);
  }
  discard(): void {
    this.#file?.discard();
    this.#pieces = [];
  }
}

/** A blob that the store has: what comes is only hashed. */
class KnownFile implements NewFile {
  readonly #folder: Folder;
  readonly blob: Blob;
  constructor(folder: Folder, blob: Blob) {
    this.#folder = folder;
    this.blob = blob;
  }

  append(): void {}
  sync(): void {}
  discard(): void {}
  /** Only when the store has lost it meanwhile; it can still be read. */
  commit(path: string): void {
    const copy = this.#folder.create();
    try {
      const piece = new Uint8Array(PIECE);
      for (let at = 0; at < this.blob.size;) {
        const n = this.blob.read(piece, at);
        if (n === 0) throw new Error('a blob of the store ends too early');
        copy.append(piece.subarray(0, n));
        at += n;
      }
      copy.commit(path);
    } catch (error) {
      copy.discard();
      throw error;
    }
  }
}

async function keepIn(file: NewFile, source: Chunks, codecs: Codecs, seen: (bytes: number) => void): Promise<Member> {
  try {
    const hash = codecs.sha256();
    let size = 0;
    for await (const chunk of source) {
      file.append(chunk);
      hash.update(chunk);
      seen(size += chunk.length);
    }
    return { size, digest: `sha256:${hash.hex()}`, file };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Writes a source to a file aside, and its SHA-256; `seen` is told how many bytes there are. */
export const keepAside = (source: Chunks, folder: Folder, codecs: Codecs, seen: (bytes: number) => void = () => {}): Promise<Member> => keepIn(new SmallFile(folder), source, codecs, seen);

/** A member whose content the store has already. */
export const knownMember = (digest: Digest, blob: Blob, folder: Folder): Member => ({ size: blob.size, digest, file: new KnownFile(folder, blob) });

/** The same for what must have the content of `blob`, which the store has: its digest tells whether it has. */
export const keepKnown = (source: Chunks, blob: Blob, folder: Folder, codecs: Codecs, seen: (bytes: number) => void = () => {}): Promise<Member> => keepIn(new KnownFile(folder, blob), source, codecs, seen);
