// Docker archives made in memory for tests, in each of their layouts, and stores to load them into.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { memfs } from 'memfs';
import { Images } from '../../src/engine/images.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { FsFolder, type FsLike } from '../../src/host/fs-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { type Member, tarOf } from '../layers/tars.ts';

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

export interface Options { tags?: string[] | null; layers?: Member[][]; gzip?: boolean; architecture?: string; os?: string; config?: object; oci?: boolean; dockerManifest?: boolean; diffIds?: string[] }

/** An archive as `docker save` writes it; `oci` adds an OCI layout, `dockerManifest: false` leaves manifest.json out. */
export async function archiveOf(options: Options = {}): Promise<Uint8Array> { return tarOf(await membersOf(options)); }

export async function membersOf({ tags = ['test:1'], layers = [[{ name: 'hello', content: 'world' }]], gzip = false, architecture = 'amd64', os = 'linux', config = {}, oci = false, dockerManifest = true, diffIds }: Options): Promise<Member[]> {
  const tars = await Promise.all(layers.map((members) => tarOf(members)));
  const blobs = tars.map((tar) => (gzip ? gzipSync(tar) : tar));
  const configBytes = JSON.stringify({ architecture, os, config, rootfs: { type: 'layers', diff_ids: diffIds ?? tars.map((tar) => `sha256:${sha256(tar)}`) } });
  const members: Member[] = [];
  const layerNames = blobs.map((blob, i) => (oci ? `blobs/sha256/${sha256(blob)}` : `${sha256(tars[i]!)}/layer.tar`));
  blobs.forEach((blob, i) => members.push({ name: layerNames[i]!, content: blob }));
  const configName = oci ? `blobs/sha256/${sha256(configBytes)}` : `${sha256(configBytes)}.json`;
  members.push({ name: configName, content: configBytes });
  if (oci) {
    const manifest = JSON.stringify({
      schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${sha256(configBytes)}`, size: configBytes.length },
      layers: blobs.map((blob) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${sha256(blob)}`, size: blob.length })),
    });
    const annotations = { 'io.containerd.image.name': `docker.io/library/${tags?.[0]}`, 'org.opencontainers.image.ref.name': tags?.[0]?.split(':')[1] };
    members.push({ name: `blobs/sha256/${sha256(manifest)}`, content: manifest }, { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' });
    members.push({ name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${sha256(manifest)}`, size: manifest.length, annotations }] }) });
  }
  if (dockerManifest) members.push({ name: 'manifest.json', content: JSON.stringify([{ Config: configName, RepoTags: tags, Layers: layerNames }]) });
  return members;
}

/** Bytes as a source, in pieces of an awkward size. */
export async function* source(bytes: Uint8Array, piece = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

/** What a container writes that is not kept. */
export const inMemory = async (): Promise<FsFolder> => memoryFolder();

/** A store in memory. `files` lists all that is in it. */
export function memoryStore(): { images: Images; files: () => string[]; fs: FsLike; folder: FsFolder } {
  const { fs, vol } = memfs({}, '/store');
  const folder = new FsFolder(fs as unknown as FsLike, '/store');
  const files = (): string[] => Object.entries(vol.toJSON()).filter(([, content]) => content !== null).map(([path]) => path).sort();
  return { images: new Images(folder, nodeCodecs, inMemory), files, fs: fs as unknown as FsLike, folder };
}
