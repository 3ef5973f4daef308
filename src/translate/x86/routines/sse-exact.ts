// SSE floating-point instructions while MXCSR is unusual: another rounding than to nearest, denormals as zeros, exceptions that are not masked. Then WebAssembly's arithmetic does not serve:
// the interpreter calls this routine instead, which decodes the instruction again and computes it, flags and all.
import { assert } from '../../../base/index.ts';
import { Access, Perm, type Space, STATE_BASE, state, xmmAddress } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { decode } from '../decoder.ts';
import type { DecodedOperand, Insn, MemOperand } from '../insn.ts';
import { fault, trap } from './leave.ts';
import { IE, DE, ZE, FloatUnit, add, compare, convert, div, double, fromInteger, max, min, mul, roundToIntegral, single, sqrt, sub, toInteger, type Format, type Operation } from './soft-float.ts';

const GP = 13, XM = 19;
const PRECOMPUTED = IE | DE | ZE, ALL_FLAGS = 0x3f;

/** An operand that cannot be read: how the routine leaves. */
class Unreadable {
  readonly leave: (space: Space) => Outcome;
  constructor(leave: (space: Space) => Outcome) { this.leave = leave; }
}

/** One instruction being computed. Results are kept back until nothing can fail. */
class Work {
  readonly space: Space;
  readonly insn: Insn;
  readonly unit: FloatUnit;
  readonly #writes: (() => void)[] = [];

  constructor(space: Space, insn: Insn) {
    this.space = space;
    this.insn = insn;
    this.unit = new FloatUnit(space.state.u32(state.mxcsr));
  }

  get immediate(): number {
    const last = this.insn.operands.at(-1)!;
    assert(last.kind === 'imm', 'an immediate is missing');
    return Number(last.value);
  }

  operand(i: number): DecodedOperand { return this.insn.operands[i]!; }

  /** The bits of an operand: all of an xmm register, `size` bytes of memory. */
  read(i: number): bigint {
    const o = this.operand(i);
    const { view } = this.space.memory;
    switch (o.kind) {
      case 'xmm': return this.#load(xmmAddress(o.n), 16);
      case 'mm': return view.getBigUint64(mmAddress(o.n), true);
      case 'gpr': return BigInt.asUintN(8 * o.size, this.space.state.gpr(o.n));
      case 'mem': return this.#readMemory(o);
      default: assert(false, `a ${o.kind} operand is read`);
    }
  }

  /** An integer operand, signed. */
  readSigned(i: number): bigint { return BigInt.asIntN(8 * this.operand(i).size, this.read(i)); }

  #load(address: number, size: number): bigint {
    const { view } = this.space.memory;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(view.getUint8(address + i));
    return value;
  }

  #readMemory(o: MemOperand): bigint {
    const address = addressOf(this.space, o);
    if (o.size === 16 && address & 15) throw new Unreadable((space) => trap(space, GP));
    const reach = this.space.memory.reach(address, o.size, Perm.read);
    if (reach < o.size) throw new Unreadable((space) => fault(space, address + reach >>> 0, Access.read));
    return this.#load(address, o.size);
  }

  write(i: number, value: bigint): void {
    const o = this.operand(i);
    this.#writes.push(() => {
      const { memory, state: registers } = this.space;
      if (o.kind === 'gpr') registers.setGpr(o.n, BigInt.asUintN(8 * o.size, value));
      else if (o.kind === 'mm') this.#writeMm(o.n, value);
      else if (o.kind === 'xmm') for (const half of [0, 1]) memory.view.setBigUint64(xmmAddress(o.n) + 8 * half, BigInt.asUintN(64, value >> BigInt(64 * half)), true);
      else assert(false, `a ${o.kind} operand is written`);
    });
  }

  #writeMm(n: number, value: bigint): void {
    const { view } = this.space.memory;
    view.setBigUint64(mmAddress(n), BigInt.asUintN(64, value), true);
    view.setUint16(mmAddress(n) + 8, 0xffff, true);
    this.touchMm();
  }

  touchMm(): void {
    this.space.state.setU32(state.top, 0);
    this.space.state.setU32(state.fvalid, 0xff);
  }

  later(write: () => void): void { this.#writes.push(write); }

  /** Sets the flags in MXCSR and the results, unless an exception that is not masked was raised (SDM Vol. 1, 11.5.2). */
  finish(): Outcome {
    const { unit } = this;
    const unmasked = unit.flags & ~(unit.mxcsr >> 7);
    const before = unmasked & PRECOMPUTED;
    this.space.state.setU32(state.mxcsr, unit.mxcsr | (before ? unit.flags & PRECOMPUTED : unit.flags & ALL_FLAGS));
    if (unmasked) {
      // An MMX conversion has taken the x87 registers over by then.
      if (this.insn.operands.some((o) => o.kind === 'mm')) this.touchMm();
      return trap(this.space, XM);
    }
    for (const write of this.#writes) write();
    return Outcome.next;
  }
}

const mmAddress = (n: number): number => STATE_BASE + state.st + 16 * n;

function addressOf(space: Space, o: MemOperand): number {
  let address = BigInt(o.disp);
  if (o.base >= 0) address += space.state.gpr(o.base);
  if (o.index >= 0) address += space.state.gpr(o.index) * BigInt(o.scale);
  if (o.segment !== undefined) address += space.state.u64(o.segment === 'fs' ? state.fsBase : state.gsBase);
  return Number(BigInt.asUintN(32, address));
}

// ---- lanes

const lane = (f: Format, x: bigint, i: number): bigint => BigInt.asUintN(f.bits, x >> BigInt(f.bits * i));
const lanes = (f: Format, x: bigint): bigint[] => Array.from({ length: 128 / f.bits }, (_, i) => lane(f, x, i));
const join = (f: Format, parts: readonly bigint[]): bigint => parts.reduceRight((all, part) => all << BigInt(f.bits) | BigInt.asUintN(f.bits, part), 0n);
const withLane0 = (f: Format, x: bigint, value: bigint): bigint => (x >> BigInt(f.bits)) << BigInt(f.bits) | BigInt.asUintN(f.bits, value);

type Lanewise = (work: Work, x: bigint, y: bigint) => bigint;
type Compute = (work: Work) => void;

/** dst = f(dst, src) in every lane. */
const packed = (f: Format, compute: Lanewise): Compute => (work) => {
  const [x, y] = [work.read(0), work.read(1)];
  work.write(0, join(f, lanes(f, x).map((part, i) => compute(work, part, lane(f, y, i)))));
};
/** The same in lane 0 only. */
const scalar = (f: Format, compute: Lanewise): Compute => (work) => {
  const x = work.read(0);
  work.write(0, withLane0(f, x, compute(work, lane(f, x, 0), lane(f, work.read(1), 0))));
};

// ---- the instructions, by mnemonic

const computations = new Map<string, Compute>();

const plain = (f: Format, operation: Operation): Lanewise => (work, x, y) => operation(work.unit, f, x, y);

/** Predicates of cmpps: which orders make them true, and whether a quiet NaN is invalid. */
const predicates: readonly { orders: readonly (number | undefined)[]; quietIsInvalid: boolean }[] = [
  { orders: [0], quietIsInvalid: false }, { orders: [-1], quietIsInvalid: true }, { orders: [-1, 0], quietIsInvalid: true }, { orders: [undefined], quietIsInvalid: false },
];

const byPredicate = (f: Format): Lanewise => (work, x, y) => {
  const { orders, quietIsInvalid } = predicates[work.immediate & 3]!;
  const holds = orders.includes(compare(work.unit, f, x, y, quietIsInvalid));
  return holds !== ((work.immediate & 4) !== 0) ? (1n << BigInt(f.bits)) - 1n : 0n;
};

const byImmediate = (f: Format): Lanewise => (work, _, y) => {
  const control = work.immediate;
  return roundToIntegral(work.unit, f, y, control & 4 ? work.unit.rounding : control & 3, (control & 8) === 0);
};

for (const [f, p, s] of [[single, 'ps', 'ss'], [double, 'pd', 'sd']] as const) {
  const operations: [string, Lanewise][] = [
    ...([['add', add], ['sub', sub], ['mul', mul], ['div', div], ['min', min], ['max', max]] as const).map(([name, operation]): [string, Lanewise] => [name, plain(f, operation)]),
    ['sqrt', (work, _, y) => sqrt(work.unit, f, y, y)], ['cmp', byPredicate(f)], ['round', byImmediate(f)],
  ];
  for (const [name, operation] of operations) {
    computations.set(name + p, packed(f, operation));
    computations.set(name + s, scalar(f, operation));
  }
  for (const [name, operation] of [['hadd', add], ['hsub', sub]] as const) {
    computations.set(name + p, (work) => {
      const all = [...lanes(f, work.read(0)), ...lanes(f, work.read(1))];
      work.write(0, join(f, all.filter((_, i) => i % 2 === 0).map((x, i) => operation(work.unit, f, x, all[2 * i + 1]!))));
    });
  }
  computations.set(`addsub${p}`, (work) => {
    const [x, y] = [work.read(0), work.read(1)];
    work.write(0, join(f, lanes(f, x).map((part, i) => (i % 2 === 0 ? sub : add)(work.unit, f, part, lane(f, y, i)))));
  });
  computations.set(`dp${p}`, dotProduct(f));
  for (const [name, quietIsInvalid] of [['comi', true], ['ucomi', false]] as const) computations.set(name + s, (work) => flagsOf(work, f, quietIsInvalid));
}

/** Sums in the order of Intel's processors: see the row. */
function dotProduct(f: Format): Compute {
  return (work) => {
    const { unit, immediate } = work;
    const [x, y] = [work.read(0), work.read(1)];
    const products = lanes(f, x).map((part, i) => (immediate >> 4 + i & 1 ? mul(unit, f, part, lane(f, y, i)) : 0n));
    const pairs = f === single ? products.map((part, i) => add(unit, f, products[i ^ 1]!, part)) : products;
    const distance = f === single ? 2 : 1;
    // A sum raises its exceptions whether its lane is asked for or not.
    const sums = pairs.map((part, i) => add(unit, f, part, pairs[i ^ distance]!));
    work.write(0, join(f, sums.map((sum, i) => (immediate >> i & 1 ? sum : 0n))));
  };
}

function flagsOf(work: Work, f: Format, quietIsInvalid: boolean): void {
  const order = compare(work.unit, f, lane(f, work.read(0), 0), lane(f, work.read(1), 0), quietIsInvalid);
  const word = order === undefined ? 0x45 : order < 0 ? 0x01 : order === 0 ? 0x40 : 0;
  work.later(() => {
    work.space.state.setU32(state.flagsKind, 0);
    work.space.state.setU64(state.flagsA, BigInt(word));
  });
}

for (const [suffix, f] of [['ss', single], ['sd', double]] as const) {
  computations.set(`cvtsi2${suffix}`, (work) => work.write(0, withLane0(f, work.read(0), fromInteger(work.unit, f, work.readSigned(1)))));
  for (const [name, truncates] of [['cvt', false], ['cvtt', true]] as const) {
    computations.set(`${name}${suffix}2si`, (work) => work.write(0, toInteger(work.unit, f, lane(f, work.read(1), 0), 8 * work.operand(0).size, truncates ? 3 : work.unit.rounding)));
  }
}
computations.set('cvtss2sd', (work) => work.write(0, withLane0(double, work.read(0), convert(work.unit, single, double, lane(single, work.read(1), 0)))));
computations.set('cvtsd2ss', (work) => work.write(0, withLane0(single, work.read(0), convert(work.unit, double, single, lane(double, work.read(1), 0)))));
computations.set('cvtps2pd', (work) => {
  const y = work.read(1);
  work.write(0, join(double, [0, 1].map((i) => convert(work.unit, single, double, lane(single, y, i)))));
});
computations.set('cvtpd2ps', (work) => work.write(0, join(single, lanes(double, work.read(1)).map((x) => convert(work.unit, double, single, x)))));
const signed32 = (x: bigint, i: number): bigint => BigInt.asIntN(32, lane(single, x, i));
computations.set('cvtdq2ps', (work) => {
  const y = work.read(1);
  work.write(0, join(single, [0, 1, 2, 3].map((i) => fromInteger(work.unit, single, signed32(y, i)))));
});
computations.set('cvtpi2ps', (work) => {
  const y = work.read(1);
  const converted = join(single, [0, 1].map((i) => fromInteger(work.unit, single, signed32(y, i))));
  work.write(0, (work.read(0) >> 64n) << 64n | converted);
  if (work.operand(1).kind === 'mm') work.later(() => work.touchMm());
});
for (const [name, truncates] of [['cvt', false], ['cvtt', true]] as const) {
  for (const [suffix, f, count] of [['ps2dq', single, 4], ['pd2dq', double, 2], ['ps2pi', single, 2], ['pd2pi', double, 2]] as const) {
    computations.set(name + suffix, (work) => {
      const y = work.read(1);
      const mode = truncates ? 3 : work.unit.rounding;
      work.write(0, join(single, Array.from({ length: count }, (_, i) => toInteger(work.unit, f, lane(f, y, i), 32, mode))));
    });
  }
}

routine('sse-exact', (space) => {
  const { bytes } = space.memory;
  const pc = space.state.pc;
  const insn = decode(bytes, pc, Math.min(bytes.length, pc + 15), pc);
  assert(insn.row !== undefined, 'the instruction that runs cannot be decoded');
  const compute = computations.get(insn.row.mnemonic);
  assert(compute !== undefined, `no exact form of ${insn.row.mnemonic}`);
  const work = new Work(space, insn);
  try {
    compute(work);
  } catch (error) {
    if (error instanceof Unreadable) return error.leave(space);
    throw error;
  }
  return work.finish();
});

/** Loads MXCSR where it is or becomes unusual: translated code may run no longer, or again. */
routine('ldmxcsr', (space, value) => {
  space.state.setU32(state.mxcsr, value);
  return Outcome.restart;
});

/** Whether the routine knows an instruction: rows that ask for it are tested against this. */
export const hasExactForm = (mnemonic: string): boolean => computations.has(mnemonic);
