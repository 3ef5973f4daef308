// The files under a layer in memory, against one array: pieces around the ends of segments, written before memfs has come and after, cut and grown.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import type { RandomFile } from '../../src/host/ports.ts';
import { openWritable } from '../../src/layers/index.ts';
import { SegmentedFile } from '../../src/layers/writable/segmented-file.ts';
import { MemoryFile } from '../../src/vfs/index.ts';
import { randomNumbers } from '../host/faulty-disk.ts';
import { read, treeOf, write } from '../vfs/tree.ts';
import { lowerTree } from './writer.ts';

const MIB = 1 << 20;

/** Random pieces near multiples of `step`; `pause` lets what was asked for come. */
async function agrees(file: RandomFile, step: number, seed: number, pause: () => Promise<void>): Promise<void> {
  const random = randomNumbers(seed);
  const whole = new Uint8Array(3 * step);
  const place = (): number => Math.max(0, random(3) * step + random(200) - 100);
  let size = 0;
  for (let i = 0; i < 60; i++) {
    const at = place();
    const bytes = new Uint8Array(Math.min(1 + random(300), whole.length - at)).fill(1 + random(255));
    if (random(8) === 0) {
      file.truncate(at);
      if (at < size) whole.fill(0, at);
      size = at;
    } else {
      file.write(bytes, at);
      whole.set(bytes, at);
      size = Math.max(size, at + bytes.length);
    }
    if (i % 10 === 9) await pause();
    assert.is(file.size, size);
    const from = place();
    const into = new Uint8Array(700).fill(0xee);
    let got = 0;
    for (let n = 1; n > 0 && got < into.length; got += n) n = file.read(into.subarray(got), from + got);
    assert.is(got, Math.max(0, Math.min(into.length, size - from)));
    assert.ok(Buffer.compare(into.subarray(0, got), whole.subarray(from, from + got)) === 0, `seed ${seed}, step ${i}: what lies at ${from}`);
  }
}

const tick = (): Promise<void> => new Promise((done) => { setImmediate(done); });

test('a file of plain memory', async () => { for (let seed = 1; seed < 20; seed++) await agrees(new MemoryFile(), MIB, seed, tick); });

test('segments: plain until the folder has come, then its files', async () => {
  let asked = 0;
  for (let seed = 1; seed < 5; seed++) {
    const folder = memoryFolder();
    const file = new SegmentedFile(async () => { asked++; return folder; });
    const early = seed % 2 === 0;
    if (early) {
      file.write(Uint8Array.of(0), 2 * MIB);
      await tick();
      file.truncate(0);
    }
    await agrees(file, 8 * MIB, seed, tick);
    assert.ok(!early || folder.has('1'), 'memfs has a segment');
  }
  assert.is(asked, 4);
});

test('a layer in memory asks for memfs when it is written much', async () => {
  let asked = 0;
  const overlay = openWritable(lowerTree(), { memory: async () => { asked++; return memoryFolder(); } }, { now: () => 0n });
  const tree = treeOf(overlay);
  write(tree, '/small', 'x'.repeat(100_000));
  assert.is(asked, 0);
  write(tree, '/large', 'y'.repeat(2 * MIB));
  await tick();
  write(tree, '/larger', 'z'.repeat(20 * MIB));
  assert.is(asked, 1);
  assert.equal(['/small', '/large', '/larger'].map((path) => new Set(read(tree, path)).size), [1, 1, 1]);
  overlay.root.unlink('larger', false);
  assert.is(overlay.store.used, 26 * 4096 + 2 * MIB - 4096, 'blocks are counted');
});

test.run();
