// The store of images: an OCI image layout in `oci/` that other tools can open, beside what layers need to run. Nothing is visible in it before every digest was checked.
import type { Blob, Codecs, Folder, NewFile } from '../host/ports.ts';
import { chainIds, sha256Of } from './chain.ts';
import { type Chunks, ratioLimit, type UnpackLimit } from './compression.ts';
import { looksLikeId } from './contents.ts';
import { ImageError } from './errors.ts';
import { type Paths, reachable, sweep } from './garbage.ts';
import { type Descriptor, type Digest, type ImageConfig, isIndexType, type Manifest, mediaTypes, parseConfig, parseIndex, parseManifest } from './image.ts';
import { blobPath, INDEX_FILE, LAYOUT_FILE, layerTarPath, nameOf, withNames, withoutNames } from './layout.ts';
import { type Progress, readImages } from './load.ts';
import { keepAside } from './members.ts';
import { familiarName, familiarRepository, fullName, parseReference } from './reference.ts';
import { type InUse, planRemoval, type Removed, type RemoveOptions, untagged } from './removal.ts';

/** An image of the store. */
export interface Image {
  /** The digest of the configuration: Docker's image ID. */
  readonly id: Digest;
  readonly manifestDigest: Digest;
  /** As it came, byte for byte. */
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
  /** Full names; empty for an image whose name went to another. */
  readonly names: readonly string[];
  /** Docker's RepoDigests: each repository of the names with the digest of the manifest, as shown. */
  readonly repoDigests: readonly string[];
  readonly config: ImageConfig;
  /** RFC 3339, when the configuration says so. */
  readonly created: string | undefined;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
  /** All layers uncompressed, in bytes. */
  readonly size: number;
}

export interface ImageLayer {
  readonly diffId: Digest;
  /** As it came, perhaps compressed. */
  readonly blob: Descriptor;
  /** Uncompressed, in bytes. */
  readonly size: number;
}

/** A layer made here: an uncompressed tar, whole, its digest and its size in bytes. */
export interface NewLayer { readonly file: NewFile; readonly diffId: Digest; readonly size: number }

/** An image made here. */
export interface NewImage {
  readonly configBytes: Uint8Array;
  /** Lowest first: layers of images of the store, and new ones. */
  readonly layers: readonly (ImageLayer | NewLayer)[];
  /** As a user wrote them; none for an image without a name. */
  readonly names: readonly string[];
}

/** Makes of layers what it takes to run them; `files` (paths in the store) become visible with the image. Throws for layers that must not be unpacked. */
export type PrepareLayers = (layers: readonly { readonly diffId: Digest; readonly blob: Blob }[]) => { readonly path: string; readonly bytes: Uint8Array }[];

export interface StorePorts {
  readonly codecs: Codecs;
  readonly prepare: PrepareLayers;
}

export interface LoadOptions {
  readonly progress?: Progress;
  /** What a compressed archive, and each compressed layer, may unpack to; 1 GiB and 100 times its size when absent. */
  readonly unpackLimit?: UnpackLimit;
}

export interface Loaded { readonly image: Image; /** As Docker shows them; empty when the image came without a name. */ readonly names: readonly string[] }

export interface PruneOptions {
  /** Images with names that no container uses, too; else only those without a name. */
  readonly all?: boolean;
  readonly inUse?: InUse;
  /** Only images for which this holds. */
  readonly where?: (image: Image) => boolean;
}

/** A file that gets its name with the image; nothing happens when the name is there. */
export interface Addition { readonly path: string; readonly file: NewFile }

/** An image that is verified and waits to become visible. */
export interface ReadyImage {
  readonly names: readonly string[];
  readonly configBytes: Uint8Array;
  readonly manifest: { readonly bytes: Uint8Array; readonly digest: Digest; readonly mediaType: string };
  readonly layers: readonly { readonly diffId: Digest; readonly blob: Blob }[];
  readonly files: readonly Addition[];
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const openStore = (folder: Folder, ports: StorePorts): Store => new Store(folder, ports);

export class Store {
  readonly #folder: Folder;
  readonly #ports: StorePorts;

  constructor(folder: Folder, ports: StorePorts) {
    this.#folder = folder;
    this.#ports = ports;
  }

  // --- what is there ---

  #index(): Descriptor[] {
    const bytes = this.#folder.read(INDEX_FILE);
    return bytes ? parseIndex(bytes, INDEX_FILE) : [];
  }

  /** All images, each manifest once, with all its names. Throws ImageError 'damaged-store'. */
  images(): Image[] { return this.#imagesOf(this.#index()); }

  #imagesOf(index: readonly Descriptor[]): Image[] {
    const digests = new Set(index.filter(isImage).map((d) => d.digest));
    return Array.from(digests, (digest) => this.#image(digest, namesOf(index, digest)));
  }

  #image(manifestDigest: Digest, names: readonly string[]): Image {
    const manifestBytes = this.#document(manifestDigest);
    const manifest: Manifest = parseManifest(manifestBytes, manifestDigest);
    const configBytes = this.#document(manifest.config.digest);
    const config = parseConfig(configBytes, manifest.config.digest);
    const layers = config.rootfs.diff_ids.map((diffId, i) => this.#layer(diffId, manifest.layers[i]!));
    return {
      id: manifest.config.digest, manifestDigest, manifestBytes, configBytes, names, config, layers, created: config.created ?? undefined,
      repoDigests: [...new Set(names.map((name) => `${familiarRepository(parseReference(name))}@${manifestDigest}`))], size: layers.reduce((sum, layer) => sum + layer.size, 0),
    };
  }

  #layer(diffId: Digest, blob: Descriptor): ImageLayer {
    return { diffId, blob, size: blob.digest === diffId ? blob.size : this.#folder.size(layerTarPath(diffId)) ?? 0 };
  }

  #document(digest: Digest): Uint8Array {
    const bytes = this.#folder.read(blobPath(digest));
    if (!bytes) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return bytes;
  }

  /** A layer's uncompressed tar. Throws ImageError 'damaged-store'. */
  layerTar(layer: ImageLayer): Blob {
    const blob = this.#folder.open(layer.blob.digest === layer.diffId ? blobPath(layer.diffId) : layerTarPath(layer.diffId));
    if (!blob) throw new ImageError('damaged-store', `layer ${layer.diffId} is missing from the store`);
    return blob;
  }

  /** Reads a whole blob of the layout by its digest. Throws ImageError 'damaged-store'. */
  blob(digest: Digest): Blob {
    const blob = this.#folder.open(blobPath(digest));
    if (!blob) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return blob;
  }

  /** The image a user means: by name (docker.io, library/ and latest understood), by digest, by ID or the start of one. undefined: none, or several. Throws ImageError 'bad-reference'. */
  resolve(text: string): Image | undefined {
    const index = this.#index();
    const name = nameOrUndefined(text);
    const digest = name === undefined ? undefined : digestOf(index, name);
    if (digest !== undefined) return this.#image(digest, namesOf(index, digest));
    if (!looksLikeId(text)) {
      parseReference(text);
      return undefined;
    }
    const start = text.startsWith('sha256:') ? text : `sha256:${text}`;
    const matching = this.#imagesOf(index).filter((image) => image.id.startsWith(start) || image.manifestDigest.startsWith(start));
    return new Set(matching.map((image) => image.id)).size === 1 ? matching[0] : undefined;
  }

  /** The same, for verbs that need one. Throws ImageError 'no-such-image' in Docker's words. */
  find(text: string): Image {
    const image = this.resolve(text);
    if (!image) throw new ImageError('no-such-image', `No such image: ${looksLikeId(text) || /[:@]/.test(text) ? text : `${text}:latest`}`);
    return image;
  }

  // --- what comes in ---

  /** Loads every image of an archive, or none. `name` stands before error messages. Throws ImageError. */
  async load(source: Chunks, name: string, { progress = () => {}, unpackLimit = ratioLimit }: LoadOptions = {}): Promise<Loaded[]> {
    try {
      const { images, discard } = await readImages(source, { folder: this.#folder, codecs: this.#ports.codecs, limit: unpackLimit, progress });
      try { return this.#add(images, progress).map((image, i) => ({ image, names: images[i]!.names.map((full) => familiarName(parseReference(full))) })); } finally { discard(); }
    } catch (error) {
      throw named(error, name);
    }
  }

  /** Keeps a tar aside as a layer of an image to `put`. The caller discards its file when it comes to nothing. */
  async newLayer(tar: Chunks): Promise<NewLayer> {
    const { file, digest, size } = await keepAside(tar, this.#folder, this.#ports.codecs);
    return { file, diffId: digest, size };
  }

  /** Adds an image made here, and takes the files of its new layers, whatever happens. Throws ImageError, LayerError. */
  put({ configBytes, layers, names }: NewImage): Image {
    try {
      const manifest = encode({
        schemaVersion: 2, mediaType: mediaTypes.manifest, config: { mediaType: mediaTypes.config, digest: sha256Of(configBytes, this.#ports.codecs), size: configBytes.length },
        layers: layers.map((layer) => ('file' in layer ? { mediaType: mediaTypes.tar, digest: layer.diffId, size: layer.size } : { mediaType: layer.blob.mediaType, digest: layer.blob.digest, size: layer.blob.size })),
      });
      const stated = parseConfig(configBytes, 'the configuration').rootfs.diff_ids;
      if (stated.join() !== layers.map((layer) => layer.diffId).join()) throw new ImageError('digest-mismatch', 'the configuration names other layers than the image has');
      return this.#add([{
        names: names.map((name) => fullName(parseReference(name))), configBytes, manifest: { bytes: manifest, digest: sha256Of(manifest, this.#ports.codecs), mediaType: mediaTypes.manifest },
        layers: layers.map((layer) => ({ diffId: layer.diffId, blob: 'file' in layer ? layer.file.blob : this.layerTar(layer) })),
        files: layers.flatMap((layer) => ('file' in layer ? [{ path: blobPath(layer.diffId), file: layer.file }] : [])),
      }])[0]!;
    } finally { for (const layer of layers) if ('file' in layer) layer.file.discard(); }
  }

  /** Makes images visible, all or none; what this call added is taken away again when it fails. */
  #add(ready: readonly ReadyImage[], progress: Progress = () => {}): Image[] {
    const prepared = ready.flatMap(({ layers }) => this.#ports.prepare(layers));
    for (const { files } of ready) for (const { file } of files) file.sync();
    return this.#folder.exclusive(() => {
      const added: string[] = [];
      const put = (path: string, add: () => void): void => {
        if (this.#folder.has(path)) return;
        added.push(path);
        add();
      };
      const write = (path: string, bytes: Uint8Array): void => put(path, () => this.#folder.write(path, bytes));
      try {
        write(LAYOUT_FILE, encode({ imageLayoutVersion: '1.0.0' }));
        for (const { layers } of ready) for (const { diffId, blob } of layers) progress({ kind: 'layer', layer: diffId, bytes: blob.size, exists: this.#hasLayer(diffId) });
        for (const { path, file } of ready.flatMap(({ files }) => files)) put(path, () => file.commit(path));
        for (const { path, bytes } of prepared) write(path, bytes);
        let index = this.#index();
        for (const image of ready) {
          const { digest, bytes, mediaType } = image.manifest;
          write(blobPath(sha256Of(image.configBytes, this.#ports.codecs)), image.configBytes);
          write(blobPath(digest), bytes);
          index = withNames(index, { mediaType, digest, size: bytes.length, platform: { architecture: 'amd64', os: 'linux' } }, image.names);
        }
        const images = ready.map(({ manifest }) => this.#image(manifest.digest, namesOf(index, manifest.digest)));
        this.#writeIndex(index);
        return images;
      } catch (error) {
        for (const path of added.reverse()) this.#folder.remove(path);
        throw error;
      }
    });
  }

  #hasLayer(diffId: Digest): boolean { return this.#folder.has(blobPath(diffId)) || this.#folder.has(layerTarPath(diffId)); }

  #writeIndex(index: readonly Descriptor[]): void { this.#folder.write(INDEX_FILE, encode({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: index })); }

  // --- names and removal ---

  /** Gives an image another name, and takes it from the one that had it. Throws ImageError 'no-such-image', 'bad-reference'. */
  tag(image: string | Image, name: string): void {
    const reference = parseReference(name);
    if (reference.digest !== undefined) throw new ImageError('bad-reference', 'refusing to create a tag with a digest reference');
    this.#folder.exclusive(() => {
      const { manifestDigest } = typeof image === 'string' ? this.find(image) : image;
      const index = this.#index();
      const descriptor = index.find((d) => d.digest === manifestDigest);
      if (!descriptor) throw new ImageError('no-such-image', `No such image: ${manifestDigest}`);
      this.#writeIndex(withNames(index, descriptor, [fullName(reference)]));
    });
  }

  /** `rmi`: takes a name away, and the image with its last one; by ID, all names of it. Throws ImageError 'no-such-image', 'conflict'. */
  remove(text: string, options: RemoveOptions = {}): Removed[] {
    return this.#folder.exclusive(() => {
      const image = this.find(text);
      const same = this.images().filter((other) => other.id === image.id);
      const plan = planRemoval(text, image, same.flatMap((other) => other.names), options);
      const { removed } = this.#drop(plan.names, plan.whole ? same : []);
      return removed;
    });
  }

  /** `image prune`: removes images that nothing names (`all`: that no container uses) and every file that nothing leads to. */
  prune({ all = false, inUse = () => [], where = () => true }: PruneOptions = {}): { readonly removed: Removed[]; readonly reclaimedBytes: number } {
    return this.#folder.exclusive(() => {
      const unused = this.images().filter((image) => (all || image.names.length === 0) && inUse(image.id).length === 0 && where(image));
      const { removed, bytes } = this.#drop(unused.flatMap((image) => image.names), unused);
      const garbage = sweep(this.#folder, reachable(this.#folder, this.#index(), this.#ports.codecs));
      return { removed, reclaimedBytes: bytes + garbage };
    });
  }

  /** Takes names out of the index, and images with what only they lead to. */
  #drop(names: readonly string[], images: readonly Image[]): { removed: Removed[]; bytes: number } {
    const before = this.#index();
    const gone = new Set(images.map((image) => image.manifestDigest));
    const index = names.reduce<Descriptor[]>((left, name) => withoutNames(left, name), before).filter((d) => !gone.has(d.digest));
    const chains = new Set(this.#imagesOf(index).flatMap((image) => this.#chains(image)));
    if (names.length > 0 || images.length > 0) this.#writeIndex(index);
    const bytes = images.length === 0 ? 0 : this.#sweepAfter(before, index);
    return { removed: [...names.map(untagged), ...deletedOf(images, (image) => this.#chains(image), chains)], bytes };
  }

  #chains(image: Image): Digest[] { return chainIds(image.layers.map((layer) => layer.diffId), this.#ports.codecs); }

  #sweepAfter(before: readonly Descriptor[], after: readonly Descriptor[]): number {
    const reach = (index: readonly Descriptor[]): Paths => reachable(this.#folder, index, this.#ports.codecs);
    return sweep(this.#folder, reach(after), reach(before));
  }
}

/** Docker's `deleted` lines: the image, then the chain IDs of its layers that no other image has, topmost first. */
function deletedOf(images: readonly Image[], chainsOf: (image: Image) => Digest[], kept: Set<Digest>): Removed[] {
  const lines: Removed[] = [];
  const said = new Set(kept);
  for (const image of images) {
    if (!said.has(image.id)) lines.push({ deleted: image.id });
    said.add(image.id);
    for (const chain of chainsOf(image).reverse()) if (!said.has(chain)) lines.push({ deleted: chain }), said.add(chain);
  }
  return lines;
}

/** Other tools may add what is no image. */
const isImage = ({ mediaType }: Descriptor): boolean => !isIndexType(mediaType);

const namesOf = (index: readonly Descriptor[], digest: Digest): string[] => index.flatMap((d) => (d.digest === digest ? nameOf(d) ?? [] : []));

/** The manifest that a full name stands for. */
const digestOf = (index: readonly Descriptor[], name: string): Digest | undefined => (index.find((d) => nameOf(d) === name) ?? index.find((d) => name.endsWith(`@${d.digest}`)))?.digest;

const nameOrUndefined = (text: string): string | undefined => { try { return fullName(parseReference(text)); } catch { return undefined; } };

/** The same error with the archive's name before it; layer errors become image errors. */
function named(error: unknown, name: string): unknown {
  if (error instanceof ImageError) return new ImageError(error.code, `${name}: ${error.message}`);
  const code = (error as { code?: string }).code;
  if (error instanceof Error && error.name === 'LayerError') return new ImageError(code === 'unsafe-entry' ? 'unsafe-layer' : 'bad-archive', `${name}: ${error.message}`);
  return error;
}
