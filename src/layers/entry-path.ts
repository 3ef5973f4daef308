// Which paths and links a layer may hold: everything stays inside the tree, and nothing is reached by going up.
import { LayerError } from './errors.ts';
import { NAME_MAX } from '../abi/index.ts';

const unsafe = (path: string, why: string): LayerError => new LayerError('unsafe-entry', `entry ${JSON.stringify(path)} ${why}`);

/** The components of an entry's path; none for the root. Throws LayerError 'unsafe-entry'. */
export function entryComponents(path: string): string[] {
  if (path.startsWith('/')) throw unsafe(path, 'is an absolute path');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  for (const name of names) {
    if (name === '..') throw unsafe(path, 'has ".." in its path');
    if (name.includes('\0')) throw unsafe(path, 'has a NUL byte in its path');
    if (name.length > NAME_MAX) throw unsafe(path, `has a name of more than ${NAME_MAX} bytes`);
  }
  return names;
}

/** The components of a hard link's other name. */
export function hardLinkComponents(path: string, target: string): string[] {
  const escapes = (): LayerError => unsafe(path, `is a hard link out of the tree: ${JSON.stringify(target)}`);
  if (target.startsWith('/')) throw escapes();
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw escapes();
  return names;
}

/** Checks that a symbolic link's target, read as text from where the link lies, does not climb above the root. Absolute targets mean the container's root. */
export function checkSymlink(path: string, components: readonly string[], target: string): void {
  if (target === '' || target.includes('\0')) throw unsafe(path, 'is a symbolic link without a valid target');
  let depth = target.startsWith('/') ? 0 : components.length - 1;
  for (const name of target.split('/')) {
    if (name === '..') depth--;
    else if (name !== '' && name !== '.') depth++;
    if (depth < 0 && !target.startsWith('/')) throw unsafe(path, `is a symbolic link out of the tree: ${JSON.stringify(target)}`);
  }
}
