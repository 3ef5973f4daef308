// tag, rmi and image prune by Docker's rules: what is untagged and deleted, what is refused, and which files are left.
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeCodecs } from '../../src/host/node/store.ts';
import type { Folder } from '../../src/host/ports.ts';
import { type ImageUser, openStore } from '../../src/oci/index.ts';
import { archiveOf, memoryStore, type Options, source } from './archives.ts';
import { tarOf } from '../layers/tars.ts';
import { faults, needed } from './whole.ts';

const small = (name: string): Options => ({ tags: [name], layers: [[{ name: 'base', content: 'b' }], [{ name, content: 'x' }]] });

async function storeWith(...archives: Options[]): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  for (const options of archives) await store.images.store.load(source(await archiveOf(options)), 'x');
  return store;
}

const refused = (work: () => unknown, message: RegExp): void => {
  try { work(); } catch (error) {
    assert.is((error as { name?: string }).name, 'ImageError');
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable('accepted');
};

/** Only what the images need is left. */
function assertClean({ images, files }: ReturnType<typeof memoryStore>): void {
  assert.equal(faults(images), []);
  const kept = [...needed(images)];
  assert.equal(files().filter((file) => !file.startsWith('/store/chains/') && !kept.some((path) => file === `/store/${path}` || file.startsWith(`/store/${path}/`))), []);
}

test('a name is added, moved, and taken away; the last one takes the image with it', async () => {
  const store = await storeWith(small('a:1'), small('b:1'));
  const { images } = store;
  const a = images.store.find('a:1');
  images.store.tag('a:1', 'reg.example:5000/team/a');
  images.store.tag(a, 'b:1');
  assert.equal([...images.store.find('a:1').names].sort(), ['docker.io/library/a:1', 'docker.io/library/b:1', 'reg.example:5000/team/a:latest']);
  assert.equal(images.store.images().filter((image) => image.names.length === 0).length, 1);
  assert.equal(images.store.remove('b:1'), [{ untagged: 'b:1' }]);
  assert.equal(images.store.remove('reg.example:5000/team/a'), [{ untagged: 'reg.example:5000/team/a:latest' }]);
  const [untagged, ...deleted] = images.store.remove('a:1');
  assert.equal(untagged, { untagged: 'a:1' });
  assert.is(deleted.length, 2, 'the image and its own layer; the other one is shared');
  assert.equal(deleted[0], { deleted: a.id });
  refused(() => images.store.remove('a:1'), /^No such image: a:1$/);
  refused(() => images.store.remove('a'), /^No such image: a:latest$/);
  refused(() => images.store.tag('nope', 'x'), /^No such image: nope:latest$/);
  refused(() => images.store.tag('b', 'UPPER'), /must be lowercase/);
  refused(() => images.store.tag(images.store.images()[0]!, `x@sha256:${'0'.repeat(64)}`), /refusing to create a tag with a digest reference/);
  assertClean(store);
  const { removed, reclaimedBytes } = images.store.prune();
  assert.is(removed.length, 3);
  assert.ok(reclaimedBytes > 2048);
  assert.equal(store.files(), ['/store/oci/index.json', '/store/oci/oci-layout']);
});

test('by ID: all names of one repository go, names in several repositories need force', async () => {
  const { images } = await storeWith(small('a:1'));
  const { id } = images.store.find('a:1');
  assert.equal(images.store.remove(id.slice(7, 19)).map((line) => Object.keys(line)[0]), ['untagged', 'deleted', 'deleted', 'deleted']);
  await images.store.load(source(await archiveOf(small('a:1'))), 'x');
  images.store.tag('a:1', 'other');
  refused(() => images.store.remove(id), new RegExp(`^conflict: unable to delete ${id.slice(7, 19)} \\(must be forced\\) - image is referenced in multiple repositories$`));
  images.store.tag('a:1', 'a:2');
  images.store.remove('other');
  refused(() => images.store.remove(id), /must be forced/);
  assert.equal(images.store.remove(id, { force: true }).slice(0, 3).map((line) => Object.values(line)[0]).sort(), ['a:1', 'a:2', id]);
  assert.equal(images.store.images(), []);
});

test('by digest: the names of that repository', async () => {
  const { images } = await storeWith(small('a:1'));
  const { manifestDigest } = images.store.find('a:1');
  images.store.tag('a:1', 'other');
  assert.is(images.store.resolve(`a@${manifestDigest}`)?.manifestDigest, manifestDigest);
  assert.is(images.store.resolve(`nope@${manifestDigest}`), undefined);
  assert.equal(images.store.remove(`a@${manifestDigest}`), [{ untagged: 'a:1' }]);
  assert.is(images.store.remove(`other@${manifestDigest}`).length, 4);
  assert.equal(images.store.images(), []);
});

test('an image made of layers that are there and new ones', async () => {
  const store = await storeWith({ tags: ['z:1'], gzip: true });
  const { images } = store;
  const parent = images.store.find('z:1');
  const layer = await images.store.newLayer(source(await tarOf([{ name: 'new', content: 'n'.repeat(60_000) }])));
  const configBytes = new TextEncoder().encode(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [parent.layers[0]!.diffId, layer.diffId] } }));
  const made = images.store.put({ configBytes, layers: [parent.layers[0]!, layer], names: ['made'] });
  assert.equal(made.names, ['docker.io/library/made:latest']);
  assert.is(made.size, parent.size + 60_000);
  assert.equal(faults(images), []);
  const other = await images.store.newLayer(source(await tarOf([{ name: 'other', content: 'o'.repeat(60_000) }])));
  refused(() => images.store.put({ configBytes, layers: [parent.layers[0]!, other], names: ['wrong'] }), /names other layers/);
  images.store.remove('z:1');
  images.store.remove('made');
  images.store.prune();
  refused(() => images.store.put({ configBytes, layers: [parent.layers[0]!, layer], names: ['made'] }), /missing from the store/);
  assert.equal(store.files(), ['/store/oci/index.json', '/store/oci/oci-layout']);
});

test('containers hold their image', async () => {
  const store = await storeWith(small('a:1'));
  const { images } = store;
  const { id } = images.store.find('a:1');
  const used = (running: boolean) => ({ inUse: (image: string): ImageUser[] => (image === id ? [{ container: '85f25c86554fbc46', running }] : []) });
  const at = id.slice(7, 19);
  refused(() => images.store.remove('a:1', used(false)), new RegExp(`^conflict: unable to remove repository reference "a:1" \\(must force\\) - container 85f25c86554f is using its referenced image ${at}$`));
  refused(() => images.store.remove(at, used(false)), new RegExp(`^conflict: unable to delete ${at} \\(must be forced\\) - image is being used by stopped container 85f25c86554f$`));
  refused(() => images.store.remove(at, { ...used(true), force: true }), new RegExp(`^conflict: unable to delete ${at} \\(cannot be forced\\) - image is being used by running container 85f25c86554f$`));
  images.store.tag('a:1', 'a:2');
  assert.equal(images.store.remove('a:2', used(true)), [{ untagged: 'a:2' }], 'another name is left');
  assert.equal(images.store.remove('a:1', { ...used(true), force: true }), [{ untagged: 'a:1' }]);
  assert.is(images.store.find(at).id, id, 'a container still needs it');
  assert.equal(images.store.prune({ all: true, ...used(false) }).removed, []);
  assert.equal(images.store.remove(at).length, 3);
  assertClean(store);
});

test('prune: nameless ones, all unused ones, chosen ones, and what a killed process left', async () => {
  const store = await storeWith(small('a:1'), small('b:1'), { ...small('b:1'), tags: null });
  const { images, folder } = store;
  for (const path of ['oci/blobs/sha256/' + '0'.repeat(64), 'layers/' + '1'.repeat(64) + '/index', 'chains/' + '2'.repeat(64) + '/view']) folder.write(path, new Uint8Array(100));
  assert.equal(images.store.prune(), { removed: [], reclaimedBytes: 300 });
  assertClean(store);
  const { id } = images.store.find('b:1');
  const pruned = images.store.prune({ all: true, where: (image) => image.id === id }).removed;
  assert.equal(pruned.slice(0, 2), [{ untagged: 'b:1' }, { deleted: id }]);
  assert.equal(images.store.images().map((image) => image.names), [['docker.io/library/a:1']]);
  assertClean(store);
});

test('an image that came compressed and uncompressed: one ID, each layer\'s tar once', async () => {
  const options: Options = { tags: ['z:1'], oci: true, dockerManifest: false, layers: [[{ name: 'f', content: 'x'.repeat(100_000) }]] };
  const store = await storeWith({ ...options, gzip: true }, { ...options, tags: ['u:1'] });
  const { images, files } = store;
  assert.is(images.store.find('z:1').id, images.store.find('u:1').id);
  assert.not.equal(images.store.find('z:1').manifestDigest, images.store.find('u:1').manifestDigest);
  assert.equal(files().filter((file) => file.endsWith('layer.tar')), [], 'the uncompressed blob is the tar');
  assert.equal(images.store.find('z:1').size, images.store.find('u:1').size);
  images.store.remove('u:1');
  assert.is(images.store.images().length, 1);
  assert.equal(faults(images), [], 'the tar stays for the compressed one');
  images.store.prune();
  assert.equal(faults(images), []);
  assert.is(images.store.find(images.store.find('z:1').id.slice(7, 15)).names.length, 1);
  await images.store.load(source(await archiveOf({ ...options, tags: ['z:1'] })), 'x');
  assert.is(images.store.images().length, 1, 'the manifest that lost its name is not kept beside the other');
  images.store.remove('z:1');
  images.store.prune();
  assert.equal(files(), ['/store/oci/index.json', '/store/oci/oci-layout']);
});

test('loading again, whole archives compressed or not, writes no layer twice', async () => {
  const { images, files } = await storeWith(small('a:1'));
  const before = files();
  await images.store.load(source(gzipSync(await archiveOf(small('a:1')))), 'x');
  assert.equal(files(), before);
});

test('an image that is removed while another process lists them is left out', async () => {
  const { images, folder } = await storeWith(small('a:1'), small('b:1'));
  let removed = false;
  const slow: Folder = {
    ...Object.fromEntries((['open', 'has', 'size', 'write', 'create', 'edit', 'list', 'remove', 'exclusive'] as const).map((name) => [name, (...args: never[]) => (folder[name] as (...args: never[]) => unknown).apply(folder, args)])) as unknown as Folder,
    read(path) {
      if (path.startsWith('oci/blobs/') && !removed) {
        removed = true;
        for (const name of ['a:1', 'b:1']) images.store.remove(name);
      }
      return folder.read(path);
    },
  };
  assert.equal(openStore(slow, { codecs: nodeCodecs, prepare: () => [] }).images(), []);
  assert.ok(removed);
});

test('an image that another tool put into the layout is unpacked when it is to run', async () => {
  const store = await storeWith({ tags: ['z:1'], gzip: true, layers: [[{ name: 'f', content: 'x' }]] }, { tags: ['u:1'], layers: [[{ name: 'g', content: 'y' }]] });
  const { images, folder, files } = store;
  const before = files();
  for (const path of ['layers', 'chains']) folder.remove(path);
  for (const name of ['z:1', 'u:1']) await images.store.adopt(images.store.find(name));
  assert.equal(faults(images), []);
  assert.equal(files(), before.filter((file) => files().includes(file)));
  const layer = images.store.find('z:1').layers[0]!;
  folder.remove('layers');
  folder.write(`oci/blobs/${layer.blob.digest.replace(':', '/')}`, gzipSync('another content'));
  try {
    await images.store.adopt(images.store.find('z:1'));
    assert.unreachable('accepted');
  } catch (error) { assert.match((error as Error).message, /does not match its digest/); }
  assert.equal(files().filter((file) => /tmp|layer\.tar/.test(file)), []);
});

test('a damaged image does not stand in the way of the others, can be removed, and is whole when it is loaded again', async () => {
  const store = await storeWith(small('a:1'), small('b:1'));
  const { images, folder } = store;
  const { id, manifestDigest } = images.store.find('a:1');
  for (const harm of [() => folder.remove(`oci/blobs/${id.replace(':', '/')}`), () => folder.write(`oci/blobs/${id.replace(':', '/')}`, new TextEncoder().encode('{'))]) {
    harm();
    assert.equal(images.store.images().map((image) => image.names[0]), ['docker.io/library/b:1']);
    assert.equal(images.store.damaged().map((image) => [image.manifestDigest, image.names]), [[manifestDigest, ['docker.io/library/a:1']]]);
    refused(() => images.store.find('a:1'), /missing from the store|not valid JSON/);
    images.store.prune();
    images.store.tag('b:1', 'c:1');
    await images.store.load(source(await archiveOf(small('a:1'))), 'x');
    assert.equal(images.store.damaged(), []);
    assert.equal(faults(images), []);
  }
  folder.remove(`oci/blobs/${manifestDigest.replace(':', '/')}`);
  assert.equal(images.store.remove('a:1'), [{ untagged: 'a:1' }, { deleted: manifestDigest }]);
  assert.equal(images.store.damaged(), []);
  images.store.prune();
  assertClean(store);
});

test('what other tools put into the index does no harm', async () => {
  const { images, folder } = await storeWith(small('a:1'));
  const index = JSON.parse(new TextDecoder().decode(folder.read('oci/index.json'))) as { manifests: object[] };
  const digest = `sha256:${'3'.repeat(64)}`;
  const nested = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: 2, annotations: { 'org.opencontainers.image.ref.name': 'multi' } };
  folder.write(`oci/blobs/sha256/${'3'.repeat(64)}`, new TextEncoder().encode('{}'));
  folder.write('oci/index.json', new TextEncoder().encode(JSON.stringify({ ...index, manifests: [...index.manifests, nested] })));
  assert.is(images.store.images().length, 1);
  images.store.prune();
  images.store.tag('a:1', 'b');
  assert.ok(folder.has(`oci/blobs/sha256/${'3'.repeat(64)}`));
  assert.ok(new TextDecoder().decode(folder.read('oci/index.json')).includes('multi'));
});

test.run();
