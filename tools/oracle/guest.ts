// Runs test cases in a guest space: the same windows, registers and memory as the oracle's, and an outcome of the same form.
import { Exit, type Level, Perm, type Space, STATE_BASE, state } from '../../src/guest/index.ts';
import { createCpu, type TranslatorOptions } from '../../src/translate/index.ts';
import { blankWindow, type Case, CODE, GS_BASE, image, IMAGE_SIZE, type Outcome, type Patch, windows } from './image.ts';

const rights = { rx: Perm.read | Perm.execute, rw: Perm.read | Perm.write, r: Perm.read } as const;
const PAGE = 4096;

/** Maps the windows. */
function mapWindows(space: Space): void {
  for (const w of windows) space.memory.protect(w.address, w.pages * PAGE, Perm.mapped | rights[w.rights]);
}

/** Fills memory and registers as the case has them. */
function loadCase(space: Space, c: Case): void {
  const { bytes } = space.memory;
  for (const [i, w] of windows.entries()) bytes.set(blankWindow(i), w.address);
  bytes.set(c.code, CODE + c.codeOffset);
  for (const p of c.memory) bytes.set(p.bytes, p.at);
  loadRegisters(space, c.registers);
  space.state.pc = CODE + c.codeOffset;
}

function loadRegisters(space: Space, registers: Uint8Array): void {
  const cpu = space.state;
  const from = new DataView(registers.buffer, registers.byteOffset, registers.length);
  for (let i = 0; i < 16; i++) cpu.setGpr(i, from.getBigUint64(image.gpr + 8 * i, true));
  cpu.rflags = from.getUint32(image.rflags, true);
  cpu.setU32(state.flagsOther, 0);
  cpu.setU64(state.gsBase, BigInt(GS_BASE));
  cpu.setU64(state.fsBase, 0n);
  cpu.setU32(state.mxcsr, from.getUint32(image.mxcsr, true));
  const fsw = from.getUint16(image.fsw, true);
  const top = fsw >> 11 & 7;
  cpu.setU32(state.fcw, from.getUint16(image.fcw, true));
  cpu.setU32(state.fsw, fsw & ~0x3800);
  cpu.setU32(state.top, top);
  cpu.setU32(state.fvalid, registers[image.ftw]!);
  const { bytes } = space.memory;
  bytes.set(registers.subarray(image.xmm, image.xmm + 256), STATE_BASE + state.xmm);
  for (let i = 0; i < 8; i++) bytes.set(registers.subarray(image.st + 16 * i, image.st + 16 * i + 10), STATE_BASE + state.st + 16 * ((top + i) & 7));
}

/** The registers as an image. Fields the guest does not keep (pointers of the x87 unit) are zero. */
function readRegisters(space: Space): Uint8Array {
  const cpu = space.state;
  const registers = new Uint8Array(IMAGE_SIZE);
  const to = new DataView(registers.buffer);
  for (let i = 0; i < 16; i++) to.setBigUint64(image.gpr + 8 * i, cpu.gpr(i), true);
  to.setUint32(image.rflags, cpu.rflags, true);
  const top = cpu.u32(state.top);
  to.setUint16(image.fcw, cpu.u32(state.fcw), true);
  to.setUint16(image.fsw, cpu.u32(state.fsw) | top << 11, true);
  registers[image.ftw] = cpu.u32(state.fvalid);
  to.setUint32(image.mxcsr, cpu.u32(state.mxcsr), true);
  const { bytes } = space.memory;
  registers.set(bytes.subarray(STATE_BASE + state.xmm, STATE_BASE + state.xmm + 256), image.xmm);
  for (let i = 0; i < 8; i++) {
    const at = STATE_BASE + state.st + 16 * ((top + i) & 7);
    registers.set(bytes.subarray(at, at + 10), image.st + 16 * i);
  }
  return registers;
}

/** Linux's signal for each exception. */
const SIGNALS: Record<number, number> = { 0: 8, 1: 5, 3: 5, 4: 11, 6: 4, 13: 11, 16: 8, 17: 7, 19: 8 };
const SIGSEGV = 11, PAGE_FAULT = 14;

/** What a run left behind; `exit` is what code left with. */
function outcomeOf(space: Space, c: Case, exit: Exit): Outcome {
  const cpu = space.state;
  const fault = exit === Exit.fault;
  const trap = fault ? PAGE_FAULT : cpu.u32(state.trapVector);
  const signal = fault ? SIGSEGV : exit === Exit.trap ? SIGNALS[trap] ?? 0 : 0;
  return { signal, trap, error: 0, rip: cpu.pc, fault: fault ? BigInt(cpu.u32(state.faultAddress)) : 0n, registers: readRegisters(space), memory: changedCells(space, c) };
}

/** The aligned 8-byte cells that differ from what the case began with. */
function changedCells(space: Space, c: Case): Patch[] {
  const cells: Patch[] = [];
  const { bytes } = space.memory;
  for (const [i, w] of windows.entries()) {
    const before = blankWindow(i).slice();
    const put = (at: number, patch: Uint8Array) => { if (at >= w.address && at < w.address + before.length) before.set(patch.subarray(0, w.address + before.length - at), at - w.address); };
    put(CODE + c.codeOffset, c.code);
    for (const p of c.memory) put(p.at, p.bytes);
    const now = bytes.subarray(w.address, w.address + before.length);
    if (Buffer.compare(now, before) !== 0) compareWords(before, now, (at) => cells.push({ at: w.address + at, bytes: now.slice(at, at + 8) }));
  }
  return cells;
}

/** Calls `found` for each 8-byte cell that differs. Both arrays are aligned. */
function compareWords(before: Uint8Array, now: Uint8Array, found: (at: number) => void): void {
  const x = new Int32Array(before.buffer, before.byteOffset, before.length / 4);
  const y = new Int32Array(now.buffer, now.byteOffset, now.length / 4);
  for (let i = 0; i < x.length; i += 2) if (x[i] !== y[i] || x[i + 1] !== y[i + 1]) found(4 * i);
}

/** How guest code is executed: the interpreter alone, or everything translated, at a level. */
export interface Way { readonly name: string; readonly mode: TranslatorOptions['mode']; readonly level: Level; readonly threshold?: number; readonly budget: number }
export const interpreted: Way = { name: 'interpreter', mode: 'interpret', level: 'all', budget: 5000 };
export const translated: readonly Way[] = (['none', 'stores', 'all'] as const).map((level) => ({ name: `translated at ${level}`, mode: 'translate', level, budget: 5000 }));
/** Interpreted until something is a little hot, and interrupted often: what passes between interpreter and translated code. */
export const tiered: Way = { name: 'tiered', mode: 'tiered', level: 'stores', threshold: 2, budget: 3 };

/** A program that spends so much has gone astray. */
const PATIENCE = 2_000_000;
/** Spaces are replaced after so many different codes, so that what was decoded and translated for old ones does not pile up. */
const CODES_PER_CPU = 2000;

/** Runs cases one after the other in a space of its own. */
export class GuestRunner {
  readonly way: Way;
  readonly #hub: Uint8Array | undefined;
  #space: Space;
  #code = '';
  #codes = 0;

  constructor(way: Way, hub?: Uint8Array) {
    this.way = way;
    this.#hub = hub;
    this.#space = this.#fresh();
  }

  #fresh(): Space {
    const space = createCpu({ ...(this.#hub ? { hub: this.#hub } : {}), options: { mode: this.way.mode, level: this.way.level, cache: false, ...(this.way.threshold ? { threshold: this.way.threshold, collect: 1 } : {}) } }).createSpace();
    mapWindows(space);
    return space;
  }

  run(c: Case): Outcome {
    const code = `${c.codeOffset} ${c.code.join()}`;
    if (code !== this.#code) this.#forget(code);
    loadCase(this.#space, c);
    let exit: Exit = Exit.budget;
    for (let spent = 0; exit === Exit.budget && spent < PATIENCE; spent += this.way.budget) exit = this.#space.run(this.way.budget);
    return outcomeOf(this.#space, c, exit);
  }

  #forget(code: string): void {
    this.#code = code;
    if (++this.#codes % CODES_PER_CPU === 0) this.#space = this.#fresh();
    this.#space.invalidate(CODE, 2 * PAGE);
  }
}

const GENERAL_PROTECTION = 13, WRITE = 2;

/** A store that begins in a page without the right and ends in one that has it: only the page of the last byte is looked at. */
const CROSSING = 4096n - 16n;

/** Whether a way promises to end as the CPU did: level `none` sees no faults, `stores` only those of stores that do not begin in the last bytes of a page, and alignment is checked at `all`. */
export function exactAt(way: Way, expected: Outcome): boolean {
  if (way.level === 'all' || way.mode === 'interpret') return true;
  if (expected.trap === PAGE_FAULT) return way.level === 'stores' && (expected.error & WRITE) !== 0 && (expected.fault & 0xfffn) <= CROSSING;
  return !(expected.trap === GENERAL_PROTECTION && expected.memory.length === 0 && expected.signal === SIGSEGV);
}
