// Points of time as text, compared with Date where that reaches.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rfc3339 } from '../../src/base/index.ts';

test('whole seconds are as Date has them, over four thousand years', () => {
  for (let day = -720_000; day < 740_000; day += 17) {
    const ms = day * 86_400_000 + ((day * 7919) % 86_400) * 1000;
    const expected = new Date(ms).toISOString().replace('.000Z', 'Z');
    if (/^\d{4}-/.test(expected)) assert.is(rfc3339(BigInt(ms) * 1_000_000n), expected);
  }
});

test('as many decimals as are needed, before 1970 too', () => {
  assert.is(rfc3339(0n), '1970-01-01T00:00:00Z');
  assert.is(rfc3339(1_700_000_000_000_000_001n), '2023-11-14T22:13:20.000000001Z');
  assert.is(rfc3339(1_700_000_000_500_000_000n), '2023-11-14T22:13:20.5Z');
  assert.is(rfc3339(-1n), '1969-12-31T23:59:59.999999999Z');
});

test.run();
