// Manifests of a registry: asked for by tag or digest, checked, and the one for a platform chosen from an index.
import type { Codecs } from '../../host/ports.ts';
import { sha256Of } from '../chain.ts';
import { type Descriptor, type Digest, isDigest, isIndexType, mediaTypes, parseIndex, parseJson } from '../image.ts';
import { bytesOfAnswer, drain } from './bodies.ts';
import { RegistryError } from './errors.ts';
import type { Registry } from './registry.ts';

/** What a tag or digest stands for: a manifest, or an index of several. */
export interface RemoteManifest { readonly bytes: Uint8Array; readonly digest: Digest; readonly mediaType: string }

export interface Platform { readonly os: string; readonly architecture: string; readonly variant?: string }

const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;
const ACCEPT = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex, 'application/json;q=0.5'].join(', ');

export const scopeOf = (repository: string, actions: string): string => `repository:${repository}:${actions}`;
export const platformText = ({ os, architecture, variant }: Platform): string => [os, architecture, ...(variant ? [variant] : [])].join('/');

/** The digest that a tag or digest stands for; undefined when the registry does not say. Throws RegistryError. */
export async function remoteDigest(registry: Registry, repository: string, reference: string): Promise<Digest | undefined> {
  const answer = await registry.send({ method: 'HEAD', path: `${repository}/manifests/${reference}`, scope: scopeOf(repository, 'pull'), headers: { accept: ACCEPT }, expect: [200, 404, 405] });
  await drain(answer);
  const digest = answer.header('docker-content-digest');
  return answer.status === 200 && isDigest(digest) ? digest : undefined;
}

/** Fetches a manifest and checks it against its digest: the one that is asked for, else the one that the registry states. Throws RegistryError. */
export async function remoteManifest(registry: Registry, repository: string, reference: string, codecs: Codecs): Promise<RemoteManifest> {
  const answer = await registry.send({ method: 'GET', path: `${repository}/manifests/${reference}`, scope: scopeOf(repository, 'pull'), headers: { accept: ACCEPT }, expect: [200] });
  const bytes = await bytesOfAnswer(answer);
  const digest = sha256Of(bytes, codecs);
  const stated = reference.includes(':') ? reference : answer.header('docker-content-digest');
  if (isDigest(stated) && stated !== digest) throw new RegistryError('bad-content', `manifest verification failed for digest ${stated}`);
  return { bytes, digest, mediaType: mediaTypeOf(bytes, answer.header('content-type'), digest) };
}

/** What the document says of itself, else the header, else what it looks like. Throws RegistryError 'unsupported' for what is read no more. */
function mediaTypeOf(bytes: Uint8Array, header: string | undefined, what: string): string {
  const document = parseJson(bytes, `manifest ${what}`) as { mediaType?: unknown; schemaVersion?: unknown; manifests?: unknown } | null;
  const said = typeof document?.mediaType === 'string' ? document.mediaType : header?.split(';')[0]!.trim() ?? '';
  if (document?.schemaVersion === 1 || SCHEMA_1.test(said)) {
    throw new RegistryError('unsupported', 'Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported. Suggest the author of the image to upgrade it to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/');
  }
  if (isIndexType(said) || said === mediaTypes.manifest || said === mediaTypes.dockerManifest) return said;
  return Array.isArray(document?.manifests) ? mediaTypes.index : mediaTypes.manifest;
}

const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };
const variantOf = ({ architecture, variant }: Platform): string => variant || (DEFAULT_VARIANTS[architecture] ?? '');
/** amd64's variants are ordered: a machine of v2 runs v1. */
const VARIANTS_OF_AMD64 = ['v1', 'v2'];

export const PERFECT = 2;

/** How well what is offered serves who wants something: the more the better, negative not at all. */
export function fit(offered: Platform, wanted: Platform): number {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return -1;
  if (variantOf(offered) === variantOf(wanted)) return PERFECT;
  return wanted.architecture === 'amd64' && !wanted.variant ? VARIANTS_OF_AMD64.indexOf(variantOf(offered)) : -1;
}

/** The manifest of an index that is for a platform, the first of those that fit best. Throws RegistryError 'no-platform'. */
export function chooseManifest(index: RemoteManifest, wanted: Platform): Descriptor {
  const offered = parseIndex(index.bytes, `index ${index.digest}`).filter(({ platform, annotations }) => platform?.architecture !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined);
  const ranked = offered.map((descriptor) => ({ descriptor, rank: fit(descriptor.platform ?? { os: 'linux', architecture: 'amd64' }, wanted) })).filter(({ rank: one }) => one >= 0);
  const best = ranked.reduce<(typeof ranked)[number] | undefined>((a, b) => (a && a.rank >= b.rank ? a : b), undefined);
  if (!best) throw new RegistryError('no-platform', `no matching manifest for ${platformText(wanted)} in the manifest list entries`);
  return best.descriptor;
}
