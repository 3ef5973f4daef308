// Remembered directories lead nowhere else than a walk does: random changes of a tree, and after each of them the same lookups with and without what is remembered.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Errno, S_IFDIR, S_IFMT } from '../../src/abi/index.ts';
import { GuestMemory, Perm } from '../../src/guest/index.ts';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { type Credentials, type FileSystem, find, generated, GeneratedFs, Mount, type MountTable, operations as op, OverlayFs, pathOf, type Place, rootCredentials, seek, TmpFs, type WalkContext } from '../../src/vfs/index.ts';
import { treeChanged } from '../../src/vfs/tree-version.ts';
import { blobOf, tarOf } from '../layers/tars.ts';
import { errnoOf, now, treeOf } from './tree.ts';

const memory = new GuestMemory(new WebAssembly.Memory({ initial: 64 }));
const AT = 0x20_0000;
memory.protect(AT, 3 * 4096, Perm.read | Perm.write);

/** The path as bytes in guest memory. */
function bytesOf(path: string, at = AT) {
  memory.bytes.set(Buffer.from(`${path}\0`, 'latin1'), at);
  return memory.pathAt(at);
}

const names = ['aa', 'bb', 'link', 'file'];
const path = fc.array(fc.constantFrom('aa', 'aa', 'bb', 'bb', 'link', 'file', '..', '.'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const absolute = path.map((p) => `/${p}`);
const asked = fc.oneof(fc.tuple(absolute, fc.constantFrom(...names)).map(([p, name]) => `${p}/${name}`), path, absolute.map((p) => `${p}/`), absolute.map((p) => p.replace('/', '//')));
const targets = fc.oneof(absolute, path);
const plain = fc.constantFrom('/file', '/link', '/aa/file', '/aa/link', '/bb');
const directory = fc.constantFrom('/aa', '/aa/bb', '/bb', '/bb/aa');

interface World { root: WalkContext; mounts: MountTable; mounted: Mount[]; inner?: Place }
type Step = (world: World) => unknown;

const at = (world: World, p: string): Place => find(world.root, world.root.root, p);
const step: fc.Arbitrary<{ name: string; run: Step }> = fc.oneof(
  absolute.map((p) => ({ name: `mkdir ${p}`, run: ({ root }: World) => op.mkdir(root, root.root, p, 0o755) })),
  absolute.map((p) => ({ name: `create ${p}`, run: ({ root }: World) => op.open(root, root.root, p, 0o101, 0o644) })),
  absolute.map((p) => ({ name: `rmdir ${p}`, run: ({ root }: World) => op.rmdir(root, root.root, p) })),
  fc.oneof(absolute, plain, plain).map((p) => ({ name: `unlink ${p}`, run: ({ root }: World) => op.unlink(root, root.root, p) })),
  fc.tuple(absolute, targets).map(([p, target]) => ({ name: `symlink ${target} ${p}`, run: ({ root }: World) => op.symlink(root, target, root.root, p) })),
  fc.tuple(fc.oneof(absolute, plain), fc.oneof(absolute, plain)).map(([p, q]) => ({ name: `link ${p} ${q}`, run: (w: World) => op.link(w.root, at(w, p), w.root.root, q) })),
  fc.tuple(plain, plain).map(([p, q]) => ({ name: `rename ${p} ${q}`, run: ({ root }: World) => op.rename(root, root.root, p, root.root, q) })),
  fc.tuple(absolute, absolute, fc.constantFrom(0, 0, 2)).map(([p, q, flags]) => ({ name: `rename ${p} ${q} ${flags}`, run: ({ root }: World) => op.rename(root, root.root, p, root.root, q, flags) })),
  fc.tuple(absolute, fc.constantFrom(0o755, 0o700, 0o711, 0o600)).map(([p, mode]) => ({ name: `chmod ${p} ${mode.toString(8)}`, run: (w: World) => op.chmod(w.root, at(w, p), mode) })),
  fc.tuple(absolute, fc.constantFrom(0, 1000)).map(([p, uid]) => ({ name: `chown ${p} ${uid}`, run: (w: World) => op.chown(w.root, at(w, p), uid, undefined) })),
  fc.oneof(directory, absolute).map((p) => ({ name: `mount ${p}`, run: (w: World) => mountOn(w, at(w, p), new TmpFs({ now, rootMode: 0o755 })) })),
  absolute.map((p) => ({ name: `mount generated ${p}`, run: (w: World) => mountOn(w, at(w, p), generatedFs()) })),
  fc.constant({ name: 'turn', run: () => { turn++; } }),
  fc.constant({ name: 'umount', run: ({ mounts, mounted }: World) => { const mount = mounted.pop(); if (mount) mounts.detach(mount); } }),
);

function mountOn(world: World, place: Place, fs: FileSystem): void {
  if ((place.inode.mode & S_IFMT) !== S_IFDIR) return;
  const mount = new Mount(fs);
  world.mounts.attach(mount, place);
  world.mounted.push(mount);
}

/** A generated tree whose directories change without notice, as those of /proc do. */
let turn = 0;
const turning = (): generated.Node => ({ mode: S_IFDIR | 0o755, names: () => names, child: (name) => (name === 'aa' ? faces[turn & 1] : undefined) });
const face = (): generated.Node => generated.directory({ aa: generated.directory({ file: generated.file(() => '') }), bb: generated.symbolicLink('aa'), file: generated.file(() => '') });
const faces = [face(), face()];
const generatedFs = (): GeneratedFs => new GeneratedFs({ type: 'proc', magic: 1, startNs: 0n, root: turning() });

const user: Credentials = { uid: 1000, gid: 1000, groups: [], capabilities: 0 };
const show = (place: Place | Errno): string => (place instanceof Errno ? place.name : [place.mount.id, place.inode.ino, place.parent?.ino, place.inode.parent && place.name].join());

/** What a path leads to, following a link at the end or not; the walk of the same path as text must say the same. */
function sought(context: WalkContext, base: Place, p: string): string {
  return [true, false].map((follow) => {
    const place = seek(context, base, bytesOf(p), { follow });
    if (!(place instanceof Errno) && place.name !== undefined) assert.is(place.parent!.lookup!(place.name)!.covered || place.parent!.lookup!(place.name) === place.inode, true, `${p}: its name`);
    let walked: string;
    try { walked = show(find(context, base, p, { follow })); } catch (error) { walked = show(error as Errno); }
    assert.is(show(place), walked, p);
    return walked;
  }).join(' ');
}

/** Every view of the tree that is asked: other rights, another root, another working directory. */
function views(world: World): WalkContext[] {
  const { root } = world;
  const inner = seek(root, root.root, bytesOf('/aa'));
  if (!(inner instanceof Errno) && (inner.inode.mode & S_IFMT) === S_IFDIR && (inner.inode !== world.inner?.inode || inner.mount !== world.inner.mount)) world.inner = inner;
  const cwd = world.inner ?? root.root;
  return [root, { ...root, credentials: user }, { ...root, cwd }, { ...root, root: cwd, cwd }, { ...root, root: cwd, cwd: root.root, credentials: user }];
}

function compare(makeFs: () => FileSystem): void {
  fc.assert(fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), fc.array(asked, { minLength: 6, maxLength: 12 }), (steps, paths) => {
    const { context } = treeOf(makeFs());
    const world: World = { root: { ...context, credentials: rootCredentials }, mounts: context.mounts, mounted: [] };
    for (const { name, run } of steps) {
      errnoOf(() => run(world));
      const asked = views(world).flatMap((view) => paths.map((p) => ({ p, look: () => sought(view, view.cwd, p) })));
      const known = asked.map(({ look }) => look());
      asked.forEach(({ p, look }, i) => {
        treeChanged();
        assert.is(known[i], look(), `${p} after ${name}`);
      });
      for (const { look } of asked) look();
    }
  }), { numRuns: 150, seed: Number(process.env['WHERRY_SEED'] ?? 11) });
}

test('tmpfs', () => {
  compare(() => {
    const fs = new TmpFs({ now, rootMode: 0o755 });
    const { context, root } = treeOf(fs);
    for (const p of ['/aa', '/aa/bb', '/bb', '/bb/aa', '/bb/aa/bb']) op.mkdir(context, root, p, 0o755);
    op.symlink(context, 'aa', root, '/link');
    op.symlink(context, '/aa', root, '/bb/link');
    for (const p of ['/file', '/aa/file', '/aa/bb/file']) op.open(context, root, p, 0o101, 0o644);
    return fs;
  });
});

test('an overlay', async () => {
  const blob = blobOf(await tarOf([
    { name: 'aa/bb/file', content: 'x' }, { name: 'aa/link', type: 'symlink', linkname: 'bb' }, { name: 'bb/aa/', type: 'directory' }, { name: 'bb/link', type: 'symlink', linkname: '/aa/bb' },
    { name: 'link', type: 'link', linkname: 'aa/bb/file' }, { name: 'file', content: 'y' },
  ]));
  const view = buildView([indexLayer(blob)]);
  compare(() => new OverlayFs(new ImageView(view, [{ blob, diffId: 'sha256:0' }]), { now }));
});

test('links on the way to a remembered directory count', () => {
  const { context, root } = treeOf(new TmpFs({ now, rootMode: 0o755 }));
  op.mkdir(context, root, '/directory', 0o755);
  op.open(context, root, '/directory/file', 0o101, 0o644);
  op.symlink(context, '/directory', root, '/link20');
  for (let i = 20; i > 0; i--) op.symlink(context, `/link${i}`, root, `/link${i - 1}`);
  op.symlink(context, 'file', root, '/directory/l0');
  for (let i = 0; i < 25; i++) op.symlink(context, `l${i}`, root, `/directory/l${i + 1}`);
  for (let round = 0; round < 3; round++) for (const [name, expected] of [['l18', 'ok'], ['l19', 'ELOOP'], ['l20', 'ELOOP'], ['file', 'ok']] as const) {
    const found = seek(context, root, bytesOf(`/link0/${name}`));
    assert.is(found instanceof Errno ? found.name : 'ok', expected, name);
  }
});

test('a place knows the name that is left, and follows renames', () => {
  const { context, root } = treeOf(new TmpFs({ now, rootMode: 0o755 }));
  const place = (p: string): Place => seek(context, root, bytesOf(p)) as Place;
  op.open(context, root, '/one', 0o101, 0o644);
  op.link(context, place('/one'), root, '/two');
  op.unlink(context, root, '/one');
  assert.is(place('/two').name, 'two');
  assert.is(pathOf(root, place('/two')), '/two');
  op.rename(context, root, '/two', root, '/2');
  const held = place('/2');
  op.rename(context, root, '/2', root, '/three');
  assert.is(pathOf(root, held), '/three');
  op.mkdir(context, root, '/directory', 0o755);
  op.rename(context, root, '/directory', root, '/moved');
  assert.is(pathOf(root, place('/moved')), '/moved');
  op.link(context, place('/three'), root, '/moved/four');
  assert.is(pathOf(root, held), '/three');
  op.unlink(context, root, '/moved/four');
  op.unlink(context, root, '/three');
  assert.is(pathOf(root, held), '/three (deleted)');
});

test('paths at the ends of what can be read', () => {
  const { context, root } = treeOf(new TmpFs({ now, rootMode: 0o755 }));
  op.mkdir(context, root, '/directory', 0o755);
  op.open(context, root, '/directory/name', 0o101, 0o644);
  const last = AT + 3 * 4096;
  for (const text of ['/directory/name', '/directory', '/directory/', '/directory/none', 'directory/name', 'n']) for (let i = 0; i < 3; i++) {
    const expected = errnoOf(() => find(context, root, text));
    for (const start of [last - text.length - 1, AT + 4096 - text.length, AT + 4095, AT + 4096 - 12]) {
      memory.bytes.set(Buffer.from(`${text}\0`), start);
      assert.is(soughtErrno(start), expected, `${text} at ${start}`);
    }
  }
  memory.bytes.set(Buffer.from('/directory/name'), last - 15);
  assert.is(soughtErrno(last - 15), 'EFAULT', 'no NUL before the end of what can be read');
  assert.is(soughtErrno(last), 'EFAULT');
  assert.is(soughtErrno(2 ** 40), 'EFAULT');
  memory.bytes.fill(97, AT, AT + 2 * 4096);
  assert.is(soughtErrno(AT), 'ENAMETOOLONG', 'no NUL within the longest path');
  memory.bytes[AT + 4095] = 0;
  assert.is(soughtErrno(AT), 'ENAMETOOLONG', 'a name of 4095 bytes');
  memory.bytes.set(Buffer.from(`${'./'.repeat(2040)}directory/name\0`), AT);
  assert.is(soughtErrno(AT), 'ok', 'a path of 4094 bytes');

  function soughtErrno(start: number): string {
    return errnoOf(() => {
      const found = seek(context, root, memory.pathAt(start));
      if (found instanceof Errno) throw found;
    });
  }
});

test.run();
