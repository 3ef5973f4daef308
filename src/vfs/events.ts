// What happens to files, for those who watch them: the kernel's fsnotify. inotify(7) has the masks and says which call gives which event.
import { IN_ATTRIB, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_ISDIR, IN_MOVE_SELF, IN_MOVED_FROM, IN_MOVED_TO, S_IFDIR, S_IFMT } from '../abi/index.ts';
import type { Inode, Name, Place } from './types.ts';

/** One who watches one inode. */
export interface Watcher {
  /** `mask` is one IN_* event, with IN_ISDIR for directories; `name` for what happened to an entry of a watched directory. */
  notify(mask: number, name: Name | undefined, cookie: number): void;
  /** The inode is gone, and the watch with it. */
  end(): void;
}

const isDirectory = (inode: Inode): boolean => (inode.mode & S_IFMT) === S_IFDIR;
const directoryBit = (inode: Inode): number => (isDirectory(inode) ? IN_ISDIR : 0);

/** Where a file lies now: where it was found, or where it knows itself to be after a rename. */
function placeNow({ inode, parent, name }: Pick<Place, 'inode' | 'parent' | 'name'>): { parent: Inode | undefined; name: Name | undefined } {
  const found = parent && name !== undefined && parent.lookup?.(name) === inode;
  const known = inode.name !== undefined && inode.parent?.lookup?.(inode.name) === inode;
  return !found && (known || !parent) ? { parent: inode.parent, name: inode.name } : { parent, name };
}

/** The events of one mount table. Costs a look at an empty map while nobody watches. */
export class FsEvents {
  readonly #watchers = new Map<Inode, Set<Watcher>>();
  /** Whether a process has the inode open: one that is removed lives on until it is closed. */
  isOpen: (inode: Inode) => boolean = () => false;
  #lastCookie = 0;

  watch(inode: Inode, watcher: Watcher): void {
    const known = this.#watchers.get(inode);
    if (known) known.add(watcher);
    else this.#watchers.set(inode, new Set([watcher]));
  }

  unwatch(inode: Inode, watcher: Watcher): void {
    const known = this.#watchers.get(inode);
    known?.delete(watcher);
    if (known?.size === 0) this.#watchers.delete(inode);
  }

  #tell(inode: Inode | undefined, mask: number, name: Name | undefined, cookie = 0): void {
    const watchers = inode && this.#watchers.get(inode);
    if (watchers) for (const watcher of [...watchers]) watcher.notify(mask, name, cookie);
  }

  /** Something was done with a file that was found at a place: those who watch its directory and those who watch it are told. */
  happened(mask: number, place: Pick<Place, 'inode' | 'parent' | 'name'>): void {
    if (this.#watchers.size === 0) return;
    const { inode } = place;
    const { parent, name } = placeNow(place);
    const bits = mask | directoryBit(inode);
    if (parent) this.#tell(parent, bits, name);
    this.#tell(inode, bits, undefined);
  }

  created(directory: Inode, name: Name, inode: Inode): void {
    if (this.#watchers.size > 0) this.#tell(directory, IN_CREATE | directoryBit(inode), name);
  }

  linked(directory: Inode, name: Name, inode: Inode): void {
    if (this.#watchers.size === 0) return;
    this.#tell(inode, IN_ATTRIB, undefined);
    this.created(directory, name, inode);
  }

  removed(directory: Inode, name: Name, inode: Inode): void {
    if (this.#watchers.size === 0) return;
    this.lostName(inode);
    this.#tell(directory, IN_DELETE | directoryBit(inode), name);
  }

  /** A name is gone; with the last one, so is the inode, unless it is open. */
  lostName(inode: Inode): void {
    if (!this.#watchers.has(inode)) return;
    if (!isDirectory(inode)) this.#tell(inode, IN_ATTRIB, undefined);
    this.closed(inode);
  }

  /** An inode without a name ends with its last descriptor. */
  closed(inode: Inode): void {
    const watchers = this.#watchers.get(inode);
    if (!watchers || inode.stat().nlink > 0 || this.isOpen(inode)) return;
    this.#tell(inode, IN_DELETE_SELF, undefined);
    this.#watchers.delete(inode);
    for (const watcher of watchers) watcher.end();
  }

  /** `replaced` is what had the new name before. */
  renamed(from: Inode, oldName: Name, to: Inode, newName: Name, inode: Inode, replaced: Inode | undefined): void {
    if (this.#watchers.size === 0) return;
    const bits = directoryBit(inode);
    const cookie = this.#lastCookie = this.#lastCookie + 1 >>> 0;
    this.#tell(from, IN_MOVED_FROM | bits, oldName, cookie);
    this.#tell(to, IN_MOVED_TO | bits, newName, cookie);
    this.#tell(inode, IN_MOVE_SELF, undefined);
    if (replaced) this.lostName(replaced);
  }
}
