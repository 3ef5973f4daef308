// What containers mount, on Node: their volumes are made before them, and opened when they start. Loaded when a container mounts anything.
import { type ContainerRecord, eraseVolume, fillVolume, inventVolumeName, type Mounts, mountsFor, type NewContainer, openMounts, type OpenMounts, tellVolume, Volumes } from '../engine/index.ts';
import { nodeDirectories } from '../host/node/tree.ts';
import type { Host } from '../host/ports.ts';
import type { Image } from '../oci/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import type { Engine } from './setup.ts';

/** A host with directories, and the store's volumes. */
export interface MountsOf { readonly host: Host & Required<Pick<Host, 'directories'>>; readonly volumes: Volumes }

export function mountsOf({ host, folder, hostPath }: Engine): MountsOf {
  const full = { ...host, directories: nodeDirectories(hostPath('')) };
  return { host: full, volumes: new Volumes(folder, full) };
}

/** Opens what a container mounts. Throws EngineError. */
export const openContainerMounts = (engine: Engine, record: ContainerRecord, rootFs: FileSystem): OpenMounts => openMounts(mountsOf(engine), record, rootFs);

/** The same for a container that starts; events tell of its volumes. */
export function mountForRun(engine: Engine, record: ContainerRecord, rootFs: FileSystem): OpenMounts {
  const opened = openContainerMounts(engine, record, rootFs);
  const { events } = engine.containers;
  const volumes = (record.Mounts ?? []).filter(({ Type }) => Type === 'volume');
  for (const { Name = '', Destination, RW } of volumes) tellVolume(events, 'mount', Name, { container: record.Id, destination: Destination, propagation: '', 'read/write': String(RW) });
  return {
    mounts: opened.mounts,
    close: () => {
      opened.close();
      for (const { Name = '' } of volumes) tellVolume(events, 'unmount', Name, { container: record.Id });
    },
  };
}

/** What the words and the image ask for. */
function wantedMounts({ containers, hostPath }: Engine, { host }: MountsOf, image: Image, { hostConfig = {}, config = {} }: NewContainer): Mounts {
  const paths = Object.keys({ ...image.config.config?.Volumes, ...config.Volumes });
  return mountsFor(hostConfig, paths, {
    directories: host.directories, inventName: () => inventVolumeName(host), volumePath: (name) => hostPath(`volumes/${name}/_data`), mountsOf: (name) => containers.find(name).Mounts ?? [],
  });
}

/** A container with its volumes: they are made and filled before it, and made again when another process prunes them meanwhile. */
export function createWithMounts(engine: Engine, of: Image, request: NewContainer, options: { readonly begin?: boolean }): ContainerRecord {
  const parts = mountsOf(engine);
  const { points, volumes } = wantedMounts(engine, parts, of, request);
  let imageFs: FileSystem | undefined;
  const image = (): FileSystem => imageFs ??= engine.images.openRootFs(of, { now: () => parts.host.clock.realtimeNs() });
  try {
    for (;;) {
      for (const volume of volumes) {
        fillVolume(volume, parts.volumes.create(volume), { host: parts.host, image, exclusive: (work) => engine.folder.exclusive(work), isUsed: () => engine.containers.volumeUsers()(volume.name).length > 0 });
      }
      const record = engine.folder.exclusive(() => (volumes.every(({ name }) => parts.volumes.get(name)) ? engine.containers.create(of, { ...request, mounts: points }, options) : undefined));
      if (record) return record;
    }
  } catch (error) {
    for (const { name, anonymous } of volumes) if (anonymous && parts.volumes.get(name)) eraseVolume(engine.folder, engine.containers.events, name);
    throw error;
  }
}
