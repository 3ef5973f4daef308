// HTTP over node:http and node:https: proxies, authorities of one's own, and errors in the words of Go's net/http, which docker's users know.
import http from 'node:http';
import https from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Fetch, HttpAnswer, HttpRequest } from '../ports.ts';
import { certificatesFor } from './certificates.ts';
import { proxyFor } from './proxies.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Failure = Error & { code?: string; address?: string; port?: number; hostname?: string; errors?: Failure[]; ofProxy?: true; cert?: { subjectaltname?: string } };

export interface FetchOptions {
  readonly env: Env;
  /** Folders that certificates for hosts are in, `certs.d`. */
  readonly certificates: readonly string[];
  /** How long nothing may come, in milliseconds. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;
/** Pieces of content in which it is read from sockets. */
const PIECE = 256 * 1024;

/** A failure with a code of `Fetch` and docker's words. */
const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

const unverified = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED']);
const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused', EHOSTUNREACH: 'connect: no route to host', ENETUNREACH: 'connect: network is unreachable', ETIMEDOUT: 'i/o timeout', EACCES: 'connect: permission denied', EPERM: 'connect: operation not permitted',
};

/** What went wrong, as Go would say it. */
function explained(error: Failure, url: URL): Error {
  const { code = '', message } = cause(error, url) as Failure;
  return failure(code, error.ofProxy ? `proxyconnect tcp: ${message}` : message);
}

function cause(error: Failure, url: URL): Error {
  const { code = '', address, port } = error.errors?.[0] ?? error;
  if (code in systemWords) return failure(code, `dial tcp ${address === undefined ? url.host : `${address.includes(':') ? `[${address}]` : address}:${port}`}: ${systemWords[code]}`);
  if (code === 'ENOTFOUND') return failure(code, `dial tcp: lookup ${error.hostname ?? url.hostname}: no such host`);
  if (code === 'EAI_AGAIN') return failure(code, `dial tcp: lookup ${error.hostname ?? url.hostname}: temporary failure in name resolution`);
  if (unverified.has(code)) return failure('ETLS', 'tls: failed to verify certificate: x509: certificate signed by unknown authority');
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return failure('ETLS', 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return failure('ETLS', `tls: failed to verify certificate: x509: certificate is valid for ${(error.cert?.subjectaltname ?? '').replace(/(DNS|IP Address):/g, '') || 'no name'}, not ${url.hostname}`);
  if (code === 'EPROTO' && /wrong version number|packet length too long/.test(error.message)) return failure('EHTTP', 'http: server gave HTTP response to HTTPS client');
  if (code.startsWith('HPE_')) return failure('EHTTP', `net/http: malformed HTTP response (${error.message.replace('Parse Error: ', '')})`);
  if (code === 'ECONNRESET' || code === 'EPIPE') return failure('ECONNRESET', 'EOF');
  if (/SSL|TLS/.test(code) || code === 'EPROTO') return failure('ETLS', `tls: ${error.message}`);
  return failure(code || 'EIO', error.message);
}

/** Tunnels to servers behind a proxy (CONNECT). */
class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  constructor(proxy: URL, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: https.RequestOptions, callback?: (error: Error | null, socket: Duplex) => void): TLSSocket {
    const target = `${options.host}:${options.port}`;
    const ask = (this.#proxy.protocol === 'https:' ? https : http).request(this.#proxy, { method: 'CONNECT', path: target, headers: { host: target, ...proxyAuthorization(this.#proxy) } });
    const none = undefined as unknown as TLSSocket;
    ask.on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        return callback?.(failure('EIO', answer.statusMessage || `proxy: ${answer.statusCode}`), none);
      }
      callback?.(null, connectTls({ ...(options as object), socket, servername: String(options.servername || options.host) }));
    });
    ask.on('error', (error) => callback?.(Object.assign(error, { ofProxy: true }), none));
    ask.end();
    return none;
  }
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  return username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` };
}

/** A fetch with connections that are used again. */
export function nodeFetch({ env, certificates, idleMs = IDLE_MS }: FetchOptions): Fetch {
  const agents = new Map<string, http.Agent>();
  const agentFor = (url: URL, proxy: URL | undefined, insecure: boolean): http.Agent => {
    const key = `${url.protocol}${url.host} ${proxy?.href ?? ''} ${insecure}`;
    const known = agents.get(key);
    if (known) return known;
    const options = { keepAlive: true, rejectUnauthorized: !insecure, ...(url.protocol === 'https:' ? certificatesFor(url.host, certificates) : {}) };
    const made = url.protocol === 'http:' ? new http.Agent(options) : proxy ? new TunnelAgent(proxy, options) : new https.Agent(options);
    agents.set(key, made);
    return made;
  };
  return (request) => {
    const url = new URL(request.url);
    const proxy = proxyFor(url, env);
    const agent = agentFor(url, proxy, request.insecure ?? false);
    return send(request, url, { agent, idleMs, plainProxy: url.protocol === 'http:' ? proxy : undefined });
  };
}

interface Way { readonly agent: http.Agent; readonly idleMs: number; /** For http, which proxies are asked for by the whole URL. */ readonly plainProxy: URL | undefined }

function send({ method, headers, body }: HttpRequest, url: URL, { agent, idleMs, plainProxy }: Way): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = body ? { 'content-length': String(body.size) } : /POST|PUT|PATCH/.test(method) ? { 'content-length': '0' } : {};
    const all = { ...headers, ...length, ...(plainProxy ? { host: url.host, ...proxyAuthorization(plainProxy) } : {}) };
    const options = { method, headers: all, agent, timeout: idleMs, highWaterMark: PIECE };
    const request = plainProxy ? http.request({ ...options, host: plainProxy.hostname, port: plainProxy.port || 80, path: url.href }) : (url.protocol === 'https:' ? https : http).request(url, options);
    let answered = false;
    request.on('timeout', () => request.destroy(failure('ETIMEDOUT', 'net/http: timeout awaiting response')));
    request.on('response', (response) => {
      answered = true;
      resolve(answerOf(response, url));
    });
    request.on('error', (error: Failure) => {
      if (!answered) reject(error.message.startsWith('net/http: ') ? error : explained(error, url));
    });
    if (!body) request.end();
    else void pump(body.chunks, request).catch((error: Error) => { reject(error); request.destroy(); });
  });
}

/** Writes as fast as the connection takes it; stops when that is gone, which the request tells itself. */
async function pump(chunks: AsyncIterable<Uint8Array>, into: http.ClientRequest): Promise<void> {
  for await (const chunk of chunks) {
    if (into.destroyed) return;
    if (into.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => { into.off('drain', goOn).off('close', goOn); resolve(); };
      into.on('drain', goOn).on('close', goOn);
    });
  }
  into.end();
}

function answerOf(response: http.IncomingMessage, url: URL): HttpAnswer {
  const { location } = response.headers;
  return {
    status: response.statusCode ?? 0,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    location: location === undefined ? undefined : new URL(location, url).href,
    body: content(response, url),
  };
}

async function* content(response: http.IncomingMessage, url: URL): AsyncGenerator<Uint8Array> {
  try { yield* response as AsyncIterable<Uint8Array>; } catch (error) {
    throw (error as Failure).message === 'aborted' ? failure('ECONNRESET', 'unexpected EOF') : explained(error as Failure, url);
  } finally { response.destroy(); }
}
