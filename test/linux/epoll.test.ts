// epoll over pipes and event files: level, edge, one-shot, nesting, and what closing forgets; timer files on a fake clock; descriptor tables.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EBADF, EEXIST, ELOOP, EMFILE, ENOENT, EPERM, O_RDONLY, O_WRONLY } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { POLLHUP, POLLIN, POLLOUT } from '../../src/vfs/index.ts';
import type { OpenFile } from '../../src/vfs/index.ts';
import { Description, EPOLLET, EPOLLONESHOT, EpollFile, EventFile, FdTable, Pipe, PipeEnd, TimerFile, anonymousInode } from '../../src/linux/files/index.ts';

const thrown = (run: () => unknown): unknown => { try { run(); } catch (error) { return error; } return undefined; };
function pipeDescriptions() {
  const pipe = new Pipe();
  const inode = anonymousInode('pipe');
  return { reader: new Description(new PipeEnd(pipe, inode, O_RDONLY), O_RDONLY).retain(), writer: new Description(new PipeEnd(pipe, inode, O_WRONLY), O_WRONLY).retain() };
}
const write = (d: Description, text: string) => d.file.write!(new TextEncoder().encode(text), 0, true);
const read = (d: Description, size: number) => d.file.read!(new Uint8Array(size), 0, true);
const events = (epoll: EpollFile) => epoll.take(10).map((e) => [Number(e.data), e.events & 0x3f]);

test('level-triggered: reported as long as it holds', () => {
  const epoll = new EpollFile();
  const { reader, writer } = pipeDescriptions();
  epoll.add(3, reader, POLLIN, 7n);
  assert.equal(events(epoll), []);
  write(writer, 'ab');
  assert.equal(events(epoll), [[7, POLLIN]]);
  read(reader, 1);
  assert.equal(events(epoll), [[7, POLLIN]]);
  read(reader, 1);
  assert.equal(events(epoll), []);
  writer.release();
  assert.equal(events(epoll), [[7, POLLHUP]]);
});

test('edge-triggered: once for every arrival', () => {
  const epoll = new EpollFile();
  const { reader, writer } = pipeDescriptions();
  epoll.add(3, reader, (POLLIN | EPOLLET) >>> 0, 1n);
  write(writer, 'ab');
  assert.equal(events(epoll), [[1, POLLIN]]);
  assert.equal(events(epoll), []);
  read(reader, 1);
  assert.equal(events(epoll), [], 'a read is no edge');
  write(writer, 'c');
  assert.equal(events(epoll), [[1, POLLIN]]);
});

test('one-shot: silent until it is armed again', () => {
  const epoll = new EpollFile();
  const { reader, writer } = pipeDescriptions();
  epoll.add(3, reader, POLLIN | EPOLLONESHOT, 1n);
  write(writer, 'a');
  assert.equal(events(epoll), [[1, POLLIN]]);
  write(writer, 'b');
  assert.equal(events(epoll), []);
  epoll.modify(3, reader, POLLIN | EPOLLONESHOT, 2n);
  assert.equal(events(epoll), [[2, POLLIN]]);
});

test('a limit is fair: the ones left out come first next time', () => {
  const epoll = new EpollFile();
  for (let i = 0; i < 3; i++) {
    const { reader, writer } = pipeDescriptions();
    epoll.add(i, reader, POLLIN, BigInt(i));
    write(writer, 'x');
  }
  assert.equal(epoll.take(2).map((e) => Number(e.data)), [0, 1]);
  assert.equal(epoll.take(2).map((e) => Number(e.data)), [2, 0]);
});

test('add, modify and remove check what is there; closing the file forgets it', () => {
  const epoll = new EpollFile();
  const { reader, writer } = pipeDescriptions();
  epoll.add(3, reader, POLLIN, 1n);
  assert.is(thrown(() => epoll.add(3, reader, POLLIN, 1n)), EEXIST);
  epoll.add(4, reader, POLLIN, 2n);
  assert.is(thrown(() => epoll.modify(5, reader, POLLIN, 1n)), ENOENT);
  epoll.remove(4, reader);
  assert.is(thrown(() => epoll.remove(4, reader)), ENOENT);
  write(writer, 'x');
  reader.release();
  assert.equal(events(epoll), []);
  const regular: OpenFile = { inode: reader.inode };
  assert.is(thrown(() => epoll.add(9, new Description(regular, 0), POLLIN, 0n)), EPERM);
});

test('nested: an inner set that is ready makes the outer one ready; circles are refused', () => {
  const inner = new EpollFile();
  const outer = new EpollFile();
  const innerDescription = new Description(inner, 0);
  const { reader, writer } = pipeDescriptions();
  inner.add(3, reader, POLLIN, 1n);
  outer.add(4, innerDescription, POLLIN, 2n);
  let wakes = 0;
  outer.changed.add(() => wakes++);
  write(writer, 'x');
  assert.ok(wakes > 0, 'waiters of the outer set are woken');
  assert.equal(events(outer), [[2, POLLIN]]);
  assert.is(thrown(() => inner.add(5, new Description(outer, 0), POLLIN, 0n)), ELOOP);
});

test('an event file counts, and as a semaphore gives one at a time', () => {
  const file = new EventFile(2, true);
  const into = new Uint8Array(8);
  assert.is(file.read(into, 0, true), 8);
  assert.is(into[0], 1);
  assert.is(file.count, 1n);
  const whole = new EventFile(0, false);
  assert.is(whole.poll(), POLLOUT);
  assert.ok(whole.read(into, 0, false) instanceof Wait);
  whole.write(Uint8Array.of(5, 1, 0, 0, 0, 0, 0, 0), 0, true);
  assert.is(whole.poll(), POLLIN | POLLOUT);
  whole.read(into, 0, true);
  assert.is(new DataView(into.buffer).getBigUint64(0, true), 261n);
  assert.is(whole.count, 0n);
});

test('a timer file counts expirations of its interval', () => {
  let now = 1000n;
  const planned: { at: bigint; fire: () => void }[] = [];
  const timer = new TimerFile({ monotonicNs: () => now, realtimeNs: () => now + 1_000_000n, timers: { at: (at, fire) => { planned.push({ at, fire }); return () => {}; } } }, false);
  timer.set({ valueNs: 50n, intervalNs: 100n }, false);
  assert.is(planned[0]!.at, 1050n);
  let wakes = 0;
  timer.changed.add(() => wakes++);
  assert.is(timer.poll(), 0);
  now = 1260n;
  planned[0]!.fire();
  assert.is(wakes, 1);
  assert.is(timer.poll(), POLLIN);
  const into = new Uint8Array(8);
  timer.read(into, 0, true);
  assert.is(into[0], 3);
  assert.equal(timer.get(), { intervalNs: 100n, valueNs: 90n });
  assert.is(planned[1]!.at, 1350n);
});

test('descriptor numbers: the lowest free, limits, dup2, close-on-exec, fork', () => {
  const table = new FdTable(5);
  const { reader, writer } = pipeDescriptions();
  assert.equal([table.add(reader), table.add(writer), table.add(reader)], [0, 1, 2]);
  table.close(1);
  assert.is(table.add(writer, true), 1);
  assert.is(table.duplicate(0, false, 3), 3);
  assert.is(table.duplicateTo(0, 4, false), 4);
  assert.is(thrown(() => table.add(reader)), EMFILE);
  assert.is(thrown(() => table.get(5)), EBADF);
  const copy = table.copy();
  copy.closeOnExec();
  assert.equal(copy.numbers(), [0, 2, 3, 4]);
  table.closeAll();
  assert.is(copy.get(0), reader);
});

test.run();
