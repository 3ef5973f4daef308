// What a program in a container has synced survives `kill -9` of wherry: the container starts again and finds it, time after time.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-durable-'));
const env = { ...process.env, WHERRY_ROOT: root };
const wherry = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env, encoding: 'latin1', timeout: 60_000 });
  assert.is(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
};

/** Counts on from what it finds, each number in a file of its own that replaces the last; says a number when it is synced. */
const COUNTER = 'i=$(cat /n/now 2>/dev/null || echo 0); mkdir -p /n; while :; do i=$((i+1)); echo $i > /n/new; mv /n/new /n/now; ln -f /n/now /n/also; sync; echo $i; done';

/** Runs until so many numbers were said, kills, and gives them. */
function killedAfter(count: number, ...args: string[]): Promise<number[]> {
  const child = spawn(process.execPath, ['bin/wherry.mjs', ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  return new Promise((done) => {
    child.stdout.on('data', (bytes: Buffer) => {
      told += bytes.toString('latin1');
      if (told.split('\n').length > count) child.kill('SIGKILL');
    });
    child.on('close', () => done(told.slice(0, told.lastIndexOf('\n')).split('\n').map(Number)));
  });
}

test.before(() => { wherry('load', '-q', '-i', 'images/busybox.tar'); });
test.after(() => { rmSync(root, { recursive: true, force: true }); });

test('a counter that is killed goes on where it was', async () => {
  let last = 0;
  for (let i = 0; i < 4; i++) {
    const said = await killedAfter(3 + 5 * i, ...(i === 0 ? ['run', '--name', 'counter', 'busybox', 'sh', '-c', COUNTER] : ['start', '-a', 'counter']));
    assert.ok(said[0] === last + 1 || said[0] === last + 2, `after ${last} it goes on with ${said[0]}: the number under way may have been kept`);
    assert.equal(said, Array.from(said, (_, n) => said[0]! + n));
    last = said.at(-1)!;
    assert.is(wherry('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'counter'), 'exited 137\n');
    assert.equal(wherry('diff', 'counter').split('\n').filter((line) => !line.endsWith('new')), ['A /n', 'A /n/also', 'A /n/now', '']);
  }
  wherry('rm', 'counter');
});

const CHANGE = 'echo text > /a; chown 7:8 /a; chmod 640 /a; touch -d @1000000000 /a; ln -s a /l; mkfifo /p; dd if=/dev/zero of=/sparse bs=1 count=1 seek=1000000 2>/dev/null; truncate -s 3 /root/.f; mv /var /moved; rm -r /home';
const LOOK = 'stat -c "%n %a %u:%g %Y %s %F %h" /a; stat -c "%n %F %i" /l /p; readlink /l; stat -c "%s %b" /sparse; ls /moved; ls -d /home /var 2>&1; cat /a';

test('what was written and never synced is there when the container has ended and starts again', () => {
  const first = wherry('run', '--name', 'whole', 'busybox', 'sh', '-c', `[ -e /a ] || { ${CHANGE}; }; ${LOOK}; true`);
  const lines = first.split('\n');
  assert.equal(lines[0], '/a 640 7:8 1000000000 5 regular file 1');
  assert.ok(lines.includes('1000001 8'), 'a hole takes no room');
  assert.is(wherry('start', '-a', 'whole'), first);
});

test('a container that cannot be started ends at once, and keeps the working directory made for it', () => {
  const start = performance.now();
  assert.is(spawnSync(process.execPath, ['bin/wherry.mjs', 'run', '--name', 'none', '-w', '/made', 'busybox', 'no-such-program'], { env }).status, 127);
  assert.ok(performance.now() - start < 4500, 'nothing waits for the next commit');
  assert.is(wherry('diff', 'none'), 'A /made\n');
});

test.run();
