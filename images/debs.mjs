// Fetches Debian packages with apt into a folder, with what they depend on; nothing is installed and no root is needed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const run = (command, args, options = {}) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'], ...options });

/** As on a system with nothing installed: what this machine has, from wherever it came, decides nothing. */
const bare = ['-o', 'Dir::State::status=/dev/null'];

/** The packages and everything they depend on, except those that are not wanted. */
export function closure(packages, without = []) {
  const refused = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const text = run('apt-cache', [...bare, 'depends', '--recurse', ...refused, ...packages]);
  return [...new Set(text.split('\n').filter((line) => /^[a-z0-9]/.test(line) && !line.includes(':')))].filter((name) => !without.includes(name)).sort();
}

/** Paths of the .deb files of these packages; those that are there already are not fetched again. */
export function debs(packages, folder) {
  mkdirSync(folder, { recursive: true });
  const at = () => Object.fromEntries(readdirSync(folder).filter((f) => f.endsWith('.deb')).map((f) => [f.split('_')[0], join(folder, f)]));
  const have = at();
  const missing = packages.filter((name) => !(name in have));
  if (missing.length > 0) fetchInto(folder, missing);
  const all = at();
  return packages.map((name) => {
    if (!all[name]) throw new Error(`apt-get download gave no package ${name}`);
    return all[name];
  });
}

function fetchInto(folder, packages) {
  const partial = join(folder, `partial-${process.pid}`);
  mkdirSync(partial);
  try {
    run('apt-get', [...bare, 'download', ...packages], { cwd: partial });
    for (const file of readdirSync(partial)) renameSync(join(partial, file), join(folder, file));
  } finally { rmSync(partial, { recursive: true, force: true }); }
}
