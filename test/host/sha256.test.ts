// The SHA-256 of pages agrees with node:crypto at every length around a block and however the input is cut; the store works in a folder in memory with it.
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { Images } from '../../src/engine/images.ts';
import { Sha256 } from '../../src/host/sha256.ts';
import { inMemory } from '../oci/archives.ts';

test('agrees with node:crypto', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 131) ^ (i >> 3));
  for (const length of [...Array(200).keys(), 1000, 4999, 5000]) {
    const ours = new Sha256();
    for (let at = 0; at < length; at += 1 + (length % 97)) ours.update(bytes.subarray(at, Math.min(length, at + 1 + (length % 97))));
    assert.is(ours.hex(), createHash('sha256').update(bytes.subarray(0, length)).digest('hex'), `length ${length}`);
  }
});

test('several under way at once, and bytes beyond one piece of the memory', () => {
  const bytes = new Uint8Array(400_000).map((_, i) => i ^ (i >> 8));
  const lengths = [70_000, 399_999, 65_472, 65_473, 130_944];
  const hashes = lengths.map(() => new Sha256());
  for (let at = 0; at < bytes.length; at += 100_001) lengths.forEach((length, i) => hashes[i]!.update(bytes.subarray(Math.min(at, length), Math.min(at + 100_001, length))));
  lengths.forEach((length, i) => assert.is(hashes[i]!.hex(), createHash('sha256').update(bytes.subarray(0, length)).digest('hex')));
});

test('the embedded image loads into a store in memory', async () => {
  const images = new Images(memoryFolder(), { ...nodeCodecs, sha256: () => new Sha256() }, inMemory);
  const [loaded] = await images.store.load((async function* () { yield new Uint8Array(readFileSync('images/busybox.tar')); })(), 'busybox.tar');
  assert.equal(loaded!.names, ['busybox:latest']);
  assert.ok(images.openRootFs(images.store.resolve('busybox')!, { now: () => 0n }).root.lookup!('bin')!.lookup!('sh'));
});

test.run();
