// `save`: images as one archive that is both a docker archive and an OCI image layout, as Docker 25 and later write it. Blobs go out byte for byte as they came.
import { type PackOptions, packTar, type TarItem } from '../layers/index.ts';
import type { Blob, Hash } from '../host/ports.ts';
import { ImageError } from './errors.ts';
import { S_IFDIR, S_IFREG } from '../abi/index.ts';
import { type Descriptor, type Digest, mediaTypes } from './image.ts';
import { familiarName, familiarRepository, fullName, parseReference, type Reference } from './reference.ts';
import type { Store } from './store.ts';
import type { Image } from './store-view.ts';

/** An image to save, and the names it goes out under (full): none when it was asked for by ID. */
export interface Saved { readonly image: Image; readonly names: readonly string[] }

/** What `save` means by its words: a name is saved with that name, an ID without one, a repository without a tag with all of its tags. Each image once. Throws ImageError 'bad-reference', 'no-such-image'. */
export function imagesToSave(store: Store, words: readonly string[]): Saved[] {
  const all = store.images();
  const found = new Map<Digest, { image: Image; names: Set<string> }>();
  const add = (image: Image, names: readonly string[]): void => {
    const saved = found.get(image.manifestDigest) ?? { image, names: new Set<string>() };
    found.set(image.manifestDigest, saved);
    for (const name of names) saved.names.add(name);
  };
  for (const word of words) {
    const meant = namesMeant(word);
    const named = all.filter((image) => image.names.some(meant));
    for (const image of named) add(image, image.names.filter(meant));
    if (named.length > 0) continue;
    const byId = store.resolve(word);
    if (!byId) throw new ImageError('no-such-image', `No such image: ${word}`);
    add(byId, []);
  }
  return Array.from(found.values(), ({ image, names }) => ({ image, names: [...names].sort() }));
}

/** Which full names a word means. */
function namesMeant(word: string): (name: string) => boolean {
  let reference: Reference;
  try { reference = parseReference(word); } catch { return () => false; }
  if (reference.tag !== undefined || reference.digest !== undefined) return (name) => name === fullName(reference);
  return (name) => familiarRepository(parseReference(name)) === familiarRepository(reference);
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';
const blobName = (digest: Digest): string => `blobs/${digest.replace(':', '/')}`;
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const byBytes = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** The archive. The same images and names give the same bytes. Throws ImageError 'damaged-store', in the end also for a blob that is not what its digest says. */
export function saveImages(store: Store, images: readonly Saved[], { progress, reuse }: PackOptions = {}): AsyncIterable<Uint8Array> {
  const blobs = new Map<Digest, Blob>();
  for (const { image } of images) for (const digest of digestsOf(image)) if (!blobs.has(digest)) blobs.set(digest, checked(digest, store.blob(digest), store.hash()));
  const files: [string, Blob][] = Array.from(blobs, ([digest, blob]): [string, Blob] => [blobName(digest), blob]).sort(byBytes);
  const documents: [string, unknown][] = [
    ['index.json', { schemaVersion: 2, mediaType: mediaTypes.index, manifests: images.flatMap(descriptorsOf) }], ['manifest.json', images.map(dockerManifest)],
    ['oci-layout', { imageLayoutVersion: '1.0.0' }], ...repositories(images),
  ];
  const all = [...files, ...documents.map(([name, value]): [string, Blob] => [name, bytesBlob(json(value))])];
  const total = all.reduce((sum, [, { size }]) => sum + Math.ceil(size / 512) * 512 + 512, 0);
  return packTar(members(all), { reuse, progress: progress && ((bytes) => progress(Math.min(bytes, total), total)) });
}

const digestsOf = (image: Image): Digest[] => [image.manifestDigest, image.id, ...image.layers.map((layer) => layer.blob.digest)];

function* members(files: readonly (readonly [string, Blob])[]): Generator<TarItem> {
  const common = { uid: 0, gid: 0, mtimeNs: 0n };
  for (const path of ['blobs', 'blobs/sha256']) yield { member: { ...common, path, mode: S_IFDIR | 0o755, size: 0 } };
  for (const [path, blob] of files) yield { member: { ...common, path, mode: S_IFREG | 0o644, size: blob.size }, read: (into, offset) => blob.read(into, offset) };
}

/** A blob that is read from its start to its end, once, and checked then: nobody shall load what a disk has spoilt. */
function checked(digest: Digest, blob: Blob, hash: Hash): Blob {
  let seen = 0;
  const check = (): void => { if (`sha256:${hash.hex()}` !== digest) throw new ImageError('damaged-store', `${blobName(digest)} in the store has another content than its name says`); };
  return {
    size: blob.size,
    read(into, offset) {
      const n = blob.read(into, offset);
      hash.update(into.subarray(0, n));
      seen += n;
      if (seen === blob.size) check();
      return n;
    },
  };
}

const bytesBlob = (bytes: Uint8Array): Blob => ({
  size: bytes.length,
  read(into, offset) {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  },
});

/** The manifest once for each name, as the containerd image store annotates it; once without a name. */
function descriptorsOf({ image, names }: Saved): Descriptor[] {
  const descriptor: Descriptor = {
    mediaType: (JSON.parse(new TextDecoder().decode(image.manifestBytes)) as { mediaType?: string }).mediaType ?? mediaTypes.manifest, digest: image.manifestDigest, size: image.manifestBytes.length,
    platform: { architecture: image.config.architecture || 'amd64', os: image.config.os || 'linux' },
  };
  if (names.length === 0) return [descriptor];
  return names.map((name) => ({ ...descriptor, annotations: { [CONTAINERD_NAME]: name, [REF_NAME]: parseReference(name).tag ?? '' } }));
}

/** The image's entry of manifest.json. */
function dockerManifest({ image, names }: Saved): object {
  return { Config: blobName(image.id), RepoTags: names.length > 0 ? names.map((name) => familiarName(parseReference(name))) : null, Layers: image.layers.map((layer) => blobName(layer.blob.digest)) };
}

/** The file of Docker before 1.10, which later ones go on writing: repository → tag → top layer. Left out when no image has a name. */
function repositories(images: readonly Saved[]): [string, unknown][] {
  const byRepository: Record<string, Record<string, string>> = {};
  for (const { image, names } of images) {
    for (const name of names) {
      const reference = parseReference(name);
      const top = image.layers.at(-1);
      if (top && reference.tag !== undefined) (byRepository[familiarRepository(reference)] ??= {})[reference.tag] = top.blob.digest.slice(7);
    }
  }
  return Object.keys(byRepository).length > 0 ? [['repositories', byRepository]] : [];
}
