// Bundles src/ into dist/ for Node and the browser. `--if-missing` does nothing when dist/ is already there.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildHub } from './build-hub.mjs';

/** What memfs takes of Node, in a browser. It only names node:stream's classes. */
const nodeInBrowser = { 'node:buffer': 'buffer', 'node:path': 'path-browserify', 'node:events': 'events', 'node:stream': 'streamx', 'node:url': './src/host/browser/node-url.ts' };

/** What the page needs beside its bundles. */
const webFiles = [['src/web/index.html', 'index.html'], ['node_modules/@xterm/xterm/css/xterm.css', 'page.css'], ['images/busybox.tar', 'busybox.tar']];

const common = { bundle: true, format: 'esm', target: ['es2022'], sourcemap: 'linked', logLevel: 'warning', loader: { '.wasm': 'binary' } };

/** For Node the bundle is a script: V8 can be given what it compiled before, which it cannot for modules. Without blanks and comments it is read faster. */
const asScript = { minifyWhitespace: true, minifySyntax: true, format: 'cjs', define: { 'import.meta.url': 'wherryUrl' }, banner: { js: "const wherryUrl = require('node:url').pathToFileURL(__filename).href;" } };

/** A script cannot import: what is to be loaded late is bundled, or a module of Node's that is required. */
function demandNoImports() {
  const [found] = /\bimport\("[^"]*"\)/.exec(readFileSync('dist/node/wherry.cjs', 'utf8')) ?? [];
  if (found) throw new Error(`dist/node/wherry.cjs has a dynamic import: ${found}`);
}

/** Loads and runs a small image, so that V8 has compiled what every run needs, and keeps that beside the bundle. */
function keepCode() {
  const root = mkdtempSync(join(tmpdir(), 'wherry-build-'));
  const wherry = (args, env) => spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env: { ...process.env, WHERRY_ROOT: root, ...env }, encoding: 'utf8' });
  rmSync('dist/node/wherry.code', { force: true });
  wherry(['load', '-q', '-i', 'images/busybox.tar']);
  const { status, stderr } = wherry(['run', '--rm', 'busybox', 'sh', '-c', 'ls -l / | cat'], { WHERRY_KEEP_CODE: 'dist/node/wherry.code' });
  rmSync(root, { recursive: true, force: true });
  if (status !== 0) throw new Error(`the built command does not run: ${stderr}`);
}

if (!(process.argv.includes('--if-missing') && existsSync('dist/node/wherry.cjs'))) {
  await build({ ...common, ...asScript, entryPoints: ['src/cli/main.ts'], outfile: 'dist/node/wherry.cjs', platform: 'node' });
  demandNoImports();
  rmSync('dist/web', { recursive: true, force: true });
  await build({ ...common, entryPoints: ['src/web/page.ts', 'src/web/worker.ts'], outdir: 'dist/web', platform: 'browser', splitting: true, alias: nodeInBrowser });
  for (const [from, to] of webFiles) copyFileSync(from, `dist/web/${to}`);
  await buildHub(['dist/node/hub.wasm', 'dist/web/hub.wasm']);
  keepCode();
}
