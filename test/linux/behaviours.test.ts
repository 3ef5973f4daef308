// The behaviours of test/linux/behaviours on the real processor and the real table of system calls: each prints what it printed on Linux, but for the differences listed.
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { O_RDWR, S_IFDIR, S_IFREG } from '../../src/abi/index.ts';
import type { Host } from '../../src/host/ports.ts';
import { createMachine } from '../../src/machine/index.ts';
import { createCpu } from '../../src/translate/index.ts';
import { TmpFs } from '../../src/vfs/index.ts';

const folder = 'test/linux/behaviours';
const families = readdirSync(folder).filter((f) => f.endsWith('.expected')).map((f) => f.slice(0, -'.expected'.length)).sort();
const cpu = createCpu();
/** When the monotonic clock was zero, in nanoseconds since 1970. */
const epochNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
const host: Host = {
  clock: { realtimeNs: () => epochNs + process.hrtime.bigint(), monotonicNs: () => process.hrtime.bigint() },
  random: { fill: (into) => { crypto.getRandomValues(into); } },
  loop: { soon: (step) => { setImmediate(step); }, later: (step, ns) => { const t = setTimeout(step, Math.min(1e9, Number(ns) / 1e6)); return () => { clearTimeout(t); }; } },
  log: () => {},
};

/** What the program prints for one family, or one behaviour of it. */
async function run(wanted: string): Promise<string> {
  const fs = new TmpFs({ now: host.clock.realtimeNs, rootMode: 0o755 });
  fs.root.create!('tmp', { mode: S_IFDIR | 0o1777, uid: 0, gid: 0 });
  fs.root.create!('behaviours', { mode: S_IFREG | 0o755, uid: 0, gid: 0 }).open!(O_RDWR).write!(readFileSync(`${folder}/behaviours.elf`), 0, true);
  let output = '';
  const take = (bytes: Uint8Array): void => { output += Buffer.from(bytes).toString('latin1'); };
  const machine = createMachine({ host, cpu, rootFs: fs, io: { streams: { stdout: take, stderr: take } }, config: { argv: ['/behaviours', wanted], env: [], cwd: '/', uid: 0, gid: 0, hostname: 'box' } });
  await machine.run();
  return output;
}

/** The texts of behaviours by their names, from what the program prints. */
function byName(output: string): Map<string, string> {
  return new Map(output.split(/^# /m).slice(1).map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)]));
}

/** `name: reason` lines: behaviours that are known to print something else here. */
const differences = new Map(readFileSync(`${folder}/expected-differences`, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));

for (const family of families) {
  const recorded = byName(readFileSync(`${folder}/${family}.expected`, 'latin1'));
  let found: Map<string, string>;
  test(`${family} runs`, async () => { found = byName(await run(family)); });
  for (const [name, text] of recorded) {
    test(differences.has(name) ? `${name} differs: ${differences.get(name)!}` : `${name}: as on Linux`, () => {
      if (differences.has(name)) assert.is.not(found.get(name), text, 'no longer different: take it off the list');
      else assert.fixture(found.get(name) ?? 'did not run', text);
    });
  }
}

test('every behaviour has been recorded', () => {
  for (const family of families) {
    const written = readdirSync(`${folder}/${family}`).filter((f) => f.endsWith('.c')).map((f) => `${family}/${f.slice(0, -2)}`).sort();
    assert.equal([...byName(readFileSync(`${folder}/${family}.expected`, 'latin1')).keys()].sort(), written);
  }
});

test('every listed difference is of a behaviour', () => {
  const names = new Set(families.flatMap((family) => [...byName(readFileSync(`${folder}/${family}.expected`, 'latin1')).keys()]));
  assert.equal([...differences.keys()].filter((name) => !names.has(name)), []);
});

test.run();
