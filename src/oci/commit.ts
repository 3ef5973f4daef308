// `commit`: an image made of another one and a layer of changes.
import { rfc3339 } from '../base/index.ts';
import { changeConfig } from './instructions.ts';
import type { Chunks } from './compression.ts';
import type { HistoryEntry, ImageConfig, RunConfig } from './image.ts';
import type { Store } from './store.ts';
import type { Image } from './store-view.ts';

export interface CommitOptions {
  /** As a user wrote them; none for an image without a name. */
  readonly names?: readonly string[];
  /** How the container was to run; the parent's configuration where absent. */
  readonly config?: RunConfig;
  /** Dockerfile instructions that change it. */
  readonly change?: readonly string[];
  readonly message?: string;
  readonly author?: string;
  /** What history tells as the cause: the container's command line. */
  readonly createdBy?: string;
  /** Nanoseconds since 1970. */
  readonly createdNs: bigint;
}

/** The layer of no changes: two blocks of zeros. */
export const EMPTY_TAR = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Adds the image of `parent` and a layer on top of it (an uncompressed tar); without a change no layer is added, only history, as Docker does. Throws ImageError 'bad-change', 'bad-reference'. */
export async function commitImage(store: Store, parent: Image, layer: Chunks, options: CommitOptions): Promise<Image> {
  const config = changeConfig(options.config ?? parent.config.config ?? {}, options.change ?? []);
  const top = await store.newLayer(layer);
  const empty = top.diffId === EMPTY_TAR;
  if (empty) top.file.discard();
  const history: HistoryEntry = {
    created: rfc3339(options.createdNs), ...(options.author ? { author: options.author } : {}), ...(options.createdBy ? { created_by: options.createdBy } : {}),
    ...(options.message ? { comment: options.message } : {}), ...(empty ? { empty_layer: true } : {}),
  };
  const layers = empty ? parent.layers : [...parent.layers, top];
  const document: ImageConfig = {
    ...parent.config, created: rfc3339(options.createdNs), author: options.author ?? '', config, rootfs: { type: 'layers', diff_ids: layers.map((l) => l.diffId) },
    history: [...parent.config.history ?? [], history],
  };
  return store.put({ configBytes: configDocument(document), layers, names: options.names ?? [] });
}

/** Fields of Docker's own documents that spoke of the parent's making, and no longer hold. */
const stale = new Set(['container', 'container_config', 'docker_version', 'id', 'parent', 'comment', 'Size', 'throwaway', 'moby.buildkit.buildinfo.v1', 'moby.buildkit.cache.v0']);

/** The bytes of a configuration: keys in a fixed order, nothing empty. */
export function configDocument(config: ImageConfig): Uint8Array {
  const fields = Object.entries(config).filter(([key, value]) => !stale.has(key) && value !== '' && value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
}
