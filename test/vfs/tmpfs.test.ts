// tmpfs through the operations of system calls: names, links, renames, data, times, and the errno of each refusal.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { find, operations as op, pathOf, walk, TmpFs } from '../../src/vfs/index.ts';
import { as, errnoOf, names, now, read, stat, tmpTree, treeOf, write } from './tree.ts';

test('files, directories and links', () => {
  const t = tmpTree();
  op.mkdir(t.context, t.root, '/a', 0o755);
  op.mkdir(t.context, t.root, '/a/b/', 0o700);
  write(t, '/a/b/f', 'hello');
  op.symlink(t.context, 'b/f', t.root, '/a/s');
  assert.is(read(t, '/a/s'), 'hello');
  assert.is(op.readlink(t.context, t.root, 'a/s'), 'b/f');
  op.link(t.context, find(t.context, t.root, '/a/b/f'), t.root, '/h');
  assert.is(stat(t, '/h').nlink, 2);
  assert.is(stat(t, '/h').ino, stat(t, '/a/b/f').ino);
  assert.is(stat(t, '/a').nlink, 3);
  op.unlink(t.context, t.root, '/a/b/f');
  assert.is(stat(t, '/h').nlink, 1);
  assert.is(errnoOf(() => stat(t, '/a/s')), 'ENOENT');
  op.rmdir(t.context, t.root, '/a/b');
  assert.is(stat(t, '/a').nlink, 2);
  assert.is(names(t, '/'), 'a h');
});

test('the errno of each refusal', () => {
  const t = tmpTree();
  write(t, '/f', 'x');
  op.mkdir(t.context, t.root, '/d', 0o755);
  op.mkdir(t.context, t.root, '/d/e', 0o755);
  op.symlink(t.context, 'loop', t.root, '/loop');
  op.symlink(t.context, '/nowhere', t.root, '/dangling');
  op.symlink(t.context, 'd', t.root, '/sd');
  const o = (path: string, flags: number) => errnoOf(() => op.open(t.context, t.root, path, flags, 0o644));
  const table: [string, string, () => unknown][] = [
    ['mkdir over a file', 'EEXIST', () => op.mkdir(t.context, t.root, '/f', 0o755)],
    ['mkdir /', 'EEXIST', () => op.mkdir(t.context, t.root, '/', 0o755)],
    ['mkdir a/..', 'EEXIST', () => op.mkdir(t.context, t.root, '/d/..', 0o755)],
    ['mkdir over a dangling link', 'EEXIST', () => op.mkdir(t.context, t.root, '/dangling', 0o755)],
    ['mkdir over a dangling link/', 'EEXIST', () => op.mkdir(t.context, t.root, '/dangling/', 0o755)],
    ['mkdir below nothing', 'ENOENT', () => op.mkdir(t.context, t.root, '/n/x', 0o755)],
    ['mkdir below a file', 'ENOTDIR', () => op.mkdir(t.context, t.root, '/f/x', 0o755)],
    ['rmdir file', 'ENOTDIR', () => op.rmdir(t.context, t.root, '/f')],
    ['rmdir non-empty', 'ENOTEMPTY', () => op.rmdir(t.context, t.root, '/d')],
    ['rmdir .', 'EINVAL', () => op.rmdir(t.context, t.root, '/d/.')],
    ['rmdir ..', 'ENOTEMPTY', () => op.rmdir(t.context, t.root, '/d/e/..')],
    ['rmdir /', 'EBUSY', () => op.rmdir(t.context, t.root, '/')],
    ['rmdir link/', 'ENOTDIR', () => op.rmdir(t.context, t.root, '/sd/')],
    ['unlink directory', 'EISDIR', () => op.unlink(t.context, t.root, '/d')],
    ['unlink file/', 'ENOTDIR', () => op.unlink(t.context, t.root, '/f/')],
    ['unlink nothing', 'ENOENT', () => op.unlink(t.context, t.root, '/n')],
    ['symlink to nothing', 'ENOENT', () => op.symlink(t.context, '', t.root, '/n')],
    ['link directory', 'EPERM', () => op.link(t.context, find(t.context, t.root, '/d'), t.root, '/n')],
    ['link new/', 'ENOENT', () => op.link(t.context, find(t.context, t.root, '/f'), t.root, '/n/')],
    ['rename into itself', 'EINVAL', () => op.rename(t.context, t.root, '/d', t.root, '/d/e/x')],
    ['rename over ancestor', 'ENOTEMPTY', () => op.rename(t.context, t.root, '/d/e', t.root, '/d')],
    ['rename directory over file', 'ENOTDIR', () => op.rename(t.context, t.root, '/d', t.root, '/f')],
    ['rename file over directory', 'EISDIR', () => op.rename(t.context, t.root, '/f', t.root, '/d/e')],
    ['rename .', 'EBUSY', () => op.rename(t.context, t.root, '/d/.', t.root, '/x')],
    ['rename noreplace', 'EEXIST', () => op.rename(t.context, t.root, '/f', t.root, '/d', 1)],
    ['rename exchange with nothing', 'ENOENT', () => op.rename(t.context, t.root, '/f', t.root, '/n', 2)],
    ['rename both flags', 'EINVAL', () => op.rename(t.context, t.root, '/f', t.root, '/n', 3)],
    ['readlink file', 'EINVAL', () => op.readlink(t.context, t.root, '/f')],
    ['loop', 'ELOOP', () => find(t.context, t.root, '/loop')],
    ['empty path', 'ENOENT', () => find(t.context, t.root, '')],
    ['file/', 'ENOTDIR', () => find(t.context, t.root, '/f/')],
    ['file/.', 'ENOTDIR', () => find(t.context, t.root, '/f/.')],
    ['long name', 'ENAMETOOLONG', () => find(t.context, t.root, 'x'.repeat(256))],
    ['name of 255', 'ENOENT', () => find(t.context, t.root, 'x'.repeat(255))],
    ['long path', 'ENAMETOOLONG', () => find(t.context, t.root, './'.repeat(2048))],
    ['path of 4095', 'ok', () => find(t.context, t.root, './'.repeat(2047) + '/')],
    ['mknod directory', 'EPERM', () => op.mknod(t.context, t.root, '/n', 0o040755, 0)],
    ['truncate directory', 'EISDIR', () => op.truncate(t.context, find(t.context, t.root, '/d'), 0)],
  ];
  for (const [what, expected, call] of table) assert.is(errnoOf(call), expected, what);
  assert.is(o('/d', 1), 'EISDIR');
  assert.is(o('/d', 0o100), 'EISDIR');
  assert.is(o('/n/', 0o101), 'EISDIR');
  assert.is(o('/f', 0o300), 'EEXIST');
  assert.is(o('/dangling', 0o300), 'EEXIST');
  assert.is(o('/dangling', 0o101), 'ok');
  assert.is(stat(t, '/nowhere').size, 0);
  assert.is(o('/sd', 0o400000), 'ELOOP');
  assert.is(o('/sd', 0o600000), 'ENOTDIR');
  assert.is(o('/f', 0o200000), 'ENOTDIR');
  assert.is(o('/d', 0o20200000), 'EINVAL');
  assert.is(o('/d', 0o20200002), 'ok');
});

test('40 symbolic links are followed, 41 are not', () => {
  const t = tmpTree();
  write(t, '/l0', 'end');
  for (let i = 1; i <= 41; i++) op.symlink(t.context, `l${i - 1}`, t.root, `/l${i}`);
  assert.is(read(t, '/l40'), 'end');
  assert.is(errnoOf(() => read(t, '/l41')), 'ELOOP');
});

test('permissions of owner, group, others, sticky directories and capabilities', () => {
  const root = tmpTree();
  const user = as(root, 1000, 1000, [50]);
  op.mkdir(root.context, root.root, '/tmp', 0o777);
  op.chmod(root.context, find(root.context, root.root, '/tmp'), 0o1777);
  write(root, '/tmp/mine', 'r', 0o600);
  write(user, '/tmp/his', 'u', 0o640);
  assert.is(stat(root, '/tmp/his').uid, 1000);
  assert.is(errnoOf(() => read(user, '/tmp/mine')), 'EACCES');
  assert.is(read(root, '/tmp/his'), 'u');
  assert.is(errnoOf(() => op.unlink(user.context, user.root, '/tmp/mine')), 'EPERM');
  assert.is(errnoOf(() => op.rename(user.context, user.root, '/tmp/his', user.root, '/tmp/mine')), 'EPERM');
  assert.is(errnoOf(() => op.mkdir(user.context, user.root, '/d', 0o755)), 'EACCES');
  assert.is(errnoOf(() => op.chmod(user.context, find(user.context, user.root, '/tmp/mine'), 0o777)), 'EPERM');
  assert.is(errnoOf(() => op.chown(user.context, find(user.context, user.root, '/tmp/his'), 0, undefined)), 'EPERM');
  assert.is(errnoOf(() => op.chown(user.context, find(user.context, user.root, '/tmp/his'), undefined, 50)), 'ok');
  assert.is(errnoOf(() => op.mknod(user.context, user.root, '/tmp/n', 0o020666, 259)), 'EPERM');
  op.mkdir(root.context, root.root, '/closed', 0o700);
  assert.is(errnoOf(() => stat(user, '/closed/x')), 'EACCES');
  op.chmod(root.context, find(root.context, root.root, '/closed'), 0o755);
  op.chown(root.context, find(root.context, root.root, '/closed'), 0, 50);
  op.chmod(root.context, find(root.context, root.root, '/closed'), 0o2775);
  op.mkdir(user.context, user.root, '/closed/sub', 0o755);
  assert.is(stat(root, '/closed/sub').gid, 50);
  assert.is(stat(root, '/closed/sub').mode & 0o2000, 0o2000);
  write(root, '/tool', '', 0o755);
  op.chmod(root.context, find(root.context, root.root, '/tool'), 0o6755);
  op.chown(root.context, find(root.context, root.root, '/tool'), 7, 7);
  assert.is(stat(root, '/tool').mode & 0o7777, 0o755);
});

test('rename replaces, moves directories, exchanges, and keeps link counts', () => {
  const t = tmpTree();
  for (const d of ['/a', '/a/x', '/b', '/empty']) op.mkdir(t.context, t.root, d, 0o755);
  write(t, '/a/x/f', '1');
  write(t, '/g', '2');
  op.rename(t.context, t.root, '/a/x', t.root, '/empty');
  assert.is(read(t, '/empty/f'), '1');
  assert.is(stat(t, '/a').nlink, 2);
  op.rename(t.context, t.root, '/empty', t.root, '/b/y/');
  assert.is(pathOf(t.root, find(t.context, t.root, '/b/y/f')), '/b/y/f');
  const inside = find(t.context, t.root, '/b/y');
  op.rename(t.context, t.root, '/b', t.root, '/c');
  assert.is(pathOf(t.root, inside), '/c/y');
  op.rename(t.context, t.root, '/g', t.root, '/c/y', 2);
  assert.is(read(t, '/c/y'), '2');
  assert.is(read(t, '/g/f'), '1');
  assert.is(stat(t, '/c').nlink, 2);
  write(t, '/h1', 'same');
  op.link(t.context, find(t.context, t.root, '/h1'), t.root, '/h2');
  op.rename(t.context, t.root, '/h1', t.root, '/h2');
  assert.is(names(t, '/'), 'a c g h1 h2');
  op.rmdir(t.context, t.root, '/a');
});

test('a removed directory takes no files and has no path', () => {
  const t = tmpTree();
  op.mkdir(t.context, t.root, '/d', 0o755);
  const d = find(t.context, t.root, '/d');
  op.rmdir(t.context, t.root, '/d');
  assert.is(errnoOf(() => op.mkdir(t.context, d, 'x', 0o755)), 'ENOENT');
  assert.is(pathOf(t.root, d), '/d (deleted)');
  assert.is(d.inode.stat().nlink, 0);
  assert.is(find(t.context, d, '..').inode, t.fs.root, '`..` still leads out');
  assert.equal(d.inode.readdir!(), []);
});

test('data: holes, growing, cutting, and what an unlinked open file keeps', () => {
  const fs = new TmpFs({ now, limit: 1 << 20 });
  const t = treeOf(fs);
  write(t, '/f', 'head');
  const { inode } = find(t.context, t.root, '/f');
  const file = inode.open!(2);
  file.write!(new Uint8Array([7]), 3_000_000, false);
  assert.is(inode.stat().size, 3_000_001);
  assert.ok(inode.stat().blocks * 512 < 200_000, 'a hole takes no space');
  const into = new Uint8Array(8);
  assert.is(file.read!(into, 2_999_996, false), 5);
  assert.equal([...into], [0, 0, 0, 0, 7, 0, 0, 0]);
  file.truncate!(2);
  file.truncate!(6);
  assert.is(file.read!(into, 0, false), 6);
  assert.equal([...into.subarray(0, 6)], [104, 101, 0, 0, 0, 0]);
  op.unlink(t.context, t.root, '/f');
  assert.is(file.read!(into, 0, false), 6);
  file.close!();
  assert.is(fs.store.used, 0);
  write(t, '/big', '');
  const big = find(t.context, t.root, '/big').inode.open!(2);
  assert.is(big.write!(new Uint8Array(4 << 20), 0, false), 1 << 20);
  assert.is(errnoOf(() => big.write!(new Uint8Array(1), 1 << 20, false)), 'ENOSPC');
});

test('mounts: crossing, `..` out of them, EXDEV, EBUSY, EROFS', async () => {
  const { Mount } = await import('../../src/vfs/index.ts');
  const t = tmpTree();
  op.mkdir(t.context, t.root, '/m', 0o755);
  const under = find(t.context, t.root, '/m');
  const mount = new Mount(new TmpFs({ now }), 'tmpfs', { readonly: false });
  t.context.mounts.attach(mount, under);
  write(t, '/m/f', 'on it');
  write(t, '/out', 'out');
  op.mkdir(t.context, t.root, '/m/d', 0o755);
  assert.is(find(t.context, t.root, '/m/d/../..').inode, t.fs.root);
  assert.is(pathOf(t.root, find(t.context, t.root, '/m/d')), '/m/d');
  assert.is(pathOf(t.root, find(t.context, t.root, '/m/f')), '/m/f');
  assert.is(errnoOf(() => op.rename(t.context, t.root, '/out', t.root, '/m/out')), 'EXDEV');
  assert.is(errnoOf(() => op.link(t.context, find(t.context, t.root, '/out'), t.root, '/m/out')), 'EXDEV');
  assert.is(errnoOf(() => op.rmdir(t.context, t.root, '/m')), 'EBUSY');
  assert.is(errnoOf(() => op.rename(t.context, t.root, '/m', t.root, '/n')), 'EBUSY');
  mount.options.readonly = true;
  assert.is(errnoOf(() => write(t, '/m/g', '')), 'EROFS');
  assert.is(errnoOf(() => write(t, '/m/f', '')), 'EROFS');
  assert.is(read(t, '/m/f'), 'on it');
  t.context.mounts.detach(mount);
  assert.is(names(t, '/m'), '');
});

test('chroot: `..` stays, absolute links start there', () => {
  const t = tmpTree();
  op.mkdir(t.context, t.root, '/jail', 0o755);
  op.mkdir(t.context, t.root, '/jail/etc', 0o755);
  write(t, '/secret', 's');
  op.symlink(t.context, '/secret', t.root, '/jail/l');
  const jail = find(t.context, t.root, '/jail');
  const context = { ...t.context, root: jail, cwd: jail };
  assert.is(errnoOf(() => find(context, jail, '/l')), 'ENOENT');
  assert.is(errnoOf(() => find(context, jail, '../../secret')), 'ENOENT');
  assert.is(find(context, jail, '/etc/../..').inode, jail.inode);
  assert.is(pathOf(jail, find(context, jail, '/etc')), '/etc');
  assert.is(walk(context, jail, '..').last, 'dotdot');
});

test('xattrs', () => {
  const t = tmpTree();
  write(t, '/f', '');
  const f = find(t.context, t.root, '/f');
  op.setxattr(t.context, f, 'user.a', new Uint8Array([1, 2]), 0);
  assert.equal([...op.getxattr(t.context, f, 'user.a')], [1, 2]);
  assert.is(errnoOf(() => op.setxattr(t.context, f, 'user.a', new Uint8Array(), 1)), 'EEXIST');
  assert.is(errnoOf(() => op.setxattr(t.context, f, 'user.b', new Uint8Array(), 2)), 'ENODATA');
  assert.is(errnoOf(() => op.setxattr(t.context, f, 'other', new Uint8Array(), 0)), 'EOPNOTSUPP');
  assert.is(errnoOf(() => op.setxattr(as(t, 5, 5).context, f, 'trusted.a', new Uint8Array(), 0)), 'EPERM');
  assert.equal(op.listxattr(t.context, f), ['user.a']);
  op.removexattr(t.context, f, 'user.a');
  assert.is(errnoOf(() => op.getxattr(t.context, f, 'user.a')), 'ENODATA');
});

test.run();
