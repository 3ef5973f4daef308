// The translation cache: a second processor translates nothing; what is damaged, foreign or of other code is ignored; modules serve every space that holds their code.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Exit, RAX, type Space } from '../../src/guest/index.ts';
import type { CacheStore } from '../../src/host/ports.ts';
import { createCpu, type TranslatorOptions } from '../../src/translate/index.ts';
import { CODE, finish, guest, hex } from './guest.ts';
import { hub } from './hub.ts';

class MemoryStore implements CacheStore {
  readonly files = new Map<string, Uint8Array>();
  get(key: string): Uint8Array | undefined { return this.files.get(key); }
  put(key: string, value: Uint8Array): void { this.files.set(key, value); }
}

// mov ecx,200000; xor eax,eax; L: call f; dec ecx; jnz L; syscall; f: add rax,3; ret
const program = hex('b9400d0300 31c0 e806000000 ffc9 75f7 0f05 4883c003 c3');

const cpuWith = (cache: CacheStore, options: Partial<TranslatorOptions> = {}, version = '1') => {
  const cpu = createCpu({ hub: hub(), cache, version, options: { threshold: 100, ...options } });
  cpu.onSyscall = () => false;
  return cpu;
};

function runProgram(cpu: ReturnType<typeof cpuWith>, code = program, identity = 'sha256:one@0'): Space {
  const space = guest(cpu, code);
  space.noteFile(CODE, 4096, identity);
  assert.is(finish(space), Exit.syscall);
  return space;
}

const translated = (cpu: ReturnType<typeof cpuWith>): number => Number(/translated (\d+) instructions/.exec(cpu.stats().join('\n'))![1]);

/** A store filled by a first run. */
function filled(): MemoryStore {
  const store = new MemoryStore();
  const cpu = cpuWith(store);
  const space = runProgram(cpu);
  assert.is(space.state.gpr(RAX), 600000n);
  assert.ok(translated(cpu) > 0);
  cpu.saveCache();
  assert.ok(store.files.size > 0);
  return store;
}

test('a second processor translates nothing', () => {
  const store = filled();
  const cpu = cpuWith(store);
  const space = runProgram(cpu);
  assert.is(space.state.gpr(RAX), 600000n);
  assert.is(translated(cpu), 0);
  assert.match(cpu.stats().join(), /[1-9]\d* from the cache/);
});

test('damage is ignored', () => {
  const store = filled();
  for (const [key, bytes] of store.files) if (bytes.length > 0) store.files.set(key, bytes.map((b, i) => (i === bytes.length >> 1 ? b ^ 1 : b)));
  const cpu = cpuWith(store);
  assert.is(runProgram(cpu).state.gpr(RAX), 600000n);
  assert.ok(translated(cpu) > 0);
});

test('so is a file that ends early', () => {
  const store = filled();
  for (const [key, bytes] of store.files) store.files.set(key, bytes.subarray(0, bytes.length >> 1));
  const cpu = cpuWith(store);
  assert.is(runProgram(cpu).state.gpr(RAX), 600000n);
  assert.ok(translated(cpu) > 0);
});

test('another build, level or place does not read it', () => {
  const store = filled();
  const build = cpuWith(store, {}, '2');
  runProgram(build);
  assert.ok(translated(build) > 0);
  const level = cpuWith(store, { level: 'all' });
  runProgram(level);
  assert.ok(translated(level) > 0);
});

test('a file that lies about its identity gets its own code', () => {
  const store = filled();
  const cpu = cpuWith(store);
  // f adds 5 instead of 3.
  const other = program.slice();
  other[other.length - 2] = 5;
  assert.is(runProgram(cpu, other).state.gpr(RAX), 1000000n);
});

test('switched off, nothing is read or written', () => {
  const store = filled();
  const before = store.files.size;
  const cpu = cpuWith(store, { cache: false });
  runProgram(cpu, program, 'sha256:two@0');
  assert.ok(translated(cpu) > 0);
  cpu.saveCache();
  assert.is(store.files.size, before);
});

test('a module serves another space with the same code, and not one with other code', () => {
  const cpu = cpuWith(new MemoryStore());
  runProgram(cpu);
  const once = translated(cpu);
  assert.is(runProgram(cpu).state.gpr(RAX), 600000n);
  assert.is(translated(cpu), once);
  const other = program.slice();
  other[other.length - 2] = 7;
  assert.is(runProgram(cpu, other, 'sha256:three@0').state.gpr(RAX), 1400000n);
});

test.run();
