// maskmovq and maskmovdqu: stores of the bytes whose mask byte has its top bit set; only they are written, and only they can fault.
import { Access, Perm, type Space, STATE_BASE, state } from '../../../guest/index.ts';
import { Outcome, routine } from '../../ir/routines.ts';
import { fault } from './leave.ts';

const canStore = (space: Space, address: number): boolean => space.memory.reach(address, 1, Perm.write) === 1 || space.memory.reach(address, 1, Perm.watched) === 1;

/** The row has put the data at state.scratch and the mask behind it; the low `length` bytes of both count. */
routine('maskmov', (space, address, length) => {
  const { memory } = space;
  const data = STATE_BASE + state.scratch;
  const chosen = Array.from({ length }, (_, i) => i).filter((i) => memory.bytes[data + 16 + i]! & 0x80);
  const closed = chosen.find((i) => !canStore(space, address + i >>> 0));
  if (closed !== undefined) return fault(space, address + closed >>> 0, Access.write);
  for (const i of chosen) memory.writable(address + i >>> 0, 1)[0] = memory.bytes[data + i]!;
  return Outcome.next;
});
