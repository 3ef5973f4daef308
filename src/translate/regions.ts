// The translated regions of one space: which entry pcs have one, which modules are bound, and forgetting them when their code changes.
import { setDispatch, clearDispatch, pagesWithin, watchPage, type Blocks } from './interp/blocks.ts';
import { PAGE_SHIFT } from '../guest/index.ts';
import type { FileRange } from './cache.ts';
import { PcTable } from './pc-table.ts';
import { type Others, promote, translateSet } from './promote.ts';
import type { TranslatingCpu } from './cpu.ts';
import type { RegionModule } from './registry.ts';
import type { GuestSpace } from './space.ts';

/** Whether a file's range lies in these pages as a whole. */
const within = (file: FileRange, firstPage: number, lastPage: number): boolean => file.address >>> PAGE_SHIFT >= firstPage && (file.end - 1) >>> PAGE_SHIFT <= lastPage;

/** Modules of one space that are worth joining. */
const SCATTERED = 6;

export class Regions {
  readonly #cpu: TranslatingCpu;
  readonly #space: GuestSpace;
  readonly #blocks: Blocks;
  /** Entry pc → index in the function table. */
  readonly #entries = new PcTable();
  readonly #pages = new Map<number, Set<RegionModule>>();
  readonly #bound = new Set<RegionModule>();
  /** Where translating failed: these stay interpreted. */
  readonly #refused = new Set<number>();
  /** Those made for this space. */
  readonly #fresh = new Set<RegionModule>();
  /** Modules that did not fit when their file was mapped; how often a region was asked for since, and when they are looked at again. */
  #unfit: RegionModule[] = [];
  #asked = 0;
  #askAgain = 64;
  #suspended = false;
  /** Made when it is asked for. */
  #inside: Others | undefined;

  #files: readonly FileRange[] = [];

  constructor(cpu: TranslatingCpu, space: GuestSpace, blocks: Blocks, parent?: Regions) {
    if (parent !== undefined) this.#files = parent.#files;
    this.#cpu = cpu;
    this.#space = space;
    this.#blocks = blocks;
  }

  /** No region runs until `resume`: their code may not (MXCSR is unusual). Frames of them must not be on the stack. */
  suspend(): void {
    this.#suspended = true;
    this.#entries.each((pc) => this.#unlink(pc));
    this.#entries.clear();
  }

  resume(): void {
    this.#suspended = false;
    for (const module of this.#bound) this.#link(module);
  }

  /** Tells that a range holds a file's code: what is kept of it can serve. */
  noteFile(file: FileRange): void {
    this.#files = [...this.#files.filter((f) => f.end <= file.address || f.address >= file.end), file];
    this.#cpu.cache.profile(file, this.#space.level);
  }

  get files(): readonly FileRange[] { return this.#files; }

  /** Binds all modules of a file's code, whose bytes are there `unchanged`, or perhaps: control that comes there by links between blocks asks for none. */
  bindAll(file: FileRange, unchanged = false): void {
    const { level, memory } = this.#space;
    for (const module of this.#cpu.registry.modulesIn(file, level)) {
      if (unchanged ? module.fitsIn(memory, file) : module.fits(memory)) this.#bind(module);
      else if (!this.#unfit.includes(module)) this.#unfit.push(module);
    }
  }

  /** Tables that a module was made from may be constant only when the program's loader has done its work. */
  #bindLater(): void {
    this.#askAgain *= 4;
    const left = this.#unfit.filter((module) => !module.fits(this.#space.memory));
    for (const module of this.#unfit) if (!left.includes(module)) this.#bind(module);
    this.#unfit = left;
  }

  /** The program has ended: its blocks have no regions any more. */
  leave(): void {
    this.#entries.each((pc) => this.#setRegion(pc, 0));
  }

  /** The table index of the bound region that starts at pc, or 0. */
  known(pc: number): number { return this.#entries.get(pc); }

  /** The same; binds a module that has one. */
  at(pc: number): number {
    const known = this.#entries.get(pc);
    if (known !== 0) return known;
    if (this.#suspended) return 0;
    if (this.#unfit.length > 0 && ++this.#asked === this.#askAgain) this.#bindLater();
    const module = this.#cpu.registry.find(pc, this.#space.level, this.#space.memory);
    if (module === undefined) return 0;
    this.#bind(module);
    return this.#entries.get(pc);
  }

  /** What the bound modules have already. */
  #others(): Others {
    if (this.#inside === undefined) {
      const modules = [...this.#bound];
      this.#inside = { blocks: new Set(modules.flatMap((module) => module.blocks)), largeEntries: new Set(modules.flatMap((module) => module.largeEntries())) };
    }
    return this.#inside;
  }

  #bind(module: RegionModule): void {
    if (this.#bound.has(module)) return;
    this.#bound.add(module);
    this.#inside = undefined;
    this.#link(module);
    for (const page of module.pages()) {
      watchPage(this.#space.memory, page);
      const modules = this.#pages.get(page);
      if (modules === undefined) this.#pages.set(page, new Set([module]));
      else modules.add(module);
    }
  }

  #link(module: RegionModule): void {
    const first = this.#bindInstance(module);
    if (this.#suspended) return;
    for (const [pc, number] of module.entries) this.#enter(pc, first + number);
  }

  /** The index of the module's first function in this vessel's table; an instance made for an earlier space serves again. */
  #bindInstance(module: RegionModule): number {
    const vessel = this.#space.vessel;
    const known = vessel.instances.get(module);
    if (known !== undefined) return known;
    const { exports } = new WebAssembly.Instance(module.module, { hub: { ...vessel.exports, memory: vessel.memory } });
    this.#cpu.counters.instances++;
    return vessel.bind(module, Array.from({ length: module.functions }, (_, i) => exports[String(i)]));
  }

  /** From now on control that comes to pc goes to a region. */
  #enter(pc: number, index: number): void {
    this.#entries.set(pc, index);
    setDispatch(this.#space.memory, pc, index);
    this.#setRegion(pc, index);
  }

  /** Translates the blocks at these pcs and what belongs to them. */
  promote(pcs: readonly number[]): void {
    if (this.#suspended) return;
    const missing = pcs.filter((pc) => this.at(pc) === 0 && !this.#refused.has(pc));
    if (missing.length === 0) return;
    const { memory, level } = this.#space;
    const module = this.#cpu.translate(() => promote(memory, this.#blocks, missing, level, this.#cpu.warm, (pc) => this.at(pc) !== 0, this.#others()), this.#files, level);
    if (module === undefined) {
      for (const pc of missing) this.#refused.add(pc);
      return;
    }
    this.#bind(module);
    this.#fresh.add(module);
    this.#cpu.trace?.(`module of ${module.functions} regions, ${module.bytes.length} bytes: ${[...module.entries.keys()].map((pc) => pc.toString(16)).join(' ')}`);
  }

  /** Whether modules have come that are worth joining into one. */
  get isScattered(): boolean { return !this.#suspended && this.#fresh.size >= SCATTERED; }

  /** Joins the modules of this run into one, so that calls between their regions are direct. Nothing may be running. */
  consolidate(): void {
    const { memory, level, vessel } = this.#space;
    const joined = [...this.#fresh];
    const blocks = new Set(joined.flatMap((module) => module.blocks));
    const entries = new Set(joined.flatMap((module) => [...module.entries.keys()]));
    const module = this.#cpu.translate(() => translateSet(memory, entries, (pc) => blocks.has(pc), level), [], level);
    if (module === undefined) return;
    for (const old of joined) {
      this.#drop(old);
      this.#cpu.registry.remove(old);
      vessel.unbind(old, old.functions);
    }
    this.#bind(module);
    this.#fresh.add(module);
    this.#cpu.trace?.(`${joined.length} modules joined: ${module.functions} regions, ${module.bytes.length} bytes`);
  }

  /** Forgets the modules with code in these pages, and files that lay there; tells how many modules. */
  forget(firstPage: number, lastPage: number): number {
    if (this.#files.some((f) => within(f, firstPage, lastPage))) this.#files = this.#files.filter((f) => !within(f, firstPage, lastPage));
    this.#refused.clear();
    const gone = new Set<RegionModule>();
    for (const page of pagesWithin(this.#pages, firstPage, lastPage)) for (const module of this.#pages.get(page)!) gone.add(module);
    for (const module of gone) this.#drop(module);
    return gone.size;
  }

  /** Forgets all modules, and looks for those that are kept for the level there is now. */
  forgetAll(): void {
    for (const module of [...this.#bound]) this.#drop(module);
    this.#unfit = [];
    for (const file of this.#files) this.#cpu.cache.profile(file, this.#space.level);
    for (const file of this.#files) this.bindAll(file);
  }

  #drop(module: RegionModule): void {
    this.#bound.delete(module);
    this.#inside = undefined;
    this.#fresh.delete(module);
    for (const page of module.pages()) {
      const modules = this.#pages.get(page);
      modules?.delete(module);
      if (modules?.size === 0) this.#pages.delete(page);
    }
    const first = this.#space.vessel.instances.get(module)!;
    for (const [pc, number] of module.entries) {
      if (this.#entries.get(pc) !== first + number) continue;
      this.#entries.delete(pc);
      this.#unlink(pc);
    }
  }

  /** Control that comes to pc goes to the interpreter again. */
  #unlink(pc: number): void {
    clearDispatch(this.#space.memory, pc);
    this.#setRegion(pc, 0);
  }

  #setRegion(pc: number, index: number): void {
    const at = this.#blocks.known(pc);
    if (at !== 0) this.#blocks.setRegion(at, index);
  }
}
