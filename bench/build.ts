// Builds: `npm run bench build` [-- --reps 5]. Twenty steps, none and all of them in the cache, beside `node -e 0`; and beside docker's classic builder, where a daemon with the busybox image answers.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inTurn, ms, option, printTable, scratchFolder, time, type Timing, wall } from './timing.ts';

const folder = scratchFolder();
const reps = Number(option('reps') ?? 5);
const context = join(folder, 'context');
const wherry = [process.execPath, resolve('bin/wherry.mjs'), '--root', join(folder, 'root')];

mkdirSync(context);
for (const name of ['a', 'b', 'c']) writeFileSync(join(context, name), name.repeat(100_000));
const steps = Array.from({ length: 19 }, (_, i) => (i % 2 === 0 ? `RUN echo ${i} > /f${i}` : `COPY ${'abc'[i % 3]} /c${i}`));
writeFileSync(join(context, 'Dockerfile'), `FROM busybox\n${steps.join('\n')}\n`);
time([...wherry, 'load', '-q', '-i', 'images/busybox.tar']);

const hasDocker = spawnSync('docker', ['image', 'inspect', 'busybox'], { stdio: 'ignore' }).status === 0;
const docker = (more: readonly string[]) => () => time(['docker', 'build', '-q', ...more, context]);
const commands: Record<string, () => Timing> = {
  'node -e 0': () => time([process.execPath, '-e', '0']), 'build, nothing cached': () => time([...wherry, 'build', '-q', '--no-cache', context]), 'build, 20 steps cached': () => time([...wherry, 'build', '-q', context]),
  ...(hasDocker ? { 'docker build, nothing cached': docker(['--no-cache']), 'docker build, 20 steps cached': docker([]) } : {}),
};
const runs = inTurn(reps, commands);
printTable([['', 'wall ms', 'of the limit of 1 s'], ...Object.entries(runs).map(([name, timings]) => [name, ms(wall(timings)), name === 'build, 20 steps cached' ? `${(wall(timings) / 10).toFixed(0)} %` : ''])]);
