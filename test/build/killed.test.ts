// A build that is killed at any moment leaves whole steps and nothing that anybody sees; the next one goes on with them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = mkdtempSync(join(tmpdir(), 'wherry-killed-build-'));
const [root, context] = [join(folder, 'root'), join(folder, 'context')];
const argv = (words: readonly string[]): string[] => ['bin/wherry.mjs', '--root', root, ...words];

function wherry(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv(words), { encoding: 'utf8', timeout: 120_000 });
  assert.is(status, 0, `${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** Builds until so much was written, kills a moment later; the steps that were told as done. */
function killedAfter(bytes: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, argv(['build', '-t', 'img', context]), { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  return new Promise((done) => {
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (told.length > bytes) setTimeout(() => { child.kill('SIGKILL'); }, delayMs);
    });
    child.on('close', () => { done(told.split('\n').filter((line) => /^ ---> [0-9a-f]{12}$/.test(line)).length); });
  });
}

test.before(() => {
  wherry('load', '-q', '-i', 'images/busybox.tar');
  mkdirSync(context);
  for (const name of ['a', 'b']) writeFileSync(join(context, name), name.repeat(3_000_000));
  writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPY a /a\nRUN dd if=/dev/zero of=/z bs=1M count=8 2>/dev/null; cat /a /a > /aa\nENV X=y\nCOPY b /b\nRUN --mount=type=cache,target=/c echo x >> /c/log; cp /b /c/b; cp /c/b /bb\nWORKDIR /w\nRUN echo end > end\n');
});
test.after(() => { rmSync(folder, { recursive: true, force: true }); });

test('killed time after time', async () => {
  let least = 1;
  for (let i = 0; i < 8; i++) {
    least = Math.max(least, await killedAfter(60 + i * 90, (i * 7) % 40));
    // All that anybody sees is the base, or the whole image.
    const names = wherry('images', '-a', '--format', '{{.Repository}}').trim().split('\n').sort();
    assert.ok(['busybox', 'busybox img'].includes(names.join(' ')), names.join(' '));
  }
  const out = wherry('build', '-t', 'img', context);
  assert.ok(out.split('Using cache').length - 1 >= least - 1, `${least} steps were done before: ${out}`);
  assert.is(wherry('run', '--rm', 'img', 'sh', '-c', 'cat end; wc -c < /aa; wc -c < /bb; wc -c < /z'), 'end\n6000000\n3000000\n8388608\n');
  assert.equal(readdirSync(join(root, 'tmp')), []);
  wherry('builder', 'prune', '-af');
  wherry('rmi', 'img');
  assert.equal(readdirSync(join(root, 'build/steps')).length + (existsSync(join(root, 'build/running')) ? readdirSync(join(root, 'build/running')).length : 0), 0);
  assert.is(readdirSync(join(root, 'layers')).length, 1);
});

test.run();
