// The registry of translated modules, shared by all spaces of a Cpu: a module serves every space whose memory holds the bytes it was made from.
import type { FileRange } from './cache.ts';
import { compile } from './wasm/compile.ts';
import type { GuestMemory, Level } from '../guest/index.ts';
import { PAGE_SHIFT, Perm } from '../guest/index.ts';

/** Guest code a module was made from: its address and bytes. */
export interface Piece { readonly address: number; readonly bytes: Uint8Array }

/** A translated module: `entries` gives for each entry pc the number of its function, by which it is exported. */
export class RegionModule {
  readonly bytes: Uint8Array;
  readonly level: Level;
  readonly entries: ReadonlyMap<number, number>;
  readonly pieces: readonly Piece[];
  /** The first instruction of every block in it. */
  readonly blocks: readonly number[];
  /** The entries to which control came from outside of the region that contains them, if one does. */
  readonly entered: ReadonlySet<number>;
  /** Where its code lies, as a whole. */
  readonly from: number;
  readonly to: number;
  /** A file whose bytes were compared with the pieces that lie in it, and the others. */
  #heldBy = '';
  #elsewhere: readonly Piece[] = [];
  #module: WebAssembly.Module | undefined;

  constructor(bytes: Uint8Array, level: Level, entries: ReadonlyMap<number, number>, pieces: readonly Piece[], blocks: readonly number[], entered: ReadonlySet<number>) {
    this.bytes = bytes;
    this.level = level;
    this.entries = entries;
    this.pieces = pieces;
    this.from = pieces.reduce((least, piece) => Math.min(least, piece.address), Infinity);
    this.to = pieces.reduce((most, piece) => Math.max(most, piece.address + piece.bytes.length), 0);
    this.blocks = blocks;
    this.entered = entered;
  }

  /** Entries of functions that can be entered at several places: they are large, and nobody wants copies of their code. */
  largeEntries(): number[] {
    const seen = new Set<number>();
    const shared = new Set<number>();
    for (const n of this.entries.values()) (seen.has(n) ? shared : seen).add(n);
    return [...this.entries].filter(([, n]) => shared.has(n)).map(([pc]) => pc);
  }

  /** How many functions it exports. */
  get functions(): number { return [...this.entries.values()].reduce((most, n) => Math.max(most, n), -1) + 1; }

  get module(): WebAssembly.Module { return (this.#module ??= compile(this.bytes)); }

  /** Whether this memory holds the code and jump tables the module was made from, with the right to execute or only to read them. */
  fits(memory: GuestMemory): boolean { return this.pieces.every((piece) => holds(memory, piece)); }

  /** The same for a memory that holds this file, unchanged: what was found to be there once is not compared again. */
  fitsIn(memory: GuestMemory, file: FileRange): boolean {
    const name = `${file.identity} ${file.address} ${file.end}`;
    if (this.#heldBy !== name) {
      if (!this.fits(memory)) return false;
      this.#heldBy = name;
      this.#elsewhere = this.pieces.filter(({ address, bytes }) => address < file.address || address + bytes.length > file.end);
      return true;
    }
    return this.#elsewhere.every((piece) => holds(memory, piece));
  }

  /** The pages of its code. */
  *pages(): Generator<number> {
    for (const { address, bytes } of this.pieces) for (let page = address >>> PAGE_SHIFT; page <= (address + bytes.length - 1) >>> PAGE_SHIFT; page++) yield page;
  }
}

function holds(memory: GuestMemory, { address, bytes }: Piece): boolean {
  if (!memory.allows(address, bytes.length, Perm.execute) && !(memory.allows(address, bytes.length, Perm.read) && !memory.allows(address, 1, Perm.write))) return false;
  const there = memory.bytes;
  for (let i = 0; i < bytes.length; i++) if (there[address + i] !== bytes[i]) return false;
  return true;
}

/** Modules that are remembered for one pc: code that keeps changing must not fill the memory. */
const VERSIONS = 4;

/** Modules by the pcs that enter them. */
export class Registry {
  readonly #byPc = new Map<number, RegionModule[]>();
  /** All modules, with the number of pcs they are remembered for. */
  readonly #all = new Map<RegionModule, number>();

  add(module: RegionModule): void {
    this.#all.set(module, module.entries.size);
    for (const pc of module.entries.keys()) {
      const list = this.#byPc.get(pc);
      if (list === undefined) this.#byPc.set(pc, [module]);
      else if (list.unshift(module) > VERSIONS) this.#forgetOne(list.pop()!);
    }
  }

  #forgetOne(module: RegionModule): void {
    const left = this.#all.get(module)! - 1;
    if (left === 0) this.#all.delete(module);
    else this.#all.set(module, left);
  }

  /** Forgets a module: another one has taken its place. */
  remove(module: RegionModule): void {
    this.#all.delete(module);
    for (const pc of module.entries.keys()) {
      const list = this.#byPc.get(pc)?.filter((m) => m !== module);
      if (list === undefined || list.length === 0) this.#byPc.delete(pc);
      else this.#byPc.set(pc, list);
    }
  }

  /** A module that may be entered at pc in this memory. */
  find(pc: number, level: Level, memory: GuestMemory): RegionModule | undefined {
    return this.#byPc.get(pc)?.find((module) => module.level === level && module.fits(memory));
  }

  /** The modules with code in a range, those of one level. */
  modulesIn({ address, end }: { readonly address: number; readonly end: number }, level: Level): RegionModule[] {
    return [...this.#all.keys()].filter((module) => module.level === level && module.from < end && module.to > address && module.pieces.some((piece) => piece.address < end && piece.address + piece.bytes.length > address));
  }
}
