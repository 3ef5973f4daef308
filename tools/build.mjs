// Bundles src/ into dist/ for Node and the browser. `--if-missing` does nothing when dist/ is already there.
import { copyFileSync, existsSync } from 'node:fs';
import { build } from 'esbuild';
import { buildHub } from './build-hub.mjs';

const entries = [
  { in: 'src/cli/main.ts', out: 'dist/node/wherry', platform: 'node' },
  { in: 'src/web/page.ts', out: 'dist/web/page', platform: 'browser' },
  { in: 'src/web/worker.ts', out: 'dist/web/worker', platform: 'browser' },
];

/** What the page needs beside its bundles. */
const webFiles = [['src/web/index.html', 'index.html'], ['node_modules/@xterm/xterm/css/xterm.css', 'page.css'], ['images/busybox.tar', 'busybox.tar']];

const common = { bundle: true, format: 'esm', target: ['es2022'], sourcemap: 'linked', logLevel: 'warning', loader: { '.wasm': 'binary' } };

if (!(process.argv.includes('--if-missing') && existsSync('dist/node/wherry.mjs'))) {
  for (const entry of entries) {
    if (!existsSync(entry.in)) continue;
    const node = entry.platform === 'node';
    await build({
      ...common,
      entryPoints: [entry.in],
      outfile: `${entry.out}.${node ? 'mjs' : 'js'}`,
      platform: node ? 'node' : 'browser',
      banner: node ? { js: "import { createRequire as wherryCreateRequire } from 'node:module'; const require = wherryCreateRequire(import.meta.url);" } : {},
    });
  }
  for (const [from, to] of webFiles) copyFileSync(from, `dist/web/${to}`);
  await buildHub(['dist/node/hub.wasm', 'dist/web/hub.wasm']);
}
