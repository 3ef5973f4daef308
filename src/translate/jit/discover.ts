// Finds the code of a region from its entry: decodes along jumps and branches (calls are not followed) and cuts it into stretches at branch targets.
import type { Insn, Undecodable } from '../x86/index.ts';
import { decode } from '../x86/index.ts';
import type { Stretch } from './block.ts';
import { findTable, type Guesses, type JumpTable } from './jump-table.ts';

/** Where code comes from: guest memory with a bound on what may be executed. */
export interface CodeSource {
  readonly bytes: Uint8Array;
  /** How many bytes at an address may be executed, 0 for none. */
  reach(address: number): number;
  /** How many of `length` bytes at an address the guest can read but not write. Absent: no jump tables are looked for. */
  constant?(address: number, length: number): number;
  /** Whether a jump table may lead to an address, when `reach` does not tell (only a part of the code is there). */
  isCode?(address: number): boolean;
}

export interface RegionLimits {
  /** Whether a block that begins here is worth translating; edges to others leave the region. */
  wanted(pc: number): boolean;
  /** Instructions of a region at most. */
  readonly maxInsns: number;
}

/** How many instructions before a block are remembered to find the bound and base of a jump table. */
const PATH = 48;

interface Way { readonly run: readonly Insn[]; readonly before: Way | undefined }

/** The last instructions of a way, at least PATH of them when there are so many. */
function pathOf(way: Way): readonly Insn[] {
  let path = way.run;
  for (let at = way.before; at !== undefined && path.length < PATH; at = at.before) path = [...at.run, ...path];
  return path;
}

const canRun = (address: number): boolean => address >= 0 && address <= 0xffff_ffff;

/** Addresses control may go to inside the region after an instruction that ends a block. */
function followers(insn: Insn): number[] {
  const next = insn.pc + insn.length;
  const target = insn.operands.find((o) => o.kind === 'target');
  switch (insn.row.options.ends) {
    case 'jump': return target !== undefined ? [target.address] : [];
    case 'branch': return target !== undefined ? [target.address, next] : [next];
    case 'call': case 'syscall': return [next];
    default: return [];
  }
}

/** Jumps and calls to addresses outside of 32 bits are left to the interpreter, which raises the fault. */
const jumpsNowhere = (insn: Insn): boolean => insn.operands.some((o) => o.kind === 'target' && !canRun(o.address));

/** The stretches of the region that begins at `entry`; the first is the entry's. */
export function discover(entry: number, source: CodeSource, limits: RegionLimits): Stretch[] {
  const found = new Map<number, Insn | Undecodable>();
  const leaders = new Set<number>([entry]);
  const work = [entry];
  const decodeAt = (pc: number): Insn | Undecodable => decode(source.bytes, pc, pc + source.reach(pc), pc);
  /** The way by which a start was found first. */
  const paths = new Map<number, Way>();
  const tables = new Map<Insn, JumpTable>();
  const guesses: Guesses = [];
  const follow = (pc: number, path: Way): void => {
    if (!canRun(pc) || leaders.has(pc) || !limits.wanted(pc)) return;
    leaders.add(pc);
    work.push(pc);
    paths.set(pc, path);
  };
  for (let start = work.shift(); start !== undefined; start = work.shift()) {
    const run: Insn[] = [];
    const way: Way = { run, before: paths.get(start) };
    for (let pc = start; ;) {
      if (found.has(pc)) {
        // Ran into code that is known: it begins a stretch of its own, unless this is where we began.
        if (pc !== start) leaders.add(pc);
        break;
      }
      if (found.size >= limits.maxInsns || source.reach(pc) === 0) break;
      const insn = decodeAt(pc);
      found.set(pc, insn);
      if (insn.row === undefined || jumpsNowhere(insn)) break;
      run.push(insn);
      pc += insn.length;
      if (insn.row.options.ends !== undefined) {
        for (const to of followers(insn)) follow(to, way);
        if (insn.row.options.ends === 'jump' && insn.operands[0]?.kind !== 'target') {
          const table = source.constant === undefined ? undefined : findTable(pathOf(way), source, guesses);
          if (table !== undefined) tables.set(insn, table);
          for (const to of table?.targets ?? []) follow(to, way);
        }
        break;
      }
    }
  }
  return [...leaders].filter((pc) => found.has(pc)).map((pc) => cut(pc, found, leaders, tables));
}

/** The instructions from a leader to the next one or to the end of control. */
function cut(start: number, found: ReadonlyMap<number, Insn | Undecodable>, leaders: ReadonlySet<number>, tables: ReadonlyMap<Insn, JumpTable>): Stretch {
  const insns: Insn[] = [];
  for (let pc = start; ;) {
    const insn = found.get(pc);
    if (insn === undefined || (pc !== start && leaders.has(pc))) return { pc: start, insns, next: pc, slow: false, table: undefined };
    if (insn.row === undefined || jumpsNowhere(insn)) return { pc: start, insns, next: pc, slow: true, table: undefined };
    insns.push(insn);
    pc += insn.length;
    if (insn.row.options.ends !== undefined) return { pc: start, insns, next: pc, slow: false, table: tables.get(insn) };
  }
}
