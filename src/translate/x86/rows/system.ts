// System calls, traps, hints, and what a user program may not do.
import { RCX, R11 } from '../../../guest/index.ts';
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

export const system: Row[] = [
  row('syscall', '0f 05', '', syscall, '', { ends: 'syscall' }),
  row('nop', 'REX.B0 90', '', nothing),
  row('pause', 'f3 REX.B0 90', '', nothing),
  row('endbr64', 'f3 0f 1e fa', '', nothing),
  ...['0f 0d /r', '0f 18 /r', '0f 19 /r', '0f 1a /r', '0f 1b /r', '0f 1c /r', '0f 1d /r', '0f 1e /r', '0f 1f /r'].map((encoding) => row('nop', encoding, 'Ev', nothing)),
  row('int3', 'cc', '', trap(BREAKPOINT), '', traps),
  row('int1', 'f1', '', trap(DEBUG), '', traps),
  row('ud0', '0f ff /r', 'Gv Ev', trap(INVALID_OPCODE), '', traps),
  row('ud1', '0f b9 /r', 'Gv Ev', trap(INVALID_OPCODE), '', traps),
  row('ud2', '0f 0b', '', trap(INVALID_OPCODE), '', traps),
  ...privileged.map(([name, encoding, operands = '']) => row(name, encoding, operands, trap(GENERAL_PROTECTION), '', traps)),
];
