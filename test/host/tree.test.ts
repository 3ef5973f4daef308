// Directories of the host for containers: nothing outside is reached, whatever the host does meanwhile; what the host cannot keep lies in a log that several processes share.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Errno, ENOENT, ENXIO, O_RDONLY, O_RDWR, S_IFDIR, S_IFIFO, S_IFREG } from '../../src/abi/index.ts';
import { nodeDirectories } from '../../src/host/node/tree.ts';
import { HostFs, type Inode, KeptAttributes } from '../../src/vfs/index.ts';

const top = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'wherry-tree-')));
test.after(() => { fs.rmSync(top, { recursive: true }); });
let count = 0;

/** A directory `in` that is mounted, and one beside it, `out`, that no container may see. */
function world() {
  const path = join(top, String(count++));
  for (const name of ['in', 'in/d', 'out']) fs.mkdirSync(join(path, name), { recursive: true });
  fs.writeFileSync(join(path, 'in/d/f'), 'inside');
  fs.writeFileSync(join(path, 'out/f'), 'outside');
  const directories = nodeDirectories(path);
  const open = (name = 'in'): HostFs => new HostFs(directories.open(join(path, name)), { now: () => process.hrtime.bigint(), kept: new KeptAttributes(directories.log(join(path, 'log'))) });
  const at = (name: string): string => join(path, name);
  return { at, open, fs: open() };
}

/** A moment after which nothing is believed that the host said before. */
const later = (): void => { const end = process.hrtime.bigint() + 150_000n; while (process.hrtime.bigint() < end); };
const thrown = (act: () => unknown): Errno | undefined => { try { act(); return undefined; } catch (error) { return error as Errno; } };
const text = (inode: Inode): string => {
  const file = inode.open!(O_RDONLY);
  const into = new Uint8Array(100);
  const got = file.read!(into, 0, true) as number;
  file.close!();
  return Buffer.from(into.subarray(0, got)).toString();
};
const REGULAR = { mode: S_IFREG | 0o644, uid: 0, gid: 0 };

test('a directory that becomes a link is still the directory, or is gone', () => {
  for (const touchedBefore of [false, true]) {
    const { fs: tree, at } = world();
    const directory = tree.root.lookup('d')!;
    const file = directory.lookup('f')!;
    if (!touchedBefore) tree.handles.close();
    fs.renameSync(at('in/d'), at('in/moved'));
    fs.symlinkSync(at('out'), at('in/d'));
    later();
    const acts: (() => unknown)[] = [
      () => directory.lookup('f'), () => directory.readdir(), () => directory.create('made', REGULAR), () => directory.create('sub', { mode: S_IFDIR | 0o755, uid: 0, gid: 0 }), () => directory.unlink('f', false), () => text(file),
      () => directory.setattr({ mode: 0o700 }), () => directory.rename('f', tree.root, 'g'),
    ];
    for (const act of acts) assert.ok([undefined, ENOENT].includes(thrown(act)), String(thrown(act)));
    assert.equal(fs.readdirSync(at('out')), ['f']);
    assert.is(fs.readFileSync(at('out/f'), 'utf8'), 'outside');
    assert.is(fs.statSync(at('out')).mode & 0o777, 0o755);
    assert.is(tree.root.lookup('d')!.readlink(), at('out'), 'the name is a link now, for the container to follow inside itself');
    assert.ok(thrown(() => tree.root.lookup('d')!.lookup('f')), 'which the file system does not');
  }
});

test('a file that becomes a link, a pipe or a device is never opened as what it was', () => {
  const { fs: tree, at } = world();
  const directory = tree.root.lookup('d')!;
  const file = directory.lookup('f')!;
  fs.unlinkSync(at('in/d/f'));
  fs.symlinkSync(at('out/f'), at('in/d/f'));
  later();
  assert.is(thrown(() => text(file)) ?? text(file), ENOENT);
  assert.ok(thrown(() => file.setattr({ size: 0 })));
  assert.ok(thrown(() => directory.lookup('f')!.open(O_RDWR)), 'a link is not opened');
  assert.is(fs.readFileSync(at('out/f'), 'utf8'), 'outside');
});

test('names are names', () => {
  const { fs: tree } = world();
  for (const name of ['..', '.', '', 'd/f', '../out', 'd\0']) {
    assert.ok(thrown(() => tree.root.lookup(name)), JSON.stringify(name));
    assert.ok(thrown(() => tree.root.create(name, REGULAR)), JSON.stringify(name));
  }
});

test('pipes of containers are plain files of the host; a kept type stands for plain files only', () => {
  const { fs: tree, at, open } = world();
  const pipe = tree.root.create('p', { mode: S_IFIFO | 0o640, uid: 3, gid: 4 });
  assert.is(pipe.mode, S_IFIFO | 0o640);
  assert.is(thrown(() => pipe.open(O_RDONLY)), ENXIO);
  assert.ok(fs.lstatSync(at('in/p')).isFile());
  assert.is(open().root.lookup('p')!.mode, S_IFIFO | 0o640);
  const { ino, birthtimeNs } = fs.lstatSync(at('in/d'), { bigint: true });
  fs.appendFileSync(at('log'), `${JSON.stringify({ ino: String(ino), birth: String(birthtimeNs), mode: S_IFREG | 0o777, hostMode: S_IFDIR | 0o755 })}\n`);
  assert.is(open().root.lookup('d')!.mode, S_IFDIR | 0o755);
});

test('what is kept beside is seen by others at once, survives a torn line, and does not grow without end', () => {
  const { fs: one, at, open } = world();
  const two = open();
  const mine = one.root.create('x', { ...REGULAR, mode: S_IFREG | 0o4755 });
  const theirs = two.root.lookup('x')!;
  assert.is(theirs.mode & 0o7777, 0o4755);
  fs.appendFileSync(at('log'), '{"ino":"1","bir');
  theirs.setxattr('user.a', Buffer.from('b'), 0);
  assert.is(Buffer.from(open().root.lookup('x')!.getxattr('user.a')!).toString(), 'b', 'a whole line behind a torn one');
  later();
  assert.is(Buffer.from(mine.getxattr('user.a')!).toString(), 'b');
  const long = Buffer.alloc(2000, 'v');
  for (let i = 0; i < 1500; i++) {
    const inode = (i % 2 ? one : two).root.lookup('x')!;
    later();
    inode.setxattr(`user.${i % 3}`, Buffer.concat([long, Buffer.from(String(i))]), 0);
  }
  assert.ok(fs.statSync(at('log')).size < 4 << 20, 'rows that do not hold any more are left out');
  for (const tree of [one, two, open()]) {
    const inode = tree.root.lookup('x')!;
    assert.equal(inode.listxattr().sort(), ['user.0', 'user.1', 'user.2', 'user.a']);
    assert.is(Buffer.from(inode.getxattr('user.2')!).subarray(2000).toString(), '1499');
    assert.is(inode.mode & 0o7777, 0o4755);
  }
});

test('handles are given back', () => {
  const { fs: tree } = world();
  const before = fs.readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 600; i++) tree.root.create(`f${i}`, REGULAR).setattr({ mode: 0o600 });
  for (let i = 0; i < 600; i++) text(tree.root.lookup(`f${i}`)!);
  assert.ok(fs.readdirSync('/proc/self/fd').length - before < 300, 'a bounded number stays open');
  tree.close();
  assert.ok(fs.readdirSync('/proc/self/fd').length <= before);
});

test.run();
