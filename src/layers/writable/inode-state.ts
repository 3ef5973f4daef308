// What the journal says of an inode, and what all that it says comes to: the state of each inode that differs from the lower tree.
import { ABSENT, BlockMap, type Name, type Run, type SavedData, type TmpInode } from '../../vfs/index.ts';

/** One inode in a record. Parts that are absent are as they were. */
export interface InodeState {
  readonly ino: number;
  /** Nothing that was said of it before counts. */
  readonly whole?: true;
  /** mode, uid, gid, nlink, rdev. */
  readonly attr: readonly number[];
  /** Access, modification and change, in nanoseconds; a string when it does not fit into 64 bits. */
  readonly times: readonly (bigint | number | string)[];
  readonly target?: string;
  /** All of them. */
  readonly xattrs?: readonly (readonly [name: string, value: Uint8Array])[];
  /** Directories: names that changed, with the number of the inode each has now; 0: none. */
  readonly names?: readonly (readonly [Name, number])[];
  /** Files: size, end of the backing, the first block of those that went before the runs came (-1: none), and three numbers for each run. */
  readonly data?: readonly number[];
}

/** All that one transaction changed. */
export interface Transaction { readonly inodes: readonly InodeState[]; /** Inodes that lost their last name. */ readonly gone: readonly number[] }

const fits = (ns: bigint): boolean => BigInt.asIntN(64, ns) === ns;
const flat = ({ size, backingEnd, runs }: SavedData, cut: number): number[] => [size, backingEnd, Number.isFinite(cut) ? cut : -1, ...runs.flatMap(({ block, place, count }) => [block, place, count])];

/** What to write of an inode: everything, or what changed (`names`: those of a directory). */
export function stateOf(inode: TmpInode, whole: boolean, names: Iterable<Name>): InodeState {
  const { ino, mode, uid, gid, nlink, rdev, data, entries } = inode;
  return {
    ino, attr: [mode, uid, gid, nlink, rdev], times: [inode.atimeNs, inode.mtimeNs, inode.ctimeNs].map((ns) => (fits(ns) ? ns : String(ns))), xattrs: [...inode.xattrs],
    ...(whole && { whole }),
    ...(inode.target !== undefined && { target: inode.target }),
    ...(entries && { names: whole ? entries.changed() : Array.from(names, (name) => [name, entries.get(name)?.ino ?? 0] as const) }),
    ...(data && { data: whole ? flat(data.saved(), -1) : flat(data.savedChanges(), data.savedChanges().cut) }),
  };
}

/** The state of an inode after all records. */
export class SavedInode {
  #last: InodeState;
  readonly names = new Map<Name, number>();
  readonly #blocks = new BlockMap();

  constructor(first: InodeState) {
    this.#last = first;
    this.add(first);
  }

  get mode(): number { return this.#last.attr[0]!; }
  get uid(): number { return this.#last.attr[1]!; }
  get gid(): number { return this.#last.attr[2]!; }
  get nlink(): number { return this.#last.attr[3]!; }
  get rdev(): number { return this.#last.attr[4]!; }
  get times(): bigint[] { return this.#last.times.map(BigInt); }
  get target(): string | undefined { return this.#last.target; }
  get xattrs(): Map<string, Uint8Array> { return new Map(this.#last.xattrs?.map(([name, value]) => [name, value.slice()])); }
  get data(): SavedData { return { size: this.#last.data?.[0] ?? 0, backingEnd: this.#last.data?.[1] ?? 0, runs: [...this.#blocks.runs()] }; }

  /** What a later record says. */
  add(state: InodeState): void {
    this.#last = state;
    for (const [name, ino] of state.names ?? []) this.names.set(name, ino);
    const [, , cut = -1, ...runs] = state.data ?? [];
    if (cut >= 0) this.#blocks.cut(cut);
    for (let i = 0; i < runs.length; i += 3) this.#set({ block: runs[i]!, place: runs[i + 1]!, count: runs[i + 2]! });
  }

  #set({ block, place, count }: Run): void {
    for (let i = 0; i < count; i++) this.#blocks.set(block + i, place === ABSENT ? undefined : place >= 0 ? place + i : place);
  }
}

/** What all transactions together come to. */
export function replay(transactions: Iterable<Transaction>): Map<number, SavedInode> {
  const saved = new Map<number, SavedInode>();
  for (const { inodes, gone } of transactions) {
    for (const state of inodes) {
      const before = state.whole ? undefined : saved.get(state.ino);
      if (before) before.add(state);
      else saved.set(state.ino, new SavedInode(state));
    }
    for (const ino of gone) saved.delete(ino);
  }
  return saved;
}
