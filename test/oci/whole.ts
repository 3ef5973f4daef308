// Whether a store holds together: every image's documents, blobs and layers have the digests that name them, and its root file system opens.
import { createHash } from 'node:crypto';
import type { Images } from '../../src/engine/images.ts';
import type { Blob } from '../../src/host/ports.ts';
import type { Image } from '../../src/oci/index.ts';

function digestOf(blob: Blob): string {
  const bytes = new Uint8Array(blob.size);
  let got = 0;
  for (let n = 1; n > 0 && got < bytes.length; got += n) n = blob.read(bytes.subarray(got), got);
  return `sha256:${createHash('sha256').update(bytes.subarray(0, got)).digest('hex')}`;
}

/** What is wrong with the store's images, in words; nothing when all is well. */
export function faults(images: Images): string[] {
  const wrong: string[] = [];
  const check = (what: string, digest: string, blob: () => Blob): void => {
    try { if (digestOf(blob()) !== digest) wrong.push(`${what}: other content than ${digest}`); } catch (error) { wrong.push(`${what}: ${String(error)}`); }
  };
  for (const image of images.store.images()) checkImage(images, image, check, wrong);
  return wrong;
}

function checkImage(images: Images, image: Image, check: (what: string, digest: string, blob: () => Blob) => void, wrong: string[]): void {
  check('manifest', image.manifestDigest, () => images.store.blob(image.manifestDigest));
  check('config', image.id, () => images.store.blob(image.id));
  for (const layer of image.layers) {
    check('blob', layer.blob.digest, () => images.store.blob(layer.blob.digest));
    check('layer', layer.diffId, () => images.store.layerTar(layer));
  }
  try { images.openRootFs(image, { now: () => 0n }).root.lookup!('x'); } catch (error) { if ((error as { name?: string }).name !== 'ENOENT') wrong.push(`root of ${image.id}: ${String(error)}`); }
}

/** Files of the store that an image needs, as paths. */
export function needed(images: Images): Set<string> {
  const paths = new Set(['oci/index.json', 'oci/oci-layout']);
  for (const image of images.store.images()) {
    for (const digest of [image.manifestDigest, image.id, ...image.layers.map((layer) => layer.blob.digest)]) paths.add(`oci/blobs/${digest.replace(':', '/')}`);
    for (const { diffId } of image.layers) for (const path of [`layers/${diffId.slice(7)}`, `oci/blobs/${diffId.replace(':', '/')}`]) paths.add(path);
  }
  return paths;
}
