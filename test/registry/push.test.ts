// Pushing: what is sent and what is not, in which form, and registries that misbehave. What was pushed is pulled elsewhere and is the same.
import { createCipheriv } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseReference } from '../../src/oci/index.ts';
import { tagsToPush } from '../../src/oci/registry/index.ts';
import { archiveOf, memoryStore, type Options, source } from '../oci/archives.ts';
import { faults } from '../oci/whole.ts';
import { answer, refuse } from './answers.ts';
import { clientOf, refusal } from './client.ts';
import { addImage, addIndex } from './images.ts';
import { digestOf, TestRegistry } from './server.ts';
import { withRegistry } from './with-registry.ts';

const noise = (size: number, seed = 1): Buffer => createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));

type Store = ReturnType<typeof memoryStore>;

const load = async ({ images }: Store, options: Options): Promise<void> => { await images.store.load(source(await archiveOf(options), 1 << 20), 'x'); };
const writes = (registry: TestRegistry): string[] => registry.take().filter((line) => !/^(HEAD|GET) /.test(line)).map((line) => line.replace(/[0-9a-f]{8}-[0-9a-f-]+/, 'ID').replace(/[0-9a-f]{64}/, 'DIGEST'));

withRegistry('an image made here: layers packed once, the same bytes in another store, and nothing sent twice', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/team/app:1`], layers: [[{ name: 'a', content: 'a'.repeat(9000) }], [{ name: 'b', content: 'b' }]], config: { Cmd: ['sh'] } });
  const image = store.images.store.resolve(`${registry.host}/team/app:1`)!;
  const client = clientOf(registry);
  const pushed = await client.push(store.images, 'team/app:1');
  const [low, high] = image.layers.map(({ diffId }) => diffId.slice(7, 19)) as [string, string];
  assert.equal(client.lines.slice(0, 2), [`${high}: Preparing`, `${low}: Preparing`]);
  assert.equal(client.lines.slice(2, 4).sort(), [`${high}: Pushed`, `${low}: Pushed`].sort());
  assert.equal(client.lines.slice(4), [`1: digest: ${pushed.digest} size: ${pushed.size}`]);
  assert.equal(writes(registry).sort(), [...Array.from({ length: 3 }, () => ['POST /v2/team/app/blobs/uploads/', 'PUT /v2/team/app/blobs/uploads/ID']).flat(), 'PUT /v2/team/app/manifests/1'].sort());
  const remote = registry.manifest('team/app', '1')!;
  assert.is(remote.digest, pushed.digest);
  const manifest = JSON.parse(remote.bytes.toString()) as { config: { digest: string }; layers: { digest: string; mediaType: string; size: number }[] };
  assert.is(manifest.config.digest, image.id);
  assert.equal(manifest.layers.map(({ digest }) => digestOf(gunzipSync(registry.blobs.get(digest)!))), image.layers.map(({ diffId }) => diffId));
  assert.ok(manifest.layers.every(({ mediaType, digest, size }) => mediaType === 'application/vnd.oci.image.layer.v1.tar+gzip' && registry.blobs.get(digest)!.length === size));
  const after = store.images.store.resolve(`${registry.host}/team/app:1`)!;
  assert.is(after.id, image.id);
  assert.equal(after.repoDigests, [`${registry.host}/team/app@${pushed.digest}`]);
  store.images.store.prune();
  assert.equal(faults(store.images), []);
  const again = clientOf(registry);
  assert.is((await again.push(store.images, 'team/app:1')).digest, pushed.digest);
  assert.equal(again.lines.slice(2, 4).sort(), [`${high}: Layer already exists`, `${low}: Layer already exists`].sort());
  assert.equal(writes(registry), ['PUT /v2/team/app/manifests/1']);
  const other = memoryStore();
  assert.is((await clientOf(registry).pull(other.images, 'team/app:1')).image.id, image.id);
  assert.equal(faults(other.images), []);
});

withRegistry('equal images are packed equally in another store', async (registry) => {
  const digests = [];
  for (const repository of ['one', 'two']) {
    const store = memoryStore();
    await load(store, { tags: [`${registry.host}/${repository}:1`], layers: [[{ name: 'a', content: noise(300_000) }]] });
    digests.push((await clientOf(registry).push(store.images, `${repository}:1`)).digest);
  }
  assert.is(digests[0], digests[1]);
});

for (const docker of [false, true]) {
  withRegistry(`an image that was pulled (${docker ? 'Docker\'s' : 'OCI\'s'} form) goes out byte for byte, and is mounted from where it came`, async (registry, { images }) => {
    const remote = await addImage(registry, 'from/app', '1', { docker, layers: [[{ name: 'a', content: '1' }], [{ name: 'b', content: '2' }]] });
    addIndex(registry, 'from/app', 'multi', [[remote, { architecture: 'amd64' }]]);
    const client = clientOf(registry);
    const { image } = await client.pull(images, 'from/app:multi');
    images.store.tag(image, `${registry.host}/to/app:2`);
    registry.take();
    client.lines.length = 0;
    const pushed = await client.push(images, 'to/app:2');
    assert.is(pushed.digest, remote.digest);
    assert.equal(registry.manifest('to/app', '2'), registry.manifest('from/app', '1'));
    assert.equal(client.lines.filter((line) => line.includes('Mounted')).map((line) => line.slice(14)), ['Mounted from from/app', 'Mounted from from/app']);
    assert.equal(writes(registry).filter((line) => line.startsWith('PUT')), ['PUT /v2/to/app/blobs/uploads/ID', 'PUT /v2/to/app/manifests/2'], 'the configuration and the manifest');
  });
}

withRegistry('a mount that the registry will not make is an upload', async (registry, { images }) => {
  const remote = await addImage(registry, 'from/app', '1');
  const client = clientOf(registry);
  const { image } = await client.pull(images, 'from/app:1');
  images.store.tag(image, `${registry.host}/to/app:2`);
  registry.faults = [({ method, url }) => { if (method === 'POST') url.searchParams.delete('mount'); }];
  assert.is((await client.push(images, 'to/app:2')).digest, remote.digest);
  assert.ok(client.lines.some((line) => line.endsWith(': Pushed')));
});

withRegistry('a layer twice in an image is sent once', async (registry, store) => {
  const same = [{ name: 'same', content: 'x' }];
  await load(store, { tags: [`${registry.host}/app:1`], layers: [same, [{ name: '.wh.same', content: '' }], same] });
  await clientOf(registry).push(store.images, 'app:1');
  assert.is(writes(registry).filter((line) => line.startsWith('PUT')).length, 4, 'two layers, a configuration, a manifest');
  assert.is((await clientOf(registry).pull(memoryStore().images, 'app:1')).image.layers.length, 3);
});

const LARGE = (8 << 20) + 100_000;

const rangesOf = (registry: TestRegistry): (string | undefined)[] => registry.asked.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']);

withRegistry('a large layer: after a connection that breaks the rest alone is sent', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`], layers: [[{ name: 'big', content: noise(LARGE) }]] });
  let breaks = 1;
  registry.faults = [(asked, response) => {
    if (asked.method !== 'PATCH' || breaks-- <= 0) return;
    (asked as { body: Buffer }).body = asked.body.subarray(0, 3_000_000);
    response.destroy();
  }];
  await clientOf(registry).push(store.images, 'app:1');
  const [first, second, ...others] = rangesOf(registry);
  assert.equal([first, others], [undefined, []]);
  assert.match(second!, /^3000000-8\d{6}$/);
  assert.is(registry.take().filter((line) => line.startsWith('GET /v2/app/blobs/uploads/')).length, 1, 'asked how much has come');
}, { absolute: true });

withRegistry('a host that sends no more at once sends parts', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`], layers: [[{ name: 'big', content: noise(LARGE) }]] });
  let breaks = 1;
  registry.faults = [({ method }, response) => { if (method !== 'PATCH' || breaks-- <= 0) return false; response.destroy(); return true; }];
  await clientOf(registry, {}, { largestBody: 3_500_000 }).push(store.images, 'app:1');
  const ranges = rangesOf(registry);
  assert.equal(ranges.slice(0, -1), ['0-3499999', '0-3499999', '3500000-6999999'], 'nothing of the first had come');
  assert.match(ranges.at(-1)!, /^7000000-/);
});

withRegistry('a registry that breaks every upload off is given up', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`], layers: [[{ name: 'big', content: noise(LARGE) }]] });
  registry.faults = [({ method }, response) => { if (method !== 'PATCH') return false; response.destroy(); return true; }];
  assert.match(await refusal(clientOf(registry).push(store.images, 'app:1'), registry), /^unreachable: blob sha256:\S+: the upload breaks off again and again$/);
});

withRegistry('an upload that fails begins again, so often, then says why', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`] });
  let left = 2;
  registry.faults = [({ method, url }, response) => {
    if (method !== 'PUT' || !url.pathname.includes('uploads') || left-- <= 0) return false;
    if (left === 1) response.destroy(); else answer(response, 500);
    return true;
  }];
  const client = clientOf(registry);
  await client.push(store.images, 'app:1');
  assert.ok(client.waits.length >= 2);
  registry.faults = [({ method, url }, response) => method === 'PUT' && url.pathname.includes('/manifests/') && refuse(response, 400, 'MANIFEST_INVALID', 'manifest invalid')];
  assert.is(await refusal(clientOf(registry).push(store.images, 'app:1'), registry), 'refused: manifest invalid: manifest invalid');
  registry.faults = [({ method }, response) => method === 'POST' && answer(response, 500)];
  await load(store, { tags: [`${registry.host}/app:2`], layers: [[{ name: 'other', content: 'o' }]] });
  assert.match(await refusal(clientOf(registry).push(store.images, 'app:2'), registry), /^refused: received unexpected HTTP status: 500 Internal Server Error$/);
});

withRegistry('a registry that keeps something else than was sent is found out', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`] });
  registry.faults = [({ method, url }, response) => method === 'PUT' && url.pathname.includes('/manifests/') && answer(response, 201, { 'docker-content-digest': `sha256:${'3'.repeat(64)}` })];
  assert.match(await refusal(clientOf(registry).push(store.images, 'app:1'), registry), /^bad-content: the registry keeps the manifest sha256:\S+ as sha256:3+$/);
});

withRegistry('who may push: not everybody', async (registry, store) => {
  await load(store, { tags: [`${registry.host}/app:1`], layers: [[{ name: 'a', content: noise(3_000_000) }]] });
  assert.is(await refusal(clientOf(registry).push(store.images, 'app:1'), registry), 'denied: denied: requested access to the resource is denied');
  registry.auth!.uses = 2;
  const client = clientOf(registry, { credentials: { username: 'alice', password: 's3cret' } });
  await client.push(store.images, 'app:1');
  assert.equal([...registry.repository('app').manifests.keys()].filter((name) => !name.includes(':')), ['1'], 'tokens ran out on the way');
}, { auth: { kind: 'bearer', users: { alice: 's3cret' }, anonymous: true } });

withRegistry('which tags are meant', async (registry, store) => {
  await load(store, { tags: ['app:2', 'app:1', 'app:latest', 'other/app:3'] });
  const meant = (name: string, all = false): string => tagsToPush(store.images.store, parseReference(name), all).map(({ tag }) => tag).join(' ');
  assert.is(meant('app:1'), '1');
  assert.is(meant('app', true), '1 2 latest');
  assert.is(await refusal((async () => meant('app:9'))(), registry), 'not-found: An image does not exist locally with the tag: app');
  assert.is(await refusal((async () => meant('none', true))(), registry), 'not-found: An image does not exist locally with the tag: none');
});

test.run();
