// The command line as a user meets it: streams, exit codes, errors and what is left behind.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-cli-'));
const env = { ...process.env, WHERRY_ROOT: root, GREETING: 'hello' };

interface Outcome { code: number | null; out: string; err: string }
const wherry = (args: readonly string[], input: string | Buffer = ''): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env, input, encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
};
const busybox = (...args: string[]): Outcome => wherry(['run', '--rm', ...args]);

test.before(() => { assert.is(wherry(['load', '-q', '-i', 'images/busybox.tar']).out, 'Loaded image: busybox:latest\n'); });
test.after(() => { rmSync(root, { recursive: true }); });

test('images lists what was loaded', () => {
  const lines = wherry(['images']).out.split('\n');
  assert.match(lines[0]!, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
  assert.match(lines[1]!, /^busybox +latest +[0-9a-f]{12} +.* ago +[\d.]+MB$/);
  assert.match(wherry(['images', '-q']).out, /^[0-9a-f]{12}\n$/);
});

test('load reads standard input', () => {
  const { code, out } = wherry(['load'], readFileSync('images/busybox.tar'));
  assert.is(out, 'Loaded image: busybox:latest\n');
  assert.is(code, 0);
});

test('streams and the exit code are the program\'s', () => {
  assert.equal(busybox('busybox', 'sh', '-c', 'echo out; echo err >&2; exit 42'), { code: 42, out: 'out\n', err: 'err\n' });
  assert.is(wherry(['run', '--rm', '-i', 'busybox', 'cat'], 'some input\n').out, 'some input\n');
  assert.is(wherry(['run', '--rm', 'busybox', 'cat'], 'some input\n').out, '', 'without -i there is no input');
});

test('signals: 128 + n', () => {
  assert.is(busybox('busybox', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?').code, 137);
  assert.is(busybox('busybox', 'sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?').code, 143);
});

test('a signal to the command reaches the program', async () => {
  const child = spawn(process.execPath, ['bin/wherry.mjs', 'run', '--rm', 'busybox', 'sh', '-c', 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.05; done'], { env });
  let out = '';
  child.stdout.on('data', (text) => {
    out += text;
    if (out === 'ready\n') child.kill('SIGINT');
  });
  assert.is(await new Promise((done) => child.on('close', done)), 5);
  assert.is(out, 'ready\ncaught\n');
});

test('a program that does not handle the signal ends', async () => {
  const child = spawn(process.execPath, ['bin/wherry.mjs', 'run', '--rm', 'busybox', 'sh', '-c', 'echo ready; exec sleep 100'], { env });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  assert.is(await new Promise((done) => child.on('close', done)), 143);
});

test('environment, working directory, user, entry point, host name', () => {
  assert.equal(busybox('-e', 'GREETING', '-e', 'B=2', '-e', 'UNSET_HERE', 'busybox', 'env').out.split('\n').filter((l) => /^(GREETING|B|UNSET|HOME|PATH|HOSTNAME)/.test(l)).map((l) => l.split('=')[0]).sort(),
    ['B', 'GREETING', 'HOME', 'HOSTNAME', 'PATH']);
  writeFileSync(join(root, 'vars'), '# comment\nX=1\n\nGREETING\n');
  assert.is(busybox('--env-file', join(root, 'vars'), 'busybox', 'sh', '-c', 'echo $X $GREETING').out, '1 hello\n');
  assert.is(busybox('-w', '/new/dir', 'busybox', 'pwd').out, '/new/dir\n');
  assert.is(busybox('-u', '1234:55', 'busybox', 'id').out, 'uid=1234 gid=55 groups=55\n');
  assert.is(busybox('-u', 'www-data', 'busybox', 'sh', '-c', 'id -un; touch /etc/x 2>&1').out, 'www-data\ntouch: /etc/x: Permission denied\n');
  assert.is(busybox('--entrypoint', 'echo', 'busybox', 'from', 'entrypoint').out, 'from entrypoint\n');
  assert.is(busybox('-h', 'box', 'busybox', 'sh', '-c', 'hostname; cat /etc/hostname').out, 'box\nbox\n');
});

test('Docker\'s exit codes and one-line errors', () => {
  const failures: [string[], number, RegExp][] = [
    [['run', 'busybox', 'nosuch'], 127, /^wherry: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH: unknown\n/],
    [['run', 'busybox', '/etc/passwd'], 126, /^wherry: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "\/etc\/passwd": permission denied: unknown\n/],
    [['run', 'busybox', '/etc'], 126, /^wherry: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "\/etc": (is a directory|permission denied): unknown\n/],
    [['run', 'busybox', '/no/such'], 127, /^wherry: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "\/no\/such": stat \/no\/such: no such file or directory: unknown\n/],
    [['run', '-w', 'rel', 'busybox', 'true'], 125, /^wherry: Error response from daemon: the working directory 'rel' is invalid, it needs to be an absolute path\n/],
    [['run', '-u', 'nouser', 'busybox', 'true'], 125, /^wherry: Error response from daemon: unable to find user nouser: no matching entries in passwd file\n/],
    [['run', '--pull', 'never', 'nosuchimage'], 125, /^wherry: Error response from daemon: No such image: nosuchimage:latest\n/],
    [['run', 'UPPER', 'x'], 125, /^wherry: invalid reference format: repository name \(library\/UPPER\) must be lowercase/],
    [['run', '--nope', 'busybox'], 125, /^unknown flag: --nope\n/],
    [['run', '--trace', 'syscall,nope', 'busybox'], 125, /^invalid argument "nope" for "--trace" flag/],
    [['run', '--level', 'some', 'busybox'], 125, /^invalid argument "some" for "--level" flag: must be one of none, stores, all\n/],
    [['run'], 1, /^wherry: 'wherry run' requires at least 1 argument\n/],
    [['run', '-it', 'busybox', 'sh'], 1, /^the input device is not a TTY\n/],
    [['load', '-i', '/nope'], 1, /^open \/nope: no such file or directory\n$/],
    [['load', '-i', 'images'], 1, /^read images: is a directory\n$/],
    [['bogus'], 1, /^wherry: unknown command: wherry bogus\n/],
  ];
  for (const [args, code, err] of failures) {
    const outcome = wherry(args);
    assert.match(outcome.err, err, args.join(' '));
    assert.is(outcome.code, code, args.join(' '));
    assert.is(outcome.out, '');
  }
});

test('malformed programs', () => {
  const script = 'head -c 40 /bin/busybox > /tmp/short; printf "#!/no/interpreter\\n" > /tmp/script; printf "not a program" > /tmp/text; chmod +x /tmp/*; for f in short script; do /tmp/$f; echo $?; done 2>&1';
  assert.is(busybox('busybox', 'sh', '-c', script).out.split('\n').filter((l) => /^\d+$/.test(l)).join(' '), '127 127', 'as in a real shell: a truncated ELF file is tried as a script');
});

test('a damaged archive loads nothing', () => {
  const before = readdirSync(root, { recursive: true }).length;
  const whole = readFileSync('images/busybox.tar');
  const truncated = wherry(['load'], whole.subarray(0, whole.length >> 1));
  assert.is(truncated.code, 1);
  assert.match(truncated.err, /^stdin: [^\n]+\n$/);
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1]! ^= 0xff;
  const damaged = wherry(['load'], flipped);
  assert.is(damaged.code, 1);
  assert.match(damaged.err, /^stdin: [^\n]+\n$/);
  assert.is(wherry(['load'], 'no archive at all').code, 1);
  assert.is(readdirSync(root, { recursive: true }).length, before);
});

test('a trace in strace\'s format, counters', () => {
  const { err } = busybox('--trace=syscall', '--stats', 'busybox', 'cat', '/etc/hostname');
  assert.match(err, /^openat\(AT_FDCWD, "\/etc\/hostname", O_RDONLY\) += 3$/m);
  assert.match(err, /^\+\+\+ exited with 0 \+\+\+$/m);
  assert.match(err, /^translated \d+ instructions/m);
});

test('--stats says where the time went', () => {
  const { err } = busybox('--stats', 'busybox', 'sh', '-c', 'cat /nosuch; sleep 0.2');
  const [, wall, asleep] = /^(\d+\.\d{3}) s: \d+\.\d{3} s in programs, \d+\.\d{3} s translating them, \d+\.\d{3} s in \d+ system calls, (\d+\.\d{3}) s asleep$/m.exec(err) ?? [];
  assert.ok(Number(asleep) >= 0.15 && Number(wall) >= Number(asleep), err);
  assert.match(err, /^% time +seconds +usecs\/call +calls +errors syscall$/m);
  assert.match(err, /^ +\d+\.\d\d +0\.\d{6} +\d+ +\d+ +1 openat$/m, 'the file that is not there');
  assert.match(busybox('-d', '--stats', 'busybox').err, /^wherry: Conflicting options: --stats and -d\n/);
});

test('run -d names the container even when it does not start', () => {
  const { code, out, err } = busybox('-d', 'busybox', 'nosuch');
  assert.is(code, 127);
  assert.match(out, /^[0-9a-f]{64}\n$/);
  assert.match(err, /exec: "nosuch": executable file not found in \$PATH/);
});

test('every translated module as text', () => {
  const folder = join(root, 'dump');
  busybox('--no-cache', '--mode=translate', `--dump=${folder}`, 'busybox', 'true');
  const text = readFileSync(join(folder, 'module-1.txt'), 'utf8');
  assert.match(text, /^region [0-9a-f]+, \d+ instructions$/m);
  assert.match(text, /^ {4}[0-9a-f]+ {2}xor ebp, ebp$/m);
  assert.match(text, /^ +i64\.load/m);
});

test('a consumer that goes away ends the command', () => {
  const { status } = spawnSync('bash', ['-c', `"${process.execPath}" bin/wherry.mjs run --rm busybox yes | head -1; exit \${PIPESTATUS[0]}`], { env, timeout: 60_000 });
  assert.is(status, 141);
});

test.run();
