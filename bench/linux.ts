// What programs know of Linux: `npm run bench:linux -- --image NAME` [--reps 3] [--only getpid,pipe]. Each row runs the same shell script in a chroot of the image and in Wherry, in turn; scripts take their own time, so that a container's start is no part of it.
// The image is one of WHERRY_ROOT's store (or the default one) that has the programs; rows whose programs it lacks are left out and named.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { median, option, printTable, scratchFolder } from './timing.ts';

interface Row {
  readonly name: string;
  readonly unit: string;
  /** Programs of the image. */
  readonly needs: readonly string[];
  /** Its last line of output is the figure. */
  readonly script: string;
  /** What the printed figure is divided by. */
  readonly per?: number;
  /** Figures that grow with speed (requests per second). */
  readonly more?: boolean;
  /** The most it may be, in its unit. */
  readonly goal?: number;
}

const timed = (command: string): string => `begin=$(date +%s%N); ${command}; end=$(date +%s%N); echo $((end - begin))`;
const redis = (which: string): string => `redis-server --port 7777 --save '' --daemonize yes >/dev/null; sleep 1
redis-benchmark -p 7777 -c 10 -n 20000 -t ${which} --csv | tail -1 | cut -d'"' -f4; redis-cli -p 7777 shutdown nosave >/dev/null 2>&1; true`;
const redisFigure = (which: string): string => `value=$(${redis(which)}); echo "$value"`;

const rows: readonly Row[] = [
  { name: 'getpid', unit: 'µs', needs: [], per: 1000, goal: 0.7, script: './calls getpid 2000000' },
  { name: 'pipe ping-pong', unit: 'µs', needs: [], per: 1000, goal: 10, script: './calls pipe 50000' },
  { name: 'fork+exec+wait, static', unit: 'ms', needs: [], per: 1e6, goal: 6, script: './calls spawn 200 ./tiny-static' },
  { name: 'fork+exec+wait, dynamic', unit: 'ms', needs: [], per: 1e6, goal: 12, script: './calls spawn 200 ./tiny-dynamic' },
  { name: 'redis SET, 10 clients', unit: 'requests/s', needs: ['redis-server', 'redis-benchmark'], more: true, script: redisFigure('set') },
  { name: 'redis GET, 10 clients', unit: 'requests/s', needs: ['redis-server', 'redis-benchmark'], more: true, script: redisFigure('get') },
  { name: 'nginx, curl, 500 requests', unit: 'ms', needs: ['nginx', 'curl'], per: 1e6, script: `mkdir -p www; head -c 10000 calls > www/f; chmod -R a+rx /tmp/bench
printf 'error_log /dev/null; pid /tmp/bench/pid; events {} http { access_log off; server { listen 8099; root /tmp/bench/www; } }' > nginx.conf; nginx -c /tmp/bench/nginx.conf
${timed('curl -s -o /dev/null "http://127.0.0.1:8099/f?[1-500]"')}; kill $(cat pid)` },
  { name: 'git clone, 5 MB', unit: 'ms', needs: ['git'], per: 1e6, script: `export HOME=/tmp/bench; git init -q from; cd from; for i in 1 2 3 4 5 6 7 8 9 10; do head -c 500000 /dev/urandom > file$i; done
git add .; git -c user.name=a -c user.email=a@b commit -q -m one; cd ..; ${timed('git clone -q file:///tmp/bench/from to')}` },
  { name: 'make, 13 C files', unit: 'ms', needs: ['make', 'gcc'], per: 1e6, script: `mkdir p; cd p; sh ../project.sh; ${timed('make -s')}; ` },
  { name: 'compileall of the standard library', unit: 'ms', needs: ['python3'], per: 1e6, script: `cp -r /usr/lib/python3.* . && ${timed('python3 -m compileall -q -f . >/dev/null 2>&1')}` },
];

const reps = Number(option('reps') ?? 3);
const only = option('only')?.split(',');
const image = option('image') ?? 'programs';
const scratch = scratchFolder(resolve('.cache'));

const wherry = (args: readonly string[]): string => execFileSync(process.execPath, ['bin/wherry.mjs', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });

/** The image's tree on this machine, unpacked once from `save`: what the native column runs in. */
function nativeRoot(): string {
  const given = option('root-folder');
  if (given) return resolve(given);
  const id = wherry(['inspect', '--format', '{{.Id}}', image]).trim();
  const folder = resolve('.cache/bench', createHash('sha256').update(id).digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  const saved = join(scratch, 'saved');
  mkdirSync(`${saved}/root`, { recursive: true });
  wherry(['save', '-o', `${saved}/image.tar`, image]);
  execFileSync('tar', ['-xf', `${saved}/image.tar`, '-C', saved]);
  const [manifest] = JSON.parse(readFileSync(`${saved}/manifest.json`, 'utf8')) as { Layers: string[] }[];
  for (const layer of manifest!.Layers) execFileSync('tar', ['-xf', join(saved, layer), '-C', `${saved}/root`, '--exclude=dev/*']);
  mkdirSync(resolve('.cache/bench'), { recursive: true });
  renameSync(`${saved}/root`, folder);
  return folder;
}

/** The programs and scripts as one tar, which every run unpacks from its standard input. */
function packKit(): Buffer {
  const kit = join(scratch, 'kit');
  cpSync('bench/kit/linux', kit, { recursive: true });
  const compile = (output: string, source: string, ...more: string[]): void => { execFileSync('gcc', ['-O2', '-o', join(kit, output), join(kit, source), ...more]); };
  compile('calls', 'calls.c', '-static');
  compile('tiny-static', 'tiny.c', '-static');
  compile('tiny-dynamic', 'tiny.c');
  return execFileSync('tar', ['-cf', '-', '-C', kit, '.'], { maxBuffer: 1 << 26 });
}

const TIMEOUT_MS = 300_000;

/** One run of a script: its figure, or what went wrong. */
function run(command: readonly string[], row: Row, kit: Buffer): number | string {
  const line = `mkdir -p /tmp/bench && cd /tmp/bench && tar -xf - && { ${row.script}\n}`;
  const done = spawnSync(command[0]!, [...command.slice(1), '/bin/sh', '-c', line], { input: kit, encoding: 'utf8', timeout: TIMEOUT_MS, killSignal: 'SIGKILL', env: { ...process.env, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' } });
  const figure = Number(done.stdout.trim().split('\n').at(-1));
  if (done.status === 0 && figure > 0) return figure / (row.per ?? 1);
  return done.error ? done.error.message : `status ${done.status}: ${(done.stderr.trim() || done.stdout.trim()).split('\n').at(-1)}`;
}

const show = (value: number): string => (value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** One line of the table: medians of both, and how many times slower ours is. */
function measure(row: Row, root: string, kit: Buffer): string[] {
  const figures: { native: number[]; ours: number[] } = { native: [], ours: [] };
  for (let i = 0; i < reps; i++) {
    rmSync(join(root, 'tmp/bench'), { recursive: true, force: true });
    for (const [column, command] of [['native', ['chroot', root]], ['ours', [process.execPath, 'bin/wherry.mjs', 'run', '--rm', '-i', image]]] as const) {
      const figure = run(command, row, kit);
      if (typeof figure === 'string') return [row.name, row.unit, `${column} failed: ${figure}`];
      figures[column].push(figure);
    }
  }
  const [native, ours] = [median(figures.native), median(figures.ours)];
  return [row.name, row.unit, show(native), show(ours), show(Math.min(...figures.ours)), show(row.more ? native / ours : ours / native), row.goal === undefined ? '' : `≤ ${row.goal}`];
}

function main(): void {
  if (process.getuid?.() !== 0) { console.error('bench: the native column needs root (chroot)'); process.exit(1); }
  const root = nativeRoot();
  const kit = packKit();
  if (!existsSync(join(root, 'dev/null'))) { mkdirSync(join(root, 'dev'), { recursive: true }); for (const [name, minor] of [['null', 3], ['zero', 5], ['random', 8], ['urandom', 9]] as const) spawnSync('mknod', ['-m', '666', join(root, 'dev', name), 'c', '1', String(minor)]); }
  const has = (program: string): boolean => ['usr/bin', 'usr/sbin', 'bin', 'sbin', 'usr/local/bin'].some((folder) => existsSync(join(root, folder, program)));
  const table = [['row', 'unit', 'native', 'wherry', 'best', '× slower', 'goal']];
  for (const row of rows.filter(({ name }) => !only || only.some((o) => name.includes(o)))) {
    const missing = row.needs.filter((program) => !has(program));
    const line = missing.length ? [row.name, row.unit, `left out: no ${missing.join(', ')}`] : measure(row, root, kit);
    process.stderr.write(`${line.join('  ')}\n`);
    table.push(line);
  }
  console.log(`medians of ${reps} runs in turn; image ${image}`);
  printTable(table);
}

main();
