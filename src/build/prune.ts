// What builds leave in the store for the next ones, and how it is cleared away: steps, and the directories of RUN --mount=type=cache.
import type { Folder, ProcessId, Processes } from '../host/ports.ts';
import { BUILDS, CACHES, type Digest, type Image, type ImageConfig, type ImageLayer, STEPS } from '../oci/index.ts';

/** One thing that is kept. */
export interface BuildCacheItem {
  readonly id: string;
  readonly path: string;
  /** RFC 3339; absent of directories. */
  readonly created: string | undefined;
  /** A step of an image that is here, or what a build that runs may use. */
  readonly inUse: boolean;
  /** Layers that no image has, each counted with the first of its steps; of a directory what its files hold. In bytes. */
  readonly sizeBytes: number;
}

export interface BuildCacheParts { readonly folder: Folder; readonly processes: Processes; readonly images: readonly Image[] }

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** What tells steps that lead to an image: its layers and its history, up to there. */
const madeOf = ({ history = [], rootfs }: ImageConfig, lines = history.length): string => {
  const layers = history.slice(0, lines).filter((entry) => !entry.empty_layer).length;
  return JSON.stringify([history.slice(0, lines), rootfs.diff_ids.slice(0, layers)]);
};

/** Everything that builds keep. */
export function buildCache({ folder, processes, images }: BuildCacheParts): BuildCacheItem[] {
  const isBuilding = runningBuilds(folder, processes);
  const leading = new Set(images.flatMap(({ config }) => (config.history ?? []).map((_, i) => madeOf(config, i + 1))));
  const counted = new Set<Digest>(images.flatMap((image) => image.layers.map((layer) => layer.diffId)));
  const steps = folder.list(STEPS).map((id): BuildCacheItem => {
    const path = `${STEPS}/${id}`;
    const step = stepOf(decode(folder.read(path)));
    const own = (step?.layers ?? []).filter(({ diffId }) => !counted.has(diffId));
    for (const { diffId } of own) counted.add(diffId);
    return { id, path, created: step?.config.created, inUse: isBuilding || (step !== undefined && leading.has(madeOf(step.config))), sizeBytes: own.reduce((sum, layer) => sum + layer.size, 0) };
  });
  const caches = folder.list(CACHES).map((id): BuildCacheItem => ({ id, path: `${CACHES}/${id}`, created: undefined, inUse: isBuilding, sizeBytes: sizeOf(folder, `${CACHES}/${id}/data`) }));
  return [...steps, ...caches];
}

function stepOf(text: string): { readonly config: ImageConfig; readonly layers: readonly ImageLayer[] } | undefined {
  try {
    const { config, layers } = JSON.parse(text) as { config: string; layers: readonly ImageLayer[] };
    return { config: JSON.parse(config) as ImageConfig, layers };
  } catch { return undefined; }
}

function sizeOf(folder: Folder, path: string): number {
  const size = folder.size(path);
  return size ?? folder.list(path).reduce((sum, name) => sum + sizeOf(folder, `${path}/${name}`), 0);
}

export interface PruneCacheOptions {
  /** Steps of images that are here, too. */
  readonly all: boolean;
  /** Directories, too. */
  readonly directories: boolean;
  readonly where?: (item: BuildCacheItem) => boolean;
}

/** Removes what no build that runs may use, and tells what it was; layers of steps are freed by the store's own prune. */
export function pruneBuildCache(parts: BuildCacheParts, { all, directories, where = () => true }: PruneCacheOptions): BuildCacheItem[] {
  const { folder, processes } = parts;
  return folder.exclusive(() => {
    if (runningBuilds(folder, processes)) return [];
    const gone = buildCache(parts).filter((item) => (item.path.startsWith(CACHES) ? directories : all || !item.inUse) && where(item));
    for (const { path } of gone) folder.remove(path);
    return gone;
  });
}

/** Says in the store that a build runs, until the returned function is called or the process is gone. */
export function announceBuild(folder: Folder, { self }: Processes, name: string): () => void {
  const path = `${BUILDS}/${name}`;
  folder.write(path, new TextEncoder().encode(JSON.stringify(self)), false);
  return () => { folder.remove(path); };
}

/** Whether any runs; what is left of those that were killed goes. */
function runningBuilds(folder: Folder, processes: Processes): boolean {
  let isRunning = false;
  for (const name of folder.list(BUILDS)) {
    if (processes.isAlive(JSON.parse(decode(folder.read(`${BUILDS}/${name}`)) || '{"pid":0,"started":""}') as ProcessId)) isRunning = true;
    else folder.remove(`${BUILDS}/${name}`);
  }
  return isRunning;
}
