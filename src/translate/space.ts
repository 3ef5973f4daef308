// One address space: guest memory in a vessel, its decoded blocks and translated regions, and the loop around the hub.
import { assert } from '../base/index.ts';
import {
  ADDRESS_END, Access, CpuState, Exit, GuestMemory, MXCSR_CONTROLS, MXCSR_DEFAULT, PAGE_SHIFT, PAGE_SIZE, Perm, STATE_BASE, STATE_SIZE, state,
  type FileBytes, type Level, type Space,
} from '../guest/index.ts';
import { type Former, type TranslatingCpu, WORTH_TELLING } from './cpu.ts';
import { Blocks, Undecoded, setDispatch } from './interp/blocks.ts';
import { Inner } from './interp/hub.ts';
import { head } from './interp/record.ts';
import type { HubHost, Vessel } from './interp/vessel.ts';
import { Outcome, routines } from './ir/routines.ts';
import { copyGuest } from './pages.ts';
import { Regions } from './regions.ts';

const isStackOverflow = (e: unknown): boolean => e instanceof RangeError && /call stack/.test(e.message) || e instanceof Error && e.name === 'InternalError' && /recursion/.test(e.message);
const isOutOfBounds = (e: unknown): boolean => e instanceof WebAssembly.RuntimeError && /memory access out of bounds|out of bounds/.test(e.message) && !/table/.test(e.message);

/** Times the option `collect`, at most. */
const MOST_PATIENCE = 8;

/** Budget to be used before scattered modules are joined for the first time: some tenths of a second. */
const FIRST_JOIN = 10_000_000;

/** Block entries in a memory after which the profiles of its files are told what was interpreted: that costs some milliseconds, and compilers end often. */
const TELL_AFTER = 20_000_000;

/** What a repeated routine counts as against the budget. */
const REPEAT_COST = 512;

/** A space that is all zero, one like its `parent`, or one in the memory of a `former` program; `program` names the file it is made for. */
export interface SpaceConfig {
  readonly level: Level;
  readonly program?: string | undefined;
  readonly parent?: GuestSpace;
  readonly former?: Former;
}

export class GuestSpace implements Space, HubHost {
  readonly memory: GuestMemory;
  readonly state: CpuState;
  readonly vessel: Vessel;
  #level: Level;
  readonly #cpu: TranslatingCpu;
  readonly #blocks: Blocks;
  readonly #regions: Regions;
  /** Where blocks are hot and not translated yet. */
  #hot: number[] = [];
  /** What was taken from the budget so that running code leaves soon. */
  #owed = 0;
  /** Grows when code was forgotten: frames of it may be on the stack. */
  #epoch = 0;
  /** The budget there was when the hub was entered, what was used since modules were last joined, and how much has to be used before they are again. */
  #given = 0;
  #used = 0;
  #joinAfter = FIRST_JOIN;
  /** What was used since the first block now in #hot became hot, and how often hot blocks were translated. */
  #collected = 0;
  #promotions = 0;
  #running = false;
  #released = false;
  #unchanged: readonly FileBytes[] = [];
  readonly #isCopy: boolean;
  readonly #program: string | undefined;
  /** Regions are suspended. */
  #unusualFloat = false;
  #full = false;
  /** While a routine runs and code was forgotten: the next instruction. */
  #routineNext = -1;

  constructor(cpu: TranslatingCpu, vessel: Vessel, { level, program, parent, former }: SpaceConfig) {
    this.#cpu = cpu;
    this.vessel = vessel;
    this.#level = level;
    this.#program = program;
    this.#isCopy = parent !== undefined;
    this.memory = former?.memory ?? new GuestMemory(vessel.memory);
    this.state = new CpuState(this.memory);
    vessel.host = this;
    if (parent !== undefined) this.#copy(parent);
    this.#blocks = former?.blocks ?? new Blocks({ memory: this.memory, handlers: cpu.handlers, decode: cpu.decode, decodeRecords: vessel.hub.decode, grant: cpu.grant, blockLimit: cpu.options.blockLimit, records: cpu.options.records }, parent && parent.#blocks);
    this.#regions = new Regions(cpu, this, this.#blocks, parent && parent.#regions);
    this.memory.onCodeWrite = (address, length) => this.#codeWritten(address, length);
  }

  get level(): Level { return this.#level; }
  /** Regions of the level before are forgotten; running code leaves before it goes on. */
  set level(level: Level) {
    if (level === this.#level) return;
    this.#level = level;
    if (this.#program !== undefined) this.#cpu.noteLevel(this.#program, level);
    this.#regions.forgetAll();
    this.#epoch++;
  }

  #copy(parent: GuestSpace): void {
    copyGuest(parent.memory, this.memory);
    this.memory.bytes.set(parent.memory.bytes.subarray(STATE_BASE, STATE_BASE + STATE_SIZE), STATE_BASE);
  }

  run(budget: number): Exit {
    assert(!this.#running && !this.#released, 'a space runs twice, or after its release');
    this.#running = true;
    this.#setBudget(budget);
    this.#given = budget;
    if (this.#hot.length > 0) this.#leaveSoon();
    try {
      for (;;) {
        this.state.setU32(state.exit, Inner.resume);
        this.#chooseFloat();
        this.#enter();
        this.memory.tellStores();
        this.#settle();
        const exit = this.#leave();
        if (exit !== undefined) return exit;
      }
    } finally {
      this.#running = false;
      if (this.#released) this.#end();
    }
  }

  /** Translated code does floating point as MXCSR usually asks for; while it asks for something else, everything is interpreted. */
  #chooseFloat(): void {
    const unusual = (this.state.u32(state.mxcsr) & MXCSR_CONTROLS) !== MXCSR_DEFAULT;
    if (unusual === this.#unusualFloat) return;
    this.#unusualFloat = unusual;
    if (unusual) this.#regions.suspend();
    else this.#regions.resume();
  }

  /** Runs the hub until it leaves; a full stack means going on with an empty one. */
  #enter(): void {
    try {
      this.vessel.hub.run();
    } catch (error) {
      if (isStackOverflow(error)) {
        this.#cpu.counters.stackRestarts++;
        this.state.setU32(state.exit, Inner.resume);
      } else if (isOutOfBounds(error)) this.#fault(0, Access.read);
      else throw error;
    }
  }

  /** What waits for an empty stack: translating, a full window, the budget that was taken. */
  #settle(): void {
    const left = this.#budget + this.#owed;
    const used = this.#given - left;
    this.#used += used;
    this.#blocks.untold += used;
    this.#given = left;
    if (this.#hot.length > 0) this.#collected += used;
    if (this.#owed !== 0) {
      this.#setBudget(left);
      this.#owed = 0;
    }
    if (this.#full) {
      this.#full = false;
      this.#cpu.cache.noteInterpreted(this.#blocks, this.#regions.files, this.#level);
      this.#blocks.clear();
      this.#cpu.counters.windowsFull++;
    }
    if (this.#hot.length > 0 && this.#collected >= this.#collectFor) {
      const hot = this.#hot;
      this.#hot = [];
      this.#collected = 0;
      this.#promotions++;
      this.#regions.promote(hot);
    } else if (this.#used > this.#joinAfter && this.#regions.isScattered) {
      this.#regions.consolidate();
      this.#used = 0;
      this.#joinAfter *= 2;
    }
  }

  /** What `run` returns, or undefined to go on. */
  #leave(): Exit | undefined {
    const exit = this.state.u32(state.exit);
    if (exit === Inner.resume || exit === Exit.budget) return this.#budget < 0 ? this.#budgetSpent() : undefined;
    if (exit === Inner.syscall) return this.#cpu.onSyscall(this) ? undefined : Exit.syscall;
    if (exit === Exit.trap) this.#cpu.traceTrap(this);
    return exit as Exit;
  }

  #budgetSpent(): Exit {
    this.state.setU32(state.exit, Exit.budget);
    return Exit.budget;
  }

  get #budget(): number { return this.state.u32(state.budget) | 0; }
  #setBudget(value: number): void { this.state.setU32(state.budget, value); }

  /** How much budget is used between the first hot block and translating: a program that keeps on becoming hot elsewhere waits longer, for fewer and larger modules. */
  get #collectFor(): number { return this.#cpu.options.collect * Math.min(MOST_PATIENCE, 1 + this.#promotions / 8); }

  /** Makes running code leave before long: a module costs the same for one region or many, so others may become hot meanwhile. */
  #leaveSoon(): void {
    const rest = Math.max(0, this.#collectFor - this.#collected);
    const excess = this.#budget - rest;
    if (excess <= 0) return;
    this.#owed += excess;
    this.#setBudget(rest);
  }

  #fault(address: number, access: number): void {
    this.state.setU32(state.exit, Exit.fault);
    this.state.setU32(state.faultAddress, address);
    this.state.setU32(state.faultAccess, access);
  }

  // ---- what the hub asks

  miss(pc: number): number {
    const region = this.#regions.at(pc);
    if (region !== 0) {
      setDispatch(this.memory, pc, region);
      return region;
    }
    if (this.#cpu.options.mode === 'translate' && this.memory.allows(pc, 1, Perm.execute)) {
      this.#regions.promote([pc]);
      const made = this.#regions.known(pc);
      if (made !== 0) return made;
    }
    const at = this.slow(pc);
    if (at !== 0) this.#blocks.dispatch(at);
    return at;
  }

  slow(pc: number): number {
    const at = this.#blocks.at(pc);
    if (at === Undecoded.fault) this.#fault(this.#blocks.faultAddress, Access.execute);
    else if (at === Undecoded.full) {
      this.#full = true;
      this.state.setU32(state.exit, Inner.resume);
    } else {
      const region = this.#regions.known(pc);
      if (region !== 0) this.#blocks.setRegion(at, region);
      return at;
    }
    return 0;
  }

  attend(at: number): void {
    const view = this.memory.view;
    const total = view.getUint32(at + head.total, true) + this.#cpu.grant;
    view.setUint32(at + head.total, total, true);
    view.setInt32(at + head.count, this.#cpu.grant, true);
    this.#setBudget(this.#budget - this.#cpu.grant);
    const pc = view.getUint32(at + head.pc, true);
    if (total < this.#cpu.options.threshold || this.#cpu.options.mode === 'interpret' || this.#unusualFloat || this.#hot.includes(pc)) return;
    this.#hot.push(pc);
    this.#leaveSoon();
  }

  fault(ip: number, address: number, size: number, access: number): number {
    const perms = this.memory.perms;
    const last = (address + size - 1) >>> 0;
    const pages = address >>> PAGE_SHIFT === last >>> PAGE_SHIFT ? [address >>> PAGE_SHIFT] : [address >>> PAGE_SHIFT, last >>> PAGE_SHIFT];
    const need = access === Access.write ? Perm.write : Perm.read;
    const failing = pages.find((page) => !(perms[page]! & need) && !(access === Access.write && perms[page]! & Perm.watched));
    if (failing !== undefined || last < address) {
      this.#fault(failing === pages[0] ? address : failing === undefined ? ADDRESS_END : (failing << PAGE_SHIFT) >>> 0, access);
      return 0;
    }
    const alone = this.#blocks.alone(ip);
    this.memory.storeIsComing = true;
    for (const page of pages) if (perms[page]! & Perm.watched) this.invalidate(page * PAGE_SIZE, PAGE_SIZE);
    this.memory.storeIsComing = false;
    return alone;
  }

  syscall(): number {
    const epoch = this.#epoch;
    const pc = this.state.pc;
    if (!this.#cpu.onSyscall(this)) {
      this.state.setU32(state.exit, Exit.syscall);
      return 1;
    }
    if (epoch === this.#epoch && pc === this.state.pc) return 0;
    this.state.setU32(state.exit, Inner.resume);
    return 1;
  }

  routine(id: number, a: number, b: number, c: number, d: number): number {
    const epoch = this.#epoch;
    this.#routineNext = 0;
    const outcome = routines[id]!(this, a, b, c, d);
    const next = this.#routineNext;
    this.#routineNext = -1;
    if (outcome === Outcome.leave) return 1;
    if (outcome === Outcome.again) {
      this.#setBudget(this.#budget - REPEAT_COST);
      this.state.setU32(state.exit, Inner.resume);
      return 1;
    }
    if (epoch === this.#epoch && outcome !== Outcome.restart) return 0;
    this.state.pc = next === 0 ? this.#nextPc() : next;
    this.state.setU32(state.exit, Inner.resume);
    return 1;
  }

  // ---- code that changes

  #codeWritten(address: number, length: number): void {
    if (this.#routineNext === 0) this.#routineNext = this.#nextPc();
    this.invalidate(address, length);
  }

  /** The address of the instruction after the one at state.pc. */
  #nextPc(): number {
    const { bytes } = this.memory;
    const pc = this.state.pc;
    return pc + this.#cpu.decode(bytes, pc, Math.min(bytes.length, pc + 15), pc).length;
  }

  invalidate(address: number, length: number): void {
    if (length <= 0) return;
    const first = address >>> PAGE_SHIFT;
    const last = Math.floor((address + length - 1) / PAGE_SIZE);
    const perms = this.memory.perms;
    for (let page = first; page <= last; page++) if (perms[page]! & (Perm.code | Perm.watched)) this.memory.unwatch(page);
    const forgot = this.#blocks.forget(first, last);
    const dropped = this.#regions.forget(first, last);
    if (forgot === 0 && dropped === 0) return;
    this.#epoch++;
    this.#hot = [];
    this.#collected = 0;
    this.#cpu.counters.invalidations++;
    this.#cpu.trace?.(`invalidate ${address.toString(16)}+${length.toString(16)}: ${forgot} blocks, ${dropped} modules`);
  }

  timestamp(): bigint { return this.#cpu.timestamp(); }

  noteFile(address: number, length: number, identity: string, unchanged = false): void {
    const file = { address, end: address + length, identity };
    this.#regions.noteFile(file);
    if (unchanged && this.#blocks.wake(file)) this.#regions.bindAll(file, true);
  }

  fork(): Space { return this.#cpu.adopt(this); }

  release(unchanged: readonly FileBytes[] = []): void {
    if (this.#released) return;
    this.#released = true;
    this.#unchanged = unchanged;
    if (!this.#running) this.#end();
  }

  #end(): void {
    this.#regions.leave();
    const { files } = this.#regions;
    this.#cpu.cache.noteSample(this.memory, files, this.#level);
    if (this.#blocks.untold >= (this.#isCopy ? WORTH_TELLING : TELL_AFTER)) this.#cpu.cache.noteInterpreted(this.#blocks, files, this.#level);
    // Copies are made of whole memories: what theirs holds serves nobody.
    this.#cpu.recycle(this.vessel, { memory: this.memory, blocks: this.#blocks, unchanged: this.#isCopy ? [] : this.#unchanged, files, level: this.#level });
  }
}
