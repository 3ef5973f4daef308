// Jumps, calls, returns and loops.
import type { Builder, IntSize, Operand, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { conditions } from './conditions.ts';
import { CODE_SELECTOR, DATA_SELECTOR, popped, pushed, setRflags } from './stack.ts';

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

const GENERAL_PROTECTION = 13;

/** A value `at` bytes above rsp. */
const onStack = (b: Builder, size: IntSize, at: number): Value => b.load(size, b.add(b.op('i32.wrap_i64', b.get(b.gpr(4, 8))), b.i32(at)));
/** Far transfers stay in the 64-bit code segment: anything else is #GP. */
const mustBeCode = (b: Builder, size: IntSize, selector: Value): void => b.trapIf(b.ne(b.zext(selector, size, 2), b.i32(CODE_SELECTOR)), GENERAL_PROTECTION);

const retFar: Meaning = (b, bytes) => {
  const size = b.opSize;
  const to = b.zext(onStack(b, size, 0), size, 8);
  mustBeCode(b, size, onStack(b, size, size));
  b.set(b.gpr(4, 8), b.add(b.get(b.gpr(4, 8)), b.add(b.i64(2 * size), bytes ? b.zext(b.get(bytes), 2, 8) : b.i64(0))));
  b.ret(to);
};

/** rip, cs, rflags, rsp, ss. */
const iret: Meaning = (b) => {
  const size = b.opSize;
  const to = b.zext(onStack(b, size, 0), size, 8);
  mustBeCode(b, size, onStack(b, size, size));
  const flags = onStack(b, size, 2 * size);
  const rsp = b.zext(onStack(b, size, 3 * size), size, 8);
  b.trapIf(b.ne(b.zext(onStack(b, size, 4 * size), size, 2), b.i32(DATA_SELECTOR)), GENERAL_PROTECTION);
  setRflags(b, size, flags);
  b.set(b.gpr(4, 8), rsp);
  b.ret(to);
};

/** Offset of the operand size, then the selector. */
const farPointer = (b: Builder, pointer: Operand): Value => {
  const address = b.addr(pointer);
  const to = b.zext(b.load(b.opSize, address), b.opSize, 8);
  mustBeCode(b, 2, b.load(2, b.add(address, b.i32(b.opSize))));
  return to;
};

const jumpFar: Meaning = (b, pointer) => b.jump(farPointer(b, pointer!));

/** Both stores are below rsp, so that a fault at the second leaves nothing that counts. */
const callFar: Meaning = (b, pointer) => {
  const to = farPointer(b, pointer!);
  const size = b.opSize;
  const rsp = b.get(b.gpr(4, 8));
  const below = (at: number): Value => b.op('i32.wrap_i64', b.sub(rsp, b.i64(at)));
  b.store(size, below(2 * size), b.zext(b.nextPc, 8, size));
  b.store(size, below(size), b.int(size, CODE_SELECTOR));
  b.set(b.gpr(4, 8), b.sub(rsp, b.i64(2 * size)));
  b.call(to);
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
  row('retf', 'cb', '', retFar, '', { ends: 'ret' }),
  row('retf', 'ca', 'Iw', retFar, '', { ends: 'ret' }),
  row('iret', 'cf', '', iret, 'OSZAPC', { ends: 'ret' }),
  row('jmp far', 'ff /5', 'M', jumpFar, '', { ends: 'jump' }),
  row('call far', 'ff /3', 'M', callFar, '', { ends: 'call' }),
];
