// How a routine reaches guest memory: a view of the bytes, or the fault that the instruction raises.
import { EFAULT } from '../../abi/index.ts';
import { Access, PAGE_SHIFT, PAGE_SIZE, Perm, type Space } from '../../guest/index.ts';
import { fault } from '../x86/routines/leave.ts';

/** The bytes to read or write, or undefined when the access faults: then state.exit says so and the routine must answer Outcome.leave. */
export function reach(space: Space, address: number, length: number, access: typeof Access.read | typeof Access.write): DataView | undefined {
  const { memory } = space;
  const at = address >>> 0;
  try {
    const bytes = access === Access.write ? memory.writable(at, length) : memory.readable(at, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  } catch (error) {
    if (error !== EFAULT) throw error;
    const rights = access === Access.write ? Perm.write | Perm.watched : Perm.read;
    fault(space, (memory.perms[at >>> PAGE_SHIFT]! & rights) === 0 ? at : (at & -PAGE_SIZE) + PAGE_SIZE >>> 0, access);
    return undefined;
  }
}
