// Which calls make what was written durable: after each the layer on disk is looked at as another process would find it.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { O_CREAT, O_DSYNC, O_RDWR, O_SYNC, O_WRONLY } from '../../src/abi/index.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { openWritable } from '../../src/layers/index.ts';
import { type OverlayFs, TmpFs } from '../../src/vfs/index.ts';
import { lowerTree } from '../layers/writer.ts';
import { read, treeOf } from '../vfs/tree.ts';
import { BUFFER, FakeMachine } from './fake-machine.ts';

const MS_ASYNC = 1, MS_SYNC = 4, PROT_RW = 3, MAP_SHARED = 1, MAP_PRIVATE = 2, MADV_DONTNEED = 4, RWF_DSYNC = 2;

interface Kept { m: FakeMachine; /** What is durable of /f. */ durable(): string }

function kept(): Kept {
  const folder = memoryFolder();
  const open = (now: () => bigint, readonly: boolean): OverlayFs => openWritable(lowerTree(), { folder, path: 'layer', lower: 'x', readonly }, { now });
  const m = new FakeMachine((now) => open(now, false));
  const durable = (): string => {
    const tree = treeOf(open(() => 0n, true));
    return tree.fs.root.lookup!('f') ? read(tree, '/f') : 'nothing';
  };
  return { m, durable };
}

const opened = (m: FakeMachine, flags = O_RDWR): number => m.call('open', '/f', flags | O_CREAT, 0o644) as number;
const write = (m: FakeMachine, fd: number, text: string): void => { assert.is(m.call('write', fd, new TextEncoder().encode(text), text.length), text.length); };

for (const [name, ...more] of [['fsync'], ['fdatasync'], ['syncfs'], ['sync']] as const) {
  test(`${name} makes durable, write alone does not`, () => {
    const { m, durable } = kept();
    const fd = opened(m);
    write(m, fd, 'one');
    assert.is(durable(), 'nothing');
    assert.is(m.call(name, ...(name === 'sync' ? [] : [fd]), ...more), 0);
    assert.is(durable(), 'one');
    write(m, fd, ' two');
    assert.is(durable(), 'one');
    assert.is(m.call(name, ...(name === 'sync' ? [] : [fd]), ...more), 0);
    assert.is(durable(), 'one two');
  });
}

test('fsync of a directory makes its names durable', () => {
  const { m, durable } = kept();
  m.call('close', opened(m));
  const fd = m.call('open', '/', 0o200000, 0) as number;
  assert.is(m.call('fsync', fd), 0);
  assert.is(durable(), '');
});

for (const [name, flag] of [['O_SYNC', O_SYNC], ['O_DSYNC', O_DSYNC]] as const) {
  test(`writes to a file opened with ${name} are durable when they return`, () => {
    const { m, durable } = kept();
    const fd = opened(m, O_WRONLY | flag);
    write(m, fd, 'text');
    assert.is(durable(), 'text');
    assert.is(m.call('pwrite64', fd, new TextEncoder().encode('next'), 4, 2), 4);
    assert.is(durable(), 'tenext');
  });
}

test('pwritev2 with RWF_DSYNC, and without', () => {
  const { m, durable } = kept();
  const fd = opened(m);
  const vector = new BigUint64Array([BigInt(m.put('text')), 4n]);
  m.call('pwritev2', fd, new Uint8Array(vector.buffer), 1, 0, 0, 0);
  assert.is(durable(), 'nothing');
  m.call('pwritev2', fd, new Uint8Array(vector.buffer), 1, 0, 0, RWF_DSYNC);
  assert.is(durable(), 'text');
});

test('what is stored through a shared mapping: msync(MS_SYNC) and fsync make it durable, MS_ASYNC does not', () => {
  const { m, durable } = kept();
  const fd = opened(m);
  write(m, fd, 'abcdef');
  m.call('fsync', fd);
  const at = m.call('mmap', 0, 4096, PROT_RW, MAP_SHARED, fd, 0) as number;
  assert.ok(at > 0);
  const store = (text: string): void => { m.task.memory.writable(at, text.length).set(new TextEncoder().encode(text)); };
  store('ABC');
  assert.is(m.call('msync', at, 4096, MS_ASYNC), 0);
  assert.is(durable(), 'abcdef');
  assert.is(m.call('msync', at, 4096, MS_SYNC), 0);
  assert.is(durable(), 'ABCdef');
  store('XY');
  assert.is(m.call('fsync', fd), 0);
  assert.is(durable(), 'XYCdef');
  store('Z');
  assert.is(m.call('sync'), 0);
  assert.is(durable(), 'ZYCdef');
});

test('what a mapping stored and the disk has no room for is told at the next fsync, once', () => {
  const m = new FakeMachine((now) => new TmpFs({ now, rootMode: 0o755, limit: 3 * 4096 }));
  const fd = opened(m);
  assert.is(m.call('ftruncate', fd, 16 * 4096), 0);
  const at = m.call('mmap', 0, 16 * 4096, PROT_RW, MAP_SHARED, fd, 0) as number;
  m.task.memory.writable(at, 16 * 4096).fill(1);
  assert.is(m.call('fsync', fd), 'ENOSPC');
  assert.is(m.call('ftruncate', fd, 4096), 0);
  assert.is(m.call('fsync', fd), 0);
});

test('a mapping of a file without names and openers keeps its bytes, whatever is written elsewhere', () => {
  const { m } = kept();
  const fd = opened(m);
  write(m, fd, 'stays');
  const at = m.call('mmap', 0, 4096, PROT_RW, MAP_PRIVATE, fd, 0) as number;
  m.call('unlink', '/f');
  m.call('close', fd);
  const other = m.call('open', '/g', O_RDWR | O_CREAT, 0o644) as number;
  m.call('write', other, BUFFER, 65536);
  m.task.memory.writable(at, 1)[0] = 33;
  assert.is(m.call('madvise', at, 4096, MADV_DONTNEED), 0);
  assert.is(m.text(5, at), 'stays', 'read from the file again');
});

test.run();
