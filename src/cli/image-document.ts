// What inspect tells of an image: Docker's document.
import { familiarName, type Image, parseReference, type RunConfig } from '../oci/index.ts';
import { nilMap, nilSlice, omitEmpty, type Struct } from './template/index.ts';

const mapOf = (entries: object | null | undefined): ReadonlyMap<string, unknown> => (entries ? new Map(Object.entries(entries)) : nilMap);

/** Fields of a configuration that are only there when they say something. */
const optional = ['User', 'ExposedPorts', 'Env', 'Entrypoint', 'Cmd', 'Volumes', 'WorkingDir', 'Labels', 'StopSignal', 'Healthcheck', 'OnBuild', 'Shell'];

/** The run configuration with the types that Docker gives its fields. */
function configDocument(config: RunConfig & Readonly<Record<string, unknown>>): Struct {
  return {
    User: config.User ?? '', ExposedPorts: mapOf(config.ExposedPorts), Env: config.Env ?? nilSlice, Entrypoint: config.Entrypoint ?? nilSlice, Cmd: config.Cmd ?? nilSlice,
    Volumes: mapOf(config.Volumes), WorkingDir: config.WorkingDir ?? '', Labels: mapOf(config.Labels), StopSignal: config.StopSignal ?? '',
    Healthcheck: config['Healthcheck'] ?? undefined, OnBuild: config['OnBuild'] ?? nilSlice, Shell: config['Shell'] ?? nilSlice, [omitEmpty]: optional,
  };
}

/** RFC 3339 as Go writes it: no zeros at the end of a fraction. */
const canonicalTime = (time: string): string => time.replace(/(\.\d*?)0+(?=Z|[+-])/, '$1').replace(/\.(?=Z|[+-])/, '');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Docker's image document; what Wherry cannot know (when a name was given, where a driver keeps layers) is empty or absent. */
export function imageDocument(image: Image): Struct {
  const config = image.config as Image['config'] & Readonly<Record<string, unknown>>;
  const manifest = JSON.parse(new TextDecoder().decode(image.manifestBytes)) as { mediaType?: string };
  return {
    Id: image.id,
    RepoTags: image.names.map(parseReference).filter((reference) => reference.digest === undefined).map(familiarName),
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: text(config['comment']) || (config.history?.at(-1)?.comment ?? ''),
    Created: canonicalTime(image.created ?? ''),
    DockerVersion: text(config['docker_version']),
    Author: text(config['author']),
    Config: configDocument((config.config ?? {}) as RunConfig & Readonly<Record<string, unknown>>),
    Architecture: config.architecture ?? 'amd64',
    Variant: config.variant ?? '',
    Os: config.os ?? 'linux',
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: { Data: nilMap, Name: 'wherry' },
    RootFS: { Type: config.rootfs.type, Layers: image.layers.map((layer) => layer.diffId) },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
    Descriptor: { mediaType: manifest.mediaType ?? 'application/vnd.oci.image.manifest.v1+json', digest: image.manifestDigest, size: image.manifestBytes.length },
    [omitEmpty]: ['Variant'],
  };
}
