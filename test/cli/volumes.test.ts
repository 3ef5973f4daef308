// Directories of the host, volumes and tmpfs as a user meets them: whole commands, with programs that run.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wherry-volumes-')));
const env = { ...process.env, WHERRY_ROOT: join(folder, 'store') };
const bin = resolve('bin/wherry.mjs');
const test = suite('volumes');

interface Outcome { code: number | null; out: string; err: string }
function wherry(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { env, encoding: 'utf8', timeout: 120_000, cwd: folder });
  return { code: status, out: stdout, err: stderr };
}
/** Standard output of a command that must go well. */
function out(...args: string[]): string {
  const { code, out: text, err } = wherry(...args);
  assert.is(code, 0, `${args.join(' ')}: ${text}${err}`);
  return text;
}
/** What a shell prints in a container with these mounts. */
const shell = (flags: readonly string[], script: string): string => out('run', '--rm', ...flags, 'busybox', 'sh', '-c', script);
const children: ChildProcess[] = [];
function background(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [bin, ...args], { env, cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}
const nextOutput = (child: ChildProcess): Promise<string> => new Promise((done) => { child.stdout!.once('data', (text) => done(String(text))); });
const ended = (child: ChildProcess): Promise<number | null> => new Promise((done) => { if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode); else child.once('exit', done); });

/** A shell in a container that is asked line by line. */
class Conversation {
  readonly #child: ChildProcess;
  #text = '';
  #heard = (): void => {};
  constructor(...flags: string[]) {
    this.#child = background('run', '--rm', '-i', ...flags, 'busybox', 'sh', '-c', 'while read line; do eval "$line"; echo END; done');
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.#text += text; this.#heard(); });
  }
  async ask(line: string): Promise<string> {
    this.#child.stdin!.write(`${line}\n`);
    while (!this.#text.endsWith('END\n')) await new Promise<void>((done) => { this.#heard = done; });
    const answer = this.#text.slice(0, -'END\n'.length);
    this.#text = '';
    return answer;
  }
  async end(): Promise<number | null> {
    const end = ended(this.#child);
    this.#child.stdin!.end();
    return end;
  }
}

/** A directory of the host of its own. */
function directory(name: string, files: Readonly<Record<string, string>> = {}): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}
const volumes = (): string[] => out('volume', 'ls', '-q').split('\n').filter(Boolean);

test.before(() => {
  out('load', '-q', '-i', resolve('images/busybox.tar'));
  const build = wherry('run', '--name', 'seed', 'busybox', 'sh', '-c', 'mkdir -p /data/sub /empty; echo one > /data/one; chown 33:44 /data/one; chmod 4750 /data/one; ln -s one /data/link; ln /data/one /data/two; mkfifo -m 600 /data/pipe; chmod 1777 /data; chown 7:8 /data');
  assert.is(build.code, 0, build.err);
  out('commit', '-c', 'VOLUME /data', '-c', 'VOLUME ["/empty"]', 'seed', 'seeded');
  out('rm', 'seed');
});
test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const id of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', id);
  rmSync(folder, { recursive: true });
});

test('a directory of the host is read and written, its owner is the container\'s root', () => {
  const path = directory('plain', { f: 'of the host\n' });
  const text = shell(['-v', `${path}:/d`], 'cat /d/f; echo of the container > /d/made; mkdir /d/sub; mv /d/f /d/sub/g; id -u; stat -c "%u:%g" /d');
  assert.is(text, 'of the host\n0\n0:0\n');
  assert.is(readFileSync(join(path, 'made'), 'utf8'), 'of the container\n');
  assert.equal(readdirSync(path).sort(), ['made', 'sub']);
  assert.is(readFileSync(join(path, 'sub/g'), 'utf8'), 'of the host\n');
  assert.is(statSync(join(path, 'made')).uid, process.getuid!(), 'what the container\'s root makes is ours');
});

test('read-only, by -v and by --mount', () => {
  const path = directory('kept', { f: 'x\n' });
  for (const flags of [['-v', `${path}:/d:ro`], ['--mount', `type=bind,src=${path},dst=/d,readonly`]]) {
    const { code, err } = wherry('run', '--rm', ...flags, 'busybox', 'sh', '-c', 'cat /d/f >/dev/null && touch /d/new');
    assert.is(code, 1);
    assert.match(err, /touch: \/d\/new: Read-only file system/);
  }
  const { err } = wherry('run', '--rm', '-v', `${path}:/d:ro`, 'busybox', 'sh', '-c', 'echo y >> /d/f; rm /d/f; chmod 0 /d/f; mv /d/f /d/g; mkdir /d/x; ln /d/f /d/l; mount -o remount,rw /d');
  assert.is(err.match(/Read-only file system/g)?.length, 6, err);
  assert.equal(readdirSync(path), ['f']);
  assert.is(readFileSync(join(path, 'f'), 'utf8'), 'x\n');
});

test('single files, new mount points, paths from here, a missing directory', () => {
  const path = directory('one', { f: 'single\n' });
  assert.is(shell(['-v', `${path}/f:/new/place/x`], 'cat /new/place/x; echo more >> /new/place/x; ls -l /new/place | wc -l'), 'single\n2\n');
  assert.is(readFileSync(join(path, 'f'), 'utf8'), 'single\nmore\n');
  assert.is(shell(['-v', './one:/d', '--mount', 'type=bind,src=./one/f,dst=/e'], 'cat /d/f /e'), 'single\nmore\nsingle\nmore\n');
  shell(['-v', `${folder}/made/by/it:/d`], 'touch /d/x');
  assert.ok(existsSync(join(folder, 'made/by/it/x')));
  const missing = wherry('run', '--rm', '--mount', `type=bind,src=${folder}/nope,dst=/d`, 'busybox', 'true');
  assert.is(missing.code, 125);
  assert.match(missing.err, new RegExp(`^wherry: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: ${folder}/nope\n`));
  assert.not.ok(existsSync(join(folder, 'nope')));
  for (const [source, target] of [[path, '/etc/passwd'], [`${path}/f`, '/etc']]) {
    const wrong = wherry('run', '--rm', '-v', `${source}:${target}`, 'busybox', 'true');
    assert.is(wrong.code, 125);
    assert.match(wrong.err, new RegExp(`error mounting "${source}" to rootfs at "${target}": mount ${source}:${target}: not a directory: unknown: Are you trying to mount a directory onto a file \\(or vice-versa\\)\\? Check if the specified host path exists and is the expected type\n`));
  }
  for (const target of ['/proc', '/proc/self/x']) assert.match(wherry('run', '--rm', '-v', `${path}:${target}`, 'busybox', 'true').err, new RegExp(`"${target}" cannot be mounted because it is inside /proc: unknown\n`));
  assert.is(shell(['-v', `${path}/f:/proc/cpuinfo`], 'cat /proc/cpuinfo; ls /proc/self/fd | wc -l'), 'single\nmore\n4\n');
  assert.equal(wherry('ps', '-aq').out, '', 'nothing is left of them');
});

test('users are those of the mounted files', () => {
  const path = directory('users', { passwd: 'root:x:0:0:root:/root:/bin/sh\nme:x:1234:1235::/home/me:/bin/sh\n', group: 'root:x:0:\nmine:x:1235:\nmore:x:77:me\n' });
  assert.is(out('run', '--rm', '-v', `${path}/passwd:/etc/passwd:ro`, '-v', `${path}/group:/etc/group`, '-u', 'me', 'busybox', 'sh', '-c', 'id; echo $HOME'), 'uid=1234(me) gid=1235(mine) groups=1235(mine),77(more)\n/home/me\n');
});

test('links in a directory of the host lead nowhere but into the container', () => {
  const secret = directory('secret', { key: 'secret\n' });
  const path = directory('shared');
  symlinkSync(join(secret, 'key'), join(path, 'absolute'));
  symlinkSync('../secret/key', join(path, 'relative'));
  symlinkSync(secret, join(path, 'directory'));
  symlinkSync('/etc/hostname', join(path, 'inside'));
  const { out: text, err } = wherry('run', '--rm', '-h', 'guest', '-v', `${path}:/d`, 'busybox', 'sh', '-c', 'cat /d/absolute /d/relative /d/directory/key; ls /d/directory/; echo x > /d/directory/new; echo x > /d/absolute; cat /d/../d/../../../etc/hostname; cat /d/inside; ls /d/..| grep -c secret');
  assert.is(text, 'guest\nguest\n0\n');
  assert.is(err.match(/No such file or directory|nonexistent directory/g)?.length, 6, err);
  assert.equal(readdirSync(secret), ['key']);
  assert.is(readFileSync(join(secret, 'key'), 'utf8'), 'secret\n');
});

test('what the host changes while a container runs is seen, and the other way round', async () => {
  const path = directory('live', { f: 'first' });
  const guest = new Conversation('-v', `${path}:/d`);
  assert.is(await guest.ask('cat /d/f; echo'), 'first\n');
  writeFileSync(join(path, 'f'), 'second, and longer');
  assert.is(await guest.ask('cat /d/f; echo'), 'second, and longer\n');
  rmSync(join(path, 'f'));
  writeFileSync(join(path, 'g'), '');
  assert.is(await guest.ask('ls /d'), 'g\n');
  mkdirSync(join(path, 'new'));
  assert.is(await guest.ask('cd /d/new && touch here && ls'), 'here\n');
  assert.ok(existsSync(join(path, 'new/here')));
  assert.is(await guest.end(), 0);
});

test('set-id bits, devices, pipes and owners stay inside', () => {
  const path = directory('modes');
  const look = 'cd /d; stat -c "%a %u:%g %F" f p n; cat f';
  assert.is(shell(['-v', `${path}:/d`], `cd /d; echo x > f; chown 12:34 f; chmod 6755 f; mkfifo p; mknod n c 1 3; chown 5:6 n; ${look}`), '6755 12:34 regular file\n644 0:0 fifo\n644 5:6 character special file\nx\n');
  assert.is(shell(['-v', `${path}:/d`], look), '6755 12:34 regular file\n644 0:0 fifo\n644 5:6 character special file\nx\n');
  for (const name of ['f', 'p', 'n']) assert.ok(lstatSync(join(path, name)).isFile(), `${name} is a plain file on the host`);
  assert.is(lstatSync(join(path, 'f')).mode & 0o7777, 0o755);
});

test('volumes keep what containers wrote, whoever wrote it', () => {
  assert.is(shell(['-v', 'kept:/v'], 'echo data > /v/f; chown 33:44 /v/f; chmod 640 /v/f; mkdir /v/sub; ln -s f /v/l; touch -d @1000000000 /v/sub; ls /v'), 'f\nl\nsub\n');
  assert.is(shell(['-v', 'kept:/other:ro'], 'cd /other; stat -c "%n %a %u:%g" f l sub; stat -c %Y sub; cat l'), 'f 640 33:44\nl 777 0:0\nsub 755 0:0\n1000000000\ndata\n');
  assert.ok(volumes().includes('kept'));
  const { err, code } = wherry('volume', 'rm', 'kept', 'nope');
  assert.is(code, 1);
  assert.is(err, 'Error response from daemon: get nope: no such volume\n');
  assert.not.ok(volumes().includes('kept'));
});

test('an empty volume begins with what the image has there; one that is not empty stays as it is', () => {
  const look = 'cd /data; stat -c "%n %a %u:%g %F %h" . one link two pipe sub; cat two';
  const seen = '. 1777 7:8 directory 3\none 4750 33:44 regular file 2\nlink 777 0:0 symbolic link 1\ntwo 4750 33:44 regular file 2\npipe 600 0:0 fifo 1\nsub 755 0:0 directory 2\none\n';
  assert.is(out('run', '--rm', '-v', 'seedvol:/data', 'seeded', 'sh', '-c', look), seen);
  out('run', '--rm', '-v', 'seedvol:/data', 'seeded', 'sh', '-c', 'rm -r /data/*; echo new > /data/one');
  assert.is(out('run', '--rm', '-v', 'seedvol:/data', 'seeded', 'sh', '-c', 'ls /data; cat /data/one'), 'one\nnew\n');
  assert.is(out('run', '--rm', '-v', 'bare:/data:nocopy', 'seeded', 'ls', '/data'), '');
  assert.is(out('run', '--rm', '--mount', 'type=volume,dst=/data,volume-nocopy', 'seeded', 'ls', '/data'), '');
  out('create', '--name', 'user', '-v', 'bare:/v', 'busybox', 'stat', '-c', '%a %u:%g', '/v');
  assert.is(out('run', '--rm', '-v', 'bare:/data', 'seeded', 'sh', '-c', look), seen, 'another container has it');
  assert.is(out('start', '-a', 'user'), '1777 7:8\n');
  out('rm', 'user');
  out('volume', 'rm', 'seedvol', 'bare');
});

test('volumes without a name: made for VOLUME and -v PATH, removed by --rm and rm -v, kept by rm', () => {
  const before = volumes();
  assert.is(out('run', '--rm', '-v', '/more', 'seeded', 'sh', '-c', 'ls /data | wc -l; mount | grep -c "/data\\|/empty\\|/more"'), '5\n3\n');
  assert.equal(volumes(), before);
  assert.is(wherry('run', '--rm', 'seeded', 'nosuchprogram').code, 127);
  assert.equal(volumes(), before, 'a start that failed leaves none');
  assert.is(wherry('create', '--name', 'bad name', 'seeded').code, 1);
  assert.equal(volumes(), before, 'nor does a container that could not be made');
  out('run', '--name', 'anon', '-v', 'named:/n', 'seeded', 'sh', '-c', 'echo kept > /empty/x; echo kept > /n/x');
  assert.is(volumes().length, before.length + 3);
  assert.is(out('run', '--rm', '--volumes-from', 'anon:ro', 'busybox', 'sh', '-c', 'cat /empty/x /n/x; ls /data | wc -l; touch /empty/y || echo no').replace(/touch.*/, ''), 'kept\nkept\n5\nno\n');
  assert.is(volumes().length, before.length + 3, 'the other\'s volumes stay');
  out('rm', '-v', 'anon');
  assert.equal(volumes(), [...before, 'named'].sort());
  out('create', '--name', 'again', 'seeded');
  out('rm', 'again');
  assert.is(volumes().length, before.length + 3);
  assert.match(out('volume', 'prune', '-f'), /^Deleted Volumes:\n[0-9a-f]{64}\n[0-9a-f]{64}\n\nTotal reclaimed space: 4B\n$/);
  assert.match(out('volume', 'prune', '-a', '-f'), /^Deleted Volumes:\nnamed\n\nTotal reclaimed space: 5B\n$/);
});

test('one volume in two containers at once', async () => {
  const guest = new Conversation('-v', 'both:/v');
  assert.is(await guest.ask('echo mine > /v/a; chown 5:6 /v/a; echo done'), 'done\n');
  assert.is(shell(['-v', 'both:/w'], 'cat /w/a; stat -c %u:%g /w/a; chown 7:8 /w/a; echo yours >> /w/a; touch /w/b; chmod 4711 /w/b'), 'mine\n5:6\n');
  assert.is(await guest.ask('cat /v/a; stat -c "%a %u:%g" /v/a /v/b'), 'mine\nyours\n644 7:8\n4711 0:0\n');
  assert.match(wherry('volume', 'rm', '-f', 'both').err, /^Error response from daemon: remove both: volume is in use - \[[0-9a-f]{64}\]\n$/);
  await guest.end();
  out('volume', 'rm', 'both');
});

test('what was written survives the death of the container\'s process', async () => {
  const child = background('run', '--name', 'dies', '-v', 'dead:/v', 'busybox', 'sh', '-c', 'cat /v/f 2>/dev/null && exit; echo x > /v/f; chown 9:9 /v/f; echo ready; sleep 1000');
  await nextOutput(child);
  const end = ended(child);
  child.kill('SIGKILL');
  await end;
  assert.is(out('start', '-a', 'dies'), 'x\n');
  assert.is(shell(['-v', 'dead:/v'], 'stat -c %u:%g /v/f'), '9:9\n');
  out('rm', 'dies');
  out('volume', 'rm', 'dead');
});

test('start and restart have the same mounts; cp goes into volumes; diff, export and commit do not', () => {
  const path = directory('again', { f: 'bind\n' });
  out('create', '--name', 'lasting', '-v', 'lastvol:/v', '-v', `${path}:/b`, '--tmpfs', '/t', 'busybox', 'sh', '-c', 'cat /v/* /b/*; ls /t; touch /t/x');
  writeFileSync(join(folder, 'put'), 'copied\n');
  out('cp', join(folder, 'put'), 'lasting:/v/put');
  out('cp', join(folder, 'put'), 'lasting:/b/put');
  assert.is(readFileSync(join(path, 'put'), 'utf8'), 'copied\n');
  assert.is(out('start', '-a', 'lasting'), 'copied\nbind\ncopied\n');
  assert.is(out('start', '-a', 'lasting'), 'copied\nbind\ncopied\n', 'a tmpfs is empty each time');
  out('cp', 'lasting:/v/put', join(folder, 'got'));
  assert.is(readFileSync(join(folder, 'got'), 'utf8'), 'copied\n');
  assert.is(out('diff', 'lasting'), 'A /b\nA /t\nA /v\n');
  const tar = spawnSync(process.execPath, [bin, 'export', 'lasting'], { env, maxBuffer: 1 << 28 }).stdout;
  const names = execFileSync('tar', ['t'], { input: tar, encoding: 'utf8' }).split('\n');
  assert.ok(names.includes('v/') && !names.includes('v/put') && !names.includes('b/f'));
  out('rm', 'lasting');
  out('create', '--name', 'sealed', '-v', 'lastvol:/v:ro', '--read-only', 'busybox');
  assert.is(wherry('cp', join(folder, 'put'), 'sealed:/v/put2').err, 'Error response from daemon: mounted volume is marked read-only\n');
  assert.is(wherry('cp', join(folder, 'put'), 'sealed:/put2').err, 'Error response from daemon: container rootfs is marked read-only\n');
  out('rm', 'sealed');
  out('volume', 'rm', 'lastvol');
});

test('tmpfs: sizes, modes, owners; the root file system read-only', () => {
  assert.is(shell(['--tmpfs', '/a', '--tmpfs', '/b:size=1m,mode=750,uid=5,gid=7,exec', '--mount', 'type=tmpfs,dst=/c,tmpfs-size=64k,tmpfs-mode=1770', '--tmpfs', '/root'],
    'stat -c "%n %a %u:%g" /a /b /c /root; df /b /c | awk \'{print $2}\'; grep -c "^tmpfs /[abc] tmpfs rw,nosuid,nodev" /proc/mounts; grep -c "/b tmpfs.*noexec" /proc/mounts; head -c 100000 /dev/zero > /c/f; ls -l /c | wc -l'),
  '/a 1777 0:0\n/b 750 5:7\n/c 1770 0:0\n/root 700 0:0\n1K-blocks\n1024\n64\n3\n0\n2\n');
  const { out: text, err } = wherry('run', '--rm', '--read-only', '--tmpfs', '/t', '-v', 'rovol:/v', 'busybox', 'sh', '-c', 'touch /x; touch /etc/hosts; echo a >> /etc/hostname; touch /t/x /v/x /dev/shm/x && echo written; grep -c "^[^ ]* / .* ro,"  /proc/mounts');
  assert.is(text, 'written\n1\n');
  assert.is(err.match(/Read-only file system/g)?.length, 3, err);
  for (const [options, words] of [['bad', /invalid tmpfs option \["bad"\]/], ['size=x', /error mounting "tmpfs" to rootfs at "\/t": .*size=x: invalid argument/]] as const) {
    const wrong = wherry('run', '--rm', '--tmpfs', `/t:${options}`, 'busybox', 'true');
    assert.is(wrong.code, 125);
    assert.match(wrong.err, words);
  }
  out('volume', 'rm', 'rovol');
});

test('volumes with options: tmpfs, a directory of the host; what cannot be mounted says so', () => {
  const path = directory('device', { f: 'there\n' });
  out('volume', 'create', '-o', 'type=none', '-o', `device=${path}`, '-o', 'o=bind', 'bound');
  assert.is(shell(['-v', 'bound:/v'], 'cat /v/f; touch /v/x'), 'there\n');
  assert.ok(existsSync(join(path, 'x')));
  out('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m,uid=5', 'memory');
  assert.is(shell(['-v', 'memory:/v'], 'df /v | tail -n 1 | awk \'{print $2}\'; touch /v/x'), '1024\n');
  out('volume', 'create', '-o', 'type=nfs', '-o', 'device=:/x', '-o', 'o=addr=1.2.3.4', 'remote');
  const wrong = wherry('run', '--rm', '-v', 'remote:/v', 'busybox', 'true');
  assert.is(wrong.code, 125);
  assert.match(wrong.err, /error while mounting volume '.*\/volumes\/remote\/_data': failed to mount local volume: mount :\/x:/);
  out('volume', 'rm', 'bound', 'memory', 'remote');
  assert.ok(existsSync(join(path, 'f')), 'the directory is the user\'s');
});

test('a directory of a volume, never one outside', () => {
  shell(['-v', 'parts:/v'], 'mkdir -p /v/a/b; touch /v/a/b/f; ln -s /etc /v/out; ln -s a /v/in');
  const mounted = (path: string): Outcome => wherry('run', '--rm', '--mount', `type=volume,src=parts,dst=/m,volume-subpath=${path}`, 'busybox', 'ls', '/m');
  assert.equal(mounted('a/b'), { code: 0, out: 'f\n', err: '' });
  assert.equal(mounted('in/b'), { code: 0, out: 'f\n', err: '' });
  for (const [path, code, words] of [['out', 127, 'cannot access path'], ['nope', 127, 'cannot access path'], ['../x', 125, 'must be a relative path within the volume'], ['/a', 125, 'must be a relative path within the volume']] as const) {
    const { code: got, err } = mounted(path);
    assert.is(got, code, err);
    assert.ok(err.includes(words), err);
  }
  out('volume', 'rm', 'parts');
  const events = out('events', '--since', '1h', '--until', '0s', '--filter', 'type=volume', '--filter', 'volume=parts', '--format', '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.driver}}').split('\n').filter(Boolean);
  assert.equal([...new Set(events)], ['create', 'mount', 'unmount', 'destroy'].map((action) => `${action} parts local`));
});

/** A user of the host who is not root. */
const OTHER = 54321;
const isRoot = process.getuid!() === 0;
const canBeOther = isRoot && spawnSync(process.execPath, [bin, '--version'], { uid: OTHER, gid: OTHER, cwd: '/' }).status === 0;
if (!canBeOther) console.log(isRoot ? 'another user cannot read the build: nothing is tried as one' : 'not root: all of this was tried as a user without rights');
else {
  test('a user without rights has the same: owners, modes, devices and what others may read', () => {
    const home = directory('home');
    execFileSync('chmod', ['711', folder]);
    const mine = join(home, 'mine');
    const theirs = directory('theirs', { open: 'open\n', shut: 'shut\n' });
    mkdirSync(mine);
    execFileSync('chmod', ['600', join(theirs, 'shut')]);
    execFileSync('chown', ['-R', `${OTHER}:${OTHER}`, home]);
    const as = (...args: string[]): Outcome => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { env: { ...env, HOME: home, WHERRY_ROOT: join(home, 'store') }, encoding: 'utf8', timeout: 120_000, cwd: home, uid: OTHER, gid: OTHER });
      return { code: status, out: stdout, err: stderr };
    };
    const busybox = join(folder, 'busybox.tar');
    writeFileSync(busybox, readFileSync('images/busybox.tar'));
    assert.is(as('load', '-q', '-i', busybox).code, 0);
    const made = as('run', '--rm', '-v', './mine:/d', '-v', 'own:/v', 'busybox', 'sh', '-c', 'for at in /d /v; do cd $at; echo x > f; chown 33:44 f; chmod 4640 f; mknod n c 1 3; mkdir -m 0 shut; touch shut/in; chmod 1777 .; su -s /bin/sh daemon -c "echo y > theirs; chmod 0 theirs"; stat -c "%n %a %u:%g" f n shut theirs; cat theirs; done');
    const seen = 'f 4640 33:44\nn 644 0:0\nshut 0 0:0\ntheirs 0 1:1\ny\n';
    assert.equal(made, { code: 0, out: seen.replace('y\n', '') + seen, err: 'touch: shut/in: Permission denied\ncat: can\'t open \'theirs\': Permission denied\n' }, 'in a directory of the host its own rights hold, in a volume the container\'s');
    assert.equal(as('run', '--rm', '-v', './mine:/d:ro', '-v', 'own:/v', 'busybox', 'sh', '-c', 'cd /v; cat f theirs; ls shut; rm -r /v/*; stat -c "%a %u:%g" /d/f'), { code: 0, out: 'x\ny\nin\n4640 33:44\n', err: '' });
    for (const name of readdirSync(mine)) assert.is(lstatSync(join(mine, name)).uid, OTHER, name);
    const read = as('run', '--rm', '-v', `${theirs}:/t`, 'busybox', 'sh', '-c', 'stat -c %u:%g /t/open; cat /t/open; cat /t/shut; echo z > /t/new; echo z > /t/open');
    assert.is(read.out, '65534:65534\nopen\n');
    assert.is(read.err.match(/Permission denied/g)?.length, 3, read.err);
    const forbidden = as('run', '--rm', '-v', `${folder}/store/x:/t`, 'busybox', 'true');
    assert.is(forbidden.code, 126, forbidden.err);
    assert.match(forbidden.err, /error while creating mount source path '.*\/store\/x': (?:mkdir|stat) .*: permission denied/);
  });
}

test('many processes make and remove volumes at once', async () => {
  const all = Array.from({ length: 6 }, (_, i) => background('run', '--rm', '-v', 'race:/data', '-v', `own${i}:/own`, 'seeded', 'sh', '-c', `ls /data | wc -l; echo ${i} > /own/x`));
  const lines = await Promise.all(all.map(nextOutput));
  await Promise.all(all.map(ended));
  assert.equal(new Set(lines), new Set(['5\n']), 'each sees the image\'s files, all of them');
  assert.equal(volumes(), [...Array.from({ length: 6 }, (_, i) => `own${i}`), 'race'].sort());
  const removers = ['race', ...Array.from({ length: 6 }, (_, i) => `own${i}`)].map((name) => background('volume', 'rm', name));
  assert.equal(await Promise.all(removers.map(ended)), removers.map(() => 0));
  assert.equal(volumes(), []);
});

test.run();
