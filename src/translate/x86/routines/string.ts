// The repeated string instructions: whole runs of pages at once, exact where a page has not the right. Registers are moved by what was done, so the instruction can be restarted.
import { Access, ADDRESS_END, flagsKind, type GuestMemory, PAGE_SHIFT, PAGE_SIZE, Perm, RAX, RCX, RDI, RSI, type Space, state } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { fault } from './leave.ts';

type Size = 1 | 2 | 4 | 8;

/** At most so many bytes a call: then the instruction gives way and is run again. */
const RUN_BYTES = 1 << 22;

/** Perm bits of which one suffices. A watched page may be written once the code on it is forgotten. */
const READ = Perm.read, WRITE = Perm.write | Perm.watched;

/** What `form` says (rows/string.ts), how often, and which way. */
class Repetition {
  readonly space: Space;
  readonly size: Size;
  readonly addressSize: number;
  readonly wanted: boolean;
  readonly down: boolean;
  readonly count: bigint;
  /** Elements to do in this call. */
  readonly limit: number;

  constructor(space: Space, form: number) {
    this.space = space;
    this.size = (form & 0xff) as Size;
    this.addressSize = (form >> 8) & 0xff;
    this.wanted = form >> 16 !== 0;
    this.down = space.state.u32(state.df) !== 0;
    this.count = BigInt.asUintN(8 * this.addressSize, space.state.gpr(RCX));
    const run = BigInt(RUN_BYTES / this.size);
    this.limit = Number(this.count < run ? this.count : run);
  }

  /** How many of the `limit` elements from `address` on lie in pages with one of the bits. */
  reach(address: number, bits: number): number {
    const { perms } = this.space.memory;
    const { size, limit } = this;
    if (this.down) {
      const end = address + size;
      let low = end;
      while (low > 0 && low > end - limit * size && low <= ADDRESS_END && perms[(low - 1) >>> PAGE_SHIFT]! & bits) low = ((low - 1) >>> PAGE_SHIFT) * PAGE_SIZE;
      return Math.min(limit, Math.floor((end - low) / size));
    }
    let high = address;
    while (high < address + limit * size && high < ADDRESS_END && perms[high >>> PAGE_SHIFT]! & bits) high = ((high >>> PAGE_SHIFT) + 1) * PAGE_SIZE;
    return Math.min(limit, Math.floor((high - address) / size));
  }

  /** The lowest address of `elements` elements that begin at `address`. */
  bottom(address: number, elements: number): number { return this.down ? address - (elements - 1) * this.size : address; }

  /** The address of element `i`. */
  at(address: number, i: number): number { return this.down ? address - i * this.size : address + i * this.size; }

  /** A count of 0 does nothing, but with 32-bit addresses processors still clear the upper half of rcx, and of the pointers that movs and stos move. */
  get empty(): boolean { return this.count === 0n; }

  /** Moves the registers past `elements` elements. */
  advance(elements: number, ...registers: number[]): void {
    const { state: cpu } = this.space;
    const bits = 8 * this.addressSize;
    const bytes = BigInt(elements * this.size) * (this.down ? -1n : 1n);
    for (const n of registers) cpu.setGpr(n, BigInt.asUintN(bits, cpu.gpr(n) + bytes));
    cpu.setGpr(RCX, BigInt.asUintN(bits, this.count - BigInt(elements)));
  }

  /** The outcome when `done` elements are done and none stopped it: the next instruction, this one again, or a fault at the element that could not be reached. */
  outcome(done: number, ...operands: { address: number; bits: number }[]): Outcome {
    if (done === this.limit) return BigInt(done) === this.count ? Outcome.next : Outcome.again;
    for (const { address, bits } of operands) {
      const first = this.at(address, done);
      const closed = firstClosed(this.space.memory, first, this.size, bits);
      if (closed !== undefined) return fault(this.space, closed, bits === READ ? Access.read : Access.write);
    }
    return Outcome.again;
  }
}

/** The first of `size` bytes that lies in a page without one of the bits. */
function firstClosed(memory: GuestMemory, address: number, size: number, bits: number): number | undefined {
  for (const at of [address, address + size - 1]) {
    if (at < 0 || at >= ADDRESS_END || !(memory.perms[at >>> PAGE_SHIFT]! & bits)) return (at === address ? at : at & ~(PAGE_SIZE - 1)) >>> 0;
  }
  return undefined;
}

/** Copies so that an overlap gives what element after element would give. */
function copy(repetition: Repetition, source: number, target: number, elements: number): void {
  const { size, down, space: { memory } } = repetition;
  const bytes = elements * size;
  const from = repetition.bottom(source, elements);
  const to = repetition.bottom(target, elements);
  memory.writable(to, bytes);
  const distance = down ? from - to : to - from;
  if (distance <= 0 || distance >= bytes) memory.bytes.copyWithin(to, from, from + bytes);
  else if (distance % size === 0 && !down) repeatPattern(memory, from, to, bytes, distance);
  else for (let i = 0; i < elements; i++) memory.bytes.copyWithin(repetition.at(target, i), repetition.at(source, i), repetition.at(source, i) + size);
}

/** The `distance` bytes before `to` again and again: what has been copied serves as the source of twice as much. */
function repeatPattern(memory: GuestMemory, from: number, to: number, bytes: number, distance: number): void {
  for (let done = 0; done < bytes;) {
    const step = Math.min(distance + done, bytes - done);
    memory.bytes.copyWithin(to + done, from, from + step);
    done += step;
  }
}

routine('rep movs', (space, form, source, target) => {
  const repetition = new Repetition(space, form);
  const from = source >>> 0;
  const to = target >>> 0;
  const elements = Math.min(repetition.reach(from, READ), repetition.reach(to, WRITE));
  if (elements > 0) copy(repetition, from, to, elements);
  if (elements > 0 || repetition.empty) repetition.advance(elements, RSI, RDI);
  return repetition.outcome(elements, { address: from, bits: READ }, { address: to, bits: WRITE });
});

routine('rep stos', (space, form, target) => {
  const repetition = new Repetition(space, form);
  const { size } = repetition;
  const to = target >>> 0;
  const elements = repetition.reach(to, WRITE);
  if (elements > 0) {
    const low = repetition.bottom(to, elements);
    const bytes = elements * size;
    space.memory.writable(low, bytes);
    const value = space.state.bytes.slice(state.gpr + 8 * RAX, state.gpr + 8 * RAX + size);
    if (value.every((byte) => byte === value[0])) space.memory.bytes.fill(value[0]!, low, low + bytes);
    else {
      space.memory.bytes.set(value, low);
      repeatPattern(space.memory, low, low + size, bytes - size, size);
    }
  }
  if (elements > 0 || repetition.empty) repetition.advance(elements, RDI);
  return repetition.outcome(elements, { address: to, bits: WRITE });
});

/** Only the last element stays in rAX. */
routine('rep lods', (space, form, source) => {
  const repetition = new Repetition(space, form);
  const { size } = repetition;
  const from = source >>> 0;
  const elements = repetition.reach(from, READ);
  if (elements > 0) {
    const last = element(space.memory, repetition.at(from, elements - 1), size);
    const mask = size === 8 ? 0n : size === 4 ? 0n : ~((1n << BigInt(8 * size)) - 1n);
    space.state.setGpr(RAX, space.state.gpr(RAX) & mask | last);
    repetition.advance(elements, RSI);
  } else if (repetition.empty) repetition.advance(0);
  return repetition.outcome(elements, { address: from, bits: READ });
});

const element = (memory: GuestMemory, address: number, size: Size): bigint =>
  (size === 1 ? BigInt(memory.bytes[address]!) : size === 2 ? BigInt(memory.view.getUint16(address, true)) : size === 4 ? BigInt(memory.view.getUint32(address, true)) : memory.view.getBigUint64(address, true));

function sameBytes(bytes: Uint8Array, x: number, y: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[x + i] !== bytes[y + i]) return false;
  return true;
}

/** Flags of x - y, as a compare leaves them. */
function compareFlags(space: Space, size: Size, x: bigint, y: bigint): void {
  space.state.setU32(state.flagsKind, flagsKind('sub', size));
  space.state.setU64(state.flagsA, x);
  space.state.setU64(state.flagsB, y);
}

/** Compares elements until one ends the repetition; flags are those of the last comparison, and stay when a fault comes first. */
routine('rep cmps', (space, form, source, target) => {
  const repetition = new Repetition(space, form);
  const { size, wanted } = repetition;
  const { memory } = space;
  const left = source >>> 0;
  const right = target >>> 0;
  const elements = Math.min(repetition.reach(left, READ), repetition.reach(right, READ));
  let i = 0;
  while (i < elements && sameBytes(memory.bytes, repetition.at(left, i), repetition.at(right, i), size) === wanted) i++;
  const stopped = i < elements;
  const done = stopped ? i + 1 : i;
  if (done > 0) {
    repetition.advance(done, RSI, RDI);
    if (stopped || done === repetition.limit) compareFlags(space, size, element(memory, repetition.at(left, done - 1), size), element(memory, repetition.at(right, done - 1), size));
  }
  else if (repetition.empty) repetition.advance(0);
  return stopped ? Outcome.next : repetition.outcome(done, { address: left, bits: READ }, { address: right, bits: READ });
});

/** The first of `elements` elements whose equality with rAX is not what goes on, or `elements`. */
function scan(repetition: Repetition, address: number, elements: number, needle: bigint): number {
  const { size, wanted, down, space: { memory } } = repetition;
  if (size === 1 && !wanted && !down) {
    const found = memory.bytes.subarray(address, address + elements).indexOf(Number(needle));
    return found < 0 ? elements : found;
  }
  let i = 0;
  while (i < elements && (element(memory, repetition.at(address, i), size) === needle) === wanted) i++;
  return i;
}

routine('rep scas', (space, form, target) => {
  const repetition = new Repetition(space, form);
  const { size } = repetition;
  const right = target >>> 0;
  const needle = BigInt.asUintN(8 * size, space.state.gpr(RAX));
  const elements = repetition.reach(right, READ);
  const i = scan(repetition, right, elements, needle);
  const stopped = i < elements;
  const done = stopped ? i + 1 : i;
  if (done > 0) {
    repetition.advance(done, RDI);
    if (stopped || done === repetition.limit) compareFlags(space, size, needle, element(space.memory, repetition.at(right, done - 1), size));
  }
  else if (repetition.empty) repetition.advance(0);
  return stopped ? Outcome.next : repetition.outcome(done, { address: right, bits: READ });
});
