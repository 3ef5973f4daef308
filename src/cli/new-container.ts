// A new container from what was asked for, with its volumes where it has any.
import type { ContainerRecord, NewContainer } from '../engine/index.ts';
import type { Image } from '../oci/index.ts';
import type { Engine } from './setup.ts';

const isSaid = (words: object | null | undefined): boolean => Object.keys(words ?? {}).length > 0;

/** Whether there is anything to mount. */
const asksForMounts = ({ config }: Image, { hostConfig: host = {}, config: said = {} }: NewContainer): boolean =>
  [host.Binds, host.Mounts, host.VolumesFrom, host.Tmpfs, said.Volumes, config.config?.Volumes].some(isSaid);

/** Keeps a new container, with `begin` already run by this process. Throws as Containers.create, and EngineError for what cannot be mounted. */
export async function newContainer(engine: Engine, image: Image, request: NewContainer, options: { readonly begin?: boolean } = {}): Promise<ContainerRecord> {
  if (!asksForMounts(image, request)) return engine.containers.create(image, request, options);
  const { createWithMounts } = await import('./container-mounts.ts');
  return createWithMounts(engine, image, request, options);
}
