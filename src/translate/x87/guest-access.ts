// How a routine reaches guest memory: whether it may, or else the fault that the instruction raises. HOT: every x87 load and store comes here.
import { EFAULT } from '../../abi/index.ts';
import { Access, PAGE_SHIFT, PAGE_SIZE, Perm, type Space } from '../../guest/index.ts';
import { fault } from '../x86/routines/leave.ts';

/** Whether [address, address + length) may be accessed. If not, state.exit says so and the routine must answer Outcome.leave. */
export function mayAccess(space: Space, address: number, length: number, access: typeof Access.read | typeof Access.write): boolean {
  const { memory } = space;
  if (memory.allows(address, length, access === Access.write ? Perm.write : Perm.read)) return true;
  return access === Access.write && writeWatched(space, address, length) ? true : refuse(space, address, access);
}

/** Writes to pages that hold code forget the code first. */
function writeWatched(space: Space, address: number, length: number): boolean {
  try {
    space.memory.writable(address, length);
    return true;
  } catch (error) {
    if (error !== EFAULT) throw error;
    return false;
  }
}

function refuse(space: Space, address: number, access: typeof Access.read | typeof Access.write): boolean {
  const rights = access === Access.write ? Perm.write | Perm.watched : Perm.read;
  fault(space, (space.memory.perms[address >>> PAGE_SHIFT]! & rights) === 0 ? address : (address & -PAGE_SIZE) + PAGE_SIZE >>> 0, access);
  return false;
}

/** The bytes to read or write, or undefined when the access faults, as mayAccess says. */
export function reach(space: Space, address: number, length: number, access: typeof Access.read | typeof Access.write): DataView | undefined {
  const at = address >>> 0;
  return mayAccess(space, at, length, access) ? new DataView(space.memory.bytes.buffer, at, length) : undefined;
}
