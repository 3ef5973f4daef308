// What is worth keeping of one file's translation: which regions were hot, and the code they were made from; and making one module of it all.
import { PAGE_SIZE, Perm, type GuestMemory, type Level } from '../guest/index.ts';
import { type Promotion, type Part, type Reach, translateSet } from './promote.ts';
import type { Piece, RegionModule } from './registry.ts';

/** When what is new exceeds this share of what is kept, all of it becomes one module again; less is kept as one more. */
const REWRITE_SHARE = 1 / 3;
/** Modules kept for one file, at most. */
const MOST_MODULES = 6;

/** The hot code of one file mapped at one address, translated for one level. */
export class Profile {
  readonly key: string;
  readonly level: Level;
  readonly #entries = new Set<number>();
  /** The first instruction of every block that was hot. */
  readonly #blocks = new Set<number>();
  readonly #pieces: Piece[] = [];
  /** Entries translated in this run, and how many modules and blocks earlier runs kept. */
  readonly #fresh = new Set<number>();
  #keptModules = 0;
  #keptBlocks = 0;

  constructor(key: string, level: Level) {
    this.key = key;
    this.level = level;
  }

  /** Takes in a region translated just now. */
  add(part: Part): void {
    this.#entries.add(part.entry);
    this.#fresh.add(part.entry);
    for (const pc of part.blocks) this.#blocks.add(pc);
    this.#pieces.push(...part.pieces);
  }

  /** Takes in a module that an earlier run kept. */
  addKept(module: RegionModule): void {
    for (const pc of module.entries.keys()) this.#entries.add(pc);
    for (const pc of module.blocks) this.#blocks.add(pc);
    this.#pieces.push(...module.pieces);
    this.#keptModules++;
    this.#keptBlocks = this.#blocks.size;
  }

  get isWorthKeeping(): boolean { return this.#fresh.size > 0; }

  /** Which of the kept modules is to be written: 0 replaces them all. */
  get place(): number { return this.#keptModules >= MOST_MODULES || this.#blocks.size > this.#keptBlocks * (1 + REWRITE_SHARE) ? 0 : this.#keptModules; }

  /** One module of the regions for that place, made in an empty memory that gets the code. Undefined when nothing can be translated. */
  consolidate(scratch: GuestMemory): Promotion | undefined {
    for (const { address, bytes } of this.#pieces) {
      const from = (address & ~(PAGE_SIZE - 1)) >>> 0;
      const to = Math.ceil((address + bytes.length) / PAGE_SIZE) * PAGE_SIZE;
      scratch.protect(from, to - from, Perm.mapped | Perm.read | Perm.execute);
      scratch.bytes.set(bytes, address);
    }
    return translateSet(scratch, this.place === 0 ? this.#entries : this.#fresh, (pc) => this.#blocks.has(pc), this.level, reachOf(this.#pieces));
  }
}

/** How far the bytes of some pieces go on from an address: a module must not depend on what lies between them. */
function reachOf(pieces: readonly Piece[]): Reach {
  const runs: [number, number][] = [];
  for (const { address, bytes } of [...pieces].sort((x, y) => x.address - y.address)) {
    const last = runs[runs.length - 1];
    if (last !== undefined && address <= last[1]) last[1] = Math.max(last[1], address + bytes.length);
    else runs.push([address, address + bytes.length]);
  }
  return (address, length) => {
    let low = 0, high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle]![1] <= address) low = middle + 1;
      else high = middle;
    }
    const run = runs[low];
    return run === undefined || run[0] > address ? 0 : Math.min(length, run[1] - address);
  };
}
