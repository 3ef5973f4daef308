// All instruction rows, by family.
import type { Row } from '../row.ts';
import { alu } from './alu.ts';
import { atomics } from './atomics.ts';
import { bits } from './bits.ts';
import { branches } from './branch.ts';
import { flagOperations } from './flagops.ts';
import { moves } from './mov.ts';
import { multiplications } from './muldiv.ts';
import { shifts } from './shift.ts';
import { sse } from './sse.ts';
import { stack } from './stack.ts';
import { strings } from './string.ts';
import { system } from './system.ts';
import { x87 } from './x87.ts';

export const rows: readonly Row[] = [
  ...moves, ...alu, ...shifts, ...multiplications, ...bits, ...flagOperations, ...stack, ...branches, ...strings, ...atomics, ...system, ...sse, ...x87,
];
