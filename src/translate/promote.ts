// Promotion: hot blocks become regions, translated together as one module.
import { PAGE_SHIFT, PAGE_SIZE, Perm, type GuestMemory, type Level } from '../guest/index.ts';
import type { Blocks } from './interp/blocks.ts';
import { encode, makeRegion, regionText, type CodeSource, type Region, type RegionLimits } from './jit/index.ts';
import { listModule } from './wasm/index.ts';
import { RegionModule, type Piece } from './registry.ts';

/** One region of a module, for the profile of its file. */
export interface Part { readonly entry: number; readonly blocks: readonly number[]; readonly pieces: readonly Piece[] }

export interface Promotion {
  readonly module: RegionModule;
  readonly parts: readonly Part[];
  readonly instructions: number;
  /** Every stage of it as text. */
  readonly text: () => string;
}

/** Instructions of one region at most, and regions of one batch. */
const REGION_LIMIT = 20_000, BATCH_LIMIT = 512;
/** Instructions of a region that begins inside another one: what it takes to come to one of the other's entries, not a copy. */
const INNER_LIMIT = 300;
/** Bytes the decoder may look at from one address on. */
const WINDOW = 64;

/** How many bytes from an address on are there, at most `length`. */
export type Reach = (address: number, length: number) => number;

const sourceOf = (memory: GuestMemory): CodeSource =>
  ({ bytes: memory.bytes, reach: (address) => memory.reach(address, WINDOW, Perm.execute), constant: (address, length) => constantBytes(memory, address, length) });

/** Code of which only parts are there: of a jump table, all that was found to be one. */
const partsOf = (memory: GuestMemory, reach: Reach): CodeSource => ({ bytes: memory.bytes, reach: (address) => reach(address, WINDOW), constant: reach, isCode: () => true });

/** What is translated already: pcs of blocks, and of those where large regions can be entered. */
export interface Others { readonly blocks: ReadonlySet<number>; readonly largeEntries: ReadonlySet<number> }

const noOthers: Others = { blocks: new Set(), largeEntries: new Set() };

/** What a batch of regions is made of. */
interface Wanted {
  /** Whether a block that begins here is worth translating. */
  block(pc: number): boolean;
  /** Whether the callee at this address joins the batch. */
  callee(pc: number): boolean;
  /** Whether control came to this entry though an earlier region of the batch contains it: others are left out. */
  entered(pc: number): boolean;
  readonly others: Others;
}

function regionsOf(source: CodeSource, entries: readonly number[], level: Level, wanted: Wanted): { regions: Region[]; covered: Set<number> } {
  // Large regions are entered, not copied.
  const large = new Set<number>(wanted.others.largeEntries);
  const block = (pc: number): boolean => !large.has(pc) && wanted.block(pc);
  const limits: RegionLimits = { wanted: block, maxInsns: REGION_LIMIT };
  const inner: RegionLimits = { wanted: block, maxInsns: INNER_LIMIT };
  const entered = new Set<number>();
  const regions: Region[] = [];
  const covered = new Set<number>();
  const queued = new Set([...entries].sort((x, y) => x - y));
  for (const pc of queued) {
    if (entered.has(pc) || (covered.has(pc) && !wanted.entered(pc))) continue;
    const region = makeRegion(pc, source, covered.has(pc) || wanted.others.blocks.has(pc) ? inner : limits, level);
    if (region === undefined) continue;
    regions.push(region);
    for (const entry of region.entries) entered.add(entry);
    if (region.entries.length > 1) for (const entry of region.entries) large.add(entry);
    for (const { pc: block, end, stub } of region.blocks) {
      if (end.kind === 'dispatch') continue;
      covered.add(block);
      if (end.kind === 'call' && typeof end.target === 'number' && stub === undefined && queued.size < BATCH_LIMIT && wanted.callee(end.target)) queued.add(end.target);
    }
  }
  return { regions, covered };
}

/** Translates the regions at `pcs` and their warm callees; a pc that another region of the batch contains waits until it proves hot again. Undefined when nothing could be translated. */
export function promote(memory: GuestMemory, blocks: Blocks, pcs: readonly number[], level: Level, warm: number, known: (pc: number) => boolean, others: Others): Promotion | undefined {
  const { regions, covered } = regionsOf(sourceOf(memory), pcs, level, { block: (pc) => blocks.entries(pc) >= warm, callee: (pc) => warm > 0 && blocks.entries(pc) >= warm && !known(pc), entered: () => false, others });
  for (const pc of covered) blocks.recount(pc);
  return moduleOf(memory, regions, level, () => true);
}

/** Translates the regions at `entries`, of the blocks that are wanted, as one module; those inside another one when control came there. `reach`: where there is code at all, when that is not the whole memory. */
export function translateSet(memory: GuestMemory, entries: Iterable<number>, wanted: (pc: number) => boolean, level: Level, entered: (pc: number) => boolean = () => true, reach?: Reach): Promotion | undefined {
  const { regions } = regionsOf(reach === undefined ? sourceOf(memory) : partsOf(memory, reach), [...entries], level, { block: wanted, callee: () => false, entered, others: noOthers });
  return moduleOf(memory, regions, level, entered);
}

function moduleOf(memory: GuestMemory, regions: readonly Region[], level: Level, entered: (pc: number) => boolean): Promotion | undefined {
  if (regions.length === 0) return undefined;
  // The first entry of a region wins over a further entry of another.
  const entries = new Map<number, number>();
  for (const further of [false, true]) for (const [i, region] of regions.entries()) for (const entry of further ? region.entries.slice(1) : region.entries.slice(0, 1)) if (!entries.has(entry)) entries.set(entry, i);
  const parts = regions.map((region) => ({ entry: region.entries[0]!, blocks: region.blocks.filter((b) => b !== region.dispatcher).map((b) => b.pc), pieces: pieces(memory, [region]) }));
  const module = new RegionModule(encode(regions), level, entries, pieces(memory, regions), [...new Set(parts.flatMap((part) => part.blocks))], new Set(parts.map((part) => part.entry).filter(entered)));
  return { module, parts, instructions: regions.reduce((sum, r) => sum + r.insnCount, 0),
    text: () => [...regions.map((region) => regionText(region, memory.bytes)), listModule(module.bytes), ''].join('\n\n') };
}

/** How many bytes from an address on the guest may read but not write. */
function constantBytes(memory: GuestMemory, address: number, length: number): number {
  const readable = memory.reach(address, length, Perm.read);
  for (let page = address >>> PAGE_SHIFT; page <= (address + readable - 1) >>> PAGE_SHIFT; page++) {
    if (memory.perms[page]! & Perm.write || (memory.perms[page]! & Perm.watched && !(memory.perms[page]! & Perm.execute))) return Math.max(0, page * PAGE_SIZE - address);
  }
  return readable;
}

/** The bytes of all code that went into the regions; ranges that touch are one piece. */
function pieces(memory: GuestMemory, regions: readonly Region[]): Piece[] {
  const ranges = regions.flatMap((r) => r.ranges).map(([from, to]) => [from, to] as [number, number]).sort((x, y) => x[0] - y[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = merged[merged.length - 1];
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged.map(([from, to]) => ({ address: from, bytes: memory.bytes.slice(from, to) }));
}
