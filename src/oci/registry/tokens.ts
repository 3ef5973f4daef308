// Who asks: credentials as basic authentication, and tokens of a registry's token server (distribution's token and oauth2 specifications).
import { base64 } from '../../base/index.ts';
import type { Fetch, HttpAnswer, HttpRequest } from '../../host/ports.ts';
import { once, textOf } from './bodies.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { errorOf, RegistryError, statusLine } from './errors.ts';

/** What is known of a user at a registry. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** A refresh token, got by an earlier login. */
  readonly identityToken?: string;
  /** A token to be sent as it is. */
  readonly registryToken?: string;
}

export interface TokenPorts { readonly fetch: Fetch; readonly nowMs: () => number; readonly insecure: boolean; readonly headers: Readonly<Record<string, string>>; /** A login: a refresh token is asked for. */ readonly offline: boolean }

interface Token { readonly text: string; readonly endsMs: number }
interface TokenDocument { token?: unknown; access_token?: unknown; expires_in?: unknown; refresh_token?: unknown }

/** Tokens live at least so long (the token specification's default). */
const LEAST_LIFE_S = 60;
/** A token is not used in its last moments. */
const MARGIN_MS = 5_000;
const CLIENT_ID = 'wherry';

const basic = ({ username = '', password = '' }: Credentials): string => `Basic ${base64(new TextEncoder().encode(`${username}:${password}`))}`;
const isKnown = ({ username, password, identityToken }: Credentials): boolean => identityToken !== undefined || (username !== undefined && username !== '' && password !== undefined);

/** The authorization of requests to one registry. */
export class Tokens {
  readonly #credentials: Credentials;
  readonly #ports: TokenPorts;
  readonly #tokens = new Map<string, Token>();
  readonly #asked = new Map<string, Promise<string>>();
  #challenge: Challenge | undefined;

  constructor(credentials: Credentials, ports: TokenPorts) {
    this.#credentials = credentials;
    this.#ports = ports;
  }

  /** The refresh token that the token server gave for a password. */
  identityToken: string | undefined;

  /** Learns from an answer what the registry asks for. */
  learn(answer: HttpAnswer): void {
    const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
    this.#challenge = challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic') ?? this.#challenge;
  }

  /** The Authorization header for a scope, undefined where none is asked for. Throws RegistryError. */
  async header(scope: string): Promise<string | undefined> {
    const { registryToken } = this.#credentials;
    if (registryToken) return `Bearer ${registryToken}`;
    if (!this.#challenge) return undefined;
    if (this.#challenge.scheme === 'bearer') return `Bearer ${await this.#token(scope)}`;
    if (!isKnown(this.#credentials) || this.#credentials.identityToken !== undefined) throw new RegistryError('unauthorized', 'no basic auth credentials');
    return basic(this.#credentials);
  }

  /** After an answer 401: forgets the token that was sent. False when another try would be the same. */
  renew(answer: HttpAnswer, scope: string, sent: string | undefined): boolean {
    const before = JSON.stringify(this.#challenge);
    this.learn(answer);
    const isToken = sent?.startsWith('Bearer ') ?? false;
    // A newer token would allow no more.
    if (isToken && parseChallenges(answer.header('www-authenticate') ?? '').some(({ parameters }) => parameters['error'] === 'insufficient_scope')) return false;
    if (sent === `Bearer ${this.#tokens.get(scope)?.text}`) this.#tokens.delete(scope);
    return isToken || before !== JSON.stringify(this.#challenge);
  }

  /** The token that is known, or one that is asked for, once for all who wait for it. */
  async #token(scope: string): Promise<string> {
    const known = this.#tokens.get(scope);
    if (known && this.#ports.nowMs() < known.endsMs - MARGIN_MS) return known.text;
    const asked = this.#asked.get(scope) ?? this.#newToken(scope).finally(() => { this.#asked.delete(scope); });
    this.#asked.set(scope, asked);
    return asked;
  }

  async #newToken(scope: string): Promise<string> {
    const document = await this.#ask(scope);
    const text = [document.token, document.access_token].find((one) => typeof one === 'string' && one !== '');
    if (typeof text !== 'string') throw new RegistryError('unauthorized', 'authorization server did not include a token in the response');
    if (typeof document.refresh_token === 'string' && document.refresh_token !== '') this.identityToken = document.refresh_token;
    const life = Math.max(LEAST_LIFE_S, typeof document.expires_in === 'number' ? document.expires_in : 0);
    this.#tokens.set(scope, { text, endsMs: this.#ports.nowMs() + life * 1000 });
    return text;
  }

  async #ask(scope: string): Promise<TokenDocument> {
    const { realm, service } = this.#challenge!.parameters;
    if (realm === undefined || !/^https?:\/\//.test(realm)) throw new RegistryError('unauthorized', 'no realm specified for token auth challenge');
    const request = this.#credentials.identityToken === undefined ? this.#passwordRequest(realm, service, scope) : this.#refreshRequest(realm, service, scope, this.#credentials.identityToken);
    const answer = await this.#ports.fetch({ ...request, insecure: this.#ports.insecure }).catch((error: Error) => { throw new RegistryError('unreachable', `${request.method === 'GET' ? 'Get' : 'Post'} "${request.url}": ${error.message}`); });
    const body = await textOf(answer);
    if (answer.status < 200 || answer.status > 299) throw tokenError(answer.status, body, request.url);
    try { return (JSON.parse(body) ?? {}) as TokenDocument; } catch { throw new RegistryError('unauthorized', `unable to decode token response: ${request.url} gave no JSON`); }
  }

  #passwordRequest(realm: string, service: string | undefined, scope: string): HttpRequest {
    const known = isKnown(this.#credentials);
    const words = [
      ...(known ? [['account', this.#credentials.username ?? ''], ...(this.#ports.offline ? [['client_id', CLIENT_ID], ['offline_token', 'true']] : [])] : []), ...(scope === '' ? [] : scope.split(' ').map((one) => ['scope', one])), ...(service ? [['service', service]] : []),
    ] as [string, string][];
    const url = `${realm}${realm.includes('?') ? '&' : '?'}${query(words)}`;
    return { method: 'GET', url, headers: { ...this.#ports.headers, accept: 'application/json', ...(known ? { authorization: basic(this.#credentials) } : {}) } };
  }

  #refreshRequest(realm: string, service: string | undefined, scope: string, token: string): HttpRequest {
    const form = new TextEncoder().encode(query([['grant_type', 'refresh_token'], ['service', service ?? ''], ['client_id', CLIENT_ID], ['refresh_token', token], ...(scope === '' ? [] : [['scope', scope] as [string, string]])]));
    return { method: 'POST', url: realm, headers: { ...this.#ports.headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }, body: { size: form.length, chunks: once(form) } };
  }
}

/** As application/x-www-form-urlencoded has it: a space may be %20, too. */
const query = (words: readonly (readonly [string, string])[]): string => words.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');

const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
const encode = (text: string): string => Array.from(new TextEncoder().encode(text), (byte) => (/[A-Za-z0-9_.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : hex(byte))).join('');

function tokenError(status: number, body: string, url: string): RegistryError {
  const error = errorOf(status, body, url);
  if (error.said !== undefined) return error;
  return new RegistryError(error.code, status === 401 ? 'unauthorized: authentication required' : `error getting token: received unexpected HTTP status: ${statusLine(status)}`);
}
