// Tars as we write them, read back by GNU tar, Python's tarfile and our own reader: names, owners, times, xattrs, links, devices, sparse files; the same input gives the same bytes.
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makedev, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../src/abi/index.ts';
import { buildView, ImageView, indexLayer, LayerError, packTar, tarEntries, type TarItem, type TarMember, tarOfTree } from '../../src/layers/index.ts';
import { operations as op, OverlayFs } from '../../src/vfs/index.ts';
import { now, stat, tmpTree, treeOf } from '../vfs/tree.ts';
import { blobOf } from './tars.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const base = { uid: 0, gid: 0, size: 0, mtimeNs: 1_700_000_000_000_000_000n };

function file(member: Partial<TarMember> & { path: string }, content = ''): TarItem {
  const data = bytes(content);
  return {
    member: { ...base, mode: S_IFREG | 0o644, size: data.length, ...member },
    read: (into, offset) => { const piece = data.subarray(offset, offset + into.length); into.set(piece); return piece.length; },
  };
}

const other = (member: Partial<TarMember> & { path: string; mode: number }): TarItem => ({ member: { ...base, ...member } });

async function written(items: Iterable<TarItem>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packTar(items)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const utf8 = Buffer.from('ünï/čödé').toString('latin1');
const items = (): TarItem[] => [
  other({ path: 'dir', mode: S_IFDIR | 0o1777 }),
  file({ path: 'dir/plain', mode: S_IFREG | 0o4755, uid: 1000, gid: 100 }, 'plain'),
  file({ path: 'dir/no-rights', mode: S_IFREG }, 'x'),
  file({ path: 'times', mtimeNs: 1_700_000_000_123_456_789n }, 't'),
  file({ path: 'before-1970', mtimeNs: -1_500_000_000n }, 't'),
  file({ path: 'far-away', mtimeNs: 5_000_000_000_000_000_001n }, 't'),
  file({ path: 'owner', uid: 3_000_000_000, gid: 262_144 }, 'o'),
  file({ path: utf8 }, 'utf8'),
  file({ path: 'not-\xff-utf8' }, 'raw'),
  file({ path: 'new\nline' }, 'n'),
  file({ path: `${'long/'.repeat(40)}name` }, 'prefix'),
  file({ path: 'n'.repeat(150) }, 'long name'),
  ...[99, 100, 101, 155, 156, 157].flatMap((n) => [file({ path: `${'p'.repeat(n)}/${'q'.repeat(100)}` }), file({ path: `${'p'.repeat(n)}/${'q'.repeat(101)}` }), other({ path: `${'p'.repeat(n)}/${'q'.repeat(99)}`, mode: S_IFDIR | 0o755 })]),
  other({ path: `${'p'.repeat(100)}`, mode: S_IFDIR | 0o755 }),
  other({ path: 'd'.repeat(150), mode: S_IFDIR | 0o755 }),
  file({ path: 'xattrs', xattrs: [['user.text', bytes('value')], ['security.capability', bytes('\x01\0\0\x02\xff\x80\0\0')], ['user.empty', bytes('')], ['user.a=b%', bytes('9 path=x\n linkpath=y')]] }, 'x'),
  other({ path: 'symlink', mode: S_IFLNK | 0o777, link: 'dir/plain' }),
  other({ path: 'long-symlink', mode: S_IFLNK | 0o777, link: 't/'.repeat(80) }),
  other({ path: 'raw-symlink', mode: S_IFLNK | 0o777, link: '\xfe' }),
  other({ path: `raw-${'\xfe'.repeat(200)}`, mode: S_IFLNK | 0o777, link: '\xfd'.repeat(200) }),
  file({ path: `${'p/'.repeat(60)}\xff`, mtimeNs: 1_700_000_000_123_456_789n }, 'raw'),
  other({ path: 'utf8-symlink', mode: S_IFLNK | 0o777, link: utf8 }),
  other({ path: 'hard', mode: S_IFREG | 0o4755, hardLink: true, link: 'dir/plain', uid: 1000, gid: 100 }),
  other({ path: 'fifo', mode: S_IFIFO | 0o600 }),
  other({ path: 'char', mode: S_IFCHR | 0o666, rdev: makedev(1, 3) }),
  other({ path: 'block', mode: S_IFBLK | 0o660, rdev: makedev(8, 0xfffff) }),
  file({ path: 'empty' }),
  file({ path: 'block-sized' }, 'b'.repeat(512)),
  file({ path: 'large' }, 'large '.repeat(400_000)),
];

test('our reader gives back what was written', async () => {
  const blob = blobOf(await written(items()));
  const entries = [...tarEntries(blob)];
  assert.equal(entries.map((e) => e.path.replace(/\/$/, '')), items().map((i) => i.member.path));
  for (const [i, { member, read }] of items().entries()) {
    const entry = entries[i]!;
    const { path, mode, uid, gid } = member;
    assert.equal([entry.mode, entry.uid, entry.gid, entry.rdev, entry.link], [mode, uid, gid, member.rdev ?? 0, member.link ?? ''], path);
    assert.is(BigInt(entry.mtimeSec) * 1_000_000_000n + BigInt(entry.mtimeNs), member.mtimeNs, path);
    assert.equal([...entry.xattrs ?? []].map(([k, v]) => [k, Buffer.from(v).toString('hex')]), [...member.xattrs ?? []].map(([k, v]) => [k, Buffer.from(v).toString('hex')]), path);
    assert.is(entry.size, member.size, path);
    const wanted = new Uint8Array(member.size);
    read?.(wanted, 0);
    const got = new Uint8Array(member.size);
    blob.read(got, entry.offset);
    assert.ok(Buffer.compare(wanted, got) === 0, path);
  }
});

test('any members: our reader gives them back', async () => {
  const name = fc.array(fc.string({ unit: fc.integer({ min: 1, max: 255 }).filter((c) => c !== 47).map((c) => String.fromCharCode(c)), minLength: 1, maxLength: 130 }), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
  const id = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 0xffff_ffff }));
  const mtimeNs = fc.oneof(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.integer({ min: 0, max: 2 ** 31 }).map((s) => BigInt(s) * 1_000_000_000n));
  const xattrs = fc.array(fc.tuple(fc.stringMatching(/^user\.[ -~]{1,20}$/), fc.uint8Array({ maxLength: 300 })), { maxLength: 2 }).map((list) => [...new Map(list)]);
  const member = fc.record({ path: name, mode: fc.constantFrom(S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFCHR), rights: fc.integer({ min: 0, max: 0o7777 }), uid: id, gid: id, mtimeNs, xattrs, link: name, length: fc.integer({ min: 0, max: 2000 }) })
    .map(({ mode, rights, link, length, ...rest }): TarItem => ({
      member: { ...rest, mode: mode | rights, size: mode === S_IFREG ? length : 0, ...(mode === S_IFLNK ? { link } : {}), ...(mode === S_IFCHR ? { rdev: makedev(rights, rights) } : {}) }, read: (into, offset) => { into.forEach((_, i) => { into[i] = (offset + i) % 251; }); return into.length; },
    }));
  await fc.assert(fc.asyncProperty(fc.array(member, { maxLength: 12 }), async (members) => {
    const tar = await written(members);
    const entries = [...tarEntries(blobOf(tar))];
    assert.equal(entries.map((e) => [e.path.replace(/\/$/, ''), e.mode, e.uid, e.gid, e.size, BigInt(e.mtimeSec) * 1_000_000_000n + BigInt(e.mtimeNs), e.link, e.rdev]),
      members.map(({ member: m }) => [m.path, m.mode, m.uid, m.gid, m.size, m.mtimeNs, m.link ?? '', m.rdev ?? 0]));
    assert.equal(entries.map((e) => [...e.xattrs ?? []]), members.map(({ member: m }) => [...m.xattrs ?? []]));
    for (const e of entries) for (let i = 0; i < e.size; i++) if (tar[e.offset + i] !== i % 251) assert.unreachable(e.path);
  }), { numRuns: 150 });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;
const script = `
import tarfile, sys
for m in tarfile.open(fileobj=sys.stdin.buffer, mode='r|', encoding='utf-8', errors='surrogateescape'):
    n = lambda s: s.encode('utf-8', 'surrogateescape').hex()
    print(n(m.name), oct(m.mode), m.uid, m.gid, m.size, m.mtime, m.type.decode(), n(m.linkname), m.devmajor, m.devminor)
`;
if (hasPython) test("Python's tarfile reads the same", async () => {
  const lines = execFileSync('python3', ['-c', script], { input: await written(items()) }).toString().trim().split('\n').map((line) => line.split(' '));
  const types: Record<number, string> = { [S_IFREG]: '0', [S_IFDIR]: '5', [S_IFLNK]: '2', [S_IFIFO]: '6', [S_IFCHR]: '3', [S_IFBLK]: '4' };
  for (const [i, { member: m }] of items().entries()) {
    const [name, mode, uid, gid, size, mtime, type, link, devmajor, devminor] = lines[i]!;
    assert.is(Buffer.from(name!, 'hex').toString('latin1'), m.path);
    assert.equal([Number(mode), Number(uid), Number(gid), Number(size), type], [m.mode & 0o7777, m.uid, m.gid, m.size, m.hardLink ? '1' : types[m.mode & 0o170000]], m.path);
    assert.ok(Math.abs(Number(mtime) - Number(m.mtimeNs) / 1e9) < 1e-5 * Math.max(1, Math.abs(Number(mtime)) / 1e9), `${m.path}: ${mtime}`);
    assert.is(Buffer.from(link!, 'hex').toString('latin1').replace(/\/$/, ''), (m.link ?? '').replace(/\/$/, ''), m.path);
    if (m.rdev !== undefined) assert.equal([Number(devmajor), Number(devminor)], m.path === 'char' ? [1, 3] : [8, 0xfffff]);
  }
});

test('GNU tar unpacks it without a word, sparse files with their holes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-out-'));
  try {
    const MIB = 1 << 20;
    const data = new Uint8Array(64 * MIB);
    data.fill(65, 10 * MIB, 10 * MIB + 5000);
    const sparse: TarItem = {
      member: { ...base, path: 'dir/\xff sparse', mode: S_IFREG | 0o644, size: 64 * MIB, extents: [{ at: 10 * MIB, length: 5000 }, { at: 64 * MIB, length: 0 }] },
      read: (into, offset) => { const piece = data.subarray(offset, offset + into.length); into.set(piece); return piece.length; },
    };
    const tar = await written([...items().filter((i) => !['char', 'block'].includes(i.member.path) && !i.member.path.startsWith('dir/no')), sparse]);
    assert.ok(tar.length < 4 * MIB);
    writeFileSync(join(folder, 'x.tar'), tar);
    const run = spawnSync('tar', ['-C', folder, '--no-same-owner', '-xf', join(folder, 'x.tar')], { env: { ...process.env, LC_ALL: 'C' } });
    assert.is(run.stderr.toString().replace(/.*(implausibly old|in the future).*\n/g, ''), '');
    const unpacked = execFileSync('sh', ['-c', 'cd "$1" && stat -c "%s %b" "$(printf "dir/\\377 sparse")" && cat n*150 2>/dev/null; cat nnn*; cat "$(printf "not-\\377-utf8")"; readlink raw-symlink | od -An -tx1; stat -c "%a %h" hard; stat -c %y times', 'sh', folder]).toString();
    assert.match(unpacked, /^67108864 (\d|[1-9]\d)\n/);
    assert.match(unpacked, /long nameraw fe 0a\n4755 2\n2023-11-14 .*:20\.123456789/);
  } finally { rmSync(folder, { recursive: true }); }
});

test('a tree with a hole of 8 GiB is a small tar, and our reader and GNU tar find the data and the hole', async () => {
  const t = tmpTree();
  const { place } = op.open(t.context, t.root, '/holes', 0o1101, 0o644);
  const GIB = 2 ** 30;
  const inode = place.inode.open!(1);
  inode.write!(bytes('begin'), 0, false);
  inode.write!(bytes('middle'), 4 * GIB + 5, false);
  inode.write!(bytes('later'), 6 * GIB, false);
  inode.truncate!(8 * GIB + 3);
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarOfTree(t.fs.root)) chunks.push(chunk);
  const tar = Buffer.concat(chunks);
  assert.ok(tar.length < 1 << 20, String(tar.length));
  const blob = blobOf(tar);
  const back = treeOf(new OverlayFs(new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'x' }]), { now }));
  assert.is(stat(back, '/holes').size, 8 * GIB + 3);
  const file = back.fs.root.lookup!('holes')!.open!(0);
  const found = [[0, 'begin\0'], [4 * GIB, '\0\0\0\0\0middle\0'], [6 * GIB - 1, '\0later'], [8 * GIB, '\0\0\0']] as const;
  for (const [at, text] of found) {
    const into = new Uint8Array(text.length);
    assert.is(file.read!(into, at, false), text.length);
    assert.is(Buffer.from(into).toString('latin1'), text);
  }
  const listed = execFileSync('tar', ['-tvf', '-'], { input: tar }).toString();
  assert.match(listed, new RegExp(` ${8 * GIB + 3} .* holes\n`));
  const folder = mkdtempSync(join(tmpdir(), 'wherry-holes-'));
  try {
    execFileSync('tar', ['-C', folder, '--no-same-owner', '-xf', '-'], { input: tar });
    const fd = openSync(join(folder, 'holes'), 'r');
    for (const [at, text] of found) {
      const into = Buffer.alloc(text.length);
      readSync(fd, into, 0, text.length, at);
      assert.is(into.toString('latin1'), text);
    }
    closeSync(fd);
  } finally { rmSync(folder, { recursive: true }); }
  const again: Uint8Array[] = [];
  for await (const chunk of tarOfTree(back.fs.root)) again.push(chunk);
  assert.ok(Buffer.concat(again).length < 1 << 20, 'a hole of a layer is a hole again');
});

test('the same members give the same bytes, in chunks of at least 64 KiB', async () => {
  const sizes: number[] = [];
  const many = (): TarItem[] => Array.from({ length: 3000 }, (_, i) => file({ path: `f${i}` }, 'content'));
  for await (const chunk of packTar(many())) sizes.push(chunk.length);
  assert.ok(sizes.slice(0, -1).every((n) => n >= 64 * 1024), `${sizes}`);
  assert.ok(Buffer.compare(await written(items()), await written(items())) === 0);
});

test('several tars may be written at the same time', async () => {
  const many = (letter: string, size: number): TarItem[] => Array.from({ length: 40 }, (_, i) => file({ path: `${letter}${i}` }, letter.repeat(size + i * 512)));
  const sets = [many('a', 50_000), many('b', 70_000), many('c', 30_000)];
  const alone: Uint8Array[] = [];
  for (const set of sets) alone.push(await written(set));
  const together = await Promise.all(sets.map((set) => written(set)));
  together.forEach((tar, i) => assert.ok(Buffer.compare(tar, alone[i]!) === 0));
});

test('a file that ends before its size is an error, and what was opened is closed', async () => {
  let closed = 0;
  const short: TarItem = { ...file({ path: 'short', size: 100_000 }, 'only this'), close: () => { closed++; } };
  try {
    await written([short]);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, LayerError);
    assert.is((error as LayerError).code, 'changed-file');
  }
  assert.is(closed, 1);
});

test('a reader that stops early ends the writing', async () => {
  let closed = 0;
  const large = (): TarItem => ({ ...file({ path: 'l' }, 'x'.repeat(5_000_000)), close: () => { closed++; } });
  for await (const chunk of packTar([large(), large(), large(), large()])) if (chunk) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(closed < 4, 'not everything was read');
});

test.run();
