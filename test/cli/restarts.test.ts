// Restart policies and health checks: containers that are started again, and containers that are looked after.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, Store } from './wherry-command.ts';

const test = suite('restarts');
const store = new Store('restarts');
const run = (name: string, ...words: string[]): string => store.out('run', '-d', '--name', name, ...words).trim();
const count = (name: string): number => Number(store.out('inspect', '-f', '{{.RestartCount}}', name));
const actions = (name: string): string => store.out('events', '--since', '1h', '--until', '0s', '-f', `container=${name}`, '--format', '{{.Action}}').trim().replaceAll('\n', ' ');

test.after(() => { store.remove(); });

test('on-failure: as often as is said, with its files and its log kept', async () => {
  run('failing', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'echo run >> /runs; cat /runs; exit 3');
  assert.is(await eventually(() => store.state('failing'), (status) => status === 'exited'), 'exited');
  assert.is(count('failing'), 2);
  assert.is(store.state('failing', 'ExitCode'), '3');
  assert.is(store.out('logs', 'failing'), 'run\n'.repeat(6));
  assert.is(actions('failing'), 'create start die start die start die');
  store.out('start', 'failing');
  assert.is(await eventually(() => `${store.state('failing')} ${count('failing')}`, (text) => text === 'exited 2'), 'exited 2', 'it counts anew');
});

test('on-failure: not after a good end', async () => {
  run('good', '--restart', 'on-failure', 'busybox', 'sh', '-c', 'test -e /again && exit 0; touch /again; exit 1');
  assert.is(await eventually(() => store.state('good'), (status) => status === 'exited'), 'exited');
  assert.is(count('good'), 1);
});

test('in the foreground the first end is the command\'s, and the container goes on', async () => {
  assert.equal(store.wherry('run', '--name', 'front', '--restart', 'always', 'busybox', 'sh', '-c', 'echo x; exit 4'), { code: 4, out: 'x\n', err: '' });
  assert.ok((await eventually(() => count('front'), (n) => n >= 1)) >= 1);
  assert.match(store.out('ps', '-a', '-f', 'name=front', '--format', '{{.Status}}'), /^(?:Restarting \(4\) .* ago|Up .*)\n$/);
});

test('one that waits to be started again: seen so, worked on, stopped, removed', async () => {
  await eventually(() => count('front'), (n) => n >= 4);
  assert.is(await eventually(() => store.state('front'), (status) => status === 'restarting'), 'restarting');
  assert.is(store.state('front', 'Running'), 'true');
  assert.is(store.out('diff', 'front'), '');
  assert.is(store.out('stop', 'front'), 'front\n');
  assert.is(store.state('front'), 'exited');
  assert.is(store.state('front', 'ExitCode'), '4');
  const n = count('front');
  store.out('start', 'front');
  await eventually(() => count('front'), (now) => now >= 3);
  assert.is(store.out('rm', '-f', 'front'), 'front\n');
  assert.ok(n >= 4);
  assert.is(store.out('ps', '-aq', '-f', 'name=front'), '');
});

test('stop and kill end what would always be started again', async () => {
  for (const policy of ['always', 'unless-stopped']) {
    run(policy, '--restart', policy, 'busybox', 'sleep', '1000');
    store.out('stop', '-t', '0', policy);
    assert.is(store.state(policy), 'exited');
    store.out('start', policy);
    store.out('kill', policy);
    assert.is(await eventually(() => store.state(policy), (status) => status === 'exited'), 'exited');
    store.out('start', policy);
    store.out('exec', policy, 'kill', '1');
    assert.is(count(policy), 0);
    store.out('update', '--restart', 'no', policy);
    store.out('kill', policy);
  }
});

test('--restart with --rm, and words that are no policy', () => {
  assert.match(store.wherry('run', '--rm', '--restart', 'always', 'busybox', 'true').err, /^wherry: conflicting options: cannot specify both --restart and --rm\n/);
  assert.match(store.wherry('run', '--restart', 'foo', 'busybox', 'true').err, /invalid restart policy 'foo'/);
});

test('logs are followed through restarts and into new files', async () => {
  const script = 'n=$(cat /n 2>/dev/null || echo 0); for i in 1 2 3; do n=$((n+1)); echo "line $n $(printf %0200d 0)"; done; echo $n > /n; [ $n -lt 12 ]';
  run('wordy', '--restart', 'always', '--log-opt', 'max-size=1k', '--log-opt', 'max-file=9', 'busybox', 'sh', '-c', `sleep 1; ${script} || { sleep 1000; }`);
  const follower = store.later('logs', '-f', 'wordy');
  await eventually(() => store.out('logs', '--tail', '1', 'wordy'), (text) => text.startsWith('line 12 '));
  store.out('kill', 'wordy');
  const numbers = (text: string): number[] => text.split('\n').filter(Boolean).map((line) => Number(line.split(' ')[1]));
  const all = Array.from({ length: 12 }, (_, i) => i + 1);
  assert.equal(numbers((await follower).out), all);
  assert.equal(numbers(store.out('logs', 'wordy')), all);
  assert.equal(numbers(store.out('logs', '-n', '2', 'wordy')), [11, 12]);
});

test('a check that fails, then does not', async () => {
  run('checked', '--health-cmd', 'echo looked; test -e /well', '--health-interval', '200ms', '--health-retries', '2', '--health-timeout', '20s', 'busybox', 'sleep', '1000');
  assert.match(store.out('ps', '-f', 'name=checked', '--format', '{{.Status}}'), /^Up .* \((?:health: starting|unhealthy)\)\n$/);
  assert.is(await eventually(() => store.state('checked', 'Health.Status'), (status) => status === 'unhealthy'), 'unhealthy');
  assert.is(store.out('ps', '-q', '-f', 'health=unhealthy', '--no-trunc').length, 65);
  assert.is(store.out('ps', '-q', '-f', 'health=healthy'), '');
  store.out('exec', 'checked', 'touch', '/well');
  assert.is(await eventually(() => store.state('checked', 'Health.Status'), (status) => status === 'healthy'), 'healthy');
  assert.is(store.out('inspect', '-f', '{{.State.Health.FailingStreak}} {{range .State.Health.Log}}{{.Output}}{{end}}', 'checked').replace(/(looked\n)+/, 'looked\n'), '0 looked\n\n');
  assert.match(store.out('ps', '-f', 'name=checked', '--format', '{{.Status}}'), /^Up .* \(healthy\)\n$/);
  assert.match(actions('checked'), /^create start .*health_status: unhealthy .*health_status: healthy$/);
  store.out('kill', 'checked');
  assert.is(await eventually(() => store.state('checked', 'Health.Status'), (status) => status === 'unhealthy'), 'unhealthy', 'what has ended is not well');
});

test('a check that takes too long, one that is not there, none', async () => {
  run('slow', '--health-cmd', 'sleep 1000', '--health-interval', '100ms', '--health-timeout', '300ms', '--health-retries', '1', 'busybox', 'sleep', '1000');
  await eventually(() => store.state('slow', 'Health.Status'), (status) => status === 'unhealthy');
  assert.match(store.out('inspect', '-f', '{{json (index .State.Health.Log 0)}}', 'slow'), /"ExitCode":-1,"Output":"Health check exceeded timeout \(300ms\)"/);
  store.out('kill', 'slow');
  run('plain', '--no-healthcheck', 'busybox', 'sleep', '1000');
  assert.is(store.out('inspect', '-f', '{{json .State.Health}}', 'plain'), 'null\n');
  assert.match(store.out('ps', '-f', 'name=plain', '--format', '{{.Status}}'), /^Up [^(]*\n$/);
  store.out('kill', 'plain');
});

test.run();
