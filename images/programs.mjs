// The image of servers, compilers and runtimes: the Debian image and one layer more, with what the packages' scripts would have done.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debs } from './debs.mjs';
import { Tree } from './tree.mjs';

/** What the programs' tests run, beside what the Debian image has. */
export const servers = ['apt', 'curl', 'dpkg', 'gcc', 'iproute2', 'libc6-dev', 'lsof', 'nginx', 'nodejs', 'openjdk-17-jre-headless', 'openssh-client', 'php-cli', 'postgresql-15', 'psmisc', 'python3-pip', 'python3-venv', 'redis-server', 'redis-tools', 'strace', 'tmux', 'vim-tiny'];

/** Links that alternatives make. */
const alternatives = [['usr/bin/cc', 'gcc'], ['usr/bin/java', '../lib/jvm/java-17-openjdk-amd64/bin/java'], ['usr/bin/php', 'php8.2'], ['usr/bin/vi', 'vim.tiny'], ['usr/bin/vim', 'vim.tiny'], ['usr/bin/editor', 'vim.tiny']];

/** Accounts that package scripts make: name, id of user and group, home. */
const accounts = [['_apt', 100, '/nonexistent'], ['postgres', 101, '/var/lib/postgresql'], ['redis', 102, '/var/lib/redis']];

/** The layer: `packages` are the .deb files that the Debian image does not have, `installed` all that the package manager is told of. */
export async function programsLayer({ packages, installed, below, keep, root, cache }) {
  const tree = new Tree({ merged: true });
  for (const deb of packages) await tree.deb(deb, keep);
  for (const [path, target] of alternatives) if (!tree.has(path)) tree.symlink(path, target);
  addAccounts(tree, below);
  for (const path of ['run/postgresql', 'run/redis', 'var/lib/redis', 'var/log/redis', 'var/cache/apt/archives/partial', 'var/lib/apt/lists/partial', 'var/log/apt']) tree.directory(path);
  for (const path of ['run/postgresql', 'var/lib/postgresql']) Object.assign(tree.directory(path).entries.get(path), { uid: 101, gid: 101 });
  packageDatabase(tree, installed);
  javaClass(tree, root);
  goProgram(tree, root, cache);
  return tree;
}

function addAccounts(tree, below) {
  const lines = (path, made) => tree.file(path, `${below.content(path).toString().trimEnd()}\n${made.join('\n')}\n`);
  lines('etc/passwd', accounts.map(([name, id, home]) => `${name}:x:${id}:${id}::${home}:/bin/sh`));
  lines('etc/group', accounts.map(([name, id]) => `${name}:x:${id}:`));
}

/** dpkg's state: every package as installed, with the list of its files (whose first is the root, as `/.`). */
function packageDatabase(tree, files) {
  const controls = files.map((file) => execFileSync('dpkg-deb', ['-f', file], { encoding: 'utf8' }).trimEnd());
  const names = (field) => controls.flatMap((control) => fieldOf(control, field)?.split(', ') ?? []).map(nameOf);
  const known = new Set([...names('Package'), ...names('Provides')]);
  for (const [i, control] of controls.entries()) {
    const name = fieldOf(control, 'Multi-Arch') === 'same' ? `${fieldOf(control, 'Package')}:${fieldOf(control, 'Architecture')}` : fieldOf(control, 'Package');
    tree.file(`var/lib/dpkg/info/${name}.list`, listOf(files[i]));
  }
  tree.file('var/lib/dpkg/status', `${controls.map((control) => statusOf(control, known)).sort().join('\n\n')}\n`).file('var/lib/dpkg/available', '').file('var/lib/dpkg/info/format', '1\n');
  for (const path of ['var/lib/dpkg/updates', 'var/lib/dpkg/triggers', 'var/lib/dpkg/alternatives']) tree.directory(path);
}

const fieldOf = (control, name) => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1];
const nameOf = (dependency) => /[^ :(]+/.exec(dependency)[0];

/** A package's paragraph. What it says of packages that the image leaves out is left out too: apt-get installs nothing while dependencies are unmet. */
function statusOf(control, known) {
  return control.replace(/^Package: .*$/m, '$&\nStatus: install ok installed')
    .replace(/^(Recommends|Suggests|Enhances|Conflicts|Breaks): .*\n/gm, '')
    .replace(/^((?:Pre-)?Depends): (.*)\n/gm, (_, field, all) => {
      const met = all.split(', ').filter((group) => group.split(' | ').some((one) => known.has(nameOf(one))));
      return met.length > 0 ? `${field}: ${met.join(', ')}\n` : '';
    });
}

function listOf(file) {
  const names = execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', file], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return names.split('\n').filter(Boolean).map((name) => name.replace(/^\.\/?/, '/').replace(/(.)\/$/, '$1').replace(/^\/$/, '/.')).join('\n') + '\n';
}

/** The class file of a hello world, where there is a Java compiler. */
function javaClass(tree, root) {
  const folder = mkdtempSync(join(tmpdir(), 'java-'));
  try {
    execFileSync('javac', ['--release', '17', '-d', folder, join(root, 'test/programs-image/Hello.java')], { stdio: 'pipe' });
    tree.hostFile('opt/java/Hello.class', join(folder, 'Hello.class'), 0o644);
  } catch (error) { console.error(`images: no Hello.class: ${String(error.message).split('\n')[0]}`); } finally { rmSync(folder, { recursive: true }); }
}

/** A static program of Go, compiled with Debian's Go compiler from its packages, which need not be installed. */
function goProgram(tree, root, cache) {
  const home = join(cache, 'go');
  if (!existsSync(join(home, 'usr'))) {
    mkdirSync(home, { recursive: true });
    for (const deb of debs(['golang-1.19-go', 'golang-1.19-src'], join(cache, 'debs'))) execFileSync('dpkg-deb', ['-x', deb, home]);
  }
  const folder = mkdtempSync(join(tmpdir(), 'go-'));
  try {
    writeFileSync(join(folder, 'main.go'), readFileSync(join(root, 'test/programs-image/server.go')));
    execFileSync(join(home, 'usr/lib/go-1.19/bin/go'), ['build', '-trimpath', '-ldflags=-s -w', '-o', join(folder, 'server'), 'main.go'], {
      cwd: folder, stdio: ['ignore', 'inherit', 'inherit'],
      env: { PATH: process.env.PATH, HOME: folder, GOROOT: goRoot(home), GOCACHE: join(home, 'cache'), GO111MODULE: 'off', CGO_ENABLED: '0', GOFLAGS: '' },
    });
    tree.hostFile('opt/goserver', join(folder, 'server'));
  } finally { rmSync(folder, { recursive: true }); }
}

/** GOROOT as the packages lay it out, with the links that lead to absolute paths made to lead into the folder. */
function goRoot(home) {
  const at = join(home, 'root');
  if (!existsSync(at)) {
    mkdirSync(at);
    for (const [name, from] of [['bin', 'lib'], ['pkg', 'lib'], ['src', 'share'], ['VERSION', 'lib']]) execFileSync('cp', ['-rL', join(home, 'usr', from, 'go-1.19', name), join(at, name)]);
  }
  return at;
}
