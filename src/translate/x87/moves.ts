// Routines that move numbers: loads, stores, exchanges, conditional moves, constants, sign changes (SDM Vol. 1, 8.3.3 and 8.3.4).
import { Access } from '../../guest/index.ts';
import { Outcome } from '../ir/routines.ts';
import { fromBcd, fromDouble, fromInt32, fromInt64, fromSingle, toBcd, toDouble, toInteger, toSingle, words } from './convert.ts';
import { Float80, IE, mode, setIndefinite, setZero, ZERO } from './float80.ts';
import { mayAccess, reach } from './guest-access.ts';
import { constants, loadConstant } from './transcendental.ts';
import { blocked, finish, finishKeepingC1, isEmpty, pop, push, read, stackOverflow, underflow, unit, waiting, write } from './unit.ts';

const x = new Float80();
const y = new Float80();

/** Pushes x unless the stack is full. An unmasked denormal operand does not keep a load from happening. */
function pushResult(): Outcome {
  if (!isEmpty(7)) stackOverflow(x);
  if (!(mode.raised & ~mode.masked & IE)) push(x);
  return finish();
}

waiting('fld m32', (bits) => { if (isEmpty(7)) fromSingle(bits, true, x); return pushResult(); });
waiting('fld m64', (lo, hi) => { if (isEmpty(7)) fromDouble(lo, hi, true, x); return pushResult(); });
waiting('fld m80', (address) => {
  const at = address >>> 0;
  if (!mayAccess(unit.space, at, 10, Access.read)) return Outcome.leave;
  x.set(unit.view.getUint16(at + 8, true), unit.view.getUint32(at + 4, true), unit.view.getUint32(at, true));
  return pushResult();
});
waiting('fild', (value) => { fromInt32(value, x); return pushResult(); });
waiting('fild m64', (lo, hi) => { fromInt64(lo, hi, x); return pushResult(); });
waiting('fbld', (address) => {
  const view = reach(unit.space, address, 10, Access.read);
  if (!view) return Outcome.leave;
  fromBcd(new Uint8Array(view.buffer, view.byteOffset, 10), x);
  return pushResult();
});
waiting('fld st', (i) => {
  if (!isEmpty(i)) {
    read(i, x);
    return pushResult();
  }
  underflow(x);
  if (!blocked()) push(x);
  return finish();
});

const constantNames = ['one', 'l2t', 'l2e', 'pi', 'lg2', 'ln2'] as const satisfies readonly (keyof typeof constants)[];
/** The constant with this number, in the order of the opcodes d9 e8 …; 6 is zero. */
waiting('fld constant', (n) => {
  const name = constantNames[n];
  if (name) loadConstant(name, x);
  else setZero(x, 0);
  return pushResult();
});

/** Whether a store of `length` bytes happens: `no` when an unmasked exception forbids it, `fault` when the page has not the right. */
const Storing = { yes: 0, no: 1, fault: 2 } as const;

function storing(converted: boolean, address: number, length: number): number {
  if (!converted || blocked()) return Storing.no;
  return mayAccess(unit.space, address, length, Access.write) ? Storing.yes : Storing.fault;
}

/** Ends a store. */
function stored(how: number, pops: number): Outcome {
  if (how === Storing.fault) return Outcome.leave;
  if (how === Storing.yes && pops) pop();
  return finish();
}

/** Puts st(0) in x, or the indefinite when it is empty; says which. */
function source(): boolean {
  if (!isEmpty(0)) { read(0, x); return true; }
  underflow(x);
  return false;
}

waiting('fst m32', (address, pops) => {
  const at = address >>> 0;
  source();
  const how = storing(toSingle(x), at, 4);
  if (how === Storing.yes) unit.view.setUint32(at, words.lo, true);
  return stored(how, pops);
});
waiting('fst m64', (address, pops) => {
  const at = address >>> 0;
  source();
  const how = storing(toDouble(x), at, 8);
  if (how === Storing.yes) storeWords(at);
  return stored(how, pops);
});
waiting('fstp m80', (address) => {
  const at = address >>> 0;
  source();
  const how = storing(true, at, 10);
  if (how === Storing.yes) {
    unit.view.setUint32(at, x.lo, true);
    unit.view.setUint32(at + 4, x.hi, true);
    unit.view.setUint16(at + 8, x.se, true);
  }
  return stored(how, 1);
});

function storeWords(at: number): void {
  unit.view.setUint32(at, words.lo, true);
  unit.view.setUint32(at + 4, words.hi, true);
}

/** fist, fistp and fisttp: `bytes` is 2, 4 or 8, `form` bit 0 pops, bit 1 truncates whatever the rounding control says. */
waiting('fist', (address, bytes, form) => {
  const at = address >>> 0;
  source();
  const how = storing(toInteger(x, bytes * 8, form & 2 ? ZERO : mode.rounding), at, bytes);
  if (form & 2) mode.up = 0;
  if (how === Storing.yes) {
    if (bytes === 2) unit.view.setUint16(at, words.lo & 0xffff, true);
    else if (bytes === 4) unit.view.setUint32(at, words.lo, true);
    else storeWords(at);
  }
  return stored(how, form & 1);
});
waiting('fbstp', (address) => {
  const at = address >>> 0;
  source();
  const bytes = toBcd(x);
  const how = storing(bytes !== undefined, at, 10);
  if (how === Storing.yes) unit.memory.bytes.set(bytes!, at);
  return stored(how, 1);
});

waiting('fst st', (i, pops) => {
  source();
  if (!blocked()) {
    write(i, x);
    if (pops) pop();
  }
  return finish();
});

waiting('fxch', (i) => {
  if (isEmpty(0) || isEmpty(i)) {
    const top = isEmpty(0);
    const other = isEmpty(i);
    underflow(x);
    if (!top) read(0, x);
    if (other) setIndefinite(y);
    else read(i, y);
  } else {
    read(0, x);
    read(i, y);
  }
  if (!blocked()) { write(0, y); write(i, x); }
  return finish();
});

/** fcmovcc: `condition` is 0 or 1. */
waiting('fcmov', (condition, i) => {
  if (isEmpty(0) || isEmpty(i)) underflow(x);
  else read(condition ? i : 0, x);
  if (!blocked()) write(0, x);
  return finishKeepingC1();
});

/** fchs and fabs change only the sign, of NaNs too. */
waiting('fchs', () => changeSign((se) => se ^ 0x8000));
waiting('fabs', () => changeSign((se) => se & 0x7fff));

function changeSign(change: (se: number) => number): Outcome {
  if (source()) x.se = change(x.se);
  if (!blocked()) write(0, x);
  return finish();
}
