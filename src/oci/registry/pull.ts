// `pull`: an image of a registry into the store. Manifest, configuration and layers are checked against their digests; the image is there whole or not at all.
import { sha256Of } from '../chain.ts';
import type { UnpackLimit } from '../compression.ts';
import { type Descriptor, type Digest, DOCUMENT_LIMIT, type ImageConfig, isImageConfig, isIndexType, parseConfig, parseManifest } from '../image.ts';
import { familiarName, familiarRepository, fullName, type Reference } from '../reference.ts';
import type { Store } from '../store.ts';
import type { Image } from '../store-view.ts';
import { ArrivingLayers, type ArrivingOptions } from './arriving-layers.ts';
import { bytesOfAnswer } from './bodies.ts';
import { RegistryError } from './errors.ts';
import { chooseManifest, fit, PERFECT, type Platform, platformText, type RemoteManifest, remoteDigest, remoteManifest, scopeOf } from './manifests.ts';
import type { TransferProgress } from './progress.ts';
import type { Registry } from './registry.ts';

export interface PullOptions {
  readonly platform?: Platform;
  readonly progress?: TransferProgress;
  readonly unpackLimit?: UnpackLimit;
}

/** `digest`: what the name stands for in the registry, an index perhaps. */
export interface Pulled { readonly image: Image; readonly digest: Digest; readonly isNew: boolean }

const HERE: Platform = { os: 'linux', architecture: 'amd64' };

/** Pulls one image. Throws RegistryError, ImageError, and what the host's disk says. */
export async function pullImage(store: Store, registry: Registry, reference: Reference, { platform, progress = () => {}, unpackLimit }: PullOptions = {}): Promise<Pulled> {
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const name = fullName(reference.digest === undefined ? reference : { ...reference, tag: undefined });
  const before = store.images().find((image) => image.names.includes(name));
  const fetched = await found(store, registry, reference, wanted, platform).catch((error: unknown) => { throw explained(error, reference); });
  progress({ status: `${reference.digest === undefined ? wanted : `${reference.domain}/${reference.path}@${reference.digest}`}: Pulling from ${reference.path}` });
  const names = [name, `${reference.domain}/${reference.path}@${fetched.digest}`];
  const image = 'image' in fetched ? store.nameAs(fetched.image, names) : await fetchImage(store, registry, reference.path, fetched, names, { platform: platform ?? HERE, progress, unpackLimit });
  if (platform) tellOtherPlatform(image, reference, platform, progress);
  progress({ status: `Digest: ${fetched.digest}` });
  return { image, digest: fetched.digest, isNew: before?.manifestDigest !== image.manifestDigest };
}

/** The image that the store has under the digest that the name stands for now, else the manifest. */
async function found(store: Store, registry: Registry, { domain, path, digest }: Reference, wanted: string, platform: Platform | undefined): Promise<{ image: Image; digest: Digest } | RemoteManifest> {
  const known = digest ?? await remoteDigest(registry, path, wanted);
  const image = known === undefined ? undefined : store.images().find((one) => one.names.includes(`${domain}/${path}@${known}`));
  if (image && known !== undefined && isFor(image.config, platform ?? HERE)) return { image, digest: known };
  return remoteManifest(registry, path, known ?? wanted, store.transfer.codecs);
}

const platformOf = ({ os, architecture, variant }: ImageConfig): Platform => ({ os: os || 'linux', architecture: architecture || 'amd64', ...(variant ? { variant } : {}) });
/** Whether no manifest of an index could fit better. */
const isFor = (config: ImageConfig, wanted: Platform): boolean => fit(platformOf(config), wanted) === PERFECT;

/** What daemons say of a manifest that is not there, or not for everyone. */
function explained(error: unknown, reference: Reference): unknown {
  if (!(error instanceof RegistryError)) return error;
  const said = (before: string): RegistryError => new RegistryError(error.code, `${before}: ${error.message}`, error.said);
  if (error.said === 'DENIED') return said(`pull access denied for ${familiarRepository(reference)}, repository does not exist or may require 'wherry login'`);
  if (error.said === 'NAME_UNKNOWN') return said(`repository ${familiarRepository(reference)} not found`);
  return error.code === 'not-found' ? said(`manifest for ${familiarName(reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference)} not found`) : error;
}

/** Docker's word on an image that has no choice of platforms. */
function tellOtherPlatform({ config }: Image, reference: Reference, wanted: Platform, progress: TransferProgress): void {
  const { os, architecture } = platformOf(config);
  if (os === wanted.os && architecture === wanted.architecture) return;
  const actual = platformText(platformOf(config));
  progress({ status: `WARNING: image with reference ${familiarName(reference)} was found but does not match the specified platform: wanted ${platformText(wanted)}, actual: ${actual}` });
}

async function fetchImage(store: Store, registry: Registry, repository: string, top: RemoteManifest, names: readonly string[], options: ArrivingOptions & { readonly platform: Platform }): Promise<Image> {
  const manifest = await forPlatform(registry, repository, top, options.platform, store);
  const known = store.images().find(({ manifestDigest }) => manifestDigest === manifest.digest);
  if (known) return store.nameAs(known, names);
  const { config: configDescriptor, layers: descriptors } = parseManifest(manifest.bytes, manifest.digest);
  if (!isImageConfig(configDescriptor)) throw new RegistryError('unsupported', `Encountered remote "${configDescriptor.mediaType}"(unknown) when fetching`);
  const configBytes = await smallBlob(registry, repository, configDescriptor, store);
  const { rootfs } = parseConfig(configBytes, configDescriptor.digest);
  if (rootfs.diff_ids.length !== descriptors.length) throw new RegistryError('bad-content', `the configuration names ${rootfs.diff_ids.length} layers and the manifest ${descriptors.length}`);
  const wanted = descriptors.map((descriptor, i) => ({ descriptor, diffId: rootfs.diff_ids[i]! }));
  const fetching = new ArrivingLayers(store, registry, repository, wanted, options);
  try {
    const layers = await fetching.all();
    const image = store.receive({ names, configBytes, manifest, layers });
    await fetching.discard();
    return image;
  } catch (error) {
    await fetching.abandon(error);
    throw error;
  }
}

/** Follows indexes to the manifest for the platform. */
async function forPlatform(registry: Registry, repository: string, top: RemoteManifest, platform: Platform, store: Store): Promise<RemoteManifest> {
  let manifest = top;
  for (let depth = 0; isIndexType(manifest.mediaType); depth++) {
    if (depth > 4) throw new RegistryError('bad-content', 'image indexes are nested too deep');
    manifest = await remoteManifest(registry, repository, chooseManifest(manifest, platform).digest, store.transfer.codecs);
  }
  return manifest;
}

/** A blob that is a document. */
async function smallBlob(registry: Registry, repository: string, { digest, size }: Descriptor, store: Store): Promise<Uint8Array> {
  if (size > DOCUMENT_LIMIT) throw new RegistryError('bad-content', `the configuration ${digest} is too large to be honest: ${size} bytes`);
  const answer = await registry.send({ method: 'GET', path: `${repository}/blobs/${digest}`, scope: scopeOf(repository, 'pull'), headers: { 'accept-encoding': 'identity' }, expect: [200] });
  const bytes = await bytesOfAnswer(answer, DOCUMENT_LIMIT);
  if (sha256Of(bytes, store.transfer.codecs) !== digest) throw new RegistryError('bad-content', `image config verification failed for digest ${digest}`);
  return bytes;
}
