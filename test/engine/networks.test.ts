// Networks and the addresses of containers on them, in a folder: pools, what is taken, what is free again, who shares; without running anything.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Containers, type EndpointRequest, type EngineError } from '../../src/engine/index.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import type { Image } from '../../src/oci/index.ts';

const image = { id: `sha256:${'a'.repeat(64)}`, config: { config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: [] } }, layers: [] } as unknown as Image;
let nowNs = 1_700_000_000_000_000_000n;
let seed = 1;
const host = {
  clock: { realtimeNs: () => (nowNs += 500_000_000n), monotonicNs: () => 0n },
  random: { fill: (into: Uint8Array) => { for (let i = 0; i < into.length; i++) into[i] = (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16; } },
  log: () => {},
};

/** One folder; each container is run by a process of its own, and those in `gone` have ended. */
function make() {
  const folder = memoryFolder();
  folder.write(`oci/blobs/sha256/${'a'.repeat(64)}`, new Uint8Array(1));
  const gone = new Set<number>();
  let pid = 1;
  const as = (own: number): Containers => new Containers(folder, host, { self: { pid: own, started: `boot:${own}` }, isAlive: (id) => !gone.has(id.pid) });
  const run = (name: string, network: string, request: EndpointRequest = {}) => {
    const process = pid++;
    const record = as(process).create(image, { command: [], env: [], tty: false, callerEnv: {}, name, hostConfig: { NetworkMode: network }, ...(network.startsWith('container:') ? {} : { networks: { [network]: request } }) }, { begin: true });
    return { record, process, end: () => { as(process).end(record.Id, { exitCode: 0 }); }, address: Object.values(record.State.Networks ?? {})[0]?.IPAddress };
  };
  return { folder, gone, run, as, networks: as(0).networks };
}

const messageOf = (act: () => unknown): string | undefined => { try { act(); return undefined; } catch (error) { return (error as EngineError).message; } };

test('each network has a pool of its own; one that is gone is taken again', () => {
  const { networks } = make();
  const made = Array.from({ length: 16 }, (_, i) => networks.create({ name: `n${i}` }));
  assert.equal(made.map(({ Subnets: [config] }) => `${config!.Subnet} ${config!.Gateway}`).filter((_, i) => i < 2 || i > 12), ['172.18.0.0/16 172.18.0.1', '172.19.0.0/16 172.19.0.1', '172.31.0.0/16 172.31.0.1', '192.168.0.0/20 192.168.0.1', '192.168.16.0/20 192.168.16.1']);
  networks.remove(made[1]!, () => false);
  assert.is(networks.create({ name: 'again' }).Subnets[0]!.Subnet, '172.19.0.0/16');
  assert.equal(networks.create({ name: 'part', subnets: [{ Subnet: '10.1.0.0/24', IPRange: '10.1.0.128/28' }] }).Subnets, [{ Subnet: '10.1.0.0/24', IPRange: '10.1.0.128/28', Gateway: '10.1.0.128', GatewayIsOurs: true }]);
  assert.match(networks.create({ name: 'six', ipv6: true }).Subnets[1]!.Subnet, /^fd[0-9a-f:]+::\/64$/);
});

test('the lowest free address; a small subnet is full; reserved and asked-for addresses', () => {
  const { networks, run } = make();
  networks.create({ name: 'small', subnets: [{ Subnet: '10.2.0.0/29', Reserved: { printer: '10.2.0.3' } }] });
  const [a, b, c] = [run('ca', 'small'), run('cb', 'small', { IPv4Address: '10.2.0.6' }), run('cc', 'small')];
  assert.equal([a.address, b.address, c.address], ['10.2.0.2', '10.2.0.6', '10.2.0.4']);
  assert.is(run('cd', 'small').address, '10.2.0.5');
  assert.match(messageOf(() => run('ce', 'small'))!, /^no available IPv4 addresses on this network's address pools: small \([0-9a-f]{64}\)$/);
  assert.is(messageOf(() => run('cf', 'small', { IPv4Address: '10.2.0.3' })), 'Address already in use');
  assert.is(messageOf(() => run('cg', 'small', { IPv4Address: '10.3.0.3' })), 'Invalid address 10.3.0.3: It does not belong to any of this network\'s subnets');
  a.end();
  assert.is(run('ch', 'small').address, '10.2.0.2');
});

test('what a killed process had is free, and stays the next one\'s when the record is settled', () => {
  const { run, gone, as, networks } = make();
  const first = run('first', 'bridge');
  gone.add(first.process);
  const second = run('second', 'bridge');
  assert.equal([first.address, second.address], ['172.17.0.2', '172.17.0.2']);
  assert.is(as(0).find('first').State.Status, 'exited');
  assert.equal(as(0).endpoints.on(networks.find('bridge')).map(({ Name }) => Name), ['second']);
  assert.is(run('third', 'bridge').address, '172.17.0.3');
});

test('names of a user\'s network, and who is found at an address that several share', () => {
  const { networks, run, as, gone } = make();
  networks.create({ name: 'n' });
  const web = run('web', 'n', { Aliases: ['WWW'] });
  const side = run('side', 'container:web');
  const asker = run('asker', 'n', { Links: ['web:db'] });
  const { endpoints } = as(0);
  const names = endpoints.names(asker.record, () => asker.record.State.Networks!, [])!;
  for (const name of ['web', 'www', 'www.n', 'db', web.record.Id.slice(0, 12)]) assert.equal(names.addressesOf(name), ['\xac\x12\0\x02'], name);
  assert.is(names.addressesOf('side'), undefined);
  assert.is(names.nameOf('\xac\x12\0\x02'), 'web.n');
  const { Id } = networks.find('n');
  const socket = (id: string): string => `containers/${id}/net`;
  assert.equal(endpoints.directory(asker.record.Id, asker.record.Id).socketsOf(Id, '\xac\x12\0\x02'), [socket(web.record.Id), socket(side.record.Id)]);
  assert.equal(endpoints.directory(web.record.Id, side.record.Id).peers(), [socket(web.record.Id)]);
  gone.add(side.process);
  assert.equal(endpoints.directory(web.record.Id, web.record.Id).peers(), []);
  assert.equal(endpoints.directory(asker.record.Id, asker.record.Id).socketsOf(Id, '\xac\x12\0\x09'), []);
});

test.run();
