// Instructions on the flags alone, and lahf and sahf.
import { AF, CF, PF, SF, state, ZF } from '../../../guest/index.ts';
import type { Meaning } from '../row.ts';
import { type Row, row } from '../row.ts';

const RAX = 0;
const LOW_FLAGS = SF | ZF | AF | PF | CF;

const setDirection = (value: 0 | 1): Meaning => (b) => b.storeState(state.df, b.i32(value));

/** ah is bits 8–15 of ax. */
const lahf: Meaning = (b) => {
  const low = b.or(b.and(b.flagsWord(), b.i32(LOW_FLAGS)), b.i32(2));
  b.set(b.gpr(RAX, 2), b.or(b.get(b.gpr(RAX, 1)), b.shl(low, b.i32(8))));
};

const sahf: Meaning = (b) => {
  const ah = b.shru(b.get(b.gpr(RAX, 2)), b.i32(8));
  b.setFlagsWord(b.or(b.and(ah, b.i32(LOW_FLAGS)), b.shl(b.flag('OF'), b.i32(11))));
};

export const flagOperations: Row[] = [
  row('cmc', 'f5', '', (b) => b.setFlag('CF', b.eqz(b.flag('CF'))), 'C'),
  row('clc', 'f8', '', (b) => b.setFlag('CF', b.i32(0)), 'C'),
  row('stc', 'f9', '', (b) => b.setFlag('CF', b.i32(1)), 'C'),
  row('cld', 'fc', '', setDirection(0)),
  row('std', 'fd', '', setDirection(1)),
  row('lahf', '9f', '', lahf),
  row('sahf', '9e', '', sahf, 'SZAPC'),
];
