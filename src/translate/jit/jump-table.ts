// Jump tables of switch statements: found by the shape of the code before an indirect jump, and proved by the expression of its target. Tables must lie in memory the guest cannot write.
import type { End } from '../ir/block.ts';
import { binary, i32, isConstant, Kind, type Node, select, wrap } from '../ir/node.ts';
import { opOf } from '../ir/ops.ts';
import type { Statement } from '../ir/block.ts';
import type { DecodedOperand, Insn, MemOperand } from '../x86/index.ts';
import type { CodeSource } from './discover.ts';

export interface JumpTable {
  /** Guest address of the first entry. */
  readonly address: number;
  /** Entries are 8-byte addresses, or 4-byte distances from `relativeTo`. */
  readonly entrySize: 4 | 8;
  readonly relativeTo: number;
  readonly targets: readonly number[];
  /** Where the lea stands that the base was guessed from. */
  readonly guessedFrom?: number;
}

/** Tables without a bound in sight are read as far as entries look like code near the jump, and at most so far. */
const MAX_ENTRIES = 512;
const UNBOUNDED_ENTRIES = 256;
const NEAR = 0x10_0000;

const isGpr = (o: DecodedOperand | undefined, n: number): boolean => o?.kind === 'gpr' && o.n === n;

/** The constant that a register holds before instruction `at` of the path, as far as a lea or mov says. */
function constantOf(n: number, path: readonly Insn[], at: number): number | undefined {
  for (let i = at - 1; i >= 0; i--) {
    const { row, operands } = path[i]!;
    if (!isGpr(operands[0], n)) continue;
    const source = operands[1];
    if (row.mnemonic === 'lea' && source?.kind === 'mem' && source.base < 0 && source.index < 0) return source.disp;
    if (row.mnemonic === 'mov' && source?.kind === 'imm') return Number(source.value & 0xffff_ffffn);
    if (row.mnemonic !== 'cmp' && row.mnemonic !== 'test') return undefined;
  }
  return undefined;
}

/** How far before a jump a lea of its table is looked for when the path does not say. */
const LEA_DISTANCE = 0x4000;
/** REX 8d modrm disp32. */
export const LEA_LENGTH = 7;

/** Bases of tables that were guessed in this region, latest first: dispatch code is often repeated with the same table. */
export type Guesses = { readonly base: number; readonly at: number }[];

/** What `lea register, [rip + disp]` before an address point to, nearest first; those of register n before the others. Guesses, which the table's end proves at run time. */
function guessBases(n: number, pc: number, source: CodeSource): Guesses {
  const { bytes } = source;
  const same: Guesses = [];
  const others: Guesses = [];
  for (let at = pc - 7; at > Math.max(0, pc - LEA_DISTANCE); at--) {
    if (bytes[at + 1] !== 0x8d || (bytes[at]! & 0xfb) !== 0x48 || (bytes[at + 2]! & 0xc7) !== 5 || source.reach(at) === 0) continue;
    const register = ((bytes[at + 2]! >> 3) & 7) + (bytes[at]! & 4 ? 8 : 0);
    const base = (at + LEA_LENGTH + (bytes[at + 3]! | bytes[at + 4]! << 8 | bytes[at + 5]! << 16 | bytes[at + 6]! << 24)) >>> 0;
    (register === n ? same : others).push({ base, at });
  }
  return [...same, ...others];
}

const aboveBranches: ReadonlySet<string> = new Set(['ja', 'jae', 'jbe', 'jb']);

/** One more than the largest index that can come to the load at `at`, as far as the path says: a mask or zero-extended byte in the index register, or a comparison with a branch. */
function boundOf(path: readonly Insn[], at: number, index: number): number | undefined {
  let bound: number | undefined;
  for (let i = at - 1; i >= Math.max(0, at - 24); i--) {
    const { row, operands } = path[i]!;
    const limit = operands[1];
    const small = limit?.kind === 'imm' && limit.value < BigInt(MAX_ENTRIES) ? Number(limit.value) + 1 : undefined;
    if (isGpr(operands[0], index) && row.mnemonic === 'and' && small !== undefined) return small;
    if (isGpr(operands[0], index) && row.mnemonic === 'movzx' && limit?.size === 1) bound ??= 256;
    if (row.mnemonic === 'cmp' && small !== undefined && aboveBranches.has(path[i + 1]?.row.mnemonic ?? '')) return small;
  }
  return bound;
}

/** The table that the last instruction of the path, an indirect jump, goes through. */
export function findTable(path: readonly Insn[], source: CodeSource, guesses: Guesses): JumpTable | undefined {
  const at = path.length - 1;
  const jump = path[at]!;
  const target = jump.operands[0];
  if (target?.kind === 'mem') return tableOf(target, at, 8, path, source, guesses);
  if (target?.kind !== 'gpr') return undefined;
  for (let i = at - 1; i >= Math.max(0, at - 10); i--) {
    const { row, operands } = path[i]!;
    const entry = operands[1];
    if (entry?.kind !== 'mem' || operands[0]?.kind !== 'gpr') continue;
    if (row.mnemonic === 'movsxd') return tableOf(entry, i, 4, path, source, guesses);
    if (row.mnemonic === 'mov' && operands[0].n === target.n) return tableOf(entry, i, 8, path, source, guesses);
  }
  return undefined;
}

/** The table whose entry the memory operand of instruction `at` loads. */
function tableOf(entry: MemOperand, at: number, entrySize: 4 | 8, path: readonly Insn[], source: CodeSource, guesses: Guesses): JumpTable | undefined {
  if (entry.index < 0 || entry.scale !== entrySize || entry.segment !== undefined) return undefined;
  const bound = boundOf(path, at, entry.index);
  const read = (base: number): JumpTable | undefined => readTable(base + entry.disp, entrySize, base, bound, path, source);
  if (entry.base < 0) return entrySize === 8 ? read(0) : undefined;
  const known = constantOf(entry.base, path, at);
  if (known !== undefined) return read(known);
  const guessed = guesses.find(({ base }) => read(base) !== undefined) ?? guessBases(entry.base, path[path.length - 1]!.pc, source).find(({ base }) => read(base) !== undefined);
  if (guessed === undefined) return undefined;
  if (!guesses.includes(guessed)) guesses.unshift(guessed);
  return { ...read(guessed.base)!, guessedFrom: guessed.at };
}

/** Fewer entries than these make no table. */
const MIN_ENTRIES = 3;

function readTable(address: number, entrySize: 4 | 8, relativeTo: number, known: number | undefined, path: readonly Insn[], source: CodeSource): JumpTable | undefined {
  const pc = path[path.length - 1]!.pc;
  const bound = known ?? UNBOUNDED_ENTRIES;
  const readable = source.constant?.(address, bound * entrySize) ?? 0;
  const view = new DataView(source.bytes.buffer, source.bytes.byteOffset);
  const targets: number[] = [];
  for (let i = 0; i < bound && (i + 1) * entrySize <= readable; i++) {
    const entry = address + i * entrySize;
    const to = entrySize === 8 ? view.getUint32(entry, true) : (relativeTo + view.getInt32(entry, true)) >>> 0;
    if ((entrySize === 8 && view.getUint32(entry + 4, true) !== 0) || Math.abs(to - pc) > NEAR || !(source.isCode?.(to) ?? source.reach(to) > 0)) break;
    targets.push(to);
  }
  return targets.length < Math.min(MIN_ENTRIES, bound) ? undefined : { address, entrySize, relativeTo, targets };
}

const ADD32 = opOf('i32.add'), SHL32 = opOf('i32.shl'), EQ32 = opOf('i32.eq'), AND32 = opOf('i32.and'), ADD64 = opOf('i64.add'), EXTEND_S = opOf('i64.extend_i32_s');

/** A sum of 32-bit terms: one shifted by `shift`, a constant, and others. */
function splitAddress(node: Node, shift: number, into: { index: Node | null; constant: number; others: Node[] }): void {
  if (isConstant(node)) into.constant = (into.constant + node.low) | 0;
  else if (node.op === ADD32) {
    splitAddress(node.a!, shift, into);
    splitAddress(node.b!, shift, into);
  } else if (into.index === null && node.op === SHL32 && isConstant(node.b!) && node.b!.low === shift) into.index = node.a;
  else into.others.push(node);
}

/** The end of a block that jumps through `table`, if its target's expression is exactly an entry of that table; registers that must hold constants for it become a condition on the index. */
export function tableEnd(target: Node, table: JumpTable): End | undefined {
  // target is the low half of the address.
  const whole = target.kind === Kind.op && target.op!.name === 'i32.wrap_i64' ? target.a! : undefined;
  if (whole === undefined) return undefined;
  let entry = whole;
  let base: Node | null = null;
  if (table.entrySize === 4) {
    if (whole.op !== ADD64) return undefined;
    const [x, y] = [whole.a!, whole.b!];
    const extended = x.op === EXTEND_S ? x : y.op === EXTEND_S ? y : undefined;
    if (extended === undefined) return undefined;
    entry = extended.a!;
    base = extended === x ? y : x;
  }
  const load = entry.kind === Kind.pinned ? entry.statement as Statement | null : null;
  if (load === null || load.address === null || load.size !== table.entrySize || load.detail !== 0) return undefined;
  const parts: { index: Node | null; constant: number; others: Node[] } = { index: null, constant: load.offset, others: [] };
  splitAddress(load.address, table.entrySize === 8 ? 3 : 2, parts);
  if (parts.index === null || parts.others.length > 1) return undefined;
  const conditions: Node[] = [];
  const left = (table.address - parts.constant) | 0;
  if (parts.others.length === 1) conditions.push(binary(EQ32, parts.others[0]!, i32(left)));
  else if (left !== 0) return undefined;
  if (base !== null && wrap(base) !== parts.others[0]) conditions.push(binary(EQ32, wrap(base), i32(table.relativeTo)));
  if (base !== null && table.relativeTo !== table.address && conditions.length < 2) conditions.push(binary(EQ32, wrap(base), i32(table.relativeTo)));
  const holds = conditions.reduce<Node>((x, y) => (isConstant(x) && x.low !== 0 ? y : binary(AND32, x, y)), i32(1));
  return { kind: 'table', index: select(holds, parts.index, i32(-1)), targets: table.targets, target, table };
}
