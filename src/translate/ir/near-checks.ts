// One check for the accesses of a region's blocks that go near each other, as pushes, a frame's locals and a structure's members do: when the pages of the lowest and the highest byte give the right, so does everything between.
import { PAGE_SIZE } from '../../guest/index.ts';
import type { Statement } from './block.ts';
import { isConstant, Kind, type Node } from './node.ts';
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

/** Bytes, counted from a register's value, whose pages have rights: 1 read, 2 write. */
export interface Checked { readonly low: number; readonly high: number; readonly rights: number }

/** What is known of the general registers, by number. */
export type CheckedRegisters = readonly (Checked | undefined)[];

export const nothingChecked: CheckedRegisters = [];

const GPRS = 16;

/** What holds on all ways. */
export function checkedOnAll(ways: readonly CheckedRegisters[]): CheckedRegisters {
  const [first, ...others] = ways;
  if (first === undefined) return nothingChecked;
  return others.reduce((known, way) => known.map((checked, n) => checked && way[n] && common(checked, way[n])), first);
}

function common(x: Checked, y: Checked): Checked | undefined {
  const both = { low: Math.max(x.low, y.low), high: Math.min(x.high, y.high), rights: x.rights & y.rights };
  return both.low <= both.high && both.rights !== 0 ? both : undefined;
}

/**
 * The checks of one block by what their addresses are counted from. Rights change only by what ends a block for good (calls, system calls, routines), so that what was checked in the blocks before need not be checked again;
 * a check that comes too early only means that the interpreter executes an instruction it need not.
 */
export class NearChecks {
  readonly #near = new Map<Node, Near>();
  /** Whether the first byte of an access counts, or only its last one. */
  readonly #exact: boolean;
  readonly #before: CheckedRegisters;

  constructor(exact: boolean, before: CheckedRegisters) {
    this.#exact = exact;
    this.#before = before;
  }

  /** Makes the check of an access, unless it was made, or another check can stand for it. `access`: 1 read, 2 write. */
  take(address: Node, offset: number, size: number, access: number, make: () => Statement): void {
    const { root, distance } = split(address);
    const last = distance + offset + size - 1;
    const first = this.#exact ? distance + offset : last;
    const before = this.#beforeOf(root);
    if (before !== undefined && (before.rights & access) === access && before.low <= first && last <= before.high) return;
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

  #beforeOf(root: Node): Checked | undefined { return root.kind === Kind.input && root.low < GPRS ? this.#before[root.low] : undefined; }

  /** What is known when the block has ended. `valueOf`: a register's value then, null when the block has not asked for it. */
  after(valueOf: (register: number) => Node | null): CheckedRegisters {
    return Array.from({ length: GPRS }, (_, n) => {
      const value = valueOf(n);
      if (value === null) return this.#before[n];
      const { root, distance } = split(value);
      const checked = this.#checkedFrom(root);
      return checked && { ...checked, low: checked.low - distance, high: checked.high - distance };
    });
  }

  /** Of what was checked before and here, both where they are near each other, else the latter. */
  #checkedFrom(root: Node): Checked | undefined {
    const before = this.#beforeOf(root);
    const near = this.#near.get(root);
    if (near === undefined) return before;
    const here = { low: near.low, high: near.high, rights: near.check.detail };
    if (before === undefined || (before.rights & here.rights) !== here.rights) return here;
    const low = Math.min(before.low, here.low);
    const high = Math.max(before.high, here.high);
    return high - low <= PAGE_SIZE ? { low, high, rights: here.rights } : here;
  }
}

function extend(near: Near, low: number, high: number, access: number): void {
  near.low = low;
  near.high = high;
  near.check.lowest = low - near.last;
  near.check.highest = high - near.last;
  near.check.detail |= access;
}
