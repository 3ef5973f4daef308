// The limits of a container: the process that uses most memory is killed, reserved and untouched memory counts for nothing, and no more tasks than allowed.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, SIGKILL } from '../../src/abi/index.ts';
import { hasSignal, MemoryGuard } from '../../src/linux/index.ts';
import { FakeMachine } from './fake-machine.ts';

const MB = 2 ** 20;

function machine(limit: number): { m: FakeMachine; map(bytes: number): number; fill(at: number, bytes: number): void; guard: MemoryGuard; killed(): boolean } {
  const m = new FakeMachine();
  m.kernel.resources = { memoryBytes: limit };
  const guard = new MemoryGuard(m.kernel);
  return {
    m, guard,
    map: (bytes) => m.call('mmap', 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) as number,
    fill: (at, bytes) => { m.task.memory.bytes.fill(1, at, at + bytes); },
    killed: () => { m.nowNs += 10_000_000_000n; guard.check(); return hasSignal(m.task.process.pending.set, SIGKILL); },
  };
}

test('memory that was only mapped is not used', () => {
  const { map, killed } = machine(8 * MB);
  map(64 * MB);
  assert.not(killed());
});

test('memory that was written to is, and the process dies of it', () => {
  const { map, fill, killed, guard } = machine(8 * MB);
  const at = map(64 * MB);
  fill(at, 7 * MB);
  assert.not(killed());
  fill(at, 12 * MB);
  assert.ok(killed());
  assert.is(guard.kills, 1);
});

test('memory that was given back is free again', () => {
  const { m, map, fill, killed } = machine(8 * MB);
  const at = map(16 * MB);
  fill(at, 16 * MB);
  m.call('munmap', at, 12 * MB);
  assert.not(killed());
});

test('without a limit nobody is killed', () => {
  const { m, map, fill, killed } = machine(8 * MB);
  m.kernel.resources = {};
  fill(map(64 * MB), 64 * MB);
  assert.not(killed());
});

test.run();
