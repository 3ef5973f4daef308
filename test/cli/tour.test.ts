// The README's tour, line by line, as it stands there: a user may believe it.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestRegistry } from '../registry/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-tour-'));
const env = { ...process.env, WHERRY_ROOT: join(folder, 'store'), DOCKER_CONFIG: join(folder, 'config'), PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };

/** A line of the tour, and what its output is to hold. */
interface Step { readonly line: string; readonly prints: string | undefined }

function stepsOf(readme: string): Step[] {
  const [, block = ''] = /^## A tour\n[^]*?```sh\n([^]*?)```/m.exec(readme) ?? [];
  return block.split('\n').filter((line) => line !== '').map((line) => {
    const [, command = '', prints] = /^(.*?)(?: +# (.*))?$/.exec(line) ?? [];
    return { line: command, prints: prints?.startsWith('for ') ? undefined : prints };
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const { port } = server.address() as { port: number };
  await new Promise((done) => { server.close(done); });
  return port;
}

/** What a shell makes of the line, in the test's folder. The registry runs in this process: it goes on meanwhile. */
async function shell(line: string): Promise<{ code: number | null; text: string }> {
  const child = spawn('sh', ['-c', line], { cwd: folder, env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { text += String(piece); });
  child.stdin.end();
  const code = await new Promise<number | null>((done) => { child.on('close', done); });
  return { code, text };
}

const steps = stepsOf(readFileSync('README.md', 'utf8'));
let registry: TestRegistry;
let port: number;

test.before(async () => {
  registry = await TestRegistry.start();
  port = await freePort();
  mkdirSync(join(folder, 'bin'));
  symlinkSync(resolve('images'), join(folder, 'images'));
  writeFileSync(join(folder, 'bin/npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${resolve('bin/wherry.mjs')}' "$@"\n`);
  // Not every machine has one.
  writeFileSync(join(folder, 'bin/curl'), `#!/bin/sh\nexec '${process.execPath}' -e 'fetch(process.argv[1]).then(async (answer) => process.stdout.write(await answer.text()))' "$2"\n`);
  for (const name of ['npx', 'curl']) chmodSync(join(folder, 'bin', name), 0o755);
});

test.after(async () => {
  await shell('npx wherry rm -f web');
  registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the tour has its stations', () => {
  const text = steps.map(({ line }) => line).join('\n');
  for (const verb of ['load', 'run', 'build', 'volume', 'commit', 'save', 'export', 'push', 'pull']) assert.match(text, `npx wherry ${verb} `);
});

/** A server that was started answers after a moment. */
const PATIENCE_MS = 60_000;

for (const { line, prints } of steps) {
  test(line, async () => {
    const here = (text: string): string => text.replaceAll('localhost:5000', registry.host).replaceAll('8080', String(port));
    const isAsked = line.startsWith('curl');
    let said = await shell(here(line));
    for (const start = Date.now(); isAsked && said.code !== 0 && Date.now() - start < PATIENCE_MS;) said = await shell(here(line));
    assert.is(said.code, 0, said.text);
    if (prints !== undefined) assert.ok(said.text.replace(/ +/g, ' ').includes(here(prints).replace(/ +/g, ' ')), said.text);
  });
}

test.run();
