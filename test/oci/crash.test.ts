// The power is cut at every write, sync, rename and removal of loading, tagging, removing and pruning: the store opens, what is visible is whole, what was promised is there, and prune leaves nothing over.
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Images } from '../../src/engine/images.ts';
import { FsFolder } from '../../src/host/fs-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { PowerCutFs } from '../host/power-cut-fs.ts';
import { tarOf } from '../layers/tars.ts';
import { archiveOf, source } from './archives.ts';
import { faults, needed } from './whole.ts';
import { inMemory } from './archives.ts';

const base = [{ name: 'base', content: 'b'.repeat(40_000) }];
const archives = [
  await archiveOf({ tags: ['one:1'], layers: [base, [{ name: 'a', content: 'a' }]] }),
  gzipSync(await archiveOf({ tags: ['two:1', 'two:2'], layers: [base, [{ name: 'c', content: 'c'.repeat(50_000) }]], gzip: true, oci: true, dockerManifest: false })),
  await archiveOf({ tags: ['one:1'], layers: [[{ name: 'other', content: 'o' }]] }),
];

const madeConfig = (diffIds: readonly string[]): Uint8Array => new TextEncoder().encode(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }));

/** As commit does: a layer on an image that is there. */
async function make({ store }: Images): Promise<void> {
  const parent = store.find('two:1');
  const layer = await store.newLayer(source(await tarOf([{ name: 'made', content: 'm'.repeat(40_000) }])));
  store.put({ configBytes: madeConfig([...parent.layers.map(({ diffId }) => diffId), layer.diffId]), layers: [...parent.layers, layer], names: ['made:1'] });
}

/** What is done, and the names that are there afterwards. */
const steps: readonly (readonly [(images: Images) => Promise<unknown> | unknown, readonly string[]])[] = [
  [(images) => images.store.load(source(archives[0]!), 'a'), ['one:1']],
  [(images) => images.store.load(source(archives[1]!), 'b'), ['one:1', 'two:1']],
  [(images) => images.store.tag('one:1', 'three:1'), ['one:1', 'three:1', 'two:1']],
  [(images) => images.store.load(source(archives[2]!), 'c'), ['one:1', 'three:1', 'two:1']],
  [(images) => images.store.remove('three:1'), ['one:1', 'two:1']],
  [make, ['made:1', 'one:1', 'two:1']],
  [(images) => images.store.remove('two:1'), ['made:1', 'one:1']],
  [(images) => images.store.prune({ all: true }), []],
];

const openImages = (fs: PowerCutFs, owner: string): Images => new Images(new FsFolder(fs, '/store', owner, (other) => other === owner), nodeCodecs, inMemory);
const shown = (images: Images): string[] => images.store.images().flatMap((image) => image.names.map((name) => name.replace('docker.io/library/', ''))).filter((name) => name !== 'two:2').sort();

/** Runs until the power is cut; how many steps were done then. */
async function runUntilCut(fs: PowerCutFs): Promise<number> {
  let done = 0;
  try {
    const images = openImages(fs, 'first');
    for (const [step] of steps) {
      await step(images);
      done++;
    }
  } catch (error) { if (fs.steps <= fs.cutAt) throw error; }
  return done;
}

const whole = new PowerCutFs();
assert.is(await runUntilCut(whole), steps.length);

test(`at each of ${whole.steps} calls`, async () => {
  assert.ok(whole.steps > 200);
  for (let cut = 0; cut < whole.steps; cut++) {
    const fs = new PowerCutFs();
    fs.cutAt = cut;
    const done = await runUntilCut(fs);
    for (const seed of cut % 3 === 0 ? [cut, cut + 1000] : [cut]) {
      const after = fs.restarted(seed);
      const images = openImages(after, 'second');
      assert.equal(faults(images), [], `cut at ${cut}, seed ${seed}`);
      const before = done === 0 ? [] : steps[done - 1]![1];
      const next = steps[done]?.[1] ?? before;
      assert.ok([before, next].some((names) => names.join() === shown(images).join()), `cut at ${cut} in step ${done}: ${shown(images).join()}`);
      images.store.prune();
      const kept = [...needed(images)];
      for (const file of after.files()) assert.ok(file.startsWith('/store/chains/') || kept.some((path) => file === `/store/${path}` || file.startsWith(`/store/${path}/`)), `left over: ${file}, cut at ${cut}`);
      assert.equal(faults(images), []);
      await images.store.load(source(archives[0]!), 'again');
      assert.ok(images.store.resolve('one:1'));
    }
  }
});

test.run();
