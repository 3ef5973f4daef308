// What image layouts may hold: several platforms, what BuildKit attests, artifacts, foreign layers, images without layers and with one layer twice, names of every kind.
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeCodecs } from '../../src/host/node/store.ts';
import type { Codecs } from '../../src/host/ports.ts';
import { Images } from '../../src/engine/images.ts';
import { now, read, treeOf } from '../vfs/tree.ts';
import { type Member, tarOf } from '../layers/tars.ts';
import { archiveOf, inMemory, membersOf, memoryStore, sha256, source } from './archives.ts';
import { faults } from './whole.ts';

interface Descriptor { mediaType?: string; digest: string; size: number; annotations?: Record<string, string>; platform?: object }
const types = { index: 'application/vnd.oci.image.index.v1+json', manifest: 'application/vnd.oci.image.manifest.v1+json', config: 'application/vnd.oci.image.config.v1+json', tar: 'application/vnd.oci.image.layer.v1.tar' };
const NAME = 'org.opencontainers.image.ref.name', CONTAINERD = 'io.containerd.image.name';

/** Blobs of a layout under way. */
class Layout {
  readonly blobs = new Map<string, string | Uint8Array>();

  add(mediaType: string, content: string | Uint8Array, more: Partial<Descriptor> = {}): Descriptor {
    const digest = `sha256:${sha256(content)}`;
    this.blobs.set(digest, content);
    return { mediaType, digest, size: Buffer.byteLength(content), ...more };
  }

  async image({ architecture = 'amd64', layers = [[{ name: 'arch', content: architecture }]], more = {}, describe = (d: Descriptor): Descriptor => d }: { architecture?: string; layers?: Member[][]; more?: Partial<Descriptor>; describe?: (layer: Descriptor) => Descriptor } = {}): Promise<Descriptor> {
    const tars = await Promise.all(layers.map((members) => tarOf(members)));
    const config = this.add(types.config, JSON.stringify({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) } }));
    return this.manifest(config, tars.map((tar) => describe(this.add(types.tar, tar))), { platform: { os: 'linux', architecture }, ...more });
  }

  manifest(config: Descriptor, layers: Descriptor[], more: Partial<Descriptor> = {}): Descriptor { return this.add(types.manifest, JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config, layers }), more); }
  index(manifests: Descriptor[], more: Partial<Descriptor> = {}): Descriptor { return this.add(types.index, JSON.stringify({ schemaVersion: 2, manifests }), more); }

  archive(manifests: Descriptor[]): Promise<Uint8Array> {
    const members: Member[] = Array.from(this.blobs, ([digest, content]) => ({ name: `blobs/${digest.replace(':', '/')}`, content }));
    return tarOf([...members, { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' }, { name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) }]);
  }
}

const named = (name: string): Partial<Descriptor> => ({ annotations: { [NAME]: name } });

async function loaded(archive: Uint8Array): Promise<{ names: string[]; text: (name: string) => string }> {
  const { images } = memoryStore();
  const all = await images.store.load(source(archive), 'x');
  assert.equal(faults(images), []);
  return { names: all.flatMap(({ names }) => names), text: (path) => read(treeOf(images.openRootFs(all[0]!.image, { now })), path) };
}

async function refusal(archive: Uint8Array): Promise<string> {
  const { images, files } = memoryStore();
  try { await images.store.load(source(archive), 'x'); } catch (error) {
    assert.is((error as Error).name, 'ImageError', String(error));
    assert.equal(files(), []);
    return (error as Error).message;
  }
  return assert.unreachable('accepted') as never;
}

test('of several platforms, the one that can run; what is attested of an image is none', async () => {
  const layout = new Layout();
  const platforms = [await layout.image({ architecture: 'arm64' }), await layout.image(), await layout.image({ architecture: 's390x' })];
  const attestation = layout.manifest(layout.add(types.config, '{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}'), [], { platform: { os: 'unknown', architecture: 'unknown' }, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } });
  const { names, text } = await loaded(await layout.archive([layout.index([...platforms, attestation], named('multi:1'))]));
  assert.equal(names, ['multi:1']);
  assert.is(text('/arch'), 'amd64');
});

test('platforms whose blobs are not in the archive are left out, and one name may have a manifest for each platform', async () => {
  const layout = new Layout();
  const missing = { ...(await new Layout().image({ architecture: 'arm64' })), digest: `sha256:${'1'.repeat(64)}` };
  assert.equal((await loaded(await layout.archive([layout.index([missing, await layout.image()], named('part:1'))]))).names, ['part:1']);
  const flat = new Layout();
  assert.is((await loaded(await flat.archive([await flat.image({ architecture: 'arm64', more: named('flat:1') }), await flat.image({ more: named('flat:1') })]))).text('/arch'), 'amd64');
});

test('an image for another platform only is refused, alone and beside another image', async () => {
  const layout = new Layout();
  const arm = await layout.image({ architecture: 'arm64', more: named('arm:1') });
  assert.match(await refusal(await layout.archive([layout.index([arm])])), /the image is for linux\/arm64/);
  assert.match(await refusal(await layout.archive([arm, await layout.image({ more: named('amd:1') })])), /the image is for linux\/arm64/);
});

test('artifacts: none is an image; beside an image they are left out', async () => {
  const layout = new Layout();
  const chart = layout.manifest(layout.add('application/vnd.cncf.helm.config.v1+json', '{}'), [], named('chart:1'));
  assert.match(await refusal(await layout.archive([chart])), /no container image in it: sha256:[0-9a-f]{64} is of application\/vnd\.cncf\.helm\.config\.v1\+json/);
  assert.equal((await loaded(await layout.archive([chart, await layout.image({ more: named('app:1') })]))).names, ['app:1']);
});

test('foreign layers: refused by name when they are not in the archive, taken when they are', async () => {
  const layout = new Layout();
  const image = await layout.image({ more: named('win:1'), describe: (layer) => ({ ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar', urls: ['https://example.com/layer'] } as Descriptor) });
  assert.equal((await loaded(await layout.archive([image]))).names, ['win:1']);
  for (const [digest, content] of layout.blobs) if (typeof content !== 'string') layout.blobs.delete(digest);
  assert.match(await refusal(await layout.archive([image])), /layer sha256:[0-9a-f]{64} is foreign/);
});

test('descriptors that lie: sizes, digests, indexes without end', async () => {
  const layout = new Layout();
  const image = await layout.image();
  assert.match(await refusal(await layout.archive([{ ...image, size: image.size + 1 }])), /its descriptor says/);
  assert.match(await refusal(await layout.archive([{ ...image, digest: `sha256:${'2'.repeat(64)}` }])), /is missing from the archive/);
  assert.match(await refusal(await layout.archive([{ ...image, digest: 'sha256:../../../etc/passwd' }])), /index\.json is not an image index/);
  assert.match(await refusal(await layout.archive([{ ...image, digest: `sha512:${'2'.repeat(128)}` }])), /digests of sha512 are not supported/);
  assert.match(await refusal(await layout.archive([{ ...image, annotations: { [NAME]: 5 } } as unknown as Descriptor])), /index\.json is not an image index/);
  let nested = layout.index([image]);
  for (let i = 0; i < 8; i++) nested = layout.index([nested]);
  assert.match(await refusal(await layout.archive([nested])), /nested too deep/);
});

test('names: containerd\'s annotation before the other one; a bare tag and what is no name leave the image without', async () => {
  for (const [annotations, names] of [
    [{ [CONTAINERD]: 'docker.io/library/full:1', [NAME]: '1' }, ['full:1']], [{ [NAME]: 'ghcr.io/x/y:2' }, ['ghcr.io/x/y:2']], [{ [NAME]: 'latest' }, []], [{ [NAME]: 'My Image:1' }, []], [{}, []],
  ] as [Record<string, string>, string[]][]) {
    const layout = new Layout();
    assert.equal((await loaded(await layout.archive([await layout.image({ more: { annotations } })]))).names, names);
  }
});

test('a Docker manifest is kept as it came, and stands in the index a second time in OCI\'s words', async () => {
  const layout = new Layout();
  const oci = await layout.image();
  const said = JSON.parse(String(layout.blobs.get(oci.digest))) as { layers: Descriptor[] };
  layout.blobs.delete(oci.digest);
  const docker = { ...said, mediaType: 'application/vnd.docker.distribution.manifest.v2+json', layers: said.layers.map((layer) => ({ ...layer, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' })) };
  const own = layout.add(docker.mediaType, JSON.stringify(docker), { annotations: { [CONTAINERD]: 'docker.io/library/hub:1', [NAME]: '1' } });
  const { images, folder, files } = memoryStore();
  await images.store.load(source(await layout.archive([own])), 'x');
  const index = (): Descriptor[] => (JSON.parse(new TextDecoder().decode(folder.read('oci/index.json'))) as { manifests: Descriptor[] }).manifests;
  assert.is(images.store.images().length, 1);
  assert.is(images.store.find('hub:1').manifestDigest, own.digest);
  const forOthers = index().filter((d) => d.annotations?.[NAME] !== undefined);
  assert.equal(forOthers.map((d) => [d.mediaType, d.annotations?.[NAME]]), [[types.manifest, 'docker.io/library/hub:1']]);
  const translated = JSON.parse(new TextDecoder().decode(folder.read(`oci/blobs/${forOthers[0]!.digest.replace(':', '/')}`))) as { layers: Descriptor[] };
  assert.equal(translated.layers.map((layer) => layer.mediaType), [types.tar], 'by content');
  images.store.tag('hub:1', 'other:1');
  assert.is(index().length, 4);
  images.store.prune();
  assert.equal(faults(images), []);
  assert.ok(folder.has(`oci/blobs/${forOthers[0]!.digest.replace(':', '/')}`));
  assert.equal(images.store.remove('hub:1'), [{ untagged: 'hub:1' }]);
  assert.is(images.store.remove('other:1').length, 3);
  assert.equal(files().filter((file) => file.includes('blobs')), []);
});

test('an image without layers, in both layouts', async () => {
  const layout = new Layout();
  assert.equal((await loaded(await layout.archive([await layout.image({ layers: [], more: named('none:1') })]))).names, ['none:1']);
  assert.equal((await loaded(await archiveOf({ layers: [], tags: ['none:1'] }))).names, ['none:1']);
  const members = await membersOf({ layers: [] });
  const manifest = members.find((m) => m.name === 'manifest.json')!;
  manifest.content = String(manifest.content).replace('"Layers":[]', '"Layers":null');
  assert.equal((await loaded(await tarOf(members))).names, ['test:1']);
});

test('one layer twice in an image, and empty layers', async () => {
  const twice: Member[][] = [[{ name: 'f', content: 'x' }], [], [{ name: 'f', content: 'x' }], []];
  for (const gzip of [false, true]) for (const oci of [false, true]) assert.is((await loaded(await archiveOf({ layers: twice, gzip, oci }))).text('/f'), 'x');
});

test('a layer that images share is unpacked once, and not again when the store has it', async () => {
  const { folder } = memoryStore();
  let unpacked = 0;
  const codecs: Codecs = { ...nodeCodecs, gunzip: (chunks) => { unpacked++; return nodeCodecs.gunzip(chunks); } };
  const images = new Images(folder, codecs, inMemory);
  const shared = [{ name: 'shared', content: 's'.repeat(100_000) }];
  const members = [await membersOf({ tags: ['one:1'], gzip: true, oci: true, layers: [shared] }), await membersOf({ tags: ['two:1'], gzip: true, oci: true, layers: [shared, [{ name: 'own', content: 'o' }]] })];
  const list = members.flat().filter((m) => m.name === 'manifest.json').flatMap((m) => JSON.parse(String(m.content)) as object[]);
  const archive = await tarOf([...members.flat().filter((m) => m.name.startsWith('blobs/')), { name: 'manifest.json', content: JSON.stringify(list) }]);
  await images.store.load(source(archive), 'x');
  assert.is(unpacked, 2);
  await images.store.load(source(archive), 'x');
  assert.is(unpacked, 2);
  assert.equal(faults(images), []);
  await images.store.load(source(gzipSync(await archiveOf({ tags: ['three:1'], gzip: true, layers: [shared] }))), 'x');
  assert.is(unpacked, 3, 'the archive itself');
  assert.equal(faults(images), []);
});

test.run();
