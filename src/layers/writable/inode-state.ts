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
const flat = ({ size, backingEnd, runs, cut }: SavedData & { cut: number }): number[] => [size, backingEnd, Number.isFinite(cut) ? cut : -1, ...runs.flatMap(({ block, place, count }) => [block, place, count])];

/** What to write of an inode: everything, or what changed (`names`: those of a directory). */
export function stateOf(inode: TmpInode, whole: boolean, names: Iterable<Name>): InodeState {
  const { ino, mode, uid, gid, nlink, rdev, data, entries } = inode;
  return {
    ino, attr: [mode, uid, gid, nlink, rdev], times: [inode.atimeNs, inode.mtimeNs, inode.ctimeNs].map((ns) => (fits(ns) ? ns : String(ns))), xattrs: [...inode.xattrs],
    ...(whole && { whole }),
    ...(inode.target !== undefined && { target: inode.target }),
    ...(entries && { names: whole ? entries.changed() : Array.from(names, (name) => [name, entries.get(name)?.ino ?? 0] as const) }),
    ...(data && { data: whole ? flat({ ...data.saved(), cut: Infinity }) : flat(data.savedChanges()) }),
  };
}

const noNames: ReadonlyMap<Name, number> = new Map();

/** The state of an inode after all records. */
export class SavedInode {
  #last: InodeState;
  #names: Map<Name, number> | undefined;
  /** Made when what is first said of the content is not all. */
  #blocks: BlockMap | undefined;

  constructor(first: InodeState) {
    this.#last = first;
    if (first.names) this.#names = new Map(first.names);
  }

  get mode(): number { return this.#last.attr[0]!; }
  get uid(): number { return this.#last.attr[1]!; }
  get gid(): number { return this.#last.attr[2]!; }
  get nlink(): number { return this.#last.attr[3]!; }
  get rdev(): number { return this.#last.attr[4]!; }
  get atimeNs(): bigint { return BigInt(this.#last.times[0]!); }
  get mtimeNs(): bigint { return BigInt(this.#last.times[1]!); }
  get ctimeNs(): bigint { return BigInt(this.#last.times[2]!); }
  get target(): string | undefined { return this.#last.target; }
  get xattrs(): Map<string, Uint8Array> { return new Map(this.#last.xattrs?.map(([name, value]) => [name, value.slice()])); }
  /** Those that changed; 0: taken away. */
  get names(): ReadonlyMap<Name, number> { return this.#names ?? noNames; }
  get data(): SavedData { return { size: this.#last.data?.[0] ?? 0, backingEnd: this.#last.data?.[1] ?? 0, runs: this.runs }; }
  get runs(): Run[] { return this.#blocks ? [...this.#blocks.runs()] : runsOf(this.#last); }

  /** What a later record says. */
  add(state: InodeState): void {
    if (state.data) this.#addBlocks(this.#blocks ??= blocksOf(this.#last), state);
    for (const [name, ino] of state.names ?? []) (this.#names ??= new Map()).set(name, ino);
    this.#last = state;
  }

  #addBlocks(blocks: BlockMap, state: InodeState): void {
    const cut = state.data![2]!;
    if (cut >= 0) blocks.cut(cut);
    for (const run of runsOf(state)) put(blocks, run);
  }
}

/** The runs of one record. */
function runsOf({ data }: InodeState): Run[] {
  if (!data) return [];
  const runs: Run[] = [];
  for (let i = 3; i < data.length; i += 3) runs.push({ block: data[i]!, place: data[i + 1]!, count: data[i + 2]! });
  return runs;
}

function put(blocks: BlockMap, { block, place, count }: Run): void {
  for (let i = 0; i < count; i++) blocks.set(block + i, place === ABSENT ? undefined : place >= 0 ? place + i : place);
}

function blocksOf(first: InodeState): BlockMap {
  const blocks = new BlockMap();
  for (const run of runsOf(first)) put(blocks, run);
  return blocks;
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
