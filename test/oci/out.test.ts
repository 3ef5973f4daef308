// What goes out of the store: save in Docker's layout and back, commits with their layers, histories and configurations, imports kept byte for byte.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipSync } from 'node:zlib';
import type { FsLike } from '../../src/host/fs-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { diffLines, tarEntries, tarOfChanges, tarOfTree } from '../../src/layers/index.ts';
import { commitImage, type CommitOptions, type Image, ImageError, importImage, imagesToSave, saveImages } from '../../src/oci/index.ts';
import type { Images } from '../../src/engine/images.ts';
import { find, operations as op, type OverlayFs } from '../../src/vfs/index.ts';
import { blobOf, type Member, tarOf } from '../layers/tars.ts';
import { names, now, read, stat, treeOf, write } from '../vfs/tree.ts';
import { archiveOf, memoryStore, type Options, sha256, source } from './archives.ts';

const createdNs = 1_700_000_000_500_000_000n;

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function loaded(options: Options): Promise<{ images: Images; image: Image; files: () => string[]; fs: FsLike }> {
  const { images, files, fs } = memoryStore();
  const [first] = await images.store.load(source(await archiveOf(options)), 'x');
  return { images, image: first!.image, files, fs };
}

const entriesOf = (bytes: Uint8Array) => new Map([...tarEntries(blobOf(bytes))].map((e) => [e.path, Buffer.from(bytes.subarray(e.offset, e.offset + e.size))]));
const commit = (images: Images, image: Image, fs: OverlayFs, options: Partial<CommitOptions> = {}): Promise<Image> =>
  commitImage(images.store, image, tarOfChanges(fs.root, fs.changes()), { createdNs, names: ['made:1'], ...options });

for (const gzip of [false, true]) {
  test(`save${gzip ? ' of layers packed with gzip' : ''}: blobs byte for byte, both layouts, the same bytes each time`, async () => {
    const { images, image } = await loaded({ oci: true, gzip, tags: ['app:1', 'app:latest'], layers: [[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]], config: { Cmd: ['x'] } });
    const saved = imagesToSave(images.store, ['app:latest', image.id.slice(7, 19), 'app:1']);
    const archive = await bytesOf(saveImages(images.store, saved));
    assert.ok(Buffer.compare(archive, await bytesOf(saveImages(images.store, saved))) === 0);
    const entries = entriesOf(archive);
    for (const [path, content] of entries) if (path.startsWith('blobs/sha256/') && content.length > 0) assert.is(sha256(content), path.slice(13));
    assert.equal([...entries.keys()].filter((p) => !p.startsWith('blobs/sha256/')), ['blobs/', 'index.json', 'manifest.json', 'oci-layout', 'repositories']);
    const layers = image.layers.map((l) => `blobs/${l.blob.digest.replace(':', '/')}`);
    assert.equal(JSON.parse(String(entries.get('manifest.json'))), [{ Config: `blobs/${image.id.replace(':', '/')}`, RepoTags: ['app:1', 'app:latest'], Layers: layers }]);
    const index = JSON.parse(String(entries.get('index.json'))) as { manifests: { digest: string; annotations: Record<string, string> }[] };
    assert.equal(index.manifests.map((m) => [m.digest, m.annotations['org.opencontainers.image.ref.name'], m.annotations['io.containerd.image.name']]),
      [[image.manifestDigest, '1', 'docker.io/library/app:1'], [image.manifestDigest, 'latest', 'docker.io/library/app:latest']]);
    const again = memoryStore().images;
    const [back] = await again.store.load(source(archive), 'saved');
    assert.equal([back!.image.id, back!.image.manifestDigest, back!.names, back!.image.layers], [image.id, image.manifestDigest, ['app:1', 'app:latest'], image.layers]);
  });
}

test('save finds a blob that the disk has spoilt', async () => {
  const { images, image, fs } = await loaded({ layers: [[{ name: 'a', content: 'a'.repeat(3000) }]] });
  const path = `/store/oci/blobs/${image.layers[0]!.blob.digest.replace(':', '/')}`;
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, Buffer.from('b'), 0, 1, 1000);
  fs.closeSync(fd);
  try {
    await bytesOf(saveImages(images.store, imagesToSave(images.store, ['test:1'])));
    assert.unreachable();
  } catch (error) { assert.match(String(error), /^ImageError: blobs\/sha256\/[0-9a-f]+ in the store has another content than its name says$/); }
});

test('save: by ID without names, several images, a repository with all of its tags, what is not there', async () => {
  const { images, image } = await loaded({ tags: ['one:a', 'one:b'] });
  await images.store.load(source(await archiveOf({ tags: ['two'], layers: [[{ name: 'x', content: '2' }], [{ name: 'hello', content: 'world' }]] })), 'x');
  const tags = async (...words: string[]) => {
    const entries = entriesOf(await bytesOf(saveImages(images.store, imagesToSave(images.store, words))));
    return (JSON.parse(String(entries.get('manifest.json'))) as { RepoTags: string[] | null }[]).map((m) => m.RepoTags);
  };
  assert.equal(await tags(image.id), [null]);
  assert.equal(await tags('two', 'one:b'), [['two:latest'], ['one:b']]);
  assert.equal(await tags('one'), [['one:a', 'one:b']]);
  for (const missing of ['three', 'one:c']) {
    try {
      imagesToSave(images.store, [missing]);
      assert.unreachable();
    } catch (error) { assert.match(String(error), /No such image: (three|one:c)$/); }
  }
});

const lower: Member[] = [
  { name: 'etc', type: 'directory', mode: 0o755 }, { name: 'etc/a', content: 'a' }, { name: 'etc/b', content: 'b' }, { name: 'etc/sub', type: 'directory', mode: 0o755 }, { name: 'etc/sub/c', content: 'c' },
  { name: 'data/deep/f', content: 'f' }, { name: 'gone/x', content: 'x' }, { name: 'tofile/y', content: 'y' }, { name: 'todir', content: 'z' }, { name: 'two', content: '2' }, { name: 'also-two', type: 'link', linkname: 'two' },
];

/** Changes of every kind. */
function change(fs: OverlayFs): void {
  const t = treeOf(fs);
  const at = (path: string) => [t.context, t.root, path] as const;
  write(t, '/etc/a', 'changed');
  op.unlink(...at('/etc/b'));
  write(t, '/data/deep/g', 'new');
  op.unlink(...at('/gone/x'));
  op.rmdir(...at('/gone'));
  op.unlink(...at('/tofile/y'));
  op.rmdir(...at('/tofile'));
  write(t, '/tofile', 'file now');
  op.unlink(...at('/todir'));
  op.mkdir(...at('/todir'), 0o750);
  write(t, '/todir/n', 'n');
  write(t, '/two', 'both');
  write(t, '/linked', 'l');
  op.link(t.context, find(t.context, t.root, '/linked'), t.root, '/linked-too');
  op.symlink(t.context, 'target', t.root, '/symlink');
  t.fs.root.lookup!('etc')!.setxattr!('user.x', Uint8Array.of(1, 255, 0), 0);
}

test('commit: exactly the changes, and the tree that runs from it', async () => {
  const { images, image } = await loaded({ layers: [lower], config: { Cmd: ['sh'], Env: ['PATH=/bin', 'A=0'] } });
  const fs = images.openRootFs(image, { now });
  change(fs);
  assert.equal(diffLines(fs.changes()).map(({ kind, path }) => `${kind} ${path}`), [
    'C /also-two', 'C /data', 'C /data/deep', 'A /data/deep/g', 'C /etc', 'C /etc/a', 'D /etc/b', 'D /gone', 'A /linked', 'A /linked-too', 'A /symlink', 'C /todir', 'A /todir/n', 'C /tofile', 'C /two',
  ]);
  const made = await commit(images, image, fs, { message: 'why', author: 'me', change: ['CMD ["run"]', 'ENV A=1'], createdBy: 'sh -c x' });
  assert.is(made.config.created, '2023-11-14T22:13:20.5Z');
  assert.equal(made.config.config, { Env: ['PATH=/bin', 'A=1'], Cmd: ['run'] });
  assert.equal(made.config.history?.at(-1), { created: '2023-11-14T22:13:20.5Z', author: 'me', created_by: 'sh -c x', comment: 'why' });
  assert.equal(made.layers.slice(0, -1), image.layers);
  const tar = images.store.layerTar(made.layers.at(-1)!);
  assert.equal([...tarEntries(tar)].map((e) => `${e.path}${e.hardLink ? ` = ${e.link}` : ''}`), [
    'also-two', 'data/', 'data/deep/', 'data/deep/g', 'etc/', 'etc/a', 'etc/.wh.b', '.wh.gone', 'linked', 'linked-too = linked', 'symlink', 'todir/', 'todir/n', 'tofile', 'two = also-two',
  ]);
  const t = treeOf(images.openRootFs(made, { now }));
  assert.is(names(t, '/'), '.dockerenv also-two data dev etc linked linked-too proc symlink sys todir tofile two');
  assert.is(names(t, '/etc'), 'a hostname hosts mtab resolv.conf sub');
  assert.equal(['/etc/a', '/etc/sub/c', '/data/deep/f', '/data/deep/g', '/tofile', '/todir/n', '/also-two', '/two'].map((p) => read(t, p)), ['changed', 'c', 'f', 'new', 'file now', 'n', 'both', 'both']);
  assert.equal([stat(t, '/two').nlink, stat(t, '/two').ino === stat(t, '/also-two').ino, stat(t, '/linked').ino === stat(t, '/linked-too').ino], [2, true, true]);
  assert.equal(t.fs.root.lookup!('etc')!.getxattr!('user.x'), Uint8Array.of(1, 255, 0));
  assert.is(stat(t, '/data/deep/g').mtimeNs, stat(treeOf(fs), '/data/deep/g').mtimeNs);
});

test('commit: the same changes give the same layer when times are held', async () => {
  const digests = [];
  for (let round = 0; round < 2; round++) {
    const { images, image } = await loaded({ layers: [lower] });
    const fs = images.openRootFs(image, { now });
    change(fs);
    const made = await commitImage(images.store, image, tarOfChanges(fs.root, fs.changes(), { latestSec: 900_000_000 }), { createdNs: 900_000_000_000_000_000n });
    digests.push([made.id, made.manifestDigest, made.layers.at(-1)!.diffId]);
  }
  assert.equal(digests[0], digests[1]);
});

test('commit of no changes adds history and no layer', async () => {
  const { images, image, files } = await loaded({ layers: [lower] });
  const before = files().filter((f) => f.includes('/blobs/')).length;
  const made = await commit(images, image, images.openRootFs(image, { now }), { message: 'm' });
  assert.equal(made.layers, image.layers);
  assert.is(made.config.history?.at(-1)?.empty_layer, true);
  assert.is(files().filter((f) => f.includes('/blobs/')).length, before + 2);
  assert.is(files().filter((f) => f.includes('/tmp/')).length, 0);
});

test('commit refuses a file whose name would be a whiteout, and leaves nothing behind', async () => {
  const { images, image, files } = await loaded({ layers: [lower] });
  const fs = images.openRootFs(image, { now });
  write(treeOf(fs), '/etc/.wh.a', 'x');
  const before = files();
  try {
    await commit(images, image, fs);
    assert.unreachable();
  } catch (error) { assert.match(String(error), /no layer can hold "\/etc\/\.wh\.a": names that begin with "\.wh\." tell what is deleted/); }
  assert.equal(files(), before);
});

test('export: a flattened tar that imports to the same tree', async () => {
  const { images, image } = await loaded({ layers: [lower] });
  const fs = images.openRootFs(image, { now });
  change(fs);
  const tar = await bytesOf(tarOfTree(fs.root));
  assert.ok(Buffer.compare(tar, await bytesOf(tarOfTree(fs.root))) === 0);
  const imported = await importImage(images.store, source(gzipSync(tar)), nodeCodecs, { createdNs, names: ['imp'], change: ['ENTRYPOINT ["/e"]'], message: 'm' });
  assert.is(imported.layers[0]!.diffId, `sha256:${sha256(tar)}`);
  assert.equal([imported.config.os, imported.config.architecture, imported.config.config, imported.config.history], ['linux', 'amd64', { Entrypoint: ['/e'] }, [{ created: '2023-11-14T22:13:20.5Z', comment: 'm' }]]);
  const again = images.openRootFs(imported, { now });
  assert.ok(Buffer.compare(tar, await bytesOf(tarOfTree(again.root))) === 0, 'the tree is the same');
});

test('import refuses what is no tar, and leaves nothing behind', async () => {
  const { images, files } = memoryStore();
  const cases: [Uint8Array, Partial<Parameters<typeof importImage>[3]>, RegExp][] = [
    [Buffer.from('hello '.repeat(500)), {}, /tar/], [await tarOf([{ name: '../x', content: '' }]), {}, /"\.\."/], [new Uint8Array(1024), { platform: 'linux/arm64' }, /linux\/arm64/],
    [new Uint8Array(1024), { change: ['FOO x'] }, /^ImageError: foo is not a valid change command$/], [new Uint8Array(1024), { names: ['UPPER'] }, /lowercase/],
  ];
  for (const [bytes, options, message] of cases) {
    try {
      await importImage(images.store, source(bytes), nodeCodecs, { createdNs, ...options });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, ImageError);
      assert.match(String(error), message);
    }
  }
  assert.equal(files().filter((f) => /tmp|blobs|layers/.test(f)), []);
});

test.run();
