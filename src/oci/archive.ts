// Reads an image archive (docker save, skopeo, podman: a tar, perhaps compressed) once from start to end and keeps its members aside, hashed, until it is known what they are.
import type { Extract } from 'tar-stream';
import type { Blob, Codecs, Folder, NewFile } from '../host/ports.ts';
import { ImageError } from './errors.ts';
import { type Digest, DOCUMENT_LIMIT } from './image.ts';

export type Chunks = AsyncIterable<Uint8Array>;

/** One file of the archive, kept aside. */
export interface Member { readonly size: number; readonly digest: Digest; readonly file: NewFile }

/** Told while a file of the archive is read: its name, bytes so far, its size. */
export type Seen = (name: string, bytes: number, total: number) => void;

const PIECE = 1 << 20;

interface Magic { readonly name: string; readonly bytes: readonly number[] }
const compressions: readonly Magic[] = [
  { name: 'gzip', bytes: [0x1f, 0x8b] }, { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] }, { name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] }, { name: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
];

/** What the first bytes say the content is packed with, or undefined. */
export const compressionOf = (start: Uint8Array): string | undefined => compressions.find((c) => c.bytes.every((byte, i) => start[i] === byte))?.name;

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

/** The first `length` bytes of a source (fewer when it ends before), and all of it again. */
async function peek(source: Chunks, length: number): Promise<{ start: Uint8Array; all: Chunks }> {
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

/** The source with gzip taken off, where its first bytes say so. Throws ImageError 'unsupported' for other compressions. */
export async function* uncompressed(source: Chunks, codecs: Codecs): Chunks {
  const { start, all } = await peek(source, 6);
  const compression = compressionOf(start);
  if (compression === undefined) yield* all;
  else if (compression === 'gzip') yield* codecs.gunzip(all);
  else throw new ImageError('unsupported', `compressed with ${compression}, which is not supported (plain tar and gzip are)`);
}

const HEADER = 512;

/** Passes on what begins like a tar, or is empty. Throws ImageError 'bad-archive'. */
export async function* tarOnly(source: Chunks): Chunks {
  const { start, all } = await peek(source, HEADER);
  if (start.length > 0 && !beginsLikeTar(start)) throw new ImageError('bad-archive', 'not a tar archive');
  yield* all;
}

/** Whether the first block is a header with a right checksum, or the zeros that end an empty tar. */
function beginsLikeTar(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  let sum = 8 * 32;
  for (let i = 0; i < HEADER; i++) if (i < 148 || i >= 156) sum += bytes[i]!;
  const stated = String.fromCharCode(...bytes.subarray(148, 156)).replace(/\0.*$/s, '').trim();
  return sum === 8 * 32 || Number.parseInt(stated, 8) === sum;
}

/** Writes a source to a file aside, and its SHA-256; `seen` is told how many bytes there are. */
export async function keepAside(source: Chunks, folder: Folder, codecs: Codecs, seen: (bytes: number) => void = () => {}): Promise<Member> {
  const file = folder.create();
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

const withoutDots = (name: string): string => name.split('/').filter((part) => part !== '' && part !== '.').join('/');

/** An archive read to its end. */
export class Archive {
  readonly #members = new Map<string, Member>();
  readonly #links = new Map<string, string>();

  /** Reads everything. Throws ImageError 'bad-archive' or 'unsupported', and leaves nothing behind then. */
  static async read(source: Chunks, folder: Folder, codecs: Codecs, seen: Seen = () => {}): Promise<Archive> {
    const archive = new Archive();
    try {
      await archive.#read(tarOnly(uncompressed(source, codecs)), folder, codecs, seen);
      return archive;
    } catch (error) {
      archive.discard();
      if (error instanceof ImageError || !(error instanceof Error) || hostFailure(error)) throw error;
      throw new ImageError('bad-archive', `damaged or truncated archive: ${error.message.split('.')[0]}`);
    }
  }

  async #read(source: Chunks, folder: Folder, codecs: Codecs, seen: Seen): Promise<void> {
    // Only loading needs it, so that running does not pay for it.
    const extract = (await import('./tar-extract.ts')).extract();
    const feeding = feed(source, extract);
    feeding.catch((error: Error) => extract.destroy(error));
    for await (const entry of extract) {
      const name = withoutDots(entry.header.name);
      if (entry.header.type === 'file' || entry.header.type === 'contiguous-file') {
        this.#members.get(name)?.file.discard();
        this.#members.set(name, await keepAside(entry as unknown as Chunks, folder, codecs, (bytes) => seen(name, bytes, entry.header.size ?? 0)));
      } else if (entry.header.type === 'symlink') this.#links.set(name, `${parentOf(name)}/${entry.header.linkname}`);
      else if (entry.header.type === 'link') this.#links.set(name, entry.header.linkname);
      entry.resume();
    }
    await feeding;
  }

  /** Whether there is nothing in it that could be an image. */
  get isEmpty(): boolean { return this.#members.size === 0; }

  member(path: string): Member | undefined {
    const name = withoutDots(path);
    const found = this.#members.get(name);
    if (found) return found;
    const target = this.#links.get(name);
    return target === undefined ? undefined : this.#members.get(resolveDots(target));
  }

  /** A document's bytes. Throws ImageError 'bad-archive' when it is missing. */
  document(path: string): Uint8Array {
    const member = this.member(path);
    if (!member) throw new ImageError('bad-archive', `${path} is missing from the archive`);
    if (member.size > DOCUMENT_LIMIT) throw new ImageError('bad-archive', `${path} is too large for a document`);
    return bytesOf(member.file.blob);
  }

  /** A blob of an OCI layout, its digest checked. Throws ImageError 'bad-archive' or 'digest-mismatch'. */
  blob(digest: Digest): Member {
    const path = `blobs/${digest.replace(':', '/')}`;
    const member = this.member(path);
    if (!member) throw new ImageError('bad-archive', `${path} is missing from the archive`);
    if (member.digest !== digest) throw new ImageError('digest-mismatch', `${path} has another content than its name says: ${member.digest}`);
    return member;
  }

  /** Removes what was kept aside and not committed. */
  discard(): void { for (const member of this.#members.values()) member.file.discard(); }
}

const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

const resolveDots = (path: string): string => {
  const parts: string[] = [];
  for (const part of withoutDots(path).split('/')) {
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
};

/** Errors of the host's own file system (a full disk) are not the archive's fault: they carry a code like ENOSPC. */
const hostFailure = (error: Error): boolean => /^E[A-Z]+$/.test((error as { code?: string }).code ?? '');

export function bytesOf(blob: Blob): Uint8Array {
  const bytes = new Uint8Array(blob.size);
  for (let got = 0; got < bytes.length;) {
    const n = blob.read(bytes.subarray(got), got);
    if (n === 0) return bytes.subarray(0, got);
    got += n;
  }
  return bytes;
}

/** Writes the source into the extractor as fast as it takes it. */
async function feed(source: Chunks, extract: Extract): Promise<void> {
  for await (const chunk of source) {
    if (extract.destroyed) return;
    if (extract.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        extract.off('drain', goOn);
        extract.off('close', goOn);
        resolve();
      };
      extract.on('drain', goOn);
      extract.on('close', goOn);
    });
  }
  extract.end(null);
}
