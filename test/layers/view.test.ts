// Layers stacked into one view: whiteouts, replacements, links, attributes; and the overlay's writable side over it.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildView, ImageView, indexLayer, packIndex, packView, unpackIndex, unpackView } from '../../src/layers/index.ts';
import { find, type Inode, operations as op, OverlayFs, pathOf } from '../../src/vfs/index.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../src/abi/index.ts';
import { errnoOf, names, now, read, stat, treeOf, write, type Tree } from '../vfs/tree.ts';
import { blobOf, type Member, tarOf } from './tars.ts';

async function stack(...layers: (readonly Member[])[]): Promise<Tree> {
  const blobs = await Promise.all(layers.map(async (members) => blobOf(await tarOf(members))));
  const indexes = blobs.map((blob) => unpackIndex(packIndex(indexLayer(blob)))!);
  const view = unpackView(packView(buildView(indexes)))!;
  return treeOf(new OverlayFs(new ImageView(view, blobs.map((blob, i) => ({ blob, diffId: `sha256:${i}` }))), { now }));
}

/** The whole tree as text: mode, owner, path, content or target. */
function printed(tree: Tree): string {
  const lines: string[] = [];
  const visit = (inode: Inode, path: string): void => {
    const s = inode.stat();
    const type = s.mode & S_IFMT;
    lines.push(`${s.mode.toString(8)} ${s.uid}:${s.gid} ${path || '/'}${type === S_IFLNK ? ` -> ${inode.readlink!()}` : type === S_IFDIR ? '' : ` ${s.nlink} ${JSON.stringify(read(tree, path))}`}`);
    if (type === S_IFDIR) for (const { name } of inode.readdir!().sort((a, b) => (a.name < b.name ? -1 : 1))) visit(inode.lookup!(name)!, `${path}/${name}`);
  };
  visit(tree.fs.root, '');
  return lines.join('\n');
}

test('three layers with whiteouts, opaque directories and replacements', async () => {
  const t = await stack(
    [{ name: 'etc/', type: 'directory', mode: 0o755 }, { name: 'etc/a', content: 'a0' }, { name: 'etc/b', content: 'b0', mode: 0o600, uid: 5, gid: 6 }, { name: 'lib', type: 'symlink', linkname: 'usr/lib', mode: 0o777 },
      { name: 'usr/lib/one', content: '1' }, { name: 'opq/old', content: 'x' }, { name: 'opq/sub/deep', content: 'y' }, { name: 'dir/f', content: 'z' }, { name: 'file', content: 'was a file' }],
    [{ name: 'etc/.wh.a', content: '' }, { name: 'etc/c', content: 'c1' }, { name: 'opq/new', content: 'n' }, { name: 'opq/.wh..wh..opq', content: '' }, { name: 'dir', content: 'now a file' }, { name: 'file/in', content: 'now a dir' },
      { name: '.wh..wh.plnk', content: '' }],
    [{ name: 'etc/', type: 'directory', mode: 0o700, uid: 1, gid: 2 }, { name: 'etc/a', content: 'a2' }, { name: '.wh.lib', content: '' }, { name: 'lib/.wh.none', content: '' }],
  );
  assert.is(printed(t), [
    '40755 0:0 /', '100644 0:0 /dir 1 "now a file"', '40700 1:2 /etc', '100644 0:0 /etc/a 1 "a2"', '100600 5:6 /etc/b 1 "b0"', '100644 0:0 /etc/c 1 "c1"', '40755 0:0 /file', '100644 0:0 /file/in 1 "now a dir"',
    '40755 0:0 /opq', '100644 0:0 /opq/new 1 "n"', '40755 0:0 /usr', '40755 0:0 /usr/lib', '100644 0:0 /usr/lib/one 1 "1"',
  ].join('\n'));
  assert.is(stat(t, '/usr').nlink, 3);
  assert.is(stat(t, '/').nlink, 2 + 4);
});

test('attributes: pax owners, sub-second times, xattrs, devices, long names', async () => {
  const long = 'd/'.repeat(60) + 'n'.repeat(200);
  const t = await stack([
    { name: 'f', content: 'x', pax: { uid: '3000000', gid: '4000000', mtime: '1700000000.123456789', 'SCHILY.xattr.user.k': 'v' } },
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 }, { name: 'pipe', type: 'fifo', mode: 0o644 }, { name: long, content: 'deep' },
    { name: 'before', content: '', pax: { mtime: '-1.5' } },
  ]);
  const s = stat(t, '/f');
  assert.equal([s.uid, s.gid, s.mtimeNs], [3_000_000, 4_000_000, 1_700_000_000_123_456_789n]);
  assert.is(stat(t, '/before').mtimeNs, -1_500_000_000n);
  assert.equal([...op.getxattr(t.context, find(t.context, t.root, '/f'), 'user.k')], [118]);
  assert.is(stat(t, '/null').rdev, 259);
  assert.is(stat(t, '/null').mode, 0o020666);
  assert.is(stat(t, '/pipe').mode, 0o010644);
  assert.is(read(t, `/${long}`), 'deep');
});

test('rare attributes: times beyond 64 bits of nanoseconds, xattrs of several files, sizes and places beyond 32 bits', async () => {
  const t = await stack(
    [{ name: 'far', content: '', pax: { mtime: '99999999999.25' } }, { name: 'early', content: '', pax: { mtime: '-99999999999.25' } }, { name: 'a', content: '', pax: { 'SCHILY.xattr.user.k': 'v', 'SCHILY.xattr.user.empty': '' } }],
    [{ name: 'b', content: '', pax: { 'SCHILY.xattr.user.k': 'other' } }, { name: 'plain', content: '' }, { name: 'early2', content: '', pax: { mtime: '-99999999998' } }],
  );
  assert.equal(['/far', '/early', '/early2'].map((path) => stat(t, path).mtimeNs), [99_999_999_999_250_000_000n, -99_999_999_999_250_000_000n, -99_999_999_998_000_000_000n]);
  const xattr = (path: string, name: string): string => Buffer.from(op.getxattr(t.context, find(t.context, t.root, path), name)).toString();
  assert.equal([xattr('/a', 'user.k'), xattr('/a', 'user.empty'), xattr('/b', 'user.k')], ['v', '', 'other']);
  assert.equal(['/a', '/b', '/plain', '/far'].map((path) => op.listxattr(t.context, find(t.context, t.root, path)).sort().join()), ['user.empty,user.k', 'user.k', '', '']);

  const index = indexLayer(blobOf(await tarOf([{ name: 'big', content: '' }])));
  const places: [number, number][] = [];
  const blob = { size: 2 ** 45, read: (into: Uint8Array, offset: number) => { places.push([into.length, offset]); return into.length; } };
  const view = new ImageView(buildView([{ ...index, size: Float64Array.of(2 ** 40 + 5), offset: Float64Array.of(2 ** 42 + 512) }]), [{ blob, diffId: 'sha256:0' }]);
  const big = new OverlayFs(view, { now }).root.lookup('big')!;
  assert.is(big.stat().size, 2 ** 40 + 5);
  assert.is(big.open(0).read!(new Uint8Array(10), 2 ** 40, false), 5);
  assert.equal(places, [[5, 2 ** 42 + 512 + 2 ** 40]]);
});

test('hard links share one inode, before and after a write', async () => {
  const t = await stack([{ name: 'a', content: 'same' }, { name: 'd/b', type: 'link', linkname: 'a' }, { name: 'c', type: 'link', linkname: './a' }], [{ name: 'c', content: 'own' }]);
  assert.is(stat(t, '/a').nlink, 2);
  assert.is(stat(t, '/a').ino, stat(t, '/d/b').ino);
  assert.is(stat(t, '/c').nlink, 1);
  const before = stat(t, '/a').ino;
  write(t, '/d/b', 'changed');
  assert.is(read(t, '/a'), 'changed');
  assert.is(stat(t, '/a').ino, before);
  op.unlink(t.context, t.root, '/a');
  assert.is(stat(t, '/d/b').nlink, 1);
  assert.is(read(t, '/d/b'), 'changed');
});

test('statfs counts the blocks of the image as used, links once', async () => {
  const t = await stack([{ name: 'a', content: 'x'.repeat(4097) }, { name: 'b', type: 'link', linkname: 'a' }, { name: 'd/', type: 'directory' }, { name: 'empty', content: '' }], [{ name: 'c', content: 'y' }]);
  const used = (): number => t.fs.statfs().blocks - t.fs.statfs().blocksFree;
  assert.is(used(), 3);
  const room = t.fs.statfs().blocksFree;
  write(t, '/new', 'z'.repeat(10_000));
  assert.ok(used() >= 6);
  assert.ok(t.fs.statfs().blocksFree < room);
});

test('the writable side: directories of lower layers are renamed, removed names stay removed, copy-up keeps the rest of the file', async () => {
  const big = 'x'.repeat(70_000) + 'y'.repeat(70_000);
  const t = await stack([{ name: 'usr/share/doc/f', content: 'doc' }, { name: 'usr/share/big', content: big }, { name: 'usr/empty/', type: 'directory' }]);
  const identity = find(t.context, t.root, '/usr/share/big').inode.identity!();
  assert.match(identity!, /^sha256:0:\d+$/);
  op.rename(t.context, t.root, '/usr/share', t.root, '/moved');
  assert.is(names(t, '/usr'), 'empty');
  assert.is(read(t, '/moved/doc/f'), 'doc');
  assert.is(pathOf(t.root, find(t.context, t.root, '/moved/doc')), '/moved/doc');
  assert.is(errnoOf(() => stat(t, '/usr/share/doc/f')), 'ENOENT');
  const { inode } = find(t.context, t.root, '/moved/big');
  const file = inode.open!(2);
  file.write!(new Uint8Array([65, 66]), 100_000, false);
  assert.is(read(t, '/moved/big'), `${big.slice(0, 100_000)}AB${big.slice(100_002)}`);
  assert.is(inode.identity!(), undefined);
  file.truncate!(5);
  file.truncate!(80_000);
  assert.is(read(t, '/moved/big'), `xxxxx${'\0'.repeat(79_995)}`);
  op.rmdir(t.context, t.root, '/usr/empty');
  op.mkdir(t.context, t.root, '/usr/empty', 0o755);
  assert.is(names(t, '/usr/empty'), '');
  op.unlink(t.context, t.root, '/moved/doc/f');
  op.rmdir(t.context, t.root, '/moved/doc');
  op.mkdir(t.context, t.root, '/moved/doc', 0o755);
  assert.is(names(t, '/moved/doc'), '', 'a directory made anew does not show what its predecessor had');
  assert.is(errnoOf(() => op.rmdir(t.context, t.root, '/moved')), 'ENOTEMPTY');
});

test('what a layer must not hold is refused, naming the entry', async () => {
  const cases: [Member[], RegExp][] = [
    [[{ name: '../x', content: '' }], /"\.\.\/x" has "\.\."/],
    [[{ name: 'a/../../x', content: '' }], /has "\.\."/],
    [[{ name: '/../etc/passwd', content: '' }], /leads out of the tree/],
    [[{ name: 'l', type: 'symlink', linkname: 'x'.repeat(4096) }], /"l" is a symbolic link with a target of 4096 bytes or more/],
    [[{ name: 'h', type: 'link', linkname: '../../etc/shadow' }], /hard link out of the tree/],
    [[{ name: 'h', type: 'link', linkname: '/../etc/shadow' }], /hard link out of the tree/],
    [[{ name: 'h', type: 'link', linkname: 'missing' }], /"missing", which is not there/],
    [[{ name: 'd/', type: 'directory' }, { name: 'h', type: 'link', linkname: 'd' }], /hard link to a directory/],
    [[{ name: 'f', content: '' }, { name: 'f/passwd', content: '' }], /leads through "f", which is not a directory/],
    [[{ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'b', type: 'symlink', linkname: 'a' }, { name: 'a/x', content: '' }], /more than 40 symbolic links/],
    [[{ name: 'd/.wh..', content: '' }], /whiteout of no valid name/],
    [[{ name: 'n'.repeat(256), content: '' }], /more than 255 bytes/],
  ];
  for (const [members, message] of cases) {
    try {
      await stack(members);
      assert.unreachable(`accepted: ${members.map((m) => m.name).join(' ')}`);
    } catch (error) {
      assert.match((error as Error).message, message);
      assert.is((error as { code?: string }).code, 'unsafe-entry');
    }
  }
  await stack([{ name: 'usr/bin/', type: 'directory' }, { name: 'usr/bin/vi', type: 'symlink', linkname: '../../etc/alternatives/vi' }, { name: 'm', type: 'symlink', linkname: '/proc/../../mounts' }]);
});

test('paths and links that Docker takes: a leading slash, dots inside the tree, links of the layer on the way', async () => {
  const t = await stack(
    [{ name: 'lib', type: 'symlink', linkname: 'usr/lib' }, { name: 'lower', type: 'symlink', linkname: '/usr' }],
    [
      { name: '/etc/absolute', content: '1' }, { name: './a/../etc/dots', content: '2' }, { name: 'up', type: 'symlink', linkname: '../../../etc' }, { name: 'up/through', content: '3' },
      { name: 'in', type: 'symlink', linkname: 'etc/../usr' }, { name: 'in/share/deep', content: '4' }, { name: 'hard', type: 'link', linkname: '/up/through' }, { name: 'lower/x', content: '5' },
    ],
  );
  assert.is(names(t, '/'), 'etc hard in lib lower up usr');
  assert.is(names(t, '/etc'), 'absolute dots through');
  assert.is(read(t, '/usr/share/deep'), '4');
  assert.is(read(t, '/hard'), '3');
  assert.is(stat(t, '/hard').ino, stat(t, '/etc/through').ino);
  assert.is(names(t, '/lower'), 'x', 'a link of a lower layer is hidden by a directory of this one, as in overlay2');
  assert.is(names(t, '/up'), 'absolute dots through', 'followed inside the tree');
});

test('a damaged tar is refused wherever it is cut or changed', async () => {
  const good = await tarOf([{ name: 'a', content: 'x'.repeat(1000) }, { name: 'b'.repeat(150), content: 'y' }]);
  const fails = (bytes: Uint8Array, message: RegExp): void => {
    try {
      indexLayer(blobOf(bytes));
      assert.unreachable('accepted');
    } catch (error) {
      assert.match((error as Error).message, message);
      assert.is((error as { code?: string }).code, 'corrupt-tar');
    }
  };
  assert.is(indexLayer(blobOf(good)).count, 2);
  fails(good.subarray(0, 100), /truncated/);
  fails(good.subarray(0, 1000), /the content of "a" is cut off/);
  fails(good.subarray(0, 1536 + 600), /truncated/);
  for (const at of [0, 105, 130, 150, 1536 + 512]) {
    const bad = good.slice();
    bad[at] = bad[at]! ^ 0x15;
    fails(bad, /checksum|malformed/);
  }
  fails(new Uint8Array(1024).fill(7), /corrupt|malformed/);
});

test.run();
