// All instruction rows, by family.
import type { Row } from '../row.ts';
import { alu } from './alu.ts';
import { branches } from './branch.ts';
import { moves } from './mov.ts';
import { sse } from './sse.ts';
import { stack } from './stack.ts';
import { system } from './system.ts';
import { x87 } from './x87.ts';

export const rows: readonly Row[] = [...moves, ...alu, ...stack, ...branches, ...system, ...sse, ...x87];
