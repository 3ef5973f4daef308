// What goes into each image of the project, as data and a few lines of glue for what package scripts would have done.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closure, debs } from './debs.mjs';
import { programsLayer, servers } from './programs.mjs';
import { appletsOf, Tree } from './tree.mjs';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const accounts = {
  passwd: ['root:x:0:0:root:/root:/bin/sh', 'daemon:x:1:1:daemon:/usr/sbin:/bin/false', 'bin:x:2:2:bin:/bin:/bin/false', 'www-data:x:33:33:www-data:/var/www:/bin/false', 'nobody:x:65534:65534:nobody:/home:/bin/false'],
  group: ['root:x:0:', 'daemon:x:1:', 'bin:x:2:', 'tty:x:5:', 'disk:x:6:', 'www-data:x:33:', 'users:x:100:', 'nogroup:x:65534:'],
};

/** BusyBox: one static binary, a hard link for each applet, and the few files of /etc that programs look for. */
async function busybox({ cache }) {
  const [deb] = debs(['busybox-static'], join(cache, 'debs'));
  const tree = new Tree();
  const wanted = ['bin/', 'bin/busybox', 'usr/', 'usr/share/', 'usr/share/doc/', 'usr/share/doc/busybox-static/', 'usr/share/doc/busybox-static/copyright'];
  await tree.deb(deb, (path) => wanted.includes(path));
  for (const applet of applets(tree.content('bin/busybox'))) if (!tree.has(applet)) tree.link(applet, 'bin/busybox');
  for (const path of ['dev', 'proc', 'sys', 'etc', 'home', 'mnt', 'opt', 'run', 'var', 'var/www', 'var/spool', 'usr/sbin']) tree.directory(path);
  tree.directory('tmp', 0o1777).directory('var/tmp', 0o1777).directory('root', 0o700);
  tree.file('etc/passwd', `${accounts.passwd.join('\n')}\n`).file('etc/group', `${accounts.group.join('\n')}\n`).file('etc/shadow', 'root:*:::::::\n', 0o640);
  tree.file('etc/hosts', '127.0.0.1\tlocalhost\n').file('etc/nsswitch.conf', 'hosts: files dns\n').symlink('etc/mtab', '/proc/mounts').file('etc/shells', '/bin/sh\n/bin/ash\n');
  return { tags: ['busybox:latest'], layers: [await tree.tar()], config: { Env: [PATH], Cmd: ['sh'], WorkingDir: '/' }, gzipLayers: true };
}

function applets(binary) {
  const folder = mkdtempSync(join(tmpdir(), 'busybox-'));
  try {
    const path = join(folder, 'busybox');
    writeFileSync(path, binary, { mode: 0o755 });
    return appletsOf(path);
  } finally { rmSync(folder, { recursive: true }); }
}

const base = ['base-files', 'base-passwd', 'bash', 'busybox-static', 'bzip2', 'coreutils', 'dash', 'debianutils', 'diffutils', 'file', 'findutils', 'gawk', 'grep', 'gzip', 'hostname', 'less', 'libc-bin', 'login', 'mawk', 'ncurses-base',
  'ncurses-bin', 'passwd', 'procps', 'sed', 'tar', 'util-linux', 'xz-utils'];
const languages = ['bc', 'git', 'jq', 'lua5.4', 'm4', 'make', 'openssl', 'perl', 'python3', 'sqlite3', 'tcl8.6'];
/** In the closure only as alternatives, or for configuring packages. */
const unwanted = ['cdebconf', 'debconf', 'dpkg', 'init-system-helpers', 'install-info', 'libdebconfclient0', 'libdebian-installer4', 'libnewt0.52', 'libslang2', 'libtextwrap1', 'mime-support', 'original-awk', 'systemd',
  'systemd-standalone-sysusers', 'usr-is-merged', 'usrmerge'];

/** In the closure of the servers only as alternatives, or for starting and configuring them on a whole system. */
const unneeded = [...unwanted.filter((name) => name !== 'dpkg'), 'ca-certificates-java', 'fonts-croscore', 'fonts-dejavu-core', 'fonts-freefont-otf', 'fonts-freefont-ttf', 'fonts-liberation', 'fonts-liberation2', 'fonts-texgyre', 'fonts-urw-base35',
  'gpgv1', 'gpgv2', 'libelogind0', 'locales', 'locales-all', 'ssl-cert', 'ttf-bitstream-vera', 'ucf', 'x11-common', 'xfonts-encodings', 'xfonts-utils'];

const slim = (path) => !/^usr\/share\/(man|info|locale|lintian|bash-completion|menu|pixmaps|applications)\//.test(path) && !(/^usr\/share\/doc\//.test(path) && !/\/$|\/copyright$/.test(path));

/** Links that alternatives or maintainer scripts make. */
const glue = [['usr/bin/awk', 'mawk'], ['usr/bin/nawk', 'mawk'], ['usr/bin/lua', 'lua5.4'], ['usr/bin/which', 'which.debianutils'], ['usr/bin/pager', 'less'], ['usr/bin/python', 'python3'], ['usr/bin/sh', 'dash'],
  ['usr/bin/tclsh', 'tclsh8.6'], ['etc/mtab', '/proc/mounts']];

/** Debian: the programs of the tests, in three layers (base, languages, extras) of which the last takes something away. */
async function debian({ cache, root }) {
  const everything = closure([...base, ...languages], unwanted);
  const inBase = new Set(closure(base, unwanted));
  const files = debs(everything, join(cache, 'debs'));
  const first = new Tree({ merged: true });
  const second = new Tree({ merged: true });
  for (const top of ['bin', 'sbin', 'lib', 'lib64']) first.directory(`usr/${top}`).symlink(top, `usr/${top}`);
  for (const [i, name] of everything.entries()) await (inBase.has(name) ? first : second).deb(files[i], slim);
  for (const [path, target] of glue) if (!first.has(path) && !second.has(path)) (targetIn(second, path, target) ? second : first).symlink(path, target);
  debianFiles(first);
  compilePython(first, second);
  const third = extras(root, cache);
  first.file('var/lib/removed-by-a-later-layer', 'this file is hidden by a whiteout\n');
  third.file('var/lib/.wh.removed-by-a-later-layer', '');
  const layers = [];
  for (const tree of [first, second, third]) layers.push(await tree.tar());
  return { tags: ['debian:bookworm'], layers, config: { Env: [PATH], Cmd: ['bash'], WorkingDir: '/' }, first, packages: everything };
}

/** Servers, compilers and runtimes over the Debian image. */
async function programs({ cache, root }) {
  const below = await debian({ cache, root });
  const folder = join(cache, 'debs');
  const more = closure(servers, unneeded).filter((name) => !below.packages.includes(name));
  const packages = debs(more, folder);
  const installed = [...debs(below.packages, folder), ...packages];
  const tree = await programsLayer({ packages, installed, below: below.first, keep: slim, root, cache });
  return { tags: ['programs:latest'], layers: [...below.layers, await tree.tar()], config: below.config };
}

const targetIn = (tree, path, target) => tree.has(join(path, '..', target));

function debianFiles(tree) {
  tree.file('etc/passwd', tree.content('usr/share/base-passwd/passwd.master').toString().replace(/\*/g, 'x'));
  tree.file('etc/group', tree.content('usr/share/base-passwd/group.master').toString().replace(/:\*:/g, ':x:'));
  tree.file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n');
  tree.file('etc/hosts', '127.0.0.1\tlocalhost\n').file('etc/shells', '/bin/sh\n/bin/bash\n/bin/dash\n');
  for (const path of ['dev', 'proc', 'sys', 'run', 'mnt', 'media', 'opt', 'srv', 'home', 'tmp', 'root']) tree.directory(path);
  tree.entries.get('tmp').mode = 0o1777;
  tree.entries.get('root').mode = 0o700;
}

/** Rust programs of npm packages, static-PIE with musl. */
const rust = [['@biomejs/cli-linux-x64-musl@2.6.6', 'biome']];

/** Puts one program of an npm package under /opt. */
function npmProgram(tree, cache, spec, name) {
  const folder = join(cache, 'npm', name);
  if (!existsSync(join(folder, 'package', name))) {
    mkdirSync(folder, { recursive: true });
    const archive = execFileSync('npm', ['pack', '--silent', spec], { cwd: folder, encoding: 'utf8' }).trim();
    execFileSync('tar', ['-xzf', archive], { cwd: folder });
  }
  tree.hostFile(`opt/${name}`, join(folder, 'package', name));
}

/** What python3's package script does: compiles the standard library with the image's own interpreter, started through the image's own loader so that no root is needed. */
function compilePython(first, second) {
  const folder = mkdtempSync(join(tmpdir(), 'python-'));
  try {
    const wanted = (path) => /^usr\/lib\/(python3|x86_64-linux-gnu\/[^/]*\.so)/.test(path) || /^usr\/(bin\/python3\.\d+$|lib64\/)/.test(path) || path.startsWith('usr/share/python3/');
    for (const tree of [first, second]) tree.writeTo(folder, wanted);
    const libraries = join(folder, 'usr/lib/x86_64-linux-gnu');
    const program = readdirSync(join(folder, 'usr/bin')).find((name) => name.startsWith('python3.'));
    const library = `usr/lib/${program}`;
    const skipped = '/(test|idlelib|lib2to3|turtledemo|ensurepip|distutils)/';
    execFileSync(join(libraries, 'ld-linux-x86-64.so.2'), ['--library-path', libraries, join(folder, 'usr/bin', program), '-m', 'compileall', '-q', '-x', skipped, '-s', folder, '-p', '/', join(folder, library)],
      { env: { PYTHONHOME: join(folder, 'usr'), PYTHONHASHSEED: '0' }, stdio: ['ignore', 'inherit', 'inherit'] });
    for (const path of readdirSync(join(folder, library), { recursive: true })) if (path.endsWith('.pyc')) second.file(`${library}/${path}`, readFileSync(join(folder, library, path)));
  } finally { rmSync(folder, { recursive: true }); }
}

/** Programs that are not from Debian: the static Go program of npm's esbuild, one in Rust, and the bench programs where there is a C compiler. */
function extras(root, cache) {
  const tree = new Tree();
  const esbuild = join(root, 'node_modules/@esbuild/linux-x64/bin/esbuild');
  if (existsSync(esbuild)) tree.hostFile('opt/esbuild', esbuild);
  for (const [spec, name] of rust) npmProgram(tree, cache, spec, name);
  const sources = join(root, 'bench/kit/src');
  if (existsSync(sources) && hasGcc()) compile(sources, tree);
  const scripts = join(root, 'bench/kit');
  if (existsSync(scripts)) for (const file of readdirSync(scripts, { withFileTypes: true })) if (file.isFile()) tree.hostFile(`bench/${file.name}`, join(scripts, file.name));
  return tree;
}

const hasGcc = () => { try { execFileSync('gcc', ['--version'], { stdio: 'ignore' }); return true; } catch { return false; } };

function compile(sources, tree) {
  const folder = mkdtempSync(join(tmpdir(), 'kit-'));
  try {
    for (const name of readdirSync(sources).filter((n) => n.endsWith('.c'))) {
      const out = join(folder, name.slice(0, -2));
      try { execFileSync('gcc', ['-O2', '-static', '-fno-strict-aliasing', '-fwrapv', '-o', out, join(sources, name), '-lm', '-lpthread'], { stdio: 'pipe' }); } catch (error) {
        console.error(`images: ${name} does not compile, left out: ${String(error.stderr).split('\n')[0]}`);
        continue;
      }
      tree.hostFile(`bench/bin/${name.slice(0, -2)}`, out);
    }
  } finally { rmSync(folder, { recursive: true }); }
}

export const recipes = { busybox: { file: 'images/busybox.tar', make: busybox }, debian: { file: '.cache/images/debian.tar', make: debian }, programs: { file: '.cache/images/programs.tar', make: programs } };
