// The shape of a region's control flow: reverse postorder, dominators, loop heads and merges. Edges that would make it irreducible are cut: they leave the region and enter it again by the dispatcher.
import type { Block } from './block.ts';

/** Numbers the blocks reachable from the entry in reverse postorder and returns them so. */
export function order(entry: Block): Block[] {
  const done: Block[] = [];
  const state = new Map<Block, number>();
  const stack: { block: Block; next: number }[] = [{ block: entry, next: 0 }];
  state.set(entry, 1);
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    // The last successor first, so that the first comes first in the order.
    const follower = top.block.successors[top.block.successors.length - 1 - top.next++];
    if (follower === undefined) {
      done.push(top.block);
      stack.pop();
    } else if (!state.has(follower)) {
      state.set(follower, 1);
      stack.push({ block: follower, next: 0 });
    }
  }
  done.reverse();
  for (const [i, block] of done.entries()) block.order = i;
  return done;
}

function connect(blocks: readonly Block[]): void {
  for (const block of blocks) block.predecessors = [];
  for (const block of blocks) for (const s of block.successors) s.predecessors.push(block);
}

/** Immediate dominators (Cooper, Harvey and Kennedy). */
function dominators(blocks: readonly Block[]): void {
  const entry = blocks[0]!;
  for (const block of blocks) block.dominator = null;
  entry.dominator = entry;
  const meet = (x: Block, y: Block): Block => {
    while (x !== y) {
      while (x.order > y.order) x = x.dominator!;
      while (y.order > x.order) y = y.dominator!;
    }
    return x;
  };
  for (let again = true; again;) {
    again = false;
    for (const block of blocks) {
      if (block === entry) continue;
      let dominator: Block | null = null;
      for (const p of block.predecessors) if (p.dominator !== null) dominator = dominator === null ? p : meet(p, dominator);
      if (dominator !== block.dominator) again = true;
      block.dominator = dominator;
    }
  }
}

function dominates(x: Block, y: Block): boolean {
  while (y.order > x.order) y = y.dominator!;
  return x === y;
}

/** Orders the region, cuts irreducible edges, and marks loop heads and merges. Returns the blocks in reverse postorder. */
export function structure(entry: Block): Block[] {
  let blocks: Block[];
  for (;;) {
    blocks = order(entry);
    connect(blocks);
    dominators(blocks);
    let cut = false;
    for (const block of blocks) {
      const kept = block.successors.filter((s) => s.order > block.order || dominates(s, block));
      if (kept.length < block.successors.length) {
        block.successors = kept;
        cut = true;
      }
    }
    if (!cut) break;
  }
  for (const block of blocks) {
    block.dominated = [];
    const forward = new Set(block.predecessors.filter((p) => p.order < block.order));
    block.isLoopHead = block.predecessors.some((p) => p.order >= block.order);
    // The entry has an edge from outside.
    block.isMerge = block !== entry && (forward.size > 1 || [...forward].some((p) => p.end.kind === 'table'));
  }
  for (const block of blocks) if (block !== entry) block.dominator!.dominated.push(block);
  return blocks;
}
