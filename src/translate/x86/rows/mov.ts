// Moving: mov in all its forms, extension, lea, exchange, conditional moves and sets, byte swap, table look-up.
import type { IntSize } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { sizeOf } from './alu.ts';
import { conditions } from './conditions.ts';

const mov: Meaning = (b, dst, src) => b.set(dst!, b.get(src!));
const zeroExtend: Meaning = (b, dst, src) => b.set(dst!, b.zext(b.get(src!), sizeOf(src!), sizeOf(dst!)));
/** movsxd with a 16-bit operand size extends nothing. */
const signExtend: Meaning = (b, dst, src) => (dst!.size === src!.size ? mov(b, dst!, src!) : extendSign(b, dst!, src!));
const extendSign: Meaning = (b, dst, src) => b.set(dst!, b.sext(b.get(src!), sizeOf(src!), sizeOf(dst!)));
const lea: Meaning = (b, dst, src) => b.set(dst!, b.zext(b.ea(src!), 8, sizeOf(dst!)));

const xchg: Meaning = (b, x, y) => {
  const old = b.get(x!);
  b.set(x!, b.get(y!));
  b.set(y!, old);
};

/** A 32-bit destination is zero-extended whether the condition holds or not, and memory is read in any case. */
const cmov = (cc: number): Meaning => (b, dst, src) => {
  const value = b.get(src!);
  b.set(dst!, b.select(b.condition(cc), value, b.get(dst!)));
};
const setcc = (cc: number): Meaning => (b, dst) => b.set(dst!, b.condition(cc));

/** al, ax, eax → ax, eax, rax, and the sign of rAX into rDX. */
const widen: Meaning = (b) => {
  const from = (b.opSize / 2) as IntSize;
  b.set(b.gpr(0, b.opSize), b.sext(b.get(b.gpr(0, from)), from, b.opSize));
};
const signToDx: Meaning = (b) => b.set(b.gpr(2, b.opSize), b.trunc(b.opSize, b.neg(b.zext(b.sign(b.opSize, b.get(b.gpr(0, b.opSize))), 4, b.opSize))));

/** A 16-bit bswap is undefined in the manual; processors give 0. */
const bswap: Meaning = (b, dst) => {
  const x = b.get(dst!);
  if (dst!.size === 2) return b.set(dst!, b.i32(0));
  if (dst!.size === 4) {
    const swapped = b.or(b.and(b.rotl(x, b.i32(8)), b.i32(0x00ff00ff)), b.and(b.rotr(x, b.i32(8)), b.i32(0xff00ff00 | 0)));
    return b.set(dst!, swapped);
  }
  const bytes = b.i64(0x00ff00ff00ff00ffn);
  const words = b.i64(0x0000ffff0000ffffn);
  const pairs = b.or(b.shl(b.and(x, bytes), b.i32(8)), b.and(b.shru(x, b.i32(8)), bytes));
  const quads = b.or(b.shl(b.and(pairs, words), b.i32(16)), b.and(b.shru(pairs, b.i32(16)), words));
  b.set(dst!, b.rotl(quads, b.i32(32)));
};

/** Unsigned al is added to rbx in the address's own size before the segment counts; the low 32 bits are the same in any order. */
const xlat: Meaning = (b, table) => b.set(b.gpr(0, 1), b.load(1, b.add(b.addr(table!), b.get(b.gpr(0, 1)))));

/** Selectors as Linux gives them to 64-bit programs: cs 0x33, ss 0x2b, the others 0. */
const readSegment: Meaning = (b, dst, segment) => {
  const n = b.get(segment!);
  const selector = b.select(b.eq(n, b.i32(1)), b.i32(0x33), b.select(b.eq(n, b.i32(2)), b.i32(0x2b), b.i32(0)));
  b.set(dst!, b.zext(selector, 4, sizeOf(dst!)));
};

export const moves: Row[] = [
  row('mov', '88 /r', 'Eb Gb', mov),
  row('mov', '89 /r', 'Ev Gv', mov),
  row('mov', '8a /r', 'Gb Eb', mov),
  row('mov', '8b /r', 'Gv Ev', mov),
  row('mov', 'a0', 'AL Ob', mov),
  row('mov', 'a1', 'rAX Ov', mov),
  row('mov', 'a2', 'Ob AL', mov),
  row('mov', 'a3', 'Ov rAX', mov),
  row('mov', 'b0 +r', 'Zb Ib', mov),
  row('mov', 'b8 +r', 'Zv Iv', mov),
  row('mov', 'c6 /0', 'Eb Ib', mov),
  row('mov', 'c7 /0', 'Ev Iz', mov),
  row('mov', '8c /r', 'Mw Sw', readSegment),
  row('mov', '8c /r', 'Rv Sw', readSegment),
  ...[0, 2, 3, 4, 5].map((segment) => row('mov', `8e /${segment}`, 'Sw Ew', (b, segment, src) => b.routine('load segment', b.get(segment!), b.get(src!)))),
  row('movzx', '0f b6 /r', 'Gv Eb', zeroExtend),
  row('movzx', '0f b7 /r', 'Gv Ew', zeroExtend),
  row('movsx', '0f be /r', 'Gv Eb', signExtend),
  row('movsx', '0f bf /r', 'Gv Ew', signExtend),
  row('movsxd', '63 /r', 'Gv Ez', signExtend),
  row('lea', '8d /r', 'Gv M', lea),
  row('xchg', '86 /r', 'Eb Gb', xchg, '', { lock: true }),
  row('xchg', '87 /r', 'Ev Gv', xchg, '', { lock: true }),
  row('xchg', '90 +r', 'Zv rAX', xchg),
  ...conditions.map((name, cc) => row(`cmov${name}`, `0f 4${cc.toString(16)} /r`, 'Gv Ev', cmov(cc))),
  ...conditions.map((name, cc) => row(`set${name}`, `0f 9${cc.toString(16)} /r`, 'Eb', setcc(cc))),
  row('cbw/cwde/cdqe', '98', '', widen),
  row('cwd/cdq/cqo', '99', '', signToDx),
  row('bswap', '0f c8 +r', 'Zv', bswap),
  row('xlat', 'd7', 'Bb', xlat),
];
