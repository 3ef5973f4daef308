// One store and several processes: nothing that one of them does is lost to another, and processes killed at any moment leave a store that is whole.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Images } from '../../src/engine/images.ts';
import { nodeCodecs, nodeFolder } from '../../src/host/node/store.ts';
import { randomNumbers } from '../host/faulty-disk.ts';
import { archiveOf, inMemory, source } from './archives.ts';
import { faults, needed } from './whole.ts';

const open = (root: string): Images => new Images(nodeFolder(join(root, 'store')), nodeCodecs, inMemory);
const load = (images: Images, root: string, name: string): Promise<unknown> => images.store.load(source(readFileSync(join(root, `${name}.tar`)), 65_536), name);
const tolerated = /No such image|missing from the store/;

async function attempt(work: () => unknown): Promise<void> {
  try { await work(); } catch (error) { if (!tolerated.test(String(error))) throw error; }
}

/** What child processes do. */
const roles: Readonly<Record<string, (root: string, number: number) => Promise<void>>> = {
  /** Loads its own image and gives it fifteen names. */
  async tag(root, number) {
    const images = open(root);
    await load(images, root, `a${number}`);
    for (let i = 0; i < 15; i++) images.store.tag(`a${number}:1`, `name${number}:${i}`);
  },
  /** Anything, until it is killed; `kept:1` is used by a container. */
  async anything(root, number) {
    const images = open(root);
    const pick = randomNumbers(number);
    const kept = images.store.find('kept:1').id;
    const options = { inUse: (id: string) => (id === kept ? [{ container: 'c', running: true }] : []) };
    writeFileSync(join(root, `ready${number}`), '');
    for (;;) {
      const name = `a${pick(3)}`;
      const deeds: (() => unknown)[] = [
        () => load(images, root, name), () => load(images, root, name), () => images.store.tag(`${name}:1`, `t${pick(4)}:1`), () => images.store.remove(`${name}:1`, { ...options, force: true }),
        () => images.store.prune({ all: pick(2) === 0, ...options }), () => faults(images),
      ];
      await attempt(deeds[pick(deeds.length)]!);
      images.store.images();
    }
  },
};

const role = roles[process.argv[2] ?? ''];
if (role) {
  await role(process.argv[3]!, Number(process.argv[4]));
  process.exit(0);
}

const child = (name: string, root: string, number: number): ChildProcess => spawn(process.execPath, [fileURLToPath(import.meta.url), name, root, String(number)], { stdio: 'inherit' });
const ended = (process: ChildProcess): Promise<unknown> => new Promise((resolve) => { process.on('close', (code) => resolve(code)); });
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

async function inFolder(work: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'wherry-store-'));
  const base = [{ name: 'base', content: 'b'.repeat(300_000) }];
  mkdirSync(join(root, 'store'));
  for (const number of [0, 1, 2]) writeFileSync(join(root, `a${number}.tar`), await archiveOf({ tags: [`a${number}:1`, 'shared:1'], gzip: number === 1, oci: number > 0, layers: [base, [{ name: `own${number}`, content: String(number).repeat(100_000) }]] }));
  writeFileSync(join(root, 'kept.tar'), await archiveOf({ tags: ['kept:1'], layers: [base, [{ name: 'kept', content: 'k' }]] }));
  try { await work(root); } finally { rmSync(root, { recursive: true, force: true }); }
}

test('three processes load images with a common layer and name them: no name is lost', () => inFolder(async (root) => {
  assert.equal(await Promise.all([0, 1, 2].map((number) => ended(child('tag', root, number)))), [0, 0, 0]);
  const images = open(root);
  assert.equal(faults(images), []);
  for (const number of [0, 1, 2]) for (let i = 0; i < 15; i++) assert.is(images.store.resolve(`name${number}:${i}`)?.id, images.store.find(`a${number}:1`).id);
  assert.is(images.store.images().filter((image) => image.names.includes('docker.io/library/shared:1')).length, 1);
  assert.equal(readdirSync(join(root, 'store/tmp')), []);
}));

test('processes are killed while they load, tag, remove and prune', () => inFolder(async (root) => {
  const pick = randomNumbers(7);
  await load(open(root), root, 'kept');
  for (let round = 0; round < 12; round++) {
    const numbers = [100 + 2 * round, 101 + 2 * round];
    const children = numbers.map((number) => child('anything', root, number));
    const ends = children.map(ended);
    for (let i = 0; i < 2000 && !numbers.every((number) => existsSync(join(root, `ready${number}`))); i++) await pause(5);
    for (const process of children) {
      await pause(pick(120));
      assert.is(process.exitCode, null, 'it did not fail by itself');
      process.kill('SIGKILL');
    }
    await Promise.all(ends);
    const images = open(root);
    assert.equal(faults(images), [], `round ${round}`);
    assert.ok(images.store.resolve('kept:1'));
    images.store.prune();
    assert.equal(faults(images), []);
    const kept = [...needed(images)];
    const files = readdirSync(join(root, 'store'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 7));
    assert.equal(files.filter((file) => !file.startsWith('chains/') && !kept.some((path) => file === path || file.startsWith(`${path}/`))), [], `left over in round ${round}`);
  }
}));

test.run();
