// A region: the code found from one entry, lifted, ordered and annotated, ready for emission.
import type { Level } from '../../guest/index.ts';
import { Block, checksOf, lift, type Stretch } from './block.ts';
import { type CheckedRegisters, checkedOnAll, nothingChecked } from '../ir/near-checks.ts';
import { discover, type CodeSource, type RegionLimits } from './discover.ts';
import { flow, storesAll } from './flow.ts';
import { type JumpTable, LEA_LENGTH } from './jump-table.ts';
import { type Stub, stubAt } from './plt.ts';
import { type Shape, structure } from './structure.ts';

export interface Region extends Shape {
  /** Addresses at which the function can be entered: state.pc says which. */
  readonly entries: readonly number[];
  /** Guest code and jump tables it was made from, as [begin, end) pairs, merged and ascending. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly insnCount: number;
}

/** A region larger than this gets entries of its own where control comes back to it (returnPoints), so that no copies of it are made from there. */
const LARGE = 600;

/** Finds and lifts the region at `entry`; undefined when not even the first instruction can be translated. */
export function makeRegion(entry: number, source: CodeSource, limits: RegionLimits, level: Level): Region | undefined {
  const stretches = discover(entry, source, limits);
  const first = stretches[0];
  if (first === undefined || (first.insns.length === 0 && first.slow)) return undefined;
  const large = stretches.reduce((sum, s) => sum + s.insns.length, 0) > LARGE;
  const entries = large ? [entry, ...returnPoints(stretches).filter((pc) => pc !== entry)] : [entry];
  const blocks = liftAll(stretches, new Set(entries), level);
  for (const block of blocks.values()) {
    const targets = successorsOf(block);
    block.successors = targets.map((pc) => blocks.get(pc)).filter((b) => b !== undefined);
    block.leaves = block.successors.length < targets.length;
    // At level all the load of the entry would have to be checked.
    if (level !== 'all' && block.end.kind === 'call' && typeof block.end.target === 'number') block.stub = stubAt(block.end.target, source);
  }
  const shape = structure(entries.map((pc) => blocks.get(pc)!), blocks);
  flow(shape.blocks);
  return { ...shape, entries, ranges: rangesOf(stretches, shape.blocks.flatMap((b) => b.stub ?? [])), insnCount: shape.blocks.reduce((sum, b) => sum + b.insnCount, 0) };
}

/** Where control comes back to from outside: after calls and system calls, at loop heads, and where jump tables lead. */
function returnPoints(stretches: readonly Stretch[]): number[] {
  const starts = new Set(stretches.map((s) => s.pc));
  const points = new Set<number>();
  for (const s of stretches) {
    const last = s.insns[s.insns.length - 1];
    const ends = last?.row.options.ends;
    if (s.slow || last === undefined) continue;
    if (ends === 'call' || ends === 'syscall') points.add(s.next);
    for (const to of s.table?.targets ?? []) points.add(to);
    if (ends === 'jump' || ends === 'branch') for (const o of last.operands) if (o.kind === 'target' && o.address <= last.pc) points.add(o.address);
  }
  return [...points].filter((pc) => starts.has(pc));
}

/** Where control may go on inside a region. */
export function successorsOf(block: Block): readonly number[] {
  const { end } = block;
  switch (end.kind) {
    case 'next': case 'call': case 'syscall': case 'routine': return [end.next];
    case 'jump': return [end.target];
    case 'branch': return [end.target, end.next];
    case 'table': return [...new Set(end.targets)];
    default: return [];
  }
}

/** Lifts the stretches in an order in which most predecessors come first, so that the kind of the flags is known where they agree, and which pages were checked. */
function liftAll(stretches: readonly Stretch[], entries: ReadonlySet<number>, level: Level): Map<number, Block> {
  const checks = checksOf(level);
  const at = new Map(stretches.map((s) => [s.pc, s]));
  const predecessors = predecessorsOf(stretches, at);
  const blocks = new Map<number, Block>();
  /** The kind of the flags that a stretch ends with, for the successors: -1 is unknown. */
  const kindAfter = new Map<Stretch, number>();
  const checkedAfter = new Map<Stretch, CheckedRegisters>();
  for (const stretch of orderStretches(stretches, at)) {
    const before = entries.has(stretch.pc) ? [] : predecessors.get(stretch)!;
    let kind = meet(before.map((p) => kindAfter.get(p) ?? -1));
    let checked = checkedOnAll(before.map((p) => checkedAfter.get(p) ?? nothingChecked));
    for (let rest: Stretch | null = stretch; rest !== null;) {
      const lifted: ReturnType<typeof lift> = lift(rest, checks, kind, checked);
      const { block } = lifted;
      blocks.set(block.pc, block);
      kind = storesAll(block) ? -1 : block.flagsWritten ? block.registers.flags.staticKind : kind;
      checked = storesAll(block) ? nothingChecked : lifted.checked;
      rest = lifted.rest;
    }
    kindAfter.set(stretch, kind);
    checkedAfter.set(stretch, checked);
  }
  return blocks;
}

const meet = (kinds: readonly number[]): number => (kinds.length > 0 && kinds.every((k) => k === kinds[0]) ? kinds[0]! : -1);

/** Where a stretch goes on, by its last instruction alone. */
function after(stretch: Stretch): number[] {
  const last = stretch.insns[stretch.insns.length - 1];
  if (stretch.slow) return [];
  const ends = last?.row.options.ends;
  if (ends === undefined || ends === 'call' || ends === 'syscall') return [stretch.next];
  const target = last!.operands.find((o) => o.kind === 'target');
  const targets = target === undefined ? [] : [target.address];
  return ends === 'branch' ? [...targets, stretch.next] : ends === 'jump' ? [...targets, ...stretch.table?.targets ?? []] : [];
}

function predecessorsOf(stretches: readonly Stretch[], at: ReadonlyMap<number, Stretch>): Map<Stretch, Stretch[]> {
  const predecessors = new Map<Stretch, Stretch[]>(stretches.map((s) => [s, []]));
  for (const s of stretches) for (const to of after(s)) { const t = at.get(to); if (t !== undefined) predecessors.get(t)!.push(s); }
  return predecessors;
}

function orderStretches(stretches: readonly Stretch[], at: ReadonlyMap<number, Stretch>): Stretch[] {
  const done: Stretch[] = [];
  const seen = new Set<Stretch>();
  for (const root of stretches) {
    if (seen.has(root)) continue;
    const found: Stretch[] = [];
    const stack: { stretch: Stretch; left: number[] }[] = [{ stretch: root, left: after(root) }];
    seen.add(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const pc = top.left.pop();
      if (pc === undefined) { found.push(top.stretch); stack.pop(); continue; }
      const to = at.get(pc);
      if (to === undefined || seen.has(to)) continue;
      seen.add(to);
      stack.push({ stretch: to, left: after(to) });
    }
    done.push(...found.reverse());
  }
  return done;
}

/** The entries of a table, and the instruction that told where it is. */
function* tableRanges({ address, targets, entrySize, guessedFrom }: JumpTable): Generator<readonly [number, number]> {
  yield [address, address + targets.length * entrySize];
  if (guessedFrom !== undefined) yield [guessedFrom, guessedFrom + LEA_LENGTH];
}

function rangesOf(stretches: readonly Stretch[], stubs: readonly Stub[]): [number, number][] {
  const ranges: [number, number][] = [];
  const pieces = stretches.flatMap((s) => [[s.pc, s.next] as const, ...(s.table === undefined ? [] : tableRanges(s.table))]).concat(stubs.map(({ begin, end }) => [begin, end] as const));
  for (const [begin, end] of pieces.sort((x, y) => x[0] - y[0])) {
    const last = ranges[ranges.length - 1];
    if (last !== undefined && begin <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > begin) ranges.push([begin, end]);
  }
  return ranges;
}
