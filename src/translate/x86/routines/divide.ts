// Signed division of a 128-bit dividend rDX:rAX by a 64-bit divisor.
import { RAX, RDX, type Space } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { trap } from './leave.ts';

const DIVIDE_ERROR = 0;

/** low, high: the halves of the divisor. */
routine('idiv128', (space: Space, low, high) => {
  const { state: cpu } = space;
  const divisor = BigInt.asIntN(64, BigInt(low >>> 0) | BigInt(high >>> 0) << 32n);
  const dividend = BigInt.asIntN(128, cpu.gpr(RDX) << 64n | cpu.gpr(RAX));
  if (divisor === 0n) return trap(space, DIVIDE_ERROR);
  const quotient = dividend / divisor;
  if (quotient !== BigInt.asIntN(64, quotient)) return trap(space, DIVIDE_ERROR);
  cpu.setGpr(RAX, quotient);
  cpu.setGpr(RDX, dividend % divisor);
  return Outcome.next;
});
