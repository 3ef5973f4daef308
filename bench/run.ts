// The benchmark table: each workload natively, under qemu-user where installed, and in Wherry, in turn within one run; figures are ratios of CPU time.
//   npm run bench [-- --reps 3] [--only sieve,lua] [--level stores]
// The workloads come from the test image `debian:bookworm` (npm run test-images), unpacked beside it for the native runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Workload { readonly name: string; readonly argv: readonly string[]; readonly group: 'static' | 'program' | 'memory' | 'start'; readonly stdin?: string }

const b = (program: string, ...args: string[]): string[] => [`/bench/bin/${program}`, ...args];
const shell = (line: string): string[] => ['/bin/busybox', 'sh', '-c', line];

const workloads: readonly Workload[] = [
  { name: 'sieve', group: 'static', argv: b('sieve', '4000000', '40') },
  { name: 'qsort', group: 'static', argv: b('qsort', '6000000') },
  { name: 'sha256_256MB', group: 'static', argv: b('sha256', '256') },
  { name: 'calls', group: 'static', argv: b('calls', '41') },
  { name: 'vm', group: 'static', argv: b('vm', '30000000') },
  { name: 'nbody', group: 'static', argv: b('nbody', '10000000') },
  { name: 'spectral', group: 'static', argv: b('spectral', '3200') },
  { name: 'mandel', group: 'static', argv: b('mandel', '3600') },
  { name: 'stream_16M', group: 'static', argv: b('stream', '16', '60') },
  { name: 'simd', group: 'static', argv: b('simd', '600000') },
  { name: 'syscalls_1M', group: 'static', argv: b('syscalls', '5000000') },
  { name: 'chase_16M', group: 'memory', argv: b('chase', '16384', '6000000') },
  { name: 'chase_1M', group: 'memory', argv: b('chase', '1024', '30000000') },
  { name: 'memcpy_32M', group: 'memory', argv: b('memcpy', '32', '20') },
  { name: 'lua_fib34', group: 'program', argv: ['/usr/bin/lua5.4', '/bench/fib.lua', '34'] },
  { name: 'python_fib_obj', group: 'program', argv: ['/usr/bin/python3', '/bench/pyst.py'] },
  { name: 'sqlite_mem_100k', group: 'program', argv: shell('/usr/bin/sqlite3 :memory: < /bench/ins.sql') },
  { name: 'start_true', group: 'start', argv: ['/bin/busybox', 'true'] },
  { name: 'start_python_pass', group: 'start', argv: ['/usr/bin/python3', '-c', 'pass'] },
  { name: 'forkexec_500', group: 'start', argv: shell('i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done') },
];

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const reps = Number(option('reps') ?? 3);
const only = option('only')?.split(',');
const level = option('level') ?? 'stores';
const image = 'debian:bookworm';
const archive = resolve('.cache/images/debian.tar');
const rootFolder = resolve('.cache/bench/rootfs');

/** CPU and wall milliseconds of one run of a command, by the operating system's accounting of a finished child (bash's times). */
function time(argv: readonly string[], stdin?: string): { cpuMs: number; wallMs: number; out: string } {
  const timed = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S %R"; { time "$@" 2>&3; } 3>/dev/null', 'time', ...argv], { encoding: 'utf8', input: stdin ?? '', maxBuffer: 1 << 26, timeout: 600_000 });
  const [user = NaN, system = NaN, real = NaN] = timed.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { cpuMs: (user + system) * 1000, wallMs: real * 1000, out: timed.stdout.slice(0, 200) };
}

const median = (values: readonly number[]): number => [...values].sort((x, y) => x - y)[values.length >> 1]!;

/** Unpacks the image once, so that the very same programs run natively (chroot as root, else through the image's own ld.so). */
function prepareRoot(): void {
  if (existsSync(join(rootFolder, 'bench/bin'))) return;
  mkdirSync(rootFolder, { recursive: true });
  const unpacked = mkdtempSync(join(tmpdir(), 'wherry-bench-'));
  execFileSync('tar', ['-xf', archive, '-C', unpacked]);
  const manifest = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')) as { Layers: string[] }[];
  for (const layer of manifest[0]!.Layers) execFileSync('tar', ['-xf', join(unpacked, layer), '-C', rootFolder, '--exclude=dev/*']);
  rmSync(unpacked, { recursive: true });
}

const native = (argv: readonly string[]): string[] => ['chroot', rootFolder, ...argv];
const qemu = spawnSync('which', ['qemu-x86_64-static'], { encoding: 'utf8' }).stdout.trim();
const underQemu = (argv: readonly string[]): string[] => [qemu, '-L', rootFolder, join(rootFolder, argv[0]!), ...argv.slice(1).map((a) => (a.startsWith('/bench/') ? join(rootFolder, a) : a))];
const ours = (argv: readonly string[]): string[] => [process.execPath, 'bin/wherry.mjs', 'run', '--rm', '-i', `--level=${level}`, image, ...argv];

function main(): void {
  if (!existsSync(archive)) { console.error('bench: build the test images first: npm run test-images'); process.exit(1); }
  if (process.getuid?.() !== 0) { console.error('bench: the native column needs root (chroot)'); process.exit(1); }
  prepareRoot();
  execFileSync(process.execPath, ['bin/wherry.mjs', 'load', '-q', '-i', archive], { stdio: 'ignore' });
  console.log(`CPU time of whole processes, median of ${reps}, level ${level}; node -e 0: ${median(Array.from({ length: 5 }, () => time([process.execPath, '-e', '0']).wallMs)).toFixed(0)} ms wall`);
  console.log('workload            native ms   qemu ×   wherry × (first)   wherry wall ms   same output');
  const ratios: number[] = [];
  for (const w of workloads) {
    if (only && !only.some((o) => w.name.includes(o))) continue;
    const cells = { native: [] as number[], qemu: [] as number[], ours: [] as number[], wall: [] as number[] };
    let same = true;
    for (let r = 0; r < reps; r++) {
      const n = time(native(w.argv));
      const o = time(ours(w.argv));
      cells.native.push(n.cpuMs); cells.ours.push(o.cpuMs); cells.wall.push(o.wallMs);
      same &&= n.out === o.out;
      if (qemu && w.group === 'static') cells.qemu.push(time(underQemu(w.argv)).cpuMs);
    }
    const ratio = median(cells.ours) / median(cells.native);
    if (w.group === 'static') ratios.push(ratio);
    const q = cells.qemu.length ? (median(cells.qemu) / median(cells.native)).toFixed(2) : '-';
    console.log(`${w.name.padEnd(18)} ${median(cells.native).toFixed(0).padStart(10)} ${q.padStart(8)} ${ratio.toFixed(2).padStart(8)} (${(cells.ours[0]! / cells.native[0]!).toFixed(2)}) ${median(cells.wall).toFixed(0).padStart(14)}   ${same ? 'yes' : 'NO'}`);
  }
  if (ratios.length) console.log(`geometric mean of the static CPU workloads: ${Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / ratios.length).toFixed(2)} × native`);
}

main();
