// Lists by docker's formats: what the docker client printed for one image, recorded (test/cli/templates.json), is what ours print; tables as Go's tabwriter makes them; sizes and times.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { humanDuration, humanSize } from '../../src/cli/columns.ts';
import { imageListing, type ImageRow } from '../../src/cli/image-listing.ts';
import { list } from '../../src/cli/listing.ts';
import { durationMs, momentMs } from '../../src/cli/moment.ts';
import { pathPattern } from '../../src/cli/path-match.ts';
import { tabulate } from '../../src/cli/tabulate.ts';
import { TemplateError } from '../../src/cli/template/index.ts';

type Case = [format: string, code: number, out: string, err: string];
const recorded = JSON.parse(readFileSync('test/cli/templates.json', 'utf8')) as { document: { Id: string; Created: string; Size: number }; images: Case[]; empty: Case[] };
const { document } = recorded;

const image = { created: document.Created, size: document.Size } as ImageRow['image'];
const row: ImageRow = { repository: 'tmpl', tag: '1', digest: '<none>', image, id: document.Id.slice(7, 19), containers: -1 };

function formatted(format: string, rows: readonly ImageRow[]): Omit<{ code: number; out: string; err: string }, never> {
  try { return { code: 0, out: list(imageListing, rows, { format }), err: '' }; } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { code: 1, out: '', err: `${error.message}\n` };
  }
}

/** The image was seconds old when this was recorded, and the recording machine's zone was UTC. */
const comparable = (text: string): string => text.replace(/(?:About an? \w+|Less than a second|\d+ \w+|some \w+) ago/g, 'some time ago').replace(/CREATED +SIZE/, 'CREATED SIZE').replace(/some time ago +/g, 'some time ago ').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} [\w+-]+/g, 'then');

/** The legacy form `raw`, and Go's own picture of a struct. */
const leftOut = new Set(['raw', '{{.}}']);

for (const [format, code, out, err] of recorded.images.filter(([format]) => !leftOut.has(format))) {
  test(`an image by ${format}`, () => {
    const ours = formatted(format, [row]);
    assert.is(comparable(ours.out), comparable(out));
    assert.is(ours.err, err);
    assert.is(ours.code, code);
  });
}
for (const [format, code, out, err] of recorded.empty) test(`no image by ${format}`, () => { assert.equal(formatted(format, []), { code, out, err }); });

test('columns are as wide as the widest cell of the lines around them', () => {
  assert.is(tabulate('A\tB\tC\nlonger than ten\tx\ty\n'), 'A                 B         C\nlonger than ten   x         y\n');
  assert.is(tabulate('a\tb\nno cell\nlonger than ten\tc\n'), 'a         b\nno cell\nlonger than ten   c\n');
  assert.is(tabulate('é\tb\nxx\tb\n'), 'é         b\nxx        b\n');
});

test('sizes: at most so many digits, decimal units', () => {
  const sizes: [number, number, string][] = [[0, 3, '0B'], [999, 3, '999B'], [1000, 3, '1kB'], [1983733, 3, '1.98MB'], [1983733, 4, '1.984MB'], [170_400_000, 4, '170.4MB'], [999_999, 3, '1e+03kB'], [1_234_567_890, 3, '1.23GB'], [32770, 4, '32.77kB']];
  for (const [bytes, digits, text] of sizes) assert.is(humanSize(bytes, digits), text);
});

test('ages', () => {
  const ages: [number, string][] = [[0.4, 'Less than a second'], [1, '1 second'], [59, '59 seconds'], [60, 'About a minute'], [120, '2 minutes'], [3600, 'About an hour'], [2 * 3600, '2 hours'], [49 * 3600, '2 days'], [15 * 86400, '2 weeks'], [100 * 86400, '3 months'], [800 * 86400, '2 years']];
  for (const [seconds, text] of ages) assert.is(humanDuration(seconds), text);
});

test('patterns of names', () => {
  const cases: [string, string, boolean | undefined][] = [['a*', 'abc', true], ['a*', 'a/b', false], ['*/*', 'a/b', true], ['a?c', 'abc', true], ['[a-c]x', 'bx', true], ['[^a-c]x', 'bx', false], ['a\\*', 'a*', true], ['a.c', 'abc', false], ['[', 'a', undefined], ['[a', 'a', undefined], ['\\', 'a', undefined], ['[]a]', 'a', undefined]];
  for (const [pattern, name, matches] of cases) assert.is(pathPattern(pattern)?.test(name), matches, pattern);
});

test('moments and durations', () => {
  assert.is(durationMs('1h30m'), 5_400_000);
  assert.is(durationMs('1.5s'), 1500);
  assert.is(durationMs('5'), undefined);
  assert.is(momentMs('10m', 1_000_000), 400_000);
  assert.is(momentMs('1700000000', 0), 1_700_000_000_000);
  assert.is(momentMs('2024-01-01T00:00:00Z', 0), Date.UTC(2024, 0, 1));
  assert.is(momentMs('2024-01-01T02:00:00+02:00', 0), Date.UTC(2024, 0, 1));
  assert.is(momentMs('2024-01-01', 0), new Date(2024, 0, 1).getTime());
  for (const wrong of ['', 'zz', '2024-13-01', '1x', '2024-01-01 00:00']) assert.is(momentMs(wrong, 0), undefined, wrong);
});

test.run();
