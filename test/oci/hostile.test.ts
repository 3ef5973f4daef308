// Archives made to do harm: each is refused in one line that names what is wrong, or does none; nothing of it stays in the store.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { find } from '../../src/vfs/index.ts';
import { names, now, read, stat, treeOf } from '../vfs/tree.ts';
import { type Member, tarOf } from '../layers/tars.ts';
import { archiveOf, membersOf, memoryStore, sha256, source } from './archives.ts';

const BLOCK = 512;

/** A header with a field of any bytes for its size. */
function header(name: string, size: Uint8Array | string, type = '0', link = ''): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'latin1');
  block.write('0000644\0' + '0000000\0'.repeat(2), 100);
  block.set(typeof size === 'string' ? Buffer.from(size) : size, 124);
  block.write('00000000000\0' + ' '.repeat(8) + type + link, 136, 'latin1');
  block.write('ustar\x0000', 257);
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;
/** Base-256: the first bit set, and as a two's complement number. */
const base256 = (size: bigint): Uint8Array => Uint8Array.from({ length: 12 }, (_, i) => (i === 0 && size >= 0n ? 0x80 : Number((size >> BigInt(8 * (11 - i))) & 0xffn)));
const end = new Uint8Array(2 * BLOCK);
const joined = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
const padded = (content: string): Uint8Array => Buffer.concat([Buffer.from(content), Buffer.alloc(-Buffer.byteLength(content) & (BLOCK - 1))]);
const file = (name: string, content: string): Uint8Array => joined(header(name, octal(Buffer.byteLength(content))), padded(content));

/** An archive around one layer, whatever it is; `diffId` says what the configuration claims. */
async function around(layer: Uint8Array, { packed = layer, config = {} }: { packed?: Uint8Array; config?: object } = {}): Promise<Uint8Array> {
  const document = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] }, ...config });
  return tarOf([{ name: 'l/layer.tar', content: packed }, { name: 'c.json', content: document }, { name: 'manifest.json', content: JSON.stringify([{ Config: 'c.json', RepoTags: ['h:1'], Layers: ['l/layer.tar'] }]) }]);
}

const layerOf = async (...members: Member[]): Promise<Uint8Array> => around(await tarOf(members));
const inFront = async (...parts: Uint8Array[]): Promise<Uint8Array> => joined(...parts, await archiveOf());
const withDocument = (name: string, content: string): Promise<Uint8Array> => membersOf({}).then((members) => tarOf([...members.filter((m) => m.name !== name), { name, content }]));
const zeros = new Uint8Array(8 << 20);

/** One zstd frame of `count` run-length blocks of 128 KiB zeros (RFC 8878). */
function zstdBomb(count: number): Uint8Array {
  const frame = Buffer.alloc(6 + 4 * count);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  for (let i = 0; i < count; i++) frame.writeUIntLE((i === count - 1 ? 1 : 0) | (1 << 1) | ((128 << 10) << 3), 6 + 4 * i, 3);
  return frame;
}

const refused: readonly (readonly [string, () => Promise<Uint8Array> | Uint8Array, RegExp])[] = [
  ['a layer that climbs', () => layerOf({ name: '../../etc/cron.d/x', content: 'x' }), /"\.\.\/\.\.\/etc\/cron\.d\/x" has "\.\." in its path and leads out of the tree/],
  ['a layer that climbs from the root', () => layerOf({ name: '/../x', content: 'x' }), /leads out of the tree/],
  ['a hard link out of the tree', () => layerOf({ name: 'h', type: 'link', linkname: '../../etc/shadow' }), /hard link out of the tree/],
  ['a hard link to nothing', () => layerOf({ name: 'h', type: 'link', linkname: 'etc/shadow' }), /^x\.tar: layer sha256:[0-9a-f]{64}: .*"etc\/shadow", which is not there/],
  ['a hard link to a directory', () => layerOf({ name: 'd', type: 'directory' }, { name: 'h', type: 'link', linkname: 'd' }), /hard link to a directory/],
  ['links in a circle on the way', () => layerOf({ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'b', type: 'symlink', linkname: 'a' }, { name: 'a/x', content: 'x' }), /more than 40 symbolic links/],
  ['a symbolic link to nowhere', async () => around(joined(header('s', octal(0), '2'), end)), /without a valid target/],
  ['4 GiB claimed in a layer', async () => around(joined(header('big', base256(4n << 30n)), end)), /truncated tar: the content of "big" is cut off/],
  ['4 GiB claimed in the archive', () => joined(header('l/layer.tar', base256(4n << 30n)), end), /truncated archive/],
  ['8 EiB claimed in a layer', async () => around(joined(header('big', base256(1n << 63n)), end)), /malformed/],
  ['8 EiB claimed in the archive', () => joined(header('big', base256(1n << 63n)), end), /damaged or truncated archive|no image/],
  ['a negative size in a layer', async () => around(joined(header('neg', base256(-512n)), end)), /malformed/],
  ['a negative size in the archive', () => inFront(header('neg', base256(-512n))), /damaged or truncated archive/],
  ['a negative size in a pax header', () => layerOf({ name: 'neg', content: 'x', pax: { size: '-512' } }), /malformed|truncated/],
  ['a size of no number', async () => around(joined(header('bad', 'zz9zzzzzzzz\0'), end)), /malformed/],
  ['an extension header of 1 GiB', async () => around(joined(header('x', octal(1 << 30), 'x'), end)), /extension header of more than 1 MiB/],
  ['a whiteout of ..', () => layerOf({ name: 'd/.wh...', content: '' }), /whiteout of no valid name/],
  ['a name of 300 bytes', () => layerOf({ name: 'n'.repeat(300), content: '' }), /more than 255 bytes/],
  ['a file as the root', async () => around(joined(file('.', 'x'), end)), /the root of the tree is not a directory/],
  ['a layer cut in a header', async () => around((await tarOf([{ name: 'a', content: 'x'.repeat(2000) }])).subarray(0, 3000)), /truncated tar/],
  ['a sparse file with a map that lies', async () => around(joined(await tarOf([{ name: 's', content: 'x', pax: { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.realsize': '10', 'GNU.sparse.map': '0,1,5,1000' } }]))), /malformed sparse map/],
  ['links in a circle for a layer', async () => tarOf([{ name: 'l/layer.tar', type: 'symlink', linkname: '../m/layer.tar' }, { name: 'm/layer.tar', type: 'symlink', linkname: '../l/layer.tar' }, ...(await membersOf({})).filter((m) => m.name.endsWith('.json') && m.name !== 'manifest.json'),
    { name: 'manifest.json', content: JSON.stringify([{ Config: (await membersOf({}))[1]!.name, RepoTags: null, Layers: ['l/layer.tar'] }]) }]), /layer l\/layer\.tar is missing/],
  ['a layer path out of the archive', () => withDocument('manifest.json', JSON.stringify([{ Config: '../../etc/passwd', RepoTags: null, Layers: ['/etc/shadow'] }])), /\.\.\/\.\.\/etc\/passwd is missing from the archive/],
  ['deep JSON', () => withDocument('manifest.json', '['.repeat(2_000_000)), /manifest\.json is not valid JSON/],
  ['deep JSON that closes', () => withDocument('manifest.json', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`), /manifest\.json is not (a list of images|valid JSON)/],
  ['17 MiB of JSON', () => withDocument('manifest.json', `[${' '.repeat(17 << 20)}]`), /manifest\.json is too large for a document/],
  ['JSON in another encoding', () => withDocument('manifest.json', '[\u0000]'), /not valid JSON/],
  ['an environment that is no list', async () => around(await tarOf([]), { config: { config: { Env: 'PATH=/' } } }), /config\.Env is missing or malformed/],
  ['layers that are no digests', async () => around(await tarOf([]), { config: { rootfs: { type: 'layers', diff_ids: ['../../../etc'] } } }), /rootfs\.diff_ids is missing or malformed/],
  ['a configuration that is null', async () => around(await tarOf([]), { config: { rootfs: null } }), /rootfs\.diff_ids/],
  ['a history that is no list', async () => around(await tarOf([]), { config: { history: {} } }), /history is missing or malformed/],
  ['a time that is no text', async () => around(await tarOf([]), { config: { created: 5 } }), /created is missing or malformed/],
  ['a zip file', () => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(5000, 1)]), /not a tar archive/],
  ['a web page', () => Buffer.from(`<!DOCTYPE html>${' '.repeat(3000)}`), /not a tar archive/],
  ['a program', () => Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(5000, 7)]), /not a tar archive/],
  ['gzip of text', () => gzipSync('hello '.repeat(500)), /not a tar archive/],
  ['gzip of gzip', async () => gzipSync(gzipSync(await archiveOf())), /not a tar archive/],
  ['a gzip bomb', () => gzipSync(zeros), /of gzip data unpack to more than 4\.\d MiB, which is over the limit/],
  ['a zstd bomb', () => zstdBomb(4000), /of zstd data unpack to more than 4\.\d MiB/],
  ['a layer that is a gzip bomb', async () => around(zeros, { packed: gzipSync(zeros) }), /layer l\/layer\.tar: .* of gzip data unpack to more than/],
  ['a layer that is a zstd bomb', async () => around(zeros, { packed: zstdBomb(64) }), /layer l\/layer\.tar: .* of zstd data unpack to more than/],
  ['a layer cut in its zstd stream', async () => around(zeros, { packed: zstdBomb(3).subarray(0, 12) }), /damaged or truncated zstd data/],
];

for (const [what, make, message] of refused) {
  test(`refuses ${what}`, async () => {
    const { images, files } = memoryStore();
    await images.store.load(source(await archiveOf({ tags: ['kept:1'] })), 'good');
    const before = files();
    const bytes = await make();
    try {
      await images.store.load(source(bytes, 65_536), 'x.tar', { unpackLimit: () => 4 << 20 });
      assert.unreachable('accepted');
    } catch (error) {
      assert.is((error as Error).name, 'ImageError', String((error as Error).stack));
      assert.match((error as Error).message, message);
      assert.ok((error as Error).message.startsWith('x.tar: ') && !(error as Error).message.includes('\n') && (error as Error).message.length < 700, (error as Error).message);
    }
    assert.equal(files(), before, 'nothing of it is left');
    assert.ok(images.store.resolve('kept:1'));
  });
}

/** What every container has besides its image. */
const own = new Set(['.dockerenv', 'dev', 'etc', 'proc', 'sys']);
const namesIn = (t: ReturnType<typeof treeOf>): string[] => find(t.context, t.root, '/').inode.readdir!().map((e) => e.name).filter((name) => !own.has(name)).sort();

async function treeFrom(archive: Uint8Array): Promise<ReturnType<typeof treeOf>> {
  const { images } = memoryStore();
  const [loaded] = await images.store.load(source(archive), 'x');
  return treeOf(images.openRootFs(loaded!.image, { now }));
}

test('names of any bytes are kept: newlines, invalid UTF-8, escapes', async () => {
  const odd = ['new\nline', '\xff\xfe\x80', '\x1b[31mred', ' ', '-rf', 'ünï'];
  const t = await treeFrom(await around(joined(...odd.map((name) => file(name, name)), end)));
  assert.equal(namesIn(t), [...odd].sort());
  for (const name of odd) assert.is(read(t, `/${name}`).length, Buffer.byteLength(name));
});

test('device nodes, whiteouts of nothing, members that come twice, links of the layer on the way: as Docker takes them', async () => {
  const t = await treeFrom(await layerOf(
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 }, { name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }, { name: 'fifo', type: 'fifo' },
    { name: 'no/such/.wh.thing', content: '' }, { name: '.wh.nothing', content: '' }, { name: 'empty/.wh..wh..opq', content: '' }, { name: 'twice', content: 'first' }, { name: 'twice', content: 'second' },
    { name: '/etc/', type: 'directory' }, { name: 'link', type: 'symlink', linkname: '../../../../etc' }, { name: 'link/inside', content: 'i' },
  ));
  assert.equal(namesIn(t), ['fifo', 'link', 'null', 'sda', 'twice']);
  assert.is(read(t, '/twice'), 'second');
  assert.is(read(t, '/etc/inside'), 'i');
  assert.equal([stat(t, '/null').mode & 0o170000, stat(t, '/sda').mode & 0o170000, stat(t, '/null').rdev], [0o020000, 0o060000, 0x103]);
});

test('a path of 100,000 directories is kept, and one of a hundred thousand files', async () => {
  const t = await treeFrom(await layerOf({ name: `${'d/'.repeat(100_000)}f`, content: 'x' }));
  assert.is(names(t, '/d'), 'd');
  const many = Array.from({ length: 100_000 }, (_, i) => header(`f${i}`, octal(0)));
  assert.is(namesIn(await treeFrom(await around(joined(...many, end)))).length, 100_000);
});

test('members of the archive with paths out of it are names and nothing more', async () => {
  const { images, files } = memoryStore();
  const members = await membersOf({ tags: ['a:1'] });
  await images.store.load(source(await tarOf([{ name: '../../etc/passwd', content: 'x' }, { name: '/etc/shadow', content: 'x' }, { name: '../link', type: 'symlink', linkname: '/etc/shadow' }, ...members, { name: 'manifest.json', content: '[' }, members.at(-1)!])), 'x');
  assert.ok(images.store.resolve('a:1'), 'the last of two documents counts');
  assert.equal(files().filter((name) => /passwd|shadow|tmp/.test(name)), []);
});

test('a blob with the name of one in the store and another content', async () => {
  const { images, files } = memoryStore();
  const members = await membersOf({ oci: true, layers: [[{ name: 'f', content: 'x'.repeat(50_000) }]] });
  await images.store.load(source(await tarOf(members)), 'x');
  const before = files();
  const wrong = members.map((m, i) => (i === 0 ? { ...m, content: Buffer.alloc((m.content as Uint8Array).length, 1) } : m));
  try {
    await images.store.load(source(await tarOf(wrong)), 'x');
    assert.unreachable('accepted');
  } catch (error) { assert.match((error as Error).message, /has another content than its name says/); }
  assert.equal(files(), before);
  const layer = images.store.find('test:1').layers[0]!;
  const bytes = new Uint8Array(layer.blob.size);
  images.store.blob(layer.blob.digest).read(bytes, 0);
  assert.is(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, layer.blob.digest);
});

test.run();
