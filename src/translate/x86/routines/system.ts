// Routines of rare instructions: loading a segment register, and enter.
import { Access, Perm, RBP, RSP, type Space, state } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { fault, trap } from './leave.ts';

const GENERAL_PROTECTION = 13;
const SS = 2, FS = 4, GS = 5;

/** Selectors a 64-bit program may load: null ones (not into ss), and Linux's user data and code segments. */
const loadable = (segment: number, selector: number): boolean => selector === 0x2b || (segment !== SS && (selector < 4 || selector === 0x33));

/** a: number of the segment register, b: selector. The hidden parts do not change but for the bases of fs and gs, which become 0. */
routine('load segment', (space, segment, selector) => {
  if (!loadable(segment, selector)) return trap(space, GENERAL_PROTECTION);
  if (segment === FS) space.state.setU64(state.fsBase, 0n);
  if (segment === GS) space.state.setU64(state.gsBase, 0n);
  return Outcome.next;
});

/** Whether a store there would not fault; forgets code on those pages. */
function canWrite(space: Space, address: number, length: number): boolean {
  try { space.memory.writable(address, length); return true; } catch { return false; }
}

/** a: bytes to reserve, b: nesting level, c: operand size (SDM Vol. 2, ENTER). The last place of the stack must be writable too. */
routine('enter', (space, bytes, nesting, size) => {
  const level = nesting & 31;
  const { memory, state: cpu } = space;
  const rsp = cpu.gpr(RSP);
  const rbp = cpu.gpr(RBP);
  const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
  const frame = rsp - BigInt(size);
  const slots = 1 + level;
  const bottom = low(rsp - BigInt(size * slots));
  if (!canWrite(space, bottom, size * slots)) return fault(space, bottom, Access.write);
  const push = (slot: number, value: bigint): void => {
    const at = low(frame - BigInt(size * slot));
    if (size === 8) memory.view.setBigUint64(at, BigInt.asUintN(64, value), true); else memory.view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  };
  push(0, rbp);
  for (let i = 1; i < level; i++) {
    const at = low(rbp - BigInt(size * i));
    if (!memory.allows(at, size, Perm.read)) return fault(space, at, Access.read);
    push(i, size === 8 ? memory.view.getBigUint64(at, true) : BigInt(memory.view.getUint16(at, true)));
  }
  if (level > 0) push(level, frame);
  const newRsp = rsp - BigInt(size * slots) - BigInt(bytes);
  if (!canWrite(space, low(newRsp), 1)) return fault(space, low(newRsp), Access.write);
  cpu.setGpr(RSP, newRsp);
  cpu.setGpr(RBP, size === 8 ? frame : rbp & ~0xffffn | frame & 0xffffn);
  return Outcome.next;
});
