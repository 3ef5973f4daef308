// Loading this file defines the routines of the integer instructions.
import './system.ts';
import './maskmov.ts';
