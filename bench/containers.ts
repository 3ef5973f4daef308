// How long the commands of a container's life take, as whole processes, beside `node -e 0` and, where DOCKER_HOST names a daemon, beside docker in the same run.
//   npm run bench:containers [-- --reps 9] [--containers 100]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { cpu, ms, option, printTable, scratchFolder, time, type Timing, wall } from './timing.ts';

const reps = Number(option('reps') ?? 9);
const count = Number(option('containers') ?? 100);
const root = scratchFolder();
const env = { WHERRY_ROOT: root };
const wherry = (...args: string[]): string[] => [process.execPath, 'bin/wherry.mjs', ...args];
const run = (...args: string[]): string => execFileSync(process.execPath, ['bin/wherry.mjs', ...args], { env: { ...process.env, ...env }, encoding: 'utf8' }).trim();

/** As many containers as are wanted: records like that of the first one. */
function fill(): void {
  const folder = join(root, 'containers');
  const [first = ''] = readdirSync(folder);
  const record = JSON.parse(readFileSync(join(folder, first, 'config.json'), 'utf8')) as object;
  for (let n = readdirSync(folder).length; n < count; n++) {
    const Id = randomBytes(32).toString('hex');
    mkdirSync(join(folder, Id));
    writeFileSync(join(folder, Id, 'config.json'), JSON.stringify({ ...record, Id, Name: `n${n}` }));
  }
}

interface Row { readonly name: string; readonly ours: readonly string[]; readonly docker?: readonly string[] }

function rows(): Row[] {
  return [
    { name: 'ps', ours: wherry('ps'), docker: ['ps'] },
    { name: `ps -a, ${count} containers`, ours: wherry('ps', '-a') },
    { name: 'run --rm busybox true', ours: wherry('run', '--rm', 'busybox', 'true'), docker: ['run', '--rm', '--network', 'none', 'busybox', 'true'] },
    { name: 'exec … true', ours: wherry('exec', 'up', 'true'), docker: ['exec', 'wherry-bench', 'true'] },
    { name: 'inspect', ours: wherry('inspect', 'up'), docker: ['inspect', 'wherry-bench'] },
    { name: 'logs', ours: wherry('logs', 'up'), docker: ['logs', 'wherry-bench'] },
  ];
}

const hasDocker = process.env['DOCKER_HOST'] !== undefined && spawnSync('docker', ['version']).status === 0;

function main(): void {
  run('load', '-q', '-i', 'images/busybox.tar');
  run('create', 'busybox', 'true');
  fill();
  run('run', '-d', '--name', 'up', 'busybox', 'sh', '-c', 'echo up; sleep 100000');
  if (hasDocker) {
    execFileSync('docker', ['load', '-q', '-i', 'images/busybox.tar'], { stdio: 'ignore' });
    execFileSync('docker', ['run', '-d', '--network', 'none', '--name', 'wherry-bench', 'busybox', 'sh', '-c', 'echo up; sleep 100000'], { stdio: 'ignore' });
  }
  try {
    const node: Timing[] = [];
    const timings = rows().map((row) => ({ row, ours: [] as Timing[], docker: [] as Timing[] }));
    for (let r = 0; r < reps; r++) {
      node.push(time([process.execPath, '-e', '0']));
      for (const { row, ours, docker } of timings) {
        ours.push(time(row.ours, env));
        if (hasDocker && row.docker) docker.push(time(['docker', ...row.docker]));
      }
    }
    console.log(`Whole processes, median of ${reps}; node -e 0 takes ${ms(wall(node))} ms (${ms(cpu(node))} ms of CPU). × is the ratio to it in the same run.`);
    printTable([['command', 'wall ms', '× node', 'CPU × node', 'docker wall ms'], ...timings.map(({ row, ours, docker }) =>
      [row.name, ms(wall(ours)), (wall(ours) / wall(node)).toFixed(2), (cpu(ours) / cpu(node)).toFixed(2), docker.length > 0 ? ms(wall(docker)) : '-'])]);
  } finally {
    run('rm', '-f', 'up');
    if (hasDocker) spawnSync('docker', ['rm', '-f', 'wherry-bench']);
  }
}

main();
