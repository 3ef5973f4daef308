// The x87 unit: importing it defines its routines.
import './calculations.ts';
import './control.ts';
import './moves.ts';

export { Float80, mode } from './float80.ts';
