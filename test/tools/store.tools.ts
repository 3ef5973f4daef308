// What comes in from real tools, and the store as they see it: archives of skopeo, podman and buildah in every form, compressed by gzip and zstd; skopeo and umoci open the store where it lies.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Images } from '../../src/engine/images.ts';
import type { Image } from '../../src/oci/index.ts';
import { faults } from '../oci/whole.ts';
import { at, fileSource, has, imageIn, isRoot, newStore, save, tool } from './images.ts';
import { linesOfFolder, linesOfInode } from './trees.ts';

/** What every container has besides its image. */
const containerFiles = /^(\.dockerenv|dev|dev\/.*|etc\/(hostname|hosts|mtab|resolv\.conf)|proc|sys) /;
const tree = (images: Images, image: Image): string[] => linesOfInode(images.openRootFs(image, { now: () => 1n }).root).filter((line) => !containerFiles.test(line));

let images: Images;
let image: Image;
test.before(async () => {
  images = newStore('plain');
  image = await imageIn(images, { tags: ['app:1', 'reg.example:5000/team/app:2'] });
  await imageIn(images, { gzip: true, tags: ['packed:1'] });
  await save(images, 'plain.tar', 'app:1');
});

function given(tools: readonly string[], what: string, body: () => Promise<void> | void): void {
  const missing = tools.filter((name) => !has(name));
  if (!isRoot) missing.push('root');
  if (missing.length > 0) test.skip(`${what} (needs ${missing.join(', ')})`, body);
  else test(what, body);
}

/** Loads an archive into a store of its own: the same image. */
async function assertSame(archive: string, names?: readonly string[]): Promise<void> {
  const store = newStore(`store-${archive}`);
  const loaded = await store.store.load(fileSource(at(archive)), archive);
  for (const one of loaded) {
    assert.equal(one.image.config.rootfs.diff_ids, image.config.rootfs.diff_ids, archive);
    assert.equal(tree(store, one.image), tree(images, image), archive);
  }
  assert.equal(faults(store), [], archive);
  if (names) assert.equal(loaded.flatMap((one) => one.names).sort(), [...names].sort(), archive);
}

const copy = (...args: string[]): string => tool('skopeo', 'copy', '-q', '--insecure-policy', ...args);

given(['skopeo'], 'skopeo opens the store by each of its names', () => {
  for (const name of ['docker.io/library/app:1', 'reg.example:5000/team/app:2', 'docker.io/library/packed:1']) {
    const found = JSON.parse(tool('skopeo', 'inspect', `oci:plain/oci:${name}`)) as { Digest: string; Layers: string[] };
    const ours = images.store.find(name);
    assert.equal([found.Digest, found.Layers], [ours.manifestDigest, ours.layers.map((layer) => layer.blob.digest)]);
  }
  copy('--preserve-digests', 'oci:plain/oci:docker.io/library/app:1', 'dir:from-store');
  assert.ok(Buffer.compare(readFileSync(at('from-store/manifest.json')), image.manifestBytes) === 0);
});

given(['skopeo'], 'what skopeo writes into the store can be run', async () => {
  const store = newStore('written');
  await store.store.load(fileSource(at('plain.tar')), 'plain.tar');
  store.store.remove('app:1');
  for (const [format, tag] of [['gzip', 'a:1'], ['zstd', 'b:1']] as const) {
    copy('--dest-compress-format', format, 'docker-archive:plain.tar', `oci:written/oci:${tag}`);
    const theirs = store.store.find(tag);
    await store.store.adopt(theirs);
    assert.equal(tree(store, theirs), tree(images, image));
  }
  assert.equal(faults(store), []);
  store.store.prune();
  assert.equal(faults(store), []);
});

given(['umoci', 'getfattr'], 'umoci lists the store and unpacks from it', () => {
  assert.equal(tool('umoci', 'ls', '--layout', 'plain/oci').trim().split('\n').sort(), ['docker.io/library/app:1', 'docker.io/library/packed:1', 'reg.example:5000/team/app:2']);
  for (const name of ['app:1', 'packed:1']) {
    tool('umoci', 'stat', '--image', `plain/oci:docker.io/library/${name}`);
    tool('umoci', 'unpack', '--image', `plain/oci:docker.io/library/${name}`, `bundle-${name}`);
    assert.equal(linesOfFolder(at(`bundle-${name}/rootfs`)), tree(images, image));
  }
});

given(['skopeo'], 'skopeo writes: docker-archive, oci-archive with a name, with a tag only, without one', async () => {
  copy('docker-archive:plain.tar', 'docker-archive:skopeo-docker.tar:app:1');
  await assertSame('skopeo-docker.tar', ['app:1']);
  for (const [reference, names] of [[':app:2', ['app:2']], [':docker.io/library/app:3', ['app:3']], [':latest', []], ['', []]] as const) {
    copy('docker-archive:plain.tar', `oci-archive:skopeo-oci${reference.replace(/\W/g, '_')}.tar${reference}`);
    await assertSame(`skopeo-oci${reference.replace(/\W/g, '_')}.tar`, names);
  }
});

given(['skopeo', 'tar', 'zstd'], 'layers and archives of zstd', async () => {
  for (const level of ['1', '19']) {
    copy('--dest-compress-format', 'zstd', '--dest-compress-level', level, 'docker-archive:plain.tar', `oci:zstd-layout-${level}:app:1`);
    tool('tar', 'cf', `zstd-layers-${level}.tar`, '-C', `zstd-layout-${level}`, '.');
    assert.match(readFileSync(at(`zstd-layout-${level}/index.json`), 'utf8'), /app:1/);
    await assertSame(`zstd-layers-${level}.tar`, ['app:1']);
  }
  for (const [name, options] of [['usual', []], ['best', ['--ultra', '-22', '--long=27']], ['fast', ['--fast=5', '--no-check']]] as const) {
    tool('zstd', '-q', ...options, 'plain.tar', '-o', `${name}.tar.zst`);
    await assertSame(`${name}.tar.zst`, ['app:1']);
  }
  const bytes = readFileSync(at('plain.tar'));
  const parts = [bytes.subarray(0, 5000), bytes.subarray(5000, 5001), bytes.subarray(5001)].map((part, i) => {
    writeFileSync(at(`part${i}`), part);
    return i;
  });
  for (const i of parts) tool('zstd', '-q', `part${i}`);
  const skippable = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  writeFileSync(at('frames.tar.zst'), Buffer.concat([skippable, ...parts.flatMap((i) => [readFileSync(at(`part${i}.zst`)), skippable])]));
  await assertSame('frames.tar.zst', ['app:1']);
  for (const i of parts) tool('gzip', '-k', `part${i}`);
  writeFileSync(at('members.tar.gz'), Buffer.concat(parts.map((i) => readFileSync(at(`part${i}.gz`)))));
  await assertSame('members.tar.gz', ['app:1']);
});

given(['podman', 'buildah'], 'podman and buildah: several images in one archive, an image that was built', async () => {
  const storage = ['--root', at('pod/root'), '--runroot', at('pod/run'), '--storage-driver=vfs'];
  const podman = (...args: string[]): string => tool('podman', ...storage, '--cgroup-manager=cgroupfs', '--events-backend=none', ...args);
  podman('load', '-q', '-i', 'plain.tar');
  podman('tag', 'app:1', 'localhost/app:1', 'localhost/other:2');
  podman('save', '-q', '-m', '-o', 'podman-multi.tar', 'localhost/app:1', 'localhost/other:2');
  await assertSame('podman-multi.tar', ['localhost/app:1', 'localhost/other:2']);
  mkdirSync(at('context'));
  writeFileSync(at('context/Dockerfile'), 'FROM localhost/app:1\nENV A=b\nCOPY added /added\n');
  writeFileSync(at('context/added'), 'new');
  tool('buildah', ...storage, 'bud', '--isolation', 'chroot', '--pull-never', '-q', '-t', 'localhost/built:3', 'context');
  for (const target of ['oci-archive:built-oci.tar:localhost/built:3', 'docker-archive:built-docker.tar:localhost/built:3']) {
    tool('buildah', ...storage, 'push', '-q', 'localhost/built:3', target);
    const archive = target.split(':')[1]!;
    const store = newStore(`store-${archive}`);
    const [loaded] = await store.store.load(fileSource(at(archive)), archive);
    assert.equal(loaded!.names, ['localhost/built:3']);
    assert.ok(loaded!.image.config.config?.Env?.includes('A=b'));
    assert.equal(tree(store, loaded!.image).filter((line) => !line.startsWith('added ')).length, tree(images, image).length);
    assert.equal(faults(store), []);
  }
});

test.run();
