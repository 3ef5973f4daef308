// The store of images: an OCI image layout in `oci/` that other tools can open, beside what layers need to run. Nothing is visible in it before every digest was checked.
import type { Blob, Codecs, Folder, Hash, NewFile } from '../host/ports.ts';
import { chainIds, sha256Of } from './chain.ts';
import { type Chunks, compressionOf, MAGIC_LENGTH, ratioLimit, type UnpackLimit } from './compression.ts';
import { ImageError } from './errors.ts';
import { type Paths, reachable, sweep } from './garbage.ts';
import { demandPlatform, type Descriptor, type Digest, mediaTypes, parseConfig, parseManifest } from './image.ts';
import { blobPath, INDEX_FILE, isDockers, LAYERS, LAYOUT_FILE, layerTarPath, nameOf, translation, withNames, withoutNames } from './layout.ts';
import { filesOf, type LoadPorts, type Progress, readImages, unpackLayer, type VerifiedLayer, verifyLayer } from './load.ts';
import { chunksOf, keepAside, knownMember, type Member } from './members.ts';
import { familiarName, fullName, parseReference } from './reference.ts';
import { type InUse, planRemoval, type Removed, type RemoveOptions, untagged } from './removal.ts';
import { translatedManifest } from './translated-manifest.ts';
import { type Image, type ImageLayer, isImage, namesOf, StoreView } from './store-view.ts';

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

/** A file that gets its name with the image; nothing happens when the name is there, or what makes it superfluous. */
export interface Addition { readonly path: string; readonly file: NewFile; readonly unless?: string }

/** An image of a registry: as it came, every digest checked. */
export interface Received extends Pick<ReadyImage, 'names' | 'configBytes' | 'manifest'> { readonly layers: readonly VerifiedLayer[] }

/** An image that is verified and waits to become visible. */
export interface ReadyImage {
  readonly names: readonly string[];
  readonly configBytes: Uint8Array;
  readonly manifest: { readonly bytes: Uint8Array; readonly digest: Digest; readonly mediaType: string };
  readonly layers: readonly { readonly diffId: Digest; readonly blob: Blob }[];
  readonly files: readonly Addition[];
}

const isName = (text: string, name: string): boolean => { try { return fullName(parseReference(text)) === name; } catch { return false; } };

function descriptorOf({ configBytes, manifest: { bytes, digest, mediaType } }: ReadyImage): Descriptor {
  const { architecture, os, variant } = parseConfig(configBytes, 'the configuration');
  return { mediaType, digest, size: bytes.length, platform: { architecture: architecture || 'amd64', os: os || 'linux', ...(variant ? { variant } : {}) } };
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const openStore = (folder: Folder, ports: StorePorts): Store => new Store(folder, ports);

export class Store extends StoreView {
  readonly #ports: StorePorts;

  constructor(folder: Folder, ports: StorePorts) {
    super(folder);
    this.#ports = ports;
  }

  // --- what comes in ---

  /** Loads every image of an archive, or none. `name` stands before error messages. Throws ImageError. */
  async load(source: Chunks, name: string, { progress = () => {}, unpackLimit = ratioLimit }: LoadOptions = {}): Promise<Loaded[]> {
    try {
      const { images, discard } = await readImages(source, this.#layerPorts({ progress, unpackLimit }));
      try { return this.#add(images, progress).map((image, i) => ({ image, names: images[i]!.names.map((full) => familiarName(parseReference(full))) })); } finally { discard(); }
    } catch (error) {
      throw named(error, name);
    }
  }

  /** A SHA-256 to check blobs with. */
  hash(): Hash { return this.#ports.codecs.sha256(); }

  /** Keeps a tar aside as a layer of an image to `put`. The caller discards its file when it comes to nothing. */
  async newLayer(tar: Chunks): Promise<NewLayer> {
    const { file, digest, size } = await keepAside(tar, this.folder, this.#ports.codecs);
    return { file, diffId: digest, size };
  }

  /** Makes an image ready to run that another tool wrote into the layout: compressed layers are unpacked and checked. Nothing happens when it is. Throws ImageError 'wrong-platform', 'digest-mismatch', 'unsupported', 'too-large', 'damaged-store'. */
  async adopt(image: Image, { progress = () => {}, unpackLimit = ratioLimit }: LoadOptions = {}): Promise<void> {
    demandPlatform(image.config);
    const missing = image.layers.filter((layer) => !this.#hasLayer(layer.diffId));
    if (missing.length === 0) return;
    const ports = { folder: this.folder, codecs: this.#ports.codecs, limit: unpackLimit, progress, knownTar: () => undefined };
    for (const { diffId, blob } of missing) {
      const { tar } = await verifyLayer(blob.digest, knownMember(blob.digest, this.blob(blob.digest), this.folder), diffId, ports);
      try { this.folder.exclusive(() => { if (!this.#hasLayer(diffId)) tar?.file.commit(layerTarPath(diffId)); }); } finally { tar?.file.discard(); }
    }
    const prepared = this.#ports.prepare(image.layers.map((layer) => ({ diffId: layer.diffId, blob: this.layerTar(layer) })));
    this.folder.exclusive(() => { for (const { path, bytes } of prepared) this.#put(path, bytes.length, () => this.folder.write(path, bytes), []); });
  }

  /** Adds an image made here, and takes the files of its new layers, whatever happens. Throws ImageError, LayerError. */
  put(image: NewImage): Image {
    try { return this.folder.exclusive(() => this.#add([this.#made(image)])[0]!); } finally { for (const layer of image.layers) if ('file' in layer) layer.file.discard(); }
  }

  /** A layer that the store has with this very blob: nothing of it needs to come again. */
  knownLayer(blob: Digest, diffId: Digest): Member | undefined {
    if (!this.knownTar(blob, diffId) || !this.folder.has(blobPath(blob))) return undefined;
    return knownMember(blob, this.blob(blob), this.folder);
  }

  /** Checks a layer that came from outside against the uncompressed digest that it must have; `unpacked` when that was done while it came. Throws ImageError. */
  checkLayer(member: Member, diffId: Digest, options: LoadOptions = {}, unpacked?: Promise<Member>): Promise<VerifiedLayer> { return verifyLayer(member.digest, member, diffId, this.#layerPorts(options), unpacked); }

  /** Unpacks a layer while its blob comes; undefined where nothing needs to be unpacked. Throws ImageError. */
  unpackArriving({ digest, size }: Descriptor, diffId: Digest, chunks: Chunks, options: LoadOptions = {}): Promise<Member> | undefined {
    if (digest === diffId || this.knownTar(digest, diffId)) return undefined;
    return unpackLayer(digest, chunks, size, diffId, this.#layerPorts(options));
  }

  #layerPorts({ progress = () => {}, unpackLimit = ratioLimit }: LoadOptions): LoadPorts {
    return { folder: this.folder, codecs: this.#ports.codecs, limit: unpackLimit, progress, knownTar: (blob, diffId) => this.knownTar(blob, diffId) };
  }

  /** Adds an image whose documents and layers are checked; the caller discards files that the store had already. Full names. Throws ImageError, LayerError. */
  receive({ names, configBytes, manifest, layers }: Received): Image {
    return this.#add([{ names, configBytes, manifest, ...filesOf(layers) }])[0]!;
  }

  /** Gives an image further full names, digests too. */
  nameAs({ manifestDigest }: Image, names: readonly string[]): Image {
    return this.folder.exclusive(() => {
      const index = this.index();
      const descriptor = index.find((d) => d.digest === manifestDigest);
      if (!descriptor) throw new ImageError('no-such-image', `No such image: ${manifestDigest}`);
      this.#writeIndex(withNames(index, descriptor, names));
      return this.image(manifestDigest, namesOf(this.index(), manifestDigest));
    });
  }

  /**
   * The image as registries take it. Of one that came from a registry nothing is changed; of others the layers that are plain tars are compressed, and its names stand for the manifest of these from now on.
   * `seen` is told how much of a layer is done, in bytes. Throws ImageError 'damaged-store'.
   */
  async packed(image: Image, seen: (diffId: Digest, bytes: number, total: number) => void = () => {}): Promise<Image> {
    if (image.repoDigests.length > 0 || image.layers.every(({ blob, diffId }) => blob.digest !== diffId)) return image;
    const packing: { diffId: Digest; member: Member }[] = [];
    try {
      for (const { diffId, size } of image.layers.filter(({ blob, diffId: own }) => blob.digest === own)) {
        if (packing.some((done) => done.diffId === diffId)) continue;
        const tar = counted(chunksOf(this.blob(diffId)), (bytes) => seen(diffId, bytes, size));
        packing.push({ diffId, member: await keepAside(this.#ports.codecs.gzip(tar), this.folder, this.#ports.codecs) });
      }
      return this.#repacked(image, packing);
    } finally { for (const { member } of packing) member.file.discard(); }
  }

  #repacked({ configBytes, layers, names, manifestBytes, manifestDigest }: Image, packing: readonly { readonly diffId: Digest; readonly member: Member }[]): Image {
    const descriptors = layers.map(({ diffId, blob }): Descriptor => {
      const member = packing.find((done) => done.diffId === diffId)?.member;
      return member ? { mediaType: mediaTypes.gzip, digest: member.digest, size: member.size } : blob;
    });
    const bytes = encode({ ...parseManifest(manifestBytes, manifestDigest), layers: descriptors });
    const { mediaType = mediaTypes.manifest } = parseManifest(manifestBytes, manifestDigest);
    return this.#add([{
      names, configBytes, manifest: { bytes, digest: sha256Of(bytes, this.#ports.codecs), mediaType }, layers: layers.map((layer) => ({ diffId: layer.diffId, blob: this.layerTar(layer) })),
      files: packing.map(({ member }) => ({ path: blobPath(member.digest), file: member.file })),
    }])[0]!;
  }

  /** What files under way of transfers need. */
  get transfer(): { readonly folder: Folder; readonly codecs: Codecs } { return { folder: this.folder, codecs: this.#ports.codecs }; }

  #made({ configBytes, layers, names }: NewImage): ReadyImage {
    const descriptors = layers.map((layer): Descriptor => ('file' in layer ? { mediaType: mediaTypes.tar, digest: layer.diffId, size: layer.size } : { mediaType: layer.blob.mediaType, digest: layer.blob.digest, size: layer.blob.size }));
    const bytes = encode({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: { mediaType: mediaTypes.config, digest: sha256Of(configBytes, this.#ports.codecs), size: configBytes.length }, layers: descriptors });
    const stated = parseConfig(configBytes, 'the configuration').rootfs.diff_ids;
    if (stated.join() !== layers.map((layer) => layer.diffId).join()) throw new ImageError('digest-mismatch', 'the configuration names other layers than the image has');
    for (const layer of layers) if (!('file' in layer)) this.blob(layer.blob.digest);
    return {
      names: names.map((name) => fullName(parseReference(name))), configBytes, manifest: { bytes, digest: sha256Of(bytes, this.#ports.codecs), mediaType: mediaTypes.manifest },
      layers: layers.map((layer) => ({ diffId: layer.diffId, blob: 'file' in layer ? layer.file.blob : this.layerTar(layer) })),
      files: layers.flatMap((layer) => ('file' in layer ? [{ path: blobPath(layer.diffId), file: layer.file }] : [])),
    };
  }

  /** Makes images visible, all or none; what this call added is taken away again when it fails. */
  #add(ready: readonly ReadyImage[], progress: Progress = () => {}): Image[] {
    const prepared = ready.flatMap(({ layers }) => this.#ports.prepare(layers));
    for (const { files } of ready) for (const { file } of files) file.sync();
    return this.folder.exclusive(() => {
      for (const { diffId, blob } of ready.flatMap(({ layers }) => layers)) progress({ kind: 'layer', layer: diffId, bytes: blob.size, exists: this.#hasLayer(diffId) });
      const added: string[] = [];
      try {
        for (const { path, file, unless } of ready.flatMap(({ files }) => files)) if (unless === undefined || !this.folder.has(unless)) this.#put(path, file.blob.size, () => file.commit(path), added);
        for (const { path, bytes } of [...prepared, ...ready.flatMap((image) => this.#documents(image))]) this.#put(path, bytes.length, () => this.folder.write(path, bytes), added);
        this.#writeIndex(ready.reduce<readonly Descriptor[]>((index, image) => withNames(index, descriptorOf(image), image.names), this.index()));
      } catch (error) {
        if (!this.#areVisible(ready)) for (const path of added.reverse()) this.folder.remove(path);
        throw error;
      }
      for (const { diffId } of ready.flatMap(({ layers }) => layers)) this.#keepOneTar(diffId);
      const images = this.images();
      return ready.map(({ manifest, configBytes }) => images.find((image) => image.manifestDigest === manifest.digest) ?? images.find((image) => image.id === sha256Of(configBytes, this.#ports.codecs))!);
    });
  }

  /** An uncompressed blob is its own tar. */
  #keepOneTar(diffId: Digest): void { if (this.folder.has(layerTarPath(diffId)) && this.folder.has(blobPath(diffId))) this.folder.remove(layerTarPath(diffId)); }

  /** What is there already, and as large, stays. */
  #put(path: string, size: number, add: () => void, added: string[]): void {
    if (this.folder.size(path) === size) return;
    added.push(path);
    add();
  }

  #documents({ configBytes, manifest }: ReadyImage): { path: string; bytes: Uint8Array }[] {
    return [
      { path: LAYOUT_FILE, bytes: encode({ imageLayoutVersion: '1.0.0' }) }, { path: blobPath(sha256Of(configBytes, this.#ports.codecs)), bytes: configBytes },
      { path: blobPath(manifest.digest), bytes: manifest.bytes },
    ];
  }

  /** Whether the index was replaced before something failed: what it leads to must stay then. */
  #areVisible(ready: readonly ReadyImage[]): boolean {
    try { return this.index().some((d) => ready.some(({ manifest }) => manifest.digest === d.digest)); } catch { return true; }
  }

  /** One image may have come with several manifests (its layers compressed or not): those that lost their names are not kept beside another one. */
  #withoutTwins(index: readonly Descriptor[]): Descriptor[] {
    const idOf = ({ digest }: Descriptor): Digest => {
      try { return parseManifest(this.document(digest), digest).config.digest; } catch { return digest; }
    };
    const nameless = index.filter((d) => isImage(d) && nameOf(d) === undefined);
    if (nameless.length === 0) return [...index];
    const seen = new Set(index.filter((d) => isImage(d) && nameOf(d) !== undefined).map(idOf));
    const twins = nameless.filter((d) => seen.has(idOf(d)) || !seen.add(idOf(d)));
    return index.filter((d) => !twins.includes(d));
  }

  #hasLayer(diffId: Digest): boolean { return this.folder.has(blobPath(diffId)) || this.folder.has(layerTarPath(diffId)); }

  #writeIndex(index: readonly Descriptor[]): void {
    const own = this.#withoutTwins(index);
    this.folder.write(INDEX_FILE, encode({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...own, ...own.flatMap((descriptor) => this.#translated(descriptor))] }));
  }

  /** For other tools: the OCI manifest beside one of Docker's own, by the same name. Nothing for an image that is damaged. */
  #translated(descriptor: Descriptor): Descriptor[] {
    if (!isDockers(descriptor)) return [];
    let bytes: Uint8Array;
    try { bytes = translatedManifest(this.document(descriptor.digest), descriptor.digest, (layer) => compressionOf(this.#start(layer))); } catch (error) {
      if (error instanceof ImageError) return [];
      throw error;
    }
    const digest = sha256Of(bytes, this.#ports.codecs);
    this.#put(blobPath(digest), bytes.length, () => this.folder.write(blobPath(digest), bytes), []);
    return translation(descriptor, { mediaType: mediaTypes.manifest, digest, size: bytes.length });
  }

  /** The first bytes of a blob. */
  #start(digest: Digest): Uint8Array {
    const start = new Uint8Array(MAGIC_LENGTH);
    this.blob(digest).read(start, 0);
    return start;
  }

  // --- names and removal ---

  /** Gives an image another name, and takes it from the one that had it. Throws ImageError 'no-such-image', 'bad-reference'. */
  tag(image: string | Image, name: string): void {
    const reference = parseReference(name);
    if (reference.digest !== undefined) throw new ImageError('bad-reference', 'refusing to create a tag with a digest reference');
    this.folder.exclusive(() => {
      const { manifestDigest } = typeof image === 'string' ? this.find(image) : image;
      const index = this.index();
      const descriptor = index.find((d) => d.digest === manifestDigest);
      if (!descriptor) throw new ImageError('no-such-image', `No such image: ${manifestDigest}`);
      this.#writeIndex(withNames(index, descriptor, [fullName(reference)]));
    });
  }

  /** `rmi`: takes a name away, and the image with its last one; by ID, all names of it. Throws ImageError 'no-such-image', 'conflict'. */
  remove(text: string, options: RemoveOptions = {}): Removed[] {
    return this.folder.exclusive(() => {
      const damaged = this.#removeDamaged(text);
      if (damaged) return damaged;
      const image = this.find(text);
      const same = this.images().filter((other) => other.id === image.id);
      const plan = planRemoval(text, image, same.flatMap((other) => other.names), options);
      const { removed } = this.#drop(plan.names, plan.whole ? same : []);
      return removed;
    });
  }

  /** An image that cannot be read goes with the name or the digest that leads to it, whatever uses it: it is of no use. */
  #removeDamaged(text: string): Removed[] | undefined {
    const image = this.damaged().find(({ manifestDigest, names }) => [text, `sha256:${text}`].includes(manifestDigest) || names.some((name) => isName(text, name)));
    if (!image) return undefined;
    const before = this.wholeIndex();
    this.#writeIndex(this.index().filter((d) => d.digest !== image.manifestDigest));
    this.#sweepSince(before);
    return [...image.names.map(untagged), { deleted: image.manifestDigest }];
  }

  /** `image prune`: removes images that nothing names (`all`: that no container uses) and every file that nothing leads to. */
  prune({ all = false, inUse = () => [], where = () => true }: PruneOptions = {}): { readonly removed: Removed[]; readonly reclaimedBytes: number } {
    return this.folder.exclusive(() => {
      const unused = this.images().filter((image) => (all || image.names.length === 0) && inUse(image.id).length === 0 && where(image));
      const { removed, bytes } = this.#drop(unused.flatMap((image) => image.names), unused);
      const garbage = sweep(this.folder, reachable(this.folder, this.wholeIndex(), this.#ports.codecs));
      for (const hex of this.folder.list(LAYERS)) this.#keepOneTar(`sha256:${hex}`);
      return { removed, reclaimedBytes: bytes + garbage + (this.folder.dropLeft?.() ?? 0) };
    });
  }

  /** Takes names out of the index, and images with what only they lead to. */
  #drop(names: readonly string[], images: readonly Image[]): { removed: Removed[]; bytes: number } {
    if (names.length === 0 && images.length === 0) return { removed: [], bytes: 0 };
    const before = this.wholeIndex();
    const gone = new Set(images.map((image) => image.manifestDigest));
    this.#writeIndex(names.reduce<Descriptor[]>((left, name) => withoutNames(left, name), this.index()).filter((d) => !gone.has(d.digest)));
    const chains = new Set(this.images().flatMap((image) => this.#chains(image)));
    const bytes = this.#sweepSince(before);
    return { removed: linesOf(names, images.map((image) => ({ id: image.id, names: image.names, chains: this.#chains(image) })), chains), bytes };
  }

  #chains(image: Image): Digest[] { return chainIds(image.layers.map((layer) => layer.diffId), this.#ports.codecs); }

  /** Removes what only an earlier index led to. */
  #sweepSince(before: readonly Descriptor[]): number {
    const reach = (index: readonly Descriptor[]): Paths => reachable(this.folder, index, this.#ports.codecs);
    return sweep(this.folder, reach(this.wholeIndex()), reach(before));
  }
}

/** Docker's lines: the names of an image, its ID, then the chain IDs of the layers that no other image has then, topmost first. */
function linesOf(names: readonly string[], images: readonly (Pick<Image, 'id' | 'names'> & { readonly chains: readonly Digest[] })[], kept: ReadonlySet<Digest>): Removed[] {
  const lines = names.filter((name) => !images.some((image) => image.names.includes(name))).map(untagged);
  images.forEach((image, i) => {
    const later = images.slice(i + 1);
    lines.push(...image.names.filter((name) => names.includes(name)).map(untagged));
    if (later.some((other) => other.id === image.id)) return;
    const gone = image.chains.filter((chain) => !kept.has(chain) && !later.some((other) => other.chains.includes(chain)));
    lines.push({ deleted: image.id }, ...gone.reverse().map((deleted) => ({ deleted })));
  });
  return lines;
}

/** The same error with the archive's name before it; layer errors become image errors. */
function named(error: unknown, name: string): unknown {
  if (error instanceof ImageError) return new ImageError(error.code, `${name}: ${error.message}`);
  const code = (error as { code?: string }).code;
  if (error instanceof Error && error.name === 'LayerError') return new ImageError(code === 'unsafe-entry' ? 'unsafe-layer' : 'bad-archive', `${name}: ${error.message}`);
  return error;
}

/** The same bytes; `seen` hears how many have passed. */
async function* counted(source: Chunks, seen: (bytes: number) => void): Chunks {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    seen(bytes += chunk.length);
  }
}
