// Images from a registry on the loopback: `npm run bench registry` [-- --reps 3]. `pull` beside `skopeo copy` to a layout, which unpacks nothing, and to an archive, which must unpack as `pull` does. Needs skopeo and Debian's docker-registry.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { inTurn, median, ms, option, percent, printTable, scratchFolder, time, type Timing, wall } from './timing.ts';

const folder = scratchFolder('.cache');
const reps = Number(option('reps') ?? 3);
const at = (name: string): string => resolve(folder, name);

const freePort = (): Promise<number> => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => done(port));
  });
});

/** A registry of its own; it ends with the benchmark. */
async function startRegistry(): Promise<string> {
  const host = `127.0.0.1:${await freePort()}`;
  writeFileSync(at('registry.yml'), `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${at('registry')}}}\nhttp: {addr: ${host}}\n`);
  const registry = spawn('docker-registry', ['serve', at('registry.yml')], { stdio: 'ignore' });
  process.on('exit', () => { registry.kill(); });
  for (let tries = 0; tries < 100; tries++) {
    try { if ((await fetch(`http://${host}/v2/`)).ok) return host; } catch { /* not yet */ }
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error('docker-registry does not answer');
}

const wherry = (store: string, ...args: string[]): Timing => time([process.execPath, 'bin/wherry.mjs', ...args], { WHERRY_ROOT: at(store) });

function demand(...args: string[]): void {
  const { status, err } = wherry('made', ...args);
  if (status !== 0) throw new Error(`wherry ${args.join(' ')}: ${err}`);
}

/** Images to be pulled: 100 MB that do not shrink, and a distribution in three layers. */
function makeImages(host: string): Readonly<Record<string, string>> {
  mkdirSync(at('tree'));
  execFileSync('dd', ['if=/dev/urandom', `of=${at('tree/random')}`, 'bs=1M', 'count=100'], { stdio: 'ignore' });
  execFileSync('tar', ['-cf', at('random.tar'), '-C', at('tree'), '.']);
  demand('import', at('random.tar'), `${host}/random:1`);
  demand('load', '-q', '-i', resolve('.cache/images/debian.tar'));
  demand('tag', 'debian:bookworm', `${host}/debian:1`);
  const images = { '100 MB of random bytes, one layer': `${host}/random:1`, 'Debian, 117 MB packed in three layers, 324 MB unpacked': `${host}/debian:1` };
  for (const name of Object.values(images)) demand('push', '-q', name);
  return images;
}

const skopeo = (image: string, to: string): Timing => time(['skopeo', 'copy', '-q', '--insecure-policy', '--src-tls-verify=false', `docker://${image}`, to]);
const anew = (...names: string[]): void => { for (const name of names) rmSync(at(name), { recursive: true, force: true }); };

const host = await startRegistry();
const cpu = (timings: readonly Timing[]): number => median(timings.map(({ cpuMs }) => cpuMs));
const both = (timings: readonly Timing[]): string => `${ms(wall(timings))} ms (${ms(cpu(timings))} ms of processor)`;
const rows = [['pull of', 'ours', 'skopeo to oci:', 'our speed', 'skopeo to docker-archive:', 'our speed']];
for (const [what, image] of Object.entries(makeImages(host))) {
  const runs = inTurn(reps, {
    ours: () => { anew('pulled'); return wherry('pulled', 'pull', '-q', image); },
    layout: () => { anew('layout'); return skopeo(image, `oci:${at('layout')}:1`); },
    archive: () => { anew('archive.tar'); return skopeo(image, `docker-archive:${at('archive.tar')}`); },
  });
  const own = wall(runs.ours);
  rows.push([what, both(runs.ours), both(runs.layout), percent(wall(runs.layout) / own), both(runs.archive), percent(wall(runs.archive) / own)]);
}
printTable(rows);
process.exit(0);
