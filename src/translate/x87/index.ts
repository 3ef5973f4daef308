// The x87 unit: importing it defines its routines.
import './calculations.ts';
import './control.ts';
import './moves.ts';
