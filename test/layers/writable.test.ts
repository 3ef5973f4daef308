// The writable layer on disk: what was changed is there when it is opened again, and after a power cut at any moment at least what was synced; errors of the disk reach the caller.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FsFolder } from '../../src/host/fs-folder.ts';
import type { Folder } from '../../src/host/ports.ts';
import { LayerError, openWritable } from '../../src/layers/index.ts';
import { BLOCK, find, operations as op, type OverlayFs } from '../../src/vfs/index.ts';
import { FaultyDisk, PowerCut, randomNumbers } from '../host/faulty-disk.ts';
import { PowerCutFs } from '../host/power-cut-fs.ts';
import { errnoOf, read, stat, treeOf, write } from '../vfs/tree.ts';
import { FaultyFolder } from './faulty-folder.ts';
import { lowerTree, printed, randomStep, writerOf } from './writer.ts';

const lower = lowerTree();
const opened = (folder: Folder, more = {}): OverlayFs => {
  let time = 10n ** 18n;
  return openWritable(lower, { folder, path: 'c/layer', lower: 'image:1', ...more }, { now: () => (time += 1001n) });
};

test('random changes are there when the layer is opened again, time after time', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = randomNumbers(seed);
    const folder = new FaultyFolder(new FaultyDisk());
    let before = printed(opened(folder));
    for (let round = 0; round < 6; round++) {
      const overlay = opened(folder);
      assert.is(printed(overlay), before, `seed ${seed}, round ${round}`);
      const writer = writerOf(overlay, random);
      for (let i = 0; i < 60; i++) {
        randomStep(writer);
        if (random(10) === 0) overlay.sync();
      }
      for (const file of writer.open) file.close!();
      before = printed(overlay);
      const changes = [...overlay.changes()].map(({ path, kind }) => `${kind} ${path}`);
      overlay.close();
      assert.equal([...opened(folder).changes()].map(({ path, kind }) => `${kind} ${path}`), changes, `changes, seed ${seed}, round ${round}`);
    }
  }
});

/** A folder whose power is cut at a step, and what is there afterwards. */
interface Disk { readonly folder: Folder; restarted(random: (below: number) => number): Folder }

const model = (cutAt: number): Disk => {
  const folder = new FaultyFolder(new FaultyDisk(cutAt));
  return { folder, restarted: (random) => new FaultyFolder(new FaultyDisk(), folder.afterCut(random)) };
};

/** The folder that writes to a disk, down to each call of the file system. */
const calls = (cutAt: number): Disk => {
  const fs = new PowerCutFs();
  const over = (disk: PowerCutFs, owner: string): Folder => new FsFolder(disk, '/store', owner, (other) => other === owner);
  const folder = over(fs, 'first');
  fs.cutAt = cutAt;
  return { folder, restarted: (random) => over(fs.restarted(random(1000)), 'second') };
};

/** Runs a writer until the power is cut; false: it came to its end. */
function runUntilCut(seed: number, { folder, restarted }: Disk, what: string): boolean {
  const random = randomNumbers(seed);
  const states: string[] = [];
  let promised = 0;
  let cut = false;
  try {
    const overlay = opened(folder);
    states.push(printed(overlay));
    const writer = writerOf(overlay, random);
    for (let i = 0; i < 40; i++) {
      randomStep(writer);
      states.push(printed(overlay));
      if (random(8) === 0) {
        overlay.sync();
        promised = states.length - 1;
      }
    }
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    cut = true;
  }
  const after = restarted(random);
  const now = printed(opened(after));
  assert.ok(states.slice(promised).includes(now), `${what}: the tree is none of those since the last sync\n${now}\n--- promised\n${states[promised]}`);
  const again = opened(after);
  write(treeOf(again), '/more', 'x'.repeat(9000));
  again.close();
  assert.is(read(treeOf(opened(after)), '/more').length, 9000, 'it goes on');
  return cut;
}

for (const [name, make, seeds] of [['blocks and sectors', model, 10], ['calls of the file system', calls, 5]] as const) {
  test(`after a power cut at any step the tree is one of those since the last sync: ${name}`, () => {
    let cuts = 0;
    for (let seed = 100; seed < 100 + seeds; seed++) {
      for (let cutAt = 0; runUntilCut(seed, make(cutAt), `seed ${seed}, cut at ${cutAt}`); cutAt += 1 + (cutAt >> 4)) cuts++;
    }
    assert.ok(cuts > 100, `${cuts} cuts`);
  });
}

test('a large journal is written anew, also when the power is cut while it is', () => {
  const grow = (overlay: OverlayFs): void => {
    const t = treeOf(overlay);
    write(t, '/f', '');
    const file = find(t.context, t.root, '/f').inode.open!(2);
    for (let i = 0; i < 80; i++) {
      op.setxattr(t.context, find(t.context, t.root, '/f'), 'user.k', new Uint8Array(40_000).fill(i), 0);
      file.write!(Uint8Array.of(i), 0, true);
      overlay.sync();
    }
    file.close!();
  };
  const counting = new FaultyFolder(new FaultyDisk());
  const overlay = opened(counting);
  grow(overlay);
  overlay.close();
  assert.ok(counting.read('c/layer/journal')!.length < 1_200_000, 'it was written anew');
  assert.ok(counting.read('c/layer/data')!.length <= 3 * BLOCK, 'blocks are used again');
  assert.equal([stat(treeOf(opened(counting)), '/f').size, read(treeOf(opened(counting)), '/f').charCodeAt(0)], [1, 79]);
  const total = counting.disk.steps;
  for (let cutAt = Math.floor(total * 0.3); cutAt < total; cutAt += 2) {
    const folder = new FaultyFolder(new FaultyDisk(cutAt));
    try { grow(opened(folder)); } catch (error) { if (!(error instanceof PowerCut)) throw error; }
    const t = treeOf(opened(new FaultyFolder(new FaultyDisk(), folder.afterCut(randomNumbers(cutAt)))));
    const value = op.getxattr(t.context, find(t.context, t.root, '/f'), 'user.k');
    assert.is(value.length, 40_000);
    assert.is(value[0], read(t, '/f').charCodeAt(0), `cut at ${cutAt}: one transaction`);
  }
});

test('a full disk is ENOSPC and loses nothing; with room again everything is kept', () => {
  for (let capacity = 2000; capacity < 60_000; capacity += 1777) {
    const disk = new FaultyDisk(Infinity, capacity);
    const folder = new FaultyFolder(disk);
    const overlay = opened(folder);
    const writer = writerOf(overlay, randomNumbers(capacity));
    let durable = printed(overlay);
    const { commit } = overlay.store;
    overlay.store.commit = () => { commit(); durable = printed(overlay); };
    for (let i = 0; i < 60; i++) {
      randomStep(writer);
      if (i % 5 === 0 && errnoOf(() => overlay.sync()) === 'ok') durable = printed(overlay);
    }
    assert.is(printed(opened(new FaultyFolder(new FaultyDisk(), folder.afterCut(() => 1)))), durable, `capacity ${capacity}`);
  }
});

test('a sync that failed is told at every later one, and what was durable stays', () => {
  class Broken extends FaultyDisk { broken = false; override step(): void { if (this.broken) throw Object.assign(new Error('i/o'), { code: 'EIO' }); } }
  const disk = new Broken();
  const folder = new FaultyFolder(disk);
  const overlay = opened(folder);
  const t = treeOf(overlay);
  write(t, '/f', 'one');
  overlay.sync();
  write(t, '/g', 'two');
  disk.broken = true;
  assert.is(errnoOf(() => overlay.sync()), 'EIO');
  disk.broken = false;
  assert.is(errnoOf(() => overlay.sync()), 'EIO');
  const after = treeOf(opened(new FaultyFolder(new FaultyDisk(), folder.afterCut(() => 1))));
  assert.is(read(after, '/f'), 'one');
});

const thrownBy = (call: () => unknown): unknown => { try { call(); return undefined; } catch (error) { return error; } };

test('a journal of another version, of another image, or damaged is refused by name', () => {
  const folder = new FaultyFolder(new FaultyDisk());
  const overlay = opened(folder);
  write(treeOf(overlay), '/f', 'x'.repeat(5000));
  overlay.close();
  const codeOf = (call: () => unknown): string => { const error = thrownBy(call); return error instanceof LayerError ? error.code : String(error); };
  assert.is(codeOf(() => opened(folder, { lower: 'image:2' })), 'other-image');
  const changed = (path: string, change: (bytes: Uint8Array) => Uint8Array): FaultyFolder =>
    new FaultyFolder(new FaultyDisk(), new Map(['journal', 'data'].map((name) => [`c/layer/${name}`, name === path ? change(folder.read(`c/layer/${name}`)!) : folder.read(`c/layer/${name}`)!])));
  assert.is(codeOf(() => opened(changed('journal', (bytes) => bytes.map((b, i) => (i === 12 ? b ^ 1 : b))))), 'damaged', 'the head');
  assert.is(codeOf(() => opened(changed('journal', (bytes) => bytes.subarray(0, 0)))), 'damaged', 'an empty journal');
  const twice = opened(folder);
  write(treeOf(twice), '/g', 'y');
  twice.sync();
  twice.close();
  assert.is(codeOf(() => opened(changed('journal', (bytes) => bytes.map((b, i) => (i === 100 ? b ^ 1 : b))))), 'damaged', 'a record in the middle');
  assert.is(codeOf(() => opened(changed('data', (bytes) => bytes.subarray(0, BLOCK)))), 'damaged', 'data that is too short');
  assert.is(read(treeOf(opened(changed('journal', (bytes) => Uint8Array.from([...bytes, 1, 2, 3])))), '/f').length, 5000, 'a torn tail is dropped');
});

test('another process reads the layer at its last commit, and writes nothing', () => {
  const folder = new FaultyFolder(new FaultyDisk());
  const overlay = opened(folder);
  write(treeOf(overlay), '/f', 'kept');
  overlay.sync();
  write(treeOf(overlay), '/g', 'not yet');
  const steps = folder.disk.steps;
  const reader = opened(folder, { readonly: true });
  assert.is(read(treeOf(reader), '/f'), 'kept');
  assert.equal(Array.from(reader.changes(), (c) => c.path), ['f']);
  assert.is(errnoOf(() => write(treeOf(reader), '/h', '')), 'EROFS');
  reader.close();
  assert.is(folder.disk.steps, steps);
});

test('a change is committed some seconds later without a sync; errors of that are told at the next one', () => {
  let later: (() => void) | undefined;
  const loop = { soon: () => {}, later: (step: () => void, delayNs: bigint) => { assert.is(delayNs, 5_000_000_000n); later = step; return () => { later = undefined; }; } };
  const due = (): void => { const step = later!; later = undefined; step(); };
  class Failing extends FaultyDisk { fails = false; override step(): void { if (this.fails) throw Object.assign(new Error('i/o'), { code: 'EIO' }); } }
  const disk = new Failing();
  const folder = new FaultyFolder(disk);
  const overlay = opened(folder, { loop });
  const durable = (): string => Array.from(opened(folder, { readonly: true }).changes(), (c) => c.path).join();
  assert.is(later, undefined, 'nothing changed');
  write(treeOf(overlay), '/f', 'one');
  assert.is(durable(), '');
  due();
  assert.is(durable(), 'f');
  assert.is(later, undefined, 'nothing changed since');
  write(treeOf(overlay), '/g', 'two');
  disk.fails = true;
  due();
  disk.fails = false;
  assert.is(errnoOf(() => overlay.sync()), 'EIO');
  assert.is(durable(), 'f');
});

test('one byte of a large lower file costs one block of the data file', () => {
  const folder = new FaultyFolder(new FaultyDisk());
  const overlay = opened(folder);
  const t = treeOf(overlay);
  const file = find(t.context, t.root, '/d/a').inode.open!(2);
  file.write!(Uint8Array.of(33), 9000, true);
  file.close!();
  overlay.close();
  assert.is(folder.read('c/layer/data')!.length, BLOCK);
  assert.is(read(treeOf(opened(folder)), '/d/a').slice(8998, 9003), 'a !ow');
});

test.run();
