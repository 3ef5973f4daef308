// One blob of a registry into a file: gone on with after broken connections and by later processes, and checked against its digest.
import type { Codecs, Folder, Hash, HttpAnswer, LeftFile } from '../../host/ports.ts';
import type { Chunks } from '../compression.ts';
import type { Descriptor } from '../image.ts';
import { chunksOf, type Member } from '../members.ts';
import { drain } from './bodies.ts';
import { RegistryError } from './errors.ts';
import { scopeOf } from './manifests.ts';
import type { Registry } from './registry.ts';

export interface DownloadPorts {
  readonly folder: Folder;
  readonly codecs: Codecs;
  /** True when all of the work is to end. */
  readonly isCancelled: () => boolean;
  /** Why it is. */
  readonly cause: () => unknown;
  /** Bytes that have come. */
  readonly seen?: (bytes: number) => void;
  /** The blob as it comes, when it comes from its beginning; it fails when the download does. */
  readonly arriving?: (chunks: Chunks) => void;
}

/** The bytes of a file that still grows, as they come. */
class Arrival {
  readonly #file: LeftFile;
  #size = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};
  constructor(file: LeftFile) { this.#file = file; }

  /** So much is there now. */
  grow(size: number): void {
    this.#size = size;
    this.#wake();
  }

  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *chunks(): Chunks {
    for (let at = 0; ;) {
      while (at === this.#size && !this.#end) await new Promise<void>((wake) => { this.#wake = wake; });
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (at === this.#size) return;
      const piece = new Uint8Array(Math.min(PIECE, this.#size - at));
      const n = this.#file.blob.read(piece, at);
      at += n;
      yield piece.subarray(0, n);
    }
  }
}

/** A blob that is whole and checked, and may still be left for later. */
export interface Downloaded extends Member { readonly file: LeftFile }

/** Tries without progress. */
const TRIES = 5;
/** What counts as progress, in bytes. */
const PROGRESS = 64 << 10;

/** Of a blob that comes, in bytes. */
const PIECE = 1 << 20;

/** A file that is there from an earlier try, or a new one. */
const begin = ({ folder }: DownloadPorts, { digest }: Descriptor): LeftFile => {
  const name = `blob-${digest.slice(7)}`;
  if (folder.resume) return folder.resume(name);
  const file = folder.create();
  return Object.assign(file, { leave: () => file.discard() });
};

/** A file and the hash of what is in it. */
class Partial {
  readonly file: LeftFile;
  readonly #codecs: Codecs;
  #hash: Hash;
  size = 0;
  constructor(file: LeftFile, codecs: Codecs) {
    this.file = file;
    this.#codecs = codecs;
    this.#hash = codecs.sha256();
  }

  /** Hashes what the file began with; false when that is more than there should be. */
  async readBegun(limit: number): Promise<boolean> {
    if (this.file.blob.size > limit) return false;
    for await (const chunk of chunksOf(this.file.blob)) {
      this.#hash.update(chunk);
      this.size += chunk.length;
    }
    return true;
  }

  append(chunk: Uint8Array): void {
    this.file.append(chunk);
    this.#hash.update(chunk);
    this.size += chunk.length;
  }

  digest(): string { return `sha256:${this.#hash.hex()}`; }
  fresh(file: LeftFile): Partial { return new Partial(file, this.#codecs); }
}

/** Downloads a blob. What came stays for the next time when it comes to nothing. Throws RegistryError. */
export async function download(registry: Registry, repository: string, descriptor: Descriptor, ports: DownloadPorts): Promise<Downloaded> {
  let partial = new Partial(begin(ports, descriptor), ports.codecs);
  let isFresh = partial.file.blob.size === 0;
  const arrival = isFresh && ports.arriving ? new Arrival(partial.file) : undefined;
  if (arrival) ports.arriving!(arrival.chunks());
  const seen = (bytes: number): void => {
    ports.seen?.(bytes);
    arrival?.grow(bytes);
  };
  try {
    for (;;) {
      if (!isFresh && !await partial.readBegun(descriptor.size)) partial = restart(partial, ports, descriptor);
      await fill(registry, repository, descriptor, partial, ports, seen);
      const digest = partial.digest();
      if (digest === descriptor.digest) {
        arrival?.end();
        return { size: partial.size, digest, file: partial.file };
      }
      if (isFresh) throw new RegistryError('bad-content', `filesystem layer verification failed for digest ${descriptor.digest}`);
      // What an earlier process left was not what it should be.
      partial = restart(partial, ports, descriptor);
      isFresh = true;
    }
  } catch (error) {
    arrival?.end(error);
    if ([error, ports.cause()].every(isWorthKeeping)) partial.file.leave();
    else partial.file.discard();
    throw error;
  }
}

/** What came before a wrong byte or onto a full disk helps nobody. */
export const isWorthKeeping = (error: unknown): boolean => !['bad-content', 'digest-mismatch', 'bad-archive', 'ENOSPC', 'EDQUOT'].includes(String((error as { code?: string } | undefined)?.code));

function restart(partial: Partial, ports: DownloadPorts, descriptor: Descriptor): Partial {
  partial.file.discard();
  return partial.fresh(begin(ports, descriptor));
}

/** Appends what is missing; goes on where answers break off. */
async function fill(registry: Registry, repository: string, descriptor: Descriptor, partial: Partial, ports: DownloadPorts, seen: (bytes: number) => void): Promise<void> {
  for (let tries = 1; partial.size < descriptor.size; tries++) {
    const before = partial.size;
    const answer = await ask(registry, repository, descriptor, partial.size);
    try {
      await receive(answer, descriptor, partial, ports, seen);
      if (partial.size < descriptor.size) throw new RegistryError('unreachable', `blob ${descriptor.digest}: unexpected EOF`);
    } catch (error) {
      if (ports.isCancelled() || !isBroken(error)) throw error;
      if (partial.size - before >= PROGRESS) tries = 0;
      if (tries >= TRIES) throw error instanceof RegistryError ? error : new RegistryError('unreachable', (error as Error).message);
      await registry.pause(tries);
    }
  }
}

const isBroken = (error: unknown): boolean => error instanceof RegistryError ? error.code === 'unreachable' : ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EIO', 'EBLOCKED', 'EHTTP'].includes(String((error as { code?: string }).code));

async function ask(registry: Registry, repository: string, { digest, urls }: Descriptor, from: number): Promise<HttpAnswer> {
  const request = { method: 'GET', scope: scopeOf(repository, 'pull'), headers: { accept: '*/*', 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) }, expect: [200, 206] } as const;
  try { return await registry.send({ ...request, path: `${repository}/blobs/${digest}` }); } catch (error) {
    const elsewhere = (urls ?? []).filter((url) => /^https?:\/\//i.test(url));
    if (elsewhere.length === 0 || !(error instanceof RegistryError && error.code === 'not-found')) throw error;
    return registry.send({ ...request, path: elsewhere[0]! });
  }
}

/** Takes the content of an answer, which begins where the file ends, or at the blob's start. */
async function receive(answer: HttpAnswer, descriptor: Descriptor, partial: Partial, { isCancelled }: DownloadPorts, seen: (bytes: number) => void): Promise<void> {
  let skip = partial.size;
  if (answer.status === 206) {
    const start = /^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1];
    if (Number(start) !== partial.size) {
      await drain(answer);
      throw new RegistryError('bad-content', `blob ${descriptor.digest}: the registry sent another part than was asked for`);
    }
    skip = 0;
  }
  for await (const chunk of answer.body) {
    if (isCancelled()) throw new RegistryError('unreachable', 'context canceled');
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    if (rest.length === 0) continue;
    if (partial.size + rest.length > descriptor.size) throw new RegistryError('bad-content', `blob ${descriptor.digest} has more than the ${descriptor.size} bytes of its descriptor`);
    partial.append(rest);
    seen(partial.size);
  }
}
