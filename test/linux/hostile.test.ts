// File, readiness and socket calls with random and hostile arguments: bad pointers, huge sizes, negative and closed descriptors. Each answers with a number, an errno or a Wait, and nothing else is thrown.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Wait } from '../../src/base/index.ts';
import { fileFamilies } from '../../src/syscalls/files/index.ts';
import { BUFFER, END, FakeMachine, SCRATCH } from './fake-machine.ts';
import { random as generator } from './random.ts';

const CALLS = 60_000;

const hostileNumbers = [0n, 1n, 2n, 3n, 4n, 5n, 7n, 8n, 16n, 100n, 4095n, 4096n, 65536n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0xffff_fffen, 1n << 32n, (1n << 53n) + 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, (1n << 64n) - 100n];
const paths = ['', '.', '..', '/', 'f', '/tmp/f', '/dev/null', '/dev/zero', '/dev/tty', '/proc/self/fd/3', '/proc/1/stat', 'd/', 'x'.repeat(300), '/proc/self/fd', '\xff', '/sys', 'a/'.repeat(2100), 'user.x', '/dev/ptmx'];

function argument(m: FakeMachine, random: (below: number) => number): bigint {
  const kind = random(10);
  if (kind < 3) return hostileNumbers[random(hostileNumbers.length)]!;
  if (kind < 5) return BigInt(random(24));
  if (kind === 5) return BigInt(m.put(paths[random(paths.length)]!));
  if (kind === 6) return BigInt(BUFFER + random(4096));
  if (kind === 7) return BigInt(END - random(40));
  if (kind === 8) return BigInt(m.put(Uint8Array.from({ length: 64 }, () => random(256))));
  const pointers = new BigUint64Array(8);
  for (let i = 0; i < 8; i++) pointers[i] = random(2) ? BigInt(SCRATCH + random(END - SCRATCH)) : random(3) ? BigInt(random(100)) : hostileNumbers[random(hostileNumbers.length)]!;
  return BigInt(m.put(new Uint8Array(pointers.buffer)));
}

for (const seed of (process.env['SEEDS'] ?? '1 2 3').split(' ').map(Number)) test(`seed ${seed}`, () => {
  const random = generator(seed);
  const rows = fileFamilies.flat().filter((row) => row.name !== 'chroot' && row.name !== 'close_range');
  let m = new FakeMachine();
  let numbers = 0;
  for (let i = 0; i < CALLS / 3; i++) {
    if (i % 4000 === 0) m = new FakeMachine();
    const row = rows[random(rows.length)]!;
    const args = row.codecs.map(() => argument(m, random));
    let result: unknown;
    try { result = m.call(row.name, ...args); } catch (error) { throw new Error(`${row.name}(${args.join(', ')}): ${String(error)}`, { cause: error }); }
    if (result instanceof Wait) m.task.call?.cleanup?.();
    else assert.ok(typeof result === 'string' || Number.isFinite(result), `${row.name}: ${String(result)}`);
    if (typeof result === 'number') numbers++;
  }
  assert.ok(numbers > CALLS / 60, `${numbers} calls did something`);
});

test.run();
