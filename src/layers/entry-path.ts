// Which paths and links a layer may hold, as Docker reads them: a leading `/` means the tree's root, `..` is taken off by text, and nothing climbs above the root.
import { LayerError } from './errors.ts';
import { NAME_MAX } from '../abi/index.ts';

const PATH_MAX = 4096;

const unsafe = (path: string, why: string): LayerError => new LayerError('unsafe-entry', `entry ${JSON.stringify(shown(path))} ${why}`);
const shown = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

/** The names of a path after `.`, `..` and doubled slashes are taken out; undefined when it climbs above the root. */
function tidyNames(path: string): string[] | undefined {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

/** The components of an entry's path; none for the root. Throws LayerError 'unsafe-entry'. */
export function entryComponents(path: string): string[] {
  const names = tidyNames(path);
  if (!names) throw unsafe(path, 'has ".." in its path and leads out of the tree');
  for (const name of names) {
    if (name.includes('\0')) throw unsafe(path, 'has a NUL byte in its path');
    if (name.length > NAME_MAX) throw unsafe(path, `has a name of more than ${NAME_MAX} bytes`);
  }
  return names;
}

/** The components of a hard link's other name. Throws LayerError 'unsafe-entry'. */
export function hardLinkComponents(path: string, target: string): string[] {
  const names = tidyNames(target);
  if (!names) throw unsafe(path, `is a hard link out of the tree: ${JSON.stringify(shown(target))}`);
  return names;
}

/** A symbolic link's target is text: whatever it says, it is followed inside the container's tree. Throws LayerError 'unsafe-entry' for what symlink(2) refuses. */
export function checkSymlink(path: string, target: string): void {
  if (target === '' || target.includes('\0')) throw unsafe(path, 'is a symbolic link without a valid target');
  if (target.length >= PATH_MAX) throw unsafe(path, `is a symbolic link with a target of ${PATH_MAX} bytes or more`);
}
