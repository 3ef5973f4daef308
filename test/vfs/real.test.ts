// tmpfs and the overlay against the file system of this machine: the same random calls give the same errnos, and in the end the same tree.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import { find, operations as op, TmpFs } from '../../src/vfs/index.ts';
import { compare, credentials, fill, overlayOfInitial, type Shape, uid, withoutDirectoryLinks, type World } from './differential.ts';
import { now } from './tree.ts';

const shm = '/dev/shm';
const where = fs.existsSync(shm) ? shm : tmpdir();
const sees = where === shm ? (shape: Shape): Shape => shape : withoutDirectoryLinks;

function world(): World {
  const top = fs.mkdtempSync(join(where, 'wherry-vfs-'));
  return { peer: { fs, at: (path) => (path === '' ? '' : `${top}/${path}`) }, dispose: () => fs.rmSync(top, { recursive: true, force: true }) };
}

test('tmpfs behaves as the real file system', () => {
  compare({ make: () => new TmpFs({ now, rootMode: 0o777 }), world, sees, runs: 400, prepare: ({ at }, t) => {
    fs.mkdirSync(at('w'), 0o755);
    op.mkdir(t.context, t.root, 'w', 0o755);
  } });
});

test('the overlay behaves as the real file system with the same files', async () => {
  compare({ make: await overlayOfInitial(), world, sees, runs: 400, prepare: (peer, t) => {
    fill(peer);
    t.fs.root.setattr!({ uid: credentials.uid, gid: credentials.gid });
  } });
});

if (uid === 0) {
  const as = { uid: 4321, gid: 4321, groups: [4444], capabilities: 0 };
  const owners: [string, number, number, number][] = [['w', 4321, 4321, 0o755], ['w/a', 0, 4444, 0o2775], ['w/a/c', 0, 0, 0o1777], ['w/a/b', 0, 0, 0o644], ['w/b', 0, 0, 0o750], ['w/a/c/d', 0, 4444, 0o664]];
  test('as a user without rights', async () => {
    compare({ make: await overlayOfInitial(), world, sees, runs: 400, as, prepare: (peer, t) => {
      const { at } = peer;
      fill(peer);
      fs.chmodSync(at('.'), 0o755);
      for (const [p, owner, group, mode] of owners) {
        fs.chownSync(at(p), owner, group);
        fs.chmodSync(at(p), mode);
        find({ ...t.context, credentials }, t.root, p).inode.setattr!({ uid: owner, gid: group, mode });
      }
    } });
  });
}

test.run();
