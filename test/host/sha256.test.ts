// The TypeScript SHA-256 agrees with node:crypto at every length around a block and however the input is cut; the store works in a MemoryFolder with it.
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryFolder } from '../../src/host/memory-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { Images } from '../../src/engine/images.ts';
import { Sha256 } from '../../src/host/sha256.ts';

test('agrees with node:crypto', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 131) ^ (i >> 3));
  for (const length of [...Array(200).keys(), 1000, 4999, 5000]) {
    const ours = new Sha256();
    for (let at = 0; at < length; at += 1 + (length % 97)) ours.update(bytes.subarray(at, Math.min(length, at + 1 + (length % 97))));
    assert.is(ours.hex(), createHash('sha256').update(bytes.subarray(0, length)).digest('hex'), `length ${length}`);
  }
});

test('the embedded image loads into a store in memory', async () => {
  const images = new Images(new MemoryFolder(), { sha256: () => new Sha256(), gunzip: nodeCodecs.gunzip });
  const [loaded] = await images.store.load((async function* () { yield new Uint8Array(readFileSync('images/busybox.tar')); })(), 'busybox.tar');
  assert.equal(loaded!.names, ['busybox:latest']);
  assert.ok(images.openRootFs(images.store.resolve('busybox')!, { now: () => 0n }).root.lookup!('bin')!.lookup!('sh'));
});

test.run();
