// One blob of the store into a registry: nothing when it is there, taken over from another repository where that is known, else sent whole or in chunks (distribution-spec, "Pushing blobs").
import type { Blob, HttpAnswer, HttpBody } from '../../host/ports.ts';
import type { Digest } from '../image.ts';
import { drain } from './bodies.ts';
import { RegistryError } from './errors.ts';
import { scopeOf } from './manifests.ts';
import type { Registry } from './registry.ts';

export interface Upload {
  readonly repository: string;
  readonly digest: Digest;
  readonly blob: Blob;
  /** Repositories of the same registry that are believed to have it. */
  readonly elsewhere: readonly string[];
  /** Bytes that were sent. */
  readonly seen: (bytes: number) => void;
}

/** What it took: nothing, the name of another repository, or sending it. */
export type Uploaded = { readonly kind: 'exists' } | { readonly kind: 'mounted'; readonly from: string } | { readonly kind: 'sent' };

/** Larger blobs, in bytes, go by PATCH: after a connection that broke the rest alone is sent. */
const LARGE = 8 << 20;
const PIECE = 256 << 10;
const TRIES = 5;

/** Throws RegistryError. */
export async function upload(registry: Registry, { repository, digest, blob, elsewhere, seen }: Upload): Promise<Uploaded> {
  const scope = scopeOf(repository, 'pull,push');
  const head = await registry.send({ method: 'HEAD', path: `${repository}/blobs/${digest}`, scope, expect: [200, 404] });
  await drain(head);
  if (head.status === 200) return { kind: 'exists' };
  for (const from of elsewhere) {
    const answer = await registry.send({ method: 'POST', path: `${repository}/blobs/uploads/?mount=${digest}&from=${from}`, scope: `${scope} ${scopeOf(from, 'pull')}`, expect: [201, 202] });
    await drain(answer);
    if (answer.status === 201) return { kind: 'mounted', from };
  }
  for (let tries = 1; ; tries++) {
    try {
      await new Session(registry, scope, blob, seen).send(repository, digest);
      return { kind: 'sent' };
    } catch (error) {
      // Large ones have gone on by themselves.
      if (tries >= (blob.size > LARGE ? 2 : TRIES) || !(error instanceof RegistryError) || !['unreachable', 'refused'].includes(error.code)) throw error;
      seen(0);
      await registry.pause(tries);
    }
  }
}

/** One upload session. */
class Session {
  readonly #registry: Registry;
  readonly #scope: string;
  readonly #blob: Blob;
  readonly #seen: (bytes: number) => void;

  constructor(registry: Registry, scope: string, blob: Blob, seen: (bytes: number) => void) {
    this.#registry = registry;
    this.#scope = scope;
    this.#blob = blob;
    this.#seen = seen;
  }

  async send(repository: string, digest: Digest): Promise<void> {
    const begun = await this.#registry.send({ method: 'POST', path: `${repository}/blobs/uploads/`, scope: this.#scope, expect: [202] });
    await drain(begun);
    const { size } = this.#blob;
    const most = Math.max(this.#registry.largestBody, Number(begun.header('oci-chunk-min-length') ?? 0) || 0);
    let location = locationOf(begun);
    let sent = 0;
    for (let stalls = 0; size > LARGE && sent < size;) {
      const next = await this.#patch(location, sent, Math.min(size, sent + most));
      if (next.sent <= sent) {
        if (++stalls >= TRIES) throw new RegistryError('unreachable', `blob ${digest}: the upload breaks off again and again`);
        await this.#registry.pause(stalls);
      }
      ({ location, sent } = next);
    }
    const rest = sent < size ? { body: () => this.#body(sent, size), headers: { 'content-type': 'application/octet-stream' } } : {};
    const answer = await this.#registry.send({ method: 'PUT', path: `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`, scope: this.#scope, ...rest, expect: [201, 204], once: true });
    await drain(answer);
  }

  /** Sends a part, or all; after a failure goes on where the registry says it is. */
  async #patch(location: string, from: number, to: number): Promise<{ location: string; sent: number }> {
    const isAll = from === 0 && to === this.#blob.size;
    const headers = { 'content-type': 'application/octet-stream', ...(isAll ? {} : { 'content-range': `${from}-${to - 1}` }) };
    let answer: HttpAnswer;
    try {
      answer = await this.#registry.send({ method: 'PATCH', path: location, scope: this.#scope, headers, body: () => this.#body(from, to), expect: [202, 204], once: true });
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'unreachable') throw error;
      answer = await this.#registry.send({ method: 'GET', path: location, scope: this.#scope, expect: [204, 202] });
    }
    await drain(answer);
    return { location: locationOf(answer, location), sent: sentOf(answer) ?? to };
  }

  #body(from: number, to: number): HttpBody { return { size: to - from, chunks: this.#pieces(from, to) }; }

  async *#pieces(from: number, to: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to;) {
      const piece = new Uint8Array(Math.min(PIECE, to - at));
      const n = this.#blob.read(piece, at);
      if (n === 0) throw new RegistryError('bad-content', 'a blob of the store ends too early');
      at += n;
      yield piece.subarray(0, n);
      this.#seen(at);
    }
  }
}

/** How much the registry has, undefined when it does not say. Of nothing it says 0-0, too; single bytes are not sent. */
function sentOf(answer: HttpAnswer): number | undefined {
  const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.header('range') ?? '')?.[1];
  return end === undefined ? undefined : end === '0' ? 0 : Number(end) + 1;
}

function locationOf(answer: HttpAnswer, otherwise?: string): string {
  const location = answer.location ?? otherwise;
  if (location === undefined) throw new RegistryError('refused', 'the registry does not say where the upload goes');
  return location;
}
