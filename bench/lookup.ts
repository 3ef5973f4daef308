// Path lookup in layered images: ours, from 1 to 100 layers, against nested Maps (the floor), a flat Map of whole paths, memfs, and the host's own stat. Ratios to nested Maps.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from 'memfs';
import { buildView, ImageView, indexLayer } from '../src/layers/index.ts';
import { Mount, MountTable, OverlayFs, rootCredentials, walk, type WalkContext } from '../src/vfs/index.ts';
import { blobOf, tarOf } from '../test/layers/tars.ts';

const FILES = 500;
const shallow = (layer: number, k: number): string => `/usr/lib/libl${layer}_${k}.so`;
const deep = (layer: number, k: number): string => `/a/b/c/d/e/f/g/n${layer}_${k}`;
const each = (make: (k: number) => string): string[] => Array.from({ length: FILES }, (_, k) => make(k));
const layerPaths = (layer: number): string[] => [...each((k) => shallow(layer, k)), ...each((k) => deep(layer, k))];

/** The paths looked up, for an image of `n` layers. */
const sets = (n: number): Record<string, string[]> => ({
  top: each((k) => shallow(n - 1, k)), bottom: each((k) => shallow(0, k)), miss: each((k) => `/usr/lib/none_${k}.so`), 'miss dir': each((k) => `/nodir${k}/x`),
  'deep top': each((k) => deep(n - 1, k)), 'deep bottom': each((k) => deep(0, k)), 'deep miss': each((k) => `/a/b/c/d/e/f/g/none_${k}`),
});

type Lookup = (path: string) => unknown;

/** Nanoseconds of one lookup: the median of seven rounds, warmed up. Checks that as many are found as should be. */
function measure(lookup: Lookup, paths: string[], found: number): number {
  const round = (): number => { let hits = 0; for (const path of paths) if (lookup(path) !== undefined) hits++; return hits; };
  if (round() !== found) throw new Error(`found ${round()} of ${found}`);
  const end = performance.now() + 60;
  while (performance.now() < end) round();
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    let rounds = 0;
    do { round(); rounds++; } while (performance.now() - start < 12);
    return ((performance.now() - start) * 1e6) / (rounds * paths.length);
  });
  return times.sort((a, b) => a - b)[3]!;
}

/** Looks up through the overlay: warm, every inode known. */
function overlayLookup(view: ImageView): Lookup {
  const mount = new Mount(new OverlayFs(view, { now: () => 0n }));
  const root = { mount, inode: mount.root };
  const context: WalkContext = { mounts: new MountTable(mount), root, cwd: root, credentials: rootCredentials };
  return (path) => { try { return walk(context, root, path).place; } catch { return undefined; } };
}

/** The stored view alone, as at the first lookup of a run. */
const viewLookup = (view: ImageView): Lookup => (path) => {
  let inode = 0;
  for (let at = 1; at <= path.length;) {
    const slash = path.indexOf('/', at);
    const end = slash < 0 ? path.length : slash;
    inode = view.lookup(inode, path.slice(at, end));
    if (inode < 0) return undefined;
    at = end + 1;
  }
  return inode;
};

interface MapNode { children?: Map<string, MapNode> }
function nestedMaps(paths: Iterable<string>): Lookup {
  const root: MapNode = {};
  for (const path of paths) {
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

function memfsLookup(paths: string[]): Lookup {
  const volume = new Volume();
  for (const folder of ['/usr/lib', '/a/b/c/d/e/f/g']) volume.mkdirSync(folder, { recursive: true });
  for (const path of paths) volume.writeFileSync(path, '');
  return (path) => volume.statSync(path, { throwIfNoEntry: false });
}

function hostLookup(paths: string[], top: string): Lookup {
  for (const folder of ['/usr/lib', '/a/b/c/d/e/f/g']) fs.mkdirSync(top + folder, { recursive: true });
  for (const path of paths) fs.writeFileSync(top + path, '');
  return (path) => fs.statSync(top + path, { throwIfNoEntry: false });
}

const rows: { system: string; layers: number; ns: Record<string, number> }[] = [];
function add(system: string, layers: number, lookup: Lookup): void {
  const ns: Record<string, number> = {};
  for (const [set, paths] of Object.entries(sets(layers))) ns[set] = measure(lookup, paths, set.includes('miss') ? 0 : FILES);
  rows.push({ system, layers, ns });
}

for (const layers of [1, 8, 32, 100]) {
  const paths = Array.from({ length: layers }, (_, layer) => layerPaths(layer));
  const blobs = await Promise.all(paths.map(async (list) => blobOf(await tarOf(list.map((path) => ({ name: path.slice(1), content: '' }))))));
  const view = (): ImageView => new ImageView(buildView(blobs.map(indexLayer)), blobs.map((blob, i) => ({ blob, diffId: `${i}` })));
  add('nested Maps', layers, nestedMaps(paths.flat()));
  add('wherry, walk', layers, overlayLookup(view()));
  add('wherry, view', layers, viewLookup(view()));
  if (layers === 1) {
    const flat = new Map(paths.flat().map((path) => [path, 1]));
    add('flat Map', 1, (path) => flat.get(path));
    add('memfs', 1, memfsLookup(paths.flat()));
    const top = fs.mkdtempSync(join(fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'wherry-lookup-'));
    try { add('host fs.statSync', 1, hostLookup(paths.flat(), top)); } finally { fs.rmSync(top, { recursive: true }); }
  }
}

const names = Object.keys(sets(1));
const floor = new Map(rows.filter((row) => row.system === 'nested Maps').map((row) => [row.layers, row.ns]));
console.log('ns a lookup (ratio to nested Maps)\n');
console.log(['system'.padEnd(18), 'layers', ...names.map((name) => name.padStart(15))].join(' '));
for (const { system, layers, ns } of rows) {
  const cells = names.map((name) => `${ns[name]!.toFixed(0)} (${(ns[name]! / floor.get(layers)![name]!).toFixed(1)})`.padStart(15));
  console.log([system.padEnd(18), String(layers).padStart(6), ...cells].join(' '));
}
