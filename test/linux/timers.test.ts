// The timer heap against a sorted list.
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Timers } from '../../src/linux/index.ts';

test('callbacks run in the order of their deadlines, cancelled ones never, and none early', () => {
  fc.assert(fc.property(fc.array(fc.record({ deadline: fc.integer({ min: 0, max: 50 }), cancelled: fc.boolean() }), { maxLength: 40 }), fc.integer({ min: 0, max: 50 }), (wanted, now) => {
    const timers = new Timers();
    const ran: number[] = [];
    const cancels = wanted.map(({ deadline }) => timers.at(BigInt(deadline), () => { ran.push(deadline); }));
    wanted.forEach(({ cancelled }, i) => { if (cancelled) cancels[i]!(); });
    timers.run(BigInt(now));
    const live = wanted.filter((w) => !w.cancelled).map((w) => w.deadline).sort((a, b) => a - b);
    assert.equal(ran, live.filter((d) => d <= now));
    const next = live.find((d) => d > now);
    assert.is(timers.nextNs, next === undefined ? undefined : BigInt(next));
  }), { numRuns: 300 });
});

test('a callback may set the next one', () => {
  const timers = new Timers();
  let rounds = 0;
  const again = (at: bigint): void => { timers.at(at, () => { rounds++; if (rounds < 5) again(at + 10n); }); };
  again(10n);
  timers.run(30n);
  assert.is(rounds, 3);
  timers.run(1000n);
  assert.is(rounds, 5);
});

test.run();
