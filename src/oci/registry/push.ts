// `push`: an image of the store into a registry, blobs and manifest byte for byte. Layers that are only here as plain tars are compressed first, once.
import { type Digest, isForeign, mediaTypes, parseManifest } from '../image.ts';
import { familiarRepository, fullName, parseReference, type Reference, repositoryOf } from '../reference.ts';
import type { Store } from '../store.ts';
import type { Image } from '../store-view.ts';
import { drain, once } from './bodies.ts';
import { RegistryError } from './errors.ts';
import { scopeOf } from './manifests.ts';
import type { TransferProgress } from './progress.ts';
import type { Registry } from './registry.ts';
import { upload } from './upload.ts';

/** Layers that go at the same time. */
const PARALLEL = 3;
const short = (digest: Digest): string => digest.slice(7, 19);

/** What was pushed under which tag. */
export interface Pushed { readonly tag: string; readonly digest: Digest; readonly size: number }

/** The tags of a repository that `push` means: the one that was said, or all. Throws RegistryError 'not-found'. */
export function tagsToPush(store: Store, reference: Reference, all: boolean): Reference[] {
  const repository = `${reference.domain}/${reference.path}`;
  const names = store.images().flatMap((image) => image.names).filter((name) => repositoryOf(name) === repository).map(parseReference).filter(({ digest }) => digest === undefined);
  const meant = all ? names.sort((a, b) => (a.tag! < b.tag! ? -1 : 1)) : names.filter((name) => fullName(name) === fullName(reference));
  if (meant.length === 0) throw new RegistryError('not-found', `An image does not exist locally with the tag: ${familiarRepository(reference)}`);
  return meant;
}

/** Pushes one tag. Throws RegistryError. */
export async function pushImage(store: Store, registry: Registry, reference: Reference, progress: TransferProgress = () => {}): Promise<Pushed> {
  const named = store.find(fullName(reference));
  const blobs = [...new Set(named.layers.map(({ diffId }) => diffId))].reverse();
  for (const diffId of blobs) progress({ id: short(diffId), status: 'Preparing' });
  const image = await store.packed(named, (layer, current, total) => progress({ id: short(layer), status: 'Preparing', current, total }));
  await sendLayers(store, registry, reference, image, progress);
  await upload(registry, { repository: reference.path, digest: image.id, blob: store.blob(image.id), elsewhere: [], seen: () => {} });
  const tag = reference.tag ?? 'latest';
  await putManifest(registry, reference.path, tag, image);
  store.nameAs(image, [`${reference.domain}/${reference.path}@${image.manifestDigest}`]);
  progress({ status: `${tag}: digest: ${image.manifestDigest} size: ${image.manifestBytes.length}` });
  return { tag, digest: image.manifestDigest, size: image.manifestBytes.length };
}

/** Layers, topmost first; each blob once. */
async function sendLayers(store: Store, registry: Registry, reference: Reference, image: Image, progress: TransferProgress): Promise<void> {
  const waiting = [...new Map(image.layers.map((layer) => [layer.blob.digest, layer])).values()].reverse();
  const others = store.images();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let layer = waiting.shift(); layer && !failed; layer = waiting.shift()) {
      const id = short(layer.diffId);
      if (isForeign(layer.blob) && (layer.blob.urls ?? []).length > 0) {
        progress({ id, status: 'Skipped foreign layer' });
        continue;
      }
      const { digest, size } = layer.blob;
      const done = await upload(registry, { repository: reference.path, digest, blob: store.blob(digest), elsewhere: repositoriesWith(digest, others, reference), seen: (current) => progress({ id, status: 'Pushing', current, total: size }) });
      progress({ id, status: done.kind === 'exists' ? 'Layer already exists' : done.kind === 'mounted' ? `Mounted from ${done.from}` : 'Pushed' });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, () => lane().catch((error: unknown) => { failed = true; throw error; })));
}

/** Repositories of the same registry that images with this layer were pulled from or pushed to. */
function repositoriesWith(blob: Digest, images: readonly Image[], { domain, path }: Reference): string[] {
  const names = images.filter(({ layers }) => layers.some((layer) => layer.blob.digest === blob)).flatMap((image) => image.names).map(parseReference);
  return [...new Set(names.filter((name) => name.digest !== undefined && name.domain === domain && name.path !== path).map((name) => name.path))];
}

async function putManifest(registry: Registry, repository: string, tag: string, { manifestBytes, manifestDigest }: Image): Promise<void> {
  const headers = { 'content-type': parseManifest(manifestBytes, manifestDigest).mediaType ?? mediaTypes.manifest };
  const answer = await registry.send({ method: 'PUT', path: `${repository}/manifests/${tag}`, scope: scopeOf(repository, 'pull,push'), headers, body: () => ({ size: manifestBytes.length, chunks: once(manifestBytes) }), expect: [200, 201] });
  await drain(answer);
  const stated = answer.header('docker-content-digest');
  if (stated !== undefined && stated !== manifestDigest) throw new RegistryError('bad-content', `the registry keeps the manifest ${manifestDigest} as ${stated}`);
}
