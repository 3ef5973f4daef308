// AF_UNIX sockets through the system calls: pairs, names, backlogs, messages with descriptors and credentials, shutdown, options; and what other families answer.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AF_INET, AF_INET6, AF_UNIX, MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, SCM_RIGHTS, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET, addressFamilies, cmsghdrLayout, iovecLayout, msghdrLayout, socketOptions } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from '../../src/vfs/index.ts';
import { BUFFER, FakeMachine } from './fake-machine.ts';

const { AF_PACKET } = addressFamilies;
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const address = (path: string) => Uint8Array.from([AF_UNIX, 0, ...bytes(path), ...(path.startsWith('\0') ? [] : [0])]);

function pair(m: FakeMachine, type: number = SOCK_STREAM): [number, number] {
  assert.is(m.call('socketpair', AF_UNIX, type, 0, BUFFER), 0);
  return [m.task.memory.readI32(BUFFER), m.task.memory.readI32(BUFFER + 4)];
}
const send = (m: FakeMachine, fd: number, text: string, flags = 0) => m.call('sendto', fd, bytes(text), text.length, flags, 0, 0);
const receive = (m: FakeMachine, fd: number, size: number, flags = 0) => {
  const count = m.call('recvfrom', fd, BUFFER, size, flags, 0, 0);
  return typeof count === 'number' ? m.text(Math.min(count, size)) : count;
};
const pollOf = (m: FakeMachine, fd: number) => m.task.files.get(fd).file.poll!();

test('a pair of streams: bytes in order, whatever the pieces', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m);
  assert.ok(receive(m, b, 5) instanceof Wait);
  send(m, a, 'hello ');
  send(m, a, 'world');
  assert.is(receive(m, b, 8, MSG_PEEK), 'hello wo');
  assert.is(receive(m, b, 8), 'hello wo');
  assert.is(receive(m, b, 100), 'rld');
  assert.is(receive(m, b, 100, MSG_DONTWAIT), 'EAGAIN');
});

test('a closed peer: the rest is read, then the end; writing is EPIPE and SIGPIPE', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m);
  send(m, a, 'x');
  m.call('close', a);
  assert.is(pollOf(m, b), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
  assert.is(receive(m, b, 10), 'x');
  assert.is(receive(m, b, 10), '');
  const sent: number[] = [];
  m.kernel.signalTask = (_task, signal) => { sent.push(signal); };
  assert.is(send(m, b, 'y'), 'EPIPE');
  assert.equal(sent, [13]);
  assert.is(send(m, b, 'y', 0x4000), 'EPIPE');
  assert.equal(sent, [13], 'MSG_NOSIGNAL');
});

test('closing with unread bytes resets the peer', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m);
  send(m, a, 'never read');
  m.call('close', b);
  assert.is(receive(m, a, 10), 'ECONNRESET');
});

test('datagrams keep their borders and tell when they were cut', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m, SOCK_DGRAM);
  send(m, a, 'first');
  send(m, a, 'second');
  assert.is(m.call('recvfrom', b, BUFFER, 3, MSG_TRUNC, 0, 0), 5);
  assert.is(receive(m, b, 100), 'second');
});

test('a stream takes what fits and then waits', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m, SOCK_STREAM | SOCK_NONBLOCK);
  let sent = 0;
  for (let count: unknown = 0; typeof count === 'number'; count = m.call('write', a, BUFFER, 60000)) sent += count;
  assert.is(sent, 212_992);
  assert.is(pollOf(m, a) & POLLOUT, 0);
  m.call('read', b, BUFFER, 200_000);
  assert.is(pollOf(m, a) & POLLOUT, POLLOUT);
});

test('bind, listen, connect, accept; names; what is missing or taken', () => {
  const m = new FakeMachine();
  const socket = () => m.call('socket', AF_UNIX, SOCK_STREAM, 0) as number;
  const connect = (fd: number, path: string) => m.call('connect', fd, address(path), address(path).length);
  const server = socket();
  assert.is(connect(socket(), '/tmp/s'), 'ENOENT');
  assert.is(m.call('bind', server, address('/tmp/s'), address('/tmp/s').length), 0);
  assert.is(m.call('bind', socket(), address('/tmp/s'), address('/tmp/s').length), 'EADDRINUSE');
  const client = socket();
  assert.is(connect(client, '/tmp/s'), 'ECONNREFUSED');
  assert.is(m.call('listen', server, 1), 0);
  assert.ok(m.call('accept4', server, 0, 0, 0) instanceof Wait);
  assert.is(connect(client, '/tmp/s'), 0);
  assert.is(connect(client, '/tmp/s'), 'EISCONN');
  const accepted = m.call('accept4', server, 0, 0, 0) as number;
  send(m, client, 'ping');
  assert.is(receive(m, accepted, 10), 'ping');
  m.task.memory.writeU32(BUFFER + 200, 110);
  assert.is(m.call('getpeername', client, BUFFER, BUFFER + 200), 0);
  assert.is(m.text(7, BUFFER + 2), '/tmp/s\0');
  m.call('close', server);
  assert.is(connect(socket(), '/tmp/s'), 'ECONNREFUSED');
  assert.is(m.call('open', '/tmp/s', 2, 0), 'ENXIO');
});

test('abstract names are free again when their socket closes', () => {
  const m = new FakeMachine();
  const name = address('\0hidden');
  const one = m.call('socket', AF_UNIX, SOCK_DGRAM, 0) as number;
  assert.is(m.call('bind', one, name, name.length), 0);
  const other = m.call('socket', AF_UNIX, SOCK_DGRAM, 0) as number;
  assert.is(m.call('bind', other, name, name.length), 'EADDRINUSE');
  assert.is(m.call('sendto', other, bytes('to'), 2, 0, name, name.length), 2);
  assert.is(receive(m, one, 10), 'to');
  m.call('close', one);
  assert.is(m.call('bind', other, name, name.length), 0);
});

test('sendmsg passes a descriptor, recvmsg installs it', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m);
  const file = m.call('open', '/tmp/passed', 0o102, 0o644) as number;
  m.call('write', file, bytes('content'), 7);
  const control = new Uint8Array(24);
  control.set(cmsghdrLayout.encode({ cmsg_len: 20, cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS }));
  new DataView(control.buffer).setInt32(16, file, true);
  const out = iovecLayout.encode({ iov_base: m.put('!'), iov_len: 1 });
  assert.is(m.call('sendmsg', a, msghdrLayout.encode({ msg_iov: m.put(out), msg_iovlen: 1, msg_control: m.put(control), msg_controllen: 24 }), 0), 1);
  m.call('close', file);
  const into = iovecLayout.encode({ iov_base: BUFFER, iov_len: 10 });
  const controlPtr = m.put(new Uint8Array(24));
  const message = m.put(msghdrLayout.encode({ msg_iov: m.put(into), msg_iovlen: 1, msg_control: controlPtr, msg_controllen: 24 }));
  assert.is(m.call('recvmsg', b, message, 0), 1);
  const fd = m.task.memory.readI32(controlPtr + 16);
  assert.is(m.call('pread64', fd, BUFFER, 20, 0), 7);
  assert.is(m.text(7), 'content');
});

test('shutdown ends one direction', () => {
  const m = new FakeMachine();
  const [a, b] = pair(m);
  assert.is(m.call('shutdown', a, 1), 0);
  assert.is(receive(m, b, 10), '');
  assert.is(send(m, b, 'back'), 4);
  assert.is(receive(m, a, 10), 'back');
  assert.is(pollOf(m, b) & (POLLRDHUP | POLLHUP), POLLRDHUP);
});

test('options and errors', () => {
  const m = new FakeMachine();
  const [a] = pair(m, SOCK_DGRAM);
  m.task.memory.writeU32(BUFFER + 100, 4);
  assert.is(m.call('getsockopt', a, SOL_SOCKET, socketOptions.SO_TYPE, BUFFER, BUFFER + 100), 0);
  assert.is(m.task.memory.readI32(BUFFER), SOCK_DGRAM);
  assert.is(m.call('getsockopt', a, SOL_SOCKET, 9999, BUFFER, BUFFER + 100), 'ENOPROTOOPT');
  assert.is(m.call('socket', AF_PACKET, SOCK_DGRAM, 0), 'EAFNOSUPPORT');
  assert.is(m.call('socket', AF_INET, 3, 0), 'EPROTONOSUPPORT');
  assert.is(m.call('socket', AF_INET, 5, 0), 'ESOCKTNOSUPPORT');
  assert.is(m.call('socket', AF_UNIX, 9, 0), 'ESOCKTNOSUPPORT');
  assert.is(m.call('socket', AF_UNIX, SOCK_STREAM, 77), 'EPROTONOSUPPORT');
  const file = m.call('open', '/tmp', 0, 0) as number;
  assert.is(m.call('recvfrom', file, BUFFER, 1, 0, 0, 0), 'ENOTSOCK');
  assert.is(m.call('connect', 99, address('/x'), 5), 'EBADF');
});

const inetAddress = (address: string, port: number) => Uint8Array.from([AF_INET, 0, port >> 8, port & 255, ...address.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0]);
const inet6Address = (last: number, port: number) => Uint8Array.from([AF_INET6, 0, port >> 8, port & 255, 0, 0, 0, 0, ...Array<number>(15).fill(0), last, 0, 0, 0, 0]);
/** The address a call stored at BUFFER. */
const stored = (m: FakeMachine, name: string, fd: number) => {
  m.task.memory.writeU32(BUFFER + 200, 28);
  const result = m.call(name, fd, BUFFER, BUFFER + 200);
  return result === 0 ? [...m.bytes(m.task.memory.readI32(BUFFER + 200))] : result;
};
const portOf = (address: string | number | Wait | number[]) => (address as number[])[2]! << 8 | (address as number[])[3]!;

test('TCP on the loopback: bind, listen, connect, accept, names, the end of a connection', () => {
  const m = new FakeMachine();
  const socket = () => m.call('socket', AF_INET, SOCK_STREAM, 0) as number;
  const at = (fd: number, name: string, address: string, port: number) => m.call(name, fd, inetAddress(address, port), 16);
  const server = socket();
  assert.is(at(socket(), 'connect', '127.0.0.1', 80), 'ECONNREFUSED');
  assert.is(at(socket(), 'connect', '10.0.0.1', 80), 'ENETUNREACH');
  assert.is(at(socket(), 'bind', '10.0.0.1', 80), 'EADDRNOTAVAIL');
  assert.is(at(server, 'bind', '0.0.0.0', 0), 0);
  const port = portOf(stored(m, 'getsockname', server));
  assert.ok(port >= 32768);
  assert.is(at(socket(), 'bind', '127.0.0.1', port), 'EADDRINUSE');
  m.call('listen', server, 5);
  const client = socket();
  assert.is(stored(m, 'getpeername', client), 'ENOTCONN');
  assert.is(receive(m, client, 1), 'ENOTCONN');
  assert.is(at(client, 'connect', '127.0.0.1', port), 0);
  const accepted = m.call('accept4', server, 0, 0, 0) as number;
  assert.equal(stored(m, 'getpeername', client), [...inetAddress('127.0.0.1', port)]);
  assert.equal(stored(m, 'getpeername', accepted), stored(m, 'getsockname', client));
  send(m, client, 'GET /');
  assert.is(receive(m, accepted, 100), 'GET /');
  m.call('close', accepted);
  assert.is(receive(m, client, 100), '');
  m.call('close', server);
  assert.is(at(socket(), 'connect', '127.0.0.1', port), 'ECONNREFUSED');
});

test('IPv6 and IPv4 meet: :: takes both, ::1 is the loopback', () => {
  const m = new FakeMachine();
  const server = m.call('socket', AF_INET6, SOCK_STREAM, 0) as number;
  assert.is(m.call('bind', server, inet6Address(0, 8080), 28), 0);
  m.call('listen', server, 5);
  const six = m.call('socket', AF_INET6, SOCK_STREAM, 0) as number;
  assert.is(m.call('connect', six, inet6Address(1, 8080), 28), 0);
  const four = m.call('socket', AF_INET, SOCK_STREAM, 0) as number;
  assert.is(m.call('connect', four, inetAddress('127.0.0.1', 8080), 16), 0);
  m.call('accept4', server, 0, 0, 0);
  const accepted = m.call('accept4', server, 0, 0, 0) as number;
  assert.equal((stored(m, 'getpeername', accepted) as number[]).slice(8, 24), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1]);
});

test('UDP: datagrams by address, a connected socket hears of refusals', () => {
  const m = new FakeMachine();
  const socket = () => m.call('socket', AF_INET, SOCK_DGRAM, 0) as number;
  const [server, client] = [socket(), socket()];
  assert.is(m.call('bind', server, inetAddress('127.0.0.1', 5353), 16), 0);
  assert.is(m.call('sendto', client, bytes('hi'), 2, 0, inetAddress('127.0.0.1', 5353), 16), 2);
  m.task.memory.writeU32(BUFFER + 200, 16);
  assert.is(m.call('recvfrom', server, BUFFER + 300, 100, 0, BUFFER, BUFFER + 200), 2);
  assert.equal([...m.bytes(16)], stored(m, 'getsockname', client).toString() === '' ? [] : [...inetAddress('127.0.0.1', portOf(stored(m, 'getsockname', client)))]);
  assert.is(m.call('sendto', client, bytes('lost'), 4, 0, inetAddress('127.0.0.1', 9), 16), 4);
  assert.is(m.call('connect', client, inetAddress('127.0.0.1', 9), 16), 0);
  assert.is(send(m, client, 'x'), 1);
  assert.is(receive(m, client, 10), 'ECONNREFUSED');
  assert.is(m.call('sendto', socket(), bytes('x'), 1, 0, 0, 0), 'EDESTADDRREQ');
});

test.run();
