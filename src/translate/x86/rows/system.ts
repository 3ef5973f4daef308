// System calls, traps, hints, and what a user program may not do.
import { RCX, R11 } from '../../../guest/index.ts';
import type { Builder, IntSize, Value } from '../../ir/builder.ts';
import { type Meaning, type Row, row } from '../row.ts';
import { rflags } from './stack.ts';

const DEBUG = 1, BREAKPOINT = 3, INVALID_OPCODE = 6, GENERAL_PROTECTION = 13;

const nothing: Meaning = () => {};
const trap = (vector: number): Meaning => (b) => b.trap(vector);

/** The processor leaves the next address in rcx and rflags in r11. */
const syscall: Meaning = (b) => {
  b.set(b.gpr(RCX, 8), b.nextPc);
  b.set(b.gpr(R11, 8), b.zext(rflags(b), 4, 8));
  b.syscall();
};

const traps = { ends: 'trap' } as const;

/** Not for user programs (SDM Vol. 2): encodings that end in #GP at privilege level 3. */
const privileged: [string, string, string?][] = [
  ['hlt', 'f4'], ['cli', 'fa'], ['sti', 'fb'], ['in', 'e4', 'AL Ib'], ['in', 'e5', 'eAX Ib'], ['out', 'e6', 'Ib AL'], ['out', 'e7', 'Ib eAX'],
  ['in', 'ec', 'AL DX'], ['in', 'ed', 'eAX DX'], ['out', 'ee', 'DX AL'], ['out', 'ef', 'DX eAX'], ['ins', '6c'], ['ins', '6d'], ['outs', '6e'], ['outs', '6f'],
  ['int', 'cd', 'Ib'], ['clts', '0f 06'], ['invd', '0f 08'], ['wbinvd', '0f 09'], ['sysret', '0f 07'], ['sysexit', '0f 35'], ['wrmsr', '0f 30'], ['rdmsr', '0f 32'], ['rdpmc', '0f 33'],
  ['mov_cr', '0f 20 /r'], ['mov_dr', '0f 21 /r'], ['mov_cr', '0f 22 /r'], ['mov_dr', '0f 23 /r'], ['lldt', '0f 00 /2', 'Ew'], ['ltr', '0f 00 /3', 'Ew'],
  ['lgdt', '0f 01 /2', 'M'], ['lidt', '0f 01 /3', 'M'], ['lmsw', '0f 01 /6', 'Ew'], ['invlpg', '0f 01 /7', 'M'], ['swapgs', '0f 01 f8'],
  ['sldt', '0f 00 /0', 'Ew'], ['str', '0f 00 /1', 'Ew'], ['sgdt', '0f 01 /0', 'M'], ['sidt', '0f 01 /1', 'M'], ['smsw', '0f 01 /4', 'Ew'],
];

/** The descriptors behind Linux's user selectors: 0x33 64-bit code, 0x2b data. */
const isCode = (b: Builder, selector: Value): Value => b.eq(b.or(selector, b.i32(3)), b.i32(0x33));
const isData = (b: Builder, selector: Value): Value => b.eq(b.or(selector, b.i32(3)), b.i32(0x2b));

/** lar and lsl: ZF says that the selector is usable, and only then the destination changes. */
const describe = (code: number, data: number): Meaning => (b, dst, src) => {
  const size = dst!.size as IntSize;
  const selector = b.get(src!);
  const known = b.or(isCode(b, selector), isData(b, selector));
  const value = b.zext(b.select(isCode(b, selector), b.i32(code), b.i32(data)), 4, 8);
  b.setAs(dst!, size === 2 ? 2 : 8, b.select(known, b.zext(value, 8, size === 2 ? 2 : 8), b.getAs(dst!, size === 2 ? 2 : 8)));
  b.setFlag('ZF', known);
};

const CODE_RIGHTS = 0x00affb00, DATA_RIGHTS = 0x00cff300, LIMIT = -1;

export const system: Row[] = [
  row('syscall', '0f 05', '', syscall, '', { ends: 'syscall' }),
  row('nop', 'REX.B0 90', '', nothing),
  row('pause', 'f3 90', '', nothing),
  row('pause', 'f3 REX.B0 90', '', nothing),
  row('endbr64', 'f3 0f 1e fa', '', nothing),
  ...['0f 0d /r', '0f 18 /r', '0f 19 /r', '0f 1a /r', '0f 1b /r', '0f 1c /r', '0f 1d /r', '0f 1e /r', '0f 1f /r'].map((encoding) => row('nop', encoding, 'Ev', nothing)),
  ...['e8', 'f0', 'f8'].flatMap((first, i) => Array.from({ length: 8 }, (_, rm) => row(['lfence', 'mfence', 'sfence'][i]!, `np 0f ae ${(parseInt(first, 16) + rm).toString(16)}`, '', nothing))),
  row('clflush', 'np 0f ae /7', 'Mb', nothing),
  row('cpuid', '0f a2', '', (b) => b.routine('cpuid')),
  row('rdtsc', '0f 31', '', (b) => b.routine('rdtsc', b.i32(0))),
  row('rdtscp', '0f 01 f9', '', (b) => b.routine('rdtsc', b.i32(1))),
  row('verr', '0f 00 /4', 'Ew', (b, src) => b.setFlag('ZF', b.or(isCode(b, b.get(src!)), isData(b, b.get(src!)))), 'Z'),
  row('verw', '0f 00 /5', 'Ew', (b, src) => b.setFlag('ZF', isData(b, b.get(src!))), 'Z'),
  row('lar', '0f 02 /r', 'Gv Ew', describe(CODE_RIGHTS, DATA_RIGHTS), 'Z'),
  row('lsl', '0f 03 /r', 'Gv Ew', describe(LIMIT, LIMIT), 'Z'),
  row('int3', 'cc', '', trap(BREAKPOINT), '', traps),
  row('int1', 'f1', '', trap(DEBUG), '', traps),
  row('ud0', '0f ff /r', 'Gv Ev', trap(INVALID_OPCODE), '', traps),
  row('ud1', '0f b9 /r', 'Gv Ev', trap(INVALID_OPCODE), '', traps),
  row('ud2', '0f 0b', '', trap(INVALID_OPCODE), '', traps),
  ...privileged.map(([name, encoding, operands = '']) => row(name, encoding, operands, trap(GENERAL_PROTECTION), '', traps)),
];
