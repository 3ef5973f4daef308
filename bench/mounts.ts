// Directories of the host and volumes: `npm run bench mounts` [-- --reps 3]. Reading and writing a big file, and find over ten thousand files, in a container and with busybox of the host, in CPU time without what a start takes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cpu, inTurn, ms, option, printTable, scratchFolder, time, type Timing } from './timing.ts';

const folder = scratchFolder();
const reps = Number(option('reps') ?? 3);
const host = join(folder, 'host');
const wherry = [process.execPath, resolve('bin/wherry.mjs'), '--root', join(folder, 'root')];
const MB = 200;

for (let d = 0; d < 100; d++) {
  mkdirSync(join(host, `tree/${d}`), { recursive: true });
  for (let f = 0; f < 100; f++) writeFileSync(join(host, `tree/${d}/${f}`), 'x');
}
writeFileSync(join(host, 'big'), Buffer.alloc(MB * 1e6, 'x'));
time([...wherry, 'load', '-q', '-i', 'images/busybox.tar']);
time([...wherry, 'run', '--rm', '-v', `${host}:/from:ro`, '-v', 'vol:/to', 'busybox', 'cp', '-a', '/from/.', '/to']);

/** By name: the applet and its words, which speak of the current directory. */
const works: Readonly<Record<string, readonly string[]>> = {
  [`read ${MB} MB`]: ['dd', 'if=big', 'of=/dev/null', 'bs=64k'], [`write ${MB} MB`]: ['dd', 'if=/dev/zero', 'of=new', 'bs=64k', `count=${Math.floor(MB * 1e6 / 65536)}`], 'find, 10,000 files': ['find', 'tree', '-size', '+100'],
};
const inContainer = (mount: string, words: readonly string[]) => () => time([...wherry, 'run', '--rm', '-v', `${mount}:/d`, '-w', '/d', 'busybox', ...words]);
const commands: Record<string, () => Timing> = { start: inContainer(host, ['true']) };
for (const [name, words] of Object.entries(works)) {
  commands[`${name} host`] = () => time(['sh', '-c', 'cd "$0" && exec "$@"', host, 'busybox', ...words]);
  commands[`${name} directory`] = inContainer(host, words);
  commands[`${name} volume`] = inContainer('vol', words);
}
const runs = inTurn(reps, commands);
const of = (name: string): number => cpu(runs[name]!);
const ours = (name: string): string[] => { const own = of(name) - of('start'); return [ms(own), `${(own / of(name.replace(/ \w+$/, ' host'))).toFixed(1)} ×`]; };
printTable([['', 'host ms', 'directory ms', '', 'volume ms', ''], ...Object.keys(works).map((name) => [name, ms(of(`${name} host`)), ...ours(`${name} directory`), ...ours(`${name} volume`)])]);
