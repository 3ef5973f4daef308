// Programs of test/programs on the real processor and the real table of system calls: they print what they printed on Linux.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { O_RDWR, S_IFDIR, S_IFREG } from '../../src/abi/index.ts';
import type { Host } from '../../src/host/ports.ts';
import { createMachine } from '../../src/machine/index.ts';
import type { MachineExit } from '../../src/machine/index.ts';
import { createCpu } from '../../src/translate/index.ts';
import { TmpFs } from '../../src/vfs/index.ts';

const cpu = createCpu();

async function run(name: string): Promise<{ exit: MachineExit; output: string }> {
  const host: Host = {
    clock: { realtimeNs: () => BigInt(Date.now()) * 1_000_000n, monotonicNs: () => process.hrtime.bigint() },
    random: { fill: (into) => { crypto.getRandomValues(into); } },
    loop: { soon: (step) => { setImmediate(step); }, later: (step, ns) => { const t = setTimeout(step, Math.min(1e9, Number(ns) / 1e6)); return () => { clearTimeout(t); }; } },
    log: () => {},
  };
  const fs = new TmpFs({ now: host.clock.realtimeNs, rootMode: 0o755 });
  fs.root.create!('tmp', { mode: S_IFDIR | 0o1777, uid: 0, gid: 0 });
  fs.root.create!(name, { mode: S_IFREG | 0o755, uid: 0, gid: 0 }).open!(O_RDWR).write!(readFileSync(`test/programs/${name}.elf`), 0, true);
  let output = '';
  const take = (bytes: Uint8Array): void => { output += Buffer.from(bytes).toString('latin1'); };
  const machine = createMachine({ host, cpu, rootFs: fs, io: { streams: { stdout: take, stderr: take } }, config: { argv: [`/${name}`], env: [], cwd: '/', uid: 0, gid: 0, hostname: 'box' } });
  return { exit: await machine.run(), output };
}

for (const name of ['signals', 'memory', 'tasks', 'floats', 'files', 'ipc', 'shared', 'peers', 'rseq', 'inotify', 'contents']) {
  test(`${name}: as on Linux`, async () => {
    const { exit, output } = await run(name);
    assert.fixture(output, readFileSync(`test/programs/${name}.expected`, 'latin1'));
    assert.equal(exit, { code: 0 });
  });
}

test.run();
