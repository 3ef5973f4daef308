// Builds the images of the project from Debian packages, without root: `node images/build.mjs busybox debian`. Packages and large archives are kept in .cache/images.
// `--if-missing` leaves what is there; `--if-possible` says why an image cannot be built here (no Debian package tools, no package lists) and goes on.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipes } from './recipes.mjs';
import { dockerArchive, sha256 } from './tree.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache/images');
const wanted = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const ifMissing = process.argv.includes('--if-missing');
const ifPossible = process.argv.includes('--if-possible');

async function buildImage(recipe) {
  const file = join(root, recipe.file);
  if (ifMissing && existsSync(file)) { console.log(`${recipe.file}: there already`); return; }
  const archive = await dockerArchive(await recipe.make({ cache, root }));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, archive);
  renameSync(`${file}.new`, file);
  console.log(`${recipe.file}: ${(archive.length / 1e6).toFixed(1)} MB, sha256 ${sha256(archive).slice(0, 12)}`);
}

for (const name of wanted.length > 0 ? wanted : Object.keys(recipes)) {
  const recipe = recipes[name];
  if (!recipe) { console.error(`images: no recipe ${name}; there are: ${Object.keys(recipes).join(' ')}`); process.exit(1); }
  try { await buildImage(recipe); } catch (error) {
    if (!ifPossible) throw error;
    console.log(`${recipe.file}: cannot be built here, so what needs it is not tested: ${String(error.stderr || error.message).trim().split('\n')[0]}`);
  }
}
