// The changes of a container as a layer (image-spec layer.md), and as `diff` lists them.
import { S_IFDIR, S_IFMT } from '../abi/index.ts';
import { LayerError } from './errors.ts';
import type { Change, Inode } from '../vfs/index.ts';
import { ItemMaker, type TreeTarOptions } from './tar-tree.ts';
import { packTar, type TarItem } from './tar-writer.ts';

/** One line of `diff`: kind as Docker's letters, and an absolute path. */
export interface DiffLine { readonly kind: 'A' | 'C' | 'D'; readonly path: string }

const letters = { added: 'A', modified: 'C', deleted: 'D' } as const;
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What `diff` prints: every change, and as changed each directory that holds one; of directories neither a new time nor another one in its place counts, as with docker. Sorted by path; the root itself is left out. */
export function diffLines(changes: Iterable<Change>): DiffLine[] {
  const lines = new Map<string, DiffLine['kind']>();
  for (const { path, kind, same, alike } of changes) {
    if (same || alike) continue;
    lines.set(path, letters[kind]);
    for (let parent = parentOf(path); parent !== '' && !lines.has(parent); parent = parentOf(parent)) lines.set(parent, 'C');
  }
  lines.delete('');
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, kind]) => ({ kind, path: `/${path}` }));
}

/**
 * A layer of exactly these changes on top of the tree they were made in: whiteouts, and the directories that lead to a change with their attributes.
 * The same changes give the same bytes: nothing of the time of writing, of access or of inode changes is in it. Throws LayerError 'reserved-name', 'changed-file'.
 */
export function tarOfChanges(root: Inode, changes: Iterable<Change>, { latestSec, ...options }: TreeTarOptions = {}): AsyncIterable<Uint8Array> {
  return packTar(itemsOf(root, changes, new ItemMaker({ latestSec, holes: false })), options);
}

function* itemsOf(root: Inode, changes: Iterable<Change>, make: ItemMaker): Generator<TarItem> {
  const directories = new Map<string, Inode>([['', root]]);
  for (const change of changes) {
    yield* parents(root, change.path, directories, make);
    yield* itemsOfChange(change, make);
    if (change.inode && (change.inode.mode & S_IFMT) === S_IFDIR) directories.set(change.path, change.inode);
  }
}

/** The directories above a path that have not been written yet. */
function* parents(root: Inode, path: string, written: Map<string, Inode>, make: ItemMaker): Generator<TarItem> {
  const names = path.split('/').slice(0, -1);
  let directory = root;
  for (let depth = 1; depth <= names.length; depth++) {
    const at = names.slice(0, depth).join('/');
    const known = written.get(at);
    directory = known ?? directory.lookup!(names[depth - 1]!)!;
    if (known) continue;
    written.set(at, directory);
    const item = make.item(directory, at);
    if (item) yield item;
  }
}

/** Hides the name in the layers below (image-spec layer.md, "Whiteouts"). */
const whiteoutOf = (path: string): TarItem => marker(path.replace(/[^/]*$/, (name) => `.wh.${name}`));

function* itemsOfChange({ path, kind, inode }: Change, make: ItemMaker): Generator<TarItem> {
  if (inode && /(^|\/)\.wh\.[^/]*$/.test(path)) throw new LayerError('reserved-name', `no layer can hold ${JSON.stringify(`/${path}`)}: names that begin with ".wh." tell what is deleted`);
  const item = inode && make.item(inode, path === '' ? '.' : path);
  if (item) yield item;
  // What no tar can hold (a socket) still hides what was there.
  else if (kind !== 'added') yield whiteoutOf(path);
}

/** An empty file that speaks about the layers below; without a time, so that it is the same whenever it is written. */
const marker = (path: string): TarItem => ({ member: { path, mode: 0o100600, uid: 0, gid: 0, size: 0, mtimeNs: 0n } });
