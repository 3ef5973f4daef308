// A registry to the distribution specification for tests: blobs, manifests, uploads, tags, who may ask. Faults are put before it.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, refuse } from './answers.ts';
import { type AuthOptions, TestAuth } from './auth.ts';

export const digestOf = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface Asked { readonly method: string; readonly url: URL; readonly headers: IncomingMessage['headers']; readonly body: Buffer }
/** Answers in the registry's place when it returns true. */
export type Fault = (asked: Asked, response: ServerResponse) => boolean | void | Promise<boolean | void>;

interface Repository { readonly blobs: Set<string>; readonly manifests: Map<string, string>; }
interface Manifest { readonly mediaType: string; readonly bytes: Buffer }
interface Session { readonly repository: string; bytes: Buffer }

export interface TestRegistryOptions {
  readonly auth?: AuthOptions;
  /** Tags on a page. */
  readonly page?: number;
  /** Answers over this server instead of a plain one. */
  readonly server?: (answer: (request: IncomingMessage, response: ServerResponse) => void) => Server;
  /** Location and Link headers as whole URLs. */
  readonly absolute?: boolean;
  readonly cors?: boolean;
}

export class TestRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly repositories = new Map<string, Repository>();
  readonly #manifests = new Map<string, Manifest>();
  readonly #sessions = new Map<string, Session>();
  readonly #options: TestRegistryOptions;
  readonly #server: Server;
  readonly auth: TestAuth | undefined;
  readonly asked: Asked[] = [];
  faults: Fault[] = [];

  private constructor(options: TestRegistryOptions) {
    this.#options = options;
    this.auth = options.auth && new TestAuth(options.auth);
    this.#server = (options.server ?? createServer)((request, response) => { void this.#take(request, response); });
  }

  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const registry = new TestRegistry(options);
    await new Promise<void>((resolve) => { registry.#server.listen(0, '127.0.0.1', resolve); });
    return registry;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** `127.0.0.1:PORT`. */
  get host(): string { return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`; }
  get origin(): string { return `http://${this.host}`; }

  /** Requests that were made since the last call, as `GET /v2/…`. */
  take(): string[] { return this.asked.splice(0).map(({ method, url }) => `${method} ${url.pathname}`); }

  repository(name: string): Repository {
    const known = this.repositories.get(name);
    if (known) return known;
    const made = { blobs: new Set<string>(), manifests: new Map<string, string>() };
    this.repositories.set(name, made);
    return made;
  }

  addBlob(repository: string, bytes: Uint8Array | string): string {
    const digest = digestOf(bytes);
    this.blobs.set(digest, Buffer.from(bytes as string));
    this.repository(repository).blobs.add(digest);
    return digest;
  }

  addManifest(repository: string, reference: string, mediaType: string, document: object | string): string {
    const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    const digest = digestOf(bytes);
    this.#manifests.set(digest, { mediaType, bytes });
    const { manifests } = this.repository(repository);
    for (const name of [digest, reference]) manifests.set(name, digest);
    return digest;
  }

  manifest(repository: string, reference: string): { digest: string; mediaType: string; bytes: Buffer } | undefined {
    const digest = this.repositories.get(repository)?.manifests.get(reference);
    return digest === undefined ? undefined : { digest, ...this.#manifests.get(digest)! };
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.origin);
    const pieces: Buffer[] = [];
    try { for await (const piece of request) pieces.push(piece as Buffer); } catch { return; }
    const asked: Asked = { method: request.method!, url, headers: request.headers, body: Buffer.concat(pieces) };
    this.asked.push(asked);
    if (this.#options.cors) {
      for (const [name, value] of Object.entries({ 'allow-origin': '*', 'allow-headers': '*, authorization', 'allow-methods': '*', 'expose-headers': '*' })) response.setHeader(`access-control-${name}`, value);
      if (asked.method === 'OPTIONS') { answer(response, 204); return; }
    }
    for (const fault of this.faults) if (await fault(asked, response)) return;
    this.#answer(asked, response);
  }

  #answer(asked: Asked, response: ServerResponse): void {
    const path = decodeURIComponent(asked.url.pathname);
    if (path === '/token') { this.auth!.token(asked, response); return; }
    const [, repository = '', kind = '', rest = ''] = /^\/v2\/(.+?)\/(blobs|manifests|tags)\/(.*)$/.exec(path) ?? [];
    if (this.auth && !this.auth.allows(asked, this.origin, repository, response)) return;
    if (path === '/v2/') answer(response, 200, {}, '{}');
    else if (kind === 'manifests') this.#manifest(asked, response, repository, rest);
    else if (kind === 'tags') this.#tags(asked, response, repository);
    else if (kind === 'blobs' && rest.startsWith('uploads/')) this.#upload(asked, response, repository, rest.slice('uploads/'.length));
    else if (kind === 'blobs') this.#blob(asked, response, repository, rest);
    else refuse(response, 404, 'UNSUPPORTED', 'no such page');
  }

  #blob({ method, headers }: Asked, response: ServerResponse, repository: string, digest: string): void {
    const bytes = this.repositories.get(repository)?.blobs.has(digest) ? this.blobs.get(digest) : undefined;
    if (!bytes) { refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry'); return; }
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const part = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    const all = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest, 'content-length': String(bytes.length - from), ...(from > 0 ? part : {}) };
    response.writeHead(from > 0 ? 206 : 200, all).end(method === 'HEAD' ? undefined : bytes.subarray(from));
  }

  #manifest({ method, headers, body }: Asked, response: ServerResponse, repository: string, reference: string): void {
    if (method === 'PUT') {
      const digest = this.addManifest(repository, reference, headers['content-type'] ?? '', body.toString());
      answer(response, 201, { location: this.#place(`/v2/${repository}/manifests/${digest}`), 'docker-content-digest': digest });
      return;
    }
    const found = this.manifest(repository, reference);
    if (!found) { refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown'); return; }
    response.writeHead(200, { 'content-type': found.mediaType, 'docker-content-digest': found.digest, 'content-length': String(found.bytes.length) }).end(method === 'HEAD' ? undefined : found.bytes);
  }

  #tags({ url }: Asked, response: ServerResponse, repository: string): void {
    const known = this.repositories.get(repository);
    if (!known) { refuse(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry'); return; }
    const all = [...known.manifests.keys()].filter((name) => !name.includes(':')).sort();
    const begin = all.findIndex((tag) => tag > (url.searchParams.get('last') ?? ''));
    const tags = begin < 0 ? [] : all.slice(begin, begin + (this.#options.page ?? 1000));
    const isLast = tags.at(-1) === all.at(-1);
    answer(response, 200, isLast ? {} : { link: `<${this.#place(`/v2/${repository}/tags/list?last=${tags.at(-1)}`)}>; rel="next"` }, JSON.stringify({ name: repository, tags }));
  }

  #place(path: string): string { return this.#options.absolute ? this.origin + path : path; }

  #upload({ method, url, headers, body }: Asked, response: ServerResponse, repository: string, id: string): void {
    if (method === 'POST') { this.#begin(url, response, repository); return; }
    const session = this.#sessions.get(id);
    if (!session || session.repository !== repository) { refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry'); return; }
    if (method !== 'GET') {
      const from = /^(\d+)-/.exec(headers['content-range'] ?? '')?.[1];
      if (from !== undefined && Number(from) !== session.bytes.length) { answer(response, 416, this.#progress(repository, id, session)); return; }
      session.bytes = Buffer.concat([session.bytes, body]);
    }
    if (method !== 'PUT') { answer(response, method === 'GET' ? 204 : 202, this.#progress(repository, id, session)); return; }
    const digest = url.searchParams.get('digest')!;
    if (digestOf(session.bytes) !== digest) { refuse(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content'); return; }
    this.#sessions.delete(id);
    this.addBlob(repository, session.bytes);
    answer(response, 201, { location: this.#place(`/v2/${repository}/blobs/${digest}`), 'docker-content-digest': digest });
  }

  #begin(url: URL, response: ServerResponse, repository: string): void {
    const mount = url.searchParams.get('mount');
    const from = url.searchParams.get('from');
    if (mount !== null && from !== null && this.repositories.get(from)?.blobs.has(mount)) {
      this.repository(repository).blobs.add(mount);
      answer(response, 201, { location: this.#place(`/v2/${repository}/blobs/${mount}`), 'docker-content-digest': mount });
      return;
    }
    const id = randomUUID();
    const session = { repository, bytes: Buffer.alloc(0) };
    this.#sessions.set(id, session);
    answer(response, 202, this.#progress(repository, id, session));
  }

  #progress(repository: string, id: string, { bytes }: Session): Record<string, string> {
    return { location: this.#place(`/v2/${repository}/blobs/uploads/${id}?_state=x%2Fy`), range: `0-${Math.max(0, bytes.length - 1)}`, 'docker-upload-uuid': id };
  }
}
