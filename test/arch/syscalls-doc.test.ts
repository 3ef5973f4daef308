// docs/syscalls.md is what the table says.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { syscallName } from '../../src/abi/index.ts';
import { syscalls, syscallsDocument } from '../../src/syscalls/index.ts';

test('docs/syscalls.md is up to date (node tools/syscalls-doc.mjs writes it)', () => {
  assert.is(readFileSync('docs/syscalls.md', 'utf8'), syscallsDocument());
});

test('every row has the name Linux gives its number', () => {
  for (const row of syscalls) if (row) assert.is(row.name, syscallName(row.number));
});

test.run();
