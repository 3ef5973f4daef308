// Tars that GNU tar wrote, in each of its formats, read back: names, owners, times, sparse files; and damaged tars, which give errors and nothing else.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildView, ImageView, indexLayer, LayerError, tarEntries } from '../../src/layers/index.ts';
import { OverlayFs } from '../../src/vfs/index.ts';
import { now, read, stat, treeOf, type Tree } from '../vfs/tree.ts';
import { blobOf, tarOf } from './tars.ts';

const LONG = `${'directory-with-a-long-name/'.repeat(5)}${'file'.repeat(40)}`;
const MIB = 1 << 20;

/** A folder with a sparse file, a long name, a link with a long target, a hard link. */
function folder(): string {
  const top = fs.mkdtempSync(join(tmpdir(), 'wherry-tar-'));
  fs.mkdirSync(join(top, LONG, '..'), { recursive: true });
  fs.writeFileSync(join(top, LONG), 'long');
  fs.symlinkSync('t/'.repeat(100), join(top, 'link'));
  fs.writeFileSync(join(top, 'plain'), 'plain', { mode: 0o640 });
  fs.linkSync(join(top, 'plain'), join(top, 'second'));
  const fd = fs.openSync(join(top, 'sparse'), 'w');
  for (let i = 0; i < 30; i++) fs.writeSync(fd, Buffer.alloc(4096, 65 + (i % 26)), 0, 4096, i * MIB);
  fs.ftruncateSync(fd, 32 * MIB);
  fs.closeSync(fd);
  fs.utimesSync(join(top, 'plain'), 1.5, 1_700_000_000.25);
  return top;
}

function treeOfTar(bytes: Uint8Array): Tree {
  const blob = blobOf(bytes);
  return treeOf(new OverlayFs(new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'x' }]), { now }));
}

const formats: [string, string[], boolean][] = [
  ['gnu', ['--format=gnu', '-S'], true], ['pax, sparse 0.0', ['--format=pax', '-S', '--sparse-version=0.0'], true], ['pax, sparse 0.1', ['--format=pax', '-S', '--sparse-version=0.1'], true],
  ['pax, sparse 1.0', ['--format=pax', '-S', '--sparse-version=1.0'], true], ['gnu without holes', ['--format=gnu'], false], ['oldgnu', ['--format=oldgnu', '-S'], true],
];

const top = folder();
const expected = fs.readFileSync(join(top, 'sparse'), 'latin1');
for (const [what, options, sparse] of formats) {
  test(`GNU tar: ${what}`, () => {
    const bytes = execFileSync('tar', ['-C', top, '-c', ...options, '--owner=:3000001', '--group=:70000', '.'], { maxBuffer: 64 * MIB });
    if (sparse) assert.ok(bytes.length < 2 * MIB, 'tar found the holes');
    const t = treeOfTar(bytes);
    assert.is(read(t, `/${LONG}`), 'long');
    assert.is(read(t, '/plain'), 'plain');
    assert.is(stat(t, '/plain').mode, 0o100640);
    assert.equal([stat(t, '/plain').uid, stat(t, '/plain').gid], [3_000_001, 70_000]);
    assert.is(stat(t, '/second').ino, stat(t, '/plain').ino);
    assert.is(stat(t, '/plain').mtimeNs, 1_700_000_000_000_000_000n + (what.startsWith('pax') ? 250_000_000n : 0n));
    assert.is(t.fs.root.lookup!('link')!.readlink!(), 't/'.repeat(100));
    assert.is(stat(t, '/sparse').size, 32 * MIB);
    assert.ok(read(t, '/sparse') === expected, 'the sparse file is the same');
    const piece = new Uint8Array(100);
    t.fs.root.lookup!('sparse')!.open!(0).read!(piece, 5 * MIB + 4046, false);
    assert.is(Buffer.from(piece).toString('latin1'), 'F'.repeat(50) + '\0'.repeat(50));
  });
}
test.after(() => fs.rmSync(top, { recursive: true }));

test('a size in base-256, larger than an octal field can say', () => {
  const header = new Uint8Array(512);
  header.set(Buffer.from('big'), 0);
  header.set(Buffer.from('0000644\0'), 100);
  header.set([0x80, 0, 0, 0, 0, 0, 0, 2, 0x40, 0, 0, 0], 124);
  header[156] = 48;
  const sum = header.reduce((a, b) => a + b, 8 * 32);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  const size = 9 * 2 ** 30;
  const [entry] = tarEntries({ size: 512 + size, read: (into, offset) => { const piece = header.subarray(offset, offset + into.length); into.fill(0); into.set(piece); return Math.min(into.length, 512 + size - offset); } });
  assert.is(entry!.size, size);
});

test('damaged tars give a LayerError or a tree, never anything else', async () => {
  const good = await tarOf([
    { name: 'a/', type: 'directory' }, { name: 'a/f', content: 'x'.repeat(700), pax: { uid: '5', mtime: '1.5', 'SCHILY.xattr.user.a': 'b' } }, { name: 'l', type: 'symlink', linkname: 'a' }, { name: 'h', type: 'link', linkname: 'a/f' },
    { name: 'n'.repeat(200), content: '' }, { name: '.wh.z', content: '' },
  ]);
  const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) });
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(good.length), fc.boolean(), (changes, length, cut) => {
    const bytes = good.slice(0, cut ? length : good.length);
    for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
    fixChecksums(bytes, changes.map((c) => c.at));
    try { treeOfTar(bytes); } catch (error) { if (!(error instanceof LayerError)) throw error; }
  }), { numRuns: 3000, seed: 1 });
});

/** Makes the checksums of changed headers right again, so that damage reaches what lies behind the check. */
function fixChecksums(bytes: Uint8Array, places: number[]): void {
  for (const at of places) {
    const start = at - (at % 512);
    if (start + 512 > bytes.length || at % 2 === 0) continue;
    const header = bytes.subarray(start, start + 512);
    header.fill(32, 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
}

test.run();
