// The shape of a region's control flow: reverse postorder, dominators, loop heads and merges. Where code can be entered at several places, or loops have several heads, edges go by way of a dispatcher,
// a block that jumps to where a local says; then every loop has one head again.
import { type Block, dispatcher } from './block.ts';

/** How a region is entered and dispatched. */
export interface Shape {
  /** In reverse postorder; the first is where the function begins: the only entry, or the dispatcher. */
  readonly blocks: readonly Block[];
  readonly dispatcher: Block | undefined;
  /** What the values of the dispatch local stand for. */
  readonly targets: readonly Block[];
  /** Jump tables that several blocks share or whose targets are dispatched: the first value of the dispatch local for each, by table address. Entries that are not in the region are undefined. */
  readonly tables: ReadonlyMap<number, DispatchedTable>;
}

export interface DispatchedTable {
  readonly first: number;
  readonly entries: readonly (Block | undefined)[];
  readonly table: { readonly address: number; readonly entrySize: 4 | 8; readonly relativeTo: number };
}

/** Numbers the blocks reachable from the entry in reverse postorder and returns them so. */
function order(entry: Block): Block[] {
  const done: Block[] = [];
  const seen = new Set<Block>([entry]);
  const stack: { block: Block; left: number }[] = [{ block: entry, left: entry.successors.length }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    // The last successor first, so that the first comes first in the order.
    if (top.left === 0) {
      done.push(top.block);
      stack.pop();
      continue;
    }
    const follower = top.block.successors[--top.left]!;
    if (seen.has(follower)) continue;
    seen.add(follower);
    stack.push({ block: follower, left: follower.successors.length });
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

/** Jump tables that go through the dispatcher: those of more than one block. */
function sharedTables(blocks: readonly Block[]): Set<number> {
  const users = new Map<number, number>();
  for (const { end } of blocks) if (end.kind === 'table') users.set(end.table.address, (users.get(end.table.address) ?? 0) + 1);
  return new Set([...users].filter(([, count]) => count > 1).map(([address]) => address));
}

const isShared = (block: Block, shared: ReadonlySet<number>): boolean => block.end.kind === 'table' && shared.has(block.end.table.address);

/** Orders the region, whose edges are in `successors` of each block, and marks loop heads and merges. */
export function structure(entries: readonly Block[], all: ReadonlyMap<number, Block>): Shape {
  const shared = sharedTables([...all.values()]);
  const routed = new Set<Block>();
  const through = entries.length > 1 || shared.size > 0 ? dispatcher() : undefined;
  let hub = through;
  const edges = new Map([...all.values()].map((block) => [block, block.successors] as const));
  let blocks: Block[];
  for (;;) {
    if (hub !== undefined) route(hub, entries, edges, routed, shared);
    blocks = order(hub ?? entries[0]!);
    connect(blocks);
    dominators(blocks);
    let more = false;
    for (const block of blocks) {
      for (const s of block.successors) {
        if (s.order > block.order || dominates(s, block)) continue;
        routed.add(s);
        more = true;
      }
    }
    if (!more) break;
    hub ??= dispatcher();
  }
  mark(blocks, entries, routed, hub);
  return { blocks, dispatcher: hub, ...numbering(hub, all, shared) };
}

/** Makes edges to routed blocks, and those of shared tables, edges to the dispatcher. */
function route(hub: Block, entries: readonly Block[], edges: ReadonlyMap<Block, readonly Block[]>, routed: ReadonlySet<Block>, shared: ReadonlySet<number>): void {
  const targets = new Set<Block>(entries);
  for (const [block, successors] of edges) {
    const dispatched = isShared(block, shared);
    block.routes = successors.filter((s) => dispatched || routed.has(s));
    for (const s of block.routes) targets.add(s);
    block.successors = block.routes.length === 0 ? [...successors] : [...successors.filter((s) => !block.routes.includes(s)), hub];
  }
  hub.successors = [...targets];
}

function mark(blocks: readonly Block[], entries: readonly Block[], routed: ReadonlySet<Block>, hub: Block | undefined): void {
  const first = blocks[0]!;
  for (const block of blocks) {
    block.dominated = [];
    const forward = new Set(block.predecessors.filter((p) => p.order < block.order));
    block.isLoopHead = block.predecessors.some((p) => p.order >= block.order);
    block.isMerge = block !== first && (forward.size > 1 || [...forward].some((p) => p.end.kind === 'table' || p.end.kind === 'dispatch'));
    block.counts = block !== hub && (block.isLoopHead || routed.has(block));
  }
  // What shared tables go to may be a loop of its own.
  for (const block of blocks) for (const s of block.routes) s.counts = true;
  for (const block of blocks) if (block !== first) block.dominator!.dominated.push(block);
}

/** Values of the dispatch local: the dispatcher's targets in their order, then the entries of each shared table. */
function numbering(hub: Block | undefined, all: ReadonlyMap<number, Block>, shared: ReadonlySet<number>): { targets: readonly Block[]; tables: ReadonlyMap<number, DispatchedTable> } {
  const tables = new Map<number, DispatchedTable>();
  if (hub === undefined) return { targets: [], tables };
  const targets = [...hub.successors];
  let first = targets.length;
  for (const { end } of all.values()) {
    if (end.kind !== 'table' || !shared.has(end.table.address) || tables.has(end.table.address)) continue;
    const entries = end.targets.map((pc) => all.get(pc)).map((b) => (b !== undefined && hub.successors.includes(b) ? b : undefined));
    tables.set(end.table.address, { first, entries, table: end.table });
    if (entries.includes(undefined)) hub.leaves = true;
    first += entries.length;
  }
  return { targets, tables };
}
