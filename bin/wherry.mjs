#!/bin/sh
':' //; exec node -- "$0" "$@"
// The wherry command: started as such, node is told that no word behind is its own (`--env-file`). Runs the bundle that `npm run build` makes, with the code that V8 compiled at the build when it is the same V8 (a third of the start).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const file = fileURLToPath(new URL('../dist/node/wherry.cjs', import.meta.url));
const code = file.replace(/cjs$/, 'code');

if (!existsSync(file)) {
  console.error('wherry: dist/ is missing; run `npm run build` first');
  process.exit(125);
}
const source = `(function (module, require, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
const script = new Script(source, { filename: file, ...(existsSync(code) ? { cachedData: readFileSync(code) } : {}) });
if (process.env.WHERRY_KEEP_CODE) process.on('exit', () => { writeFileSync(process.env.WHERRY_KEEP_CODE, script.createCachedData()); });
script.runInThisContext()({ exports: {} }, createRequire(file), file, dirname(file));
