// The decoded blocks of one space: records in the RECORDS window, found by pc; which pages they came from; and forgetting them.
import {
  DISPATCH_BASE, DISPATCH_ENTRIES, DISPATCH_FOLD, PAGE_SHIFT, Perm, RECORDS_BASE, type GuestMemory,
} from '../../guest/index.ts';
import type { FileRange } from '../cache.ts';
import { PcTable } from '../pc-table.ts';
import type { Insn, Undecodable } from '../x86/insn.ts';
import { Stopped } from './record-decoder.ts';
import { GONE, LINKED, RECORD_SIZE, SCRATCH, SCRATCH_END, RecordWriter, field, head } from './record.ts';

/** Handlers that belong to no row, by their index in the hub's table. */
export const Special = {
  /** An empty slot: never run. */
  none: 0,
  /** Goes on at field.disp, linked by field.taken. */
  goto: 1,
  /** No instruction: #UD. */
  undefined: 2,
  /** Leaves with state.exit = resume. */
  resume: 3,
  /** More than 15 bytes: #GP. */
  long: 4,
} as const;
export const SPECIALS = 5;

/** Finds the handler of an instruction, and which operands its row fixes. */
export interface HandlerIndex {
  handlerOf(insn: Insn): number;
  fixedOf(insn: Insn): readonly boolean[];
}

export type Decode = (bytes: Uint8Array, offset: number, limit: number, pc: number) => Insn | Undecodable;

export interface BlocksConfig {
  readonly memory: GuestMemory;
  readonly handlers: HandlerIndex;
  readonly decode: Decode;
  /** The record decoder of the hub: (pc, end, at, limit) → count | Stopped << 16. */
  readonly decodeRecords: (pc: number, end: number, at: number, limit: number) => number;
  /** Entries of a block between two calls of `attend`. */
  readonly grant: number;
  readonly blockLimit: number;
  /** Bytes of the record window. */
  readonly records: number;
}

/** Why a block could not be decoded. */
export const Undecoded = { fault: 0, full: 1 } as const;

export class Blocks {
  readonly #memory: GuestMemory;
  readonly #handlers: HandlerIndex;
  readonly #writer: RecordWriter;
  readonly #decode: Decode;
  readonly #decodeRecords: BlocksConfig['decodeRecords'];
  readonly #grant: number;
  readonly #limit: number;
  readonly #windowEnd: number;
  /** The heads by pc. */
  readonly #heads: PcTable;
  /** Page → heads of blocks with code in it; a head may stand there after it was forgotten. */
  readonly #pages: Map<number, number[]>;
  /** By page: 1 where blocks have code, or had. */
  #coded = new Uint8Array(0);
  /** Files of former programs of this memory that are not mapped: their blocks are not to be found. */
  #asleep: readonly FileRange[] = [];
  /** Heads that control came to by the dispatch table: since the last `sleep`, and before, by the file they lie in. */
  #dispatched: number[] = [];
  #dispatchedOf = new Map<string, number[]>();
  /** Block entries counted since `eachInterpreted`. */
  untold = 0;
  #next: number;
  /** The first record that did not come from a parent. */
  #own: number;
  /** The address whose page had not the right to be executed, after `at` answered `fault`. */
  faultAddress = 0;

  /** `parent`: the blocks of a space whose guest memory was just copied: its records are copied too, without their regions. */
  constructor(config: BlocksConfig, parent?: Blocks) {
    this.#memory = config.memory;
    this.#handlers = config.handlers;
    this.#writer = new RecordWriter(config.memory);
    this.#decode = config.decode;
    this.#decodeRecords = config.decodeRecords;
    this.#grant = config.grant;
    this.#limit = config.blockLimit;
    this.#windowEnd = RECORDS_BASE + config.records;
    this.#heads = parent === undefined ? new PcTable() : parent.#heads.copy();
    this.#pages = new Map();
    this.#next = parent === undefined ? SCRATCH_END : parent.#next;
    this.#own = this.#next;
    if (parent !== undefined) this.#asleep = parent.#asleep;
    if (parent !== undefined) this.#copyRecords(parent);
  }

  #copyRecords(parent: Blocks): void {
    this.#memory.bytes.set(parent.#memory.bytes.subarray(SCRATCH, parent.#next), SCRATCH);
    for (const [page, heads] of parent.#pages) this.#pages.set(page, heads.slice());
    this.#heads.each((_, at) => { if (this.#memory.view.getUint32(at + head.region, true) !== 0) this.setRegion(at, 0); });
  }

  /** How often the block at pc was entered, as far as it was counted; 0 when it is not known. */
  entries(pc: number): number {
    const at = this.#heads.get(pc);
    if (at === 0) return 0;
    const view = this.#memory.view;
    return view.getUint32(at + head.total, true) + this.#grant - view.getInt32(at + head.count, true);
  }

  /** Tells of blocks without a region that were entered at least so often, and counts them anew; without those that came from a parent, which counts them itself. */
  eachInterpreted(least: number, tell: (pc: number, entries: number) => void): void {
    this.untold = 0;
    const view = this.#memory.view;
    this.#heads.each((pc, at) => {
      if (at < this.#own || view.getUint32(at + head.region, true) !== 0) return;
      const entries = view.getUint32(at + head.total, true) + this.#grant - view.getInt32(at + head.count, true);
      if (entries < least) return;
      this.setRegion(at, 0);
      tell(pc, entries);
    });
  }

  /** Begins to count again. */
  recount(pc: number): void {
    const at = this.#heads.get(pc);
    if (at !== 0 && this.#memory.view.getUint32(at + head.region, true) === 0) this.setRegion(at, 0);
  }

  /** Makes a block's entries go to a region; 0 makes them interpret again. */
  setRegion(at: number, region: number): void {
    const view = this.#memory.view;
    view.setUint32(at + head.region, region, true);
    view.setInt32(at + head.count, region === 0 ? this.#grant : 0, true);
    view.setUint32(at + head.total, 0, true);
  }

  /** One past the last record. */
  get end(): number { return this.#next; }
  get count(): number { return this.#heads.size; }

  /** The head of the block that is known at pc, or 0. */
  known(pc: number): number { return this.#heads.get(pc); }

  /** The head of the block at pc, decoded if need be; or a value of Undecoded. */
  at(pc: number): number {
    for (const file of this.#asleep) if (pc >= file.address && pc < file.end) this.#disturb(file);
    return this.#heads.get(pc) || this.#decodeBlock(pc);
  }

  /** Bytes that may be decoded from pc on: up to the first page without the right, at most `length`. */
  #executable(pc: number, length: number): number { return this.#memory.reach(pc, length, Perm.execute); }

  #decodeBlock(pc: number): number {
    if (this.#next + (this.#limit + 2) * RECORD_SIZE > this.#windowEnd) return Undecoded.full;
    const start = this.#next;
    const reach = this.#executable(pc, 15 * this.#limit);
    if (reach === 0) return this.#faultAt(pc);
    const { bytes, view } = this.#memory;
    const writer = this.#writer;
    writer.refresh();
    const answer = this.#decodeRecords(pc, pc + reach, start + RECORD_SIZE, this.#limit);
    const decoded = this.#untilKnown(start, answer & 0xffff);
    let at = start + RECORD_SIZE * (1 + decoded);
    let here = decoded === 0 ? pc : view.getUint32(at - RECORD_SIZE + field.pc, true) + view.getUint8(at - RECORD_SIZE + field.length);
    const ended = decoded === (answer & 0xffff) && answer >>> 16 !== Stopped.before;
    if (ended && answer >>> 16 === Stopped.syscall) at = this.#writeGoto(at, here);
    for (let n = decoded; !ended; n++) {
      if (n > 0 && (n >= this.#limit || this.#heads.has(here))) { at = this.#writeGoto(at, here); break; }
      const insn = this.#decode(bytes, here, pc + reach, here);
      if (insn.row === undefined) {
        if (n > 0) { at = this.#writeGoto(at, here); break; }
        if (insn.reason === 'truncated') return this.#faultAt(pc + reach);
        at = this.#writeBare(at, insn.reason === 'long' ? Special.long : Special.undefined, here);
        here += 1;
        break;
      }
      writer.write(at, insn, this.#handlers.handlerOf(insn), this.#handlers.fixedOf(insn));
      at += RECORD_SIZE;
      here += insn.length;
      const ends = insn.row.options.ends;
      if (ends === 'syscall') at = this.#writeGoto(at, here);
      if (ends !== undefined) break;
    }
    writer.head(start, pc, here, this.#grant);
    this.#next = at;
    this.#heads.set(pc, start);
    this.#watch(start, pc, here);
    return start;
  }

  /** How many of `count` records come before one that another block begins with. */
  #untilKnown(start: number, count: number): number {
    const { view } = this.#memory;
    for (let n = 1; n < count; n++) if (this.#heads.has(view.getUint32(start + RECORD_SIZE * (1 + n) + field.pc, true))) return n;
    return count;
  }

  #faultAt(address: number): number {
    this.faultAddress = address;
    return Undecoded.fault;
  }

  #writeBare(at: number, handler: number, pc: number): number {
    this.#writer.bare(at, handler, pc, pc);
    return at + RECORD_SIZE;
  }

  #writeGoto(at: number, pc: number): number { return this.#writeBare(at, Special.goto, pc); }

  /** The record at ip, alone, followed by one that leaves: for an instruction that may change its own block. Returns the address to run. */
  alone(ip: number): number {
    const { view, bytes } = this.#memory;
    this.#writer.refresh();
    bytes.copyWithin(SCRATCH, ip, ip + RECORD_SIZE);
    if (view.getUint8(SCRATCH + field.scale) === LINKED) {
      view.setUint32(SCRATCH + field.next, 0, true);
      view.setUint32(SCRATCH + field.taken, 0, true);
    }
    this.#writeBare(SCRATCH + RECORD_SIZE, Special.resume, view.getUint32(ip + field.pc, true) + view.getUint8(ip + field.length));
    return SCRATCH;
  }

  /** Marks the pages of [from, to) as holding code of this head; stores into them leave the fast path from now on. */
  #watch(start: number, from: number, to: number): void {
    for (let page = from >>> PAGE_SHIFT; page <= (to - 1) >>> PAGE_SHIFT; page++) {
      watchPage(this.#memory, page);
      this.#noteCode(page);
      const heads = this.#pages.get(page);
      if (heads === undefined) this.#pages.set(page, [start]);
      else heads.push(start);
    }
  }

  #noteCode(page: number): void {
    if (page >= this.#coded.length) {
      const grown = new Uint8Array(2 * page);
      grown.set(this.#coded);
      this.#coded = grown;
    }
    this.#coded[page] = 1;
  }

  /** Forgets the blocks with code in these pages; tells how many. */
  forget(firstPage: number, lastPage: number): number {
    let forgotten = 0;
    for (const page of pagesWithin(this.#pages, firstPage, lastPage)) {
      const heads = this.#pages.get(page)!;
      this.#pages.delete(page);
      for (const at of heads) this.#forgetHead(at);
      forgotten += heads.length;
    }
    return forgotten;
  }

  #forgetHead(at: number): void {
    const view = this.#memory.view;
    const pc = view.getUint32(at + head.pc, true);
    if (this.#heads.get(pc) === at) this.#heads.delete(pc);
    view.setUint32(at + head.region, GONE, true);
    view.setInt32(at + head.count, 0, true);
    clearDispatch(this.#memory, pc);
  }

  /** Control that comes to this head's pc goes there by the dispatch table from now on. */
  dispatch(at: number): void {
    const { view } = this.#memory;
    setDispatch(this.#memory, view.getUint32(at + head.pc, true), at);
    if (view.getUint32(at + head.dispatched, true) !== 0) return;
    view.setUint32(at + head.dispatched, 1, true);
    this.#dispatched.push(at);
  }

  /** The program has ended: blocks that lie in these files sleep until a program maps them there again, all others are forgotten. No block has a region any more. */
  sleep(files: readonly FileRange[]): void {
    this.#asleep = files;
    this.#own = SCRATCH_END;
    if (this.#next > (RECORDS_BASE + this.#windowEnd) / 2) return this.clear();
    const isOf = (page: number, { address, end }: FileRange): boolean => page >= address >>> PAGE_SHIFT && page <= (end - 1) >>> PAGE_SHIFT;
    for (const page of [...this.#pages.keys()]) if (!files.some((file) => isOf(page, file))) this.forget(page, page);
    this.#sortDispatched(files);
  }

  #sortDispatched(files: readonly FileRange[]): void {
    const { view } = this.#memory;
    let file: FileRange | undefined;
    let known: number[] = [];
    for (const at of this.#dispatched) {
      const pc = view.getUint32(at + head.pc, true);
      if (file === undefined || pc < file.address || pc >= file.end) {
        file = files.find(({ address, end }) => pc >= address && pc < end);
        if (file !== undefined) known = listOf(this.#dispatchedOf, nameOf(file));
      }
      if (file !== undefined) known.push(at);
    }
    this.#dispatched = [];
  }

  /** The file is mapped, with these bytes: blocks that sleep there are known from now on. Tells whether there are any. */
  wake(file: FileRange): boolean {
    const found = this.#asleep.find((f) => f.address === file.address && f.end === file.end && f.identity === file.identity);
    if (found === undefined) return false;
    this.#asleep = this.#asleep.filter((f) => f !== found);
    const [first, last] = pagesOf(file);
    for (let page = first; page <= last; page++) if (this.#coded[page] === 1) watchPage(this.#memory, page);
    this.#dispatchAgain(file);
    return true;
  }

  /** Finding them one by one, as control comes to them, costs more. */
  #dispatchAgain(file: FileRange): void {
    const { view } = this.#memory;
    const table = new Uint32Array(this.#memory.memory.buffer, DISPATCH_BASE, 2 * DISPATCH_ENTRIES);
    for (const at of this.#dispatchedOf.get(nameOf(file)) ?? []) {
      if (view.getUint32(at + head.region, true) === GONE) continue;
      const pc = view.getUint32(at + head.pc, true);
      const entry = 2 * dispatchIndex(pc);
      table[entry] = pc;
      table[entry + 1] = at;
    }
  }

  /** Control came to where blocks of this file sleep: something else lies there now. */
  #disturb(file: FileRange): void {
    this.#asleep = this.#asleep.filter((f) => f !== file);
    this.#dispatchedOf.delete(nameOf(file));
    this.forget(...pagesOf(file));
  }

  /** Forgets everything; no record may be running. */
  clear(): void {
    this.#asleep = [];
    this.#dispatched = [];
    this.#dispatchedOf.clear();
    this.#heads.clear();
    this.#pages.clear();
    this.#memory.bytes.fill(0, DISPATCH_BASE, DISPATCH_BASE + 8 * DISPATCH_ENTRIES);
    this.#next = this.#own = SCRATCH_END;
  }
}

/** A file at its place. */
const nameOf = ({ identity, address }: FileRange): string => `${identity} ${address}`;

function listOf(map: Map<string, number[]>, name: string): number[] {
  const known = map.get(name) ?? [];
  map.set(name, known);
  return known;
}

/** The first and the last page of a file's range. */
const pagesOf = ({ address, end }: FileRange): [number, number] => [address >>> PAGE_SHIFT, (end - 1) >>> PAGE_SHIFT];

/** The keys of `map` from first to last, whichever way is shorter. */
export function pagesWithin(map: ReadonlyMap<number, unknown>, first: number, last: number): number[] {
  if (last - first > map.size) return [...map.keys()].filter((page) => page >= first && page <= last);
  const found: number[] = [];
  for (let page = first; page <= last; page++) if (map.has(page)) found.push(page);
  return found;
}

/** Takes the right to write from a page because it holds code. */
export function watchPage(memory: GuestMemory, page: number): void {
  const perm = memory.perms[page]!;
  memory.perms[page] = perm & Perm.write ? (perm & ~Perm.write) | Perm.watched | Perm.code : perm | Perm.code;
}

const dispatchIndex = (pc: number): number => (pc ^ pc >>> DISPATCH_FOLD) & (DISPATCH_ENTRIES - 1);
const dispatchEntry = (pc: number): number => DISPATCH_BASE + 8 * dispatchIndex(pc);

export function setDispatch(memory: GuestMemory, pc: number, target: number): void {
  const entry = dispatchEntry(pc);
  memory.view.setUint32(entry, pc, true);
  memory.view.setUint32(entry + 4, target, true);
}

/** Drops the entry of pc, if the slot is its own. */
export function clearDispatch(memory: GuestMemory, pc: number): void {
  const entry = dispatchEntry(pc);
  if (memory.view.getUint32(entry, true) === pc) memory.view.setUint32(entry + 4, 0, true);
}
