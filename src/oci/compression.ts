// Compression found by content and taken off as the bytes come, with a limit on what little may grow to.
import type { Codecs } from '../host/ports.ts';
import { ImageError } from './errors.ts';

export type Chunks = AsyncIterable<Uint8Array>;

interface Magic { readonly name: string; readonly bytes: readonly number[] }
const compressions: readonly Magic[] = [
  { name: 'gzip', bytes: [0x1f, 0x8b] }, { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] }, { name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] }, { name: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { name: 'lz4', bytes: [0x04, 0x22, 0x4d, 0x18] }, { name: 'compress', bytes: [0x1f, 0x9d] },
];

/** Bytes of the longest magic. */
export const MAGIC_LENGTH = 6;

/** zstd also begins with frames that are to be skipped: 16 magics that differ in one half-byte. */
const isSkippable = (start: Uint8Array): boolean => (start[0]! & 0xf0) === 0x50 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18;

/** What the first bytes say the content is packed with, or undefined. */
export const compressionOf = (start: Uint8Array): string | undefined => (isSkippable(start) ? 'zstd' : compressions.find((c) => c.bytes.every((byte, i) => start[i] === byte))?.name);

/** How many bytes `packed` bytes may unpack to. */
export type UnpackLimit = (packed: number) => number;

/** Honest tars rarely reach 20 : 1; gzip's worst is 1032 : 1, zstd has none. What is small may be anything. */
const FREE = 1 << 30, RATIO = 100;
export const ratioLimit: UnpackLimit = (packed) => FREE + RATIO * packed;

/** Written here, and loaded when it is needed. */
async function* unxz(source: Chunks, codecs: Codecs): Chunks { yield* (await import('./xz.ts')).unxz(source, codecs); }

async function* unbzip2(source: Chunks): Chunks { yield* (await import('./bzip2.ts')).unbzip2(source); }

const unpackers = { bzip2: unbzip2, xz: unxz, gzip: (source: Chunks, codecs: Codecs) => codecs.gunzip(source), zstd: (source: Chunks, codecs: Codecs) => codecs.unzstd(source) } as const;
const isKnown = (name: string): name is keyof typeof unpackers => Object.hasOwn(unpackers, name);

/** The first `length` bytes of a source (fewer when it ends before), and all of it again. */
export async function peek(source: Chunks, length: number): Promise<{ start: Uint8Array; all: Chunks }> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < length) {
    const { value, done } = await iterator.next();
    if (done) break;
    const joined = new Uint8Array(start.length + value.length);
    joined.set(start);
    joined.set(value, start.length);
    start = joined;
  }
  const all = async function* (): Chunks {
    yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return { start, all: all() };
}

export interface Unpacking { readonly codecs: Codecs; readonly limit: UnpackLimit }

/** The source with its compression taken off, if it has one. Throws ImageError 'unsupported' for one that is not read, 'too-large' beyond the limit, 'bad-archive' for damage. */
export async function* uncompressed(source: Chunks, { codecs, limit }: Unpacking): Chunks {
  const { start, all } = await peek(source, MAGIC_LENGTH);
  const compression = compressionOf(start);
  if (compression === undefined) {
    yield* all;
    return;
  }
  if (!isKnown(compression)) throw new ImageError('unsupported', `compressed with ${compression}, which is not supported (plain tar, gzip, zstd, xz and bzip2 are)`);
  let packed = 0;
  let unpacked = 0;
  let failure: { readonly error: unknown } | undefined;
  // Failures of the source are told from those of the decoder.
  const counted = async function* (): Chunks {
    try {
      for await (const chunk of all) {
        packed += chunk.length;
        yield chunk;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    for await (const chunk of unpackers[compression](counted(), codecs)) {
      unpacked += chunk.length;
      if (unpacked > limit(packed)) throw tooLarge(compression, packed, unpacked);
      yield chunk;
    }
  } catch (error) {
    if (failure) throw failure.error;
    throw error instanceof ImageError ? error : new ImageError('bad-archive', `damaged or truncated ${compression} data: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const mib = (bytes: number): string => (bytes / (1 << 20)).toFixed(1);

const tooLarge = (compression: string, packed: number, unpacked: number): ImageError =>
  new ImageError('too-large', `${mib(packed)} MiB of ${compression} data unpack to more than ${mib(unpacked)} MiB, which is over the limit (WHERRY_UNPACK_LIMIT sets another one)`);
