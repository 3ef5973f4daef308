// The store of images: an OCI image layout in `oci/` that other tools can open, beside what layers need to run. Nothing is visible in it before every digest was checked.
import type { Blob, Codecs, Folder } from '../host/ports.ts';
import { Archive, type Chunks, chunksOf, compressionOf, keepAside, type Member, uncompressed } from './archive.ts';
import { type Candidate, imagesIn, looksLikeId } from './contents.ts';
import { ImageError } from './errors.ts';
import { demandPlatform, type Descriptor, type Digest, type ImageConfig, type Manifest, mediaTypes, parseConfig, parseIndex, parseManifest } from './image.ts';
import { familiarName, fullName, parseReference } from './reference.ts';

/** An image of the store. */
export interface Image {
  /** The digest of the configuration: Docker's image ID. */
  readonly id: Digest;
  readonly manifestDigest: Digest;
  /** Full names; empty for an image whose name went to another. */
  readonly names: readonly string[];
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** All layers uncompressed, in bytes. */
  readonly size: number;
}

export interface ImageLayer { readonly diffId: Digest; /** As it came, perhaps compressed. */ readonly blob: Descriptor }

/** Makes of layers what it takes to run them; `files` (paths in the store) become visible with the image. Throws for layers that must not be unpacked. */
export type PrepareLayers = (layers: readonly { readonly diffId: Digest; readonly blob: Blob }[]) => { readonly path: string; readonly bytes: Uint8Array }[];

export interface StorePorts {
  readonly codecs: Codecs;
  readonly prepare: PrepareLayers;
}

/** What load tells while it works. */
export type Progress = (event: { readonly layer: Digest; readonly bytes: number; readonly exists: boolean }) => void;

export interface Loaded { readonly image: Image; /** As Docker shows them; empty when the image came without a name. */ readonly names: readonly string[] }

const LAYOUT = 'oci/oci-layout';
const INDEX = 'oci/index.json';
const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';
const blobPath = (digest: Digest): string => `oci/blobs/${digest.replace(':', '/')}`;
const layerTarPath = (diffId: Digest): string => `layers/${diffId.slice(7)}/layer.tar`;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const openStore = (folder: Folder, ports: StorePorts): Store => new Store(folder, ports);

/** A layer that is verified and waits to be committed. */
interface VerifiedLayer { readonly diffId: Digest; readonly member: Member; /** The uncompressed tar, when the member is compressed. */ readonly tar: Member | undefined; readonly mediaType: string }

export class Store {
  readonly #folder: Folder;
  readonly #ports: StorePorts;

  constructor(folder: Folder, ports: StorePorts) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Loads every image of an archive, or none. `name` stands before error messages. Throws ImageError. */
  async load(source: Chunks, name: string, progress: Progress = () => {}): Promise<Loaded[]> {
    try {
      const archive = await Archive.read(source, this.#folder, this.#ports.codecs);
      try {
        const loaded: Loaded[] = [];
        const verified: { candidate: Candidate; layers: VerifiedLayer[] }[] = [];
        try {
          for (const candidate of imagesIn(archive)) verified.push({ candidate, layers: await this.#verify(candidate) });
          this.#folder.exclusive(() => this.#commit(verified, loaded, progress));
        } finally { for (const { layers } of verified) for (const layer of layers) layer.tar?.file.discard(); }
        return loaded;
      } finally { archive.discard(); }
    } catch (error) {
      throw named(error, name);
    }
  }

  async #verify(candidate: Candidate): Promise<VerifiedLayer[]> {
    demandPlatform(candidate.config);
    const diffIds = candidate.config.rootfs.diff_ids;
    if (diffIds.length !== candidate.layers.length) throw new ImageError('bad-archive', `the configuration names ${diffIds.length} layers and the manifest ${candidate.layers.length}`);
    const verified: VerifiedLayer[] = [];
    try {
      for (const [i, layer] of candidate.layers.entries()) verified.push(await this.#verifyLayer(layer.path, layer.member, diffIds[i]!));
      return verified;
    } catch (error) {
      for (const layer of verified) layer.tar?.file.discard();
      throw error;
    }
  }

  /** Checks a layer's uncompressed digest against the configuration. */
  async #verifyLayer(path: string, member: Member, diffId: Digest): Promise<VerifiedLayer> {
    const start = new Uint8Array(6);
    member.file.blob.read(start, 0);
    if (member.digest === diffId) return { diffId, member, tar: undefined, mediaType: mediaTypes.tar };
    const mismatch = (digest: Digest): ImageError => new ImageError('digest-mismatch', `layer ${path} does not match its digest: the configuration says ${diffId}, the content is ${digest}`);
    const compression = compressionOf(start);
    if (compression === undefined) throw mismatch(member.digest);
    if (compression !== 'gzip') throw new ImageError('unsupported', `layer ${path} is compressed with ${compression}, which is not supported (plain tar and gzip are)`);
    let tar: Member;
    try { tar = await keepAside(uncompressed(chunksOf(member.file.blob), this.#ports.codecs), this.#folder, this.#ports.codecs); } catch (error) {
      throw (error as { code?: string }).code?.startsWith('Z_') ? new ImageError('bad-archive', `layer ${path} is damaged: ${(error as Error).message}`) : error;
    }
    if (tar.digest === diffId) return { diffId, member, tar, mediaType: mediaTypes.gzip };
    tar.file.discard();
    throw mismatch(tar.digest);
  }

  /** Makes the verified images visible; what this call added is taken away again when it fails. */
  #commit(verified: readonly { candidate: Candidate; layers: readonly VerifiedLayer[] }[], loaded: Loaded[], progress: Progress): void {
    const prepared = verified.flatMap(({ layers }) => this.#ports.prepare(layers.map(({ diffId, member, tar }) => ({ diffId, blob: (tar ?? member).file.blob }))));
    const added: string[] = [];
    const put = (path: string, add: () => void): void => {
      if (this.#folder.has(path)) return;
      added.push(path);
      add();
    };
    try {
      for (const { layers } of verified) for (const layer of layers) this.#commitLayer(layer, put, progress);
      for (const { path, bytes } of prepared) put(path, () => this.#folder.write(path, bytes));
      put(LAYOUT, () => this.#folder.write(LAYOUT, encode({ imageLayoutVersion: '1.0.0' })));
      const index = this.#index();
      for (const { candidate, layers } of verified) {
        const manifest = manifestFor(candidate, layers, this.#ports.codecs);
        put(blobPath(candidate.configDigest), () => this.#folder.write(blobPath(candidate.configDigest), candidate.configBytes));
        put(blobPath(manifest.digest), () => this.#folder.write(blobPath(manifest.digest), manifest.bytes));
        addToIndex(index, { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length, platform: { architecture: 'amd64', os: 'linux' } }, candidate.names);
      }
      this.#folder.write(INDEX, encode({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: index }));
    } catch (error) {
      for (const path of added) this.#folder.remove(path);
      throw error;
    }
    const images = this.images();
    for (const { candidate } of verified) {
      const image = images.find((i) => i.id === candidate.configDigest)!;
      loaded.push({ image, names: candidate.names.map((name) => familiarName(parseReference(name))) });
    }
  }

  #commitLayer(layer: VerifiedLayer, put: (path: string, add: () => void) => void, progress: Progress): void {
    const path = blobPath(layer.member.digest);
    progress({ layer: layer.diffId, bytes: (layer.tar ?? layer.member).size, exists: this.#folder.has(path) });
    put(path, () => layer.member.file.commit(path));
    if (layer.tar) put(layerTarPath(layer.diffId), () => layer.tar!.file.commit(layerTarPath(layer.diffId)));
  }

  #index(): Descriptor[] {
    const bytes = this.#folder.read(INDEX);
    return bytes ? parseIndex(bytes, INDEX) : [];
  }

  /** All images, each once, with all its names. Throws ImageError 'damaged-store'. */
  images(): Image[] {
    const byDigest = new Map<Digest, string[]>();
    for (const descriptor of this.#index()) {
      const names = byDigest.get(descriptor.digest) ?? [];
      const name = descriptor.annotations?.[REF_NAME];
      if (name !== undefined) names.push(name);
      byDigest.set(descriptor.digest, names);
    }
    return Array.from(byDigest, ([digest, names]) => this.#image(digest, names));
  }

  #image(manifestDigest: Digest, names: readonly string[]): Image {
    const manifest: Manifest = parseManifest(this.#blob(manifestDigest), manifestDigest);
    const config = parseConfig(this.#blob(manifest.config.digest), manifest.config.digest);
    const layers = config.rootfs.diff_ids.map((diffId, i) => ({ diffId, blob: manifest.layers[i]! }));
    const size = layers.reduce((sum, layer) => sum + (this.#tar(layer)?.size ?? 0), 0);
    return { id: manifest.config.digest, manifestDigest, names, config, layers, size };
  }

  #blob(digest: Digest): Uint8Array {
    const bytes = this.#folder.read(blobPath(digest));
    if (!bytes) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return bytes;
  }

  #tar(layer: ImageLayer): Blob | undefined {
    return this.#folder.open(layer.blob.digest === layer.diffId ? blobPath(layer.diffId) : layerTarPath(layer.diffId));
  }

  /** A layer's uncompressed tar. Throws ImageError 'damaged-store'. */
  layerTar(layer: ImageLayer): Blob {
    const blob = this.#tar(layer);
    if (!blob) throw new ImageError('damaged-store', `layer ${layer.diffId} is missing from the store`);
    return blob;
  }

  /** The image a user means: by name (docker.io, library/ and latest understood), by digest, by ID or the start of one. undefined: none, or several. Throws ImageError 'bad-reference'. */
  resolve(text: string): Image | undefined {
    const name = nameOrUndefined(text);
    const digest = name === undefined ? undefined : this.#digestOf(name);
    if (digest !== undefined) return this.#image(digest, this.#namesOf(digest));
    if (!looksLikeId(text)) {
      parseReference(text);
      return undefined;
    }
    const start = text.startsWith('sha256:') ? text : `sha256:${text}`;
    const matching = this.images().filter((image) => image.id.startsWith(start) || image.manifestDigest.startsWith(start));
    return matching.length === 1 ? matching[0] : undefined;
  }

  /** The manifest that a full name stands for. */
  #digestOf(name: string): Digest | undefined {
    const index = this.#index();
    return (index.find((d) => d.annotations?.[REF_NAME] === name) ?? index.find((d) => name.endsWith(`@${d.digest}`)))?.digest;
  }

  #namesOf(digest: Digest): string[] {
    return this.#index().flatMap((d) => (d.digest === digest ? d.annotations?.[REF_NAME] ?? [] : []));
  }

  /** Reads a whole blob of the layout by its digest. Throws ImageError 'damaged-store'. */
  blob(digest: Digest): Blob {
    const blob = this.#folder.open(blobPath(digest));
    if (!blob) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return blob;
  }
}

const nameOrUndefined = (text: string): string | undefined => { try { return fullName(parseReference(text)); } catch { return undefined; } };

/** The same error with the archive's name before it; layer errors become image errors. */
function named(error: unknown, name: string): unknown {
  if (error instanceof ImageError) return new ImageError(error.code, `${name}: ${error.message}`);
  const code = (error as { code?: string }).code;
  if (error instanceof Error && error.name === 'LayerError') return new ImageError(code === 'unsafe-entry' ? 'unsafe-layer' : 'bad-archive', `${name}: ${error.message}`);
  return error;
}

/** The image's own manifest, or one that says the same in OCI's words. */
function manifestFor(candidate: Candidate, layers: readonly VerifiedLayer[], codecs: Codecs): { bytes: Uint8Array; digest: Digest; mediaType: string } {
  if (candidate.manifest) {
    const own = parseManifest(candidate.manifest.bytes, candidate.manifest.digest);
    const whole = own.layers.length === layers.length && own.layers.every((descriptor, i) => descriptor.digest === layers[i]!.member.digest);
    if (whole) return { ...candidate.manifest, mediaType: own.mediaType ?? mediaTypes.manifest };
  }
  const bytes = encode({
    schemaVersion: 2, mediaType: mediaTypes.manifest, config: { mediaType: mediaTypes.config, digest: candidate.configDigest, size: candidate.configBytes.length },
    layers: layers.map(({ member, mediaType }) => ({ mediaType, digest: member.digest, size: member.size })),
  });
  const hash = codecs.sha256();
  hash.update(bytes);
  return { bytes, digest: `sha256:${hash.hex()}`, mediaType: mediaTypes.manifest };
}

/** Gives the names to this image and takes them from others; an image that loses its last name stays without. */
function addToIndex(index: Descriptor[], descriptor: Descriptor, names: readonly string[]): void {
  const isNamed = (d: Descriptor): string | undefined => d.annotations?.[REF_NAME];
  const losers = index.filter((d) => isNamed(d) !== undefined && names.includes(isNamed(d)!));
  for (const loser of losers) index.splice(index.indexOf(loser), 1);
  for (const loser of losers) if (loser.digest !== descriptor.digest && !index.some((d) => d.digest === loser.digest)) index.push(withoutNames(loser));
  const nameless = index.findIndex((d) => d.digest === descriptor.digest && isNamed(d) === undefined);
  if (names.length > 0 && nameless >= 0) index.splice(nameless, 1);
  for (const name of names) index.push({ ...descriptor, annotations: { [REF_NAME]: name, [CONTAINERD_NAME]: name } });
  if (names.length === 0 && !index.some((d) => d.digest === descriptor.digest)) index.push(descriptor);
}

function withoutNames({ annotations, ...rest }: Descriptor): Descriptor {
  const left = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => key !== REF_NAME && key !== CONTAINERD_NAME));
  return Object.keys(left).length > 0 ? { ...rest, annotations: left } : rest;
}
