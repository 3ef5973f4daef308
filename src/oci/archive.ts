// Reads an image archive (docker save, skopeo, podman: a tar, perhaps compressed) once from start to end and keeps its members aside, hashed, until it is known what they are.
import type { Extract } from 'tar-stream';
import type { Folder } from '../host/ports.ts';
import { type Chunks, peek, uncompressed, type Unpacking } from './compression.ts';
import { ImageError } from './errors.ts';
import { type Digest, DOCUMENT_LIMIT, isDigest } from './image.ts';
import { blobPath } from './layout.ts';
import { bytesOf, keepAside, keepKnown, type Member } from './members.ts';

/** Told while a file of the archive is read: its name, bytes so far, its size. */
export type Seen = (name: string, bytes: number, total: number) => void;

const HEADER = 512;
/** An archive with more members is none of images. */
const MEMBERS = 200_000;
/** Links to links, at most. */
const LINKS = 16;

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

const withoutDots = (name: string): string => name.split('/').filter((part) => part !== '' && part !== '.').join('/');

export interface ArchivePorts extends Unpacking { readonly folder: Folder }

/** An archive read to its end. */
export class Archive {
  readonly #members = new Map<string, Member>();
  readonly #links = new Map<string, string>();
  readonly #ports: ArchivePorts;
  private constructor(ports: ArchivePorts) { this.#ports = ports; }

  /** Reads everything. Throws ImageError 'bad-archive', 'unsupported' or 'too-large', and leaves nothing behind then. */
  static async read(source: Chunks, ports: ArchivePorts, seen: Seen = () => {}): Promise<Archive> {
    const archive = new Archive(ports);
    try {
      await archive.#read(tarOnly(uncompressed(source, ports)), seen);
      return archive;
    } catch (error) {
      archive.discard();
      if (error instanceof ImageError || !(error instanceof Error) || hostFailure(error)) throw error;
      throw new ImageError('bad-archive', `damaged or truncated archive: ${error.message.split('.')[0]}`);
    }
  }

  async #read(source: Chunks, seen: Seen): Promise<void> {
    // Only loading needs it, so that running does not pay for it.
    const extract = (await import('./tar-extract.ts')).extract();
    const feeding = feed(source, extract);
    feeding.catch((error: Error) => extract.destroy(error));
    for await (const entry of extract) {
      const name = withoutDots(entry.header.name);
      const { type, linkname } = entry.header;
      const size = entry.header.size ?? 0;
      if (type === 'file' || type === 'contiguous-file') await this.#keep(name, size, entry as unknown as Chunks, (bytes) => seen(name, bytes, size));
      else if (type === 'symlink') this.#link(name, linkname?.startsWith('/') ? linkname : `${parentOf(name)}/${linkname}`);
      else if (type === 'link') this.#link(name, linkname ?? '');
      entry.resume();
      if (this.#members.size + this.#links.size > MEMBERS) throw new ImageError('bad-archive', `more than ${MEMBERS} files: no archive of images`);
    }
    await feeding;
  }

  /** The last one of a name counts. */
  async #keep(name: string, size: number, content: Chunks, seen: (bytes: number) => void): Promise<void> {
    const { folder, codecs } = this.#ports;
    const digest = name.replace(/^blobs\/sha256\//, 'sha256:');
    const known = isDigest(digest) ? folder.open(blobPath(digest)) : undefined;
    const member = await (known?.size === size ? keepKnown(content, known, folder, codecs, seen) : keepAside(content, folder, codecs, seen));
    this.#members.get(name)?.file.discard();
    this.#links.delete(name);
    this.#members.set(name, member);
  }

  #link(name: string, target: string): void {
    this.#members.get(name)?.file.discard();
    this.#members.delete(name);
    this.#links.set(name, resolveDots(target));
  }

  member(path: string): Member | undefined {
    let name: string | undefined = withoutDots(path);
    for (let links = 0; name !== undefined && links <= LINKS; links++) {
      const found = this.#members.get(name);
      if (found) return found;
      name = this.#links.get(name);
    }
    return undefined;
  }

  /** A document's bytes. Throws ImageError 'bad-archive' when it is missing. */
  document(path: string): Uint8Array {
    const member = this.member(path);
    if (!member) throw new ImageError('bad-archive', `${path} is missing from the archive`);
    return documentBytes(member, path);
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

/** The bytes of a manifest, an index or a configuration. Throws ImageError 'bad-archive' for one that is too large to be honest. */
export function documentBytes(member: Member, path: string): Uint8Array {
  if (member.size > DOCUMENT_LIMIT) throw new ImageError('bad-archive', `${path} is too large for a document: ${member.size} bytes`);
  return bytesOf(member.file.blob);
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
const hostFailure = (error: Error): boolean => /^E[A-Z0-9]+$/.test((error as { code?: string }).code ?? '');

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
