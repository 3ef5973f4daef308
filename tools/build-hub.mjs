// Generates the interpreter's hub module from the instruction rows and writes it beside the bundles: `node tools/build-hub.mjs FILE…`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Writes the hub to each of the files. */
export async function buildHub(files) {
  const bundle = resolve(`.cache/hub-${process.pid}.mjs`);
  await build({ entryPoints: ['src/translate/hub-file.ts'], outfile: bundle, bundle: true, format: 'esm', platform: 'neutral', logLevel: 'warning' });
  try {
    const { hubFile } = await import(pathToFileURL(bundle));
    const bytes = hubFile();
    if (!WebAssembly.validate(bytes)) throw new Error('the generated hub is not valid WebAssembly');
    for (const file of files) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildHub(process.argv.slice(2));
