// Builds the behaviours of test/linux/behaviours into one program (musl-gcc, x86-64 Linux, as root) and records what they print on this machine's own kernel: `node tools/record-behaviours.mjs [--only-run] [FAMILY | FAMILY/NAME]…`.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = 'test/linux/behaviours';
const objects = '.cache/behaviours';
const program = join(folder, 'behaviours.elf');
const options = '-Os -static -fno-pic -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -Wall -Wno-unused-result -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu'.split(' ');

const families = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort();
const names = families.flatMap((family) => readdirSync(join(folder, family)).filter((f) => f.endsWith('.c')).sort().map((f) => `${family}/${f.slice(0, -2)}`));
const functionOf = (name) => name.replace(/[/-]/g, '_');
const time = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** Compiles what is older than its source or the headers, two at a time. */
async function compile(units) {
  const headers = Math.max(...readdirSync(folder).filter((f) => f.endsWith('.h')).map((f) => time(join(folder, f))));
  const stale = units.filter(({ source, object }) => time(object) < Math.max(headers, time(source)));
  const one = async () => { for (let u = stale.pop(); u; u = stale.pop()) await promisify(execFile)('musl-gcc', [...options, '-I', folder, ...u.defines, '-c', '-o', u.object, u.source]); };
  await Promise.all([one(), one()]);
}

async function build() {
  mkdirSync(objects, { recursive: true });
  const table = join(objects, 'table.c');
  writeFileSync(table, `#include "programs.h"\n${names.map((n) => `void ${functionOf(n)}(void);\n`).join('')}const struct behaviour behaviours[] = {\n${names.map((n) => `  { "${n}", ${functionOf(n)} },\n`).join('')}  { 0, 0 },\n};\n`);
  const units = [
    ...['support', 'programs', 'runner'].map((n) => ({ source: join(folder, `${n}.c`), object: join(objects, `${n}.o`), defines: [] })),
    { source: table, object: join(objects, 'table.o'), defines: [] },
    ...names.map((n) => ({ source: join(folder, `${n}.c`), object: join(objects, `${functionOf(n)}.o`), defines: [`-Dbehaviour=${functionOf(n)}`] })),
  ];
  await compile(units);
  execFileSync('musl-gcc', [...options, '-Wl,--gc-sections,--build-id=none,-z,noseparate-code', '-s', '-o', program, ...units.map((u) => u.object)], { stdio: 'inherit' });
}

const run = (wanted) => execFileSync(program, wanted, { timeout: 300_000, encoding: 'latin1' });

const wanted = process.argv.slice(2).filter((word) => word !== '--only-run');
await build();
if (process.argv.includes('--only-run')) process.stdout.write(run(wanted));
else {
  for (const family of families.filter((f) => wanted.length === 0 || wanted.includes(f))) writeFileSync(join(folder, `${family}.expected`), run([family]));
  for (const old of readdirSync(folder).filter((f) => f.endsWith('.expected') && !families.includes(f.slice(0, -'.expected'.length)))) rmSync(join(folder, old));
  console.log(`${program}: ${names.length} behaviours of ${families.length} families`);
}
