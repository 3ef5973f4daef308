// What is worth keeping of one file's translation: which regions were hot, and the code they were made from; and making one module of it all.
import { PAGE_SIZE, Perm, type GuestMemory, type Level } from '../guest/index.ts';
import { type Promotion, type Part, type Reach, translateSet } from './promote.ts';
import type { Piece, RegionModule } from './registry.ts';

/** When what is new exceeds this share of what is kept, all of it becomes one module again; less is kept as one more. */
const REWRITE_SHARE = 1 / 3;
/** Modules kept for one file, at most. */
const MOST_MODULES = 16;
/** Entries of interpreted blocks, over all processes: from HOT on a block is worth translating, which costs about as much as interpreting it a thousand times (and V8 compiles it in every run); from WARM on it is translated with a hot one: with 64 the loop of CPython's interpreter got so large that it ran a fifth slower. */
const HOT = 512, WARM = 256;
/** A block that is translated and still interpreted so often is entered from outside of the region that contains it. */
const ENTERED = 4000;
/** Entries of all hot blocks that are worth a module during the run, and at its end, where it serves later runs. */
const WORTH_NOW = 500_000, WORTH_KEEPING = 200_000;

/** The hot code of one file mapped at one address, translated for one level. */
export class Profile {
  readonly key: string;
  readonly level: Level;
  /** Where control came from outside: a region begins there even inside another one. */
  readonly #entered = new Set<number>();
  /** Where a region begins for want of another one that contains it. */
  readonly #begun = new Set<number>();
  /** The first instruction of every block that was hot. */
  readonly #blocks = new Set<number>();
  readonly #pieces: Piece[] = [];
  /** What is new: entries translated while a process ran, and modules of what several ran; and how many modules and blocks earlier runs kept. */
  readonly #fresh = new Set<number>();
  readonly #made: RegionModule[] = [];
  #keptModules = 0;
  #keptBlocks = 0;
  /** How often blocks were interpreted in processes that have ended, and the sum of the hot ones. */
  readonly #interpreted = new Map<number, number>();
  #hotEntries = 0;
  /** The memory of the last process that ended with the file in it: all of its code is there, until the memory is cleaned. */
  sample: GuestMemory | undefined;

  constructor(key: string, level: Level) {
    this.key = key;
    this.level = level;
  }

  /** Takes in a region translated just now. */
  add(part: Part): void {
    this.#entered.add(part.entry);
    this.#fresh.add(part.entry);
    for (const pc of part.blocks) this.#blocks.add(pc);
    this.#pieces.push(...part.pieces);
  }

  /** Takes in a module that an earlier run kept. */
  addKept(module: RegionModule): void {
    this.#join(module);
    this.#keptModules++;
    this.#keptBlocks = this.#blocks.size;
  }

  #join(module: RegionModule): void {
    for (const pc of module.entries.keys()) (module.entered.has(pc) ? this.#entered : this.#begun).add(pc);
    for (const pc of module.blocks) this.#blocks.add(pc);
    this.#pieces.push(...module.pieces);
  }

  /** Takes in how often a block was interpreted in a process. */
  addInterpreted(pc: number, entries: number): void {
    const before = this.#interpreted.get(pc) ?? 0;
    const now = before + entries;
    this.#interpreted.set(pc, now);
    const hot = this.#hotFrom(pc);
    if (now >= hot) this.#hotEntries += before >= hot ? entries : now;
  }

  #hotFrom(pc: number): number { return this.#blocks.has(pc) ? ENTERED : HOT; }

  /** Whether what was interpreted in processes that have ended is worth translating for those to come. */
  get isWorthTranslating(): boolean { return this.#hotEntries >= WORTH_NOW && this.sample !== undefined; }

  /** One module of what was interpreted and is hot; it counts from zero then. */
  translateInterpreted(): Promotion | undefined {
    const { sample } = this;
    if (sample === undefined) return undefined;
    const entered = (pc: number): boolean => this.#blocks.has(pc) && this.#interpreted.get(pc)! >= ENTERED;
    const hot = [...this.#interpreted].filter(([pc, entries]) => entries >= this.#hotFrom(pc)).map(([pc]) => pc);
    const made = translateSet(sample, hot, (pc) => (this.#interpreted.get(pc) ?? 0) >= WARM, this.level, entered);
    this.#interpreted.clear();
    this.#hotEntries = 0;
    if (made !== undefined) {
      this.#join(made.module);
      this.#made.push(made.module);
    }
    return made;
  }

  /** What is to be written at the end of a run: modules and their places; those that are kept behind the last one count no longer. `scratch` lends an empty memory. */
  modulesToKeep(scratch: Scratch): { readonly place: number; readonly module: RegionModule }[] {
    if (this.#hotEntries >= WORTH_KEEPING) this.translateInterpreted();
    const more = this.#made.length + Math.min(1, this.#fresh.size);
    if (more === 0) return [];
    const grown = this.#made.length === 0 && this.#blocks.size > this.#keptBlocks * (1 + REWRITE_SHARE);
    const whole = grown || this.#keptModules + more > MOST_MODULES;
    const joined = whole ? this.#consolidate(scratch, [...this.#entered, ...this.#begun]) : this.#fresh.size > 0 ? this.#consolidate(scratch, [...this.#fresh]) : undefined;
    const first = whole ? 0 : this.#keptModules;
    return [...(whole ? [] : this.#made), ...(joined === undefined ? [] : [joined.module])].map((module, i) => ({ place: first + i, module }));
  }

  /** One module of the regions that begin there. Undefined when nothing can be translated. */
  #consolidate(scratch: Scratch, entries: readonly number[]): Promotion | undefined {
    const translate = (memory: GuestMemory, reach?: Reach): Promotion | undefined =>
      translateSet(memory, entries, (pc) => this.#blocks.has(pc), this.level, (pc) => this.#entered.has(pc), reach);
    if (this.sample !== undefined) return translate(this.sample);
    let made: Promotion | undefined;
    scratch((memory) => {
      for (const piece of this.#pieces) place(memory, piece);
      made = translate(memory, reachOf(this.#pieces));
    });
    return made;
  }
}

/** Lends an empty memory. */
export type Scratch = (use: (memory: GuestMemory) => void) => void;

/** Puts code where it lies in programs. */
function place(memory: GuestMemory, { address, bytes }: Piece): void {
  const from = (address & ~(PAGE_SIZE - 1)) >>> 0;
  const to = Math.ceil((address + bytes.length) / PAGE_SIZE) * PAGE_SIZE;
  memory.protect(from, to - from, Perm.mapped | Perm.read | Perm.execute);
  memory.bytes.set(bytes, address);
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
