// Pulling: every form of image, what is asked for and what is not, who asks, and registries that misbehave. Nothing half-made is ever visible.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Images } from '../../src/engine/images.ts';
import { tagsOf } from '../../src/oci/registry/index.ts';
import { memoryStore } from '../oci/archives.ts';
import { answer, refuse } from './answers.ts';
import { clientOf, refusal } from './client.ts';
import { addImage, addIndex, types } from './images.ts';
import { digestOf, type Fault, TestRegistry, type TestRegistryOptions } from './server.ts';
import { withRegistry } from './with-registry.ts';

const noise = (size: number, seed = 'x'): Buffer => Buffer.concat(Array.from({ length: Math.ceil(size / 32) }, (_, i) => createHash('sha256').update(`${seed}${i}`).digest())).subarray(0, size);
const big = (size = 300_000, seed = 'x'): { name: string; content: Buffer }[] => [{ name: `big-${seed}`, content: noise(size, seed) }];

/** Tags and digests. */
const names = ({ store }: Images): string[] => store.images().flatMap((image) => [...image.names]).sort();
const untouched = (images: Images): void => assert.equal(images.store.images(), []);

for (const docker of [false, true]) {
  withRegistry(`an image in ${docker ? 'Docker\'s' : 'OCI\'s'} form, its documents and blobs byte for byte`, async (registry, { images }) => {
    const remote = await addImage(registry, 'team/app', '1', { docker, layers: [[{ name: 'a', content: '1' }], [{ name: 'b', content: '2' }], []] });
    const client = clientOf(registry);
    const { image, digest, isNew } = await client.pull(images, 'team/app:1');
    assert.is(digest, remote.digest);
    assert.ok(isNew);
    assert.is(image.id, remote.config);
    assert.equal(names(images), [`${registry.host}/team/app:1`, `${registry.host}/team/app@${remote.digest}`]);
    for (const blob of [...remote.layers, remote.config, remote.digest]) assert.ok(images.store.blob(blob).size > 0);
    const layers = remote.layers.map((blob) => blob.slice(7, 19));
    assert.equal(client.lines, [
      '1: Pulling from team/app', ...layers.map((id) => `${id}: Pulling fs layer`), ...client.lines.slice(4, -1), `Digest: ${remote.digest}`,
    ]);
    assert.equal(client.lines.slice(4, -1).sort(), layers.flatMap((id) => [`${id}: Download complete`, `${id}: Pull complete`]).sort());
    registry.take();
    const again = await client.pull(images, 'team/app:1');
    assert.not(again.isNew);
    assert.equal(registry.take(), ['HEAD /v2/team/app/manifests/1'], 'nothing is fetched twice');
  });
}

withRegistry('a tag that moved: only what is new comes, and the old image stays without its tag', async (registry, { images }) => {
  const client = clientOf(registry);
  const base = big(5000, 'base');
  const first = await addImage(registry, 'app', 'latest', { layers: [base, [{ name: 'a', content: '1' }]] });
  await client.pull(images, 'app');
  const second = await addImage(registry, 'app', 'latest', { layers: [base, [{ name: 'a', content: '2' }]] });
  registry.take();
  const { image, isNew } = await client.pull(images, 'app');
  assert.ok(isNew);
  assert.is(image.id, second.config);
  assert.not(registry.take().some((line) => line.includes(first.layers[0]!)));
  assert.equal(client.lines.filter((line) => line.includes('Already')), [`${first.layers[0]!.slice(7, 19)}: Already exists`]);
  assert.equal(images.store.images().find(({ id }) => id === first.config)!.names, [`${registry.host}/app@${first.digest}`]);
});

withRegistry('by digest, by name and digest, and the whole list of tags over its pages', async (registry, { images }) => {
  for (const tag of ['a', 'b', 'c', 'd', 'e']) await addImage(registry, 'app', tag, { config: { Labels: { tag } } });
  const { digest } = registry.manifest('app', 'c')!;
  const client = clientOf(registry);
  const { image } = await client.pull(images, `app@${digest}`);
  assert.equal(image.names, [`${registry.host}/app@${digest}`]);
  assert.is(client.lines[0], `${registry.host}/app@${digest}: Pulling from app`);
  assert.is((await client.pull(images, `app:a@${digest}`)).image.id, image.id, 'the digest counts');
  assert.equal(names(images), [`${registry.host}/app@${digest}`]);
  assert.equal(await tagsOf(client.registry, 'app'), ['a', 'b', 'c', 'd', 'e']);
  assert.match(await refusal(tagsOf(client.registry, 'nope'), registry), /^not-found: name unknown: repository name not known to registry$/);
}, { page: 2 });

withRegistry('links of pages may be whole URLs', async (registry) => {
  for (const tag of ['a', 'b', 'c']) await addImage(registry, 'app', tag);
  assert.equal(await tagsOf(clientOf(registry).registry, 'app'), ['a', 'b', 'c']);
}, { page: 1, absolute: true });

withRegistry('layers: packed with zstd, plain, the same twice, empty', async (registry, { images }) => {
  const same = [{ name: 'same', content: 'x'.repeat(1000) }];
  const plain = await addImage(registry, 'app', 'plain', { pack: (tar) => tar, layerType: 'application/vnd.oci.image.layer.v1.tar', layers: [same, [{ name: 'b', content: '' }]] });
  const client = clientOf(registry);
  assert.is((await client.pull(images, 'app:plain')).image.id, plain.config);
  const twice = await addImage(registry, 'app', 'twice', { layers: [same, [{ name: '.wh.same', content: '' }], same] });
  registry.take();
  assert.is((await client.pull(images, 'app:twice')).image.layers.length, 3);
  assert.is(registry.take().filter((line) => line.endsWith(twice.layers[0]!)).length, 1);
  assert.is(client.lines.filter((line) => line === `${twice.layers[0]!.slice(7, 19)}: Pull complete`).length, 1);
});

withRegistry('an index: the best manifest for the platform', async (registry, { images }) => {
  const make = (architecture: string, variant?: string) => addImage(registry, 'app', `x${architecture}${variant ?? ''}`, { architecture, ...(variant ? { variant } : {}), config: { Labels: { variant: variant ?? '' } } });
  const [amd, amdV2, amdV3, arm64, armV6, armV7] = [await make('amd64'), await make('amd64', 'v2'), await make('amd64', 'v3'), await make('arm64', 'v8'), await make('arm', 'v6'), await make('arm', 'v7')];
  const attestation = { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } };
  const all = [[amdV3, { architecture: 'amd64', variant: 'v3' }], [armV6, { architecture: 'arm', variant: 'v6' }], [amd, { architecture: 'unknown', os: 'unknown' }, attestation], [arm64, { architecture: 'arm64', variant: 'v8' }],
    [armV7, { architecture: 'arm', variant: 'v7' }], [amdV2, { architecture: 'amd64', variant: 'v2' }], [amd, { architecture: 'amd64' }]] as const;
  const index = addIndex(registry, 'app', 'multi', all);
  const client = clientOf(registry);
  const got = async (tag: string, platform?: { os: string; architecture: string; variant?: string }): Promise<string> => (await client.pull(images, `app:${tag}`, platform ? { platform } : {})).image.id;
  assert.is(await got('multi'), amd.config);
  assert.equal(images.store.images()[0]!.repoDigests, [`${registry.host}/app@${index}`], 'the digest is the index\'s');
  assert.is(await got('multi', { os: 'linux', architecture: 'arm64' }), arm64.config);
  assert.is(await got('multi', { os: 'linux', architecture: 'arm' }), armV7.config);
  assert.is(await got('multi', { os: 'linux', architecture: 'arm', variant: 'v6' }), armV6.config);
  assert.is(await got('multi', { os: 'linux', architecture: 'amd64', variant: 'v2' }), amdV2.config);
  assert.is(await got('multi'), amd.config, 'and back');
  assert.is(await refusal(got('multi', { os: 'linux', architecture: 's390x' }), registry), 'no-platform: no matching manifest for linux/s390x in the manifest list entries');
  addIndex(registry, 'app', 'nested', [[{ digest: index, size: 1, mediaType: types.index, config: '', layers: [], diffIds: [] }, { architecture: 'amd64' }]], true);
  assert.is(await got('nested'), amd.config);
});

withRegistry('an image for one platform is taken whatever platform is asked for, with a warning', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  const client = clientOf(registry);
  await client.pull(images, 'app:1', { platform: { os: 'linux', architecture: 'arm64' } });
  assert.ok(client.lines.includes(`WARNING: image with reference ${registry.host}/app:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64`));
});

// --- what is not there, or not to be read ---

withRegistry('what is not there', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  const client = clientOf(registry);
  const zeros = `sha256:${'0'.repeat(64)}`;
  assert.is(await refusal(client.pull(images, 'app:2'), registry), 'not-found: manifest for HOST/app:2 not found: manifest unknown: manifest unknown');
  assert.is(await refusal(client.pull(images, 'app'), registry), 'not-found: manifest for HOST/app:latest not found: manifest unknown: manifest unknown');
  assert.is(await refusal(client.pull(images, `app@${zeros}`), registry), `not-found: manifest for HOST/app@${zeros} not found: manifest unknown: manifest unknown`);
  registry.faults = [({ method }, response) => method === 'GET' && refuse(response, 403, 'DENIED', 'requested access to the resource is denied')];
  assert.is(await refusal(client.pull(images, 'app:2'), registry), 'denied: pull access denied for HOST/app, repository does not exist or may require \'wherry login\': denied: requested access to the resource is denied');
  untouched(images);
});

withRegistry('schema 1, artifacts and nonsense are refused by name', async (registry, { images }) => {
  const client = clientOf(registry);
  registry.addManifest('app', 'old', 'application/vnd.docker.distribution.manifest.v1+prettyjws', { schemaVersion: 1, name: 'app', fsLayers: [] });
  assert.match(await refusal(client.pull(images, 'app:old'), registry), /^unsupported: Docker Image Format v1 and Docker Image manifest version 2, schema 1/);
  await addImage(registry, 'app', 'chart', { change: (manifest) => { (manifest['config'] as { mediaType: string }).mediaType = 'application/vnd.cncf.helm.config.v1+json'; } });
  assert.is(await refusal(client.pull(images, 'app:chart'), registry), 'unsupported: Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching');
  registry.addManifest('app', 'text', types.manifest, '<html>');
  assert.match(await refusal(client.pull(images, 'app:text'), registry), /not JSON|JSON/);
  untouched(images);
});

// --- bytes that are wrong ---

const wrongs: [what: string, change: (registry: TestRegistry, layer: string, config: string) => Promise<void> | void, message: RegExp][] = [
  ['a layer with another content', (registry, layer) => { registry.blobs.set(layer, noise(registry.blobs.get(layer)!.length)); }, /^bad-content: filesystem layer verification failed for digest sha256:/],
  ['a layer that is shorter', (registry, layer) => { registry.blobs.set(layer, registry.blobs.get(layer)!.subarray(1)); }, /unexpected EOF|verification failed/],
  ['a layer that is longer', (registry, layer) => { registry.blobs.set(layer, Buffer.concat([registry.blobs.get(layer)!, Buffer.alloc(9)])); }, /^bad-content: blob sha256:\S+ has more than the \d+ bytes of its descriptor$/],
  ['another configuration', (registry, _, config) => { registry.blobs.set(config, Buffer.from('{}')); }, /^bad-content: image config verification failed for digest sha256:/],
  ['a manifest that is not what its header says', (registry) => { registry.faults = [({ method, url }, response) => method === 'GET' && url.pathname.includes('/manifests/') && answer(response, 200, { 'content-type': types.manifest, 'docker-content-digest': `sha256:${'1'.repeat(64)}` }, registry.manifest('app', '1')!.bytes.toString().replace('{', '{ '))]; }, /^bad-content: manifest verification failed for digest sha256:/],
  ['a gzip stream that ends too early', async (registry) => { await addImage(registry, 'app', '1', { layers: [big()], pack: (tar) => gzipSync(tar).subarray(0, 100_000) }); }, /unexpected end|truncated|bad-archive|damaged/i],
  ['a layer that is no tar', async (registry) => { await addImage(registry, 'app', '1', { pack: () => gzipSync(noise(5000)) }); }, /digest|tar/],
  ['a configuration that names another layer', async (registry) => {
    const other = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf('other')] } });
    await addImage(registry, 'app', '1', { change: (manifest) => { manifest['config'] = { mediaType: types.config, digest: registry.addBlob('app', other), size: other.length }; } });
  }, /digest-mismatch|bad-content|does not match/],
  ['a configuration with fewer layers', async (registry) => {
    const other = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
    await addImage(registry, 'app', '1', { change: (manifest) => { manifest['config'] = { mediaType: types.config, digest: registry.addBlob('app', other), size: other.length }; } });
  }, /^bad-content: the configuration names 0 layers and the manifest 1$/],
];

for (const [what, change, message] of wrongs) {
  withRegistry(`refused, and nothing stays: ${what}`, async (registry, { images, files }) => {
    const remote = await addImage(registry, 'app', '1', { layers: [big()] });
    await change(registry, remote.layers[0]!, remote.config);
    assert.match(await refusal(clientOf(registry).pull(images, 'app:1'), registry), message);
    untouched(images);
    assert.equal(files().filter((path) => /\/(oci|layers|chains)\//.test(path)), []);
  });
}

// --- connections and servers that fail ---

/** Sends a blob up to `bytes` and cuts the connection, so often. */
function dies(registry: TestRegistry, bytes: number, times: number): Fault {
  return ({ method, url, headers }, response) => {
    const blob = registry.blobs.get(url.pathname.split('/blobs/')[1] ?? '');
    if (method !== 'GET' || !blob || blob.length < bytes || times-- <= 0) return false;
    const from = Number(/bytes=(\d+)/.exec(headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(blob.length - from), ...(from > 0 ? { 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` } : {}) });
    response.write(blob.subarray(from, from + bytes), () => { setTimeout(() => response.destroy(), 20); });
    return true;
  };
}

withRegistry('a connection that breaks: the rest is asked for by range', async (registry, { images }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(2_000_000)] });
  registry.faults = [dies(registry, 700_000, 2)];
  const client = clientOf(registry);
  assert.is((await client.pull(images, 'app:1')).image.id, remote.config);
  const ranges = registry.asked.filter(({ url }) => url.pathname.endsWith(remote.layers[0]!)).map(({ headers }) => headers.range);
  assert.is(ranges.length, 3);
  assert.is(ranges[0], undefined);
  assert.ok(ranges.slice(1).every((range) => Number(/^bytes=(\d+)-$/.exec(range!)?.[1]) > 100_000), String(ranges));
});

withRegistry('a registry that knows no ranges sends all again', async (registry, { images }) => {
  await addImage(registry, 'app', '1', { layers: [big(2_000_000)] });
  registry.faults = [dies(registry, 700_000, 1), ({ headers }) => { delete (headers as Record<string, string>)['range']; }];
  await clientOf(registry).pull(images, 'app:1');
});

withRegistry('a registry that sends another range than was asked for is not believed', async (registry, { images }) => {
  await addImage(registry, 'app', '1', { layers: [big(2_000_000)] });
  registry.faults = [dies(registry, 700_000, 1), ({ headers }) => { if (headers.range) headers.range = 'bytes=5-'; }];
  assert.match(await refusal(clientOf(registry).pull(images, 'app:1'), registry), /^bad-content: blob sha256:\S+: the registry sent another part than was asked for$/);
  untouched(images);
});

withRegistry('a connection that breaks without end: given up, and the next pull goes on where it was', async (registry, { images, files }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(2_000_000)] });
  registry.faults = [dies(registry, 1_000_000, 1), ({ url }, response) => { if (!url.pathname.endsWith(remote.layers[0]!)) return false; response.destroy(); return true; }];
  const client = clientOf(registry);
  assert.match(await refusal(client.pull(images, 'app:1'), registry), /^unreachable: /);
  assert.ok(client.waits.length >= 4 && client.waits.every((ms, i) => i === 0 || ms >= client.waits[i - 1]!), `back-off: ${client.waits}`);
  untouched(images);
  assert.is(files().filter((path) => path.includes('/left/')).length, 1);
  registry.faults = [];
  registry.asked.length = 0;
  assert.is((await clientOf(registry).pull(images, 'app:1')).image.id, remote.config);
  const range = registry.asked.find(({ url }) => url.pathname.endsWith(remote.layers[0]!))!.headers.range;
  assert.ok(Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]) > 500_000, range);
  assert.equal(files().filter((path) => path.includes('/left/')), []);
});

withRegistry('what an earlier process left is wrong: all is fetched again', async (registry, { images, folder }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(500_000)] });
  for (const bytes of [noise(200_000, 'y'), noise(900_000, 'y')]) {
    const file = folder.resume(`blob-${remote.layers[0]!.slice(7)}`);
    file.append(bytes);
    file.leave();
    const { image } = await clientOf(registry).pull(images, 'app:1');
    assert.is(image.id, remote.config);
    images.store.remove(image.id, { force: true });
  }
});

withRegistry('busy servers: tried again after what Retry-After says, else with growing pauses', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  let left = 2;
  registry.faults = [({ url }, response) => url.pathname.includes('/blobs/') && left-- > 0 && refuse(response, 429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '7' })];
  const client = clientOf(registry);
  await client.pull(images, 'app:1');
  assert.equal(client.waits, [7000, 7000]);
  registry.faults = [({ url }, response) => url.pathname.includes('/manifests/') && refuse(response, 429, 'TOOMANYREQUESTS', 'come back tomorrow', { 'retry-after': '86400' })];
  assert.match(await refusal(client.pull(images, 'app:1'), registry), /^rate-limited: /);
  assert.is(client.waits.length, 2, 'nobody waits so long');
  left = 3;
  registry.faults = [({ url }, response) => url.pathname.includes('/manifests/') && left-- > 0 && answer(response, 503)];
  await client.pull(images, 'app:1');
  assert.equal(client.waits.slice(2), [500, 1000, 2000]);
  registry.faults = [({ url }, response) => url.pathname.includes('/manifests/') && answer(response, 500)];
  assert.is(await refusal(client.pull(images, 'app:1'), registry), 'refused: Head "http://HOST/v2/app/manifests/1": received unexpected HTTP status: 500 Internal Server Error');
  registry.faults = [({ method }, response) => method !== 'HEAD' && refuse(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.')];
  assert.is(await refusal(client.pull(images, 'app:2'), registry), 'rate-limited: toomanyrequests: You have reached your pull rate limit.');
});

withRegistry('a layer that fails ends the others, and the error is its own', async (registry, { images }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(400_000, 'a'), big(400_000, 'b'), big(400_000, 'c'), big(400_000, 'd')] });
  registry.faults = [({ url }, response) => url.pathname.endsWith(remote.layers[2]!) && refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry')];
  assert.match(await refusal(clientOf(registry).pull(images, 'app:1'), registry), /^not-found: .*blob unknown: blob unknown to registry$/);
  untouched(images);
});

withRegistry('two pulls of one image at once', async (registry, { images }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(400_000, 'a'), big(400_000, 'b')] });
  const both = await Promise.all([clientOf(registry).pull(images, 'app:1'), clientOf(registry).pull(images, 'app:1')]);
  assert.equal(both.map(({ image }) => image.id), [remote.config, remote.config]);
  assert.is(images.store.images().length, 1);
});

withRegistry('at most three layers come at the same time', async (registry, { images }) => {
  await addImage(registry, 'app', '1', { layers: Array.from({ length: 8 }, (_, i) => big(20_000, String(i))) });
  let now = 0;
  let most = 0;
  registry.faults = [async ({ url, method }, response) => {
    if (method !== 'GET' || !url.pathname.includes('/blobs/')) return;
    most = Math.max(most, ++now);
    response.on('close', () => { now--; });
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }];
  await clientOf(registry).pull(images, 'app:1');
  assert.is(most, 3);
});

withRegistry('blobs elsewhere: redirects are followed without telling who asks, and without end they are not', async (registry, { images }) => {
  const remote = await addImage(registry, 'app', '1', { layers: [big(50_000)] });
  const other = await TestRegistry.start();
  try {
    other.faults = [({ url }, response) => { response.end(registry.blobs.get(url.pathname.slice(1))); return true; }];
    registry.faults = [({ url, method }, response) => method === 'GET' && url.pathname.includes('/blobs/') && answer(response, 307, { location: `${other.origin}/${url.pathname.split('/blobs/')[1]}` })];
    await clientOf(registry, { credentials: { username: 'alice', password: 's3cret' }, headers: { 'x-own': 'secret' } }).pull(images, 'app:1');
    assert.ok(registry.asked.some(({ headers }) => headers.authorization?.startsWith('Basic ')) && registry.asked.every(({ headers }) => headers['x-own'] === 'secret'));
    assert.is(other.asked.length, 2);
    assert.ok(other.asked.every(({ headers }) => headers.authorization === undefined && headers['x-own'] === undefined));
    images.store.remove(remote.config, { force: true });
    registry.faults = [({ url }, response) => url.pathname.includes('/blobs/') && answer(response, 302, { location: url.pathname })];
    assert.match(await refusal(clientOf(registry, { credentials: { username: 'alice', password: 's3cret' } }).pull(images, 'app:1'), registry), /^refused: Get ".*": stopped after 10 redirects$/);
  } finally { other.stop(); }
}, { auth: { kind: 'basic', users: { alice: 's3cret' } } });

withRegistry('layers that only lie elsewhere (foreign ones) are fetched from there', async (registry, { images }) => {
  const remote = await addImage(registry, 'app', '1', { docker: true, layerType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', change: (manifest) => { for (const layer of manifest['layers'] as { urls?: string[]; digest: string }[]) layer.urls = ['ftp://no', `${registry.origin}/else/${layer.digest}`]; } });
  registry.repository('app').blobs.delete(remote.layers[0]!);
  registry.faults = [({ url }, response) => { if (!url.pathname.startsWith('/else/')) return false; response.end(registry.blobs.get(url.pathname.slice(6))); return true; }];
  const { image } = await clientOf(registry).pull(images, 'app:1');
  assert.is(image.id, remote.config);
  images.store.tag(image, `${registry.host}/pushed:1`);
  const client = clientOf(registry);
  await client.push(images, 'pushed:1');
  assert.ok(client.lines.includes(`${remote.diffIds[0]!.slice(7, 19)}: Skipped foreign layer`));
  assert.not(registry.repository('pushed').blobs.has(remote.layers[0]!));
});

withRegistry('what the registry has to say is passed on once', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  registry.faults = [(_, response) => { response.setHeader('warning', ['299 - "old \\"API\\""', '299 - "and more"']); }];
  const client = clientOf(registry);
  await client.pull(images, 'app:1');
  assert.equal(client.warnings, ['old "API"', 'and more']);
});

// --- who asks ---

withRegistry('basic: without a password, with a wrong one, with the right one', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  assert.is(await refusal(clientOf(registry).pull(images, 'app:1'), registry), 'unauthorized: Head "http://HOST/v2/app/manifests/1": no basic auth credentials');
  assert.match(await refusal(clientOf(registry, { credentials: { username: 'alice', password: 'x' } }).pull(images, 'app:1'), registry), /^unauthorized: .*unauthorized: authentication required$/);
  await clientOf(registry, { credentials: { username: 'alice', password: 'pass:with:colons' } }).pull(images, 'app:1');
}, { auth: { kind: 'basic', users: { alice: 'pass:with:colons' } } });

withRegistry('bearer: anybody may pull what is public, a token for each repository', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  await clientOf(registry).pull(images, 'app:1');
  const tokens = registry.asked.filter(({ url }) => url.pathname === '/token');
  assert.is(tokens.length, 1);
  assert.equal([...tokens[0]!.url.searchParams], [['scope', 'repository:app:pull'], ['service', 'tests']]);
  assert.is(tokens[0]!.headers.authorization, undefined);
}, { auth: { kind: 'bearer', users: {}, anonymous: true } });

withRegistry('bearer: what is not there and what is not for everybody are told alike', async (registry, { images }) => {
  await addImage(registry, 'hidden', '1');
  for (const name of ['hidden:1', 'hidden']) assert.is(await refusal(clientOf(registry).pull(images, name), registry), 'denied: pull access denied for HOST/hidden, repository does not exist or may require \'wherry login\': denied: requested access to the resource is denied');
  assert.is(registry.asked.filter(({ url }) => url.pathname === '/token').length, 2, 'one token each');
}, { auth: { kind: 'bearer', users: {}, anonymous: true, hidden: ['hidden'] } });

const bearer: TestRegistryOptions = { auth: { kind: 'bearer', users: { alice: 's3cret' }, refresh: true } };

withRegistry('bearer: by password, by refresh token, refused', async (registry, { images }) => {
  await addImage(registry, 'app', '1');
  assert.match(await refusal(clientOf(registry).pull(images, 'app:1'), registry), /^unauthorized: .*unauthorized: incorrect username or password$/);
  const login = clientOf(registry, { credentials: { username: 'alice', password: 's3cret' }, offline: true });
  await login.registry.login();
  const { identityToken } = login.registry;
  assert.ok(identityToken);
  registry.take();
  await clientOf(registry, { credentials: { username: '', identityToken: identityToken! } }).pull(images, 'app:1');
  const [asked] = registry.asked.filter(({ url }) => url.pathname === '/token');
  assert.is(asked!.method, 'POST');
  assert.is(new URLSearchParams(asked!.body.toString()).get('grant_type'), 'refresh_token');
  assert.is(await refusal(clientOf(registry, { credentials: { username: 'alice', password: 'no' } }).registry.login(), registry), 'unauthorized: Get "http://HOST/v2/": unauthorized: incorrect username or password');
}, bearer);

withRegistry('bearer: tokens that run out, early or as they said, are asked for again; without end they are not', async (registry, { images }) => {
  await addImage(registry, 'app', '1', { layers: [big(1000, 'a'), big(1000, 'b')] });
  const credentials = { username: 'alice', password: 's3cret' };
  registry.auth!.uses = 1;
  await clientOf(registry, { credentials }).pull(images, 'app:1');
  registry.auth!.uses = Infinity;
  const client = clientOf(registry, { credentials });
  await client.pull(images, 'app:1');
  client.nowMs += 299_000;
  registry.take();
  await client.pull(images, 'app:1');
  assert.is(registry.take().filter((line) => line.endsWith('/token')).length, 1);
  registry.auth!.uses = 0;
  assert.match(await refusal(clientOf(registry, { credentials }).pull(images, 'app:1'), registry), /^unauthorized: /);
  assert.ok(registry.take().length < 12);
}, bearer);

test('addresses that nobody answers on', async () => {
  const gone = await TestRegistry.start();
  const { host } = gone;
  gone.stop();
  assert.is(await refusal(clientOf({ host }).pull(memoryStore().images, 'app:1'), { host }), 'unreachable: Get "http://HOST/v2/": dial tcp HOST: connect: connection refused');
});

test.run();
