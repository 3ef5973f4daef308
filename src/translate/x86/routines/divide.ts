// Division of a 128-bit dividend rDX:rAX by a 64-bit divisor.
import { RAX, RDX, type Space } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { trap } from './leave.ts';

const DIVIDE_ERROR = 0;

function divide(space: Space, low: number, high: number, signed: boolean): Outcome {
  const { state: cpu } = space;
  const extend = (bits: number, value: bigint): bigint => (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const divisor = extend(64, BigInt(low >>> 0) | BigInt(high >>> 0) << 32n);
  const dividend = extend(128, cpu.gpr(RDX) << 64n | cpu.gpr(RAX));
  if (divisor === 0n) return trap(space, DIVIDE_ERROR);
  const quotient = dividend / divisor;
  if (quotient !== extend(64, quotient)) return trap(space, DIVIDE_ERROR);
  cpu.setGpr(RAX, quotient);
  cpu.setGpr(RDX, dividend % divisor);
  return Outcome.next;
}

/** a, b: the halves of the divisor. */
routine('div128', (space, low, high) => divide(space, low, high, false));
routine('idiv128', (space, low, high) => divide(space, low, high, true));
