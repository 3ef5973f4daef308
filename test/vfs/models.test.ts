// tmpfs and the overlay against models: memfs, and the kernel's overlayfs over the same lower tree where it can be mounted. Random calls; the same errnos, and in the end the same tree.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFsFromVolume, Volume } from 'memfs';
import { test } from 'uvu';
import { S_IFLNK, S_IFMT } from '../../src/abi/index.ts';
import { find, operations as op, TmpFs } from '../../src/vfs/index.ts';
import { callNames, compare, credentials, fill, type FsLike, overlayOfInitial, type Peer, plainPaths, type Shape, type Step, uid, withoutDirectoryLinks, type World } from './differential.ts';
import { type Tree, now } from './tree.ts';

/** memfs has no rights to check; it takes paths apart its own way at slashes at the end and dots. */
const memfsWorld = (): World => ({ peer: { fs: createFsFromVolume(new Volume()) as unknown as FsLike, at: (path) => `/${path}` }, dispose: () => {} });

/** memfs tells nothing true about links themselves (mode 0666, size 0), and a name that is replaced stays in the link count. */
const seenInMemfs = ({ mode, size }: Shape): Shape => ((mode & S_IFMT) === S_IFLNK ? { mode: S_IFLNK, nlink: 0, size: 0 } : { mode, nlink: 0, size });

/** What ours refuses and memfs does not, by call. */
const memfsAllows: Record<string, readonly string[]> = {
  rename: ['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EINVAL'],
  unlink: ['EISDIR'],
  link: ['EEXIST', 'EPERM', 'ENOTDIR'],
};
/** memfs gives nobody the rights that root has everywhere. */
const withoutRights = callNames.filter((name) => name !== 'chmod' && name !== 'access');
const isLink = (t: Tree, path: string): boolean => {
  try { return (find(t.context, t.root, path, { follow: false }).inode.mode & S_IFMT) === S_IFLNK; } catch { return false; }
};
/** memfs follows links in the directory part of a path only when it looks, not when it makes, moves or removes a name; and it moves and links what a link leads to. */
const goesThroughLink = (t: Tree, path: string): boolean => path.split('/').some((_, i, names) => i > 0 && isLink(t, names.slice(0, i).join('/')));
/** Renaming one name of a file to another of the same file does nothing (rename(2)); memfs takes the first away. */
const areOneFile = (t: Tree, path: string, other: string): boolean => {
  try { return find(t.context, t.root, path, { follow: false }).inode === find(t.context, t.root, other, { follow: false }).inode; } catch { return false; }
};
const misled = ({ call, path, other }: Step, t: Tree): boolean =>
  goesThroughLink(t, path) || goesThroughLink(t, other) || ((call === 'rename' || call === 'link') && isLink(t, path)) || (call === 'rename' && areOneFile(t, path, other));
const memfsModel = {
  paths: plainPaths, calls: withoutRights, sees: seenInMemfs,
  excused: misled,
  allows: (call: string, answer: string) => memfsAllows[call]?.includes(answer) ?? false,
};

const emptyWork = ({ fs: peerFs, at }: Peer, t: Tree): void => {
  peerFs.mkdirSync(at('w'), 0o755);
  op.mkdir(t.context, t.root, 'w', 0o755);
};

test('tmpfs behaves as memfs', () => {
  compare({ make: () => new TmpFs({ now, rootMode: 0o777 }), world: memfsWorld, prepare: emptyWork, ...memfsModel, runs: 600 });
});

test('the overlay behaves as memfs with the same files', async () => {
  compare({ make: await overlayOfInitial(), world: memfsWorld, prepare: fill, ...memfsModel, runs: 600 });
});

function overlayWorld(): World {
  const top = fs.mkdtempSync(join(tmpdir(), 'wherry-overlay-'));
  const folder = (name: string): string => join(top, name);
  for (const name of ['lower', 'upper', 'work', 'merged']) fs.mkdirSync(folder(name));
  fill({ fs, at: (path) => join(folder('lower'), path) });
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `redirect_dir=on,index=on,xino=on,lowerdir=${folder('lower')},upperdir=${folder('upper')},workdir=${folder('work')}`, folder('merged')], { stdio: 'pipe' });
  const dispose = (): void => {
    execFileSync('umount', [folder('merged')]);
    fs.rmSync(top, { recursive: true });
  };
  return { peer: { fs, at: (path) => (path === '' ? '' : `${folder('merged')}/${path}`) }, dispose };
}

/** Whether this machine lets a test mount; without that the kernel cannot be asked. */
function canMount(): boolean {
  if (uid !== 0) return false;
  try { overlayWorld().dispose(); return true; } catch { return false; }
}

if (canMount()) {
  test("the overlay behaves as the kernel's with the same files below", async () => {
    compare({ make: await overlayOfInitial(), world: overlayWorld, sees: withoutDirectoryLinks, runs: 150, prepare: (_, t) => t.fs.root.setattr!({ uid: credentials.uid, gid: credentials.gid }) });
  });
} else console.log('the kernel\'s overlayfs cannot be mounted here: not compared');

test.run();
