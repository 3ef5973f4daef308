// Programs that run again: their memory, their decoded blocks and what several short runs have in common serve the next one, and nothing that is not theirs.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Exit, RAX, RBX, type FileBytes, type Space } from '../../src/guest/index.ts';
import type { CacheStore } from '../../src/host/ports.ts';
import { createCpu, type TranslatorOptions } from '../../src/translate/index.ts';
import { CODE, DATA, RX, finish, hex, guest } from './guest.ts';
import { hub } from './hub.ts';

const file: FileBytes = { start: CODE, end: CODE + 4096, identity: 'sha256:one', offset: 0 };

// mov ecx,turns (four bytes in hex); L: call f; dec ecx; jnz L; syscall; f: add rax,3; ret
const programOf = (turns: string): Uint8Array => hex(`b9${turns} e806000000 ffc9 75f7 0f05 4883c003 c3`);
const program = programOf('2c010000');

/** A processor that finds nothing hot while a program runs. */
function cpuWith(options: Partial<TranslatorOptions> = {}, cache?: CacheStore) {
  const cpu = createCpu({ hub: hub(), version: '1', options: { threshold: 1_000_000, ...options }, ...(cache ? { cache } : {}) });
  cpu.onSyscall = () => false;
  return cpu;
}
type Processor = ReturnType<typeof cpuWith>;

const stat = (cpu: Processor, which: RegExp): number => Number(which.exec(cpu.stats().join('\n'))![1]);
const again = (cpu: Processor): number => stat(cpu, /(\d+) in the memory of the same program/);
const translated = (cpu: Processor): number => stat(cpu, /translated (\d+) instructions/);

/** The file mapped as the address-space code does it; returns what the memory held of it. */
function start(cpu: Processor, code: Uint8Array, bytes = file): { space: Space; there: number } {
  const space = cpu.createSpace(bytes.identity);
  const there = space.memory.claim(bytes.start, bytes.end, bytes.identity, bytes.offset).length;
  const made = there > 0 ? space.memory.bytes.slice(CODE, CODE + code.length) : code;
  const { memory, state } = guest({ ...cpu, createSpace: () => space } as unknown as Processor, made);
  assert.ok(memory.bytes.subarray(DATA, DATA + 0x2000).every((b) => b === 0), 'data is zero');
  assert.ok(state.pc === CODE);
  space.noteFile(bytes.start, bytes.end - bytes.start, `${bytes.identity}@${bytes.offset}`, true);
  return { space, there };
}

function runOnce(cpu: Processor, code = program, bytes = file): { result: bigint; there: number } {
  const { space, there } = start(cpu, code, bytes);
  space.state.setGpr(RAX, 0n);
  assert.is(finish(space), Exit.syscall);
  const result = space.state.gpr(RAX);
  space.memory.bytes[DATA] = 1;
  space.release([bytes]);
  return { result, there };
}

test('the same program finds its bytes, and its data are zero', () => {
  const cpu = cpuWith();
  for (let i = 0; i < 3; i++) assert.equal(runOnce(cpu), { result: 900n, there: i === 0 ? 0 : 1 });
  assert.is(again(cpu), 2);
});

test('another file at its place finds nothing of it', () => {
  const cpu = cpuWith();
  runOnce(cpu);
  const other = program.slice();
  other[other.length - 2] = 5;
  const space = cpu.createSpace('sha256:one');
  assert.is(again(cpu), 1);
  assert.is(space.memory.claim(CODE, CODE + 4096, 'sha256:two', 0).length, 0);
  assert.ok(space.memory.bytes.subarray(CODE, CODE + 4096).every((b) => b === 0), 'what is not mapped is zero again');
  guest({ ...cpu, createSpace: () => space } as unknown as Processor, other);
  space.noteFile(CODE, 4096, 'sha256:two@0', true);
  space.state.setGpr(RAX, 0n);
  assert.is(finish(space), Exit.syscall);
  assert.is(space.state.gpr(RAX), 1500n);
  space.release([{ ...file, identity: 'sha256:two' }]);
  assert.is(runOnce(cpu, other, { ...file, identity: 'sha256:two' }).result, 1500n);
});

test('code of the former program that is not mapped cannot be run', () => {
  const cpu = cpuWith();
  runOnce(cpu);
  const space = cpu.createSpace('sha256:one');
  const { memory, state } = space;
  memory.protect(DATA, 4096, RX);
  memory.bytes.set(hex('48c7c300004000 ffe3'), DATA);
  state.pc = DATA;
  assert.is(finish(space), Exit.fault);
  assert.is(state.gpr(RBX), BigInt(CODE));
  assert.is(state.pc, CODE);
});

test('a mapping of a part claims that part', () => {
  const cpu = cpuWith();
  const whole: FileBytes = { start: CODE, end: CODE + 0x4000, identity: 'x', offset: 0x1000 };
  const first = cpu.createSpace('x');
  first.memory.protect(CODE, 0x4000, RX);
  first.memory.bytes.fill(7, CODE, CODE + 0x4000);
  first.release([whole]);
  const { memory } = cpu.createSpace('x');
  assert.equal(memory.claim(CODE + 0x1000, CODE + 0x2000, 'x', 0x2000), [[CODE + 0x1000, CODE + 0x2000]]);
  assert.equal(memory.claim(CODE, CODE + 0x1000, 'x', 0x1000), [[CODE, CODE + 0x1000]]);
  assert.equal(memory.claim(CODE + 0x2000, CODE + 0x3000, 'x', 0), []);
  assert.is(memory.bytes[CODE + 0x1fff], 7);
  assert.ok(memory.bytes.subarray(CODE + 0x2000, CODE + 0x4000).every((b) => b === 0));
});

test('what several short runs interpret is translated, once, and kept for later', () => {
  const files = new Map<string, Uint8Array>();
  const store: CacheStore = { get: (key) => files.get(key), put: (key, value) => { files.set(key, value); } };
  const cpu = cpuWith({}, store);
  const program = programOf('30750000');
  for (let i = 0; i < 1000 && translated(cpu) === 0; i++) assert.is(runOnce(cpu, program).result, 90_000n);
  const once = translated(cpu);
  assert.ok(once > 0);
  for (let i = 0; i < 20; i++) assert.is(runOnce(cpu, program).result, 90_000n);
  assert.is(translated(cpu), once);
  cpu.saveCache();
  const later = cpuWith({}, store);
  assert.is(runOnce(later, program).result, 90_000n);
  assert.match(later.stats().join(), /[1-9]\d* from the cache/);
});

test('what one run interpreted for long is kept at its end', () => {
  const files = new Map<string, Uint8Array>();
  const store: CacheStore = { get: (key) => files.get(key), put: (key, value) => { files.set(key, value); } };
  const cpu = cpuWith({}, store);
  const long = programOf('f0490200');
  assert.is(runOnce(cpu, long).result, 450_000n);
  cpu.saveCache();
  const later = cpuWith({}, store);
  assert.is(runOnce(later, long).result, 450_000n);
  assert.match(later.stats().join(), /[1-9]\d* from the cache/);
});

test.run();
