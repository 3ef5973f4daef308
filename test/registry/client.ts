// Clients of registries of tests: a store in memory, no waiting, what was said.
import { nodeFetch } from '../../src/host/node/fetch.ts';
import { parseReference } from '../../src/oci/index.ts';
import { type Pulled, pullImage, type PullOptions, type Pushed, pushImage, Registry, RegistryError, type RegistryOptions, type RegistryPorts, type TransferEvent } from '../../src/oci/registry/index.ts';
import type { Images } from '../../src/engine/images.ts';
import type { TestRegistry } from './server.ts';

export interface Client {
  readonly registry: Registry;
  /** How long was waited between tries, in milliseconds. */
  readonly waits: number[];
  readonly warnings: string[];
  /** Lines of progress, without those that are redrawn and those that say no more than the next. */
  readonly lines: string[];
  nowMs: number;
  pull(images: Images, name: string, options?: PullOptions): Promise<Pulled>;
  push(images: Images, name: string): Promise<Pushed>;
}

export function clientOf({ host }: Pick<TestRegistry, 'host'>, options: RegistryOptions = {}, more: Partial<RegistryPorts> = {}): Client {
  const waits: number[] = [];
  const warnings: string[] = [];
  const lines: string[] = [];
  const progress = ({ id, status, total }: TransferEvent): void => { if (total === undefined && !['Waiting', 'Verifying Checksum'].includes(status)) lines.push(id === undefined ? status : `${id}: ${status}`); };
  const ports = { fetch: nodeFetch({ env: {}, certificates: [], idleMs: 20_000 }), nowMs: () => client.nowMs, sleep: (ms: number) => { waits.push(ms); client.nowMs += ms; return Promise.resolve(); }, ...more };
  const registry = new Registry(host, ports, { warn: (text) => warnings.push(text), ...options });
  const client: Client = {
    registry, waits, warnings, lines, nowMs: Date.UTC(2030, 0, 1),
    pull: (images, name, more = {}) => pullImage(images.store, registry, parseReference(`${host}/${name}`), { progress, ...more }),
    push: (images, name) => pushImage(images.store, registry, parseReference(`${host}/${name}`), progress),
  };
  return client;
}

/** What a promise is refused with: `code: message`, the registry's address as HOST. */
export async function refusal(work: Promise<unknown>, { host }: Pick<TestRegistry, 'host'>): Promise<string> {
  try { await work; } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (error instanceof RegistryError || (error as Error).name === 'ImageError') return `${code}: ${message.replaceAll(host, 'HOST')}`;
    throw error;
  }
  return 'done';
}
