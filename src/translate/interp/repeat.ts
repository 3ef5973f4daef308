// `rep movs` and `rep stos` within the hub, where nothing is unusual: forwards, with 64-bit addresses, all pages open, copies that do not feed themselves. All else is left to their routines (x86/routines/string.ts).
import { PAGE_SHIFT, PERM_BASE, Perm, RAX, RCX, RDI, RSI, STATE_BASE, gprAddress, state } from '../../guest/index.ts';
import { routineId } from '../ir/routines.ts';
import { Code, loads, stores } from '../wasm/index.ts';

/** Elements done here at most: more give way by their routine. */
const MOST = 65536;

const op = {
  eq: [0x46], ne: [0x47], ltU: [0x49], gtU: [0x4b], eqz: [0x45], add: [0x6a], sub: [0x6b], mul: [0x6c], and: [0x71], shl: [0x74], shrU: [0x76],
  wrap: [0xa7], extend: [0xad], i64Add: [0x7c], i64Sub: [0x7d], i64Mul: [0x7e], i64And: [0x83], i64Xor: [0x85], i64Shl: [0x86], i64GeU: [0x5a], i64Ne: [0x52],
  copy: [0xfc, 10, 0, 0], fill: [0xfc, 11, 0],
} as const;

/** The body of the hub's `routine` (id, a, b, c, d) → 0 go on, 1 leave; `call` is the routine in JavaScript. */
export function repeatOr(call: number): Code {
  const c = new Code(5);
  const [ID, FORM, A, B] = [0, 1, 2, 3] as const;
  const moves = c.local('i32'), target = c.local('i32'), length = c.local('i32'), page = c.local('i32'), size = c.local('i32');
  const count = c.local('i64'), pattern = c.local('i64');

  const gpr = (n: number): void => { c.i32(gprAddress(n)); c.memory(loads['i64.load'], 0); };
  const unusual = c.block();
  const leaveIf = (): void => c.brIf(unusual);
  /** Leaves unless every page of the `length` bytes from what the local holds has the right; pages are looked at from the last to the first. */
  const demand = (from: number, right: number): void => {
    c.get(from); c.get(length); c.op(op.add); c.i32(1); c.op(op.sub); c.tee(page); c.get(from); c.op(op.ltU); leaveIf();
    c.get(page); c.i32(PAGE_SHIFT); c.op(op.shrU); c.set(page);
    const next = c.loop();
    c.get(page); c.memory(loads['i32.load8_u'], PERM_BASE); c.i32(right); c.op(op.and); c.op(op.eqz); leaveIf();
    c.get(page); c.i32(1); c.op(op.sub); c.tee(page); c.i32(1); c.op(op.add); c.get(from); c.i32(PAGE_SHIFT); c.op(op.shrU); c.op(op.gtU); c.brIf(next);
    c.end();
  };
  const advance = (n: number): void => { c.i32(gprAddress(n)); gpr(n); c.get(length); c.op(op.extend); c.op(op.i64Add); c.memory(stores['i64.store'], 0); };

  c.get(ID); c.i32(routineId('rep movs')); c.op(op.eq); c.tee(moves); c.op(op.eqz);
  c.if(); c.get(ID); c.i32(routineId('rep stos')); c.op(op.ne); leaveIf(); c.end();
  // The form (rows/string.ts): size of an element, of an address.
  c.get(FORM); c.i32(8); c.op(op.shrU); c.i32(8); c.op(op.ne); leaveIf();
  c.i32(STATE_BASE + state.df); c.memory(loads['i32.load'], 0); leaveIf();
  gpr(RCX); c.tee(count); c.i64(1, 0); c.op(op.i64Sub); c.i64(MOST, 0); c.op(op.i64GeU); leaveIf();
  c.get(FORM); c.i32(0xff); c.op(op.and); c.tee(size); c.get(count); c.op(op.wrap); c.op(op.mul); c.set(length);
  c.get(B); c.get(A); c.get(moves); c.select(); c.set(target);
  demand(target, Perm.write);
  c.get(moves);
  c.if();
  demand(A, Perm.read);
  // What lies less than the length behind the source is read after it was written.
  c.get(target); c.get(A); c.op(op.sub); c.get(length); c.op(op.ltU); leaveIf();
  c.get(target); c.get(A); c.get(length); c.op(op.copy);
  advance(RSI);
  c.else();
  gpr(RAX); c.i64(0xff, 0); c.op(op.i64And); c.i64(0x0101_0101, 0x0101_0101); c.op(op.i64Mul); c.set(pattern);
  gpr(RAX); c.get(pattern); c.op(op.i64Xor); c.i32(64); c.get(size); c.i32(3); c.op(op.shl); c.op(op.sub); c.op(op.extend); c.op(op.i64Shl); c.i64(0, 0); c.op(op.i64Ne); leaveIf();
  c.get(target); c.get(pattern); c.op(op.wrap); c.get(length); c.op(op.fill);
  c.end();
  advance(RDI);
  c.i32(gprAddress(RCX)); c.i64(0, 0); c.memory(stores['i64.store'], 0);
  c.i32(0); c.return();
  c.end();
  for (let i = 0; i < 5; i++) c.get(i);
  c.returnCall(call);
  return c;
}
