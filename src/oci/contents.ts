// Which images an archive holds: docker save's manifest.json (with layer files of the legacy layout or OCI blobs), or the index of an OCI layout.
import type { Archive, Member } from './archive.ts';
import { bytesOf } from './archive.ts';
import { ImageError } from './errors.ts';
import { demandPlatform, type Descriptor, type Digest, type ImageConfig, isDigest, type Manifest, mediaTypes, parseConfig, parseIndex, parseJson, parseManifest } from './image.ts';
import { fullName, parseReference } from './reference.ts';

/** One image of an archive, not yet verified. */
export interface Candidate {
  /** Full names. */
  readonly names: string[];
  readonly configBytes: Uint8Array;
  readonly configDigest: Digest;
  readonly config: ImageConfig;
  /** As they lie in the archive, lowest first. */
  readonly layers: readonly { readonly path: string; readonly member: Member; /** What the manifest calls it. */ readonly digest: Digest | undefined }[];
  /** The image's own OCI manifest, when the archive has one. */
  readonly manifest: { readonly bytes: Uint8Array; readonly digest: Digest } | undefined;
}

const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** Every image of the archive. Throws ImageError. */
export function imagesIn(archive: Archive): Candidate[] {
  const found = archive.member('manifest.json') ? fromDockerManifest(archive) : archive.member('index.json') ? fromLayout(archive) : undefined;
  if (!found) throw new ImageError('no-manifest', archive.member('repositories') ? 'an archive of Docker before 1.10 (no manifest.json), which is not supported' : 'no image in it: neither manifest.json nor index.json');
  if (found.length === 0) throw new ImageError('no-manifest', 'its manifest names no image');
  return found;
}

interface DockerManifest { Config: string; RepoTags: string[] | null; Layers: string[] }

const isDockerManifest = (value: unknown): value is DockerManifest => {
  const v = value as Partial<DockerManifest> | null;
  const texts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string');
  return typeof v === 'object' && v !== null && typeof v.Config === 'string' && texts(v.Layers) && (v.RepoTags === undefined || v.RepoTags === null || texts(v.RepoTags));
};

function fromDockerManifest(archive: Archive): Candidate[] {
  const list = parseJson(archive.document('manifest.json'), 'manifest.json');
  if (!Array.isArray(list) || !list.every(isDockerManifest)) throw new ImageError('bad-archive', 'manifest.json is not a list of images');
  const manifests = archive.member('index.json') ? manifestsOf(archive, parseIndex(archive.document('index.json'), 'index.json')) : [];
  return list.map((item) => {
    const configBytes = archive.document(item.Config);
    const configDigest = archive.member(item.Config)!.digest;
    const stated = /([0-9a-f]{64})(?:\.json)?$/.exec(item.Config)?.[1];
    if (stated !== undefined && configDigest !== `sha256:${stated}`) throw new ImageError('digest-mismatch', `${item.Config} has another content than its name says: ${configDigest}`);
    const own = manifests.find((m) => m.manifest.config.digest === configDigest);
    return {
      names: (item.RepoTags ?? []).map((tag) => fullName(parseReference(tag))), configBytes, configDigest, config: parseConfig(configBytes, item.Config),
      layers: item.Layers.map((path) => ({ path, member: memberAt(archive, path), digest: undefined })), manifest: own && { bytes: own.bytes, digest: own.digest },
    };
  });
}

function memberAt(archive: Archive, path: string): Member {
  const member = archive.member(path);
  if (!member) throw new ImageError('bad-archive', `layer ${path} is missing from the archive`);
  const stated = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (stated !== undefined && member.digest !== `sha256:${stated}`) throw new ImageError('digest-mismatch', `${path} has another content than its name says: ${member.digest}`);
  return member;
}

interface OwnManifest { manifest: Manifest; bytes: Uint8Array; digest: Digest; names: string[] }

const isIndexType = (type: string | undefined): boolean => type === mediaTypes.index || type === mediaTypes.dockerIndex;

/** The manifests that an index leads to, through nested indexes; what is not in the archive (other platforms) is left out. */
function manifestsOf(archive: Archive, descriptors: readonly Descriptor[], names: string[] = [], depth = 0): OwnManifest[] {
  if (depth > 4) throw new ImageError('bad-archive', 'image indexes are nested too deep');
  return descriptors.flatMap((descriptor) => {
    const own = [...names, ...namesOf(descriptor)];
    if (!archive.member(`blobs/${descriptor.digest.replace(':', '/')}`) && depth > 0) return [];
    const { digest, file } = archive.blob(descriptor.digest);
    const bytes = bytesOf(file.blob);
    if (isIndexType(descriptor.mediaType)) return manifestsOf(archive, parseIndex(bytes, descriptor.digest), own, depth + 1);
    if (descriptor.platform?.architecture === 'unknown') return [];
    return [{ manifest: parseManifest(bytes, descriptor.digest), bytes, digest, names: own }];
  });
}

/** Names that annotations give; a bare tag names nothing by itself. */
function namesOf(descriptor: Descriptor): string[] {
  for (const key of NAME_ANNOTATIONS) {
    const value = descriptor.annotations?.[key];
    if (value !== undefined && /[/:]/.test(value)) return [fullName(parseReference(value))];
  }
  return [];
}

function fromLayout(archive: Archive): Candidate[] {
  const all = manifestsOf(archive, parseIndex(archive.document('index.json'), 'index.json'));
  const candidates = all.map(({ manifest, bytes, digest, names }): Candidate => {
    const config = archive.blob(manifest.config.digest);
    const configBytes = bytesOf(config.file.blob);
    return {
      names, configBytes, configDigest: config.digest, config: parseConfig(configBytes, config.digest), manifest: { bytes, digest },
      layers: manifest.layers.map((layer) => ({ path: layer.digest, member: archive.blob(layer.digest), digest: layer.digest })),
    };
  });
  const runnable = candidates.filter((c) => canRun(c.config));
  return runnable.length > 0 ? runnable : candidates;
}

const canRun = (config: ImageConfig): boolean => { try { demandPlatform(config); return true; } catch { return false; } };

/** Whether a text could be the start of an image id. */
export const looksLikeId = (text: string): boolean => isDigest(text) || /^(?:sha256:)?[0-9a-f]{2,64}$/.test(text);
