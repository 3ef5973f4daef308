// Patterns without going back, beside JavaScript's expressions on every small text.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Glob, type GlobPart } from '../../src/base/index.ts';

const kinds: readonly (readonly [GlobPart, string])[] = [
  [{ one: (char) => char === 'a' }, 'a'], [{ one: (char) => char === '/' }, '/'], [{ one: (char) => char !== '/' }, '[^/]'], [{ many: (char) => char !== '/' }, '[^/]*'], [{ many: () => true }, '.*'], ['directories', '(?:.*/)?'],
];
const texts = [''];
for (const text of texts) if (text.length < 5) for (const char of 'a/b') texts.push(text + char);

/** Every pattern of up to four parts. */
function* patterns(length: number): Generator<(readonly [GlobPart, string])[]> {
  if (length === 0) yield [];
  else for (const rest of patterns(length - 1)) for (const kind of kinds) yield [...rest, kind];
}

for (const length of [0, 1, 2, 3]) {
  test(`patterns of ${length} parts`, () => {
    for (const parts of patterns(length)) {
      const glob = new Glob(parts.map(([part]) => part));
      const expression = parts.map(([, source]) => source).join('');
      const whole = new RegExp(`^${expression}$`, 's');
      for (const text of texts) assert.is(glob.test(text), whole.test(text), `${expression} on ${text}`);
      for (const text of ['', 'a/b', 'aa/a', 'a//ba']) {
        const lengths = Array.from({ length: text.length + 1 }, (_, n) => n).filter((n) => whole.test(text.slice(0, n)));
        assert.equal(glob.lengths(text), lengths, `${expression} on beginnings of ${text}`);
      }
    }
  });
}

test('time does not depend on how a pattern could be matched', () => {
  const part = { many: () => true };
  const glob = new Glob([...Array.from({ length: 40 }, () => [part, { one: (char: string) => char === 'a' }]).flat(), { one: (char) => char === 'b' }]);
  assert.not(glob.test('a'.repeat(2000)));
});

test.run();
