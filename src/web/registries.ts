// Images from and to registries that let pages ask them.
import { browserFetch } from '../host/browser/fetch.ts';
import { parseReference, type Reference, type Store } from '../oci/index.ts';
import { type Platform, pullImage, pushImage, Registry, type TransferEvent } from '../oci/registry/index.ts';
import type { Credentials, PullAnswer, PushAnswer } from './protocol.ts';
import type { Tell } from './streams.ts';

/** Uploads are gathered in memory. */
const LARGEST = 32 << 20;

const ports = { fetch: browserFetch, largestBody: LARGEST, nowMs: () => Date.now(), sleep: (ms: number): Promise<void> => new Promise((done) => { setTimeout(done, ms); }) };

const registryOf = ({ domain }: Reference, credentials: Credentials | null): Registry => new Registry(domain, ports, credentials ? { credentials } : {});

/** Tells how much of all layers has passed. */
function counting(tell: Tell): (event: TransferEvent) => void {
  const parts = new Map<string, { readonly current: number; readonly total: number }>();
  return ({ id, status, current = 0, total = 0 }) => {
    if (id === undefined || (status !== 'Downloading' && status !== 'Pushing')) return;
    parts.set(id, { current, total });
    const all = [...parts.values()];
    tell(all.reduce((sum, part) => sum + part.current, 0), all.reduce((sum, part) => sum + part.total, 0));
  };
}

/** Throws RegistryError, ImageError. */
export async function pull(store: Store, { image: name, platform, credentials }: { image: string; platform: Platform | null; credentials: Credentials | null }, tell: Tell): Promise<PullAnswer> {
  const reference = parseReference(name);
  const { image, digest, isNew } = await pullImage(store, registryOf(reference, credentials), reference, { progress: counting(tell), ...(platform ? { platform } : {}) });
  return { id: image.id, digest, isNew };
}

/** Throws RegistryError, ImageError. */
export async function push(store: Store, { image, credentials }: { image: string; credentials: Credentials | null }, tell: Tell): Promise<PushAnswer> {
  const reference = parseReference(image);
  const { digest } = await pushImage(store, registryOf(reference, credentials), reference.tag === undefined ? { ...reference, tag: 'latest' } : reference, counting(tell));
  return { digest };
}
