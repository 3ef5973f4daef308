// The life of containers in the background: paused and going on, ended and started again, and the events that tell of it; words as docker's daemon says them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, Store } from './wherry-command.ts';

const test = suite('life');
const store = new Store('life');
const daemon = (text: string): string => `Error response from daemon: ${text}\n`;
const run = (name: string, ...words: string[]): string => store.out('run', '-d', '--name', name, ...words).trim();
const actions = (...flags: string[]): string[] => store.out('events', '--since', '1h', '--until', '0s', '--format', '{{.Action}}', ...flags).split('\n').filter(Boolean);

test.after(() => { store.remove(); });

test('a paused container does not run, and says so', async () => {
  const id = run('paused', 'busybox', 'sh', '-c', 'while :; do echo tick; usleep 20000; done');
  await eventually(() => store.out('logs', 'paused'), (text) => text !== '');
  assert.is(store.out('pause', 'paused'), 'paused\n');
  assert.is(store.wherry('pause', 'paused').err, daemon(`Container ${id} is already paused`));
  assert.match(store.out('ps', '--format', '{{.Status}} {{.State}}'), /^Up .* \(Paused\) paused\n$/);
  assert.is(store.state('paused', 'Running'), 'true');
  assert.is(store.state('paused', 'Paused'), 'true');
  assert.is(store.wherry('start', 'paused').err, `${daemon('cannot start a paused container, try unpause instead')}Error: failed to start containers: paused\n`);
  const before = store.out('logs', 'paused');
  assert.is(store.wherry('rm', 'paused').err, daemon(`You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`));
  assert.is(store.out('logs', 'paused'), before);
  assert.is(store.out('unpause', 'paused'), 'paused\n');
  assert.is(store.wherry('unpause', 'paused').err, daemon(`Container ${id} is not paused`));
  assert.ok((await eventually(() => store.out('logs', 'paused'), (text) => text.length > before.length)).length > before.length);
  store.out('pause', 'paused');
  store.out('kill', 'paused');
  assert.is(await eventually(() => store.state('paused'), (status) => status === 'exited'), 'exited', 'a killed one need not go on first');
  assert.is(store.wherry('pause', 'paused').err, daemon(`Container ${id} is not running`));
  assert.equal(actions('-f', 'container=paused'), ['create', 'start', 'pause', 'unpause', 'pause', 'kill', 'unpause', 'die']);
});

test('a paused container ends as it wants when it is stopped', () => {
  run('trapping', 'busybox', 'sh', '-c', 'trap "exit 5" TERM; while :; do sleep 1 & wait $!; done');
  store.out('pause', 'trapping');
  assert.is(store.out('stop', 'trapping'), 'trapping\n');
  assert.is(store.state('trapping', 'ExitCode'), '5');
});

test('restart: what runs and what does not, one wrong name', () => {
  const id = run('again', 'busybox', 'sh', '-c', 'echo x >> /log; cat /log; sleep 1000');
  assert.equal(store.wherry('restart', '-t', '0', 'again', 'nope'), { code: 1, out: 'again\n', err: daemon('No such container: nope') });
  assert.is(store.state('again'), 'running');
  store.out('stop', '-t', '0', 'again');
  assert.is(store.out('container', 'restart', 'again'), 'again\n');
  assert.is(store.out('diff', 'again'), 'A /log\n');
  store.out('kill', id);
  assert.is(store.out('inspect', '-f', '{{.RestartCount}}', 'again'), '0\n');
  run('brief', '--rm', 'busybox', 'sleep', '1000');
  store.out('exec', 'brief', 'touch', '/kept');
  assert.is(store.out('restart', '-t', '0', 'brief'), 'brief\n');
  assert.is(store.out('exec', 'brief', 'ls', '/kept'), '/kept\n', 'one that is removed at its end keeps its files, too');
  assert.is(store.out('inspect', '-f', '{{.RestartCount}} {{.State.Status}}', 'brief'), '0 running\n');
  store.out('stop', '-t', '0', 'brief');
  assert.is(store.out('ps', '-aq', '-f', 'name=brief'), '');
});

test('top: processes by ps\'s options, in docker\'s columns', () => {
  const id = run('busy', '--init', 'busybox', 'sh', '-c', 'sleep 1000 & wait');
  const [heading, first, ...rest] = store.out('top', 'busy').split('\n');
  assert.is(heading, 'UID                 PID                 PPID                C                   STIME               TTY                 TIME                CMD');
  assert.match(first!, /^root {16}1 {19}0 {19}\d+ {18,19}\d\d:\d\d {15}\? {19}00:00:00 {12}\/sbin\/docker-init -- sh -c sleep 1000 & wait$/);
  assert.match(rest.join('\n'), / sleep 1000\n$/);
  assert.match(store.out('container', 'top', 'busy', '-o', 'pid,ppid,comm'), /^PID {17}PPID {16}COMMAND\n1 {19}0 {19}docker-init\n2 {19}1 {19}sh\n3 {19}2 {19}sleep\n$/);
  assert.match(store.out('top', 'busy', 'aux'), /^USER +PID +%CPU +%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND\nroot +1 +[\d.]+ +[\d.]+ +\d+ +\d+ +\? +Ss +/);
  assert.is(store.wherry('top', 'busy', '-o', 'bogus').err, daemon('ps: error: unknown user-defined format specifier "bogus"'));
  assert.is(store.wherry('top', 'busy', '-o', 'comm').err, daemon('Couldn\'t find PID field in ps output'));
  store.out('kill', 'busy');
  assert.is(store.wherry('top', 'busy').err, daemon(`Container ${id} is not running`));
});

test('stats and update: limits that count at once', async () => {
  run('limited', '-m', '64m', 'busybox', 'sh', '-c', 'while :; do sleep 0.2; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max > /now; done');
  assert.match(store.out('stats', '--no-stream', 'limited'), /^CONTAINER ID {3}NAME {6}CPU % {5}MEM USAGE \/ LIMIT {3}MEM % {5}NET I\/O {3}BLOCK I\/O {3}PIDS\n[0-9a-f]{12} {3}limited {3}[\d.]+% +[\d.]+MiB \/ 64MiB +[\d.]+% +0B \/ 0B +0B \/ 0B +\d\n$/);
  assert.match(store.out('stats', '--no-stream', '--format', '{{.Container}} {{.Name}} {{.MemUsage}}'), /^[0-9a-f]{12} limited [\d.]+MiB \/ 64MiB\n$/m);
  assert.is(store.wherry('stats', '--no-stream', 'nope').err, daemon('No such container: nope'));
  assert.equal(store.wherry('update', '--memory', '32m', '--memory-swap', '64m', '--cpus', '0.5', '--pids-limit', '7', '--restart', 'on-failure:3', 'limited', 'nope'), { code: 1, out: 'limited\n', err: daemon('No such container: nope') });
  const now = (): string => store.out('cp', 'limited:/now', '-').replace(/[^]*\n(?=3)|\0/g, '').trim();
  await eventually(now, (text) => text.includes('33554432'));
  assert.match(store.out('cp', 'limited:/now', '-'), /33554432\n7\n50000 100000\n/);
  assert.is(store.out('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{json .HostConfig.RestartPolicy}}', 'limited'), '33554432 67108864 500000000 7 {"Name":"on-failure","MaximumRetryCount":3}\n');
  assert.equal(store.wherry('update', 'limited'), { code: 1, out: '', err: 'you must provide one or more flags when using this command\n' });
  assert.is(store.wherry('update', '--memory', '1m', 'limited').err, daemon('Minimum memory limit allowed is 6MB'));
  assert.is(store.wherry('update', '--restart', 'foo', 'limited').err, daemon('invalid restart policy \'foo\''));
  store.out('kill', 'limited');
  assert.match(store.out('stats', '--no-stream', '-a', '--format', '{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.PIDs}}'), /^limited\|0\.00%\|0B \/ 0B\|0$/m);
});

test('stats: what passes over the network', async () => {
  run('web', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', 'mkdir /w; head -c 30000 /dev/zero > /w/f; httpd -f -p 80 -h /w');
  const url = `http://${store.out('port', 'web', '80').trim()}/f`;
  const size = await eventually(async () => { try { return (await (await fetch(url)).arrayBuffer()).byteLength; } catch { return 0; } }, (bytes) => bytes === 30000);
  assert.is(size, 30000);
  const [received, sent] = store.out('stats', '--no-stream', '--format', '{{.NetIO}}', 'web').trim().split(' / ');
  assert.match(received!, /^[1-9][\d.]*k?B$/);
  assert.match(sent!, /^[3-9][\d.]*\d?kB$/);
  store.out('rm', '-f', 'web');
});

test('less than a processor is what a container gets', () => {
  const used = (flags: string[]): number => {
    const { code, err } = store.wherry('run', '--rm', ...flags, 'busybox', 'sh', '-c', 'set -- $(cat /proc/uptime); [ -n "$1" ]; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; cat /proc/uptime /sys/fs/cgroup/cpu.stat | grep -v usec_ >&2');
    assert.is(code, 0, err);
    const [uptime] = err.split(' ').map(Number);
    return Number(/usage_usec (\d+)/.exec(err)![1]) / 1e6 / uptime!;
  };
  assert.ok(used(['--cpus', '0.2']) < 0.3);
});

test('events: filtered, formatted, followed', async () => {
  const follower = store.later('events', '--until', String(Math.ceil(Date.now() / 1000) + 5), '-f', 'type=container', '-f', 'container=told', '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}');
  await new Promise((done) => { setTimeout(done, 1000); });
  assert.is(store.wherry('run', '--name', 'told', '-l', 'a=b', 'busybox', 'sh', '-c', 'exit 4').code, 4);
  store.out('rename', 'told', 'told2');
  store.out('rm', 'told2');
  assert.equal((await follower).out.split('\n').slice(0, 4), ['container create told <no value>', 'container attach told <no value>', 'container start told <no value>', 'container die told 4']);
  assert.equal(actions('-f', 'label=a=b', '-f', 'image=busybox'), ['create', 'attach', 'start', 'die', 'rename', 'destroy']);
  assert.equal(actions('-f', 'event=rename', '-f', 'event=destroy', '-f', 'label=a'), ['rename', 'destroy']);
  const [line] = store.out('events', '--since', '1h', '--until', '0s', '-f', 'event=rename').split('\n');
  assert.match(line!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z container rename [0-9a-f]{64} \(a=b, image=busybox, name=told2, oldName=\/told\)$/);
  const [json] = store.out('events', '--since', '1h', '--until', '0s', '-f', 'event=rename', '--format', 'json').split('\n');
  assert.match(json!, /^\{"status":"rename","id":"[0-9a-f]{64}","from":"busybox","Type":"container","Action":"rename","Actor":\{"ID":"[0-9a-f]{64}","Attributes":\{"a":"b",.*\}\},"scope":"local","time":\d{10},"timeNano":\d{19}\}$/);
  assert.equal(store.wherry('events', '--since', 'foo'), { code: 1, out: '', err: 'failed to parse value as time or duration: "foo"\n' });
  assert.equal(store.wherry('events', '--since', '1h', '--until', '0s', '--format', '{{.Nope}}'), { code: 64, out: '', err: 'Error parsing format: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *events.Message\n' });
});

test('events of images, volumes, networks and programs beside the first', () => {
  store.out('tag', 'busybox', 'other:1');
  store.out('rmi', 'other:1');
  store.out('volume', 'create', 'v1');
  store.out('volume', 'rm', 'v1');
  store.out('network', 'create', 'n1');
  store.out('network', 'rm', 'n1');
  run('beside', 'busybox', 'sleep', '1000');
  assert.is(store.wherry('exec', 'beside', 'sh', '-c', 'exit 3').code, 3);
  store.out('rm', '-f', 'beside');
  const told = (...flags: string[]): string[] => store.out('events', '--since', '1h', '--until', '0s', '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}', ...flags).split('\n').filter(Boolean);
  assert.equal(told('-f', 'type=image').map((line) => line.replace(/sha256:\S+/, 'id')), ['image load id', 'image tag other:1', 'image untag id']);
  assert.equal(told('-f', 'type=volume', '-f', 'volume=v1'), ['volume create <no value>', 'volume destroy <no value>']);
  assert.equal(told('-f', 'type=network', '-f', 'network=n1'), ['network create n1', 'network destroy n1']);
  assert.equal(actions('-f', 'container=beside'), ['create', 'start', 'exec_create: sh -c exit 3', 'exec_start: sh -c exit 3', 'exec_die', 'kill', 'die', 'destroy']);
});

test.run();
