// Commands, and the processes that run containers, killed at any moment: what is told stays true, containers start again, nothing half-made is left. WHERRY_ROUNDS says how often (npm run test-many: 40).
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, Store } from './wherry-command.ts';

const ROUNDS = Number(process.env['WHERRY_ROUNDS'] ?? 5);
const test = suite('killed');
const store = new Store('killed');
test.after(() => { store.remove(); });

let seed = 20261122;
/** The same numbers each time. */
const random = (below: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return seed % below; };

const script = 'echo run >> /runs; trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done';
const pidOf = (name: string): number => Number(store.wherry('inspect', '-f', '{{.State.Pid}}', name).out);
const ended = (child: ChildProcess): Promise<void> => new Promise((done) => { child.once('exit', () => done()); });

/** Starts a command and kills it after a while, if it has not ended. */
async function killedAfter(ms: number, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['bin/wherry.mjs', ...args], { env: store.env, stdio: 'ignore' });
  const timer = setTimeout(() => { child.kill('SIGKILL'); }, ms);
  await ended(child);
  clearTimeout(timer);
}

function killSupervisor(name: string): void {
  const pid = pidOf(name);
  if (pid > 0) try { process.kill(pid, 'SIGKILL'); } catch { /* it has ended meanwhile */ }
}

/** What `ps -a` tells of a container is so. */
async function demandTruth(name: string): Promise<void> {
  const status = (await eventually(() => store.wherry('inspect', '-f', '{{.State.Status}} {{.State.Pid}}', name).out.trim(), () => true)).split(' ');
  if (status[0] === '') return;
  assert.ok(['created', 'running', 'exited'].includes(status[0]!), status.join(' '));
  if (status[0] === 'running') assert.not.throws(() => process.kill(Number(status[1]), 0));
  else assert.is(status[1], '0');
}

test(`${ROUNDS} rounds`, async () => {
  const lines: readonly (readonly string[])[] = [
    ['run', '-d', '--name', 'one', 'busybox', 'sh', '-c', script], ['stop', '-t', '5', 'one'], ['restart', '-t', '5', 'one'], ['rm', '-f', 'one'], ['start', 'one'], ['kill', 'one'], ['rename', 'one', 'one'], ['exec', 'one', 'ls'], ['commit', 'one', 'kept:1'], ['pause', 'one'], ['unpause', 'one'],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    if (store.out('ps', '-aq', '-f', 'name=^one$') === '') store.out(...lines[0]!);
    await killedAfter(random(1200), lines[random(lines.length)]!);
    if (random(2) === 0) killSupervisor('one');
    if (store.wherry('inspect', '-f', '{{.State.Status}}', 'one').out.trim() === 'paused') store.wherry('unpause', 'one');
    await demandTruth('one');
    if (store.out('ps', '-aq', '-f', 'name=^one$') === '') continue;
    const outcome = store.wherry('start', 'one');
    assert.is(outcome.code, 0, outcome.err);
    assert.is(store.state('one'), 'running');
    assert.match(store.out('exec', 'one', 'cat', '/runs'), /^(?:run\n)+$/);
  }
  store.out('rm', '-f', ...store.out('ps', '-aq').split('\n').filter(Boolean), 'none');
  assert.equal(readdirSync(join(store.root, 'containers')), []);
  store.out('ps');
  // Commits were killed, too: every image and layer that is visible is whole.
  const found = store.wherry('doctor', '--verify', '--format', '{{.Status}} {{.Check}} {{.Finding}}').out;
  assert.match(found, /^ok Images /m, found);
  assert.match(found, /^ok Containers 0 containers, 0 running$/m, found);
  assert.equal(readdirSync(join(store.root, 'tmp')), []);
});

test('a restart policy does not outlive its supervisor, and says so', async () => {
  store.out('run', '-d', '--name', 'forever', '--restart', 'always', 'busybox', 'sleep', '1000');
  killSupervisor('forever');
  assert.is(await eventually(() => store.state('forever'), (status) => status === 'exited'), 'exited');
  assert.is(store.state('forever', 'ExitCode'), '137');
  store.out('start', 'forever');
  assert.is(store.state('forever'), 'running');
  store.out('rm', '-f', 'forever');
});

test.run();
