// The power is cut at writes, syncs, renames and removals of pull and push: the store opens, what is visible is whole, pull goes on, prune leaves nothing over. And a disk that is too small.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Images } from '../../src/engine/images.ts';
import { FsFolder } from '../../src/host/fs-folder.ts';
import type { FsLike } from '../../src/host/fs-like.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { PowerCutFs } from '../host/power-cut-fs.ts';
import { archiveOf, inMemory, memoryStore, source } from '../oci/archives.ts';
import { faults, needed } from '../oci/whole.ts';
import { clientOf } from './client.ts';
import { addImage } from './images.ts';
import { TestRegistry } from './server.ts';

let registry: TestRegistry;
let archive: Uint8Array;

test.before(async () => {
  registry = await TestRegistry.start();
  const base = [{ name: 'base', content: 'b'.repeat(60_000) }];
  await addImage(registry, 'one', '1', { layers: [base, [{ name: 'a', content: 'a' }]] });
  await addImage(registry, 'two', '1', { layers: [base, [{ name: 'c', content: 'c'.repeat(70_000) }]] });
  archive = await archiveOf({ tags: [`${registry.host}/made:1`], layers: [base, [{ name: 'm', content: 'm'.repeat(50_000) }]] });
});

test.after(() => { registry.stop(); });

const openImages = (fs: PowerCutFs, owner: string): Images => new Images(new FsFolder(fs, '/store', owner, (other) => other === owner), nodeCodecs, inMemory);

const steps: readonly ((images: Images) => Promise<unknown>)[] = [
  (images) => clientOf(registry).pull(images, 'one:1'),
  (images) => clientOf(registry).pull(images, 'two:1'),
  (images) => images.store.load(source(archive), 'x'),
  (images) => clientOf(registry).push(images, 'made:1'),
];

async function runUntilCut(fs: PowerCutFs): Promise<void> {
  try {
    const images = openImages(fs, 'first');
    for (const step of steps) await step(images);
  } catch (error) { if (fs.steps <= fs.cutAt) throw error; }
}

test('the power is cut at every third call', async () => {
  const all = new PowerCutFs();
  await runUntilCut(all);
  assert.ok(all.steps > 100, String(all.steps));
  for (let cut = 0; cut < all.steps; cut += 3) {
    const fs = new PowerCutFs();
    fs.cutAt = cut;
    await runUntilCut(fs);
    const after = fs.restarted(cut);
    const images = openImages(after, 'second');
    assert.equal(faults(images), [], `cut at ${cut}`);
    for (const step of steps) await step(images);
    assert.equal(faults(images), [], `done after a cut at ${cut}`);
    assert.is(images.store.images().length, 3);
    images.store.prune();
    const kept = [...needed(images)];
    for (const file of after.files()) assert.ok(file.startsWith('/store/chains/') || kept.some((path) => file === `/store/${path}` || file.startsWith(`/store/${path}/`)), `left over: ${file}, cut at ${cut}`);
    assert.equal(faults(images), []);
  }
});

test('a disk that is full says so, keeps what was there and nothing of what was coming', async () => {
  for (const room of [1000, 30_000, 100_000, 200_000]) {
    const store = memoryStore();
    await clientOf(registry).pull(store.images, 'one:1');
    const before = store.files();
    let left = room;
    const fs = new Proxy(store.fs, {
      get(target, name: keyof FsLike) {
        if (name !== 'writeSync') return typeof target[name] === 'function' ? (target[name] as (...args: unknown[]) => unknown).bind(target) : target[name];
        return (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
          left -= length;
          if (left < 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
          return target.writeSync(fd, bytes, offset, length, position);
        };
      },
    });
    const images = new Images(new FsFolder(fs, '/store'), nodeCodecs, inMemory);
    await addImage(registry, 'big', '1', { layers: ['p', 'q', 'r'].map((name) => [{ name, content: Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i * name.charCodeAt(0)) >> 7)) }]) });
    let code = '';
    try { await clientOf(registry).pull(images, 'big:1'); } catch (error) { code = String((error as { code?: string }).code); }
    assert.is(code, 'ENOSPC', `room ${room}`);
    assert.equal(store.files(), before, `room ${room}`);
    left = Infinity;
    await clientOf(registry).pull(images, 'big:1');
    assert.equal(faults(images), []);
  }
});

test.run();
