// Who may ask a registry of tests: by password, or by tokens that its token server gives.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { answer, refuse } from './answers.ts';
import type { Asked } from './server.ts';

export interface AuthOptions {
  readonly kind: 'basic' | 'bearer';
  /** Passwords by name. */
  readonly users: Readonly<Record<string, string>>;
  /** Repositories that nobody gets tokens for. */
  readonly hidden?: readonly string[];
  /** What anyone may do. */
  readonly anonymous?: boolean;
  /** Gives refresh tokens to those who ask for them. */
  readonly refresh?: boolean;
}

interface Grant { readonly scopes: readonly string[]; uses: number }

const nameOf = (header: string | undefined, users: AuthOptions['users']): string | undefined => {
  const [name = '', ...password] = Buffer.from(/^Basic (.*)$/.exec(header ?? '')?.[1] ?? '', 'base64').toString().split(':');
  return Object.hasOwn(users, name) && users[name] === password.join(':') ? name : undefined;
};

export class TestAuth {
  readonly #options: AuthOptions;
  readonly #grants = new Map<string, Grant>();
  readonly #refresh = new Map<string, string>();
  /** How often a token is taken. */
  uses = Infinity;
  constructor(options: AuthOptions) { this.#options = options; }

  /** Answers 401 and returns false when this may not be asked. */
  allows({ method, headers, url }: Asked, origin: string, repository: string, response: ServerResponse): boolean {
    const { kind, users } = this.#options;
    const isWrite = method !== 'GET' && method !== 'HEAD' || url.pathname.includes('/uploads/');
    const scope = repository === '' ? '' : `repository:${repository}:${isWrite ? 'pull,push' : 'pull'}`;
    if (kind === 'basic' ? nameOf(headers.authorization, users) !== undefined : this.#isGranted(headers.authorization, repository, isWrite)) return true;
    const sent = this.#grants.get(/^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    const error = sent && sent.uses >= 0 ? ',error="insufficient_scope"' : headers.authorization === undefined ? '' : ',error="invalid_token"';
    const challenge = kind === 'basic' ? 'Basic realm="test"' : `Bearer realm="${origin}/token",service="tests"${scope === '' ? '' : `,scope="${scope}"`}${error}`;
    refuse(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
    return false;
  }

  #isGranted(header: string | undefined, repository: string, isWrite: boolean): boolean {
    const grant = this.#grants.get(/^Bearer (.*)$/.exec(header ?? '')?.[1] ?? '');
    if (!grant || grant.uses-- <= 0) return false;
    return repository === '' || grant.scopes.some((scope) => scope.startsWith(`repository:${repository}:`) && (!isWrite || scope.includes('push')));
  }

  /** The token server (distribution's "Token Authentication Specification"). */
  token({ method, url, headers, body }: Asked, response: ServerResponse): void {
    const form = method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
    const { users, anonymous = false, refresh = false } = this.#options;
    const name = method === 'POST' ? this.#refresh.get(form.get('refresh_token') ?? '') : nameOf(headers.authorization, users);
    if (name === undefined && (!anonymous || headers.authorization !== undefined)) { refuse(response, 401, 'UNAUTHORIZED', 'incorrect username or password'); return; }
    const asked = form.getAll('scope').flatMap((scope) => scope.split(' '));
    const { hidden = [] } = this.#options;
    const allowed = asked.filter((scope) => !hidden.includes(scope.split(':')[1] ?? ''));
    const scopes = name === undefined ? allowed.map((scope) => scope.replace(/:pull,push$/, ':pull')) : allowed;
    const token = randomUUID();
    this.#grants.set(token, { scopes, uses: this.uses });
    const secret = refresh && form.get('offline_token') === 'true' ? randomUUID() : undefined;
    if (secret !== undefined && name !== undefined) this.#refresh.set(secret, name);
    answer(response, 200, {}, JSON.stringify({ [method === 'POST' ? 'access_token' : 'token']: token, expires_in: 300, ...(secret === undefined ? {} : { refresh_token: secret }) }));
  }
}
