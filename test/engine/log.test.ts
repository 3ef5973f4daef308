// A container's log: lines of both streams, long lines in pieces, a last line without newline.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ContainerLog, logPath, parseLog, rotatedLogPath } from '../../src/engine/index.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';

const clock = { realtimeNs: () => 1_700_000_000_123_456_789n, monotonicNs: () => 0n };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const kept = (folder: { read(path: string): Uint8Array | undefined }): { log: string; stream: string; time: string }[] => parseLog(new TextDecoder().decode(folder.read(logPath('x')))).lines;

test('lines of two streams that come in pieces', () => {
  const folder = memoryFolder();
  const log = new ContainerLog(folder, 'x', clock);
  log.take('stdout', bytes('one\ntw'));
  log.take('stderr', bytes('err'));
  log.take('stdout', bytes('o\n\nlast'));
  assert.equal(kept(folder).map((line) => line.log), ['one\n', 'two\n', '\n']);
  log.close();
  assert.equal(kept(folder).slice(3).map(({ log: text, stream }) => [text, stream]), [['last', 'stdout'], ['err', 'stderr']]);
  assert.is(kept(folder)[0]!.time, '2023-11-14T22:13:20.123456789Z');
});

test('a second run goes on behind the first', () => {
  const folder = memoryFolder();
  for (const text of ['a\n', 'b\n']) {
    const log = new ContainerLog(folder, 'x', clock);
    log.take('stdout', bytes(text));
    log.close();
  }
  assert.equal(kept(folder).map((line) => line.log), ['a\n', 'b\n']);
});

test('a line longer than 16 KiB is kept in pieces, nothing without output', () => {
  const folder = memoryFolder();
  const log = new ContainerLog(folder, 'x', clock);
  assert.not(folder.has(logPath('x')));
  log.take('stdout', bytes(`${'x'.repeat(40_000)}\n`));
  assert.equal(kept(folder).map((line) => line.log.length), [16384, 16384, 7233]);
});

test('what is no line is left out', () => {
  const { lines, length } = parseLog('{"log":"a\\n","stream":"stdout","time":"t"}\nnonsense\n{"log":"half');
  assert.equal(lines.map((line) => line.log), ['a\n']);
  assert.is(length, 52);
});

test('files that are full are put aside, and as many stay as is said', () => {
  const folder = memoryFolder();
  const log = new ContainerLog(folder, 'x', clock, { maxBytes: 150, maxFiles: 3, attrs: { a: 'b' } });
  for (let n = 0; n < 10; n++) log.take('stdout', bytes(`line ${n}\n`));
  log.close();
  const texts = [rotatedLogPath('x', 2), rotatedLogPath('x', 1), logPath('x')].map((path) => new TextDecoder().decode(folder.read(path)));
  assert.not(folder.has(rotatedLogPath('x', 3)));
  assert.equal(texts.flatMap((text) => parseLog(text).lines).map((line) => line.log), ['line 6\n', 'line 7\n', 'line 8\n', 'line 9\n'].slice(-texts.flatMap((text) => parseLog(text).lines).length));
  assert.ok(texts.flatMap((text) => parseLog(text).lines).length >= 3);
  assert.equal(parseLog(texts[1]!).lines[0]!.attrs, { a: 'b' });
});

test.run();
