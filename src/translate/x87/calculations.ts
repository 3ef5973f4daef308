// Routines that calculate: arithmetic, comparisons, remainder and scaling, transcendental functions (SDM Vol. 1, 8.3.5 to 8.3.8).
import { CF, PF, state, ZF } from '../../guest/index.ts';
import type { Outcome } from '../ir/routines.ts';
import { compare, compute, squareRoot } from './arithmetic.ts';
import { fromDouble, fromInt32, fromSingle } from './convert.ts';
import { DE, Float80, isDenormal, Kind, kindOf, mode, setIndefinite, setZero, ZE } from './float80.ts';
import { extract, remainder, remainderResult, roundInPlace, scale } from './scaling.ts';
import { angleInRange, f2xm1, fcos, fpatan, fsin, ftan, fyl2x, fyl2xp1, one } from './transcendental.ts';
import { blocked, C0, C1, C2, C3, commit, finish, finishKeepingC1, isEmpty, pop, push, read, setConditions, stackOverflow, underflow, unit, waiting, write } from './unit.ts';

const x = new Float80();
const y = new Float80();
const z = new Float80();

/** Ends an instruction that replaces st(i) by `value`. */
function replace(i: number, value: Float80, pops = false): Outcome {
  if (!blocked()) {
    write(i, value);
    if (pops) pop();
  }
  return finish();
}

/** st(0) = st(0) op st(i). */
waiting('farith st0', (op, i) => {
  if (isEmpty(0) || isEmpty(i)) underflow(z);
  else compute(op, read(0, x), read(i, y), z);
  return replace(0, z);
});
/** st(i) = st(i) op st(0), and pop. */
waiting('farith sti', (op, i, pops) => {
  if (isEmpty(0) || isEmpty(i)) underflow(z);
  else compute(op, read(i, x), read(0, y), z);
  return replace(i, z, pops !== 0);
});

/** st(0) = st(0) op y, where y comes from memory; what its conversion raised counts. */
function withMemory(op: number): Outcome {
  if (isEmpty(0)) underflow(z);
  else {
    compute(op, read(0, x), y, z);
    forgetDenormal();
  }
  return replace(0, z);
}

/** A NaN or unsupported st(0), and a division by zero, come before a denormal memory operand. */
function forgetDenormal(): void {
  if (kindOf(x) >= Kind.quiet || mode.raised & ZE) mode.raised &= ~DE;
}
waiting('farith m32', (op, bits) => { if (!isEmpty(0)) fromSingle(bits, false, y); return withMemory(op); });
waiting('farith m64', (op, lo, hi) => { if (!isEmpty(0)) fromDouble(lo, hi, false, y); return withMemory(op); });
waiting('farith int', (op, value) => { fromInt32(value, y); return withMemory(op); });

const relationBits = (relation: number): number => (relation === 2 ? C0 | C2 | C3 : relation < 0 ? C0 : relation === 0 ? C3 : 0);

/** Sets the condition flags from comparing x with y, and pops. An unmasked exception leaves them and the stack alone. */
function endCompare(empty: boolean, quietRaises: boolean, pops: number): Outcome {
  let relation = 2;
  if (empty) underflow(z);
  else relation = compare(x, y, quietRaises);
  setConditions(relationBits(relation));
  if (!blocked()) for (let i = 0; i < pops; i++) pop();
  return finish();
}

/** fcom and fucom with their popping forms: `unordered` is 1 for fucom, where only signaling NaNs are invalid. */
waiting('fcom', (i, pops, unordered) => {
  const empty = isEmpty(0) || isEmpty(i);
  read(0, x);
  read(i, y);
  return endCompare(empty, unordered === 0, pops);
});
waiting('fcom m32', (bits, pops) => compareMemory(() => fromSingle(bits, false, y), pops));
waiting('fcom m64', (lo, hi, pops) => compareMemory(() => fromDouble(lo, hi, false, y), pops));
waiting('ficom', (value, pops) => compareMemory(() => fromInt32(value, y), pops));
waiting('ftst', () => compareMemory(() => setZero(y, 0), 0));

function compareMemory(load: () => void, pops: number): Outcome {
  const empty = isEmpty(0);
  read(0, x);
  if (!empty) load();
  forgetDenormal();
  return endCompare(empty, true, pops);
}

/** fcomi and fucomi: ZF, PF and CF instead of the condition flags, even when an exception keeps the stack as it is; the others are cleared. */
waiting('fcomi', (i, pops, unordered) => {
  const empty = isEmpty(0) || isEmpty(i);
  let relation = 2;
  if (empty) underflow(z);
  else relation = compare(read(0, x), read(i, y), unordered === 0);
  if (!blocked() && pops) pop();
  finishKeepingC1();
  unit.space.state.setU32(state.flagsKind, 0);
  unit.space.state.setU64(state.flagsA, BigInt(relation === 2 ? ZF | PF | CF : relation < 0 ? CF : relation === 0 ? ZF : 0));
  return commit();
});

/** fxam: what st(0) is. */
waiting('fxam', () => {
  read(0, x);
  setConditions(isEmpty(0) ? C3 | C0 : classOf());
  unit.fsw = (unit.fsw & ~C1) | (x.se >> 15 ? C1 : 0);
  return commit();
});

function classOf(): number {
  switch (kindOf(x)) {
    case Kind.unsupported: return 0;
    case Kind.zero: return C3;
    case Kind.infinity: return C2 | C0;
    case Kind.finite: return isDenormal(x) ? C3 | C2 : C2;
    default: return C0;
  }
}

/** Functions of st(0). */
function unary(name: string, compute: (x: Float80, out: Float80) => Float80): void {
  waiting(name, () => {
    if (isEmpty(0)) underflow(z);
    else compute(read(0, x), z);
    return replace(0, z);
  });
}
unary('fsqrt', squareRoot);
unary('frndint', roundInPlace);
unary('f2xm1', f2xm1);

/** Functions of st(0) and st(1). */
function binary(name: string, pops: boolean, compute: (x: Float80, y: Float80, out: Float80) => Float80): void {
  waiting(name, () => {
    if (isEmpty(0) || isEmpty(1)) underflow(z);
    else compute(read(0, x), read(1, y), z);
    return replace(pops ? 1 : 0, z, pops);
  });
}
binary('fscale', false, scale);
binary('fyl2x', true, fyl2x);
binary('fyl2xp1', true, fyl2xp1);
binary('fpatan', true, fpatan);

/** fprem (nearest 0) and fprem1 (nearest 1): C2 says that the reduction is incomplete, C0 C3 C1 are the quotient's low bits. */
waiting('fprem', (nearest) => {
  const empty = isEmpty(0) || isEmpty(1);
  if (empty) underflow(z);
  else remainder(read(0, x), read(1, y), nearest !== 0, z);
  replace(0, z);
  if (empty || blocked() || !remainderResult.defined) unit.fsw &= ~C2;
  else setQuotient();
  return commit();
});

function setQuotient(): void {
  const { quotient, complete } = remainderResult;
  setConditions((complete ? 0 : C2) | (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0));
  unit.fsw = (unit.fsw & ~C1) | (quotient & 1 ? C1 : 0);
}

/** fsin and fcos: an argument of 2^63 or more sets C2 and changes nothing. */
function trigonometric(name: string, compute: (x: Float80, out: Float80) => Float80): void {
  waiting(name, () => {
    if (!checkAngle()) return finish();
    if (isEmpty(0)) underflow(z);
    else compute(x, z);
    return replace(0, z);
  });
}
trigonometric('fsin', fsin);
trigonometric('fcos', fcos);

/** Reads st(0) into x and sets C2 by its range; an empty register is in range. */
function checkAngle(): boolean {
  const fits = isEmpty(0) || angleInRange(read(0, x));
  unit.fsw = fits ? unit.fsw & ~C2 : unit.fsw | C2;
  return fits;
}

/** fptan, fsincos and fxtract replace st(0) by y and push z. */
function pair(name: string, angle: boolean, compute: () => void): void {
  waiting(name, () => {
    const room = isEmpty(7);
    if (angle && room && !checkAngle()) return finish();
    if (angle && !room) unit.fsw &= ~C2;
    if (isEmpty(0)) { underflow(y); setIndefinite(z); }
    else if (!room) { stackOverflow(y); setIndefinite(z); }
    else { read(0, x); compute(); }
    if (!blocked()) { write(0, y); push(z); }
    return finish();
  });
}
pair('fptan', true, () => {
  ftan(x, y);
  if (kindOf(y) < Kind.quiet) z.copy(one);
  else z.copy(y);
});
pair('fsincos', true, () => { fsin(x, y); fcos(x, z); });
pair('fxtract', false, () => extract(x, y, z));

