// The chunks of a file against a plain array of bytes: random writes, reads, truncations and holes, with and without a backing, at sizes around a chunk.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ENOSPC } from '../../src/abi/index.ts';
import { type Backing, FileData, Space } from '../../src/vfs/index.ts';

/** Near multiples of 64 KiB, where chunks meet, and anywhere. */
const place = fc.oneof(fc.nat(200_000), fc.tuple(fc.nat(3), fc.integer({ min: -3, max: 3 })).map(([n, d]) => Math.max(0, n * 65536 + d)), fc.nat(600));
const step = fc.record({ kind: fc.constantFrom('write', 'read', 'truncate', 'punch'), at: place, length: place, byte: fc.integer({ min: 1, max: 255 }) });

/** Gives its bytes in pieces of at most 1000, as a slow blob may. */
const backingOf = (bytes: Uint8Array): Backing => ({
  size: bytes.length,
  identity: 'x',
  read(into, offset) {
    const piece = bytes.subarray(offset, offset + Math.min(1000, into.length));
    into.set(piece);
    return piece.length;
  },
});

class Model {
  bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.bytes = bytes; }
  resize(size: number): void { const next = new Uint8Array(size); next.set(this.bytes.subarray(0, size)); this.bytes = next; }
  write(from: Uint8Array, at: number): void { if (from.length > 0 && at + from.length > this.bytes.length) this.resize(at + from.length); this.bytes.set(from, Math.min(at, this.bytes.length)); }
}

for (const size of [0, 100, 65536, 150_001]) {
  test(`agrees with an array, over a backing of ${size} bytes`, () => {
    const start = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
    fc.assert(fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const data = new FileData(new Space(2 ** 30), size === 0 ? undefined : backingOf(start));
      const model = new Model(start.slice());
      for (const { kind, at, length, byte } of steps) {
        if (kind === 'write') {
          const from = new Uint8Array(length).fill(byte);
          assert.is(data.write(from, at), length);
          model.write(from, at);
        } else if (kind === 'truncate') {
          data.truncate(at);
          model.resize(at);
        } else if (kind === 'punch') {
          data.punch(at, at + length);
          model.bytes.fill(0, Math.min(at, model.bytes.length), Math.min(at + length, model.bytes.length));
        } else {
          const into = new Uint8Array(length).fill(0xee);
          const n = data.read(into, at);
          assert.ok(Buffer.compare(into.subarray(0, n), model.bytes.subarray(at, at + length)) === 0, `read ${at} ${length}`);
        }
        assert.is(data.size, model.bytes.length);
      }
      const all = new Uint8Array(model.bytes.length);
      assert.is(data.read(all, 0), all.length);
      assert.ok(Buffer.compare(all, model.bytes) === 0, 'the whole file');
    }), { numRuns: 150, seed: 3 });
  });
}

test('space is counted, limited, and given back', () => {
  const space = new Space(100_000);
  const data = new FileData(space);
  assert.is(data.write(new Uint8Array(100), 0), 100);
  assert.is(space.used, 512);
  assert.is(data.write(new Uint8Array(200_000), 0), 65536, 'a partial write up to the limit');
  let thrown: unknown;
  try { data.write(new Uint8Array(65536), 65536); } catch (error) { thrown = error; }
  assert.is(thrown, ENOSPC);
  data.truncate(0);
  assert.is(space.used, 0);
});

test.run();
