// /proc, /dev and /sys as programs read them, and poll, select and epoll through the system calls.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { O_RDWR } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { attachConsole, consoleDescription } from '../../src/linux/index.ts';
import { POLLIN, POLLNVAL, POLLOUT } from '../../src/vfs/index.ts';
import { BUFFER, FakeMachine } from './fake-machine.ts';

function list(m: FakeMachine, path: string): string[] {
  const fd = m.call('open', path, 0o200000, 0) as number;
  const names: string[] = [];
  for (;;) {
    const count = m.call('getdents64', fd, BUFFER, 4096) as number;
    if (count <= 0) break;
    const data = m.bytes(count);
    const view = new DataView(data.buffer);
    for (let at = 0; at < count; at += view.getUint16(at + 16, true)) names.push(Buffer.from(data.subarray(at + 19, data.indexOf(0, at + 19))).toString('latin1'));
  }
  m.call('close', fd);
  return names;
}
const link = (m: FakeMachine, path: string) => { const count = m.call('readlink', path, BUFFER, 4096); return typeof count === 'number' ? m.text(count) : count; };

test('/proc lists processes, and each has the files ps reads', () => {
  const m = new FakeMachine();
  const child = m.newTask();
  const names = list(m, '/proc');
  for (const name of ['self', 'stat', 'meminfo', 'uptime', 'mounts', '1', String(child.pid)]) assert.ok(names.includes(name), name);
  const stat = m.cat(`/proc/${child.pid}/stat`).trim().split(' ');
  assert.is(stat.length, 52);
  assert.equal(stat.slice(0, 5), [String(child.pid), '(test)', 'R', '1', '1']);
  assert.match(m.cat('/proc/1/status'), /^Name:\ttest\nUmask:\t0022\nState:\tR \(running\)\nTgid:\t1\n/);
  assert.match(m.cat('/proc/1/limits'), /Max open files            1024                 524288               files     \n/);
  assert.is(m.call('open', '/proc/999/stat', 0, 0), 'ENOENT');
  m.kernel.processes.delete(child.pid);
  assert.is(m.call('open', `/proc/${child.pid}/stat`, 0, 0), 'ENOENT');
});

test('/proc/PID/fd leads to the open files themselves', () => {
  const m = new FakeMachine();
  const file = m.call('open', '/tmp/f', 0o102, 0o644) as number;
  m.call('write', file, 'abc', 3);
  m.call('pipe2', BUFFER, 0);
  const [reader, writer] = [m.task.memory.readI32(BUFFER), m.task.memory.readI32(BUFFER + 4)];
  assert.is(link(m, `/proc/1/fd/${file}`), '/tmp/f');
  m.call('unlink', '/tmp/f');
  assert.is(link(m, `/proc/1/fd/${file}`), '/tmp/f (deleted)');
  assert.is(m.cat(`/proc/1/fd/${file}`), 'abc');
  assert.match(String(link(m, `/proc/1/fd/${reader}`)), /^pipe:\[\d+\]$/);
  const again = m.call('open', `/proc/1/fd/${writer}`, 1, 0) as number;
  m.call('write', again, 'through', 7);
  assert.is(m.call('read', reader, BUFFER, 100), 7);
  assert.match(m.cat(`/proc/1/fdinfo/${file}`), /^pos:\t3\nflags:\t0100002\n/);
  assert.equal(list(m, '/proc/1/fd').slice(2), [String(file), String(reader), String(writer), String(again), String(again + 1)]);
});

test('/proc tells of the machine', () => {
  const m = new FakeMachine();
  m.nowNs += 2_500_000_000n;
  assert.is(m.cat('/proc/uptime'), '2.50 2.50\n');
  assert.match(m.cat('/proc/meminfo'), /^MemTotal: {8}4194304 kB\nMemFree: /);
  assert.match(m.cat('/proc/cpuinfo'), /^processor\t: 0\nvendor_id\t: GenuineIntel\n/);
  assert.match(m.cat('/proc/stat'), /^cpu {2}0 0 0 250 0 0 0 0 0 0\ncpu0 /);
  assert.match(m.cat('/proc/mounts'), /^root \/ tmpfs rw,relatime 0 0\n/);
  assert.match(m.cat('/proc/self/mountinfo'), / \/ \/dev\/pts rw,nosuid,noexec,relatime - devpts devpts rw\n/);
  assert.is(m.cat('/proc/sys/kernel/hostname'), 'box\n');
  assert.match(m.cat('/proc/sys/kernel/random/uuid'), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/);
  assert.is(m.cat('/sys/devices/system/cpu/online'), '0\n');
});

test('what a file of /proc does not allow is refused', () => {
  const m = new FakeMachine();
  const comm = m.call('open', '/proc/self/comm', 2, 0) as number;
  assert.is(m.call('write', comm, 'renamed\n', 8), 8);
  assert.is(m.cat('/proc/1/comm'), 'renamed\n');
  const score = m.call('open', '/proc/self/oom_score_adj', 2, 0) as number;
  assert.is(m.call('write', score, '5000', 4), 'EINVAL');
  assert.is(m.call('write', score, '500', 3), 3);
  assert.is(m.cat('/proc/self/oom_score_adj'), '500\n');
  assert.is(m.call('mkdir', '/proc/x', 0o755), 'EPERM');
  assert.is(m.call('unlink', '/proc/1/stat'), 'EPERM');
});

test('/dev: memory devices, links, pseudo-terminals, shared memory', () => {
  const m = new FakeMachine();
  assert.is(m.call('read', m.call('open', '/dev/zero', 0, 0) as number, BUFFER, 5), 5);
  assert.is(m.call('write', m.call('open', '/dev/full', 1, 0) as number, 'x', 1), 'ENOSPC');
  assert.is(m.cat('/dev/null'), '');
  assert.is(m.call('open', '/dev/tty', O_RDWR, 0), 'ENXIO');
  assert.is(link(m, '/dev/stdin'), '/proc/self/fd/0');
  const master = m.call('open', '/dev/ptmx', O_RDWR | 0o400, 0) as number;
  assert.is(m.call('open', '/dev/pts/0', O_RDWR | 0o400, 0), 'EIO', 'locked until unlockpt');
  m.task.memory.writeU32(BUFFER, 0);
  assert.is(m.call('ioctl', master, 0x40045431, BUFFER), 0);
  const slave = m.call('open', '/dev/pts/0', O_RDWR, 0) as number;
  assert.is(m.task.process.session.tty?.rdev, 0x8800, 'a session leader without a terminal gets it');
  assert.is(m.call('ioctl', slave, 0x540f, BUFFER), 0);
  assert.is(m.task.memory.readI32(BUFFER), m.task.process.group.id);
  assert.equal(list(m, '/dev/pts'), ['.', '..', '0', 'ptmx']);
  m.call('close', master);
  assert.equal(list(m, '/dev/pts'), ['.', '..', 'ptmx']);
  assert.type(m.call('open', '/dev/shm/x', 0o102, 0o600), 'number');
});

test('the console is /dev/pts/0 and the descriptors on it are a terminal', () => {
  const m = new FakeMachine();
  let type = (_bytes: Uint8Array): void => {};
  let screen = '';
  const tty = attachConsole(m.kernel, { write: (b) => { screen += Buffer.from(b).toString('latin1'); }, input: (consumer) => { type = consumer; }, size: () => ({ rows: 24, columns: 80 }), onResize: () => {} });
  const fd = m.task.files.add(consoleDescription(m.task.fs.walkContext(m.task.credentials), tty));
  assert.is(link(m, `/proc/self/fd/${fd}`), '/dev/pts/0');
  assert.is(m.call('ioctl', fd, 0x5401, BUFFER), 0);
  assert.is(m.call('ioctl', fd, 0x5413, BUFFER), 0);
  assert.equal([...m.bytes(4)], [24, 0, 80, 0]);
  type(Uint8Array.from([108, 115, 13]));
  assert.is(m.call('read', fd, BUFFER, 100), 3);
  assert.is(m.text(3), 'ls\n');
  m.call('write', fd, 'out\n', 4);
  assert.is(screen, 'ls\r\nout\r\n');
});

const pollfd = (entries: [number, number][]) => { const bytes = new Uint8Array(8 * entries.length); const view = new DataView(bytes.buffer); entries.forEach(([fd, events], i) => { view.setInt32(8 * i, fd, true); view.setInt16(8 * i + 4, events, true); }); return bytes; };

test('poll: ready, not open, passed over, and the timeout', () => {
  const m = new FakeMachine();
  m.call('pipe2', BUFFER, 0);
  const [reader, writer] = [m.task.memory.readI32(BUFFER), m.task.memory.readI32(BUFFER + 4)];
  const fds = m.put(pollfd([[reader, POLLIN], [writer, POLLOUT], [99, POLLIN], [-1, POLLIN]]));
  assert.is(m.call('poll', fds, 4, -1), 2);
  assert.equal([0, 1, 2, 3].map((i) => m.task.memory.readU16(fds + 8 * i + 6)), [0, POLLOUT, POLLNVAL, 0]);
  const wait = m.call('poll', fds, 1, 100) as Wait;
  assert.is(wait.deadlineNs, m.nowNs + 100_000_000n);
  m.nowNs += 100_000_000n;
  assert.is(m.retry(), 0);
  assert.ok(m.call('poll', fds, 1, -1) instanceof Wait);
  m.task.files.get(writer).file.write!(Uint8Array.of(1), 0, true);
  assert.is(m.retry(), 1);
});

test('select: sets in, sets out; EBADF for what is not open', () => {
  const m = new FakeMachine();
  m.call('pipe2', BUFFER, 0);
  const set = (...fds: number[]) => m.put(Uint8Array.from({ length: 16 }, (_, byte) => fds.reduce((bits, fd) => bits | (fd >> 3 === byte ? 1 << (fd & 7) : 0), 0)));
  const [read, write] = [set(0), set(1)];
  assert.is(m.call('select', 2, read, write, 0, 0), 1);
  assert.equal([m.bytes(1, read)[0], m.bytes(1, write)[0]], [0, 2]);
  assert.is(m.call('select', 10, set(9), 0, 0, 0), 'EBADF');
  assert.is(m.call('select', -1, 0, 0, 0, 0), 'EINVAL');
  assert.is(m.call('select', 2, set(0), 0, 0, new Uint8Array(16)), 0);
});

test('epoll through the calls', () => {
  const m = new FakeMachine();
  const epfd = m.call('epoll_create1', 0) as number;
  m.call('pipe2', BUFFER, 0);
  const [reader, writer] = [m.task.memory.readI32(BUFFER), m.task.memory.readI32(BUFFER + 4)];
  const event = (events: number, data: number) => { const bytes = new Uint8Array(12); const view = new DataView(bytes.buffer); view.setUint32(0, events, true); view.setUint32(4, data, true); return bytes; };
  assert.is(m.call('epoll_ctl', epfd, 1, reader, event(POLLIN, 77)), 0);
  assert.is(m.call('epoll_ctl', epfd, 1, reader, event(POLLIN, 77)), 'EEXIST');
  assert.is(m.call('epoll_ctl', epfd, 1, 99, event(POLLIN, 0)), 'EBADF');
  assert.is(m.call('epoll_ctl', reader, 1, writer, event(POLLIN, 0)), 'EINVAL');
  assert.is(m.call('epoll_ctl', epfd, 9, reader, event(POLLIN, 0)), 'EINVAL');
  assert.is(m.call('epoll_wait', epfd, BUFFER, 0, 0), 'EINVAL');
  const wait = m.call('epoll_wait', epfd, BUFFER, 8, -1) as Wait;
  let woken = false;
  wait.on[0]!.add(() => { woken = true; });
  m.task.files.get(writer).file.write!(Uint8Array.of(1), 0, true);
  assert.ok(woken);
  assert.is(m.retry(), 1);
  assert.equal([m.task.memory.readU32(BUFFER), m.task.memory.readU32(BUFFER + 4)], [POLLIN, 77]);
});

test.run();
