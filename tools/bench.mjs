// Bundles and runs the benchmarks: `npm run bench` prints the table of bench/run.ts; `npm run bench lookup` runs bench/lookup.ts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build } from 'esbuild';

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('-') && existsSync(`bench/${first}.ts`);
const name = named ? first : 'run';
const args = named || first === undefined ? rest : [first, ...rest];
await build({ entryPoints: [`bench/${name}.ts`], outfile: `.cache/bench/${name}.mjs`, bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'warning', loader: { '.wasm': 'binary' } });
process.exit(spawnSync(process.execPath, ['--enable-source-maps', `.cache/bench/${name}.mjs`, ...args], { stdio: 'inherit' }).status ?? 1);
