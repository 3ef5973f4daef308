// Containers as a user meets them: kept, named, listed, started again, looked into, made into images, removed; texts as docker's.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-containers-'));
const env = { ...process.env, WHERRY_ROOT: root };
const test = suite('containers');

interface Outcome { code: number | null; out: string; err: string }
const run = (args: readonly string[], input: string | Buffer = '', more: Record<string, string> = {}): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env: { ...env, ...more }, input, encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
};
const wherry = (...args: string[]): Outcome => run(args);
/** Standard output of a command that must go well. */
const out = (...args: string[]): string => {
  const { code, out: text, err } = wherry(...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return text;
};
const background = (...args: string[]): ChildProcess => spawn(process.execPath, ['bin/wherry.mjs', ...args], { env });
const firstOutput = (child: ChildProcess): Promise<string> => new Promise((done) => child.stdout!.once('data', (text) => done(String(text))));
const ended = (child: ChildProcess): Promise<number | null> => new Promise((done) => { if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode); else child.once('exit', (code) => done(code)); });
const state = (name: string, field = 'Status'): string => out('inspect', '-f', `{{.State.${field}}}`, name).trim();

test.before(() => { assert.is(wherry('load', '-q', '-i', 'images/busybox.tar').code, 0); });
test.after(() => {
  for (const id of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', id);
  rmSync(root, { recursive: true });
});

test('a container is kept and listed as docker lists it', () => {
  assert.equal(wherry('run', '--name', 'kept', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 3'), { code: 3, out: 'out\n', err: 'err\n' });
  const [heading, line] = out('ps', '-a').split('\n');
  assert.match(heading!, /^CONTAINER ID {3}IMAGE {5}COMMAND {18}CREATED +STATUS +PORTS {5}NAMES$/);
  assert.match(line!, /^[0-9a-f]{12} {3}busybox {3}"sh -c 'echo out; ec…" {3}.* {3}Exited \(3\) .* ago {13}kept$/);
  assert.is(out('ps').split('\n').length, 2, 'only the heading: nothing runs');
  assert.match(out('ps', '-aq'), /^[0-9a-f]{12}\n$/);
  assert.match(out('ps', '-aq', '--no-trunc'), /^[0-9a-f]{64}\n$/);
  assert.match(out('ps', '-a', '--no-trunc', '--format', '{{.Names}}: {{.Command}}'), /^kept: "sh -c 'echo out; echo err >&2; exit 3'"\n$/);
  assert.is(out('ps', '-a', '--format', 'table {{.Names}}\t{{.State}}'), 'NAMES     STATE\nkept      exited\n');
  assert.is(out('logs', 'kept'), 'out\n');
  assert.is(wherry('logs', 'kept').err, 'err\n');
  assert.is(out('wait', 'kept'), '3\n');
});

test('names: taken, malformed, made up; the container\'s id in a file', () => {
  const id = out('create', '--name', 'named', 'busybox', 'true').trim();
  assert.match(id, /^[0-9a-f]{64}$/);
  const taken = wherry('create', '--name', 'named', 'busybox', 'true');
  assert.is(taken.err, `Error response from daemon: Conflict. The container name "/named" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.\n`);
  assert.is(taken.code, 1);
  assert.is(wherry('run', '--name', 'named', 'busybox', 'true').code, 125);
  assert.match(wherry('run', '--name', 'bad name', 'busybox').err, /^wherry: .*Invalid container name \(bad name\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_.-\] are allowed\n/);
  const file = join(root, 'cid');
  const other = out('create', '--cidfile', file, 'busybox', 'true').trim();
  assert.is(readFileSync(file, 'utf8'), other);
  assert.match(out('ps', '-a', '--filter', `id=${other}`, '--format', '{{.Names}}'), /^[a-z]+_[a-z]+\n$/);
  assert.match(wherry('run', '--cidfile', file, 'busybox', 'true').err, /container ID file found, make sure the other container isn't running or delete /);
  assert.is(out('rename', 'named', 'renamed'), '');
  assert.is(out('ps', '-a', '--filter', 'name=renamed', '--format', '{{.Names}}'), 'renamed\n');
  assert.equal(wherry('rename', 'nope', 'x'), { code: 1, out: '', err: 'Error response from daemon: No such container: nope\nError: failed to rename container named nope\n' });
  assert.is(wherry('rename', 'renamed', 'kept').code, 1);
  assert.is(out('rm', other.slice(0, 5), 'renamed'), `${other.slice(0, 5)}\nrenamed\n`);
});

test('what is not there', () => {
  const nope = 'Error response from daemon: No such container: nope\n';
  for (const args of [['rm', 'nope'], ['diff', 'nope'], ['commit', 'nope'], ['logs', 'nope'], ['wait', 'nope'], ['stop', 'nope'], ['export', 'nope'], ['start', '-a', 'nope']]) assert.equal(wherry(...args), { code: 1, out: '', err: nope }, args.join(' '));
  assert.is(wherry('start', 'nope').err, `${nope}Error: failed to start containers: nope\n`);
  assert.equal(wherry('rm', '-f', 'nope'), { code: 0, out: '', err: nope });
  assert.is(wherry('container', 'inspect', 'nope').out, '[]\n');
  assert.is(wherry('ps', '-f', 'bogus=1').err, 'Error response from daemon: Invalid filter \'bogus\'\n');
  assert.is(wherry('rm').code, 1);
});

test('--rm leaves nothing', () => {
  const before = readdirSync(join(root, 'containers'));
  assert.is(wherry('run', '--rm', 'busybox', 'touch', '/x').code, 0);
  assert.is(wherry('run', '--rm', 'busybox', 'nosuch').code, 127);
  assert.equal(readdirSync(join(root, 'containers')), before);
});

test('a program that cannot be started leaves a container that says why', () => {
  assert.is(wherry('run', '--name', 'bad', 'busybox', 'nosuch').code, 127);
  assert.is(state('bad'), 'created');
  assert.is(state('bad', 'ExitCode'), '127');
  assert.match(state('bad', 'Error'), /exec: "nosuch": executable file not found in \$PATH/);
  const again = wherry('start', 'bad');
  assert.is(again.code, 1);
  assert.match(again.err, /exec: "nosuch": executable file not found in \$PATH.*\nError: failed to start containers: bad\n$/);
  out('rm', 'bad');
});

test('changes are kept: diff, start again, commit, run the new image', () => {
  const script = 'echo y >> /etc/passwd; mkdir -p /d/e; echo 1 > /d/e/f; rm -r /var/tmp; echo over > /etc/hostname; [ -e /d/second ] && echo again; touch /d/second';
  assert.is(wherry('run', '--name', 'work', '-e', 'A=1', '-w', '/made/dir', 'busybox', 'sh', '-c', script).code, 0);
  const diff = 'A /d\nA /d/e\nA /d/e/f\nA /d/second\nC /etc\nC /etc/passwd\nA /made\nA /made/dir\nC /var\nD /var/tmp\n';
  assert.is(out('diff', 'work'), diff);
  assert.is(wherry('start', '-a', 'work').out, 'again\n');
  assert.is(out('diff', 'work'), diff);
  const id = out('commit', '-m', 'why', '-a', 'me', '-c', 'CMD ["cat", "/d/e/f"]', '-c', 'LABEL x=y', 'work', 'worked:1').trim();
  assert.match(id, /^sha256:[0-9a-f]{64}$/);
  assert.equal(wherry('run', '--rm', 'worked:1'), { code: 0, out: '1\n', err: '' });
  assert.is(wherry('run', '--rm', 'worked:1', 'sh', '-c', 'echo $A; pwd; ls -d /var/tmp; tail -1 /etc/passwd').out, '1\n/made/dir\ny\n');
  assert.match(out('ps', '-as', '--filter', 'name=work', '--format', '{{.Size}}'), /^\d+B \(virtual [\d.]+MB\)\n$/);
});

test('commit gives the same layer twice when the time is fixed', () => {
  const fixed = { SOURCE_DATE_EPOCH: '1700000000' };
  const ids = [1, 2].map(() => run(['commit', 'work'], '', fixed).out);
  assert.is(ids[0], ids[1]);
});

test('export is a tar of the whole tree, with docker\'s mount points empty', () => {
  const tar = spawnSync(process.execPath, ['bin/wherry.mjs', 'export', 'work'], { env, maxBuffer: 1 << 28 });
  assert.is(tar.status, 0);
  const list = spawnSync('tar', ['tf', '-'], { input: tar.stdout, encoding: 'utf8' }).stdout.split('\n');
  for (const name of ['.dockerenv', 'd/e/f', 'dev/', 'dev/console', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf', 'proc/', 'sys/', 'bin/busybox']) assert.ok(list.includes(name), name);
  assert.not.ok(list.some((name) => name.startsWith('proc/s') || name.startsWith('var/tmp')));
  const file = join(root, 'out.tar');
  assert.is(out('export', '-o', file, 'work'), '');
  assert.equal(readFileSync(file), tar.stdout);
  assert.is(spawnSync('tar', ['xOf', file, 'etc/hostname'], { encoding: 'utf8' }).stdout, '');
});

test('in the background: output, other commands, the end', async () => {
  const id = out('run', '-d', '--name', 'bg', 'busybox', 'sh', '-c', 'trap "echo bye; exit 7" TERM; echo up; echo file > /written; while :; do sleep 0.1; done').trim();
  assert.match(out('ps', '--format', '{{.Names}} {{.Status}}'), /^bg Up .*\n$/);
  assert.match(wherry('rm', 'bg').err, new RegExp(`^Error response from daemon: You cannot remove a running container ${id}\\. Stop the container before attempting removal or force remove\n$`));
  assert.is(out('start', 'bg'), 'bg\n', 'it runs already');
  for (let i = 0; i < 100 && out('logs', 'bg') === ''; i++);
  assert.is(out('diff', 'bg'), 'A /written\n', 'the process that runs it tells');
  out('commit', 'bg', 'snapshot');
  assert.is(wherry('run', '--rm', 'snapshot', 'cat', '/written').out, 'file\n');
  const waiting = background('wait', 'bg');
  const waited = firstOutput(waiting);
  assert.is(out('stop', 'bg'), 'bg\n');
  assert.is(await waited, '7\n');
  assert.is(out('logs', 'bg'), 'up\nbye\n');
  assert.is(state('bg', 'ExitCode'), '7');
  assert.is(out('start', 'bg'), 'bg\n');
  assert.is(state('bg'), 'running');
  assert.is(out('kill', 'bg'), 'bg\n');
  assert.is(state('bg', 'ExitCode'), '137');
  assert.is(out('logs', '-n', '1', 'bg'), 'up\n');
});

test('-d --rm: wait tells the exit code of one that leaves no record', async () => {
  out('run', '-d', '--rm', '--name', 'brief', 'busybox', 'sh', '-c', 'sleep 6; exit 9');
  assert.is(out('wait', 'brief'), '9\n');
  for (let i = 0; i < 100 && out('ps', '-aqf', 'name=brief') !== ''; i++);
  assert.is(out('ps', '-aqf', 'name=brief'), '');
});

test('start -a of one that runs joins it: one container, one process', async () => {
  const first = background('run', '--name', 'single', 'busybox', 'sh', '-c', 'while [ ! -e /go ]; do echo up; sleep 0.05; done; exit 4');
  assert.match(await firstOutput(first), /^up\n/);
  const second = background('start', '-a', 'single');
  assert.match(await firstOutput(second), /^(up\n)+$/);
  out('exec', 'single', 'touch', '/go');
  assert.equal([await ended(first), await ended(second)], [4, 4]);
});

test('the process that ran it is killed: ps tells, start revives', async () => {
  const child = background('run', '--name', 'victim', 'busybox', 'sh', '-c', 'echo $((1 + $(cat /count 2>/dev/null || echo 0))) > /count; sync; cat /count; sleep 30');
  assert.is(await firstOutput(child), '1\n');
  child.kill('SIGKILL');
  await ended(child);
  assert.match(out('ps', '-a', '--filter', 'name=victim', '--format', '{{.Status}}'), /^Exited \(137\) /);
  assert.is(out('start', 'victim'), 'victim\n');
  for (let i = 0; i < 100 && !/2\n$/.test(out('logs', 'victim')); i++);
  assert.is(out('logs', 'victim'), '1\n2\n', 'what was synced is there');
  out('rm', '-f', 'victim');
});

test('prune', () => {
  out('create', '--name', 'stale', 'busybox', 'true');
  assert.match(wherry('container', 'prune', '-f').out, /^Deleted Containers:\n([0-9a-f]{64}\n)+\nTotal reclaimed space: [\d.]+k?B\n$/);
  assert.is(out('ps', '-aq'), '');
  assert.is(out('container', 'prune', '-f'), 'Total reclaimed space: 0B\n');
});

test('many at once: every one has its own name and none is lost', async () => {
  const children = Array.from({ length: 6 }, (_, i) => background('create', '--name', `many${i % 5}`, 'busybox', 'true'));
  const codes = await Promise.all(children.map(ended));
  assert.equal(codes.sort(), [0, 0, 0, 0, 0, 1]);
  assert.is(out('ps', '-a', '--format', '{{.Names}}').split('\n').filter(Boolean).sort().join(), 'many0,many1,many2,many3,many4');
});

test('labels and inspect', () => {
  writeFileSync(join(root, 'labels'), '# comment\na=b\n\nc\n');
  const id = out('create', '--name', 'labelled', '--label-file', join(root, 'labels'), '-l', 'd=e=f', 'busybox', 'sh', '-c', 'true').trim();
  assert.is(out('inspect', '-f', '{{json .Config.Labels}} {{.Path}} {{json .Args}} {{.Name}}', 'labelled'), '{"a":"b","c":"","d":"e=f"} sh ["-c","true"] /labelled\n');
  const [document] = JSON.parse(out('container', 'inspect', 'labelled')) as [{ Id: string; State: { Status: string; Pid: number }; Config: { Hostname: string; Image: string } }];
  assert.is(document.Id, id);
  assert.is(document.State.Status, 'created');
  assert.is(document.Config.Hostname, id.slice(0, 12));
  assert.is(document.Config.Image, 'busybox');
  assert.is(out('ps', '-aq', '--no-trunc', '--filter', 'label=d=e=f'), `${id}\n`);
  assert.is(out('ps', '-aq', '--filter', 'label=d=x'), '');
});

test('an image that a container uses stays', () => {
  const refused = wherry('rmi', 'busybox');
  assert.is(refused.code, 1);
  assert.match(refused.err, /unable to remove repository reference "busybox" \(must force\) - container [0-9a-f]{12} is using its referenced image/);
});

test('what a power cut left of a record is nobody, a damaged one is told', () => {
  const [empty, damaged] = ['e'.repeat(64), 'f'.repeat(64)].map((id) => join(root, 'containers', id)) as [string, string];
  mkdirSync(empty);
  writeFileSync(join(empty, 'config.json'), '');
  assert.is(wherry('ps', '-a').code, 0);
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'config.json'), '{"Id"');
  const { out: list, err } = wherry('ps', '-a');
  assert.match(list, /labelled/);
  assert.match(err, /containers\/f{64}\/config\.json is damaged: it is no container's configuration\n$/);
  for (const folder of [empty, damaged]) rmSync(folder, { recursive: true });
});

test.run();
