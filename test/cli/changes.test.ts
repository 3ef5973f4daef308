// Changes of every kind made in a container: diff and the committed layer against a recording of dockerd 20.10 (the same shell script in the same image); what export gives, unpacked by GNU tar.
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../../src/abi/index.ts';
import { tarEntries } from '../../src/layers/index.ts';
import { blobOf } from '../layers/tars.ts';

const top = mkdtempSync(join(tmpdir(), 'wherry-changes-'));
const at = (name: string): string => join(top, name);
const recorded = (name: string): string => readFileSync(`test/cli/changes.${name}`, 'utf8');
const options = { env: { ...process.env, WHERRY_ROOT: at('root') }, maxBuffer: 1 << 26, timeout: 60_000 };
const wherry = (...args: string[]): Buffer => execFileSync(process.execPath, ['bin/wherry.mjs', ...args], { ...options, stdio: ['ignore', 'pipe', 'ignore'] });

test.before(() => {
  wherry('load', '-q', '-i', 'images/busybox.tar');
  wherry('run', '--name', 'changed', 'busybox', 'sh', '-c', recorded('sh'));
});
test.after(() => rmSync(top, { recursive: true }));

test('diff says what docker diff says', () => assert.is(wherry('diff', 'changed').toString(), recorded('diff')));

const flags: Readonly<Record<number, number>> = { [S_IFREG]: 0, [S_IFLNK]: 2, [S_IFCHR]: 3, [S_IFBLK]: 4, [S_IFDIR]: 5, [S_IFIFO]: 6 };

test('commit makes the layer that docker commit makes', () => {
  wherry('commit', 'changed', 'made');
  const archive = wherry('save', 'made');
  const files = new Map([...tarEntries(blobOf(archive))].map((e) => [e.path, archive.subarray(e.offset, e.offset + e.size)]));
  const [{ Layers }] = JSON.parse(String(files.get('manifest.json'))) as [{ Layers: string[] }];
  const lines = [...tarEntries(blobOf(files.get(Layers.at(-1)!)!))].map((e) => `${e.path.replace(/\/$/, '')} ${e.hardLink ? 1 : flags[e.mode & S_IFMT]} ${(e.mode & 0o7777).toString(8)} ${e.uid}:${e.gid} ${e.size} ${e.link}`.trimEnd());
  // Docker marks the new /var as opaque; here each old name has its whiteout.
  const oldNames = ['spool', 'tmp', 'www'].map((name) => `var/.wh.${name} 0 600 0:0 0`);
  assert.equal(lines.sort(), [...recorded('layer').trim().split('\n'), ...oldNames].sort());
  assert.is(wherry('run', '--rm', 'made', 'sh', '-c', 'ls /var /house; cat /tmp/v; readlink /tmp; stat -c %Y /new/hard').toString(), '/house:\n\n/var:\nv\nv\nvar\n981173106\n');
});

test('export unpacks with GNU tar', () => {
  const isRoot = process.getuid!() === 0;
  mkdirSync(at('unpacked'));
  const { status, stderr } = spawnSync('tar', ['-C', at('unpacked'), '-xpf', '-', '--numeric-owner', ...(isRoot ? [] : ['--exclude=new/null'])], { ...options, input: wherry('export', 'changed') });
  assert.equal([status, stderr.toString()], [0, '']);
  const stat = (name: string) => lstatSync(join(at('unpacked'), name));
  assert.equal([stat('new/hard').mode, stat('new/hard').nlink, stat('new/hard').ino, stat('new/hard').mtimeMs], [0o104711, 2, stat('new/deep/er/file').ino, 981_173_106_000]);
  assert.is(readlinkSync(join(at('unpacked'), 'tmp')), 'var');
  assert.equal([stat('root').isFile(), stat('house').isDirectory(), stat('new/fifo').isFIFO(), stat('new/sticky').mode, stat('new/holes').size], [true, true, true, 0o41777, 1_000_001]);
  if (isRoot) assert.equal([stat('new/deep').uid, stat('new/deep').gid, stat('new/null').isCharacterDevice()], [123, 456, true]);
  assert.match(readFileSync(join(at('unpacked'), 'etc/passwd'), 'utf8'), /\nchanged\n$/);
});

test.run();
