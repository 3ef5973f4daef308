// Layers merged as the image specification says (layer.md), and where it says so as umoci does: the same layers unpacked by it give the same tree, where it is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { type Inode, OverlayFs } from '../../src/vfs/index.ts';
import { now } from '../vfs/tree.ts';
import { blobOf, type Member, tarOf } from './tars.ts';

/** `d/` a directory, `f=text` a file, `l->target` a symbolic link, `h=>target` a hard link. */
function memberOf(said: string): Member {
  const [, name = '', kind, rest = ''] = /^(.*?)(->|=>|=|$)(.*)$/.exec(said)!;
  if (kind === '->') return { name, type: 'symlink', linkname: rest, mode: 0o777 };
  if (kind === '=>') return { name, type: 'link', linkname: rest };
  return name.endsWith('/') ? { name, type: 'directory', mode: 0o755 } : { name, content: rest };
}

const tarsOf = (layers: readonly string[]): Promise<Uint8Array[]> => Promise.all(layers.map((layer) => tarOf(layer.split(' ').map(memberOf))));

/** A tree as words: directories with a slash, links with their target, files with content; `~` and the first name for further names of a file. */
class Words {
  readonly words: string[] = [];
  readonly #first = new Map<number, string>();

  add(path: string, type: number, ino: number, text: () => string): void {
    const first = this.#first.get(ino);
    if (type === S_IFDIR) this.words.push(`${path}/`);
    else if (first !== undefined) this.words.push(`${path}~${first}`);
    else {
      this.#first.set(ino, path);
      this.words.push(`${path}${type === S_IFLNK ? '->' : '='}${text()}`);
    }
  }
}

const contentOf = (inode: Inode): string => {
  const bytes = new Uint8Array(inode.stat().size);
  inode.open!(0).read!(bytes, 0, false);
  return Buffer.from(bytes).toString('latin1');
};

function ourTree(tars: readonly Uint8Array[]): string {
  const blobs = tars.map(blobOf);
  const fs = new OverlayFs(new ImageView(buildView(blobs.map(indexLayer)), blobs.map((blob, i) => ({ blob, diffId: `sha256:${i}` }))), { now });
  const words = new Words();
  const visit = (directory: Inode, prefix: string): void => {
    for (const { name } of directory.readdir!().sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inode = directory.lookup!(name)!;
      const type = inode.mode & S_IFMT;
      words.add(prefix + name, type, inode.ino, () => (type === S_IFLNK ? inode.readlink!() : contentOf(inode)));
      if (type === S_IFDIR) visit(inode, `${prefix}${name}/`);
    }
  };
  visit(fs.root, '');
  return words.words.join(' ');
}

const hasUmoci = process.getuid?.() === 0 && spawnSync('umoci', ['--version']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'wherry-merge-'));
process.on('exit', () => { rmSync(scratch, { recursive: true, force: true }); });

function umociTree(tars: readonly Uint8Array[]): string {
  const [layout, out] = [join(scratch, 'layout'), join(scratch, 'out')];
  for (const folder of [layout, out]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const put = (bytes: Uint8Array | string, mediaType: string) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hex), bytes);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hex}`, size: bytes.length };
  };
  const layers = tars.map((tar) => put(tar, 'layer.v1.tar'));
  const config = put(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) } }), 'config.v1+json');
  const manifest = put(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers }), 'manifest.v1+json');
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 't' } }] }));
  execFileSync('umoci', ['raw', 'unpack', '--image', `${layout}:t`, out], { stdio: 'pipe' });
  const words = new Words();
  const visit = (at: string, prefix: string): void => {
    for (const name of readdirSync(at).sort()) {
      const path = join(at, name);
      const stat = lstatSync(path);
      words.add(prefix + name, stat.mode & S_IFMT, stat.ino, () => (stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1')));
      if (stat.isDirectory()) visit(path, `${prefix}${name}/`);
    }
  };
  visit(out, '');
  return words.words.join(' ');
}

/** What it is about; the layers, lowest first; the tree; and why umoci has another one, if it has. */
type Case = readonly [title: string, layers: readonly string[], tree: string, differs?: string];

const cases: readonly Case[] = [
  ['a whiteout takes away a file', ['a=1 b=2', '.wh.a='], 'b=2'],
  ['a whiteout takes away a whole directory', ['d/ d/e/ d/e/f=1 g=2', '.wh.d='], 'g=2'],
  ['a whiteout of what is not there', ['a=1', '.wh.none= b=2'], 'a=1 b=2'],
  ['a whiteout below what is not there, and below a file', ['a=1', 'a/.wh.b= c=2'], 'a=1 c=2'],
  ['a whiteout before a new entry of its name', ['x=old', '.wh.x= x=new'], 'x=new'],
  ['a whiteout after a new entry of its name does not hide it', ['x=old', 'x=new .wh.x='], 'x=new'],
  ['a whiteout and a new directory of its name: nothing below shows through', ['d/ d/old=1', '.wh.d= d/ d/new=2'], 'd/ d/new=2'],
  ['the same, the whiteout last', ['d/ d/old=1', 'd/ d/new=2 .wh.d='], 'd/ d/new=2'],
  ['an opaque directory hides all below, and nothing of its own layer', ['d/ d/a=1 d/e/ d/e/f=2', 'd/ d/.wh..wh..opq= d/b=3'], 'd/ d/b=3'],
  ['the same, the mark last', ['d/ d/a=1 d/e/ d/e/f=2', 'd/ d/b=3 d/e/ d/e/g=4 d/.wh..wh..opq='], 'd/ d/b=3 d/e/ d/e/g=4'],
  ['an opaque directory keeps what later layers add', ['d/ d/a=1', 'd/.wh..wh..opq= d/b=2', 'd/c=3'], 'd/ d/b=2 d/c=3'],
  ['an opaque root', ['a=1 d/ d/b=2', '.wh..wh..opq= c=3'], 'c=3'],
  ['a directory replaced by a file, and back', ['x/ x/a=1', 'x=file', 'x/ x/b=2'], 'x/ x/b=2'],
  ['a file replaced by a directory', ['x=1', 'x/ x/a=2'], 'x/ x/a=2'],
  ['a link replaced by a directory', ['x->a a/', 'x/ x/b=2'], 'a/ x/ x/b=2'],
  ['a directory replaced by a link', ['x/ x/b=1 a/', 'x->a'], 'a/ x->a'],
  ['a directory named again keeps what is in it', ['d/ d/a=1', 'd/'], 'd/ d/a=1'],
  ['directories that no member names', ['a/b/c=1', 'a/d=2'], 'a/ a/b/ a/b/c=1 a/d=2'],
  ['a hard link to a file of a lower layer', ['a=1', 'b=>a'], 'a=1 b~a'],
  ['a hard link to a symbolic link', ['a->x', 'b=>a'], 'a->x b~a'],
  ['a name of a linked file replaced: the other one stays', ['a=1 b=>a', 'a=2'], 'a=2 b=1'],
  ['a name of a linked file taken away', ['a=1 b=>a c=>a', '.wh.a='], 'b=1 c~b'],
  ['a hard link to what the same layer takes away: a file was renamed', ['a=1 d/ d/f=2', 'b=>a g=>d/f .wh.a= .wh.d='], 'b=1 g=2'],
  ['a whiteout that stands before such a link', ['a=1', '.wh.a= b=>a'], 'b=1', 'it goes by the order of members'],
  ['names that begin like a whiteout', ['.who=1 .wha=2', '.wh.who= wh.a=3'], '.wha=2 .who=1 wh.a=3'],
  ['a whiteout of a hidden name', ['.a=1 a=2', '.wh..a='], 'a=2'],
  ['taken away and added again', ['a=1', '.wh.a=', 'a=3'], 'a=3'],
  ['a file below a link of a lower layer takes the link\'s place', ['real/ real/f=1 l->real', 'l/g=2'], 'l/ l/g=2 real/ real/f=1', 'it writes through the link'],
];

for (const [title, layers, tree, differs] of cases) test(title, async () => {
  const tars = await tarsOf(layers);
  assert.is(ourTree(tars), tree);
  if (hasUmoci && differs === undefined) assert.is(umociTree(tars), tree, 'umoci');
});

test('the rest of a layer that repeats names goes to the last of them', async () => {
  assert.is(ourTree(await tarsOf(['d/ d/a=1 d=file d/ d/b=2'])), 'd/ d/b=2');
  assert.is(ourTree(await tarsOf(['f=1 d/ d/a=1 d=>f d/ d/b=2'])), 'd/ d/b=2 f=1');
  assert.is(ourTree(await tarsOf(['d/ e/ l->d l/a=1 l->e l/b=2'])), 'd/ d/a=1 e/ e/b=2 l->e');
});

test('2,000 layers', async () => {
  const layers = Array.from({ length: 2000 }, (_, i) => `f${i % 50}=${i} d/${i}=x${i === 1999 ? ' d/.wh..wh..opq=' : ''}`);
  const words = ourTree(await tarsOf(layers)).split(' ');
  assert.is(words.length, 52);
  assert.equal([words.at(-1), words.at(0), words.includes('d/1999=x')], ['f9=1959', 'd/', true]);
});

if (!hasUmoci) console.log('umoci is not here (or not root): compared with what is written down only');
test.run();
