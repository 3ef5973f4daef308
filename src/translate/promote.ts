// Promotion: hot blocks become regions, translated together as one module.
import { PAGE_SHIFT, PAGE_SIZE, Perm, type GuestMemory, type Level } from '../guest/index.ts';
import type { Blocks } from './interp/blocks.ts';
import { encode, makeRegion, type CodeSource, type Region, type RegionLimits } from './jit/index.ts';
import { RegionModule, type Piece } from './registry.ts';

export interface Promotion {
  readonly module: RegionModule;
  readonly instructions: number;
}

/** Instructions of one region at most. */
const REGION_LIMIT = 20_000;
/** Bytes the decoder may look at from one address on. */
const WINDOW = 64;

/** Translates the regions at `pcs`; a pc that another region of the batch contains waits until it proves hot again. Undefined when nothing could be translated. */
export function promote(memory: GuestMemory, blocks: Blocks, pcs: readonly number[], level: Level, warm: number): Promotion | undefined {
  const source: CodeSource = { bytes: memory.bytes, reach: (address) => memory.reach(address, WINDOW, Perm.execute), constant: (address, length) => constantBytes(memory, address, length) };
  const limits: RegionLimits = { wanted: (pc) => blocks.entries(pc) >= warm, maxInsns: REGION_LIMIT };
  const regions: Region[] = [];
  const covered = new Set<number>();
  for (const pc of [...pcs].sort((x, y) => x - y)) {
    if (covered.has(pc)) continue;
    const region = makeRegion(pc, source, limits, level);
    if (region === undefined) continue;
    regions.push(region);
    for (const block of region.blocks) covered.add(block.pc);
  }
  for (const pc of covered) blocks.recount(pc);
  if (regions.length === 0) return undefined;
  const entries = new Map(regions.map((region, i) => [region.entry, i]));
  const module = new RegionModule(encode(regions), level, entries, pieces(memory, regions));
  return { module, instructions: regions.reduce((sum, r) => sum + r.insnCount, 0) };
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
