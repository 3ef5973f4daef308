// Builds the test programs in test/programs (gcc, x86-64 Linux) and records what they print on this machine's own kernel: `node tools/record-programs.mjs [NAME…]`.
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'test/programs';
const options = '-Os -static -nostdlib -nostartfiles -ffreestanding -fno-stack-protector -fno-pic -no-pie -fno-asynchronous-unwind-tables -fcf-protection=none -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,max-page-size=4096 -s -Wall -Wno-unused-function'.split(' ');
const names = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(folder).filter((f) => f.endsWith('.c')).map((f) => f.slice(0, -2));

for (const name of names) {
  const program = join(folder, `${name}.elf`);
  execFileSync('gcc', [...options, '-o', program, join(folder, `${name}.c`)], { stdio: 'inherit' });
  const output = execFileSync(program, { timeout: 60_000 });
  writeFileSync(join(folder, `${name}.expected`), output);
  console.log(`${program}: ${output.toString().split('\n').length - 1} lines recorded`);
}
