// The data flows over a region's blocks: which registers are newer in locals than in the state block, which are still needed, and the same for the flags.
import { Do, type Statement } from '../ir/block.ts';
import type { Block } from './block.ts';

/** A block's end stores everything in the state block, and what follows reads it again. */
export const storesAll = (block: Block): boolean => block.end.kind === 'call' || block.end.kind === 'syscall' || block.end.kind === 'routine';

/** Whether control may leave the region at the block's end: always, or because a successor is not part of it. */
export function leavesAtEnd(block: Block): boolean {
  switch (block.end.kind) {
    case 'branch': case 'next': case 'jump': case 'dispatch': return block.leaves;
    default: return true;
  }
}

export const dirtyOut = (block: Block): number => block.dirtyIn | block.defines;
export const flagsDirtyOut = (block: Block): boolean => block.flagsDirtyIn || block.flagsWritten;

export const mayLeave = (s: Statement): boolean => s.do === Do.check || s.do === Do.leaveIf;

function flowDirty(blocks: readonly Block[]): void {
  for (let again = true; again;) {
    again = false;
    for (const block of blocks) {
      let dirty = block.dirtyIn;
      let flags = block.flagsDirtyIn;
      for (const p of block.predecessors) {
        if (storesAll(p)) continue;
        dirty |= dirtyOut(p);
        flags ||= flagsDirtyOut(p);
      }
      if (dirty !== block.dirtyIn || flags !== block.flagsDirtyIn) again = true;
      block.dirtyIn = dirty;
      block.flagsDirtyIn = flags;
    }
  }
}

/** Registers somebody needs after the block's last statement: successors, and the state block when control leaves. */
export function liveOut(block: Block): number {
  let live = leavesAtEnd(block) ? dirtyOut(block) : 0;
  if (!storesAll(block)) for (const s of block.successors) live |= s.liveIn;
  return live;
}

/** Registers that the exits inside a block store although the block has not set them before. */
function exitUses(block: Block): number {
  if (block.counts) return block.dirtyIn;
  const first = block.statements.find(mayLeave);
  return first === undefined ? 0 : block.dirtyIn & ~first.changed;
}

function flagsNeededOut(block: Block): boolean {
  if (leavesAtEnd(block) && flagsDirtyOut(block)) return true;
  return !storesAll(block) && block.successors.some((s) => s.flagsLiveIn);
}

/** Whether an exit inside the block must store the flags: somebody needs them and the state block does not have them. */
export const exitNeedsFlags = (block: Block, s: Statement): boolean =>
  (s.flagsVersion > 0 || block.flagsDirtyIn) && (block.exactExits || block.flagsLiveAt(s.flagsVersion, s.instruction, block.flagsLiveOut));

function flowLive(blocks: readonly Block[]): void {
  const own = new Map(blocks.map((b) => [b, b.uses | exitUses(b)]));
  const exitsOf = (wanted: (b: Block, s: Statement) => boolean) => new Set(blocks.filter((b) => b.exactExits && b.statements.some((s) => mayLeave(s) && wanted(b, s))));
  const storesFirst = exitsOf((_b, s) => s.flagsVersion === 0);
  const storesCarried = exitsOf((b, s) => s.flagsVersion > 0 && b.flagsCarriedTo(s.flagsVersion));
  for (let again = true; again;) {
    again = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      const block = blocks[i]!;
      const live = own.get(block)! | (liveOut(block) & ~block.defines);
      const flagsOut = flagsNeededOut(block);
      if (live !== block.liveIn || flagsOut !== block.flagsLiveOut) again = true;
      block.liveIn = live;
      block.flagsLiveOut = flagsOut;
      const flagsIn = block.flagsLiveAt(0, 0, flagsOut) || storesFirst.has(block) && block.flagsDirtyIn || storesCarried.has(block);
      if (flagsIn !== block.flagsLiveIn) again = true;
      block.flagsLiveIn = flagsIn;
    }
  }
}

/** Statements whose only purpose is a local that nobody looks at. */
function dropUnneeded(block: Block): void {
  const live = liveOut(block);
  for (let i = block.finalFrom; i < block.statements.length; i++) {
    const s = block.statements[i]!;
    if (s.do === Do.setSlot) s.live = (live & (1 << s.detail)) !== 0;
  }
  for (const s of block.registers.flagSaves) s.live = block.exactExits && s !== block.statements[block.statements.length - 1] || block.flagsLiveAt(s.flagsVersion, s.instruction, block.flagsLiveOut);
}

/** Annotates the blocks, which are in reverse postorder. */
export function flow(blocks: readonly Block[]): void {
  flowDirty(blocks);
  flowLive(blocks);
  for (const block of blocks) dropUnneeded(block);
}
