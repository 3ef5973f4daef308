// The blocks of a file against a plain array of bytes: random writes, reads, truncations, holes and promises, with and without a backing, at sizes around a block; and the same after commits and restores.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EIO, ENOSPC } from '../../src/abi/index.ts';
import { type Backing, BLOCK, BlockStore, FileData, MemoryFile } from '../../src/vfs/index.ts';

/** Near multiples of a block, and anywhere. */
const place = fc.oneof(fc.nat(60_000), fc.tuple(fc.nat(12), fc.integer({ min: -3, max: 3 })).map(([n, d]) => Math.max(0, n * BLOCK + d)), fc.nat(600));
const step = fc.record({ kind: fc.constantFrom('write', 'write', 'read', 'truncate', 'punch', 'reserve', 'commit'), at: place, length: place, byte: fc.integer({ min: 1, max: 255 }) });

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
  hasData(at: number): boolean { return this.bytes.subarray(at, at + BLOCK).some((b) => b !== 0); }
}

const contentOf = (data: FileData): Uint8Array => {
  const all = new Uint8Array(data.size).fill(0xee);
  assert.is(data.read(all, 0), all.length);
  return all;
};

/** What a hole is said to be holds no data, and what holds data is no hole. */
function checkHoles(data: FileData, model: Model): void {
  for (let at = 0; at < data.size;) {
    const start = data.nextData(at) ?? data.size;
    assert.not(model.bytes.subarray(at, start).some((b) => b !== 0), `data in the hole ${at}-${start}`);
    const end = start === data.size ? start : data.nextHole(start);
    assert.ok(end > start || start === data.size, `data at ${start} has no length`);
    at = end;
  }
}

for (const size of [0, 100, BLOCK, 3 * BLOCK, 30_001]) {
  for (const durable of [false, true]) {
    test(`agrees with an array, over a backing of ${size} bytes, ${durable ? 'with' : 'without'} commits`, () => {
      const start = Uint8Array.from({ length: size }, (_, i) => ((i * 7 + (i >> 8)) & 0xff) || 1);
      fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = new BlockStore(new MemoryFile(), 2 ** 30, durable);
        const backing = size === 0 ? undefined : backingOf(start);
        const data = new FileData(store, backing);
        const other = new FileData(store);
        const model = new Model(start.slice());
        let committed: { copy: FileData; bytes: Uint8Array } | undefined;
        for (const { kind, at, length, byte } of steps) {
          if (kind === 'write') {
            const from = new Uint8Array(length).fill(byte);
            assert.is(data.write(from, at), length);
            model.write(from, at);
            other.write(from.subarray(0, 100), at);
          } else if (kind === 'truncate') {
            data.truncate(at);
            other.truncate(0);
            model.resize(at);
          } else if (kind === 'punch') {
            data.punch(at, at + length);
            model.bytes.fill(0, Math.min(at, model.bytes.length), Math.min(at + length, model.bytes.length));
          } else if (kind === 'reserve') {
            data.reserve(at, at + length);
          } else if (kind === 'commit' && durable) {
            const copy = new FileData(new BlockStoreOver(store), backing);
            copy.restore(data.saved());
            committed = { copy, bytes: model.bytes.slice() };
            data.settled();
            store.committed();
          } else {
            const into = new Uint8Array(length).fill(0xee);
            const n = data.read(into, at);
            assert.ok(Buffer.compare(into.subarray(0, n), model.bytes.subarray(at, at + length)) === 0, `read ${at} ${length}`);
          }
          assert.is(data.size, model.bytes.length);
        }
        assert.ok(Buffer.compare(contentOf(data), model.bytes) === 0, 'the whole file');
        checkHoles(data, model);
        if (committed) assert.ok(Buffer.compare(contentOf(committed.copy), committed.bytes) === 0, 'what was committed is as it was');
        other.truncate(0);
        data.release();
        assert.is(store.used, 0);
      }), { numRuns: 100, seed: 3 });
    });
  }
}

/** Reads what another store has written; its own count is its own. */
class BlockStoreOver extends BlockStore {
  readonly #under: BlockStore;
  constructor(under: BlockStore) { super(new MemoryFile(), 2 ** 30, true); this.#under = under; }
  override read(into: Uint8Array, place: number, within: number): void { this.#under.read(into, place, within); }
}

test('changes replayed on what was kept give the same file', () => {
  fc.assert(fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 6 }), (transactions) => {
    const start = new Uint8Array(20_000).fill(9);
    const store = new BlockStore(new MemoryFile(), 2 ** 30, true);
    const data = new FileData(store, backingOf(start));
    const entries = new Map<number, number>();
    for (const steps of transactions) {
      for (const { kind, at, length, byte } of steps) {
        if (kind === 'truncate') data.truncate(at);
        else if (kind === 'punch') data.punch(at, at + length);
        else if (kind === 'reserve') data.reserve(at, at + length);
        else data.write(new Uint8Array(length).fill(byte), at);
      }
      const { cut, runs } = data.savedChanges();
      for (const block of entries.keys()) if (block >= cut) entries.delete(block);
      for (const run of runs) for (let i = 0; i < run.count; i++) {
        if (run.place === -3) entries.delete(run.block + i);
        else entries.set(run.block + i, run.place >= 0 ? run.place + i : run.place);
      }
      const saved = data.saved().runs.flatMap((run) => Array.from({ length: run.count }, (_, i) => [run.block + i, run.place >= 0 ? run.place + i : run.place]));
      assert.equal([...entries].sort((a, b) => a[0] - b[0]), saved);
      data.settled();
      store.committed();
    }
  }), { numRuns: 200, seed: 4 });
});

test('one byte of a large file copies one block', () => {
  const store = new BlockStore(new MemoryFile(), 2 ** 30);
  const backing: Backing = { size: 2 ** 30, read: (into) => { into.fill(7); return into.length; } };
  const data = new FileData(store, backing);
  assert.is(data.write(Uint8Array.of(1), 2 ** 29), 1);
  assert.is(store.used, BLOCK);
  assert.is(data.allocated, 2 ** 30, 'as one file on a disk');
  const around = new Uint8Array(3);
  data.read(around, 2 ** 29 - 1);
  assert.equal([...around], [7, 1, 7]);
});

test('a far write costs one block, and its hole is found at once', () => {
  const store = new BlockStore(new MemoryFile(), 2 ** 30);
  const data = new FileData(store);
  data.write(Uint8Array.of(1), 2 ** 45);
  assert.equal([store.used, data.allocated, data.size], [BLOCK, BLOCK, 2 ** 45 + 1]);
  assert.is(data.nextData(5), 2 ** 45);
  assert.is(data.nextHole(0), 0);
  data.punch(0, 2 ** 50);
  assert.is(store.used, 0);
  assert.is(data.nextData(0), undefined);
});

test('room is counted by block, limited, promised and given back', () => {
  const store = new BlockStore(new MemoryFile(), 10 * BLOCK);
  const data = new FileData(store);
  const thrown = (call: () => unknown): unknown => { try { call(); return undefined; } catch (error) { return error; } };
  assert.is(data.write(new Uint8Array(100), 0), 100);
  assert.is(store.used, BLOCK);
  data.reserve(2 * BLOCK, 4 * BLOCK);
  assert.equal([store.used, data.size, data.allocated], [3 * BLOCK, 100, 3 * BLOCK]);
  assert.is(data.write(new Uint8Array(20 * BLOCK).fill(1), 0), 10 * BLOCK, 'a partial write up to the limit');
  assert.is(thrown(() => data.write(new Uint8Array(1), 10 * BLOCK)), ENOSPC);
  assert.is(thrown(() => data.reserve(0, 11 * BLOCK)), ENOSPC);
  assert.is(data.write(new Uint8Array(20 * BLOCK), 0), 10 * BLOCK, 'what is there can be written again');
  data.punch(BLOCK, 2 * BLOCK);
  assert.is(store.used, 9 * BLOCK);
  data.truncate(0);
  assert.is(store.used, 0);
});

test('a layer that cannot be read, or ends too early, is EIO', () => {
  const unreadable: Backing = { size: 9000, read: () => { throw Object.assign(new Error('broken'), { code: 'EIO' }); } };
  for (const backing of [unreadable, { size: 9000, read: () => 0 }]) {
    const data = new FileData(new BlockStore(new MemoryFile(), 2 ** 30), backing);
    for (const call of [() => data.read(new Uint8Array(1), 0), () => data.write(Uint8Array.of(1), 5000)]) {
      let thrown: unknown;
      try { call(); } catch (error) { thrown = error; }
      assert.is(thrown, EIO);
    }
    assert.is(data.write(new Uint8Array(4096), 4096), 4096, 'whole blocks need nothing of it');
  }
});

test('errors of the host: no room is ENOSPC and loses nothing, everything else EIO; a bug stays a bug', () => {
  let fail: unknown;
  class Failing extends MemoryFile {
    override write(from: Uint8Array, offset: number): void { if (fail) throw fail; super.write(from, offset); }
    override read(into: Uint8Array, offset: number): number { if (fail) throw fail; return super.read(into, offset); }
  }
  const data = new FileData(new BlockStore(new Failing(), 2 ** 30));
  data.write(Uint8Array.of(1, 2, 3), 0);
  const attempts = [() => data.write(new Uint8Array(9000), 0), () => data.read(new Uint8Array(1), 0)];
  const thrown = (call: () => unknown): unknown => { try { call(); return undefined; } catch (error) { return error; } };
  fail = Object.assign(new Error('full'), { code: 'ENOSPC' });
  assert.is(thrown(attempts[0]!), ENOSPC);
  fail = Object.assign(new Error('broken'), { code: 'EIO' });
  assert.equal(attempts.map(thrown), [EIO, EIO]);
  fail = new TypeError('bug');
  assert.equal(attempts.map(thrown), [fail, fail]);
  fail = undefined;
  assert.equal([...contentOf(data)], [1, 2, 3]);
});

test.run();
