// From an archive to images that are verified: each layer's uncompressed digest is what the configuration says, and each has a manifest.
import type { Blob, Codecs } from '../host/ports.ts';
import { Archive, type ArchivePorts } from './archive.ts';
import { sha256Of } from './chain.ts';
import { type Chunks, compressionOf, MAGIC_LENGTH, uncompressed } from './compression.ts';
import { type Candidate, imagesIn } from './contents.ts';
import { ImageError } from './errors.ts';
import { demandPlatform, type Digest, mediaTypes, parseManifest } from './image.ts';
import { blobPath, layerTarPath } from './layout.ts';
import { chunksOf, keepAside, knownMember, type Member } from './members.ts';
import type { ReadyImage } from './store.ts';

/**
 * What load tells while it works. read: bytes of one file of the archive, and its size · unpack: bytes of a compressed layer, and its size (`layer`: the uncompressed digest it must have)
 * layer: a layer is in the store; `bytes` uncompressed.
 */
export type ProgressEvent =
  | { readonly kind: 'read'; readonly name: string; readonly bytes: number; readonly total: number }
  | { readonly kind: 'unpack'; readonly layer: Digest; readonly bytes: number; readonly total: number }
  | { readonly kind: 'layer'; readonly layer: Digest; readonly bytes: number; readonly exists: boolean };
export type Progress = (event: ProgressEvent) => void;

export interface LoadPorts extends ArchivePorts {
  readonly progress: Progress;
  /** The uncompressed tar of a layer that the store has with this very blob. */
  readonly knownTar: (blob: Digest, diffId: Digest) => Blob | undefined;
}

/** A layer that is verified and waits to be committed. */
export interface VerifiedLayer { readonly diffId: Digest; readonly member: Member; /** The uncompressed tar, when the member is compressed. */ readonly tar: Member | undefined; readonly mediaType: string }

/** The images of an archive, ready to be added; `discard` removes what was not. Throws ImageError. */
export async function readImages(source: Chunks, ports: LoadPorts): Promise<{ images: ReadyImage[]; discard: () => void }> {
  /** By blob and uncompressed digest, as images of one archive share layers. */
  const verified = new Map<string, VerifiedLayer>();
  const archive = await Archive.read(source, ports, (name, bytes, total) => ports.progress({ kind: 'read', name, bytes, total }));
  const discard = (): void => {
    archive.discard();
    for (const { tar } of verified.values()) tar?.file.discard();
  };
  try {
    const images: ReadyImage[] = [];
    for (const candidate of imagesIn(archive)) images.push(await readyImage(candidate, ports, verified));
    return { images, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

async function readyImage(candidate: Candidate, ports: LoadPorts, verified: Map<string, VerifiedLayer>): Promise<ReadyImage> {
  demandPlatform(candidate.config);
  const diffIds = candidate.config.rootfs.diff_ids;
  if (diffIds.length !== candidate.layers.length) throw new ImageError('bad-archive', `the configuration names ${diffIds.length} layers and the manifest ${candidate.layers.length}`);
  const layers: VerifiedLayer[] = [];
  for (const [i, layer] of candidate.layers.entries()) {
    const key = `${layer.member.digest} ${diffIds[i]!}`;
    if (!verified.has(key)) verified.set(key, await verifyLayer(layer.path, layer.member, diffIds[i]!, ports));
    layers.push(verified.get(key)!);
  }
  return { names: candidate.names, configBytes: candidate.configBytes, manifest: manifestFor(candidate, layers, ports.codecs), ...filesOf(layers) };
}

/** What of verified layers becomes part of the store. */
export const filesOf = (layers: readonly VerifiedLayer[]): Pick<ReadyImage, 'layers' | 'files'> => ({
  layers: layers.map(({ diffId, member, tar }) => ({ diffId, blob: (tar ?? member).file.blob })),
  files: layers.flatMap(({ diffId, member, tar }) => [{ path: blobPath(member.digest), file: member.file }, ...(tar ? [{ path: layerTarPath(diffId), file: tar.file, unless: blobPath(diffId) }] : [])]),
});

const mediaTypeOf: Readonly<Record<string, string>> = { gzip: mediaTypes.gzip, zstd: mediaTypes.zstd };

/** Checks a layer's uncompressed digest against the configuration; unpacks it for that when it is compressed and not `unpacked` already. Throws ImageError. */
export async function verifyLayer(path: string, member: Member, diffId: Digest, ports: LoadPorts, unpacked?: Promise<Member>): Promise<VerifiedLayer> {
  if (member.digest === diffId) return { diffId, member, tar: undefined, mediaType: mediaTypes.tar };
  const start = new Uint8Array(MAGIC_LENGTH);
  member.file.blob.read(start, 0);
  const mismatch = (digest: Digest): ImageError => new ImageError('digest-mismatch', `layer ${path} does not match its digest: the configuration says ${diffId}, the content is ${digest}`);
  const compression = compressionOf(start);
  if (compression === undefined && !unpacked) throw mismatch(member.digest);
  const known = unpacked ? undefined : ports.knownTar(member.digest, diffId);
  const tar = known ? knownMember(diffId, known, ports.folder) : await (unpacked ?? unpackLayer(path, chunksOf(member.file.blob), member.size, diffId, ports));
  if (tar.digest === diffId) return { diffId, member, tar, mediaType: mediaTypeOf[compression ?? ''] ?? mediaTypes.tar };
  tar.file.discard();
  throw mismatch(tar.digest);
}

/** The tar that a layer's blob unpacks to, kept aside; not checked. Throws ImageError. */
export async function unpackLayer(path: string, source: Chunks, total: number, layer: Digest, ports: LoadPorts): Promise<Member> {
  const told = async function* (): Chunks {
    let bytes = 0;
    for await (const chunk of source) {
      yield chunk;
      ports.progress({ kind: 'unpack', layer, bytes: bytes += chunk.length, total });
    }
  };
  try { return await keepAside(uncompressed(told(), ports), ports.folder, ports.codecs); } catch (error) {
    throw error instanceof ImageError ? new ImageError(error.code, `layer ${path}: ${error.message}`) : error;
  }
}

/** The image's own manifest, or one that says the same in OCI's words. */
function manifestFor(candidate: Candidate, layers: readonly VerifiedLayer[], codecs: Codecs): ReadyImage['manifest'] {
  if (candidate.manifest) {
    const own = parseManifest(candidate.manifest.bytes, candidate.manifest.digest);
    const whole = own.layers.length === layers.length && own.layers.every((descriptor, i) => descriptor.digest === layers[i]!.member.digest);
    if (whole) return { ...candidate.manifest, mediaType: own.mediaType ?? mediaTypes.manifest };
  }
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2, mediaType: mediaTypes.manifest, config: { mediaType: mediaTypes.config, digest: candidate.configDigest, size: candidate.configBytes.length },
    layers: layers.map(({ member, mediaType }) => ({ mediaType, digest: member.digest, size: member.size })),
  }));
  return { bytes, digest: sha256Of(bytes, codecs), mediaType: mediaTypes.manifest };
}
