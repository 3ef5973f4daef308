// cp against recordings of docker's (tools/record-copies.py): exit code, errors and both trees after each copy; tars in and out, times, a container that runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';

type Case = [words: string, code: number, err: string, host: string[], container: string[]];
interface Recording { host: string; container: string; everywhereHost: string[]; everywhereContainer: string[]; cases: Case[] }
const recording = JSON.parse(readFileSync('test/cli/copies.json', 'utf8')) as Recording;
const project = resolve('.');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wherry-cp-')));
const root = join(folder, 'root');

async function wherry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    env: { WHERRY_ROOT: root }, out: (text) => { out += text; }, err: (text) => { err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined,
  };
  return { code: await runLine(args, terminal), out, err };
}

test.before(async () => {
  await wherry('load', '-q', '-i', 'images/busybox.tar');
  assert.is((await wherry('run', '--name', 'setup', 'busybox', 'sh', '-c', recording.container)).code, 0);
  assert.is((await wherry('commit', 'setup', 'source')).code, 0);
});
test.after(() => {
  process.chdir(project);
  rmSync(folder, { recursive: true });
});

function hostTree(): string[] {
  const lines = execFileSync('sh', ['-c', 'find * -printf "%p %y %m %s %l\\n" | LC_ALL=C sort'], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.replace(/^(\S+ d \S+) \d+/, '$1 -')).filter((line) => !recording.everywhereHost.includes(line));
}

async function containerTree(): Promise<string[]> {
  const file = join(folder, 'out.tar');
  assert.is((await wherry('export', '-o', file, 'cc')).code, 0);
  const lines = execFileSync('tar', ['tvf', file, '--numeric-owner'], { encoding: 'utf8' }).trim().split('\n').map((line) => { const words = line.split(/\s+/); return [...words.slice(0, 3), ...words.slice(5)].join(' '); });
  return lines.filter((line) => !/^(bin|sbin|usr|dev|var|linuxrc)(\/|$)/.test(line.split(' ')[3]!) && !recording.everywhereContainer.includes(line)).sort();
}

/** A directory with the files that every copy starts with, which is the current one, and a new container. */
async function prepare(): Promise<string> {
  const here = mkdtempSync(join(folder, 'case-'));
  process.chdir(here);
  spawnSync('sh', ['-c', recording.host]);
  await wherry('rm', '-f', 'cc');
  assert.is((await wherry('create', '--name', 'cc', 'source', 'true')).code, 0);
  return here;
}

for (const [words, code, err, host, container] of recording.cases) {
  test(`cp ${words}`, async () => {
    const here = await prepare();
    const result = await wherry('cp', ...words.split(' ').map((word) => word.replace(/^c:/, 'cc:')));
    assert.is(result.err.replaceAll(here, '$HERE'), err);
    assert.is(result.code, code);
    assert.equal(hostTree(), host);
    assert.equal(await containerTree(), container);
  });
}

const command = (args: readonly string[], input?: Buffer): { code: number | null; out: Buffer; err: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'bin/wherry.mjs'), ...args], { env: { ...process.env, WHERRY_ROOT: root }, ...(input ? { input } : {}), timeout: 60_000 });
  return { code: status, out: stdout, err: String(stderr) };
};

test('times and modes come along', async () => {
  await prepare();
  await wherry('cp', 'cc:/src/a', 'o/a');
  assert.is(statSync('o/a').mtimeMs, Date.parse('2001-02-03T04:05:06Z'));
  await wherry('cp', 'o/a', 'cc:/back');
  await wherry('cp', 'cc:/back', 'o/b');
  assert.is(statSync('o/b').mtimeMs, statSync('o/a').mtimeMs);
});

test('- is a tar', async () => {
  await prepare();
  const { out, code } = command(['cp', 'cc:/src', '-']);
  assert.is(code, 0);
  assert.equal(String(spawnSync('tar', ['tf', '-'], { input: out }).stdout).trim().split('\n').sort(), ['src/', 'src/a', 'src/e/', 'src/hard', 'src/sub/', 'src/sub/b']);
  assert.equal(command(['cp', '-', 'cc:/home'], out), { code: 0, out: Buffer.alloc(0), err: '' });
  assert.ok((await containerTree()).includes('-rw-r--r-- 0/0 2 home/src/sub/b'));
  assert.match(command(['cp', '-', 'cc:/src/a'], out).err, /must be a directory\n$/);
  const bad = command(['cp', '-', 'cc:/home'], Buffer.alloc(1024, 1));
  assert.is(bad.code, 1);
  assert.match(bad.err, /^[^\n]+\n$/);
});

test('a container that runs sees what comes in, and gives what it has written', async () => {
  await prepare();
  assert.is(command(['run', '-d', '--name', 'running', 'source', 'sh', '-c', 'while [ ! -e /go/f ]; do sleep 0.1; done; cat /go/f > /came; sleep 30']).code, 0);
  writeFileSync('h/f', 'news');
  assert.is((await wherry('cp', 'h', 'running:/go')).err, '');
  let came = '';
  for (let i = 0; i < 100 && came !== 'news'; i++) {
    await wherry('cp', 'running:/came', 'o/came');
    try { came = readFileSync('o/came', 'utf8'); } catch { /* not yet */ }
  }
  assert.is(came, 'news');
  assert.is((await wherry('rm', '-f', 'running')).code, 0);
});

test.run();
