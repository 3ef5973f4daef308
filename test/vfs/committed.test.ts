// What the blocks of the file system suite leave behind, committed: the layer below and the layer of changes give the same tree as the overlay they were made in; and so does the tree as one layer.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer, tarOfChanges, tarOfTree } from '../../src/layers/index.ts';
import { type Inode, OverlayFs } from '../../src/vfs/index.ts';
import { blobOf, tarOf } from '../layers/tars.ts';
import { FakeMachine } from '../linux/fake-machine.ts';
import { type Block, blocksOf, prepare, Script } from '../linux/syscall-script.ts';

const folder = 'test/vfs/posix';
/** Names that begin with ".wh." mean something else in a layer: committing them is refused. */
const canBeCommitted = ({ lines }: Block): boolean => !lines.some((line) => line.includes('".wh.'));
const blocks = readdirSync(folder).filter((name) => name.endsWith('.txt')).sort().flatMap((file) => blocksOf(join(folder, file))).filter(canBeCommitted);
const bottom = await tarOf([{ name: 'w/', type: 'directory', mode: 0o777 }, { name: 'w/below', content: 'below', mode: 0o644 }]);

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return Buffer.concat(all);
}

function viewOf(tars: readonly Uint8Array[]): ImageView {
  const blobs = tars.map(blobOf);
  return new ImageView(buildView(blobs.map((blob) => indexLayer(blob))), blobs.map((blob, i) => ({ blob, diffId: `sha256:${i}` })));
}

function contentOf(inode: Inode): string {
  const type = inode.mode & S_IFMT;
  if (type === S_IFLNK) return inode.readlink!();
  if (type !== S_IFREG) return '';
  const { size } = inode.stat();
  if (size > 1 << 24) return `${size} bytes`;
  const bytes = new Uint8Array(size);
  const file = inode.open!(0);
  for (let done = 0; done < size;) done += file.read!(bytes.subarray(done), done, false) as number;
  file.close?.();
  return Buffer.from(bytes).toString('base64');
}

/** Everything a layer keeps of a tree, one line a name. A tar holds no sockets, and layers say nothing of the root directory itself, as Docker's do not. */
function treeOf(root: Inode): string[] {
  const lines: string[] = [];
  const first = new Map<Inode, string>();
  const visit = (path: string, inode: Inode): void => {
    const { mode, uid, gid, rdev, mtimeNs } = inode.stat();
    if (!first.has(inode)) first.set(inode, path);
    const xattrs = inode.listxattr!().sort().map((name) => `${name}=${Buffer.from(inode.getxattr!(name)!).toString('hex')}`);
    lines.push([path, mode.toString(8), uid, gid, rdev, mtimeNs, first.get(inode), xattrs.join(), contentOf(inode)].join(' '));
    if ((mode & S_IFMT) !== S_IFDIR) return;
    const names = inode.readdir!().filter(({ type }) => type !== S_IFSOCK).map(({ name }) => name).sort();
    for (const name of names) visit(`${path}/${name}`, inode.lookup!(name)!);
  };
  visit('', root);
  return lines.slice(1);
}

/** Runs a block; what lies before "--" becomes a layer of its own. */
async function left(block: Block): Promise<{ tars: Uint8Array[]; root: OverlayFs }> {
  const tars = [bottom];
  const over = (m?: FakeMachine): FakeMachine => { const view = viewOf(tars); return prepare(new FakeMachine((now) => new OverlayFs(view, { now }), m?.nowNs), m); };
  const script = new Script(over());
  for (const line of block.lines) {
    script.run(line);
    if (line !== '--') continue;
    const { root } = script.machine;
    tars.push(await bytesOf(tarOfChanges(root.root, (root as OverlayFs).changes())));
    script.machine = over(script.machine);
  }
  return { tars, root: script.machine.root as OverlayFs };
}

const same = (ours: string[], theirs: string[]): void => assert.is(ours.filter((line) => !theirs.includes(line)).join('\n') + theirs.filter((line) => !ours.includes(line)).map((line) => `\nonly committed: ${line}`).join(''), '');

for (const block of blocks) {
  test(block.title, async () => {
    const { tars, root } = await left(block);
    const tree = treeOf(root.root);
    const changes = await bytesOf(tarOfChanges(root.root, root.changes()));
    same(tree, treeOf(new OverlayFs(viewOf([...tars, changes]), { now: () => 0n }).root));
    same(tree, treeOf(new OverlayFs(viewOf([await bytesOf(tarOfTree(root.root))]), { now: () => 0n }).root));
  });
}

test.run();
