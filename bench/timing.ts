// Timing of whole processes, medians, and tables of figures: what the benchmarks share.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Timing { readonly cpuMs: number; readonly wallMs: number; readonly status: number; readonly out: string; readonly err: string }

/** A folder for what a benchmark writes, removed when the process ends. */
export function scratchFolder(inside = tmpdir()): string {
  const folder = mkdtempSync(join(inside, 'wherry-bench-'));
  process.on('exit', () => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

const errors = join(scratchFolder(), 'stderr');

/** CPU and wall milliseconds of one run of a command, by the operating system's accounting of a finished child (bash's times). */
export function time(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Timing {
  const timed = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S %R"; { time "$@" 2>&3; } 3>"$ERRORS"', 'time', ...argv],
    { encoding: 'utf8', input: '', maxBuffer: 1 << 26, timeout: 600_000, env: { ...process.env, ...env, ERRORS: errors } });
  const [user = NaN, system = NaN, real = NaN] = timed.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { cpuMs: (user + system) * 1000, wallMs: real * 1000, status: timed.status ?? -1, out: timed.stdout.slice(0, 200), err: readFileSync(errors, 'utf8') };
}

export const median = (values: readonly number[]): number => [...values].sort((x, y) => x - y)[values.length >> 1]!;

export const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

export const percent = (ratio: number): string => `${(ratio * 100).toFixed(0)} %`;

/** Runs of several commands in turn; each key's timings in order. Throws when one fails. */
export function inTurn<K extends string>(reps: number, commands: Readonly<Record<K, () => Timing>>): Record<K, Timing[]> {
  const keys = Object.keys(commands) as K[];
  const runs = Object.fromEntries(keys.map((key) => [key, [] as Timing[]])) as Record<K, Timing[]>;
  for (let r = 0; r < reps; r++) for (const key of keys) {
    const timing = commands[key]();
    if (timing.status !== 0) throw new Error(`${key} ended with ${timing.status}: ${timing.err.slice(0, 500)}`);
    runs[key].push(timing);
  }
  return runs;
}

/** The median of wall time, in milliseconds. */
export const wall = (timings: readonly Timing[]): number => median(timings.map((t) => t.wallMs));

/** The median of CPU time, in milliseconds. */
export const cpu = (timings: readonly Timing[]): number => median(timings.map((t) => t.cpuMs));

/** Prints rows under their heading: the first column to the left, the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ').trimEnd());
}

/** The value of `--name VALUE` on the command line. */
export const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
