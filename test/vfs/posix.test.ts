// One suite of file system behaviour: the calls of test/vfs/posix/*.txt, whose results were recorded on tmpfs, ext4 and the kernel's overlay by tools/record-syscalls.py, made again on our tmpfs, on our overlay with and without
// a layer below, and, where there is root, on the file systems of this machine.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildView, ImageView, indexLayer } from '../../src/layers/index.ts';
import { OverlayFs } from '../../src/vfs/index.ts';
import { blobOf } from '../layers/tars.ts';
import { FakeMachine } from '../linux/fake-machine.ts';
import { type Block, blocksOf, expected, prepare, Script } from '../linux/syscall-script.ts';
import { layerOf } from './layer-of.ts';

/** A machine with what it needs in its root. */
type Make = () => FakeMachine;

/** Goes on with an overlay whose lower layer is the tree made so far. */
async function overBelow(m: FakeMachine): Promise<FakeMachine> {
  const blob = blobOf(await layerOf(m));
  const view = new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'sha256:0' }]);
  const next = new FakeMachine((now) => new OverlayFs(view, { now }));
  next.nowNs = m.nowNs;
  return prepare(next, m);
}

const targets: Record<string, { make: Make; boundary?: (m: FakeMachine) => Promise<FakeMachine> }> = {
  tmpfs: { make: () => new FakeMachine() },
  'an overlay': { make: () => new FakeMachine(), boundary: overBelow },
};

/** Runs a block and tells the lines whose results are none of those recorded. */
async function differences(block: Block, { make, boundary }: (typeof targets)[string]): Promise<string[]> {
  const script = new Script(prepare(make()));
  const wrong: string[] = [];
  for (const line of block.lines) {
    const result = script.run(line);
    if (result === undefined) { if (line === '--' && boundary) script.machine = await boundary(script.machine); continue; }
    const wanted = expected(line, ['tmpfs', 'ext4']);
    if (!wanted.includes(result)) wrong.push(`${line}\n      here: ${result}`);
  }
  return wrong;
}

const folder = 'test/vfs/posix';
const files = readdirSync(folder).filter((name) => name.endsWith('.txt')).sort();

for (const [name, target] of Object.entries(targets)) {
  for (const block of files.flatMap((file) => blocksOf(join(folder, file)))) test(`${name}: ${block.title}`, async () => assert.is((await differences(block, target)).join('\n'), ''));
}

const hasPython = ['/usr/bin/python3', '/usr/local/bin/python3'].some((path) => existsSync(path)) && existsSync('/usr/include/x86_64-linux-gnu/asm/unistd_64.h');
if (process.getuid!() === 0 && hasPython && existsSync('/dev/shm')) {
  test('the file system of this machine', () => {
    const top = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'wherry-posix-'));
    try { execFileSync('python3', ['tools/record-syscalls.py', '--check', '--on', `tmpfs=${top}`, ...files.map((file) => join(folder, file))], { encoding: 'utf8' }); } finally { rmSync(top, { recursive: true }); }
  });
}

test.run();
