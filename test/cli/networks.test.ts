// Containers on networks: they find each other by name, exchange bytes both ways, and hear when the other is gone; ports that the host listens on.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-networks-'));
const env = { ...process.env, WHERRY_ROOT: root };
const test = suite('networks');

interface Outcome { code: number | null; out: string; err: string }
const wherry = (...args: string[]): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env, encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
};
/** Standard output of a command that must go well. */
const out = (...args: string[]): string => {
  const { code, out: text, err } = wherry(...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return text;
};
/** While this process does something, too. */
const meanwhile = (...args: string[]): Promise<Outcome> => new Promise((done) => {
  const child = spawn(process.execPath, ['bin/wherry.mjs', ...args], { env });
  const got = { out: '', err: '' };
  child.stdout.on('data', (text) => { got.out += text; });
  child.stderr.on('data', (text) => { got.err += text; });
  child.on('close', (code) => done({ code, ...got }));
});
const start = (name: string, ...args: string[]): string => out('run', '-d', '--name', name, ...args).trim();
/** What a program of busybox prints in a container of its own. */
const inside = (network: string, script: string): string => out('run', '--rm', '--network', network, 'busybox', 'sh', '-c', script);

/** Until the log of a container says something. */
async function logged(name: string, text: string): Promise<string> {
  for (let tries = 0; tries < 600; tries++) {
    const log = out('logs', name);
    if (log.includes(text)) return log;
    await sleep(100);
  }
  throw new Error(`${name} never said ${text}`);
}

const page = (text: string): string[] => ['busybox', 'sh', '-c', `echo ${text} > /index.html; exec httpd -f -p 80 -h /`];

test.before(() => { assert.is(wherry('load', '-q', '-i', 'images/busybox.tar').code, 0); });
test.after(() => {
  for (const id of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', id);
  rmSync(root, { recursive: true });
});
test.after.each(() => {
  for (const id of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', id);
});

test('by name, alias and short id on a user\'s network, where 127.0.0.11 answers', () => {
  out('network', 'create', 'n1');
  const id = start('web1', '--network', 'n1', '--network-alias', 'www', ...page('hello'));
  const subnet = out('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'n1').trim();
  assert.is(subnet, '172.18.0.0/16');
  const script = `cat /etc/resolv.conf; for n in web1 www ${id.slice(0, 12)} web1.n1 WEB1; do wget -qO- http://$n/; done; wget -qO- http://nobody/; nslookup 172.18.0.2 | grep name; ping -c 1 www | grep -c "1 packets received"; hostname -i; ip -o -4 addr show dev eth0 | tr -s ' '`;
  const got = inside('n1', script);
  assert.is(got, 'nameserver 127.0.0.11\noptions ndots:0\nhello\nhello\nhello\nhello\nhello\n2.0.18.172.in-addr.arpa\tname = web1.n1\n1\n172.18.0.3\n2: eth0 inet 172.18.0.3/16 brd 172.18.255.255 scope global eth0\\ valid_lft forever preferred_lft forever\n');
  assert.is(out('inspect', '-f', '{{.NetworkSettings.Networks.n1.IPAddress}} {{json .NetworkSettings.Networks.n1.DNSNames}}', 'web1'), `172.18.0.2 ["web1","www","${id.slice(0, 12)}"]\n`);
  assert.is(out('network', 'inspect', '-f', '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.MacAddress}}{{end}}', 'n1'), 'web1 172.18.0.2/16 02:42:ac:12:00:02\n');
  const busy = wherry('network', 'rm', 'n1');
  assert.match(busy.err, /^Error response from daemon: error while removing network: network n1 id [0-9a-f]{64} has active endpoints\n/);
  assert.is(out('ps', '--format', '{{.Networks}}'), 'n1\n');
});

test('names and addresses of one network are nobody\'s on another; an internal one leads nowhere', () => {
  out('network', 'create', '--internal', '--subnet', '10.77.0.0/24', 'inner');
  start('web2', '--network', 'n1', ...page('two'));
  start('web3', '--network', 'inner', '--ip', '10.77.0.9', ...page('three'));
  assert.is(inside('inner', 'wget -qO- http://web3/; wget -qO- http://10.77.0.9/; wget -qO- http://web2/ 2>&1; wget -qO- http://172.18.0.2/ 2>&1; ip route'), 'three\nthree\nwget: bad address \'web2\'\nwget: can\'t connect to remote host (172.18.0.2): Network is unreachable\n10.77.0.0/24 dev eth0 scope link  src 10.77.0.2 \n');
  assert.match(wherry('run', '--rm', '--network', 'inner', '--ip', '10.77.0.9', 'busybox', 'true').err, /Address already in use/);
  assert.match(wherry('run', '--rm', '--network', 'inner', '--ip', '10.78.0.9', 'busybox', 'true').err, /Invalid address 10\.78\.0\.9: It does not belong to any of this network's subnets/);
});

test('on the default bridge by address; nobody listens, nobody is there', () => {
  start('web4', ...page('four'));
  const got = inside('bridge', 'wget -qO- http://172.17.0.2/; wget -qO- http://172.17.0.2:81/ 2>&1; wget -qO- http://172.17.0.99/ 2>&1; wget -qO- http://web4/ 2>&1; nc 172.17.0.2 80 < /dev/null; echo $?');
  assert.is(got, 'four\nwget: can\'t connect to remote host (172.17.0.2): Connection refused\nwget: can\'t connect to remote host (172.17.0.99): No route to host\nwget: bad address \'web4\'\n0\n');
});

test('many bytes and an end in each direction', async () => {
  start('sink', '--network', 'n1', 'busybox', 'sh', '-c', 'nc -l -p 5000 -e sh -c "md5sum; echo done"');
  const sent = 'yes 0123456789 | head -c 3000000';
  const got = inside('n1', `${sent} | md5sum; ${sent} | nc sink 5000`);
  const [here, there, end] = got.split('\n');
  assert.is(there, here);
  assert.is(end, 'done');
});

test('many connections at once', () => {
  start('web5', '--network', 'n1', ...page('x'));
  assert.is(inside('n1', 'for i in $(seq 20); do wget -qO- http://web5/ & done; wait').replaceAll('\n', ''), 'x'.repeat(20));
});

test('one that is killed breaks its connections, and its name is gone', async () => {
  start('victim', '--network', 'n1', 'busybox', 'sh', '-c', 'nc -l -p 5000 -e sh -c "echo begun; sleep 1000"');
  const client = start('client', '--network', 'n1', 'busybox', 'sh', '-c', 'mkfifo /f; sleep 1000 > /f & nc victim 5000 < /f; echo over; nslookup victim > /dev/null; echo $?');
  await logged('client', 'begun');
  process.kill(Number(out('inspect', '-f', '{{.State.Pid}}', 'victim')), 'SIGKILL');
  assert.match(await logged(client, 'over\n1\n'), /^begun\nover\n1\n$/);
  assert.is(out('ps', '-a', '--filter', 'name=victim', '--format', '{{.Status}}').startsWith('Exited (137)'), true);
});

test('connected and disconnected while it runs', async () => {
  start('web6', '--network', 'n1', ...page('six'));
  start('late', 'busybox', 'sleep', '1000');
  const ask = ['exec', 'late', 'sh', '-c', 'wget -qO- http://six/ 2>&1; ip -o -4 addr | cut -d" " -f2; grep -c late-host /etc/hosts; grep nameserver /etc/resolv.conf | grep -c 127.0.0.11'];
  assert.match(wherry(...ask).out, /^wget: bad address 'six'\nlo\neth0\n0\n0\n$/);
  out('network', 'connect', '--alias', 'other', 'n1', 'late');
  out('network', 'disconnect', 'n1', 'web6');
  out('network', 'connect', '--alias', 'six', 'n1', 'web6');
  assert.is(wherry(...ask).out, 'six\nlo\neth0\neth1\n0\n1\n');
  assert.is(inside('n1', 'nslookup other | grep -c Address:.172'), '1\n');
  assert.is(out('inspect', '-f', '{{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{end}}', 'late'), 'bridge n1 \n');
  out('network', 'disconnect', 'n1', 'late');
  assert.match(wherry(...ask).out, /^wget: bad address 'six'\nlo\neth0\n0\n0\n$/);
  assert.match(wherry('network', 'disconnect', 'n1', 'late').err, /^Error response from daemon: container [0-9a-f]{64} is not connected to network n1\n$/);
});

test('names of the host\'s and of users: --add-host, --dns, --dns-search, --dns-option, -h, --link', () => {
  const got = out('run', '--rm', '--add-host', 'db:10.1.2.3', '--add-host', 'host.docker.internal:host-gateway', '--dns', '1.1.1.1', '--dns', '8.8.8.8', '--dns-search', 'a.b', '--dns-search', 'c', '--dns-option', 'timeout:1', '-h', 'box', 'busybox',
    'sh', '-c', 'hostname; tail -n 3 /etc/hosts; cat /etc/resolv.conf');
  assert.is(got, 'box\n10.1.2.3\tdb\n172.17.0.1\thost.docker.internal\n172.17.0.2\tbox\nsearch a.b c\nnameserver 1.1.1.1\nnameserver 8.8.8.8\noptions timeout:1\n');
});

test('--link: names of other containers on the default bridge', () => {
  start('database', '-h', 'store', ...page('linked'));
  assert.is(out('run', '--rm', '--link', 'database:db', 'busybox', 'sh', '-c', 'for n in db store database; do wget -qO- http://$n/; done; grep -w db /etc/hosts'), 'linked\nlinked\nlinked\n172.17.0.2\tdb store database\n');
  out('stop', '-t', '0', 'database');
  assert.is(wherry('run', '--rm', '--name', 'linker', '--link', 'database:db', 'busybox', 'true').err, 'wherry: Error response from daemon: Cannot link to a non running container: /database AS /linker/db\n\nRun \'wherry run --help\' for more information\n');
});

const listening = (server: Server): number => (server.address() as { port: number }).port;
const fetched = (host: string, port: number): Promise<string> => new Promise((done, failed) => {
  let text = '';
  connect({ host, port }, function (this: { write(text: string): void }) { this.write('GET / HTTP/1.0\r\n\r\n'); }).on('data', (data) => { text += data; }).on('end', () => done(text)).on('error', failed);
});

test('published ports: both families, what the host chose, again at each start; taken', async () => {
  start('front', '-p', '80', '-p', '127.0.0.1::53/udp', '--expose', '99', ...page('front'));
  const port = Number(/:(\d+)\n/.exec(out('port', 'front', '80'))![1]);
  assert.is(out('port', 'front', '80/tcp'), `0.0.0.0:${port}\n[::]:${port}\n`);
  assert.match(out('port', 'front'), new RegExp(`^53/udp -> 127\\.0\\.0\\.1:\\d+\n80/tcp -> 0\\.0\\.0\\.0:${port}\n80/tcp -> \\[::\\]:${port}\n$`));
  assert.match(out('ps', '--format', '{{.Ports}}'), new RegExp(`^99/tcp, 127\\.0\\.0\\.1:\\d+->53/udp, 0\\.0\\.0\\.0:${port}->80/tcp, \\[::\\]:${port}->80/tcp\n$`));
  assert.is(out('ps', '-f', `publish=${port}`, '--format', '{{.Names}}') + out('ps', '-q', '-f', 'publish=80') + out('ps', '-f', 'expose=99', '-f', 'network=bridge', '--format', '{{.Names}}'), 'front\nfront\n');
  assert.match(await fetched('127.0.0.1', port), /front\n$/);
  assert.match(await fetched('::1', port), /front\n$/);
  assert.match(wherry('run', '--rm', '-p', `${port}:1`, 'busybox', 'true').err, new RegExp(`^wherry: Error response from daemon: driver failed programming external connectivity on endpoint \\w+ \\([0-9a-f]{64}\\): Error starting userland proxy: listen tcp4 0\\.0\\.0\\.0:${port}: bind: address already in use\n`));
  out('stop', '-t', '0', 'front');
  assert.is(out('port', 'front'), '');
  out('start', 'front');
  assert.match(await fetched('127.0.0.1', Number(/:(\d+)\n/.exec(out('port', 'front', '80'))![1])), /front\n$/);
});

test('a container reaches what listens on the host\'s own address through the gateway, and not what listens on its loopback only', async () => {
  const answering = async (host: string): Promise<Server> => {
    const server = createServer((socket) => { socket.end('host\n'); });
    await new Promise<void>((done) => { server.listen(0, host, done); });
    return server;
  };
  const [open, closed] = [await answering('0.0.0.0'), await answering('127.0.0.1')];
  const { out: got } = await meanwhile('run', '--rm', '--add-host', 'outside:host-gateway', 'busybox', 'sh', '-c', `nc outside ${listening(open)}; nc outside ${listening(closed)} 2>&1`);
  open.close();
  closed.close();
  assert.match(got, /^host\nnc: can't connect to remote host \(172\.17\.0\.1\): Connection refused\n$/);
});

test('on the host\'s own network: its ports, its loopback, its name; without one only the loopback', async () => {
  const own = createServer((socket) => { socket.end('own\n'); });
  await new Promise<void>((done) => { own.listen(0, '127.0.0.1', done); });
  const free = createServer();
  await new Promise<void>((done) => { free.listen(0, done); });
  const port = listening(free);
  free.close();
  start('hosted', '--network', 'host', 'busybox', 'sh', '-c', `echo hosted > /index.html; exec httpd -f -p ${port} -h /`);
  let text = '';
  for (let tries = 0; tries < 300 && !text.endsWith('hosted\n'); tries++) {
    text = await fetched('127.0.0.1', port).catch(() => '');
    await sleep(50);
  }
  assert.match(text, /hosted\n$/);
  assert.match(await fetched('::1', port), /hosted\n$/);
  const { out: got } = await meanwhile('run', '--rm', '--network', 'host', '--add-host', 'far:10.1.2.3', 'busybox', 'sh', '-c', `hostname; tail -n 1 /etc/hosts; nc localhost ${listening(own)}; wget -qO- http://127.0.0.1:${port}/; httpd -p ${port} 2>&1; nc -l -p 0 -e true & true`);
  own.close();
  assert.is(got, `${hostname()}\n10.1.2.3\tfar\nown\nhosted\nhttpd: listen: Address already in use\n`);
  assert.match(wherry('run', '--rm', '--network', 'host', '-p', '80:80', 'busybox', 'true').err, /^WARNING: Published ports are discarded when using host network mode\n$/);
  assert.is(inside('none', 'ip -o addr | tr -s " " | cut -d" " -f2-4; ping -c1 -W1 172.17.0.1 2>&1 | tail -n 1'), 'lo inet 127.0.0.1/8\nlo inet6 ::1/128\nping: sendto: Network is unreachable\n');
});

test('one network for several containers: what one listens at is the others\', from inside and outside', async () => {
  start('infra', '--network', 'n1', '-p', '80', '-p', '8000', ...page('infra'));
  start('side', '--network', 'container:infra', 'busybox', 'sh', '-c', 'echo side > /index.html; exec httpd -f -p 8000 -h /');
  const portOf = (inside: string): number => Number(/:(\d+)\n/.exec(out('port', 'infra', inside))![1]);
  const got = inside('container:infra', 'hostname; for at in localhost localhost:8000 infra:8000 localhost:9; do wget -qO- http://$at/ 2>&1; done; true');
  assert.is(got, `${out('inspect', '-f', '{{.Config.Hostname}}', 'infra')}infra\nside\nside\nwget: can't connect to remote host (127.0.0.1): Connection refused\n`);
  assert.is(out('exec', 'infra', 'wget', '-qO-', 'http://localhost:8000/'), 'side\n');
  assert.is(inside('n1', 'wget -qO- http://infra:8000/; wget -qO- http://infra/'), 'side\ninfra\n');
  assert.match(await fetched('127.0.0.1', portOf('80')), /infra\n$/);
  assert.match(await fetched('127.0.0.1', portOf('8000')), /side\n$/);
  out('rm', '-f', 'side');
  assert.match(wherry('exec', 'infra', 'wget', '-qO-', 'http://localhost:8000/').err, /Connection refused/);
  out('stop', '-t', '0', 'infra');
  assert.match(wherry('run', '--rm', '--network', 'container:infra', 'busybox', 'true').err, /^wherry: Error response from daemon: cannot join network of a non running container: [0-9a-f]{64}\n/);
});

test.run();
