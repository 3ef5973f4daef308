// A block of guest code as the IR sees it: ordered statements over expression nodes.
import type { Size } from './builder.ts';
import type { FlagState } from './flag-state.ts';
import type { Node } from './node.ts';

/** Register slots of a block: 16 general registers, 16 xmm registers, the lazy flags (i32 kind, i64 operands). */
export const Slot = { gpr: 0, xmm: 16, flagsKind: 32, flagsA: 33, flagsB: 34, count: 35 } as const;

/** What a statement does; the order of statements is the order of effects. */
export const Do = {
  /** Leaves for the interpreter when the page under [address, address + size) lacks `access`. */
  check: 0,
  /** value := memory at address. */
  load: 1,
  /** memory at address := value. */
  store: 2,
  /** Leaves for the interpreter (which raises the exception) when the value is not 0. */
  leaveIf: 3,
  /** The local of a register slot := value. */
  setSlot: 4,
  /** The locals of the flags := the state, if they are live there. */
  setFlags: 5,
} as const;

export interface Statement {
  readonly do: number;
  /** The instruction it belongs to, as a guest address. */
  readonly pc: number;
  /** load, store, check: the i32 address, and a constant added to it without wrapping. */
  readonly address: Node | null;
  readonly offset: number;
  readonly size: Size;
  /** check: 1 read, 2 write, 3 both. load: 1 when it is runtime state, which never changes by guest stores. setSlot: the slot. leaveIf: the vector, or -1 for a routine. */
  detail: number;
  /** The value stored, tested or put into the slot; the pinned node of a load. */
  readonly value: Node | null;
  readonly flags: FlagState | null;
  /** leaveIf: the routine that does the instruction instead. */
  routine: { readonly name: string; readonly args: readonly Node[] } | null;
  /** Statements that may leave: the slots whose locals the block has changed before it (bits 0–31), the version of the flags (0: as the block begins), the instruction counted in the block. */
  readonly changed: number;
  readonly flagsVersion: number;
  readonly instruction: number;
  /** check: the bytes looked at, relative to the last one of the access: more than one when the check stands for others (near-checks.ts). */
  lowest: number;
  highest: number;
  /** Which of the function's exits it takes. */
  group: number;
  /** setFlags, setSlot: false when data flow has found that nobody needs it. */
  live: boolean;
}

/** How a block ends. Addresses are guest addresses; `next` is the instruction after the block. */
export type End =
  | { readonly kind: 'next'; readonly next: number }
  | { readonly kind: 'jump'; readonly target: number }
  | { readonly kind: 'branch'; readonly condition: Node; readonly target: number; readonly next: number }
  /** A jump table: targets[index] when index is below their number, which the guest has made sure of; else `target` says where to. */
  | { readonly kind: 'table'; readonly index: Node; readonly targets: readonly number[]; readonly target: Node; readonly table: { readonly address: number; readonly entrySize: 4 | 8; readonly relativeTo: number } }
  /** Goes on at the block that the region's dispatch local says. */
  | { readonly kind: 'dispatch' }
  | { readonly kind: 'indirect'; readonly target: Node }
  | { readonly kind: 'call'; readonly target: Node | number; readonly next: number }
  | { readonly kind: 'ret'; readonly target: Node }
  | { readonly kind: 'syscall'; readonly pc: number; readonly next: number }
  | { readonly kind: 'routine'; readonly id: number; readonly args: readonly Node[]; readonly pc: number; readonly next: number }
  /** The interpreter must execute the instruction at pc (traps, undecodable bytes). */
  | { readonly kind: 'slow'; readonly pc: number };
