// What is in the store, for readers: images with their names, documents, blobs and layers. Readers need no lock, as the index and each blob are replaced or removed at once.
import type { Blob, Folder } from '../host/ports.ts';
import { looksLikeId } from './contents.ts';
import { ImageError } from './errors.ts';
import { type Descriptor, type Digest, type ImageConfig, isIndexType, parseConfig, parseIndex, parseManifest } from './image.ts';
import { blobPath, INDEX_FILE, isTranslation, layerSizePath, layerTarPath, nameOf } from './layout.ts';
import { familiarRepository, fullName, parseReference, repositoryOf } from './reference.ts';

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
  /** Docker's RepoDigests: what registries call the image that it was pulled from and pushed to, as shown. */
  readonly repoDigests: readonly string[];
  readonly config: ImageConfig;
  /** RFC 3339, when the configuration says so. */
  readonly created: string | undefined;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
  /** What the files of all layers hold, in bytes: Docker's size. */
  readonly size: number;
}

export interface ImageLayer {
  readonly diffId: Digest;
  /** As it came, perhaps compressed. */
  readonly blob: Descriptor;
  /** Uncompressed, in bytes. */
  readonly size: number;
  /** What its files hold, in bytes. */
  readonly contentSize: number;
}

/** An image that the index names and that cannot be read. */
export interface DamagedImage { readonly manifestDigest: Digest; /** Full names. */ readonly names: readonly string[]; readonly reason: string }

export class StoreView {
  protected readonly folder: Folder;
  constructor(folder: Folder) { this.folder = folder; }

  /** The layout's index as it is. Throws ImageError 'bad-archive' when it is damaged. */
  protected wholeIndex(): Descriptor[] {
    const bytes = this.folder.read(INDEX_FILE);
    return bytes ? parseIndex(bytes, INDEX_FILE) : [];
  }

  /** The index without what is there for other tools only. */
  protected index(): Descriptor[] { return this.wholeIndex().filter((d) => !isTranslation(d)); }

  /** Asks the index and what it leads to. Another process may remove an image in between: then the index is another one, and is asked again. */
  #consistent<T>(ask: (index: readonly Descriptor[]) => T): T {
    for (let index = this.index(); ;) {
      try { return ask(index); } catch (error) {
        const now = this.index();
        if (!isDamage(error) || JSON.stringify(now) === JSON.stringify(index)) throw error;
        index = now;
      }
    }
  }

  /** All images, each manifest once, with all its names. Those that are damaged are left out, so that the others can be worked with: see `damaged`. */
  images(): Image[] { return this.imagesOf(this.index()); }

  protected imagesOf(index: readonly Descriptor[]): Image[] {
    return digestsOf(index).flatMap((digest) => {
      try { return this.image(digest, namesOf(index, digest)); } catch (error) {
        if (isDamage(error)) return [];
        throw error;
      }
    });
  }

  /** Images whose documents are missing or unreadable, and why. */
  damaged(): DamagedImage[] {
    const index = this.index();
    return digestsOf(index).flatMap((manifestDigest) => {
      const names = namesOf(index, manifestDigest);
      try { this.image(manifestDigest, names); } catch (error) {
        if (isDamage(error)) return { manifestDigest, names, reason: error.message };
        throw error;
      }
      return [];
    });
  }

  protected image(manifestDigest: Digest, names: readonly string[]): Image {
    try { return this.#read(manifestDigest, names); } catch (error) {
      throw error instanceof ImageError && error.code === 'bad-archive' ? new ImageError('damaged-store', error.message) : error;
    }
  }

  #read(manifestDigest: Digest, names: readonly string[]): Image {
    const manifestBytes = this.document(manifestDigest);
    const manifest = parseManifest(manifestBytes, manifestDigest);
    const configBytes = this.document(manifest.config.digest);
    const config = parseConfig(configBytes, manifest.config.digest);
    if (config.rootfs.diff_ids.length !== manifest.layers.length) throw new ImageError('damaged-store', `the configuration of ${manifestDigest} names ${config.rootfs.diff_ids.length} layers and the manifest ${manifest.layers.length}`);
    const layers = config.rootfs.diff_ids.map((diffId, i) => this.#layer(diffId, manifest.layers[i]!));
    return {
      id: manifest.config.digest, manifestDigest, manifestBytes, configBytes, names, config, layers, created: config.created ?? undefined,
      repoDigests: names.map(parseReference).filter(({ digest }) => digest !== undefined).map((reference) => `${familiarRepository(reference)}@${reference.digest}`), get size() { return layers.reduce((sum, layer) => sum + layer.contentSize, 0); },
    };
  }

  #layer(diffId: Digest, blob: Descriptor): ImageLayer {
    const size = blob.digest === diffId ? blob.size : this.folder.size(layerTarPath(diffId)) ?? this.folder.size(blobPath(diffId)) ?? 0;
    const contentSize = (): number => this.#contentSize(diffId) ?? size;
    return { diffId, blob, size, get contentSize() { return contentSize(); } };
  }

  #contentSize(diffId: Digest): number | undefined {
    const digits = this.folder.read(layerSizePath(diffId));
    return digits && Number(new TextDecoder().decode(digits));
  }

  protected document(digest: Digest): Uint8Array {
    const bytes = this.folder.read(blobPath(digest));
    if (!bytes) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return bytes;
  }

  /** A layer's uncompressed tar. Throws ImageError 'damaged-store'. */
  layerTar(layer: ImageLayer): Blob {
    const blob = this.folder.open(layerTarPath(layer.diffId)) ?? this.folder.open(blobPath(layer.diffId));
    if (!blob) throw new ImageError('damaged-store', `layer ${layer.diffId} is missing from the store`);
    return blob;
  }

  /** The uncompressed tar of a layer, when some image has it with this very blob: what was verified then needs not be unpacked again. */
  protected knownTar(blob: Digest, diffId: Digest): Blob | undefined {
    const layer = this.images().flatMap((image) => image.layers).find((one) => one.diffId === diffId && one.blob.digest === blob);
    return layer && (this.folder.open(layerTarPath(diffId)) ?? this.folder.open(blobPath(diffId)));
  }

  /** Reads a whole blob of the layout by its digest. Throws ImageError 'damaged-store'. */
  blob(digest: Digest): Blob {
    const blob = this.folder.open(blobPath(digest));
    if (!blob) throw new ImageError('damaged-store', `${blobPath(digest)} is missing from the store`);
    return blob;
  }

  /** The image a user means: by name (docker.io, library/ and latest understood), by digest, by ID or the start of one. undefined: none, or several. Throws ImageError 'bad-reference'. */
  resolve(text: string): Image | undefined { return this.#consistent((index) => this.#resolve(index, text)); }

  #resolve(index: readonly Descriptor[], text: string): Image | undefined {
    const name = nameOrUndefined(text);
    const digest = name === undefined ? undefined : digestOf(index, name);
    if (digest !== undefined) return this.image(digest, namesOf(index, digest));
    if (!looksLikeId(text)) {
      parseReference(text);
      return undefined;
    }
    const start = text.startsWith('sha256:') ? text : `sha256:${text}`;
    const matching = this.imagesOf(index).filter((image) => image.id.startsWith(start) || image.manifestDigest.startsWith(start));
    return new Set(matching.map((image) => image.id)).size === 1 ? matching[0] : undefined;
  }

  /** The same, for verbs that need one. Throws ImageError 'no-such-image' in Docker's words. */
  find(text: string): Image {
    const image = this.resolve(text);
    if (!image) throw new ImageError('no-such-image', `No such image: ${looksLikeId(text) || /[:@]/.test(text) ? text : `${text}:latest`}`);
    return image;
  }
}

const isDamage = (error: unknown): error is ImageError => error instanceof ImageError && error.code === 'damaged-store';

const digestsOf = (index: readonly Descriptor[]): Digest[] => [...new Set(index.filter(isImage).map((d) => d.digest))];

/** Other tools may add what is no image. */
export const isImage = ({ mediaType }: Descriptor): boolean => !isIndexType(mediaType);

export const namesOf = (index: readonly Descriptor[], digest: Digest): string[] => index.flatMap((d) => (d.digest === digest ? nameOf(d) ?? [] : []));

/** The manifest that a full name stands for; a digest stands for the manifest that some name of its repository stands for. */
function digestOf(index: readonly Descriptor[], name: string): Digest | undefined {
  const exact = index.find((d) => nameOf(d) === name);
  const { digest } = parseReference(name);
  if (exact || digest === undefined) return exact?.digest;
  return index.find((d) => d.digest === digest && nameOf(d) !== undefined && repositoryOf(nameOf(d)!) === repositoryOf(name))?.digest;
}

const nameOrUndefined = (text: string): string | undefined => { try { return fullName(parseReference(text)); } catch { return undefined; } };
