// One registry: where it answers, who asks, and requests that are tried again (distribution-spec v1.1).
import type { Fetch, HttpAnswer, HttpBody, HttpRequest } from '../../host/ports.ts';
import { drain, textOf } from './bodies.ts';
import { challengeError, errorOf, RegistryError, statusLine } from './errors.ts';
import { type Credentials, Tokens } from './tokens.ts';

export interface RegistryPorts {
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** What the host sends at once, in bytes; absent: as much as there is. Not every registry takes several parts. */
  readonly largestBody?: number;
}

export interface RegistryOptions {
  readonly credentials?: Credentials;
  /** Without a certificate that somebody vouches for, or over http; the loopback always may. */
  readonly insecure?: boolean;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A login: asks for a refresh token instead of a password to be kept. */
  readonly offline?: boolean;
  /** What the registry has to say to the user (Warning headers). */
  readonly warn?: (text: string) => void;
}

/** A request to the registry. */
export interface Ask {
  readonly method: HttpRequest['method'];
  /** After `/v2/`, or an absolute URL that the registry gave. */
  readonly path: string;
  /** `repository:NAME:pull`: what it takes. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each try. */
  readonly body?: () => HttpBody;
  /** Statuses that are answers; any other one is thrown. */
  readonly expect: readonly number[];
  /** Not to be sent again after a failure: a part of it may have been taken. */
  readonly once?: boolean;
}

const TRIES = 5;
const REDIRECTS = 10;
/** Tokens for one request: others may have used up the first ones. */
const RENEWALS = 3;
/** Between tries, doubled each time. */
const BACK_OFF_MS = 250;
/** A registry that asks for more patience than this has refused. */
const LONGEST_WAIT_MS = 60_000;
const transient = new Set([408, 429, 500, 502, 503, 504]);

const HUB = 'docker.io', HUB_HOST = 'registry-1.docker.io';
export const hostOf = (domain: string): string => (domain === HUB ? HUB_HOST : domain);
export const isLoopback = (domain: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(domain);
const originOf = (url: string): string => /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? '';
const go = (method: string): string => method[0] + method.slice(1).toLowerCase();

export class Registry {
  readonly domain: string;
  readonly #ports: RegistryPorts;
  readonly #options: RegistryOptions;
  readonly #tokens: Tokens;
  readonly #insecure: boolean;
  #base: Promise<string> | undefined;
  readonly #warned = new Set<string>();

  constructor(domain: string, ports: RegistryPorts, options: RegistryOptions = {}) {
    this.domain = domain;
    this.#ports = ports;
    this.#options = options;
    this.#insecure = options.insecure ?? isLoopback(domain);
    this.#tokens = new Tokens(options.credentials ?? {}, { fetch: ports.fetch, nowMs: ports.nowMs, insecure: this.#insecure, headers: options.headers ?? {}, offline: options.offline ?? false });
  }

  /** The refresh token that a login got instead of keeping the password. */
  get identityToken(): string | undefined { return this.#tokens.identityToken; }

  get largestBody(): number { return this.#ports.largestBody ?? Infinity; }

  /** Waits before another try; for downloads that broke off. */
  async pause(tries: number): Promise<void> { await this.#ports.sleep(BACK_OFF_MS * 2 ** Math.min(tries, 6)); }

  /** `https://host/v2/`, found out by the first request. Throws RegistryError 'unreachable'. */
  base(): Promise<string> {
    this.#base ??= this.#find();
    this.#base.catch(() => { this.#base = undefined; });
    return this.#base;
  }

  async #find(): Promise<string> {
    const schemes = this.#insecure ? ['https', 'http'] : ['https'];
    let failure: RegistryError | undefined;
    for (const scheme of schemes) {
      const url = `${scheme}://${hostOf(this.domain)}/v2/`;
      try {
        const answer = await this.#fetch({ method: 'GET', url, headers: this.#options.headers ?? {} });
        await drain(answer);
        this.#tokens.learn(answer);
        return url;
      } catch (error) { failure = error as RegistryError; }
    }
    throw failure!;
  }

  /** Asks whether the registry takes who asks. Throws RegistryError. */
  async login(): Promise<void> {
    const url = await this.base();
    const authorization = await this.#tokens.header('').catch((error: RegistryError) => { throw new RegistryError(error.code, error.message.startsWith('Get ') ? error.message : `Get "${url}": ${error.message}`, error.said); });
    const answer = await this.#fetch({ method: 'GET', url, headers: { ...this.#options.headers, ...(authorization === undefined ? {} : { authorization }) } });
    const body = await textOf(answer);
    if (answer.status === 200) return;
    const said = errorOf(answer.status, body, url);
    throw new RegistryError(said.code, `login attempt to ${url} failed with status: ${statusLine(answer.status)}`);
  }

  /** Sends a request, again where that helps: after a broken connection, when the registry is busy, with a new token, where it is redirected. Throws RegistryError. */
  async send(ask: Ask): Promise<HttpAnswer> {
    let renewals = 0;
    for (let tries = 1; ; tries++) {
      let answer: HttpAnswer;
      let authorization: string | undefined;
      try { ({ answer, authorization } = await this.#once(ask)); } catch (error) {
        if (ask.once || tries >= TRIES || !isPassing(error)) throw error;
        await this.pause(tries);
        continue;
      }
      if (ask.expect.includes(answer.status)) return answer;
      if (answer.status === 401 && renewals++ < RENEWALS && this.#tokens.renew(answer, ask.scope, authorization)) {
        await drain(answer);
        continue;
      }
      const waitMs = this.#waitMs(answer) ?? BACK_OFF_MS * 2 ** tries;
      if (ask.once || tries >= TRIES || !transient.has(answer.status) || waitMs > LONGEST_WAIT_MS) throw await this.#refused(ask, answer);
      await drain(answer);
      await this.#ports.sleep(waitMs);
    }
  }

  async #refused({ method, path }: Ask, answer: HttpAnswer): Promise<RegistryError> {
    const body = await textOf(answer);
    const url = path.includes('://') ? path : `${await this.base()}${path}`;
    const error = challengeError(answer) ?? errorOf(answer.status, body, url);
    if (error.said !== undefined || method !== 'HEAD') return error;
    return new RegistryError(error.code, `${go(method)} "${url}": ${answer.status === 401 ? 'unauthorized: authentication required' : error.message}`);
  }

  /** What Retry-After says: seconds or a date. */
  #waitMs(answer: HttpAnswer): number | undefined {
    const said = answer.header('retry-after')?.trim();
    if (said === undefined || said === '') return undefined;
    const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - this.#ports.nowMs();
    return Number.isNaN(ms) ? undefined : Math.max(0, ms);
  }

  /** One try, through redirects. What says who asks goes to the registry alone. */
  async #once({ method, path, scope, headers, body }: Ask): Promise<{ answer: HttpAnswer; authorization: string | undefined }> {
    const base = await this.base();
    let url = path.includes('://') ? path : `${base}${path}`;
    for (let redirects = 0; ; redirects++) {
      const own = originOf(url) === originOf(base);
      let authorization: string | undefined;
      try { authorization = own ? await this.#tokens.header(scope) : undefined; } catch (error) {
        throw error instanceof RegistryError && error.message === 'no basic auth credentials' && method === 'HEAD' && path.includes('/manifests/') ? new RegistryError(error.code, `Head "${url}": ${error.message}`) : error;
      }
      const answer = await this.#fetch({ method, url, headers: { ...(own ? this.#options.headers : {}), ...headers, ...(authorization === undefined ? {} : { authorization }) }, ...(body ? { body: body() } : {}) });
      if (!(answer.status >= 300 && answer.status < 400 && answer.location !== undefined && answer.status !== 304)) return { answer, authorization };
      await drain(answer);
      if (redirects >= REDIRECTS) throw new RegistryError('refused', `${go(method)} "${url}": stopped after ${REDIRECTS} redirects`);
      if (/^https:/i.test(url) && !/^https:/i.test(answer.location) && !this.#insecure) throw new RegistryError('refused', `${go(method)} "${url}": redirected to ${originOf(answer.location)}, which is not secure`);
      url = answer.location;
    }
  }

  async #fetch(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.#ports.fetch({ ...request, insecure: this.#insecure });
      this.#tellWarnings(answer);
      return answer;
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      const { code = '', message } = error as Error & { code?: string };
      const failed = new RegistryError('unreachable', `${go(request.method)} "${request.url}": ${message}`);
      throw Object.assign(failed, { cause: code });
    }
  }

  /** `299 - "text"` (distribution-spec, "Warnings"), each text once. */
  #tellWarnings(answer: HttpAnswer): void {
    for (const [, quoted] of (answer.header('warning') ?? '').matchAll(/\b299 - "((?:[^"\\]|\\.)*)"/g)) {
      const text = quoted!.replace(/\\(.)/g, '$1');
      if (this.#warned.has(text)) continue;
      this.#warned.add(text);
      this.#options.warn?.(text);
    }
  }
}

/** Whether another try may succeed: a connection that broke or hung, not one that nobody takes. */
const isPassing = (error: unknown): boolean => error instanceof RegistryError && error.code === 'unreachable' && ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EIO'].includes(String(error.cause));
