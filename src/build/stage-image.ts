// What a stage of a build has become so far: an image that nobody sees yet.
import { rfc3339 } from '../base/index.ts';
import { configDocument, type Digest, type Image, type ImageConfig, type ImageLayer, type NewLayer, type RunConfig, sha256Of } from '../oci/index.ts';
import type { Codecs } from '../host/ports.ts';

export interface StageImage {
  /** '' for scratch. */
  readonly id: Digest | '';
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const uncompressed = 'application/vnd.oci.image.layer.v1.tar';

export const scratch: StageImage = { id: '', config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } }, configBytes: new Uint8Array(0), layers: [] };

export const stageImage = ({ id, config, configBytes, layers }: Image): StageImage => ({ id, config, configBytes, layers });

/** What a stage begins with: the base's configuration, and a PATH. */
export function firstConfig({ config }: StageImage): RunConfig {
  const base = config.config ?? {};
  return { ...base, Env: base.Env?.some((line) => line.startsWith('PATH=')) ? base.Env : [...base.Env ?? [], DEFAULT_PATH] };
}

/** Fields of a run configuration, in Docker's order. */
const fields = ['User', 'ExposedPorts', 'Env', 'Cmd', 'Healthcheck', 'Volumes', 'WorkingDir', 'Entrypoint', 'OnBuild', 'Labels', 'StopSignal', 'Shell'] as const;
const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

/** Without what says nothing; an empty list of words (`CMD []`) is something said. */
const tidy = (config: RunConfig): RunConfig => Object.fromEntries(fields.flatMap((field) => (isEmpty(config[field]) ? [] : [[field, config[field]]])));

export interface Step {
  readonly config: RunConfig;
  readonly createdBy: string;
  readonly author: string;
  readonly createdNs: bigint;
  readonly layer: NewLayer | undefined;
}

/** The parent with one step more. */
export function withStep(parent: StageImage, { config, createdBy, author, createdNs, layer }: Step, contentSize: number, codecs: Codecs): StageImage {
  const created = rfc3339(createdNs);
  const layers = layer ? [...parent.layers, { diffId: layer.diffId, blob: { mediaType: uncompressed, digest: layer.diffId, size: layer.size }, size: layer.size, contentSize }] : parent.layers;
  const document: ImageConfig = {
    ...parent.config, created, author, config: tidy(config), rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...parent.config.history ?? [], { created, ...(author === '' ? {} : { author }), created_by: createdBy, ...(layer ? {} : { empty_layer: true }) }],
  };
  const configBytes = configDocument(document);
  return { id: sha256Of(configBytes, codecs), config: document, configBytes, layers };
}
