// Generated trees: files made at open, computed directories that keep their inodes while they exist, magic links, and how they look through a mount.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { find, generated as g, GeneratedFs, Mount, operations as op, pathOf, walk, type OpenFile } from '../../src/vfs/index.ts';
import { as, errnoOf, names, tmpTree, write, type Tree } from './tree.ts';

function tree(): { t: Tree; pids: Set<string>; written: string[] } {
  const t = tmpTree();
  op.mkdir(t.context, t.root, '/proc', 0o755);
  write(t, '/target', 'hello');
  const pids = new Set(['1', '7']);
  const written: string[] = [];
  let reads = 0;
  const root = g.mergedDirectory([
    g.directory({
      counter: g.file(() => `${++reads}\n`), self: g.symbolicLink('7'), setting: g.file(() => 'on', 0o644, (bytes) => { written.push(String.fromCharCode(...bytes)); }),
      null: g.characterDevice(0x103, 0o666), magic: g.magicLink(() => '/somewhere (deleted)', () => find(t.context, t.root, '/target')), nowhere: g.magicLink(() => '?', () => undefined),
    }),
    g.computedDirectory(() => pids, (name) => pids.has(name), (name) => g.directory({ comm: g.file(() => `task ${name}`) })),
  ]);
  const mount = new Mount(new GeneratedFs({ type: 'proc', magic: 0x9fa0, root, startNs: 5n }), 'proc', { noexec: true });
  t.context.mounts.attach(mount, find(t.context, t.root, '/proc'));
  return { t, pids, written };
}

const text = (file: OpenFile, position = 0): string => { const into = new Uint8Array(64); return String.fromCharCode(...into.subarray(0, file.read!(into, position, false) as number)); };
const opened = (t: Tree, path: string, flags = 0): OpenFile => op.open(t.context, t.root, path, flags, 0).place.inode.open!(flags);

test('content is made when reading begins, and stays for the rest of the file', () => {
  const { t } = tree();
  const file = opened(t, '/proc/counter');
  assert.is(text(file), '1\n');
  assert.is(text(file, 1), '\n');
  assert.is(text(file), '2\n');
  assert.is(text(opened(t, '/proc/self/comm')), 'task 7');
  assert.is(find(t.context, t.root, '/proc/counter').inode.stat().size, 0);
});

test('computed directories: one inode for one thing, gone with it', () => {
  const { t, pids } = tree();
  assert.is(names(t, '/proc'), '1 7 counter magic nowhere null self setting');
  const seven = find(t.context, t.root, '/proc/7');
  assert.is(find(t.context, t.root, '/proc/7').inode, seven.inode);
  assert.is(pathOf(t.root, seven), '/proc/7');
  assert.is(find(t.context, t.root, '/proc/7/../1/../..').inode, t.fs.root);
  pids.delete('7');
  assert.is(errnoOf(() => find(t.context, t.root, '/proc/7')), 'ENOENT');
  assert.is(pathOf(t.root, seven), '/proc/7 (deleted)');
  pids.add('7');
  assert.is.not(find(t.context, t.root, '/proc/7').inode, seven.inode);
});

test('magic links lead where they say, whatever their text', () => {
  const { t } = tree();
  assert.is(op.readlink(t.context, t.root, '/proc/magic'), '/somewhere (deleted)');
  assert.is(pathOf(t.root, find(t.context, t.root, '/proc/magic')), '/target');
  assert.is(walk(t.context, t.root, '/proc/magic').last, 'magic');
  assert.is(errnoOf(() => find(t.context, t.root, '/proc/nowhere')), 'ENOENT');
  assert.is(errnoOf(() => op.open(t.context, t.root, '/proc/magic', 0o400000, 0)), 'ELOOP');
});

test('what cannot be changed says so', () => {
  const { t, written } = tree();
  opened(t, '/proc/setting', 1).write!(new Uint8Array([111, 102, 102]), 0, false);
  assert.equal(written, ['off']);
  const table: [string, string, () => unknown][] = [
    ['mkdir', 'EPERM', () => op.mkdir(t.context, t.root, '/proc/x', 0o755)],
    ['create', 'EACCES', () => op.open(t.context, t.root, '/proc/x', 0o101, 0o644)],
    ['unlink', 'EPERM', () => op.unlink(t.context, t.root, '/proc/counter')],
    ['rename', 'EPERM', () => op.rename(t.context, t.root, '/proc/counter', t.root, '/proc/other')],
    ['chmod', 'EPERM', () => op.chmod(t.context, find(t.context, t.root, '/proc/counter'), 0o777)],
    ['write by a user', 'EACCES', () => op.open(as(t, 5, 5).context, t.root, '/proc/setting', 1, 0)],
    ['execute', 'EACCES', () => op.demandExecutable(find(t.context, t.root, '/proc/setting'), t.context.credentials)],
    ['setxattr', 'EOPNOTSUPP', () => op.setxattr(t.context, find(t.context, t.root, '/proc/counter'), 'user.a', new Uint8Array(), 0)],
    ['tmpfile', 'EOPNOTSUPP', () => op.open(t.context, t.root, '/proc', 0o20200002, 0o600)],
  ];
  for (const [what, errno, call] of table) assert.is(errnoOf(call), errno, what);
  assert.is(find(t.context, t.root, '/proc/null').inode.stat().rdev, 0x103);
});

test('bind mounts: a directory or a file of one place seen at another', () => {
  const t = tmpTree();
  for (const path of ['/a', '/a/in', '/b']) op.mkdir(t.context, t.root, path, 0o755);
  write(t, '/a/in/f', 'x');
  write(t, '/file', 'y');
  const from = find(t.context, t.root, '/a/in');
  t.context.mounts.attach(new Mount(t.fs, 'bind', {}, from.inode), find(t.context, t.root, '/b'));
  assert.is(names(t, '/b'), 'f');
  assert.is(pathOf(t.root, find(t.context, t.root, '/b/f')), '/b/f');
  assert.is(find(t.context, t.root, '/b/..').inode, t.fs.root);
  t.context.mounts.attach(new Mount(t.fs, 'bind', { readonly: true }, find(t.context, t.root, '/file').inode), find(t.context, t.root, '/a/in/f'));
  assert.is(errnoOf(() => write(t, '/a/in/f', 'z')), 'EROFS');
  assert.is(pathOf(t.root, find(t.context, t.root, '/a/in/f')), '/a/in/f');
  assert.is(errnoOf(() => op.unlink(t.context, t.root, '/a/in/f')), 'EBUSY');
  assert.is(errnoOf(() => t.context.mounts.attach(new Mount(t.fs, 'bind', {}, from.inode), find(t.context, t.root, '/file'))), 'EINVAL');
});

test('a file without a name can be given one, once unlinked it cannot', () => {
  const t = tmpTree();
  const { place } = op.open(t.context, t.root, '/', 0o20200002, 0o600);
  assert.is(place.inode.stat().nlink, 0);
  op.link(t.context, place, t.root, '/named');
  assert.is(place.inode.stat().nlink, 1);
  op.unlink(t.context, t.root, '/named');
  assert.is(errnoOf(() => op.link(t.context, place, t.root, '/again')), 'ENOENT');
});

test.run();
