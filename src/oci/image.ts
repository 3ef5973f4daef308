// Images as immutable views: the documents of the OCI image specification, read with checks, and what the rest of the product asks of an image.
import { ImageError } from './errors.ts';

/** sha256:hex. */
export type Digest = string;

/** How containers of the image start (image-spec config.md). */
export interface RunConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly Env?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
  /** Docker's own fields. */
  readonly OnBuild?: readonly string[] | null;
  readonly Healthcheck?: HealthConfig | null;
  readonly Shell?: readonly string[] | null;
}

/** How to ask a container whether it is well; times in nanoseconds. */
export interface HealthConfig {
  /** NONE, or CMD and words, or CMD-SHELL and a line. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface ImageConfig {
  readonly architecture?: string;
  readonly os?: string;
  readonly variant?: string;
  readonly created?: string;
  readonly author?: string;
  readonly config?: RunConfig | null;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly HistoryEntry[];
}

export interface HistoryEntry { readonly created?: string; readonly created_by?: string; readonly author?: string; readonly empty_layer?: boolean; readonly comment?: string }

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where else the content can be had. */
  readonly urls?: readonly string[];
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json', index: 'application/vnd.oci.image.index.v1+json', config: 'application/vnd.oci.image.config.v1+json',
  tar: 'application/vnd.oci.image.layer.v1.tar', gzip: 'application/vnd.oci.image.layer.v1.tar+gzip', zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json', dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** Documents larger than this are no honest manifest or configuration. */
export const DOCUMENT_LIMIT = 16 << 20;

const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const isDigest = (text: unknown): text is Digest => typeof text === 'string' && digestPattern.test(text);

export const isIndexType = (type: string | undefined): boolean => type === mediaTypes.index || type === mediaTypes.dockerIndex;

/** Whether a manifest's configuration is a container image's, and not that of a chart, a signature or another artifact. */
export const isImageConfig = ({ mediaType }: Descriptor): boolean => !mediaType || mediaType === mediaTypes.config || mediaType === mediaTypes.dockerConfig;

/** Layers that archives need not hold: Docker's foreign ones, OCI's non-distributable ones. */
export const isForeign = ({ mediaType }: Descriptor): boolean => /foreign|nondistributable/.test(mediaType ?? '');

/** Parses JSON bytes; `what` names them in the error. Throws ImageError 'bad-archive'. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)); } catch { throw new ImageError('bad-archive', `${what} is not valid JSON`); }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: unknown, item: (v: unknown) => boolean): boolean => Array.isArray(value) && value.every(item);
const isText = (value: unknown): boolean => typeof value === 'string';
const absentOr = (check: (v: unknown) => boolean) => (value: unknown): boolean => value === undefined || value === null || check(value);

/** The fields of a run configuration that are used, and what each must be. */
const runConfigShape: Readonly<Record<string, (v: unknown) => boolean>> = {
  User: absentOr(isText), Env: absentOr((v) => isList(v, isText)), Entrypoint: absentOr((v) => isList(v, isText)), Cmd: absentOr((v) => isList(v, isText)), WorkingDir: absentOr(isText),
  Labels: absentOr(isObject), Volumes: absentOr(isObject), ExposedPorts: absentOr(isObject), StopSignal: absentOr(isText),
};

const isHistoryEntry = (value: unknown): boolean =>
  isObject(value) && ['created', 'created_by', 'author', 'comment'].every((field) => absentOr(isText)(value[field])) && absentOr((v) => typeof v === 'boolean')(value['empty_layer']);

/** Reads an image configuration. Throws ImageError 'bad-archive' naming `what` and the field. */
export function parseConfig(bytes: Uint8Array, what: string): ImageConfig {
  const value = parseJson(bytes, what);
  const wrong = (field: string): ImageError => new ImageError('bad-archive', `${what} is not an image configuration: ${field} is missing or malformed`);
  if (!isObject(value)) throw wrong('the object');
  if (!isObject(value['rootfs']) || !isList(value['rootfs']['diff_ids'], isDigest)) throw wrong('rootfs.diff_ids');
  if (!absentOr(isText)(value['architecture']) || !absentOr(isText)(value['os'])) throw wrong('architecture or os');
  for (const field of ['created', 'author', 'variant']) if (!absentOr(isText)(value[field])) throw wrong(field);
  if (!absentOr((v) => isList(v, isHistoryEntry))(value['history'])) throw wrong('history');
  if (!absentOr(isObject)(value['config'])) throw wrong('config');
  for (const [field, check] of Object.entries(runConfigShape)) if (!check((value['config'] as Record<string, unknown> | undefined)?.[field])) throw wrong(`config.${field}`);
  return value as unknown as ImageConfig;
}

/** Names the algorithm of a digest that is well-formed and not SHA-256. */
function demandSha256(digest: unknown): void {
  const algorithm = typeof digest === 'string' ? /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):[A-Za-z0-9=_-]+$/.exec(digest)?.[1] : undefined;
  if (algorithm !== undefined && algorithm !== 'sha256') throw new ImageError('unsupported', `digests of ${algorithm} are not supported (sha256 is)`);
}

/** Throws ImageError 'unsupported' for a digest of another algorithm. */
function isDescriptor(value: unknown): boolean {
  if (!isObject(value)) return false;
  demandSha256(value['digest']);
  return isDigest(value['digest']) && typeof value['size'] === 'number' && absentOr(isText)(value['mediaType']) && absentOr((v) => isObject(v) && Object.values(v).every(isText))(value['annotations']) && absentOr((v) => isList(v, isText))(value['urls']);
}

/** Reads an image manifest. Throws ImageError 'bad-archive'. */
export function parseManifest(bytes: Uint8Array, what: string): Manifest {
  const value = parseJson(bytes, what);
  if (!isObject(value) || !isDescriptor(value['config']) || !isList(value['layers'], isDescriptor)) throw new ImageError('bad-archive', `${what} is not an image manifest`);
  return value as unknown as Manifest;
}

/** Reads an image index: descriptors of manifests. Throws ImageError 'bad-archive'. */
export function parseIndex(bytes: Uint8Array, what: string): Descriptor[] {
  const value = parseJson(bytes, what);
  if (!isObject(value) || !isList(value['manifests'], isDescriptor)) throw new ImageError('bad-archive', `${what} is not an image index`);
  return value['manifests'] as Descriptor[];
}

const platformOf = (config: ImageConfig): { os: string; architecture: string } => ({ os: config.os || 'linux', architecture: config.architecture || 'amd64' });

/** Whether this machine can run the image. */
export const canRun = (config: ImageConfig): boolean => platformOf(config).os === 'linux' && platformOf(config).architecture === 'amd64';

/** Refuses images that this machine cannot run. Throws ImageError 'wrong-platform'. */
export function demandPlatform(config: ImageConfig): void {
  const { os, architecture } = platformOf(config);
  if (!canRun(config)) throw new ImageError('wrong-platform', `the image is for ${os}/${architecture}; only linux/amd64 can run`);
}
