// Progress as docker draws it: which bytes go to a terminal, and to what is none.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bar, Progress } from '../../src/cli/progress.ts';
import type { Terminal } from '../../src/cli/verb.ts';

interface Fixture { progress: Progress; said: { out: string; err: string }; at: (ms: number) => void }

function start({ outIsTty = false, errIsTty = false, quiet = false, columns = 200, delayMs = 500 } = {}): Fixture {
  const said = { out: '', err: '' };
  let now = 0;
  const terminal: Terminal = { env: {}, out: (text) => { said.out += text; }, err: (text) => { said.err += text; }, outIsTty, errIsTty, inIsTty: false, columns: () => columns, line: async () => undefined };
  return { progress: new Progress({ terminal, quiet, delayMs, nowMs: () => now }), said, at: (ms) => { now = ms; } };
}

/** As recorded from `docker load` of an image with one small layer, on terminals of 200 and of 80 columns. */
test('the bytes that docker writes to a terminal', () => {
  const parts = [32_770, 1_056_000].map((current) => ({ id: 'dd4b41ab77ab', action: 'Loading layer', current, total: 1_056_000 }));
  const draw = (columns: number): string => {
    const { progress, said } = start({ outIsTty: true, delayMs: 0, columns });
    for (const part of parts) progress.update(part);
    return said.out;
  };
  const line = (text: string): string => `\x1b[1A\x1b[2K\rdd4b41ab77ab: Loading layer ${text}\r\x1b[1B`;
  assert.is(draw(80), `\n${line(' 32.77kB/1.056MB')}${line(' 1.056MB/1.056MB')}`);
  assert.is(draw(200), `\n${line(`[=>${' '.repeat(49)}]  32.77kB/1.056MB`)}${line(`[${'='.repeat(50)}>]  1.056MB/1.056MB`)}`);
});

test('the bar', () => {
  const at = (current: number, total: number, columns = 111): string => bar({ id: 'x', action: 'Loading', current, total }, columns);
  assert.is(at(0, 0), '');
  assert.is(at(557_100, 170_400_000), `[>${' '.repeat(50)}]  557.1kB/170.4MB`);
  assert.is(at(50, 100), `[${'='.repeat(25)}>${' '.repeat(25)}]      50B/100B`);
  assert.is(at(100, 100), `[${'='.repeat(50)}>]     100B/100B`);
  assert.is(at(100, 100, 110), '    100B/100B', 'no bar on a narrow terminal');
  assert.is(at(1234, 0), ' 1.234kB', 'a size nobody knows');
  assert.is(at(200, 100), `[${'='.repeat(50)}>]     200B`, 'more than was said');
});

test('each part has a line; the cursor goes up to it and down again', () => {
  const { progress, said } = start({ outIsTty: true, delayMs: 0, columns: 80 });
  for (const [id, current] of [['a', 1], ['b', 1], ['a', 10], ['b', 10]] as const) progress.update({ id, action: 'Loading', current, total: 10 });
  assert.is(said.out, ['\n\x1b[1A\x1b[2K\ra: Loading       1B/10B\r\x1b[1B', '\n\x1b[1A\x1b[2K\rb: Loading       1B/10B\r\x1b[1B', '\x1b[2A\x1b[2K\ra: Loading      10B/10B\r\x1b[2B', '\x1b[1A\x1b[2K\rb: Loading      10B/10B\r\x1b[1B'].join(''));
});

test('a part is not drawn more than ten times a second, but its end always is', () => {
  const { progress, said, at } = start({ outIsTty: true, delayMs: 0, columns: 80 });
  for (let ms = 0; ms < 1000; ms++) { at(ms); progress.update({ id: 'a', action: 'Loading', current: ms, total: 1000 }); }
  progress.update({ id: 'a', action: 'Loading', current: 1000, total: 1000 });
  assert.is(said.out.split('\r\x1b').length - 1, 11);
  assert.match(said.out, /1kB\/1kB\r\x1b\[1B$/);
});

test('nothing is said of what takes less than half a second', () => {
  for (const outIsTty of [true, false]) {
    const { progress, said, at } = start({ outIsTty });
    progress.update({ id: 'a', action: 'Loading', current: 10, total: 10 });
    at(499);
    progress.end();
    assert.equal(said, { out: '', err: '' });
  }
});

test('not a terminal: a plain line on standard error for each part that is done, once half a second is over', () => {
  const { progress, said, at } = start();
  progress.update({ id: 'a', action: 'Loading layer', current: 5, total: 10 });
  progress.update({ id: 'a', action: 'Loading layer', current: 10, total: 10 });
  assert.is(said.err, '');
  at(600);
  progress.update({ id: 'b', action: 'Loading layer', current: 10, total: 20 });
  assert.is(said.err, 'a: Loading layer      10B\n');
  progress.update({ id: 'b', action: 'Loading layer', current: 20, total: 20 });
  progress.update({ id: 'b', action: 'Loading layer', current: 20, total: 20 });
  progress.end();
  assert.equal(said, { out: '', err: 'a: Loading layer      10B\nb: Loading layer      20B\n' });
});

test('standard output is a file and standard error a terminal: it is drawn there', () => {
  const { progress, said } = start({ errIsTty: true, delayMs: 0, columns: 80 });
  progress.update({ id: 'x:1', action: 'Saving', current: 5, total: 10 });
  assert.equal(said, { out: '', err: '\n\x1b[1A\x1b[2K\rx:1: Saving       5B/10B\r\x1b[1B' });
});

test('quiet', () => {
  const { progress, said, at } = start({ outIsTty: true, quiet: true });
  at(1000);
  progress.update({ id: 'a', action: 'Loading layer', current: 10, total: 10 });
  progress.end();
  assert.equal(said, { out: '', err: '' });
});

test.run();
