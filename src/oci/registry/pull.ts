// `pull`: an image of a registry into the store. Manifest, configuration and layers are checked against their digests; the image is there whole or not at all.
import { sha256Of } from '../chain.ts';
import type { Chunks, UnpackLimit } from '../compression.ts';
import { type Descriptor, type Digest, DOCUMENT_LIMIT, type ImageConfig, isImageConfig, isIndexType, parseConfig, parseManifest } from '../image.ts';
import type { VerifiedLayer } from '../load.ts';
import type { Member } from '../members.ts';
import { familiarName, familiarRepository, fullName, type Reference } from '../reference.ts';
import type { LoadOptions, Store } from '../store.ts';
import type { Image } from '../store-view.ts';
import { bytesOfAnswer } from './bodies.ts';
import { type Downloaded, download, isWorthKeeping } from './download.ts';
import { RegistryError } from './errors.ts';
import { chooseManifest, fit, PERFECT, type Platform, platformText, type RemoteManifest, remoteDigest, remoteManifest, scopeOf } from './manifests.ts';
import type { Registry } from './registry.ts';

/** A line of progress in docker's words; `id` the first digits of a layer's digest. */
export interface TransferEvent { readonly id?: string; readonly status: string; readonly current?: number; readonly total?: number }
export type TransferProgress = (event: TransferEvent) => void;

export interface PullOptions {
  readonly platform?: Platform;
  readonly progress?: TransferProgress;
  readonly unpackLimit?: UnpackLimit;
}

/** `digest`: what the name stands for in the registry, an index perhaps. */
export interface Pulled { readonly image: Image; readonly digest: Digest; readonly isNew: boolean }

/** Layers that come at the same time. */
const PARALLEL = 3;
const HERE: Platform = { os: 'linux', architecture: 'amd64' };
const short = (digest: Digest): string => digest.slice(7, 19);

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

interface Options extends Required<Pick<PullOptions, 'platform' | 'progress'>> { readonly unpackLimit: UnpackLimit | undefined }

async function fetchImage(store: Store, registry: Registry, repository: string, top: RemoteManifest, names: readonly string[], options: Options): Promise<Image> {
  const manifest = await forPlatform(registry, repository, top, options.platform, store);
  const known = store.images().find(({ manifestDigest }) => manifestDigest === manifest.digest);
  if (known) return store.nameAs(known, names);
  const { config: configDescriptor, layers: descriptors } = parseManifest(manifest.bytes, manifest.digest);
  if (!isImageConfig(configDescriptor)) throw new RegistryError('unsupported', `Encountered remote "${configDescriptor.mediaType}"(unknown) when fetching`);
  const configBytes = await smallBlob(registry, repository, configDescriptor, store);
  const { rootfs } = parseConfig(configBytes, configDescriptor.digest);
  if (rootfs.diff_ids.length !== descriptors.length) throw new RegistryError('bad-content', `the configuration names ${rootfs.diff_ids.length} layers and the manifest ${descriptors.length}`);
  const wanted = descriptors.map((descriptor, i) => ({ descriptor, diffId: rootfs.diff_ids[i]! }));
  const fetching = new Layers(store, registry, repository, wanted, options);
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

interface Wanted { readonly descriptor: Descriptor; readonly diffId: Digest }

/** A layer on its way: known before, or being downloaded, checked and unpacked. */
interface Coming { readonly isKnown: boolean; readonly verified: Promise<VerifiedLayer>; isTold: boolean }

/** The layers of one image on their way: three are downloaded at a time, each is unpacked as soon as it is there. */
class Layers {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #repository: string;
  readonly #wanted: readonly Wanted[];
  readonly #options: Options;
  readonly #downloaded: Downloaded[] = [];
  readonly #coming = new Map<string, Coming>();
  /** Downloads that wait for others to end. */
  readonly #waiting: (() => void)[] = [];
  #free = PARALLEL;
  #isCancelled = false;
  /** What went wrong first: the others were only stopped. */
  #failure: unknown;

  constructor(store: Store, registry: Registry, repository: string, wanted: readonly Wanted[], options: Options) {
    this.#store = store;
    this.#registry = registry;
    this.#repository = repository;
    this.#wanted = wanted;
    this.#options = options;
  }

  async all(): Promise<readonly VerifiedLayer[]> {
    for (const wanted of this.#wanted) this.#begin(wanted);
    const layers: VerifiedLayer[] = [];
    try {
      for (const wanted of this.#wanted) layers.push(await this.#end(wanted));
      return layers;
    } catch (error) {
      this.#cancel(error);
      throw this.#failure;
    }
  }

  #cancel(error: unknown): void {
    if (!this.#isCancelled) this.#failure = error;
    this.#isCancelled = true;
  }

  /** Each blob once. */
  #begin({ descriptor, diffId }: Wanted): void {
    const key = `${descriptor.digest} ${diffId}`;
    if (this.#coming.has(key)) return;
    const { progress } = this.#options;
    const known = this.#store.knownLayer(descriptor.digest, diffId);
    progress({ id: short(descriptor.digest), status: known ? 'Already exists' : 'Pulling fs layer' });
    if (!known && this.#free === 0) progress({ id: short(descriptor.digest), status: 'Waiting' });
    const verified = known ? this.#verify(known, descriptor, diffId) : this.#inTurn(() => this.#download(descriptor, diffId)).then(({ member, unpacked }) => this.#verify(member, descriptor, diffId, unpacked));
    verified.catch((error: unknown) => { this.#cancel(error); });
    this.#coming.set(key, { isKnown: known !== undefined, verified, isTold: false });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => { this.#waiting.push(go); });
    try { return await work(); } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Downloads a layer; it is unpacked as it comes, where it comes from its beginning. */
  async #download(descriptor: Descriptor, diffId: Digest): Promise<{ member: Member; unpacked: Promise<Member> | undefined }> {
    const { progress } = this.#options;
    const id = short(descriptor.digest);
    this.#demandGoingOn();
    let isThere = false;
    let unpacked: Promise<Member> | undefined;
    const ports = {
      ...this.#store.transfer, isCancelled: () => this.#isCancelled, cause: () => this.#failure, seen: (current: number) => progress({ id, status: 'Downloading', current, total: descriptor.size }),
      arriving: (chunks: Chunks) => {
        unpacked = this.#store.unpackArriving(descriptor, diffId, chunks, this.#unpacking(descriptor, () => isThere));
        unpacked?.catch(() => {});
      },
    };
    try {
      const member = await download(this.#registry, this.#repository, descriptor, ports);
      isThere = true;
      this.#downloaded.push(member);
      for (const status of ['Verifying Checksum', 'Download complete']) progress({ id, status });
      return { member, unpacked };
    } catch (error) {
      (await unpacked?.catch(() => undefined))?.file.discard();
      throw error;
    }
  }

  #demandGoingOn(): void { if (this.#isCancelled) throw new RegistryError('unreachable', 'context canceled'); }

  /** Told once the layer is there: nobody wants to hear two things of it at once. */
  #unpacking({ digest }: Descriptor, isTold: () => boolean): LoadOptions {
    const { progress, unpackLimit } = this.#options;
    return {
      ...(unpackLimit ? { unpackLimit } : {}),
      progress: (event) => {
        this.#demandGoingOn();
        if (event.kind === 'unpack' && isTold()) progress({ id: short(digest), status: 'Extracting', current: event.bytes, total: event.total });
      },
    };
  }

  async #verify(member: Member, descriptor: Descriptor, diffId: Digest, unpacked?: Promise<Member>): Promise<VerifiedLayer> {
    const layer = await this.#store.checkLayer(member, diffId, this.#unpacking(descriptor, () => true), unpacked);
    // While others are still unpacked by threads.
    for (const { file } of [member, ...(layer.tar ? [layer.tar] : [])]) file.sync();
    return layer;
  }

  /** Layers are done in their order, as docker says it. */
  async #end({ descriptor, diffId }: Wanted): Promise<VerifiedLayer> {
    const coming = this.#coming.get(`${descriptor.digest} ${diffId}`)!;
    const layer = await coming.verified;
    if (!coming.isKnown && !coming.isTold) this.#options.progress({ id: short(descriptor.digest), status: 'Pull complete' });
    coming.isTold = true;
    return layer;
  }

  /** Ends what is under way. Whole blobs stay for the next time, unless it is they that were wrong. */
  async abandon(error: unknown): Promise<void> {
    this.#cancel(error);
    const keep = isWorthKeeping(this.#failure);
    await this.#discard((file) => { if (keep) file.leave(); else file.discard(); });
  }

  /** Removes what the store did not take. */
  discard(): Promise<void> { return this.#discard((file) => { file.discard(); }); }

  async #discard(each: (file: Downloaded['file']) => void): Promise<void> {
    const settled = await Promise.allSettled(Array.from(this.#coming.values(), ({ verified }) => verified));
    for (const { file } of this.#downloaded) each(file);
    for (const layer of settled) if (layer.status === 'fulfilled') layer.value.tar?.file.discard();
  }
}
