// Images that can run: the store of images with the indexes of their layers, and a container's root file system over them.
import type { Blob, Codecs, Folder, Loop } from '../host/ports.ts';
import { buildView, contentSize, ImageView, indexLayer, LayerError, type LayerIndex, openWritable, packIndex, packView, unpackIndex, unpackView, type ViewColumns } from '../layers/index.ts';
import { chainFolder, type Image, layerSizePath, openStore, type PrepareLayers, type Store } from '../oci/index.ts';
import { OverlayFs, type TmpFsOptions } from '../vfs/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { aroundContents, aroundIndexes } from './init-layer.ts';

type Layer = { readonly diffId: string; readonly blob: Blob };

const indexPath = (diffId: string): string => `layers/${diffId.slice(7)}/index`;

/** The store in a folder, with what running an image from its layers takes. */
export class Images {
  readonly store: Store;
  readonly #folder: Folder;
  readonly #codecs: Codecs;

  constructor(folder: Folder, codecs: Codecs) {
    this.#folder = folder;
    this.#codecs = codecs;
    this.store = openStore(folder, { codecs, prepare: this.#prepare });
  }

  /** Indexes layers and merges them; both are kept with the image. */
  readonly #prepare: PrepareLayers = (layers) => {
    const indexes = layers.map((layer) => this.#index(layer));
    const files = layers.flatMap((layer, i) => [
      { path: indexPath(layer.diffId), bytes: packIndex(indexes[i]!) }, { path: layerSizePath(layer.diffId), bytes: new TextEncoder().encode(String(contentSize(indexes[i]!))) },
    ]);
    return [...files, { path: this.#viewPath(layers), bytes: packView(buildView(aroundIndexes(indexes))) }];
  };

  /** A layer's index: as stored, else made from its tar. Throws LayerError naming the layer. */
  #index(layer: Layer): LayerIndex {
    const stored = this.#folder.read(indexPath(layer.diffId));
    const index = stored && unpackIndex(stored);
    if (index) return index;
    try { return indexLayer(layer.blob); } catch (error) {
      throw error instanceof LayerError ? new LayerError(error.code, `layer ${layer.diffId}: ${error.message}`) : error;
    }
  }

  /** Where the merged view lies: not `view`, which stores made before containers had an init layer hold. */
  #viewPath(layers: readonly { readonly diffId: string }[]): string { return `${chainFolder(layers.map((layer) => layer.diffId), this.#codecs)}/root`; }

  /** The merged view of an image: as stored, else made again from the layers. */
  #view(image: Pick<Image, 'layers'>, layers: readonly Layer[]): ViewColumns {
    const path = this.#viewPath(image.layers);
    const stored = this.#folder.read(path);
    const view = stored && unpackView(stored);
    if (view) return view;
    const made = buildView(aroundIndexes(layers.map((layer) => this.#index(layer))));
    this.#folder.write(path, packView(made));
    return made;
  }

  #lower({ layers }: Pick<Image, 'layers'>): ImageView {
    const contents = layers.map((layer) => ({ diffId: layer.diffId, blob: this.store.layerTar(layer) }));
    return new ImageView(this.#view({ layers }, contents), aroundContents(contents));
  }

  /** A new root file system for a container: the image's layers, with what every container has around them, under an empty writable layer in memory. */
  openRootFs(image: Pick<Image, 'layers'>, options: TmpFsOptions): OverlayFs { return new OverlayFs(this.#lower(image), options); }

  /** The root file system of a container as it left it. Its writable layer lies in the container's folder, or where it is said to be in memory in `memory`. Throws LayerError (damaged, other-version, other-image), ImageError 'damaged-store'. */
  openContainerFs(record: ContainerRecord, { readonly = false, loop, memory, ...options }: ContainerFsOptions): OverlayFs {
    const lower = this.#lower({ layers: record.Layers });
    if (record.InMemory) return memory ? openWritable(lower, { memory }, options) : new OverlayFs(lower, options);
    return openWritable(lower, { folder: this.#folder, path: layerPath(record.Id), lower: this.#viewPath(record.Layers), readonly, ...(loop ? { loop } : {}) }, options);
  }
}

export interface ContainerFsOptions extends TmpFsOptions {
  /** Nothing is written. */
  readonly readonly?: boolean;
  /** For commits every few seconds. */
  readonly loop?: Loop;
  /** Where files of containers in memory lie; in arrays of their own when absent. */
  readonly memory?: Folder;
}

/** A container's writable layer. */
const layerPath = (id: string): string => `containers/${id}/layer`;
