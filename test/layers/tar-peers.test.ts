// Random tars that Python's tarfile wrote in each of its formats, read by us; and forms of header that no tool here writes, made by hand.
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makedev, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../src/abi/index.ts';
import { LayerError, tarEntries } from '../../src/layers/index.ts';
import { blobOf } from './tars.ts';

const script = `
import io, json, sys, tarfile
b = lambda s: s.encode('latin1').decode('utf-8', 'surrogateescape')
formats = {'ustar': tarfile.USTAR_FORMAT, 'gnu': tarfile.GNU_FORMAT, 'pax': tarfile.PAX_FORMAT}
for number, (form, members) in enumerate(json.load(sys.stdin)):
    with tarfile.open(f'{sys.argv[1]}/{number}.tar', 'w', format=formats[form], encoding='utf-8', errors='surrogateescape') as t:
        for m in members:
            info = tarfile.TarInfo(b(m['path']))
            info.type, info.linkname, info.mode, info.uid, info.gid, info.mtime = m['type'].encode(), b(m['link']), m['mode'], m['uid'], m['gid'], m['mtime']
            info.devmajor, info.devminor, info.size = m['major'], m['minor'], len(m['content'])
            if form == 'pax' and m['xattr']: info.pax_headers = {'SCHILY.xattr.user.x': m['xattr']}
            t.addfile(info, io.BytesIO(m['content'].encode('latin1')))
`;

const types: Readonly<Record<string, number>> = { 0: S_IFREG, 1: S_IFREG, 2: S_IFLNK, 3: S_IFCHR, 4: S_IFBLK, 5: S_IFDIR, 6: S_IFIFO };
const byteText = (max: number) => fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c === 47 ? 48 : c)), minLength: 1, maxLength: max });
const asciiPath = fc.array(fc.stringMatching(/^[a-z._ -]{1,40}$/), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'));
const anyPath = fc.array(byteText(90), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const memberOf = (form: string) => fc.record({
  path: form === 'ustar' ? fc.stringMatching(/^[a-z]{1,99}$/) : fc.oneof(asciiPath, anyPath), type: fc.constantFrom(...Object.keys(types)), link: form === 'ustar' ? fc.stringMatching(/^[a-z]{1,99}$/) : anyPath, mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: form === 'ustar' ? 0o7777777 : 0xffff_fffe }), gid: fc.integer({ min: 0, max: form === 'ustar' ? 0o7777777 : 0xffff_fffe }),
  mtime: fc.integer({ min: form === 'ustar' ? 0 : -(2 ** 33), max: 2 ** 32 }), major: fc.integer({ min: 0, max: 4095 }), minor: fc.integer({ min: 0, max: 255 }), content: byteText(1500), xattr: fc.stringMatching(/^[a-zäöü]{0,10}$/),
}).map((m) => ({ ...m, content: m.type === '0' ? m.content : '', link: m.type === '1' || m.type === '2' ? m.link : '' }));

if (spawnSync('python3', ['--version']).status === 0) {
  test("Python's tarfile: the same members", () => {
    const folder = mkdtempSync(join(tmpdir(), 'wherry-peers-'));
    try {
      const forms = ['ustar', 'gnu', 'pax'].flatMap((form) => fc.sample(fc.array(memberOf(form), { maxLength: 12 }), { numRuns: 40, seed: 7 }).map((members) => [form, members] as const));
      writeFileSync(join(folder, 'script.py'), script);
      execFileSync('python3', [join(folder, 'script.py'), folder], { input: JSON.stringify(forms) });
      for (const [number, [form, members]] of forms.entries()) {
        const bytes = readFileSync(join(folder, `${number}.tar`));
        const entries = [...tarEntries(blobOf(bytes))].map((e) => ({
          path: e.path.replace(/\/+$/, ''), mode: e.mode, uid: e.uid, gid: e.gid, rdev: e.rdev, link: e.link, hardLink: e.hardLink, mtime: e.mtimeSec, content: bytes.subarray(e.offset, e.offset + e.size).toString('latin1'),
          xattr: Buffer.from(e.xattrs?.get('user.x') ?? []).toString('utf8'),
        }));
        const expected = members.map((m) => ({
          path: m.path.replace(/\/+$/, ''), mode: types[m.type]! | m.mode, uid: m.uid, gid: m.gid, rdev: m.type === '3' || m.type === '4' ? makedev(m.major, m.minor) : 0, link: m.link, hardLink: m.type === '1', mtime: m.mtime, content: m.content,
          xattr: form === 'pax' ? m.xattr : '',
        }));
        assert.equal(entries, expected, `${form} ${number}`);
      }
    } finally { rmSync(folder, { recursive: true }); }
  });
} else test.skip("Python's tarfile: the same members (needs python3)");

interface Raw { name?: string; flag?: string; size?: number; link?: string; magic?: string; more?: [number, string][]; content?: string; mtime?: string }

/** One header block as these fields say, and its content. */
function raw({ name = 'f', flag = '0', content = '', size = content.length, link = '', magic = 'ustar\x0000', more = [], mtime = '00000000001\0' }: Raw): Buffer {
  const block = Buffer.alloc(512);
  const put = (at: number, text: string): void => { block.write(text, at, 'latin1'); };
  put(0, name); put(100, '0000644\0'); put(108, '0000000\0'); put(116, '0000000\0'); put(124, `${size.toString(8).padStart(11, '0')}\0`); put(136, mtime); put(148, ' '.repeat(8)); put(156, flag); put(157, link); put(257, magic);
  for (const [at, text] of more) put(at, text);
  put(148, `${block.reduce((sum, byte) => sum + byte).toString(8).padStart(6, '0')}\0 `);
  return Buffer.concat([block, Buffer.from(content, 'latin1'), Buffer.alloc((512 - content.length % 512) % 512)]);
}

const pax = (records: Record<string, string>): string => Object.entries(records).map(([key, value]) => {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}).join('');

const read = (...parts: Buffer[]): string => {
  try {
    return [...tarEntries(blobOf(Buffer.concat(parts)))].map((e) => `${e.path} ${e.mode.toString(8)} ${e.uid} ${e.size} ${e.mtimeSec}.${e.mtimeNs}${e.link && ` ${e.link}`}${[...e.xattrs ?? []].map(([k, v]) => ` ${k}=${Buffer.from(v).toString('hex')}`).join('')}`).join('; ');
  } catch (error) {
    assert.instance(error, LayerError);
    return (error as Error).message.replace(/ at offset.*/, '');
  }
};
const end = Buffer.alloc(1024);
const plain = 'f 100644 0 2 1.0';

/** What it is, the parts, what we read. */
const forms: [string, Buffer[], string][] = [
  ['v7: no magic, a directory by its slash', [raw({ magic: '', content: 'ab' }), raw({ name: 'd/', magic: '', flag: '\0' }), end], `${plain}; d/ 40644 0 0 1.0`],
  ['no end', [raw({ content: 'ab' })], plain],
  ['one block of zeros at the end', [raw({ content: 'ab' }), Buffer.alloc(512)], plain],
  ['a lone block of zeros', [raw({ content: 'ab' }), Buffer.alloc(512), raw({})], 'corrupt tar: a lone block of zeros, and more behind it'],
  ['what follows the end', [raw({ content: 'ab' }), end, Buffer.from('garbage')], plain],
  ['half a block at the end', [raw({ content: 'ab' }), Buffer.alloc(100)], 'truncated tar: it ends in the middle of a member'],
  ['a volume label', [raw({ name: 'label', flag: 'V' }), raw({ content: 'ab' }), end], plain],
  ['a directory of an incremental dump', [raw({ name: 'd/', flag: 'D', content: 'Yfile\0\0' }), raw({ content: 'ab' }), end], `d/ 40644 0 0 1.0; ${plain}`],
  ['a file of another volume', [raw({ flag: 'M', content: 'ab' }), end], 'a file that began in another volume'],
  ['an unknown type', [raw({ flag: 'Z' }), end], 'member of unknown type "Z"'],
  ["Solaris' extended header, and its access control list", [raw({ name: 'x', flag: 'X', content: pax({ path: 'solaris', uid: '70000' }) }), raw({ flag: 'A', content: 'acl' }), raw({ content: 'ab' }), end], 'solaris 100644 70000 2 1.0'],
  ['a global header, and one that takes it back', [raw({ flag: 'g', content: pax({ uid: '5', mtime: '7.5' }) }), raw({ content: 'ab' }), raw({ flag: 'x', content: pax({ uid: '' }) }), raw({}), end], 'f 100644 5 2 7.500000000; f 100644 0 0 7.500000000'],
  ['times before 1970', [raw({ flag: 'x', content: pax({ mtime: '-1.25' }) }), raw({}), raw({ mtime: '\xff'.repeat(12) }), end], 'f 100644 0 0 -2.750000000; f 100644 0 0 -1.0'],
  ["libarchive's xattrs", [raw({ flag: 'x', content: pax({ 'LIBARCHIVE.xattr.user.a%20b': '/wAB', 'LIBARCHIVE.xattr.user.c': 'aGk' }) }), raw({}), end], 'f 100644 0 0 1.0 user.a b=ff0001 user.c=6869'],
  ['both forms of an xattr', [raw({ flag: 'x', content: pax({ 'LIBARCHIVE.xattr.user.a': 'aGk=', 'SCHILY.xattr.user.a': 'hi', 'SCHILY.xattr.user.none': '' }) }), raw({}), end], 'f 100644 0 0 1.0 user.a=6869 user.none='],
  ['an xattr with "=" and "%" in its name', [raw({ flag: 'x', content: pax({ 'SCHILY.xattr.user.a%3Db%25': 'x' }) }), raw({}), end], 'f 100644 0 0 1.0 user.a=b%=78'],
  ['a hard link that states a size', [raw({ content: 'ab' }), raw({ name: 'h', flag: '1', link: 'f', size: 2 }), raw({ content: 'ab' }), end], `${plain}; h 100644 0 0 1.0 f; ${plain}`],
  ["star's prefix is shorter", [raw({ content: 'ab', more: [[345, `${'p'.repeat(131)}00000000001 `], [508, 'tar\0']] }), end], `${'p'.repeat(131)}/${plain}`],
  ["GNU's times where the prefix would be", [raw({ content: 'ab', magic: 'ustar  \0', more: [[345, '00000000001\0']] }), end], plain],
  ['a long name and a pax header: pax wins', [raw({ name: '././@LongLink', flag: 'L', content: 'gnu\0' }), raw({ flag: 'x', content: pax({ path: 'pax' }) }), raw({}), end], 'pax 100644 0 0 1.0'],
  ['a size that is no number', [raw({ flag: 'x', content: pax({ size: '1e3' }) }), raw({}), end], 'malformed number'],
  ['a negative size', [raw({ flag: 'x', content: pax({ size: '-1' }) }), raw({}), end], 'malformed number'],
  ['a pax record that is cut off', [raw({ flag: 'x', content: '30 path=x\n' }), raw({}), end], 'malformed pax header'],
  ['a sparse map that is none', [raw({ flag: 'x', content: pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' }) }), raw({ content: 'no map' }), end], 'truncated tar: it ends in the middle of a member'],
];
for (const [what, parts, expected] of forms) test(what, () => assert.is(read(...parts), expected));

test.run();
