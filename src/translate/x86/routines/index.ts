// Loading this file defines the routines of the integer instructions.
import './cpuid.ts';
import './divide.ts';
import './string.ts';
import './system.ts';
import './maskmov.ts';
import './sse-exact.ts';
