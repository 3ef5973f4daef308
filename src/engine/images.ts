// Images that can run: the store of images with the indexes of their layers, and a container's root file system over them.
import type { Blob, Codecs, Folder, Loop } from '../host/ports.ts';
import {
  buildView, contentSize, type DiskPlace, ImageView, indexLayer, LayerError, type LayerIndex, type MemoryPlace, openWritable, packIndex, packView, unpackIndex, unpackView, type ViewColumns,
} from '../layers/index.ts';
import { blobPath, chainFolder, type Image, layerSizePath, type NewLayer, openStore, type PrepareLayers, type Store } from '../oci/index.ts';
import type { OverlayFs, TmpFsOptions } from '../vfs/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { aroundContents, aroundIndexes } from './init-layer.ts';

type Layer = { readonly diffId: string; readonly blob: Blob };

const indexPath = (diffId: string): string => `layers/${diffId.slice(7)}/index`;

/** The store in a folder, with what running an image from its layers takes. */
export class Images {
  readonly store: Store;
  readonly #folder: Folder;
  readonly #codecs: Codecs;
  readonly #memory: () => Folder | Promise<Folder>;

  /** `memory` gives a new folder, in memory or gone with the process, for what containers write that are not kept. */
  constructor(folder: Folder, codecs: Codecs, memory: () => Folder | Promise<Folder>) {
    this.#folder = folder;
    this.#codecs = codecs;
    this.#memory = memory;
    this.store = openStore(folder, { codecs, prepare: this.#prepare });
  }

  /** Indexes layers and merges them; both are kept with the image. */
  readonly #prepare: PrepareLayers = (layers) => {
    const indexes = layers.map((layer) => this.#index(layer));
    const files = layers.flatMap((layer, i) => [
      { path: indexPath(layer.diffId), bytes: packIndex(indexes[i]!) }, { path: layerSizePath(layer.diffId), bytes: new TextEncoder().encode(String(contentSize(indexes[i]!))) },
    ]);
    return [...files, { path: this.#viewPath(layers), bytes: packView(merged(layers, indexes)) }];
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
  #view(image: Pick<Image, 'layers'>, layers: readonly Layer[], keep = true): ViewColumns {
    const path = this.#viewPath(image.layers);
    const stored = this.#folder.read(path);
    const view = stored && unpackView(stored);
    if (view) return view;
    const made = buildView(aroundIndexes(layers.map((layer) => this.#index(layer))));
    if (keep) this.#folder.write(path, packView(made));
    return made;
  }

  /** The files of these layers under an empty writable layer in memory: what a build copies from and to, and with `asContainer` what its commands run in. Nothing is kept of it. Throws as `openContainerFs`. */
  openTree(layers: Image['layers'], { asContainer = false, ...options }: TmpFsOptions & { readonly asContainer?: boolean }): OverlayFs {
    const contents = layers.map((layer) => ({ diffId: layer.diffId, blob: this.store.layerTar(layer) }));
    const view = asContainer ? this.#view({ layers }, contents, false) : buildView(contents.map((layer) => this.#index(layer)));
    return openWritable(new ImageView(view, asContainer ? aroundContents(contents) : contents), { memory: this.#memory }, options);
  }

  /** Keeps a step of a build: its record, and with it a new layer with its index. Takes the layer's file. Throws LayerError for a layer that must not be unpacked. */
  keepStep(path: string, record: Uint8Array, layer: NewLayer | undefined): void {
    try {
      const index = layer && indexLayer(layer.file.blob);
      layer?.file.sync();
      this.#folder.exclusive(() => {
        if (layer && index && this.#folder.size(blobPath(layer.diffId)) !== layer.size) layer.file.commit(blobPath(layer.diffId));
        if (layer && index) {
          this.#folder.write(indexPath(layer.diffId), packIndex(index), false);
          this.#folder.write(layerSizePath(layer.diffId), new TextEncoder().encode(String(contentSize(index))), false);
        }
        this.#folder.write(path, record);
      });
    } finally { layer?.file.discard(); }
  }

  /** A new root file system for a container: the image's layers, with what every container has around them, under an empty writable layer in memory. */
  openRootFs(image: Pick<Image, 'layers'>, options: TmpFsOptions): OverlayFs { return this.#open(image.layers, () => ({ memory: this.#memory }), options); }

  /** The root file system of a container as it left it; of one that is not kept, a new one in memory. The last call is `close`. Throws LayerError (damaged, other-version, other-image), ImageError 'damaged-store'. */
  openContainerFs({ Id, Layers, InMemory }: ContainerRecord, { readonly = false, loop, ...options }: ContainerFsOptions): OverlayFs {
    return this.#open(Layers, (lower) => (InMemory ? { memory: this.#memory } : { folder: this.#folder, path: layerPath(Id), lower, readonly, ...(loop ? { loop } : {}) }), options);
  }

  /** `place` is given a name of the layers' view and of the numbers that its files have. */
  #open(layers: Image['layers'], place: (view: string) => MemoryPlace | DiskPlace, options: TmpFsOptions): OverlayFs {
    const contents = layers.map((layer) => ({ diffId: layer.diffId, blob: this.store.layerTar(layer) }));
    const view = this.#view({ layers }, contents);
    return openWritable(new ImageView(view, aroundContents(contents)), place(`${this.#viewPath(layers)} ${view.version} ${view.inodes}`), options);
  }
}

/** The merged view. Throws LayerError naming the lowest layer that cannot lie on those below it. */
function merged(layers: readonly Layer[], indexes: readonly LayerIndex[]): ViewColumns {
  try { return buildView(aroundIndexes(indexes)); } catch (error) {
    if (!(error instanceof LayerError)) throw error;
    for (const [i, { diffId }] of layers.entries()) {
      try { buildView(aroundIndexes(indexes.slice(0, i + 1))); } catch { throw new LayerError(error.code, `layer ${diffId}: ${error.message}`); }
    }
    throw error;
  }
}

export interface ContainerFsOptions extends TmpFsOptions {
  /** Nothing is written. */
  readonly readonly?: boolean;
  /** For commits every few seconds. */
  readonly loop?: Loop;
}

/** A container's writable layer. */
const layerPath = (id: string): string => `containers/${id}/layer`;
