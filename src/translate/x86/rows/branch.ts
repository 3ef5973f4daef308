// Jumps, calls, returns and loops.
import { type Meaning, type Row, row } from '../row.ts';
import { conditions } from './conditions.ts';
import { popped, pushed } from './stack.ts';

const jump: Meaning = (b, target) => b.jump(target!);
const jumpIndirect: Meaning = (b, target) => b.jump(b.get(target!));
const jcc = (cc: number): Meaning => (b, target) => b.branch(b.condition(cc), target!);

const call: Meaning = (b, target) => { pushed(b, 8, b.nextPc); b.call(target!); };
const callIndirect: Meaning = (b, target) => {
  const to = b.get(target!);
  pushed(b, 8, b.nextPc);
  b.call(to);
};

const ret: Meaning = (b) => b.ret(popped(b, 8));
/** Frees `bytes` of arguments after the return address. */
const retAndFree: Meaning = (b, bytes) => {
  const to = popped(b, 8);
  b.set(b.gpr(4, 8), b.add(b.get(b.gpr(4, 8)), b.add(b.i64(8), b.zext(b.get(bytes!), 2, 8))));
  b.ret(to);
};

/** loop, loope, loopne: counts down rCX in the address size and jumps while it is not 0 (and ZF is as wanted). No flags change. */
const loop = (zero?: 0 | 1): Meaning => (b, target) => {
  const counter = b.gpr(1, b.addressSize);
  const left = b.sub(b.get(counter), b.int(b.addressSize, 1));
  b.set(counter, left);
  const more = b.ne(left, b.int(b.addressSize, 0));
  b.branch(zero === undefined ? more : b.and(more, b.eq(b.flag('ZF'), b.i32(zero))), target!);
};

const jrcxz: Meaning = (b, target) => b.branch(b.eqz(b.get(b.gpr(1, b.addressSize))), target!);

const options = <E extends string>(ends: E) => ({ f64: true, ends } as const);

export const branches: Row[] = [
  row('jmp', 'e9', 'Jz', jump, '', options('jump')),
  row('jmp', 'eb', 'Jb', jump, '', options('jump')),
  row('jmp', 'ff /4', 'Ev', jumpIndirect, '', options('jump')),
  ...conditions.flatMap((name, cc) => [
    row(`j${name}`, `7${cc.toString(16)}`, 'Jb', jcc(cc), '', options('branch')),
    row(`j${name}`, `0f 8${cc.toString(16)}`, 'Jz', jcc(cc), '', options('branch')),
  ]),
  row('loopne', 'e0', 'Jb', loop(0), '', options('branch')),
  row('loope', 'e1', 'Jb', loop(1), '', options('branch')),
  row('loop', 'e2', 'Jb', loop(), '', options('branch')),
  row('jrcxz', 'e3', 'Jb', jrcxz, '', options('branch')),
  row('call', 'e8', 'Jz', call, '', options('call')),
  row('call', 'ff /2', 'Ev', callIndirect, '', options('call')),
  row('ret', 'c3', '', ret, '', options('ret')),
  row('ret', 'c2', 'Iw', retAndFree, '', options('ret')),
];
