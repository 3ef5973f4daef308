// Steps that were built, kept by what they were made from: the parent, and the instruction with the content it copied. They lie beside the images; nobody else sees them.
import type { Images } from '../engine/index.ts';
import type { Codecs, Folder } from '../host/ports.ts';
import { blobPath, type ImageConfig, type ImageLayer, layerTarPath, type NewLayer, sha256Of, STEPS } from '../oci/index.ts';
import type { StageImage } from './stage-image.ts';

/** Changes with what a step is made of, so that older ones are not found. */
const VERSION = 1;

interface Record { readonly version: number; readonly config: string; readonly layers: readonly ImageLayer[] }

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export class StepCache {
  readonly #folder: Folder;
  readonly #images: Images;
  readonly #codecs: Codecs;

  constructor(folder: Folder, images: Images, codecs: Codecs) {
    this.#folder = folder;
    this.#images = images;
    this.#codecs = codecs;
  }

  /** The name of a step: `made` tells all that decides what comes out. */
  key(parent: StageImage, made: readonly unknown[]): string { return sha256Of(encode([VERSION, parent.id, ...made]), this.#codecs).slice(7); }

  /** The step as it was built; undefined when it was not, or something of it is gone. */
  find(key: string): StageImage | undefined {
    const bytes = this.#folder.read(`${STEPS}/${key}`);
    if (!bytes) return undefined;
    try {
      const { version, config: text, layers } = JSON.parse(new TextDecoder().decode(bytes)) as Record;
      const configBytes = new TextEncoder().encode(text);
      const config = JSON.parse(text) as ImageConfig;
      if (version !== VERSION || !layers.every((layer) => this.#has(layer))) return undefined;
      return { id: sha256Of(configBytes, this.#codecs), config, configBytes, layers };
    } catch { return undefined; }
  }

  #has({ diffId, blob }: ImageLayer): boolean { return this.#folder.size(blobPath(blob.digest)) === blob.size && (blob.digest === diffId || this.#folder.has(layerTarPath(diffId)) || this.#folder.has(blobPath(diffId))); }

  /** Keeps a step, with the layer that it added. */
  keep(key: string, { configBytes, layers }: StageImage, layer: NewLayer | undefined): void {
    const record: Record = { version: VERSION, config: new TextDecoder().decode(configBytes), layers: layers.map(({ diffId, blob, size, contentSize }) => ({ diffId, blob, size, contentSize })) };
    this.#images.keepStep(`${STEPS}/${key}`, encode(record), layer);
  }
}
