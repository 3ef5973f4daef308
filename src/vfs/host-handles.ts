// Handles of the host's files that are kept for the next call, those used last.
import type { HostTree } from '../host/ports.ts';
import type { Inode } from './types.ts';

/** How many, at most. */
const HANDLES = 256;

export class HostHandles {
  readonly #tree: HostTree;
  readonly #handles = new Map<Inode, number>();
  constructor(tree: HostTree) { this.#tree = tree; }

  get(inode: Inode): number | undefined {
    const handle = this.#handles.get(inode);
    if (handle === undefined) return undefined;
    this.#handles.delete(inode);
    this.#handles.set(inode, handle);
    return handle;
  }

  /** The same without counting as use. */
  peek(inode: Inode): number | undefined { return this.#handles.get(inode); }

  set(inode: Inode, handle: number): void {
    this.#handles.set(inode, handle);
    if (this.#handles.size <= HANDLES) return;
    for (const [oldest, old] of this.#handles) {
      this.#handles.delete(oldest);
      this.#tree.release(old);
      break;
    }
  }

  close(): void {
    for (const handle of this.#handles.values()) this.#tree.release(handle);
    this.#handles.clear();
  }
}
