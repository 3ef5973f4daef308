// tmpfs and the overlay against the file system of this machine: the same random calls give the same errnos, and in the end the same tree.
import fc from 'fast-check';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { find, operations as op, OverlayFs, TmpFs, type FileSystem } from '../../src/vfs/index.ts';
import { blobOf, type Member, tarOf } from '../layers/tars.ts';
import { errnoOf, now, treeOf, type Tree } from './tree.ts';

const uid = process.getuid!();
const credentials = { uid, gid: process.getgid!(), groups: process.getgroups!(), capabilities: uid === 0 ? -1 : 0 };

/** What a call gives: a value as text, or the errno. */
type Call = (path: string, other: string, n: number) => unknown;
interface Row { ours: (t: Tree) => Call; real: (at: (path: string) => string) => Call }

const put = (t: Tree, path: string, flags: number, n: number): string => {
  const { place } = op.open(t.context, t.root, path, flags, 0o644);
  if ((place.inode.mode & S_IFMT) === S_IFDIR) return 'directory';
  const file = place.inode.open!(flags);
  if (flags & 3) file.write!(new Uint8Array(3).fill(65 + (n % 26)), n, false);
  file.close?.();
  return 'open';
};

function putReal(path: string, flags: number, n: number): string {
  const fd = fs.openSync(path, flags, 0o644);
  try {
    if (fs.fstatSync(fd).isDirectory()) return 'directory';
    if (flags & 3) fs.writeSync(fd, new Uint8Array(3).fill(65 + (n % 26)), 0, 3, n);
    return 'open';
  } finally { fs.closeSync(fd); }
}

const openFlags = [0, 1, 2, 0o100 | 1, 0o300 | 1, 0o1000 | 1, 0o1101, 0o200000, 0o400000, 0o400101, 0o600000, 0o1001, 0o102];
const dirNlink = (mode: number, nlink: number): number => ((mode & S_IFMT) === S_IFDIR && !comparesDirectoryLinks ? 0 : nlink);

const calls: Record<string, Row> = {
  mkdir: { ours: (t) => (p) => { op.mkdir(t.context, t.root, p, 0o755); }, real: (at) => (p) => { fs.mkdirSync(at(p), 0o755); } },
  rmdir: { ours: (t) => (p) => op.rmdir(t.context, t.root, p), real: (at) => (p) => fs.rmdirSync(at(p)) },
  unlink: { ours: (t) => (p) => op.unlink(t.context, t.root, p), real: (at) => (p) => fs.unlinkSync(at(p)) },
  rename: { ours: (t) => (p, q) => op.rename(t.context, t.root, p, t.root, q), real: (at) => (p, q) => fs.renameSync(at(p), at(q)) },
  link: { ours: (t) => (p, q) => op.link(t.context, find(t.context, t.root, p, { follow: false }), t.root, q), real: (at) => (p, q) => fs.linkSync(at(p), at(q)) },
  symlink: { ours: (t) => (p, q) => { op.symlink(t.context, targetOf(q), t.root, p); }, real: (at) => (p, q) => fs.symlinkSync(targetOf(q), at(p)) },
  open: { ours: (t) => (p, _q, n) => put(t, p, openFlags[n % openFlags.length]!, n), real: (at) => (p, _q, n) => putReal(at(p), openFlags[n % openFlags.length]!, n) },
  write: { ours: (t) => (p, _q, n) => put(t, p, 0o102, n * 1500), real: (at) => (p, _q, n) => putReal(at(p), 0o102, n * 1500) },
  truncate: { ours: (t) => (p, _q, n) => op.truncate(t.context, find(t.context, t.root, p), n * 700), real: (at) => (p, _q, n) => { realTruncate(at(p), n * 700); } },
  readlink: { ours: (t) => (p) => op.readlink(t.context, t.root, p), real: (at) => (p) => fs.readlinkSync(at(p)) },
  chmod: { ours: (t) => (p, _q, n) => op.chmod(t.context, find(t.context, t.root, p), modeOf(n)), real: (at) => (p, _q, n) => fs.chmodSync(at(p), modeOf(n)) },
  // access(2) asks for the real ids, which stay the test's own.
  access: { ours: (t) => (p, _q, n) => op.access({ ...t.context, credentials }, t.root, p, n & 7), real: (at) => (p, _q, n) => fs.accessSync(at(p), n & 7) },
  utimes: { ours: (t) => (p, _q, n) => op.setTimes(t.context, find(t.context, t.root, p), { atimeNs: 0n, mtimeNs: BigInt(n) }, false), real: (at) => (p, _q, n) => fs.utimesSync(at(p), 0, n) },
  readdir: {
    ours: (t) => (p) => { const { place } = op.open(t.context, t.root, p, 0o200000, 0); return place.inode.readdir!().map((e) => e.name).sort().join(); },
    real: (at) => (p) => fs.readdirSync(at(p)).sort().join(),
  },
  stat: { ours: (t) => (p) => stated(find(t.context, t.root, p).inode.stat()), real: (at) => (p) => stated(fs.statSync(at(p))) },
  lstat: { ours: (t) => (p) => stated(find(t.context, t.root, p, { follow: false }).inode.stat()), real: (at) => (p) => stated(fs.lstatSync(at(p))) },
};

/** Modes of all kinds, also without any rights, with setgid and sticky bits. Without root the owner keeps his, so that the test can look at the result. */
const modeOf = (n: number): number => (uid !== 0 || n % 3 === 0 ? 0o700 | (n & 0o77) : [0, 0o111, 0o222, 0o444, 0o555, 0o666, 0o770, 0o707, 0o2775, 0o1777, 0o1755, 0o4755][n % 12]!);

const targetOf = (path: string): string => path.replace(/^w\//, '').replace(/\.\./g, '.') || '.';
const stated = (s: { mode: number; nlink: number; size: number }): string => `${s.mode.toString(8)} ${dirNlink(s.mode, s.nlink)} ${(s.mode & S_IFMT) === S_IFDIR ? 0 : s.size}`;

/** truncateSync of node opens the file first; this asks the kernel in the order truncate(2) does where they differ. */
function realTruncate(path: string, size: number): void {
  if (fs.statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  fs.truncateSync(path, size);
}

const shm = '/dev/shm';
const where = fs.existsSync(shm) ? shm : tmpdir();
/** btrfs and overlayfs count no links of directories. */
const comparesDirectoryLinks = where === shm;

function realErrno(call: () => unknown): string {
  try { return String(call()); } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

function ourErrno(call: () => unknown): string {
  let value: unknown;
  const errno = errnoOf(() => { value = call(); });
  return errno === 'ok' ? String(value) : errno;
}

/** The tree below w as text: what differs is seen. */
function ourTree(t: Tree): string[] {
  const lines: string[] = [];
  const inodes = new Map<number, string>();
  const visit = (path: string): void => {
    const { inode } = find(t.context, t.root, path, { follow: false });
    const s = inode.stat();
    lines.push(`${path} ${stated(s)} ${same(inodes, s.ino, path)} ${contentOf(s.mode & S_IFMT, () => inode.readlink!(), () => bytesOf(inode, s.size))}`);
    if ((s.mode & S_IFMT) === S_IFDIR) for (const e of inode.readdir!().map((x) => x.name).sort()) visit(`${path}/${e}`);
  };
  if (t.fs.root.lookup!('w')) visit('w');
  return lines;
}

function realTree(at: (path: string) => string): string[] {
  const lines: string[] = [];
  const inodes = new Map<number, string>();
  const visit = (path: string): void => {
    const s = fs.lstatSync(at(path));
    lines.push(`${path} ${stated(s)} ${same(inodes, s.ino, path)} ${contentOf(s.mode & S_IFMT, () => fs.readlinkSync(at(path)), () => fs.readFileSync(at(path), 'latin1'))}`);
    if (s.isDirectory()) for (const e of fs.readdirSync(at(path)).sort()) visit(`${path}/${e}`);
  };
  if (fs.lstatSync(at('w'), { throwIfNoEntry: false })) visit('w');
  return lines;
}

const same = (inodes: Map<number, string>, ino: number, path: string): string => { if (!inodes.has(ino)) inodes.set(ino, path); return inodes.get(ino)!; };
const contentOf = (type: number, link: () => string, bytes: () => string): string => (type === S_IFDIR ? '' : type === S_IFLNK ? link() : bytes());
const bytesOf = (inode: ReturnType<typeof find>['inode'], size: number): string => {
  const into = new Uint8Array(size);
  inode.open!(0).read!(into, 0, false);
  return Buffer.from(into).toString('latin1');
};

const path = fc.constantFrom('w/a', 'w/b', 'w/c', 'w/a/b', 'w/a/c', 'w/a/c/d', 'w/b/a', 'w/l', 'w/m', 'w/l/b', 'w/m/a', 'w/a/', 'w/b/', 'w/l/', 'w/a/.', 'w/a/..', 'w/a/../b', 'w/l/..', 'w', 'w/a//b', 'w/c/', 'w/h', 'w/', 'w/a/b/c', '');
/** We refuse links as kernels with protected_hardlinks do; where this one does not, links of others are not compared. */
const protectsLinks = fs.readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim() === '1';
const step = fc.record({ call: fc.constantFrom(...Object.keys(calls).filter((name) => name !== 'link' || protectsLinks)), path, other: path, n: fc.integer({ min: 0, max: 60 }) });

const initial: Member[] = [
  { name: 'w/', type: 'directory', mode: 0o755 }, { name: 'w/a/', type: 'directory', mode: 0o755 }, { name: 'w/a/b', content: 'x'.repeat(70_000), mode: 0o644 }, { name: 'w/a/c/', type: 'directory', mode: 0o750 },
  { name: 'w/a/c/d', content: 'deep', mode: 0o600 }, { name: 'w/h', type: 'link', linkname: 'w/a/b' }, { name: 'w/l', type: 'symlink', linkname: 'a', mode: 0o777 }, { name: 'w/b/', type: 'directory', mode: 0o755 },
].map((m) => ({ ...m, uid: credentials.uid, gid: credentials.gid, pax: { uid: String(credentials.uid), gid: String(credentials.gid) } }) as Member);

function fillReal(at: (path: string) => string): void {
  for (const m of initial) {
    if (m.type === 'directory') fs.mkdirSync(at(m.name), m.mode);
    else if (m.type === 'symlink') fs.symlinkSync(m.linkname!, at(m.name));
    else if (m.type === 'link') fs.linkSync(at(m.linkname!), at(m.name));
    else fs.writeFileSync(at(m.name), m.content!, { mode: m.mode! });
  }
}

/** Takes on the ids for what the kernel checks (only root can). */
function become(who: typeof credentials): void {
  if (uid !== 0) return;
  process.seteuid!(0);
  process.setgroups!([...who.groups]);
  process.setegid!(who.gid);
  process.seteuid!(who.uid);
}

function compare(make: () => FileSystem, prepare: (at: (path: string) => string, t: Tree) => void, runs: number, as = credentials): void {
  process.umask(0o022);
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const top = fs.mkdtempSync(join(where, 'wherry-vfs-'));
    try {
      const at = (p: string): string => (p === '' ? '' : `${top}/${p}`);
      const t = treeOf(make(), as);
      prepare(at, t);
      if (as !== credentials) become(as);
      for (const { call, path: p, other, n } of steps) {
        const row = calls[call]!;
        assert.is(ourErrno(() => row.ours(t)(p, other, n)), realErrno(() => row.real(at)(p, other, n)), `${call} ${p} ${other} ${n}`);
      }
      become(credentials);
      assert.equal(ourTree({ ...t, context: { ...t.context, credentials } }), realTree(at));
    } finally {
      become(credentials); fs.rmSync(top, { recursive: true, force: true });
    }
  }), { numRuns: runs, seed: Number(process.env['WHERRY_SEED'] ?? 7) });
}

test('tmpfs behaves as the real file system', () => {
  compare(() => new TmpFs({ now, rootMode: 0o777 }), (at, t) => {
    fs.mkdirSync(at('w'), 0o755);
    op.mkdir(t.context, t.root, 'w', 0o755);
  }, 400);
});

test('the overlay behaves as the real file system with the same files', async () => {
  const blob = blobOf(await tarOf(initial));
  const view = buildView([indexLayer(blob)]);
  compare(() => new OverlayFs(new ImageView(view, [{ blob, diffId: 'sha256:0' }]), { now }), (at, t) => {
    fillReal(at);
    t.fs.root.setattr!({ uid: credentials.uid, gid: credentials.gid });
  }, 400);
});

if (uid === 0) {
  const user = { uid: 4321, gid: 4321, groups: [4444], capabilities: 0 };
  const owners: [string, number, number, number][] = [['w', 4321, 4321, 0o755], ['w/a', 0, 4444, 0o2775], ['w/a/c', 0, 0, 0o1777], ['w/a/b', 0, 0, 0o644], ['w/b', 0, 0, 0o750], ['w/a/c/d', 0, 4444, 0o664]];
  test('as a user without rights', async () => {
    const blob = blobOf(await tarOf(initial));
    const view = buildView([indexLayer(blob)]);
    compare(() => new OverlayFs(new ImageView(view, [{ blob, diffId: 'sha256:0' }]), { now }), (at, t) => {
      fillReal(at);
      fs.chmodSync(at('.'), 0o755);
      for (const [p, owner, group, mode] of owners) {
        fs.chownSync(at(p), owner, group);
        fs.chmodSync(at(p), mode);
        find({ ...t.context, credentials }, t.root, p).inode.setattr!({ uid: owner, gid: group, mode });
      }
    }, 400, user);
  });
}

test.run();
