// Random changes of a writable layer over a small image, and a tree as text, for tests that close, kill and compare.
import { Errno, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { find, type LowerTree, operations as op, type OpenFile, type OverlayFs, type TmpInode } from '../../src/vfs/index.ts';
import { treeOf, type Tree } from '../vfs/tree.ts';
import { blobOf, tarOf } from './tars.ts';

const blob = blobOf(await tarOf([
  { name: 'd/', type: 'directory', mode: 0o755 }, { name: 'd/a', content: Buffer.alloc(20_000, 'lower a ') }, { name: 'd/b', content: 'b', pax: { 'SCHILY.xattr.user.k': 'v' } }, { name: 'd/sub/c', content: 'c' },
  { name: 'd/sub/deep/e', content: Buffer.alloc(5000, 'e') }, { name: 'two', type: 'link', linkname: 'd/a' }, { name: 'l', type: 'symlink', linkname: 'd/a' }, { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
]));

/** A few files, links and directories to be changed. */
export const lowerTree = (): LowerTree => new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'sha256:0' }]);

type Random = (below: number) => number;
const NAMES = ['d', 'd/a', 'd/b', 'd/sub', 'd/sub/c', 'd/sub/deep', 'd/sub/deep/e', 'two', 'l', 'null', 'n', 'd/n', 'd/sub/n', 'm', 'm/x', 'm/y', 'd/m', 'd/m/x', 'o', 'tmp'] as const;
const SIZES = [0, 1, 100, 4095, 4096, 4097, 8192, 12_000, 20_000, 40_000] as const;
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

/** What a writer keeps between its steps. */
export interface Writer { readonly tree: Tree; readonly random: Random; readonly open: OpenFile[] }

export const writerOf = (fs: OverlayFs, random: Random): Writer => ({ tree: treeOf(fs), random, open: [] });

const at = ({ tree }: Writer, path: string) => find(tree.context, tree.root, path, { follow: false });

function opened(w: Writer, path: string, flags: number): OpenFile | undefined {
  const { place } = op.open(w.tree.context, w.tree.root, path, flags, 0o600 + w.random(0o200));
  return (place.inode.mode & S_IFMT) === S_IFREG ? place.inode.open!(2) : undefined;
}

function edit(w: Writer, change: (file: OpenFile, position: number, length: number) => void): void {
  const old = w.open.length > 0 && w.random(4) === 0;
  const file = old ? pick(w.random, w.open) : opened(w, pick(w.random, NAMES), 0o102);
  if (!file) return;
  try { change(file, pick(w.random, SIZES), pick(w.random, SIZES)); } finally { if (!old) file.close!(); }
}

const steps: ((w: Writer) => void)[] = [
  (w) => edit(w, (file, position, length) => { file.write!(new Uint8Array(length).fill(1 + w.random(255)), position, true); }),
  (w) => edit(w, (file, position, length) => { file.write!(new Uint8Array(length).fill(1 + w.random(255)), position + 7, true); }),
  (w) => edit(w, (file, position) => file.truncate!(position)),
  (w) => edit(w, (file, position, length) => file.punch!(position, position + length + 1)),
  (w) => edit(w, (file, position, length) => file.reserve!(position, position + length + 1)),
  (w) => op.mkdir(w.tree.context, w.tree.root, pick(w.random, NAMES), 0o700 + w.random(0o100)),
  (w) => op.unlink(w.tree.context, w.tree.root, pick(w.random, NAMES)),
  (w) => op.unlink(w.tree.context, w.tree.root, pick(w.random, NAMES)),
  (w) => op.rmdir(w.tree.context, w.tree.root, pick(w.random, NAMES)),
  (w) => op.rename(w.tree.context, w.tree.root, pick(w.random, NAMES), w.tree.root, pick(w.random, NAMES)),
  (w) => op.rename(w.tree.context, w.tree.root, pick(w.random, NAMES), w.tree.root, pick(w.random, NAMES), 2),
  (w) => op.link(w.tree.context, at(w, pick(w.random, NAMES)), w.tree.root, pick(w.random, NAMES)),
  (w) => op.symlink(w.tree.context, `to ${w.random(100)}`, w.tree.root, pick(w.random, NAMES)),
  (w) => op.mknod(w.tree.context, w.tree.root, pick(w.random, NAMES), pick(w.random, [S_IFIFO, S_IFSOCK]) | 0o640, 0),
  (w) => op.chmod(w.tree.context, at(w, pick(w.random, NAMES)), 0o700 + w.random(0o100)),
  (w) => op.chown(w.tree.context, at(w, pick(w.random, NAMES)), w.random(5_000_000), w.random(3)),
  (w) => op.setTimes(w.tree.context, at(w, pick(w.random, NAMES)), { mtimeNs: BigInt(w.random(1000)) * (w.random(2) ? 10n ** 9n : -(10n ** 20n)) + 7n }, false),
  (w) => op.setxattr(w.tree.context, at(w, pick(w.random, NAMES)), pick(w.random, ['user.k', 'user.l']), new Uint8Array(w.random(5)).fill(w.random(256)), 0),
  (w) => op.removexattr(w.tree.context, at(w, pick(w.random, NAMES)), 'user.k'),
  (w) => { if (w.open.length < 3) keepOpen(w, opened(w, pick(w.random, NAMES), 2)); },
  (w) => { if (w.open.length > 0) w.open.splice(w.random(w.open.length), 1)[0]!.close!(); },
  (w) => nameUnnamed(w),
];

function keepOpen(w: Writer, file: OpenFile | undefined): void { if (file) w.open.push(file); }

/** O_TMPFILE, written, and mostly linked. */
function nameUnnamed(w: Writer): void {
  const { place } = op.open(w.tree.context, w.tree.root, 'd', 0o20200002, 0o600);
  const file = place.inode.open!(2);
  file.write!(new Uint8Array(5000).fill(7), 0, true);
  if (w.random(3) > 0) op.link(w.tree.context, place, w.tree.root, pick(w.random, NAMES));
  file.close!();
}

/** One random change; that a file cannot be changed so is part of the game. */
export function randomStep(w: Writer): void {
  try { pick(w.random, steps)(w); } catch (error) { if (!(error instanceof Errno)) throw error; }
}

/** Everything that is to be kept: names, numbers, attributes, times but that of access, xattrs, content, holes. */
export function printed(fs: OverlayFs): string {
  const lines: string[] = [];
  const visit = (inode: TmpInode, path: string): void => {
    const { ino, mode, uid, gid, nlink, rdev, size, blocks, mtimeNs, ctimeNs } = inode.stat();
    const xattrs = inode.listxattr().sort().map((name) => `${name}=${Buffer.from(inode.getxattr(name)!).toString('hex')}`);
    lines.push([path || '/', ino, mode.toString(8), uid, gid, nlink, rdev, size, blocks, mtimeNs, ctimeNs, xattrs.join(), inode.target ?? contentOf(inode)].join(' '));
    for (const { name } of inode.entries?.list().sort((a, b) => (a.name < b.name ? -1 : 1)) ?? []) visit(inode.entries!.get(name)!, `${path}/${name}`);
  };
  visit(fs.root, '');
  return lines.join('\n');
}

/** Runs of equal bytes, and where the data lies. */
function contentOf({ mode, data }: TmpInode): string {
  if ((mode & S_IFMT) === S_IFDIR || (mode & S_IFMT) === S_IFLNK || !data) return '';
  const bytes = new Uint8Array(data.size);
  data.read(bytes, 0);
  const holes: number[] = [];
  for (let from = data.nextData(0); from !== undefined; from = data.nextData(holes.at(-1)!)) holes.push(from, data.nextHole(from));
  return `${Buffer.from(bytes).toString('latin1').replace(/([^])\1+/g, (run, char: string) => `${char}*${run.length}`)} ${holes.join()}`;
}
