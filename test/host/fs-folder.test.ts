// The store's folder on disk: the lock among processes and what becomes of it when its owner dies, temporary files, and many files under way.
import { spawn } from 'node:child_process';
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FsFolder, type FsLike } from '../../src/host/fs-folder.ts';
import { nodeFolder } from '../../src/host/node/store.ts';

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (said: string): Uint8Array => new TextEncoder().encode(said);
const count = (root: string): number => Number(text(nodeFolder(root).read('count')) || 0);

/** What a child process does: counts up under the lock, or takes it and stays. */
const roles: Readonly<Record<string, (root: string) => void>> = {
  count(root) {
    const folder = nodeFolder(root);
    for (let i = 0; i < 40; i++) folder.exclusive(() => folder.write('count', bytes(String(Number(text(folder.read('count')) || 0) + 1))));
  },
  stay(root) {
    const folder = nodeFolder(root);
    folder.create().append(bytes('half'));
    folder.exclusive(() => {
      writeFileSync(join(root, 'ready'), '');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
    });
  },
};

const role = roles[process.argv[2] ?? ''];
if (role) {
  role(process.argv[3]!);
  process.exit(0);
}

async function inFolder(work: (root: string) => Promise<void> | void): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'wherry-folder-'));
  try { await work(root); } finally { rmSync(root, { recursive: true, force: true }); }
}

const child = (name: string, root: string) => spawn(process.execPath, [fileURLToPath(import.meta.url), name, root], { stdio: 'inherit' });
const ended = (process: ReturnType<typeof child>): Promise<unknown> => new Promise((resolve) => { process.on('close', resolve); });

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => { setTimeout(resolve, 5); });
  assert.ok(condition());
}

test('several processes count up and lose nothing', () => inFolder(async (root) => {
  assert.equal(await Promise.all([1, 2, 3].map(() => ended(child('count', root)))), [0, 0, 0]);
  assert.is(count(root), 120);
  assert.equal(readdirSync(root).sort(), ['count', 'tmp']);
  assert.equal(readdirSync(join(root, 'tmp')), []);
}));

test('the lock and the temporary files of a process that was killed are taken away', () => inFolder(async (root) => {
  const other = child('stay', root);
  await until(() => existsSync(join(root, 'ready')));
  assert.is(readdirSync(join(root, 'tmp')).length, 1);
  nodeFolder(root);
  assert.is(readdirSync(join(root, 'tmp')).length, 1, 'it still runs');
  other.kill('SIGKILL');
  await ended(other);
  const folder = nodeFolder(root);
  assert.equal(readdirSync(join(root, 'tmp')), []);
  assert.is(folder.exclusive(() => 5), 5);
  assert.equal(readdirSync(root).sort(), ['ready', 'tmp']);
}));

test('the number of a dead process may belong to another one now', () => inFolder((root) => {
  nodeFolder(root).create();
  const [own] = readdirSync(join(root, 'tmp'));
  const [pid, start, scope] = own!.split('.')[0]!.split('-');
  for (const name of [`${pid}-${Number(start) - 1}-${scope}-aa`, `${4_190_000}-1-${scope}-bb`]) mkdirSync(join(root, 'locked', name), { recursive: true });
  assert.is(nodeFolder(root).exclusive(() => 5), 5);
}));

test('owners that cannot be looked up count as gone after a while', () => inFolder((root) => {
  const lock = join(root, 'locked', '17-5-otherplace-aa');
  mkdirSync(lock, { recursive: true });
  mkdirSync(join(root, 'tmp'));
  for (const name of ['17-5-otherplace-aa.1', '17-5-otherplace-aa.2', '4711-older.3']) writeFileSync(join(root, 'tmp', name), '');
  const longAgo = Date.now() / 1000 - 2 * 24 * 3600;
  for (const path of [lock, join(root, 'tmp/17-5-otherplace-aa.2'), join(root, 'tmp/4711-older.3')]) utimesSync(path, longAgo, longAgo);
  const folder = nodeFolder(root);
  assert.equal(readdirSync(join(root, 'tmp')), ['17-5-otherplace-aa.1']);
  assert.is(folder.exclusive(() => 5), 5);
}));

test('a folder that may only be read is read', () => inFolder((root) => {
  nodeFolder(root).write('file', bytes('content'));
  writeFileSync(join(root, 'tmp', '4190000-1-2-3.1'), '');
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const readOnly = { ...fs, rmSync() { throw denied; }, mkdirSync() { throw denied; } } as unknown as FsLike;
  const folder = new FsFolder(readOnly, root, 'reader', () => false);
  assert.is(text(folder.read('file')), 'content');
  assert.throws(() => folder.exclusive(() => 1), /denied/);
}));

test('exclusive work may ask for the lock again, and gives it back when it fails', () => inFolder((root) => {
  const folder = nodeFolder(root);
  assert.is(folder.exclusive(() => folder.exclusive(() => 7)), 7);
  assert.throws(() => folder.exclusive(() => { throw new Error('no'); }), /no/);
  assert.is(nodeFolder(root).exclusive(() => 8), 8);
}));

test('a thousand files under way need few descriptors, and can be read before and after they have their names', () => inFolder((root) => {
  const folder = nodeFolder(root);
  const files = Array.from({ length: 1000 }, () => folder.create());
  for (const round of [0, 1]) files.forEach((file, i) => file.append(bytes(`${i}.${round};`)));
  const open = readdirSync('/proc/self/fd').length;
  assert.ok(open < 250, `${open} descriptors`);
  const blobs = files.map((file) => file.blob);
  files.forEach((file, i) => { if (i % 2) file.commit(`all/${i % 10}/${i}`); });
  blobs.forEach((blob, i) => {
    const into = new Uint8Array(blob.size);
    blob.read(into, 0);
    assert.is(text(into), `${i}.0;${i}.1;`);
  });
  assert.is(text(folder.read('all/7/777')), '777.0;777.1;');
  for (const file of files) file.discard();
  assert.equal(readdirSync(join(root, 'tmp')), []);
  assert.is(folder.size('all/7/777'), 12);
  assert.is(folder.size('all/7'), undefined);
  assert.is(folder.size('nothing'), undefined);
}));

test.run();
