// Records of a journal: what was written whole is read, and any cut or changed byte ends the reading there.
import zlib from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32, record, RECORD_HEAD, recordAt } from '../../src/base/index.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function all(journal: Uint8Array, seed?: number): string[] {
  const found: string[] = [];
  for (let next = recordAt(journal, 0, seed); next; next = recordAt(journal, next.end, seed)) found.push(new TextDecoder().decode(next.bytes));
  return found;
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

test('CRC-32 is the one of gzip', () => {
  assert.is(crc32(bytesOf('123456789')), 0xcbf43926);
  assert.is(crc32(bytesOf('6789'), crc32(bytesOf('12345'))), 0xcbf43926);

  fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === zlib.crc32(bytes)), { numRuns: 50 });
});

test('records are read until one is torn, changed or of another life of the file', () => {
  const texts = ['first', '', 'third'];
  const journal = joined(texts.map((text) => record(bytesOf(text), 7)));
  assert.equal(all(journal, 7), texts);
  assert.equal(all(journal, 8), []);
  for (let length = 0; length < journal.length; length++) assert.equal(all(journal.subarray(0, length), 7), length < RECORD_HEAD + 5 ? [] : length < 2 * RECORD_HEAD + 5 ? ['first'] : ['first', '']);
  for (let at = 0; at < journal.length; at++) {
    const damaged = journal.slice();
    damaged[at]! ^= 0x10;
    assert.equal(all(damaged, 7), at < RECORD_HEAD + 5 ? [] : at < 2 * RECORD_HEAD + 5 ? ['first'] : ['first', ''], `byte ${at}`);
  }
  assert.equal(all(new Uint8Array(64)), [], 'zeros are no record');
});

test.run();
