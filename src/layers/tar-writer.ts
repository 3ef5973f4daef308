// HOT: bench/layers.ts (export). Writes tars as streams: headers, contents and padding go into one buffer after the other, contents straight from their files.
import { LayerError } from './errors.ts';
import type { Extent } from './tar.ts';
import { BLOCK } from './tar-fields.ts';
import { prepareMember, type TarMember } from './tar-header.ts';

/** Reads bytes of a file at an offset; returns how many, 0 at the end. */
export type ReadAt = (into: Uint8Array, offset: number) => number;

/** A member and, for a regular file, its content. */
export interface TarItem { readonly member: TarMember; readonly read?: ReadAt; /** Called when the content was read, or never will be. */ readonly close?: () => void }

/** Told as bytes leave; `total` where it is known. */
export type TarProgress = (bytes: number, total?: number) => void;

export interface PackOptions {
  readonly progress?: TarProgress | undefined;
  /** A chunk's memory is used again when the one after the next is asked for, so that one may be written while the next is made. Never for callers that keep chunks or hand them to a stream. */
  readonly reuse?: boolean | undefined;
}

/** The length of a chunk. */
const CHUNK = 512 * 1024;

/** The tar of these members, in their order, in chunks of 512 KiB. Throws LayerError 'changed-file' when a file's content ends before its size says. */
export async function* packTar(items: Iterable<TarItem>, { progress, reuse = false }: PackOptions = {}): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (const chunk of chunksOf(items, reuse ? twoBuffers() : () => new Uint8Array(CHUNK))) {
    done += chunk.length;
    yield chunk;
    progress?.(done);
  }
}

function twoBuffers(): () => Uint8Array {
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const;
  let next = 0;
  return () => buffers[(next++ & 1) as 0 | 1];
}

function* chunksOf(items: Iterable<TarItem>, newBuffer: () => Uint8Array): Generator<Uint8Array> {
  let buffer = newBuffer();
  let used = 0;
  /** Puts bytes of a source behind the others; yields full buffers. */
  function* put(read: ReadAt, at: number, length: number, member: TarMember): Generator<Uint8Array> {
    for (let done = 0; done < length;) {
      if (used === CHUNK) {
        yield buffer;
        buffer = newBuffer();
        used = 0;
      }
      const n = read(buffer.subarray(used, used + Math.min(CHUNK - used, length - done)), at + done);
      if (n === 0) throw new LayerError('changed-file', `${JSON.stringify(member.path)} changed while it was read: it ends before its ${at + length} bytes`);
      done += n;
      used += n;
    }
  }
  for (const { member, read = noContent, close } of items) {
    try {
      const { header, map, stored } = prepareMember(member);
      if (used + header.length <= CHUNK) {
        buffer.set(header, used);
        used += header.length;
      } else yield* put(bytesOf(header.slice()), 0, header.length, member);
      if (map) yield* put(bytesOf(map), 0, map.length, member);
      if (stored > 0) for (const { at, length } of map ? member.extents! : whole(member)) yield* put(read, at, length, member);
      const padding = (BLOCK - used % BLOCK) % BLOCK;
      buffer.fill(0, used, used += padding);
    } finally { close?.(); }
  }
  yield* put(zeros, 0, 2 * BLOCK, endOfTar);
  yield buffer.subarray(0, used);
}

const whole = ({ size }: TarMember): readonly Extent[] => [{ at: 0, length: size }];
const noContent: ReadAt = () => 0;
const endOfTar: TarMember = { path: '', mode: 0, uid: 0, gid: 0, size: 0, mtimeNs: 0n };

const zeros: ReadAt = (into) => {
  into.fill(0);
  return into.length;
};

const bytesOf = (bytes: Uint8Array): ReadAt => (into, offset) => {
  const piece = bytes.subarray(offset, offset + into.length);
  into.set(piece);
  return piece.length;
};
