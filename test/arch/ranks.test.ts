// The shape of the project: a folder imports only lower ranks (and itself), through the other folder's index.ts; host adapters only from rank 7; every source file says what it is.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ranks: Record<string, number> = {
  base: 0, abi: 0, host: 0, guest: 1, vfs: 1, translate: 2, layers: 2, oci: 3, linux: 3, loader: 4, syscalls: 4, machine: 5, engine: 6, build: 6.5, cli: 7, api: 7, web: 7,
};

const files = readdirSync('src', { recursive: true }).map(String).filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts'));
const imports = (file: string) => [...readFileSync(join('src', file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) => m[1]!);
const folder = (file: string) => file.split('/')[0]!;

test('every folder has a rank', () => {
  for (const file of files) assert.ok(folder(file) in ranks, `src/${file}: folder without a rank`);
});

test('imports go to lower ranks only, through index.ts', () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const path of imports(file)) {
      const target = normalize(join(dirname(file), path));
      const from = folder(file);
      const to = folder(target);
      if (from === to) continue;
      const ports = target === 'host/ports.ts';
      const lower = ranks[to]! < ranks[from]! || (ranks[to] === 0 && ranks[from] === 0);
      const adapter = to === 'host' && !ports;
      if (adapter ? ranks[from]! < 7 : !lower) wrong.push(`src/${file} imports ${path}: rank ${ranks[from]} may not import rank ${ranks[to]}`);
      else if (!adapter && !ports && !target.endsWith('/index.ts')) wrong.push(`src/${file} imports ${path}: import ${to}/index.ts`);
    }
  }
  assert.is(wrong.join('\n'), '');
});

test('the first line of every file says what it is', () => {
  for (const file of files) assert.match(readFileSync(join('src', file), 'utf8').split('\n')[0]!, /^(\/\/|\/\*|#!) ?\S.{10,}/, `src/${file}`);
});

test.run();
