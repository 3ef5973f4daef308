// Real programs of the Debian test image give the same output and exit code as on real Linux, tiered as users run them.
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { programs } from './programs.ts';
import { archive, debianImages, type Result, runner } from './run.ts';

const expected = JSON.parse(readFileSync('test/images/expected.json', 'utf8')) as Record<string, Result>;

test('every program has a recorded result', () => {
  assert.equal(Object.keys(expected).sort(), programs.map((p) => p.name).sort());
});

if (existsSync(archive)) {
  const run = runner(await debianImages(), 'debian:bookworm');
  for (const { name, argv, stdin } of programs) {
    test(name, async () => {
      const { code, stdout, stderr } = await run(argv, stdin);
      const want = expected[name]!;
      assert.is(stdout, want.stdout);
      assert.is(stderr, want.stderr);
      assert.is(code, want.code);
    });
  }
} else console.log(`${archive} is not there (npm run test-images needs Debian's package tools): the programs were not run`);

test.run();
