// Path lookup in layered images, the path given as bytes in guest memory: ours from 1 to 128 layers, warm and cold, beside its peers of the same run; what opening an image costs in time and memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Errno } from '../src/abi/index.ts';
import { GuestMemory, Perm } from '../src/guest/index.ts';
import { buildView, ImageView, indexLayer, packView, unpackView } from '../src/layers/index.ts';
import { Mount, MountTable, OverlayFs, rootCredentials, seek, type WalkContext } from '../src/vfs/index.ts';
import { blobOf, tarOf } from '../test/layers/tars.ts';
import type { Figure } from './archives.ts';
import { flatMap, nestedMaps, type Peer, peers } from './lookup-peers.ts';
import { deepSets, expected, layerPaths, pathSets, type SetName, setNames } from './lookup-sets.ts';
import { median, ms } from './timing.ts';

const LAYERS = [1, 8, 32, 128];
const WINDOW = 0x20_0000;
const ROUNDS = 31;
/** Of peers, which take longer by orders of magnitude. */
const PEER_ROUNDS = 5;

/** Guest memory with the paths of a set in it, each with its NUL. */
class PathsInMemory {
  readonly memory: GuestMemory;
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  constructor(paths: readonly string[]) {
    this.memory = new GuestMemory(new WebAssembly.Memory({ initial: 64 }));
    this.memory.protect(WINDOW, 0x10_0000, Perm.read | Perm.write);
    let at = WINDOW;
    for (const path of paths) {
      this.starts.push(at);
      this.memory.bytes.set(Buffer.from(`${path}\0`, 'latin1'), at);
      this.ends.push(at + path.length);
      at += path.length + 1;
    }
  }
}

/** One pass over a set: how many were found. */
type Pass = () => number;

function ours(memory: PathsInMemory, context: () => WalkContext): Pass {
  return () => {
    const now = context();
    let found = 0;
    for (const start of memory.starts) if (!(seek(now, now.root, memory.memory.pathAt(start)) instanceof Errno)) found++;
    return found;
  };
}

function flat(memory: PathsInMemory, lookup: ReturnType<typeof flatMap>): Pass {
  const bytes = Buffer.from(memory.memory.bytes.buffer);
  return () => {
    let found = 0;
    for (let i = 0; i < memory.starts.length; i++) if (lookup(bytes, memory.starts[i]!, memory.ends[i]!) !== undefined) found++;
    return found;
  };
}

function byText(paths: readonly string[], lookup: (path: string) => unknown): Pass {
  return () => {
    let found = 0;
    for (const path of paths) if (lookup(path)) found++;
    return found;
  };
}

const nanoseconds = (pass: Pass, paths: number, times: number): number => {
  const start = performance.now();
  for (let i = 0; i < times; i++) pass();
  return (performance.now() - start) * 1e6 / (times * paths);
};

/** Nanoseconds of one lookup for several ways in turn, each warmed up: the best of many rounds, as what else the machine does only adds. */
function inTurn<K extends string>(set: SetName, passes: Readonly<Record<K, Pass>>, count: number): Record<K, number> {
  const keys = Object.keys(passes) as K[];
  const end = performance.now() + 40 * keys.length;
  do for (const key of keys) demandFound(key, set, passes[key]()); while (performance.now() < end);
  const times = new Map(keys.map((key) => [key, Math.max(1, Math.ceil(1.5e6 / (nanoseconds(passes[key], count, 1) * count)))]));
  const rounds = Array.from({ length: ROUNDS }, () => keys.map((key) => nanoseconds(passes[key], count, times.get(key)!)));
  return Object.fromEntries(keys.map((key, i) => [key, Math.min(...rounds.map((round) => round[i]!))])) as Record<K, number>;
}

function demandFound(who: string, set: SetName, found: number): void {
  if (found !== expected(set)) throw new Error(`${who} found ${found} of ${expected(set)} of ${set}`);
}

type Times = Partial<Record<SetName, number>>;
interface Row { readonly system: string; readonly layers: number; readonly warm: Times; readonly cold: Times }

/** The root file system of an image of such layers, and how it is opened from what is stored. */
async function imageOf(layers: readonly (readonly string[])[]): Promise<{ packed: Uint8Array; open: () => WalkContext }> {
  const blobs = await Promise.all(layers.map(async (paths) => blobOf(await tarOf(paths.map((path) => ({ name: path.slice(1), content: '' }))))));
  const packed = packView(buildView(blobs.map(indexLayer)));
  const contents = blobs.map((blob, i) => ({ blob, diffId: `sha256:${i}` }));
  const open = (): WalkContext => {
    const mount = new Mount(new OverlayFs(new ImageView(unpackView(packed)!, contents), { now: () => 0n }));
    const root = { mount, inode: mount.root };
    return { mounts: new MountTable(mount), root, cwd: root, credentials: rootCredentials };
  };
  return { packed, open };
}

const ownSystems = ['wherry', 'map_flat_fresh', 'map_walk'] as const;

/** Ours, the bar and nested Maps over images of each number of layers, in turn. */
async function measureOwn(): Promise<Row[]> {
  const images = await Promise.all(LAYERS.map(async (layers) => {
    const { open } = await imageOf(Array.from({ length: layers }, (_, layer) => layerPaths(layer)));
    return { layers, open, map: flatMap(layers), nested: nestedMaps(layers) };
  }));
  const rows: Row[] = LAYERS.flatMap((layers) => ownSystems.map((system) => ({ system, layers, warm: {}, cold: {} })));
  for (const set of setNames) {
    const passes: Record<string, Pass> = {};
    const cold: (() => void)[] = [];
    for (const { layers, open, map, nested } of images) {
      const paths = pathSets(layers)[set];
      const memory = new PathsInMemory(paths);
      let context = open();
      passes[`wherry ${layers}`] = ours(memory, () => context);
      passes[`map_flat_fresh ${layers}`] = flat(memory, map);
      passes[`map_walk ${layers}`] = byText(paths, nested);
      cold.push(() => { context = open(); });
    }
    const warm = inTurn(set, passes, expected('top'));
    for (const row of rows) row.warm[set] = warm[`${row.system} ${row.layers}`]!;
    LAYERS.forEach((layers, i) => { rows.find((row) => row.system === 'wherry' && row.layers === layers)!.cold[set] = coldest(passes[`wherry ${layers}`]!, expected('top'), cold[i]!); });
  }
  return rows;
}

/** First touch of each path: the best of several openings. */
function coldest(pass: Pass, count: number, forget: () => void, openings = ROUNDS): number {
  return Math.min(...Array.from({ length: openings }, () => {
    forget();
    return nanoseconds(pass, count, 1);
  }));
}

function measurePeer({ name, layers, lookup, cold }: Peer): Row {
  const row: Row = { system: name, layers, warm: {}, cold: {} };
  for (const set of setNames) {
    const paths = pathSets(layers)[set];
    const pass = byText(paths, lookup);
    if (cold) row.cold[set] = coldest(pass, paths.length, cold, PEER_ROUNDS);
    row.warm[set] = peerTime(set, name, pass, paths.length);
  }
  return row;
}

/** The best of few passes; of a slow peer the first one is enough. */
function peerTime(set: SetName, name: string, pass: Pass, count: number): number {
  const start = performance.now();
  demandFound(name, set, pass());
  const first = (performance.now() - start) * 1e6 / count;
  if (performance.now() - start > 200) return first;
  return Math.min(first, ...Array.from({ length: PEER_ROUNDS }, () => nanoseconds(pass, count, Math.ceil(3e7 / (first * count)))));
}

const cells = (times: Times): string[] => setNames.map((set) => (times[set] === undefined ? '' : times[set].toFixed(0)));

export interface LookupResult { readonly tables: readonly { readonly title: string; readonly rows: string[][] }[]; readonly figures: Figure[] }

/** All of it; peers come last, as they disturb what the engine has optimised. */
export async function lookups(): Promise<LookupResult> {
  const own = await measureOwn();
  const figures = [...aims(own), ...await openings()];
  const rows = [...own];
  for await (const peer of peers(LAYERS)) rows.push(measurePeer(peer));
  rows.sort((a, b) => Number(a.system !== 'wherry') - Number(b.system !== 'wherry') || (a.system === b.system ? a.layers - b.layers : 0));
  const heading = ['system', 'layers', ...setNames];
  const table = (of: (row: Row) => Times): string[][] => [heading, ...rows.filter((row) => Object.keys(of(row)).length > 0).map((row) => [row.system, String(row.layers), ...cells(of(row))])];
  return {
    tables: [
      { title: 'lookup, warm: nanoseconds (deep: eight components)', rows: table((row) => row.warm) },
      { title: 'lookup, cold: nanoseconds of the first touch after opening (the kernel: after mounting)', rows: table((row) => row.cold) },
    ],
    figures,
  };
}

/** What the rows say about the aims. */
function aims(rows: readonly Row[]): Figure[] {
  const mine = rows.filter((row) => row.system === 'wherry');
  const bar = new Map(rows.filter((row) => row.system === 'map_flat_fresh').map((row) => [row.layers, row]));
  const figures: Figure[] = deepSets.map((set) => {
    const ratios = mine.map((row) => row.warm[set]! / bar.get(row.layers)!.warm[set]!);
    return { what: `${set}, warm`, ours: range(mine.map((row) => row.warm[set]!)), beside: `map_flat_fresh: ${range(mine.map((row) => bar.get(row.layers)!.warm[set]!))}`, result: `${Math.max(...ratios).toFixed(2)} × at most`, target: '≤ 1 ×' };
  });
  for (const set of deepSets) {
    const times = mine.map((row) => row.warm[set]!);
    figures.push({ what: `${set}, ${LAYERS.join(', ')} layers`, ours: times.map((t) => t.toFixed(0)).join(', '), beside: '', result: `${((Math.max(...times) / Math.min(...times) - 1) * 100).toFixed(0)} % apart`, target: '≤ 20 %' });
  }
  const colds = mine.flatMap((row) => deepSets.map((set) => row.cold[set]! / row.warm[set]!));
  figures.push({ what: 'cold lookup', ours: range(mine.flatMap((row) => deepSets.map((set) => row.cold[set]!))), beside: 'warm', result: `${Math.max(...colds).toFixed(1)} × at most`, target: '≤ 3 ×' });
  return figures;
}

const range = (values: readonly number[]): string => `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)} ns`;

const paths50k = Array.from({ length: 50_000 }, (_, i) => `/usr/share/d${Math.floor(i / 100)}/file-${i}.txt`);

/** Opening the stored view of an image of 50,000 files and one of ten, and the memory it takes. */
async function openings(): Promise<Figure[]> {
  const [many, few] = [await imageOf([paths50k]), await imageOf([paths50k.slice(0, 10)])];
  const time = (open: () => WalkContext): number => { const start = performance.now(); open(); return performance.now() - start; };
  const times = Array.from({ length: 21 }, () => [time(few.open), time(many.open)] as const);
  const [ten, fifty] = [median(times.map((t) => t[0])), median(times.map((t) => t[1]))];
  const bytes = memoryOf(many.open) / 50_000;
  return [
    { what: 'opening the view of 50,000 files', ours: `${ms(fifty)} ms`, beside: `of 10: ${ms(ten)} ms`, result: `${ms(fifty - ten)} ms more`, target: '≤ 15 ms more' },
    { what: 'memory of an image of 50,000 files, opened', ours: `${bytes.toFixed(0)} bytes a file`, beside: `stored: ${(many.packed.length / 50_000).toFixed(0)} bytes a file`, result: '', target: '≤ 200 bytes' },
  ];
}

/** Bytes that stay in use for what was opened. */
function memoryOf(open: () => WalkContext): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => { collect(); collect(); const { heapUsed, external } = process.memoryUsage(); return heapUsed + external; };
  open();
  const before = used();
  const kept = open();
  const after = used();
  if (kept.root.inode.mode === 0) throw new Error('a root without a mode');
  return after - before;
}
