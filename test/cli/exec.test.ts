// exec and attach without a terminal, as a user meets them: streams, exit codes, environment, refusals in docker's words.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-exec-'));
const env = { ...process.env, WHERRY_ROOT: root, GREETING: 'hello' };
const test = suite('exec and attach');

interface Outcome { code: number | null; out: string; err: string }
const run = (args: readonly string[], input: string | Buffer = ''): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--', 'bin/wherry.mjs', ...args], { env, input, encoding: 'utf8', timeout: 60_000, maxBuffer: 64 << 20 });
  return { code: status, out: stdout, err: stderr };
};
const wherry = (...args: string[]): Outcome => run(args);
const out = (...args: string[]): string => {
  const { code, out: text, err } = wherry(...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return text;
};
const background = (...args: string[]): ChildProcess => spawn(process.execPath, ['--', 'bin/wherry.mjs', ...args], { env });
const shown = (child: ChildProcess, what: RegExp): Promise<string> => new Promise((done) => {
  let text = '';
  child.stdout!.on('data', (piece) => { text += String(piece); if (what.test(text)) done(text); });
});
const ended = (child: ChildProcess): Promise<number | null> => new Promise((done) => { if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode); else child.once('exit', (code) => done(code)); });

let id = '';
test.before(() => {
  assert.is(wherry('load', '-q', '-i', 'images/busybox.tar').code, 0);
  id = out('run', '-d', '--name', 'box', '-e', 'IN=config', '-w', '/usr', 'busybox', 'sleep', '1000000').trim();
});
test.after(() => {
  for (const one of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', one);
  rmSync(root, { recursive: true });
});

test('streams are kept apart, the exit code is the program\'s', () => {
  assert.equal(wherry('exec', 'box', 'sh', '-c', 'echo out; echo err >&2; exit 42'), { code: 42, out: 'out\n', err: 'err\n' });
  assert.is(wherry('exec', 'box', 'sh', '-c', 'kill -9 $$').code, 137);
  assert.is(run(['exec', '-i', 'box', 'sh', '-c', 'cat; echo end'], 'input\n').out, 'input\nend\n', 'the end of input is told');
  assert.is(run(['exec', 'box', 'cat'], 'input\n').out, '', 'without -i there is none');
  const much = Buffer.alloc(3 << 20, 'abcdefg\n');
  assert.is(run(['exec', '-i', 'box', 'cat'], much).out, much.toString());
  assert.is(out('exec', 'box', 'sh', '-c', 'yes | head -c 5000000 | wc -c'), '5000000\n');
});

test('a consumer that goes away ends the command', () => {
  const { status } = spawnSync('bash', ['-c', `"${process.execPath}" bin/wherry.mjs exec box yes | head -1; exit \${PIPESTATUS[0]}`], { env, timeout: 60_000 });
  assert.is(status, 141);
  out('exec', 'box', 'killall', 'yes');
});

test('environment, user, directory', () => {
  writeFileSync(join(root, 'vars'), '# comment\nX=1\n\nGREETING\nUNSET_HERE\n');
  assert.equal(out('exec', '-e', 'A=b', '--env-file', join(root, 'vars'), '-e', 'UNSET_TOO', 'box', 'env').trim().split('\n').filter((word) => !word.startsWith('HOSTNAME=')),
    ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'IN=config', 'X=1', 'GREETING=hello', 'A=b', 'HOME=/root']);
  assert.match(out('exec', '-t', '-u', 'www-data', 'box', 'env'), /\r\nTERM=xterm\r\n.*HOME=\/var\/www\r\n$/s);
  assert.is(out('exec', '-e', 'HOME=/x', '-u', '1234', 'box', 'sh', '-c', 'echo $HOME; id'), '/x\nuid=1234 gid=0(root) groups=0(root)\n');
  assert.is(out('exec', '-u', '5:6', '--privileged', 'box', 'id'), 'uid=5 gid=6(disk) groups=6(disk)\n');
  assert.is(out('exec', 'box', 'pwd'), '/usr\n');
  assert.is(out('exec', '-w', '/tmp', id.slice(0, 7), 'pwd'), '/tmp\n');
});

test('groups and limits of the container, all capabilities', () => {
  out('run', '-d', '--name', 'bound', '--cap-drop', 'ALL', '--group-add', '55', '--ulimit', 'nofile=77:99', 'busybox', 'sleep', '1000000');
  assert.is(out('exec', 'bound', 'sh', '-c', 'id; ulimit -n; grep CapEff /proc/self/status'), 'uid=0(root) gid=0(root) groups=0(root),55\n77\nCapEff:\t0000000000000000\n');
  assert.is(out('exec', '-u', 'www-data', 'bound', 'id'), 'uid=33(www-data) gid=33(www-data) groups=33(www-data),55\n');
  assert.match(out('exec', '--privileged', 'bound', 'grep', 'CapEff', '/proc/self/status'), /^CapEff:\t0*1f+\n$/);
  out('pause', 'bound');
  assert.equal(wherry('exec', 'bound', 'true'), { code: 1, out: '', err: 'Error response from daemon: Container bound is paused, unpause the container before exec\n' });
  assert.equal(wherry('attach', 'bound'), { code: 1, out: '', err: 'You cannot attach to a paused container, unpause it first\n' });
  out('rm', '-f', 'bound');
});

test('whoever wants to get away asks three times', async () => {
  const script = 'trap "echo caught" INT; echo up; while :; do sleep 0.05; done';
  const child = background('run', '--name', 'stubborn', 'busybox', 'sh', '-c', script);
  let err = '';
  child.stderr!.on('data', (text) => { err += String(text); });
  await shown(child, /up\n/);
  for (let times = 1; times < 3; times++) {
    child.kill('SIGINT');
    await shown(child, /caught\n/);
  }
  child.kill('SIGINT');
  assert.is(await ended(child), 137);
  assert.is(err, '\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n');
});

test('its parent is outside; its end is not the container\'s, and the container\'s end is its', async () => {
  assert.is(out('exec', 'box', 'sh', '-c', 'echo $PPID'), '0\n');
  const name = 'short';
  const container = out('run', '-d', '--name', name, 'busybox', 'sleep', '1000000').trim();
  const child = background('exec', name, 'sh', '-c', 'echo on; sleep 1000000');
  await shown(child, /on\n/);
  assert.match(out('inspect', '-f', '{{json .ExecIDs}}', name), /^\["[0-9a-f]{64}"\]\n$/);
  out('kill', container);
  assert.is(await ended(child), 137);
  assert.is(out('inspect', '-f', '{{json .ExecIDs}}', name), 'null\n');
});

test('in the background', () => {
  assert.is(out('exec', '-d', 'box', 'sh', '-c', 'echo later > /tmp/later; sleep 1000000'), '');
  while (wherry('exec', 'box', 'cat', '/tmp/later').out !== 'later\n');
  assert.is(out('exec', '-dit', 'box', 'sh', '-c', 'tty > /tmp/tty'), '');
  while (!/^\/dev\/pts\/\d\n$/.test(wherry('exec', 'box', 'cat', '/tmp/tty').out));
});

test('beside a container that runs in the foreground of another command', async () => {
  const child = background('run', '--rm', '--name', 'front', 'busybox', 'sh', '-c', 'echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 6');
  await shown(child, /up\n/);
  assert.is(out('exec', 'front', 'sh', '-c', 'echo $$ > /tmp/mine; cat /tmp/mine; touch /tmp/go').length, 2);
  assert.is(await ended(child), 6);
});

test('refusals, in docker\'s words', () => {
  const stopped = out('create', '--name', 'stopped', 'busybox', 'true').trim();
  const failed = 'OCI runtime exec failed: exec failed: unable to start container process: ';
  const usage = (verb: string, words: string): string => `\n\nUsage:  wherry ${verb} ${words}\n\nRun 'wherry ${verb} --help' for more information\n`;
  const refusals: [string[], number, string][] = [
    [['exec', 'nope', 'ls'], 1, 'Error response from daemon: No such container: nope\n'],
    [['exec', 'stopped', 'ls'], 1, `Error response from daemon: Container ${stopped} is not running\n`],
    [['exec', 'box', 'nosuch'], 127, `${failed}exec: "nosuch": executable file not found in $PATH: unknown\n`],
    [['exec', 'box', ''], 127, `${failed}exec: "": executable file not found in $PATH: unknown\n`],
    [['exec', 'box', '/nosuch'], 127, `${failed}exec: "/nosuch": stat /nosuch: no such file or directory: unknown\n`],
    [['exec', 'box', '/etc/passwd'], 126, `${failed}exec: "/etc/passwd": permission denied: unknown\n`],
    [['exec', 'box', '/etc'], 126, `${failed}exec: "/etc": permission denied: unknown\n`],
    [['exec', '-u', 'nouser', 'box', 'id'], 126, 'unable to find user nouser: no matching entries in passwd file\n'],
    [['exec', '-u', '0:nogrp', 'box', 'id'], 126, 'unable to find group nogrp: no matching entries in group file\n'],
    [['exec', '-w', 'rel', 'box', 'id'], 126, 'OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown\n'],
    [['exec', '-w', '/nosuch', 'box', 'pwd'], 126, `${failed}chdir to cwd ("/nosuch") set in config.json failed: no such file or directory: unknown\n`],
    [['exec', '-it', 'box', 'id'], 1, 'the input device is not a TTY\n'],
    [['exec', '-d', 'box', 'nosuch'], 1, `Error response from daemon: ${failed}exec: "nosuch": executable file not found in $PATH: unknown\n`],
    [['exec', '-e', '=x', 'box', 'env'], 125, `invalid argument "=x" for "-e, --env" flag: invalid environment variable: =x${usage('exec', '[OPTIONS] CONTAINER COMMAND [ARG...]')}`],
    [['exec', '--env-file', '/nope', 'box', 'env'], 1, 'open /nope: no such file or directory\n'],
    [['exec', '--detach-keys', 'foo', 'box', 'id'], 1, 'Error response from daemon: Invalid escape keys (foo) provided\n'],
    [['exec', 'box'], 1, `wherry: 'wherry exec' requires at least 2 arguments\n\nUsage:  wherry exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nSee 'wherry exec --help' for more information\n`],
    [['attach', 'nope'], 1, 'Error response from daemon: No such container: nope\n'],
    [['attach', 'stopped'], 1, 'You cannot attach to a stopped container, start it first\n'],
    [['start', '-a', 'box', 'stopped'], 1, 'you cannot start and attach multiple containers at once\n'],
    [['start', '-a', 'nope'], 1, 'Error response from daemon: No such container: nope\n'],
  ];
  for (const [args, code, err] of refusals) assert.equal(wherry(...args), { code, out: '', err }, args.join(' '));
});

test('attach: output from now on, input, signals, the exit code; several at once', async () => {
  out('run', '-d', '-i', '--name', 'ear', 'busybox', 'sh', '-c', 'trap "echo caught; exit 5" TERM; echo before; while read line; do echo "got $line"; echo "err $line" >&2; done; echo closed; while :; do sleep 0.05; done');
  while (!out('logs', 'ear').includes('before'));
  const watcher = background('attach', '--no-stdin', 'ear');
  const speaker = background('attach', 'ear');
  let seen = '';
  let errors = '';
  watcher.stdout!.on('data', (piece) => { seen += String(piece); });
  watcher.stderr!.on('data', (piece) => { errors += String(piece); });
  // Both are there when each shows something.
  const both = Promise.all([shown(watcher, /got /), shown(speaker, /got /)]);
  const typing = setInterval(() => { speaker.stdin!.write('hi\n'); }, 100);
  await both;
  clearInterval(typing);
  speaker.stdin!.write('last\n');
  await shown(speaker, /got last\n/);
  const outsider = background('attach', '--sig-proxy=false', 'ear');
  outsider.kill('SIGTERM');
  assert.is(await ended(outsider), null, 'the signal is for the command itself');
  assert.is(out('inspect', '-f', '{{.State.Status}}', 'ear'), 'running\n');
  speaker.kill('SIGTERM');
  assert.equal([await ended(speaker), await ended(watcher)], [5, 5]);
  assert.match(seen, /^(got hi\n)+got last\ncaught\n$/);
  assert.match(errors, /^(err hi\n)+err last\n$/);
  assert.is(out('inspect', '-f', '{{.State.ExitCode}}', 'ear'), '5\n');
});

/** Memory of a process in use, in bytes. */
const memoryOf = (pid: string): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

test('one who does not read, or does not take input, holds up the program and not the memory', async () => {
  out('run', '-d', '--name', 'flood', 'busybox', 'sleep', '1000000');
  const pid = out('inspect', '-f', '{{.State.Pid}}', 'flood').trim();
  out('exec', 'flood', 'sh', '-c', 'yes | head -c 1000000 | wc -c');
  const before = memoryOf(pid);
  const deaf = background('exec', 'flood', 'sh', '-c', 'i=0; echo begun > /tmp/written; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero; i=$((i+1)); echo $i > /tmp/written; done; echo all > /tmp/written');
  const lazy = background('exec', '-i', 'flood', 'sh', '-c', 'while [ ! -e /tmp/go ]; do sleep 0.05; done; wc -c');
  let sent = 0;
  const chunk = Buffer.alloc(1 << 20);
  const feed = (): void => { while (sent < 30) { sent++; if (!lazy.stdin!.write(chunk)) return void lazy.stdin!.once('drain', feed); } lazy.stdin!.end(); };
  feed();
  let length = 0;
  const counted = shown(lazy, /\d\n/);
  const done = ended(deaf);
  // What is written settles: nobody reads.
  for (let last = '', now = ' '; now !== last || now === ''; last = now, now = wherry('exec', 'flood', 'cat', '/tmp/written').out) await new Promise((goOn) => setTimeout(goOn, 500));
  assert.not.match(out('exec', 'flood', 'cat', '/tmp/written'), /all/);
  assert.ok(sent < 15, `${sent} MB of input were taken`);
  assert.ok(memoryOf(pid) < before + (30 << 20), `${memoryOf(pid) - before} bytes more`);
  deaf.stdout!.on('data', (bytes: Buffer) => { length += bytes.length; });
  out('exec', 'flood', 'touch', '/tmp/go');
  assert.is(await counted, `${30 << 20}\n`);
  assert.is(await done, 0);
  await new Promise<void>((goOn) => { if (deaf.stdout!.closed) goOn(); else deaf.stdout!.once('close', () => goOn()); });
  assert.is(length, 40_000_000);
});

test('run -a: streams that are not attached are not shown, but kept', () => {
  const script = 'cat; echo out; echo err >&2; exit 4';
  assert.equal(run(['run', '-a', 'stderr', '--name', 'part', 'busybox', 'sh', '-c', script], 'input\n'), { code: 4, out: '', err: 'err\n' });
  assert.equal(wherry('logs', 'part'), { code: 0, out: 'out\n', err: 'err\n' });
  assert.is(out('inspect', '-f', '{{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.AttachStderr}} {{.Config.OpenStdin}} {{.Config.StdinOnce}}', 'part'), 'false false true false false\n');
  assert.equal(run(['run', '--rm', '-i', '-a', 'stdout', 'busybox', 'sh', '-c', script], 'input\n'), { code: 4, out: 'input\nout\n', err: '' }, '-i attaches input');
  assert.equal(run(['run', '--rm', '-a', 'stdin', '-a', 'stderr', '--sig-proxy=false', 'busybox', 'sh', '-c', script], 'input\n'), { code: 4, out: '', err: 'err\n' });
  assert.equal(wherry('run', '-d', '-a', 'stdout', 'busybox', 'true'), { code: 1, out: '', err: 'conflicting options: cannot specify both --attach and --detach\n' });
});

test('start -ai: its input is ours', () => {
  out('create', '-i', '--name', 'again', 'busybox', 'sh', '-c', 'read x; echo "x is $x"; exit 3');
  assert.equal(run(['start', '-ai', 'again'], 'one\n'), { code: 3, out: 'x is one\n', err: '' });
  assert.equal(run(['start', '-i', 'again'], 'two\n'), { code: 3, out: 'x is two\n', err: '' });
  assert.equal(run(['start', '-a', 'again'], 'three\n').out, 'x is \n');
  out('create', '-it', '--name', 'typed', 'busybox', 'sh');
  const { code, out: screen } = run(['start', '-ai', 'typed'], 'echo ty""ped; exit 5\n');
  assert.is(code, 5, 'a terminal that is typed at by a pipe, as docker has it');
  assert.match(screen, /\r\ntyped\r\n/);
});

test.run();
