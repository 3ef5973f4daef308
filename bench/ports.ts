// Bytes through networks of containers: `npm run bench ports` [-- --reps 3 --megabytes 64]. busybox's nc and dd on the host's own loopback, through a published port, between two containers, and on a container's own loopback.
import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { median, option, printTable, scratchFolder } from './timing.ts';

const folder = resolve(scratchFolder('.cache'), 'store');
const reps = Number(option('reps') ?? 3);
const megabytes = Number(option('megabytes') ?? 64);
const env = { ...process.env, WHERRY_ROOT: folder };

function wherry(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`wherry ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const freePort = (): Promise<number> => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => done(port));
  });
});

const source = (port: number): string => `nc -ll -p ${port} -e dd if=/dev/zero bs=64k count=${megabytes * 16} 2>/dev/null`;

/** Seconds until all of it has been read from a port of the host; tried again until somebody listens. */
async function download(port: number): Promise<number> {
  for (;;) {
    const began = performance.now();
    const count = await new Promise<number>((done) => {
      let bytes = 0;
      connect(port, '127.0.0.1').on('data', (data) => { bytes += data.length; }).on('close', () => done(bytes)).on('error', () => {});
    });
    if (count === megabytes << 20) return (performance.now() - began) / 1000;
    await new Promise((done) => { setTimeout(done, 100); });
  }
}

/** The same inside a container, as its own clock has it. */
function downloadInside(network: string, from: string, before = ''): number {
  const text = wherry('run', '--rm', '--network', network, 'busybox', 'sh', '-c', `${before}sleep 0.5; a=$(cut -d' ' -f1 /proc/uptime); nc ${from} | wc -c; echo $a $(cut -d' ' -f1 /proc/uptime)`);
  const [count, times = ''] = text.trim().split('\n');
  if (Number(count) !== megabytes << 20) throw new Error(`${count} bytes came from ${from}`);
  const [began = 0, ended = 0] = times.split(' ').map(Number);
  return ended - began;
}

async function main(): Promise<void> {
  wherry('load', '-q', '-i', 'images/busybox.tar');
  wherry('network', 'create', 'bench');
  const [native, published] = [await freePort(), await freePort()];
  const host = spawn('busybox', ['sh', '-c', source(native)], { stdio: 'ignore', detached: true });
  wherry('run', '-d', '--name', 'source', '--network', 'bench', '-p', `127.0.0.1:${published}:80`, 'busybox', 'sh', '-c', source(80));
  const ways: Readonly<Record<string, () => number | Promise<number>>> = {
    'the host\'s own loopback': () => download(native),
    'a published port': () => download(published),
    'another container, by name': () => downloadInside('bench', 'source 80'),
    'a container\'s own loopback': () => downloadInside('none', '127.0.0.1 80', `${source(80)} & `),
  };
  try {
    const seconds = new Map<string, number[]>();
    for (let i = 0; i < reps; i++) for (const [name, run] of Object.entries(ways)) seconds.set(name, [...seconds.get(name) ?? [], await run()]);
    printTable([[`${megabytes} MB through`, 'MB/s'], ...[...seconds].map(([name, all]) => [name, (megabytes / median(all)).toFixed(0)])]);
  } finally {
    process.kill(-host.pid!);
    wherry('rm', '-f', 'source');
  }
}

await main();
