// Where the store keeps things, and the index of its OCI image layout: which names stand for which manifests.
import { type Descriptor, type Digest, mediaTypes } from './image.ts';
import { fullName, parseReference } from './reference.ts';

export const LAYOUT_FILE = 'oci/oci-layout';
export const INDEX_FILE = 'oci/index.json';
export const BLOBS = 'oci/blobs/sha256';
export const LAYERS = 'layers';
export const CHAINS = 'chains';
/** Records of steps of builds: JSON documents with a configuration and layers. */
export const STEPS = 'build/steps';
/** Directories that commands of builds share: `data`, what the host cannot keep of it, who has it alone. */
export const CACHES = 'build/caches';
/** Builds that run: a file each, with its process. */
export const BUILDS = 'build/running';

export const blobPath = (digest: Digest): string => `oci/blobs/${digest.replace(':', '/')}`;
/** What is kept of a layer besides its blob: the index, and the tar when the blob is compressed. */
export const layerFolder = (diffId: Digest): string => `${LAYERS}/${diffId.slice(7)}`;
export const layerTarPath = (diffId: Digest): string => `${layerFolder(diffId)}/layer.tar`;
/** The size of the layer's files, in decimal digits. */
export const layerSizePath = (diffId: Digest): string => `${layerFolder(diffId)}/size`;

/** What other tools look images up by: image-spec annotations.md. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';
/** What image-spec allows as a reference name; Docker's repositories may also have `__` and `---` in them. */
const component = '[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*';
const refName = new RegExp(`^${component}(?:/${component})*$`);

/** The full name an annotation gives; a bare tag names nothing by itself. */
export function nameOf(descriptor: Descriptor): string | undefined {
  for (const key of [CONTAINERD_NAME, REF_NAME]) {
    const value = descriptor.annotations?.[key];
    if (value === undefined || !/[/:]/.test(value)) continue;
    try { return fullName(parseReference(value)); } catch { continue; }
  }
  return undefined;
}

/** Docker's own manifests are for tools that know them by containerd's name; others find the translation. */
function named(descriptor: Descriptor, name: string): Descriptor {
  const { annotations, ...rest } = withoutName(descriptor);
  const known = refName.test(name) && !isDockers(descriptor);
  return { ...rest, annotations: { ...annotations, ...(known ? { [REF_NAME]: name } : {}), [CONTAINERD_NAME]: name } };
}

/** On the OCI manifest that says what a Docker manifest says: the digest of that one. */
const TRANSLATED = 'wherry.translated-from';
export const isDockers = ({ mediaType }: Descriptor): boolean => mediaType === mediaTypes.dockerManifest;
export const isTranslation = ({ annotations }: Descriptor): boolean => annotations?.[TRANSLATED] !== undefined;

/** The entry of a translated manifest beside that of Docker's own, by the same name; none for names that the layout's grammar does not have. */
export function translation(of: Descriptor, translated: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>): Descriptor[] {
  const name = nameOf(of);
  if (name === undefined || !refName.test(name)) return [];
  return [{ ...translated, ...(of.platform ? { platform: of.platform } : {}), annotations: { [REF_NAME]: name, [TRANSLATED]: of.digest } }];
}

function withoutName({ annotations, ...rest }: Descriptor): Descriptor {
  const left = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => key !== REF_NAME && key !== CONTAINERD_NAME));
  return Object.keys(left).length > 0 ? { ...rest, annotations: left } : rest;
}

/** The index with these names standing for this manifest and for no other; one that loses its last name stays without. */
export function withNames(index: readonly Descriptor[], descriptor: Descriptor, names: readonly string[]): Descriptor[] {
  const wanted = new Set(names);
  const kept = names.reduce<readonly Descriptor[]>((left, name) => withoutNames(left, name), index);
  if (wanted.size === 0) return kept.some((d) => d.digest === descriptor.digest) ? [...kept] : [...kept, withoutName(descriptor)];
  return [...kept.filter((d) => d.digest !== descriptor.digest || nameOf(d) !== undefined), ...Array.from(wanted, (name) => named(descriptor, name))];
}

/** The index without a name; a manifest that loses its last name stays without. */
export function withoutNames(index: readonly Descriptor[], name: string): Descriptor[] {
  const losers = index.filter((d) => nameOf(d) === name);
  const left = index.filter((d) => nameOf(d) !== name);
  for (const loser of losers) if (!left.some((d) => d.digest === loser.digest)) left.push(withoutName(loser));
  return left;
}
