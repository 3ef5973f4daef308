// A folder inside a few files: after a power cut at any step it holds exactly what was promised; space is used again, and only when nobody reads it any more.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheIn } from '../../src/host/browser/cache.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { CachedFile, PackError, PackFolder } from '../../src/host/pack/index.ts';
import { FaultyDisk, type FaultyFile, PowerCut, randomNumbers } from './faulty-disk.ts';

interface Pack { disk: FaultyDisk; data: FaultyFile; journal: [FaultyFile, FaultyFile] }

const newPack = (disk: FaultyDisk, bytes: readonly Uint8Array[] = []): Pack => ({ disk, data: disk.file(bytes[0]), journal: [disk.file(bytes[1]), disk.file(bytes[2])] });
const afterCut = ({ data, journal }: Pack, random: (below: number) => number): Uint8Array[] => [data, ...journal].map((file) => file.afterCut(random));

/** Content that tells its file and version. */
function content(random: (below: number) => number): Uint8Array {
  const length = [0, 1, 700, 4096, 5000, 20_000, 90_000, random(8) === 0 ? 1_200_000 : 9][random(8)]!;
  return new Uint8Array(Buffer.alloc(length, `${random(1e9)};`));
}

const paths = ['oci/index.json', 'oci/blobs/sha256/a', 'oci/blobs/sha256/b', 'layers/a/index', 'layers/b/index', 'chains/a/view'];
type Model = Map<string, Uint8Array>;

/** One random change of folder and model; the model is given to `promise` before the change and after it. */
function change(folder: PackFolder, model: Model, random: (below: number) => number, promise: (models: Model[]) => void): void {
  const path = paths[random(paths.length)]!;
  const after = new Map(model);
  const kind = random(6);
  const bytes = content(random);
  if (kind === 0) { after.delete(path); promise([model, after]); folder.remove(path); }
  else if (kind === 1) {
    for (const name of paths) if (name.startsWith('layers/')) after.delete(name);
    promise([model, after]);
    folder.remove('layers');
  } else if (kind === 2) {
    const file = folder.create();
    file.append(bytes);
    file.discard();
  } else if (kind === 3) {
    after.set(path, bytes);
    promise([model, after]);
    const file = folder.create();
    for (let at = 0; at < bytes.length; at += 65_000) file.append(bytes.subarray(at, at + 65_000));
    file.commit(path);
  } else {
    after.set(path, bytes);
    promise([model, after]);
    folder.write(path, bytes);
  }
  model.clear();
  for (const [name, value] of after) model.set(name, value);
  promise([model]);
}

const matches = (folder: PackFolder, model: Model): boolean => paths.every((path) => {
  const bytes = folder.read(path);
  const wanted = model.get(path);
  return bytes === undefined || wanted === undefined ? bytes === wanted : Buffer.compare(bytes, wanted) === 0;
});

const cuts = Number(process.env['WHERRY_CUTS'] ?? 250);

test(`${cuts} power cuts, half of them on a disk that is soon full: what returned is there, what was under way is there or not, and the folder goes on`, () => {
  const changes = 25;
  const whole = new FaultyDisk();
  {
    const random = randomNumbers(1);
    const folder = new PackFolder(newPack(whole));
    for (let i = 0; i < changes; i++) change(folder, new Map(), random, () => {});
  }
  let full = 0;
  for (let run = 0; run < cuts; run++) {
    const random = randomNumbers(run + 2);
    const pack = newPack(new FaultyDisk(random(whole.steps), run % 2 ? 700_000 : Infinity));
    const model: Model = new Map();
    let possible: Model[] = [model];
    try {
      const folder = new PackFolder(pack);
      for (let i = 0; i < changes; i++) {
        try { change(folder, model, random, (models) => { possible = models; }); } catch (error) {
          if ((error as { code?: string }).code !== 'ENOSPC') throw error;
          possible = [model];
          full++;
        }
      }
    } catch (error) { if (!(error instanceof PowerCut)) throw error; }
    const again = newPack(new FaultyDisk(), afterCut(pack, random));
    const folder = new PackFolder(again);
    const found = possible.find((candidate) => matches(folder, candidate));
    assert.ok(found, `cut ${run}: none of the ${possible.length} possible states`);
    const goesOn = new Map(found);
    for (let i = 0; i < 5; i++) change(folder, goesOn, random, () => {});
    assert.ok(matches(folder, goesOn), `cut ${run}: changes after it`);
    assert.ok(matches(new PackFolder(newPack(new FaultyDisk(), afterCut(again, random))), goesOn), `cut ${run}: opened once more`);
  }
  assert.ok(full > 10, `${full} changes on a full disk`);
});

test('the journal is written anew as it grows, in the other slot, at any cut', () => {
  const write = (folder: PackFolder, from: number, to: number): void => { for (let i = from; i < to; i++) folder.write(`f${i % 7}`, Buffer.from(String(i))); };
  const disk = new FaultyDisk();
  const pack = newPack(disk);
  write(new PackFolder(pack), 0, 3000);
  assert.ok(pack.journal[0].size + pack.journal[1].size < 300_000, `${pack.journal[0].size} + ${pack.journal[1].size}`);
  const perWrite = disk.steps / 3000;
  for (let run = 0; run < 100; run++) {
    const random = randomNumbers(run);
    const cutPack = newPack(new FaultyDisk(Math.floor(1000 * perWrite) + random(900 * perWrite)));
    let done = 0;
    try {
      const folder = new PackFolder(cutPack);
      for (; ; done++) write(folder, done, done + 1);
    } catch (error) { if (!(error instanceof PowerCut)) throw error; }
    const folder = new PackFolder(newPack(new FaultyDisk(), afterCut(cutPack, random)));
    const last = Number(Buffer.from(folder.read(`f${(done - 1) % 7}`)!));
    assert.is(last, done - 1);
    const underWay = Number(Buffer.from(folder.read(`f${done % 7}`)!));
    assert.ok(underWay === done || underWay === done - 7, `${underWay} of ${done}`);
  }
});

test('a file edited in place keeps what was synced', () => {
  for (let run = 0; run < 150; run++) {
    const random = randomNumbers(run);
    const pack = newPack(new FaultyDisk(random(120)));
    let bytes = Buffer.alloc(0);
    let synced: { offset: number; bytes: Buffer } = { offset: 0, bytes };
    try {
      const folder = new PackFolder(pack);
      const file = folder.edit('containers/x/journal');
      for (let i = 0; i < 30; i++) {
        const piece = Buffer.alloc(random(9000), `${random(1e6)} `);
        file.write(piece, bytes.length);
        bytes = Buffer.concat([bytes, piece]);
        if (random(2)) continue;
        file.sync();
        synced = { offset: 0, bytes };
        folder.write(`other${random(3)}`, content(random));
      }
    } catch (error) { if (!(error instanceof PowerCut)) throw error; }
    const folder = new PackFolder(newPack(new FaultyDisk(), afterCut(pack, random)));
    const kept = Buffer.from(folder.read('containers/x/journal') ?? []);
    assert.is(Buffer.compare(kept.subarray(0, synced.bytes.length), synced.bytes), 0, `run ${run}`);
  }
});

test('editing: holes are zeros, also over space used before; shorter and longer again', () => {
  const folder = new PackFolder(newPack(new FaultyDisk()));
  folder.write('junk', Buffer.alloc(100_000, 'junk'));
  folder.remove('junk');
  const file = folder.edit('a/b');
  assert.is(file.size, 0);
  file.write(Buffer.from('x'), 50_000);
  file.write(Buffer.from('y'), 0);
  assert.equal(folder.read('a/b'), new Uint8Array(Buffer.concat([Buffer.from('y'), Buffer.alloc(49_999), Buffer.from('x')])));
  file.truncate(2);
  file.truncate(60_000);
  assert.ok(folder.read('a/b')!.subarray(1).every((byte) => byte === 0));
  assert.is(folder.edit('a/b').size, 60_000, 'the same file');
  file.truncate(0);
  file.sync();
  assert.is(folder.usedBytes, 0);
});

test('names: folders are there while something is in them', () => {
  const folder = new PackFolder(newPack(new FaultyDisk()));
  folder.write('a/b/c', Buffer.from('1'));
  folder.write('a/d', Buffer.from('2'));
  folder.write('ab', Buffer.from('3'));
  assert.equal(folder.list('a').sort(), ['b', 'd']);
  assert.equal(folder.list('nosuch'), []);
  assert.ok(folder.has('a') && folder.has('a/b') && !folder.has('a/b/c/d'));
  folder.remove('a');
  assert.not(folder.has('a'));
  assert.is(Buffer.from(folder.read('ab')!).toString(), '3');
  folder.remove('a');
  assert.is(folder.read('a/d'), undefined);
  assert.is(folder.open('a/d'), undefined);
});

test('space of removed files is used again, and the data file becomes shorter', () => {
  const pack = newPack(new FaultyDisk());
  const folder = new PackFolder(pack);
  for (let i = 0; i < 20; i++) {
    folder.write('a', Buffer.alloc(300_000, i));
    folder.write('b', Buffer.alloc(100_000, i));
  }
  assert.ok(pack.data.size <= 1_200_000, String(pack.data.size));
  folder.remove('a');
  folder.remove('b');
  assert.is(folder.usedBytes, 0);
  assert.ok(pack.data.size <= 300_000, 'only what is kept back');
});

test('what is removed while it is read stays until nobody can read it', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const folder = new PackFolder(newPack(new FaultyDisk()));
  folder.write('a', Buffer.alloc(100_000, 'a'));
  let blob = folder.open('a');
  folder.remove('a');
  folder.write('b', Buffer.alloc(100_000, 'b'));
  const bytes = new Uint8Array(100_000);
  assert.is(blob!.read(bytes, 0), 100_000);
  assert.is(Buffer.compare(bytes, Buffer.alloc(100_000, 'a')), 0);
  blob = undefined;
  const used = folder.usedBytes;
  for (let i = 0; i < 20 && folder.usedBytes === used; i++) {
    gc();
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  assert.ok(folder.usedBytes < used, 'its space was never freed');
});

test('a full disk is ENOSPC, loses nothing, and going on after a removal works', () => {
  const random = randomNumbers(5);
  const pack = newPack(new FaultyDisk(Infinity, 2_000_000));
  const folder = new PackFolder(pack);
  const model: Model = new Map();
  let full = 0;
  for (let i = 0; i < 400; i++) {
    const path = paths[random(paths.length)]!;
    const bytes = Buffer.alloc(random(500_000), `${i} `);
    try {
      folder.write(path, bytes);
      model.set(path, bytes);
    } catch (error) {
      assert.is((error as { code?: string }).code, 'ENOSPC');
      full++;
      assert.ok(matches(folder, model));
      const victim = paths[random(paths.length)]!;
      folder.remove(victim);
      model.delete(victim);
    }
  }
  assert.ok(full > 10);
  assert.ok(matches(folder, model));
  assert.ok(matches(new PackFolder(newPack(new FaultyDisk(), afterCut(pack, random))), model));
});

test('on a full disk small files are still written, again and again, also after a power cut', () => {
  const pack = newPack(new FaultyDisk(Infinity, 3_000_000));
  const folder = new PackFolder(pack);
  const layer = folder.edit('layer');
  assert.throws(() => { for (let at = 0; ; at += 50_000) layer.write(Buffer.alloc(50_000, 'x'), at); }, /no space left/);
  assert.throws(() => { for (let at = layer.size; ; at += 100) layer.write(Buffer.alloc(100, 'x'), at); }, /no space left/);
  for (let i = 0; i < 3000; i++) folder.write(`state${i % 3}`, Buffer.alloc(20_000, String(i)));
  folder.remove('state0');
  assert.throws(() => folder.write('large', Buffer.alloc(1_000_000)), /no space left/);
  const again = new PackFolder(newPack(new FaultyDisk(), afterCut(pack, randomNumbers(1))));
  assert.is(again.read('state0'), undefined);
  for (const last of [2998, 2999]) assert.is(Buffer.compare(again.read(`state${last % 3}`)!, Buffer.alloc(20_000, String(last))), 0);
});

test('translations in a pack: kept, replaced, and left out when there is no room', () => {
  const pack = newPack(new FaultyDisk(Infinity, 1_000_000));
  const cache = cacheIn(new PackFolder(pack), nodeCodecs, '1');
  assert.is(cache.get('a key'), undefined);
  cache.put('a key', Buffer.from('one'));
  cache.put('a key', Buffer.from('two'));
  cache.put('another', Buffer.alloc(2_000_000));
  assert.is(cache.get('another'), undefined);
  assert.is(Buffer.from(cacheIn(new PackFolder(pack), nodeCodecs, '1').get('a key')!).toString(), 'two');
  assert.is(cacheIn(new PackFolder(pack), nodeCodecs, '2').get('a key'), undefined, 'of another version');
});

test('a journal that cannot be read, or of another version, is refused and left as it is', () => {
  const pack = newPack(new FaultyDisk());
  new PackFolder(pack).write('a', Buffer.from('1'));
  const [data, journal] = afterCut(pack, () => 1) as [Uint8Array, Uint8Array];
  const damaged = journal.slice();
  damaged[9]! ^= 1;
  const refused = newPack(new FaultyDisk(), [data, damaged]);
  assert.throws(() => new PackFolder(refused), (error: unknown) => error instanceof PackError && error.code === 'damaged');
  assert.is(refused.disk.steps, 0);
});

test('a record damaged in the middle of the journal is no torn tail', () => {
  const pack = newPack(new FaultyDisk());
  const folder = new PackFolder(pack);
  for (const name of ['a', 'b', 'c']) folder.write(name, Buffer.from(name));
  const files = afterCut(pack, () => 1);
  const journal = files[1]!;
  const at = Buffer.from(journal).indexOf('["b",');
  const damaged = journal.slice();
  damaged[at + 2]! ^= 1;
  assert.throws(() => new PackFolder(newPack(new FaultyDisk(), [files[0]!, damaged, files[2]!])), /damaged: a record in the middle/);
  const torn = new PackFolder(newPack(new FaultyDisk(), [files[0]!, journal.subarray(0, Buffer.from(journal).indexOf('["c",') + 3), files[2]!]));
  assert.equal(torn.read('c'), undefined);
  assert.is(Buffer.from(torn.read('b')!).toString(), 'b');
});

test('the cache gives what the file holds, whatever is written beside it', () => {
  const random = randomNumbers(9);
  const file = new FaultyDisk().file(Buffer.alloc(3_000_000, 'start '));
  const cached = new CachedFile(file, 4 << 17);
  for (let i = 0; i < 3000; i++) {
    const offset = random(3_200_000);
    const kind = random(40);
    if (kind === 0) cached.write(Buffer.alloc(random(300_000), `${i} `), offset);
    else if (kind === 1) cached.truncate(2_000_000 + random(1_200_000));
    else {
      const length = random(kind === 2 ? 400_000 : 9000);
      const [got, wanted] = [new Uint8Array(length), new Uint8Array(length)];
      assert.is(cached.read(got, offset), file.read(wanted, offset));
      assert.is(Buffer.compare(got, wanted), 0);
    }
  }
});

test.run();
