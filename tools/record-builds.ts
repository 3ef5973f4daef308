// Records what Docker's classic builder makes of the cases in test/build/cases.txt: node tools/run.mjs tools/record-builds.ts [NAME…], with a daemon that can be emptied and has busybox from images/busybox.tar. Names: only these are recorded again.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, change, layerLines, parseCases, shownImage, shownText, writeCase } from '../test/build/cases.ts';
import { blobOf } from '../test/layers/tars.ts';
import { wordsOf } from '../test/build/words.ts';

const RECORDING = 'test/build/recorded.json';
type Run = { code: number; out: string; err: string };

function docker(args: readonly string[], cwd = '.', input: Uint8Array = new Uint8Array(0)): Run {
  const run = spawnSync('docker', args, { cwd, encoding: 'utf8', input, timeout: 120_000, maxBuffer: 1 << 28, env: { ...process.env, BUILDKIT_PROGRESS: 'plain' } });
  return { code: run.status ?? -1, out: run.stdout, err: run.stderr };
}

function clean(): void {
  docker(['container', 'prune', '-f']);
  const base = docker(['images', '-q', '--no-trunc', 'busybox']).out.trim();
  const names = docker(['images', '--format', '{{.Repository}}:{{.Tag}}']).out.split('\n').filter((name) => name !== '' && name !== 'busybox:latest' && !name.includes('<none>'));
  if (names.length > 0) docker(['rmi', '-f', ...names]);
  for (let pass = 0; pass < 3; pass++) {
    const others = docker(['images', '-aq', '--no-trunc']).out.split('\n').filter((id) => id !== '' && id !== base);
    if (others.length > 0) docker(['rmi', '-f', ...new Set(others)]);
  }
}

/** The documents and layers of an image. */
function saved(name: string, folder: string): { config: Parameters<typeof shownImage>[0]; layers: string[][] } {
  const at = join(folder, '..', 'saved');
  rmSync(at, { recursive: true, force: true });
  spawnSync('sh', ['-c', `mkdir ${at} && docker save ${name} | tar -x -C ${at}`]);
  const [manifest] = JSON.parse(readFileSync(join(at, 'manifest.json'), 'utf8')) as { Config: string; Layers: string[] }[];
  const layers = manifest!.Layers.map((layer) => layerLines(blobOf(readFileSync(join(at, layer)))));
  return { config: JSON.parse(readFileSync(join(at, manifest!.Config), 'utf8')), layers };
}

async function record(one: Case): Promise<unknown> {
  clean();
  const folder = join(mkdtempSync(join(tmpdir(), 'wherry-record-')), 'context');
  await writeCase(one, folder);
  const steps: unknown[] = [];
  for (const command of one.commands) {
    if (change(command, folder)) continue;
    const { words, input } = wordsOf(command, folder);
    const { code, out, err } = docker(words, folder, input);
    steps.push([command, code, shownText(out, folder), shownText(err, folder)]);
  }
  const base = saved('busybox', folder);
  const counts = { layers: base.layers.length, history: base.config.history!.length };
  const names = docker(['images', '--format', '{{.Repository}}']).out.split('\n').filter((name) => name !== '' && name !== 'busybox' && name !== '<none>').sort();
  const images = Object.fromEntries(names.map((name) => {
    const { config, layers } = saved(name, folder);
    const isBased = layers[0]?.join() === base.layers[0]!.join();
    return [name, shownImage(config, layers, isBased ? counts : { layers: 0, history: 0 })];
  }));
  rmSync(join(folder, '..'), { recursive: true });
  return { steps, images };
}

const only = process.argv.slice(2);
const before = JSON.parse((() => { try { return readFileSync(RECORDING, 'utf8'); } catch { return '{}'; } })()) as Record<string, unknown>;
const all: Record<string, unknown> = {};
for (const file of readdirSync('test/build').filter((name) => name.endsWith('.txt')).sort()) {
  for (const one of parseCases(readFileSync(join('test/build', file), 'utf8'))) {
    all[one.name] = (only.length > 0 ? !only.includes(one.name) : before[one.name] !== undefined) && before[one.name] ? before[one.name] : await record(one);
    process.stderr.write('.');
  }
}
clean();
writeFileSync(RECORDING, `${JSON.stringify(all, null, 1)}\n`);
