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

export interface PackOptions {
  readonly progress?: TarProgress | undefined;
  /** The caller is done with a chunk when it asks for the next one: memory is used again, which takes a third of the time of writing large files. Never for callers that keep chunks or hand them to a stream. */
  readonly reuse?: boolean | undefined;
}

/** Content is read in pieces of this size. */
const PIECE = 512 * 1024;
/** Pieces smaller than this are collected. */
const SMALL = 64 * 1024;

/** The tar of these members, in their order. Throws LayerError 'changed-file' when a file's content ends before its size says. */
export async function* packTar(items: Iterable<TarItem>, { progress, reuse = false }: PackOptions = {}): AsyncGenerator<Uint8Array> {
  const pack = (await import('./tar-pack.ts')).pack({ highWaterMark: 2 * PIECE });
  const memory = new Memory(reuse);
  const filling = fill(pack, items, memory).catch((error: Error) => { pack.destroy(error); });
  let done = 0;
  try {
    for await (const chunk of collected(pack, memory)) {
      done += chunk.length;
      yield chunk;
      memory.giveBack(chunk);
      progress?.(done);
    }
    await filling;
  } finally { pack.destroy(); }
}

async function fill(pack: Pack, items: Iterable<TarItem>, memory: Memory): Promise<void> {
  for (const item of items) {
    if (pack.destroyed) return;
    try { await add(pack, item, memory); } finally { item.close?.(); }
  }
  pack.finalize();
}

/** Writes one member; returns when the stream can take another. */
async function add(pack: Pack, { member, read }: TarItem, memory: Memory): Promise<void> {
  const { before, header, map } = prepareMember(member);
  if (before) pack.push(before);
  if (!header) return;
  await new Promise<void>((resolve, reject) => {
    const sink = pack.entry({ ...header }, (error) => (error ? reject(error) : resolve()));
    if (header.type !== 'file') return;
    // Failures of the sink reach the callback above.
    sink.on('error', () => {});
    const content = pieces(member, read, map, memory);
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
function* pieces(member: TarMember, read: ReadAt | undefined, map: Uint8Array | undefined, memory: Memory): Generator<Uint8Array> {
  if (map) yield map;
  for (const extent of map ? member.extents! : [{ at: 0, length: member.size }]) yield* pieceOf(member, extent, read, memory);
}

function* pieceOf({ path }: TarMember, { at, length }: Extent, read: ReadAt | undefined, memory: Memory): Generator<Uint8Array> {
  for (let done = 0; done < length;) {
    const piece = memory.take(Math.min(PIECE, length - done));
    for (let got = 0; got < piece.length;) {
      const n = read?.(got === 0 ? piece : piece.subarray(got), at + done + got) ?? 0;
      if (n === 0) throw new LayerError('changed-file', `${JSON.stringify(path)} changed while it was read: it ends before its ${at + length} bytes`);
      got += n;
    }
    done += piece.length;
    yield piece;
  }
}

/** Memory for contents and chunks: large pieces one by one, small ones cut from a larger one. */
class Memory {
  #left = new Uint8Array(0);
  readonly #reuse: boolean;
  readonly #free: ArrayBuffer[] = [];

  constructor(reuse: boolean) { this.#reuse = reuse; }

  take(length: number): Uint8Array<ArrayBuffer> {
    if (length >= SMALL) return this.#reuse ? new Uint8Array(this.#free.pop() ?? new ArrayBuffer(PIECE), 0, length) : new Uint8Array(length);
    if (length > this.#left.length) this.#left = new Uint8Array(PIECE);
    const piece = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return piece;
  }

  /** Nobody reads the chunk any more. */
  giveBack({ buffer, byteOffset }: Uint8Array): void { if (this.#reuse && buffer instanceof ArrayBuffer && buffer.byteLength === PIECE && byteOffset === 0) this.#free.push(buffer); }
}

/** What the stream gives, in chunks of at least 64 KiB where small pieces follow each other. It is read in runs: a promise for each of the three pieces of a small file would cost more than the piece. */
async function* collected(pack: Pack, memory: Memory): AsyncGenerator<Uint8Array> {
  let buffer = memory.take(PIECE);
  let used = 0;
  for await (const run of runs(pack)) {
    for (let piece = run(); piece; piece = run()) {
      if (used > 0 && (piece.length >= SMALL || used + piece.length > buffer.length)) {
        yield buffer.subarray(0, used);
        buffer = memory.take(PIECE);
        used = 0;
      }
      if (piece.length >= SMALL) yield piece;
      else {
        buffer.set(piece, used);
        used += piece.length;
      }
    }
  }
  if (used > 0) yield buffer.subarray(0, used);
}

/** Again and again what reads the pieces that are there, until the stream ends. Throws what the stream was destroyed with. */
async function* runs(pack: Pack): AsyncGenerator<() => Uint8Array | null> {
  let wake = (): void => {};
  let end: { error: Error | null } | undefined;
  const over = (error: Error | null): void => {
    end ??= { error };
    wake();
  };
  pack.on('readable', () => wake()).on('end', () => over(null)).on('error', over).on('close', () => over(null));
  while (!end) {
    const woken = new Promise<void>((resolve) => { wake = resolve; });
    yield () => pack.read() as Uint8Array | null;
    if (!end) await woken;
  }
  if (end.error) throw end.error;
}
