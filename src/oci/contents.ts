// Which images an archive holds: docker save's manifest.json (with layer files of the legacy layout or OCI blobs), or the index of an OCI layout.
import { type Archive, documentBytes } from './archive.ts';
import { ImageError } from './errors.ts';
import { canRun, type Descriptor, type Digest, type ImageConfig, isDigest, isForeign, isImageConfig, isIndexType, type Manifest, parseConfig, parseIndex, parseJson, parseManifest } from './image.ts';
import { nameOf } from './layout.ts';
import type { Member } from './members.ts';
import { fullName, parseReference } from './reference.ts';

/** One image of an archive, not yet verified. */
export interface Candidate {
  /** Full names. */
  readonly names: readonly string[];
  readonly configBytes: Uint8Array;
  readonly configDigest: Digest;
  readonly config: ImageConfig;
  /** As they lie in the archive, lowest first. */
  readonly layers: readonly { readonly path: string; readonly member: Member }[];
  /** The image's own OCI manifest, when the archive has one. */
  readonly manifest: { readonly bytes: Uint8Array; readonly digest: Digest } | undefined;
}

/** Every image of the archive; of one that is there for several platforms, the one that can run. Throws ImageError. */
export function imagesIn(archive: Archive): Candidate[] {
  const found = archive.member('manifest.json') ? fromDockerManifest(archive) : archive.member('index.json') ? fromLayout(archive) : undefined;
  if (!found) throw new ImageError('no-manifest', archive.member('repositories') ? 'an archive of Docker before 1.10 (no manifest.json), which is not supported' : 'no image in it: neither manifest.json nor index.json');
  if (found.length === 0) throw new ImageError('no-manifest', 'its manifest names no image');
  return found;
}

interface DockerManifest { Config: string; RepoTags?: string[] | null; Layers?: string[] | null }

const isDockerManifest = (value: unknown): value is DockerManifest => {
  const v = value as Partial<DockerManifest> | null;
  const texts = (list: unknown): boolean => list === undefined || list === null || (Array.isArray(list) && list.every((item) => typeof item === 'string'));
  return typeof v === 'object' && v !== null && typeof v.Config === 'string' && texts(v.Layers) && texts(v.RepoTags);
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
      names: [...new Set((item.RepoTags ?? []).map((tag) => fullName(parseReference(tag))))], configBytes, configDigest, config: parseConfig(configBytes, item.Config),
      layers: (item.Layers ?? []).map((path) => ({ path, member: memberAt(archive, path) })), manifest: own && { bytes: own.bytes, digest: own.digest },
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

/** A manifest, with the names it goes by and the index of platforms that it was in. */
interface OwnManifest { readonly manifest: Manifest; readonly bytes: Uint8Array; readonly digest: Digest; readonly names: readonly string[]; readonly within: Digest | undefined }

/** The manifests that an index leads to, through nested indexes; what is not in the archive (other platforms) and what BuildKit attests of an image are left out. */
function manifestsOf(archive: Archive, descriptors: readonly Descriptor[], names: readonly string[] = [], within?: Digest, depth = 0): OwnManifest[] {
  if (depth > 4) throw new ImageError('bad-archive', 'image indexes are nested too deep');
  return descriptors.flatMap((descriptor) => {
    if (!archive.member(`blobs/${descriptor.digest.replace(':', '/')}`) && depth > 0) return [];
    const name = nameOf(descriptor);
    const own = name === undefined || names.includes(name) ? names : [...names, name];
    const bytes = documentBytes(blobOf(archive, descriptor), descriptor.digest);
    if (isIndexType(descriptor.mediaType)) return manifestsOf(archive, parseIndex(bytes, descriptor.digest), own, descriptor.digest, depth + 1);
    if (descriptor.platform?.architecture === 'unknown' || descriptor.annotations?.['vnd.docker.reference.type'] !== undefined) return [];
    return [{ manifest: parseManifest(bytes, descriptor.digest), bytes, digest: descriptor.digest, names: own, within }];
  });
}

/** A blob with the digest and the size that its descriptor says. */
function blobOf(archive: Archive, descriptor: Descriptor): Member {
  const member = archive.blob(descriptor.digest);
  if (member.size !== descriptor.size) throw new ImageError('digest-mismatch', `blob ${descriptor.digest} has ${member.size} bytes, its descriptor says ${descriptor.size}`);
  return member;
}

function layerOf(archive: Archive, layer: Descriptor): Candidate['layers'][number] {
  const path = `blobs/${layer.digest.replace(':', '/')}`;
  if (isForeign(layer) && !archive.member(path)) throw new ImageError('unsupported', `layer ${layer.digest} is foreign (not in the archive, to be fetched from elsewhere), which is not supported`);
  return { path: layer.digest, member: blobOf(archive, layer) };
}

function fromLayout(archive: Archive): Candidate[] {
  const all = manifestsOf(archive, parseIndex(archive.document('index.json'), 'index.json'));
  const images = all.filter(({ manifest }) => isImageConfig(manifest.config));
  if (images.length === 0 && all.length > 0) throw new ImageError('unsupported', `no container image in it: ${all[0]!.digest} is of ${all[0]!.manifest.config.mediaType}`);
  const candidates = images.map((own) => {
    const configBytes = documentBytes(blobOf(archive, own.manifest.config), own.manifest.config.digest);
    return { own, configBytes, config: parseConfig(configBytes, own.manifest.config.digest) };
  });
  return candidates.filter(({ own, config }) => canRun(config) || !candidates.some((other) => canRun(other.config) && areOneImage(own, other.own))).map(({ own, configBytes, config }): Candidate => ({
    names: own.names, configBytes, configDigest: own.manifest.config.digest, config, manifest: { bytes: own.bytes, digest: own.digest },
    layers: own.manifest.layers.map((layer) => layerOf(archive, layer)),
  }));
}

/** Whether two manifests are one image for several platforms. */
const areOneImage = (a: OwnManifest, b: OwnManifest): boolean => (a.within !== undefined && a.within === b.within) || a.names.some((name) => b.names.includes(name));

/** Whether a text could be the start of an image id. */
export const looksLikeId = (text: string): boolean => isDigest(text) || /^(?:sha256:)?[0-9a-f]{2,64}$/.test(text);
