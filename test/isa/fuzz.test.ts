// A bounded part of npm run fuzz: random programs on the host CPU, in the interpreter and in translated code at each level.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from '../../tools/oracle/fuzz.ts';
import { interpreted, tiered, translated, type Way } from '../../tools/oracle/guest.ts';
import { hostCpuMissing } from '../../tools/oracle/host-cpu.ts';
import { hub } from '../translate/hub.ts';

const missing = hostCpuMissing();
if (missing) console.log(`fuzzing against the host CPU is skipped: ${missing}`);

/** The same sequences every time; npm run fuzz looks at new ones. */
const seed = 20_260_000;

function agrees(way: Way, sequences: number): void {
  if (missing) return;
  const result = fuzz({ sequences, seed, ways: [way], hub: hub(), stop: 3 });
  assert.is(result.failures.join('\n\n'), '');
  assert.ok(result.compared > sequences / 2, `only ${result.compared} of ${sequences} sequences could be compared`);
}

test('interpreter agrees with the CPU', () => agrees(interpreted, 4000));
for (const way of [tiered, ...translated]) test(`${way.name} agrees with the CPU`, () => agrees(way, 1000));

test.run();
