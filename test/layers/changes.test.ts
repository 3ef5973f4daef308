// What an overlay says has changed: each kind of change, what is set back, moved directories, hard links; and that the list makes the new tree from the old one.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildView, diffLines, ImageView, indexLayer } from '../../src/layers/index.ts';
import { type Change, find, operations as op, OverlayFs } from '../../src/vfs/index.ts';
import { now, stat, treeOf, write, type Tree } from '../vfs/tree.ts';
import { blobOf, tarOf } from './tars.ts';

const blob = blobOf(await tarOf([
  { name: 'etc/', type: 'directory', mode: 0o755 }, { name: 'etc/a', content: 'a' }, { name: 'etc/b', content: 'b', pax: { 'SCHILY.xattr.user.k': 'v' } }, { name: 'etc/one', content: 'linked' },
  { name: 'usr/share/two', type: 'link', linkname: 'etc/one' }, { name: 'usr/lib/x', content: 'x' }, { name: 'usr/lib/y', content: 'y' }, { name: 'link', type: 'symlink', linkname: 'etc/a' },
]));

interface Made extends Tree { overlay: OverlayFs }
function make(): Made {
  const overlay = new OverlayFs(new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'sha256:0' }]), { now });
  return { ...treeOf(overlay), overlay };
}

const letter = { added: 'A', modified: 'C', deleted: 'D' } as const;
const listed = (t: Made): string => Array.from(t.overlay.changes(), (c: Change) => `${letter[c.kind]} ${c.path}`).join('|');
const at = (t: Made, path: string) => find(t.context, t.root, path, { follow: false });

test('nothing changed, whatever was looked at', () => {
  const t = make();
  for (const path of ['/etc/a', '/etc/one', '/link', '/usr/share/two']) stat(t, path, false);
  t.root.inode.readdir!();
  assert.is(listed(t), '');
});

test('content, attributes, names; directories on the way', () => {
  const t = make();
  write(t, '/usr/lib/new', '1');
  write(t, '/etc/a', 'changed');
  op.unlink(t.context, t.root, '/usr/lib/x');
  op.chmod(t.context, at(t, '/etc/b'), 0o600);
  op.mkdir(t.context, t.root, '/a', 0o755);
  assert.is(listed(t), 'A a|C etc|C etc/a|C etc/b|C usr|C usr/lib|A usr/lib/new|D usr/lib/x');
});

test('what is set back is no change', () => {
  const t = make();
  const b = at(t, '/etc/b');
  const { mtimeNs } = b.inode.stat();
  op.chmod(t.context, b, 0o600);
  op.setxattr(t.context, b, 'user.k', Uint8Array.of(119), 0);
  op.setTimes(t.context, b, { mtimeNs: 5n }, false);
  assert.is(listed(t), 'C etc|C etc/b');
  op.chmod(t.context, b, 0o644);
  op.setTimes(t.context, b, { mtimeNs }, false);
  assert.is(listed(t), 'C etc|C etc/b', 'the xattr');
  op.setxattr(t.context, b, 'user.k', Uint8Array.of(118), 0);
  assert.is(listed(t), '');
});

test('another name of a file that did not change itself is marked, and so are the directories that lead to it', () => {
  const t = make();
  op.rename(t.context, t.root, '/etc/one', t.root, '/etc/three');
  assert.is(listed(t), 'C etc|D etc/one|A etc/three|C usr|C usr/share|C usr/share/two');
  assert.equal(Array.from(t.overlay.changes(), (c) => c.same ?? false), [false, false, false, true, true, true]);
  assert.equal(diffLines(t.overlay.changes()).map(({ kind, path }) => `${kind} ${path}`), ['C /etc', 'D /etc/one', 'A /etc/three']);
});

test('diff passes over directories that only have a new time, or that replaced one just like them (recorded from docker)', () => {
  const lines = (t: Made): string => diffLines(t.overlay.changes()).map(({ kind, path }) => `${kind} ${path}`).join('|');
  const moved = make();
  op.rename(moved.context, moved.root, '/etc/a', moved.root, '/etc/z');
  op.rename(moved.context, moved.root, '/etc/z', moved.root, '/etc/a');
  assert.is(listed(moved), 'C etc');
  assert.is(lines(moved), '');
  op.chmod(moved.context, at(moved, '/etc'), 0o700);
  assert.is(lines(moved), 'C /etc');
  const again = make();
  for (const file of ['x', 'y']) op.unlink(again.context, again.root, `/usr/lib/${file}`);
  op.rmdir(again.context, again.root, '/usr/lib');
  op.mkdir(again.context, again.root, '/usr/lib', 0o755);
  assert.is(lines(again), 'C /usr|C /usr/lib|D /usr/lib/x|D /usr/lib/y');
  const empty = make();
  op.mkdir(empty.context, empty.root, '/made', 0o755);
  assert.is(lines(empty), 'A /made');
});

test('a file of the same bytes that replaced another is a change', () => {
  const t = make();
  op.unlink(t.context, t.root, '/etc/a');
  write(t, '/etc/a', 'a');
  assert.is(listed(t), 'C etc|C etc/a');
});

test('moved directories: the old name is gone, the subtree is new', () => {
  const t = make();
  op.rename(t.context, t.root, '/usr/lib', t.root, '/usr/lib64', 0);
  assert.is(listed(t), 'C usr|D usr/lib|A usr/lib64|A usr/lib64/x|A usr/lib64/y');
  op.rename(t.context, t.root, '/etc', t.root, '/usr/lib', 0);
  assert.is(listed(t), 'D etc|C usr|C usr/lib|A usr/lib/a|A usr/lib/b|A usr/lib/one|D usr/lib/x|D usr/lib/y|A usr/lib64|A usr/lib64/x|A usr/lib64/y|C usr/share|C usr/share/two');
});

test('a directory made again lists what its old contents lost', () => {
  const t = make();
  for (const name of ['x', 'y']) op.unlink(t.context, t.root, `/usr/lib/${name}`);
  op.rmdir(t.context, t.root, '/usr/lib');
  op.mkdir(t.context, t.root, '/usr/lib', 0o755);
  write(t, '/usr/lib/y', 'new');
  assert.is(listed(t), 'C usr|C usr/lib|D usr/lib/x|C usr/lib/y');
});

test('types that change: a file becomes a directory and the other way round', () => {
  const t = make();
  op.unlink(t.context, t.root, '/etc/a');
  op.mkdir(t.context, t.root, '/etc/a', 0o755);
  write(t, '/etc/a/in', '');
  op.rename(t.context, t.root, '/usr/lib', t.root, '/lib', 0);
  write(t, '/usr/lib', 'a file');
  assert.is(listed(t), 'C etc|C etc/a|A etc/a/in|A lib|A lib/x|A lib/y|C usr|C usr/lib');
});

test('every name of a changed file is listed, with the same inode', () => {
  const t = make();
  op.chmod(t.context, at(t, '/etc/one'), 0o600);
  const changes = [...t.overlay.changes()];
  assert.is(listed(t), 'C etc|C etc/one|C usr|C usr/share|C usr/share/two');
  assert.is(changes[1]!.inode, changes[4]!.inode);
});

test('a further name of a file lists the old ones, too', () => {
  const t = make();
  op.link(t.context, at(t, '/etc/a'), t.root, '/b');
  assert.is(listed(t), 'A b|C etc|C etc/a');
});

test('the root is listed when its own mode changes, not its time', () => {
  const t = make();
  write(t, '/new', '');
  assert.is(listed(t), 'A new');
  op.chmod(t.context, t.root, 0o700);
  assert.is(listed(t), 'C |A new');
});

test('names are sorted by bytes, whatever the order they came in', () => {
  const t = make();
  for (const name of ['z', '\xe4', 'a', 'a.b', 'B']) write(t, `/${name}`, '');
  assert.is(listed(t), 'A B|A a|A a.b|A z|A \xe4');
});

test.run();
