// From a place back to its path, as a task sees it: for getcwd, /proc and messages.
import { S_IFDIR, S_IFMT } from '../abi/index.ts';
import type { Mount } from './mounts.ts';
import type { Inode, Name, Place } from './types.ts';

const typeOf = (inode: Inode): number => inode.mode & S_IFMT;

/** The path of a place as the task sees it: from its root; `(unreachable)` before what lies outside, ` (deleted)` after what has no name any more. */
export function pathOf(root: Place, place: Place): string {
  const names: Name[] = [];
  let { mount, inode } = place;
  let deleted = false;
  if (typeOf(inode) !== S_IFDIR && inode !== mount.root) {
    const at = nameNow(place);
    deleted = at.deleted;
    if (!at.parent) return `/${at.name}${deleted ? ' (deleted)' : ''}`;
    names.push(at.name);
    inode = at.parent;
  }
  for (;;) {
    if (mount === root.mount && inode === root.inode) break;
    if (inode === mount.root) {
      if (!mount.on) return (mount === root.mount ? '' : '(unreachable)') + join(names, deleted);
      const on: NonNullable<Mount['on']> = mount.on;
      mount = on.mount;
      if (typeOf(inode) === S_IFDIR) inode = on.inode;
      else { names.push(on.name ?? ''); inode = on.parent ?? on.inode; }
      continue;
    }
    const { parent, name = '' }: Inode = inode;
    names.push(name);
    if (parent?.lookup?.(name) !== inode) deleted = true;
    if (!parent) break;
    inode = parent;
  }
  return join(names, deleted);
}

const join = (names: readonly Name[], deleted: boolean): string => `/${names.toReversed().join('/')}${deleted ? ' (deleted)' : ''}`;

/** Where a file lies now: where it was found, else where it knows itself to be. */
function nameNow(place: Place): { parent: Inode | undefined; name: Name; deleted: boolean } {
  const { inode } = place;
  const candidates = [{ parent: place.parent, name: place.name }, { parent: inode.parent, name: inode.name }];
  for (const { parent, name } of candidates) {
    if (parent && name !== undefined && parent.lookup?.(name) === inode) return { parent, name, deleted: false };
  }
  return { parent: place.parent ?? inode.parent, name: place.name ?? inode.name ?? '', deleted: true };
}
