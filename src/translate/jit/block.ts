// A basic block of a region: lifted once, then annotated by the data flows.
import { assert } from '../../base/index.ts';
import type { Level } from '../../guest/index.ts';
import type { End, Statement } from '../ir/block.ts';
import { Slot } from '../ir/block.ts';
import { type Checks, type Ender, GraphBuilder } from '../ir/graph-builder.ts';
import type { CheckedRegisters } from '../ir/near-checks.ts';
import { Kind, Node, wrap } from '../ir/node.ts';
import { routineId } from '../ir/routines.ts';
import type { Insn, TargetOperand } from '../x86/index.ts';
import { BlockRegisters } from './block-registers.ts';
import { type JumpTable, tableEnd } from './jump-table.ts';
import type { Stub } from './plt.ts';

/** A stretch of instructions before it is lifted. `end` 'slow': the instruction at `next` cannot be decoded. */
export interface Stretch {
  readonly pc: number;
  readonly insns: readonly Insn[];
  readonly next: number;
  readonly slow: boolean;
  /** The jump table that its last instruction goes through. */
  readonly table: JumpTable | undefined;
}

export class Block {
  readonly pc: number;
  readonly insnCount: number;
  /** Exits inside the block store all flags, also those that the interrupted instruction would overwrite. */
  readonly exactExits: boolean;
  readonly statements: readonly Statement[];
  readonly end: End;
  readonly registers: BlockRegisters;
  /** Statements from here on only bring locals up to date for successors. */
  readonly finalFrom: number;
  /** Registers (bits as slots) that the block reads before it writes them, and those it writes. */
  readonly uses: number;
  readonly defines: number;
  /** Names of the helper functions it calls. */
  readonly helpers: readonly string[];
  /** The linkage stub that its call goes to, when the call may read the stub's entry itself. */
  stub: Stub | undefined = undefined;
  /** Blocks in the region that follow, in the order taken, not taken. */
  successors: Block[] = [];
  predecessors: Block[] = [];
  /** Blocks of the region it goes to by way of the dispatcher, which then is a successor. */
  routes: Block[] = [];
  /** Whether an edge leaves the region. */
  leaves = false;
  /** Whether it counts the budget: loop heads, and blocks that irreducible loops go back to. */
  counts = false;
  // ---- data flow
  dirtyIn = 0;
  liveIn = 0;
  flagsDirtyIn = false;
  flagsLiveIn = false;
  /** Whether somebody after the block needs its flags. */
  flagsLiveOut = false;
  // ---- control flow
  order = -1;
  dominator: Block | null = null;
  dominated: Block[] = [];
  isLoopHead = false;
  isMerge = false;
  /** The depth of its label while it is open. */
  label = -1;

  constructor(pc: number, insnCount: number, exactExits: boolean, statements: readonly Statement[], end: End, registers: BlockRegisters, finalFrom: number) {
    this.pc = pc;
    this.insnCount = insnCount;
    this.exactExits = exactExits;
    this.statements = statements;
    this.end = end;
    this.registers = registers;
    this.finalFrom = finalFrom;
    this.defines = registers.changed;
    const { uses, helpers } = needsOf(statements, endNodes(end));
    this.uses = uses;
    this.helpers = helpers;
  }

  get flagsWritten(): boolean { return this.registers.versions.length > 1; }

  /** Whether the flags of a version are needed from an instruction on, when they are needed at the block's end or not. */
  flagsLiveAt(version: number, instruction: number, atEnd: boolean): boolean {
    const versions = this.registers.versions;
    for (;;) {
      const v = versions[version]!;
      if (v.lastRead >= instruction) return true;
      if (version === versions.length - 1) return atEnd;
      if (v.lastKept < instruction) return false;
      instruction = v.lastKept + 1;
      version++;
    }
  }

  /** Whether a version of the flags may still hold parts of what the block began with. */
  flagsCarriedTo(version: number): boolean { return this.registers.versions.slice(0, version).every((v) => v.lastKept >= 0); }
}

/** A block without code that goes to one of several. */
export function dispatcher(): Block {
  const registers = new BlockRegisters(-1);
  return new Block(-1, 0, false, [], { kind: 'dispatch' }, registers, 0);
}

/** Values that the end of a block takes. */
export function endNodes(end: End): readonly Node[] {
  switch (end.kind) {
    case 'branch': return [end.condition];
    case 'table': return [end.index, end.target];
    case 'indirect': case 'ret': return [end.target];
    case 'call': return typeof end.target === 'number' ? [] : [end.target];
    case 'routine': return end.args;
    default: return [];
  }
}

let epoch = 0;

/** Visits every node that the statements and roots can reach, once. */
function walk(statements: readonly Statement[], roots: readonly Node[], see: (node: Node) => void): void {
  epoch++;
  const visit = (node: Node): void => {
    if (node.kind === Kind.constant || node.mark === epoch) return;
    node.mark = epoch;
    see(node);
    if (node.a !== null) visit(node.a);
    if (node.b !== null) visit(node.b);
    if (node.c !== null) visit(node.c);
  };
  for (const root of roots) visit(root);
  for (const s of statements) {
    if (s.address !== null) visit(s.address);
    if (s.value !== null) visit(s.value);
    if (s.flags !== null) { const f = s.flags.stored(); visit(f.kind); visit(f.a); visit(f.b); }
  }
}

const noHelpers: readonly string[] = [];

/** The registers that expressions take as they were when the block began, and the helpers they call. */
function needsOf(statements: readonly Statement[], roots: readonly Node[]): { uses: number; helpers: readonly string[] } {
  let uses = 0;
  let helpers = noHelpers;
  walk(statements, roots, (node) => {
    if (node.kind === Kind.input) { if (node.low < Slot.flagsKind) uses |= 1 << node.low; }
    else if (node.op !== null && node.op.helper) helpers = [...helpers, node.op.name];
  });
  return { uses, helpers };
}

export const checksOf = (level: Level): Checks => ({ stores: level !== 'none', loads: level === 'all', alignment: level === 'all', near: true, float: false });

/** Builds the block's statements; it ends early where an instruction calls a routine, and gives back the rest. `flagsKind` is the kind of the flags when it begins, -1 when only known at run time; `checked` what is known of the registers' pages, and what is known after it. */
export function lift(stretch: Stretch, checks: Checks, flagsKind: number, checked: CheckedRegisters): { block: Block; rest: Stretch | null; checked: CheckedRegisters } {
  const registers = new BlockRegisters(flagsKind);
  const builder = new GraphBuilder(registers, checks, checked);
  registers.builder = builder;
  const { insns } = stretch;
  let count = 0;
  let next = stretch.next;
  while (count < insns.length && builder.ender === null) {
    const insn = insns[count++]!;
    registers.begin(insn);
    liftOne(builder, insn);
    builder.commit();
    if (builder.ender !== null) next = insn.pc + insn.length;
  }
  const finalFrom = registers.finish();
  const whole = count === insns.length && !(builder.ender !== null && stretch.slow);
  const block = new Block(stretch.pc, count, checks.loads, builder.statements, endOf(stretch, next, insns[count - 1], builder.ender), registers, finalFrom);
  return { block, rest: whole ? null : { ...stretch, pc: next, insns: insns.slice(count) }, checked: builder.checkedAfter((n) => registers.valueOf(n)) };
}

function liftOne(builder: GraphBuilder, insn: Insn): void {
  const o = insn.operands;
  const meaning = insn.row.meaning;
  // Spreading is slow; hardly any row has more than three operands.
  switch (o.length) {
    case 0: meaning(builder); break;
    case 1: meaning(builder, o[0]!); break;
    case 2: meaning(builder, o[0]!, o[1]!); break;
    case 3: meaning(builder, o[0]!, o[1]!, o[2]!); break;
    default: meaning(builder, ...o);
  }
}

const isTarget = (target: Ender['target']): target is TargetOperand => !(target instanceof Node);

function endOf(stretch: Stretch, next: number, last: Insn | undefined, ender: Ender | null): End {
  if (ender === null) return stretch.slow ? { kind: 'slow', pc: next } : { kind: 'next', next };
  const pc = last!.pc;
  const target = ender.target;
  const fixed = target !== null && isTarget(target) ? target.address : undefined;
  switch (ender.kind) {
    case 'jump': return fixed !== undefined ? { kind: 'jump', target: fixed } : computedJump(wrap(target as Node), stretch.table);
    case 'branch': {
      assert(fixed !== undefined, 'a branch to a computed address');
      const condition = ender.condition!;
      if (fixed === next) return { kind: 'next', next };
      if (condition.kind === Kind.constant) return condition.low ? { kind: 'jump', target: fixed } : { kind: 'next', next };
      return { kind: 'branch', condition, target: fixed, next };
    }
    case 'call': return { kind: 'call', target: fixed ?? wrap(target as Node), next };
    case 'ret': return { kind: 'ret', target: wrap(target as Node) };
    case 'syscall': return { kind: 'syscall', pc, next };
    case 'routine': return { kind: 'routine', id: routineId(ender.routine), args: ender.args, pc, next };
    case 'trap': return { kind: 'slow', pc };
  }
}

function computedJump(target: Node, table: JumpTable | undefined): End {
  return (table === undefined ? undefined : tableEnd(target, table)) ?? { kind: 'indirect', target };
}
