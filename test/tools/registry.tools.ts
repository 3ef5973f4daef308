// Debian's docker-registry and skopeo: what is pushed here is pulled there byte for byte, and the other way round, in every form that skopeo writes.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Images } from '../../src/engine/images.ts';
import { tagsOf } from '../../src/oci/registry/index.ts';
import { faults } from '../oci/whole.ts';
import { clientOf, refusal } from '../registry/client.ts';
import { digestOf } from '../registry/server.ts';
import { at, has, imageIn, newStore, save, tool } from './images.ts';
import { linesOfInode } from './trees.ts';

const registries: ChildProcess[] = [];
let open = { host: '' };
let closed = { host: '' };
let images: Images;

const freePort = (): Promise<number> => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => done(port));
  });
});

/** A docker-registry of its own. */
async function start(name: string, auth = ''): Promise<{ host: string }> {
  const host = `127.0.0.1:${await freePort()}`;
  writeFileSync(at(`${name}.yml`), `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${at(name)}}, delete: {enabled: true}}\nhttp: {addr: ${host}}\n${auth}`);
  registries.push(spawn('docker-registry', ['serve', at(`${name}.yml`)], { stdio: 'ignore' }));
  for (let tries = 0; tries < 300; tries++) {
    try { if ((await fetch(`http://${host}/v2/`)).status < 500) return { host }; } catch { /* not yet */ }
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error('docker-registry does not answer');
}

const tools = ['docker-registry', 'skopeo'];
const missing = tools.filter((name) => !has(name));

function given(what: string, body: () => Promise<void> | void, more: readonly string[] = []): void {
  const lacking = [...missing, ...more.filter((name) => !has(name))];
  if (lacking.length > 0) test.skip(`${what} (needs ${lacking.join(', ')})`, body);
  else test(what, body);
}

test.before(async () => {
  if (missing.length > 0) return;
  open = await start('open');
  images = newStore('registry-plain');
  await imageIn(images, { tags: [`${open.host}/team/app:1`] });
  await imageIn(images, { gzip: true, tags: [`${open.host}/team/packed:1`] });
  await save(images, 'app.tar', `${open.host}/team/app:1`);
});

test.after(() => { for (const registry of registries) registry.kill(); });

const skopeo = (...args: string[]): string => tool('skopeo', ...args);
const copy = (...args: string[]): string => skopeo('copy', '-q', '--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false', ...args);
const tree = (of: Images, name: string): string[] => linesOfInode(of.openRootFs(of.store.find(name), { now: () => 1n }).root);

given('what is pushed: skopeo pulls the same bytes', async () => {
  for (const name of ['team/app:1', 'team/packed:1']) {
    const { digest } = await clientOf(open).push(images, name);
    const shown = JSON.parse(skopeo('inspect', '--tls-verify=false', `docker://${open.host}/${name}`)) as { Digest: string; Layers: string[]; RepoTags: string[] };
    const own = images.store.find(`${open.host}/${name}`);
    assert.equal([shown.Digest, shown.Layers, shown.RepoTags], [digest, own.layers.map(({ blob }) => blob.digest), ['1']]);
    copy('--preserve-digests', `docker://${open.host}/${name}`, 'dir:pulled');
    assert.is(digestOf(readFileSync(at('pulled/manifest.json'))), digest);
    copy(`docker://${open.host}/${name}`, `docker-archive:pulled-${name.replace(/\W/g, '')}.tar`);
    const again = clientOf(open);
    await again.push(images, name);
    assert.not(again.lines.some((line) => line.endsWith('Pushed')), 'nothing is sent twice');
  }
  assert.equal(faults(images), []);
});

for (const [format, compression] of [['oci', 'gzip'], ['oci', 'zstd'], ['v2s2', 'gzip']] as const) {
  given(`what skopeo pushes is pulled: ${format} with ${compression}`, async () => {
    const name = `skopeo/${format}${compression}:1`;
    copy('--format', format, '--dest-compress-format', compression, 'docker-archive:app.tar', `docker://${open.host}/${name}`);
    const store = newStore(`from-${format}-${compression}`);
    const { image, digest } = await clientOf(open).pull(store, name);
    assert.is(digest, (JSON.parse(skopeo('inspect', '--tls-verify=false', `docker://${open.host}/${name}`)) as { Digest: string }).Digest);
    assert.equal(image.config.rootfs.diff_ids, images.store.find(`${open.host}/team/app:1`).config.rootfs.diff_ids);
    assert.equal(tree(store, `${open.host}/${name}`), tree(images, `${open.host}/team/app:1`));
    assert.equal(faults(store), []);
    store.store.tag(image, `${open.host}/mounted/${format}${compression}:2`);
    const client = clientOf(open);
    assert.is((await client.push(store, `mounted/${format}${compression}:2`)).digest, digest);
    assert.ok(client.lines.filter((line) => line.includes('Mounted from')).length > 0);
  });
}

given('skopeo refuses what was tampered with, and so do we', async () => {
  copy('docker-archive:app.tar', `docker://${open.host}/bad:1`);
  const [layer = ''] = (JSON.parse(skopeo('inspect', '--tls-verify=false', `docker://${open.host}/bad:1`)) as { Layers: string[] }).Layers;
  const hex = layer.slice(7);
  const path = at(`open/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  const store = newStore('bad');
  assert.match(await refusal(clientOf(open).pull(store, 'bad:1'), open), /^bad-content: filesystem layer verification failed for digest sha256:/);
  assert.equal(store.store.images(), []);
  assert.throws(() => copy(`docker://${open.host}/bad:1`, 'oci:bad-out:1'));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  await clientOf(open).pull(store, 'bad:1');
});

given('tags over pages, by name and digest, and what is not there', async () => {
  for (let i = 0; i < 120; i++) images.store.tag(`${open.host}/team/packed:1`, `${open.host}/many:t${i}`);
  for (const tag of Array.from({ length: 120 }, (_, i) => `t${i}`)) await clientOf(open).push(images, `many:${tag}`);
  assert.is((await tagsOf(clientOf(open).registry, 'many')).length, 120);
  assert.is(await refusal(clientOf(open).pull(newStore('none'), 'none:1'), open), 'not-found: manifest for HOST/none:1 not found: manifest unknown: manifest unknown');
});

given('passwords (htpasswd), in both directions', async () => {
  const line = execFileSync('htpasswd', ['-nbB', 'alice', 's3:cret']).toString().trim();
  writeFileSync(at('htpasswd'), `${line}\n`);
  closed = await start('closed', `auth: {htpasswd: {realm: test, path: ${at('htpasswd')}}}\n`);
  images.store.tag(`${open.host}/team/app:1`, `${closed.host}/app:1`);
  assert.is(await refusal(clientOf(closed).push(images, 'app:1'), closed), 'unauthorized: no basic auth credentials');
  const credentials = { username: 'alice', password: 's3:cret' };
  await clientOf(closed, { credentials }).push(images, 'app:1');
  copy('--src-creds', 'alice:s3:cret', `docker://${closed.host}/app:1`, 'oci:closed-out:1');
  const store = newStore('closed-store');
  await clientOf(closed, { credentials }).pull(store, 'app:1');
  assert.equal(faults(store), []);
  await clientOf(closed, { credentials }).registry.login();
  assert.match(await refusal(clientOf(closed, { credentials: { ...credentials, password: 'x' } }).registry.login(), closed), /^unauthorized: login attempt to http:\/\/HOST\/v2\/ failed with status: 401 Unauthorized$/);
}, ['htpasswd']);

given('a large layer in chunks', async () => {
  execFileSync('dd', ['if=/dev/urandom', `of=${at('large')}`, 'bs=1M', 'count=70'], { stdio: 'ignore' });
  execFileSync('tar', ['-cf', at('large.tar'), '-C', at('.'), 'large']);
  const layout = spawnSync('umoci', ['init', '--layout', at('large-layout')]);
  assert.is(layout.status, 0);
  tool('umoci', 'new', '--image', `${at('large-layout')}:1`);
  tool('umoci', 'raw', 'add-layer', '--image', `${at('large-layout')}:1`, at('large.tar'));
  copy('oci:large-layout:1', `docker://${open.host}/large:1`);
  const store = newStore('large-store');
  const { image } = await clientOf(open).pull(store, 'large:1');
  store.store.tag(image, `${open.host}/elsewhere/large:1`);
  store.store.remove(`${open.host}/large@${image.manifestDigest}`);
  const client = clientOf(open);
  await client.push(store, 'elsewhere/large:1');
  assert.ok(client.lines.some((line) => line.endsWith('Pushed')), client.lines.join('\n'));
  copy(`docker://${open.host}/elsewhere/large:1`, 'oci:large-out:1');
}, ['umoci']);

test.run();
