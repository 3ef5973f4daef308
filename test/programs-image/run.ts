// Runs a row's shell script in a container of the programs' image through the command line, within its time limit.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

export interface Program {
  readonly name: string;
  /** What bash runs, as root in an empty /tmp/w. */
  readonly script: string;
  /** Its standard output, or what that must match. */
  readonly output: string | RegExp;
  /** Its time limit on a machine with nothing else to do. */
  readonly seconds: number;
  /** A file the image must have: what could not be made when it was built is left out, and says so. */
  readonly needs?: string;
}

/** Words of the command line choose rows when a file is run by itself. */
const chosen = process.argv.slice(2);

const archive = '.cache/images/programs.tar';
const wherry = 'bin/wherry.mjs';
/** A folder with the image's files: the rows run there instead, on this machine's Linux (as root), to see what they should print. */
const native = process.env['WHERRY_PROGRAMS_NATIVE'];
const env = { ...process.env, WHERRY_ROOT: process.env['WHERRY_PROGRAMS_ROOT'] ?? '.cache/programs-store' };

/** Loads the archive once for its size and time. */
function loadImage(): void {
  if (native !== undefined || process.env['WHERRY_PROGRAMS_ROOT']) return;
  const { size, mtimeMs } = statSync(archive);
  const stamp = `${size} ${mtimeMs}`;
  const said = `${env.WHERRY_ROOT}/loaded-archive`;
  if (existsSync(said) && readFileSync(said, 'utf8') === stamp) return;
  mkdirSync(env.WHERRY_ROOT, { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [wherry, 'load', '-q', '-i', archive], { env, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  writeFileSync(said, stamp);
}

/** Limits stretch with what else the machine does: a busy one is no reason to fail. */
const stretched = (seconds: number): number => Math.round(seconds * Math.max(1, loadavg()[0]! / availableParallelism()));

interface Ended { readonly code: number | null; readonly stdout: string; readonly stderr: string; readonly late: boolean }

function runScript(script: string, seconds: number): Promise<Ended> {
  return new Promise((resolve) => {
    const shell = ['bash', '-c', `rm -rf /tmp/w && mkdir -p /tmp/w && cd /tmp/w\n${script}`];
    const command = native === undefined ? [process.execPath, wherry, 'run', '--rm', '-i', 'programs', ...shell] : ['chroot', native, ...shell];
    const child = spawn(command[0]!, command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (said: string) => { text[stream] += said; });
    let late = false;
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, seconds * 1000);
    child.on('close', (code) => { clearTimeout(timer); resolve({ code, ...text, late }); });
  });
}

/** One test a row; the seconds of each are printed. */
export function testPrograms(programs: readonly Program[]): void {
  if (native === undefined && !existsSync(archive) && !process.env['WHERRY_PROGRAMS_ROOT']) {
    console.log(`${archive} is not there (node images/build.mjs programs needs Debian's package tools): the programs were not run`);
    test('left out', () => {});
    return test.run();
  }
  test.before(loadImage);
  for (const row of programs.filter(({ name }) => chosen.length === 0 || chosen.some((word) => name.includes(word)))) test(row.name, async () => { console.log(await runRow(row)); });
  test.run();
}

async function runRow({ name, script, output, seconds, needs }: Program): Promise<string> {
  const started = Date.now();
  const guard = needs === undefined ? '' : `[ -e ${needs} ] || { echo "not in the image: ${needs}"; exit 0; }\n`;
  const { code, stdout, stderr, late } = await runScript(guard + script, stretched(seconds));
  if (needs !== undefined && stdout === `not in the image: ${needs}\n`) return `   left out  ${name}: ${stdout.trim()}`;
  const told = `exit code ${code}${late ? `, killed after its time` : ''}\n--- stdout\n${stdout}--- stderr\n${stderr}`;
  if (typeof output === 'string') assert.is(stdout, output, told); else assert.match(stdout, output, told);
  assert.is(code, 0, told);
  return `${((Date.now() - started) / 1000).toFixed(1).padStart(9)} s  ${name}`;
}
