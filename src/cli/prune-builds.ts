// Clearing away what builds keep, with the layers that nothing else needs then. Loaded when that is asked for.
import { buildCache, type BuildCacheItem, pruneBuildCache, type PruneCacheOptions } from '../build/index.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import type { Engine } from './setup.ts';

type Parts = Pick<Engine, 'folder' | 'images'>;
const partsOf = ({ folder, images }: Parts) => ({ folder, processes: nodeProcesses, images: images.store.images() });

/** Everything that builds keep. */
export const buildsKept = (engine: Parts): BuildCacheItem[] => buildCache(partsOf(engine));

/** Ids of what was removed, and the bytes that are free now. */
export function pruneBuilds(engine: Parts, options: PruneCacheOptions): { readonly removed: readonly string[]; readonly reclaimedBytes: number } {
  const removed = pruneBuildCache(partsOf(engine), options);
  const directories = removed.filter((item) => item.created === undefined).reduce((sum, item) => sum + item.sizeBytes, 0);
  const { reclaimedBytes } = engine.images.store.prune({ where: () => false });
  return { removed: removed.map((item) => item.id), reclaimedBytes: directories + reclaimedBytes };
}
