// A test beside a registry of its own, with a store in memory.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryStore } from '../oci/archives.ts';
import { faults } from '../oci/whole.ts';
import { TestRegistry, type TestRegistryOptions } from './server.ts';

/** A test with a registry and an empty store; at its end all that is in the store is whole. */
export function withRegistry(name: string, work: (registry: TestRegistry, store: ReturnType<typeof memoryStore>) => Promise<void>, options: TestRegistryOptions = {}): void {
  test(name, async () => {
    const registry = await TestRegistry.start(options);
    const store = memoryStore();
    try {
      await work(registry, store);
      assert.equal(faults(store.images), []);
      assert.equal(store.files().filter((path) => path.includes('/tmp/')), [], 'no temporary files');
    } finally { registry.stop(); }
  });
}
