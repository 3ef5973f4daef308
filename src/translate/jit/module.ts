// Regions of one batch become one WebAssembly module; calls between them are direct.
import type { Level } from '../../guest/index.ts';
import { helperRows } from '../ir/ops.ts';
import { ModuleBuilder } from '../wasm/index.ts';
import type { CodeSource, RegionLimits } from './discover.ts';
import { type Imports, RegionEmitter } from './emit-region.ts';
import { makeRegion, type Region } from './region.ts';

/**
 * A translated module. It imports from 'hub': memory, call (i32 → i32), syscall (→ i32), routine (5 × i32 → i32), and the helpers it uses by name; it exports function n as `String(n)`, of type () → i32.
 */
export interface Translation {
  readonly bytes: Uint8Array;
  /** Guest address of each exported function. */
  readonly entries: readonly number[];
  /** Guest code it was made from, [begin, end) pairs. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly insnCount: number;
}

/** What may be translated together. */
export interface BatchLimits extends RegionLimits {
  /** Whether the callee at this address is worth a region of the same module; absent: only the given entries are translated. */
  callee?(pc: number): boolean;
  /** Regions of a module at most. */
  readonly maxRegions?: number;
}

/** Translates the regions at `entries` (those whose first instruction can be translated), and the callees that the limits allow. */
export function translate(entries: readonly number[], source: CodeSource, limits: BatchLimits, level: Level): Translation {
  const regions: Region[] = [];
  const queued = new Set(entries);
  for (const entry of queued) {
    if (regions.length >= (limits.maxRegions ?? Infinity)) break;
    const region = makeRegion(entry, source, limits, level);
    if (region === undefined) continue;
    regions.push(region);
    for (const { end } of region.blocks) {
      if (end.kind === 'call' && typeof end.target === 'number' && !queued.has(end.target) && limits.callee?.(end.target)) queued.add(end.target);
    }
  }
  return { bytes: encode(regions), entries: regions.map((r) => r.entries[0]!), ranges: regions.flatMap((r) => r.ranges), insnCount: regions.reduce((sum, r) => sum + r.insnCount, 0) };
}

/** Whether a region overwrites all flags in its first block before it looks at them or leaves. */
function ignoresFlags(region: Region): boolean {
  const first = region.blocks[0]!;
  return region.dispatcher === undefined && first.flagsWritten && !first.flagsLiveAt(0, 0, false) && !first.isLoopHead;
}

/** Emits regions as a module. */
export function encode(regions: readonly Region[]): Uint8Array {
  const module = new ModuleBuilder();
  const i32 = 'i32' as const;
  const regionType = module.type([], [i32]);
  module.importMemory('hub', 'memory', 1, 65536);
  const call = module.importFunction('hub', 'call', module.type([i32], [i32]));
  const syscall = module.importFunction('hub', 'syscall', regionType);
  const routine = module.importFunction('hub', 'routine', module.type([i32, i32, i32, i32, i32], [i32]));
  const helpers = new Map<string, number>();
  const used = usedHelpers(regions);
  for (const [name, params, result] of helperRows) if (used.has(name)) helpers.set(name, module.importFunction('hub', name, module.type(params, [result])));
  const indices = regions.map(() => module.function(regionType));
  const functions = new Map(regions.flatMap((region, n) => region.entries.map((entry) => [entry, { index: indices[n]!, ignoresFlags: ignoresFlags(region) }] as const)).reverse());
  for (const [n, region] of regions.entries()) functions.set(region.entries[0]!, { index: indices[n]!, ignoresFlags: ignoresFlags(region) });
  const imports: Imports = { call, syscall, routine, helper: (name) => helpers.get(name)!, region: (pc) => functions.get(pc) };
  for (const [n, region] of regions.entries()) {
    const index = indices[n]!;
    module.body(index, new RegionEmitter(region, imports).emit());
    module.export(String(n), 'func', index);
  }
  return module.finish();
}

function usedHelpers(regions: readonly Region[]): Set<string> {
  return new Set(regions.flatMap((region) => region.blocks.flatMap((block) => block.helpers)));
}
