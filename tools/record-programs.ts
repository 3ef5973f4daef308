// Records what the programs of test/images/programs.ts do on real Linux: the test image unpacked, each program run in it with chroot (needs root) into expected.json.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../test/images/programs.ts';

const archive = '.cache/images/debian.tar';
const unpacked = mkdtempSync(join(tmpdir(), 'wherry-image-'));
const root = mkdtempSync(join(tmpdir(), 'wherry-root-'));
execFileSync('tar', ['-xf', archive, '-C', unpacked]);
const [manifest] = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')) as [{ Layers: string[] }];
for (const layer of manifest.Layers) execFileSync('tar', ['-xf', join(unpacked, layer), '-C', root]);

const results: Record<string, { code: number; stdout: string; stderr: string }> = {};
for (const { name, argv, stdin } of programs) {
  const script = `mount -t proc proc ${root}/proc; mount --bind /dev ${root}/dev; mount -t tmpfs tmp ${root}/tmp; hostname wherry; exec chroot ${root} "$@"`;
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOSTNAME: 'wherry', HOME: '/root' };
  const run = spawnSync('unshare', ['-m', '-u', '-p', '-f', '-n', 'sh', '-c', script, 'sh', ...argv], { input: stdin ?? '', encoding: 'utf8', env });
  results[name] = { code: run.status ?? 128 + 15, stdout: run.stdout, stderr: run.stderr };
  console.log(`${name}: ${run.status}`);
}
writeFileSync('test/images/expected.json', `${JSON.stringify(results, null, 1)}\n`);
rmSync(unpacked, { recursive: true });
rmSync(root, { recursive: true, force: true });
