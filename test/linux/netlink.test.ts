// rtnetlink and the requests about interfaces: what ip(8) and getifaddrs(3) ask, with and without a way out.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AF_NETLINK, SOCK_RAW } from '../../src/abi/index.ts';
import type { Net } from '../../src/host/ports.ts';
import { addressText, ContainerNetwork, NetlinkSocket } from '../../src/linux/index.ts';
import { FakeMachine } from './fake-machine.ts';

const noNet = {} as Net;
const machineWith = (outside: boolean): FakeMachine => {
  const machine = new FakeMachine();
  if (outside) machine.kernel.files.inetPorts.network = new ContainerNetwork({ net: noNet }, machine.kernel.files.inetPorts);
  return machine;
};

const request = (type: number, flags: number, body: Uint8Array): Uint8Array => {
  const out = new Uint8Array(16 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, out.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags | 1, true);
  view.setUint32(8, 77, true);
  out.set(body, 16);
  return out;
};

interface Answer { type: number; flags: number; sequence: number; body: Uint8Array }

/** Everything that waits in the socket, message by message. */
function answers(socket: NetlinkSocket): Answer[] {
  const found: Answer[] = [];
  while (socket.queued > 0) {
    const bytes = new Uint8Array(65536);
    const count = socket.read(bytes, 0, true) as number;
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < count; at += (view.getUint32(at, true) + 3) & ~3) {
      found.push({ type: view.getUint16(at + 4, true), flags: view.getUint16(at + 6, true), sequence: view.getUint32(at + 8, true), body: bytes.slice(at + 16, at + view.getUint32(at, true)) });
    }
  }
  return found;
}

function attributes(body: Uint8Array, from: number): Map<number, Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const found = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= body.length; at += (view.getUint16(at, true) + 3) & ~3) found.set(view.getUint16(at + 2, true), body.subarray(at + 4, at + view.getUint16(at, true)));
  return found;
}

const text = (bytes: Uint8Array | undefined): string => String.fromCharCode(...bytes ?? []).replace(/\0$/, '');
const ask = (machine: FakeMachine, type: number, flags: number, body: Uint8Array): Answer[] => {
  const socket = new NetlinkSocket(machine.kernel, SOCK_RAW, { pid: 5, uid: 0, gid: 0 });
  assert.is(socket.family, AF_NETLINK);
  socket.ask(request(type, flags, body));
  return answers(socket);
};

const DUMP = 0x300, GETLINK = 18, GETADDR = 22, GETROUTE = 26, NEWADDR = 20, DONE = 3, ERROR = 2;

test('a dump of links ends with DONE and carries the request\'s number', () => {
  for (const [outside, names] of [[false, ['lo']], [true, ['lo', 'eth0']]] as const) {
    const got = ask(machineWith(outside), GETLINK, DUMP, new Uint8Array(16));
    assert.equal(got.map((a) => a.type), [...names.map(() => 16), DONE]);
    assert.ok(got.every((a) => a.sequence === 77 && (a.flags & 2) !== 0));
    assert.equal(got.slice(0, -1).map((a) => text(attributes(a.body, 16).get(3))), [...names]);
  }
});

test('addresses by family', () => {
  const machine = machineWith(true);
  const of = (family: number): string[] => ask(machine, GETADDR, DUMP, Uint8Array.of(family, 0, 0, 0, 0, 0, 0, 0)).slice(0, -1).map((a) => `${addressText(text2(attributes(a.body, 8).get(1)!))}/${a.body[1]}`);
  const text2 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
  assert.equal(of(2), ['127.0.0.1/8', '172.17.0.2/16']);
  assert.equal(of(10), ['::1/128']);
  assert.equal(of(0), ['127.0.0.1/8', '::1/128', '172.17.0.2/16']);
});

test('routes: the default one through the gateway', () => {
  const [first] = ask(machineWith(true), GETROUTE, DUMP, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  assert.is(addressText(String.fromCharCode(...attributes(first!.body, 12).get(5)!)), '172.17.0.1');
  assert.equal(ask(machineWith(false), GETROUTE, DUMP, new Uint8Array(12)).map((a) => a.type), [DONE]);
});

test('one link by name or index, and what is not there or not allowed', () => {
  const machine = machineWith(true);
  const named = (name: string): Uint8Array => { const body = new Uint8Array(16 + 4 + 8); body.set([4 + name.length + 1, 0, 3, 0, ...name.split('').map((c) => c.charCodeAt(0))], 16); return body; };
  assert.is(ask(machine, GETLINK, 0, named('eth0'))[0]!.body[4], 2);
  assert.is(ask(machine, GETLINK, 0, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))[0]!.type, 16);
  const code = (got: Answer[]): number => new DataView(got[0]!.body.buffer, got[0]!.body.byteOffset).getInt32(0, true);
  const missing = ask(machine, GETLINK, 0, named('eth9'));
  assert.equal([missing[0]!.type, code(missing)], [ERROR, -19]);
  assert.is(code(ask(machine, NEWADDR, 4, new Uint8Array(8))), -1);
  assert.is(code(ask(machine, 99, 0, new Uint8Array(8))), -95);
});

test('damaged requests are passed over', () => {
  const socket = new NetlinkSocket(machineWith(true).kernel, SOCK_RAW, { pid: 5, uid: 0, gid: 0 });
  for (const bytes of [new Uint8Array(3), new Uint8Array(16), Uint8Array.from({ length: 16 }, () => 255), request(GETLINK, DUMP, new Uint8Array(0)).subarray(0, 15)]) socket.ask(bytes);
  assert.equal(answers(socket), []);
});

test.run();
