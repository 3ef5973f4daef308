// Images in registries of tests.
import { gzipSync } from 'node:zlib';
import { type Member, tarOf } from '../layers/tars.ts';
import { digestOf, type TestRegistry } from './server.ts';

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json', index: 'application/vnd.oci.image.index.v1+json', config: 'application/vnd.oci.image.config.v1+json', layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json', dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json', dockerConfig: 'application/vnd.docker.container.image.v1+json', dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export interface RemoteOptions {
  readonly layers?: readonly Member[][];
  readonly architecture?: string;
  readonly variant?: string;
  readonly docker?: boolean;
  /** Of each layer's tar, what the registry keeps. */
  readonly pack?: (tar: Uint8Array, i: number) => Uint8Array;
  readonly layerType?: string;
  readonly change?: (manifest: Record<string, unknown>) => void;
  readonly config?: object;
}

/** What was put there. */
export interface Remote { readonly digest: string; readonly config: string; readonly layers: readonly string[]; readonly diffIds: readonly string[]; readonly size: number; readonly mediaType: string }

/** Puts an image of `linux` under a tag. */
export async function addImage(registry: TestRegistry, repository: string, tag: string, { layers = [[{ name: 'hello', content: 'world' }]], architecture = 'amd64', variant, docker = false, pack = (tar) => gzipSync(tar), layerType, change = () => {}, config = {} }: RemoteOptions = {}): Promise<Remote> {
  const tars = await Promise.all(layers.map((members) => tarOf(members)));
  const blobs = tars.map(pack);
  const diffIds = tars.map(digestOf);
  const configBytes = JSON.stringify({ architecture, os: 'linux', ...(variant === undefined ? {} : { variant }), config, rootfs: { type: 'layers', diff_ids: diffIds } });
  const mediaType = docker ? types.dockerManifest : types.manifest;
  const manifest: Record<string, unknown> = {
    schemaVersion: 2, mediaType, config: { mediaType: docker ? types.dockerConfig : types.config, digest: registry.addBlob(repository, configBytes), size: configBytes.length },
    layers: blobs.map((blob) => ({ mediaType: layerType ?? (docker ? types.dockerLayer : types.layer), digest: registry.addBlob(repository, blob), size: blob.length })),
  };
  change(manifest);
  const digest = registry.addManifest(repository, tag, mediaType, manifest);
  return { digest, config: digestOf(configBytes), layers: blobs.map(digestOf), diffIds, size: JSON.stringify(manifest).length, mediaType };
}

/** Puts an index of images under a tag. */
export function addIndex(registry: TestRegistry, repository: string, tag: string, images: readonly (readonly [Remote, { architecture: string; os?: string; variant?: string }, object?])[], docker = false): string {
  const manifests = images.map(([{ digest, size, mediaType }, { os = 'linux', ...platform }, more = {}]) => ({ mediaType, digest, size, platform: { os, ...platform }, ...more }));
  return registry.addManifest(repository, tag, docker ? types.dockerIndex : types.index, { schemaVersion: 2, mediaType: docker ? types.dockerIndex : types.index, manifests });
}
