// One check for the accesses of a block that go near each other, as pushes, a frame's locals and a structure's members do: when the pages of the lowest and the highest byte give the right, so does everything between.
import { PAGE_SIZE } from '../../guest/index.ts';
import type { Statement } from './block.ts';
import { isConstant, type Node } from './node.ts';
import { opOf } from './ops.ts';

const ADD32 = opOf('i32.add'), ADD64 = opOf('i64.add'), WRAP = opOf('i32.wrap_i64');

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

/** The bytes from `low` to `high` from a root on, which one check looks at; `last` is the last byte of the check's own access. */
interface Near { readonly check: Statement; readonly last: number; low: number; high: number }

/**
 * The checks of one block by what their addresses are counted from. Rights cannot change inside a block; a check that comes too early only means that the interpreter executes an instruction it need not.
 */
export class NearChecks {
  readonly #near = new Map<Node, Near>();
  /** Whether the first byte of an access counts, or only its last one. */
  readonly #exact: boolean;

  constructor(exact: boolean) { this.#exact = exact; }

  /** The check of an access as another one's; else `make` makes its own. `access`: 1 read, 2 write. */
  take(address: Node, offset: number, size: number, access: number, make: () => Statement): void {
    const { root, distance } = split(address);
    const last = distance + offset + size - 1;
    const first = this.#exact ? distance + offset : last;
    const near = this.#near.get(root);
    if (near !== undefined) {
      const low = Math.min(near.low, first);
      const high = Math.max(near.high, last);
      if (high - low <= PAGE_SIZE) return extend(near, low, high, access);
    }
    const check = make();
    const own = { check, last, low: first, high: last };
    this.#near.set(root, own);
    extend(own, first, last, access);
  }
}

function extend(near: Near, low: number, high: number, access: number): void {
  near.low = low;
  near.high = high;
  near.check.lowest = low - near.last;
  near.check.highest = high - near.last;
  near.check.detail |= access;
}
