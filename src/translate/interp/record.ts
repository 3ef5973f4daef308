// The interpreter's decoded record: 32 bytes an instruction, written once per basic block, read by the handlers; and the head record that begins a block.
// HOT: every instruction that runs at all is written here once.
import { RECORDS_BASE, STATE_SIZE, state, type GuestMemory } from '../../guest/index.ts';
import type { Insn } from '../x86/insn.ts';

export const RECORD_SIZE = 32;

/** Offsets of an instruction's fields. Cells are u16 offsets from STATE_BASE: a register's place, one more for ah, ch, dh, bh. */
export const field = {
  /** u16: the handler's index in the hub's table. */
  handler: 0,
  /** Three u16 cells: the register operand at place 0, 1 or 2 of the row's operands. */
  cell: 2,
  /** u16 cells of the memory operand; an absent one is the zero cell. */
  base: 8,
  index: 10,
  segment: 12,
  /** u8: the index is shifted left by this; LINKED in branches to a known target. */
  scale: 14,
  /** u8: bytes of the instruction. */
  length: 15,
  /** u32: its address. */
  pc: 16,
  /** i32: displacement of the memory operand, or a branch's target, or the second immediate. */
  disp: 20,
  /** i64: the immediate, extended as the operand says; without one, the displacement as 64 bits (lea). */
  imm: 24,
  /** u32, in branches: the head record of the next instruction's block and of the target's block, 0 while unknown. */
  next: 24,
  taken: 28,
} as const;

/** Offsets of a head's fields; `pc` is where an instruction has it. */
export const head = {
  /** i32: entries until the hub asks for attention. */
  count: 0,
  /** u32: index in the function table of the region that starts here, 0 for none, or GONE. */
  region: 4,
  /** u32: entries counted so far, without those of `count`. */
  total: 8,
  /** u32: not 0 when control has come here by the dispatch table. */
  dispatched: 12,
  pc: 16,
  /** u32: one past the block's last byte. */
  end: 20,
} as const;

/** field.scale of a branch to a known target: its links are in use. */
export const LINKED = 0xff;

/** head.region of a block whose code was invalidated. */
export const GONE = 0xffff_ffff;

export const ZERO_OFFSET = STATE_SIZE;

/** Two records at the window's start for instructions that run alone (stores into watched pages). */
export const SCRATCH = RECORDS_BASE;
export const SCRATCH_END = RECORDS_BASE + 2 * RECORD_SIZE;

export const gprCell = (n: number): number => state.gpr + 8 * n;
export const xmmCell = (n: number): number => state.xmm + 16 * n;
export const stCell = (n: number): number => state.st + 16 * n;

const registerCell = (n: number): number => (n < 0 ? ZERO_OFFSET : gprCell(n));
const segmentCell = { fs: state.fsBase, gs: state.gsBase } as const;

/** How a memory operand's address is computed: from a base and a displacement alone, or with everything. */
export const memoryForms = ['base', 'general'] as const;
export type MemoryForm = (typeof memoryForms)[number];
export const memoryForm = (m: { index: number; segment: string | undefined }): MemoryForm => (m.index < 0 && m.segment === undefined ? 'base' : 'general');

/** Whether an operand at this code needs nothing of the record: it is the same in every instruction of the row. */
export const isFixed = (code: string): boolean => fixedCodes.has(code) || code.startsWith('Y');

const fixedCodes: ReadonlySet<string> = new Set(['AL', 'AX', 'eAX', 'rAX', 'CL', 'DX', '1', '3', 'XMM0', 'ST']);

/** Writes records into a memory, eight words at a time. */
export class RecordWriter {
  readonly #memory: GuestMemory;
  #words: Int32Array;
  #quads: BigUint64Array;

  /** The view of the memory that #words and #quads go with: asking for its buffer would take longer than writing a record. */
  #view: DataView;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.#view = memory.view;
    this.#words = new Int32Array(memory.memory.buffer);
    this.#quads = new BigUint64Array(memory.memory.buffer);
  }

  /** To be called before a series of writes: the memory may have grown. */
  refresh(): void {
    const { view } = this.#memory;
    if (this.#view === view) return;
    this.#view = view;
    this.#words = new Int32Array(view.buffer);
    this.#quads = new BigUint64Array(view.buffer);
  }

  /** A record without operands. */
  bare(at: number, handler: number, pc: number, disp: number): void {
    const words = this.#words;
    const w = at >>> 2;
    words[w] = handler;
    words[w + 1] = words[w + 2] = words[w + 3] = 0;
    words[w + 4] = pc;
    words[w + 5] = disp;
    words[w + 6] = words[w + 7] = 0;
  }

  /** A head: `grant` entries until it asks for attention. */
  head(at: number, pc: number, end: number, grant: number): void {
    const words = this.#words;
    const w = at >>> 2;
    words[w] = grant;
    words[w + 1] = words[w + 2] = words[w + 3] = 0;
    words[w + 4] = pc;
    words[w + 5] = end;
    words[w + 6] = words[w + 7] = 0;
  }

  /** The record of `insn`, run by `handler`; `fixed` says which operands its row fixes. The links of a branch are left 0. */
  write(at: number, insn: Insn, handler: number, fixed: readonly boolean[]): void {
    const { operands } = insn;
    let cell0 = 0, cell1 = 0, cell2 = 0, address = 0, segment = 0, scale = 0, disp = 0, low = 0, high = 0, immediates = 0;
    let wide: bigint | undefined;
    for (let place = 0; place < operands.length; place++) {
      if (fixed[place]) continue;
      const operand = operands[place]!;
      let cell = 0;
      switch (operand.kind) {
        case 'gpr': cell = gprCell(operand.n) + (operand.high ? 1 : 0); break;
        case 'mem':
          address = registerCell(operand.base) | registerCell(operand.index) << 16;
          segment = operand.segment === undefined ? ZERO_OFFSET : segmentCell[operand.segment];
          scale = 31 - Math.clz32(operand.scale);
          disp = operand.disp;
          if (immediates === 0) { low = disp; high = Math.floor(disp / 0x1_0000_0000); }
          break;
        case 'imm':
          if (immediates++ > 0) disp = Number(operand.value);
          else if (operand.size === 8) wide = operand.value;
          else { low = Number(operand.value); high = 0; }
          break;
        case 'xmm': cell = xmmCell(operand.n); break;
        case 'mm': cell = stCell(operand.n); break;
        case 'seg': cell = operand.n; break;
        case 'target': scale = LINKED; disp = operand.address; break;
      }
      if (place === 0) cell0 = cell;
      else if (place === 1) cell1 = cell;
      else cell2 = cell;
    }
    const words = this.#words;
    const w = at >>> 2;
    words[w] = handler | cell0 << 16;
    words[w + 1] = cell1 | cell2 << 16;
    words[w + 2] = address;
    words[w + 3] = segment | scale << 16 | insn.length << 24;
    words[w + 4] = insn.pc;
    words[w + 5] = disp;
    if (wide !== undefined) this.#quads[(at + field.imm) >>> 3] = wide;
    else {
      words[w + 6] = low;
      words[w + 7] = high;
    }
  }
}
