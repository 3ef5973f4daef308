// A process that changes a layer on disk is killed (SIGKILL) at random moments, 200 times in all: each time the layer opens, holds a state at or after the last sync that returned, and is changed further by the next process.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFolder } from '../../src/host/node/store.ts';
import { openWritable } from '../../src/layers/index.ts';
import type { OverlayFs } from '../../src/vfs/index.ts';
import { randomNumbers } from '../host/faulty-disk.ts';
import { lowerTree, printed, randomStep, writerOf } from './writer.ts';

const KILLS = 200, LANES = 4, LONGEST_MS = 40;

const openLayer = (root: string): OverlayFs => openWritable(lowerTree(), { folder: nodeFolder(root), path: 'layer', lower: 'killed' }, { now: () => process.hrtime.bigint() });
const hashOf = (overlay: OverlayFs): string => createHash('sha1').update(printed(overlay)).digest('hex');

/** The process to be killed: tells each state before it may become durable, and when it has. */
function write(root: string, seed: number): void {
  const overlay = openLayer(root);
  const tell = (line: string): void => { writeSync(1, `${line}\n`); };
  const random = randomNumbers(seed);
  const writer = writerOf(overlay, random);
  tell(hashOf(overlay));
  tell('ready');
  for (;;) {
    randomStep(writer);
    tell(hashOf(overlay));
    if (random(4) !== 0) continue;
    overlay.sync();
    tell('synced');
  }
}

/** Runs a writer, kills it after `lifeMs`, and gives what it told. */
function killed(root: string, seed: number, lifeMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [process.argv[1]!], { env: { ...process.env, WHERRY_KILLED_ROOT: root, WHERRY_KILLED_SEED: String(seed) }, stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  return new Promise((done) => {
    child.stdout.on('data', (bytes: Buffer) => {
      if (!told.includes('ready') && bytes.includes('ready')) setTimeout(() => child.kill('SIGKILL'), lifeMs);
      told += bytes.toString('latin1');
    });
    child.on('close', () => done(told.slice(0, told.lastIndexOf('\n')).split('\n')));
  });
}

async function lane(root: string, first: number, count: number): Promise<number> {
  let synced = 0;
  for (let i = 0; i < count; i++) {
    const told = await killed(root, first + i, randomNumbers(first + i)(LONGEST_MS));
    assert.ok(told.includes('ready'), `run ${first + i} told ${told.join()}`);
    const promised = Math.max(0, told.lastIndexOf('synced') - 1);
    const now = hashOf(openLayer(root));
    assert.ok(told.slice(promised).includes(now), `run ${first + i}: the state is none of those since the last sync`);
    if (promised > 0) synced++;
  }
  return synced;
}

test(`${KILLS} kills`, async () => {
  const top = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'wherry-killed-'));
  try {
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, i) => lane(join(top, String(i)), i * KILLS, KILLS / LANES)));
    const synced = lanes.reduce((sum, n) => sum + n, 0);
    assert.ok(synced > KILLS / 4, `${synced} of ${KILLS} were killed after a sync`);
  } finally { rmSync(top, { recursive: true, force: true }); }
});

const { WHERRY_KILLED_ROOT: root, WHERRY_KILLED_SEED: seed } = process.env;
if (root === undefined) test.run();
else write(root, Number(seed));
