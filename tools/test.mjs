// Bundles test/**/*.test.ts with esbuild and runs each file in a process of its own; arguments are substrings that choose files. --tools runs test/**/*.tools.ts instead: slow round trips through other tools; --programs runs test/**/*.programs.ts: real servers, compilers and runtimes.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const kind = process.argv.slice(2).find((word) => ['--tools', '--programs'].includes(word))?.slice(2) ?? 'test';
const wanted = process.argv.slice(2).filter((word) => word !== `--${kind}`);
const files = readdirSync('test', { recursive: true }).map(String).filter((f) => f.endsWith(`.${kind}.ts`)).sort()
  .filter((f) => wanted.length === 0 || wanted.some((w) => f.includes(w)));
if (files.length === 0) { console.error(`no test file matches ${wanted.join(' ')}`); process.exit(1); }

const out = `.cache/test-${process.pid}`;
mkdirSync(out, { recursive: true });
await build({
  entryPoints: files.map((f) => join('test', f)), outdir: out, outbase: 'test', bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external',
  outExtension: { '.js': '.mjs' }, sourcemap: 'inline', logLevel: 'warning', loader: { '.wasm': 'binary' },
});

let passed = 0; let failed = 0;
const queue = [...files];

/** Runs one test file in its own process. uvu prints `Total: n` and `Passed: n`; a file without them, or over its time, counts as failed. */
function runFile(file) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', join(out, file.replace(/\.ts$/, '.mjs'))], { env: { ...process.env, FORCE_COLOR: '0' } });
    let text = '';
    child.stdout.on('data', (d) => { text += d; });
    child.stderr.on('data', (d) => { text += d; });
    const timer = setTimeout(() => { text += `\n${file}: still running after 10 minutes\n`; child.kill('SIGKILL'); }, 600_000);
    child.on('close', (code) => {
      clearTimeout(timer);
      const total = Number(/Total:\s+(\d+)/.exec(text)?.[1] ?? 0);
      const good = Number(/Passed:\s+(\d+)/.exec(text)?.[1] ?? 0);
      const bad = code === 0 && total > 0 ? total - good : Math.max(1, total - good);
      passed += good; failed += bad;
      console.log(`${bad ? 'FAIL' : 'ok  '} ${file} (${good}/${total}, ${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (bad) console.log(text);
      done();
    });
  });
}

async function worker() { for (let file = queue.shift(); file; file = queue.shift()) await runFile(file); }
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
rmSync(out, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
