// Two containers on one network, over sockets of the host's file system: connections and datagrams from one to the other, as either sees them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AF_INET, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EINPROGRESS, Errno, ENETUNREACH, SOCK_DGRAM, SOCK_STREAM } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import { nodeLocalStreams } from '../../src/host/node/local-streams.ts';
import type { Net } from '../../src/host/ports.ts';
import { addressBytes, addressText, ContainerNetwork, decodeEndpoint, InetPorts, InetSocket } from '../../src/linux/index.ts';

const root = mkdtempSync(join(tmpdir(), 'wherry-neighbours-'));
const local = nodeLocalStreams(root);
const { loop } = nodeHost();
const anyone = { pid: 1, uid: 0, gid: 0 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const forbidden: Net = { nameServers: [], ownAddress: undefined, connect: () => { throw new Error('the host was asked'); }, datagrams: () => { throw new Error('the host was asked'); }, listen: () => Promise.reject(new Error('the host was asked')), bind: () => Promise.reject(new Error('the host was asked')) };

/** Who listens where, by address. */
const paths = new Map<string, string>();
/** Who shares all addresses with those made from now on. */
let peers: readonly string[] = [];
const open: ContainerNetwork[] = [];
let count = 0;

interface Container { readonly address: string; readonly ports: InetPorts; readonly network: ContainerNetwork; socket(type: number): InetSocket }

async function container(address: string, { listens = true, internal = false } = {}): Promise<Container> {
  const ports = new InetPorts();
  const network = ports.network = new ContainerNetwork({
    net: forbidden, loop, local, directory: { socketsOf: (_, to) => [paths.get(addressText(to)) ?? []].flat(), peers: () => peers },
    attachments: [{ interface: 'eth0', network: 'n', address: addressBytes(address)!, prefix: 24, gateway: addressBytes('10.5.0.254')!, hardware: '\0\0\0\0\0\0', internal }],
  }, ports);
  const path = `c${count++}/net`;
  paths.set(address, path);
  if (listens) await network.neighbours!.listen(path);
  open.push(network);
  return { address, ports, network, socket: (type) => new InetSocket(AF_INET, type, anyone, ports) };
}

/** What a call gives or throws, when it would not block any more. */
async function outcome<T>(call: () => T | Wait): Promise<T | Errno> {
  for (let tries = 0; tries < 2000; tries++) {
    try {
      const result = call();
      if (!(result instanceof Wait)) return result;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (!['EAGAIN', 'EALREADY', 'EINPROGRESS'].includes(error.name)) return error;
    }
    await sleep(5);
  }
  throw new Error('nothing happened');
}

function listener({ socket, address }: Container, port: number): InetSocket {
  const made = socket(SOCK_STREAM);
  made.bind({ address: addressBytes(address)!, port });
  made.listen(5);
  return made;
}

const connection = (from: Container, to: Container, port: number): [InetSocket, () => Wait | undefined] => {
  const socket = from.socket(SOCK_STREAM);
  return [socket, () => socket.connectTo({ address: addressBytes(to.address)!, port }, true)];
};

async function textOf(socket: { read(into: Uint8Array, position: number, nonblock: boolean): number | Wait }): Promise<string> {
  const into = new Uint8Array(1 << 16);
  const got = await outcome(() => socket.read(into, 0, true));
  return got instanceof Errno ? got.name : new TextDecoder().decode(into.subarray(0, got));
}

test.after.each(() => { for (const network of open.splice(0)) network.close(); });
test.after(() => { rmSync(root, { recursive: true }); });

test('a connection: true addresses on both sides, bytes both ways, an end in each direction', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = listener(b, 80);
  const [client, connect] = connection(a, b, 80);
  assert.is(await outcome(connect), undefined);
  const accepted = await outcome(() => server.accept(true)) as InetSocket;
  const own = decodeEndpoint(client.name!);
  assert.is(addressText(own.address), '10.5.0.2');
  assert.equal(decodeEndpoint(accepted.peerName!), own);
  assert.equal(decodeEndpoint(accepted.name!), decodeEndpoint(client.peerName!));
  client.write(bytes('question'), 0, true);
  client.shutdown(false, true);
  assert.is(await textOf(accepted), 'question');
  assert.is(await textOf(accepted), '');
  accepted.write(bytes('answer'), 0, true);
  accepted.close();
  assert.is(await textOf(client), 'answer');
  assert.is(await textOf(client), '');
});

test('many bytes wait for whoever is slow to take them', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = listener(b, 80);
  const [client, connect] = connection(a, b, 80);
  await outcome(connect);
  const accepted = await outcome(() => server.accept(true)) as InetSocket;
  const all = Uint8Array.from({ length: 6_000_000 }, (_, i) => i * 7 + (i >> 11));
  let sent = 0;
  const push = (): void => {
    while (sent < all.length) {
      const count = client.write(all.subarray(sent, sent + 100_000), 0, true);
      if (count instanceof Wait) return;
      sent += count;
      if (sent === all.length) client.shutdown(false, true);
    }
  };
  const tryPush = (): void => { try { push(); } catch (error) { if (!(error instanceof Errno) || error.name !== 'EAGAIN') throw error; } };
  tryPush();
  await sleep(100);
  tryPush();
  assert.ok(sent < all.length, 'not all of it lies in buffers');
  const got = new Uint8Array(all.length);
  const into = new Uint8Array(1 << 16);
  for (let at = 0; ;) {
    tryPush();
    const count = await outcome(() => accepted.read(into, 0, true)) as number;
    if (count === 0) { assert.is(at, all.length); break; }
    got.set(into.subarray(0, count), at);
    at += count;
  }
  assert.is(Buffer.compare(got, all), 0);
});

test('what has arrived can be read after both sides have ended', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = listener(b, 80);
  const [client, connect] = connection(a, b, 80);
  await outcome(connect);
  const accepted = await outcome(() => server.accept(true)) as InetSocket;
  accepted.shutdown(false, true);
  let sent = 0;
  while (sent < 1_000_000) {
    const count = await outcome(() => client.write(new Uint8Array(50_000), 0, true));
    if (count instanceof Errno) throw new Error(count.name);
    sent += count;
    if (sent > 400_000) break;
  }
  client.close();
  await sleep(100);
  let got = 0;
  for (let text = await textOf(accepted); text !== ''; text = await textOf(accepted)) got += text.length;
  assert.is(got, sent);
});

test('nobody listens, nobody is there, no way there', async () => {
  const [a, b] = [await container('10.5.0.2', { internal: true }), await container('10.5.0.3')];
  assert.is(await outcome(connection(a, b, 81)[1]), ECONNREFUSED);
  assert.is(await outcome(connection(a, { ...b, address: '10.5.0.99' }, 80)[1]), EHOSTUNREACH);
  assert.is(await outcome(connection(a, { ...b, address: '10.6.0.1' }, 80)[1]), ENETUNREACH);
});

test('a container that has just begun is waited for', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3', { listens: false })];
  const server = listener(b, 80);
  const [, connect] = connection(a, b, 80);
  try { connect(); } catch (error) { assert.is(error, EINPROGRESS); }
  await sleep(60);
  await b.network.neighbours!.listen(paths.get('10.5.0.3')!);
  assert.is(await outcome(connect), undefined);
  assert.ok(await outcome(() => server.accept(true)));
});

test('connections of one that is gone are broken', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = listener(b, 80);
  const [client, connect] = connection(a, b, 80);
  await outcome(connect);
  await outcome(() => server.accept(true));
  b.network.close();
  assert.is(await outcome(() => client.read(new Uint8Array(9), 0, true)), ECONNRESET);
});

test('more connections than the queue holds are accepted one after the other, each once', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = listener(b, 80);
  const clients = await Promise.all(Array.from({ length: 30 }, async () => {
    const [client, connect] = connection(a, b, 80);
    try { connect(); } catch (error) { assert.is(error, EINPROGRESS); }
    return client;
  }));
  for (const _ of clients) (await outcome(() => server.accept(true)) as InetSocket).write(bytes('x'), 0, true);
  for (const client of clients) assert.is(await textOf(client), 'x');
});

test('datagrams, answers, and the news that nobody takes them', async () => {
  const [a, b] = [await container('10.5.0.2'), await container('10.5.0.3')];
  const server = b.socket(SOCK_DGRAM);
  server.bind({ address: '\0\0\0\0', port: 53 });
  const client = a.socket(SOCK_DGRAM);
  const to = { address: addressBytes('10.5.0.3')!, port: 53 };
  client.sendDatagram(bytes('one'), { rights: [], sender: anyone }, to);
  client.sendDatagram(bytes('two'), { rights: [], sender: anyone }, to);
  const into = new Uint8Array(20);
  const first = await outcome(() => server.receive(into, true)) as { count: number; from: string };
  assert.is(new TextDecoder().decode(into.subarray(0, 3)), 'one');
  assert.is(addressText(decodeEndpoint(first.from).address), '10.5.0.2');
  await outcome(() => server.receive(into, true));
  assert.is(new TextDecoder().decode(into.subarray(0, 3)), 'two');
  server.sendDatagram(bytes('back'), { rights: [], sender: anyone }, decodeEndpoint(first.from));
  const answer = await outcome(() => client.receive(into, true)) as { from: string };
  assert.equal(decodeEndpoint(answer.from), to);
  const asking = a.socket(SOCK_DGRAM);
  asking.connectTo({ ...to, port: 54 }, true);
  asking.sendDatagram(bytes('?'), { rights: [], sender: anyone }, undefined);
  assert.is(await outcome(() => asking.receive(into, true)), ECONNREFUSED);
});

test.run();
