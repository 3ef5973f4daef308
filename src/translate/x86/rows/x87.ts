// x87 rows: every instruction is a routine over the 80-bit arithmetic (x87/). Memory operands are loaded here where a value can carry them.
import { state } from '../../../guest/index.ts';
import type { Builder, Operand, Value } from '../../ir/builder.ts';
import '../../x87/index.ts';
import { row, type Meaning, type Row } from '../row.ts';

const RAX = 0;
const low = (b: Builder, v: Value): Value => b.op('i32.wrap_i64', v);
const high = (b: Builder, v: Value): Value => b.op('i32.wrap_i64', b.shru(v, b.i32(32)));

/** A routine with constant arguments. */
const plain = (name: string, ...args: number[]): Meaning => (b) => b.routine(name, ...args.map((n) => b.i32(n)));
/** A routine that gets the address of its memory operand, then constants. */
const atAddress = (name: string, ...args: number[]): Meaning => (b, m) => b.routine(name, b.addr(m!), ...args.map((n) => b.i32(n)));
/** A routine that gets a 32-bit memory operand. */
const with32 = (name: string, before: number[] = [], after: number[] = []): Meaning =>
  (b, m) => b.routine(name, ...before.map((n) => b.i32(n)), b.get(m!), ...after.map((n) => b.i32(n)));
/** A routine that gets a 64-bit memory operand as two words. */
const with64 = (name: string, before: number[] = [], after: number[] = []): Meaning => (b, m) => {
  const value = b.get(m!);
  b.routine(name, ...before.map((n) => b.i32(n)), low(b, value), high(b, value), ...after.map((n) => b.i32(n)));
};
/** A routine that gets a signed 16-bit memory operand. */
const with16 = (name: string, before: number[] = [], after: number[] = []): Meaning =>
  (b, m) => b.routine(name, ...before.map((n) => b.i32(n)), b.sext(b.get(m!), 2, 4), ...after.map((n) => b.i32(n)));
/** A routine that gets the number i of st(i); `operand` says which operand that is. */
const withSt = (name: string, operand: number, before: number[] = [], after: number[] = []): Meaning =>
  (b, ...operands) => b.routine(name, ...before.map((n) => b.i32(n)), b.get(operands[operand]!), ...after.map((n) => b.i32(n)));

/** fadd, fmul, fsub …: [mnemonic, number of the operation in d8 and dc /n, number of the register form that writes st(i)]. */
const arithmetic = [['add', 0, 0], ['mul', 1, 1], ['sub', 4, 5], ['subr', 5, 4], ['div', 6, 7], ['divr', 7, 6]] as const;

const arithmeticRows: Row[] = arithmetic.flatMap(([name, op, reversed]) => [
  row(`f${name}`, `d8 /${op}`, 'Md', with32('farith m32', [op])),
  row(`f${name}`, `dc /${op}`, 'Mq', with64('farith m64', [op])),
  row(`fi${name}`, `da /${op}`, 'Md', with32('farith int', [op])),
  row(`fi${name}`, `de /${op}`, 'Mw', with16('farith int', [op])),
  row(`f${name}`, `d8 ${modrm(op)} +r`, 'ST T', withSt('farith st0', 1, [op])),
  row(`f${name}`, `dc ${modrm(reversed)} +r`, 'T ST', withSt('farith sti', 0, [op], [0])),
  row(`f${name}p`, `de ${modrm(reversed)} +r`, 'T ST', withSt('farith sti', 0, [op], [1])),
]);

/** The modrm byte, in hex, whose reg field is n and whose rm field is left to an operand. */
function modrm(n: number): string { return (0xc0 | n << 3).toString(16); }

const loadRows: Row[] = [
  row('fld', 'd9 /0', 'Md', with32('fld m32')),
  row('fld', 'dd /0', 'Mq', with64('fld m64')),
  row('fld', 'db /5', 'Mt', atAddress('fld m80')),
  row('fld', 'd9 c0 +r', 'T', withSt('fld st', 0)),
  row('fild', 'df /0', 'Mw', with16('fild')),
  row('fild', 'db /0', 'Md', with32('fild')),
  row('fild', 'df /5', 'Mq', with64('fild m64')),
  row('fbld', 'df /4', 'Mt', atAddress('fbld')),
  ...['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].map((name, n) => row(name, `d9 ${(0xe8 + n).toString(16)}`, '', plain('fld constant', n))),
];

const storeRows: Row[] = [
  row('fst', 'd9 /2', 'Md', atAddress('fst m32', 0)),
  row('fstp', 'd9 /3', 'Md', atAddress('fst m32', 1)),
  row('fst', 'dd /2', 'Mq', atAddress('fst m64', 0)),
  row('fstp', 'dd /3', 'Mq', atAddress('fst m64', 1)),
  row('fstp', 'db /7', 'Mt', atAddress('fstp m80')),
  row('fst', 'dd d0 +r', 'T', withSt('fst st', 0, [], [0])),
  row('fstp', 'dd d8 +r', 'T', withSt('fst st', 0, [], [1])),
  row('fist', 'df /2', 'Mw', atAddress('fist', 2, 0)),
  row('fistp', 'df /3', 'Mw', atAddress('fist', 2, 1)),
  row('fist', 'db /2', 'Md', atAddress('fist', 4, 0)),
  row('fistp', 'db /3', 'Md', atAddress('fist', 4, 1)),
  row('fistp', 'df /7', 'Mq', atAddress('fist', 8, 1)),
  row('fisttp', 'df /1', 'Mw', atAddress('fist', 2, 3)),
  row('fisttp', 'db /1', 'Md', atAddress('fist', 4, 3)),
  row('fisttp', 'dd /1', 'Mq', atAddress('fist', 8, 3)),
  row('fbstp', 'df /6', 'Mt', atAddress('fbstp')),
];

/** fcmovcc: [condition, its number (SDM Vol. 1, appendix B), opcode]. */
const conditionalMoves = [['b', 2, 'da c0'], ['e', 4, 'da c8'], ['be', 6, 'da d0'], ['u', 10, 'da d8'], ['nb', 3, 'db c0'], ['ne', 5, 'db c8'], ['nbe', 7, 'db d0'], ['nu', 11, 'db d8']] as const;

const moveRows: Row[] = [
  row('fxch', 'd9 c8 +r', 'T', withSt('fxch', 0)),
  row('fchs', 'd9 e0', '', plain('fchs')),
  row('fabs', 'd9 e1', '', plain('fabs')),
  ...conditionalMoves.map(([name, cc, code]) => row(`fcmov${name}`, `${code} +r`, 'ST T', (b, _st, i) => b.routine('fcmov', b.condition(cc), b.get(i as Operand)))),
];

const compareRows: Row[] = [
  row('fcom', 'd8 /2', 'Md', with32('fcom m32', [], [0])),
  row('fcomp', 'd8 /3', 'Md', with32('fcom m32', [], [1])),
  row('fcom', 'dc /2', 'Mq', with64('fcom m64', [], [0])),
  row('fcomp', 'dc /3', 'Mq', with64('fcom m64', [], [1])),
  row('ficom', 'da /2', 'Md', with32('ficom', [], [0])),
  row('ficomp', 'da /3', 'Md', with32('ficom', [], [1])),
  row('ficom', 'de /2', 'Mw', with16('ficom', [], [0])),
  row('ficomp', 'de /3', 'Mw', with16('ficom', [], [1])),
  row('fcom', 'd8 d0 +r', 'T', withSt('fcom', 0, [], [0, 0])),
  row('fcomp', 'd8 d8 +r', 'T', withSt('fcom', 0, [], [1, 0])),
  row('fcompp', 'de d9', '', plain('fcom', 1, 2, 0)),
  row('fucom', 'dd e0 +r', 'T', withSt('fcom', 0, [], [0, 1])),
  row('fucomp', 'dd e8 +r', 'T', withSt('fcom', 0, [], [1, 1])),
  row('fucompp', 'da e9', '', plain('fcom', 1, 2, 1)),
  row('fcomi', 'db f0 +r', 'ST T', withSt('fcomi', 1, [], [0, 0]), 'OSZAPC'),
  row('fcomip', 'df f0 +r', 'ST T', withSt('fcomi', 1, [], [1, 0]), 'OSZAPC'),
  row('fucomi', 'db e8 +r', 'ST T', withSt('fcomi', 1, [], [0, 1]), 'OSZAPC'),
  row('fucomip', 'df e8 +r', 'ST T', withSt('fcomi', 1, [], [1, 1]), 'OSZAPC'),
  row('ftst', 'd9 e4', '', plain('ftst')),
  row('fxam', 'd9 e5', '', plain('fxam')),
];

const functionRows: Row[] = [
  row('f2xm1', 'd9 f0', '', plain('f2xm1')),
  row('fyl2x', 'd9 f1', '', plain('fyl2x')),
  row('fptan', 'd9 f2', '', plain('fptan')),
  row('fpatan', 'd9 f3', '', plain('fpatan')),
  row('fxtract', 'd9 f4', '', plain('fxtract')),
  row('fprem1', 'd9 f5', '', plain('fprem', 1)),
  row('fprem', 'd9 f8', '', plain('fprem', 0)),
  row('fyl2xp1', 'd9 f9', '', plain('fyl2xp1')),
  row('fsqrt', 'd9 fa', '', plain('fsqrt')),
  row('fsincos', 'd9 fb', '', plain('fsincos')),
  row('frndint', 'd9 fc', '', plain('frndint')),
  row('fscale', 'd9 fd', '', plain('fscale')),
  row('fsin', 'd9 fe', '', plain('fsin')),
  row('fcos', 'd9 ff', '', plain('fcos')),
];

/** The status word with TOP. */
const statusWord = (b: Builder): Value => b.or(b.loadState('i32', state.fsw), b.shl(b.loadState('i32', state.top), b.i32(11)));
/** An environment or save area: fields of 4 bytes, or of 2 with an operand-size prefix. */
const area = (name: string): Meaning => (b, m) => b.routine(name, b.addr(m!), b.i32(b.opSize === 2 ? 2 : 4));

const controlRows: Row[] = [
  row('fnop', 'd9 d0', '', plain('fwait')),
  row('fdecstp', 'd9 f6', '', plain('frotate', -1)),
  row('fincstp', 'd9 f7', '', plain('frotate', 1)),
  row('ffree', 'dd c0 +r', 'T', withSt('ffree', 0, [], [0])),
  row('ffreep', 'df c0 +r', 'T', withSt('ffree', 0, [], [1])),
  row('fnclex', 'db e2', '', plain('fnclex')),
  row('fninit', 'db e3', '', plain('fninit')),
  row('fldcw', 'd9 /5', 'Mw', (b, m) => b.routine('fldcw', b.get(m!))),
  row('fnstcw', 'd9 /7', 'Mw', (b, m) => b.set(m!, b.trunc(2, b.loadState('i32', state.fcw)))),
  row('fnstsw', 'dd /7', 'Mw', (b, m) => b.set(m!, b.trunc(2, statusWord(b)))),
  row('fnstsw', 'df e0', 'AX', (b) => b.set(b.gpr(RAX, 2), b.trunc(2, statusWord(b)))),
  row('fldenv', 'd9 /4', 'M', area('fldenv')),
  row('fnstenv', 'd9 /6', 'M', area('fnstenv')),
  row('frstor', 'dd /4', 'M', area('frstor')),
  row('fnsave', 'dd /6', 'M', area('fnsave')),
  row('fxsave', 'np 0f ae /0', 'M', atAddress('fxsave')),
  row('fxrstor', 'np 0f ae /1', 'M', atAddress('fxrstor')),
  row('wait', '9b', '', plain('fwait')),
];

export const x87: readonly Row[] = [...arithmeticRows, ...loadRows, ...storeRows, ...moveRows, ...compareRows, ...functionRows, ...controlRows];
