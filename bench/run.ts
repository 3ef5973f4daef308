// The benchmark table: each workload natively, under qemu-user where installed, and in Wherry, in turn within one run; figures are ratios of CPU time.
//   npm run bench [-- --reps 3] [--only sieve,lua] [--level stores]
// The workloads come from the test image `debian:bookworm` (npm run test-images), unpacked beside it for the native runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median, ms, option, printTable, time as timeOf, type Timing } from './timing.ts';

interface Workload { readonly name: string; readonly argv: readonly string[]; readonly group: 'static' | 'program' | 'memory' | 'start' }

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
  { name: 'syscalls_5M', group: 'static', argv: shell('/bench/bin/syscalls 5000000; true') },
  { name: 'chase_16M', group: 'memory', argv: b('chase', '16384', '6000000') },
  { name: 'chase_1M', group: 'memory', argv: b('chase', '1024', '30000000') },
  { name: 'memcpy_32M', group: 'memory', argv: b('memcpy', '32', '20') },
  { name: 'lua_fib34', group: 'program', argv: ['/usr/bin/lua5.4', '/bench/fib.lua', '34'] },
  { name: 'python_fib_obj ×15', group: 'program', argv: ['/usr/bin/python3', '-c', 'code = open("/bench/pyst.py").read()\nfor i in range(15): exec(code, {})'] },
  { name: 'sqlite_mem_500k', group: 'program', argv: shell('sed s/100000/500000/ /bench/ins.sql | /usr/bin/sqlite3 :memory:') },
  { name: 'start_true', group: 'start', argv: ['/bin/busybox', 'true'] },
  { name: 'start_python_pass', group: 'start', argv: ['/usr/bin/python3', '-c', 'pass'] },
  { name: 'forkexec_500', group: 'start', argv: shell('i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done') },
];

const reps = Number(option('reps') ?? 3);
const only = option('only')?.split(',');
const level = option('level') ?? 'stores';
const image = 'debian:bookworm';
const archive = resolve('.cache/images/debian.tar');
const rootFolder = resolve('.cache/bench/rootfs');
const storeFolder = resolve('.cache/bench/store');
const time = (argv: readonly string[]): Timing => timeOf(argv, { WHERRY_ROOT: storeFolder });

/** What --stats said of a run: instructions and regions translated, modules, bytes a guest instruction, and the milliseconds it took. */
function translation(err: string): { instructions: number; modules: number; bytes: number; ms: number } {
  const [, instructions = '0', modules = '0'] = /translated (\d+) instructions in \d+ regions, (\d+) modules/.exec(err) ?? [];
  const [, bytes = '0', ms = '0'] = /WebAssembly (\d+) bytes.*took ([\d.]+) ms/.exec(err) ?? [];
  return { instructions: Number(instructions), modules: Number(modules), bytes: Number(bytes), ms: Number(ms) };
}

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
const ours = (argv: readonly string[]): string[] => [process.execPath, 'bin/wherry.mjs', 'run', '--rm', '-i', '--stats', `--level=${level}`, image, ...argv];

/** All runs of one workload, the columns in turn. The first run of ours begins without kept translations. */
function measure(w: Workload): { native: Timing[]; qemu: Timing[]; ours: Timing[] } {
  const runs = { native: [] as Timing[], qemu: [] as Timing[], ours: [] as Timing[] };
  rmSync(join(storeFolder, 'cache'), { recursive: true, force: true });
  for (let r = 0; r < reps; r++) {
    runs.native.push(time(native(w.argv)));
    runs.ours.push(time(ours(w.argv)));
    if (qemu && w.group === 'static') runs.qemu.push(time(underQemu(w.argv)));
  }
  return runs;
}

function main(): void {
  if (!existsSync(archive)) { console.error('bench: build the test images first: npm run test-images'); process.exit(1); }
  if (process.getuid?.() !== 0) { console.error('bench: the native column needs root (chroot)'); process.exit(1); }
  prepareRoot();
  execFileSync(process.execPath, ['bin/wherry.mjs', 'load', '-q', '-i', archive], { stdio: 'ignore', env: { ...process.env, WHERRY_ROOT: storeFolder } });
  const node = median(Array.from({ length: 5 }, () => time([process.execPath, '-e', '0']).wallMs));
  console.log(`CPU time of whole processes (all threads), median of ${reps}, level ${level}; × is the ratio to native in the same run. "first" begins without kept translations. node -e 0 takes ${ms(node)} ms.`);
  const heading = ['workload', 'native ms', 'qemu ×', 'wherry ×', 'first ×', 'wall ms', 'first wall', 'same output', 'instructions', 'modules', 'bytes/insn', 'k insn/s'];
  const rows: string[][] = [heading];
  const ratios: number[] = [];
  for (const w of workloads) {
    if (only && !only.some((o) => w.name.includes(o))) continue;
    const runs = measure(w);
    const cpu = (timings: readonly Timing[]): number => median(timings.map((t) => t.cpuMs));
    const base = cpu(runs.native);
    const ratio = cpu(runs.ours) / base;
    if (w.group === 'static') ratios.push(ratio);
    const t = translation(runs.ours[0]!.err);
    rows.push([w.name, ms(base), runs.qemu.length ? (cpu(runs.qemu) / base).toFixed(2) : '-', ratio.toFixed(2), (runs.ours[0]!.cpuMs / base).toFixed(2), ms(median(runs.ours.map((o) => o.wallMs))), ms(runs.ours[0]!.wallMs),
      runs.ours.every((o) => o.out === runs.native[0]!.out) ? 'yes' : 'NO', String(t.instructions), String(t.modules), t.instructions ? (t.bytes / t.instructions).toFixed(1) : '-', t.ms ? (t.instructions / t.ms).toFixed(0) : '-']);
    process.stderr.write(`${w.name} ${ratio.toFixed(2)}\n`);
  }
  printTable(rows);
  if (ratios.length) console.log(`geometric mean of the static CPU workloads: ${Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / ratios.length).toFixed(2)} × native`);
}

main();
