// Runs a tool written in TypeScript: node tools/run.mjs tools/fuzz.ts [arguments].
import { mkdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const [entry, ...args] = process.argv.slice(2);
if (!entry) { console.error('usage: node tools/run.mjs FILE.ts [arguments]'); process.exit(2); }
const out = `.cache/run-${process.pid}`;
mkdirSync(out, { recursive: true });
await build({ entryPoints: [entry], outfile: `${out}/main.mjs`, bundle: true, format: 'esm', platform: 'node', packages: 'external', sourcemap: 'inline', logLevel: 'warning' });
const run = spawnSync(process.execPath, ['--enable-source-maps', `${out}/main.mjs`, ...args], { stdio: 'inherit' });
rmSync(out, { recursive: true, force: true });
process.exit(run.status ?? 1);
