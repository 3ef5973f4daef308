// What takes up space in the store: images, containers, volumes, what builds keep. For `system df`.
import { type ContainerRecord, isUp, type Volume } from '../engine/index.ts';
import type { Image } from '../oci/index.ts';
import { mountsOf } from './container-mounts.ts';
import { sizesOf } from './container-operations.ts';
import { buildsKept } from './prune-builds.ts';
import type { Engine } from './setup.ts';

/** Sizes in bytes. */
export interface ImageUsage { readonly image: Image; readonly shared: number; readonly unique: number; readonly containers: number }
export interface ContainerUsage { readonly record: ContainerRecord; readonly rw: number }
export interface VolumeUsage { readonly volume: Volume; readonly links: number; readonly bytes: number }
export interface BuildUsage { readonly id: string; readonly bytes: number; readonly inUse: boolean; readonly created: string | undefined }

export interface DiskUsage {
  readonly images: readonly ImageUsage[];
  /** Of all layers, each counted once. */
  readonly layerBytes: number;
  readonly containers: readonly ContainerUsage[];
  readonly volumes: readonly VolumeUsage[];
  readonly builds: readonly BuildUsage[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const counted = <T>(items: readonly T[]): Map<T, number> => items.reduce((counts, item) => counts.set(item, (counts.get(item) ?? 0) + 1), new Map<T, number>());

function imageUsage(images: readonly Image[], records: readonly ContainerRecord[]): Pick<DiskUsage, 'images' | 'layerBytes'> {
  const users = counted(images.flatMap(({ layers }) => [...new Set(layers.map(({ diffId }) => diffId))]));
  const sizes = new Map(images.flatMap(({ layers }) => layers.map(({ diffId, contentSize }) => [diffId, contentSize] as const)));
  const containers = counted(records.map(({ Image: id }) => id));
  return {
    layerBytes: sum([...sizes.values()]),
    images: images.map((image) => {
      const shared = sum(image.layers.filter(({ diffId }) => users.get(diffId)! > 1).map(({ contentSize }) => contentSize));
      return { image, shared, unique: image.size - shared, containers: containers.get(image.id) ?? 0 };
    }),
  };
}

/** A container that ends and is removed meanwhile is left out. */
async function containerUsage(engine: Engine, records: readonly ContainerRecord[]): Promise<ContainerUsage[]> {
  const usage: ContainerUsage[] = [];
  for (const record of records) {
    try { usage.push({ record, rw: (await sizesOf(engine, record)).rw }); } catch (error) { if ((error as { code?: unknown }).code !== 'NO_CONTAINER') throw error; }
  }
  return usage;
}

export async function diskUsage(engine: Engine): Promise<DiskUsage> {
  const records = engine.containers.list();
  const users = engine.containers.volumeUsers();
  const { volumes } = mountsOf(engine);
  return {
    ...imageUsage(engine.images.store.images(), records), containers: await containerUsage(engine, records),
    volumes: volumes.list().map((volume) => ({ volume, links: users(volume.Name).length, bytes: volumes.size(volume.Name) })),
    builds: buildsKept(engine).map(({ id, sizeBytes, inUse, created }) => ({ id, bytes: sizeBytes, inUse, created })),
  };
}

/** One kind of thing: how many, how many of them in use, how much there is and how much of it nobody needs, in bytes. */
export interface UsageSum { readonly type: string; readonly total: number; readonly active: number; readonly bytes: number; readonly reclaimable: number; /** Whether a share is told. */ readonly share: boolean }

export function usageSums({ images, layerBytes, containers, volumes, builds }: DiskUsage): UsageSum[] {
  const used = sum(images.filter((image) => image.containers > 0).map(({ unique }) => unique));
  return [
    { type: 'Images', total: images.length, active: images.filter((image) => image.containers > 0).length, bytes: layerBytes, reclaimable: layerBytes - used, share: true },
    { type: 'Containers', total: containers.length, active: containers.filter(({ record }) => isUp(record)).length, bytes: sum(containers.map(({ rw }) => rw)), reclaimable: sum(containers.filter(({ record }) => !isUp(record)).map(({ rw }) => rw)), share: true },
    { type: 'Local Volumes', total: volumes.length, active: volumes.filter(({ links }) => links > 0).length, bytes: sum(volumes.map(({ bytes }) => bytes)), reclaimable: sum(volumes.filter(({ links }) => links === 0).map(({ bytes }) => bytes)), share: true },
    { type: 'Build Cache', total: builds.length, active: builds.filter(({ inUse }) => inUse).length, bytes: sum(builds.map(({ bytes }) => bytes)), reclaimable: sum(builds.filter(({ inUse }) => !inUse).map(({ bytes }) => bytes)), share: false },
  ];
}
