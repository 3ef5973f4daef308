// Writes docs/syscalls.md from the table of system calls: `node tools/syscalls-doc.mjs`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const bundle = resolve(`.cache/syscalls-doc-${process.pid}.mjs`);
await build({ entryPoints: ['src/syscalls/index.ts'], outfile: bundle, bundle: true, format: 'esm', platform: 'neutral', logLevel: 'warning' });
try {
  const { syscallsDocument } = await import(pathToFileURL(bundle));
  mkdirSync('docs', { recursive: true });
  writeFileSync('docs/syscalls.md', syscallsDocument());
} finally {
  rmSync(bundle, { force: true });
}
