// What can go wrong with a registry: an error with a stable code, in the words that docker's daemon has for it.
import type { HttpAnswer } from '../../host/ports.ts';
import { parseChallenges } from './challenge.ts';

/**
 * unreachable: no answer, or not from a registry · unauthorized: it wants to know who asks, or does not believe it · denied: it knows, and does not allow it · not-found: no such repository, tag or manifest
 * no-platform: the image is not there for the platform · bad-content: not what its digest or its length says · unsupported: a form that is not read · rate-limited: too many requests · refused: any other answer that is no success
 */
export type RegistryErrorCode = 'unreachable' | 'unauthorized' | 'denied' | 'not-found' | 'no-platform' | 'bad-content' | 'unsupported' | 'rate-limited' | 'refused';

export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  /** The registry's own code (MANIFEST_UNKNOWN, …), when it said one. */
  readonly said: string | undefined;
  constructor(code: RegistryErrorCode, message: string, said?: string) {
    super(message);
    this.name = 'RegistryError';
    this.code = code;
    this.said = said;
  }
}

interface Said { readonly code?: unknown; readonly message?: unknown }

const codes: Readonly<Record<string, RegistryErrorCode>> = {
  UNAUTHORIZED: 'unauthorized', DENIED: 'denied', NAME_UNKNOWN: 'not-found', MANIFEST_UNKNOWN: 'not-found', BLOB_UNKNOWN: 'not-found', TOOMANYREQUESTS: 'rate-limited', UNSUPPORTED: 'unsupported',
  DIGEST_INVALID: 'bad-content', SIZE_INVALID: 'bad-content',
};
const byStatus: Readonly<Record<number, RegistryErrorCode>> = { 401: 'unauthorized', 403: 'denied', 404: 'not-found', 429: 'rate-limited' };
const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 413: 'Request Entity Too Large', 416: 'Requested Range Not Satisfiable', 429: 'Too Many Requests',
  500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

/** `401 Unauthorized`. */
export const statusLine = (status: number): string => `${status} ${statusTexts[status] ?? ''}`.trim();

/** The first error of an answer's document (distribution-spec, "Error Codes"), in docker's form `manifest unknown: manifest unknown`; else what the status says. */
export function errorOf(status: number, body: string, url: string): RegistryError {
  const first = saidIn(body);
  if (first === undefined) return new RegistryError(byStatus[status] ?? 'refused', status === 429 ? 'toomanyrequests: too many requests' : `received unexpected HTTP status: ${statusLine(status)}${status < 500 ? ` (${url})` : ''}`);
  const { code, message } = first;
  return new RegistryError(codes[code] ?? byStatus[status] ?? 'refused', `${code.toLowerCase().replaceAll('_', ' ')}${message === '' ? '' : `: ${message}`}`, code);
}

/** What a challenge says of the token that was sent (RFC 6750, 3.1); registries answer so where a repository is not there, or not for everybody. */
export function challengeError(answer: HttpAnswer): RegistryError | undefined {
  if (answer.status < 400 || answer.status > 499) return undefined;
  for (const { scheme, parameters: { error, error_description: said } } of parseChallenges(answer.header('www-authenticate') ?? '')) {
    if (scheme !== 'bearer') continue;
    if (error === 'insufficient_scope') return new RegistryError('denied', `denied: ${said || 'requested access to the resource is denied'}`, 'DENIED');
    if (error === 'invalid_token') return new RegistryError('unauthorized', `unauthorized: ${said || 'authentication required'}`, 'UNAUTHORIZED');
  }
  return undefined;
}

function saidIn(body: string): { code: string; message: string } | undefined {
  let document: { errors?: unknown; details?: unknown } | null;
  try { document = JSON.parse(body) as typeof document; } catch { return undefined; }
  const list = document?.errors;
  const first = (Array.isArray(list) ? list[0] : undefined) as Said | undefined;
  if (typeof first?.code === 'string') return { code: first.code, message: typeof first.message === 'string' ? first.message : '' };
  return typeof document?.details === 'string' ? { code: 'UNAUTHORIZED', message: document.details } : undefined;
}
