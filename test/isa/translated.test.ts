// Every instruction row in translated code at each level against vectors recorded on a CPU.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { translated } from '../../tools/oracle/guest.ts';
import { families, replay } from './replay.ts';

for (const way of translated) {
  for (const family of families) {
    test(`${way.name}: ${family}`, () => {
      const { cases, wrong } = replay(family, way);
      assert.ok(cases > 2500, `only ${cases} cases`);
      assert.is(wrong.slice(0, 20).join('\n'), '', `${wrong.length} of ${cases} cases differ from the CPU`);
    });
  }
}

test.run();
