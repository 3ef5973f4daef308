// One contract for every folder of a store: on disk, in memory, in a pack; the same random calls give the same files in each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { nodeFolder } from '../../src/host/node/store.ts';
import { CachedFile, PackFolder } from '../../src/host/pack/index.ts';
import type { Blob, Folder, RandomFile } from '../../src/host/ports.ts';
import { FaultyDisk, randomNumbers } from './faulty-disk.ts';

function packInMemory(): Folder {
  const disk = new FaultyDisk();
  return new PackFolder({ data: new CachedFile(disk.file(), 1 << 20), journal: [disk.file(), disk.file()] });
}

function packOnDisk(folder: Folder): Folder {
  return new PackFolder({ data: folder.edit('pack/data'), journal: [folder.edit('pack/journal.0'), folder.edit('pack/journal.1')] });
}

const root = mkdtempSync(join(tmpdir(), 'wherry-folder-'));
const folders: readonly (readonly [string, () => Folder])[] = [
  ['on disk', () => nodeFolder(join(root, 'plain'))], ['in memory', memoryFolder], ['in a pack', packInMemory], ['in a pack on disk', () => packOnDisk(nodeFolder(join(root, 'packed')))],
];

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

function contentOf(blob: Blob | RandomFile): string {
  const bytes = new Uint8Array(blob.size);
  assert.is(blob.read(bytes, 0), blob.size);
  assert.is(blob.read(new Uint8Array(10), blob.size), 0, 'nothing behind the end');
  return Buffer.from(bytes).toString('latin1');
}

for (const [what, make] of folders) {
  test(`${what}: files`, () => {
    const folder = make();
    assert.is(folder.read('a/b'), undefined);
    assert.is(folder.open('a/b'), undefined);
    assert.is(folder.size('a/b'), undefined);
    assert.equal(folder.list('a'), []);
    folder.remove('a');
    folder.write('a/b', Buffer.from('one'));
    folder.write('a/c/d', Buffer.from(''));
    assert.is(text(folder.read('a/b')), 'one');
    assert.is(folder.size('a/b'), 3);
    assert.is(folder.size('a/c'), undefined);
    assert.is(contentOf(folder.open('a/c/d')!), '');
    assert.ok(folder.has('a') && folder.has('a/c') && folder.has('a/c/d') && !folder.has('a/d'));
    assert.equal(folder.list('a').sort(), ['b', 'c']);
    folder.write('a/b', Buffer.from('another'));
    assert.is(text(folder.read('a/b')), 'another');
    assert.is(folder.exclusive(() => folder.list('a').length), 2);
    folder.remove('a');
    assert.not(folder.has('a/b') || folder.has('a/c/d'));
  });

  test(`${what}: a file under way`, () => {
    const folder = make();
    const file = folder.create();
    for (let i = 0; i < 40; i++) file.append(Buffer.alloc(70_000, String(i)));
    assert.is(file.blob.size, 2_800_000);
    const piece = new Uint8Array(2);
    file.blob.read(piece, 69_999);
    assert.is(text(piece), '01');
    file.sync();
    file.append(Buffer.from('end'));
    file.commit('x/whole');
    file.discard();
    assert.is(folder.size('x/whole'), 2_800_003);
    assert.is(contentOf(folder.open('x/whole')!).slice(-4), '9end');
    const other = folder.create();
    other.append(Buffer.from('gone'));
    other.discard();
    other.discard();
    folder.remove('tmp');
    assert.equal(folder.list('x'), ['whole']);
    folder.remove('x');
  });

  test(`${what}: what is open goes on when its name goes`, () => {
    const folder = make();
    folder.write('f', Buffer.alloc(10_000, 'old'));
    const blob = folder.open('f')!;
    folder.write('f', Buffer.alloc(10_000, 'new'));
    folder.remove('f');
    folder.write('g', Buffer.alloc(10_000, 'other'));
    assert.is(contentOf(blob).slice(0, 6), 'oldold');
    folder.remove('g');
  });

  test(`${what}: random edits are those of an array of bytes`, () => {
    const folder = make();
    const random = randomNumbers(3);
    let model = Buffer.alloc(0);
    let file = folder.edit('e/f');
    for (let i = 0; i < 400; i++) {
      const kind = random(12);
      const at = random(200_000);
      if (kind === 0) {
        const size = random(200_000);
        file.truncate(size);
        model = size <= model.length ? Buffer.from(model.subarray(0, size)) : Buffer.concat([model, Buffer.alloc(size - model.length)]);
      } else if (kind === 1) file.sync();
      else if (kind === 2) {
        file.close();
        folder.write('e/other', Buffer.alloc(random(50_000), 'x'));
        file = folder.edit('e/f');
      } else if (kind < 7) {
        const [got, wanted] = [new Uint8Array(random(20_000)), model.subarray(at)];
        const n = file.read(got, at);
        assert.is(n, Math.min(got.length, wanted.length));
        assert.is(Buffer.compare(got.subarray(0, n), wanted.subarray(0, n)), 0);
      } else {
        const bytes = Buffer.alloc(random(20_000), `${i},`);
        file.write(bytes, at);
        if (bytes.length > 0 && at + bytes.length > model.length) model = Buffer.concat([model, Buffer.alloc(at + bytes.length - model.length)]);
        bytes.copy(model, at);
      }
      assert.is(file.size, model.length, `step ${i}, kind ${kind}`);
    }
    file.close();
    assert.is(Buffer.compare(folder.read('e/f')!, model), 0);
    folder.remove('e');
  });
}

test('a pack on disk is opened again', () => {
  const disk = nodeFolder(join(root, 'again'));
  packOnDisk(disk).write('a/b', Buffer.from('kept'));
  assert.is(text(packOnDisk(disk).read('a/b')), 'kept');
});

test.after(() => rmSync(root, { recursive: true, force: true }));
test.run();
