// Pipes: capacity, atomic small writes, ends that close, readiness, FIFOs, and the byte queue below.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EAGAIN, EBUSY, EPIPE, O_RDONLY, O_RDWR, O_WRONLY } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../src/vfs/index.ts';
import { ByteQueue, Pipe, PipeEnd, anonymousInode, fifoMustWait } from '../../src/linux/files/index.ts';

function newPipe() {
  const pipe = new Pipe();
  const inode = anonymousInode('pipe');
  return { pipe, reader: new PipeEnd(pipe, inode, O_RDONLY), writer: new PipeEnd(pipe, inode, O_WRONLY) };
}
const thrown = (run: () => unknown): unknown => { try { run(); } catch (error) { return error; } return undefined; };

test('a byte queue keeps order over its ring end and grows', () => {
  const queue = new ByteQueue(10_000);
  let next = 0; let expected = 0;
  const out = new Uint8Array(777);
  for (let round = 0; round < 200; round++) {
    next += queue.push(Uint8Array.from({ length: 613 }, (_, i) => (next + i) & 255));
    const count = queue.shift(out.subarray(0, (round * 131) % 777));
    for (let i = 0; i < count; i++) assert.is(out[i], expected++ & 255);
  }
  assert.is(queue.length, next - expected);
  assert.ok(queue.length > 4096, 'it grew');
});

test('bytes come out as they went in', () => {
  const { reader, writer } = newPipe();
  assert.is(writer.write(Uint8Array.of(1, 2, 3), 0, false), 3);
  const into = new Uint8Array(2);
  assert.is(reader.read(into, 0, false), 2);
  assert.equal([...into], [1, 2]);
  assert.is(reader.read(into, 0, false), 1);
  assert.ok(reader.read(into, 0, false) instanceof Wait);
  assert.is(thrown(() => reader.read(into, 0, true)), EAGAIN);
});

test('the pipe holds 64 KiB; small writes are atomic, large ones partial', () => {
  const { reader, writer } = newPipe();
  assert.is(writer.write(new Uint8Array(61440), 0, true), 61440);
  assert.is(writer.write(new Uint8Array(4000), 0, true), 4000);
  assert.is(thrown(() => writer.write(new Uint8Array(4096), 0, true)), EAGAIN);
  assert.ok(writer.write(new Uint8Array(97), 0, false) instanceof Wait);
  assert.is(writer.write(new Uint8Array(96), 0, true), 96, 'what fits into the last page goes there');
  assert.is(thrown(() => writer.write(new Uint8Array(10000), 0, true)), EAGAIN);
  assert.is(writer.poll() & POLLOUT, 0);
  assert.is(reader.read(new Uint8Array(4096), 0, true), 4096);
  assert.is(writer.poll() & POLLOUT, POLLOUT);
  assert.is(writer.write(new Uint8Array(4096), 0, true), 4096);
});

test('a closed writer is the end of file and POLLHUP, a closed reader EPIPE and POLLERR', () => {
  const one = newPipe();
  one.writer.write(Uint8Array.of(9), 0, false);
  one.writer.close();
  assert.is(one.reader.poll(), POLLIN | POLLHUP);
  assert.is(one.reader.read(new Uint8Array(5), 0, false), 1);
  assert.is(one.reader.read(new Uint8Array(5), 0, false), 0);
  const two = newPipe();
  two.reader.close();
  assert.is(two.writer.poll(), POLLOUT | POLLERR);
  assert.is(thrown(() => two.writer.write(Uint8Array.of(1), 0, false)), EPIPE);
});

test('a waiting reader is woken by a write and by the last close', () => {
  const { reader, writer } = newPipe();
  const wait = reader.read(new Uint8Array(1), 0, false) as Wait;
  let wakes = 0;
  wait.on[0]!.add(() => wakes++);
  writer.write(Uint8Array.of(1), 0, false);
  writer.close();
  assert.is(wakes, 2);
});

test('F_SETPIPE_SZ rounds up and refuses to lose bytes', () => {
  const { pipe, writer } = newPipe();
  assert.is(pipe.resize(5000), 8192);
  writer.write(new Uint8Array(8192), 0, true);
  assert.is(thrown(() => pipe.resize(4096)), EBUSY);
});

test('a FIFO reader without writers has no POLLHUP until one came and went', () => {
  const pipe = new Pipe();
  const inode = anonymousInode('pipe');
  const before = { readers: 0, writers: 0 };
  const reader = new PipeEnd(pipe, inode, O_RDONLY);
  assert.is(fifoMustWait(pipe, O_RDONLY, before), true);
  assert.is(reader.poll(), 0);
  const writer = new PipeEnd(pipe, inode, O_WRONLY);
  assert.is(reader.poll(), 0);
  writer.close();
  assert.is(fifoMustWait(pipe, O_RDONLY, before), false, 'a writer that came and went lets the reader on');
  assert.is(reader.poll(), POLLHUP);
  assert.is(fifoMustWait(pipe, O_RDWR, before), false);
});

test.run();
