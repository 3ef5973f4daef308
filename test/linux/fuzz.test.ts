// The system-call fuzzer, a few machines of it: nothing is thrown, nothing hangs, the host is not reached. `npm run fuzz-syscalls -- --calls 1000000` goes on.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boot, DATA } from '../machine/boot.ts';
import { describeSteps, FuzzFailure, fuzzRound, roundOf, seedsOf } from './syscall-fuzzer.ts';

const CALLS = 4000, STEPS = 2000;

test('random calls of several tasks', () => {
  let calls = 0, tasks = 0;
  for (let seed = 1; calls < CALLS; seed++) {
    try {
      const done = fuzzRound(roundOf(seed), seedsOf(seed, STEPS));
      calls += done.calls;
      tasks += done.tasks;
    } catch (error) {
      if (!(error instanceof FuzzFailure)) throw error;
      throw new Error(`seed ${seed}, step ${error.steps.length}: ${error.message}\nits last calls:\n${describeSteps(error.round, error.steps).slice(-20).join('\n')}`, { cause: error });
    }
  }
  assert.ok(tasks > 10, `${tasks} tasks`);
});

test('a round is the same every time', () => {
  const once = describeSteps(roundOf(7), [...seedsOf(7, 500)]);
  assert.ok(once.length > 100);
  assert.equal(describeSteps(roundOf(7), [...seedsOf(7, 500)]), once);
});

test('a child whose exit signal is none tells its parent nothing', () => {
  const b = boot([
    (c) => { c.sys(56, 160, 0, 0, 0, 0); },
    (c) => { c.go(c.gpr(0) === 0n ? 2 : 3); },
    (c) => { c.sys(231, 5); },
    (c) => { c.sys(61, -1, DATA, 0x4000_0000, 0); },
    (c) => { c.sys(231, c.space.memory.readU32(DATA) >> 8); },
  ]);
  assert.equal(b.exit(), { code: 5 });
});

test.run();
