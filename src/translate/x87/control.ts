// Routines that control the unit: initialisation, control and status words, environments, saving and restoring (SDM Vol. 1, 8.1.8 to 8.1.10, 10.5).
import { Access, STATE_BASE, state } from '../../guest/index.ts';
import { Outcome, routine } from '../ir/routines.ts';
import { Float80, Kind, kindOf } from './float80.ts';
import { reach } from './guest-access.ts';
import { trap } from '../x86/routines/leave.ts';
import { C1, commit, notWaiting, open, read, summarise, unit, waiting } from './unit.ts';

const x = new Float80();
const ST = STATE_BASE + state.st;
const XMM = STATE_BASE + state.xmm;
const GP = 13;

/** The bits of the control word that can be changed; bit 6 always reads as one. */
const FCW_BITS = 0x1f3f, FCW_ONES = 0x40;

function setControl(value: number): void {
  unit.fcw = (value & FCW_BITS) | FCW_ONES;
  summarise();
}

function initialise(): void {
  unit.fcw = 0x37f;
  unit.fsw = 0;
  unit.top = 0;
  unit.valid = 0;
}

/** The status word as a program sees it, with TOP. */
const statusWord = (): number => unit.fsw | unit.top << 11;

function setStatus(value: number): void {
  unit.fsw = value & 0x47ff;
  unit.top = value >> 11 & 7;
}

notWaiting('fninit', () => { initialise(); return commit(); });
notWaiting('fnclex', () => { unit.fsw &= 0x7f00; return commit(); });
waiting('fldcw', (value) => { setControl(value); return commit(); });
waiting('fwait', () => Outcome.next);
waiting('ffree', (i, pops) => {
  unit.valid &= ~(1 << ((unit.top + i) & 7));
  unit.fsw &= ~C1;
  if (pops) { unit.valid &= ~(1 << unit.top); unit.top = (unit.top + 1) & 7; }
  return commit();
});
/** fincstp (1) and fdecstp (-1). */
waiting('frotate', (by) => {
  unit.top = (unit.top + by) & 7;
  unit.fsw &= ~C1;
  return commit();
});

/** The full tag word: two bits for each physical register. */
function tagWord(): number {
  let tags = 0;
  for (let i = 0; i < 8; i++) tags |= tagOf(i) << 2 * i;
  return tags;
}

function tagOf(register: number): number {
  if ((unit.valid >> register & 1) === 0) return 3;
  const at = ST + 16 * register;
  x.set(unit.view.getUint16(at + 8, true), unit.view.getUint32(at + 4, true), unit.view.getUint32(at, true));
  const kind = kindOf(x);
  return kind === Kind.zero ? 1 : kind === Kind.finite && x.exponent !== 0 ? 0 : 2;
}

function setTags(tags: number): void {
  unit.valid = 0;
  for (let i = 0; i < 8; i++) if ((tags >> 2 * i & 3) !== 3) unit.valid |= 1 << i;
}

/** An environment has seven fields of 4 bytes, or of 2 with an operand-size prefix; the upper halves are ones where the format reserves them. Instruction and operand pointers are not kept: they read as zero. */
const environmentSize = (fieldSize: number): number => 7 * fieldSize;

function storeEnvironment(view: DataView, fieldSize: number): void {
  const fields = [unit.fcw, statusWord(), tagWord(), 0, 0, 0, 0];
  const reserved = [0xffff_0000, 0xffff_0000, 0xffff_0000, 0, 0, 0, 0xffff_0000];
  for (const [i, value] of fields.entries()) {
    if (fieldSize === 2) view.setUint16(2 * i, value, true);
    else view.setUint32(4 * i, value | reserved[i]!, true);
  }
}

function loadEnvironment(view: DataView, fieldSize: number): void {
  const field = (i: number) => view.getUint16(fieldSize * i, true);
  setStatus(field(1));
  setTags(field(2));
  setControl(field(0));
}

notWaiting('fnstenv', (address, fieldSize) => {
  const view = reach(unit.space, address, environmentSize(fieldSize), Access.write);
  if (!view) return Outcome.leave;
  storeEnvironment(view, fieldSize);
  unit.fcw |= 0x3f;
  summarise();
  return commit();
});
waiting('fldenv', (address, fieldSize) => {
  const view = reach(unit.space, address, environmentSize(fieldSize), Access.read);
  if (!view) return Outcome.leave;
  loadEnvironment(view, fieldSize);
  return commit();
});
notWaiting('fnsave', (address, fieldSize) => {
  const start = environmentSize(fieldSize);
  const view = reach(unit.space, address, start + 80, Access.write);
  if (!view) return Outcome.leave;
  storeEnvironment(view, fieldSize);
  for (let i = 0; i < 8; i++) putRegister(view, start + 10 * i, i);
  initialise();
  return commit();
});
waiting('frstor', (address, fieldSize) => {
  const start = environmentSize(fieldSize);
  const view = reach(unit.space, address, start + 80, Access.read);
  if (!view) return Outcome.leave;
  loadEnvironment(view, fieldSize);
  for (let i = 0; i < 8; i++) takeRegister(view, start + 10 * i, i);
  return commit();
});

function putRegister(view: DataView, at: number, i: number): void {
  read(i, x);
  view.setUint32(at, x.lo, true);
  view.setUint32(at + 4, x.hi, true);
  view.setUint16(at + 8, x.se, true);
}

/** Writes st(i) without touching its tag. */
function takeRegister(view: DataView, at: number, i: number): void {
  const to = ST + 16 * ((unit.top + i) & 7);
  unit.view.setUint32(to, view.getUint32(at, true), true);
  unit.view.setUint32(to + 4, view.getUint32(at + 4, true), true);
  unit.view.setUint16(to + 8, view.getUint16(at + 8, true), true);
}

/** What an fxsave image holds, in bytes: control area, eight st of 16, sixteen xmm. */
const FX = { size: 512, fcw: 0, fsw: 2, tags: 4, pointers: 6, mxcsr: 24, mxcsrMask: 28, st: 32, xmm: 160 } as const;
const MXCSR_BITS = 0xffff;

routine('fxsave', (space, address) => {
  open(space);
  if (address & 15) return trap(space, GP);
  const view = reach(space, address, FX.size, Access.write);
  if (!view) return Outcome.leave;
  view.setUint16(FX.fcw, unit.fcw, true);
  view.setUint16(FX.fsw, statusWord(), true);
  view.setUint16(FX.tags, unit.valid, true);
  for (let at = FX.pointers; at < FX.mxcsr; at += 2) view.setUint16(at, 0, true);
  view.setUint32(FX.mxcsr, unit.view.getUint32(STATE_BASE + state.mxcsr, true), true);
  view.setUint32(FX.mxcsrMask, MXCSR_BITS, true);
  for (let i = 0; i < 8; i++) {
    putRegister(view, FX.st + 16 * i, i);
    view.setUint16(FX.st + 16 * i + 10, 0, true);
    view.setUint32(FX.st + 16 * i + 12, 0, true);
  }
  new Uint8Array(view.buffer, view.byteOffset + FX.xmm, 256).set(unit.memory.bytes.subarray(XMM, XMM + 256));
  return Outcome.next;
});

routine('fxrstor', (space, address) => {
  open(space);
  if (address & 15) return trap(space, GP);
  const view = reach(space, address, FX.size, Access.read);
  if (!view) return Outcome.leave;
  const mxcsr = view.getUint32(FX.mxcsr, true);
  if (mxcsr & ~MXCSR_BITS) return trap(space, GP);
  setStatus(view.getUint16(FX.fsw, true));
  setControl(view.getUint16(FX.fcw, true));
  unit.valid = view.getUint8(FX.tags);
  for (let i = 0; i < 8; i++) takeRegister(view, FX.st + 16 * i, i);
  unit.view.setUint32(STATE_BASE + state.mxcsr, mxcsr, true);
  unit.memory.bytes.set(new Uint8Array(view.buffer, view.byteOffset + FX.xmm, 256), XMM);
  commit();
  return Outcome.restart;
});
