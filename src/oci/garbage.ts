// What of the store's files nothing leads to any more: blobs, layers and merged views that no descriptor of the index reaches.
import type { Codecs, Folder } from '../host/ports.ts';
import { chainFolder } from './chain.ts';
import { type Descriptor, type Digest, DOCUMENT_LIMIT, isDigest } from './image.ts';
import { BLOBS, blobPath, CHAINS, layerFolder, LAYERS, layerTarPath, STEPS } from './layout.ts';

/** Paths of blobs, and folders of layers and chains. */
export type Paths = ReadonlySet<string>;

interface Document { manifests?: unknown; layers?: unknown; config?: unknown; rootfs?: { diff_ids?: unknown } }

/** Everything that these descriptors and the steps of builds lead to, whatever wrote it: what a descriptor names is kept, and what is named in there. */
export function reachable(folder: Folder, index: readonly Descriptor[], codecs: Codecs): Set<string> {
  const paths = new Set<string>();
  for (const descriptor of index) follow(folder, descriptor, codecs, paths);
  for (const name of folder.list(STEPS)) keepStep(documentAt(folder, `${STEPS}/${name}`), paths);
  return paths;
}

const isDescriptor = (value: unknown): value is Descriptor => isDigest((value as Descriptor | null)?.digest);
const descriptorsIn = (value: unknown): Descriptor[] => (Array.isArray(value) ? value : [value]).filter(isDescriptor);

function follow(folder: Folder, descriptor: Descriptor, codecs: Codecs, paths: Set<string>): void {
  const path = blobPath(descriptor.digest);
  if (paths.has(path)) return;
  paths.add(path);
  const document = documentAt(folder, path);
  for (const child of descriptorsIn(document.manifests)) follow(folder, child, codecs, paths);
  for (const child of descriptorsIn(document.layers)) paths.add(blobPath(child.digest));
  for (const config of descriptorsIn(document.config)) keepConfig(folder, config, codecs, paths);
}

function keepConfig(folder: Folder, config: Descriptor, codecs: Codecs, paths: Set<string>): void {
  paths.add(blobPath(config.digest));
  const ids = documentAt(folder, blobPath(config.digest)).rootfs?.diff_ids;
  if (!Array.isArray(ids) || !ids.every(isDigest)) return;
  for (const id of ids) {
    paths.add(layerFolder(id));
    // The tar of a compressed layer may be the blob of another image's uncompressed one.
    if (!folder.has(layerTarPath(id))) paths.add(blobPath(id));
  }
  paths.add(chainFolder(ids, codecs));
}

/** The layers of a step of a build. */
function keepStep({ layers }: Document, paths: Set<string>): void {
  if (!Array.isArray(layers)) return;
  for (const { diffId, blob } of layers as { diffId?: unknown; blob?: unknown }[]) {
    for (const { digest } of descriptorsIn(blob)) paths.add(blobPath(digest));
    if (isDigest(diffId)) paths.add(layerFolder(diffId));
    if (isDigest(diffId)) paths.add(blobPath(diffId));
  }
}

/** A JSON object, or an empty one for what is missing or is none. */
function documentAt(folder: Folder, path: string): Document {
  if ((folder.size(path) ?? 0) > DOCUMENT_LIMIT) return {};
  try { return (JSON.parse(new TextDecoder().decode(folder.read(path))) ?? {}) as Document; } catch { return {}; }
}

/** Removes what lies in the store's folders and is not in `kept`; with `only`, no more than these. Returns the bytes that are free now. */
export function sweep(folder: Folder, kept: Paths, only?: Paths): number {
  let bytes = 0;
  for (const path of only ?? candidates(folder)) {
    if (kept.has(path)) continue;
    bytes += sizeOf(folder, path);
    folder.remove(path);
  }
  return bytes;
}

const candidates = (folder: Folder): string[] => [BLOBS, LAYERS, CHAINS].flatMap((parent) => folder.list(parent).map((name) => `${parent}/${name}`));

function sizeOf(folder: Folder, path: string): number {
  const size = folder.size(path);
  if (size !== undefined) return size;
  return folder.list(path).reduce((sum, name) => sum + sizeOf(folder, `${path}/${name}`), 0);
}
