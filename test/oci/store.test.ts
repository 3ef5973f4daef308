// Loading archives into the store: every layout, names, what is refused and that nothing of it stays, and running from the result.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Images } from '../../src/engine/images.ts';
import { nodeCodecs, nodeFolder } from '../../src/host/node/store.ts';
import { ImageError } from '../../src/oci/index.ts';
import { find } from '../../src/vfs/index.ts';
import { tarOf } from '../layers/tars.ts';
import { names, now, read, stat, treeOf } from '../vfs/tree.ts';
import { archiveOf, membersOf, memoryStore, type Options, sha256, source } from './archives.ts';
import { inMemory } from './archives.ts';

const shapes: [string, Options][] = [
  ['legacy layout', {}], ['layers packed with gzip', { gzip: true }], ['OCI layout inside', { oci: true }], ['OCI layout with gzip', { oci: true, gzip: true }], ['OCI layout alone', { oci: true, dockerManifest: false }],
];

for (const [what, options] of shapes) {
  test(`loads and runs from: ${what}`, async () => {
    const { images } = memoryStore();
    const layers = [[{ name: 'etc/a', content: 'a' }, { name: 'etc/b', content: 'b' }], [{ name: 'etc/.wh.a', content: '' }, { name: 'c', content: 'c' }]];
    const loaded = await images.store.load(source(await archiveOf({ ...options, layers, config: { Cmd: ['sh'], Env: ['A=1'] } })), 'x.tar');
    assert.equal(loaded[0]!.names, ['test:1']);
    const image = images.store.resolve('test:1')!;
    assert.equal(image.config.config, { Cmd: ['sh'], Env: ['A=1'] });
    assert.is(image.layers.length, 2);
    const t = treeOf(images.openRootFs(image, { now }));
    assert.is(names(t, '/'), '.dockerenv c dev etc proc sys');
    assert.is(names(t, '/etc'), 'b hostname hosts mtab resolv.conf');
    assert.is(read(t, '/etc/b'), 'b');
    assert.is(stat(t, '/c').size, 1);
  });
}

test('a whole archive may be packed with gzip, and have no name', async () => {
  const { images } = memoryStore();
  const loaded = await images.store.load(source(gzipSync(await archiveOf({ tags: null }))), 'x.tar.gz');
  assert.equal(loaded[0]!.names, []);
  const { id } = loaded[0]!.image;
  for (const text of [id, id.slice(7), id.slice(7, 19), id.slice(0, 14)]) assert.is(images.store.resolve(text)?.id, id, text);
  assert.is(images.store.resolve('f'.repeat(12)), undefined);
});

test('names: defaults, moving to another image, several for one', async () => {
  const { images } = memoryStore();
  const first = (await images.store.load(source(await archiveOf({ tags: ['app:latest', 'app:1'] })), 'x'))[0]!.image;
  for (const text of ['app', 'app:1', 'library/app', 'docker.io/library/app:latest', `app@${first.manifestDigest}`]) assert.is(images.store.resolve(text)?.id, first.id, text);
  assert.is(images.store.resolve('app:2'), undefined);
  await images.store.load(source(await archiveOf({ tags: ['app:latest', 'app:1'] })), 'x');
  assert.is(images.store.images().length, 1);
  const second = (await images.store.load(source(await archiveOf({ tags: ['app:latest'], layers: [[{ name: 'n', content: '' }]] })), 'x'))[0]!.image;
  assert.is(images.store.resolve('app')?.id, second.id);
  assert.is(images.store.resolve('app:1')?.id, first.id);
  await images.store.load(source(await archiveOf({ tags: ['app:1'], layers: [[{ name: 'n', content: '' }]] })), 'x');
  assert.equal(images.store.images().map((i) => i.names.length).sort(), [0, 2]);
  assert.is(images.store.resolve(first.id)?.id, first.id, 'an image without a name is still there');
});

test('layers that are links to other layers, as old docker save writes them', async () => {
  const { images } = memoryStore();
  const members = await membersOf({ layers: [[{ name: 'a', content: '1' }], [{ name: 'a', content: '1' }]] });
  const again = members.findIndex((m, i) => i > 0 && m.name === members[0]!.name);
  members[again] = { name: 'copy/layer.tar', type: 'symlink', linkname: `../${members[0]!.name}` };
  const manifest = members.find((m) => m.name === 'manifest.json')!;
  const parsed = JSON.parse(String(manifest.content)) as { Layers: string[] }[];
  parsed[0]!.Layers[1] = 'copy/layer.tar';
  manifest.content = JSON.stringify(parsed);
  const [loaded] = await images.store.load(source(await tarOf(members)), 'x');
  assert.is(loaded!.image.layers.length, 2);
  assert.is(read(treeOf(images.openRootFs(loaded!.image, { now })), '/a'), '1');
});

const flipped = (bytes: Uint8Array, at: number): Uint8Array => { const copy = bytes.slice(); copy[at] = copy[at]! ^ 1; return copy; };

/** What makes the archive bad, the error's code, and what its one line must say. */
const bad: [string, () => Promise<Uint8Array>, string, RegExp][] = [
  ['nothing at all', async () => new Uint8Array(0), 'no-manifest', /^x\.tar: no image in it/],
  ['text', async () => Buffer.from('hello '.repeat(1000)), 'bad-archive', /^x\.tar: not a tar archive$/],
  ['a line of text', async () => Buffer.from('hello'), 'bad-archive', /^x\.tar: not a tar archive$/],
  ['a tar without a manifest', async () => tarOf([{ name: 'a', content: 'b' }]), 'no-manifest', /^x\.tar: no image in it: neither manifest\.json nor index\.json/],
  ['a cut archive', async () => { const b = await archiveOf({ layers: [[{ name: 'f', content: 'x'.repeat(5000) }]] }); return b.subarray(0, 3000); }, 'bad-archive', /truncated/],
  ['a cut gzip archive', async () => { const b = gzipSync(await archiveOf()); return b.subarray(0, b.length - 20); }, 'bad-archive', /damaged or truncated/],
  ['a broken header', async () => flipped(await archiveOf(), 3), 'bad-archive', /not a tar archive/],
  ['a broken second header', async () => flipped(await archiveOf(), 512 + 2048 + 3), 'bad-archive', /damaged/],
  ['a changed layer', async () => flipped(await archiveOf(), 512 + 512 + 2), 'digest-mismatch', /^x\.tar: layer [0-9a-f]{64}\/layer\.tar does not match its digest/],
  ['a changed layer in a layout', async () => flipped(await archiveOf({ oci: true }), 512 + 512 + 2), 'digest-mismatch', /blobs\/sha256\/[0-9a-f]{64} has another content than its name says/],
  ['a wrong diff id', () => archiveOf({ diffIds: [`sha256:${'0'.repeat(64)}`] }), 'digest-mismatch', /the configuration says sha256:0000/],
  ['too few diff ids', () => archiveOf({ diffIds: [] }), 'bad-archive', /names 0 layers and the manifest 1/],
  ['another processor', () => archiveOf({ architecture: 'arm64' }), 'wrong-platform', /^x\.tar: the image is for linux\/arm64; only linux\/amd64 can run/],
  ['another system', () => archiveOf({ os: 'windows' }), 'wrong-platform', /windows\/amd64/],
  ['a path out of the tree', () => archiveOf({ layers: [[{ name: 'ok', content: '' }], [{ name: '../../etc/cron.d/x', content: '' }]] }), 'unsafe-layer', /^x\.tar: layer sha256:[0-9a-f]{64}: entry "\.\.\/\.\.\/etc\/cron\.d\/x" has "\.\." in its path and leads out of the tree$/],
  ['a link out of the tree', () => archiveOf({ layers: [[{ name: 'l', type: 'link', linkname: '../../../etc/passwd' }]] }), 'unsafe-layer', /hard link out of the tree/],
  ['a layer that is no tar', async () => tarOf(rawLayer(Buffer.from('no tar '.repeat(200)))), 'bad-archive', /layer sha256:[0-9a-f]{64}: .*corrupt|malformed/],
  ['a layer of lz4', async () => tarOf(rawLayer(Buffer.from([0x04, 0x22, 0x4d, 0x18, 0, 0, 0, 0]), '0'.repeat(64))), 'unsupported', /layer l\/layer\.tar: compressed with lz4, which is not supported/],
  ['a damaged layer of xz', async () => tarOf(rawLayer(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]), '0'.repeat(64))), 'bad-archive', /layer l\/layer\.tar: damaged or truncated xz data/],
  ['a damaged archive of bzip2', async () => Buffer.from('BZh9....'), 'bad-archive', /^x\.tar: damaged or truncated bzip2 data/],
  ['a cut layer of zstd', async () => tarOf(rawLayer(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), '0'.repeat(64))), 'bad-archive', /layer l\/layer\.tar: damaged or truncated zstd data/],
  ['an archive of zstd that is none', async () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 'bad-archive', /^x\.tar: damaged or truncated zstd data/],
  ['a manifest that is no JSON', async () => tarOf([{ name: 'manifest.json', content: '{' }]), 'bad-archive', /manifest\.json is not valid JSON/],
  ['a manifest of another shape', async () => tarOf([{ name: 'manifest.json', content: '[{"Config":1}]' }]), 'bad-archive', /manifest\.json is not a list of images/],
  ['an empty manifest', async () => tarOf([{ name: 'manifest.json', content: '[]' }]), 'no-manifest', /names no image/],
  ['a missing layer', async () => tarOf((await membersOf({})).filter((m) => !m.name.endsWith('layer.tar'))), 'bad-archive', /layer .*layer\.tar is missing/],
  ['a missing configuration', async () => tarOf((await membersOf({})).filter((m) => !/^[0-9a-f]{64}\.json$/.test(m.name))), 'bad-archive', /\.json is missing from the archive/],
  ['a bad tag', () => archiveOf({ tags: ['UPPER:1'] }), 'bad-reference', /must be lowercase/],
];

function rawLayer(layer: Uint8Array, diffId = sha256(layer)): { name: string; content: Uint8Array | string }[] {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] } });
  return [{ name: 'l/layer.tar', content: layer }, { name: 'config.json', content: config }, { name: 'manifest.json', content: JSON.stringify([{ Config: 'config.json', RepoTags: ['a:b'], Layers: ['l/layer.tar'] }]) }];
}

for (const [what, make, code, message] of bad) {
  test(`refuses ${what}, in one line, and keeps nothing`, async () => {
    const { images, files } = memoryStore();
    await images.store.load(source(await archiveOf({ tags: ['kept:1'] })), 'good.tar');
    const before = files();
    const bytes = await make();
    try {
      await images.store.load(source(bytes), 'x.tar');
      assert.unreachable('accepted');
    } catch (error) {
      assert.is((error as { code?: string }).code, code, String(error));
      assert.match((error as Error).message, message);
      assert.not.match((error as Error).message, /\n/);
    }
    assert.equal(files(), before);
    assert.ok(images.store.resolve('kept:1'));
  });
}

test('one bad image among two: neither is loaded', async () => {
  const { images, files } = memoryStore();
  const good = await membersOf({ tags: ['good:1'] });
  const wrong = await membersOf({ tags: ['bad:1'], architecture: 'arm64', layers: [[{ name: 'other', content: 'x' }]] });
  const list = [...good, ...wrong].filter((m) => m.name === 'manifest.json').flatMap((m) => JSON.parse(String(m.content)) as object[]);
  const members = [...good, ...wrong].filter((m) => m.name !== 'manifest.json');
  try {
    await images.store.load(source(await tarOf([...members, { name: 'manifest.json', content: JSON.stringify(list) }])), 'x');
    assert.unreachable();
  } catch (error) { assert.is((error as { code?: string }).code, 'wrong-platform'); }
  assert.equal(files(), []);
});

test('a failing disk while committing leaves the store as it was', async () => {
  const { images, files, fs } = memoryStore();
  await images.store.load(source(await archiveOf({ tags: ['kept:1'] })), 'good.tar');
  const before = files();
  const rename = fs.renameSync;
  fs.renameSync = (from, to) => {
    if (to.endsWith('index.json')) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    rename.call(fs, from, to);
  };
  try {
    await images.store.load(source(await archiveOf({ tags: ['new:1'], layers: [[{ name: 'n', content: 'n' }]] })), 'x');
    assert.unreachable();
  } catch (error) { assert.match((error as Error).message, /ENOSPC/); }
  fs.renameSync = rename;
  assert.equal(files(), before);
});

test('archives with damaged bytes: an ImageError and an unchanged store, or an image that holds together', async () => {
  const good = await archiveOf({ tags: ['fuzz:1'], oci: true, layers: [[{ name: 'a', content: 'x' }], [{ name: '.wh.a', content: '' }]] });
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 }), fc.nat(good.length), fc.boolean(), async (changes, length, cut) => {
    const { images, files } = memoryStore();
    const bytes = good.slice(0, cut ? length : good.length);
    for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
    try {
      const loaded = await images.store.load(source(bytes), 'x.tar');
      for (const { image } of loaded) assert.is(names(treeOf(images.openRootFs(image, { now })), '/'), '.dockerenv dev etc proc sys');
    } catch (error) {
      assert.ok(error instanceof ImageError, String((error as Error).stack));
      assert.equal(files(), []);
    }
  }), { numRuns: 400, seed: 11 });
});

test('a lost or damaged index is made again', async () => {
  const { images, files, folder } = memoryStore();
  const [loaded] = await images.store.load(source(await archiveOf({ layers: [[{ name: 'f', content: 'x' }]] })), 'x');
  for (const path of files().filter((f) => /index$|view$/.test(f))) folder.write(path.slice('/store/'.length), Buffer.from('rubbish'));
  assert.is(read(treeOf(images.openRootFs(loaded!.image, { now })), '/f'), 'x');
  folder.remove('chains');
  folder.remove('layers');
  assert.is(read(treeOf(images.openRootFs(loaded!.image, { now })), '/f'), 'x');
});

test('the embedded BusyBox image, in a store on disk', async () => {
  const root = mkdtempSync(join(tmpdir(), 'store-'));
  try {
    const images = new Images(nodeFolder(root), nodeCodecs, inMemory);
    await images.store.load(source(readFileSync('images/busybox.tar'), 65536), 'images/busybox.tar');
    const image = images.store.resolve('busybox')!;
    const t = treeOf(images.openRootFs(image, { now }));
    assert.equal(image.config.config!.Cmd, ['sh']);
    const sh = find(t.context, t.root, '/bin/sh').inode;
    assert.is(sh.ino, find(t.context, t.root, '/bin/busybox').inode.ino);
    assert.is(sh.mode, 0o100755);
    const head = new Uint8Array(4);
    sh.open!(0).read!(head, 0, false);
    assert.equal([...head], [0x7f, 0x45, 0x4c, 0x46]);
    assert.is(stat(t, '/tmp').mode, 0o041777);
    assert.match(read(t, '/etc/passwd'), /^root:x:0:0:/);
    assert.equal(readdirSync(join(root, 'tmp')), []);
    assert.equal(JSON.parse(readFileSync(join(root, 'oci/oci-layout'), 'utf8')), { imageLayoutVersion: '1.0.0' });
    const again = new Images(nodeFolder(root), nodeCodecs, inMemory);
    assert.is(again.store.images().length, 1);
  } finally { rmSync(root, { recursive: true }); }
});

test.run();
