// One check for the stores of a block that go near each other, as pushes and a frame's locals do: when the pages of the lowest and the highest are writable, so is everything between.
import { PAGE_SIZE } from '../../guest/index.ts';
import { Do, type Statement } from '../ir/block.ts';
import { isConstant, type Node } from '../ir/node.ts';
import { opOf } from '../ir/ops.ts';

const ADD32 = opOf('i32.add'), ADD64 = opOf('i64.add'), WRAP = opOf('i32.wrap_i64');
const WRITE = 2;

/** An address as a node and a constant distance from it. */
function split(address: Node): { root: Node; distance: number } {
  let distance = 0;
  let node = address;
  for (;;) {
    if ((node.op === ADD32 || node.op === ADD64) && isConstant(node.b!)) {
      distance = (distance + node.b!.low) | 0;
      node = node.a!;
    } else if (node.op === WRAP) node = node.a!;
    else return { root: node, distance };
  }
}

interface Near { readonly checks: Statement[]; readonly distances: number[] }

/**
 * Leaves of each group of checks the first, which then looks at both ends of what the group stores to. Rights cannot change inside a block; a check that comes too early only means that the interpreter
 * executes an instruction it need not.
 */
export function mergeChecks(statements: readonly Statement[]): void {
  const groups = new Map<Node, Near>();
  for (const s of statements) {
    if (s.do !== Do.check || s.detail !== WRITE) continue;
    const { root, distance } = split(s.address!);
    let group = groups.get(root);
    if (group === undefined) groups.set(root, (group = { checks: [], distances: [] }));
    group.checks.push(s);
    group.distances.push(distance + s.offset + s.size - 1);
  }
  for (const group of groups.values()) if (group.checks.length > 1) merge(group);
}

/** Joins runs of checks that lie within a page's length. */
function merge({ checks, distances }: Near): void {
  for (let first = 0; first < checks.length;) {
    let low = distances[first]!, high = low;
    let next = first + 1;
    for (; next < checks.length; next++) {
      const d = distances[next]!;
      if (Math.max(high, d) - Math.min(low, d) > PAGE_SIZE) break;
      low = Math.min(low, d);
      high = Math.max(high, d);
    }
    checks[first]!.lowest = low - distances[first]!;
    checks[first]!.highest = high - distances[first]!;
    for (let i = first + 1; i < next; i++) checks[i]!.live = false;
    first = next;
  }
}
