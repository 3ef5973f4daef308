// What lookups in images are measured against: Maps, memfs, unionfs and ZenFS where NPM_DIR has them, the kernel's overlayfs where it can be mounted.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Volume } from 'memfs';
import { layerPaths } from './lookup-sets.ts';
import { scratchFolder } from './timing.ts';

/** Looks up one path; truthy when it is there. */
export type Lookup = (path: string) => unknown;

/** A peer, ready to be asked; `cold` makes it forget what it has seen, where it can. */
export interface Peer { readonly name: string; readonly layers: number; readonly lookup: Lookup; readonly cold?: () => void; readonly close?: () => void }

const allPaths = (layers: number): string[] => Array.from({ length: layers }, (_, layer) => layerPaths(layer)).flat();

/** What Node's buffers have and their types do not tell. */
type Latin1Slice = Buffer & { latin1Slice(start: number, end: number): string };

/** The bar: the path decoded from bytes, and one lookup of the whole path. */
export function flatMap(layers: number): (bytes: Buffer, start: number, end: number) => unknown {
  const map = new Map(allPaths(layers).map((path, ino) => [path, { ino }]));
  return (bytes, start, end) => map.get((bytes as Latin1Slice).latin1Slice(start, end));
}

interface MapNode { children?: Map<string, MapNode> }

/** Nested Maps, walked by component; nothing else is done on the way. */
export function nestedMaps(layers: number): Lookup {
  const root: MapNode = {};
  for (const path of allPaths(layers)) {
    let node = root;
    for (const name of path.split('/').slice(1)) {
      node.children ??= new Map();
      let next = node.children.get(name);
      if (!next) node.children.set(name, next = {});
      node = next;
    }
  }
  return (path) => {
    let node: MapNode | undefined = root;
    for (let at = 1; node && at <= path.length;) {
      const slash = path.indexOf('/', at);
      const end = slash < 0 ? path.length : slash;
      node = node.children?.get(path.slice(at, end));
      at = end + 1;
    }
    return node;
  };
}

const folders = ['/usr/lib', '/a/b/c/d/e/f/g'];

function volumeOf(layer: number): InstanceType<typeof Volume> {
  const volume = new Volume();
  for (const folder of folders) volume.mkdirSync(folder, { recursive: true });
  for (const path of layerPaths(layer)) volume.writeFileSync(path, '');
  return volume;
}

const orUndefined = (lookup: Lookup): Lookup => (path) => { try { return lookup(path); } catch { return undefined; } };

function memfs(): Peer {
  const volume = volumeOf(0);
  return { name: 'memfs', layers: 1, lookup: (path) => volume.statSync(path, { throwIfNoEntry: false }) };
}

/** The packages of a folder outside of this project: they are measured, not used. */
const packages = process.env['NPM_DIR'];

function unionfs(layers: number): Peer | undefined {
  if (!packages) return undefined;
  const require = createRequire(join(packages, 'x.js'));
  try {
    const { Union } = require('unionfs') as { Union: new () => { use(volume: unknown): void; statSync(path: string): unknown } };
    const union = new Union();
    for (let layer = 0; layer < layers; layer++) union.use(volumeOf(layer));
    return { name: 'unionfs over memfs', layers, lookup: orUndefined((path) => union.statSync(path)) };
  } catch { return undefined; }
}

/** The parts of @zenfs/core that are used here. */
interface Zen {
  fs: { mkdirSync(path: string, options: object): void; writeFileSync(path: string, data: string): void; statSync(path: string): unknown };
  InMemory: unknown; CopyOnWrite: unknown;
  resolveMountConfig(config: object): Promise<unknown>;
  mount(at: string, fs: unknown): void;
  umount(at: string): void;
}

async function zenfs(layers: number): Promise<Peer | undefined> {
  if (!packages) return undefined;
  let zen: Zen;
  try { zen = await import(pathToFileURL(join(packages, 'node_modules/@zenfs/core/dist/index.js')).href) as Zen; } catch { return undefined; }
  try { zen.umount('/'); } catch { /* nothing is mounted */ }
  let stacked: unknown;
  for (let layer = 0; layer < layers; layer++) {
    const memory = await zen.resolveMountConfig({ backend: zen.InMemory, label: `l${layer}` });
    zen.mount('/', memory);
    for (const folder of folders) zen.fs.mkdirSync(folder, { recursive: true });
    for (const path of layerPaths(layer)) zen.fs.writeFileSync(path, '');
    zen.umount('/');
    stacked = stacked === undefined ? memory : await zen.resolveMountConfig({ backend: zen.CopyOnWrite, readable: stacked, writable: memory });
  }
  zen.mount('/', stacked);
  return { name: '@zenfs/core CopyOnWrite', layers, lookup: orUndefined((path) => zen.fs.statSync(path)), close: () => { zen.umount('/'); } };
}

const run = (program: string, ...args: string[]): void => { execFileSync(program, args, { stdio: 'ignore' }); };

/** The kernel's overlayfs on a tmpfs, through fs.statSync; cold is a fresh mount. undefined where it cannot be mounted. */
function kernelOverlay(layers: number): Peer | undefined {
  const top = scratchFolder();
  try { run('mount', '-t', 'tmpfs', 'tmpfs', top); } catch { return undefined; }
  const at = join(top, 'm');
  for (const name of ['m', 'u', 'w']) fs.mkdirSync(join(top, name));
  const lower: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (const folder of folders) fs.mkdirSync(join(top, `${layer}`, folder), { recursive: true });
    for (const path of layerPaths(layer)) fs.writeFileSync(join(top, `${layer}`, path), '');
    lower.unshift(`${layer}`);
  }
  const mount = (): void => { execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower.join(':')},upperdir=u,workdir=w`, 'm'], { cwd: top, stdio: 'ignore' }); };
  const close = (): void => { try { run('umount', at); } catch { /* it was not mounted */ } run('umount', top); };
  try { mount(); } catch { close(); return undefined; }
  return { name: 'kernel overlayfs', layers, lookup: (path) => fs.statSync(at + path, { throwIfNoEntry: false }), cold: () => { run('umount', at); mount(); }, close };
}

/** Every peer that this machine has, one after the other: each is closed before the next is made. */
export async function* peers(counts: readonly number[]): AsyncGenerator<Peer> {
  yield memfs();
  for (const layers of counts) for (const make of [unionfs, zenfs, kernelOverlay]) {
    if (make === zenfs && layers > 8) continue;
    const peer = await make(layers);
    if (!peer) continue;
    try { yield peer; } finally { peer.close?.(); }
  }
}
