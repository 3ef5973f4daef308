// Where the host listens for a container: both families, ranges, what is taken, and how it is shown.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portsText } from '../../src/cli/ports-text.ts';
import { type ContainerRecord, portsOf, type PortBindings, publishPorts, wantedPorts } from '../../src/engine/index.ts';
import type { PublishedPort } from '../../src/linux/index.ts';

const record = (said: PortBindings, { exposed = [] as readonly string[], all = false, mode = 'default', ports = undefined as PortBindings | undefined } = {}): ContainerRecord => ({
  Id: 'id', Name: 'name', HostConfig: { PortBindings: said, PublishAllPorts: all, NetworkMode: mode }, Config: { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) },
  State: { Status: 'running', ...(ports ? { Ports: ports } : {}), Networks: { bridge: { EndpointID: 'endpoint' } } },
} as unknown as ContainerRecord);
const at = (HostIp: string, HostPort: string): { HostIp: string; HostPort: string } => ({ HostIp, HostPort });

/** A host that refuses some places; the port it chooses is 40000 and on. */
function playedHost(refused: Readonly<Record<string, string>> = {}) {
  const open: string[] = [];
  let chosen = 40000;
  const publish = async ({ protocol, host, containerPort }: PublishedPort): Promise<{ local: { address: string; port: number }; close(): void }> => {
    const local = { address: host.address, port: host.port || chosen++ };
    const place = `${protocol} ${local.address} ${local.port}`;
    const code = refused[place] ?? refused[`${protocol} ${local.address}`];
    if (code) throw Object.assign(new Error(code), { code });
    const line = `${place} > ${containerPort}`;
    open.push(line);
    return { local, close: () => { open.splice(open.indexOf(line), 1); } };
  };
  return { open, publish };
}

async function failure(host: ReturnType<typeof playedHost>, said: PortBindings): Promise<string> {
  try { await publishPorts(host, record(said)); } catch (error) { return (error as Error).message; }
  throw new Error('it was published');
}

test('what is published: what was said, with -P every exposed port, on networks of its own only', () => {
  const said = { '80/tcp': [at('', '8080')] };
  assert.equal(Object.keys(wantedPorts(record(said, { exposed: ['80/tcp', '443/tcp', '53'], all: true }))).sort(), ['443/tcp', '53/tcp', '80/tcp']);
  assert.equal(wantedPorts(record(said, { exposed: ['443/tcp'] })), said);
  for (const mode of ['none', 'host', 'container:x']) assert.equal(wantedPorts(record(said, { mode })), {});
});

test('both families at the same port; an address said is one', async () => {
  const host = playedHost();
  assert.equal(await publishPorts(host, record({ '80/tcp': [at('', '')], '53/udp': [at('127.0.0.1', '5353'), at('::1', '')] })), {
    '53/udp': [at('127.0.0.1', '5353'), at('::1', '40000')], '80/tcp': [at('0.0.0.0', '40001'), at('::', '40001')],
  });
  assert.equal(host.open, ['udp 127.0.0.1 5353 > 53', 'udp ::1 40000 > 53', 'tcp 0.0.0.0 40001 > 80', 'tcp :: 40001 > 80']);
  assert.equal(await publishPorts(playedHost({ 'tcp ::': 'EAFNOSUPPORT' }), record({ '80/tcp': [at('', '80')] })), { '80/tcp': [at('0.0.0.0', '80')] });
});

test('the first free port of a range, and another choice where one family has the port already', async () => {
  const host = playedHost({ 'tcp 0.0.0.0 8000': 'EADDRINUSE', 'tcp :: 8001': 'EADDRINUSE', 'tcp :: 40000': 'EADDRINUSE' });
  assert.equal(await publishPorts(host, record({ '80/tcp': [at('', '8000-8003')], '81/tcp': [at('', '')] })), { '80/tcp': [at('0.0.0.0', '8002'), at('::', '8002')], '81/tcp': [at('0.0.0.0', '40001'), at('::', '40001')] });
  assert.is(host.open.length, 4, 'what was opened in vain is closed');
});

test('what hinders it, in docker\'s words', async () => {
  const start = 'driver failed programming external connectivity on endpoint name (endpoint): Error starting userland proxy: ';
  assert.is(await failure(playedHost({ 'tcp 0.0.0.0 80': 'EADDRINUSE' }), { '80/tcp': [at('', '80')] }), `${start}listen tcp4 0.0.0.0:80: bind: address already in use`);
  assert.is(await failure(playedHost({ 'udp ::1 53': 'EADDRNOTAVAIL' }), { '53/udp': [at('::1', '53')] }), `${start}listen udp6 [::1]:53: bind: cannot assign requested address`);
  assert.is(await failure(playedHost({ 'tcp 0.0.0.0 80': 'EACCES' }), { '80/tcp': [at('', '80')] }), `${start}listen tcp4 0.0.0.0:80: bind: permission denied: a port below 1024 is for the system: publish another one, or as root set net.ipv4.ip_unprivileged_port_start=80 (sysctl)`);
  assert.is(await failure(playedHost(), { '80/sctp': [at('', '80')] }), 'port 80/sctp cannot be published: only tcp and udp can');
});

test('exposed ports are shown, too, while it runs', () => {
  const running = record({}, { exposed: ['443/tcp', '80/tcp'], ports: { '80/tcp': [at('0.0.0.0', '80')] } });
  assert.equal(portsOf(running), { '443/tcp': [], '80/tcp': [at('0.0.0.0', '80')] });
  assert.equal(portsOf({ ...running, State: { ...running.State, Status: 'exited' } }), {});
});

const both = (port: string): ReturnType<typeof at>[] => [at('0.0.0.0', port), at('::', port)];
const shown: readonly [PortBindings, readonly string[], string][] = [
  [{}, [], ''], [{}, ['80/tcp', '81/tcp', '443/tcp', '82/udp'], '80-81/tcp, 443/tcp, 82/udp'], [{ '80/tcp': both('8080') }, [], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
  [
    {
      '80/tcp': both('80'), '8080/tcp': both('8080'), '9000/tcp': both('9000'), '9001/tcp': both('9001'), '9002/tcp': both('9002'), '9003/tcp': both('9003'), '70/tcp': both('7000'), '53/udp': [at('127.0.0.1', '53')],
      '54/udp': [at('::1', '54')], '55/tcp': both('5555'), '1234/tcp': both('32769'), '1235/tcp': both('32768'),
    }, [],
    '0.0.0.0:80->80/tcp, [::]:80->80/tcp, 0.0.0.0:8080->8080/tcp, [::]:8080->8080/tcp, 127.0.0.1:53->53/udp, [::1]:54->54/udp, 0.0.0.0:9000-9003->9000-9003/tcp, [::]:9000-9003->9000-9003/tcp, 0.0.0.0:5555->55/tcp, [::]:5555->55/tcp, '
    + '0.0.0.0:7000->70/tcp, [::]:7000->70/tcp, 0.0.0.0:32769->1234/tcp, [::]:32769->1234/tcp, 0.0.0.0:32768->1235/tcp, [::]:32768->1235/tcp',
  ],
];
for (const [ports, exposed, text] of shown) test(`ps: ${text.slice(0, 40)}`, () => { assert.is(portsText(record({}, { exposed, ports })), text); });

test.run();
