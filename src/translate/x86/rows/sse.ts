// All SSE and MMX rows.
import type { Row } from '../row.ts';
import { mmx } from './mmx.ts';
import { sseConvert } from './sse-convert.ts';
import { sseFloat } from './sse-float.ts';
import { sseInteger } from './sse-integer.ts';
import { sseMove } from './sse-move.ts';
import { sseShuffle } from './sse-shuffle.ts';
import { sseString } from './sse-string.ts';

export const sse: readonly Row[] = [...sseMove, ...sseFloat, ...sseConvert, ...sseShuffle, ...sseInteger, ...sseString, ...mmx];
