// The x87 unit of the running task: its registers in the state block, the register stack, stack faults, and how an instruction begins and ends (SDM Vol. 1, chapter 8).
import { type GuestMemory, type Space, STATE_BASE, state } from '../../guest/index.ts';
import { Outcome, routine } from '../ir/routines.ts';
import { trap } from '../x86/routines/leave.ts';
import { DE, Float80, IE, mode, setIndefinite, SF, ZE } from './float80.ts';

/** Condition flags, summary and busy bits of the status word. */
export const C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000, ES = 0x80, BUSY = 0x8000;

const ST = STATE_BASE + state.st;

/** The unit while an instruction runs: read by `open`, changed freely, written back by `commit`. */
export const unit = {
  space: undefined as unknown as Space,
  memory: undefined as unknown as GuestMemory,
  view: undefined as unknown as DataView,
  fcw: 0, fsw: 0, top: 0, valid: 0,
};

const PRECISIONS = [24, 64, 53, 64];

/** Reads the unit's state and sets the arithmetic's mode from the control word. */
export function open(space: Space): void {
  const view = space.memory.view;
  unit.space = space;
  unit.memory = space.memory;
  unit.view = view;
  unit.fcw = view.getUint32(STATE_BASE + state.fcw, true);
  unit.fsw = view.getUint32(STATE_BASE + state.fsw, true);
  unit.top = view.getUint32(STATE_BASE + state.top, true);
  unit.valid = view.getUint32(STATE_BASE + state.fvalid, true);
  mode.rounding = unit.fcw >> 10 & 3;
  mode.precision = PRECISIONS[unit.fcw >> 8 & 3]!;
  mode.masked = unit.fcw & 0x3f;
  mode.raised = 0;
  mode.up = 0;
}

/** Writes the unit's state back. */
export function commit(): typeof Outcome.next {
  const view = unit.view;
  view.setUint32(STATE_BASE + state.fcw, unit.fcw, true);
  view.setUint32(STATE_BASE + state.fsw, unit.fsw, true);
  view.setUint32(STATE_BASE + state.top, unit.top, true);
  view.setUint32(STATE_BASE + state.fvalid, unit.valid, true);
  return Outcome.next;
}

const MF = 16;

/** Defines a routine that first reports a pending unmasked exception, as all instructions but the fn… ones do. */
export function waiting(name: string, run: (a: number, b: number, c: number) => Outcome): void {
  routine(name, (space, a, b, c) => {
    open(space);
    return unit.fsw & ES ? trap(space, MF) : run(a, b, c);
  });
}

/** Defines a routine that does not wait. */
export function notWaiting(name: string, run: (a: number, b: number, c: number) => Outcome): void {
  routine(name, (space, a, b, c) => { open(space); return run(a, b, c); });
}

const physical = (i: number): number => (unit.top + i) & 7;
export const isEmpty = (i: number): boolean => (unit.valid >> physical(i) & 1) === 0;

/** Reads st(i), whether it is empty or not. */
export function read(i: number, out: Float80): Float80 {
  const at = ST + 16 * physical(i);
  return out.set(unit.view.getUint16(at + 8, true), unit.view.getUint32(at + 4, true), unit.view.getUint32(at, true));
}

/** Writes st(i) and marks it used. */
export function write(i: number, value: Float80): void {
  const at = ST + 16 * physical(i);
  unit.view.setUint32(at, value.lo, true);
  unit.view.setUint32(at + 4, value.hi, true);
  unit.view.setUint16(at + 8, value.se, true);
  unit.valid |= 1 << physical(i);
}

export function pop(): void {
  unit.valid &= ~(1 << unit.top);
  unit.top = (unit.top + 1) & 7;
}

/** Moves the top down and writes the new st(0). */
export function push(value: Float80): void {
  unit.top = (unit.top - 1) & 7;
  write(0, value);
}

/** A stack underflow: C1 is cleared, the masked result is the indefinite. */
export function underflow(out: Float80): Float80 {
  mode.raised |= IE | SF;
  mode.up = 0;
  return setIndefinite(out);
}

/** A stack overflow: C1 is set. */
export function stackOverflow(out: Float80): Float80 {
  mode.raised |= IE | SF;
  mode.up = 1;
  return setIndefinite(out);
}

/** Whether an unmasked invalid operation, denormal operand or division by zero forbids the instruction's result. */
export const blocked = (): boolean => (mode.raised & ~mode.masked & (IE | DE | ZE)) !== 0;

/** Adds what was raised to the status word, sets C1 from the rounding, and ends the instruction. */
export function finish(): Outcome {
  let raised = mode.raised;
  if (blocked()) {
    raised &= IE | DE | ZE | SF;
    if (!(raised & SF)) mode.up = 0;
  }
  unit.fsw = (unit.fsw & ~C1) | raised | (mode.up ? C1 : 0);
  summarise();
  return commit();
}

/** Like finish, for instructions that touch C1 only on a stack fault. */
export function finishKeepingC1(): Outcome {
  const kept = mode.raised & SF ? 0 : unit.fsw & C1;
  finish();
  unit.fsw |= kept;
  return commit();
}

/** Keeps the summary and busy bits right: set while an unmasked exception is pending. */
export function summarise(): void {
  unit.fsw = unit.fsw & 0x3f & ~unit.fcw ? unit.fsw | ES | BUSY : unit.fsw & ~(ES | BUSY);
}

/** Sets C3, C2 and C0, leaving C1. */
export const setConditions = (bits: number): void => { unit.fsw = (unit.fsw & ~(C0 | C2 | C3)) | bits; };
