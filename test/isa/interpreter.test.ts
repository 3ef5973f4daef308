// Every instruction row in the interpreter against vectors recorded on a CPU (npm run vectors), and every row has vectors.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { table } from '../../src/translate/x86/index.ts';
import { whyExcluded } from '../../tools/oracle/generate.ts';
import { interpreted } from '../../tools/oracle/guest.ts';
import { rowKey, rowName } from '../../tools/oracle/vector-file.ts';
import { families, replay, vectorsOf } from './replay.ts';

for (const family of families) {
  test(`interpreter: ${family}`, () => {
    const { cases, wrong } = replay(family, interpreted);
    assert.ok(cases > 3000, `only ${cases} cases`);
    assert.is(wrong.slice(0, 20).join('\n'), '', `${wrong.length} of ${cases} cases differ from the CPU`);
  });
}

test('every row has vectors, or a reason why not', () => {
  const recorded = new Set(families.flatMap((family) => vectorsOf(family).map(rowKey)));
  const without = table.forms.map((f) => f.row).filter((row) => !whyExcluded(row) && !recorded.has(rowKey(rowName(row))));
  assert.is(without.map((row) => rowKey(rowName(row))).join('\n'), '', 'rows without vectors: npm run vectors');
});

test.run();
