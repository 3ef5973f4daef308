// Random file system calls made on ours and on a peer with an interface like node:fs: the same errnos, and in the end the same tree.
import fc from 'fast-check';
import realFs from 'node:fs';
import * as assert from 'uvu/assert';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { type FileSystem, find, operations as op, OverlayFs } from '../../src/vfs/index.ts';
import { blobOf, type Member, tarOf } from '../layers/tars.ts';
import { errnoOf, now, type Tree, treeOf } from './tree.ts';

export const uid = process.getuid!();
export const credentials = { uid, gid: process.getgid!(), groups: process.getgroups!(), capabilities: uid === 0 ? -1 : 0 };

/** What a call gives: a value as text, or the errno. */
type Call = (path: string, other: string, n: number) => unknown;
interface Row { ours: (t: Tree) => Call; peer: (p: Peer) => Call }

/** What node:fs has and the calls use. */
export type FsLike = Pick<typeof realFs, 'accessSync' | 'chmodSync' | 'closeSync' | 'fstatSync' | 'linkSync' | 'lstatSync' | 'mkdirSync' | 'openSync' | 'readFileSync' | 'readdirSync' | 'readlinkSync' | 'renameSync' | 'rmdirSync' | 'statSync' | 'symlinkSync' | 'truncateSync' | 'unlinkSync' | 'utimesSync' | 'writeSync'>;
/** A peer: its calls, and where a path of the test lies there. */
export interface Peer { fs: FsLike; at: (path: string) => string }

const put = (t: Tree, path: string, flags: number, n: number): string => {
  const { place } = op.open(t.context, t.root, path, flags, 0o644);
  if ((place.inode.mode & S_IFMT) === S_IFDIR) return 'directory';
  const file = place.inode.open!(flags);
  if (flags & 3) file.write!(new Uint8Array(3).fill(65 + (n % 26)), n, false);
  file.close?.();
  return 'open';
};

function putPeer({ fs, at }: Peer, name: string, flags: number, n: number): string {
  const path = at(name);
  const fd = fs.openSync(path, flags, 0o644);
  try {
    if (fs.fstatSync(fd).isDirectory()) return 'directory';
    if (flags & 3) fs.writeSync(fd, new Uint8Array(3).fill(65 + (n % 26)), 0, 3, n);
    return 'open';
  } finally { fs.closeSync(fd); }
}

const openFlags = [0, 1, 2, 0o100 | 1, 0o300 | 1, 0o1000 | 1, 0o1101, 0o200000, 0o400000, 0o400101, 0o600000, 0o1001, 0o102];
/** Links of directories are not counted by btrfs and overlayfs, and otherwise by memfs. */
export const withoutDirectoryLinks = (shape: Shape): Shape => ((shape.mode & S_IFMT) === S_IFDIR ? { ...shape, nlink: 0 } : shape);

/** What is compared of a file besides its content. */
export interface Shape { mode: number; nlink: number; size: number }
/** Takes out what the peer does in a way of its own. */
let comparable = (shape: Shape): Shape => shape;

const calls: Record<string, Row> = {
  mkdir: { ours: (t) => (p) => { op.mkdir(t.context, t.root, p, 0o755); }, peer: ({ fs, at }) => (p) => { fs.mkdirSync(at(p), 0o755); } },
  rmdir: { ours: (t) => (p) => op.rmdir(t.context, t.root, p), peer: ({ fs, at }) => (p) => fs.rmdirSync(at(p)) },
  unlink: { ours: (t) => (p) => op.unlink(t.context, t.root, p), peer: ({ fs, at }) => (p) => fs.unlinkSync(at(p)) },
  rename: { ours: (t) => (p, q) => op.rename(t.context, t.root, p, t.root, q), peer: ({ fs, at }) => (p, q) => fs.renameSync(at(p), at(q)) },
  link: { ours: (t) => (p, q) => op.link(t.context, find(t.context, t.root, p, { follow: false }), t.root, q), peer: ({ fs, at }) => (p, q) => fs.linkSync(at(p), at(q)) },
  symlink: { ours: (t) => (p, q) => { op.symlink(t.context, targetOf(q), t.root, p); }, peer: ({ fs, at }) => (p, q) => fs.symlinkSync(targetOf(q), at(p)) },
  open: { ours: (t) => (p, _q, n) => put(t, p, openFlags[n % openFlags.length]!, n), peer: (peer) => (p, _q, n) => putPeer(peer, p, openFlags[n % openFlags.length]!, n) },
  write: { ours: (t) => (p, _q, n) => put(t, p, 0o102, n * 1500), peer: (peer) => (p, _q, n) => putPeer(peer, p, 0o102, n * 1500) },
  truncate: { ours: (t) => (p, _q, n) => op.truncate(t.context, find(t.context, t.root, p), n * 700), peer: (peer) => (p, _q, n) => { peerTruncate(peer, p, n * 700); } },
  readlink: { ours: (t) => (p) => op.readlink(t.context, t.root, p), peer: ({ fs, at }) => (p) => fs.readlinkSync(at(p)) },
  chmod: { ours: (t) => (p, _q, n) => op.chmod(t.context, find(t.context, t.root, p), modeOf(n)), peer: ({ fs, at }) => (p, _q, n) => fs.chmodSync(at(p), modeOf(n)) },
  // access(2) asks for the real ids, which stay the test's own.
  access: { ours: (t) => (p, _q, n) => op.access({ ...t.context, credentials }, t.root, p, n & 7), peer: ({ fs, at }) => (p, _q, n) => fs.accessSync(at(p), n & 7) },
  utimes: { ours: (t) => (p, _q, n) => op.setTimes(t.context, find(t.context, t.root, p), { atimeNs: 0n, mtimeNs: BigInt(n) }, false), peer: ({ fs, at }) => (p, _q, n) => fs.utimesSync(at(p), 0, n) },
  readdir: {
    ours: (t) => (p) => { const { place } = op.open(t.context, t.root, p, 0o200000, 0); return place.inode.readdir!().map((e) => e.name).sort().join(); },
    peer: ({ fs, at }) => (p) => fs.readdirSync(at(p)).sort().join(),
  },
  stat: { ours: (t) => (p) => stated(find(t.context, t.root, p).inode.stat()), peer: ({ fs, at }) => (p) => stated(fs.statSync(at(p))) },
  lstat: { ours: (t) => (p) => stated(find(t.context, t.root, p, { follow: false }).inode.stat()), peer: ({ fs, at }) => (p) => stated(fs.lstatSync(at(p))) },
};

/** Modes of all kinds, also without any rights, with setgid and sticky bits. Without root the owner keeps his, so that the test can look at the result. */
const modeOf = (n: number): number => (uid !== 0 || n % 3 === 0 ? 0o700 | (n & 0o77) : [0, 0o111, 0o222, 0o444, 0o555, 0o666, 0o770, 0o707, 0o2775, 0o1777, 0o1755, 0o4755][n % 12]!);

const targetOf = (path: string): string => path.replace(/^w\//, '').replace(/\.\./g, '.') || '.';
function stated(whole: Shape): string {
  const { mode, nlink, size } = comparable({ mode: whole.mode, nlink: whole.nlink, size: (whole.mode & S_IFMT) === S_IFDIR ? 0 : whole.size });
  return `${mode.toString(8)} ${nlink} ${size}`;
}

/** truncateSync of node opens the file first; this asks the kernel in the order truncate(2) does where they differ. */
function peerTruncate({ fs, at }: Peer, name: string, size: number): void {
  const path = at(name);
  if (fs.statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  fs.truncateSync(path, size);
}

function peerErrno(call: () => unknown): string {
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

function peerTree({ fs, at }: Peer): string[] {
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

const paths = ['w/a', 'w/b', 'w/c', 'w/a/b', 'w/a/c', 'w/a/c/d', 'w/b/a', 'w/l', 'w/m', 'w/l/b', 'w/m/a', 'w/a/', 'w/b/', 'w/l/', 'w/a/.', 'w/a/..', 'w/a/../b', 'w/l/..', 'w', 'w/a//b', 'w/c/', 'w/h', 'w/', 'w/a/b/c', ''];
/** Without slashes at the end, dots, and the empty path. */
export const plainPaths = paths.filter((path) => !/\/$|\.|\/\/|^$/.test(path));
/** We refuse links as kernels with protected_hardlinks do; where this one does not, links of others are not compared. */
const protectsLinks = realFs.readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim() === '1';
export const callNames = Object.keys(calls).filter((name) => name !== 'link' || protectsLinks);

const initial: Member[] = [
  { name: 'w/', type: 'directory', mode: 0o755 }, { name: 'w/a/', type: 'directory', mode: 0o755 }, { name: 'w/a/b', content: 'x'.repeat(70_000), mode: 0o644 }, { name: 'w/a/c/', type: 'directory', mode: 0o750 },
  { name: 'w/a/c/d', content: 'deep', mode: 0o600 }, { name: 'w/h', type: 'link', linkname: 'w/a/b' }, { name: 'w/l', type: 'symlink', linkname: 'a', mode: 0o777 }, { name: 'w/b/', type: 'directory', mode: 0o755 },
].map((m) => ({ ...m, uid: credentials.uid, gid: credentials.gid, pax: { uid: String(credentials.uid), gid: String(credentials.gid) } }) as Member);

/** Makes the files of `initial` at the peer. */
export function fill({ fs, at }: Peer): void {
  for (const m of initial) {
    if (m.type === 'directory') fs.mkdirSync(at(m.name), m.mode);
    else if (m.type === 'symlink') fs.symlinkSync(m.linkname!, at(m.name));
    else if (m.type === 'link') fs.linkSync(at(m.linkname!), at(m.name));
    else { const fd = fs.openSync(at(m.name), 'wx', m.mode!); fs.writeSync(fd, Buffer.from(m.content!)); fs.closeSync(fd); }
  }
}

/** Takes on the ids for what the kernel checks (only root can). */
export function become(who: typeof credentials): void {
  if (uid !== 0) return;
  process.seteuid!(0);
  process.setgroups!([...who.groups]);
  process.setegid!(who.gid);
  process.seteuid!(who.uid);
}

/** An overlay over a layer with the files of `initial`. */
export async function overlayOfInitial(): Promise<() => FileSystem> {
  const blob = blobOf(await tarOf(initial));
  const view = buildView([indexLayer(blob)]);
  return () => new OverlayFs(new ImageView(view, [{ blob, diffId: 'sha256:0' }]), { now });
}

export interface World { peer: Peer; dispose: () => void }

export interface Step { call: string; path: string; other: string; n: number }

export interface Comparison {
  make: () => FileSystem;
  /** A new peer for each run. */
  world: () => World;
  /** Brings both to the same beginning. */
  prepare?: (peer: Peer, t: Tree) => void;
  runs: number;
  as?: typeof credentials;
  paths?: readonly string[];
  calls?: readonly string[];
  /** Whether a call is made on neither, as the peer is known to be wrong there. */
  excused?: (step: Step, t: Tree) => boolean;
  /** Whether the peer is not asked, as it is known to be wrong where ours gives this answer (and changes nothing). */
  allows?: (call: string, answer: string) => boolean;
  /** What can be compared with this peer. */
  sees?: (shape: Shape) => Shape;
}

/** The first line that differs says what is wrong. */
function demandSameTree(ours: readonly string[], theirs: readonly string[]): void {
  const i = ours.findIndex((line, at) => line !== theirs[at]);
  const at = i < 0 ? ours.length : i;
  assert.ok(ours.length === theirs.length && i < 0, `trees: ours ${ours[at]?.slice(0, 200)}, theirs ${theirs[at]?.slice(0, 200)}`);
}

/** Throws with the shortest sequence of calls on which ours and the peer differ. */
export function compare({ make, world, prepare, runs, as = credentials, paths: chosen = paths, calls: names = callNames, excused, allows, sees = (shape) => shape }: Comparison): void {
  const path = fc.constantFrom(...chosen);
  const step = fc.record({ call: fc.constantFrom(...names), path, other: path, n: fc.integer({ min: 0, max: 60 }) });
  comparable = sees;
  process.umask(0o022);
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const { peer, dispose } = world();
    try {
      const t = treeOf(make(), as);
      prepare?.(peer, t);
      if (as !== credentials) become(as);
      for (const step of steps) {
        if (excused?.(step, t)) continue;
        const { call, path: p, other, n } = step;
        const row = calls[call]!;
        const ours = ourErrno(() => row.ours(t)(p, other, n));
        if (allows?.(call, ours)) continue;
        const theirs = peerErrno(() => row.peer(peer)(p, other, n));
        assert.ok(ours === theirs, `${call} ${p} ${other} ${n}: ours ${ours}, theirs ${theirs}`);
      }
      become(credentials);
      demandSameTree(ourTree({ ...t, context: { ...t.context, credentials } }), peerTree(peer));
    } finally { become(credentials); dispose(); }
  }), { numRuns: runs, seed: Number(process.env['WHERRY_SEED'] ?? 7), includeErrorInReport: true });
}
