// Image references by Docker's grammar: `[domain/]path[:tag][@digest]`, with docker.io, library/ and latest where nothing is said (distribution's reference package).
import { ImageError } from './errors.ts';

export interface Reference {
  /** The registry, docker.io when none was said. */
  readonly domain: string;
  /** The repository, with `library/` before a single name on docker.io. */
  readonly path: string;
  readonly tag: string | undefined;
  /** algorithm:hex. */
  readonly digest: string | undefined;
}

const DEFAULT_DOMAIN = 'docker.io';
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const pathPattern = new RegExp(`^${component}(?:/${component})*$`);
const domainPattern = new RegExp(`^(?:${domainPart}(?:\\.${domainPart})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

const invalid = (text: string, why = 'invalid reference format'): ImageError => new ImageError('bad-reference', `${why}: ${JSON.stringify(text)}`);

const withLibrary = (domain: string, path: string): string => (domain === DEFAULT_DOMAIN && !path.includes('/') ? `library/${path}` : path);

/** Parses what a user wrote. Throws ImageError 'bad-reference'. */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digestPattern.test(digest)) throw invalid(text);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text);
  const { domain, path } = splitDomain(hasTag ? named.slice(0, colon) : named);
  if (/^[0-9a-f]{64}$/.test(path)) throw new ImageError('bad-reference', `invalid repository name (${path}), cannot specify 64-byte hexadecimal strings`);
  if (path !== path.toLowerCase()) throw new ImageError('bad-reference', `invalid reference format: repository name (${withLibrary(domain, path)}) must be lowercase`);
  if (!domainPattern.test(domain) || !pathPattern.test(path)) throw invalid(text);
  if (domain.length + path.length + 1 > 255) throw invalid(text, 'repository name must not be more than 255 characters');
  return { domain, path: withLibrary(domain, path), tag, digest };
}

/** The first part is a registry when it could not be a repository: a dot, a port, upper case, or localhost. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (!isDomain) return { domain: DEFAULT_DOMAIN, path: name };
  return { domain: first === 'index.docker.io' ? DEFAULT_DOMAIN : first, path: name.slice(slash + 1) };
}

/** The whole name: docker.io/library/busybox:latest. Without tag and digest the tag is latest. */
export function fullName(reference: Reference): string {
  const tag = reference.tag ?? (reference.digest === undefined ? 'latest' : undefined);
  return `${reference.domain}/${reference.path}${tag === undefined ? '' : `:${tag}`}${reference.digest === undefined ? '' : `@${reference.digest}`}`;
}

/** The repository as Docker shows it: busybox, alice/tool, ghcr.io/x/y. */
export function familiarRepository(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return `${reference.domain}/${reference.path}`;
  return reference.path.startsWith('library/') && !reference.path.slice(8).includes('/') ? reference.path.slice(8) : reference.path;
}

/** The name as Docker shows it: busybox:latest. */
export function familiarName(reference: Reference): string {
  return familiarRepository(reference) + fullName(reference).slice(reference.domain.length + 1 + reference.path.length);
}

/** Domain and path of a full name. */
export function repositoryOf(name: string): string {
  const { domain, path } = parseReference(name);
  return `${domain}/${path}`;
}
