// How a routine leaves with a fault or an exception: state.pc still names the instruction.
import { Exit, type Space, state } from '../../../guest/index.ts';
import { Outcome } from '../../ir/routines.ts';

/** A page had not the right: `access` as in guest/cpu.ts Access. */
export function fault(space: Space, address: number, access: number): Outcome {
  space.state.setU32(state.exit, Exit.fault);
  space.state.setU32(state.faultAddress, address);
  space.state.setU32(state.faultAccess, access);
  return Outcome.leave;
}

/** An exception by its vector. */
export function trap(space: Space, vector: number): Outcome {
  space.state.setU32(state.exit, Exit.trap);
  space.state.setU32(state.trapVector, vector);
  return Outcome.leave;
}
