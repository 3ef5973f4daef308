// Writes tars as streams: tar-stream makes headers, padding and end; the normaliser adds what it cannot say; small pieces leave together in large chunks.
import type { Pack } from 'tar-stream';
import { LayerError } from './errors.ts';
import { type Extent, prepareMember, type TarMember } from './tar-header.ts';

/** Reads bytes of a file at an offset; returns how many, 0 at the end. */
export type ReadAt = (into: Uint8Array, offset: number) => number;

/** A member and, for a regular file, its content. */
export interface TarItem { readonly member: TarMember; readonly read?: ReadAt; /** Called when the content was read, or never will be. */ readonly close?: () => void }

/** Told as bytes leave; `total` where it is known. */
export type TarProgress = (bytes: number, total?: number) => void;

/** Content is read in pieces of this size. */
const PIECE = 512 * 1024;
/** Pieces smaller than this are collected. */
const SMALL = 64 * 1024;

/** The tar of these members, in their order. Throws LayerError 'changed-file' when a file's content ends before its size says. */
export async function* packTar(items: Iterable<TarItem>, progress: TarProgress = () => {}): AsyncGenerator<Uint8Array> {
  const pack = (await import('tar-stream')).pack({ highWaterMark: 2 * PIECE });
  const filling = fill(pack, items).catch((error: Error) => { pack.destroy(error); });
  let done = 0;
  try {
    for await (const chunk of collected(pack as unknown as AsyncIterable<Uint8Array>)) {
      done += chunk.length;
      yield chunk;
      progress(done);
    }
    await filling;
  } finally { pack.destroy(); }
}

async function fill(pack: Pack, items: Iterable<TarItem>): Promise<void> {
  const slab = new Slab();
  for (const item of items) {
    if (pack.destroyed) return;
    try { await add(pack, item, slab); } finally { item.close?.(); }
  }
  pack.finalize();
}

/** Writes one member; returns when the stream can take another. */
async function add(pack: Pack, { member, read }: TarItem, slab: Slab): Promise<void> {
  const { before, header, map } = prepareMember(member);
  if (before) pack.push(before);
  if (!header) return;
  await new Promise<void>((resolve, reject) => {
    const sink = pack.entry({ ...header }, (error) => (error ? reject(error) : resolve()));
    if (header.type !== 'file') return;
    // Failures of the sink reach the callback above.
    sink.on('error', () => {});
    const content = pieces(member, read, map, slab);
    const step = (): void => {
      try {
        for (let next = content.next(); !next.done; next = content.next()) if (!sink.write(next.value)) return void sink.once('drain', step);
        sink.end(null);
      } catch (error) { reject(error as Error); }
    };
    step();
  });
}

/** The content of a member, piece by piece: the map of a sparse file, then its data. */
function* pieces(member: TarMember, read: ReadAt | undefined, map: Uint8Array | undefined, slab: Slab): Generator<Uint8Array> {
  if (map) yield map;
  for (const extent of map ? member.extents! : [{ at: 0, length: member.size }]) yield* pieceOf(member, extent, read, slab);
}

function* pieceOf({ path }: TarMember, { at, length }: Extent, read: ReadAt | undefined, slab: Slab): Generator<Uint8Array> {
  for (let done = 0; done < length;) {
    const piece = slab.take(Math.min(PIECE, length - done));
    for (let got = 0; got < piece.length;) {
      const n = read?.(got === 0 ? piece : piece.subarray(got), at + done + got) ?? 0;
      if (n === 0) throw new LayerError('changed-file', `${JSON.stringify(path)} changed while it was read: it ends before its ${at + length} bytes`);
      got += n;
    }
    done += piece.length;
    yield piece;
  }
}

/** Hands out memory for contents; what was handed out is never used again, as the stream keeps it until it is read. */
class Slab {
  #left = new Uint8Array(0);

  take(length: number): Uint8Array {
    if (length >= SMALL) return new Uint8Array(length);
    if (length > this.#left.length) this.#left = new Uint8Array(PIECE);
    const piece = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return piece;
  }
}

/** The same bytes in chunks of at least 64 KiB, where small pieces follow each other. */
async function* collected(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(PIECE);
  let used = 0;
  for await (const piece of source) {
    if (used > 0 && (piece.length >= SMALL || used + piece.length > buffer.length)) {
      yield buffer.subarray(0, used);
      buffer = new Uint8Array(PIECE);
      used = 0;
    }
    if (piece.length >= SMALL) yield piece;
    else {
      buffer.set(piece, used);
      used += piece.length;
    }
  }
  if (used > 0) yield buffer.subarray(0, used);
}
