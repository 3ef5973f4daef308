// Connections and datagrams that leave the container, over a host that is played by the test: what is told when, who waits for whom, what is never asked of the host.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AF_INET, EAGAIN, EALREADY, ECONNABORTED, ECONNREFUSED, ECONNRESET, EINPROGRESS, EISCONN, ENETUNREACH, SOCK_DGRAM, SOCK_STREAM } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import type { Net, NetAddress, NetStream, NetStreamEvents } from '../../src/host/ports.ts';
import { addressBytes, addressText, decodeEndpoint, ContainerNetwork, InetPorts, InetSocket, PublishedPorts } from '../../src/linux/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from '../../src/vfs/index.ts';

const OUTSIDE = { address: '\x0a\0\0\x05', port: 80 };
const anyone = { pid: 1, uid: 0, gid: 0 };
const thrown = (run: () => unknown): unknown => { try { run(); } catch (error) { return error; } return undefined; };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A host that only remembers what it was asked. */
function playedHost() {
  const asked: string[] = [];
  const sent: Uint8Array[] = [];
  let events!: NetStreamEvents;
  let receive!: (bytes: Uint8Array, from: NetAddress) => void;
  let fail!: (code: string) => void;
  let takes = true;
  let accept!: (stream: NetStream, from: NetAddress) => NetStreamEvents;
  const stream = (): NetStream => ({ write: (b) => { sent.push(b.slice()); return takes; }, end: () => { asked.push('end'); }, pause: () => { asked.push('pause'); }, resume: () => { asked.push('resume'); }, destroy: () => { asked.push('destroy'); } });
  const net: Net = {
    nameServers: ['127.0.0.53', '10.0.0.53'],
    ownAddress: '10.0.0.2',
    listen(at, accepted) {
      accept = accepted;
      return Promise.resolve({ local: { ...at, port: at.port || 49153 }, close: () => { asked.push('close listener'); } });
    },
    bind(at, received) {
      receive = received;
      return Promise.resolve({ local: at, send: (b, to) => { asked.push(`reply ${to.address}:${to.port} ${new TextDecoder().decode(b)}`); }, close: () => { asked.push('close bound'); } });
    },
    connect(to, told) {
      asked.push(`connect ${to.address}:${to.port}`);
      events = told;
      return stream();
    },
    datagrams(family, received, failed) {
      asked.push(`datagrams ${family}`);
      receive = received;
      fail = failed;
      return { send: (b, to) => { asked.push(`send ${to.address}:${to.port} ${new TextDecoder().decode(b)}`); }, close: () => { asked.push('close'); } };
    },
  };
  const ports = new InetPorts();
  ports.network = new ContainerNetwork({ net }, ports);
  ports.network.host.published = new PublishedPorts(net, ports);
  const socket = (type: number): InetSocket => new InetSocket(AF_INET, type, anyone, ports);
  return { asked, sent, socket, ports, net, events: () => events, receive: (text: string, from: NetAddress) => receive(bytes(text), from), fail: (code: string) => fail(code), setTakes: (value: boolean) => { takes = value; }, accept: (from: NetAddress) => accept(stream(), from) };
}

const readAll = (socket: InetSocket): string => {
  const into = new Uint8Array(1 << 20);
  const count = socket.read(into, 0, true);
  return new TextDecoder().decode(into.subarray(0, count as number));
};

function connected() {
  const host = playedHost();
  const socket = host.socket(SOCK_STREAM);
  assert.is(thrown(() => socket.connectTo(OUTSIDE, true)), EINPROGRESS);
  host.events().opened({ address: '10.0.0.9', port: 5000 });
  assert.is(socket.connectTo(OUTSIDE, true), undefined);
  return { ...host, tcp: socket };
}

test('connecting without waiting: in progress, already, then there', () => {
  const host = playedHost();
  const socket = host.socket(SOCK_STREAM);
  assert.is(thrown(() => socket.connectTo(OUTSIDE, true)), EINPROGRESS);
  assert.equal(host.asked, ['connect 10.0.0.5:80']);
  assert.is(thrown(() => socket.connectTo(OUTSIDE, true)), EALREADY);
  assert.is(socket.poll(), 0, 'neither readable nor writable nor hung up');
  host.events().opened({ address: '10.0.0.9', port: 5000 });
  assert.is(socket.poll(), POLLOUT);
  assert.is(socket.connectTo(OUTSIDE, true), undefined);
  assert.is(thrown(() => socket.connectTo(OUTSIDE, true)), EISCONN);
  assert.is(addressText(decodeEndpoint(socket.name).address), '172.17.0.2');
  assert.equal(decodeEndpoint(socket.peerName!), OUTSIDE);
});

test('connecting and waiting: woken by the outcome', () => {
  for (const refused of [false, true]) {
    const host = playedHost();
    const socket = host.socket(SOCK_STREAM);
    const wait = socket.connectTo(OUTSIDE, false);
    assert.instance(wait, Wait);
    let woken = false;
    (wait as Wait).on[0]!.add(() => { woken = true; });
    if (refused) host.events().closed('ECONNREFUSED');
    else host.events().opened({ address: '10.0.0.9', port: 5000 });
    assert.ok(woken);
    assert.is(thrown(() => socket.connectTo(OUTSIDE, false)), refused ? ECONNREFUSED : undefined);
  }
});

test('a refused connection is an error to poll and to SO_ERROR', () => {
  const host = playedHost();
  const socket = host.socket(SOCK_STREAM);
  thrown(() => socket.connectTo(OUTSIDE, true));
  host.events().closed('ECONNREFUSED');
  assert.ok(socket.poll() & POLLERR);
  assert.is(socket.pendingError, ECONNREFUSED);
});

test('bytes go both ways, and the ends are told', () => {
  const { tcp, events, sent, asked } = connected();
  assert.is(thrown(() => tcp.read(new Uint8Array(9), 0, true)), EAGAIN);
  events().data(bytes('hello '));
  events().data(bytes('there'));
  assert.ok(tcp.poll() & POLLIN);
  assert.is(readAll(tcp), 'hello there');
  tcp.write(bytes('question'), 0, true);
  assert.is(new TextDecoder().decode(sent[0]), 'question');
  events().ended();
  assert.is(tcp.read(new Uint8Array(9), 0, true), 0);
  tcp.write(bytes('still'), 0, true);
  assert.is(sent.length, 2);
  tcp.shutdown(false, true);
  assert.ok(asked.includes('end'));
});

test('a host that is full makes the container wait', () => {
  const { tcp, events, sent, setTakes } = connected();
  setTakes(false);
  tcp.write(bytes('a'), 0, true);
  let written = 0;
  while (thrown(() => { written += tcp.write(new Uint8Array(65536), 0, true) as number; }) === undefined);
  assert.is(sent.length, 1);
  assert.ok(written > 0 && written < 1 << 20);
  setTakes(true);
  events().drained();
  assert.is(sent.reduce((sum, piece) => sum + piece.length, 0), written + 1);
});

test('a container that does not read makes the host wait', () => {
  const { tcp, events, asked } = connected();
  for (let i = 0; i < 8; i++) events().data(new Uint8Array(65536).fill(i));
  assert.ok(asked.includes('pause'));
  let got = 0;
  const into = new Uint8Array(50_000);
  for (let n = 1; n > 0 && got < 8 * 65536; got += n) {
    n = tcp.read(into, 0, true) as number;
    for (let i = 0; i < n; i++) if (into[i] !== got + i >> 16) assert.unreachable('bytes came out of order');
  }
  assert.is(got, 8 * 65536);
  assert.is(asked.at(-1), 'resume');
});

test('a connection that breaks, and one that the container closes', () => {
  const broken = connected();
  broken.events().closed('ECONNRESET');
  assert.is(thrown(() => broken.tcp.read(new Uint8Array(9), 0, true)), ECONNRESET);
  const closed = connected();
  closed.tcp.close();
  assert.ok(closed.asked.includes('end'));
  closed.events().data(bytes('late'));
  closed.events().closed(undefined);
});

test('datagrams: sent, answered, and only the peer is heard when connected', () => {
  const host = playedHost();
  const socket = host.socket(SOCK_DGRAM);
  socket.sendDatagram(bytes('q'), { rights: [], sender: anyone }, { ...OUTSIDE, port: 53 });
  assert.equal(host.asked, ['datagrams 4', 'send 10.0.0.5:53 q']);
  host.receive('answer', { address: '10.0.0.5', port: 53 });
  const received = socket.receive(new Uint8Array(20), true);
  assert.equal(decodeEndpoint((received as { from: string }).from), { ...OUTSIDE, port: 53 });
  socket.connectTo(OUTSIDE, true);
  host.receive('stranger', { address: '10.0.0.6', port: 80 });
  assert.is(thrown(() => socket.receive(new Uint8Array(20), true)), EAGAIN);
  host.fail('ECONNREFUSED');
  assert.is(thrown(() => socket.receive(new Uint8Array(20), true)), ECONNREFUSED);
  socket.close();
  assert.is(host.asked.at(-1), 'close');
});

test('names are asked of a server on the host\'s loopback through the gateway only', () => {
  const host = playedHost();
  const socket = host.socket(SOCK_DGRAM);
  const gateway = addressBytes('172.17.0.1')!;
  socket.sendDatagram(bytes('q'), { rights: [], sender: anyone }, { address: gateway, port: 53 });
  socket.sendDatagram(bytes('q'), { rights: [], sender: anyone }, { address: gateway, port: 54 });
  assert.equal(host.asked.slice(1), ['send 127.0.0.53:53 q', 'send 10.0.0.2:54 q']);
  host.receive('a', { address: '127.0.0.53', port: 53 });
  assert.is(addressText(decodeEndpoint((socket.receive(new Uint8Array(9), true) as { from: string }).from).address), '172.17.0.1');
});

test('a published port hands connections to whoever listens', async () => {
  const host = playedHost();
  const published = host.ports.network!.host.published!;
  assert.equal((await published.publish({ protocol: 'tcp', host: { address: '0.0.0.0', port: 0 }, containerPort: 80 })).local, { address: '0.0.0.0', port: 49153 });
  host.accept({ address: '10.0.0.7', port: 4000 });
  assert.is(host.asked.at(-1), 'destroy', 'nobody listens');
  const listener = host.socket(SOCK_STREAM);
  listener.bind({ address: '\0\0\0\0', port: 80 });
  listener.listen(5);
  const events = host.accept({ address: '127.0.0.1', port: 4001 });
  const accepted = listener.accept(true) as InetSocket;
  assert.equal(decodeEndpoint(accepted.peerName!), { address: addressBytes('172.17.0.1'), port: 4001 });
  assert.equal(decodeEndpoint(accepted.name), { address: addressBytes('172.17.0.2'), port: 80 });
  events.data(bytes('GET /'));
  assert.is(readAll(accepted), 'GET /');
  accepted.write(bytes('200'), 0, true);
  assert.is(new TextDecoder().decode(host.sent.at(-1)), '200');
  accepted.close();
  assert.is(host.asked.filter((what) => what === 'end').length, 1);
  host.ports.network!.close();
  assert.ok(host.asked.includes('close listener'));
});

test('a listener on the loopback only is not reached from outside', async () => {
  const host = playedHost();
  await host.ports.network!.host.published!.publish({ protocol: 'tcp', host: { address: '0.0.0.0', port: 80 }, containerPort: 80 });
  const listener = host.socket(SOCK_STREAM);
  listener.bind({ address: '\x7f\0\0\x01', port: 80 });
  listener.listen(5);
  host.accept({ address: '10.0.0.7', port: 4000 });
  assert.is(host.asked.at(-1), 'destroy');
});

test('a published UDP port receives, and answers from the same socket', async () => {
  const host = playedHost();
  await host.ports.network!.host.published!.publish({ protocol: 'udp', host: { address: '0.0.0.0', port: 53 }, containerPort: 53 });
  const server = host.socket(SOCK_DGRAM);
  server.bind({ address: '\0\0\0\0', port: 53 });
  host.receive('query', { address: '127.0.0.1', port: 999 });
  const received = server.receive(new Uint8Array(20), true) as { from: string };
  server.sendDatagram(bytes('reply'), { rights: [], sender: anyone }, decodeEndpoint(received.from));
  assert.equal(host.asked, ['reply 127.0.0.1:999 reply']);
});

const loopback = (port: number) => ({ address: '\x7f\0\0\x01', port });

test('a connection on the loopback that does not wait is in progress, and the next call tells how it went', () => {
  const host = playedHost();
  const listener = host.socket(SOCK_STREAM);
  listener.bind(loopback(80));
  listener.listen(5);
  const connecting = (port: number) => {
    const socket = host.socket(SOCK_STREAM);
    const connect = () => thrown(() => socket.connectTo(loopback(port), true));
    assert.is(connect(), EINPROGRESS);
    return { socket, connect };
  };
  const good = connecting(80);
  assert.is(good.connect(), undefined);
  assert.is(good.connect(), EISCONN);
  const bad = connecting(81);
  assert.is(bad.socket.poll(), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
  assert.is(bad.connect(), ECONNREFUSED);
  assert.is(bad.connect(), EINPROGRESS, 'a new attempt');
  bad.socket.pendingError = undefined;
  assert.is(bad.connect(), ECONNABORTED, 'SO_ERROR has told it');
});

test('a connected datagram socket is named by the address that it sends from', () => {
  const socket = playedHost().socket(SOCK_DGRAM);
  socket.connectTo(loopback(53), false);
  assert.is(decodeEndpoint(socket.name).address, '\x7f\0\0\x01');
  socket.disconnect();
  assert.is(decodeEndpoint(socket.name).address, '\0\0\0\0');
});

test('the container\'s own addresses never reach the host', () => {
  const host = playedHost();
  for (const address of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '172.17.0.2']) {
    assert.is(thrown(() => host.socket(SOCK_STREAM).connectTo({ address: addressBytes(address)!, port: 80 }, false)), ECONNREFUSED, address);
  }
  assert.equal(host.asked, []);
  host.ports.network = undefined;
  assert.is(thrown(() => host.socket(SOCK_STREAM).connectTo(OUTSIDE, true)), ENETUNREACH);
});

test('addresses as text', () => {
  for (const text of ['1.2.3.4', '::', '::1', '1::', '2001:db8::1', 'fe80::1:0:0:2', '1:2:3:4:5:6:7:8', '64:ff9b::1.2.3.4']) {
    const back = addressText(addressBytes(text)!);
    assert.is(back, text.includes('1.2.3.4') && text.includes(':') ? '64:ff9b::102:304' : text);
  }
  for (const wrong of ['1.2.3', '1:2', 'x']) assert.is(addressBytes(wrong), undefined);
});

test('on the host\'s own network datagram sockets are bound to its ports, and its loopback is asked when nobody here has the port', async () => {
  const host = playedHost();
  host.ports.network = new ContainerNetwork({ net: host.net, isHosts: true, attachments: [] }, host.ports);
  const server = host.socket(SOCK_DGRAM);
  const at = { address: '\x7f\0\0\x01', port: 53 };
  assert.instance(server.bind(at), Wait);
  await Promise.resolve();
  await new Promise((done) => { setTimeout(done, 1); });
  assert.is(server.bind(at), undefined);
  host.receive('query', { address: '127.0.0.1', port: 999 });
  const query = server.receive(new Uint8Array(10), true) as { from: string };
  assert.equal(decodeEndpoint(query.from), { address: at.address, port: 999 });
  server.sendDatagram(bytes('answer'), { rights: [], sender: anyone }, decodeEndpoint(query.from));
  assert.is(host.asked.at(-1), 'reply 127.0.0.1:999 answer');
  const inside = host.socket(SOCK_DGRAM);
  inside.sendDatagram(bytes('here'), { rights: [], sender: anyone }, at);
  assert.is(readAll(server), 'here', 'what has the port here gets it');
  assert.is(thrown(() => host.socket(SOCK_STREAM).connectTo({ ...at, port: 80 }, true)), EINPROGRESS);
  assert.is(host.asked.at(-1), 'connect 127.0.0.1:80');
  server.close();
  assert.is(host.asked.at(-1), 'close bound');
});

test.run();
